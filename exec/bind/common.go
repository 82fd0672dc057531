package bind

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// commonType finds the type that several expressions shall have (manual, 10.5). context begins the error message ("CASE types … cannot be matched");
// with an empty one there is no error but nil.
func (b *binder) commonType(es []expr.Expr, context string) *pgtype.Type {
	best := es[0].Type()
	same := best != unknownType
	for _, e := range es[1:] {
		same = same && e.Type() == best
	}
	if same {
		return best
	}
	best = best.BaseType()
	for _, e := range es[1:] {
		t := e.Type().BaseType()
		if t == unknownType || t == best {
			continue
		}
		switch {
		case best == unknownType:
			best = t
		case t.Category != best.Category:
			if context == "" {
				return nil
			}
			b.errorf(b.loc(e), pgerr.DatatypeMismatch, "%s types %s and %s cannot be matched", context, best, t)
		case !best.Preferred && b.canCoerce(best, t, implicitCast) && !b.canCoerce(t, best, implicitCast):
			best = t
		}
	}
	if best == unknownType {
		return textType
	}
	return best
}

// toCommon coerces an expression to the type that commonType has found.
func (b *binder) toCommon(e expr.Expr, t *pgtype.Type, context string) expr.Expr {
	if e.Type() == t {
		return e
	}
	if !b.canCoerce(e.Type(), t, implicitCast) {
		b.errorf(b.loc(e), pgerr.CannotCoerce, "%s could not convert type %s to %s", context, e.Type(), t)
	}
	return b.coerce(e, t, -1, implicitCast, expr.AsImplicitCast)
}

// allToCommon coerces a list to its common type, which it gives with the modifier that all have in common.
func (b *binder) allToCommon(es []expr.Expr, context string) ([]expr.Expr, expr.Typed) {
	t := b.commonType(es, context)
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		out[i] = b.toCommon(e, t, context)
	}
	return out, typed(t, commonTypmod(out))
}

func commonTypmod(es []expr.Expr) int32 {
	mod := es[0].Typmod()
	for _, e := range es[1:] {
		if e.Typmod() != mod || e.Type() != es[0].Type() {
			return -1
		}
	}
	return mod
}

// toBool makes e the boolean argument of a construct: "argument of WHERE must be type boolean, not type integer".
func (b *binder) toBool(e expr.Expr, construct string) expr.Expr {
	r := e
	if e.Type() != boolType {
		if r = b.coerceTo(e, boolType, -1, assignmentCast, expr.AsImplicitCast); r == nil {
			b.errorf(b.loc(e), pgerr.DatatypeMismatch, "argument of %s must be type boolean, not type %s", construct, e.Type())
		}
	}
	if b.setCalls > 0 && returnsSet(r) {
		b.errorf(b.loc(e), pgerr.DatatypeMismatch, "argument of %s must not return a set", construct)
	}
	return r
}

// toType makes e an argument of a given type.
func (b *binder) toType(e expr.Expr, t *pgtype.Type, construct string) expr.Expr {
	r := e
	if e.Type() != t {
		if r = b.coerceTo(e, t, -1, assignmentCast, expr.AsImplicitCast); r == nil {
			b.errorf(b.loc(e), pgerr.DatatypeMismatch, "argument of %s must be type %s, not type %s", construct, t, e.Type())
		}
	}
	if b.setCalls > 0 && returnsSet(r) {
		b.errorf(b.loc(e), pgerr.DatatypeMismatch, "argument of %s must not return a set", construct)
	}
	return r
}

// returnsSet tells whether an expression contains a call of a set-returning function.
func returnsSet(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		if _, ok := e.(*expr.SetCall); ok {
			found = true
		}
		return !found
	})
	return found
}
