package bind

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

var (
	jsonType  = pgtype.ByOID(pgtype.OIDJson)
	jsonbType = pgtype.ByOID(pgtype.OIDJsonb)
)

// sqlJSON binds the SQL/JSON constructors and IS JSON; nil for other nodes. Constructors that have a function with their meaning become calls of it.
func (b *binder) sqlJSON(n *pg_query.Node) expr.Expr {
	switch x := n.Node.(type) {
	case *pg_query.Node_JsonIsPredicate:
		return b.isJSON(x.JsonIsPredicate)
	case *pg_query.Node_JsonObjectConstructor:
		return b.jsonObject(x.JsonObjectConstructor)
	case *pg_query.Node_JsonArrayConstructor:
		return b.jsonArray(x.JsonArrayConstructor)
	case *pg_query.Node_JsonArrayQueryConstructor:
		return b.jsonArrayQuery(x.JsonArrayQueryConstructor)
	case *pg_query.Node_JsonObjectAgg:
		return b.jsonObjectAgg(x.JsonObjectAgg)
	case *pg_query.Node_JsonArrayAgg:
		return b.jsonArrayAgg(x.JsonArrayAgg)
	}
	return nil
}

// jsonOutput gives the type that RETURNING asks for, and whether the value is made as jsonb on the way there.
func (b *binder) jsonOutput(o *pg_query.JsonOutput) (t *pgtype.Type, mod int32, binary bool) {
	if o == nil || o.TypeName == nil {
		return jsonType, -1, false
	}
	t, mod = b.typeName(o.TypeName)
	return t, mod, t.BaseType().OID == pgtype.OIDJsonb
}

// jsonReturning converts a made value to what RETURNING asks for.
func (b *binder) jsonReturning(e expr.Expr, o *pg_query.JsonOutput, loc int32) expr.Expr {
	t, mod, _ := b.jsonOutput(o)
	if e.Type() == t {
		return b.at(e, loc)
	}
	if t.OID == pgtype.OIDBytea {
		b.unsupported(loc, "RETURNING bytea of SQL/JSON constructors")
	}
	r := b.coerceTo(e, t, mod, explicitCast, expr.AsImplicitCast)
	if r == nil || t.BaseType().Category != 'S' && t.BaseType() != jsonType && t.BaseType() != jsonbType {
		b.errorf(-1, pgerr.CannotCoerce, "cannot cast type %s to %s", e.Type(), t)
	}
	return b.at(r, loc)
}

// jsonValue binds a value of a constructor; FORMAT JSON says that a text is JSON already.
func (b *binder) jsonValue(v *pg_query.JsonValueExpr) expr.Expr {
	e := b.expr(v.RawExpr)
	format := v.GetFormat().GetFormatType()
	if e.Type() == unknownType {
		e = b.coerce(e, textType, -1, implicitCast, expr.AsImplicitCast)
	}
	if format == pg_query.JsonFormatType_JS_FORMAT_JSON && e.Type() != jsonType && e.Type() != jsonbType {
		r := b.coerceTo(e, jsonType, -1, explicitCast, expr.AsImplicitCast)
		if r == nil {
			b.errorf(b.loc(e), pgerr.DatatypeMismatch, "cannot use non-string types with explicit FORMAT JSON clause")
		}
		return r
	}
	return e
}

// jsonProcs stand for the constructors that no function has the meaning of, by their result, words and options: calls are equal when their functions are.
var jsonProcs = makeJSONProcs()

func makeJSONProcs() map[jsonForm]*pgfacts.Proc {
	m := map[jsonForm]*pgfacts.Proc{}
	add := func(f jsonForm, result pgtype.OID) {
		m[f] = &pgfacts.Proc{Name: f.name, Kind: 'f', Strict: f.name == "is_json", Volatile: 's', Result: result, Language: "internal", Src: f.words()}
	}
	flags := []bool{false, true}
	for _, unique := range flags {
		for _, kind := range []string{"", "object", "array", "scalar"} {
			add(jsonForm{name: "is_json", kind: kind, unique: unique}, pgtype.OIDBool)
		}
		for _, absent := range flags {
			for _, binary := range flags {
				for _, name := range []string{"json_object", "json_array"} {
					add(jsonForm{name: name, binary: binary, absent: absent, unique: unique}, jsonResult(binary).OID)
				}
			}
		}
	}
	return m
}

