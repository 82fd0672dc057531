package analyze

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// Request says what is to be analysed.
type Request struct {
	Table  *userdata.Table
	Type   func(oid desc.OID) *pgtype.Type
	Text   *pgtype.Context
	Old    *desc.Statistics // nil: none yet
	Nums   []int16          // the columns; nil: all
	Target int              // default_statistics_target
	Now    time.Time
	Auto   bool         // by the server itself
	Check  func() error // asked now and then, ends the work by an error
	Random *rand.Rand   // nil: a seed of the moment
}

// rowsPerTarget is how many rows are sampled for each unit of the statistics target: enough, by Chaudhuri, Motwani and Narasayya ("Random sampling for
// histogram construction", 1998), that a bin of the histogram is wrong by at most half with a probability of 99%.
const rowsPerTarget = 300

// Run reads the table once and gives its new statistics.
func Run(ctx context.Context, a *userdata.Access, r Request) (*desc.Statistics, error) {
	if r.Random == nil {
		r.Random = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	rel := r.Table.Rel
	largest := 1
	for i := range rel.Columns {
		if c := &rel.Columns[i]; r.wants(c) {
			largest = max(largest, r.target(c))
		}
	}
	sample, err := r.Table.Sample(ctx, a, rowsPerTarget*largest, r.Random, r.Check)
	if err != nil {
		return nil, err
	}
	s := &desc.Statistics{Relation: rel.OID, Rows: float64(sample.Total), Bytes: sample.Bytes, Scopes: sample.Scopes}
	if r.Old != nil {
		s.Analyzed, s.Auto = r.Old.Analyzed, r.Old.Auto
	}
	if r.Auto {
		s.Auto = r.Now
	} else {
		s.Analyzed = r.Now
	}
	for i := range rel.Columns {
		c := &rel.Columns[i]
		if c.Dropped {
			continue
		}
		old := r.Old.Column(c.Num, c.Type)
		switch {
		case len(sample.Rows) == 0 || !r.wants(c): // an empty table tells nothing: what is known is kept
			if old != nil {
				s.Columns = append(s.Columns, *old)
			}
		default:
			if err := r.Check(); err != nil {
				return nil, err
			}
			s.Columns = append(s.Columns, r.column(sample, c))
		}
	}
	return s, nil
}

// wants tells whether a column is to be analysed.
func (r *Request) wants(c *desc.Column) bool {
	if c.Dropped || r.target(c) == 0 || r.Type(c.Type) == nil {
		return false
	}
	if r.Nums == nil {
		return true
	}
	for _, n := range r.Nums {
		if n == c.Num {
			return true
		}
	}
	return false
}

// target is a column's statistics target.
func (r *Request) target(c *desc.Column) int {
	if c.StatTarget < 0 {
		return r.Target
	}
	return int(c.StatTarget)
}
