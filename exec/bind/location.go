package bind

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/expr"
)

// at remembers where an expression stands in the text.
func (b *binder) at(e expr.Expr, loc int32) expr.Expr {
	if loc >= 0 {
		b.locs[e] = loc
	}
	return e
}

// loc gives the leftmost location of an expression, -1 when it has none.
func (b *binder) loc(e expr.Expr) int32 {
	if e == nil {
		return -1
	}
	loc, ok := b.locs[e]
	if !ok {
		loc = -1
	}
	switch e.(type) {
	case *expr.Const, *expr.Var, *expr.Param, *expr.Subquery:
		return loc
	}
	if ok {
		if _, call := e.(*expr.Call); !call {
			return loc
		}
	}
	expr.Children(e, func(c expr.Expr) { loc = leftmost(loc, b.loc(c)) })
	return loc
}

func leftmost(a, b int32) int32 {
	switch {
	case a < 0:
		return b
	case b < 0:
		return a
	}
	return min(a, b)
}

// nodeLoc is the leftmost location of a node of the parser's tree.
func nodeLoc(n *pg_query.Node) int32 {
	if n == nil {
		return -1
	}
	switch x := n.Node.(type) {
	case *pg_query.Node_ColumnRef:
		return x.ColumnRef.Location
	case *pg_query.Node_AConst:
		return x.AConst.Location
	case *pg_query.Node_ParamRef:
		return x.ParamRef.Location
	case *pg_query.Node_FuncCall:
		return leftmost(x.FuncCall.Location, listLoc(x.FuncCall.Args))
	case *pg_query.Node_AExpr:
		return leftmost(x.AExpr.Location, nodeLoc(x.AExpr.Lexpr))
	case *pg_query.Node_BoolExpr:
		return leftmost(x.BoolExpr.Location, listLoc(x.BoolExpr.Args))
	case *pg_query.Node_TypeCast:
		return leftmost(nodeLoc(x.TypeCast.Arg), leftmost(x.TypeCast.TypeName.Location, x.TypeCast.Location))
	case *pg_query.Node_SubLink:
		return leftmost(nodeLoc(x.SubLink.Testexpr), x.SubLink.Location)
	case *pg_query.Node_AIndirection:
		return nodeLoc(x.AIndirection.Arg)
	case *pg_query.Node_CollateClause:
		return nodeLoc(x.CollateClause.Arg)
	case *pg_query.Node_NullTest:
		return leftmost(x.NullTest.Location, nodeLoc(x.NullTest.Arg))
	case *pg_query.Node_BooleanTest:
		return leftmost(x.BooleanTest.Location, nodeLoc(x.BooleanTest.Arg))
	case *pg_query.Node_NamedArgExpr:
		return leftmost(x.NamedArgExpr.Location, nodeLoc(x.NamedArgExpr.Arg))
	}
	return plainLoc(n)
}

// plainLoc is the location of nodes that start with their own word.
func plainLoc(n *pg_query.Node) int32 {
	switch x := n.Node.(type) {
	case *pg_query.Node_CaseExpr:
		return x.CaseExpr.Location
	case *pg_query.Node_CaseWhen:
		return x.CaseWhen.Location
	case *pg_query.Node_CoalesceExpr:
		return x.CoalesceExpr.Location
	case *pg_query.Node_MinMaxExpr:
		return x.MinMaxExpr.Location
	case *pg_query.Node_RowExpr:
		return x.RowExpr.Location
	case *pg_query.Node_AArrayExpr:
		return x.AArrayExpr.Location
	case *pg_query.Node_SqlvalueFunction:
		return x.SqlvalueFunction.Location
	case *pg_query.Node_GroupingFunc:
		return x.GroupingFunc.Location
	case *pg_query.Node_GroupingSet:
		return x.GroupingSet.Location
	case *pg_query.Node_SetToDefault:
		return x.SetToDefault.Location
	case *pg_query.Node_ResTarget:
		if x.ResTarget.Location >= 0 {
			return x.ResTarget.Location
		}
		return nodeLoc(x.ResTarget.Val)
	case *pg_query.Node_SortBy:
		return nodeLoc(x.SortBy.Node)
	case *pg_query.Node_RangeVar:
		return x.RangeVar.Location
	case *pg_query.Node_TypeName:
		return x.TypeName.Location
	case *pg_query.Node_List:
		return listLoc(x.List.Items)
	case *pg_query.Node_XmlExpr:
		return x.XmlExpr.Location
	}
	return -1
}

func listLoc(ns []*pg_query.Node) int32 {
	loc := int32(-1)
	for _, n := range ns {
		loc = leftmost(loc, nodeLoc(n))
	}
	return loc
}
