package opt

import (
	"math/bits"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// items is a set of the items of a region.
type items uint64

func (s items) has(i int) bool { return s&(1<<uint(i)) != 0 }
func (s items) count() int     { return bits.OnesCount64(uint64(s)) }
func (s items) first() int     { return bits.TrailingZeros64(uint64(s)) }

// maxItems bounds a region: what is beyond is planned as a region of its own.
const maxItems = 60

// region is a part of a plan whose joins may be done in any order: inputs of inner joins, and dependents, which are the right sides of left, semi, anti and lateral joins. A
// dependent extends or drops each row of what is to its left for itself, so it can come at any time after the inputs that its condition reads.
type region struct {
	p       *planner
	items   []joinItem
	preds   []pred
	classes []class
	top     []expr.Expr // conditions that read no item
	all     relSet
	best    map[items]*joinPlan
	lookups map[lookupKey]*lookup
}

// joinItem is an input or a dependent of a region.
type joinItem struct {
	bare      plan.Node // before access paths and join orders were chosen in it
	node      plan.Node
	rels      relSet
	est       plan.Estimate
	dependent bool
	kind      plan.JoinKind // of a dependent
	lateral   bool          // it reads columns of those before it
	on        []expr.Expr   // of a dependent: its own conditions are in it already
	need      items         // of a dependent: what has to come before
	near      items         // items that it has conditions with
}

// pred is a condition on several items.
type pred struct {
	cond expr.Expr
	on   items
}

// class is a set of columns that are all equal. Joining two sets of items that both have members needs one equality.
type class struct {
	members []classMember
	on      items
	proto   *expr.Call  // an equality of the class
	pairs   []expr.Expr // those that were written
}

type classMember struct {
	item int
	v    expr.Expr
	id   expr.ColID
}

// physical gives the joins of a plan the order and the methods, and its scans the access paths, that are thought to cost least.
func (p *planner) physical(n plan.Node) plan.Node {
	switch n := n.(type) {
	case *plan.Scan:
		return p.scanAccess(n)
	case *plan.SystemScan:
		return systemAccess(n)
	case *plan.Join:
		if n.Kind == plan.Full {
			c := *n
			c.Left, c.Right = p.physical(n.Left), p.physical(n.Right)
			c.LeftKeys, c.RightKeys = nil, nil
			withKeys(&c, conjuncts(n.Cond), p.produced(n.Left), p.produced(n.Right))
			return &c
		}
	default:
		return plan.MapChildren(n, p.physical)
	}
	r := &region{p: p}
	var conds []expr.Expr
	r.flatten(n, &conds)
	return r.plan(conds)
}

// flatten collects the items and conditions of a region.
func (r *region) flatten(n plan.Node, conds *[]expr.Expr) {
	j, ok := n.(*plan.Join)
	if !ok || j.Kind == plan.Full || len(r.items) >= maxItems {
		r.items = append(r.items, joinItem{bare: n})
		return
	}
	switch {
	case j.Kind == plan.Inner && !j.Lateral:
		r.flatten(j.Left, conds)
		r.flatten(j.Right, conds)
		*conds = append(*conds, conjuncts(j.Cond)...)
	case j.Kind == plan.Right:
		r.flatten(j.Right, conds)
		r.items = append(r.items, joinItem{bare: j.Left, dependent: true, kind: plan.Left, on: conjuncts(j.Cond)})
	default:
		r.flatten(j.Left, conds)
		r.items = append(r.items, joinItem{bare: j.Right, dependent: true, kind: j.Kind, lateral: j.Lateral, on: conjuncts(j.Cond)})
	}
}

func (r *region) plan(conds []expr.Expr) plan.Node {
	for i := range r.items {
		x := &r.items[i]
		x.rels = r.p.produced(x.bare)
		r.all = r.all.or(x.rels)
	}
	for _, c := range conds {
		if r.fixed(c) {
			continue
		}
		on := r.reading(reads(c))
		switch {
		case on == 0 || volatile(c):
			r.top = append(r.top, c)
		case on.count() == 1 && !r.items[on.first()].dependent:
			x := &r.items[on.first()]
			x.bare = push(x.bare, []expr.Expr{c})
		default:
			r.preds = append(r.preds, pred{c, on})
		}
	}
	for i := range r.items {
		x := &r.items[i]
		x.node = r.p.physical(x.bare)
		x.est = r.p.estimate(x.node)
		if x.dependent {
			x.need = r.needs(i)
		}
	}
	r.classify()
	r.connect()
	r.search()
	return filter(r.build(r.full()), r.top)
}

func (r *region) full() items { return 1<<uint(len(r.items)) - 1 }

// reading gives the items that have some of the relations.
func (r *region) reading(rels relSet) items {
	var s items
	for i := range r.items {
		if rels.meets(r.items[i].rels) {
			s |= 1 << uint(i)
		}
	}
	return s
}

// needs gives what has to come before a dependent: what its conditions and, when it is lateral, its plan read.
func (r *region) needs(i int) items {
	x := &r.items[i]
	var s items
	for _, c := range x.on {
		s |= r.reading(reads(c))
	}
	if x.lateral {
		for _, id := range plan.Outer(x.node) {
			s |= r.reading(oneRel(id.Rel))
		}
	}
	return s &^ (1 << uint(i))
}

// classify gathers columns of inputs that are equal by the conditions.
func (r *region) classify() {
	var rest []pred
	for _, q := range r.preds {
		if !r.enter(q) {
			rest = append(rest, q)
		}
	}
	r.preds = rest
}

// enter puts an equality of two columns into the classes; false when it is none of the kind.
func (r *region) enter(q pred) bool {
	c, ok := q.cond.(*expr.Call)
	if !ok || c.Operator == nil || c.Operator.Name != "=" || !c.Operator.CanHash || q.on.count() != 2 {
		return false
	}
	a, ok1 := r.member(c.Args[0])
	b, ok2 := r.member(c.Args[1])
	if !ok1 || !ok2 || a.item == b.item || c.Args[0].Type().OID != c.Args[1].Type().OID {
		return false
	}
	ca, cb := r.classOf(a.id, c), r.classOf(b.id, c)
	switch {
	case ca < 0 && cb < 0:
		r.classes = append(r.classes, class{members: []classMember{a, b}, on: q.on, proto: c, pairs: []expr.Expr{c}})
	case ca >= 0 && cb >= 0:
		x := &r.classes[ca]
		if ca != cb {
			y := r.classes[cb]
			x.members, x.on, x.pairs = append(x.members, y.members...), x.on|y.on, append(x.pairs, y.pairs...)
			r.classes = append(r.classes[:cb:cb], r.classes[cb+1:]...)
			if cb < ca {
				x = &r.classes[ca-1]
			}
		}
		x.pairs = append(x.pairs, c)
	default:
		at, m := ca, b
		if ca < 0 {
			at, m = cb, a
		}
		x := &r.classes[at]
		if x.on.has(m.item) { // two columns of one item: the item itself does not know that they are equal
			return false
		}
		x.members, x.on, x.pairs = append(x.members, m), x.on|1<<uint(m.item), append(x.pairs, c)
	}
	return true
}

// member finds a column of an input; those of dependents may be NULL where the others are not.
func (r *region) member(e expr.Expr) (classMember, bool) {
	id, ok := plainColumn(e)
	if !ok {
		return classMember{}, false
	}
	for i := range r.items {
		if x := &r.items[i]; x.rels.has(id.Rel) {
			return classMember{i, e, id}, !x.dependent
		}
	}
	return classMember{}, false
}

func (r *region) classOf(id expr.ColID, c *expr.Call) int {
	for i := range r.classes {
		if r.classes[i].proto.Operator.OID != c.Operator.OID {
			continue
		}
		for _, m := range r.classes[i].members {
			if m.id == id {
				return i
			}
		}
	}
	return -1
}

// between gives the conditions that can be asked when two sets of items meet, and not before.
func (r *region) between(a, b items) []expr.Expr {
	var out []expr.Expr
	both := a | b
	for i := range r.preds {
		q := &r.preds[i]
		if q.on&^both == 0 && q.on&a != 0 && q.on&b != 0 {
			out = append(out, q.cond)
		}
	}
	for i := range r.classes {
		c := &r.classes[i]
		if c.on&a != 0 && c.on&b != 0 {
			out = append(out, c.equality(a, b))
		}
	}
	return out
}

// equality gives an equality between a member in a and one in b: a written one if there is, else a new one.
func (c *class) equality(a, b items) expr.Expr {
	var left, right expr.Expr
	for _, m := range c.members {
		if a.has(m.item) && left == nil {
			left = m.v
		}
		if b.has(m.item) && right == nil {
			right = m.v
		}
	}
	for _, x := range c.pairs {
		e := x.(*expr.Call)
		ia, ib := c.itemOf(e.Args[0]), c.itemOf(e.Args[1])
		if a.has(ia) && b.has(ib) || a.has(ib) && b.has(ia) {
			return x
		}
	}
	e := *c.proto
	e.Args = []expr.Expr{left, right}
	made := &e
	c.pairs = append(c.pairs, made)
	return made
}

func (c *class) itemOf(e expr.Expr) int {
	id, _ := plainColumn(e)
	for _, m := range c.members {
		if m.id == id {
			return m.item
		}
	}
	return 0
}

// connect notes which items have conditions with each other. Parts that have none with the rest are tied together at their smallest inputs.
func (r *region) connect() {
	tie := func(s items) {
		for i := range r.items {
			if s.has(i) {
				r.items[i].near |= s &^ (1 << uint(i))
			}
		}
	}
	for i := range r.preds {
		if r.preds[i].on.count() == 2 {
			tie(r.preds[i].on)
		}
	}
	for i := range r.classes {
		tie(r.classes[i].on)
	}
	for i := range r.items {
		if x := &r.items[i]; x.dependent {
			for k := range r.items {
				if x.need.has(k) {
					tie(1<<uint(k) | 1<<uint(i))
				}
			}
			if x.need.count() > 1 { // all that it needs has to come together first
				for k := range r.items {
					if x.need.has(k) {
						x.near |= 1 << uint(k)
					}
				}
			}
		}
	}
	inputs := items(0)
	for i := range r.items {
		if !r.items[i].dependent {
			inputs |= 1 << uint(i)
		}
	}
	for {
		part := r.component(inputs.first(), inputs)
		rest := inputs &^ part
		if rest == 0 {
			break
		}
		tie(1<<uint(r.smallest(part)) | 1<<uint(r.smallest(rest)))
	}
	for i := range r.items {
		if x := &r.items[i]; x.dependent && x.near == 0 {
			x.near = 1 << uint(r.smallest(inputs))
			r.items[x.near.first()].near |= 1 << uint(i)
		}
	}
}

// component gives the items that can be reached from one within some.
func (r *region) component(from int, within items) items {
	reached := items(1) << uint(from)
	for {
		next := reached
		for i := range r.items {
			if reached.has(i) {
				next |= r.items[i].near & within
			}
		}
		if next == reached {
			return reached
		}
		reached = next
	}
}

func (r *region) smallest(s items) int {
	best := -1
	for i := range r.items {
		if s.has(i) && (best < 0 || r.items[i].est.Rows < r.items[best].est.Rows) {
			best = i
		}
	}
	return best
}

// nearOf gives what a set of items has conditions with.
func (r *region) nearOf(s items) items {
	var out items
	for t := s; t != 0; t &= t - 1 {
		out |= r.items[t.first()].near
	}
	return out &^ s
}

// fixed tells whether a condition is an equality of two columns that both equal the same constant, by the conditions on the items themselves: then it says nothing new.
func (r *region) fixed(c expr.Expr) bool {
	a, b, ok := equalityOf(c)
	if !ok {
		return false
	}
	x, ok1 := plainColumn(a)
	y, ok2 := plainColumn(b)
	if !ok1 || !ok2 || x.Rel == y.Rel {
		return false
	}
	var vx, vy expr.Expr
	for i := range r.items {
		if it := &r.items[i]; !it.dependent {
			if it.rels.has(x.Rel) {
				vx = constantOf(it.bare, x, c)
			}
			if it.rels.has(y.Rel) {
				vy = constantOf(it.bare, y, c)
			}
		}
	}
	return vx != nil && vy != nil && expr.Equal(vx, vy)
}

// constantOf gives the constant that a column of a scan equals, by the operator of some equality; nil when it equals none.
func constantOf(n plan.Node, id expr.ColID, like expr.Expr) expr.Expr {
	s, ok := n.(*plan.Scan)
	if !ok {
		return nil
	}
	for _, c := range conjuncts(s.Filter) {
		a, b, ok := equalityOf(c)
		if !ok || c.(*expr.Call).Operator.OID != like.(*expr.Call).Operator.OID {
			continue
		}
		if v, is := a.(*expr.Var); is && v.ID == id && constantLike(b) {
			return b
		}
	}
	return nil
}
