package bind

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// maxGroupingSets is PostgreSQL's limit for the sets that CUBE and ROLLUP expand to.
const maxGroupingSets = 4096

// groupClause binds GROUP BY: the keys, and with GROUPING SETS, ROLLUP or CUBE the sets as positions in the keys.
func (b *binder) groupClause(q *query, list []*pg_query.Node) {
	sets := false
	product := [][]int{{}}
	for _, n := range list {
		var alternatives [][]int
		if g := n.GetGroupingSet(); g != nil {
			sets = true
			alternatives = b.groupingSet(q, g)
		} else {
			alternatives = [][]int{b.groupKeys(q, n)}
		}
		product = b.crossSets(product, alternatives)
	}
	if sets {
		if q.stmt.GroupDistinct {
			product = distinctSets(product)
		}
		q.sets = product
	}
}

// crossSets combines the sets of two elements of GROUP BY.
func (b *binder) crossSets(left, right [][]int) [][]int {
	if len(left)*len(right) > maxGroupingSets {
		b.errorf(-1, pgerr.StatementTooComplex, "too many grouping sets present (maximum %d)", maxGroupingSets)
	}
	var out [][]int
	for _, l := range left {
		for _, r := range right {
			out = append(out, mergeKeys(l, r))
		}
	}
	return out
}

func mergeKeys(l, r []int) []int {
	out := append([]int{}, l...)
	for _, k := range r {
		if !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

func distinctSets(sets [][]int) [][]int {
	var out [][]int
	for _, s := range sets {
		s = slices.Sorted(slices.Values(s))
		if !slices.ContainsFunc(out, func(o []int) bool { return slices.Equal(o, s) }) {
			out = append(out, s)
		}
	}
	return out
}

// groupingSet expands one GROUPING SETS, ROLLUP, CUBE or ().
func (b *binder) groupingSet(q *query, g *pg_query.GroupingSet) [][]int {
	switch g.Kind {
	case pg_query.GroupingSetKind_GROUPING_SET_EMPTY:
		return [][]int{{}}
	case pg_query.GroupingSetKind_GROUPING_SET_SETS:
		var out [][]int
		for _, c := range g.Content {
			if inner := c.GetGroupingSet(); inner != nil {
				out = append(out, b.groupingSet(q, inner)...)
			} else {
				out = append(out, b.groupKeys(q, c))
			}
		}
		return out
	}
	parts := make([][]int, len(g.Content))
	for i, c := range g.Content {
		parts[i] = b.groupKeys(q, c)
	}
	if g.Kind == pg_query.GroupingSetKind_GROUPING_SET_ROLLUP {
		out := [][]int{}
		for n := len(parts); n >= 0; n-- {
			set := []int{}
			for _, p := range parts[:n] {
				set = mergeKeys(set, p)
			}
			out = append(out, set)
		}
		return out
	}
	return b.cube(g, parts)
}

func (b *binder) cube(g *pg_query.GroupingSet, parts [][]int) [][]int {
	if len(parts) > 12 {
		b.errorf(g.Location, pgerr.TooManyColumns, "CUBE is limited to 12 elements")
	}
	var out [][]int
	for mask := 1<<len(parts) - 1; mask >= 0; mask-- {
		set := []int{}
		for i, p := range parts {
			if mask&(1<<(len(parts)-1-i)) != 0 {
				set = mergeKeys(set, p)
			}
		}
		out = append(out, set)
	}
	return out
}

// groupKeys gives the positions of the keys that one element names, which (a, b) does for several.
func (b *binder) groupKeys(q *query, n *pg_query.Node) []int {
	if r := n.GetRowExpr(); r != nil && r.RowFormat == pg_query.CoercionForm_COERCE_IMPLICIT_CAST {
		var out []int
		for _, a := range r.Args {
			out = mergeKeys(out, b.groupKeys(q, a))
		}
		return out
	}
	before := len(q.targets)
	t := b.findTarget(q, n, kindGroupBy)
	q.targets = q.targets[:before]
	if t.e.Type() == unknownType {
		t.e = b.coerce(t.e, textType, -1, implicitCast, expr.AsImplicitCast)
	}
	if containsAggregate(t.e) {
		b.errorf(b.loc(t.e), pgerr.GroupingError, "aggregate functions are not allowed in GROUP BY")
	}
	if w := windowCallIn(t.e); w != nil {
		b.errorf(b.loc(w), pgerr.WindowingError, "window functions are not allowed in GROUP BY")
	}
	if !comparable(t.e.Type()) {
		b.noEquality(t.e, t.e.Type())
	}
	for i, g := range q.groups {
		if expr.Equal(g, t.e) {
			return []int{i}
		}
	}
	q.groups = append(q.groups, t.e)
	return []int{len(q.groups) - 1}
}

func containsAggregate(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		if _, ok := e.(*expr.Aggregate); ok {
			found = true
		}
		return !found
	})
	return found
}

