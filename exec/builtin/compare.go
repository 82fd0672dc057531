package builtin

import (
	"strings"

	"github.com/kalampg/kalampg/internal/pgtype"
)

// compareFunc orders two values that are not NULL.
type compareFunc func(a, b pgtype.Datum) int

// The order in which names of comparison functions are given: "=", "<>", "<", "<=", ">", ">=".
const (
	plainNames = "eq ne lt le gt ge"
	underNames = "_eq _ne _lt _le _gt _ge"
)

// comparisons makes the six comparison functions of a pair of types.
func comparisons(prefix, suffixes string, cmp compareFunc) []Def {
	codes := []Scalar{
		func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Bool(cmp(a[0], a[1]) == 0), nil },
		func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Bool(cmp(a[0], a[1]) != 0), nil },
		func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Bool(cmp(a[0], a[1]) < 0), nil },
		func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Bool(cmp(a[0], a[1]) <= 0), nil },
		func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Bool(cmp(a[0], a[1]) > 0), nil },
		func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Bool(cmp(a[0], a[1]) >= 0), nil },
	}
	defs := make([]Def, 0, len(codes))
	for i, s := range strings.Fields(suffixes) {
		defs = append(defs, Def{Name: prefix + s, Scalar: codes[i]})
	}
	return defs
}

// comparer makes a btree support function: the order as -1, 0 or 1.
func comparer(name string, cmp compareFunc) Def {
	return Def{Name: name, Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return pgtype.Int(int64(cmp(a[0], a[1]))), nil
	}}
}

// extremes makes the functions that give the larger and the smaller of two values, which max and min are made of. Of equal ones they give the second.
func extremes(larger, smaller string, cmp compareFunc) []Def {
	return []Def{
		{Name: larger, Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			if cmp(a[0], a[1]) > 0 {
				return a[0], nil
			}
			return a[1], nil
		}},
		{Name: smaller, Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			if cmp(a[0], a[1]) < 0 {
				return a[0], nil
			}
			return a[1], nil
		}},
	}
}

// same is the code of functions that change nothing but the type.
func same(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return a[0], nil }

func sign[T int | int64 | uint64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func compareInts(a, b pgtype.Datum) int { return sign(a.Int(), b.Int()) }

func compareTexts(a, b pgtype.Datum) int { return strings.Compare(a.Text(), b.Text()) }
