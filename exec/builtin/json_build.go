package builtin

import (
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/jsonb"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// jsonForm says how a type's values are written in JSON.
type jsonForm uint8

const (
	jsonString jsonForm = iota
	jsonNumber
	jsonBool
	jsonItself
	jsonDate
	jsonArray
	jsonRow
)

func formOf(t *pgtype.Type) jsonForm {
	t = t.BaseType()
	switch t.OID {
	case pgtype.OIDBool:
		return jsonBool
	case pgtype.OIDInt2, pgtype.OIDInt4, pgtype.OIDInt8, pgtype.OIDFloat4, pgtype.OIDFloat8, pgtype.OIDNumeric:
		return jsonNumber
	case pgtype.OIDDate, pgtype.OIDTimestamp, pgtype.OIDTimestamptz:
		return jsonDate
	case pgtype.OIDJson, pgtype.OIDJsonb:
		return jsonItself
	case pgtype.OIDInt2vector, pgtype.OIDOidvector:
		return jsonString
	}
	switch {
	case t.Rep == pgtype.RepRecord:
		return jsonRow
	case t.Rep == pgtype.RepArray:
		return jsonArray
	}
	return jsonString
}

// appendJSON prints a value as to_json does; pretty puts line feeds between the members of the outermost array or row.
func appendJSON(c *Call, b []byte, t *pgtype.Type, d pgtype.Datum, pretty bool) []byte {
	if d.IsNull() {
		return append(b, "null"...)
	}
	switch formOf(t) {
	case jsonBool:
		if d.Bool() {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case jsonNumber:
		start := len(b)
		b = t.Codec.AppendText(c.Text, b, d)
		if last := b[len(b)-1]; last >= '0' && last <= '9' {
			return b
		}
		word := string(b[start:]) // NaN, Infinity
		return jsonb.AppendString(b[:start], word)
	case jsonDate:
		return jsonb.AppendString(b, isoDate(c, t, d))
	case jsonItself:
		return append(b, d.Text()...)
	case jsonArray:
		a := d.Array()
		if len(a.Dims) == 0 {
			return append(b, "[]"...)
		}
		b, _ = appendJSONDim(c, b, elemType(t, a), a, 0, a.Elems, pretty)
		return b
	case jsonRow:
		return appendJSONRow(c, b, d.Record(), pretty)
	}
	return jsonb.AppendString(b, string(t.Codec.AppendText(c.Text, nil, d)))
}

func elemType(t *pgtype.Type, a *pgtype.Array) *pgtype.Type {
	if a.Elem != nil {
		return a.Elem
	}
	return t.BaseType().Elem
}

// appendJSONDim prints one dimension of an array and returns the elements that are left.
func appendJSONDim(c *Call, b []byte, elem *pgtype.Type, a *pgtype.Array, dim int, elems []pgtype.Datum, pretty bool) ([]byte, []pgtype.Datum) {
	b = append(b, '[')
	for i := int32(0); i < a.Dims[dim].Len; i++ {
		if i > 0 {
			b = append(b, ',')
			if pretty {
				b = append(b, "\n "...)
			}
		}
		if dim+1 < len(a.Dims) {
			b, elems = appendJSONDim(c, b, elem, a, dim+1, elems, false)
			continue
		}
		b = appendJSON(c, b, elem, elems[0], false)
		elems = elems[1:]
	}
	return append(b, ']'), elems
}

func appendJSONRow(c *Call, b []byte, r *pgtype.Record, pretty bool) []byte {
	b = append(b, '{')
	for i, d := range r.Fields {
		if i > 0 {
			b = append(b, ',')
			if pretty {
				b = append(b, "\n "...)
			}
		}
		b = jsonb.AppendString(b, fieldName(r, i))
		b = append(b, ':')
		b = appendJSON(c, b, r.Types[i], d, false)
	}
	return append(b, '}')
}

// fieldName is the name of a row's field: its own, its type's, or f1, f2 ….
func fieldName(r *pgtype.Record, i int) string {
	switch {
	case i < len(r.Names):
		return r.Names[i]
	case r.Type != nil && i < len(r.Type.Columns):
		return r.Type.Columns[i].Name
	}
	return "f" + string(pgtype.Int4Type.Codec.AppendText(nil, nil, pgtype.Int(int64(i+1))))
}

// isoDate prints a date or time in ISO 8601, as JSON has it whatever DateStyle is.
func isoDate(c *Call, t *pgtype.Type, d pgtype.Datum) string {
	ctx := *c.Text
	ctx.DateStyle = 'I'
	t = t.BaseType()
	s := string(t.Codec.AppendText(&ctx, nil, d))
	if t.OID == pgtype.OIDDate || strings.HasSuffix(s, "infinity") {
		return s
	}
	s, bc := strings.CutSuffix(s, " BC")
	s = strings.Replace(s, " ", "T", 1)
	if t.OID == pgtype.OIDTimestamptz {
		if i := strings.LastIndexAny(s, "+-"); i > 0 && len(s)-i == 3 {
			s += ":00"
		}
	}
	if bc {
		s += " BC"
	}
	return s
}

// toJSONB makes a tree of a value, as to_jsonb does.
func toJSONB(c *Call, t *pgtype.Type, d pgtype.Datum) (jsonb.Value, error) {
	if d.IsNull() {
		return jsonb.Value{}, nil
	}
	switch formOf(t) {
	case jsonBool:
		return jsonb.Value{Kind: jsonb.Bool, Bool: d.Bool()}, nil
	case jsonNumber:
		s := string(t.Codec.AppendText(c.Text, nil, d))
		x, err := numeric.Parse(s)
		if err != nil || !x.IsFinite() {
			return jsonb.Value{Kind: jsonb.String, Str: s}, nil
		}
		return jsonb.NumberValue(x), nil
	case jsonString:
		return jsonb.Value{Kind: jsonb.String, Str: string(t.Codec.AppendText(c.Text, nil, d))}, nil
	case jsonDate:
		return jsonb.Value{Kind: jsonb.String, Str: isoDate(c, t, d)}, nil
	case jsonItself:
		v, err := jsonb.Parse(d.Text())
		if err != nil {
			return jsonb.Value{}, err
		}
		return *v, nil
	}
	v, err := jsonb.Parse(string(appendJSON(c, nil, t, d, false)))
	if err != nil {
		return jsonb.Value{}, err
	}
	return *v, nil
}

func errParameter(format string, args ...any) *pgerr.Error {
	return pgerr.Newf(pgerr.InvalidParameterValue, format, args...)
}

// jsonKey is the text of an object's key.
func jsonKey(c *Call, t *pgtype.Type, d pgtype.Datum) (string, error) {
	switch formOf(t) {
	case jsonArray, jsonRow, jsonItself:
		return "", errParameter("key value must be scalar, not array, composite, or json")
	case jsonDate:
		return isoDate(c, t, d), nil
	case jsonBool:
		if d.Bool() {
			return "true", nil
		}
		return "false", nil
	}
	return string(t.Codec.AppendText(c.Text, nil, d)), nil
}

// buildArguments are the arguments of a VARIADIC "any" function with their types.
func buildArguments(c *Call, a []pgtype.Datum) (values []pgtype.Datum, typeOf func(int) *pgtype.Type, ok bool) {
	if !c.Variadic {
		return a, func(i int) *pgtype.Type { return c.Types[i] }, true
	}
	if a[0].IsNull() {
		return nil, nil, false
	}
	arr := a[0].Array()
	elem := elemType(c.Types[0], arr)
	return arr.Elems, func(int) *pgtype.Type { return elem }, true
}

func jsonBuildArray(binary bool) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		values, typeOf, ok := buildArguments(c, a)
		if !ok {
			return pgtype.Null, nil
		}
		if binary {
			out := jsonb.Value{Kind: jsonb.Array}
			for i, d := range values {
				v, err := toJSONB(c, typeOf(i), d)
				if err != nil {
					return pgtype.Null, err
				}
				out.Items = append(out.Items, v)
			}
			return pgtype.JSONB(&out), nil
		}
		b := []byte{'['}
		for i, d := range values {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendJSON(c, b, typeOf(i), d, false)
		}
		return pgtype.Bytes(append(b, ']')), nil
	}
}

