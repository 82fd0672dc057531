package opt

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// factor takes conditions that every branch of an OR has out of it: (a AND b) OR (a AND c) becomes a AND (b OR c), so that a can join, or find an index. An OR of equalities
// of one column with constants becomes column = ANY (…).
func factor(n plan.Node) plan.Node {
	return plan.Rewrite(n, func(n plan.Node) plan.Node {
		switch n := n.(type) {
		case *plan.Filter:
			if c := factored(n.Cond); c != n.Cond {
				return &plan.Filter{Input: n.Input, Cond: c}
			}
		case *plan.Join:
			if c := factored(n.Cond); c != n.Cond {
				j := *n
				j.Cond = c
				return &j
			}
		}
		return n
	})
}

func factored(e expr.Expr) expr.Expr {
	cs := conjuncts(e)
	changed := false
	var out []expr.Expr
	for _, c := range cs {
		or, ok := c.(*expr.BoolOp)
		if !ok || or.Op != expr.Or {
			out = append(out, c)
			continue
		}
		common, rest := commonOf(or)
		if common == nil {
			out = append(out, c)
			continue
		}
		changed = true
		out = append(out, common...)
		if rest != nil {
			out = append(out, rest)
		}
	}
	if !changed {
		return e
	}
	return and(out)
}

// commonOf gives the conditions that all branches of an OR have, and what is left of the OR; nil when a branch is nothing else.
func commonOf(or *expr.BoolOp) (common []expr.Expr, rest expr.Expr) {
	branches := make([][]expr.Expr, len(or.Args))
	for i, a := range or.Args {
		branches[i] = conjuncts(a)
	}
	for _, c := range branches[0] {
		if volatile(c) {
			continue
		}
		in := true
		for _, b := range branches[1:] {
			in = in && contains(b, c)
		}
		if in {
			common = append(common, c)
		}
	}
	if common == nil {
		return nil, nil
	}
	args := make([]expr.Expr, len(branches))
	for i, b := range branches {
		var left []expr.Expr
		for _, c := range b {
			if !contains(common, c) {
				left = append(left, c)
			}
		}
		if left == nil {
			return common, nil
		}
		args[i] = and(left)
	}
	return common, &expr.BoolOp{Typed: or.Typed, Op: expr.Or, Args: args}
}

func contains(list []expr.Expr, e expr.Expr) bool {
	for _, x := range list {
		if expr.Equal(x, e) {
			return true
		}
	}
	return false
}
