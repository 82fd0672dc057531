package bind

import (
	"sync"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

var aggregateIndex = sync.OnceValue(func() map[pgtype.OID]*pgfacts.Aggregate {
	rows := pgfacts.Aggregates()
	m := make(map[pgtype.OID]*pgfacts.Aggregate, len(rows))
	for i := range rows {
		m[rows[i].Func] = &rows[i]
	}
	return m
})

// groupingCall is a GROUPING(…) until the group keys are known.
type groupingCall struct {
	scope *scope
	args  []expr.Expr
}

// aggregateCandidate tells whether a call is one of an aggregate by its name.
func (b *binder) aggregateCandidate(c *call) bool {
	for _, p := range b.env.Library.Procs(c.name) {
		if p.Kind == 'a' && b.inSchema(p, c.schema) {
			return true
		}
	}
	return false
}

// aggregateCall binds a call of an aggregate.
func (b *binder) aggregateCall(c *call) expr.Expr {
	n := c.node
	b.bindAggregateArguments(c, n.Args)
	direct := len(c.args)
	if n.AggWithinGroup {
		for _, o := range n.AggOrder {
			c.args = append(c.args, b.expr(o.GetSortBy().Node))
		}
	}
	x, kind := b.findFunction(c)
	switch kind {
	case foundNothing:
		b.noFunction(c)
	case foundMany:
		b.failAt(c.loc, pgerr.Newf(pgerr.AmbiguousFunction, "function %s is not unique", c.signature()).
			WithHint("Could not choose a best candidate function. You might need to add explicit type casts."))
	case foundCast:
		return b.castNotation(c)
	}
	p := x.what
	if p.Kind != 'a' {
		b.plainFunctionOnly(c, p)
		return b.buildCall(c, x)
	}
	info := aggregateIndex()[p.OID]
	b.checkAggregateForm(c, p, info)
	if ordered := len(c.args) - direct; n.AggWithinGroup && info.Kind == 'h' && direct != ordered {
		b.failAt(c.loc, pgerr.Newf(pgerr.UndefinedFunction, "function %s does not exist", c.signature()).
			WithHint("To use the hypothetical-set aggregate %s, the number of hypothetical direct arguments (here %d) must match the number of ordering columns (here %d).", c.name, direct, ordered))
	}
	a := &expr.Aggregate{Proc: p, Star: n.AggStar, Distinct: n.AggDistinct, Variadic: n.FuncVariadic}
	a.Def = b.env.Library.Def(p.OID)
	args, result := b.finishArguments(c, x)
	a.Typed = typed(result, -1)
	if n.AggWithinGroup {
		b.orderedSet(a, n, args, direct, info)
	} else {
		a.Args = args
		b.aggregateOrder(a, n)
	}
	if n.AggFilter != nil {
		a.Filter = b.toBool(b.in(kindFilter, n.AggFilter), "FILTER")
	}
	b.placeAggregate(a, c.loc)
	return b.at(a, c.loc)
}

func (b *binder) bindAggregateArguments(c *call, args []*pg_query.Node) {
	b.bindArguments(c, args)
}

func (b *binder) checkAggregateForm(c *call, p *pgfacts.Proc, info *pgfacts.Aggregate) {
	n := c.node
	ordered := info != nil && info.Kind != 'n'
	switch {
	case len(c.args) == 0 && !n.AggStar && !n.AggWithinGroup && !ordered:
		b.errorf(c.loc, pgerr.WrongObjectType, "%s(*) must be used to call a parameterless aggregate function", c.name)
	case ordered && !n.AggWithinGroup:
		b.errorf(c.loc, pgerr.WrongObjectType, "WITHIN GROUP is required for ordered-set aggregate %s", c.name)
	case !ordered && n.AggWithinGroup:
		b.errorf(c.loc, pgerr.WrongObjectType, "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP", c.name)
	case p.RetSet:
		b.errorf(c.loc, pgerr.InvalidFunctionDefinition, "aggregates cannot return sets")
	}
	for _, a := range c.args {
		if returnsSet(a) {
			b.failAt(b.loc(a), pgerr.New(pgerr.FeatureNotSupported, "aggregate function calls cannot contain set-returning function calls").
				WithHint("You might be able to move the set-returning function into a LATERAL FROM item."))
		}
	}
}

// orderedSet splits the arguments of WITHIN GROUP: the direct ones, and those that are ordered by.
func (b *binder) orderedSet(a *expr.Aggregate, n *pg_query.FuncCall, args []expr.Expr, direct int, info *pgfacts.Aggregate) {
	a.Direct, a.Args = args[:direct:direct], args[direct:]
	if info.Kind == 'h' && len(a.Direct) == len(a.Args) {
		for i := range a.Args {
			pair, _ := b.allToCommon([]expr.Expr{a.Args[i], a.Direct[i]}, "WITHIN GROUP")
			a.Args[i], a.Direct[i] = pair[0], pair[1]
		}
	}
	for i, o := range n.AggOrder {
		item := sortItem{target: &target{e: a.Args[i]}}
		b.sortDirection(&item, o.GetSortBy())
		b.completeSort(&item)
		a.Order = append(a.Order, item.key)
	}
}

// aggregateOrder binds ORDER BY inside a call and checks DISTINCT against it.
func (b *binder) aggregateOrder(a *expr.Aggregate, n *pg_query.FuncCall) {
	for _, o := range n.AggOrder {
		s := o.GetSortBy()
		e := b.expr(s.Node)
		for _, x := range a.Args {
			if expr.Equal(x, e) || sameUncast(x, e) {
				e = x
			}
		}
		if e.Type() == unknownType {
			e = b.coerce(e, textType, -1, implicitCast, expr.AsImplicitCast)
		}
		item := sortItem{target: &target{e: e}}
		b.sortDirection(&item, s)
		b.completeSort(&item)
		a.Order = append(a.Order, item.key)
		if a.Distinct && !containsExpr(a.Args, e) {
			b.errorf(b.loc(e), pgerr.InvalidColumnReference, "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list")
		}
	}
	if a.Distinct {
		for _, x := range a.Args {
			if !comparable(x.Type()) {
				b.noEquality(x, x.Type())
			}
		}
	}
}

// sameUncast tells whether x is e below an implicit cast.
func sameUncast(x, e expr.Expr) bool {
	if r, ok := x.(*expr.Relabel); ok && r.Implicit {
		return expr.Equal(r.Arg, e)
	}
	return false
}

func containsExpr(list []expr.Expr, e expr.Expr) bool {
	for _, x := range list {
		if expr.Equal(x, e) {
			return true
		}
	}
	return false
}

// placeAggregate finds the query level that an aggregate belongs to, the innermost whose columns it reads, and checks that it may stand there.
func (b *binder) placeAggregate(a *expr.Aggregate, loc int32) {
	level := b.levelOf(a)
	if level == nil {
		level = b.scope
	}
	expr.Children(a, func(c expr.Expr) {
		expr.Walk(c, func(x expr.Expr) bool {
			if inner, ok := x.(*expr.Aggregate); ok && b.aggScopes[inner] == level {
				b.errorf(b.loc(inner), pgerr.GroupingError, "aggregate function calls cannot be nested")
			}
			if inner, ok := x.(*expr.WindowCall); ok {
				b.errorf(b.loc(inner), pgerr.GroupingError, "aggregate function calls cannot contain window function calls")
			}
			return true
		})
	})
	c := clauses[level.kind]
	if !c.aggregates {
		if level.kind == kindFromFunction || level.kind == kindNone {
			b.errorf(loc, pgerr.GroupingError, "aggregate functions are not allowed in functions in FROM")
		}
		b.errorf(loc, pgerr.GroupingError, "aggregate functions are not allowed in %s", c.name)
	}
	if level.recursive {
		b.errorf(loc, pgerr.InvalidRecursion, "aggregate functions are not allowed in a recursive query's recursive term")
	}
	level.hasAggs = true
	b.aggScopes[a] = level
}

// levelOf is the innermost scope whose columns an expression reads, nil when it reads none.
func (b *binder) levelOf(e expr.Expr) *scope {
	seen := map[*scope]bool{}
	note := func(id expr.ColID) {
		if en := b.entries[id.Rel]; en != nil {
			seen[en.scope] = true
		}
	}
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Var:
			note(x.ID)
		case *expr.Subquery:
			if q := b.subquery[x]; q != nil {
				for _, id := range outerOf(q) {
					note(id)
				}
			}
		case *expr.Aggregate:
			if s := b.aggScopes[x]; s != nil {
				seen[s] = true
			}
		}
		return true
	})
	for s := b.scope; s != nil; s = s.parent {
		if seen[s] {
			return s
		}
	}
	return nil
}

// grouping binds GROUPING(…).
func (b *binder) grouping(n *pg_query.GroupingFunc) expr.Expr {
	if len(n.Args) > 31 {
		b.errorf(n.Location, pgerr.TooManyArguments, "GROUPING must have fewer than 32 arguments")
	}
	c := &groupingCall{scope: b.scope, args: b.exprs(n.Args)}
	for s := b.scope; s != nil; s = s.parent {
		if len(c.args) > 0 && b.levelOf(c.args[0]) == s {
			c.scope = s
		}
	}
	if k := clauses[c.scope.kind]; !k.aggregates {
		b.errorf(n.Location, pgerr.GroupingError, "grouping operations are not allowed in %s", k.name)
	}
	if c.scope.query == nil || len(c.scope.query.stmt.GetGroupClause()) == 0 {
		b.errorf(listLoc(n.Args), pgerr.GroupingError, "arguments to GROUPING must be grouping expressions of the associated query level")
	}
	g := &expr.Grouping{Typed: typed(int4Type, -1)}
	c.scope.hasAggs = true
	b.groupings[g] = c
	return b.at(g, n.Location)
}
