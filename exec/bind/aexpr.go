package bind

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// aExpr binds an operator or one of the constructs that the grammar makes of operators.
func (b *binder) aExpr(n *pg_query.A_Expr) expr.Expr {
	switch n.Kind {
	case pg_query.A_Expr_Kind_AEXPR_OP_ANY, pg_query.A_Expr_Kind_AEXPR_OP_ALL:
		left, right := b.expr(n.Lexpr), b.expr(n.Rexpr)
		all := n.Kind == pg_query.A_Expr_Kind_AEXPR_OP_ALL
		return b.at(b.arrayOp(n.Name, operatorName(n.Name), all, left, right, n.Location), n.Location)
	case pg_query.A_Expr_Kind_AEXPR_DISTINCT, pg_query.A_Expr_Kind_AEXPR_NOT_DISTINCT:
		return b.distinct(n)
	case pg_query.A_Expr_Kind_AEXPR_NULLIF:
		return b.nullIf(n)
	case pg_query.A_Expr_Kind_AEXPR_IN:
		return b.inList(n)
	case pg_query.A_Expr_Kind_AEXPR_BETWEEN, pg_query.A_Expr_Kind_AEXPR_NOT_BETWEEN,
		pg_query.A_Expr_Kind_AEXPR_BETWEEN_SYM, pg_query.A_Expr_Kind_AEXPR_NOT_BETWEEN_SYM:
		return b.between(n)
	}
	return b.plainOperator(n)
}

func (b *binder) plainOperator(n *pg_query.A_Expr) expr.Expr {
	lrow, rrow := n.Lexpr.GetRowExpr(), n.Rexpr.GetRowExpr()
	if lrow != nil {
		if sub := n.Rexpr.GetSubLink(); sub != nil && sub.SubLinkType == pg_query.SubLinkType_EXPR_SUBLINK {
			return b.rowSubLink(lrow, sub, n.Name, n.Location)
		}
		if rrow != nil {
			left, right := b.exprs(lrow.Args), b.exprs(rrow.Args)
			return b.rowCompare(operatorName(n.Name), left, right, n.Location)
		}
	}
	var left expr.Expr
	if n.Lexpr != nil {
		left = b.expr(n.Lexpr)
	}
	return b.operator(n.Name, left, b.expr(n.Rexpr), n.Location)
}

func (b *binder) exprs(ns []*pg_query.Node) []expr.Expr {
	out := make([]expr.Expr, len(ns))
	for i, n := range ns {
		out[i] = b.expr(n)
	}
	return out
}

// rowCompare compares rows column by column.
func (b *binder) rowCompare(op string, left, right []expr.Expr, loc int32) expr.Expr {
	if len(left) != len(right) {
		b.errorf(loc, pgerr.SyntaxError, "unequal number of entries in row expressions")
	}
	if len(left) == 0 {
		b.errorf(loc, pgerr.FeatureNotSupported, "cannot compare rows of zero length")
	}
	pairs := make([]*expr.Call, len(left))
	for i := range left {
		e := b.operatorCall(op, left[i], right[i], loc)
		c, ok := e.(*expr.Call)
		if !ok || c.T != boolType {
			b.errorf(loc, pgerr.DatatypeMismatch, "row comparison operator must yield type boolean, not type %s", e.Type())
		}
		pairs[i] = c
	}
	if len(pairs) == 1 {
		return pairs[0]
	}
	switch op {
	case "=", "<>":
		kind := expr.And
		if op == "<>" {
			kind = expr.Or
		}
		e := &expr.BoolOp{Typed: typed(boolType, -1), Op: kind}
		for _, p := range pairs {
			e.Args = append(e.Args, p)
		}
		return b.at(e, loc)
	case "<", "<=", ">", ">=":
		e := &expr.RowCompare{Typed: typed(boolType, -1), Op: op}
		for _, p := range pairs {
			e.Left, e.Right = append(e.Left, p.Args[0]), append(e.Right, p.Args[1])
			e.Less = append(e.Less, b.operatorCall(op[:1], p.Args[0], p.Args[1], loc).(*expr.Call))
			e.Equal = append(e.Equal, b.equality(p.Args[0], p.Args[1], loc))
		}
		return b.at(e, loc)
	}
	b.failAt(loc, pgerr.Newf(pgerr.FeatureNotSupported, "could not determine interpretation of row comparison operator %s", op).
		WithHint("Row comparison operators must be associated with btree operator families."))
	return nil
}

