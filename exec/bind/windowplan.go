package bind

import (
	"cmp"
	"slices"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// windowExprs are the expressions of the windows, which like the select list are computed above the grouping.
func (q *query) windowExprs() []expr.Expr {
	var out []expr.Expr
	for _, d := range q.windows {
		for _, k := range d.partition {
			out = append(out, k.Expr)
		}
		for _, k := range d.order {
			out = append(out, k.Expr)
		}
	}
	return out
}

// windower takes the calls over windows out of the select list.
type windower struct {
	b     *binder
	nodes []*plan.Window // by window, nil for one without calls so far
	keys  [][]expr.SortKey
}

// buildWindows puts a Window node for each window that is called under the select list, with the sorts that they need. exprs are the targets, then windowExprs, as
// they are above the grouping; the targets are rewritten in place.
func (b *binder) buildWindows(q *query, n plan.Node, exprs []expr.Expr) plan.Node {
	for b.anySets(exprs[len(q.targets):]) {
		var below []expr.Expr
		n, below = b.innerSets(n, exprs)
		copy(exprs, below)
	}
	w := &windower{b: b, nodes: make([]*plan.Window, len(q.windows)), keys: make([][]expr.SortKey, len(q.windows))}
	at := len(q.targets)
	for i, d := range q.windows {
		node := &plan.Window{Rel: b.newRel(), Frame: d.frame}
		for _, k := range d.partition {
			k.Expr = exprs[at]
			node.Partition = append(node.Partition, k.Expr)
			w.keys[i] = append(w.keys[i], k)
			at++
		}
		for _, k := range d.order {
			k.Expr = exprs[at]
			node.Order = append(node.Order, k)
			if !slices.ContainsFunc(w.keys[i], func(o expr.SortKey) bool { return expr.Equal(o.Expr, k.Expr) }) {
				w.keys[i] = append(w.keys[i], k)
			}
			at++
		}
		w.nodes[i] = node
	}
	for i := range q.targets {
		exprs[i] = w.rewrite(exprs[i])
	}
	var sorted []expr.SortKey
	for _, i := range w.sequence(q) {
		if keys := w.keys[i]; !startsWith(sorted, keys) {
			n = &plan.Sort{Input: n, Keys: keys}
			sorted = keys
		}
		w.nodes[i].Input = n
		n = w.nodes[i]
	}
	return n
}

// startsWith tells whether rows in the order of sorted are in the order of keys too.
func startsWith(sorted, keys []expr.SortKey) bool {
	if len(keys) > len(sorted) {
		return false
	}
	for i, k := range keys {
		s := sorted[i]
		if s.Desc != k.Desc || s.NullsFirst != k.NullsFirst || s.Operator != k.Operator || !expr.Equal(s.Expr, k.Expr) {
			return false
		}
	}
	return true
}

// sequence orders the windows that have calls as PostgreSQL does: those that begin with the same keys after each other, the longest first, so that one sort serves
// them; the order decides in which order rows come out of a query without ORDER BY.
func (w *windower) sequence(q *query) []int {
	var out []int
	for i, n := range w.nodes {
		if len(n.Calls) > 0 {
			out = append(out, i)
		}
	}
	type key struct {
		ref int
		expr.SortKey
	}
	keys := func(i int) []key {
		var list []key
		d := q.windows[i]
		for j, k := range append(slices.Clone(d.partition), d.order...) {
			if !slices.ContainsFunc(list, func(o key) bool { return o.ref == d.refs[j] }) {
				list = append(list, key{d.refs[j], k})
			}
		}
		return list
	}
	first := func(a, b bool) int {
		switch {
		case a == b:
			return 0
		case a:
			return -1
		}
		return 1
	}
	slices.SortStableFunc(out, func(i, j int) int {
		a, b := keys(i), keys(j)
		for k := range min(len(a), len(b)) {
			if c := cmp.Or(cmp.Compare(b[k].ref, a[k].ref), first(a[k].Desc, b[k].Desc), first(a[k].NullsFirst, b[k].NullsFirst)); c != 0 {
				return c
			}
		}
		return len(b) - len(a)
	})
	return out
}

// rewrite replaces calls by columns of their Window.
func (w *windower) rewrite(e expr.Expr) expr.Expr {
	if c, ok := e.(*expr.WindowCall); ok {
		return w.column(c)
	}
	n := expr.MapChildren(e, w.rewrite)
	if n == e {
		return e
	}
	if s, ok := n.(*expr.Subquery); ok {
		if q := w.b.subquery[e.(*expr.Subquery)]; q != nil {
			w.b.subquery[s] = q
		}
	}
	return w.b.at(n, w.b.loc(e))
}

func (w *windower) column(c *expr.WindowCall) expr.Expr {
	node := w.nodes[c.Window]
	at := slices.IndexFunc(node.Calls, func(o *expr.WindowCall) bool { return c.Proc.Volatile != 'v' && expr.Equal(o, c) })
	if at < 0 {
		at = len(node.Calls)
		node.Calls = append(node.Calls, c)
	}
	return w.b.at(&expr.Var{Typed: c.Typed, ID: expr.ColID{Rel: node.Rel, Num: int16(at + 1)}, Name: c.Proc.Name}, w.b.loc(c))
}
