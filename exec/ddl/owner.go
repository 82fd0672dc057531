package ddl

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// alterOwner runs ALTER … OWNER TO of what is no relation.
func (w *work) alterOwner(n *pg_query.AlterOwnerStmt) error {
	owner, err := w.role(n.Newowner, false)
	if err != nil {
		return err
	}
	switch n.ObjectType {
	case pg_query.ObjectType_OBJECT_SCHEMA:
		return w.schemaOwner(n.Object.GetString_().GetSval(), owner)
	case pg_query.ObjectType_OBJECT_DATABASE:
		return w.databaseOwner(n.Object.GetString_().GetSval(), owner)
	case pg_query.ObjectType_OBJECT_TYPE, pg_query.ObjectType_OBJECT_DOMAIN:
		return w.typeOwner(n, owner)
	}
	return pgerr.Unsupported("ALTER " + objectWord(n.ObjectType) + " OWNER TO")
}

func (w *work) schemaOwner(name string, owner desc.OID) error {
	s := w.schemaNamed(name)
	if s == nil {
		return pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", name)
	}
	if s.Owner == owner {
		return nil
	}
	if err := catalog.CheckOwner(w.Catalog, w.User, desc.ObjectRef{Class: desc.ClassSchema, OID: s.OID}); err != nil {
		return err
	}
	if err := w.canBecome(owner); err != nil {
		return err
	}
	db := w.Catalog.Database()
	if err := catalog.CheckPrivilege(w.Catalog, w.User, desc.ObjectRef{Class: desc.ClassDatabase, OID: db.OID}, desc.Create); err != nil {
		return err
	}
	_, err := w.Catalog.AlterSchema(w.Ctx, s.OID, func(s *desc.Schema) error { s.Owner = owner; return nil })
	return err
}

func (w *work) databaseOwner(name string, owner desc.OID) error {
	db, err := w.database(name)
	if err != nil {
		return err
	}
	if w.Catalog.DatabaseByOID(db.OID).Owner == owner {
		return nil
	}
	if err := catalog.CheckOwner(w.Catalog, w.User, db); err != nil {
		return err
	}
	if err := w.canBecome(owner); err != nil {
		return err
	}
	if me := w.Catalog.Role(w.User); !me.Super && !me.CreateDB {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to change owner of database")
	}
	_, err = w.Catalog.AlterDatabase(w.Ctx, db.OID, func(d *desc.Database) error { d.Owner = owner; return nil })
	return err
}

func (w *work) typeOwner(n *pg_query.AlterOwnerStmt, owner desc.OID) error {
	t, _, err := w.typeName(&pg_query.TypeName{Names: n.Object.GetList().GetItems(), Typemod: -1, Location: -1})
	if err != nil {
		return err
	}
	if n.ObjectType == pg_query.ObjectType_OBJECT_DOMAIN && t.Kind != pgtype.KindDomain {
		return pgerr.Newf(pgerr.WrongObjectType, "%s is not a domain", pgtype.FormatType(t, -1))
	}
	if err := catalog.CheckOwner(w.Catalog, w.User, desc.ObjectRef{Class: desc.ClassType, OID: t.OID}); err != nil {
		return err
	}
	u, err := w.userType(t)
	if err != nil || u.Owner == owner {
		return err
	}
	if err := w.mayGive(owner, u.Schema); err != nil {
		return err
	}
	_, err = w.Catalog.AlterType(w.Ctx, u.OID, func(u *desc.UserType) error { u.Owner = owner; return nil })
	return err
}

// setSchema runs ALTER … SET SCHEMA.
func (w *work) setSchema(n *pg_query.AlterObjectSchemaStmt) error {
	switch n.ObjectType {
	case pg_query.ObjectType_OBJECT_TABLE, pg_query.ObjectType_OBJECT_VIEW, pg_query.ObjectType_OBJECT_SEQUENCE, pg_query.ObjectType_OBJECT_MATVIEW,
		pg_query.ObjectType_OBJECT_FOREIGN_TABLE:
		return w.relationSchema(n)
	case pg_query.ObjectType_OBJECT_TYPE, pg_query.ObjectType_OBJECT_DOMAIN:
		return w.typeSchema(n)
	}
	return pgerr.Unsupported("ALTER " + objectWord(n.ObjectType) + " SET SCHEMA")
}

// newHome finds the schema that something moves to.
func (w *work) newHome(name string) (desc.OID, error) {
	s := w.schemaNamed(name)
	if s == nil {
		return 0, pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", name)
	}
	return s.OID, w.mayCreateIn(s.OID)
}

