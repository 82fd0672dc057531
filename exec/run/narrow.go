package run

import (
	"math"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// intRange is what an integer column can hold. Drivers send integers as bigint, and an index on an integer column answers comparisons with them as long as they are
// values that the column can have; any other equals none, and lies beyond all.
type intRange struct{ min, max int64 }

var intRanges = map[pgtype.OID]intRange{
	pgtype.OIDInt2: {math.MinInt16, math.MaxInt16}, pgtype.OIDInt4: {math.MinInt32, math.MaxInt32},
}

// narrower gives the range of the i-th column of a scan's index if the values of e may lie outside it; nil when they cannot.
func narrower(n *plan.Scan, i int, e expr.Expr) *intRange {
	x := n.Access.Index
	for k := range n.Table.Indexes {
		if x == nil && n.Table.Indexes[k].Clustered() {
			x = &n.Table.Indexes[k]
		}
	}
	if x == nil || i >= len(x.Keys) {
		return nil
	}
	c := n.Table.ColumnByNum(x.Keys[i].Num)
	if c == nil {
		return nil
	}
	r, small := intRanges[c.Type]
	switch e.Type().BaseType().OID {
	case pgtype.OIDInt4:
		if !small || c.Type == pgtype.OIDInt4 {
			return nil
		}
	case pgtype.OIDInt8:
		if !small {
			return nil
		}
	default:
		return nil
	}
	return &r
}

// fits tells whether the column can have a value.
func (r *intRange) fits(v pgtype.Datum) bool {
	return r == nil || v.IsNull() || v.Int() >= r.min && v.Int() <= r.max
}

// narrowEqual makes NULL, which equals nothing, of values that the column cannot have.
func narrowEqual(eval expr.Eval, r *intRange) expr.Eval {
	if r == nil {
		return eval
	}
	return func(f *expr.Frame) (pgtype.Datum, error) {
		v, err := eval(f)
		if err != nil || !r.fits(v) {
			return pgtype.Null, err
		}
		return v, nil
	}
}
