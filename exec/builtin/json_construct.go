package builtin

import (
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/jsonb"
)

// The SQL/JSON constructors and IS JSON are syntax, without a row in pg_proc; the binder calls these.

// JSONObject is JSON_OBJECT(k: v, …), its arguments keys and values in turn. absent leaves out values that are NULL, unique refuses a key that comes twice.
func JSONObject(binary, absent, unique bool) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		object := objectBuilder{binary: binary}
		seen := map[string]bool{}
		for i := 0; i < len(a); i += 2 {
			if a[i].IsNull() {
				return pgtype.Null, pgerr.New(pgerr.NullValueNotAllowed, "null value not allowed for object key")
			}
			key, err := jsonKey(c, c.Types[i], a[i])
			if err != nil {
				return pgtype.Null, err
			}
			if unique && seen[key] {
				e := pgerr.New(pgerr.DuplicateJSONObjectKeyValue, "duplicate JSON object key value")
				if !binary {
					e.Message += ": " + string(jsonb.AppendString(nil, key))
				}
				return pgtype.Null, e
			}
			seen[key] = true
			if absent && a[i+1].IsNull() {
				continue
			}
			if err := object.add(c, key, c.Types[i+1], a[i+1]); err != nil {
				return pgtype.Null, err
			}
		}
		return object.datum("{", "}"), nil
	}
}

// JSONArray is JSON_ARRAY(v, …).
func JSONArray(binary, absent bool) Scalar {
	build := jsonBuildArray(binary)
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		if !absent {
			return build(c, a)
		}
		site := *c
		site.Types = nil
		var values []pgtype.Datum
		for i, d := range a {
			if !d.IsNull() {
				values, site.Types = append(values, d), append(site.Types, c.Types[i])
			}
		}
		return build(&site, values)
	}
}

// IsJSON is IS JSON: kind is "", "object", "array" or "scalar"; unique asks that no object has a key twice. The argument is a text, bytea, json or jsonb.
func IsJSON(kind string, unique bool) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		j := jsonText(a[0].Text())
		if jsonb.Check(string(j)) != nil || pgtype.CheckUTF8(a[0].Bytes()) != nil {
			return pgtype.Bool(false), nil
		}
		is := true
		switch kind {
		case "object":
			is = j.isObject()
		case "array":
			is = j.isArray()
		case "scalar":
			is = !j.isObject() && !j.isArray()
		}
		return pgtype.Bool(is && (!unique || j.uniqueKeys())), nil
	}
}

// uniqueKeys tells whether no object in a value has a key twice.
func (j jsonText) uniqueKeys() bool {
	unique := true
	switch {
	case j.isObject():
		seen := map[string]bool{}
		j.fields(func(key string, v jsonText) bool {
			unique = !seen[key] && v.uniqueKeys()
			seen[key] = true
			return unique
		})
	case j.isArray():
		j.elements(func(v jsonText) bool {
			unique = v.uniqueKeys()
			return unique
		})
	}
	return unique
}