// grouper replaces what is computed by an Aggregate node in the expressions above it.
type grouper struct {
	b    *binder
	q    *query
	node *plan.Aggregate
	keys int // of GROUP BY; functionally dependent columns follow

	direct bool // the direct arguments of an ordered-set aggregate are looked at
}

// buildAggregate puts the Aggregate under the targets and HAVING; exprs are rewritten in place.
func (b *binder) buildAggregate(q *query, n plan.Node, exprs []expr.Expr) plan.Node {
	g := &grouper{b: b, q: q, node: &plan.Aggregate{Rel: b.newRel(), Input: n, Sets: q.sets}, keys: len(q.groups)}
	g.node.Keys = slices.Clone(q.groups)
	for i, e := range exprs {
		exprs[i] = g.rewrite(e, false)
	}
	having := q.having
	if having != nil {
		having = g.rewrite(having, false)
	}
	if b.anySets(g.node.Keys) {
		b.setsBelow(g.node)
	}
	// Positions are known now that all keys and aggregates are.
	for i, e := range exprs {
		exprs[i] = g.place(e)
	}
	if having != nil {
		return &plan.Filter{Input: g.node, Cond: g.place(having)}
	}
	return g.node
}

// Until all keys and aggregates are known, references to aggregates and groupings have these offsets, which place takes away.
const (
	aggregateOffset = 10000
	groupingOffset  = 20000
)

func (g *grouper) ref(e expr.Expr, num int, name string) expr.Expr {
	return g.b.at(&expr.Var{Typed: typed(e.Type(), e.Typmod()), ID: expr.ColID{Rel: g.node.Rel, Num: int16(num)}, Name: name}, g.b.loc(e))
}

func (g *grouper) place(e expr.Expr) expr.Expr {
	return plan.MapExpr(e, func(x expr.Expr) (expr.Expr, bool) {
		v, ok := x.(*expr.Var)
		if !ok || v.ID.Rel != g.node.Rel {
			return nil, false
		}
		c := *v
		switch {
		case v.ID.Num >= groupingOffset:
			c.ID.Num = v.ID.Num - groupingOffset + int16(len(g.node.Keys)+len(g.node.Aggs))
		case v.ID.Num >= aggregateOffset:
			c.ID.Num = v.ID.Num - aggregateOffset + int16(len(g.node.Keys))
		}
		return &c, true
	})
}

// rewrite replaces keys, aggregates and groupings of this query by columns of the Aggregate, and refuses other columns of its input.
func (g *grouper) rewrite(e expr.Expr, inSubquery bool) expr.Expr {
	b := g.b
	switch x := e.(type) {
	case *expr.Const, *expr.Param:
		return e
	case *expr.Aggregate:
		if b.aggScopes[x] == g.q.scope {
			return g.aggregate(x)
		}
	case *expr.Grouping:
		if b.groupings[x] != nil && b.groupings[x].scope == g.q.scope {
			return g.grouping(x)
		}
	}
	for i, k := range g.node.Keys {
		if expr.Equal(k, e) {
			return g.ref(e, i+1, exprName(e))
		}
	}
	if v, ok := e.(*expr.Var); ok {
		return g.column(v, inSubquery)
	}
	n := expr.MapChildren(e, func(c expr.Expr) expr.Expr { return g.rewrite(c, inSubquery) })
	if s, ok := n.(*expr.Subquery); ok {
		if p, ok := s.Plan.(plan.Node); ok {
			if r := plan.MapAll(p, func(c expr.Expr) expr.Expr { return g.rewrite(c, true) }); r != p {
				c := *s
				c.Plan = r
				if q := b.subquery[e.(*expr.Subquery)]; q != nil {
					b.subquery[&c] = q
				}
				return b.at(&c, b.loc(e))
			}
		}
	}
	if n != e {
		b.at(n, b.loc(e))
	}
	return n
}

