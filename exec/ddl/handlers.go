package ddl

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// objectHandler finds the handlers of statements about types, comments, names, owners and privileges.
func objectHandler(node *pg_query.Node) handler { return handler{} }

// serverHandler finds the handlers of statements about roles and databases.
func serverHandler(node *pg_query.Node) handler { return handler{} }

// missingHandler finds the statements that PostgreSQL has and kalampg has not.
func missingHandler(node *pg_query.Node) handler { return handler{} }