func (w *work) relationSchema(n *pg_query.AlterObjectSchemaStmt) error {
	o, err := w.find(n.Relation)
	if err != nil {
		return err
	}
	if !o.found() {
		if n.MissingOk {
			w.noticef(pgerr.SuccessfulCompletion, "relation \"%s\" does not exist, skipping", n.Relation.Relname)
			return nil
		}
		return pgerr.Newf(pgerr.UndefinedTable, "relation \"%s\" does not exist", rangeText(n.Relation))
	}
	if err := w.checkAlterable(o, n.ObjectType); err != nil {
		return err
	}
	if o, err = w.lockOwned(o, kv.AccessExclusive); err != nil {
		return err
	}
	if o.index != nil {
		return pgerr.Newf(pgerr.WrongObjectType, "cannot change schema of index \"%s\"", o.name()).WithHint("Change the schema of the table instead.")
	}
	if o.rel.OwnedBy.Relation != 0 {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot move an owned sequence into another schema").
			WithDetail("Sequence \"%s\" is linked to table \"%s\".", o.name(), w.Catalog.Relation(o.rel.OwnedBy.Relation).Name)
	}
	home, err := w.newHome(n.Newschema)
	if err != nil || home == o.rel.Schema {
		return err
	}
	if w.findIn(home, o.name()).found() {
		return pgerr.Newf(pgerr.DuplicateTable, "relation \"%s\" already exists in schema \"%s\"", o.name(), n.Newschema)
	}
	return w.renaming(w.schemaName(o.rel.Schema), func() error {
		return w.atRelation(o.rel.OID, func(r *desc.Relation) error { r.Schema = home; return nil })
	})
}

func (w *work) typeSchema(n *pg_query.AlterObjectSchemaStmt) error {
	t, err := w.ownedType(n.Object.GetList().GetItems())
	if err != nil {
		return err
	}
	u, err := w.userType(t)
	if err != nil {
		return err
	}
	home, err := w.newHome(n.Newschema)
	if err != nil || home == u.Schema {
		return err
	}
	if w.Catalog.TypeByName(home, u.Name) != nil {
		return pgerr.Newf(pgerr.DuplicateObject, "type \"%s\" already exists in schema \"%s\"", u.Name, n.Newschema)
	}
	return w.renaming(u.Name, func() error {
		_, err := w.Catalog.AlterType(w.Ctx, u.OID, func(u *desc.UserType) error { u.Schema = home; return nil })
		return err
	})
}

