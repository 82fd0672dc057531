package opt

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// decorrelate turns subqueries in conditions and select lists into joins, so that they are read once, or looked up, instead of run for each row:
//
//	EXISTS, IN                         semi join
//	NOT EXISTS, NOT IN without NULLs   anti join
//	NOT IN that may meet NULLs         anti join, and questions that are asked once (notin.go)
//	an aggregate over rows that equal something of the outer row      left join with the aggregate grouped by it
//	the one row that a unique key finds                               left join
//
// What is none of these stays and is run for each row; that is always right.
func (p *planner) decorrelate(n plan.Node) plan.Node {
	n = plan.MapChildren(n, p.decorrelate)
	switch n := n.(type) {
	case *plan.Filter:
		return p.decorrelateFilter(n)
	case *plan.Project:
		in, changed := n.Input, false
		exprs := make([]expr.Expr, len(n.Exprs))
		for i, e := range n.Exprs {
			exprs[i] = e
			if hasSubquery(e) {
				exprs[i], in = p.scalars(e, in)
				changed = changed || in != n.Input
			}
		}
		if changed {
			c := *n
			c.Input, c.Exprs = in, exprs
			return &c
		}
	}
	return n
}

func (p *planner) decorrelateFilter(f *plan.Filter) plan.Node {
	in := f.Input
	var rest []expr.Expr
	for _, c := range conjuncts(f.Cond) {
		if !hasSubquery(c) {
			rest = append(rest, c)
			continue
		}
		if j := p.semiJoin(in, c); j != nil {
			in = j
			continue
		}
		if j, also := p.notIn(in, c); j != nil {
			in = j
			rest = append(rest, also...)
			continue
		}
		c, in = p.scalars(c, in)
		rest = append(rest, c)
	}
	if in == f.Input {
		return f
	}
	return filter(in, rest)
}

// semiJoin is the join for one condition, nil when it is none of these forms.
func (p *planner) semiJoin(left plan.Node, c expr.Expr) plan.Node {
	kind := plan.Semi
	if not, ok := c.(*expr.BoolOp); ok && not.Op == expr.Not {
		kind, c = plan.Anti, not.Args[0]
	}
	s, ok := c.(*expr.Subquery)
	if !ok || s.Kind != expr.ExistsSubquery && s.Kind != expr.AnySubquery {
		return nil
	}
	sub, ok := s.Plan.(plan.Node)
	if !ok {
		return nil
	}
	sub = p.decorrelate(sub)
	rels, use := produced(left), wantSet
	if s.Kind == expr.ExistsSubquery {
		use = wantRow
	}
	inner, on, shown, ok := p.pullUp(sub, rels, use)
	if !ok || readsAny(inner, rels) {
		return nil
	}
	if s.Kind == expr.AnySubquery {
		test := s.Test
		if volatile(test) || hasSubquery(test) || !reads(test).meets(rels) {
			return nil
		}
		test = shown.replace(test)
		if kind == plan.Anti && !p.neverNull(test, left, inner) {
			return nil
		}
		on = append(on, test)
	} else if len(on) == 0 {
		return nil // one answer for all rows
	}
	for _, c := range on {
		if volatile(c) || hasSubquery(c) {
			return nil
		}
	}
	p.learn(inner)
	return &plan.Join{Kind: kind, Left: left, Right: inner, Cond: and(on)}
}

// replacement says which expressions columns stand for after the projection that made them is gone.
type replacement map[expr.ColID]expr.Expr

func (r replacement) replace(e expr.Expr) expr.Expr {
	if len(r) == 0 {
		return e
	}
	return plan.MapExpr(e, func(x expr.Expr) (expr.Expr, bool) {
		if v, ok := x.(*expr.Var); ok && r[v.ID] != nil {
			return r[v.ID], true
		}
		return nil, false
	})
}

// want is what is asked of a subquery.
type want uint8

const (
	wantRow  want = iota // whether there is a row
	wantSet              // its rows, no matter how often each and in which order
	wantRows             // its rows
)

