package expr

import (
	"slices"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// compileSubquery compiles a sub-select in an expression. One that reads no outer column is run once per statement for its scalar, row, array and EXISTS forms.
func (c *Compiler) compileSubquery(e *Subquery) (Eval, error) {
	scope := c.Scope
	if scope == nil {
		scope = NewScope(nil, nil)
	}
	plan, err := c.Subquery(e, scope)
	if err != nil {
		return nil, err
	}
	var run Eval
	switch e.Kind {
	case ExistsSubquery:
		run = func(f *Frame) (pgtype.Datum, error) {
			defer plan.Close()
			if err := plan.Open(f); err != nil {
				return pgtype.Null, err
			}
			row, err := plan.Next()
			return pgtype.Bool(row != nil), err
		}
	case ScalarSubquery:
		run = single(plan, func(row []pgtype.Datum) pgtype.Datum { return row[0].Clone(e.T) })
	case RowSubquery:
		types := plan.Types()
		run = single(plan, func(row []pgtype.Datum) pgtype.Datum {
			fields := make([]pgtype.Datum, len(row))
			for i, v := range row {
				fields[i] = v.Clone(types[i])
			}
			return pgtype.RecordValue(&pgtype.Record{Type: e.T, Types: types, Fields: fields})
		})
	case ArraySubquery:
		run = arrayOf(plan, e.T.Elem)
		if types := plan.Types(); len(types) > 0 && types[0].BaseType().IsArray() {
			run = arrayOfArrays(plan, types[0])
		}
	default:
		return c.compileQuantified(e, plan, scope)
	}
	if len(e.Outer) > 0 {
		return run, nil
	}
	return oncePerRun(run), nil
}

// oncePerRun keeps the value of an expression that does not depend on the row, until another run begins.
func oncePerRun(run Eval) Eval {
	var in uint64
	var value pgtype.Datum
	return func(f *Frame) (pgtype.Datum, error) {
		if in == f.RT.Run {
			return value, nil
		}
		v, err := run(f)
		if err == nil {
			in, value = f.RT.Run, v
		}
		return v, err
	}
}

func recordTypes(t *pgtype.Type) []*pgtype.Type {
	types := make([]*pgtype.Type, len(t.Columns))
	for i := range t.Columns {
		types[i] = t.Columns[i].Type
	}
	return types
}

// single runs a sub-select that may have one row at most.
func single(plan Subplan, take func(row []pgtype.Datum) pgtype.Datum) Eval {
	return func(f *Frame) (pgtype.Datum, error) {
		defer plan.Close()
		if err := plan.Open(f); err != nil {
			return pgtype.Null, err
		}
		row, err := plan.Next()
		if err != nil || row == nil {
			return pgtype.Null, err
		}
		value := take(row)
		if row, err = plan.Next(); err != nil {
			return pgtype.Null, err
		}
		if row != nil {
			return pgtype.Null, pgerr.New(pgerr.CardinalityViolation, "more than one row returned by a subquery used as an expression")
		}
		return value, nil
	}
}

func arrayOf(plan Subplan, elem *pgtype.Type) Eval {
	return func(f *Frame) (pgtype.Datum, error) {
		defer plan.Close()
		if err := plan.Open(f); err != nil {
			return pgtype.Null, err
		}
		a := &pgtype.Array{Elem: elem}
		for {
			row, err := plan.Next()
			if err != nil {
				return pgtype.Null, err
			}
			if row == nil {
				break
			}
			a.Elems = append(a.Elems, row[0].Clone(elem))
		}
		return flatten(a)
	}
}

// arrayOfArrays collects arrays into one with a dimension more.
func arrayOfArrays(plan Subplan, t *pgtype.Type) Eval {
	return func(f *Frame) (pgtype.Datum, error) {
		defer plan.Close()
		if err := plan.Open(f); err != nil {
			return pgtype.Null, err
		}
		var all []pgtype.Datum
		for {
			row, err := plan.Next()
			if err != nil {
				return pgtype.Null, err
			}
			if row == nil {
				break
			}
			switch {
			case row[0].IsNull():
				return pgtype.Null, pgerr.New(pgerr.NullValueNotAllowed, "cannot accumulate null arrays")
			case len(row[0].Array().Dims) == 0:
				return pgtype.Null, pgerr.New(pgerr.ArraySubscriptError, "cannot accumulate empty arrays")
			case len(all) > 0 && !slices.Equal(row[0].Array().Dims, all[0].Array().Dims):
				return pgtype.Null, pgerr.New(pgerr.ArraySubscriptError, "cannot accumulate arrays of different dimensionality")
			}
			all = append(all, row[0].Clone(t))
		}
		return NestArrays(t.BaseType().Elem, all)
	}
}

// flatten gives a one-dimensional array its dimension; an array of arrays becomes one of more dimensions.
func flatten(a *pgtype.Array) (pgtype.Datum, error) {
	if len(a.Elems) > 0 {
		a.Dims = []pgtype.Dim{{Len: int32(len(a.Elems)), Lower: 1}}
	}
	return pgtype.ArrayValue(a), nil
}

// compileQuantified compiles = ANY (SELECT …), IN, <> ALL and the like: Test is evaluated with the sub-select's row inside the outer one.
func (c *Compiler) compileQuantified(e *Subquery, plan Subplan, scope *Scope) (Eval, error) {
	inner := &Compiler{Scope: NewScope(e.Columns, scope), Subquery: c.Subquery}
	test, err := inner.Compile(e.Test)
	if err != nil {
		return nil, err
	}
	all := e.Kind == AllSubquery
	return func(f *Frame) (pgtype.Datum, error) {
		defer plan.Close()
		if err := plan.Open(f); err != nil {
			return pgtype.Null, err
		}
		in := Frame{Outer: f, RT: f.RT}
		unknown := false
		for {
			row, err := plan.Next()
			if err != nil {
				return pgtype.Null, err
			}
			if row == nil {
				break
			}
			in.Row = row
			v, err := test(&in)
			if err != nil {
				return pgtype.Null, err
			}
			if v.IsNull() {
				unknown = true
			} else if v.Bool() != all {
				return v, nil
			}
		}
		if unknown {
			return pgtype.Null, nil
		}
		return pgtype.Bool(all), nil
	}, nil
}
