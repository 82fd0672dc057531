package ddl

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// grant runs GRANT and REVOKE on objects.
func (w *work) grant(n *pg_query.GrantStmt) error {
	if n.Grantor != nil {
		by, err := w.role(n.Grantor, false)
		if err != nil {
			return err
		}
		if by != w.User {
			return pgerr.New(pgerr.FeatureNotSupported, "grantor must be current user")
		}
	}
	g := catalog.Grant{Revoke: !n.IsGrant, GrantOption: n.GrantOption, Cascade: n.Behavior == pg_query.DropBehavior_DROP_CASCADE, Role: w.User}
	var err error
	if g.Grantees, err = w.grantees(n.Grantees); err != nil {
		return err
	}
	if g.Objects, err = w.grantObjects(n); err != nil {
		return err
	}
	if len(n.Privileges) == 0 {
		return w.grantOn(g, n.Objtype)
	}
	whole := false
	for _, x := range n.Privileges {
		p := x.GetAccessPriv()
		bit, err := privilege(p.PrivName)
		if err != nil {
			return err
		}
		if len(p.Cols) > 0 {
			if err := w.grantColumns(g, bit, stringsOf(p.Cols), n.Objtype); err != nil {
				return err
			}
			continue
		}
		if bad := bit &^ (desc.AllTable | desc.AllSequence); bad != 0 && n.Objtype == pg_query.ObjectType_OBJECT_TABLE {
			return pgerr.Newf(pgerr.InvalidGrantOperation, "invalid privilege type %s for relation", bad)
		}
		g.Privileges |= bit
		whole = true
	}
	if !whole {
		return nil
	}
	return w.grantOn(g, n.Objtype)
}

// privilege reads a privilege's word; "" stands for all.
func privilege(word string) (desc.Privilege, error) {
	if word == "" {
		return 0, nil
	}
	p, ok := desc.ParsePrivilege(word)
	if !ok {
		return 0, pgerr.Newf(pgerr.SyntaxError, "unrecognized privilege type \"%s\"", word)
	}
	return p, nil
}

func (w *work) grantees(list []*pg_query.Node) ([]desc.OID, error) {
	out := make([]desc.OID, len(list))
	for i, n := range list {
		oid, err := w.role(n.GetRoleSpec(), true)
		if err != nil {
			return nil, err
		}
		out[i] = oid
	}
	return out, nil
}

