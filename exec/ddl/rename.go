package ddl

import (
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// rename runs ALTER … RENAME.
func (w *work) rename(n *pg_query.RenameStmt) error {
	switch n.RenameType {
	case pg_query.ObjectType_OBJECT_TABLE, pg_query.ObjectType_OBJECT_VIEW, pg_query.ObjectType_OBJECT_SEQUENCE, pg_query.ObjectType_OBJECT_INDEX,
		pg_query.ObjectType_OBJECT_MATVIEW, pg_query.ObjectType_OBJECT_FOREIGN_TABLE:
		return w.renameRelation(n)
	case pg_query.ObjectType_OBJECT_COLUMN, pg_query.ObjectType_OBJECT_ATTRIBUTE:
		return w.renameColumn(n)
	case pg_query.ObjectType_OBJECT_TABCONSTRAINT:
		return w.renameConstraint(n)
	case pg_query.ObjectType_OBJECT_SCHEMA:
		return w.renameSchema(n)
	case pg_query.ObjectType_OBJECT_DATABASE:
		return w.renameDatabase(n)
	case pg_query.ObjectType_OBJECT_ROLE:
		return w.renameRole(n)
	case pg_query.ObjectType_OBJECT_TYPE, pg_query.ObjectType_OBJECT_DOMAIN:
		return w.renameType(n)
	case pg_query.ObjectType_OBJECT_DOMCONSTRAINT:
		return w.renameDomainConstraint(n)
	}
	return pgerr.Unsupported("ALTER " + objectWord(n.RenameType) + " RENAME")
}

// renamed finds the relation of a RENAME, locked; ok is false when there is none and need not be.
func (w *work) renamed(n *pg_query.RenameStmt, t pg_query.ObjectType) (o object, ok bool, err error) {
	if o, err = w.find(n.Relation); err != nil {
		return o, false, err
	}
	if !o.found() {
		if n.MissingOk {
			w.noticef(pgerr.SuccessfulCompletion, "relation \"%s\" does not exist, skipping", n.Relation.Relname)
			return o, false, nil
		}
		return o, false, pgerr.Newf(pgerr.UndefinedTable, "relation \"%s\" does not exist", rangeText(n.Relation))
	}
	if err := w.checkAlterable(o, t); err != nil {
		return o, false, err
	}
	mode := kv.AccessExclusive
	if o.index != nil {
		mode = kv.ShareUpdateExclusive
	}
	o, err = w.lockOwned(o, mode)
	return o, err == nil, err
}

func (w *work) renameRelation(n *pg_query.RenameStmt) error {
	o, ok, err := w.renamed(n, n.RenameType)
	if !ok {
		return err
	}
	if err := w.mayCreateIn(o.rel.Schema); err != nil {
		return err
	}
	return w.renaming(o.name(), func() error {
		return w.atRelation(o.rel.OID, func(r *desc.Relation) error {
			if o.index == nil {
				r.Name = n.Newname
				return nil
			}
			x := r.Index(o.index.OID)
			x.Name = n.Newname
			if c := r.Constraint(x.Constraint); c != nil {
				c.Name = n.Newname
			}
			return nil
		})
	})
}

func (w *work) mayCreateIn(schema desc.OID) error {
	return catalog.CheckPrivilege(w.Catalog, w.User, desc.ObjectRef{Class: desc.ClassSchema, OID: schema}, desc.Create)
}

func (w *work) renameColumn(n *pg_query.RenameStmt) error {
	o, ok, err := w.renamed(n, n.RelationType)
	if !ok {
		return err
	}
	if k := o.kind(); k == desc.Sequence || k == desc.IndexKind {
		return notSupported("cannot rename columns of relation", o)
	}
	c := o.rel.Column(n.Subname)
	switch {
	case c == nil && bind.IsSystemColumn(n.Subname):
		return pgerr.Newf(pgerr.FeatureNotSupported, "cannot rename system column \"%s\"", n.Subname)
	case c == nil:
		return pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" does not exist", n.Subname)
	case o.rel.Column(n.Newname) != nil:
		return pgerr.Newf(pgerr.DuplicateColumn, "column \"%s\" of relation \"%s\" already exists", n.Newname, o.name())
	case bind.IsSystemColumn(n.Newname):
		return pgerr.Newf(pgerr.DuplicateColumn, "column name \"%s\" conflicts with a system column name", n.Newname)
	}
	num := c.Num
	err = w.renaming(n.Subname, func() error {
		return w.atRelation(o.rel.OID, func(r *desc.Relation) error { r.ColumnByNum(num).Name = n.Newname; return nil })
	})
	if err != nil || o.kind() != desc.View && o.kind() != desc.MatView {
		return err
	}
	return w.atRelation(o.rel.OID, w.nameView)
}

