package builtin

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// propertyFamily tells what access methods and indexes can do, and identifies objects by their parts.
var propertyFamily = []Def{
	{Name: "pg_indexam_has_property", Scalar: methodProperty},
	{Name: "pg_index_has_property", Scalar: indexProperty},
	{Name: "pg_index_column_has_property", Scalar: columnProperty},
	{Name: "pg_identify_object", Scalar: identifyObject},
	{Name: "pg_stat_get_numscans", Scalar: constant(pgtype.Int(0))}, // scans are not counted
	{Name: "pg_stat_get_dead_tuples", Scalar: constant(pgtype.Int(0))},
}

// methodProperties are the properties of btree, the access method that indexes have here.
var methodProperties = map[string]bool{"can_order": true, "can_unique": true, "can_multi_col": true, "can_exclude": true, "can_include": true}

func methodProperty(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if v, ok := methodProperties[a[1].Text()]; ok && a[0].OID() == 403 {
		return pgtype.Bool(v), nil
	}
	return pgtype.Null, nil
}

var indexProperties = map[string]bool{"clusterable": true, "index_scan": true, "bitmap_scan": true, "backward_scan": true}

func indexProperty(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	_, x := c.Env.Catalog().Index(a[0].OID())
	if v, ok := indexProperties[a[1].Text()]; ok && x != nil {
		return pgtype.Bool(v), nil
	}
	return pgtype.Null, nil
}

func columnProperty(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	_, x := c.Env.Catalog().Index(a[0].OID())
	n := int(a[1].Int())
	if x == nil || n < 1 || n > len(x.Keys)+len(x.Include) {
		return pgtype.Null, nil
	}
	key := n <= len(x.Keys)
	var k desc.IndexKey
	if key {
		k = x.Keys[n-1]
	}
	known := map[string]bool{
		"asc": key && !k.Desc, "desc": k.Desc, "nulls_first": key && k.NullsFirst, "nulls_last": key && !k.NullsFirst, "orderable": key,
		"distance_orderable": false, "returnable": true, "search_array": key, "search_nulls": key,
	}
	property := a[2].Text()
	v, ok := known[property]
	if !ok {
		return pgtype.Null, nil
	}
	if !key && (property == "asc" || property == "desc" || property == "nulls_first" || property == "nulls_last") {
		return pgtype.Null, nil
	}
	return pgtype.Bool(v), nil
}

// identifyObject gives an object's kind, schema, name and full name.
func identifyObject(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	class, oid, sub := a[0].OID(), a[1].OID(), int16(a[2].Int())
	r := c.Env.Catalog()
	row := func(kind, schema, name, identity string) (pgtype.Datum, error) {
		return outRecord(c, outTypes(c), pgtype.Text(kind), textOrNull(schema), textOrNull(name), pgtype.Text(identity)), nil
	}
	schemaName := func(o desc.OID) string {
		if s := r.Schema(o); s != nil {
			return s.Name
		}
		return ""
	}
	quoted := pgtype.QuoteIdentifier
	switch class {
	case desc.ClassRelation:
		if rel := r.Relation(oid); rel != nil {
			kind, schema := relationWords[rel.Kind], schemaName(rel.Schema)
			identity := quoted(schema) + "." + quoted(rel.Name)
			if sub > 0 {
				return row(kind+" column", schema, quoted(rel.Name), identity+"."+quoted(columnName(rel, sub)))
			}
			return row(kind, schema, quoted(rel.Name), identity)
		}
		if rel, x := r.Index(oid); x != nil {
			schema := schemaName(rel.Schema)
			return row("index", schema, quoted(x.Name), quoted(schema)+"."+quoted(x.Name))
		}
	case desc.ClassSchema:
		if s := r.Schema(oid); s != nil {
			return row("schema", "", quoted(s.Name), quoted(s.Name))
		}
	case desc.ClassType:
		if t := r.Type(oid); t != nil {
			name := t.String()
			if t.Schema != "pg_catalog" {
				name = quoted(t.Schema) + "." + quoted(t.Name)
			}
			return row("type", t.Schema, quoted(t.Name), name)
		}
	case desc.ClassRole:
		if x := r.Role(oid); x != nil {
			return row("role", "", quoted(x.Name), quoted(x.Name))
		}
	case desc.ClassDatabase:
		if x := r.DatabaseByOID(oid); x != nil {
			return row("database", "", quoted(x.Name), quoted(x.Name))
		}
	case desc.ClassConstraint:
		if rel, k := r.Constraint(oid); k != nil {
			schema := schemaName(rel.Schema)
			return row("table constraint", schema, "", quoted(k.Name)+" on "+quoted(schema)+"."+quoted(rel.Name))
		}
	}
	return pgtype.Null, nil
}
