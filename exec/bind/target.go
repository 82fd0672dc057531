package bind

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// targetList binds a select list or a RETURNING list.
func (b *binder) targetList(list []*pg_query.Node, kind exprKind) []*target {
	old := b.scope.kind
	b.scope.kind = kind
	defer func() { b.scope.kind = old }()
	var out []*target
	for _, n := range list {
		r := n.GetResTarget()
		if c := r.Val.GetColumnRef(); c != nil && c.Fields[len(c.Fields)-1].GetAStar() != nil {
			out = append(out, b.star(c)...)
			continue
		}
		if i := r.Val.GetAIndirection(); i != nil && i.Indirection[len(i.Indirection)-1].GetAStar() != nil {
			out = append(out, b.expandRow(i)...)
			continue
		}
		e := b.expr(r.Val)
		name := r.Name
		if name == "" {
			name = columnName(r.Val)
		}
		out = append(out, &target{name: name, e: e})
	}
	return out
}

// star expands * and t.*.
func (b *binder) star(c *pg_query.ColumnRef) []*target {
	var items []*item
	if len(c.Fields) == 1 {
		for _, it := range b.scope.items {
			if it.colsVisible && !it.lateralOnly {
				items = append(items, it)
			}
		}
		if len(items) == 0 {
			b.errorf(c.Location, pgerr.SyntaxError, "SELECT * with no tables specified is not valid")
		}
	} else {
		schema, relation := b.columnQualifier(c)
		it, _ := b.findItem(b.scope, schema, relation, c.Location)
		if it == nil {
			b.noRelation(b.scope, schema, relation, c.Location)
		}
		items = append(items, it)
	}
	var out []*target
	for _, it := range items {
		for _, col := range visibleColumns(it) {
			out = append(out, &target{name: col.name, e: b.useColumn(col.e, c.Location)})
		}
	}
	return out
}

// expandRow expands (x).*.
func (b *binder) expandRow(n *pg_query.A_Indirection) []*target {
	inner := n.Arg
	if len(n.Indirection) > 1 {
		inner = &pg_query.Node{Node: &pg_query.Node_AIndirection{AIndirection: &pg_query.A_Indirection{
			Arg: n.Arg, Indirection: n.Indirection[:len(n.Indirection)-1],
		}}}
	}
	e := b.expr(inner)
	if r, ok := e.(*expr.Row); ok && b.wholeRows[r] != nil {
		var out []*target
		for i, f := range r.Fields {
			out = append(out, &target{name: r.Names[i], e: f})
		}
		return out
	}
	cols := b.rowColumns(e)
	if cols == nil {
		t := e.Type()
		if t == recordType {
			b.errorf(nodeLoc(n.Arg), pgerr.DatatypeMismatch, "record type has not been registered")
		}
		b.errorf(nodeLoc(n.Arg), pgerr.WrongObjectType, "type %s is not composite", t)
	}
	var out []*target
	for i, c := range cols {
		out = append(out, &target{name: c.Name, e: b.at(&expr.Field{Typed: typed(c.Type, c.Typmod), Arg: e, Index: i, Name: c.Name}, nodeLoc(n.Arg))})
	}
	return out
}

// columnName is the name that PostgreSQL gives a result column without an alias.
func columnName(n *pg_query.Node) string {
	name, _ := figureName(n)
	if name == "" {
		return "?column?"
	}
	return name
}

// figureName guesses a name and says how good it is: 2 a real name, 1 that of a cast's type, 0 none.
func figureName(n *pg_query.Node) (string, int) {
	if n == nil {
		return "", 0
	}
	switch x := n.Node.(type) {
	case *pg_query.Node_ColumnRef:
		return lastName(x.ColumnRef.Fields)
	case *pg_query.Node_AIndirection:
		if name, ok := lastName(x.AIndirection.Indirection); ok == 2 {
			return name, 2
		}
		return figureName(x.AIndirection.Arg)
	case *pg_query.Node_FuncCall:
		return operatorName(x.FuncCall.Funcname), 2
	case *pg_query.Node_AExpr:
		if x.AExpr.Kind == pg_query.A_Expr_Kind_AEXPR_NULLIF {
			return "nullif", 2
		}
	case *pg_query.Node_TypeCast:
		if name, good := figureName(x.TypeCast.Arg); good > 1 {
			return name, good
		}
		if names := x.TypeCast.TypeName.Names; len(names) > 0 {
			return nodeString(names[len(names)-1]), 1
		}
	case *pg_query.Node_CollateClause:
		return figureName(x.CollateClause.Arg)
	case *pg_query.Node_GroupingFunc:
		return "grouping", 2
	case *pg_query.Node_SubLink:
		return subLinkName(x.SubLink)
	case *pg_query.Node_CaseExpr:
		if name, good := figureName(x.CaseExpr.Defresult); good > 0 {
			return name, good
		}
		return "case", 1
	}
	return keywordName(n)
}

func keywordName(n *pg_query.Node) (string, int) {
	switch x := n.Node.(type) {
	case *pg_query.Node_AArrayExpr:
		return "array", 2
	case *pg_query.Node_RowExpr:
		return "row", 2
	case *pg_query.Node_CoalesceExpr:
		return "coalesce", 2
	case *pg_query.Node_MinMaxExpr:
		if x.MinMaxExpr.Op == pg_query.MinMaxOp_IS_LEAST {
			return "least", 2
		}
		return "greatest", 2
	case *pg_query.Node_JsonObjectConstructor:
		return "json_object", 2
	case *pg_query.Node_JsonArrayConstructor, *pg_query.Node_JsonArrayQueryConstructor:
		return "json_array", 2
	case *pg_query.Node_JsonObjectAgg:
		return "json_objectagg", 2
	case *pg_query.Node_JsonArrayAgg:
		return "json_arrayagg", 2
	case *pg_query.Node_SqlvalueFunction:
		return sqlValueColumn(x.SqlvalueFunction.Op), 2
	}
	return "", 0
}

func sqlValueColumn(op pg_query.SQLValueFunctionOp) string {
	name := []byte(sqlValues[op].name)
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			name[i] = c | 0x20
		}
	}
	return string(name)
}

func lastName(fields []*pg_query.Node) (string, int) {
	for i := len(fields) - 1; i >= 0; i-- {
		if s, ok := fields[i].Node.(*pg_query.Node_String_); ok {
			return s.String_.Sval, 2
		}
	}
	return "", 0
}

func subLinkName(s *pg_query.SubLink) (string, int) {
	switch s.SubLinkType {
	case pg_query.SubLinkType_EXISTS_SUBLINK:
		return "exists", 2
	case pg_query.SubLinkType_ARRAY_SUBLINK:
		return "array", 2
	case pg_query.SubLinkType_EXPR_SUBLINK:
		sel := s.Subselect.GetSelectStmt()
		for sel.GetLarg() != nil {
			sel = sel.Larg
		}
		if sel != nil && len(sel.TargetList) > 0 {
			r := sel.TargetList[0].GetResTarget()
			if r.Name != "" {
				return r.Name, 2
			}
			return figureName(r.Val)
		}
		if len(sel.GetValuesLists()) > 0 {
			return "column1", 2
		}
	}
	return "", 0
}