// nameView makes the columns of a view's query have the names of the view's.
func (w *work) nameView(r *desc.Relation) error {
	h, err := bind.HoldView(w.Bind, r)
	if err != nil {
		return err
	}
	names := make([]string, len(r.Columns))
	for i := range r.Columns {
		names[i] = r.Columns[i].Name
	}
	h.NameColumns(names)
	r.ViewQuery, err = h.Text()
	return err
}

func (w *work) renameConstraint(n *pg_query.RenameStmt) error {
	o, ok, err := w.renamed(n, pg_query.ObjectType_OBJECT_TABLE)
	if !ok {
		return err
	}
	c := constraintNamed(o.rel, n.Subname)
	if c == nil {
		return pgerr.Newf(pgerr.UndefinedObject, "constraint \"%s\" for table \"%s\" does not exist", n.Subname, o.name())
	}
	if constraintNamed(o.rel, n.Newname) != nil {
		return pgerr.Newf(pgerr.DuplicateObject, "constraint \"%s\" for relation \"%s\" already exists", n.Newname, o.name())
	}
	return w.atRelation(o.rel.OID, func(r *desc.Relation) error {
		c := r.Constraint(c.OID)
		c.Name = n.Newname
		if x := r.Index(c.Index); x != nil && c.Type != 'f' {
			x.Name = n.Newname
		}
		return nil
	})
}

func (w *work) renameSchema(n *pg_query.RenameStmt) error {
	s := w.schemaNamed(n.Subname)
	if s == nil {
		return pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", n.Subname)
	}
	if w.Catalog.SchemaByName(n.Newname) != nil {
		return pgerr.Newf(pgerr.DuplicateSchema, "schema \"%s\" already exists", n.Newname)
	}
	if err := catalog.CheckOwner(w.Catalog, w.User, desc.ObjectRef{Class: desc.ClassSchema, OID: s.OID}); err != nil {
		return err
	}
	db := w.Catalog.Database()
	if err := catalog.CheckPrivilege(w.Catalog, w.User, desc.ObjectRef{Class: desc.ClassDatabase, OID: db.OID}, desc.Create); err != nil {
		return err
	}
	return w.renaming(n.Subname, func() error {
		_, err := w.Catalog.AlterSchema(w.Ctx, s.OID, func(s *desc.Schema) error { s.Name = n.Newname; return nil })
		return err
	})
}

func (w *work) renameDatabase(n *pg_query.RenameStmt) error {
	db, err := w.database(n.Subname)
	if err != nil {
		return err
	}
	if err := catalog.CheckOwner(w.Catalog, w.User, db); err != nil {
		return err
	}
	if me := w.Catalog.Role(w.User); !me.Super && !me.CreateDB {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to rename database")
	}
	if db.OID == w.Catalog.Database().OID {
		return pgerr.New(pgerr.FeatureNotSupported, "current database cannot be renamed")
	}
	if k := w.InUse(db.OID); k > 0 {
		e := pgerr.Newf(pgerr.ObjectInUse, "database \"%s\" is being accessed by other users", n.Subname)
		if k == 1 {
			return e.WithDetail("There is 1 other session using the database.")
		}
		return e.WithDetail("There are %d other sessions using the database.", k)
	}
	_, err = w.Catalog.AlterDatabase(w.Ctx, db.OID, func(d *desc.Database) error { d.Name = n.Newname; return nil })
	return err
}

