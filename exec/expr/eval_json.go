package expr

import (
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/jsonb"
)

// compileJSONAssign compiles the new value of a jsonb column in SET j['a'][0] = v. The subscripts are texts.
func (c *Compiler) compileJSONAssign(e *SubscriptAssign) (Eval, error) {
	list, err := c.CompileAll(append([]Expr{e.Arg, e.Value}, e.Upper...))
	if err != nil {
		return nil, err
	}
	return func(f *Frame) (pgtype.Datum, error) {
		path := make([]string, len(list)-2)
		for i, x := range list[2:] {
			v, err := x(f)
			if err != nil {
				return pgtype.Null, err
			}
			if v.IsNull() {
				return pgtype.Null, pgerr.New(pgerr.NullValueNotAllowed, "jsonb subscript in assignment must not be null")
			}
			path[i] = v.Text()
		}
		old, err := list[0](f)
		if err != nil {
			return pgtype.Null, err
		}
		v, err := list[1](f)
		if err != nil {
			return pgtype.Null, err
		}
		var whole, value *jsonb.Value
		if !old.IsNull() {
			whole = old.JSONB()
		}
		if value = new(jsonb.Value); !v.IsNull() {
			value = v.JSONB()
		}
		out, err := jsonb.Assign(whole, path, value)
		if err != nil {
			return pgtype.Null, err
		}
		return pgtype.JSONB(out), nil
	}, nil
}
