package opt

import (
	"slices"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// pushDown moves conditions as far down as their columns allow, into the filters of scans.
func pushDown(n plan.Node) plan.Node { return push(n, nil) }

// push puts conditions into or below n; what cannot go further becomes a Filter on top.
func push(n plan.Node, cs []expr.Expr) plan.Node {
	switch n := n.(type) {
	case *plan.Filter:
		return push(n.Input, append(conjuncts(n.Cond), cs...))
	case *plan.Scan:
		if len(cs) == 0 {
			return n
		}
		c := *n
		c.Filter = and(append(conjuncts(n.Filter), cs...))
		return &c
	case *plan.SystemScan:
		if len(cs) == 0 {
			return n
		}
		c := *n
		c.Filter = and(append(conjuncts(n.Filter), cs...))
		return &c
	case *plan.Project:
		return pushProject(n, cs)
	case *plan.Join:
		return pushJoin(n, cs)
	case *plan.Aggregate:
		return pushAggregate(n, cs)
	case *plan.Window:
		return pushWindow(n, cs)
	case *plan.SetOp:
		return pushSetOp(n, cs)
	case *plan.Sort:
		c := *n
		c.Input = push(n.Input, cs)
		return &c
	case *plan.Distinct:
		if n.On == nil {
			down, up := split(cs, func(e expr.Expr) bool { return !volatile(e) })
			return filter(&plan.Distinct{Input: push(n.Input, down)}, up)
		}
	case *plan.With:
		return pushWith(n, cs)
	}
	n = plan.MapChildren(n, pushDown)
	return filter(n, cs)
}

// split parts conditions by a test.
func split(cs []expr.Expr, test func(expr.Expr) bool) (yes, no []expr.Expr) {
	for _, c := range cs {
		if test(c) {
			yes = append(yes, c)
		} else {
			no = append(no, c)
		}
	}
	return yes, no
}

// pushProject moves conditions below a Project by putting its expressions in place of its columns, where that evaluates nothing costly twice.
func pushProject(n *plan.Project, cs []expr.Expr) plan.Node {
	down, up := split(cs, func(e expr.Expr) bool {
		ok := !volatile(e)
		plan.WalkExpr(e, func(x expr.Expr) bool {
			if v, is := x.(*expr.Var); is && v.ID.Rel == n.Rel {
				p := n.Exprs[v.ID.Num-1]
				ok = ok && !volatile(p) && !hasSubquery(p)
			}
			return ok
		})
		return ok
	})
	for i, e := range down {
		down[i] = substitute(e, n.Rel, n.Exprs)
	}
	c := *n
	c.Input = push(n.Input, down)
	return filter(&c, up)
}

// pushAggregate moves conditions on group keys below the grouping.
func pushAggregate(n *plan.Aggregate, cs []expr.Expr) plan.Node {
	down, up := split(cs, func(e expr.Expr) bool {
		if n.Sets != nil || len(n.Keys) == 0 || volatile(e) {
			return false
		}
		ok := true
		plan.WalkExpr(e, func(x expr.Expr) bool {
			if v, is := x.(*expr.Var); is && v.ID.Rel == n.Rel {
				ok = ok && int(v.ID.Num) <= len(n.Keys) && !volatile(n.Keys[v.ID.Num-1]) && !hasSubquery(n.Keys[v.ID.Num-1])
			}
			return ok
		})
		return ok
	})
	for i, e := range down {
		down[i] = substitute(e, n.Rel, n.Keys)
	}
	c := *n
	c.Input = push(n.Input, down)
	return filter(&c, up)
}

// pushWindow moves conditions on the partition's columns below a Window: they leave out whole partitions.
func pushWindow(n *plan.Window, cs []expr.Expr) plan.Node {
	down, up := split(cs, func(e expr.Expr) bool {
		ok := !volatile(e) && !hasSubquery(e)
		expr.Walk(e, func(x expr.Expr) bool {
			if v, is := x.(*expr.Var); is {
				ok = ok && slices.ContainsFunc(n.Partition, func(p expr.Expr) bool { return expr.Equal(p, v) })
			}
			return ok
		})
		return ok
	})
	c := *n
	c.Input = push(n.Input, down)
	return filter(&c, up)
}

// pushSetOp moves conditions into both sides of a set operation.
func pushSetOp(n *plan.SetOp, cs []expr.Expr) plan.Node {
	down, up := split(cs, func(e expr.Expr) bool { return !volatile(e) && !hasSubquery(e) })
	side := func(in plan.Node) plan.Node {
		cols := columnsAsVars(n, in)
		own := make([]expr.Expr, len(down))
		for i, e := range down {
			own[i] = substitute(e, n.Rel, cols)
		}
		return push(in, own)
	}
	c := *n
	c.Left, c.Right = side(n.Left), side(n.Right)
	return filter(&c, up)
}

func columnsAsVars(n *plan.SetOp, in plan.Node) []expr.Expr {
	ids := in.Columns()
	out := make([]expr.Expr, len(ids))
	for i, id := range ids {
		out[i] = &expr.Var{ID: id}
		if i < len(n.Types) {
			out[i] = &expr.Var{Typed: n.Types[i], ID: id}
		}
	}
	return out
}

func pushWith(n *plan.With, cs []expr.Expr) plan.Node {
	c := plan.MapChildren(n, func(in plan.Node) plan.Node {
		if in == n.Body {
			return push(in, cs)
		}
		return push(in, nil)
	})
	return c
}

// pushJoin distributes conditions over a join: those of WHERE go below where the side cannot be made up of NULLs, those of ON
// where a row that fails them only goes without a partner.
func pushJoin(n *plan.Join, cs []expr.Expr) plan.Node {
	left, right := produced(n.Left), produced(n.Right)
	all := left.or(right)
	onLeft := func(e expr.Expr) bool { return reads(e).within(left, all) }
	onRight := func(e expr.Expr) bool { return reads(e).within(right, all) }
	on := conjuncts(n.Cond)
	var toLeft, toRight, above []expr.Expr
	switch n.Kind {
	case plan.Inner:
		toLeft, on = split(append(on, cs...), onLeft)
		toRight, on = split(on, onRight)
	case plan.Left:
		toLeft, above = split(cs, onLeft)
		toRight, on = split(on, onRight)
	case plan.Right:
		toRight, above = split(cs, onRight)
		toLeft, on = split(on, onLeft)
	case plan.Semi:
		toLeft, above = split(cs, onLeft)
		toRight, above = split(above, onRight) // implied conditions
		var more []expr.Expr
		more, on = split(on, onLeft)
		toLeft = append(toLeft, more...)
		more, on = split(on, onRight)
		toRight = append(toRight, more...)
	case plan.Anti:
		toLeft, above = split(cs, onLeft)
		toRight, on = split(on, onRight)
	default:
		above = cs
	}
	c := *n
	c.Left, c.Right, c.Cond = push(n.Left, toLeft), push(n.Right, toRight), and(on)
	return filter(&c, above)
}
