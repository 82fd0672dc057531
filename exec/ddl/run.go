package ddl

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// handler runs one kind of statement.
type handler struct {
	tag string // the command tag
	// run does the work and gives the command tag where it is not tag, else "".
	run func(*work) (string, error)
}

// work is one statement being run.
type work struct {
	*Env
	stmt *parse.Statement
}

func handlerOf(n *pg_query.Node) *handler {
	if n == nil || n.Node == nil {
		return nil
	}
	for _, find := range [...]func(*pg_query.Node) handler{relationHandler, objectHandler, serverHandler, missingHandler} {
		if h := find(n); h.run != nil {
			return &h
		}
	}
	return nil
}

// relationHandler finds the handlers of statements about tables, views, sequences and indexes.
func relationHandler(node *pg_query.Node) handler {
	switch n := node.Node.(type) {
	case *pg_query.Node_CreateStmt:
		return handler{"CREATE TABLE", func(w *work) (string, error) { return "", w.createTable(n.CreateStmt) }}
	case *pg_query.Node_IndexStmt:
		return handler{"CREATE INDEX", func(w *work) (string, error) { return "", w.createIndex(n.IndexStmt) }}
	case *pg_query.Node_ReindexStmt:
		return handler{"REINDEX", func(w *work) (string, error) { return "", w.reindex(n.ReindexStmt) }}
	case *pg_query.Node_AlterTableStmt:
		return handler{"ALTER " + objectWord(n.AlterTableStmt.Objtype), func(w *work) (string, error) { return "", w.alterTable(n.AlterTableStmt) }}
	case *pg_query.Node_CreateSeqStmt:
		return handler{"CREATE SEQUENCE", func(w *work) (string, error) { return "", w.createSequence(n.CreateSeqStmt) }}
	case *pg_query.Node_AlterSeqStmt:
		return handler{"ALTER SEQUENCE", func(w *work) (string, error) { return "", w.alterSequence(n.AlterSeqStmt) }}
	case *pg_query.Node_ViewStmt:
		return handler{"CREATE VIEW", func(w *work) (string, error) { return "", w.createView(n.ViewStmt) }}
	case *pg_query.Node_TruncateStmt:
		return handler{"TRUNCATE TABLE", func(w *work) (string, error) { return "", w.truncate(n.TruncateStmt) }}
	case *pg_query.Node_DropStmt:
		return handler{"DROP " + objectWord(n.DropStmt.RemoveType), func(w *work) (string, error) { return "", w.drop(n.DropStmt) }}
	case *pg_query.Node_ClusterStmt:
		return handler{"CLUSTER", func(w *work) (string, error) { return "", w.cluster(n.ClusterStmt) }}
	case *pg_query.Node_CreateSchemaStmt:
		return handler{"CREATE SCHEMA", func(w *work) (string, error) { return "", w.createSchema(n.CreateSchemaStmt) }}
	}
	return handler{}
}

// Handles tells whether a statement is one that Run runs.
func Handles(s *parse.Statement) bool { return handlerOf(s.Node) != nil }

// Tag is the command tag of a statement, for errors about it before it runs.
func Tag(s *parse.Statement) string {
	if h := handlerOf(s.Node); h != nil {
		return h.tag
	}
	return ""
}

// Run runs a statement and gives its command tag.
func Run(env *Env, s *parse.Statement) (string, error) {
	h := handlerOf(s.Node)
	if h == nil {
		return "", pgerr.Unsupported("this statement")
	}
	tag, err := h.run(&work{Env: env, stmt: s})
	if err != nil {
		return "", err
	}
	if tag == "" {
		tag = h.tag
	}
	return tag, nil
}
