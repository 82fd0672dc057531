package bind

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// query is a SELECT, VALUES or set operation while it is bound: what its clauses have in common until the plan is built, and what deparsing needs afterwards.
type query struct {
	scope       *scope
	stmt        *pg_query.SelectStmt
	targets     []*target // the select list, then junk targets of ORDER BY and DISTINCT ON
	from        *fromTree // nil without FROM
	where       expr.Expr
	groups      []expr.Expr
	sets        [][]int // grouping sets as positions in groups, nil without
	having      expr.Expr
	windows     []*windowDef
	sorts       []sortItem
	on          []*target // DISTINCT ON
	onLoc       map[*target]int32
	unique      bool // DISTINCT
	limit       limitClause
	locks       []plan.RowLock
	keepUnknown bool // untyped literals stay so in the output
	grouped     bool // has GROUP BY, aggregates or HAVING

	values      [][]expr.Expr // of VALUES
	left, right *query        // of a set operation
	op          pg_query.SetOperation
	all         bool
	ctes        []*cteDef

	out  []outColumn
	node plan.Node
}

// target is an entry of a select list.
type target struct {
	name string
	e    expr.Expr
	junk bool // computed for sorting only
}

// sortItem is one key of ORDER BY; its expression is a target's.
type sortItem struct {
	target     *target
	desc       bool
	nullsFirst bool
	operator   string // of USING
	key        expr.SortKey
}

type limitClause struct {
	count, offset expr.Expr
	withTies      bool
}

// outColumn is a column of a query's result.
type outColumn struct {
	name  string
	e     expr.Expr // what computes it, for fields of rows and deparsing
	typed expr.Typed
	id    expr.ColID // in the plan's output
	table desc.OID   // where the column comes from unchanged
	num   int16
}

// topSelect binds the statement's own SELECT.
func (b *binder) topSelect(n *pg_query.SelectStmt) {
	q := b.selectStmt(n, nil)
	b.stmt.Columns = outputColumns(q)
	if b.env.Cursor {
		b.cursorRows(q)
	}
	b.stmt.Root = q.node
}

func outputColumns(q *query) []plan.OutputColumn {
	out := make([]plan.OutputColumn, len(q.out))
	for i, c := range q.out {
		out[i] = plan.OutputColumn{Name: c.name, Type: c.typed.T, Typmod: c.typed.Mod, Table: c.table, Num: c.num}
	}
	return out
}

// selectStmt binds a SELECT, VALUES or set operation below a scope, nil at the top.
func (b *binder) selectStmt(n *pg_query.SelectStmt, parent *scope) *query {
	q := &query{stmt: n, scope: &scope{parent: parent}}
	q.scope.query = q
	q.keepUnknown, b.keepUnknown = b.keepUnknown, false
	q.scope.recursive, b.recursiveTermNext = b.recursiveTermNext, false
	outer := b.scope
	b.scope = q.scope
	b.withClause(n.WithClause, q)
	if n.IntoClause != nil {
		b.unsupported(-1, "SELECT INTO here")
	}
	switch {
	case n.Op != pg_query.SetOperation_SETOP_NONE && n.Op != 0:
		b.setOperation(q)
	case len(n.ValuesLists) > 0:
		b.valuesClause(q)
	default:
		b.plainSelect(q)
	}
	q.node = b.withPlan(q.ctes, q.node)
	b.scope = outer
	return q
}

// plainSelect binds a SELECT without set operation, clause by clause in PostgreSQL's order.
func (b *binder) plainSelect(q *query) {
	n := q.stmt
	q.windows = namedWindows(n.WindowClause)
	q.from = b.fromClause(n.FromClause)
	q.targets = b.targetList(n.TargetList, kindSelect)
	if n.WhereClause != nil {
		q.where = b.toBool(b.in(kindWhere, n.WhereClause), "WHERE")
	}
	if n.HavingClause != nil {
		q.having = b.toBool(b.in(kindHaving, n.HavingClause), "HAVING")
	}
	q.sorts = b.sortClause(q, n.SortClause, false)
	b.groupClause(q, n.GroupClause)
	b.distinctClause(q, n.DistinctClause)
	b.limitClauses(q)
	b.windowClause(q)
	q.grouped = len(n.GroupClause) > 0 || q.having != nil || q.scope.hasAggs
	if !q.keepUnknown {
		b.resolveUnknowns(q.targets)
	}
	for i := range q.sorts {
		b.completeSort(&q.sorts[i])
	}
	b.lockingClauses(q)
	b.checkSortsOfDistinct(q)
	b.buildSelect(q)
}

// resolveUnknowns makes text of the literals in a select list that nothing has given a type.
func (b *binder) resolveUnknowns(targets []*target) {
	for _, t := range targets {
		if t.e.Type() == unknownType {
			t.e = b.coerce(t.e, textType, -1, implicitCast, expr.AsImplicitCast)
		}
	}
}

// subselect binds a SELECT inside an expression.
func (b *binder) subselect(n *pg_query.Node) *query {
	s := n.GetSelectStmt()
	if s == nil {
		b.unsupported(-1, "this kind of subquery")
	}
	noSets, valueOf := b.noSets, b.valueOf
	b.noSets, b.valueOf = "", nil
	q := b.selectStmt(s, b.scope)
	b.noSets, b.valueOf = noSets, valueOf
	return q
}

func (q *query) columnIDs() []expr.ColID {
	ids := make([]expr.ColID, len(q.out))
	for i, c := range q.out {
		ids[i] = c.id
	}
	return ids
}

// column makes a reference to an output column.
func (q *query) column(i int) *expr.Var {
	c := q.out[i]
	return &expr.Var{Typed: c.typed, ID: c.id, Name: c.name}
}

// setOutput names the output columns after the targets, given the relation number of the plan's top.
func (b *binder) setOutput(q *query, rel int32) {
	i := int16(0)
	for _, t := range q.targets {
		if t.junk {
			continue
		}
		i++
		c := outColumn{name: t.name, e: t.e, typed: typed(t.e.Type(), t.e.Typmod()), id: expr.ColID{Rel: rel, Num: i}}
		c.table, c.num = b.origin(t.e)
		q.out = append(q.out, c)
	}
	if len(q.out) > 1664 {
		b.errorf(-1, pgerr.TooManyColumns, "target lists can have at most 1664 entries")
	}
}

// origin tells which table's column an expression is, unchanged.
func (b *binder) origin(e expr.Expr) (desc.OID, int16) {
	if r, ok := e.(*expr.Row); ok && b.wholeRows[r] != nil && b.wholeRows[r].table != nil {
		return b.wholeRows[r].table.OID, 0
	}
	v, ok := e.(*expr.Var)
	if !ok {
		return 0, 0
	}
	x := b.entries[v.ID.Rel]
	if x == nil {
		return 0, 0
	}
	switch {
	case x.through != nil:
		return x.throughView(v)
	case x.table != nil:
		return x.table.OID, v.ID.Num
	case v.ID.Num > 0:
		if q, ok := x.def.(*query); ok && int(v.ID.Num) <= len(q.out) {
			return q.out[v.ID.Num-1].table, q.out[v.ID.Num-1].num
		}
	}
	return 0, 0
}
