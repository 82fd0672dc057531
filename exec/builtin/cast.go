package builtin

import (
	"slices"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// castFamily is the casts among the character types, their length coercions, and oid's comparisons.
var castFamily = slices.Concat(
	comparisons("oid", plainNames, compareOIDs),
	extremes("oidlarger", "oidsmaller", compareOIDs),
	[]Def{
		comparer("btoidcmp", compareOIDs),
		{Name: "chartoi4", Scalar: qcharToInteger},
		{Name: "i4tochar", Scalar: integerToQChar},
		{Name: "text_char", Scalar: textToQChar},
		{Name: "char_text", Scalar: qcharToText},
		{Name: "char_bpchar", Scalar: qcharToText},
		{Name: "name_text", Scalar: same},
		{Name: "name_bpchar", Scalar: same},
		{Name: "text_name", Scalar: textToName},
		{Name: "bpchar_name", Scalar: bpcharToName},
		{Name: "nameconcatoid", Scalar: nameConcatOID},
		{Name: "varchar", Scalar: lengthCoercion(pgtype.VarcharType)},
		{Name: "bpchar", Scalar: lengthCoercion(pgtype.BpcharType)},
		{Name: "numeric", Scalar: lengthCoercion(pgtype.NumericType)},
		{Name: "time_scale", Scalar: lengthCoercion(pgtype.TimeType)},
		{Name: "timetz_scale", Scalar: lengthCoercion(pgtype.TimetzType)},
		{Name: "interval_scale", Scalar: lengthCoercion(pgtype.IntervalType)},
	},
)

func compareOIDs(a, b pgtype.Datum) int { return sign(uint64(a.OID()), uint64(b.OID())) }

func qcharToInteger(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Int(int64(int8(a[0].Int()))), nil
}

func integerToQChar(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	v := a[0].Int()
	if v < -128 || v > 127 {
		return pgtype.Null, pgerr.New(pgerr.NumericValueOutOfRange, "\"char\" out of range")
	}
	return pgtype.Int(int64(byte(v))), nil
}

func textToQChar(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.QCharType.Codec.ParseText(c.Text, a[0].Text(), -1)
}

func qcharToText(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Bytes(pgtype.QCharType.Codec.AppendText(c.Text, nil, a[0])), nil
}

func textToName(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Text(pgtype.TruncateName(a[0].Text())), nil
}

func bpcharToName(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Text(pgtype.TruncateName(trimBlanks(a[0].Text()))), nil
}

// nameConcatOID makes the specific names of information_schema: name_oid, cut so that the number stays whole.
func nameConcatOID(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	suffix := "_" + outputText(c, pgtype.OidType, a[1])
	name := a[0].Text()
	for len(name)+len(suffix) > 63 {
		r := []rune(name)
		name = string(r[:len(r)-1])
	}
	return pgtype.Text(name + suffix), nil
}

// lengthCoercion is the cast of a type to itself that applies a modifier: arguments are value, modifier and, for the types where it matters, whether the
// cast is explicit.
func lengthCoercion(t *pgtype.Type) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return pgtype.Coerce(t, a[0], int32(a[1].Int()), len(a) < 3 || a[2].Bool())
	}
}
