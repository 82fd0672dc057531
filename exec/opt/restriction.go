package opt

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// restrictions takes out of an OR over several tables what it says of one of them: (a.x = 1 AND b.y = 2) OR (a.x = 3 AND b.y = 4) implies a.x = 1 OR a.x = 3, which can be
// asked of a's rows before they are joined.
func restrictions(n plan.Node) plan.Node {
	n = plan.MapChildren(n, restrictions)
	switch n := n.(type) {
	case *plan.Filter:
		if _, join := n.Input.(*plan.Join); join {
			if more := impliedByOrs(conjuncts(n.Cond), n.Input); more != nil {
				return &plan.Filter{Input: n.Input, Cond: and(append(conjuncts(n.Cond), more...))}
			}
		}
	case *plan.Join:
		if n.Kind == plan.Inner {
			if more := impliedByOrs(conjuncts(n.Cond), n); more != nil {
				c := *n
				c.Cond = and(append(conjuncts(n.Cond), more...))
				return &c
			}
		}
	}
	return n
}

func impliedByOrs(cs []expr.Expr, n plan.Node) []expr.Expr {
	var out []expr.Expr
	for _, c := range cs {
		or, ok := c.(*expr.BoolOp)
		if !ok || or.Op != expr.Or || volatile(c) || hasSubquery(c) {
			continue
		}
		all := reads(c)
		var made []expr.Expr
		several := 0
		all.each(func(rel int32) {
			several++
			if x := restrictionOn(or, rel, all); x != nil {
				made = append(made, x)
			}
		})
		if several > 1 {
			for _, x := range made {
				if !contains(cs, x) {
					out = append(out, x)
				}
			}
		}
	}
	return out
}

// restrictionOn gives what an OR says of one relation; nil when a branch says nothing.
func restrictionOn(or *expr.BoolOp, rel int32, all relSet) expr.Expr {
	args := make([]expr.Expr, len(or.Args))
	for i, a := range or.Args {
		var own []expr.Expr
		for _, c := range conjuncts(a) {
			if r := reads(c); r.has(rel) && r.within(oneRel(rel), all) {
				own = append(own, c)
			}
		}
		if own == nil {
			return nil
		}
		args[i] = and(own)
	}
	return &expr.BoolOp{Typed: or.Typed, Op: expr.Or, Args: args}
}
