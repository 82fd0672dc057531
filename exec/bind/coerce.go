package bind

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// castContext says how far a coercion may go.
type castContext uint8

const (
	implicitCast castContext = iota
	assignmentCast
	explicitCast
)

// pathway is how a value gets from one type to another.
type pathway struct {
	method castMethod
	fn     *pgfacts.Proc
}

type castMethod uint8

const (
	noPath castMethod = iota
	relabel
	byFunction
	viaText
	byElement
)

// findPath finds the cast between two types that a context allows.
func (b *binder) findPath(target, source *pgtype.Type, ctx castContext) pathway {
	source, target = source.BaseType(), target.BaseType()
	if source == target {
		return pathway{method: relabel}
	}
	if c := pgfacts.CastBetween(source.OID, target.OID); c != nil {
		allowed := map[byte]castContext{'i': implicitCast, 'a': assignmentCast, 'e': explicitCast}[c.Context]
		if ctx < allowed {
			return pathway{}
		}
		switch c.Method {
		case 'f':
			return pathway{byFunction, b.procByOID(c.Func)}
		case 'i':
			return pathway{method: viaText}
		}
		return pathway{method: relabel}
	}
	if source.IsArray() && target.IsArray() && !isVector(target) && b.findPath(target.Elem, source.Elem, ctx).method != noPath {
		return pathway{method: byElement}
	}
	if ctx >= assignmentCast && target.Category == 'S' || ctx >= explicitCast && source.Category == 'S' {
		return pathway{method: viaText}
	}
	return pathway{}
}

func isVector(t *pgtype.Type) bool {
	return t.OID == pgtype.OIDOidvector || t.OID == pgtype.OIDInt2vector
}

func isComplex(t *pgtype.Type) bool { return t.BaseType().Kind == pgtype.KindComposite }

func (b *binder) canCoerce(from, to *pgtype.Type, ctx castContext) bool {
	return b.canCoerceAll([]*pgtype.Type{from}, []*pgtype.Type{to}, ctx)
}

// canCoerceAll tells whether values of some types can become those of others; polymorphic targets must agree with each other.
func (b *binder) canCoerceAll(from, to []*pgtype.Type, ctx castContext) bool {
	generic := false
	for i, source := range from {
		target := to[i]
		switch {
		case source == target, target.OID == pgtype.OIDAny:
		case isPolymorphic(target):
			generic = true
		case source == unknownType:
		case b.findPath(target, source, ctx).method != noPath:
		case source == recordType && isComplex(target), isComplex(source) && target == recordType:
		case target.OID == pgtype.OIDRecordArray && source.IsArray() && isComplex(source.Elem):
		default:
			return false
		}
	}
	return !generic || b.polymorphicMatch(from, to)
}

// coerceTo makes e a value of a type with a modifier, nil when it cannot be.
func (b *binder) coerceTo(e expr.Expr, target *pgtype.Type, typmod int32, ctx castContext, form expr.CallForm) expr.Expr {
	if !b.canCoerce(e.Type(), target, ctx) {
		return nil
	}
	if c, ok := e.(*expr.Collate); ok && target.Collation == 0 {
		e = c.Arg
	}
	r := b.coerce(e, target, typmod, ctx, form)
	_, isConst := r.(*expr.Const)
	return b.coerceTypmod(r, target, typmod, ctx, form, r != e && !isConst)
}

