package catalog

import (
	"cmp"
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// OID is short for the type that the whole package is about.
type OID = desc.OID

// nameKey is a name in a schema.
type nameKey struct {
	schema OID
	name   string
}

func (a nameKey) compare(b nameKey) int {
	if c := cmp.Compare(a.schema, b.schema); c != 0 {
		return c
	}
	return strings.Compare(a.name, b.name)
}

// use says that an object's descriptor refers to another object; ordered by what is used.
type use struct{ used, user OID }

func (a use) compare(b use) int {
	if c := cmp.Compare(a.used, b.used); c != 0 {
		return c
	}
	return cmp.Compare(a.user, b.user)
}

func compareRefs(a, b desc.ObjectRef) int {
	if c := cmp.Compare(a.Class, b.Class); c != 0 {
		return c
	}
	if c := cmp.Compare(a.OID, b.OID); c != 0 {
		return c
	}
	return cmp.Compare(a.SubID, b.SubID)
}

// relName is what a name in pg_class stands for: a relation, or one of its indexes.
type relName struct{ relation, index OID }

// contents is everything in one database: the descriptors, and what is found from them by other keys. Copying the struct is taking a
// snapshot. Only put… and remove… change it, and they keep the derived maps true.
type contents struct {
	schemas     tree[OID, *desc.Schema]
	schemaNames tree[string, OID]
	relations   tree[OID, *desc.Relation]
	relNames    tree[nameKey, relName]
	indexes     tree[OID, OID] // → table
	constraints tree[OID, OID] // → table
	userTypes   tree[OID, *desc.UserType]
	types       tree[OID, *lazyType]
	typeNames   tree[nameKey, OID]
	uses        tree[use, struct{}]
	comments    tree[desc.ObjectRef, string]
	defaultACLs tree[OID, *desc.DefaultACL]
	statistics  tree[OID, *desc.Statistics] // by relation
}

func newContents() contents {
	var c contents
	c.schemas.cmp, c.schemaNames.cmp = cmp.Compare[OID], strings.Compare
	c.relations.cmp, c.relNames.cmp = cmp.Compare[OID], nameKey.compare
	c.indexes.cmp, c.constraints.cmp = cmp.Compare[OID], cmp.Compare[OID]
	c.userTypes.cmp, c.types.cmp, c.typeNames.cmp = cmp.Compare[OID], cmp.Compare[OID], nameKey.compare
	c.uses.cmp, c.comments.cmp, c.defaultACLs.cmp = use.compare, compareRefs, cmp.Compare[OID]
	c.statistics.cmp = cmp.Compare[OID]
	return c
}

func (c *contents) putSchema(s *desc.Schema) {
	old := c.schemas.at(s.OID)
	c.schemas.set(s.OID, s)
	if old != nil && old.Name != s.Name {
		c.schemaNames.delete(old.Name)
		c.renewTypesIn(s.OID)
	}
	c.schemaNames.set(s.Name, s.OID)
}

// renewTypesIn makes the types of a renamed schema anew, because they carry its name.
func (c *contents) renewTypesIn(schema OID) {
	for k, n := range c.relNames.from(nameKey{schema, ""}) {
		if k.schema != schema {
			break
		}
		if r := c.relations.at(n.relation); n.index == 0 && r.RowType != 0 {
			c.putRowType(r)
			c.renewUsers(r.RowType, r.RowArray)
		}
	}
	for u := range c.userTypes.values() {
		if u.Schema == schema {
			c.putUserType(u)
		}
	}
}

func (c *contents) removeSchema(oid OID) {
	if old := c.schemas.at(oid); old != nil {
		c.schemas.delete(oid)
		c.schemaNames.delete(old.Name)
	}
}

// putRelation adds or replaces a relation and what is derived from it.
func (c *contents) putRelation(r *desc.Relation) {
	old := c.relations.at(r.OID)
	if old != nil {
		c.dropDerived(old, r)
	}
	c.relations.set(r.OID, r)
	c.setName(nameKey{r.Schema, r.Name}, relName{relation: r.OID})
	for i := range r.Indexes {
		x := &r.Indexes[i]
		c.indexes.set(x.OID, r.OID)
		c.setName(nameKey{r.Schema, x.Name}, relName{r.OID, x.OID})
	}
	for i := range r.Constraints {
		c.constraints.set(r.Constraints[i].OID, r.OID)
	}
	for _, used := range relationUses(r) {
		c.uses.set(use{used, r.OID}, struct{}{})
	}
	if r.RowType != 0 && (old == nil || !sameRowType(old, r)) {
		c.putRowType(r)
		if old != nil {
			c.renewUsers(r.RowType, r.RowArray)
		}
	}
}

func (c *contents) setName(k nameKey, v relName) {
	if have, ok := c.relNames.get(k); !ok || have != v {
		c.relNames.set(k, v)
	}
}

// dropDerived removes what old has and its successor does not. next is nil when the relation goes away.
func (c *contents) dropDerived(old, next *desc.Relation) {
	moved := next == nil || next.Schema != old.Schema
	if moved || next.Name != old.Name {
		c.relNames.delete(nameKey{old.Schema, old.Name})
	}
	for i := range old.Indexes {
		x := &old.Indexes[i]
		var now *desc.Index
		if next != nil {
			now = next.Index(x.OID)
		}
		if now == nil {
			c.indexes.delete(x.OID)
		}
		if moved || now == nil || now.Name != x.Name {
			c.relNames.delete(nameKey{old.Schema, x.Name})
		}
	}
	for i := range old.Constraints {
		if oid := old.Constraints[i].OID; next == nil || next.Constraint(oid) == nil {
			c.constraints.delete(oid)
		}
	}
	for _, used := range relationUses(old) {
		c.uses.delete(use{used, old.OID})
	}
	if old.RowType != 0 && (next == nil || !sameRowType(old, next)) {
		c.removeTypeEntry(old.RowType, old.RowArray, old.Schema, old.Name, old.RowArrayName)
	}
}

func (c *contents) removeRelation(oid OID) {
	if old := c.relations.at(oid); old != nil {
		c.dropDerived(old, nil)
		c.relations.delete(oid)
	}
}

// relationUses lists the objects that a relation's descriptor refers to: relations and user types.
func relationUses(r *desc.Relation) []OID {
	var out []OID
	add := func(oid OID) {
		if oid != 0 {
			out = append(out, oid)
		}
	}
	for i := range r.Columns {
		col := &r.Columns[i]
		if col.Dropped {
			continue
		}
		if col.Type >= desc.FirstNormalOID {
			add(col.Type)
		}
		for _, ref := range col.DefaultRefs {
			add(ref.Relation)
		}
	}
	for i := range r.Constraints {
		add(r.Constraints[i].RefTable)
	}
	for _, ref := range r.DependsOn {
		add(ref.Relation)
	}
	for _, t := range r.TypesUsed {
		add(t)
	}
	add(r.OwnedBy.Relation)
	return out
}

// users yields the OIDs of the relations and user types whose descriptors refer to an object.
func (c *contents) users(used OID) []OID {
	var out []OID
	for u := range c.uses.from(use{used, 0}) {
		if u.used != used {
			break
		}
		out = append(out, u.user)
	}
	return out
}

func (c *contents) putUserType(t *desc.UserType) {
	old := c.userTypes.at(t.OID)
	if old != nil {
		c.uses.delete(use{old.Base, old.OID})
	}
	if old != nil && old.Kind != pgtype.KindComposite {
		c.removeTypeEntry(old.OID, old.ArrayOID, old.Schema, old.Name, old.ArrayName)
	}
	c.userTypes.set(t.OID, t)
	if t.Base >= desc.FirstNormalOID {
		c.uses.set(use{t.Base, t.OID}, struct{}{})
	}
	if t.Kind != pgtype.KindComposite { // a composite's type comes with its relation
		c.types.set(t.OID, &lazyType{oid: t.OID})
		c.typeNames.set(nameKey{t.Schema, t.Name}, t.OID)
		c.putArray(t.OID, t.ArrayOID, t.Schema, t.Name, t.ArrayName)
	}
	if old != nil {
		c.renewUsers(t.OID, t.ArrayOID)
	}
}

func (c *contents) removeUserType(oid OID) {
	if old := c.userTypes.at(oid); old != nil {
		if old.Kind != pgtype.KindComposite {
			c.removeTypeEntry(old.OID, old.ArrayOID, old.Schema, old.Name, old.ArrayName)
		}
		c.uses.delete(use{old.Base, old.OID})
		c.userTypes.delete(oid)
	}
}
