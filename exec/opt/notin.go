package opt

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// notIn makes an anti join of x NOT IN (SELECT y …) where NULLs may be met. It is true for the rows that have no partner, unless some y is NULL, which makes it unknown for all of them,
// or x is NULL, which makes it unknown unless there is no y at all. Whether there is a y, and one that is NULL, is asked once. It gives the join and the conditions on its rows; nil
// when the subquery reads the outer row or cannot be read several times.
func (p *planner) notIn(left plan.Node, c expr.Expr) (plan.Node, []expr.Expr) {
	not, ok := c.(*expr.BoolOp)
	if !ok || not.Op != expr.Not {
		return nil, nil
	}
	s, ok := not.Args[0].(*expr.Subquery)
	if !ok || s.Kind != expr.AnySubquery || len(s.Columns) != 1 {
		return nil, nil
	}
	sub, ok := s.Plan.(plan.Node)
	if !ok || readsAny(sub, produced(left)) || volatilePlan(sub) {
		return nil, nil
	}
	x, y, ok := equalityOf(s.Test)
	if !ok || !s.Test.(*expr.Call).Operator.CanHash || !s.Test.(*expr.Call).Proc.Strict || volatile(s.Test) || hasSubquery(s.Test) {
		return nil, nil
	}
	if id, plain := plainColumn(y); !plain || id != s.Columns[0] {
		x, y = y, x
	}
	id, plain := plainColumn(y)
	if !plain || id != s.Columns[0] || reads(x).has(id.Rel) || !hashable(x.Type(), y.Type()) {
		return nil, nil
	}
	sub = p.decorrelate(sub)
	boolean := expr.Typed{T: boolType, Mod: -1}
	exists := func(n plan.Node) expr.Expr {
		return &expr.BoolOp{Typed: boolean, Op: expr.Not, Args: []expr.Expr{&expr.Subquery{Typed: boolean, Kind: expr.ExistsSubquery, Plan: n, Columns: n.Columns(), Outer: plan.Outer(n)}}}
	}
	var also []expr.Expr
	if !notNull(sub, id) {
		also = append(also, exists(filter(sub, []expr.Expr{&expr.NullTest{Typed: boolean, Arg: y}})))
	}
	if xid, plain := plainColumn(x); !plain || !notNull(left, xid) {
		also = append(also, &expr.BoolOp{Typed: boolean, Op: expr.Or, Args: []expr.Expr{&expr.NullTest{Typed: boolean, Arg: x, Not: true}, exists(sub)}})
	}
	p.learn(sub)
	return &plan.Join{Kind: plan.Anti, Left: left, Right: sub, Cond: s.Test}, also
}

// volatilePlan tells whether a plan gives other rows when it is run again, or does something.
func volatilePlan(n plan.Node) bool {
	found := false
	plan.Walk(n, func(n plan.Node) {
		switch n.(type) {
		case *plan.Insert, *plan.Update, *plan.Delete, *plan.LockRows, *plan.With, *plan.CTEScan, *plan.Limit:
			found = true // what a WITH or a LIMIT gives may be read once only
		}
		plan.WalkExprs(n, func(e expr.Expr) { found = found || e != nil && volatile(e) })
	})
	return found
}
