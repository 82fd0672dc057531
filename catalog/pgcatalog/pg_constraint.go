package pgcatalog

import (
	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

var pgConstraint = base{name: "pg_constraint", facts: "pg_constraint", keys: []string{"oid", "conrelid", "contypid", "conname", "conindid", "confrelid"}, user: constraintRows}

func constraintRows(r catalog.Reader, q *query) {
	if o, ok := q.oid("oid"); ok {
		if rel, c := r.Constraint(o); c != nil {
			if own(rel) {
				emitConstraint(r, q, rel, c)
			}
			return
		}
		domainConstraints(r, q)
		return
	}
	all := func(rel *desc.Relation) bool {
		for i := range rel.Constraints {
			emitConstraint(r, q, rel, &rel.Constraints[i])
		}
		return !q.done
	}
	if o, ok := q.oid("conrelid"); ok && o != 0 {
		if rel := r.Relation(o); own(rel) {
			all(rel)
		}
		return
	}
	if o, ok := q.oid("confrelid"); ok && o != 0 {
		for _, rel := range r.Referencing(o) {
			if own(rel) && !all(rel) {
				return
			}
		}
		return
	}
	if o, ok := q.oid("contypid"); !ok || o == 0 {
		ownRelations(r, all)
	}
	domainConstraints(r, q)
}

func emitConstraint(r catalog.Reader, q *query, rel *desc.Relation, c *desc.Constraint) {
	index, update, remove, match := c.Index, char(' '), char(' '), char(' ')
	noInherit := c.NoInherit
	pf, pp, ff := null, null, null
	switch c.Type {
	case 'f':
		update, remove, match = char(c.OnUpdate), char(c.OnDelete), char(c.Match)
		pf, pp, ff = foreignKeyOperators(r, rel, c)
		noInherit = true
	case 'p', 'u', 'x':
		noInherit = true
	}
	exclusion := null
	if x := rel.Index(c.Index); c.Type == 'x' && x != nil {
		var ops []pgtype.OID
		for i := range x.Keys {
			t := keyType(rel, &x.Keys[i])
			ops = append(ops, equality(r, t, t))
		}
		exclusion = oids(ops)
	}
	q.emit(oid(c.OID), text(c.Name), oid(rel.Schema), char(c.Type), boolean(c.Deferrable), boolean(c.Deferred), boolean(c.Validated), oid(rel.OID), zero,
		oid(index), zero, oid(c.RefTable), update, remove, match, yes, zero, boolean(noInherit), int2s(c.Columns), int2s(c.RefColumns),
		pf, pp, ff, int2s(c.OnDeleteColumns), exclusion, textOrNull(c.Expr))
}

// foreignKeyOperators are the equality operators between referenced and referencing columns, and among each.
func foreignKeyOperators(r catalog.Reader, rel *desc.Relation, c *desc.Constraint) (pf, pp, ff pgtype.Datum) {
	ref := r.Relation(c.RefTable)
	if ref == nil || len(c.Columns) != len(c.RefColumns) {
		return null, null, null
	}
	var pfs, pps, ffs []pgtype.OID
	for i := range c.Columns {
		if int(c.Columns[i]) > len(rel.Columns) || int(c.RefColumns[i]) > len(ref.Columns) {
			return null, null, null
		}
		p, f := ref.Columns[c.RefColumns[i]-1].Type, rel.Columns[c.Columns[i]-1].Type
		pfs, pps, ffs = append(pfs, equality(r, p, f)), append(pps, equality(r, p, p)), append(ffs, equality(r, f, f))
	}
	return oids(pfs), oids(pps), oids(ffs)
}

// equality finds the = operator of two types, through the type that btree sorts them as.
func equality(r catalog.Reader, a, b pgtype.OID) pgtype.OID {
	find := func(a, b pgtype.OID) pgtype.OID {
		for _, op := range pgfacts.OperatorsByName("=") {
			if op.Left == a && op.Right == b {
				return op.OID
			}
		}
		return 0
	}
	if o := find(a, b); o != 0 {
		return o
	}
	sorted := func(t pgtype.OID) pgtype.OID {
		if c := OpclassByOID(DefaultOpclass(r.Type(t), btreeMethod)); c != nil {
			return c.Type
		}
		return t
	}
	return find(sorted(a), sorted(b))
}

// domainConstraints shows the checks of domains.
func domainConstraints(r catalog.Reader, q *query) {
	each := func(u *desc.UserType) bool {
		if u == nil {
			return true
		}
		for i := range u.Constraints {
			c := &u.Constraints[i]
			q.emit(oid(c.OID), text(c.Name), oid(u.Schema), char('c'), no, no, boolean(c.Validated), zero, oid(u.OID), zero, zero, zero, char(' '), char(' '), char(' '),
				yes, zero, no, null, null, null, null, null, null, null, textOrNull(c.Expr))
		}
		return !q.done
	}
	if o, ok := q.oid("contypid"); ok {
		each(r.UserType(o))
		return
	}
	for u := range r.UserTypes() {
		if !each(u) {
			return
		}
	}
}
