package builtin

import (
	"slices"

	"github.com/kalampg/kalampg/internal/pgtype"
)

// boolFamily is the functions of boolean.
var boolFamily = slices.Concat(
	comparisons("bool", plainNames, compareInts),
	[]Def{
		comparer("btboolcmp", compareInts),
		{Name: "booland_statefunc", Scalar: boolAnd},
		{Name: "boolor_statefunc", Scalar: boolOr},
		{Name: "int4_bool", Scalar: intToBool},
		{Name: "bool_int4", Scalar: same},
		{Name: "booltext", Scalar: boolToText},
	},
)

func boolAnd(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Bool(a[0].Bool() && a[1].Bool()), nil
}

func boolOr(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Bool(a[0].Bool() || a[1].Bool()), nil
}

func intToBool(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Bool(a[0].Int() != 0), nil
}

// boolToText spells the value out, as a cast to text does and the output function does not.
func boolToText(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[0].Bool() {
		return pgtype.Text("true"), nil
	}
	return pgtype.Text("false"), nil
}
