package opt

import (
	"context"

	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// fold computes immutable calls of constants once. A call that fails stays: its error is the statement's only when a row gets there.
func fold(n plan.Node) plan.Node { return plan.MapAll(n, foldExpr) }

func foldExpr(e expr.Expr) expr.Expr {
	if s, ok := e.(*expr.Subquery); ok {
		c := *expr.MapChildren(s, foldExpr).(*expr.Subquery)
		if p, ok := c.Plan.(plan.Node); ok {
			c.Plan = fold(p)
		}
		return &c
	}
	n := expr.MapChildren(e, foldExpr)
	switch x := n.(type) {
	case *expr.Call:
		return foldCall(x)
	case *expr.Relabel:
		if c, ok := x.Arg.(*expr.Const); ok && c.T.Rep == x.T.Rep {
			return &expr.Const{Typed: expr.Typed{T: x.T, Mod: x.Mod}, Value: expr.RelabelValue(c.T, x.T, c.Value)}
		}
	case *expr.ViaText:
		if c, ok := x.Arg.(*expr.Const); ok && foldableText(x, c) {
			if v, err := evaluateText(x, c); err == nil {
				return &expr.Const{Typed: x.Typed, Value: v}
			}
		}
	case *expr.DomainCheck:
		// A domain without constraints is another name for its type; those of information_schema are such, and columns behind them can be looked up.
		if len(x.Checks) == 0 && !x.NotNull {
			return &expr.Relabel{Typed: x.Typed, Arg: x.Arg, Implicit: true}
		}
	case *expr.BoolOp:
		return foldBool(x)
	case *expr.Array:
		return foldArray(x)
	}
	return n
}

func foldCall(c *expr.Call) expr.Expr {
	if !foldable(c) {
		return c
	}
	v, err := evaluateCall(c)
	if err != nil {
		return c
	}
	return &expr.Const{Typed: c.Typed, Value: v}
}

// foldable tells an immutable call of constants.
func foldable(c *expr.Call) bool {
	if c.Proc.Volatile != 'i' || c.Code == nil || c.Proc.RetSet {
		return false
	}
	null := false
	for _, a := range c.Args {
		k, ok := a.(*expr.Const)
		if !ok || k.T.Kind == pgtype.KindComposite {
			return false
		}
		null = null || k.Value.IsNull()
	}
	return null && c.Proc.Strict || c.T.Rep != pgtype.RepRecord && c.T.Kind != pgtype.KindPseudo
}

// evaluateCall gives the value of a foldable call.
func evaluateCall(c *expr.Call) (pgtype.Datum, error) {
	args := make([]pgtype.Datum, len(c.Args))
	types := make([]*pgtype.Type, len(c.Args))
	for i, a := range c.Args {
		k := a.(*expr.Const)
		args[i], types[i] = k.Value, k.T
		if k.Value.IsNull() && c.Proc.Strict {
			return pgtype.Null, nil
		}
	}
	return evaluate(c, args, types)
}

// evaluate calls the function outside any session. Immutable functions need none; one that asks for it nevertheless is not folded.
func evaluate(c *expr.Call, args []pgtype.Datum, types []*pgtype.Type) (v pgtype.Datum, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errNotFolded
		}
	}()
	call := &builtin.Call{Ctx: context.Background(), Text: pgtype.Default(), Proc: c.Proc, Types: types, Result: c.T, Variadic: c.Variadic}
	return c.Code(call, args)
}

// foldableText tells a cast through the text forms that means the same in every session: the types' output and input functions are immutable.
func foldableText(x *expr.ViaText, c *expr.Const) bool {
	return immutable(c.T.Proc.Output) && immutable(x.T.Proc.Input) && x.T.Rep != pgtype.RepRecord && x.T.Rep != pgtype.RepArray && x.T.Base == nil
}

func immutable(proc string) bool {
	for _, p := range pgfacts.ProcsByName(proc) {
		if p.Volatile != 'i' {
			return false
		}
	}
	return proc != ""
}

func evaluateText(x *expr.ViaText, c *expr.Const) (pgtype.Datum, error) {
	if c.Value.IsNull() {
		return pgtype.Null, nil
	}
	return x.T.Codec.ParseText(pgtype.Default(), string(c.T.Codec.AppendText(pgtype.Default(), nil, c.Value)), x.Mod)
}

type foldError string

func (e foldError) Error() string { return string(e) }

const errNotFolded = foldError("needs a session")

// foldBool drops what does not change AND and OR, and decides them where a constant does.
func foldBool(b *expr.BoolOp) expr.Expr {
	if b.Op == expr.Not {
		if c, ok := b.Args[0].(*expr.Const); ok {
			if c.Value.IsNull() {
				return c
			}
			return &expr.Const{Typed: b.Typed, Value: pgtype.Bool(!c.Value.Bool())}
		}
		return b
	}
	var args []expr.Expr
	for _, a := range b.Args {
		c, ok := a.(*expr.Const)
		if !ok || c.Value.IsNull() {
			args = append(args, a)
			continue
		}
		if c.Value.Bool() == (b.Op == expr.Or) {
			return c
		}
	}
	switch {
	case len(args) == len(b.Args):
		return b
	case len(args) == 0:
		return &expr.Const{Typed: b.Typed, Value: pgtype.Bool(b.Op == expr.And)}
	case len(args) == 1:
		return args[0]
	}
	return &expr.BoolOp{Typed: b.Typed, Op: b.Op, Args: args}
}

// foldArray makes a constant of an array of constants, as an IN list is.
func foldArray(a *expr.Array) expr.Expr {
	if len(a.Elems) == 0 || a.T.Elem == nil {
		return a
	}
	if a.Multi {
		if v, err := nested(a); err == nil {
			return &expr.Const{Typed: a.Typed, Value: v}
		}
		return a
	}
	v := &pgtype.Array{Elem: a.T.Elem, Dims: []pgtype.Dim{{Len: int32(len(a.Elems)), Lower: 1}}, Elems: make([]pgtype.Datum, len(a.Elems))}
	for i, e := range a.Elems {
		c, ok := e.(*expr.Const)
		if !ok {
			return a
		}
		v.Elems[i] = c.Value
	}
	return &expr.Const{Typed: a.Typed, Value: pgtype.ArrayValue(v)}
}

// nested gives the value of an array of constant arrays.
func nested(a *expr.Array) (pgtype.Datum, error) {
	values := make([]pgtype.Datum, len(a.Elems))
	for i, e := range a.Elems {
		c, ok := e.(*expr.Const)
		if !ok {
			return pgtype.Null, errNotFolded
		}
		values[i] = c.Value
	}
	return expr.NestArrays(a.T.Elem, values)
}
