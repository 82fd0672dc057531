package run

import (
	"math"
	"math/rand/v2"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// currentOf yields the row that a cursor is on.
type currentOf struct {
	exec    *Exec
	n       *plan.CurrentOf
	scanner *userdata.Scanner
	row     []pgtype.Datum
	done    bool
}

func (c *currentOf) Open(*expr.Frame) error {
	rel := c.n.Scan.Table
	if now := c.exec.Catalog.Relation(rel.OID); now != nil {
		rel = now
	}
	t, err := c.exec.Table(rel)
	if err != nil {
		return err
	}
	c.scanner, c.row, c.done = t.Scanner(c.n.Scan.Nums), make([]pgtype.Datum, len(c.n.Scan.Nums)), false
	return nil
}

func (c *currentOf) Next() ([]pgtype.Datum, error) {
	if c.done {
		return nil, nil
	}
	c.done = true
	locator, err := c.exec.Current(c.n.Cursor, c.n.Scan.Table)
	if err != nil || locator.IsNull() {
		return nil, err
	}
	found, err := c.scanner.At(c.exec.Ctx(), c.exec.Access, locator, c.row)
	if err != nil || !found {
		return nil, err
	}
	return c.row, nil
}

func (c *currentOf) Close() { c.done = true }

// samplePage is how many neighbours TABLESAMPLE SYSTEM takes together.
const samplePage = 64

// sampleOp is TABLESAMPLE: the rows of its input, which come in the same order as long as the table does not change, for which a generator says so.
type sampleOp struct {
	exec          *Exec
	n             *plan.Sample
	input         Operator
	percent, seed expr.Eval
	random        *rand.Rand
	chance        float64
	at            int
	page          bool // the page at hand is taken
}

func (b *builder) sample(n *plan.Sample, outer *expr.Scope) (Operator, error) {
	input, err := b.build(n.Input, outer)
	if err != nil {
		return nil, err
	}
	s := &sampleOp{exec: b.exec, n: n, input: input}
	c := b.compiler(nil, outer)
	if s.percent, err = c.Compile(n.Percent); err != nil {
		return nil, err
	}
	if n.Seed != nil {
		s.seed, err = c.Compile(n.Seed)
	}
	return s, err
}

func (s *sampleOp) Open(outer *expr.Frame) error {
	frame := frameOf(outer, s.exec)
	v, err := s.percent(&frame)
	if err != nil {
		return err
	}
	if v.IsNull() {
		return pgerr.New(pgerr.InvalidTablesampleArgument, "TABLESAMPLE parameter cannot be null")
	}
	seed := rand.Uint64()
	if s.seed != nil {
		v, err := s.seed(&frame)
		if err != nil {
			return err
		}
		if v.IsNull() {
			return pgerr.New(pgerr.InvalidTablesampleRepeat, "TABLESAMPLE REPEATABLE parameter cannot be null")
		}
		seed = math.Float64bits(v.Float())
	}
	if s.chance = v.Float(); !(s.chance >= 0 && s.chance <= 100) {
		return pgerr.New(pgerr.InvalidTablesampleArgument, "sample percentage must be between 0 and 100")
	}
	s.random, s.at = rand.New(rand.NewPCG(seed, 0x6b616c616d7067)), 0
	return s.input.Open(outer)
}

func (s *sampleOp) Next() ([]pgtype.Datum, error) {
	for {
		row, err := s.input.Next()
		if err != nil || row == nil {
			return nil, err
		}
		if s.at&1023 == 0 {
			if err := s.exec.check(); err != nil {
				return nil, err
			}
		}
		if !s.n.System || s.at%samplePage == 0 {
			s.page = s.random.Float64()*100 < s.chance
		}
		if s.at++; s.page {
			return row, nil
		}
	}
}

func (s *sampleOp) Close() { s.input.Close() }
