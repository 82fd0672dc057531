package pgcatalog

import (
	"sync"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// builtinRelations are the OIDs whose pg_class rows are among the facts, so that the rows of user objects leave them out.
var builtinRelations = sync.OnceValue(func() map[pgtype.OID]bool {
	m := make(map[pgtype.OID]bool, 420)
	facts("pg_class", func(f fact) { m[f.oid("oid")] = true })
	return m
})

// own tells whether a relation's rows are to be computed: it is not one of PostgreSQL's own.
func own(rel *desc.Relation) bool { return rel != nil && !builtinRelations()[rel.OID] }

// ownRelations yields every relation that is not PostgreSQL's.
func ownRelations(r catalog.Reader, yield func(*desc.Relation) bool) {
	for rel := range r.Relations() {
		if own(rel) && !yield(rel) {
			return
		}
	}
}

// ownRelation yields the relation that an equality on column asks for, or all.
func ownRelation(r catalog.Reader, q *query, column string, yield func(*desc.Relation) bool) {
	if o, ok := q.oid(column); ok {
		if rel := r.Relation(o); own(rel) {
			yield(rel)
		}
		return
	}
	ownRelations(r, yield)
}

// aclDatum is an aclitem[]; NULL for the default.
func aclDatum(r catalog.Reader, list desc.ACL) pgtype.Datum {
	if list == nil {
		return null
	}
	elems := make([]pgtype.Datum, len(list))
	for i, item := range list {
		elems[i] = text(item.Text(r))
	}
	return array(pgtype.AclitemType, elems)
}

// stored tells whether a relation has a table's storage: then it has the system columns too.
func stored(kind desc.RelKind) bool { return kind == desc.Table || kind == desc.MatView }