func jsonBuildObject(binary bool) Scalar {
	name := "json_build_object"
	if binary {
		name = "jsonb_build_object"
	}
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		values, typeOf, ok := buildArguments(c, a)
		if !ok {
			return pgtype.Null, nil
		}
		if len(values)%2 != 0 {
			return pgtype.Null, errParameter("argument list must have even number of elements").WithHint("The arguments of %s() must consist of alternating keys and values.", name)
		}
		object := objectBuilder{binary: binary}
		for i := 0; i < len(values); i += 2 {
			if values[i].IsNull() {
				if binary {
					return pgtype.Null, errParameter("argument %d: key must not be null", i+1)
				}
				return pgtype.Null, pgerr.New(pgerr.NullValueNotAllowed, "null value not allowed for object key")
			}
			key, err := jsonKey(c, typeOf(i), values[i])
			if err == nil {
				err = object.add(c, key, typeOf(i+1), values[i+1])
			}
			if err != nil {
				return pgtype.Null, err
			}
		}
		return object.datum("{", "}"), nil
	}
}

// objectBuilder collects the pairs of an object, as text or as a tree.
type objectBuilder struct {
	binary bool
	text   []byte
	keys   []string
	values []jsonb.Value
}

func (o *objectBuilder) add(c *Call, key string, t *pgtype.Type, d pgtype.Datum) error {
	if o.binary {
		v, err := toJSONB(c, t, d)
		o.keys, o.values = append(o.keys, key), append(o.values, v)
		return err
	}
	if len(o.text) > 0 {
		o.text = append(o.text, ", "...)
	}
	o.text = jsonb.AppendString(o.text, key)
	o.text = appendJSON(c, append(o.text, " : "...), t, d, false)
	return nil
}