// grantOn carries a grant out. A sequence named as a table gets what a sequence has.
func (w *work) grantOn(g catalog.Grant, t pg_query.ObjectType) error {
	for _, o := range g.Objects {
		one := g
		one.Objects = []desc.ObjectRef{o}
		if r := w.Catalog.Relation(o.OID); t == pg_query.ObjectType_OBJECT_TABLE && r != nil && o.Class == desc.ClassRelation && r.Kind == desc.Sequence && g.Privileges != 0 {
			if g.Privileges&^desc.AllSequence != 0 {
				w.Notice(pgerr.Notice("WARNING", pgerr.InvalidGrantOperation, "sequence \"%s\" only supports USAGE, SELECT, and UPDATE privileges", r.Name))
				if one.Privileges &= desc.AllSequence; one.Privileges == 0 {
					continue
				}
			}
		}
		notices, err := w.Catalog.Grant(w.Ctx, one)
		w.noticeAll(notices)
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *work) grantColumns(g catalog.Grant, p desc.Privilege, names []string, t pg_query.ObjectType) error {
	if t != pg_query.ObjectType_OBJECT_TABLE {
		return pgerr.New(pgerr.InvalidGrantOperation, "column privileges are only valid for relations")
	}
	var columns []desc.ObjectRef
	for _, o := range g.Objects {
		rel := w.Catalog.Relation(o.OID)
		for _, name := range names {
			c := rel.Column(name)
			if c == nil {
				return noColumn(rel, name)
			}
			columns = append(columns, desc.ObjectRef{Class: o.Class, OID: o.OID, SubID: int32(c.Num)})
		}
	}
	g.Objects, g.Privileges = columns, p
	if p == 0 {
		g.Privileges = desc.AllColumn
	}
	notices, err := w.Catalog.Grant(w.Ctx, g)
	w.noticeAll(notices)
	return err
}

// grantObjects finds the objects of GRANT and REVOKE.
func (w *work) grantObjects(n *pg_query.GrantStmt) ([]desc.ObjectRef, error) {
	if n.Targtype == pg_query.GrantTargetType_ACL_TARGET_ALL_IN_SCHEMA {
		return w.allInSchemas(n)
	}
	var out []desc.ObjectRef
	for _, x := range n.Objects {
		o, err := w.grantObject(n.Objtype, x)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

func (w *work) grantObject(t pg_query.ObjectType, x *pg_query.Node) (ref desc.ObjectRef, err error) {
	switch t {
	case pg_query.ObjectType_OBJECT_TABLE, pg_query.ObjectType_OBJECT_SEQUENCE:
		o, err := w.find(x.GetRangeVar())
		if err != nil {
			return ref, err
		}
		switch {
		case !o.found():
			return ref, pgerr.Newf(pgerr.UndefinedTable, "relation \"%s\" does not exist", rangeText(x.GetRangeVar()))
		case o.kind() == desc.IndexKind:
			return ref, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is an index", o.name())
		case o.kind() == desc.Composite:
			return ref, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is a composite type", o.name())
		case t == pg_query.ObjectType_OBJECT_SEQUENCE && o.kind() != desc.Sequence:
			return ref, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a sequence", o.name())
		}
		return o.ref(), nil
	case pg_query.ObjectType_OBJECT_SCHEMA:
		name := x.GetString_().GetSval()
		s := w.schemaNamed(name)
		if s == nil {
			return ref, pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", name)
		}
		return desc.ObjectRef{Class: desc.ClassSchema, OID: s.OID}, nil
	case pg_query.ObjectType_OBJECT_DATABASE:
		return w.database(x.GetString_().GetSval())
	case pg_query.ObjectType_OBJECT_TYPE, pg_query.ObjectType_OBJECT_DOMAIN:
		return w.grantType(t, x)
	}
	return ref, pgerr.Unsupported("GRANT ON " + objectWord(t))
}

func (w *work) grantType(t pg_query.ObjectType, x *pg_query.Node) (ref desc.ObjectRef, err error) {
	name := x.GetTypeName()
	if name == nil {
		name = &pg_query.TypeName{Names: x.GetList().GetItems(), Typemod: -1, Location: -1}
	}
	typ, _, err := w.typeName(name)
	if err != nil {
		return ref, err
	}
	switch {
	case typ.IsArray():
		return ref, pgerr.New(pgerr.InvalidGrantOperation, "cannot set privileges of array types").WithHint("Set the privileges of the element type instead.")
	case t == pg_query.ObjectType_OBJECT_DOMAIN && typ.Kind != pgtype.KindDomain:
		return ref, pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a domain", typ.Name)
	case w.Catalog.UserType(typ.OID) == nil:
		return ref, pgerr.Unsupported("GRANT on built-in types and row types of tables")
	}
	return desc.ObjectRef{Class: desc.ClassType, OID: typ.OID}, nil
}

// database finds a database by name.
func (w *work) database(name string) (desc.ObjectRef, error) {
	d := w.Catalog.DatabaseByName(name)
	if d == nil {
		return desc.ObjectRef{}, pgerr.Newf(pgerr.InvalidCatalogName, "database \"%s\" does not exist", name)
	}
	return desc.ObjectRef{Class: desc.ClassDatabase, OID: d.OID}, nil
}

// allInSchemas lists the objects of ALL TABLES IN SCHEMA and the like.
func (w *work) allInSchemas(n *pg_query.GrantStmt) ([]desc.ObjectRef, error) {
	var out []desc.ObjectRef
	for _, x := range n.Objects {
		name := x.GetString_().GetSval()
		s := w.schemaNamed(name)
		if s == nil {
			return nil, pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", name)
		}
		for r := range w.Catalog.RelationsIn(s.OID) {
			if r.Class == desc.System {
				continue
			}
			switch {
			case n.Objtype == pg_query.ObjectType_OBJECT_TABLE && (r.Kind == desc.Table || r.Kind == desc.View || r.Kind == desc.MatView),
				n.Objtype == pg_query.ObjectType_OBJECT_SEQUENCE && r.Kind == desc.Sequence:
				out = append(out, relationRef(r.OID))
			}
		}
	}
	return out, nil
}

// defaultPrivileges runs ALTER DEFAULT PRIVILEGES.
func (w *work) defaultPrivileges(n *pg_query.AlterDefaultPrivilegesStmt) error {
	a := n.Action
	g := catalog.DefaultGrant{Roles: []desc.OID{w.User}, Revoke: !a.IsGrant, GrantOption: a.GrantOption, Cascade: a.Behavior == pg_query.DropBehavior_DROP_CASCADE, Role: w.User}
	for _, x := range n.Options {
		d := x.GetDefElem()
		var err error
		switch d.Defname {
		case "schemas":
			g.Schemas, err = w.schemas(stringsOf(d.Arg.GetList().GetItems()))
		case "roles":
			g.Roles, err = w.roles(d.Arg.GetList().GetItems())
		}
		if err != nil {
			return err
		}
	}
	switch a.Objtype {
	case pg_query.ObjectType_OBJECT_TABLE:
		g.Object = 'r'
	case pg_query.ObjectType_OBJECT_SEQUENCE:
		g.Object = 'S'
	case pg_query.ObjectType_OBJECT_FUNCTION:
		g.Object = 'f'
	case pg_query.ObjectType_OBJECT_TYPE:
		g.Object = 'T'
	case pg_query.ObjectType_OBJECT_SCHEMA:
		g.Object = 'n'
	}
	var err error
	if g.Grantees, err = w.grantees(a.Grantees); err != nil {
		return err
	}
	for _, x := range a.Privileges {
		p := x.GetAccessPriv()
		if len(p.Cols) > 0 {
			return pgerr.New(pgerr.InvalidGrantOperation, "default privileges cannot be set for columns")
		}
		bit, err := privilege(p.PrivName)
		if err != nil {
			return err
		}
		g.Privileges |= bit
	}
	return w.Catalog.AlterDefaultPrivileges(w.Ctx, g)
}

func (w *work) schemas(names []string) ([]desc.OID, error) {
	out := make([]desc.OID, len(names))
	for i, name := range names {
		s := w.schemaNamed(name)
		if s == nil {
			return nil, pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", name)
		}
		out[i] = s.OID
	}
	return out, nil
}
