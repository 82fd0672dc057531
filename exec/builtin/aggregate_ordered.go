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
