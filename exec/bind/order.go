package bind

import (
	"strconv"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// sortClause binds ORDER BY: each key is an entry of the select list by number or name, or an expression, which becomes a junk target. onlyOutput
// is the rule of set operations, which have nothing but their output.
func (b *binder) sortClause(q *query, list []*pg_query.Node, onlyOutput bool) []sortItem {
	var out []sortItem
	for _, n := range list {
		s := n.GetSortBy()
		t := b.findTarget(q, s.Node, kindOrderBy)
		if t.e.Type() == unknownType {
			t.e = b.coerce(t.e, textType, -1, implicitCast, expr.AsImplicitCast)
		}
		item := sortItem{target: t}
		b.sortDirection(&item, s)
		if !hasSort(out, t) {
			out = append(out, item)
		}
	}
	return out
}

func hasSort(items []sortItem, t *target) bool {
	for _, i := range items {
		if i.target == t {
			return true
		}
	}
	return false
}

func (b *binder) sortDirection(item *sortItem, s *pg_query.SortBy) {
	switch s.SortbyDir {
	case pg_query.SortByDir_SORTBY_DESC:
		item.desc = true
	case pg_query.SortByDir_SORTBY_USING:
		item.operator = operatorName(s.UseOp)
		op := b.findOperator(item.operator, []*pgtype.Type{item.target.e.Type(), item.target.e.Type()}, s.Location)
		if op == nil {
			b.noOperator(item.operator, []*pgtype.Type{item.target.e.Type(), item.target.e.Type()}, s.Location)
		}
		switch item.operator {
		case "<":
		case ">":
			item.desc = true
		default:
			if !isOrderingOperator(op) {
				b.failAt(s.Location, pgerr.Newf(pgerr.WrongObjectType, "operator %s is not a valid ordering operator", item.operator).
					WithHint("Ordering operators must be \"<\" or \">\" members of btree operator families."))
			}
			item.key.Operator = op.OID
			item.desc = item.operator == "~>~"
		}
	}
	item.nullsFirst = item.desc
	switch s.SortbyNulls {
	case pg_query.SortByNulls_SORTBY_NULLS_FIRST:
		item.nullsFirst = true
	case pg_query.SortByNulls_SORTBY_NULLS_LAST:
		item.nullsFirst = false
	}
	if !comparable(item.target.e.Type()) {
		b.failAt(nodeLoc(s.Node), pgerr.Newf(pgerr.UndefinedFunction, "could not identify an ordering operator for type %s", item.target.e.Type()).
			WithHint("Use an explicit ordering operator or modify the query."))
	}
}

// isOrderingOperator tells the pattern operators, which order by bytes as < and > do.
func isOrderingOperator(op *pgfacts.Operator) bool { return op.Name == "~<~" || op.Name == "~>~" }

// completeSort fills in a key after its target has its final expression.
func (b *binder) completeSort(s *sortItem) {
	s.key.Expr, s.key.Desc, s.key.NullsFirst = s.target.e, s.desc, s.nullsFirst
}

// findTarget finds what a key of ORDER BY, GROUP BY or DISTINCT ON refers to: by SQL-92's rules a number or an output name, else an expression.
func (b *binder) findTarget(q *query, n *pg_query.Node, kind exprKind) *target {
	if c := n.GetColumnRef(); c != nil && len(c.Fields) == 1 && c.Fields[0].GetString_() != nil {
		if t := b.targetByName(q, nodeString(c.Fields[0]), kind, c.Location); t != nil {
			return t
		}
	}
	if c := n.GetAConst(); c != nil {
		return b.targetByNumber(q, c, kind)
	}
	e := b.in(kind, n)
	for _, t := range q.targets {
		if expr.Equal(t.e, e) || b.sameLiteral(t.e, e) {
			return t
		}
	}
	t := &target{name: "?column?", e: e, junk: true}
	q.targets = append(q.targets, t)
	return t
}

func (b *binder) sameLiteral(x, y expr.Expr) bool { return false }

// targetByName finds an output column by name; for GROUP BY a column of FROM goes before it.
func (b *binder) targetByName(q *query, name string, kind exprKind, loc int32) *target {
	if kind == kindGroupBy && b.columnIn(b.scope, name, loc) != nil {
		return nil
	}
	var found *target
	for _, t := range q.targets {
		if t.junk || t.name != name {
			continue
		}
		if found != nil && !expr.Equal(found.e, t.e) {
			b.errorf(loc, pgerr.AmbiguousColumn, "%s \"%s\" is ambiguous", clauses[kind].name, name)
		}
		if found == nil {
			found = t
		}
	}
	return found
}

func (b *binder) targetByNumber(q *query, c *pg_query.A_Const, kind exprKind) *target {
	v, ok := c.Val.(*pg_query.A_Const_Ival)
	if !ok {
		b.errorf(c.Location, pgerr.SyntaxError, "non-integer constant in %s", clauses[kind].name)
	}
	n := int32(0)
	for _, t := range q.targets {
		if !t.junk {
			if n++; n == v.Ival.GetIval() {
				return t
			}
		}
	}
	b.errorf(c.Location, pgerr.InvalidColumnReference, "%s position %d is not in select list", clauses[kind].name, v.Ival.GetIval())
	return nil
}

// distinctClause binds DISTINCT and DISTINCT ON.
func (b *binder) distinctClause(q *query, list []*pg_query.Node) {
	if len(list) == 0 {
		return
	}
	if list[0] == nil || list[0].Node == nil {
		q.unique = true
		for _, t := range q.targets {
			if t.e.Type() == unknownType {
				t.e = b.coerce(t.e, textType, -1, implicitCast, expr.AsImplicitCast)
			}
			if !comparable(t.e.Type()) && !t.junk {
				b.noEquality(t.e, t.e.Type())
			}
		}
		return
	}
	for _, n := range list {
		t := b.findTarget(q, n, kindDistinctOn)
		if t.e.Type() == unknownType {
			t.e = b.coerce(t.e, textType, -1, implicitCast, expr.AsImplicitCast)
		}
		if q.on = append(q.on, t); q.onLoc == nil {
			q.onLoc = map[*target]int32{}
		}
		if _, twice := q.onLoc[t]; !twice {
			q.onLoc[t] = nodeLoc(n)
		}
	}
}

func (b *binder) noEquality(e expr.Expr, t *pgtype.Type) {
	b.errorf(b.loc(e), pgerr.UndefinedFunction, "could not identify an equality operator for type %s", t)
}

// checkSortsOfDistinct enforces that DISTINCT's rows can be in the order that ORDER BY asks for.
func (b *binder) checkSortsOfDistinct(q *query) {
	if q.unique {
		for _, s := range q.sorts {
			if s.target.junk {
				b.errorf(b.loc(s.target.e), pgerr.InvalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list")
			}
		}
	}
	if len(q.on) == 0 {
		return
	}
	in := func(t *target) bool {
		for _, o := range q.on {
			if o == t {
				return true
			}
		}
		return false
	}
	covered := map[*target]bool{}
	skipped := false
	for _, s := range q.sorts {
		if !in(s.target) {
			skipped = true
			continue
		}
		if skipped {
			b.errorf(q.onLoc[s.target], pgerr.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
		}
		covered[s.target] = true
	}
	for _, o := range q.on {
		if covered[o] {
			continue
		}
		if skipped {
			b.errorf(q.onLoc[o], pgerr.InvalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
		}
		covered[o] = true
		q.sorts = append(q.sorts, sortItem{target: o, key: expr.SortKey{Expr: o.e}})
	}
}

// limitClauses binds LIMIT, OFFSET and FETCH.
func (b *binder) limitClauses(q *query) {
	n := q.stmt
	if n.LimitOffset != nil {
		q.limit.offset = b.limitValue(n.LimitOffset, kindOffset)
	}
	if n.LimitCount != nil && !isNullLiteral(n.LimitCount) {
		q.limit.count = b.limitValue(n.LimitCount, kindLimit)
	}
	if n.LimitOption == pg_query.LimitOption_LIMIT_OPTION_WITH_TIES {
		if len(n.SortClause) == 0 {
			b.errorf(-1, pgerr.SyntaxError, "WITH TIES cannot be specified without ORDER BY clause")
		}
		if isNullLiteral(n.LimitCount) {
			b.errorf(-1, pgerr.InvalidRowCountInLimitClause, "row count cannot be null in FETCH FIRST ... WITH TIES clause")
		}
		q.limit.withTies = true
	}
}

func (b *binder) limitValue(n *pg_query.Node, kind exprKind) expr.Expr {
	name := clauses[kind].name
	e := b.in(kind, n)
	e = b.toType(e, int8Type, name)
	b.withoutVariables(e, name)
	return e
}

func itoa(n int) string { return strconv.Itoa(n) }
