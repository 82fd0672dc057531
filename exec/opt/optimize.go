package opt

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// Options is what the optimizer works with. The zero Options knows nothing of any table.
type Options struct {
	Source    Source           // nil: none
	Functions *builtin.Library // the code of functions that rewrites put in; nil: none are put in
	// IndexRules gives the expressions and predicates of a table's indexes, over columns of a relation number; nil: such indexes are not used.
	IndexRules func(table *desc.Relation, rel int32) []plan.IndexRule
	Avoid      Methods // methods that are taken only where there is no other (enable_hashjoin = off …)
	AllScopes  bool    // scans of user tables read every user's rows
}

// Methods are ways of running a part of a plan.
type Methods uint8

// The methods that settings can switch off.
const (
	SeqScan Methods = 1 << iota
	IndexScan
	HashJoin
	NestedLoop
)

// avoided is what a method costs that is switched off.
const avoided = 1e10

// penalty is the cost of a method on top of its work.
func (p *planner) penalty(m Methods) float64 {
	if p.avoid&m != 0 {
		return avoided
	}
	return 0
}

// rule is one rewrite of a whole plan.
type rule struct {
	name  string
	apply func(*planner, plan.Node) plan.Node
}

// rules are applied in this order. Each relies on those before it having run.
func rules() []rule {
	return []rule{
		{"fold", plain(fold)},
		{"dates", (*planner).dates},
		{"decorrelate", (*planner).decorrelate},
		{"subqueries", (*planner).subqueries},
		{"factor", plain(factor)},
		{"restriction", plain(restrictions)},
		{"outer join", plain(reduceOuterJoins)},
		{"equivalence", plain(equivalences)},
		{"push down", plain(pushDown)},
		{"prune", plain(prune)},
		{"joins", (*planner).physical},
		{"order", (*planner).useIndexOrder},
		{"prune again", plain(prune)},
	}
}

func plain(f func(plan.Node) plan.Node) func(*planner, plan.Node) plan.Node {
	return func(_ *planner, n plan.Node) plan.Node { return f(n) }
}

// Optimize gives a statement whose plan yields the same rows faster. The given one is not changed.
func Optimize(stmt *plan.Statement, o Options) *plan.Statement {
	if stmt == nil || stmt.Root == nil {
		return stmt
	}
	p := newPlanner(o)
	p.learn(stmt.Root)
	c := *stmt
	c.Root = p.optimize(stmt.Root)
	p.annotate(c.Root)
	return &c
}

// Mandatory applies only what the answer depends on: constants are folded, whose errors come before the first row, and before the columns. It is what kalam.optimizer = off leaves.
func Mandatory(stmt *plan.Statement) *plan.Statement {
	if stmt == nil || stmt.Root == nil {
		return stmt
	}
	c := *stmt
	c.Root = fold(stmt.Root)
	return &c
}

func (p *planner) optimize(n plan.Node) plan.Node {
	for _, r := range rules() {
		n = r.apply(p, n)
	}
	return plan.MapAll(n, outer)
}

// subqueries optimises the plans of the subqueries in expressions.
func (p *planner) subqueries(n plan.Node) plan.Node {
	return plan.MapAll(n, p.subqueriesOf)
}

func (p *planner) subqueriesOf(e expr.Expr) expr.Expr {
	n := expr.MapChildren(e, p.subqueriesOf)
	if s, ok := n.(*expr.Subquery); ok {
		if sub, ok := s.Plan.(plan.Node); ok {
			c := *s
			c.Plan = p.optimize(sub)
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

// annotate writes the estimates into the nodes of a finished plan.
func (p *planner) annotate(n plan.Node) {
	plan.Walk(n, func(n plan.Node) {
		if x, ok := n.(interface{ Estimates() *plan.Estimate }); ok {
			*x.Estimates() = p.estimate(n)
		}
		plan.WalkExprs(n, func(e expr.Expr) {
			expr.Walk(e, func(x expr.Expr) bool {
				if s, ok := x.(*expr.Subquery); ok {
					if sub, ok := s.Plan.(plan.Node); ok {
						p.annotate(sub)
					}
				}
				return true
			})
		})
	})
}
