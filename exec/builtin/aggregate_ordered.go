package builtin

import (
	"math"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// orderedAggregates are the ordered-set aggregates. Their rows are added in the order of WITHIN GROUP.
var orderedAggregates = []Def{
	{OID: 3972, Name: "percentile_disc", Aggregate: newPercentile(discrete)},
	{OID: 3974, Name: "percentile_cont", Aggregate: newPercentile(betweenFloats)},
	{OID: 3976, Name: "percentile_cont", Aggregate: newPercentile(betweenIntervals)},
	{OID: 3978, Name: "percentile_disc", Aggregate: newPercentile(discrete)},
	{OID: 3980, Name: "percentile_cont", Aggregate: newPercentile(betweenFloats)},
	{OID: 3982, Name: "percentile_cont", Aggregate: newPercentile(betweenIntervals)},
	{OID: 3984, Name: "mode", Aggregate: newMode},
	{OID: 3986, Name: "rank", Aggregate: newHypothetical(func(s *hypothetical) pgtype.Datum { return pgtype.Int(s.below + 1) })},
	{OID: 3988, Name: "percent_rank", Aggregate: newHypothetical(func(s *hypothetical) pgtype.Datum {
		if s.rows == 0 {
			return pgtype.Float(0)
		}
		return pgtype.Float(float64(s.below) / float64(s.rows))
	})},
	{OID: 3990, Name: "cume_dist", Aggregate: newHypothetical(func(s *hypothetical) pgtype.Datum {
		return pgtype.Float(float64(s.below+s.peers+1) / float64(s.rows+1))
	})},
	{OID: 3992, Name: "dense_rank", Aggregate: newHypothetical(func(s *hypothetical) pgtype.Datum { return pgtype.Int(s.distinct + 1) })},
}

// percentileOf picks or computes the value at a fraction of sorted values.
type percentileOf func(sorted []pgtype.Datum, fraction float64) (pgtype.Datum, error)

type percentile struct {
	typ      *pgtype.Type
	fraction pgtype.Datum // one, or an array of them
	many     bool
	at       percentileOf
	sorted   []pgtype.Datum
}

func newPercentile(at percentileOf) Aggregate {
	return func(c *Call, direct []pgtype.Datum) (State, error) {
		s := &percentile{typ: c.Types[len(c.Types)-1], at: at}
		if len(direct) > 0 {
			s.fraction = direct[0]
		}
		s.many = c.Proc != nil && len(c.Proc.Args) > 0 && c.Proc.Args[0] == pgtype.OIDFloat8Array
		return s, nil
	}
}

func (s *percentile) Add(a []pgtype.Datum) error {
	if v := a[len(a)-1]; !v.IsNull() {
		s.sorted = append(s.sorted, v.Clone(s.typ))
	}
	return nil
}

func (s *percentile) Result() (pgtype.Datum, error) {
	if s.fraction.IsNull() || len(s.sorted) == 0 {
		return pgtype.Null, nil
	}
	if !s.many {
		return s.one(s.fraction)
	}
	fractions := s.fraction.Array()
	out := &pgtype.Array{Elem: s.typ, Dims: fractions.Dims, Elems: make([]pgtype.Datum, len(fractions.Elems))}
	for i, f := range fractions.Elems {
		if f.IsNull() {
			continue
		}
		v, err := s.one(f)
		if err != nil {
			return pgtype.Null, err
		}
		out.Elems[i] = v
	}
	return pgtype.ArrayValue(out), nil
}

func (s *percentile) one(fraction pgtype.Datum) (pgtype.Datum, error) {
	f := fraction.Float()
	if math.IsNaN(f) || f < 0 || f > 1 {
		return pgtype.Null, pgerr.Newf(pgerr.NumericValueOutOfRange, "percentile value %g is not between 0 and 1", f)
	}
	return s.at(s.sorted, f)
}

func discrete(sorted []pgtype.Datum, f float64) (pgtype.Datum, error) {
	row := max(int(math.Ceil(f*float64(len(sorted)))), 1)
	return sorted[row-1], nil
}

// between finds the two neighbours of a fraction and how far between them it is.
func between(sorted []pgtype.Datum, f float64) (low, high pgtype.Datum, part float64) {
	at := f * float64(len(sorted)-1)
	return sorted[int(math.Floor(at))], sorted[int(math.Ceil(at))], at - math.Floor(at)
}

func betweenFloats(sorted []pgtype.Datum, f float64) (pgtype.Datum, error) {
	low, high, part := between(sorted, f)
	if part == 0 {
		return low, nil
	}
	return pgtype.Float(low.Float() + part*(high.Float()-low.Float())), nil
}

func betweenIntervals(sorted []pgtype.Datum, f float64) (pgtype.Datum, error) {
	low, high, part := between(sorted, f)
	if part == 0 {
		return low, nil
	}
	diff, err := addIntervals(high.Interval(), low.Interval(), -1)
	if err != nil {
		return pgtype.Null, err
	}
	step, err := scaleInterval(diff, func(v float64) float64 { return v * part })
	if err != nil {
		return pgtype.Null, err
	}
	return intervalResult(addIntervals(low.Interval(), step, 1))
}

// modeState finds the most frequent of sorted values, the first of those that are equally frequent.
type modeState struct {
	typ              *pgtype.Type
	best, last       pgtype.Datum
	bestRun, lastRun int
}

func newMode(c *Call, _ []pgtype.Datum) (State, error) {
	return &modeState{typ: c.Types[len(c.Types)-1]}, nil
}

func (s *modeState) Add(a []pgtype.Datum) error {
	v := a[len(a)-1]
	if v.IsNull() {
		return nil
	}
	if s.lastRun > 0 && s.typ.Codec.Compare(s.last, v) == 0 {
		s.lastRun++
	} else {
		s.last, s.lastRun = v.Clone(s.typ), 1
	}
	if s.lastRun > s.bestRun {
		s.best, s.bestRun = s.last, s.lastRun
	}
	return nil
}

func (s *modeState) Result() (pgtype.Datum, error) { return s.best, nil }

// hypothetical counts where the row of the direct arguments would stand among the others, which come in their order.
type hypothetical struct {
	c      *Call
	row    []pgtype.Datum
	last   []pgtype.Datum
	result func(*hypothetical) pgtype.Datum

	rows, below, peers int64
	distinct           int64 // different rows below
}

func newHypothetical(result func(*hypothetical) pgtype.Datum) Aggregate {
	return func(c *Call, direct []pgtype.Datum) (State, error) {
		return &hypothetical{c: c, row: direct, result: result}, nil
	}
}

func (s *hypothetical) Add(a []pgtype.Datum) error {
	s.rows++
	switch d := s.c.Order(a, s.row); {
	case d == 0:
		s.peers++
	case d < 0:
		s.below++
		if s.last == nil || s.c.Order(s.last, a) != 0 {
			s.distinct++
			s.last = append(s.last[:0], a...)
		}
	}
	return nil
}

func (s *hypothetical) Result() (pgtype.Datum, error) { return s.result(s), nil }
