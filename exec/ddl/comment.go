package ddl

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// comment runs COMMENT ON.
func (w *work) comment(n *pg_query.CommentStmt) error {
	ref, err := w.commented(n)
	if pgerr.Is(err, pgerr.InvalidCatalogName) { // a restored dump may name a database that is called otherwise here
		e, _ := pgerr.As(err)
		w.Notice(pgerr.Notice("WARNING", e.Code, "%s", e.Message))
		return nil
	}
	if err != nil {
		return err
	}
	return w.Catalog.SetComment(w.Ctx, ref, n.Comment)
}

// commented finds the object of a COMMENT, which must be the user's.
func (w *work) commented(n *pg_query.CommentStmt) (ref desc.ObjectRef, err error) {
	switch n.Objtype {
	case pg_query.ObjectType_OBJECT_TABLE, pg_query.ObjectType_OBJECT_VIEW, pg_query.ObjectType_OBJECT_SEQUENCE, pg_query.ObjectType_OBJECT_INDEX,
		pg_query.ObjectType_OBJECT_MATVIEW, pg_query.ObjectType_OBJECT_FOREIGN_TABLE:
		return w.commentedRelation(n)
	case pg_query.ObjectType_OBJECT_COLUMN:
		return w.commentedColumn(n.Object.GetList().GetItems())
	case pg_query.ObjectType_OBJECT_TABCONSTRAINT:
		return w.commentedConstraint(n.Object.GetList().GetItems())
	case pg_query.ObjectType_OBJECT_DOMCONSTRAINT:
		return w.commentedDomainConstraint(n.Object.GetList().GetItems())
	case pg_query.ObjectType_OBJECT_SCHEMA:
		name := n.Object.GetString_().GetSval()
		s := w.schemaNamed(name)
		if s == nil {
			return ref, pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", name)
		}
		ref = desc.ObjectRef{Class: desc.ClassSchema, OID: s.OID}
	case pg_query.ObjectType_OBJECT_DATABASE:
		if ref, err = w.database(n.Object.GetString_().GetSval()); err != nil {
			return ref, err
		}
	case pg_query.ObjectType_OBJECT_ROLE:
		return w.commentedRole(n.Object.GetString_().GetSval())
	case pg_query.ObjectType_OBJECT_TYPE, pg_query.ObjectType_OBJECT_DOMAIN:
		t, _, err := w.typeName(n.Object.GetTypeName())
		if err != nil {
			return ref, err
		}
		if n.Objtype == pg_query.ObjectType_OBJECT_DOMAIN && t.Kind != pgtype.KindDomain {
			return ref, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a domain", strings.Join(stringsOf(n.Object.GetTypeName().Names), "."))
		}
		ref = desc.ObjectRef{Class: desc.ClassType, OID: t.OID}
	default:
		return ref, pgerr.Unsupported("COMMENT ON " + objectWord(n.Objtype))
	}
	return ref, catalog.CheckOwner(w.Catalog, w.User, ref)
}

func (w *work) commentedRelation(n *pg_query.CommentStmt) (ref desc.ObjectRef, err error) {
	rv, err := w.rangeVar(n.Object.GetList().GetItems())
	if err != nil {
		return ref, err
	}
	o, err := w.mustFind(rv)
	if err != nil {
		return ref, err
	}
	if want := kindOf(n.Objtype); o.kind() != want {
		return ref, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not %s %s", o.name(), kindNames[want].article, kindNames[want].word)
	}
	return o.ref(), catalog.CheckOwner(w.Catalog, w.User, o.ref())
}

func (w *work) commentedColumn(names []*pg_query.Node) (ref desc.ObjectRef, err error) {
	if len(names) < 2 {
		return ref, pgerr.New(pgerr.SyntaxError, "column name must be qualified")
	}
	rv, err := w.rangeVar(names[:len(names)-1])
	if err != nil {
		return ref, err
	}
	o, err := w.mustFind(rv)
	if err != nil {
		return ref, err
	}
	if err := catalog.CheckOwner(w.Catalog, w.User, o.ref()); err != nil {
		return ref, err
	}
	if k := o.kind(); k == desc.IndexKind || k == desc.Sequence {
		return ref, notSupported("cannot set comment on relation", o)
	}
	name := names[len(names)-1].GetString_().GetSval()
	c := o.rel.Column(name)
	if c == nil {
		return ref, noColumn(o.rel, name)
	}
	ref = o.ref()
	ref.SubID = int32(c.Num)
	return ref, nil
}

func (w *work) commentedConstraint(names []*pg_query.Node) (ref desc.ObjectRef, err error) {
	rv, err := w.rangeVar(names[:len(names)-1])
	if err != nil {
		return ref, err
	}
	o, err := w.mustFind(rv)
	if err != nil {
		return ref, err
	}
	name := names[len(names)-1].GetString_().GetSval()
	c := constraintNamed(o.rel, name)
	if c == nil {
		return ref, pgerr.Newf(pgerr.UndefinedObject, "constraint \"%s\" for table \"%s\" does not exist", name, o.name())
	}
	return desc.ObjectRef{Class: desc.ClassConstraint, OID: c.OID}, catalog.CheckOwner(w.Catalog, w.User, o.ref())
}

func (w *work) commentedDomainConstraint(parts []*pg_query.Node) (ref desc.ObjectRef, err error) {
	t, _, err := w.typeName(parts[0].GetTypeName())
	if err != nil {
		return ref, err
	}
	name := parts[1].GetString_().GetSval()
	if u := w.Catalog.UserType(t.OID); u != nil {
		for i := range u.Constraints {
			if u.Constraints[i].Name == name {
				ref = desc.ObjectRef{Class: desc.ClassConstraint, OID: u.Constraints[i].OID}
				return ref, catalog.CheckOwner(w.Catalog, w.User, desc.ObjectRef{Class: desc.ClassType, OID: t.OID})
			}
		}
	}
	return ref, pgerr.Newf(pgerr.UndefinedObject, "constraint \"%s\" for domain %s does not exist", name, t)
}

func (w *work) commentedRole(name string) (ref desc.ObjectRef, err error) {
	r := w.Catalog.RoleByName(name)
	if r == nil {
		return ref, pgerr.Newf(pgerr.UndefinedObject, "role \"%s\" does not exist", name)
	}
	me := w.Catalog.Role(w.User)
	ref = desc.ObjectRef{Class: desc.ClassRole, OID: r.OID}
	switch {
	case me.Super:
		return ref, nil
	case r.Super:
		return ref, pgerr.Newf(pgerr.InsufficientPrivilege, "must be superuser to comment on role \"%s\"", name)
	case !me.CreateRole || !catalog.IsAdminOf(w.Catalog, w.User, r.OID):
		return ref, denied("alter role", "Only roles with the CREATEROLE attribute and the ADMIN option on role \"%s\" may alter this role.", name)
	}
	return ref, nil
}
