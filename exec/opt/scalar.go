package opt

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// scalars replaces the correlated scalar subqueries in an expression by columns that are joined to its input.
func (p *planner) scalars(e expr.Expr, in plan.Node) (expr.Expr, plan.Node) {
	if volatile(e) {
		return e, in
	}
	out := p.scalarsIn(e, &in)
	return out, in
}

// scalarsIn leaves the branches of CASE, COALESCE and the like alone: what may not be evaluated must not be.
func (p *planner) scalarsIn(e expr.Expr, in *plan.Node) expr.Expr {
	switch x := e.(type) {
	case *expr.Subquery:
		if x.Kind != expr.ScalarSubquery {
			return e
		}
		sub, ok := x.Plan.(plan.Node)
		if !ok || !readsAny(sub, produced(*in)) {
			return e
		}
		sub = p.decorrelate(sub)
		if v, joined := p.aggregateJoin(x, sub, *in); joined != nil {
			*in = joined
			return v
		}
		if v, joined := p.rowJoin(x, sub, *in); joined != nil {
			*in = joined
			return v
		}
		return e
	case *expr.Case, *expr.Coalesce:
		return e
	case *expr.BoolOp:
		if x.Op != expr.Not {
			return e
		}
	}
	return expr.MapChildren(e, func(c expr.Expr) expr.Expr { return p.scalarsIn(c, in) })
}

// emptyIsNull are the aggregates that are NULL over no rows.
var emptyIsNull = map[string]bool{"sum": true, "avg": true, "min": true, "max": true, "bool_and": true, "bool_or": true, "every": true, "string_agg": true, "array_agg": true,
	"stddev": true, "stddev_samp": true, "stddev_pop": true, "variance": true, "var_samp": true, "var_pop": true, "bit_and": true, "bit_or": true}

// aggregateJoin joins an aggregate over the rows that equal something of the outer row, grouped by what has to be equal.
func (p *planner) aggregateJoin(s *expr.Subquery, sub plan.Node, in plan.Node) (expr.Expr, plan.Node) {
	project, ok := sub.(*plan.Project)
	if !ok || len(project.Exprs) != 1 {
		return nil, nil
	}
	agg, ok := project.Input.(*plan.Aggregate)
	if !ok || len(agg.Keys) > 0 || agg.Sets != nil || len(agg.Grouping) > 0 || hasSubquery(project.Exprs[0]) {
		return nil, nil
	}
	rels := produced(in)
	if reads(project.Exprs[0]).meets(rels) {
		return nil, nil
	}
	inner, on, shown, ok := p.pullUp(agg.Input, rels, wantRows)
	if !ok || len(on) == 0 || readsAny(inner, rels) {
		return nil, nil
	}
	group := &plan.Aggregate{Rel: p.newRel(), Input: inner}
	var conds []expr.Expr
	own := produced(inner)
	for _, c := range on {
		k, outer, ok := ownSide(c, own, rels)
		if !ok {
			return nil, nil
		}
		group.Keys = append(group.Keys, k)
		call := *c.(*expr.Call)
		v := &expr.Var{Typed: expr.Typed{T: k.Type(), Mod: k.Typmod()}, ID: expr.ColID{Rel: group.Rel, Num: int16(len(group.Keys))}, Name: nameOf(k)}
		if call.Args[0] == k {
			call.Args = []expr.Expr{v, outer}
		} else {
			call.Args = []expr.Expr{outer, v}
		}
		conds = append(conds, &call)
	}
	values := make([]expr.Expr, len(agg.Aggs))
	for i, a := range agg.Aggs {
		if len(a.Direct) > 0 || !harmless(a) {
			return nil, nil
		}
		b := expr.MapChildren(a, shown.replace).(*expr.Aggregate)
		if readsOuter(b, rels) {
			return nil, nil
		}
		group.Aggs = append(group.Aggs, b)
		v := &expr.Var{Typed: a.Typed, ID: expr.ColID{Rel: group.Rel, Num: int16(len(group.Keys) + i + 1)}, Name: a.Proc.Name}
		values[i] = v
		switch {
		case a.Proc.Name == "count":
			values[i] = &expr.Coalesce{Typed: a.Typed, Args: []expr.Expr{v, &expr.Const{Typed: a.Typed, Value: pgtype.Int(0)}}}
		case !emptyIsNull[a.Proc.Name]:
			return nil, nil
		}
	}
	p.learn(group)
	return substitute(project.Exprs[0], agg.Rel, values), &plan.Join{Kind: plan.Left, Left: in, Right: group, Cond: and(conds)}
}

