package catalog

import (
	"iter"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Reader is a consistent view of one database's catalog: an immutable Snapshot, or a Txn that sees its own changes too. Look-ups take
// logarithmic time; a miss gives nil. The descriptors are not to be changed.
//
// PostgreSQL's own relations (pg_catalog, information_schema) and kalampg's (system, kalam) are in it as any others: base relations with class
// desc.System, whose rows Catalog.SystemTable computes, and views whose ViewQuery is SQL.
type Reader interface {
	// Version changes whenever anything that the view shows has changed; equal versions of one database mean equal content. Plans are cached under it.
	Version() uint64

	Database() *desc.Database // the one connected to
	DatabaseByName(name string) *desc.Database
	DatabaseByOID(oid desc.OID) *desc.Database
	Databases() iter.Seq[*desc.Database] // all by OID

	Role(oid desc.OID) *desc.Role
	RoleByName(name string) *desc.Role
	Roles() iter.Seq[*desc.Role]

	Schema(oid desc.OID) *desc.Schema
	SchemaByName(name string) *desc.Schema
	Schemas() iter.Seq[*desc.Schema]

	// Relation finds a table, view, sequence or composite type (not an index). Index finds an index and its table.
	Relation(oid desc.OID) *desc.Relation
	RelationByName(schema desc.OID, name string) *desc.Relation
	Relations() iter.Seq[*desc.Relation]                  // by OID, system relations included
	RelationsIn(schema desc.OID) iter.Seq[*desc.Relation] // by name
	Index(oid desc.OID) (*desc.Relation, *desc.Index)
	IndexByName(schema desc.OID, name string) (*desc.Relation, *desc.Index)
	Constraint(oid desc.OID) (*desc.Relation, *desc.Constraint)
	Referencing(table desc.OID) []*desc.Relation // tables with foreign keys to it

	// Type finds any type: built in, array, enum, domain, composite, row type of a relation.
	Type(oid desc.OID) *pgtype.Type
	TypeByName(schema desc.OID, name string) *pgtype.Type
	UserType(oid desc.OID) *desc.UserType
	UserTypes() iter.Seq[*desc.UserType]

	Comment(o desc.ObjectRef) (string, bool)
	Comments() iter.Seq[desc.Comment]
	DefaultACLs() iter.Seq[*desc.DefaultACL]

	// Statistics is what ANALYZE found in a table, nil before the first.
	Statistics(relation desc.OID) *desc.Statistics
}

// SystemTable computes the rows of a relation of class desc.System.
type SystemTable interface {
	// Scan yields the rows in the relation's column order until yield returns false. where holds equalities that every wanted row meets; the table uses
	// those it has a look-up for (oid, name, relation) and may ignore the rest, so the caller filters again. The row slice is reused between calls.
	Scan(r Reader, where []Equality, yield func(row []pgtype.Datum) bool) error
}

// Equality is a condition column = value.
type Equality struct {
	Num   int16
	Value pgtype.Datum
}
