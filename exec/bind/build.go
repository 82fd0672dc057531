package bind

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// buildSelect puts the plan of a SELECT together:
//
//	FROM → WHERE → grouping → HAVING → windows → ORDER BY on input columns → row locks → LIMIT → select list
//
// The select list comes earlier when later steps need its values: for set-returning functions, DISTINCT, and ORDER BY on computed values.
func (b *binder) buildSelect(q *query) {
	var n plan.Node = &plan.OneRow{}
	if q.from != nil {
		n = q.from.node
	}
	if q.where != nil {
		n = &plan.Filter{Input: n, Cond: q.where}
	}
	exprs := make([]expr.Expr, len(q.targets))
	for i, t := range q.targets {
		exprs[i] = t.e
	}
	exprs = append(exprs, q.windowExprs()...)
	if q.grouped {
		n = b.buildAggregate(q, n, exprs)
	}
	if q.scope.hasWindows {
		n = b.buildWindows(q, n, exprs)
	}
	exprs = exprs[:len(q.targets)]
	switch {
	case b.anySets(exprs):
		n, exprs = b.buildSets(q, n, exprs)
		b.finishSelect(q, n, exprs, true)
	case q.unique || len(q.on) > 0 || !q.sortsInput(exprs):
		b.finishSelect(q, n, exprs, false)
	default:
		b.sortFirst(q, n, exprs)
	}
}

// sortsInput tells whether all sort keys are plain columns of the input, so that sorting can go before the select list.
func (q *query) sortsInput(exprs []expr.Expr) bool {
	if len(q.locks) > 0 {
		return true
	}
	for _, s := range q.sorts {
		if _, ok := exprs[q.position(s.target)].(*expr.Var); !ok {
			return false
		}
	}
	return true
}

func (q *query) position(t *target) int {
	for i, x := range q.targets {
		if x == t {
			return i
		}
	}
	return -1
}

// sortKeys are the keys over given expressions of the targets.
func (q *query) sortKeys(exprs []expr.Expr) []expr.SortKey {
	keys := make([]expr.SortKey, len(q.sorts))
	for i, s := range q.sorts {
		keys[i] = s.key
		keys[i].Expr, keys[i].Desc, keys[i].NullsFirst = exprs[q.position(s.target)], s.desc, s.nullsFirst
	}
	return keys
}

func (q *query) sortAndLimit(n plan.Node, exprs []expr.Expr) plan.Node {
	keys := q.sortKeys(exprs)
	if len(keys) > 0 {
		n = &plan.Sort{Input: n, Keys: keys}
	}
	if len(q.on) > 0 {
		d := &plan.Distinct{Input: n}
		for _, t := range q.on {
			d.On = append(d.On, exprs[q.position(t)])
		}
		n = d
	}
	if len(q.locks) > 0 {
		n = &plan.LockRows{Input: n, Locks: q.locks}
	}
	return q.limited(n, keys)
}

func (q *query) limited(n plan.Node, keys []expr.SortKey) plan.Node {
	if q.limit.count == nil && q.limit.offset == nil {
		return n
	}
	l := &plan.Limit{Input: n, Count: q.limit.count, Offset: q.limit.offset, WithTies: q.limit.withTies}
	if l.WithTies {
		l.Keys = keys
	}
	return l
}

// sortFirst sorts by input columns and computes the select list last.
func (b *binder) sortFirst(q *query, n plan.Node, exprs []expr.Expr) {
	n = q.sortAndLimit(n, exprs)
	p := &plan.Project{Rel: b.newRel(), Input: n}
	for i, t := range q.targets {
		if !t.junk {
			p.Exprs, p.Names = append(p.Exprs, exprs[i]), append(p.Names, t.name)
		}
	}
	q.node = p
	b.setOutput(q, p.Rel)
}

// finishSelect computes the select list (unless it is there already), then DISTINCT, ORDER BY and LIMIT on its values, and drops junk.
func (b *binder) finishSelect(q *query, n plan.Node, exprs []expr.Expr, computed bool) {
	if !computed {
		p := &plan.Project{Rel: b.newRel(), Input: n, Exprs: exprs}
		exprs = make([]expr.Expr, len(p.Exprs))
		for i, t := range q.targets {
			p.Names = append(p.Names, t.name)
			exprs[i] = &expr.Var{Typed: typed(p.Exprs[i].Type(), p.Exprs[i].Typmod()), ID: expr.ColID{Rel: p.Rel, Num: int16(i + 1)}, Name: t.name}
		}
		n = p
	}
	if q.unique {
		n = &plan.Distinct{Input: n}
	}
	n = q.sortAndLimit(n, exprs)
	b.dropJunk(q, n, exprs)
}

// dropJunk leaves the visible targets only.
func (b *binder) dropJunk(q *query, n plan.Node, exprs []expr.Expr) {
	junk := false
	for _, t := range q.targets {
		junk = junk || t.junk
	}
	rel := int32(0)
	if len(exprs) > 0 {
		rel = exprs[0].(*expr.Var).ID.Rel
	}
	if junk {
		p := &plan.Project{Rel: b.newRel(), Input: n}
		for i, t := range q.targets {
			if !t.junk {
				p.Exprs, p.Names = append(p.Exprs, exprs[i]), append(p.Names, t.name)
			}
		}
		n, rel = p, p.Rel
	}
	q.node = n
	b.setOutput(q, rel)
}