// coerce makes e a value of a type to which canCoerce has agreed. typmod is only for domains and interval literals; coerceTypmod applies it.
func (b *binder) coerce(e expr.Expr, target *pgtype.Type, typmod int32, ctx castContext, form expr.CallForm) expr.Expr {
	source := e.Type()
	if source == target {
		return e
	}
	switch target.OID {
	case pgtype.OIDAny, pgtype.OIDAnyelement, pgtype.OIDAnynonarray, pgtype.OIDAnycompatible, pgtype.OIDAnycompatiblenonarray:
		return e
	}
	if isPolymorphic(target) {
		if source != unknownType {
			if base := source.BaseType(); base != source {
				return b.at(&expr.Relabel{Typed: typed(base, -1), Arg: e, Implicit: true}, b.loc(e))
			}
		}
		return e
	}
	if source == unknownType {
		if r := b.coerceUnknown(e, target, typmod, ctx, form); r != nil {
			return r
		}
	}
	if c, ok := e.(*expr.Collate); ok {
		n := *c
		n.Arg = b.coerce(c.Arg, target, typmod, ctx, form)
		n.Typed = typed(n.Arg.Type(), n.Arg.Typmod())
		return b.at(&n, b.loc(e))
	}
	return b.at(b.convert(e, target, typmod, ctx, form), b.loc(e))
}

// coerceUnknown gives a literal or a parameter without a type the target's; nil for other expressions.
func (b *binder) coerceUnknown(e expr.Expr, target *pgtype.Type, typmod int32, ctx castContext, form expr.CallForm) expr.Expr {
	switch e := e.(type) {
	case *expr.Const:
		return b.coerceLiteral(e, target, typmod, ctx, form)
	case *expr.Param:
		return b.coerceParam(e, target, ctx, form)
	case *expr.Collate:
		return nil
	}
	return nil
}

func (b *binder) coerceLiteral(c *expr.Const, target *pgtype.Type, typmod int32, ctx castContext, form expr.CallForm) expr.Expr {
	base := target.BaseType()
	mod := int32(-1)
	if base.OID == pgtype.OIDInterval {
		mod = typmod
		if base != target {
			mod = target.BaseMod
		}
	}
	n := &expr.Const{Typed: typed(base, mod), Value: c.Value}
	loc := b.loc(c)
	if !c.Value.IsNull() {
		n.Value = b.literal(c.Value.Text(), base, mod, loc)
	}
	b.at(n, loc)
	if base == target {
		return n
	}
	return b.at(b.coerceDomain(n, target, ctx, form), loc)
}

// literal reads a literal by its type's input function.
func (b *binder) literal(s string, t *pgtype.Type, mod int32, loc int32) pgtype.Datum {
	if t.Kind == pgtype.KindPseudo && t != recordType {
		switch t.OID {
		case pgtype.OIDCstring:
			return pgtype.Text(s)
		case pgtype.OIDVoid:
			return pgtype.Null
		}
		b.errorf(loc, pgerr.FeatureNotSupported, "cannot accept a value of type %s", t)
	}
	if t.Codec == nil {
		b.unsupported(loc, "type "+t.String())
	}
	b.noteLiteral(s, t)
	v, err := t.Codec.ParseText(b.env.Text, s, mod)
	if e, ok := pgerr.As(err); ok {
		c := *e
		b.failAt(loc, &c)
	}
	check(err)
	return v
}

// noteLiteral marks the statement when the meaning of a literal depends on the session's settings or the time.
func (b *binder) noteLiteral(s string, t *pgtype.Type) {
	if t.IsArray() && t.Elem != nil {
		t = t.Elem
	}
	switch t.OID {
	case pgtype.OIDTimestamptz, pgtype.OIDTimetz, pgtype.OIDTime:
		b.stmt.Contextual = true
	case pgtype.OIDDate, pgtype.OIDTimestamp:
		if len(s) < 8 || !isoDate(s) {
			b.stmt.Contextual = true
		}
	}
}

// isoDate tells whether s starts as yyyy-mm-dd and has no letters of a special word.
func isoDate(s string) bool {
	for i := range len(s) {
		c := s[i]
		if i < 4 && (c < '0' || c > '9') || i == 4 && c != '-' || c|0x20 >= 'a' && c|0x20 <= 'z' && c != 'T' {
			return false
		}
	}
	return true
}

