package expr

import (
	"context"
	"fmt"

	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Runtime is what a running statement gives to its expressions.
type Runtime struct {
	Run    uint64 // tells runs apart, from 1: what was computed once in one run is computed again in the next
	Ctx    context.Context
	Text   *pgtype.Context
	Env    builtin.Env
	Params []pgtype.Datum
}

// Frame is where an expression is evaluated: a row, and around it the rows of the enclosing queries.
type Frame struct {
	Row   []pgtype.Datum
	Outer *Frame
	RT    *Runtime

	caseValue pgtype.Datum // of the innermost CASE, array cast or domain check being evaluated
}

// Eval is a compiled expression. It keeps scratch space, so one Eval is used by one goroutine at a time; what it returns may point into the row.
type Eval func(f *Frame) (pgtype.Datum, error)

// Scope is the order of columns in the rows of a Frame, and around it the scopes of the enclosing queries.
type Scope struct {
	Layout map[ColID]int
	Fixed  map[ColID]pgtype.Datum // columns that have the same value in every row: a table's own tableoid
	Outer  *Scope
}

// NewScope makes a scope of columns in row order.
func NewScope(columns []ColID, outer *Scope) *Scope {
	s := &Scope{Layout: make(map[ColID]int, len(columns)), Outer: outer}
	for i, c := range columns {
		if _, twice := s.Layout[c]; !twice {
			s.Layout[c] = i
		}
	}
	return s
}

// Compiler turns expressions into Evals for one scope. Subquery makes a runner of a sub-select; it is the executor's.
type Compiler struct {
	Scope    *Scope
	Subquery func(s *Subquery, scope *Scope) (Subplan, error)
}

// Subplan runs a sub-select for one outer row. Next gives rows, nil at the end; they are valid until the next call.
type Subplan interface {
	Open(outer *Frame) error
	Next() ([]pgtype.Datum, error)
	Close()
	Types() []*pgtype.Type // of the columns
}

// Compile compiles e.
func (c *Compiler) Compile(e Expr) (Eval, error) {
	switch e := e.(type) {
	case *Const:
		v := e.Value
		return func(*Frame) (pgtype.Datum, error) { return v, nil }, nil
	case *Param:
		return compileParam(e), nil
	case *Var:
		return c.compileVar(e)
	case *Call:
		return c.compileCall(e)
	case *BoolOp:
		return c.compileBool(e)
	case *NullTest:
		return c.compileNullTest(e)
	case *BoolTest:
		return c.compileBoolTest(e)
	case *Case:
		return c.compileCase(e)
	case *CaseValue:
		return func(f *Frame) (pgtype.Datum, error) { return f.caseValue, nil }, nil
	case *Coalesce:
		return c.compileCoalesce(e)
	case *MinMax:
		return c.compileMinMax(e)
	case *NullIf:
		return c.compileNullIf(e)
	case *Distinct:
		return c.compileDistinct(e)
	case *ArrayOp:
		return c.compileArrayOp(e)
	case *Array:
		return c.compileArray(e)
	case *Row:
		return c.compileRow(e)
	case *RowCompare:
		return c.compileRowCompare(e)
	case *Field:
		return c.compileField(e)
	case *Subscript:
		return c.compileSubscript(e)
	case *SubscriptAssign:
		return c.compileSubscriptAssign(e)
	case *FieldAssign:
		return c.compileFieldAssign(e)
	case *ViaText:
		return c.compileViaText(e)
	case *Relabel:
		return c.compileRelabel(e)
	case *Collate:
		return c.Compile(e.Arg)
	case *ArrayCast:
		return c.compileArrayCast(e)
	case *RowCast:
		return c.compileRowCast(e)
	case *DomainCheck:
		return c.compileDomain(e)
	case *SQLValue:
		return compileSQLValue(e)
	case *Subquery:
		return c.compileSubquery(e)
	case *NextValue:
		seq := e.Sequence
		return func(f *Frame) (pgtype.Datum, error) {
			n, err := f.RT.Env.NextVal(f.RT.Ctx, seq)
			return pgtype.Int(n), err
		}, nil
	}
	if _, set := e.(*SetCall); set {
		return nil, pgerr.Unsupported("a set-returning function in this place")
	}
	return nil, fmt.Errorf("expr: no evaluation for %T", e)
}

// CompileAll compiles a list.
func (c *Compiler) CompileAll(list []Expr) ([]Eval, error) {
	out := make([]Eval, len(list))
	for i, e := range list {
		var err error
		if out[i], err = c.Compile(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func compileParam(e *Param) Eval {
	i := e.N - 1
	return func(f *Frame) (pgtype.Datum, error) {
		if i >= len(f.RT.Params) {
			return pgtype.Null, pgerr.Newf(pgerr.UndefinedParameter, "there is no parameter $%d", i+1)
		}
		return f.RT.Params[i], nil
	}
}

func (c *Compiler) compileVar(e *Var) (Eval, error) {
	depth := 0
	for s := c.Scope; s != nil; s = s.Outer {
		if i, ok := s.Layout[e.ID]; ok {
			switch depth {
			case 0:
				return func(f *Frame) (pgtype.Datum, error) { return f.Row[i], nil }, nil
			case 1:
				return func(f *Frame) (pgtype.Datum, error) { return f.Outer.Row[i], nil }, nil
			}
			return func(f *Frame) (pgtype.Datum, error) {
				for range depth {
					f = f.Outer
				}
				return f.Row[i], nil
			}, nil
		}
		if v, ok := s.Fixed[e.ID]; ok {
			return func(*Frame) (pgtype.Datum, error) { return v, nil }, nil
		}
		depth++
	}
	if e.ID.Num < 0 {
		return nil, pgerr.Unsupported(fmt.Sprintf("system column \"%s\" in this place", e.Name))
	}
	return nil, fmt.Errorf("expr: column %q (%d.%d) is in no input", e.Name, e.ID.Rel, e.ID.Num)
}

// bind makes the Call of a call site.
func bindCall(e *Call) *builtin.Call {
	types := make([]*pgtype.Type, len(e.Args))
	for i, a := range e.Args {
		types[i] = a.Type()
	}
	return &builtin.Call{Proc: e.Proc, Types: types, Result: e.T, Variadic: e.Variadic}
}

func enter(site *builtin.Call, rt *Runtime) {
	site.Ctx, site.Text, site.Env = rt.Ctx, rt.Text, rt.Env
}

func (c *Compiler) compileCall(e *Call) (Eval, error) {
	if e.Code == nil {
		return nil, pgerr.Unsupported("function " + e.Proc.Name)
	}
	args, err := c.CompileAll(e.Args)
	if err != nil {
		return nil, err
	}
	if fast := fastCall(e, args); fast != nil {
		return fast, nil
	}
	site, code, strict := bindCall(e), e.Code, e.Proc.Strict
	values := make([]pgtype.Datum, len(args))
	return func(f *Frame) (pgtype.Datum, error) {
		for i, a := range args {
			v, err := a(f)
			if err != nil {
				return pgtype.Null, err
			}
			if strict && v.IsNull() {
				return pgtype.Null, nil
			}
			values[i] = v
		}
		enter(site, f.RT)
		return code(site, values)
	}, nil
}

// fastCall gives the comparisons and sums that are in nearly every statement as direct code: no argument slice, no call through the table. They are the same
// functions as builtin's, told by their OID; overflow is left to those.
func fastCall(e *Call, args []Eval) Eval {
	compare := func(holds func(a, b int64) bool) Eval {
		l, r := args[0], args[1]
		return func(f *Frame) (pgtype.Datum, error) {
			a, err := l(f)
			if err != nil || a.IsNull() {
				return pgtype.Null, err
			}
			b, err := r(f)
			if err != nil || b.IsNull() {
				return pgtype.Null, err
			}
			return pgtype.Bool(holds(a.Int(), b.Int())), nil
		}
	}
	switch e.Proc.OID { // int2, int4, int8 and their mixtures; date, oid
	case 65, 467, 63, 158, 159, 474, 852, 1850, 1856, 1086, 184:
		return compare(func(a, b int64) bool { return a == b })
	case 144, 468, 145, 164, 165, 475, 853, 1851, 1857, 1091, 185:
		return compare(func(a, b int64) bool { return a != b })
	case 66, 469, 64, 160, 161, 476, 854, 1852, 1858, 1087:
		return compare(func(a, b int64) bool { return a < b })
	case 147, 470, 146, 162, 163, 477, 855, 1853, 1859, 1089:
		return compare(func(a, b int64) bool { return a > b })
	case 149, 471, 148, 166, 167, 478, 856, 1854, 1860, 1088:
		return compare(func(a, b int64) bool { return a <= b })
	case 150, 472, 151, 168, 169, 479, 857, 1855, 1861, 1090:
		return compare(func(a, b int64) bool { return a >= b })
	}
	return nil
}

func (c *Compiler) compileBool(e *BoolOp) (Eval, error) {
	args, err := c.CompileAll(e.Args)
	if err != nil {
		return nil, err
	}
	switch e.Op {
	case Not:
		arg := args[0]
		return func(f *Frame) (pgtype.Datum, error) {
			v, err := arg(f)
			if err != nil || v.IsNull() {
				return pgtype.Null, err
			}
			return pgtype.Bool(!v.Bool()), nil
		}, nil
	case And, Or:
		stop := e.Op == Or // the value that decides
		return func(f *Frame) (pgtype.Datum, error) {
			unknown := false
			for _, a := range args {
				v, err := a(f)
				if err != nil {
					return pgtype.Null, err
				}
				if v.IsNull() {
					unknown = true
				} else if v.Bool() == stop {
					return v, nil
				}
			}
			if unknown {
				return pgtype.Null, nil
			}
			return pgtype.Bool(!stop), nil
		}, nil
	}
	return nil, fmt.Errorf("expr: boolean operator %d", e.Op)
}

func (c *Compiler) compileNullTest(e *NullTest) (Eval, error) {
	arg, err := c.Compile(e.Arg)
	if err != nil {
		return nil, err
	}
	not := e.Not
	if e.Row {
		return func(f *Frame) (pgtype.Datum, error) {
			v, err := arg(f)
			if err != nil {
				return pgtype.Null, err
			}
			if v.IsNull() {
				return pgtype.Bool(!not), nil
			}
			for _, x := range v.Record().Fields {
				if x.IsNull() == not {
					return pgtype.Bool(false), nil
				}
			}
			return pgtype.Bool(true), nil
		}, nil
	}
	return func(f *Frame) (pgtype.Datum, error) {
		v, err := arg(f)
		return pgtype.Bool(v.IsNull() != not), err
	}, nil
}

func (c *Compiler) compileBoolTest(e *BoolTest) (Eval, error) {
	arg, err := c.Compile(e.Arg)
	if err != nil {
		return nil, err
	}
	kind, not := e.Kind, e.Not
	return func(f *Frame) (pgtype.Datum, error) {
		v, err := arg(f)
		if err != nil {
			return pgtype.Null, err
		}
		var is bool
		switch kind {
		case 't':
			is = !v.IsNull() && v.Bool()
		case 'f':
			is = !v.IsNull() && !v.Bool()
		default:
			is = v.IsNull()
		}
		return pgtype.Bool(is != not), nil
	}, nil
}

func (c *Compiler) compileCase(e *Case) (Eval, error) {
	type arm struct{ cond, result Eval }
	var arg, otherwise Eval
	var err error
	if e.Arg != nil {
		if arg, err = c.Compile(e.Arg); err != nil {
			return nil, err
		}
	}
	arms := make([]arm, len(e.Whens))
	for i, w := range e.Whens {
		if arms[i].cond, err = c.Compile(w.Cond); err != nil {
			return nil, err
		}
		if arms[i].result, err = c.Compile(w.Result); err != nil {
			return nil, err
		}
	}
	if e.Else != nil {
		if otherwise, err = c.Compile(e.Else); err != nil {
			return nil, err
		}
	}
	return func(f *Frame) (pgtype.Datum, error) {
		outer := f.caseValue
		var value pgtype.Datum
		if arg != nil {
			v, err := arg(f)
			if err != nil {
				return pgtype.Null, err
			}
			value = v
		}
		for i := range arms {
			if arg != nil {
				f.caseValue = value
			}
			v, err := arms[i].cond(f)
			f.caseValue = outer
			if err != nil {
				return pgtype.Null, err
			}
			if !v.IsNull() && v.Bool() {
				return arms[i].result(f)
			}
		}
		if otherwise == nil {
			return pgtype.Null, nil
		}
		return otherwise(f)
	}, nil
}

func (c *Compiler) compileCoalesce(e *Coalesce) (Eval, error) {
	args, err := c.CompileAll(e.Args)
	if err != nil {
		return nil, err
	}
	return func(f *Frame) (pgtype.Datum, error) {
		for _, a := range args {
			v, err := a(f)
			if err != nil || !v.IsNull() {
				return v, err
			}
		}
		return pgtype.Null, nil
	}, nil
}

func (c *Compiler) compileMinMax(e *MinMax) (Eval, error) {
	args, err := c.CompileAll(e.Args)
	if err != nil {
		return nil, err
	}
	if !e.T.Codec.Comparable() {
		return nil, pgerr.Newf(pgerr.UndefinedFunction, "could not identify a comparison function for type %s", e.T.String())
	}
	codec, greatest := e.T.Codec, e.Greatest
	return func(f *Frame) (pgtype.Datum, error) {
		best := pgtype.Null
		for _, a := range args {
			v, err := a(f)
			if err != nil {
				return v, err
			}
			if v.IsNull() {
				continue
			}
			if best.IsNull() || (codec.Compare(v, best) > 0) == greatest && codec.Compare(v, best) != 0 {
				best = v
			}
		}
		return best, nil
	}, nil
}

func (c *Compiler) compileNullIf(e *NullIf) (Eval, error) {
	left, err := c.Compile(e.Left)
	if err != nil {
		return nil, err
	}
	equal, err := c.Compile(e.Equal)
	if err != nil {
		return nil, err
	}
	return func(f *Frame) (pgtype.Datum, error) {
		eq, err := equal(f)
		if err != nil {
			return pgtype.Null, err
		}
		if !eq.IsNull() && eq.Bool() {
			return pgtype.Null, nil
		}
		return left(f)
	}, nil
}

func (c *Compiler) compileDistinct(e *Distinct) (Eval, error) {
	left, err := c.Compile(e.Left)
	if err != nil {
		return nil, err
	}
	right, err := c.Compile(e.Right)
	if err != nil {
		return nil, err
	}
	equal, err := c.Compile(e.Equal)
	if err != nil {
		return nil, err
	}
	not := e.Not
	return func(f *Frame) (pgtype.Datum, error) {
		l, err := left(f)
		if err != nil {
			return pgtype.Null, err
		}
		r, err := right(f)
		if err != nil {
			return pgtype.Null, err
		}
		if l.IsNull() || r.IsNull() {
			return pgtype.Bool((l.IsNull() != r.IsNull()) != not), nil
		}
		eq, err := equal(f)
		if err != nil {
			return pgtype.Null, err
		}
		return pgtype.Bool((eq.IsNull() || !eq.Bool()) != not), nil
	}, nil
}
