package builtin

import (
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// inputFamily is the functions that try a type's input.
var inputFamily = []Def{
	{Name: "pg_input_is_valid", Scalar: inputIsValid},
	{Name: "pg_input_error_info", Scalar: inputErrorInfo},
}

func inputIsValid(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	bad, err := tryInput(c, a[0].Text(), a[1].Text())
	return pgtype.Bool(bad == nil), err
}

// inputErrorInfo gives the parts of the input's error, all NULL when there is none.
func inputErrorInfo(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	bad, err := tryInput(c, a[0].Text(), a[1].Text())
	if err != nil {
		return pgtype.Null, err
	}
	r := &pgtype.Record{
		Type: pgtype.RecordType, Names: []string{"message", "detail", "hint", "sql_error_code"},
		Types:  []*pgtype.Type{pgtype.TextType, pgtype.TextType, pgtype.TextType, pgtype.TextType},
		Fields: make([]pgtype.Datum, 4),
	}
	if bad != nil {
		r.Fields = []pgtype.Datum{pgtype.Text(bad.Message), textOrNull(bad.Detail), textOrNull(bad.Hint), pgtype.Text(string(bad.Code))}
	}
	return pgtype.RecordValue(r), nil
}

// tryInput reads a text as a type that is given by name. bad is what the type says against it, err what is wrong with the question.
func tryInput(c *Call, text, name string) (bad *pgerr.Error, err error) {
	t, typmod, err := typeNamed(c, name)
	if err != nil {
		return nil, err
	}
	d, err := t.Codec.ParseText(c.Text, text, typmod)
	if err == nil && typmod >= 0 {
		_, err = pgtype.Coerce(t, d, typmod, false)
	}
	if e, ok := pgerr.As(err); ok && e.Code != pgerr.FeatureNotSupported {
		return e, nil
	}
	return nil, err
}

// typeNamed finds a type by its SQL name, with its modifier.
func typeNamed(c *Call, name string) (*pgtype.Type, int32, error) {
	oid, err := c.Text.Names.Lookup("regtype", name)
	if err != nil {
		return nil, -1, err
	}
	t := pgtype.ByOID(oid)
	if t == nil {
		t = c.Env.Catalog().Type(oid)
	}
	if t == nil {
		return nil, -1, pgerr.Newf(pgerr.UndefinedObject, "type \"%s\" does not exist", name)
	}
	mods := writtenModifiers(name)
	if mods == nil {
		return t, -1, nil
	}
	of := t
	if t.IsArray() && t.Elem != nil {
		of = t.Elem
	}
	if !of.HasTypmod() {
		return nil, -1, pgerr.Newf(pgerr.SyntaxError, "type modifier is not allowed for type \"%s\"", strings.TrimSpace(name[:strings.IndexByte(name, '(')]))
	}
	if of.OID == pgtype.OIDInterval {
		mods = append([]int32{wholeInterval}, mods...)
	}
	mod, err := pgtype.TypmodIn(of, mods)
	return t, mod, err
}

// writtenModifiers gives the numbers in the parentheses of a type name, nil when it has none.
func writtenModifiers(name string) []int32 {
	open := strings.LastIndexByte(name, '(')
	if open < 0 || strings.LastIndexByte(name, '"') > open {
		return nil
	}
	inside, _, _ := strings.Cut(name[open+1:], ")")
	var mods []int32
	for _, s := range strings.Split(inside, ",") {
		n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
		if err != nil {
			return nil
		}
		mods = append(mods, int32(n))
	}
	return mods
}

// wholeInterval is the first modifier of an interval that is written with a precision only.
const wholeInterval = 0x7fff
