package expr

import (
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// compileViaText compiles a cast through the output function of one type and the input function of the other.
func (c *Compiler) compileViaText(e *ViaText) (Eval, error) {
	arg, err := c.Compile(e.Arg)
	if err != nil {
		return nil, err
	}
	from, to, mod := e.Arg.Type(), e.T, e.Mod
	fromText := from.Rep == pgtype.RepBytes && from.Category == 'S' || from.OID == pgtype.OIDUnknown || from.OID == pgtype.OIDCstring
	return func(f *Frame) (pgtype.Datum, error) {
		v, err := arg(f)
		if err != nil || v.IsNull() {
			return pgtype.Null, err
		}
		var s string
		if fromText {
			s = v.Text()
		} else {
			s = string(from.Codec.AppendText(f.RT.Text, nil, v))
		}
		return to.Codec.ParseText(f.RT.Text, s, mod)
	}, nil
}

func (c *Compiler) compileArrayCast(e *ArrayCast) (Eval, error) {
	arg, err := c.Compile(e.Arg)
	if err != nil {
		return nil, err
	}
	elem, err := c.Compile(e.Elem)
	if err != nil {
		return nil, err
	}
	to := e.T.Elem
	return func(f *Frame) (pgtype.Datum, error) {
		v, err := arg(f)
		if err != nil || v.IsNull() {
			return pgtype.Null, err
		}
		from := v.Array()
		out := &pgtype.Array{Elem: to, Dims: from.Dims, Elems: make([]pgtype.Datum, len(from.Elems))}
		outer := f.caseValue
		defer func() { f.caseValue = outer }()
		for i, x := range from.Elems {
			f.caseValue = x
			if out.Elems[i], err = elem(f); err != nil {
				return pgtype.Null, err
			}
		}
		return pgtype.ArrayValue(out), nil
	}, nil
}

func (c *Compiler) compileRowCast(e *RowCast) (Eval, error) {
	arg, err := c.Compile(e.Arg)
	if err != nil {
		return nil, err
	}
	fields, err := c.CompileAll(e.Fields)
	if err != nil {
		return nil, err
	}
	types := make([]*pgtype.Type, len(e.Fields))
	for i, x := range e.Fields {
		types[i] = x.Type()
	}
	t := e.T
	return func(f *Frame) (pgtype.Datum, error) {
		v, err := arg(f)
		if err != nil || v.IsNull() {
			return pgtype.Null, err
		}
		outer := f.caseValue
		defer func() { f.caseValue = outer }()
		out := make([]pgtype.Datum, len(fields))
		for i, x := range fields {
			f.caseValue = v
			if out[i], err = x(f); err != nil {
				return pgtype.Null, err
			}
		}
		return pgtype.RecordValue(&pgtype.Record{Type: t, Types: types, Fields: out}), nil
	}, nil
}

func (c *Compiler) compileDomain(e *DomainCheck) (Eval, error) {
	arg, err := c.Compile(e.Arg)
	if err != nil {
		return nil, err
	}
	checks := make([]Eval, len(e.Checks))
	for i := range e.Checks {
		if checks[i], err = c.Compile(e.Checks[i].Expr); err != nil {
			return nil, err
		}
	}
	t, names, notNull := e.T, e.Checks, e.NotNull
	return func(f *Frame) (pgtype.Datum, error) {
		v, err := arg(f)
		if err != nil {
			return pgtype.Null, err
		}
		if notNull && v.IsNull() {
			x := pgerr.Newf(pgerr.NotNullViolation, "domain %s does not allow null values", t.Name)
			x.Schema, x.DataType = t.Schema, t.Name
			return pgtype.Null, x
		}
		outer := f.caseValue
		defer func() { f.caseValue = outer }()
		for i, check := range checks {
			f.caseValue = v
			ok, err := check(f)
			if err != nil {
				return pgtype.Null, err
			}
			if !ok.IsNull() && !ok.Bool() {
				x := pgerr.Newf(pgerr.CheckViolation, "value for domain %s violates check constraint %q", t.Name, names[i].Name)
				x.Schema, x.DataType, x.Constraint = t.Schema, t.Name, names[i].Name
				return pgtype.Null, x
			}
		}
		return v, nil
	}, nil
}

// compileRelabel compiles a cast that keeps the bits of the value.
func (c *Compiler) compileRelabel(e *Relabel) (Eval, error) {
	arg, err := c.Compile(e.Arg)
	from, to := e.Arg.Type(), e.T
	if err != nil || !changesSign(from, to) {
		return arg, err
	}
	return func(f *Frame) (pgtype.Datum, error) {
		v, err := arg(f)
		return RelabelValue(from, to, v), err
	}, nil
}

// RelabelValue gives the value of a type as one of another that is binary-coercible with it. Numbers of 32 bits are kept as 64, so that those between
// integer and oid change where they are above the largest integer.
func RelabelValue(from, to *pgtype.Type, v pgtype.Datum) pgtype.Datum {
	switch {
	case v.IsNull() || !changesSign(from, to):
		return v
	case from.OID == pgtype.OIDInt4:
		return pgtype.Int(int64(uint32(v.Int())))
	}
	return pgtype.Int(int64(int32(v.Int())))
}

func changesSign(from, to *pgtype.Type) bool {
	return from.OID == pgtype.OIDInt4 && isOID(to) || to.OID == pgtype.OIDInt4 && isOID(from)
}

// isOID tells whether values of a type are OIDs: oid itself and the reg types.
func isOID(t *pgtype.Type) bool {
	return t.OID == pgtype.OIDOid || t.Schema == "pg_catalog" && t.Len == 4 && strings.HasPrefix(t.Name, "reg")
}
