package opt

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// dynamicItems is up to how many items all orders are looked at; beyond, the cheapest join is made first, again and again.
const dynamicItems = 10

// joinMethod is how two sets of items are joined.
type joinMethod uint8

const (
	leaf joinMethod = iota
	hashed
	hashedLeft // the hash table is made of the left side
	looped     // each row with each
	lookedUp   // the right side is one item that is looked up for each row
)

// joinPlan is the cheapest way that is known to join a set of items.
type joinPlan struct {
	est         plan.Estimate
	left, right items
	method      joinMethod
	unique      bool // the left side is the right side of a semi join, its keys made unique, and the join an inner one
	lookup      *lookup
}

// lookup is an item with join conditions pushed into it, so that it finds its rows by them.
type lookup struct {
	node plan.Node
	est  plan.Estimate
	rest []expr.Expr // conditions that stay above
}

// lookupKey names a lookup: the item, and the other side's items as far as they have conditions with it.
type lookupKey struct {
	item int
	by   items
}

func (r *region) search() {
	r.best = make(map[items]*joinPlan, 2*len(r.items))
	r.lookups = make(map[lookupKey]*lookup)
	for i := range r.items {
		r.best[1<<uint(i)] = &joinPlan{est: r.items[i].est}
	}
	if len(r.items) <= dynamicItems {
		r.dynamic()
		if r.best[r.full()] != nil {
			return
		}
	}
	r.greedy()
}

// dynamic finds the cheapest order by the cheapest ones of all parts.
func (r *region) dynamic() {
	full := r.full()
	near := make([]items, full+1)
	for s := items(1); s <= full; s++ {
		near[s] = r.nearOf(s)
	}
	for s := items(3); s <= full; s++ {
		if s.count() < 2 {
			continue
		}
		for a := (s - 1) & s; a > 0; a = (a - 1) & s {
			if near[a]&(s^a) != 0 {
				r.try(a, s^a)
			}
		}
	}
}

// greedy joins the two sets whose join has the fewest rows, until one is left.
func (r *region) greedy() {
	var sets []items
	for i := range r.items {
		sets = append(sets, 1<<uint(i))
	}
	for len(sets) > 1 {
		var a, b int
		var best *joinPlan
		for _, connected := range []bool{true, false} {
			for i := range sets {
				for k := range sets {
					if i == k || connected && r.nearOf(sets[i])&sets[k] == 0 {
						continue
					}
					if j := r.try(sets[i], sets[k]); j != nil && (best == nil || j.est.Rows < best.est.Rows || j.est.Rows == best.est.Rows && j.est.Total < best.est.Total) {
						a, b, best = i, k, j
					}
				}
			}
			if best != nil {
				break
			}
		}
		joined := sets[a] | sets[b]
		var rest []items
		for i, s := range sets {
			if i != a && i != b {
				rest = append(rest, s)
			}
		}
		sets = append(rest, joined)
	}
}

// try looks at joining two sets with a on the left, and gives the best plan for them together; nil when they cannot be joined so.
func (r *region) try(a, b items) *joinPlan {
	left, right := r.best[a], r.best[b]
	if left == nil || right == nil {
		return nil
	}
	kind, on, dep := plan.Inner, []expr.Expr(nil), (*joinItem)(nil)
	if b.count() == 1 && r.items[b.first()].dependent {
		dep = &r.items[b.first()]
		if dep.need&^a != 0 {
			return nil
		}
		kind, on = dep.kind, dep.on
	}
	if a.count() == 1 && r.items[a.first()].dependent {
		if dep != nil || !r.uniqueable(a.first(), b) {
			return nil
		}
		return r.tryUnique(a, b)
	}
	cs := r.between(a, b)
	if dep == nil || kind == plan.Inner {
		on = append(on[:len(on):len(on)], cs...)
		cs = nil
	}
	s := a | b
	rows := 0.0
	if known := r.best[s]; known != nil {
		rows = known.est.Rows
	} else {
		if dep != nil && dep.lateral {
			rows = r.p.lateralRows(kind, left.est.Rows, right.est.Rows, on)
		} else {
			rows = r.p.joinRows(kind, left.est.Rows, right.est.Rows, r.relsOf(a), on)
		}
		if len(cs) > 0 {
			rows = atLeastOne(rows * r.p.selectivity(cs))
		}
	}
	j := joinPlan{left: a, right: b}
	j.est.Rows, j.est.Width = rows, left.est.Width+right.est.Width
	if kind == plan.Semi || kind == plan.Anti {
		j.est.Width = left.est.Width
	}
	if dep == nil || !dep.lateral {
		r.tryHash(j, kind, on)
		r.tryLoop(j, kind, on)
	}
	if b.count() == 1 {
		r.tryLookup(j, kind, on, dep)
	}
	return r.best[s]
}

func (r *region) relsOf(s items) relSet {
	var out relSet
	for t := s; t != 0; t &= t - 1 {
		out = out.or(r.items[t.first()].rels)
	}
	return out
}

// keep makes a plan the best one of its set if it is.
func (r *region) keep(j joinPlan) {
	s := j.left | j.right
	if old := r.best[s]; old == nil || j.est.Total < old.est.Total {
		r.best[s] = &j
	}
}

// hashKeys counts the conditions that a hash join can use.
func hashKeys(on []expr.Expr, left, right relSet) int {
	n := 0
	for _, c := range on {
		if _, _, ok := keyPair(c, left, right); ok {
			n++
		}
	}
	return n
}