// jsonForm is a constructor with its options.
type jsonForm struct {
	name, kind             string
	binary, absent, unique bool
}

// words are the options as they are written behind the arguments.
func (f jsonForm) words() string {
	var s string
	switch {
	case f.name == "is_json":
		if s = " IS JSON"; f.kind != "" {
			s += " " + strings.ToUpper(f.kind)
		}
	case f.name == "json_object" && f.absent:
		s = " ABSENT ON NULL"
	case f.name == "json_array" && !f.absent:
		s = " NULL ON NULL"
	}
	if f.unique {
		s += " WITH UNIQUE KEYS"
	}
	if f.name != "is_json" {
		s += " RETURNING " + jsonResult(f.binary).Name
	}
	return s
}

func (f jsonForm) call(code builtin.Scalar, args []expr.Expr) *expr.Call {
	p := jsonProcs[f]
	return &expr.Call{Typed: typed(pgtype.ByOID(p.Result), -1), Proc: p, Code: code, Args: args, Form: expr.AsSQLFunction, Keyword: f.name}
}

func jsonResult(binary bool) *pgtype.Type {
	if binary {
		return jsonbType
	}
	return jsonType
}

func (b *binder) jsonObject(n *pg_query.JsonObjectConstructor) expr.Expr {
	_, _, binary := b.jsonOutput(n.Output)
	var args []expr.Expr
	for _, x := range n.Exprs {
		kv := x.GetJsonKeyValue()
		key := b.expr(kv.Key)
		if key.Type() == unknownType {
			key = b.coerce(key, textType, -1, implicitCast, expr.AsImplicitCast)
		}
		args = append(args, key, b.jsonValue(kv.Value))
	}
	form := jsonForm{name: "json_object", binary: binary, absent: n.AbsentOnNull, unique: n.Unique}
	e := form.call(builtin.JSONObject(binary, n.AbsentOnNull, n.Unique), args)
	return b.jsonReturning(e, n.Output, n.Location)
}

func (b *binder) jsonArray(n *pg_query.JsonArrayConstructor) expr.Expr {
	_, _, binary := b.jsonOutput(n.Output)
	var args []expr.Expr
	for _, x := range n.Exprs {
		args = append(args, b.jsonValue(x.GetJsonValueExpr()))
	}
	form := jsonForm{name: "json_array", binary: binary, absent: n.AbsentOnNull}
	e := form.call(builtin.JSONArray(binary, n.AbsentOnNull), args)
	return b.jsonReturning(e, n.Output, n.Location)
}

// jsonArrayQuery binds JSON_ARRAY(SELECT …) as (SELECT json_agg_strict(a) FROM (SELECT …) q (a)).
func (b *binder) jsonArrayQuery(n *pg_query.JsonArrayQueryConstructor) expr.Expr {
	_, _, binary := b.jsonOutput(n.Output)
	call := pg_query.MakeFuncCallNode(jsonAggregate("json_agg", binary, n.AbsentOnNull, false),
		[]*pg_query.Node{pg_query.MakeColumnRefNode([]*pg_query.Node{pg_query.MakeStrNode("a")}, n.Location)}, n.Location)
	from := &pg_query.Node{Node: &pg_query.Node_RangeSubselect{RangeSubselect: &pg_query.RangeSubselect{
		Subquery: n.Query, Alias: &pg_query.Alias{Aliasname: "q", Colnames: []*pg_query.Node{pg_query.MakeStrNode("a")}},
	}}}
	query := &pg_query.SelectStmt{
		TargetList:  []*pg_query.Node{pg_query.MakeResTargetNodeWithVal(call, n.Location)},
		FromClause:  []*pg_query.Node{from},
		LimitOption: pg_query.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg_query.SetOperation_SETOP_NONE,
	}
	link := &pg_query.SubLink{
		SubLinkType: pg_query.SubLinkType_EXPR_SUBLINK, Location: n.Location,
		Subselect: &pg_query.Node{Node: &pg_query.Node_SelectStmt{SelectStmt: query}},
	}
	return b.jsonReturning(b.expr(&pg_query.Node{Node: &pg_query.Node_SubLink{SubLink: link}}), n.Output, n.Location)
}

