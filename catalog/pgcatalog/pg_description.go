package pgcatalog

import (
	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

const classTablespace desc.OID = 1213

// sharedClass tells whether comments on a class of objects are in pg_shdescription.
func sharedClass(class desc.OID) bool {
	return class == desc.ClassDatabase || class == desc.ClassRole || class == classTablespace
}

// A comment on a built-in object replaces PostgreSQL's own.
var pgDescription = base{
	name: "pg_description", facts: "pg_description", keys: []string{"objoid"},
	keep: func(r catalog.Reader, row []pgtype.Datum) bool {
		_, changed := r.Comment(desc.ObjectRef{Class: row[1].OID(), OID: row[0].OID(), SubID: int32(row[2].Int())})
		return !changed
	},
	user: func(r catalog.Reader, q *query) {
		if object, ok := askedObject(q); ok {
			if s, ok := r.Comment(object); ok && !sharedClass(object.Class) {
				q.emit(oid(object.OID), oid(object.Class), num(object.SubID), text(s))
			}
			return
		}
		for c := range r.Comments() {
			if !sharedClass(c.Object.Class) && !q.emit(oid(c.Object.OID), oid(c.Object.Class), num(c.Object.SubID), text(c.Text)) {
				return
			}
		}
	},
}

// askedObject is the object that a scan of pg_description wants, if it names one whole.
func askedObject(q *query) (o desc.ObjectRef, ok bool) {
	id, ok1 := q.oid("objoid")
	class, ok2 := q.oid("classoid")
	sub, ok3 := q.value("objsubid")
	return desc.ObjectRef{Class: class, OID: id, SubID: int32(sub.Int())}, ok1 && ok2 && ok3
}

var pgShdescription = base{
	name: "pg_shdescription", facts: "pg_shdescription", keys: []string{"objoid"},
	keep: func(r catalog.Reader, row []pgtype.Datum) bool {
		_, changed := r.Comment(desc.ObjectRef{Class: row[1].OID(), OID: row[0].OID()})
		return !changed
	},
	user: func(r catalog.Reader, q *query) {
		for c := range r.Comments() {
			if sharedClass(c.Object.Class) && !q.emit(oid(c.Object.OID), oid(c.Object.Class), text(c.Text)) {
				return
			}
		}
	},
}
