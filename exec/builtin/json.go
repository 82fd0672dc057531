package builtin

import (
	"fmt"
	"slices"

	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/jsonb"
)

// jsonFamily is the functions and operators of json and jsonb.
var jsonFamily = slices.Concat(jsonMakers, jsonReaders, jsonbOperators, jsonSets)

var jsonMakers = []Def{
	{Name: "to_json", Scalar: toJSON(false)},
	{Name: "array_to_json", Scalar: toJSON(false)},
	{Name: "array_to_json_pretty", Scalar: toJSON(true)},
	{Name: "row_to_json", Scalar: toJSON(false)},
	{Name: "row_to_json_pretty", Scalar: toJSON(true)},
	{Name: "to_jsonb", Scalar: toJSONBinary},
	{Name: "json_build_array", Scalar: jsonBuildArray(false)},
	{Name: "json_build_array_noargs", Scalar: constant(pgtype.Text("[]"))},
	{Name: "json_build_object", Scalar: jsonBuildObject(false)},
	{Name: "json_build_object_noargs", Scalar: constant(pgtype.Text("{}"))},
	{Name: "jsonb_build_array", Scalar: jsonBuildArray(true)},
	{Name: "jsonb_build_array_noargs", Scalar: constant(pgtype.Text("[]"))},
	{Name: "jsonb_build_object", Scalar: jsonBuildObject(true)},
	{Name: "jsonb_build_object_noargs", Scalar: constant(pgtype.Text("{}"))},
	{Name: "json_object", Scalar: jsonObject(false)},
	{Name: "json_object_two_arg", Scalar: jsonObject(false)},
	{Name: "jsonb_object", Scalar: jsonObject(true)},
	{Name: "jsonb_object_two_arg", Scalar: jsonObject(true)},
}

var jsonReaders = []Def{
	{Name: "json_typeof", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return pgtype.Text(jsonText(a[0].Text()).kind()), nil
	}},
	{Name: "jsonb_typeof", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return pgtype.Text(jsonText(a[0].Text()).kind()), nil
	}},
	{Name: "json_object_field", Scalar: jsonPart(byKey, false)},
	{Name: "json_object_field_text", Scalar: jsonPart(byKey, true)},
	{Name: "json_array_element", Scalar: jsonPart(byIndex, false)},
	{Name: "json_array_element_text", Scalar: jsonPart(byIndex, true)},
	{Name: "json_extract_path", Scalar: jsonPart(byPath, false)},
	{Name: "json_extract_path_text", Scalar: jsonPart(byPath, true)},
	{Name: "jsonb_object_field", Scalar: jsonPart(byKey, false)},
	{Name: "jsonb_object_field_text", Scalar: jsonPart(byKey, true)},
	{Name: "jsonb_array_element", Scalar: jsonPart(byIndexOrItself, false)},
	{Name: "jsonb_array_element_text", Scalar: jsonPart(byIndexOrItself, true)},
	{Name: "jsonb_extract_path", Scalar: jsonPart(byPath, false)},
	{Name: "jsonb_extract_path_text", Scalar: jsonPart(byPath, true)},
	{Name: "json_array_length", Scalar: jsonArrayLength},
	{Name: "jsonb_array_length", Scalar: jsonArrayLength},
	{Name: "json_strip_nulls", Scalar: jsonStripNulls},
	{Name: "jsonb_strip_nulls", Scalar: jsonbOf(func(v *jsonb.Value) *jsonb.Value { return jsonb.StripNulls(v) })},
	{Name: "jsonb_pretty", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return pgtype.Bytes(a[0].JSONB().Pretty(nil)), nil
	}},
}

func toJSON(pretty bool) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		t := c.Types[0]
		if t == pgtype.UnknownType {
			t = pgtype.TextType
		}
		return pgtype.Bytes(appendJSON(c, nil, t, a[0], pretty && len(a) > 1 && a[1].Bool())), nil
	}
}

func toJSONBinary(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	v, err := toJSONB(c, c.Types[0], a[0])
	return pgtype.JSONB(&v), err
}

// jsonFinder finds a part of a value by the second argument.
type jsonFinder func(j jsonText, arg pgtype.Datum) (jsonText, bool)

func byKey(j jsonText, arg pgtype.Datum) (jsonText, bool)   { return j.field(arg.Text()) }
func byIndex(j jsonText, arg pgtype.Datum) (jsonText, bool) { return j.index(arg.Int()) }

// byIndexOrItself is byIndex of jsonb, where a scalar counts as an array of itself.
func byIndexOrItself(j jsonText, arg pgtype.Datum) (jsonText, bool) {
	if k := j.kind(); k != "array" && k != "object" {
		return j, arg.Int() == 0 || arg.Int() == -1
	}
	return byIndex(j, arg)
}

func byPath(j jsonText, arg pgtype.Datum) (jsonText, bool) {
	for _, step := range arg.Array().Elems {
		if step.IsNull() {
			return "", false
		}
		ok := false
		switch j.kind() {
		case "object":
			j, ok = j.field(step.Text())
		case "array":
			n, err := pgtype.Int4Type.Codec.ParseText(nil, step.Text(), -1)
			if err != nil {
				return "", false
			}
			j, ok = j.index(n.Int())
		}
		if !ok {
			return "", false
		}
	}
	return j, true
}