func (r *region) tryHash(j joinPlan, kind plan.JoinKind, on []expr.Expr) {
	keys := hashKeys(on, r.relsOf(j.left), r.relsOf(j.right))
	if keys == 0 {
		return
	}
	l, q := r.best[j.left].est, r.best[j.right].est
	test := 0.0
	if len(on) > keys {
		test = costOperator * float64(len(on)-keys)
	}
	cost := func(build, probe plan.Estimate, method joinMethod) {
		x := j
		x.method = method
		building := volume(build.Rows) * costBuild * (1 + float64(build.Width)/400)
		x.est.Startup = build.Total + building + probe.Startup
		x.est.Total = l.Total + q.Total + building + volume(probe.Rows)*costProbe + volume(j.est.Rows)*(costRow+test) + r.p.penalty(HashJoin)
		r.keep(x)
	}
	cost(q, l, hashed)
	if kind == plan.Semi || kind == plan.Anti || kind == plan.Left {
		cost(l, q, hashedLeft)
	}
}

func (r *region) tryLoop(j joinPlan, kind plan.JoinKind, on []expr.Expr) {
	l, q := r.best[j.left].est, r.best[j.right].est
	j.method = looped
	pairs := l.Rows * q.Rows
	if kind == plan.Semi && len(on) == 0 {
		pairs = l.Rows
	}
	j.est.Startup = l.Startup + q.Total
	j.est.Total = l.Total + q.Total + q.Rows*costBuild + pairs*(costRow/2+costOperator*float64(len(on))) + j.est.Rows*costRow + r.p.penalty(NestedLoop)
	r.keep(j)
}

// tryLookup looks at running the right item again for each row of the left side, with the join conditions pushed into it. It is worth it where they find an index, or
// where the item is lateral anyhow.
func (r *region) tryLookup(j joinPlan, kind plan.JoinKind, on []expr.Expr, dep *joinItem) {
	if kind != plan.Inner && kind != plan.Left && kind != plan.Semi && kind != plan.Anti {
		return
	}
	i := j.right.first()
	x := r.lookup(i, j.left, on)
	if x == nil {
		return
	}
	l := r.best[j.left].est
	once := x.est.Total
	if kind == plan.Semi || kind == plan.Anti {
		once = x.est.Startup + (x.est.Total-x.est.Startup)/max(1, x.est.Rows/2)
	}
	j.method, j.lookup = lookedUp, x
	j.est.Startup = l.Startup + x.est.Startup
	j.est.Total = l.Total + l.Rows*(once+costRow) + j.est.Rows*costRow + l.Rows*x.est.Rows*r.p.evaluation(x.rest...) + r.p.penalty(NestedLoop)
	r.keep(j)
}

// lookup gives an item with the conditions pushed into it that it can find rows by; nil when it cannot.
func (r *region) lookup(i int, by items, on []expr.Expr) *lookup {
	x := &r.items[i]
	k := lookupKey{i, by & x.near}
	if len(r.preds) > 0 || len(x.on) > 0 { // conditions on more than two items depend on all that is there
		k.by = by
	}
	if l, ok := r.lookups[k]; ok {
		return l
	}
	l := r.makeLookup(x, on)
	r.lookups[k] = l
	return l
}

func (r *region) makeLookup(x *joinItem, on []expr.Expr) *lookup {
	if x.lateral {
		return &lookup{node: x.node, est: x.est, rest: on}
	}
	var keys, rest []expr.Expr
	for _, c := range on {
		if !volatile(c) && !hasSubquery(c) && reads(c).meets(x.rels) && !reads(c).in(x.rels) {
			keys = append(keys, c)
			continue
		}
		rest = append(rest, c)
	}
	if len(keys) == 0 || !canTake(x.bare) {
		return nil
	}
	pushed := push(x.bare, keys)
	if f, up := pushed.(*plan.Filter); up { // what does not go into it is asked of the joined rows
		stays := conjuncts(f.Cond)
		if len(stays) >= len(keys) {
			return nil
		}
		rest, pushed = append(rest, stays...), f.Input
	}
	node := r.p.physical(pushed)
	est := r.p.estimate(node)
	if g, ok := node.(*plan.Aggregate); ok && len(keys) >= len(g.Keys) { // one group, by a look-up of its keys
		est.Rows = min(est.Rows, 1)
		r.p.known[node] = est
	}
	if est.Total >= x.est.Total { // no index takes the conditions
		return nil
	}
	return &lookup{node, est, rest}
}

// canTake tells whether a plan may be run again for each outer row: it keeps no rows and computes nothing but what it passes on.
func canTake(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Scan, *plan.SystemScan:
		return true
	case *plan.Filter:
		return canTake(n.Input)
	case *plan.Project:
		for _, e := range n.Exprs {
			if volatile(e) || hasSubquery(e) {
				return false
			}
		}
		return canTake(n.Input)
	case *plan.Join:
		return (n.Kind == plan.Inner || n.Kind == plan.Left || n.Kind == plan.Semi || n.Kind == plan.Anti) && canTake(n.Left) && canTake(n.Right)
	case *plan.Aggregate:
		return n.Sets == nil && len(n.Keys) > 0 && canTake(n.Input)
	}
	return false
}

// lateralRows is the number of rows of a lateral join, whose right side is run for each left row.
func (p *planner) lateralRows(kind plan.JoinKind, l, r float64, on []expr.Expr) float64 {
	s := p.selectivity(on)
	switch kind {
	case plan.Left:
		return atLeastOne(l * max(1, r*s))
	case plan.Semi:
		return atLeastOne(l * min(1, r*s))
	case plan.Anti:
		return atLeastOne(l * max(0.1, 1-r*s))
	}
	return atLeastOne(l * r * s)
}
