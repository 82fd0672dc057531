package desc

import (
	"maps"
	"slices"
)

// Clone copies a descriptor so deeply that the copy may be changed.
func (d *Database) Clone() *Database {
	c := *d
	c.ACL, c.Settings = d.ACL.Clone(), slices.Clone(d.Settings)
	c.RoleSettings = slices.Clone(d.RoleSettings)
	for i := range c.RoleSettings {
		c.RoleSettings[i].Settings = slices.Clone(c.RoleSettings[i].Settings)
	}
	return &c
}

// Clone copies a descriptor so deeply that the copy may be changed.
func (o *Role) Clone() *Role {
	c := *o
	c.Settings, c.Members = slices.Clone(o.Settings), slices.Clone(o.Members)
	return &c
}

// Clone copies a descriptor so deeply that the copy may be changed.
func (s *Schema) Clone() *Schema {
	c := *s
	c.ACL, c.Options = s.ACL.Clone(), maps.Clone(s.Options)
	return &c
}

// Clone copies a descriptor so deeply that the copy may be changed.
func (t *UserType) Clone() *UserType {
	c := *t
	c.Labels, c.ACL, c.Constraints = slices.Clone(t.Labels), t.ACL.Clone(), cloneConstraints(t.Constraints)
	return &c
}

// Clone copies a descriptor so deeply that the copy may be changed.
func (d *DefaultACL) Clone() *DefaultACL {
	c := *d
	c.ACL = d.ACL.Clone()
	return &c
}

// Clone copies a descriptor so deeply that the copy may be changed.
func (t *Relation) Clone() *Relation {
	c := *t
	c.Columns = slices.Clone(t.Columns)
	for i := range c.Columns {
		col := &c.Columns[i]
		col.DefaultRefs, col.Missing = slices.Clone(col.DefaultRefs), slices.Clone(col.Missing)
		col.ACL, col.Options = col.ACL.Clone(), slices.Clone(col.Options)
	}
	c.Indexes = slices.Clone(t.Indexes)
	for i := range c.Indexes {
		x := &c.Indexes[i]
		x.Keys, x.Include = slices.Clone(x.Keys), slices.Clone(x.Include)
		x.ExprColumns, x.Options = slices.Clone(x.ExprColumns), slices.Clone(x.Options)
	}
	c.Constraints = cloneConstraints(t.Constraints)
	if t.SequenceDef != nil {
		def := *t.SequenceDef
		c.SequenceDef = &def
	}
	c.Options, c.ACL = slices.Clone(t.Options), t.ACL.Clone()
	c.DependsOn, c.TypesUsed = slices.Clone(t.DependsOn), slices.Clone(t.TypesUsed)
	return &c
}

func cloneConstraints(list []Constraint) []Constraint {
	list = slices.Clone(list)
	for i := range list {
		c := &list[i]
		c.Columns, c.RefColumns, c.OnDeleteColumns = slices.Clone(c.Columns), slices.Clone(c.RefColumns), slices.Clone(c.OnDeleteColumns)
		c.Triggers = slices.Clone(c.Triggers)
	}
	return list
}

// Column finds a column that is not dropped by its name, nil when there is none.
func (t *Relation) Column(name string) *Column {
	for i := range t.Columns {
		if c := &t.Columns[i]; !c.Dropped && c.Name == name {
			return c
		}
	}
	return nil
}

// ColumnByNum finds a column that is not dropped by its number, nil when there is none.
func (t *Relation) ColumnByNum(num int16) *Column {
	if num < 1 || int(num) > len(t.Columns) || t.Columns[num-1].Dropped {
		return nil
	}
	return &t.Columns[num-1]
}

// PrimaryKey is the index of the primary key, nil when there is none.
func (t *Relation) PrimaryKey() *Index {
	for i := range t.Indexes {
		if t.Indexes[i].Primary {
			return &t.Indexes[i]
		}
	}
	return nil
}

// Clustered is the index that the rows themselves lie in: the primary key unless it is deferrable, as two rows can have one key of such for a while.
func (t *Relation) Clustered() *Index {
	if x := t.PrimaryKey(); x != nil && x.Immediate {
		return x
	}
	return nil
}

// Clustered tells whether the table's rows lie in the index.
func (x *Index) Clustered() bool { return x.Primary && x.Immediate }

// Index finds one of the table's indexes, nil when it has no such.
func (t *Relation) Index(oid OID) *Index {
	for i := range t.Indexes {
		if t.Indexes[i].OID == oid {
			return &t.Indexes[i]
		}
	}
	return nil
}

// Constraint finds one of the table's constraints, nil when it has no such.
func (t *Relation) Constraint(oid OID) *Constraint {
	for i := range t.Constraints {
		if t.Constraints[i].OID == oid {
			return &t.Constraints[i]
		}
	}
	return nil
}
