package opt

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// reduceOuterJoins turns outer joins into inner ones where a condition above fails for rows without a partner.
func reduceOuterJoins(n plan.Node) plan.Node {
	return plan.Rewrite(n, func(n plan.Node) plan.Node {
		f, ok := n.(*plan.Filter)
		if !ok {
			return n
		}
		return &plan.Filter{Input: reduce(f.Input, conjuncts(f.Cond)), Cond: f.Cond}
	})
}

// reduce strengthens the joins below conditions that all rows have to meet.
func reduce(n plan.Node, cs []expr.Expr) plan.Node {
	j, ok := n.(*plan.Join)
	if !ok {
		return n
	}
	c := *j
	left, right := rejectsNull(cs, produced(j.Left)), rejectsNull(cs, produced(j.Right))
	switch {
	case j.Kind == plan.Left && right, j.Kind == plan.Right && left, j.Kind == plan.Full && left && right:
		c.Kind = plan.Inner
	case j.Kind == plan.Full && left:
		c.Kind = plan.Left
	case j.Kind == plan.Full && right:
		c.Kind = plan.Right
	}
	below := cs
	if c.Kind == plan.Inner {
		below = append(conjuncts(j.Cond), cs...)
	}
	if c.Kind == plan.Inner || c.Kind == plan.Left || c.Kind == plan.Semi || c.Kind == plan.Anti {
		c.Left = reduce(j.Left, below)
	}
	if c.Kind == plan.Inner || c.Kind == plan.Right {
		c.Right = reduce(j.Right, below)
	}
	return &c
}

// rejectsNull tells whether one of the conditions cannot be true when all columns of some relations are NULL.
func rejectsNull(cs []expr.Expr, rels relSet) bool {
	for _, c := range cs {
		if strictOn(c, rels) {
			return true
		}
	}
	return false
}

// strictOn tells whether an expression is NULL or false when the columns of the relations are NULL.
func strictOn(e expr.Expr, rels relSet) bool {
	switch e := e.(type) {
	case *expr.Var:
		return rels.has(e.ID.Rel) && e.ID.Num > 0
	case *expr.Call:
		if !e.Proc.Strict {
			return false
		}
		for _, a := range e.Args {
			if strictOn(a, rels) {
				return true
			}
		}
	case *expr.Relabel:
		return strictOn(e.Arg, rels)
	case *expr.ArrayOp:
		return strictOn(e.Left, rels) && !e.All
	case *expr.NullTest:
		return e.Not && !e.Row && strictOn(e.Arg, rels)
	case *expr.BoolOp:
		if e.Op == expr.Not {
			return false
		}
		for _, a := range e.Args {
			if strictOn(a, rels) != (e.Op == expr.Or) {
				return e.Op == expr.And
			}
		}
		return e.Op == expr.Or
	}
	return false
}
