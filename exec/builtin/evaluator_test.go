package builtin

import (
	"context"
	"fmt"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// value is an evaluated expression; its type is unknown for a bare string constant.
type value struct {
	datum pgtype.Datum
	typ   *pgtype.Type
}

// query evaluates the single expression of a SELECT.
func (e *evaluator) query(sql string) ([]pgtype.Datum, *pgtype.Type, error) {
	tree, err := pg_query.Parse(sql)
	if err != nil {
		return nil, nil, pgerr.Newf(pgerr.SyntaxError, "%s", err)
	}
	target := tree.Stmts[0].Stmt.GetSelectStmt().TargetList[0].GetResTarget().Val
	if call := target.GetFuncCall(); call != nil {
		if p, args, err := e.resolveCall(call); err == nil && p.RetSet {
			return e.rows(p, args)
		}
	}
	v, err := e.expr(target)
	return []pgtype.Datum{v.datum}, v.typ, err
}

func (e *evaluator) rows(p *pgfacts.Proc, args []value) ([]pgtype.Datum, *pgtype.Type, error) {
	set := e.library.Set(p.OID)
	if set == nil {
		return nil, nil, Missing(p)
	}
	c, data := e.call(p, args)
	if p.Strict && anyNull(data) {
		return nil, c.Result, nil
	}
	rows, err := set(c, data)
	if err != nil {
		return nil, nil, err
	}
	var out []pgtype.Datum
	for {
		d, ok, err := rows.Next()
		if err != nil || !ok {
			return out, c.Result, err
		}
		out = append(out, d)
	}
}

func anyNull(data []pgtype.Datum) bool {
	for _, d := range data {
		if d.IsNull() {
			return true
		}
	}
	return false
}

func (e *evaluator) expr(n *pg_query.Node) (value, error) {
	switch n := n.Node.(type) {
	case *pg_query.Node_AConst:
		return e.constant(n.AConst)
	case *pg_query.Node_TypeCast:
		return e.typeCast(n.TypeCast)
	case *pg_query.Node_FuncCall:
		p, args, err := e.resolveCall(n.FuncCall)
		if err != nil {
			return value{}, err
		}
		return e.apply(p, args)
	case *pg_query.Node_AExpr:
		return e.operator(n.AExpr)
	case *pg_query.Node_AArrayExpr:
		return e.array(n.AArrayExpr)
	}
	return value{}, pgerr.Unsupported(fmt.Sprintf("expression %T", n.Node))
}

func (e *evaluator) constant(c *pg_query.A_Const) (value, error) {
	if c.Isnull {
		return value{pgtype.Null, pgtype.UnknownType}, nil
	}
	switch v := c.Val.(type) {
	case *pg_query.A_Const_Ival:
		return value{pgtype.Int(int64(v.Ival.GetIval())), pgtype.Int4Type}, nil
	case *pg_query.A_Const_Fval:
		t := pgtype.NumericType
		if d, err := pgtype.Int4Type.Codec.ParseText(e.text, v.Fval.Fval, -1); err == nil {
			return value{d, pgtype.Int4Type}, nil
		}
		if d, err := pgtype.Int8Type.Codec.ParseText(e.text, v.Fval.Fval, -1); err == nil {
			return value{d, pgtype.Int8Type}, nil
		}
		d, err := t.Codec.ParseText(e.text, v.Fval.Fval, -1)
		return value{d, t}, err
	case *pg_query.A_Const_Boolval:
		return value{pgtype.Bool(v.Boolval.Boolval), pgtype.BoolType}, nil
	case *pg_query.A_Const_Sval:
		return value{pgtype.Text(v.Sval.Sval), pgtype.UnknownType}, nil
	case *pg_query.A_Const_Bsval:
		d, err := pgtype.BitType.Codec.ParseText(e.text, v.Bsval.Bsval, -1)
		return value{d, pgtype.BitType}, err
	}
	return value{}, pgerr.Unsupported("constant")
}

func (e *evaluator) typeName(n *pg_query.TypeName) (*pgtype.Type, int32, error) {
	name := n.Names[len(n.Names)-1].GetString_().Sval
	t := pgtype.ByName(name)
	if t == nil {
		return nil, -1, pgerr.Newf(pgerr.UndefinedObject, "type \"%s\" does not exist", name)
	}
	typmod := int32(-1)
	if len(n.Typmods) > 0 {
		var mods []int32
		for _, m := range n.Typmods {
			if c := m.GetAConst(); c != nil {
				mods = append(mods, c.GetIval().GetIval())
			}
		}
		var err error
		if typmod, err = pgtype.TypmodIn(t, mods); err != nil {
			return nil, -1, err
		}
	}
	if len(n.ArrayBounds) > 0 {
		t = pgtype.ArrayOf(t)
	}
	return t, typmod, nil
}

func (e *evaluator) typeCast(n *pg_query.TypeCast) (value, error) {
	t, typmod, err := e.typeName(n.TypeName)
	if err != nil {
		return value{}, err
	}
	v, err := e.expr(n.Arg)
	if err != nil {
		return value{}, err
	}
	return e.cast(v, t, typmod, true)
}

// cast converts to a type and then applies its modifier.
func (e *evaluator) cast(v value, t *pgtype.Type, typmod int32, explicit bool) (value, error) {
	if v.datum.IsNull() {
		return value{pgtype.Null, t}, nil
	}
	if v.typ == pgtype.UnknownType {
		mod := typmod
		if t.OID != pgtype.OIDInterval {
			mod = -1
		}
		d, err := t.Codec.ParseText(e.text, v.datum.Text(), mod)
		if err != nil {
			return value{}, err
		}
		return e.modify(value{d, t}, typmod, explicit)
	}
	if v.typ != t {
		var err error
		if v, err = e.convert(v, t, typmod, explicit); err != nil {
			return value{}, err
		}
	}
	return e.modify(v, typmod, explicit)
}

func (e *evaluator) convert(v value, t *pgtype.Type, typmod int32, explicit bool) (value, error) {
	cast := pgfacts.CastBetween(v.typ.OID, t.OID)
	switch {
	case cast != nil && cast.Method == 'b':
		return value{v.datum, t}, nil
	case cast != nil && cast.Method == 'f':
		p := e.library.ProcByOID(cast.Func)
		args := []value{v, {pgtype.Int(int64(typmod)), pgtype.Int4Type}, {pgtype.Bool(explicit), pgtype.BoolType}}
		out, err := e.apply(p, args[:len(p.Args)])
		return value{out.datum, t}, err
	case cast == nil && t.Category != 'S' && v.typ.Category != 'S':
		return value{}, pgerr.Newf(pgerr.CannotCoerce, "cannot cast type %s to %s", v.typ, t)
	}
	d, err := t.Codec.ParseText(e.text, string(v.typ.Codec.AppendText(e.text, nil, v.datum)), -1)
	return value{d, t}, err
}

func (e *evaluator) modify(v value, typmod int32, explicit bool) (value, error) {
	cast := pgfacts.CastBetween(v.typ.OID, v.typ.OID)
	if typmod < 0 || cast == nil {
		return v, nil
	}
	p := e.library.ProcByOID(cast.Func)
	args := []value{v, {pgtype.Int(int64(typmod)), pgtype.Int4Type}, {pgtype.Bool(explicit), pgtype.BoolType}}
	out, err := e.apply(p, args[:len(p.Args)])
	return value{out.datum, v.typ}, err
}

func (e *evaluator) array(n *pg_query.A_ArrayExpr) (value, error) {
	elem := pgtype.TextType
	var data []pgtype.Datum
	for _, x := range n.Elements {
		v, err := e.expr(x)
		if err != nil {
			return value{}, err
		}
		if v.typ != pgtype.UnknownType {
			elem = v.typ
		}
		data = append(data, v.datum)
	}
	return value{pgtype.ArrayValue(pgtype.NewArrayValue(elem, data).Array()), pgtype.ArrayOf(elem)}, nil
}

func (e *evaluator) operator(n *pg_query.A_Expr) (value, error) {
	name := n.Name[len(n.Name)-1].GetString_().Sval
	var args []value
	for _, x := range []*pg_query.Node{n.Lexpr, n.Rexpr} {
		if x == nil {
			continue
		}
		v, err := e.expr(x)
		if err != nil {
			return value{}, err
		}
		args = append(args, v)
	}
	var candidates []*pgfacts.Proc
	for _, op := range pgfacts.OperatorsByName(name) {
		for _, p := range e.library.Procs(strings.SplitN(strings.TrimPrefix(op.Code, "pg_catalog."), "(", 2)[0]) {
			matches := len(p.Args) == 2 && op.Left != 0 && p.Args[0] == op.Left && p.Args[1] == op.Right ||
				len(p.Args) == 1 && op.Left == 0 && p.Args[0] == op.Right
			if matches {
				candidates = append(candidates, p)
			}
		}
	}
	p, err := choose(candidates, name, args)
	if err != nil {
		return value{}, err
	}
	return e.apply(p, args)
}

func (e *evaluator) resolveCall(n *pg_query.FuncCall) (*pgfacts.Proc, []value, error) {
	name := n.Funcname[len(n.Funcname)-1].GetString_().Sval
	var args []value
	for _, x := range n.Args {
		v, err := e.expr(x)
		if err != nil {
			return nil, nil, err
		}
		args = append(args, v)
	}
	p, err := choose(e.library.Procs(name), name, args)
	return p, args, err
}

// choose finds the candidate that needs the fewest and nearest conversions: enough of PostgreSQL's rules for the calls of the test files.
func choose(candidates []*pgfacts.Proc, name string, args []value) (*pgfacts.Proc, error) {
	var best *pgfacts.Proc
	bestCost := 1 << 20
	for _, p := range candidates {
		if cost, ok := conversionCost(p, args); ok && cost < bestCost {
			best, bestCost = p, cost
		}
	}
	if best == nil {
		return nil, pgerr.Newf(pgerr.UndefinedFunction, "no function or operator %s takes that", name)
	}
	return best, nil
}

func conversionCost(p *pgfacts.Proc, args []value) (cost int, ok bool) {
	if len(args) > len(p.Args) && p.Variadic == 0 || len(args) < len(p.Args) && p.Variadic == 0 && len(args) < len(p.Args)-len(p.Defaults) {
		return 0, false
	}
	for i, a := range args {
		want := pgtype.OIDAny
		if i < len(p.Args) {
			want = p.Args[i]
		}
		t := pgtype.ByOID(want)
		switch {
		case a.typ.OID == want:
		case t.Kind == pgtype.KindPseudo:
			if want == pgtype.OIDAnyarray && a.typ.Category != 'A' || want == pgtype.OIDAnymultirange {
				return 0, false
			}
			cost += 50
		case a.typ == pgtype.UnknownType:
			if t.Category != 'S' {
				cost += 30
			}
			if len(args) == 2 && args[1-i].typ == t { // an operator's unknown operand is taken for the other's type
				cost -= 30
			}
			if !t.Preferred {
				cost += 5
			}
			cost++
		default:
			c := pgfacts.CastBetween(a.typ.OID, want)
			if c == nil || c.Context != 'i' {
				return 0, false
			}
			cost += 10
			if !t.Preferred {
				cost++
			}
		}
	}
	return cost, true
}

func (e *evaluator) call(p *pgfacts.Proc, args []value) (*Call, []pgtype.Datum) {
	c := &Call{Ctx: context.Background(), Text: e.text, Env: e.env, Proc: p, Result: pgtype.ByOID(p.Result)}
	data := make([]pgtype.Datum, len(args))
	for i := range args {
		data[i] = args[i].datum
		c.Types = append(c.Types, args[i].typ)
	}
	if p.Result == pgtype.OIDAnyelement && len(args) > 0 && args[0].typ.IsArray() {
		c.Result = args[0].typ.Elem
	}
	return c, data
}

func (e *evaluator) apply(p *pgfacts.Proc, args []value) (value, error) {
	code := e.library.Scalar(p.OID)
	result := pgtype.ByOID(p.Result)
	if code == nil {
		return value{}, Missing(p)
	}
	for i := range args {
		if i < len(p.Args) && pgtype.ByOID(p.Args[i]).Kind != pgtype.KindPseudo {
			v, err := e.cast(args[i], pgtype.ByOID(p.Args[i]), -1, false)
			if err != nil {
				return value{}, err
			}
			args[i] = v
		} else if args[i].typ == pgtype.UnknownType {
			args[i].typ = pgtype.TextType
		}
	}
	for i := len(args); i < len(p.Args) && p.Variadic == 0; i++ {
		def, _, _ := strings.Cut(p.Defaults[i-len(p.Args)+len(p.Defaults)], "::")
		d, err := pgtype.ByOID(p.Args[i]).Codec.ParseText(e.text, strings.Trim(def, "'"), -1)
		if err != nil {
			return value{}, err
		}
		args = append(args, value{d, pgtype.ByOID(p.Args[i])})
	}
	c, data := e.call(p, args)
	if p.Strict && anyNull(data) {
		return value{pgtype.Null, result}, nil
	}
	d, err := code(c, data)
	return value{d, result}, err
}
