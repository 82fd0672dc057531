package builtin

import (
	"slices"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/jsonb"
)

// jsonbOperators is what only jsonb has: order, containment, existence and changes.
var jsonbOperators = slices.Concat(
	comparisons("jsonb", underNames, byCodec(pgtype.JsonbType)),
	[]Def{
		comparer("jsonb_cmp", byCodec(pgtype.JsonbType)),
		{Name: "jsonb_contains", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Bool(jsonb.Contains(a[0].JSONB(), a[1].JSONB())), nil
		}},
		{Name: "jsonb_contained", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Bool(jsonb.Contains(a[1].JSONB(), a[0].JSONB())), nil
		}},
		{Name: "jsonb_exists", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Bool(a[0].JSONB().Exists(a[1].Text())), nil
		}},
		{Name: "jsonb_exists_any", Scalar: existsKeys(false)},
		{Name: "jsonb_exists_all", Scalar: existsKeys(true)},
		{Name: "jsonb_concat", Scalar: changed(func(v *jsonb.Value, a []pgtype.Datum) (*jsonb.Value, error) {
			return jsonb.Concat(v, a[1].JSONB()), nil
		})},
		{Name: "jsonb_delete", Scalar: changed(func(v *jsonb.Value, a []pgtype.Datum) (*jsonb.Value, error) { return jsonb.DeleteKey(v, a[1].Text()) })},
		{Name: "jsonb_delete_idx", Scalar: changed(func(v *jsonb.Value, a []pgtype.Datum) (*jsonb.Value, error) {
			return jsonb.DeleteIndex(v, int(a[1].Int()))
		})},
		{Name: "jsonb_delete_array", Scalar: changed(deleteKeys)},
		{Name: "jsonb_delete_path", Scalar: changed(func(v *jsonb.Value, a []pgtype.Datum) (*jsonb.Value, error) {
			path, err := jsonPath(a[1])
			if err != nil {
				return nil, err
			}
			return jsonb.DeletePath(v, path)
		})},
		{Name: "jsonb_set", Scalar: changed(func(v *jsonb.Value, a []pgtype.Datum) (*jsonb.Value, error) {
			path, err := jsonPath(a[1])
			if err != nil {
				return nil, err
			}
			return jsonb.Set(v, path, a[2].JSONB(), a[3].Bool())
		})},
		{Name: "jsonb_insert", Scalar: changed(func(v *jsonb.Value, a []pgtype.Datum) (*jsonb.Value, error) {
			path, err := jsonPath(a[1])
			if err != nil {
				return nil, err
			}
			return jsonb.Insert(v, path, a[2].JSONB(), a[3].Bool())
		})},
		{Name: "jsonb_set_lax", Scalar: setLax},
		{Name: "jsonb_bool", Scalar: jsonbToBool},
		{Name: "jsonb_numeric", Scalar: jsonbToNumber("numeric", pgtype.NumericType)},
		{Name: "jsonb_int2", Scalar: jsonbToNumber("smallint", pgtype.Int2Type)},
		{Name: "jsonb_int4", Scalar: jsonbToNumber("integer", pgtype.Int4Type)},
		{Name: "jsonb_int8", Scalar: jsonbToNumber("bigint", pgtype.Int8Type)},
		{Name: "jsonb_float4", Scalar: jsonbToNumber("real", pgtype.Float4Type)},
		{Name: "jsonb_float8", Scalar: jsonbToNumber("double precision", pgtype.Float8Type)},
	},
)

func changed(f func(v *jsonb.Value, a []pgtype.Datum) (*jsonb.Value, error)) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		v, err := f(a[0].JSONB(), a)
		if err != nil {
			return pgtype.Null, err
		}
		return pgtype.JSONB(v), nil
	}
}

func existsKeys(all bool) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		v := a[0].JSONB()
		for _, k := range a[1].Array().Elems {
			if !k.IsNull() && v.Exists(k.Text()) != all {
				return pgtype.Bool(!all), nil
			}
		}
		return pgtype.Bool(all), nil
	}
}

