package builtin

import (
	"github.com/kalampg/kalampg/internal/pgtype"
)

// overlapsFamily is OVERLAPS. The forms with a length are those with an end, computed first.
var overlapsFamily = []Def{
	{Name: "overlaps_timestamp", Scalar: overlapsOf(compareInts)},
	{Name: "overlaps_time", Scalar: overlapsOf(compareInts)},
	{Name: "overlaps_timetz", Scalar: overlapsOf(compareTimetzs)},
	{OID: 1305, Name: "overlaps", Scalar: overlapsWith(timestamptzOffset(1), true, true)},
	{OID: 1306, Name: "overlaps", Scalar: overlapsWith(timestamptzOffset(1), false, true)},
	{OID: 1307, Name: "overlaps", Scalar: overlapsWith(timestamptzOffset(1), true, false)},
	{OID: 1309, Name: "overlaps", Scalar: overlapsWith(timeOffset(1), true, true)},
	{OID: 1310, Name: "overlaps", Scalar: overlapsWith(timeOffset(1), false, true)},
	{OID: 1311, Name: "overlaps", Scalar: overlapsWith(timeOffset(1), true, false)},
	{OID: 2042, Name: "overlaps", Scalar: overlapsWith(timestampOffset(1), true, true)},
	{OID: 2043, Name: "overlaps", Scalar: overlapsWith(timestampOffset(1), false, true)},
	{OID: 2044, Name: "overlaps", Scalar: overlapsWith(timestampOffset(1), true, false)},
}

func overlapsWith(add Scalar, first, second bool) Scalar {
	compare := overlapsOf(compareInts)
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		args := [4]pgtype.Datum{a[0], a[1], a[2], a[3]}
		for i, isLength := range []bool{first, second} {
			if !isLength {
				continue
			}
			start, length := args[2*i], args[2*i+1]
			args[2*i+1] = pgtype.Null
			if start.IsNull() || length.IsNull() {
				continue
			}
			end, err := add(c, []pgtype.Datum{start, length})
			if err != nil {
				return pgtype.Null, err
			}
			args[2*i+1] = end
		}
		return compare(c, args[:])
	}
}

// period is a start and an end in order; the end may be NULL, for unknown.
type period struct{ start, end pgtype.Datum }

// newPeriod gives false when nothing is known of the period.
func newPeriod(x, y pgtype.Datum, cmp compareFunc) (period, bool) {
	switch {
	case x.IsNull():
		return period{y, pgtype.Null}, !y.IsNull()
	case !y.IsNull() && cmp(x, y) > 0:
		return period{y, x}, true
	}
	return period{x, y}, true
}

// overlapsOf: a period holds its start but not its end, unless they are the same.
func overlapsOf(cmp compareFunc) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		p, ok := newPeriod(a[0], a[1], cmp)
		if !ok {
			return pgtype.Null, nil
		}
		q, ok := newPeriod(a[2], a[3], cmp)
		if !ok {
			return pgtype.Null, nil
		}
		order := cmp(p.start, q.start)
		if order == 0 {
			if p.end.IsNull() || q.end.IsNull() {
				return pgtype.Null, nil
			}
			return pgtype.Bool(true), nil
		}
		if order > 0 {
			p, q = q, p
		}
		switch {
		case p.end.IsNull():
			return pgtype.Null, nil
		case cmp(q.start, p.end) < 0:
			return pgtype.Bool(true), nil
		case q.end.IsNull():
			return pgtype.Null, nil
		}
		return pgtype.Bool(false), nil
	}
}
