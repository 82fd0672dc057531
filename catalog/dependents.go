package catalog

import (
	"cmp"
	"slices"

	"github.com/kalampg/kalampg/catalog/desc"
)

// Dependency says that an object depends on another one, and how.
type Dependency struct {
	Object desc.ObjectRef
	Kind   byte // pg_depend.deptype: 'n' normal: needs CASCADE, 'a' auto: goes along, 'i' internal: is part of it

	age OID // what newer and older are told by
}

// Dependents lists what depends on an object directly, newest first. A default is named by ClassAttrdef with the table's OID and the column's number; a
// view depends as a whole.
func (v *view) Dependents(o desc.ObjectRef) []Dependency {
	var out []Dependency
	add := func(kind byte, class, oid OID, sub int16, age OID) {
		out = append(out, Dependency{desc.ObjectRef{Class: class, OID: oid, SubID: int32(sub)}, kind, age})
	}
	switch o.Class {
	case desc.ClassSchema:
		v.inSchema(o.OID, add)
	case desc.ClassType:
		v.onType(o.OID, add)
	case desc.ClassConstraint:
		if r, c := v.Constraint(o.OID); c != nil && c.Type != 'f' && c.Index != 0 && r.Index(c.Index) != nil {
			add('i', desc.ClassRelation, c.Index, 0, c.Index)
		}
	case desc.ClassRelation:
		if r := v.Relation(o.OID); r != nil {
			v.ownParts(r, int16(o.SubID), add)
			v.onRelation(r, int16(o.SubID), add)
		} else if table, x := v.Index(o.OID); x != nil {
			v.onIndex(table, x, add)
		}
	}
	slices.SortFunc(out, func(a, b Dependency) int {
		return cmp.Or(cmp.Compare(b.age, a.age), cmp.Compare(a.Object.Class, b.Object.Class), cmp.Compare(uint32(a.Object.SubID), uint32(b.Object.SubID)))
	})
	return out
}

type addDependent func(kind byte, class, oid OID, sub int16, age OID)

func (v *view) inSchema(schema OID, add addDependent) {
	for r := range v.RelationsIn(schema) {
		switch {
		case r.Class == desc.System, r.Kind == desc.Composite:
		case r.Kind == desc.Sequence && r.OwnedInternal: // comes with its table, which is in the same schema
		default:
			add('n', desc.ClassRelation, r.OID, 0, r.OID)
		}
	}
	for u := range v.UserTypes() {
		if u.Schema == schema {
			add('n', desc.ClassType, u.OID, 0, u.OID)
		}
	}
	for a := range v.DefaultACLs() {
		if a.Schema == schema {
			add('a', classDefaultACL, a.OID, 0, a.OID)
		}
	}
}

func (v *view) onType(oid OID, add addDependent) {
	if l := v.contents.types.at(oid); l != nil && l.elem == 0 {
		if array := v.arrayOf(oid); array != 0 {
			add('i', desc.ClassType, array, 0, array)
		}
	}
	for _, user := range v.contents.users(oid) {
		if u := v.UserType(user); u != nil && u.Base == oid {
			add('n', desc.ClassType, u.OID, 0, u.OID)
		}
		r := v.Relation(user)
		if r == nil {
			continue
		}
		if r.Kind == desc.View || r.Kind == desc.MatView {
			add('n', desc.ClassRelation, r.OID, 0, r.OID)
			continue
		}
		for i := range r.Columns {
			if c := &r.Columns[i]; c.Type == oid && !c.Dropped {
				add('n', desc.ClassRelation, r.OID, c.Num, r.OID)
			}
		}
	}
}

// arrayOf is the OID of the array type of a type that is not built in.
func (v *view) arrayOf(oid OID) OID {
	if u := v.UserType(oid); u != nil {
		return u.ArrayOID
	}
	if l := v.contents.types.at(oid); l != nil && l.relation != 0 {
		return v.Relation(l.relation).RowArray
	}
	return 0
}

