package ddl

import (
	"reflect"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// handler runs one kind of statement and gives its command tag.
type handler struct {
	tag string // for errors about the statement before it runs
	run func(env *Env, s *parse.Statement) (string, error)
}

// handlers are all kinds of statements, by the type of their node in the tree (pg_query's Node_CreateStmt → CreateStmt).
func handlers() map[reflect.Type]handler {
	return map[reflect.Type]handler{}
}

func handlerOf(n *pg_query.Node) *handler {
	if n == nil || n.Node == nil {
		return nil
	}
	h, ok := handlers()[reflect.TypeOf(n.Node)]
	if !ok {
		return nil
	}
	return &h
}

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
	return h.run(env, s)
}
