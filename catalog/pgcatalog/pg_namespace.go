package pgcatalog

import (
	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// A built-in schema is shown from the facts until it has a descriptor that says something else.
var pgNamespace = base{
	name: "pg_namespace", facts: "pg_namespace", keys: []string{"oid", "nspname"},
	keep: func(r catalog.Reader, row []pgtype.Datum) bool {
		s := r.Schema(row[0].OID())
		return s == nil && row[0].OID() != desc.PublicOID || s != nil && unchangedSchema(s)
	},
	user: namespaceRows,
}

// unchangedSchema tells whether a schema is as initdb left it.
func unchangedSchema(s *desc.Schema) bool {
	switch s.OID {
	case desc.PgCatalogOID, desc.PgToastOID, desc.InformationSchemaOID:
		return s.ACL == nil
	case desc.PublicOID:
		return s.ACL == nil && s.Owner == desc.PgDatabaseOwnerOID && s.Name == "public"
	}
	return false
}

func namespaceRows(r catalog.Reader, q *query) {
	emit := func(s *desc.Schema) bool {
		if s == nil || unchangedSchema(s) {
			return !q.done
		}
		return q.emit(oid(s.OID), text(s.Name), oid(s.Owner), aclDatum(r, s.ACL))
	}
	if o, ok := q.oid("oid"); ok {
		emit(r.Schema(o))
		return
	}
	if name, ok := q.name("nspname"); ok {
		emit(r.SchemaByName(name))
		return
	}
	for s := range r.Schemas() {
		if !emit(s) {
			return
		}
	}
}

var pgDefaultACL = base{name: "pg_default_acl", user: func(r catalog.Reader, q *query) {
	for d := range r.DefaultACLs() {
		if !q.emit(oid(d.OID), oid(d.Role), oid(d.Schema), char(d.Object), aclDatum(r, d.ACL)) {
			return
		}
	}
}}

var pgInitPrivs = base{name: "pg_init_privs", facts: "pg_init_privs", keys: []string{"objoid"}}
