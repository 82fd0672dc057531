package catalog

import (
	"sync"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// lazyType is the type of an OID that is not built in. The *pgtype.Type is made when it is first asked for (a database of many tables has as many row
// types, and few are ever used) and is then the one of that OID in every snapshot, until the definition or something that it is made of
// changes: then contents holds a new lazyType.
type lazyType struct {
	oid      OID
	elem     OID // of an array
	relation OID // of a row type
	once     sync.Once
	t        *pgtype.Type
}

// arrayName is the name of a row or user type's array.
func arrayName(name, chosen string) string {
	if chosen != "" {
		return chosen
	}
	return "_" + name
}

func sameRowType(a, b *desc.Relation) bool {
	if a.RowType != b.RowType || a.RowArray != b.RowArray || a.Schema != b.Schema || a.Name != b.Name || a.RowArrayName != b.RowArrayName || len(a.Columns) != len(b.Columns) {
		return false
	}
	for i := range a.Columns {
		x, y := &a.Columns[i], &b.Columns[i]
		if x.Name != y.Name || x.Type != y.Type || x.Typmod != y.Typmod || x.Dropped != y.Dropped {
			return false
		}
	}
	return true
}

func (c *contents) putRowType(r *desc.Relation) {
	if pgtype.ByOID(r.RowType) != nil {
		return
	}
	c.types.set(r.RowType, &lazyType{oid: r.RowType, relation: r.OID})
	c.typeNames.set(nameKey{r.Schema, r.Name}, r.RowType)
	c.putArray(r.RowType, r.RowArray, r.Schema, r.Name, r.RowArrayName)
}

func (c *contents) putArray(elem, array, schema OID, name, chosen string) {
	if array != 0 {
		c.types.set(array, &lazyType{oid: array, elem: elem})
		c.typeNames.set(nameKey{schema, arrayName(name, chosen)}, array)
	}
}

func (c *contents) removeTypeEntry(oid, array, schema OID, name, chosen string) {
	if c.typeNames.at(nameKey{schema, name}) == oid {
		c.typeNames.delete(nameKey{schema, name})
	}
	c.types.delete(oid)
	if array != 0 {
		if k := (nameKey{schema, arrayName(name, chosen)}); c.typeNames.at(k) == array {
			c.typeNames.delete(k)
		}
		c.types.delete(array)
	}
}

// renewUsers forgets the made types of everything that is made of a type which has changed: domains over it, rows with a column of it.
func (c *contents) renewUsers(oid, array OID) {
	users := c.users(oid)
	if array != 0 {
		users = append(users, c.users(array)...)
	}
	for _, u := range users {
		if t := c.userTypes.at(u); t != nil && t.Kind != pgtype.KindComposite {
			c.types.set(t.OID, &lazyType{oid: t.OID})
			c.types.set(t.ArrayOID, &lazyType{oid: t.ArrayOID, elem: t.OID})
			c.renewUsers(t.OID, t.ArrayOID)
		}
		if r := c.relations.at(u); r != nil && r.RowType != 0 && r.OID != oid && hasColumnOf(r, oid, array) {
			c.putRowType(r)
			c.renewUsers(r.RowType, r.RowArray)
		}
	}
}

func hasColumnOf(r *desc.Relation, oid, array OID) bool {
	for i := range r.Columns {
		if t := r.Columns[i].Type; !r.Columns[i].Dropped && (t == oid || t == array) {
			return true
		}
	}
	return false
}

// typeByOID finds any type; nil when there is none.
func (c *contents) typeByOID(oid OID) *pgtype.Type {
	if t := pgtype.ByOID(oid); t != nil {
		return t
	}
	l := c.types.at(oid)
	if l == nil {
		return nil
	}
	l.once.Do(func() { l.t = c.makeType(l) })
	return l.t
}

func (c *contents) makeType(l *lazyType) *pgtype.Type {
	if l.elem != 0 {
		if elem := c.typeByOID(l.elem); elem != nil {
			return pgtype.ArrayOf(elem)
		}
		return nil
	}
	if l.relation != 0 {
		return c.makeRowType(c.relations.at(l.relation))
	}
	u := c.userTypes.at(l.oid)
	if u == nil {
		return nil
	}
	var t *pgtype.Type
	schema := c.schemaName(u.Schema)
	if u.Kind == pgtype.KindEnum {
		t = pgtype.NewEnum(u.OID, 0, schema, u.Name, u.Labels)
	} else {
		base := c.typeByOID(u.Base)
		if base == nil {
			return nil
		}
		t = pgtype.NewDomain(u.OID, 0, schema, u.Name, base, u.BaseTypmod)
		t.Collation = u.Collation
	}
	if u.ArrayOID != 0 {
		pgtype.NewArray(u.ArrayOID, arrayName(u.Name, u.ArrayName), t)
	}
	return t
}

func (c *contents) makeRowType(r *desc.Relation) *pgtype.Type {
	if r == nil {
		return nil
	}
	columns := make([]pgtype.Column, 0, len(r.Columns))
	for i := range r.Columns {
		if col := &r.Columns[i]; !col.Dropped {
			columns = append(columns, pgtype.Column{Name: col.Name, Type: c.typeByOID(col.Type), Typmod: col.Typmod})
		}
	}
	t := pgtype.NewComposite(r.RowType, 0, r.OID, c.schemaName(r.Schema), r.Name, columns)
	if r.RowArray != 0 {
		pgtype.NewArray(r.RowArray, arrayName(r.Name, r.RowArrayName), t)
	}
	return t
}

func (c *contents) schemaName(oid OID) string {
	if s := c.schemas.at(oid); s != nil {
		return s.Name
	}
	return ""
}

// builtinByName finds a built-in type by the schema that it is in.
func (c *contents) builtinByName(schema OID, name string) *pgtype.Type {
	if schema != desc.PgCatalogOID && schema != desc.InformationSchemaOID {
		return nil
	}
	if t := pgtype.ByName(name); t != nil && (t.Schema == "pg_catalog") == (schema == desc.PgCatalogOID) {
		return t
	}
	return nil
}