// rowJoin joins the one row that a unique key finds.
func (p *planner) rowJoin(s *expr.Subquery, sub plan.Node, in plan.Node) (expr.Expr, plan.Node) {
	project, ok := sub.(*plan.Project)
	if !ok || len(project.Exprs) != 1 {
		return nil, nil
	}
	rels := produced(in)
	inner, on, shown, ok := p.pullUp(project, rels, wantRows)
	if !ok || len(on) == 0 || readsAny(inner, rels) {
		return nil, nil
	}
	below := inner
	var local []expr.Expr
	if f, ok := inner.(*plan.Filter); ok {
		below, local = f.Input, conjuncts(f.Cond)
	}
	scan, ok := below.(*plan.Scan)
	if !ok || scan.Table.Class != desc.Shared || scan.Filter != nil {
		return nil, nil
	}
	v, ok := shown[expr.ColID{Rel: project.Rel, Num: 1}].(*expr.Var)
	if !ok || v.ID.Rel != scan.Rel {
		return nil, nil
	}
	var fixed []int16
	for _, c := range append(local, on...) {
		if hasSubquery(c) || volatile(c) {
			return nil, nil
		}
		l, r, ok := equalityOf(c)
		if !ok {
			continue
		}
		for _, side := range [][2]expr.Expr{{l, r}, {r, l}} {
			if num, is := columnOf(side[0], scan.Rel); is && free(side[1], scan.Rel) {
				fixed = append(fixed, num)
			}
		}
	}
	if !coversUnique(scan.Table, fixed) {
		return nil, nil
	}
	p.learn(inner)
	return v, &plan.Join{Kind: plan.Left, Left: in, Right: inner, Cond: and(on)}
}

// ownSide takes apart an equality between an expression of the subquery and one of the outer row.
func ownSide(c expr.Expr, own, rels relSet) (inner, outer expr.Expr, ok bool) {
	l, r, ok := equalityOf(c)
	if !ok || !c.(*expr.Call).Operator.CanHash || volatile(c) || hasSubquery(c) {
		return nil, nil, false
	}
	for _, side := range [][2]expr.Expr{{l, r}, {r, l}} {
		a, b := reads(side[0]), reads(side[1])
		if a.meets(own) && !a.meets(rels) && !b.meets(own) && hashable(side[0].Type(), side[1].Type()) && harmlessExpr(side[0]) {
			return side[0], side[1], true
		}
	}
	return nil, nil, false
}

func readsOuter(e expr.Expr, rels relSet) bool { return reads(e).meets(rels) }

func nameOf(e expr.Expr) string {
	if v, ok := e.(*expr.Var); ok {
		return v.Name
	}
	return ""
}

// harmless tells whether an aggregate cannot fail: it will be computed for groups that no outer row asks for, whose errors nobody may see.
func harmless(a *expr.Aggregate) bool {
	for _, e := range append([]expr.Expr{a.Filter}, a.Args...) {
		if e != nil && !harmlessExpr(e) {
			return false
		}
	}
	for _, k := range a.Order {
		if !harmlessExpr(k.Expr) {
			return false
		}
	}
	return true
}

// harmlessExpr tells whether an expression does not fail whatever its columns are, but for numbers that become too large.
func harmlessExpr(e expr.Expr) bool {
	ok := true
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Const, *expr.Param, *expr.Var, *expr.Relabel, *expr.BoolOp, *expr.NullTest, *expr.BoolTest, *expr.Case, *expr.CaseValue, *expr.Coalesce:
		case *expr.Call:
			if x.Operator == nil && !widening[x.Proc.Name] {
				ok = false
			} else if x.Operator != nil && (x.Operator.Name == "/" || x.Operator.Name == "%" || x.Operator.Name == "^") {
				ok = false
			}
		default:
			ok = false
		}
		return ok
	})
	return ok
}

// widening are casts to wider types and the like, which always work.
var widening = map[string]bool{"int8": true, "numeric": true, "float8": true, "int4": true, "upper": true, "lower": true, "length": true, "abs": true}
