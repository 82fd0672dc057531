package builtin

import (
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// populateFamily turns JSON into rows.
var populateFamily = []Def{
	{Name: "json_populate_record", Scalar: populateRecord(1)},
	{Name: "jsonb_populate_record", Scalar: populateRecord(1)},
	{Name: "json_to_record", Scalar: populateRecord(0)},
	{Name: "jsonb_to_record", Scalar: populateRecord(0)},
	{Name: "json_populate_recordset", Set: populateSet("json_populate_recordset", 1)},
	{Name: "jsonb_populate_recordset", Set: populateSet("jsonb_populate_recordset", 1)},
	{Name: "json_to_recordset", Set: populateSet("json_to_recordset", 0)},
	{Name: "jsonb_to_recordset", Set: populateSet("jsonb_to_recordset", 0)},
}

// rowShape is the row that is wanted: of the first argument's type, or of the column definition list.
func rowShape(c *Call, arg int, a []pgtype.Datum) (t *pgtype.Type, base *pgtype.Record, err error) {
	if arg == 1 {
		t = c.Types[0].BaseType()
		if !a[0].IsNull() {
			base = a[0].Record()
			if len(t.Columns) == 0 && base.Type != nil {
				t = base.Type
			}
		}
		if len(t.Columns) == 0 && t.Rep != pgtype.RepRecord {
			return nil, nil, pgerr.Newf(pgerr.DatatypeMismatch, "first argument of %s must be a row type", c.Proc.Name)
		}
	}
	if t == nil || len(t.Columns) == 0 {
		t = c.Result
	}
	if t == nil || len(t.Columns) == 0 {
		return nil, nil, pgerr.Newf(pgerr.FeatureNotSupported, "could not determine row type for result of %s", c.Proc.Name).
			WithHint("Provide a non-null record argument, or call the function in the FROM clause using a column definition list.")
	}
	return t, base, nil
}

func populateRecord(arg int) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		t, base, err := rowShape(c, arg, a)
		if err != nil {
			return pgtype.Null, err
		}
		if a[arg].IsNull() {
			if arg == 1 {
				return a[0], nil
			}
			return pgtype.Null, nil
		}
		j := jsonText(a[arg].Text())
		if !j.isObject() {
			what := "a scalar"
			if j.isArray() {
				what = "an array"
			}
			return pgtype.Null, errParameter("cannot call %s on %s", c.Proc.Name, what)
		}
		return rowFromJSON(c, t, base, j)
	}
}

func populateSet(name string, arg int) Set {
	return func(c *Call, a []pgtype.Datum) (Rows, error) {
		t, base, err := rowShape(c, arg, a)
		if err != nil || a[arg].IsNull() {
			return listed(nil), err
		}
		j := jsonText(a[arg].Text())
		if !j.isArray() {
			if j.isObject() {
				return nil, errParameter("cannot call %s on an object", name)
			}
			return nil, errParameter("cannot call %s on a scalar", name)
		}
		var rows []pgtype.Datum
		j.elements(func(v jsonText) bool {
			if !v.isObject() {
				err = errParameter("argument of %s must be an array of objects", name)
				return false
			}
			var row pgtype.Datum
			row, err = rowFromJSON(c, t, base, v)
			rows = append(rows, row)
			return err == nil
		})
		if err != nil {
			return nil, err
		}
		return listed(rows), nil
	}
}

// rowFromJSON fills a row's columns with the fields of the same names; others come from base.
func rowFromJSON(c *Call, t *pgtype.Type, base *pgtype.Record, j jsonText) (pgtype.Datum, error) {
	r := &pgtype.Record{Type: t, Types: make([]*pgtype.Type, len(t.Columns)), Names: make([]string, len(t.Columns)), Fields: make([]pgtype.Datum, len(t.Columns))}
	values := map[string]jsonText{}
	j.fields(func(k string, v jsonText) bool {
		values[k] = v
		return true
	})
	for i, col := range t.Columns {
		r.Types[i], r.Names[i] = col.Type, col.Name
		v, ok := values[col.Name]
		if !ok {
			if base != nil && i < len(base.Fields) {
				r.Fields[i] = base.Fields[i]
			}
			continue
		}
		d, err := fromJSON(c, col.Type, col.Typmod, v, col.Name)
		if err != nil {
			return pgtype.Null, err
		}
		r.Fields[i] = d
	}
	return pgtype.RecordValue(r), nil
}

// fromJSON makes a value of a type: JSON null is NULL, arrays and rows are built member by member, and the rest goes through the input function.
func fromJSON(c *Call, t *pgtype.Type, typmod int32, j jsonText, key string) (pgtype.Datum, error) {
	j = j.trim()
	bt := t.BaseType()
	switch {
	case bt.OID == pgtype.OIDJson:
		return pgtype.Text(string(j)), nil
	case bt.OID == pgtype.OIDJsonb:
		return bt.Codec.ParseText(c.Text, string(j), -1)
	case j.isNull():
		return pgtype.Null, nil
	case bt.IsArray() && bt.Rep == pgtype.RepArray && j.kind() != "string":
		return arrayFromJSON(c, bt, typmod, j, key)
	case bt.Rep == pgtype.RepRecord && len(bt.Columns) > 0 && j.isObject():
		return rowFromJSON(c, bt, nil, j)
	}
	s, _ := j.text()
	return bt.Codec.ParseText(c.Text, s, typmod)
}

func arrayFromJSON(c *Call, t *pgtype.Type, typmod int32, j jsonText, key string) (pgtype.Datum, error) {
	if !j.isArray() {
		return pgtype.Null, errExpectedArray(key)
	}
	a := &pgtype.Array{Elem: t.Elem}
	if err := fillArray(c, a, typmod, j, 0, key); err != nil {
		return pgtype.Null, err
	}
	if len(a.Elems) == 0 {
		return pgtype.NewArrayValue(t.Elem, nil), nil
	}
	return pgtype.ArrayValue(a), nil
}

// fillArray appends the elements of one JSON array, which is dimension dim; all arrays of a dimension have one length.
func fillArray(c *Call, a *pgtype.Array, typmod int32, j jsonText, dim int, key string) (err error) {
	n := int32(j.length())
	if dim == len(a.Dims) {
		if len(a.Elems) > 0 {
			return errMalformedArray()
		}
		a.Dims = append(a.Dims, pgtype.Dim{Len: n, Lower: 1})
	} else if a.Dims[dim].Len != n {
		return errMalformedArray()
	}
	j.elements(func(v jsonText) bool {
		nested := v.isArray() && a.Elem.OID != pgtype.OIDJson && a.Elem.OID != pgtype.OIDJsonb
		switch {
		case nested:
			err = fillArray(c, a, typmod, v, dim+1, key)
		case dim+1 < len(a.Dims):
			err = errExpectedArray(key)
		default:
			var d pgtype.Datum
			d, err = fromJSON(c, a.Elem, typmod, v, key)
			a.Elems = append(a.Elems, d)
		}
		return err == nil
	})
	return err
}

func errMalformedArray() error {
	return pgerr.New(pgerr.InvalidTextRepresentation, "malformed JSON array").
		WithDetail("Multidimensional arrays must have sub-arrays with matching dimensions.")
}

func errExpectedArray(key string) error {
	return pgerr.New(pgerr.InvalidTextRepresentation, "expected JSON array").WithHint("See the value of key \"%s\".", key)
}
