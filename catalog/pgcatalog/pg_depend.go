package pgcatalog

import (
	"strings"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// firstUnpinned is the first OID of objects that dependencies are recorded on; the ones below cannot be dropped.
const firstUnpinned desc.OID = 12000

var pgDepend = base{name: "pg_depend", facts: "pg_depend", keys: []string{"objid", "refobjid"}, user: dependRows}

func dependRows(r catalog.Reader, q *query) {
	d := &dependencies{r: r, q: q}
	if rel := askedDependent(r, q); rel != nil {
		d.relation(rel)
		return
	}
	ownRelations(r, func(rel *desc.Relation) bool {
		d.relation(rel)
		return !q.done
	})
	for u := range r.UserTypes() {
		if u.Kind != pgtype.KindComposite {
			d.userType(u)
		}
	}
}

// askedDependent is the relation that all wanted rows come from, when the scan names it by objid.
func askedDependent(r catalog.Reader, q *query) *desc.Relation {
	class, ok := q.oid("classid")
	o, ok2 := q.oid("objid")
	if !ok || !ok2 {
		return nil
	}
	var rel *desc.Relation
	switch class {
	case desc.ClassRelation:
		if rel = r.Relation(o); rel == nil {
			rel, _ = r.Index(o)
		}
	case desc.ClassConstraint:
		rel, _ = r.Constraint(o)
	case desc.ClassRewrite:
		rel = r.Relation(o)
	}
	if own(rel) {
		return rel
	}
	return nil
}

// dependencies emits what user objects depend on, as recordDependencyOn does when they are created.
type dependencies struct {
	r catalog.Reader
	q *query
}

func (d *dependencies) emit(class, object desc.OID, sub int16, refClass, ref desc.OID, refSub int16, kind byte) {
	if ref < firstUnpinned && !(refClass == desc.ClassSchema && ref == desc.PublicOID) {
		return
	}
	d.q.emit(oid(class), oid(object), num(sub), oid(refClass), oid(ref), num(refSub), char(kind))
}

func (d *dependencies) relation(rel *desc.Relation) {
	d.emit(desc.ClassRelation, rel.OID, 0, desc.ClassSchema, rel.Schema, 0, 'n')
	if rel.RowType != 0 {
		if rel.Kind == desc.Composite {
			d.emit(desc.ClassRelation, rel.OID, 0, desc.ClassType, rel.RowType, 0, 'i')
		} else {
			d.emit(desc.ClassType, rel.RowType, 0, desc.ClassRelation, rel.OID, 0, 'i')
		}
	}
	if rel.RowArray != 0 {
		d.emit(desc.ClassType, rel.RowArray, 0, desc.ClassType, rel.RowType, 0, 'i')
	}
	if rel.OwnedBy.Relation != 0 {
		kind := byte('a')
		if rel.OwnedInternal {
			kind = 'i'
		}
		d.emit(desc.ClassRelation, rel.OID, 0, desc.ClassRelation, rel.OwnedBy.Relation, rel.OwnedBy.Num, kind)
	}
	if rel.Kind != desc.Sequence {
		d.columns(rel)
	}
	d.constraints(rel)
	d.indexes(rel)
	if rel.Kind == desc.View || rel.Kind == desc.MatView {
		d.rule(rel)
	}
}

func (d *dependencies) columns(rel *desc.Relation) {
	for i := range rel.Columns {
		c := &rel.Columns[i]
		if c.Dropped {
			continue
		}
		d.emit(desc.ClassRelation, rel.OID, c.Num, desc.ClassType, c.Type, 0, 'n')
		if !hasDefault(c) {
			continue
		}
		d.emit(desc.ClassAttrdef, c.DefaultOID, 0, desc.ClassRelation, rel.OID, c.Num, 'a')
		for _, ref := range c.DefaultRefs {
			d.emit(desc.ClassAttrdef, c.DefaultOID, 0, desc.ClassRelation, ref.Relation, ref.Num, 'n')
		}
	}
}

func (d *dependencies) constraints(rel *desc.Relation) {
	for i := range rel.Constraints {
		c := &rel.Constraints[i]
		for _, n := range c.Columns {
			d.emit(desc.ClassConstraint, c.OID, 0, desc.ClassRelation, rel.OID, n, 'a')
			if c.Type == 'c' { // once as its subject, once because the expression mentions it
				d.emit(desc.ClassConstraint, c.OID, 0, desc.ClassRelation, rel.OID, n, 'n')
			}
		}
		if c.Type == 'c' && len(c.Columns) == 0 {
			d.emit(desc.ClassConstraint, c.OID, 0, desc.ClassRelation, rel.OID, 0, 'a')
		}
		for _, t := range c.Triggers {
			d.emit(classTrigger, t, 0, desc.ClassConstraint, c.OID, 0, 'i')
		}
		if c.Type != 'f' {
			continue
		}
		for _, n := range c.RefColumns {
			d.emit(desc.ClassConstraint, c.OID, 0, desc.ClassRelation, c.RefTable, n, 'n')
		}
		d.emit(desc.ClassConstraint, c.OID, 0, desc.ClassRelation, c.Index, 0, 'n')
	}
}

func (d *dependencies) indexes(rel *desc.Relation) {
	for i := range rel.Indexes {
		x := &rel.Indexes[i]
		if x.Constraint != 0 {
			d.emit(desc.ClassRelation, x.OID, 0, desc.ClassConstraint, x.Constraint, 0, 'i')
			continue
		}
		named := false
		for _, k := range x.Keys {
			if k.Num != 0 {
				named = true
				d.emit(desc.ClassRelation, x.OID, 0, desc.ClassRelation, rel.OID, k.Num, 'a')
			}
		}
		for _, n := range x.Include {
			d.emit(desc.ClassRelation, x.OID, 0, desc.ClassRelation, rel.OID, n, 'a')
		}
		var exprs []string
		for _, k := range x.Keys {
			exprs = append(exprs, k.Expr)
		}
		for _, text := range []string{strings.Join(exprs, ", "), x.Predicate} {
			for _, n := range columnsIn(rel, text) {
				named = true
				d.emit(desc.ClassRelation, x.OID, 0, desc.ClassRelation, rel.OID, n, 'a')
			}
		}
		if !named {
			d.emit(desc.ClassRelation, x.OID, 0, desc.ClassRelation, rel.OID, 0, 'a')
		}
	}
}

// columnsIn finds the columns that an expression's text names.
func columnsIn(rel *desc.Relation, text string) []int16 {
	words := map[string]bool{}
	for i := 0; i < len(text); {
		start := i
		switch c := text[i]; {
		case c == '\'' || c == '"':
			for i++; i < len(text) && text[i] != c; i++ {
			}
			if i++; c == '"' {
				words[text[start:min(i, len(text))]] = true
			}
		case wordByte(c):
			for i < len(text) && wordByte(text[i]) {
				i++
			}
			words[text[start:i]] = true
		default:
			i++
		}
	}
	var nums []int16
	for i := range rel.Columns {
		if c := &rel.Columns[i]; !c.Dropped && words[pgtype.QuoteIdentifier(c.Name)] {
			nums = append(nums, c.Num)
		}
	}
	return nums
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 0x80
}

// rule shows what a view reads: its rule _RETURN, whose OID is the view's own, depends on it.
func (d *dependencies) rule(rel *desc.Relation) {
	d.emit(desc.ClassRewrite, rel.OID, 0, desc.ClassRelation, rel.OID, 0, 'i')
	for _, ref := range rel.DependsOn {
		d.emit(desc.ClassRewrite, rel.OID, 0, desc.ClassRelation, ref.Relation, ref.Num, 'n')
	}
}

func (d *dependencies) userType(u *desc.UserType) {
	d.emit(desc.ClassType, u.OID, 0, desc.ClassSchema, u.Schema, 0, 'n')
	if u.ArrayOID != 0 {
		d.emit(desc.ClassType, u.ArrayOID, 0, desc.ClassType, u.OID, 0, 'i')
	}
	if u.Base != 0 {
		d.emit(desc.ClassType, u.OID, 0, desc.ClassType, u.Base, 0, 'n')
	}
	for i := range u.Constraints {
		d.emit(desc.ClassConstraint, u.Constraints[i].OID, 0, desc.ClassType, u.OID, 0, 'a')
	}
}

// pgShdepend shows the owners of user objects other than the bootstrap superuser, who is pinned.
var pgShdepend = base{name: "pg_shdepend", user: func(r catalog.Reader, q *query) {
	db := oid(r.Database().OID)
	owner := func(class, object, role desc.OID) bool {
		if role < firstUnpinned {
			return !q.done
		}
		return q.emit(db, oid(class), oid(object), zero, oid(desc.ClassRole), oid(role), char('o'))
	}
	for s := range r.Schemas() {
		if !owner(desc.ClassSchema, s.OID, s.Owner) {
			return
		}
	}
	ownRelations(r, func(rel *desc.Relation) bool { return owner(desc.ClassRelation, rel.OID, rel.Owner) })
	for u := range r.UserTypes() {
		if u.Kind != pgtype.KindComposite && !owner(desc.ClassType, u.OID, u.Owner) {
			return
		}
	}
}}

var pgRewrite = base{
	name: "pg_rewrite", facts: "pg_rewrite", keys: []string{"oid", "ev_class", "rulename"},
	user: func(r catalog.Reader, q *query) {
		column := "ev_class"
		if _, ok := q.oid("oid"); ok {
			column = "oid"
		}
		ownRelation(r, q, column, func(rel *desc.Relation) bool {
			if rel.Kind != desc.View && rel.Kind != desc.MatView {
				return true
			}
			return q.emit(oid(rel.OID), text("_RETURN"), oid(rel.OID), char('1'), char('O'), yes, text("<>"), text(rel.ViewQuery))
		})
	},
}