// jsonPart is -> and ->>, #> and #>>. The canonical text of a part of a jsonb is the part of its text.
func jsonPart(find jsonFinder, text bool) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		part, ok := find(jsonText(a[0].Text()), a[1])
		if !ok {
			return pgtype.Null, nil
		}
		if !text {
			return pgtype.Text(string(part.trim())), nil
		}
		s, ok := part.text()
		if !ok {
			return pgtype.Null, nil
		}
		return pgtype.Text(s), nil
	}
}

func jsonArrayLength(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	j := jsonText(a[0].Text())
	switch j.kind() {
	case "array":
		return pgtype.Int(int64(j.length())), nil
	case "object":
		return pgtype.Null, errParameter("cannot get array length of a non-array")
	}
	return pgtype.Null, errParameter("cannot get array length of a scalar")
}

func jsonStripNulls(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Bytes(stripNulls(nil, jsonText(a[0].Text()).trim())), nil
}

// stripNulls prints json without white space and without the fields that are null.
func stripNulls(b []byte, j jsonText) []byte {
	first := true
	comma := func() {
		if !first {
			b = append(b, ',')
		}
		first = false
	}
	switch j.kind() {
	case "array":
		b = append(b, '[')
		j.elements(func(v jsonText) bool {
			comma()
			b = stripNulls(b, v)
			return true
		})
		return append(b, ']')
	case "object":
		b = append(b, '{')
		j.fields(func(key string, v jsonText) bool {
			if !v.isNull() {
				comma()
				b = append(jsonb.AppendString(b, key), ':')
				b = stripNulls(b, v)
			}
			return true
		})
		return append(b, '}')
	case "string":
		s, _ := j.text()
		return jsonb.AppendString(b, s)
	}
	return append(b, j...)
}

func jsonbOf(f func(*jsonb.Value) *jsonb.Value) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return pgtype.JSONB(f(a[0].JSONB())), nil }
}

// jsonSets are the functions that give a row for each member.
var jsonSets = []Def{
	{Name: "json_array_elements", Set: jsonElements("json_array_elements", false, false)},
	{Name: "json_array_elements_text", Set: jsonElements("json_array_elements_text", true, false)},
	{Name: "jsonb_array_elements", Set: jsonElements("jsonb_array_elements", false, true)},
	{Name: "jsonb_array_elements_text", Set: jsonElements("jsonb_array_elements_text", true, true)},
	{Name: "json_each", Set: jsonEach("json_each", false, false)},
	{Name: "json_each_text", Set: jsonEach("json_each_text", true, false)},
	{Name: "jsonb_each", Set: jsonEach("jsonb_each", false, true)},
	{Name: "jsonb_each_text", Set: jsonEach("jsonb_each_text", true, true)},
	{Name: "json_object_keys", Set: jsonKeys("json_object_keys")},
	{Name: "jsonb_object_keys", Set: jsonKeys("jsonb_object_keys")},
}

// member is a value of a set: json, or text.
func member(v jsonText, text bool) pgtype.Datum {
	if !text {
		return pgtype.Text(string(v.trim()))
	}
	if s, ok := v.text(); ok {
		return pgtype.Text(s)
	}
	return pgtype.Null
}

func jsonElements(name string, text, binary bool) Set {
	return func(_ *Call, a []pgtype.Datum) (Rows, error) {
		j := jsonText(a[0].Text())
		if !j.isArray() {
			switch {
			case binary && j.isObject():
				return nil, errParameter("cannot extract elements from an object")
			case binary:
				return nil, errParameter("cannot extract elements from a scalar")
			case j.isObject():
				return nil, errParameter("cannot call %s on a non-array", name)
			}
			return nil, errParameter("cannot call %s on a scalar", name)
		}
		var rows []pgtype.Datum
		j.elements(func(v jsonText) bool {
			rows = append(rows, member(v, text))
			return true
		})
		return listed(rows), nil
	}
}

func jsonEach(name string, text, binary bool) Set {
	return func(c *Call, a []pgtype.Datum) (Rows, error) {
		j := jsonText(a[0].Text())
		if !j.isObject() {
			switch {
			case binary:
				return nil, errParameter("cannot call %s on a non-object", name)
			case j.isArray():
				return nil, errParameter("cannot deconstruct an array as an object")
			}
			return nil, errParameter("cannot deconstruct a scalar")
		}
		types := outTypes(c)
		var rows []pgtype.Datum
		j.fields(func(key string, v jsonText) bool {
			rows = append(rows, outRecord(c, types, pgtype.Text(key), member(v, text)))
			return true
		})
		return listed(rows), nil
	}
}

func jsonKeys(name string) Set {
	return func(_ *Call, a []pgtype.Datum) (Rows, error) {
		j := jsonText(a[0].Text())
		if !j.isObject() {
			what := "a scalar"
			if j.isArray() {
				what = "an array"
			}
			return nil, errParameter("%s", fmt.Sprintf("cannot call %s on %s", name, what))
		}
		var rows []pgtype.Datum
		j.fields(func(key string, _ jsonText) bool {
			rows = append(rows, pgtype.Text(key))
			return true
		})
		return listed(rows), nil
	}
}