func exprName(e expr.Expr) string {
	if v, ok := e.(*expr.Var); ok {
		return v.Name
	}
	return ""
}

// column is a plain column above the Aggregate: an error, unless it belongs to another query level or a key of its table is grouped by.
func (g *grouper) column(v *expr.Var, inSubquery bool) expr.Expr {
	b := g.b
	en := b.entries[v.ID.Rel]
	if en == nil || en.scope != g.q.scope {
		return v
	}
	if g.dependsOnKey(en) {
		g.node.Keys = append(g.node.Keys, v)
		for i := range g.node.Sets {
			g.node.Sets[i] = append(slices.Clone(g.node.Sets[i]), len(g.node.Keys)-1)
		}
		return g.ref(v, len(g.node.Keys), v.Name)
	}
	if inSubquery {
		b.errorf(b.loc(v), pgerr.GroupingError, "subquery uses ungrouped column \"%s.%s\" from outer query", en.name, v.Name)
	}
	e := pgerr.Newf(pgerr.GroupingError, "column \"%s.%s\" must appear in the GROUP BY clause or be used in an aggregate function", en.name, v.Name)
	if g.direct {
		e.WithDetail("Direct arguments of an ordered-set aggregate must use only grouped columns.")
	}
	b.failAt(b.loc(v), e)
	return nil
}

// dependsOnKey tells whether a table's primary key is among the group keys, so that its other columns have one value in each group.
func (g *grouper) dependsOnKey(en *rangeEntry) bool {
	if en.kind != tableEntry || en.table.Kind != desc.Table {
		return false
	}
	pk := en.table.Clustered()
	if pk == nil || len(pk.Keys) == 0 {
		return false
	}
	for _, k := range pk.Keys {
		if !slices.ContainsFunc(g.q.groups, func(e expr.Expr) bool {
			v, ok := e.(*expr.Var)
			return ok && v.ID == expr.ColID{Rel: en.rel, Num: k.Num}
		}) {
			return false
		}
	}
	for _, s := range g.q.sets {
		if len(s) < g.keys {
			return false
		}
	}
	return true
}

func (g *grouper) aggregate(a *expr.Aggregate) expr.Expr {
	for i, x := range g.node.Aggs {
		if expr.Equal(x, a) && a.Proc.Volatile != 'v' {
			return g.ref(a, aggregateOffset+i+1, a.Proc.Name)
		}
	}
	g.direct = true
	for _, d := range a.Direct {
		g.rewrite(d, false)
	}
	g.direct = false
	g.node.Aggs = append(g.node.Aggs, a)
	return g.ref(a, aggregateOffset+len(g.node.Aggs), a.Proc.Name)
}

func (g *grouper) grouping(x *expr.Grouping) expr.Expr {
	b := g.b
	n := *x
	for _, a := range b.groupings[x].args {
		at := slices.IndexFunc(g.q.groups, func(k expr.Expr) bool { return expr.Equal(k, a) })
		if at < 0 {
			b.errorf(b.loc(a), pgerr.GroupingError, "arguments to GROUPING must be grouping expressions of the associated query level")
		}
		n.Keys = append(n.Keys, at)
	}
	g.node.Grouping = append(g.node.Grouping, &n)
	return g.ref(x, groupingOffset+len(g.node.Grouping), "grouping")
}