// reassignOwned runs REASSIGN OWNED: what the roles own in this database, and the databases that are theirs.
func (w *work) reassignOwned(n *pg_query.ReassignOwnedStmt) error {
	roles, err := w.roles(n.Roles)
	if err != nil {
		return err
	}
	for _, r := range roles {
		if !catalog.HasRole(w.Catalog, w.User, r) {
			return denied("reassign objects", "Only roles with privileges of role \"%s\" may reassign objects owned by it.", w.Catalog.Role(r).Name)
		}
	}
	to, err := w.role(n.Newrole, false)
	if err != nil {
		return err
	}
	if !catalog.HasRole(w.Catalog, w.User, to) {
		return denied("reassign objects", "Only roles with privileges of role \"%s\" may reassign objects to it.", w.Catalog.Role(to).Name)
	}
	for _, r := range roles {
		if r == desc.SuperuserOID {
			return pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot reassign ownership of objects owned by role %s because they are required by the database system", w.Catalog.Role(r).Name)
		}
		if err := w.reassign(r, to); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) reassign(from, to desc.OID) error {
	for _, o := range w.Catalog.OwnedBy(from) {
		var err error
		switch o.Class {
		case desc.ClassRelation:
			if r := w.Catalog.Relation(o.OID); r == nil || r.Owner != from || r.OwnedBy.Relation != 0 { // an owned sequence goes with its table
				continue
			}
			err = w.atRelation(o.OID, func(r *desc.Relation) error { r.Owner = to; return nil })
		case desc.ClassSchema:
			_, err = w.Catalog.AlterSchema(w.Ctx, o.OID, func(s *desc.Schema) error { s.Owner = to; return nil })
		case desc.ClassType:
			_, err = w.Catalog.AlterType(w.Ctx, o.OID, func(u *desc.UserType) error { u.Owner = to; return nil })
		}
		if err != nil {
			return err
		}
	}
	for d := range w.Catalog.Databases() {
		if d.Owner == from {
			if _, err := w.Catalog.AlterDatabase(w.Ctx, d.OID, func(d *desc.Database) error { d.Owner = to; return nil }); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropOwned runs DROP OWNED: what the roles own in this database goes, and what was granted to them.
func (w *work) dropOwned(n *pg_query.DropOwnedStmt) error {
	roles, err := w.roles(n.Roles)
	if err != nil {
		return err
	}
	for _, r := range roles {
		if !catalog.HasRole(w.Catalog, w.User, r) {
			return denied("drop objects", "Only roles with privileges of role \"%s\" may drop objects owned by it.", w.Catalog.Role(r).Name)
		}
	}
	var targets []desc.ObjectRef
	for _, r := range roles {
		if r == desc.SuperuserOID {
			return pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop objects owned by role %s because they are required by the database system", w.Catalog.Role(r).Name)
		}
		for _, o := range w.Catalog.OwnedBy(r) {
			if rel := w.Catalog.Relation(o.OID); o.Class == desc.ClassRelation && rel != nil && rel.OwnedInternal {
				continue // goes with its column
			}
			targets = append(targets, o)
		}
	}
	for _, r := range roles {
		if err := w.revokeEverything(r); err != nil {
			return err
		}
	}
	if len(targets) == 0 {
		return nil
	}
	_, notices, err := w.Catalog.Drop(w.Ctx, targets, n.Behavior == pg_query.DropBehavior_DROP_CASCADE)
	w.noticeAll(notices)
	return err
}

// revokeEverything takes a role out of the ACLs of this database, and of the database itself.
func (w *work) revokeEverything(role desc.OID) error {
	without := func(a desc.ACL) desc.ACL {
		return slices.DeleteFunc(a.Clone(), func(i desc.ACLItem) bool { return i.Grantee == role || i.Grantor == role })
	}
	has := func(a desc.ACL) bool {
		return slices.ContainsFunc(a, func(i desc.ACLItem) bool { return i.Grantee == role || i.Grantor == role })
	}
	for r := range w.Catalog.Relations() {
		if r.Class == desc.System || r.Owner == role || !has(r.ACL) && !slices.ContainsFunc(r.Columns, func(c desc.Column) bool { return has(c.ACL) }) {
			continue
		}
		err := w.atRelation(r.OID, func(r *desc.Relation) error {
			if has(r.ACL) {
				r.ACL = without(r.ACL)
			}
			for i := range r.Columns {
				if c := &r.Columns[i]; has(c.ACL) {
					if c.ACL = without(c.ACL); len(c.ACL) == 0 {
						c.ACL = nil
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for s := range w.Catalog.Schemas() {
		if has(s.ACL) && s.Owner != role {
			if _, err := w.Catalog.AlterSchema(w.Ctx, s.OID, func(s *desc.Schema) error { s.ACL = without(s.ACL); return nil }); err != nil {
				return err
			}
		}
	}
	for u := range w.Catalog.UserTypes() {
		if has(u.ACL) && u.Owner != role {
			if _, err := w.Catalog.AlterType(w.Ctx, u.OID, func(u *desc.UserType) error { u.ACL = without(u.ACL); return nil }); err != nil {
				return err
			}
		}
	}
	for d := range w.Catalog.Databases() {
		if has(d.ACL) && d.Owner != role {
			if _, err := w.Catalog.AlterDatabase(w.Ctx, d.OID, func(d *desc.Database) error { d.ACL = without(d.ACL); return nil }); err != nil {
				return err
			}
		}
	}
	return w.revokeDefaults(role, has)
}

// classDefaultACL is pg_default_acl.
const classDefaultACL desc.OID = 826

// revokeDefaults removes a role's default privileges, and what those of others grant to it.
func (w *work) revokeDefaults(role desc.OID, has func(desc.ACL) bool) error {
	for a := range w.Catalog.DefaultACLs() {
		var err error
		switch {
		case a.Role == role:
			_, _, err = w.Catalog.Drop(w.Ctx, []desc.ObjectRef{{Class: classDefaultACL, OID: a.OID}}, false)
		case has(a.ACL):
			g := catalog.DefaultGrant{Roles: []desc.OID{a.Role}, Object: a.Object, Revoke: true, Grantees: []desc.OID{role}, Cascade: true, Role: a.Role}
			if a.Schema != 0 {
				g.Schemas = []desc.OID{a.Schema}
			}
			err = w.Catalog.AlterDefaultPrivileges(w.Ctx, g)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
