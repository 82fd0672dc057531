package pgcatalog

import (
	"sync"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

var pgType = base{name: "pg_type", facts: "pg_type", keys: []string{"oid", "typname", "typrelid", "typelem", "typarray"}, user: typeRows}

func typeRows(r catalog.Reader, q *query) {
	if o, ok := q.oid("oid"); ok {
		emitType(r, q, o)
		return
	}
	if o, ok := q.oid("typrelid"); ok && o != 0 {
		if rel := r.Relation(o); own(rel) {
			emitType(r, q, rel.RowType)
		}
		return
	}
	if name, ok := q.name("typname"); ok {
		typesByName(r, q, name)
		return
	}
	ownRelations(r, func(rel *desc.Relation) bool {
		if rel.RowType != 0 {
			emitType(r, q, rel.RowType)
		}
		if rel.RowArray != 0 {
			emitType(r, q, rel.RowArray)
		}
		return !q.done
	})
	for u := range r.UserTypes() {
		if u.Kind == pgtype.KindComposite {
			continue // its relation has shown it
		}
		if !emitType(r, q, u.OID) || !emitType(r, q, u.ArrayOID) {
			return
		}
	}
}

func typesByName(r catalog.Reader, q *query, name string) {
	in := func(schema desc.OID) bool {
		if t := r.TypeByName(schema, name); t != nil {
			emitType(r, q, t.OID)
		}
		return !q.done
	}
	if schema, ok := q.oid("typnamespace"); ok {
		in(schema)
		return
	}
	for s := range r.Schemas() {
		if !in(s.OID) {
			return
		}
	}
}

// typeHome is what a pg_type row needs besides the pgtype.Type.
type typeHome struct {
	schema, owner, relation desc.OID
	user                    *desc.UserType
}

// homeOf finds where a type that is not built in belongs.
func homeOf(r catalog.Reader, t *pgtype.Type) (h typeHome, ok bool) {
	if t.Kind == pgtype.KindComposite {
		rel := r.Relation(t.Proc.Relation)
		if rel == nil {
			return h, false
		}
		return typeHome{schema: rel.Schema, owner: rel.Owner, relation: rel.OID}, true
	}
	u := r.UserType(t.OID)
	if u == nil {
		return h, false
	}
	return typeHome{schema: u.Schema, owner: u.Owner, user: u}, true
}

func emitType(r catalog.Reader, q *query, o pgtype.OID) bool {
	if o == 0 || isBuiltinType(o) {
		return !q.done
	}
	t := r.Type(o)
	if t == nil {
		return !q.done
	}
	home := t
	if t.IsArray() {
		home = t.Elem
	}
	h, ok := homeOf(r, home)
	if !ok {
		return !q.done
	}
	var elem, baseType desc.OID
	var acl desc.ACL
	notNull, mod, collation, def, defBin := false, int32(-1), t.Collation, null, null
	if t.IsArray() {
		elem, h.relation = t.Elem.OID, 0
	} else if u := h.user; u != nil {
		acl = u.ACL
		if t.Kind == pgtype.KindDomain {
			baseType, notNull, collation, mod = u.Base, u.NotNull, u.Collation, u.BaseTypmod
			if collation == 0 && t.Base != nil {
				collation = t.Base.Collation
			}
			def, defBin = textOrNull(u.Default), textOrNull(u.Default)
		}
	}
	p := t.Proc
	return q.emit(oid(t.OID), text(t.Name), oid(h.schema), oid(h.owner), num(t.Len), boolean(t.ByVal), char(byte(t.Kind)), char(t.Category), boolean(t.Preferred), yes,
		char(t.Delim), oid(h.relation), proc(p.Subscript), oid(elem), oid(t.ArrayOID), proc(p.Input), proc(p.Output), proc(p.Receive), proc(p.Send),
		proc(p.ModifierIn), proc(p.ModifierOut), proc(typeAnalyze(t)), char(p.Align), char(p.Storage), boolean(notNull), oid(baseType), num(mod), zero, oid(collation),
		defBin, def, aclDatum(r, acl))
}

func typeAnalyze(t *pgtype.Type) string {
	if t.IsArray() {
		return "array_typanalyze"
	}
	return "-"
}

func proc(name string) pgtype.Datum { return oid(procByText(name)) }

var builtinTypes = sync.OnceValue(func() map[pgtype.OID]bool {
	m := make(map[pgtype.OID]bool, 640)
	facts("pg_type", func(f fact) { m[f.oid("oid")] = true })
	return m
})

// isBuiltinType tells whether a type's row is among the facts, as those of the catalogs' own row types are.
func isBuiltinType(o pgtype.OID) bool { return builtinTypes()[o] }

var pgEnum = base{name: "pg_enum", user: func(r catalog.Reader, q *query) {
	emit := func(u *desc.UserType) bool {
		if u == nil {
			return true
		}
		for _, l := range u.Labels {
			q.emit(oid(l.OID), oid(u.OID), pgtype.Float(float64(l.Sort)), text(l.Label))
		}
		return !q.done
	}
	if o, ok := q.oid("enumtypid"); ok {
		emit(r.UserType(o))
		return
	}
	for u := range r.UserTypes() {
		if !emit(u) {
			return
		}
	}
}}