// convert applies the cast between two types.
func (b *binder) convert(e expr.Expr, target *pgtype.Type, typmod int32, ctx castContext, form expr.CallForm) expr.Expr {
	source := e.Type()
	p := b.findPath(target, source, ctx)
	base, mod := target, typmod
	if target.Kind == pgtype.KindDomain {
		base, mod = target.BaseType(), domainMod(target)
	}
	switch p.method {
	case relabel:
		if target.Kind == pgtype.KindDomain {
			if r := b.coerceDomain(e, target, ctx, form); r != nil {
				return r
			}
		}
		return &expr.Relabel{Typed: typed(target, -1), Arg: e, Implicit: form == expr.AsImplicitCast}
	case byFunction, viaText, byElement:
		r := b.castBy(p, e, base, mod, ctx, form)
		if base != target {
			b.at(r, b.loc(e))
			return b.coerceDomain(r, target, ctx, form)
		}
		return r
	}
	return b.convertRow(e, target, ctx, form)
}

func (b *binder) convertRow(e expr.Expr, target *pgtype.Type, ctx castContext, form expr.CallForm) expr.Expr {
	source := e.Type()
	switch {
	case source == recordType && isComplex(target):
		return b.recordToComposite(e, target, ctx, form)
	case isComplex(source) && target == recordType, target.OID == pgtype.OIDRecordArray:
		return &expr.Relabel{Typed: typed(target, -1), Arg: e, Implicit: form == expr.AsImplicitCast}
	}
	b.errorf(b.loc(e), pgerr.CannotCoerce, "cannot cast type %s to %s", source, target)
	return nil
}

// castBy builds the expression of a cast that computes something.
func (b *binder) castBy(p pathway, e expr.Expr, target *pgtype.Type, typmod int32, ctx castContext, form expr.CallForm) expr.Expr {
	switch p.method {
	case byFunction:
		return b.castCall(p.fn, e, target, typmod, ctx, form)
	case byElement:
		source := e.Type().BaseType()
		elem := b.coerceTo(&expr.CaseValue{Typed: typed(source.Elem, -1)}, target.Elem, typmod, ctx, form)
		return &expr.ArrayCast{Typed: typed(target, typmod), Arg: e, Elem: elem, Implicit: form == expr.AsImplicitCast}
	}
	return &expr.ViaText{Typed: typed(target, -1), Arg: e, Explicit: ctx == explicitCast, Implicit: form == expr.AsImplicitCast}
}

// castCall calls a cast function, which may want the modifier and whether the cast is explicit too.
func (b *binder) castCall(fn *pgfacts.Proc, e expr.Expr, target *pgtype.Type, typmod int32, ctx castContext, form expr.CallForm) expr.Expr {
	args := []expr.Expr{e}
	if len(fn.Args) > 1 {
		args = append(args, intConst(int64(typmod), int4Type))
	}
	if len(fn.Args) > 2 {
		args = append(args, boolConst(ctx == explicitCast))
	}
	mod := int32(-1)
	if len(fn.Args) > 1 {
		mod = typmod
	}
	return &expr.Call{Typed: typed(target, mod), Proc: fn, Code: b.env.Library.Scalar(fn.OID), Args: args, Form: form}
}

// coerceTypmod applies a length or precision: varchar(3), numeric(10,2). hide keeps the cast below out of deparsed text, as one cast was written.
func (b *binder) coerceTypmod(e expr.Expr, target *pgtype.Type, typmod int32, ctx castContext, form expr.CallForm, hide bool) expr.Expr {
	if typmod < 0 || typmod == e.Typmod() || target.Kind == pgtype.KindDomain {
		return e
	}
	elem := target
	if target.IsArray() {
		elem = target.Elem
	}
	c := pgfacts.CastBetween(elem.OID, elem.OID)
	if c == nil || c.Func == 0 {
		return e
	}
	if hide {
		e = hideCast(e)
	}
	fn := b.procByOID(c.Func)
	var r expr.Expr
	if elem == target {
		r = b.castCall(fn, e, target, typmod, ctx, form)
	} else {
		inner := b.castCall(fn, &expr.CaseValue{Typed: typed(elem, -1)}, elem, typmod, ctx, form)
		r = &expr.ArrayCast{Typed: typed(target, typmod), Arg: e, Elem: inner, Implicit: form == expr.AsImplicitCast}
	}
	return b.at(r, b.loc(e))
}