// jsonAggregate names the aggregate of a constructor.
func jsonAggregate(name string, binary, absent, unique bool) []*pg_query.Node {
	if binary {
		name = "jsonb" + name[len("json"):]
	}
	if unique {
		name += "_unique"
	}
	if absent {
		name += "_strict"
	}
	return []*pg_query.Node{pg_query.MakeStrNode("pg_catalog"), pg_query.MakeStrNode(name)}
}

func (b *binder) jsonObjectAgg(n *pg_query.JsonObjectAgg) expr.Expr {
	_, _, binary := b.jsonOutput(n.Constructor.Output)
	name := jsonAggregate("json_object_agg", binary, n.AbsentOnNull, n.Unique)
	return b.jsonAggregateCall(n.Constructor, name, n.Arg.Key, n.Arg.Value.RawExpr)
}

func (b *binder) jsonArrayAgg(n *pg_query.JsonArrayAgg) expr.Expr {
	_, _, binary := b.jsonOutput(n.Constructor.Output)
	return b.jsonAggregateCall(n.Constructor, jsonAggregate("json_agg", binary, n.AbsentOnNull, false), n.Arg.RawExpr)
}

func (b *binder) jsonAggregateCall(c *pg_query.JsonAggConstructor, name []*pg_query.Node, args ...*pg_query.Node) expr.Expr {
	call := &pg_query.FuncCall{
		Funcname: name, Args: args, AggOrder: c.AggOrder, AggFilter: c.AggFilter, Over: c.Over, Location: c.Location,
		Funcformat: pg_query.CoercionForm_COERCE_EXPLICIT_CALL,
	}
	return b.jsonReturning(b.funcCall(call), c.Output, c.Location)
}

// jsonKinds are the words after IS JSON.
var jsonKinds = map[pg_query.JsonValueType]string{
	pg_query.JsonValueType_JS_TYPE_OBJECT: "object", pg_query.JsonValueType_JS_TYPE_ARRAY: "array", pg_query.JsonValueType_JS_TYPE_SCALAR: "scalar",
}

func (b *binder) isJSON(n *pg_query.JsonIsPredicate) expr.Expr {
	e := b.expr(n.Expr)
	t := e.Type().BaseType()
	switch {
	case t == jsonType || t == jsonbType || t.OID == pgtype.OIDBytea:
	case t == unknownType || t.Category == 'S':
		e = b.coerce(e, textType, -1, implicitCast, expr.AsImplicitCast)
	default:
		b.errorf(-1, pgerr.DatatypeMismatch, "cannot use type %s in IS JSON predicate", e.Type())
	}
	form := jsonForm{name: "is_json", kind: jsonKinds[n.ItemType], unique: n.UniqueKeys}
	return b.at(form.call(builtin.IsJSON(form.kind, form.unique), []expr.Expr{e}), n.Location)
}

// jsonConstructor shows JSON_OBJECT and JSON_ARRAY.
func (d *deparser) jsonConstructor(e *expr.Call) {
	d.WriteString(strings.ToUpper(e.Proc.Name) + "(")
	for i, a := range e.Args {
		switch {
		case i == 0:
		case e.Proc.Name == "json_object" && i%2 == 1:
			d.WriteString(" : ")
		default:
			d.WriteString(", ")
		}
		d.expr(a, false)
	}
	d.WriteString(e.Proc.Src + ")")
}
