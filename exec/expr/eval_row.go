package expr

import (
	"github.com/kalampg/kalampg/internal/pgtype"
)

func (c *Compiler) compileRow(e *Row) (Eval, error) {
	fields, err := c.CompileAll(e.Fields)
	if err != nil {
		return nil, err
	}
	types := make([]*pgtype.Type, len(e.Fields))
	for i, x := range e.Fields {
		types[i] = x.Type()
	}
	t, names := e.T, e.Names
	return func(f *Frame) (pgtype.Datum, error) {
		values := make([]pgtype.Datum, len(fields))
		for i, x := range fields {
			v, err := x(f)
			if err != nil {
				return pgtype.Null, err
			}
			values[i] = v
		}
		return pgtype.RecordValue(&pgtype.Record{Type: t, Types: types, Names: names, Fields: values}), nil
	}, nil
}

func (c *Compiler) compileRowCompare(e *RowCompare) (Eval, error) {
	less, equal := make([]Eval, len(e.Less)), make([]Eval, len(e.Equal))
	for i := range e.Less {
		var err error
		if less[i], err = c.Compile(e.Less[i]); err != nil {
			return nil, err
		}
		if equal[i], err = c.Compile(e.Equal[i]); err != nil {
			return nil, err
		}
	}
	orEqual := len(e.Op) == 2
	last := len(less) - 1
	return func(f *Frame) (pgtype.Datum, error) {
		for i := range less {
			eq, err := equal[i](f)
			if err != nil || eq.IsNull() {
				return pgtype.Null, err
			}
			if eq.Bool() {
				if i == last {
					return pgtype.Bool(orEqual), nil
				}
				continue
			}
			return less[i](f)
		}
		return pgtype.Null, nil
	}, nil
}

func (c *Compiler) compileField(e *Field) (Eval, error) {
	arg, err := c.Compile(e.Arg)
	if err != nil {
		return nil, err
	}
	i := e.Index
	return func(f *Frame) (pgtype.Datum, error) {
		v, err := arg(f)
		if err != nil || v.IsNull() {
			return pgtype.Null, err
		}
		if r := v.Record(); i < len(r.Fields) {
			return r.Fields[i], nil
		}
		return pgtype.Null, nil
	}, nil
}

func (c *Compiler) compileFieldAssign(e *FieldAssign) (Eval, error) {
	arg, err := c.Compile(e.Arg)
	if err != nil {
		return nil, err
	}
	value, err := c.Compile(e.Value)
	if err != nil {
		return nil, err
	}
	types, t, i := recordTypes(e.T), e.T, e.Index
	return func(f *Frame) (pgtype.Datum, error) {
		old, err := arg(f)
		if err != nil {
			return pgtype.Null, err
		}
		v, err := value(f)
		if err != nil {
			return pgtype.Null, err
		}
		fields := make([]pgtype.Datum, len(types))
		if !old.IsNull() {
			copy(fields, old.Record().Fields)
		}
		fields[i] = v
		return pgtype.RecordValue(&pgtype.Record{Type: t, Types: types, Fields: fields}), nil
	}, nil
}