// hideCast marks the cast at the top of e as implicit.
func hideCast(e expr.Expr) expr.Expr {
	switch e := e.(type) {
	case *expr.Call:
		n := *e
		if n.Form == expr.AsExplicitCast {
			n.Form = expr.AsImplicitCast
		}
		return &n
	case *expr.Relabel:
		n := *e
		n.Implicit = true
		return &n
	case *expr.ViaText:
		n := *e
		n.Implicit = true
		return &n
	case *expr.ArrayCast:
		n := *e
		n.Implicit = true
		return &n
	}
	return e
}

// coerceDomain makes a value of the base type one of the domain: its modifier and its constraints apply.
func (b *binder) coerceDomain(e expr.Expr, domain *pgtype.Type, ctx castContext, form expr.CallForm) expr.Expr {
	if e.Type() == domain {
		return e
	}
	base := domain.BaseType()
	if e.Type() != base && e.Type().BaseType() == base {
		e = b.at(&expr.Relabel{Typed: typed(base, -1), Arg: e, Implicit: true}, b.loc(e))
	}
	e = b.coerceTypmod(e, base, domainMod(domain), implicitCast, expr.AsImplicitCast, false)
	notNull, checks := b.domainRules(domain)
	return b.at(&expr.DomainCheck{Typed: typed(domain, -1), Arg: e, NotNull: notNull, Checks: checks, Implicit: form == expr.AsImplicitCast}, b.loc(e))
}

// domainMod is the modifier of a domain's base type, over all levels.
func domainMod(t *pgtype.Type) int32 {
	for t.Kind == pgtype.KindDomain {
		if t.BaseMod >= 0 {
			return t.BaseMod
		}
		t = t.Base
	}
	return -1
}

// recordToComposite casts a ROW(…) field by field.
func (b *binder) recordToComposite(e expr.Expr, target *pgtype.Type, ctx castContext, form expr.CallForm) expr.Expr {
	row, ok := e.(*expr.Row)
	composite := target.BaseType()
	if !ok {
		b.errorf(b.loc(e), pgerr.CannotCoerce, "cannot cast type %s to %s", e.Type(), target)
	}
	few := func(detail string, args ...any) {
		loc := b.castLoc
		if loc < 0 {
			loc = b.loc(e)
		}
		b.failAt(loc, pgerr.Newf(pgerr.CannotCoerce, "cannot cast type %s to %s", recordType, target).WithDetail(detail, args...))
	}
	if len(row.Fields) < len(composite.Columns) {
		few("Input has too few columns.")
	}
	if len(row.Fields) > len(composite.Columns) {
		few("Input has too many columns.")
	}
	n := &expr.Row{Typed: typed(composite, -1), Explicit: row.Explicit, Fields: make([]expr.Expr, len(row.Fields))}
	for i, f := range row.Fields {
		c := composite.Columns[i]
		v := b.coerceTo(f, c.Type, c.Typmod, ctx, expr.AsImplicitCast)
		if v == nil {
			few("Cannot cast type %s to %s in column %d.", f.Type(), c.Type, i+1)
		}
		n.Fields[i] = v
		n.Names = append(n.Names, c.Name)
	}
	if composite != target {
		return b.coerceDomain(b.at(n, b.loc(e)), target, ctx, form)
	}
	return n
}

func typed(t *pgtype.Type, mod int32) expr.Typed { return expr.Typed{T: t, Mod: mod} }

func intConst(v int64, t *pgtype.Type) *expr.Const {
	return &expr.Const{Typed: typed(t, -1), Value: pgtype.Int(v)}
}

func boolConst(v bool) *expr.Const {
	return &expr.Const{Typed: typed(boolType, -1), Value: pgtype.Bool(v)}
}

func (b *binder) procByOID(oid pgtype.OID) *pgfacts.Proc { return b.env.Library.ProcByOID(oid) }
