package bind

import (
	"context"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Env is what names and literals mean to a statement.
type Env struct {
	Catalog catalog.Reader
	Library *builtin.Library
	// SearchPath is the effective search path: the schemas that exist, pg_catalog included where it is searched (first unless the path names it).
	SearchPath []desc.OID
	TempSchema desc.OID // the session's own schema of temporary tables, 0 when it has none
	User       desc.OID // current_user
	Text       *pgtype.Context
	// Warn receives warnings about the statement, nil: nobody hears them.
	Warn func(*pgerr.Error)
	// FixedParams forbids parameters beyond the given types (a simple Query, a view, a stored text).
	FixedParams bool
	// Cursor asks for a plan whose rows can be changed through a cursor: with the locators of its tables.
	Cursor bool
}

// failure carries an error up to the exported function that recovers it.
type failure struct{ err error }

func fail(err error) { panic(failure{err}) }

// check fails when err is not nil.
func check(err error) {
	if err != nil {
		fail(err)
	}
}

// guard runs f and gives the error that it failed with.
func guard(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			fl, ok := r.(failure)
			if !ok {
				panic(r)
			}
			err = fl.err
		}
	}()
	f()
	return nil
}

// binder is the state of binding one statement.
type binder struct {
	ctx      context.Context
	env      *Env
	source   string // the text that locations refer to; "" for stored texts, whose errors have no position
	rels     int32  // the last relation number given out
	params   []*pgtype.Type
	fixed    bool
	refs     []*expr.Param
	locs     map[expr.Expr]int32
	entries  map[int32]*rangeEntry
	perms    []*permission
	viaView  desc.OID // owner of the view being expanded, 0 outside views
	depth    int      // of views in views
	cascaded bool     // a view around the target has WITH CASCADED CHECK OPTION
	nesting  int      // of expressions
	setCalls int      // set-returning calls so far: without any, no search for them is needed
	castLoc  int32    // of the explicit cast being bound, -1 outside
	noSets   string   // the construct that forbids set-returning functions around the expression, ""
	scope    *scope

	stmt      *plan.Statement
	ctes      int32
	subquery  map[*expr.Subquery]*query // for deparsing
	valueOf   expr.Expr                 // what VALUE stands for in the check of a domain
	wholeRows map[expr.Expr]*rangeEntry
	aggScopes map[*expr.Aggregate]*scope
	groupings map[*expr.Grouping]*groupingCall
	recursing []*cteDef // recursive terms being bound

	keepUnknown       bool // the next SELECT leaves its untyped literals to what is around it
	recursiveTermNext bool // the next SELECT is a recursive term
	padded            int  // outer joins whose padded side is being bound
}

func newBinder(ctx context.Context, env *Env, source string) *binder {
	if ctx == nil {
		ctx = context.Background()
	}
	return &binder{
		ctx: ctx, env: env, source: source, castLoc: -1, locs: map[expr.Expr]int32{}, entries: map[int32]*rangeEntry{}, stmt: &plan.Statement{ReadOnly: true},
		subquery: map[*expr.Subquery]*query{}, wholeRows: map[expr.Expr]*rangeEntry{},
		aggScopes: map[*expr.Aggregate]*scope{}, groupings: map[*expr.Grouping]*groupingCall{},
	}
}

// Bind gives names and types to a SELECT, VALUES, TABLE, INSERT, UPDATE or DELETE. paramTypes are the types that are given for $1, $2 …; a nil one is inferred.
func Bind(ctx context.Context, env *Env, s *parse.Statement, paramTypes []*pgtype.Type) (*plan.Statement, error) {
	b := newBinder(ctx, env, s.Source)
	b.params = append(b.params, paramTypes...)
	b.fixed = env.FixedParams
	err := guard(func() { b.statement(s.Node) })
	if err != nil {
		return nil, err
	}
	return b.stmt, nil
}

func (b *binder) statement(n *pg_query.Node) {
	switch s := n.Node.(type) {
	case *pg_query.Node_SelectStmt:
		b.stmt.Tag = "SELECT"
		b.topSelect(s.SelectStmt)
	case *pg_query.Node_InsertStmt:
		b.stmt.Tag = "INSERT"
		b.stmt.Root = b.insert(s.InsertStmt, nil)
	case *pg_query.Node_UpdateStmt:
		b.stmt.Tag = "UPDATE"
		b.stmt.Root = b.update(s.UpdateStmt, nil)
	case *pg_query.Node_DeleteStmt:
		b.stmt.Tag = "DELETE"
		b.stmt.Root = b.delete(s.DeleteStmt, nil)
	case *pg_query.Node_MergeStmt:
		b.stmt.Tag = "MERGE"
		b.stmt.Root = b.merge(s.MergeStmt, nil)
	default:
		fail(pgerr.Unsupported("this statement in place of a query"))
	}
	b.finish()
}

// finish completes the statement once its whole plan stands.
func (b *binder) finish() {
	b.resolveParams()
	b.stmt.Root = finishPlan(b.stmt.Root)
	b.collectPrivileges()
}

// newRel gives out the next relation number.
func (b *binder) newRel() int32 {
	b.rels++
	return b.rels
}

// failAt fails with an error at a location of the tree.
func (b *binder) failAt(loc int32, e *pgerr.Error) {
	if b.source != "" && loc >= 0 {
		e.At(parse.Position(b.source, loc))
	}
	fail(e)
}

func (b *binder) errorf(loc int32, code pgerr.Code, format string, args ...any) {
	b.failAt(loc, pgerr.Newf(code, format, args...))
}

func (b *binder) unsupported(loc int32, feature string) { b.failAt(loc, pgerr.Unsupported(feature)) }