func isNullLiteral(n *pg_query.Node) bool { return n.GetAConst() != nil && n.GetAConst().Isnull }

// distinct binds IS [NOT] DISTINCT FROM. Against a NULL literal it is a null test.
func (b *binder) distinct(n *pg_query.A_Expr) expr.Expr {
	not := n.Kind == pg_query.A_Expr_Kind_AEXPR_NOT_DISTINCT
	for _, x := range [][2]*pg_query.Node{{n.Rexpr, n.Lexpr}, {n.Lexpr, n.Rexpr}} {
		if isNullLiteral(x[0]) {
			arg := b.expr(x[1])
			return b.at(&expr.NullTest{Typed: typed(boolType, -1), Arg: arg, Not: !not}, n.Location)
		}
	}
	if l, r := n.Lexpr.GetRowExpr(), n.Rexpr.GetRowExpr(); l != nil && r != nil {
		return b.distinctRows(b.exprs(l.Args), b.exprs(r.Args), not, n.Location)
	}
	return b.distinctPair(b.expr(n.Lexpr), b.expr(n.Rexpr), not, n.Location)
}

func (b *binder) distinctPair(left, right expr.Expr, not bool, loc int32) expr.Expr {
	eq := b.equality(left, right, loc)
	if eq.T != boolType {
		b.errorf(loc, pgerr.DatatypeMismatch, "IS DISTINCT FROM requires = operator to yield boolean")
	}
	return b.at(&expr.Distinct{Typed: typed(boolType, -1), Left: eq.Args[0], Right: eq.Args[1], Equal: eq, Not: not}, loc)
}

func (b *binder) distinctRows(left, right []expr.Expr, not bool, loc int32) expr.Expr {
	if len(left) != len(right) {
		b.errorf(loc, pgerr.SyntaxError, "unequal number of entries in row expressions")
	}
	e := &expr.BoolOp{Typed: typed(boolType, -1), Op: expr.Or}
	if not {
		e.Op = expr.And
	}
	for i := range left {
		e.Args = append(e.Args, b.distinctPair(left[i], right[i], not, loc))
	}
	if len(e.Args) == 0 {
		return b.at(boolConst(not), loc)
	}
	return b.at(e, loc)
}

func (b *binder) nullIf(n *pg_query.A_Expr) expr.Expr {
	eq := b.equality(b.expr(n.Lexpr), b.expr(n.Rexpr), n.Location)
	if eq.T != boolType {
		b.errorf(n.Location, pgerr.DatatypeMismatch, "NULLIF requires = operator to yield boolean")
	}
	left := eq.Args[0]
	return b.at(&expr.NullIf{Typed: typed(left.Type(), left.Typmod()), Left: left, Right: eq.Args[1], Equal: eq}, n.Location)
}