// ownParts are the parts of a relation that go with it, or with one of its columns.
func (v *view) ownParts(r *desc.Relation, num int16, add addDependent) {
	for i := range r.Indexes {
		if x := &r.Indexes[i]; x.Constraint == 0 && (num == 0 || indexReads(x, num)) {
			add('a', desc.ClassRelation, x.OID, 0, x.OID)
		}
	}
	for i := range r.Constraints {
		if c := &r.Constraints[i]; num == 0 || slices.Contains(c.Columns, num) {
			add('a', desc.ClassConstraint, c.OID, 0, c.OID)
		}
	}
	for i := range r.Columns {
		c := &r.Columns[i]
		if c.DefaultOID != 0 && (num == 0 || c.Num == num) {
			add('a', desc.ClassAttrdef, r.OID, c.Num, c.DefaultOID)
		}
		if num != 0 && c.Generated != 0 && slices.Contains(c.DefaultRefs, desc.ColumnRef{Relation: r.OID, Num: num}) {
			add('n', desc.ClassRelation, r.OID, c.Num, r.OID)
		}
	}
	if num == 0 && r.RowType != 0 && r.Kind != desc.Composite {
		add('i', desc.ClassType, r.RowType, 0, r.RowType)
	}
}

func indexReads(x *desc.Index, num int16) bool {
	return slices.ContainsFunc(x.Keys, func(k desc.IndexKey) bool { return k.Num == num }) ||
		slices.Contains(x.Include, num) || slices.Contains(x.ExprColumns, num)
}

// onRelation are the other relations, and parts of them, that refer to a relation or one of its columns.
func (v *view) onRelation(r *desc.Relation, num int16, add addDependent) {
	refers := func(ref desc.ColumnRef) bool { return ref.Relation == r.OID && (num == 0 || ref.Num == num) }
	for _, oid := range v.contents.users(r.OID) {
		u := v.Relation(oid)
		if u == nil {
			continue
		}
		if refers(u.OwnedBy) {
			kind := byte('a')
			if u.OwnedInternal {
				kind = 'i'
			}
			add(kind, desc.ClassRelation, u.OID, 0, u.OID)
		}
		if slices.ContainsFunc(u.DependsOn, refers) {
			add('n', desc.ClassRelation, u.OID, 0, u.OID)
		}
		for i := range u.Constraints {
			c := &u.Constraints[i]
			if c.Type == 'f' && c.RefTable == r.OID && (num == 0 && oid != r.OID || num != 0 && slices.Contains(c.RefColumns, num)) {
				add('n', desc.ClassConstraint, c.OID, 0, c.OID)
			}
		}
		if oid == r.OID {
			continue
		}
		for i := range u.Columns {
			if c := &u.Columns[i]; !c.Dropped && slices.ContainsFunc(c.DefaultRefs, refers) {
				add('n', desc.ClassAttrdef, u.OID, c.Num, c.DefaultOID)
			}
		}
	}
}

// onIndex are the foreign keys that rely on a unique index.
func (v *view) onIndex(table *desc.Relation, x *desc.Index, add addDependent) {
	for _, r := range v.Referencing(table.OID) {
		for i := range r.Constraints {
			if c := &r.Constraints[i]; c.Type == 'f' && c.Index == x.OID {
				add('n', desc.ClassConstraint, c.OID, 0, c.OID)
			}
		}
	}
}

// partOf gives the object that an object is an internal part of: it cannot be dropped but with that one.
func (v *view) partOf(o desc.ObjectRef) (owner desc.ObjectRef, ok bool) {
	switch o.Class {
	case desc.ClassRelation:
		if r := v.Relation(o.OID); r != nil {
			switch {
			case o.SubID != 0:
			case r.Kind == desc.Composite:
				return desc.ObjectRef{Class: desc.ClassType, OID: r.RowType}, true
			case r.OwnedInternal:
				return desc.ObjectRef{Class: desc.ClassRelation, OID: r.OwnedBy.Relation, SubID: int32(r.OwnedBy.Num)}, true
			}
		} else if _, x := v.Index(o.OID); x != nil && x.Constraint != 0 {
			return desc.ObjectRef{Class: desc.ClassConstraint, OID: x.Constraint}, true
		}
	case desc.ClassType:
		l := v.contents.types.at(o.OID)
		switch {
		case l == nil:
		case l.elem != 0:
			return desc.ObjectRef{Class: desc.ClassType, OID: l.elem}, true
		case l.relation != 0 && v.Relation(l.relation).Kind != desc.Composite:
			return desc.ObjectRef{Class: desc.ClassRelation, OID: l.relation}, true
		}
	}
	return owner, false
}
