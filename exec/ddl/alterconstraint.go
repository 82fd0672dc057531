package ddl

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// addConstraint runs ADD CONSTRAINT.
func (a *alteration) addConstraint(k *pg_query.Constraint) error {
	if k.Indexname != "" {
		return a.constraintUsing(k)
	}
	b := &tableBuild{w: a.w, rel: a.rel().Clone(), altering: true}
	if err := b.tableConstraint(k); err != nil {
		return noPosition(err)
	}
	if err := b.chooseKeys(0); err != nil {
		return err
	}
	return a.addBuilt(b)
}

// addBuilt adds the constraints that were collected for the table, and notes what existing rows have to do with them.
func (a *alteration) addBuilt(b *tableBuild) error {
	if len(b.checks)+len(b.keys)+len(b.foreign) == 0 {
		return nil
	}
	rel := a.rel()
	b.rel.Constraints, b.rel.Indexes = slices.Clone(rel.Constraints), slices.Clone(rel.Indexes)
	if err := b.finishChecks(); err != nil {
		return err
	}
	if err := b.nameKeys(); err != nil {
		return err
	}
	if err := b.addForeignKeys(); err != nil {
		return err
	}
	err := a.edit(func(r *desc.Relation) error {
		r.Constraints, r.Indexes = b.rel.Constraints, b.rel.Indexes
		for i := range r.Columns {
			if c := &r.Columns[i]; !c.NotNull && b.rel.Columns[i].NotNull && !c.Dropped {
				c.NotNull = true
				a.notNull = append(a.notNull, c.Num)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, c := range a.rel().Constraints {
		if rel.Constraint(c.OID) != nil {
			continue
		}
		switch c.Type {
		case 'c':
			if c.Validated {
				a.checks = append(a.checks, c.OID)
			}
		case 'u', 'x':
			a.indexes = append(a.indexes, c.Index)
		case 'f':
			if c.Validated {
				a.references = append(a.references, c.OID)
			}
		}
	}
	return nil
}

// constraintUsing makes a constraint of an index that there is.
func (a *alteration) constraintUsing(k *pg_query.Constraint) error {
	rel := a.rel()
	at := slices.IndexFunc(rel.Indexes, func(x desc.Index) bool { return x.Name == k.Indexname })
	if at < 0 {
		if o := a.w.findIn(rel.Schema, k.Indexname); o.index != nil {
			return a.w.errorf(k.Location, pgerr.ObjectNotInPrerequisiteState, "index \"%s\" does not belong to table \"%s\"", k.Indexname, rel.Name)
		}
		return a.w.errorf(k.Location, pgerr.UndefinedObject, "index \"%s\" does not exist", k.Indexname)
	}
	x := rel.Indexes[at]
	cannot := func(format string) error {
		return a.w.errorf(k.Location, pgerr.WrongObjectType, format, x.Name).WithDetail("Cannot create a primary key or unique constraint using such an index.")
	}
	primary := k.Contype == pg_query.ConstrType_CONSTR_PRIMARY
	switch {
	case x.Constraint != 0:
		return a.w.errorf(k.Location, pgerr.ObjectNotInPrerequisiteState, "index \"%s\" is already associated with a constraint", x.Name)
	case !x.Unique:
		return cannot("\"%s\" is not a unique index")
	case slices.ContainsFunc(x.Keys, func(k desc.IndexKey) bool { return k.Num == 0 }):
		return cannot("index \"%s\" contains expressions")
	case x.Predicate != "":
		return cannot("\"%s\" is a partial index")
	case primary && rel.PrimaryKey() != nil:
		return a.w.errorf(k.Location, pgerr.InvalidTableDefinition, "multiple primary keys for table \"%s\" are not allowed", rel.Name)
	}
	name := k.Conname
	if name == "" {
		name = x.Name
	} else if name != x.Name {
		a.w.noticef(pgerr.SuccessfulCompletion, "ALTER TABLE / ADD CONSTRAINT USING INDEX will rename index \"%s\" to \"%s\"", x.Name, name)
	}
	return a.edit(func(r *desc.Relation) error {
		x.Name, x.Primary, x.Immediate = name, primary, !k.Deferrable
		c := desc.Constraint{Name: name, Type: 'u', Validated: true, Deferrable: k.Deferrable, Deferred: k.Initdeferred}
		for _, key := range x.Keys {
			c.Columns = append(c.Columns, key.Num)
		}
		r.Indexes = slices.Delete(r.Indexes, at, at+1)
		if primary {
			c.Type = 'p'
			x.StorageID = 0 // the rows move
			for _, n := range c.Columns {
				if col := r.ColumnByNum(n); !col.NotNull {
					col.NotNull = true
					a.notNull = append(a.notNull, n)
				}
			}
			r.Indexes = append([]desc.Index{x}, r.Indexes...)
		} else {
			r.Indexes = append(r.Indexes, x)
		}
		if k.Deferrable { // its entries are of another form
			x.StorageID = 0
			a.indexes = append(a.indexes, x.OID)
		}
		for i := range r.Indexes {
			if r.Indexes[i].OID == x.OID {
				r.Indexes[i].StorageID = x.StorageID
			}
		}
		r.Constraints = append(r.Constraints, c)
		return nil
	})
}

func (a *alteration) dropConstraint(cmd *pg_query.AlterTableCmd) error {
	c := a.constraint(cmd.Name)
	if c == nil {
		if cmd.MissingOk {
			a.w.noticef(pgerr.SuccessfulCompletion, "constraint \"%s\" of relation \"%s\" does not exist, skipping", cmd.Name, a.rel().Name)
			return nil
		}
		return noConstraint(a.rel(), cmd.Name)
	}
	_, notices, err := a.w.Catalog.DropConstraint(a.w.Ctx, a.oid, c.OID, cmd.Behavior == pg_query.DropBehavior_DROP_CASCADE)
	a.w.noticeAll(notices)
	return err
}

func (a *alteration) constraint(name string) *desc.Constraint { return constraintNamed(a.rel(), name) }

func constraintNamed(rel *desc.Relation, name string) *desc.Constraint {
	for i := range rel.Constraints {
		if rel.Constraints[i].Name == name {
			return &rel.Constraints[i]
		}
	}
	return nil
}

func noConstraint(rel *desc.Relation, name string) *pgerr.Error {
	return pgerr.Newf(pgerr.UndefinedObject, "constraint \"%s\" of relation \"%s\" does not exist", name, rel.Name)
}

func (a *alteration) validateConstraint(cmd *pg_query.AlterTableCmd) error {
	c := a.constraint(cmd.Name)
	if c == nil {
		return noConstraint(a.rel(), cmd.Name)
	}
	if c.Type != 'c' && c.Type != 'f' {
		return pgerr.Newf(pgerr.WrongObjectType, "constraint \"%s\" of relation \"%s\" is not a foreign key or check constraint", c.Name, a.rel().Name)
	}
	if c.Validated {
		return nil
	}
	oid := c.OID
	if c.Type == 'f' {
		if _, err := a.w.Catalog.LockRelation(a.w.Ctx, c.RefTable, kv.RowShare, a.w.Wait); err != nil {
			return err
		}
		a.references = append(a.references, oid)
	} else {
		a.checks = append(a.checks, oid)
	}
	return a.edit(func(r *desc.Relation) error { r.Constraint(oid).Validated = true; return nil })
}

// alterConstraint runs ALTER CONSTRAINT, which changes when a foreign key is checked.
func (a *alteration) alterConstraint(k *pg_query.Constraint) error {
	c := a.constraint(k.Conname)
	if c == nil {
		return noConstraint(a.rel(), k.Conname)
	}
	if c.Type != 'f' {
		return pgerr.Newf(pgerr.WrongObjectType, "constraint \"%s\" of relation \"%s\" is not a foreign key constraint", c.Name, a.rel().Name)
	}
	oid := c.OID
	return a.edit(func(r *desc.Relation) error {
		c := r.Constraint(oid)
		c.Deferrable, c.Deferred = k.Deferrable, k.Initdeferred
		return nil
	})
}

// checkFunction makes a CHECK constraint runnable over complete rows.
func (w *work) checkFunction(rel *desc.Relation, c *desc.Constraint) (func(row []pgtype.Datum) (pgtype.Datum, error), error) {
	x, err := w.bindText(c.Expr, bind.Stored{Kind: bind.TableCheck, Relation: rel})
	if err != nil {
		return nil, err
	}
	return w.compile(rel, x.Expr)
}
