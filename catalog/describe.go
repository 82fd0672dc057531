package catalog

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// classDefaultACL is pg_default_acl.
const classDefaultACL OID = 826

// SetSearchPath tells which schemas' objects messages name without their schema, in order. pg_catalog is searched first unless it is named. Without
// it that is public.
func (t *Txn) SetSearchPath(schemas []OID) { t.path = schemas }

// Describe names an object as PostgreSQL's messages do: "table t", "column c of table t", "constraint k on table t".
func (t *Txn) Describe(o desc.ObjectRef) string { return t.describe(o) }

func (t *Txn) describe(o desc.ObjectRef) string {
	switch o.Class {
	case desc.ClassRelation:
		return t.describeRelation(o)
	case desc.ClassSchema:
		if s := t.Schema(o.OID); s != nil {
			return "schema " + s.Name
		}
	case desc.ClassType:
		return "type " + t.typeText(o.OID)
	case desc.ClassConstraint:
		if r, c := t.Constraint(o.OID); c != nil {
			return "constraint " + c.Name + " on " + t.describeRelation(desc.ObjectRef{OID: r.OID})
		}
		for u := range t.UserTypes() {
			for i := range u.Constraints {
				if u.Constraints[i].OID == o.OID {
					return "constraint " + u.Constraints[i].Name
				}
			}
		}
	case desc.ClassAttrdef:
		return "default value for " + t.describeRelation(desc.ObjectRef{OID: o.OID, SubID: o.SubID})
	case desc.ClassRole:
		if r := t.Role(o.OID); r != nil {
			return "role " + r.Name
		}
	case desc.ClassDatabase:
		if d := t.DatabaseByOID(o.OID); d != nil {
			return "database " + d.Name
		}
	case classDefaultACL:
		return t.describeDefaultACL(o.OID)
	}
	return "object"
}

func (t *Txn) describeRelation(o desc.ObjectRef) string {
	r := t.Relation(o.OID)
	if r == nil {
		table, x := t.Index(o.OID)
		if x == nil {
			return "relation"
		}
		return "index " + t.qualified(table.Schema, x.Name, false)
	}
	text := kindWord(r.Kind) + " " + t.qualified(r.Schema, r.Name, false)
	if o.SubID != 0 {
		return "column " + r.Columns[o.SubID-1].Name + " of " + text
	}
	return text
}

func kindWord(k desc.RelKind) string {
	switch k {
	case desc.View:
		return "view"
	case desc.IndexKind:
		return "index"
	case desc.Sequence:
		return "sequence"
	case desc.Composite:
		return "composite type"
	case desc.MatView:
		return "materialized view"
	}
	return "table"
}

func (t *Txn) typeText(oid OID) string {
	typ := t.Type(oid)
	if typ == nil {
		return "???"
	}
	if typ.Elem != nil && typ.Category == 'A' {
		return t.typeText(typ.Elem.OID) + "[]"
	}
	if oid < desc.FirstNormalOID {
		return pgtype.FormatType(typ, -1)
	}
	s := t.SchemaByName(typ.Schema)
	if s == nil {
		return typ.Name
	}
	return t.qualified(s.OID, typ.Name, true)
}

func (t *Txn) describeDefaultACL(oid OID) string {
	a := t.contents.defaultACLs.at(oid)
	if a == nil {
		return "object"
	}
	what := map[byte]string{'r': "relations", 'S': "sequences", 'f': "functions", 'T': "types", 'n': "schemas"}[a.Object]
	text := "default privileges on new " + what + " belonging to role "
	if r := t.Role(a.Role); r != nil {
		text += r.Name
	}
	if a.Schema != 0 {
		text += " in schema " + t.contents.schemaName(a.Schema)
	}
	return text
}

// qualified gives a name, quoted where it has to be, with its schema unless the search path finds it without.
func (t *Txn) qualified(schema OID, name string, isType bool) string {
	path := t.path
	if path == nil {
		path = []OID{desc.PublicOID}
	}
	for _, s := range append([]OID{desc.PgCatalogOID}, path...) {
		if s == schema {
			return pgtype.QuoteIdentifier(name)
		}
		if isType && t.TypeByName(s, name) != nil || !isType && t.contents.relNames.has(nameKey{s, name}) {
			break
		}
	}
	return pgtype.QuoteIdentifier(t.contents.schemaName(schema)) + "." + pgtype.QuoteIdentifier(name)
}
