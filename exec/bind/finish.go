package bind

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// finishPlan completes the subqueries of a plan: now that every expression is final, it is known what each reads of its surroundings.
func finishPlan(n plan.Node) plan.Node {
	if n == nil {
		return nil
	}
	return plan.MapAll(n, FinishExpr)
}

// FinishExpr fills in Outer of the subqueries in an expression, innermost first.
func FinishExpr(e expr.Expr) expr.Expr {
	n := expr.MapChildren(e, FinishExpr)
	s, ok := n.(*expr.Subquery)
	if !ok {
		return n
	}
	p, ok := s.Plan.(plan.Node)
	if !ok {
		return n
	}
	c := *s
	done := plan.MapAll(p, FinishExpr)
	c.Plan = done
	c.Outer = plan.Outer(done)
	if c.Columns == nil {
		c.Columns = done.Columns()
	}
	return &c
}
