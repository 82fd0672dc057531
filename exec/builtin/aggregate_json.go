package builtin

import (
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/jsonb"
)

// jsonAggregates are json_agg, json_object_agg and their jsonb forms; the strict forms leave out NULL values, the unique ones refuse equal keys.
var jsonAggregates = []Def{
	{OID: 3175, Name: "json_agg", Aggregate: newJSONAgg(false, false)},
	{OID: 6276, Name: "json_agg_strict", Aggregate: newJSONAgg(false, true)},
	{OID: 3267, Name: "jsonb_agg", Aggregate: newJSONAgg(true, false)},
	{OID: 6284, Name: "jsonb_agg_strict", Aggregate: newJSONAgg(true, true)},
	{OID: 3197, Name: "json_object_agg", Aggregate: newJSONObjectAgg(false, false, false)},
	{OID: 6280, Name: "json_object_agg_strict", Aggregate: newJSONObjectAgg(false, true, false)},
	{OID: 6281, Name: "json_object_agg_unique", Aggregate: newJSONObjectAgg(false, false, true)},
	{OID: 6282, Name: "json_object_agg_unique_strict", Aggregate: newJSONObjectAgg(false, true, true)},
	{OID: 3270, Name: "jsonb_object_agg", Aggregate: newJSONObjectAgg(true, false, false)},
	{OID: 6288, Name: "jsonb_object_agg_strict", Aggregate: newJSONObjectAgg(true, true, false)},
	{OID: 6289, Name: "jsonb_object_agg_unique", Aggregate: newJSONObjectAgg(true, false, true)},
	{OID: 6290, Name: "jsonb_object_agg_unique_strict", Aggregate: newJSONObjectAgg(true, true, true)},
}

type jsonAgg struct {
	c              *Call
	binary, strict bool
	text           []byte
	tree           jsonb.Value
	any            bool
}

func newJSONAgg(binary, strict bool) Aggregate {
	return func(c *Call, _ []pgtype.Datum) (State, error) {
		return &jsonAgg{c: c, binary: binary, strict: strict, text: []byte{'['}, tree: jsonb.Value{Kind: jsonb.Array}}, nil
	}
}

func (s *jsonAgg) Add(a []pgtype.Datum) error {
	first := !s.any
	s.any = true
	if s.strict && a[0].IsNull() {
		return nil
	}
	t := s.c.Types[0]
	if s.binary {
		v, err := toJSONB(s.c, t, a[0])
		s.tree.Items = append(s.tree.Items, v)
		return err
	}
	if len(s.text) > 1 {
		s.text = append(s.text, ", "...)
	}
	if form := formOf(t); !first && len(s.text) > 1 && !a[0].IsNull() && (form == jsonArray || form == jsonRow) {
		s.text = append(s.text, "\n "...)
	}
	s.text = appendJSON(s.c, s.text, t, a[0], false)
	return nil
}

func (s *jsonAgg) Result() (pgtype.Datum, error) {
	switch {
	case !s.any:
		return pgtype.Null, nil
	case s.binary:
		return pgtype.JSONB(&s.tree), nil
	}
	return pgtype.Text(string(s.text) + "]"), nil
}

type jsonObjectAgg struct {
	c              *Call
	object         objectBuilder
	strict, unique bool
	seen           map[string]bool
	any            bool
}

func newJSONObjectAgg(binary, strict, unique bool) Aggregate {
	return func(c *Call, _ []pgtype.Datum) (State, error) {
		s := &jsonObjectAgg{c: c, object: objectBuilder{binary: binary}, strict: strict, unique: unique}
		if unique {
			s.seen = map[string]bool{}
		}
		return s, nil
	}
}

func (s *jsonObjectAgg) Add(a []pgtype.Datum) error {
	s.any = true
	if a[0].IsNull() {
		if s.object.binary {
			return errParameter("field name must not be null")
		}
		return pgerr.New(pgerr.NullValueNotAllowed, "null value not allowed for object key")
	}
	if s.strict && a[1].IsNull() && !s.unique {
		return nil
	}
	key, err := jsonKey(s.c, s.c.Types[0], a[0])
	if err != nil {
		return err
	}
	if s.unique {
		if s.seen[key] {
			if s.object.binary {
				return pgerr.New(pgerr.DuplicateJSONObjectKeyValue, "duplicate JSON object key value")
			}
			return pgerr.Newf(pgerr.DuplicateJSONObjectKeyValue, "duplicate JSON object key value: %s", jsonb.AppendString(nil, key))
		}
		s.seen[key] = true
	}
	if s.strict && a[1].IsNull() {
		return nil
	}
	return s.object.add(s.c, key, s.c.Types[1], a[1])
}

func (s *jsonObjectAgg) Result() (pgtype.Datum, error) {
	if !s.any {
		return pgtype.Null, nil
	}
	return s.object.datum("{ ", " }"), nil
}
