package ddl

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// objectHandler finds the handlers of statements about types, comments, names, owners and privileges.
func objectHandler(node *pg_query.Node) handler {
	switch n := node.Node.(type) {
	case *pg_query.Node_CreateTableAsStmt:
		return handler{"CREATE TABLE AS", func(w *work) (string, error) { return w.createTableAs(n.CreateTableAsStmt) }}
	case *pg_query.Node_RefreshMatViewStmt:
		return handler{"REFRESH MATERIALIZED VIEW", func(w *work) (string, error) { return "", w.refreshMatView(n.RefreshMatViewStmt) }}
	case *pg_query.Node_SelectStmt:
		if HasInto(n.SelectStmt) {
			return handler{"SELECT INTO", func(w *work) (string, error) { return w.selectInto(node) }}
		}
	case *pg_query.Node_RenameStmt:
		return handler{"ALTER " + renameWord(n.RenameStmt), func(w *work) (string, error) { return "", w.rename(n.RenameStmt) }}
	case *pg_query.Node_AlterOwnerStmt:
		return handler{"ALTER " + objectWord(n.AlterOwnerStmt.ObjectType), func(w *work) (string, error) { return "", w.alterOwner(n.AlterOwnerStmt) }}
	case *pg_query.Node_AlterObjectSchemaStmt:
		return handler{"ALTER " + objectWord(n.AlterObjectSchemaStmt.ObjectType), func(w *work) (string, error) { return "", w.setSchema(n.AlterObjectSchemaStmt) }}
	case *pg_query.Node_CommentStmt:
		return handler{"COMMENT", func(w *work) (string, error) { return "", w.comment(n.CommentStmt) }}
	case *pg_query.Node_CreateEnumStmt:
		return handler{"CREATE TYPE", func(w *work) (string, error) { return "", w.createEnum(n.CreateEnumStmt) }}
	case *pg_query.Node_AlterEnumStmt:
		return handler{"ALTER TYPE", func(w *work) (string, error) { return "", w.alterEnum(n.AlterEnumStmt) }}
	case *pg_query.Node_CompositeTypeStmt:
		return handler{"CREATE TYPE", func(w *work) (string, error) { return "", w.createComposite(n.CompositeTypeStmt) }}
	case *pg_query.Node_CreateDomainStmt:
		return handler{"CREATE DOMAIN", func(w *work) (string, error) { return "", w.createDomain(n.CreateDomainStmt) }}
	case *pg_query.Node_AlterDomainStmt:
		return handler{"ALTER DOMAIN", func(w *work) (string, error) { return "", w.alterDomain(n.AlterDomainStmt) }}
	}
	return handler{}
}

// HasInto tells whether a SELECT has INTO: it stands in the first of a set operation's queries.
func HasInto(n *pg_query.SelectStmt) bool {
	for n.IntoClause == nil && n.Larg != nil {
		n = n.Larg
	}
	return n.IntoClause != nil
}

// renameWord is the object in the command tag of a RENAME: that of the relation for its columns and constraints.
func renameWord(n *pg_query.RenameStmt) string {
	switch n.RenameType {
	case pg_query.ObjectType_OBJECT_COLUMN, pg_query.ObjectType_OBJECT_ATTRIBUTE:
		return objectWord(n.RelationType)
	}
	return objectWord(n.RenameType)
}

// serverHandler finds the handlers of statements about roles, privileges and databases.
func serverHandler(node *pg_query.Node) handler {
	switch n := node.Node.(type) {
	case *pg_query.Node_CreateRoleStmt:
		return handler{"CREATE ROLE", func(w *work) (string, error) { return "", w.createRole(n.CreateRoleStmt) }}
	case *pg_query.Node_AlterRoleStmt:
		return handler{"ALTER ROLE", func(w *work) (string, error) { return "", w.alterRole(n.AlterRoleStmt) }}
	case *pg_query.Node_AlterRoleSetStmt:
		return handler{"ALTER ROLE", func(w *work) (string, error) { return "", w.setRole(n.AlterRoleSetStmt) }}
	case *pg_query.Node_DropRoleStmt:
		return handler{"DROP ROLE", func(w *work) (string, error) { return "", w.dropRoles(n.DropRoleStmt) }}
	case *pg_query.Node_GrantRoleStmt:
		return handler{verb(n.GrantRoleStmt.IsGrant) + " ROLE", func(w *work) (string, error) { return "", w.grantRole(n.GrantRoleStmt) }}
	case *pg_query.Node_GrantStmt:
		return handler{verb(n.GrantStmt.IsGrant), func(w *work) (string, error) { return "", w.grant(n.GrantStmt) }}
	case *pg_query.Node_AlterDefaultPrivilegesStmt:
		return handler{"ALTER DEFAULT PRIVILEGES", func(w *work) (string, error) { return "", w.defaultPrivileges(n.AlterDefaultPrivilegesStmt) }}
	case *pg_query.Node_ReassignOwnedStmt:
		return handler{"REASSIGN OWNED", func(w *work) (string, error) { return "", w.reassignOwned(n.ReassignOwnedStmt) }}
	case *pg_query.Node_DropOwnedStmt:
		return handler{"DROP OWNED", func(w *work) (string, error) { return "", w.dropOwned(n.DropOwnedStmt) }}
	case *pg_query.Node_CreatedbStmt:
		return handler{"CREATE DATABASE", func(w *work) (string, error) { return "", w.createDatabase(n.CreatedbStmt) }}
	case *pg_query.Node_AlterDatabaseStmt:
		return handler{"ALTER DATABASE", func(w *work) (string, error) { return "", w.alterDatabase(n.AlterDatabaseStmt) }}
	case *pg_query.Node_AlterDatabaseSetStmt:
		return handler{"ALTER DATABASE", func(w *work) (string, error) { return "", w.setDatabase(n.AlterDatabaseSetStmt) }}
	case *pg_query.Node_DropdbStmt:
		return handler{"DROP DATABASE", func(w *work) (string, error) { return "", w.dropDatabase(n.DropdbStmt) }}
	}
	return handler{}
}

func verb(grant bool) string {
	if grant {
		return "GRANT"
	}
	return "REVOKE"
}
