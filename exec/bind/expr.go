package bind

import (
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// exprKind is the clause that an expression stands in: it decides what is allowed there and what an error calls it.
type exprKind uint8

const (
	kindNone exprKind = iota
	kindSelect
	kindWhere
	kindHaving
	kindFilter
	kindJoinOn
	kindFromFunction
	kindGroupBy
	kindOrderBy
	kindDistinctOn
	kindLimit
	kindOffset
	kindValues
	kindInsert
	kindUpdate
	kindReturning
	kindDefault
	kindCheck
	kindDomainCheck
	kindGenerated
	kindIndexExpr
	kindIndexPredicate
	kindAlterColumn
	kindCopyWhere
	kindExecute
	kindMergeWhen
	kindMergeInsert
	kindWindowPartition
	kindWindowOrder
	kindWindowRange
	kindWindowRows
	kindWindowGroups
)

// clause is what is allowed in a clause.
type clause struct {
	name       string // in "… are not allowed in WHERE"
	aggregates bool
	windows    bool
	sets       bool
	noSubquery string // the error for a subquery, "" when it is allowed
}

var clauses = map[exprKind]clause{
	kindSelect:         {name: "SELECT", aggregates: true, windows: true, sets: true},
	kindWhere:          {name: "WHERE"},
	kindHaving:         {name: "HAVING", aggregates: true},
	kindFilter:         {name: "FILTER"},
	kindJoinOn:         {name: "JOIN conditions"},
	kindFromFunction:   {name: "functions in FROM", sets: true},
	kindGroupBy:        {name: "GROUP BY", sets: true},
	kindOrderBy:        {name: "ORDER BY", aggregates: true, windows: true, sets: true},
	kindDistinctOn:     {name: "DISTINCT ON", aggregates: true, windows: true, sets: true},
	kindLimit:          {name: "LIMIT"},
	kindOffset:         {name: "OFFSET"},
	kindValues:         {name: "VALUES"},
	kindInsert:         {name: "VALUES", sets: true},
	kindUpdate:         {name: "UPDATE"},
	kindReturning:      {name: "RETURNING"},
	kindDefault:        {name: "DEFAULT expressions", noSubquery: "cannot use subquery in DEFAULT expression"},
	kindCheck:          {name: "check constraints", noSubquery: "cannot use subquery in check constraint"},
	kindDomainCheck:    {name: "check constraints", noSubquery: "cannot use subquery in check constraint"},
	kindGenerated:      {name: "column generation expressions", noSubquery: "cannot use subquery in column generation expression"},
	kindIndexExpr:      {name: "index expressions", noSubquery: "cannot use subquery in index expression"},
	kindIndexPredicate: {name: "index predicates", noSubquery: "cannot use subquery in index predicate"},
	kindAlterColumn:    {name: "transform expressions", noSubquery: "cannot use subquery in transform expression"},
	kindCopyWhere:      {name: "COPY FROM WHERE conditions", noSubquery: "cannot use subquery in COPY FROM WHERE condition"},
	kindExecute:        {name: "EXECUTE parameters", noSubquery: "cannot use subquery in EXECUTE parameter"},
	kindMergeWhen:      {name: "MERGE WHEN conditions"},
	kindMergeInsert:    {name: "VALUES"},

	kindWindowPartition: {name: windowDefinitions, aggregates: true, sets: true},
	kindWindowOrder:     {name: windowDefinitions, aggregates: true, sets: true},
	kindWindowRange:     {name: "window RANGE"},
	kindWindowRows:      {name: "window ROWS"},
	kindWindowGroups:    {name: "window GROUPS"},
}

// in binds an expression as part of a clause.
func (b *binder) in(kind exprKind, n *pg_query.Node) expr.Expr {
	old := b.scope.kind
	b.scope.kind = kind
	e := b.expr(n)
	b.scope.kind = old
	return e
}

// checkSetAllowed refuses a set-returning function where the clause has no place for it.
func (b *binder) checkSetAllowed(loc int32) {
	c := clauses[b.scope.kind]
	if b.noSets != "" {
		b.failAt(loc, pgerr.Newf(pgerr.FeatureNotSupported, "set-returning functions are not allowed in %s", b.noSets).
			WithHint("You might be able to move the set-returning function into a LATERAL FROM item."))
	}
	if b.scope.kind == kindMergeInsert {
		b.errorf(loc, pgerr.FeatureNotSupported, "set-valued function called in context that cannot accept a set")
	}
	if !c.sets {
		if strings.HasPrefix(c.name, "window ") {
			c.name = windowDefinitions
		}
		b.errorf(loc, pgerr.FeatureNotSupported, "set-returning functions are not allowed in %s", c.name)
	}
	b.scope.hasSets = true
	b.setCalls++
}

// maxDepth bounds the recursion into expressions; the parser lets no deeper tree through.
const maxDepth = 40000

// expr binds an expression.
func (b *binder) expr(n *pg_query.Node) expr.Expr {
	if b.nesting++; b.nesting > maxDepth {
		b.errorf(-1, pgerr.StatementTooComplex, "stack depth limit exceeded")
	}
	defer func() { b.nesting-- }()
	switch x := n.Node.(type) {
	case *pg_query.Node_ColumnRef:
		return b.column(x.ColumnRef)
	case *pg_query.Node_AConst:
		return b.constant(x.AConst)
	case *pg_query.Node_ParamRef:
		return b.param(x.ParamRef)
	case *pg_query.Node_AExpr:
		return b.aExpr(x.AExpr)
	case *pg_query.Node_BoolExpr:
		return b.boolExpr(x.BoolExpr)
	case *pg_query.Node_FuncCall:
		return b.funcCall(x.FuncCall)
	case *pg_query.Node_TypeCast:
		return b.typeCast(x.TypeCast)
	case *pg_query.Node_SubLink:
		return b.subLink(x.SubLink)
	case *pg_query.Node_AIndirection:
		return b.indirection(x.AIndirection)
	case *pg_query.Node_NullTest:
		return b.nullTest(x.NullTest)
	case *pg_query.Node_CaseExpr:
		return b.caseExpr(x.CaseExpr)
	}
	return b.rareExpr(n)
}

func (b *binder) rareExpr(n *pg_query.Node) expr.Expr {
	switch x := n.Node.(type) {
	case *pg_query.Node_BooleanTest:
		return b.boolTest(x.BooleanTest)
	case *pg_query.Node_CoalesceExpr:
		return b.coalesce(x.CoalesceExpr)
	case *pg_query.Node_MinMaxExpr:
		return b.minMax(x.MinMaxExpr)
	case *pg_query.Node_AArrayExpr:
		return b.array(x.AArrayExpr, nil, -1)
	case *pg_query.Node_RowExpr:
		return b.row(x.RowExpr)
	case *pg_query.Node_CollateClause:
		return b.collate(x.CollateClause)
	case *pg_query.Node_SqlvalueFunction:
		return b.sqlValue(x.SqlvalueFunction)
	case *pg_query.Node_GroupingFunc:
		return b.grouping(x.GroupingFunc)
	case *pg_query.Node_SetToDefault:
		b.errorf(x.SetToDefault.Location, pgerr.SyntaxError, "DEFAULT is not allowed in this context")
	case *pg_query.Node_NamedArgExpr:
		return b.expr(x.NamedArgExpr.Arg)
	case *pg_query.Node_CurrentOfExpr:
		b.errorf(-1, pgerr.FeatureNotSupported, "WHERE CURRENT OF is not supported here")
	case *pg_query.Node_XmlExpr, *pg_query.Node_XmlSerialize:
		b.unsupported(nodeLoc(n), "XML")
	}
	if e := b.sqlJSON(n); e != nil {
		return e
	}
	b.unsupported(nodeLoc(n), "this kind of expression")
	return nil
}

// constant binds a literal. A string has no type until its use decides.
func (b *binder) constant(c *pg_query.A_Const) expr.Expr {
	e := &expr.Const{Typed: typed(unknownType, -1)}
	switch v := c.Val.(type) {
	case *pg_query.A_Const_Ival:
		e.T, e.Value = int4Type, pgtype.Int(int64(v.Ival.GetIval()))
	case *pg_query.A_Const_Fval:
		b.numberConstant(e, v.Fval.Fval, c.Location)
	case *pg_query.A_Const_Boolval:
		e.T, e.Value = boolType, pgtype.Bool(v.Boolval.GetBoolval())
	case *pg_query.A_Const_Sval:
		e.Value = pgtype.Text(v.Sval.GetSval())
	case *pg_query.A_Const_Bsval:
		e.T = pgtype.ByOID(pgtype.OIDBit)
		e.Value = b.literal(v.Bsval.GetBsval(), e.T, -1, c.Location)
	default:
		if !c.Isnull {
			b.unsupported(c.Location, "this kind of literal")
		}
	}
	return b.at(e, c.Location)
}

func (b *binder) numberConstant(e *expr.Const, s string, loc int32) {
	digits := strings.ReplaceAll(s, "_", "")
	base := 10
	if d := strings.TrimPrefix(digits, "-"); len(d) > 1 && d[0] == '0' && (d[1]|0x20 == 'x' || d[1]|0x20 == 'o' || d[1]|0x20 == 'b') {
		base = 0
	}
	if v, err := strconv.ParseInt(digits, base, 64); err == nil {
		e.T, e.Value = int8Type, pgtype.Int(v)
		if int64(int32(v)) == v {
			e.T = int4Type
		}
		return
	}
	e.T = pgtype.ByOID(pgtype.OIDNumeric)
	e.Value = b.literal(s, e.T, -1, loc)
}

// column binds a name: a column, or a relation as a whole.
func (b *binder) column(c *pg_query.ColumnRef) expr.Expr {
	fields := c.Fields
	star := fields[len(fields)-1].GetAStar() != nil
	if len(fields) == 1 {
		if star {
			b.errorf(c.Location, pgerr.SyntaxError, "improper use of \"*\"")
		}
		return b.bareColumn(nodeString(fields[0]), c.Location)
	}
	schema, relation := b.columnQualifier(c)
	it, _ := b.findItem(b.scope, schema, relation, c.Location)
	if it == nil {
		b.noRelation(b.scope, schema, relation, c.Location)
	}
	if star {
		return b.wholeRow(it, c.Location)
	}
	name := nodeString(fields[len(fields)-1])
	if e := b.itemColumn(it, name, c.Location); e != nil {
		return b.useColumn(e, c.Location)
	}
	if e := b.rowFunction(it, name, c.Location); e != nil {
		return e
	}
	b.noColumn(b.scope, relation, name, c.Location)
	return nil
}

// columnQualifier takes the part in front of a column's name apart.
func (b *binder) columnQualifier(c *pg_query.ColumnRef) (schema, relation string) {
	names := c.Fields[:len(c.Fields)-1]
	switch len(names) {
	case 1:
		return "", nodeString(names[0])
	case 2:
		return nodeString(names[0]), nodeString(names[1])
	case 3:
		if nodeString(names[0]) != b.env.Catalog.Database().Name {
			b.errorf(c.Location, pgerr.FeatureNotSupported, "cross-database references are not implemented: %s", dotted(c.Fields))
		}
		return nodeString(names[1]), nodeString(names[2])
	}
	b.errorf(c.Location, pgerr.SyntaxError, "improper qualified name (too many dotted names): %s", dotted(c.Fields))
	return "", ""
}

func (b *binder) bareColumn(name string, loc int32) expr.Expr {
	if b.valueOf != nil && name == "value" {
		return b.at(&expr.CaseValue{Typed: typed(b.valueOf.Type(), b.valueOf.Typmod())}, loc)
	}
	if b.scope.kind == kindDefault {
		b.errorf(loc, pgerr.FeatureNotSupported, "cannot use column reference in DEFAULT expression")
	}
	if e := b.columnRef(b.scope, name, loc); e != nil {
		return e
	}
	if it, _ := b.findItem(b.scope, "", name, loc); it != nil {
		return b.wholeRow(it, loc)
	}
	b.noColumn(b.scope, "", name, loc)
	return nil
}

// rowFunction is t.f for a function f of the row type of t; nil when there is none.
func (b *binder) rowFunction(it *item, name string, loc int32) expr.Expr {
	if len(b.env.Library.Procs(name)) == 0 {
		return nil
	}
	row := b.wholeRow(it, loc)
	c := &call{name: name, args: []expr.Expr{row}, loc: loc}
	x, kind := b.findFunction(c)
	switch kind {
	case foundFunction:
		if x.what.Kind != 'f' {
			return nil
		}
		return b.buildCall(c, x)
	case foundCast:
		return b.castNotation(c)
	}
	return nil
}

func (b *binder) boolExpr(n *pg_query.BoolExpr) expr.Expr {
	op, name := expr.And, "AND"
	switch n.Boolop {
	case pg_query.BoolExprType_OR_EXPR:
		op, name = expr.Or, "OR"
	case pg_query.BoolExprType_NOT_EXPR:
		op, name = expr.Not, "NOT"
	}
	e := &expr.BoolOp{Typed: typed(boolType, -1), Op: op}
	for _, a := range n.Args {
		e.Args = append(e.Args, b.toBool(b.expr(a), name))
	}
	return b.at(e, n.Location)
}

func (b *binder) nullTest(n *pg_query.NullTest) expr.Expr {
	arg := b.expr(n.Arg)
	t := arg.Type()
	return b.at(&expr.NullTest{
		Typed: typed(boolType, -1), Arg: arg, Not: n.Nulltesttype == pg_query.NullTestType_IS_NOT_NULL, Row: isComplex(t) || t == recordType,
	}, n.Location)
}

func (b *binder) boolTest(n *pg_query.BooleanTest) expr.Expr {
	e := &expr.BoolTest{Typed: typed(boolType, -1)}
	name := ""
	switch n.Booltesttype {
	case pg_query.BoolTestType_IS_TRUE:
		e.Kind, name = 't', "IS TRUE"
	case pg_query.BoolTestType_IS_NOT_TRUE:
		e.Kind, e.Not, name = 't', true, "IS NOT TRUE"
	case pg_query.BoolTestType_IS_FALSE:
		e.Kind, name = 'f', "IS FALSE"
	case pg_query.BoolTestType_IS_NOT_FALSE:
		e.Kind, e.Not, name = 'f', true, "IS NOT FALSE"
	case pg_query.BoolTestType_IS_UNKNOWN:
		e.Kind, name = 'u', "IS UNKNOWN"
	default:
		e.Kind, e.Not, name = 'u', true, "IS NOT UNKNOWN"
	}
	e.Arg = b.toBool(b.expr(n.Arg), name)
	return b.at(e, n.Location)
}

// typeCast binds CAST(x AS t), x::t and t 'literal'.
func (b *binder) typeCast(n *pg_query.TypeCast) expr.Expr {
	t, mod := b.typeName(n.TypeName)
	var arg expr.Expr
	if a := n.Arg.GetAArrayExpr(); a != nil && t.BaseType().IsArray() {
		arg = b.array(a, t.BaseType(), domainOr(t, mod))
	} else {
		arg = b.expr(n.Arg)
	}
	source := arg.Type()
	loc := n.Location
	if loc < 0 {
		loc = n.TypeName.Location
	}
	b.castLoc = loc
	e := b.coerceTo(arg, t, mod, explicitCast, expr.AsExplicitCast)
	b.castLoc = -1
	if e == nil {
		b.errorf(leftmost(loc, -1), pgerr.CannotCoerce, "cannot cast type %s to %s", source, t)
	}
	return e
}

func domainOr(t *pgtype.Type, mod int32) int32 {
	if t.Kind == pgtype.KindDomain {
		return domainMod(t)
	}
	return mod
}

// collations are the collations that mean byte order, which is the only one there is.
var collations = map[string]pgtype.OID{"default": 100, "C": 950, "POSIX": 951, "ucs_basic": 962}

func (b *binder) collate(n *pg_query.CollateClause) expr.Expr {
	arg := b.expr(n.Arg)
	t := arg.Type()
	if t.Collation == 0 && t != unknownType {
		b.errorf(n.Location, pgerr.DatatypeMismatch, "collations are not supported by type %s", t)
	}
	schema, name := b.qualified(n.Collname, n.Location)
	if schema != "" {
		b.schema(schema, n.Location)
	}
	oid, ok := collations[name]
	if !ok {
		b.errorf(n.Location, pgerr.UndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist", name)
	}
	return b.at(&expr.Collate{Typed: typed(t, arg.Typmod()), Arg: arg, Collation: oid, Name: name}, n.Location)
}

// sqlValues are the SQL functions without parentheses, with the type of each.
var sqlValues = map[pg_query.SQLValueFunctionOp]struct {
	name string
	t    pgtype.OID
}{
	pg_query.SQLValueFunctionOp_SVFOP_CURRENT_DATE:        {"CURRENT_DATE", pgtype.OIDDate},
	pg_query.SQLValueFunctionOp_SVFOP_CURRENT_TIME:        {"CURRENT_TIME", pgtype.OIDTimetz},
	pg_query.SQLValueFunctionOp_SVFOP_CURRENT_TIME_N:      {"CURRENT_TIME", pgtype.OIDTimetz},
	pg_query.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP:   {"CURRENT_TIMESTAMP", pgtype.OIDTimestamptz},
	pg_query.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N: {"CURRENT_TIMESTAMP", pgtype.OIDTimestamptz},
	pg_query.SQLValueFunctionOp_SVFOP_LOCALTIME:           {"LOCALTIME", pgtype.OIDTime},
	pg_query.SQLValueFunctionOp_SVFOP_LOCALTIME_N:         {"LOCALTIME", pgtype.OIDTime},
	pg_query.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP:      {"LOCALTIMESTAMP", pgtype.OIDTimestamp},
	pg_query.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:    {"LOCALTIMESTAMP", pgtype.OIDTimestamp},
	pg_query.SQLValueFunctionOp_SVFOP_CURRENT_ROLE:        {"CURRENT_ROLE", pgtype.OIDName},
	pg_query.SQLValueFunctionOp_SVFOP_CURRENT_USER:        {"CURRENT_USER", pgtype.OIDName},
	pg_query.SQLValueFunctionOp_SVFOP_USER:                {"USER", pgtype.OIDName},
	pg_query.SQLValueFunctionOp_SVFOP_SESSION_USER:        {"SESSION_USER", pgtype.OIDName},
	pg_query.SQLValueFunctionOp_SVFOP_CURRENT_CATALOG:     {"CURRENT_CATALOG", pgtype.OIDName},
	pg_query.SQLValueFunctionOp_SVFOP_CURRENT_SCHEMA:      {"CURRENT_SCHEMA", pgtype.OIDName},
}

func (b *binder) sqlValue(n *pg_query.SQLValueFunction) expr.Expr {
	v := sqlValues[n.Op]
	mod := int32(-1)
	switch n.Op {
	case pg_query.SQLValueFunctionOp_SVFOP_CURRENT_TIME_N, pg_query.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N,
		pg_query.SQLValueFunctionOp_SVFOP_LOCALTIME_N, pg_query.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:
		mod = min(n.Typmod, 6)
	}
	return b.at(&expr.SQLValue{Typed: typed(pgtype.ByOID(v.t), mod), Name: v.name}, n.Location)
}