func (o *objectBuilder) datum(open, end string) pgtype.Datum {
	if o.binary {
		v := jsonb.NewObject(o.keys, o.values)
		return pgtype.JSONB(&v)
	}
	return pgtype.Text(open + string(o.text) + end)
}

// jsonObject makes an object of texts: pairs in one array, or keys and values in two.
func jsonObject(binary bool) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		var keys, values []pgtype.Datum
		x := a[0].Array()
		if len(a) == 1 {
			switch {
			case len(x.Dims) == 0:
			case len(x.Dims) == 1 && len(x.Elems)%2 != 0:
				return pgtype.Null, pgerr.New(pgerr.ArraySubscriptError, "array must have even number of elements")
			case len(x.Dims) == 2 && x.Dims[1].Len != 2:
				return pgtype.Null, pgerr.New(pgerr.ArraySubscriptError, "array must have two columns")
			case len(x.Dims) > 2:
				return pgtype.Null, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
			}
			for i := 0; i+1 < len(x.Elems); i += 2 {
				keys, values = append(keys, x.Elems[i]), append(values, x.Elems[i+1])
			}
		} else {
			y := a[1].Array()
			if len(x.Dims) > 1 || len(x.Dims) != len(y.Dims) {
				return pgtype.Null, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
			}
			if len(x.Elems) != len(y.Elems) {
				return pgtype.Null, pgerr.New(pgerr.ArraySubscriptError, "mismatched array dimensions")
			}
			keys, values = x.Elems, y.Elems
		}
		object := objectBuilder{binary: binary}
		for i := range keys {
			if keys[i].IsNull() {
				return pgtype.Null, pgerr.New(pgerr.NullValueNotAllowed, "null value not allowed for object key")
			}
			if err := object.add(c, keys[i].Text(), pgtype.TextType, values[i]); err != nil {
				return pgtype.Null, err
			}
		}
		return object.datum("{", "}"), nil
	}
}
