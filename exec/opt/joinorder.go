package opt

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// orderJoins puts the inputs of inner joins in an order in which each has a condition with those before it, the cheapest first. Inputs that read columns of
// others stay where they are.
func orderJoins(n plan.Node) plan.Node {
	j, ok := n.(*plan.Join)
	if !ok || !plainInner(j) {
		return plan.MapChildren(n, orderJoins)
	}
	var leaves []plan.Node
	var cs []expr.Expr
	flatten(j, &leaves, &cs)
	for i, l := range leaves {
		leaves[i] = orderJoins(l)
	}
	if len(leaves) < 3 {
		return rebuild(leaves, cs)
	}
	return greedy(leaves, cs)
}

func plainInner(j *plan.Join) bool { return j.Kind == plan.Inner && !j.Lateral && len(j.LeftKeys) == 0 }

func flatten(n plan.Node, leaves *[]plan.Node, cs *[]expr.Expr) {
	j, ok := n.(*plan.Join)
	if !ok || !plainInner(j) {
		*leaves = append(*leaves, n)
		return
	}
	flatten(j.Left, leaves, cs)
	flatten(j.Right, leaves, cs)
	*cs = append(*cs, conjuncts(j.Cond)...)
}

// rebuild joins inputs in the given order, each condition as soon as its columns are there.
func rebuild(leaves []plan.Node, cs []expr.Expr) plan.Node {
	all := relSet{}
	for _, l := range leaves {
		for r := range produced(l) {
			all[r] = true
		}
	}
	tree, have := leaves[0], produced(leaves[0])
	for _, l := range leaves[1:] {
		for r := range produced(l) {
			have[r] = true
		}
		var now []expr.Expr
		now, cs = split(cs, func(e expr.Expr) bool { return reads(e).within(have, all) })
		tree = &plan.Join{Kind: plan.Inner, Left: tree, Right: l, Cond: and(now)}
	}
	return filter(tree, cs)
}

// greedy starts with the cheapest input and goes on with the cheapest that is connected.
func greedy(leaves []plan.Node, cs []expr.Expr) plan.Node {
	type input struct {
		node plan.Node
		rels relSet
		g    guess
	}
	left := make([]input, len(leaves))
	for i, l := range leaves {
		left[i] = input{l, produced(l), estimate(l)}
	}
	var order []plan.Node
	have := relSet{}
	for len(left) > 0 {
		best := -1
		bestConnected := false
		for i, x := range left {
			c := len(order) > 0 && connected(cs, have, x.rels)
			if best < 0 || c && !bestConnected || c == bestConnected && x.g.rows < left[best].g.rows {
				best, bestConnected = i, c
			}
		}
		x := left[best]
		order = append(order, x.node)
		for r := range x.rels {
			have[r] = true
		}
		left = append(left[:best:best], left[best+1:]...)
	}
	return rebuild(order, cs)
}

func connected(cs []expr.Expr, have, rels relSet) bool {
	for _, c := range cs {
		if r := reads(c); r.meets(have) && r.meets(rels) {
			return true
		}
	}
	return false
}