func deleteKeys(v *jsonb.Value, a []pgtype.Datum) (*jsonb.Value, error) {
	keys := a[1].Array()
	if len(keys.Dims) > 1 {
		return nil, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
	}
	if v.Kind != jsonb.Array && v.Kind != jsonb.Object {
		return nil, errParameter("cannot delete from scalar")
	}
	var err error
	for _, k := range keys.Elems {
		if k.IsNull() {
			continue
		}
		if v, err = jsonb.DeleteKey(v, k.Text()); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// jsonPath reads a path argument.
func jsonPath(d pgtype.Datum) ([]string, error) {
	a := d.Array()
	if len(a.Dims) > 1 {
		return nil, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
	}
	path := make([]string, len(a.Elems))
	for i, e := range a.Elems {
		if e.IsNull() {
			return nil, pgerr.Newf(pgerr.NullValueNotAllowed, "path element at position %d is null", i+1)
		}
		path[i] = e.Text()
	}
	return path, nil
}

// setLax is jsonb_set with a say in what a NULL value means.
func setLax(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[0].IsNull() || a[1].IsNull() || a[3].IsNull() {
		return pgtype.Null, nil
	}
	if a[4].IsNull() {
		return pgtype.Null, errParameter("null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"")
	}
	path, err := jsonPath(a[1])
	if err != nil {
		return pgtype.Null, err
	}
	v := a[0].JSONB()
	if !a[2].IsNull() {
		v, err = jsonb.Set(v, path, a[2].JSONB(), a[3].Bool())
	} else {
		switch a[4].Text() {
		case "raise_exception":
			return pgtype.Null, pgerr.New(pgerr.NullValueNotAllowed, "JSON value must not be null").
				WithDetail("Exception was raised because null_value_treatment is \"raise_exception\".").
				WithHint("To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.")
		case "return_target":
			return a[0], nil
		case "delete_key":
			v, err = jsonb.DeletePath(v, path)
		case "use_json_null":
			v, err = jsonb.Set(v, path, &jsonb.Value{}, a[3].Bool())
		default:
			return pgtype.Null, errParameter("null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"")
		}
	}
	if err != nil {
		return pgtype.Null, err
	}
	return pgtype.JSONB(v), nil
}

// kindWords are the kinds in the errors of casts from jsonb.
var kindWords = map[jsonb.Kind]string{
	jsonb.Null: "null", jsonb.String: "string", jsonb.Number: "numeric", jsonb.Bool: "boolean", jsonb.Array: "array", jsonb.Object: "object",
}

func errJSONCast(v *jsonb.Value, to string) error {
	return errParameter("cannot cast jsonb %s to type %s", kindWords[v.Kind], to)
}

func jsonbToBool(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	v := a[0].JSONB()
	if v.Kind != jsonb.Bool {
		return pgtype.Null, errJSONCast(v, "boolean")
	}
	return pgtype.Bool(v.Bool), nil
}

func jsonbToNumber(name string, t *pgtype.Type) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		v := a[0].JSONB()
		if v.Kind != jsonb.Number {
			return pgtype.Null, errJSONCast(v, name)
		}
		switch t.OID {
		case pgtype.OIDNumeric:
			return pgtype.NumericValue(v.Num), nil
		case pgtype.OIDInt2:
			n, err := v.Num.Integer(name, -1<<15, 1<<15-1)
			return pgtype.Int(n), err
		case pgtype.OIDInt4:
			n, err := v.Num.Integer(name, -1<<31, 1<<31-1)
			return pgtype.Int(n), err
		case pgtype.OIDInt8:
			n, err := v.Num.Int64()
			return pgtype.Int(n), err
		case pgtype.OIDFloat4:
			f, err := v.Num.Float32()
			return pgtype.Float(float64(f)), err
		}
		f, err := v.Num.Float64()
		return pgtype.Float(f), err
	}
}
