package bind

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

func (b *binder) anySets(exprs []expr.Expr) bool {
	for _, e := range exprs {
		if returnsSet(e) {
			return true
		}
	}
	return false
}

// buildSets computes targets with set-returning calls. The innermost calls run side by side in a ProjectSet; calls of their results, and what is computed
// from them, follow in further ones above it.
func (b *binder) buildSets(q *query, n plan.Node, exprs []expr.Expr) (plan.Node, []expr.Expr) {
	for !setsAtTop(exprs) {
		n, exprs = b.innerSets(n, exprs)
	}
	rel := b.newRel()
	out := make([]expr.Expr, len(exprs))
	names := make([]string, len(exprs))
	for i, e := range exprs {
		names[i] = q.targets[i].name
		out[i] = &expr.Var{Typed: typed(e.Type(), e.Typmod()), ID: expr.ColID{Rel: rel, Num: int16(i + 1)}, Name: names[i]}
	}
	if b.anySets(exprs) {
		return &plan.ProjectSet{Rel: rel, Input: n, Exprs: exprs, Names: names}, out
	}
	return &plan.Project{Rel: rel, Input: n, Exprs: exprs, Names: names}, out
}

// setsAtTop tells whether every set-returning call is a whole target with no other such call inside.
func setsAtTop(exprs []expr.Expr) bool {
	for _, e := range exprs {
		if c, ok := e.(*expr.SetCall); ok {
			for _, a := range c.Args {
				if returnsSet(a) {
					return false
				}
			}
			continue
		}
		if returnsSet(e) {
			return false
		}
	}
	return true
}

// innerSets runs the calls that contain no others, and passes on the columns that the expressions read.
func (b *binder) innerSets(n plan.Node, exprs []expr.Expr) (plan.Node, []expr.Expr) {
	p := &plan.ProjectSet{Rel: b.newRel(), Input: n}
	own := map[int32]bool{}
	for _, id := range n.Columns() {
		own[id.Rel] = true
	}
	add := func(e expr.Expr, name string) expr.Expr {
		for i, x := range p.Exprs {
			if _, set := e.(*expr.SetCall); !set && expr.Equal(x, e) {
				return &expr.Var{Typed: typed(e.Type(), e.Typmod()), ID: expr.ColID{Rel: p.Rel, Num: int16(i + 1)}, Name: name}
			}
		}
		p.Exprs, p.Names = append(p.Exprs, e), append(p.Names, name)
		return &expr.Var{Typed: typed(e.Type(), e.Typmod()), ID: expr.ColID{Rel: p.Rel, Num: int16(len(p.Exprs))}, Name: name}
	}
	out := make([]expr.Expr, len(exprs))
	for i, e := range exprs {
		out[i] = plan.MapExpr(e, func(x expr.Expr) (expr.Expr, bool) {
			switch x := x.(type) {
			case *expr.SetCall:
				for _, a := range x.Args {
					if returnsSet(a) {
						return nil, false
					}
				}
				return add(x, x.Proc.Name), true
			case *expr.Var:
				if own[x.ID.Rel] {
					return add(x, x.Name), true
				}
			}
			return nil, false
		})
	}
	return p, out
}

// setsBelow runs the set-returning calls in the keys of an Aggregate before the grouping: each of their rows falls into its own group.
func (b *binder) setsBelow(a *plan.Aggregate) {
	own := map[int32]bool{}
	for _, id := range a.Input.Columns() {
		own[id.Rel] = true
	}
	// The aggregates read the columns behind the new node, which passes on those that are asked for.
	var reads []expr.Expr
	at := map[expr.ColID]int{}
	for _, x := range a.Aggs {
		plan.WalkExpr(x, func(e expr.Expr) bool {
			if v, ok := e.(*expr.Var); ok && own[v.ID.Rel] {
				if _, known := at[v.ID]; !known {
					at[v.ID] = len(reads)
					reads = append(reads, v)
				}
			}
			return true
		})
	}
	exprs := append(append([]expr.Expr(nil), a.Keys...), reads...)
	keys := len(a.Keys)
	for b.anySets(exprs) {
		a.Input, exprs = b.innerSets(a.Input, exprs)
	}
	a.Keys = exprs[:keys:keys]
	for i, x := range a.Aggs {
		a.Aggs[i] = plan.MapExpr(x, func(e expr.Expr) (expr.Expr, bool) {
			if v, ok := e.(*expr.Var); ok && own[v.ID.Rel] {
				return exprs[keys+at[v.ID]], true
			}
			return nil, false
		}).(*expr.Aggregate)
	}
}
