package opt

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// semiJoins turns EXISTS and IN in WHERE into semi joins, and NOT EXISTS into anti joins, so that the subquery is read once instead of for each row. NOT IN stays:
// a NULL in the subquery makes it unknown for every row.
func semiJoins(n plan.Node) plan.Node {
	return plan.Rewrite(n, func(n plan.Node) plan.Node {
		f, ok := n.(*plan.Filter)
		if !ok {
			return n
		}
		in := f.Input
		var rest []expr.Expr
		for _, c := range conjuncts(f.Cond) {
			if j := semiJoin(in, c); j != nil {
				in = j
				continue
			}
			rest = append(rest, c)
		}
		if in == f.Input {
			return n
		}
		return filter(in, rest)
	})
}

// semiJoin is the join for one condition, nil when it is none of these forms.
func semiJoin(left plan.Node, c expr.Expr) plan.Node {
	kind := plan.Semi
	if not, ok := c.(*expr.BoolOp); ok && not.Op == expr.Not {
		kind, c = plan.Anti, not.Args[0]
	}
	s, ok := c.(*expr.Subquery)
	if !ok {
		return nil
	}
	sub, ok := s.Plan.(plan.Node)
	if !ok {
		return nil
	}
	rels := produced(left)
	switch {
	case s.Kind == expr.ExistsSubquery:
		return existsJoin(kind, left, sub, rels)
	case s.Kind == expr.AnySubquery && kind == plan.Semi && !readsAny(sub, rels) && !volatile(s.Test) && !hasSubquery(s.Test) && reads(s.Test).meets(rels):
		return &plan.Join{Kind: plan.Semi, Left: left, Right: sub, Cond: s.Test}
	}
	return nil
}

// readsAny tells whether a plan reads columns of some relations that are not its own.
func readsAny(n plan.Node, rels relSet) bool {
	for _, id := range plan.Outer(n) {
		if rels[id.Rel] {
			return true
		}
	}
	return false
}

// existsJoin takes the conditions of the subquery on outer columns out of it and makes them the join's. It must be a plain SELECT … FROM … WHERE.
func existsJoin(kind plan.JoinKind, left, sub plan.Node, rels relSet) plan.Node {
	inner, on, ok := decorrelate(sub, rels)
	if !ok || len(on) == 0 || readsAny(inner, rels) {
		return nil
	}
	for _, c := range on {
		if volatile(c) || hasSubquery(c) {
			return nil
		}
	}
	return &plan.Join{Kind: kind, Left: left, Right: inner, Cond: and(on)}
}

// decorrelate gives the part of a subquery that reads nothing outside, and its conditions that do. The select list does not matter to EXISTS. The subquery has
// been optimised already, so its conditions may be in scans and joins.
func decorrelate(n plan.Node, rels relSet) (plan.Node, []expr.Expr, bool) {
	take := func(cond expr.Expr) (rest expr.Expr, out []expr.Expr) {
		out, keep := split(conjuncts(cond), func(e expr.Expr) bool { return reads(e).meets(rels) })
		return and(keep), out
	}
	switch n := n.(type) {
	case *plan.Project:
		for _, e := range n.Exprs {
			if returnsSet(e) {
				return nil, nil, false
			}
		}
		return decorrelate(n.Input, rels)
	case *plan.Filter:
		in, on, ok := decorrelate(n.Input, rels)
		rest, out := take(n.Cond)
		return filter(in, conjuncts(rest)), append(on, out...), ok
	case *plan.Scan:
		// An access path chosen with outer values is undone: its conditions are the join's.
		if n.Access.Keyed {
			return nil, nil, false
		}
		c := *n
		rest, out := take(n.Filter)
		c.Filter = rest
		return &c, out, true
	case *plan.SystemScan:
		c := *n
		rest, out := take(n.Filter)
		c.Filter, c.Where = rest, nil
		return &c, out, true
	}
	return nil, nil, false
}

func returnsSet(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(x expr.Expr) bool {
		if _, ok := x.(*expr.SetCall); ok {
			found = true
		}
		return !found
	})
	return found
}