// pullUp gives the part of a subquery that reads nothing of some outer relations, and the conditions that do. shown says what the subquery's columns have become.
func (p *planner) pullUp(n plan.Node, rels relSet, use want) (inner plan.Node, on []expr.Expr, shown replacement, ok bool) {
	if !readsAny(n, rels) {
		return n, nil, nil, true
	}
	switch n := n.(type) {
	case *plan.Project:
		shown = replacement{}
		for i, e := range n.Exprs {
			if returnsSet(e) || use != wantRow && (volatile(e) || hasSubquery(e)) {
				return nil, nil, nil, false
			}
			shown[expr.ColID{Rel: n.Rel, Num: int16(i + 1)}] = e
		}
		inner, on, below, ok := p.pullUp(n.Input, rels, use)
		for id, e := range shown {
			shown[id] = below.replace(e)
		}
		for id, e := range below {
			shown[id] = e
		}
		return inner, on, shown, ok
	case *plan.Filter:
		inner, on, shown, ok = p.pullUp(n.Input, rels, use)
		if !ok {
			return nil, nil, nil, false
		}
		out, keep := split(conjuncts(n.Cond), func(e expr.Expr) bool { return reads(e).meets(rels) })
		for i := range keep {
			keep[i] = shown.replace(keep[i])
		}
		for i := range out {
			out[i] = shown.replace(out[i])
		}
		return filter(inner, keep), append(on, out...), shown, true
	case *plan.Join:
		return p.pullUpJoin(n, rels, max(use, wantSet))
	case *plan.Sort:
		if use != wantRows {
			return p.pullUp(n.Input, rels, use)
		}
	case *plan.Distinct:
		if use == wantRow || use == wantSet && n.On == nil {
			return p.pullUp(n.Input, rels, use)
		}
	case *plan.Limit:
		if k, isConst := constantRows(n.Count); use == wantRow && n.Offset == nil && (n.Count == nil || isConst && k > 0) {
			return p.pullUp(n.Input, rels, use)
		}
	}
	return nil, nil, nil, false
}

// pullUpJoin takes conditions on outer relations out of a join: both sides of an inner one, the left side of the others.
func (p *planner) pullUpJoin(n *plan.Join, rels relSet, use want) (plan.Node, []expr.Expr, replacement, bool) {
	if n.Kind != plan.Inner && n.Kind != plan.Left && n.Kind != plan.Semi && n.Kind != plan.Anti || n.Lateral {
		return nil, nil, nil, false
	}
	left, on, shown, ok := p.pullUp(n.Left, rels, use)
	if !ok {
		return nil, nil, nil, false
	}
	c := *n
	c.Left = left
	cs := conjuncts(n.Cond)
	if n.Kind == plan.Inner {
		right, more, also, ok := p.pullUp(n.Right, rels, use)
		if !ok {
			return nil, nil, nil, false
		}
		c.Right = right
		on = append(on, more...)
		if shown == nil {
			shown = also
		} else {
			for id, e := range also {
				shown[id] = e
			}
		}
		var out []expr.Expr
		out, cs = split(cs, func(e expr.Expr) bool { return reads(e).meets(rels) })
		for _, e := range out {
			on = append(on, shown.replace(e))
		}
	} else if readsAny(n.Right, rels) {
		return nil, nil, nil, false
	}
	for i, e := range cs {
		if reads(e).meets(rels) {
			return nil, nil, nil, false
		}
		cs[i] = shown.replace(e)
	}
	c.Cond = and(cs)
	return &c, on, shown, true
}

// readsAny tells whether a plan reads columns of some relations that are not its own.
func readsAny(n plan.Node, rels relSet) bool {
	for _, id := range plan.Outer(n) {
		if rels.has(id.Rel) {
			return true
		}
	}
	return false
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

// neverNull tells whether the test of an IN, an equality or several, cannot be unknown: NOT IN is an anti join only then.
func (p *planner) neverNull(test expr.Expr, left, right plan.Node) bool {
	for _, c := range conjuncts(test) {
		l, r, ok := equalityOf(c)
		if !ok || !c.(*expr.Call).Operator.CanHash {
			return false
		}
		for _, e := range []expr.Expr{l, r} {
			if k, isConst := e.(*expr.Const); isConst && !k.Value.IsNull() {
				continue
			}
			id, plain := plainColumn(e)
			if !plain || !notNull(left, id) && !notNull(right, id) {
				return false
			}
		}
	}
	return true
}

// notNull tells whether a column of a plan's output is certainly never NULL.
func notNull(n plan.Node, id expr.ColID) bool {
	switch n := n.(type) {
	case *plan.Scan:
		if n.Rel != id.Rel || id.Num < 1 {
			return false
		}
		c := n.Table.ColumnByNum(id.Num)
		return c != nil && c.NotNull
	case *plan.Filter:
		return notNull(n.Input, id)
	case *plan.Sort:
		return notNull(n.Input, id)
	case *plan.Limit:
		return notNull(n.Input, id)
	case *plan.Distinct:
		return notNull(n.Input, id)
	case *plan.Project:
		if n.Rel != id.Rel {
			return false
		}
		e := n.Exprs[id.Num-1]
		if k, ok := e.(*expr.Const); ok {
			return !k.Value.IsNull()
		}
		below, ok := plainColumn(e)
		return ok && notNull(n.Input, below)
	case *plan.Aggregate:
		if n.Rel != id.Rel || n.Sets != nil || int(id.Num) > len(n.Keys) {
			return false
		}
		below, ok := plainColumn(n.Keys[id.Num-1])
		return ok && notNull(n.Input, below)
	case *plan.Join:
		switch n.Kind {
		case plan.Inner:
			return notNull(n.Left, id) || notNull(n.Right, id)
		case plan.Left, plan.Semi, plan.Anti:
			return notNull(n.Left, id)
		case plan.Right:
			return notNull(n.Right, id)
		}
	}
	return false
}
