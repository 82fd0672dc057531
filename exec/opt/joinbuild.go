package opt

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// build makes the plan of a set of items.
func (r *region) build(s items) plan.Node {
	j := r.best[s]
	if j.method == leaf {
		return r.items[s.first()].node
	}
	if j.unique {
		return r.buildUnique(j)
	}
	kind, on, above := plan.Inner, []expr.Expr(nil), r.between(j.left, j.right)
	dep := (*joinItem)(nil)
	if j.right.count() == 1 && r.items[j.right.first()].dependent {
		dep = &r.items[j.right.first()]
		kind, on = dep.kind, dep.on
	}
	if kind == plan.Inner {
		on, above = append(on[:len(on):len(on)], above...), nil
	}
	n := &plan.Join{Kind: kind, Left: r.build(j.left)}
	switch j.method {
	case lookedUp:
		n.Right, n.Cond, n.Lateral = j.lookup.node, and(j.lookup.rest), true
	default:
		n.Right = r.build(j.right)
		n.BuildLeft = j.method == hashedLeft
		if j.method == looped {
			n.Cond = and(on)
		} else {
			withKeys(n, on, r.relsOf(j.left), r.relsOf(j.right))
		}
	}
	r.p.known[n] = j.est
	if len(above) == 0 {
		return n
	}
	out := filter(n, above)
	r.p.known[out] = j.est
	return out
}

// withKeys parts conditions into hash keys and the rest.
func withKeys(n *plan.Join, on []expr.Expr, left, right relSet) {
	var rest []expr.Expr
	for _, c := range on {
		l, q, ok := keyPair(c, left, right)
		if !ok {
			rest = append(rest, c)
			continue
		}
		n.LeftKeys, n.RightKeys = append(n.LeftKeys, l), append(n.RightKeys, q)
	}
	n.Cond = and(rest)
}

// uniqueable tells whether a semi join may be done from its right side: all its conditions are equalities between plain columns of its own and the rest, so that the different
// values of those columns can be joined as a table.
func (r *region) uniqueable(i int, b items) bool {
	x := &r.items[i]
	if x.kind != plan.Semi || x.lateral || len(x.on) == 0 || x.need&^b != 0 || x.need == 0 {
		return false
	}
	for _, c := range x.on {
		if _, _, ok := r.uniqueKey(x, c); !ok {
			return false
		}
	}
	return true
}

// uniqueKey takes apart own = other.
func (r *region) uniqueKey(x *joinItem, c expr.Expr) (own, other expr.Expr, ok bool) {
	a, b, ok := equalityOf(c)
	if !ok || !c.(*expr.Call).Operator.CanHash || volatile(c) || !hashable(a.Type(), b.Type()) || a.Type().OID != b.Type().OID {
		return nil, nil, false
	}
	if reads(b).in(x.rels) && !reads(b).empty() {
		a, b = b, a
	}
	_, plain := a.(*expr.Var)
	return a, b, plain && reads(a).in(x.rels) && !reads(b).meets(x.rels)
}

// tryUnique looks at joining the different keys of a semi join's right side with the rest, which can be looked up by them.
func (r *region) tryUnique(a, b items) *joinPlan {
	x := &r.items[a.first()]
	own := make([]expr.Expr, len(x.on))
	for i, c := range x.on {
		own[i], _, _ = r.uniqueKey(x, c)
	}
	keys := x.est
	if !uniqueRows(x.node, own) {
		keys = plan.Estimate{Rows: r.p.groups(own, x.est.Rows), Width: r.p.widths(own)}
		keys.Startup = x.est.Total + volume(x.est.Rows)*costProbe + volume(keys.Rows)*costBuild
		keys.Total = keys.Startup + volume(keys.Rows)*costRow
	}
	right := r.best[b]
	j := joinPlan{left: a, right: b, unique: true}
	if known := r.best[a|b]; known != nil {
		j.est.Rows = known.est.Rows
	} else {
		j.est.Rows = r.p.joinRows(plan.Semi, right.est.Rows, x.est.Rows, r.relsOf(b), x.on)
	}
	j.est.Width = right.est.Width
	h := j
	h.method = hashed
	h.est.Startup = keys.Total + right.est.Total + volume(right.est.Rows)*costBuild
	h.est.Total = h.est.Startup + volume(keys.Rows)*costProbe + volume(j.est.Rows)*costRow
	r.keep(h)
	if b.count() == 1 {
		if l := r.lookup(b.first(), a, x.on); l != nil {
			j.method, j.lookup = lookedUp, l
			j.est.Startup = keys.Startup
			j.est.Total = keys.Total + keys.Rows*(l.est.Total+costRow) + j.est.Rows*costRow
			r.keep(j)
		}
	}
	return r.best[a|b]
}

// buildUnique makes the plan of a semi join from its right side.
func (r *region) buildUnique(j *joinPlan) plan.Node {
	x := &r.items[j.left.first()]
	own := make([]expr.Expr, len(x.on))
	for i, c := range x.on {
		own[i], _, _ = r.uniqueKey(x, c)
	}
	if uniqueRows(x.node, own) {
		n := &plan.Join{Kind: plan.Inner, Left: x.node}
		if j.method == lookedUp {
			n.Right, n.Cond, n.Lateral = j.lookup.node, and(j.lookup.rest), true
		} else {
			n.Right = r.build(j.right)
			withKeys(n, x.on, x.rels, r.relsOf(j.right))
		}
		r.p.known[n] = j.est
		return n
	}
	group := &plan.Aggregate{Rel: r.p.newRel(), Input: x.node}
	swap := map[expr.ColID]expr.Expr{}
	for _, c := range x.on {
		own, _, _ := r.uniqueKey(x, c)
		v := own.(*expr.Var)
		if swap[v.ID] != nil {
			continue
		}
		group.Keys = append(group.Keys, own)
		swap[v.ID] = &expr.Var{Typed: v.Typed, ID: expr.ColID{Rel: group.Rel, Num: int16(len(group.Keys))}, Name: v.Name}
	}
	r.p.register(group)
	renamed := func(c expr.Expr) expr.Expr {
		return plan.MapExpr(c, func(e expr.Expr) (expr.Expr, bool) {
			if v, ok := e.(*expr.Var); ok && swap[v.ID] != nil {
				return swap[v.ID], true
			}
			return nil, false
		})
	}
	on := make([]expr.Expr, len(x.on))
	for i, c := range x.on {
		on[i] = renamed(c)
	}
	n := &plan.Join{Kind: plan.Inner, Left: group}
	if j.method == lookedUp {
		n.Right = plan.MapAll(j.lookup.node, renamed)
		rest := make([]expr.Expr, len(j.lookup.rest))
		for i, c := range j.lookup.rest {
			rest[i] = renamed(c)
		}
		n.Cond, n.Lateral = and(rest), true
	} else {
		n.Right = r.build(j.right)
		withKeys(n, on, oneRel(group.Rel), r.relsOf(j.right))
	}
	r.p.known[n] = j.est
	return n
}
