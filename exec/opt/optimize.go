package opt

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// rule is one rewrite of a whole plan.
type rule struct {
	name  string
	apply func(plan.Node) plan.Node
}

// rules are applied in this order. Each relies on those before it having run.
var rules = []rule{
	{"fold", fold},
	{"outer join", reduceOuterJoins},
	{"semi join", semiJoins},
	{"push down", pushDown},
	{"join order", orderJoins},
	{"look-up join", lookupJoins},
	{"join keys", joinKeys},
	{"access", chooseAccess},
	{"order", useIndexOrder},
	{"prune", prune},
}

// Optimize gives a statement whose plan yields the same rows faster. The given one is not changed.
func Optimize(stmt *plan.Statement) *plan.Statement {
	if stmt == nil || stmt.Root == nil {
		return stmt
	}
	c := *stmt
	c.Root = optimize(stmt.Root)
	return &c
}

func optimize(n plan.Node) plan.Node {
	n = plan.MapAll(n, subqueries)
	for _, r := range rules {
		n = r.apply(n)
	}
	return plan.MapAll(n, outer)
}

// subqueries optimises the plans of the subqueries in an expression.
func subqueries(e expr.Expr) expr.Expr {
	n := expr.MapChildren(e, subqueries)
	if s, ok := n.(*expr.Subquery); ok {
		if p, ok := s.Plan.(plan.Node); ok {
			c := *s
			c.Plan = optimize(p)
			return &c
		}
	}
	return n
}

// outer renews what the subqueries in an expression read of their surroundings.
func outer(e expr.Expr) expr.Expr {
	n := expr.MapChildren(e, outer)
	if s, ok := n.(*expr.Subquery); ok {
		if p, ok := s.Plan.(plan.Node); ok {
			c := *s
			c.Outer = plan.Outer(p)
			return &c
		}
	}
	return n
}