func (w *work) renameRole(n *pg_query.RenameStmt) error {
	r := w.Catalog.RoleByName(n.Subname)
	me := w.Catalog.Role(w.User)
	switch {
	case r == nil:
		return pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", n.Subname)
	case r.OID == w.Session:
		return pgerr.New(pgerr.FeatureNotSupported, "session user cannot be renamed")
	case r.OID == w.User:
		return pgerr.New(pgerr.FeatureNotSupported, "current user cannot be renamed")
	case me.Super:
	case r.Super:
		return denied("rename role", "Only roles with the SUPERUSER attribute may rename roles with the SUPERUSER attribute.")
	case !me.CreateRole || !catalog.IsAdminOf(w.Catalog, w.User, r.OID):
		return denied("rename role", "Only roles with the CREATEROLE attribute and the ADMIN option on role \"%s\" may rename this role.", r.Name)
	}
	_, err := w.Catalog.AlterRole(w.Ctx, r.OID, func(r *desc.Role) error { r.Name = n.Newname; return nil })
	return err
}

func (w *work) renameType(n *pg_query.RenameStmt) error {
	names := n.Object.GetList().GetItems()
	t, err := w.ownedType(names)
	if err != nil {
		return err
	}
	if n.RenameType == pg_query.ObjectType_OBJECT_DOMAIN && t.Kind != pgtype.KindDomain {
		return pgerr.Newf(pgerr.WrongObjectType, "%s is not a domain", pgtype.FormatType(t, -1))
	}
	u, err := w.userType(t)
	if err != nil {
		return err
	}
	if err := w.mayCreateIn(u.Schema); err != nil {
		return err
	}
	return w.renaming(u.Name, func() error {
		_, err := w.Catalog.AlterType(w.Ctx, u.OID, func(u *desc.UserType) error { u.Name = n.Newname; return nil })
		return err
	})
}

// userType gives the descriptor of a type that ALTER TYPE can change.
func (w *work) userType(t *pgtype.Type) (*desc.UserType, error) {
	if u := w.Catalog.UserType(t.OID); u != nil {
		return u, nil
	}
	if t.IsArray() {
		return nil, pgerr.Newf(pgerr.WrongObjectType, "cannot alter array type %s", t).WithHint("You can alter type %s, which will alter the array type as well.", t.Elem)
	}
	if t.Kind == pgtype.KindComposite {
		return nil, pgerr.Newf(pgerr.WrongObjectType, "%s is a table's row type", t).WithHint("Use ALTER TABLE instead.")
	}
	return nil, pgerr.Newf(pgerr.InsufficientPrivilege, "must be owner of type %s", t)
}

func (w *work) renameDomainConstraint(n *pg_query.RenameStmt) error {
	t, err := w.ownedType(n.Object.GetList().GetItems())
	if err != nil {
		return err
	}
	if t.Kind != pgtype.KindDomain {
		return pgerr.Newf(pgerr.WrongObjectType, "%s is not a domain", pgtype.FormatType(t, -1))
	}
	_, err = w.Catalog.AlterType(w.Ctx, t.OID, func(u *desc.UserType) error {
		at := slices.IndexFunc(u.Constraints, func(c desc.Constraint) bool { return c.Name == n.Subname })
		if at < 0 {
			return pgerr.Newf(pgerr.UndefinedObject, "constraint \"%s\" for domain %s does not exist", n.Subname, strings.Join(stringsOf(n.Object.GetList().GetItems()), "."))
		}
		u.Constraints[at].Name = n.Newname
		return nil
	})
	return err
}
