package bind

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// subLink binds a subquery in an expression.
func (b *binder) subLink(n *pg_query.SubLink) expr.Expr {
	if msg := clauses[b.scope.kind].noSubquery; msg != "" {
		b.errorf(n.Location, pgerr.FeatureNotSupported, "%s", msg)
	}
	q := b.subselect(n.Subselect)
	s := &expr.Subquery{Typed: typed(boolType, -1), Plan: q.node, Columns: q.columnIDs()}
	b.subquery[s] = q
	b.at(s, n.Location)
	switch n.SubLinkType {
	case pg_query.SubLinkType_EXISTS_SUBLINK:
		s.Kind = expr.ExistsSubquery
	case pg_query.SubLinkType_EXPR_SUBLINK:
		b.oneColumn(q, n.Location)
		s.Kind, s.Typed = expr.ScalarSubquery, q.out[0].typed
	case pg_query.SubLinkType_ARRAY_SUBLINK:
		b.oneColumn(q, n.Location)
		t := q.out[0].typed.T
		at := pgtype.ArrayOf(t)
		if t.IsArray() && !isVector(t) {
			at = t
		}
		if at == nil {
			b.errorf(n.Location, pgerr.UndefinedObject, "could not find array type for data type %s", t)
		}
		s.Kind, s.Typed = expr.ArraySubquery, typed(at, q.out[0].typed.Mod)
	case pg_query.SubLinkType_ANY_SUBLINK, pg_query.SubLinkType_ALL_SUBLINK:
		b.quantified(n, s, q)
	default:
		b.unsupported(n.Location, "this kind of subquery")
	}
	return s
}

func (b *binder) oneColumn(q *query, loc int32) {
	if len(q.out) != 1 {
		b.errorf(loc, pgerr.SyntaxError, "subquery must return only one column")
	}
}

// quantified binds x op ANY|ALL (SELECT …) and x IN (SELECT …).
func (b *binder) quantified(n *pg_query.SubLink, s *expr.Subquery, q *query) {
	s.Kind = expr.AnySubquery
	if n.SubLinkType == pg_query.SubLinkType_ALL_SUBLINK {
		s.Kind = expr.AllSubquery
	}
	var left []expr.Expr
	if r := n.Testexpr.GetRowExpr(); r != nil {
		left = b.exprs(r.Args)
	} else {
		left = []expr.Expr{b.expr(n.Testexpr)}
	}
	op := "="
	if len(n.OperName) > 0 {
		op = operatorName(n.OperName)
		b.checkOperatorSchema(n.OperName, n.Location)
	}
	s.Test = b.compareColumns(op, left, q, n.Location)
}

// compareColumns compares a row with the columns of a subquery.
func (b *binder) compareColumns(op string, left []expr.Expr, q *query, loc int32) expr.Expr {
	if len(left) < len(q.out) {
		b.errorf(loc, pgerr.SyntaxError, "subquery has too many columns")
	}
	if len(left) > len(q.out) {
		b.errorf(loc, pgerr.SyntaxError, "subquery has too few columns")
	}
	right := make([]expr.Expr, len(q.out))
	for i := range q.out {
		right[i] = b.at(q.column(i), loc)
	}
	return b.rowCompare(op, left, right, loc)
}

// rowSubLink binds ROW(…) op (SELECT …): the subquery gives one row, whose fields are compared.
func (b *binder) rowSubLink(row *pg_query.RowExpr, n *pg_query.SubLink, names []*pg_query.Node, loc int32) expr.Expr {
	left := b.exprs(row.Args)
	q := b.subselect(n.Subselect)
	s := &expr.Subquery{Typed: typed(recordType, -1), Kind: expr.RowSubquery, Plan: q.node, Columns: q.columnIDs()}
	b.subquery[s] = q
	b.at(s, n.Location)
	if len(left) != len(q.out) {
		few := "few"
		if len(left) < len(q.out) {
			few = "many"
		}
		b.errorf(loc, pgerr.SyntaxError, "subquery has too %s columns", few)
	}
	right := make([]expr.Expr, len(q.out))
	for i, c := range q.out {
		right[i] = b.at(&expr.Field{Typed: c.typed, Arg: s, Index: i, Name: c.name}, n.Location)
	}
	return b.rowCompare(operatorName(names), left, right, loc)
}
