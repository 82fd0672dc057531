package pgcatalog

import (
	"strconv"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

var pgClass = base{name: "pg_class", facts: "pg_class", keys: []string{"oid", "relname", "reltype"}, user: classRows}

func oidText(o pgtype.OID) string { return strconv.FormatUint(uint64(o), 10) }

// Access methods.
const (
	heapMethod  pgtype.OID = 2
	btreeMethod pgtype.OID = 403
	hashMethod  pgtype.OID = 405
)

func classRows(r catalog.Reader, q *query) {
	if o, ok := q.oid("oid"); ok {
		if rel := r.Relation(o); own(rel) {
			emitRelation(r, q, rel)
		} else if rel, x := r.Index(o); x != nil && own(rel) {
			emitIndex(r, q, rel, x)
		}
		return
	}
	if name, ok := q.name("relname"); ok {
		classByName(r, q, name)
		return
	}
	ownRelations(r, func(rel *desc.Relation) bool {
		emitRelation(r, q, rel)
		for i := range rel.Indexes {
			emitIndex(r, q, rel, &rel.Indexes[i])
		}
		return !q.done
	})
}

func classByName(r catalog.Reader, q *query, name string) {
	in := func(schema desc.OID) {
		if rel := r.RelationByName(schema, name); own(rel) {
			emitRelation(r, q, rel)
		}
		if rel, x := r.IndexByName(schema, name); x != nil && own(rel) {
			emitIndex(r, q, rel, x)
		}
	}
	if schema, ok := q.oid("relnamespace"); ok {
		in(schema)
		return
	}
	for s := range r.Schemas() {
		in(s.OID)
	}
}

func emitRelation(r catalog.Reader, q *query, rel *desc.Relation) {
	method, file, tuples, frozen := desc.OID(0), rel.OID, float64(-1), int64(0)
	switch {
	case stored(rel.Kind):
		method, frozen = heapMethod, 1
	case rel.Kind == desc.Sequence:
		tuples = 1
	default:
		file, tuples = 0, 0
		if rel.Kind == desc.View || rel.Kind == desc.Composite {
			tuples = -1
			if rel.Kind == desc.Composite {
				tuples = 0
			}
		}
	}
	pages := zero
	if s := r.Statistics(rel.OID); s != nil && s.Rows >= 0 {
		tuples, pages = s.Rows, num(s.Pages())
	}
	if rel.Kind == desc.Sequence {
		pages = num(1)
	}
	checks, triggers := 0, false
	for i := range rel.Constraints {
		if rel.Constraints[i].Type == 'c' {
			checks++
		}
		triggers = triggers || len(rel.Constraints[i].Triggers) > 0
	}
	if !triggers && rel.Kind == desc.Table {
		triggers = len(r.Referencing(rel.OID)) > 0
	}
	replica := byte('n')
	if stored(rel.Kind) {
		if replica = rel.ReplicaIdentity; replica == 0 {
			replica = 'd'
		}
	}
	q.emit(oid(rel.OID), text(rel.Name), oid(rel.Schema), oid(rel.RowType), zero, oid(rel.Owner), oid(method), oid(file), zero, pages,
		pgtype.Float(tuples), zero, zero, boolean(len(rel.Indexes) > 0), no, char(persistence(rel)), char(byte(rel.Kind)), num(len(columnsOf(rel))), num(checks),
		boolean(rel.Kind == desc.View || rel.Kind == desc.MatView), boolean(triggers), no, boolean(rel.RowSecurity), boolean(rel.ForceRowSecurity), boolean(!rel.Unpopulated), char(replica), no, zero,
		num(frozen), num(frozen), aclDatum(r, rel.ACL), texts(rel.Options), null)
}

func persistence(rel *desc.Relation) byte {
	if rel.Persistence == 0 {
		return 'p'
	}
	return rel.Persistence
}

// method gives the access method of an index.
func method(x *desc.Index) pgtype.OID {
	if x.Method == "hash" {
		return hashMethod
	}
	return btreeMethod
}

func emitIndex(r catalog.Reader, q *query, rel *desc.Relation, x *desc.Index) {
	tuples, pages := 0.0, zero
	if s := r.Statistics(rel.OID); s != nil && s.Rows >= 0 {
		tuples, pages = s.Rows, num(indexPages(s, rel, x))
	}
	q.emit(oid(x.OID), text(x.Name), oid(rel.Schema), zero, zero, oid(rel.Owner), oid(method(x)), oid(x.OID), zero, pages,
		pgtype.Float(tuples), zero, zero, no, no, char(persistence(rel)), char('i'), num(len(x.Keys)+len(x.Include)), zero,
		no, no, no, no, no, yes, char('n'), no, zero, zero, zero, null, texts(x.Options), null)
}

// indexPages estimates how many of PostgreSQL's pages an index fills: for each row its key columns and a pointer.
func indexPages(s *desc.Statistics, rel *desc.Relation, x *desc.Index) int64 {
	width := 16.0
	for _, k := range x.Keys {
		if k.Num < 1 {
			width += 16
			continue
		}
		c := s.Column(k.Num, rel.Columns[k.Num-1].Type)
		if c == nil {
			width += 8
			continue
		}
		width += float64(c.Width)
	}
	return int64(s.Rows*width/8192) + 1
}