// inList binds x [NOT] IN (list): as = ANY(array) for the members without columns when they have a common type, else as comparisons joined by OR.
func (b *binder) inList(n *pg_query.A_Expr) expr.Expr {
	op := operatorName(n.Name)
	not := op == "<>"
	members := n.Rexpr.GetList().GetItems()
	lrow := n.Lexpr.GetRowExpr()
	var left expr.Expr
	var leftRow []expr.Expr
	if lrow != nil {
		leftRow = b.exprs(lrow.Args)
	} else {
		left = b.expr(n.Lexpr)
	}
	var plain, others []expr.Expr
	var rows [][]expr.Expr
	for _, m := range members {
		if r := m.GetRowExpr(); r != nil && lrow != nil {
			rows = append(rows, b.exprs(r.Args))
			continue
		}
		e := b.expr(m)
		if lrow != nil {
			e2 := &expr.Row{Typed: typed(recordType, -1), Fields: leftRow, Explicit: true}
			others = append(others, b.operatorCall(op, e2, e, n.Location))
			continue
		}
		if hasVars(e) {
			others = append(others, e)
		} else {
			plain = append(plain, e)
		}
	}
	var tests []expr.Expr
	if len(plain) > 1 {
		if t := b.inArray(n, op, not, left, plain); t != nil {
			tests, plain = append(tests, t), nil
		}
	}
	if lrow == nil {
		for _, e := range append(plain, others...) {
			tests = append(tests, b.toBool(b.operatorCall(op, left, e, n.Location), "IN"))
		}
	} else {
		tests = append(tests, others...)
		for _, r := range rows {
			tests = append(tests, b.rowCompare(op, leftRow, r, n.Location))
		}
	}
	if len(tests) == 1 {
		return tests[0]
	}
	kind := expr.Or
	if not {
		kind = expr.And
	}
	return b.at(&expr.BoolOp{Typed: typed(boolType, -1), Op: kind, Args: tests}, n.Location)
}

// inArray makes one test of all members of an IN list, nil when they have no common type.
func (b *binder) inArray(n *pg_query.A_Expr, op string, not bool, left expr.Expr, members []expr.Expr) expr.Expr {
	t := b.commonType(append([]expr.Expr{left}, members...), "")
	if t == nil || t == recordType {
		return nil
	}
	for _, m := range members {
		if !b.canCoerce(m.Type(), t, implicitCast) {
			return nil
		}
	}
	at := pgtype.ArrayOf(t)
	if at == nil {
		return nil
	}
	array := &expr.Array{Typed: typed(at, -1)}
	for _, m := range members {
		array.Elems = append(array.Elems, b.toCommon(m, t, "IN"))
	}
	b.at(array, -1)
	e := b.arrayOp(n.Name, op, not, left, array, n.Location)
	e.FromIn = true
	return b.at(e, n.Location)
}

// hasVars tells whether an expression reads columns.
func hasVars(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		switch e.(type) {
		case *expr.Var, *expr.Subquery:
			found = true
		}
		return !found
	})
	return found
}

// between binds the forms of BETWEEN as the comparisons that they stand for.
func (b *binder) between(n *pg_query.A_Expr) expr.Expr {
	bounds := n.Rexpr.GetList().GetItems()
	compare := func(op string, bound *pg_query.Node) expr.Expr {
		return b.toBool(b.operatorCall(op, b.expr(n.Lexpr), b.expr(bound), n.Location), "BETWEEN")
	}
	join := func(op expr.BoolOpKind, l, r expr.Expr) expr.Expr {
		return b.at(&expr.BoolOp{Typed: typed(boolType, -1), Op: op, Args: []expr.Expr{l, r}}, n.Location)
	}
	inside := func(lo, hi *pg_query.Node) expr.Expr {
		l := compare(">=", lo)
		return join(expr.And, l, compare("<=", hi))
	}
	outside := func(lo, hi *pg_query.Node) expr.Expr {
		l := compare("<", lo)
		return join(expr.Or, l, compare(">", hi))
	}
	switch n.Kind {
	case pg_query.A_Expr_Kind_AEXPR_BETWEEN:
		return inside(bounds[0], bounds[1])
	case pg_query.A_Expr_Kind_AEXPR_NOT_BETWEEN:
		return outside(bounds[0], bounds[1])
	case pg_query.A_Expr_Kind_AEXPR_BETWEEN_SYM:
		l := inside(bounds[0], bounds[1])
		return join(expr.Or, l, inside(bounds[1], bounds[0]))
	}
	l := outside(bounds[0], bounds[1])
	return join(expr.And, l, outside(bounds[1], bounds[0]))
}
