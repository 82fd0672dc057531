package ddl

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/proto"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// createSchema runs CREATE SCHEMA with the statements inside it.
func (w *work) createSchema(n *pg_query.CreateSchemaStmt) error {
	owner, name := w.User, n.Schemaname
	if n.Authrole != nil {
		var err error
		if owner, err = w.role(n.Authrole, false); err != nil {
			return err
		}
		if name == "" {
			name = w.Catalog.Role(owner).Name
		}
	}
	db := w.Catalog.Database()
	if err := catalog.CheckPrivilege(w.Catalog, w.User, desc.ObjectRef{Class: desc.ClassDatabase, OID: db.OID}, desc.Create); err != nil {
		return err
	}
	if err := w.canBecome(owner); err != nil {
		return err
	}
	if n.IfNotExists && w.Catalog.SchemaByName(name) != nil {
		w.noticef(pgerr.DuplicateSchema, "schema \"%s\" already exists, skipping", name)
		return nil
	}
	s := &desc.Schema{Name: name, Owner: owner}
	if err := w.Catalog.CreateSchema(w.Ctx, s); err != nil {
		return err
	}
	return w.schemaElements(s, n.SchemaElts)
}

// canBecome checks that the user may give things to a role.
func (w *work) canBecome(role desc.OID) error {
	if catalog.CanSetRole(w.Catalog, w.User, role) {
		return nil
	}
	return pgerr.Newf(pgerr.InsufficientPrivilege, "must be able to SET ROLE \"%s\"", w.Catalog.Role(role).Name)
}

// schemaElements runs the statements inside CREATE SCHEMA: sequences first, then tables, views, indexes and grants, all as the schema's owner.
func (w *work) schemaElements(s *desc.Schema, list []*pg_query.Node) error {
	if len(list) == 0 {
		return nil
	}
	env, names := *w.Env, *w.Bind
	names.SearchPath = append([]desc.OID{s.OID}, w.Bind.SearchPath...)
	env.Bind, env.User = &names, s.Owner
	inner := &work{Env: &env, stmt: w.stmt}
	var order [5][]*pg_query.Node
	for _, n := range list {
		n = proto.Clone(n).(*pg_query.Node) // parsed statements are shared
		var at int
		var rv *pg_query.RangeVar
		switch e := n.Node.(type) {
		case *pg_query.Node_CreateSeqStmt:
			at, rv = 0, e.CreateSeqStmt.Sequence
		case *pg_query.Node_CreateStmt:
			at, rv = 1, e.CreateStmt.Relation
		case *pg_query.Node_ViewStmt:
			at, rv = 2, e.ViewStmt.View
		case *pg_query.Node_IndexStmt:
			at, rv = 3, e.IndexStmt.Relation
		case *pg_query.Node_GrantStmt:
			at = 4
		default:
			return pgerr.Unsupported("this element of CREATE SCHEMA")
		}
		if rv != nil {
			if rv.Schemaname != "" && rv.Schemaname != s.Name {
				return pgerr.Newf(pgerr.InvalidSchemaDefinition, "CREATE specifies a schema (%s) different from the one being created (%s)", rv.Schemaname, s.Name)
			}
			if rv.Relpersistence != "t" {
				rv.Schemaname = s.Name
			}
		}
		order[at] = append(order[at], n)
	}
	for _, group := range order {
		for _, n := range group {
			if _, err := handlerOf(n).run(inner); err != nil {
				return err
			}
		}
	}
	return nil
}
