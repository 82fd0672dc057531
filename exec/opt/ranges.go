package opt

import (
	"math"
	"sort"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// rangeTest is what is thought of conditions column < value and column > value: shares of the rows, 2 where there is no condition.
type rangeTest struct {
	num          expr.ColID
	below, above float64 // the shares that an upper end and a lower end leave
	known        bool    // from statistics
	null         float64
}

// rangeTest recognises a comparison of a column with something.
func (p *planner) rangeTest(e expr.Expr) (rangeTest, bool) {
	c, ok := e.(*expr.Call)
	if !ok || c.Operator == nil || len(c.Args) != 2 {
		return rangeTest{}, false
	}
	op := c.Operator.Name
	if op != "<" && op != "<=" && op != ">" && op != ">=" {
		return rangeTest{}, false
	}
	v, other := c.Args[0], c.Args[1]
	id, ok := plainColumn(v)
	if !ok {
		v, other, op = other, v, mirrored[op]
		if id, ok = plainColumn(v); !ok {
			return rangeTest{}, false
		}
	}
	if _, also := plainColumn(other); also {
		return rangeTest{}, false
	}
	r := rangeTest{num: id, below: 2, above: 2}
	s := defaultRange
	if col := p.column(v); col != nil {
		r.null = col.nullFrac()
		if k, ok := other.(*expr.Const); ok && comparable(k.T, col.typ) && col.stats != nil {
			if k.Value.IsNull() {
				s, r.known = 0, true
			} else {
				s, r.known = below(col, k.Value, op)
			}
		}
	}
	if op[0] == '<' {
		r.below = s
	} else {
		r.above = s
	}
	return r, true
}

func plainColumn(e expr.Expr) (expr.ColID, bool) {
	switch e := e.(type) {
	case *expr.Var:
		return e.ID, true
	case *expr.Relabel:
		return plainColumn(e.Arg)
	}
	return expr.ColID{}, false
}

func addRange(list []rangeTest, r rangeTest) []rangeTest {
	for i := range list {
		x := &list[i]
		if x.num == r.num {
			x.below, x.above = min(x.below, r.below), min(x.above, r.above)
			x.known = x.known && r.known
			return list
		}
	}
	return append(list, r)
}

func (r rangeTest) selectivity() float64 {
	switch {
	case r.below > 1:
		return r.above
	case r.above > 1:
		return r.below
	case !r.known:
		return defaultBetween
	}
	return max(r.below+r.above-1+r.null, 1e-10)
}

// below estimates column op value for a comparison by the common values and the histogram; ok is false when it knows nothing.
func below(c *columnInfo, v pgtype.Datum, op string) (s float64, ok bool) {
	t := c.typ.BaseType()
	common, bounds := c.values()
	rest := 1 - c.stats.NullFrac
	for i, x := range common {
		rest -= c.stats.CommonFreqs[i]
		if cmp := t.Codec.Compare(x, v); cmp == 0 && len(op) == 2 || cmp < 0 && op[0] == '<' || cmp > 0 && op[0] == '>' {
			s += c.stats.CommonFreqs[i]
		}
	}
	rest = share(rest)
	if len(bounds) < 2 {
		if len(common) == 0 {
			return defaultRange, false
		}
		return s + rest*defaultRange, true
	}
	part := position(t, bounds, v)
	if op[0] == '>' {
		part = 1 - part
	}
	// A value beyond the bounds may have come since the statistics were taken.
	least := 0.01 / float64(len(bounds)-1)
	return s + rest*min(max(part, least), 1-least), true
}

// position is where a value lies in a histogram, from 0 to 1.
func position(t *pgtype.Type, bounds []pgtype.Datum, v pgtype.Datum) float64 {
	n := len(bounds) - 1
	i := sort.Search(len(bounds), func(i int) bool { return t.Codec.Compare(bounds[i], v) >= 0 })
	if i == 0 {
		return 0
	}
	if i > n {
		return 1
	}
	inside := 0.5
	low, ok1 := scalar(t, bounds[i-1])
	high, ok2 := scalar(t, bounds[i])
	at, ok3 := scalar(t, v)
	if ok1 && ok2 && ok3 && high > low {
		inside = min(max((at-low)/(high-low), 0), 1)
	}
	return (float64(i-1) + inside) / float64(n)
}

// scalar places a value on a line; ok is false for types whose values are not on one.
func scalar(t *pgtype.Type, v pgtype.Datum) (float64, bool) {
	switch t.Rep {
	case pgtype.RepWord:
		return float64(v.Int()), true
	case pgtype.RepFloat:
		f := v.Float()
		return f, !math.IsNaN(f) && !math.IsInf(f, 0)
	case pgtype.RepBytes:
		f := 0.0
		b := v.Bytes()
		for i := 0; i < 7; i++ {
			f *= 256
			if i < len(b) {
				f += float64(b[i])
			}
		}
		return f, true
	case pgtype.RepNumeric:
		f, _ := v.Numeric().Float64()
		return f, !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return 0, false
}
