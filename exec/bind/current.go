package bind

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// currentOf is the source of a change WHERE CURRENT OF a cursor.
func (b *binder) currentOf(c *change, n *pg_query.CurrentOfExpr, from *fromTree) plan.Node {
	if c.entry.through != nil {
		b.errorf(-1, pgerr.FeatureNotSupported, "WHERE CURRENT OF on a view is not implemented")
	}
	var source plan.Node = &plan.CurrentOf{Scan: c.entry.scan, Cursor: n.CursorName}
	if from != nil {
		source = &plan.Join{Kind: plan.Inner, Left: source, Right: from.node}
	}
	return source
}

// cursorRows adds the locators of the tables that can be changed through a cursor to its rows: those that the query locks, else the only table of a query that
// passes on its rows in their own order.
func (b *binder) cursorRows(q *query) {
	p, ok := q.node.(*plan.Project)
	if !ok || q.from == nil || q.grouped || q.unique || len(q.on) > 0 || q.scope.hasWindows {
		return
	}
	rows := &plan.CursorRows{Locked: len(q.locks) > 0}
	for _, e := range q.scope.entries {
		locked := slices.ContainsFunc(q.locks, func(l plan.RowLock) bool { return l.Rel == e.rel })
		if e.scan == nil || rows.Locked && !locked || !rows.Locked && (len(q.sorts) > 0 || q.from.left != nil) {
			continue
		}
		b.produce(e, plan.Locator)
		id := expr.ColID{Rel: e.rel, Num: plan.Locator}
		if !slices.Contains(p.Input.Columns(), id) {
			continue
		}
		rows.Tables = append(rows.Tables, plan.CursorTable{Table: e.table.OID, At: len(p.Exprs)})
		p.Exprs = append(p.Exprs, &expr.Var{Typed: typed(pgtype.ByOID(pgtype.OIDBytea), -1), ID: id, Name: "locator"})
		p.Names = append(p.Names, "locator")
	}
	b.stmt.Cursor = rows
}

// sample binds TABLESAMPLE.
func (b *binder) sample(n *pg_query.RangeTableSample) (*fromTree, []*item) {
	t, items := b.fromItem(n.Relation)
	e := t.entry
	if e.kind != tableEntry || e.scan == nil {
		b.errorf(n.Relation.GetRangeVar().GetLocation(), pgerr.FeatureNotSupported, "TABLESAMPLE clause can only be applied to tables and materialized views")
	}
	method := nodeString(n.Method[len(n.Method)-1])
	if method != "bernoulli" && method != "system" {
		b.errorf(n.Location, pgerr.UndefinedObject, "tablesample method %s does not exist", method)
	}
	if len(n.Args) != 1 {
		b.errorf(n.Location, pgerr.InvalidTablesampleArgument, "tablesample method %s requires 1 argument, not %d", method, len(n.Args))
	}
	s := &plan.Sample{Input: t.node, System: method == "system"}
	argument := func(n *pg_query.Node, t *pgtype.Type, what string) expr.Expr {
		return b.toType(b.in(kindFromFunction, n), t, what)
	}
	s.Percent = argument(n.Args[0], pgtype.ByOID(pgtype.OIDFloat4), "TABLESAMPLE")
	if n.Repeatable != nil {
		s.Seed = argument(n.Repeatable, pgtype.ByOID(pgtype.OIDFloat8), "REPEATABLE")
	}
	t.node, t.sampled = s, n
	t.sample = [2]expr.Expr{s.Percent, s.Seed}
	return t, items
}
