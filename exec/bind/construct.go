package bind

import (
	"strconv"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// withoutSets runs f with set-returning functions forbidden in a construct.
func (b *binder) withoutSets(construct string, f func()) {
	old := b.noSets
	b.noSets = construct
	f()
	b.noSets = old
}

func (b *binder) caseExpr(n *pg_query.CaseExpr) expr.Expr {
	e := &expr.Case{}
	b.withoutSets("CASE", func() { b.caseParts(e, n) })
	results := make([]expr.Expr, 0, len(e.Whens)+1)
	// The ELSE comes first for the common type, as in PostgreSQL, which lets it win ties.
	if e.Else == nil {
		e.Else = &expr.Const{Typed: typed(unknownType, -1)}
		b.at(e.Else, -1)
		results = append(results, e.Else)
	} else {
		results = append(results, e.Else)
	}
	for _, w := range e.Whens {
		results = append(results, w.Result)
	}
	t := b.commonType(results, "CASE")
	e.Else = b.toCommon(e.Else, t, "CASE/ELSE")
	for i := range e.Whens {
		e.Whens[i].Result = b.toCommon(e.Whens[i].Result, t, "CASE/WHEN")
		results[i+1] = e.Whens[i].Result
	}
	results[0] = e.Else
	mod := commonTypmod(results)
	if n.Defresult == nil {
		if len(e.Whens) > 0 {
			mod = commonTypmod(results[1:])
		}
		if mod != e.Else.Typmod() {
			mod = -1
		}
		e.Else = nil
	}
	e.Typed = typed(t, mod)
	return b.at(e, n.Location)
}

func (b *binder) caseParts(e *expr.Case, n *pg_query.CaseExpr) {
	if n.Arg != nil {
		e.Arg = b.expr(n.Arg)
		if e.Arg.Type() == unknownType {
			e.Arg = b.coerce(e.Arg, textType, -1, implicitCast, expr.AsImplicitCast)
		}
	}
	for _, w := range n.Args {
		when := w.GetCaseWhen()
		var cond expr.Expr
		if e.Arg != nil {
			v := &expr.CaseValue{Typed: typed(e.Arg.Type(), e.Arg.Typmod())}
			cond = b.operatorCall("=", b.at(v, b.loc(e.Arg)), b.expr(when.Expr), when.Location)
		} else {
			cond = b.expr(when.Expr)
		}
		cond = b.toBool(cond, "CASE/WHEN")
		e.Whens = append(e.Whens, expr.When{Cond: cond, Result: b.expr(when.Result)})
	}
	if n.Defresult != nil {
		e.Else = b.expr(n.Defresult)
	}
}

func (b *binder) coalesce(n *pg_query.CoalesceExpr) expr.Expr {
	e := &expr.Coalesce{}
	b.withoutSets("COALESCE", func() { e.Args = b.exprs(n.Args) })
	e.Args, e.Typed = b.allToCommon(e.Args, "COALESCE")
	return b.at(e, n.Location)
}

func (b *binder) minMax(n *pg_query.MinMaxExpr) expr.Expr {
	e := &expr.MinMax{Greatest: n.Op == pg_query.MinMaxOp_IS_GREATEST}
	name := "LEAST"
	if e.Greatest {
		name = "GREATEST"
	}
	e.Args, e.Typed = b.allToCommon(b.exprs(n.Args), name)
	if !comparable(e.T) {
		b.errorf(n.Location, pgerr.UndefinedFunction, "could not identify a comparison function for type %s", e.T)
	}
	return b.at(e, n.Location)
}

// comparable tells whether a type has an order.
func comparable(t *pgtype.Type) bool {
	t = t.BaseType()
	if t.IsArray() {
		return comparable(t.Elem)
	}
	if t.Kind == pgtype.KindComposite || t == recordType {
		return true
	}
	return t.Codec != nil && t.Codec.Comparable()
}

// array binds ARRAY[…]. target is the array type of an enclosing cast, whose element type the elements then get, or nil.
func (b *binder) array(n *pg_query.A_ArrayExpr, target *pgtype.Type, mod int32) expr.Expr {
	elems := make([]expr.Expr, len(n.Elements))
	multi := false
	for i, m := range n.Elements {
		if sub := m.GetAArrayExpr(); sub != nil {
			elems[i] = b.array(sub, target, mod)
			multi = true
		} else {
			elems[i] = b.expr(m)
		}
		if t := elems[i].Type(); t.BaseType().IsArray() && !isVector(t) {
			multi = true
		}
	}
	e := &expr.Array{Elems: elems, Multi: multi}
	if target != nil {
		b.castElements(e, target, mod)
		return b.at(e, n.Location)
	}
	if len(elems) == 0 {
		b.failAt(n.Location, pgerr.New(pgerr.IndeterminateDatatype, "cannot determine type of empty array").
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[]."))
	}
	t := b.commonType(elems, "ARRAY")
	at := t
	if !t.BaseType().IsArray() || isVector(t) {
		at, e.Multi = pgtype.ArrayOf(t), false
		if at == nil {
			b.errorf(n.Location, pgerr.UndefinedObject, "could not find array type for data type %s", t)
		}
	} else {
		e.Multi = true
	}
	for i, x := range elems {
		elems[i] = b.toCommon(x, t, "ARRAY")
	}
	e.Typed = typed(at, commonTypmod(elems))
	return b.at(e, n.Location)
}

// castElements casts the elements of ARRAY[…]::t[] each.
func (b *binder) castElements(e *expr.Array, target *pgtype.Type, mod int32) {
	e.Typed = typed(target, mod)
	for i, x := range e.Elems {
		t := target.Elem
		if e.Multi {
			t = target
		}
		if v := b.coerceTo(x, t, mod, explicitCast, expr.AsExplicitCast); v != nil {
			e.Elems[i] = v
			continue
		}
		b.errorf(b.loc(x), pgerr.CannotCoerce, "cannot cast type %s to %s", x.Type(), t)
	}
}

func (b *binder) row(n *pg_query.RowExpr) expr.Expr {
	fields := b.rowFields(n.Args)
	if len(fields) > 1664 {
		b.errorf(n.Location, pgerr.TooManyColumns, "ROW expressions can have at most 1664 entries")
	}
	e := &expr.Row{Typed: typed(recordType, -1), Fields: fields, Explicit: n.RowFormat == pg_query.CoercionForm_COERCE_EXPLICIT_CALL}
	for i := range fields {
		e.Names = append(e.Names, "f"+strconv.Itoa(i+1))
	}
	return b.at(e, n.Location)
}

// rowFields binds the members of ROW(…), where t.* stands for all its columns.
func (b *binder) rowFields(args []*pg_query.Node) []expr.Expr {
	var out []expr.Expr
	for _, a := range args {
		if c := a.GetColumnRef(); c != nil && c.Fields[len(c.Fields)-1].GetAStar() != nil {
			for _, t := range b.star(c) {
				out = append(out, t.e)
			}
			continue
		}
		out = append(out, b.expr(a))
	}
	return out
}

// indirection binds x[…], x.field and their chains.
func (b *binder) indirection(n *pg_query.A_Indirection) expr.Expr {
	e := b.expr(n.Arg)
	var subs []*pg_query.A_Indices
	flush := func() {
		if len(subs) > 0 {
			e = b.subscript(e, subs)
			subs = nil
		}
	}
	for _, i := range n.Indirection {
		switch x := i.Node.(type) {
		case *pg_query.Node_AIndices:
			subs = append(subs, x.AIndices)
		case *pg_query.Node_AStar:
			b.errorf(nodeLoc(n.Arg), pgerr.FeatureNotSupported, "row expansion via \"*\" is not supported here")
		case *pg_query.Node_String_:
			flush()
			e = b.field(e, x.String_.Sval, nodeLoc(n.Arg))
		}
	}
	flush()
	return e
}

// field binds (x).name: a field, or a function of x.
func (b *binder) field(e expr.Expr, name string, loc int32) expr.Expr {
	if f := b.fieldOf(e, name, loc); f != nil {
		return f
	}
	c := &call{name: name, args: []expr.Expr{e}, loc: loc}
	x, kind := b.findFunction(c)
	switch kind {
	case foundFunction:
		if x.what.Kind == 'f' {
			return b.buildCall(c, x)
		}
	case foundCast:
		return b.castNotation(c)
	}
	t := e.Type()
	if r, ok := e.(*expr.Row); ok && b.wholeRows[r] != nil {
		b.errorf(loc, pgerr.UndefinedColumn, "column %s.%s does not exist", b.wholeRows[r].name, name)
	}
	switch {
	case isComplex(t):
		b.errorf(loc, pgerr.UndefinedColumn, "column \"%s\" not found in data type %s", name, t)
	case t == recordType:
		b.errorf(loc, pgerr.UndefinedColumn, "could not identify column \"%s\" in record data type", name)
	}
	b.errorf(loc, pgerr.WrongObjectType, "column notation .%s applied to type %s, which is not a composite type", name, t)
	return nil
}

// fieldOf selects a field of a row value; nil when it has no such field.
func (b *binder) fieldOf(e expr.Expr, name string, loc int32) expr.Expr {
	if r, ok := e.(*expr.Row); ok && b.wholeRows[r] != nil {
		for i, n := range r.Names {
			if n == name {
				return b.at(r.Fields[i], loc)
			}
		}
	}
	for i, c := range b.rowColumns(e) {
		if c.Name == name {
			return b.at(&expr.Field{Typed: typed(c.Type, c.Typmod), Arg: e, Index: i, Name: name}, loc)
		}
	}
	return nil
}

// rowColumns gives the fields of a row value, nil when they are not known.
func (b *binder) rowColumns(e expr.Expr) []pgtype.Column {
	if t := e.Type().BaseType(); t.Kind == pgtype.KindComposite {
		return b.compositeColumns(t)
	}
	switch e := e.(type) {
	case *expr.Row:
		out := make([]pgtype.Column, len(e.Fields))
		for i, f := range e.Fields {
			name := "f" + strconv.Itoa(i+1)
			if i < len(e.Names) {
				name = e.Names[i]
			}
			out[i] = pgtype.Column{Name: name, Type: f.Type(), Typmod: f.Typmod()}
		}
		return out
	case *expr.Call:
		return b.outColumns(e.Proc, e.Args)
	case *expr.SetCall:
		return b.outColumns(e.Proc, e.Args)
	case *expr.Subquery:
		if q := b.subquery[e]; q != nil && e.Kind == expr.ScalarSubquery && len(q.out) == 1 {
			return b.rowColumns(q.out[0].e)
		}
	case *expr.Var:
		if x := b.entries[e.ID.Rel]; x != nil {
			if q, ok := x.def.(*query); ok && int(e.ID.Num) <= len(q.out) && e.ID.Num > 0 {
				return b.rowColumns(q.out[e.ID.Num-1].e)
			}
		}
	}
	return nil
}

// compositeColumns gives the columns of a composite type.
func (b *binder) compositeColumns(t *pgtype.Type) []pgtype.Column {
	if len(t.Columns) > 0 {
		return t.Columns
	}
	if rel := b.env.Catalog.Relation(t.Proc.Relation); rel != nil {
		var out []pgtype.Column
		for i := range rel.Columns {
			if c := &rel.Columns[i]; !c.Dropped {
				out = append(out, pgtype.Column{Name: c.Name, Type: b.typ(c.Type), Typmod: c.Typmod})
			}
		}
		return out
	}
	return nil
}

// subscript binds a run of array subscripts.
func (b *binder) subscript(e expr.Expr, subs []*pg_query.A_Indices) expr.Expr {
	t := e.Type().BaseType()
	if t.Elem == nil {
		if t.OID == pgtype.OIDJsonb {
			return b.jsonbSubscript(e, subs)
		}
		b.errorf(b.loc(e), pgerr.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", e.Type())
	}
	s := &expr.Subscript{Arg: e}
	s.Slice, s.Lower, s.Upper = b.subscripts(subs)
	if len(subs) > 6 {
		b.errorf(b.loc(e), pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (6)", len(subs))
	}
	if s.Slice {
		if !t.IsArray() {
			b.errorf(b.loc(e), pgerr.FeatureNotSupported, "slices of fixed-length arrays not implemented")
		}
		s.Typed = typed(t, e.Typmod())
	} else {
		s.Typed = typed(t.Elem, e.Typmod())
	}
	return b.at(s, b.loc(e))
}

// subscripts binds indices; if one is a slice all are.
func (b *binder) subscripts(subs []*pg_query.A_Indices) (slice bool, lower, upper []expr.Expr) {
	for _, s := range subs {
		slice = slice || s.IsSlice
	}
	one := func(n *pg_query.Node) expr.Expr {
		e := b.expr(n)
		r := b.coerceTo(e, int4Type, -1, assignmentCast, expr.AsImplicitCast)
		if r == nil {
			b.errorf(b.loc(e), pgerr.DatatypeMismatch, "array subscript must have type integer")
		}
		return r
	}
	for _, s := range subs {
		var lo, hi expr.Expr
		if slice {
			if s.IsSlice {
				if s.Lidx != nil {
					lo = one(s.Lidx)
				}
				if s.Uidx != nil {
					hi = one(s.Uidx)
				}
			} else {
				lo, hi = intConst(1, int4Type), one(s.Uidx)
			}
			lower = append(lower, lo)
		} else {
			hi = one(s.Uidx)
		}
		upper = append(upper, hi)
	}
	return slice, lower, upper
}

// jsonbSubscript binds j['a'][0] as the path operator #>.
func (b *binder) jsonbSubscript(e expr.Expr, subs []*pg_query.A_Indices) expr.Expr {
	path := &expr.Array{Typed: typed(pgtype.ByOID(pgtype.OIDTextArray), -1), Elems: b.jsonbPath(e, subs)}
	return b.operatorCall("#>", e, path, b.loc(e))
}

// jsonbPath binds the subscripts of a jsonb value as texts.
func (b *binder) jsonbPath(e expr.Expr, subs []*pg_query.A_Indices) []expr.Expr {
	var path []expr.Expr
	for _, s := range subs {
		if s.IsSlice {
			b.errorf(sliceLoc(s), pgerr.DatatypeMismatch, "jsonb subscript does not support slices")
		}
		i := b.expr(s.Uidx)
		form := implicitCast
		if i.Type() == int4Type || i.Type().OID == pgtype.OIDInt2 {
			form = explicitCast
		}
		v := b.coerceTo(i, textType, -1, form, expr.AsImplicitCast)
		if v == nil {
			b.failAt(b.loc(i), pgerr.Newf(pgerr.DatatypeMismatch, "subscript type %s is not supported", i.Type()).
				WithHint("jsonb subscript must be coercible to either integer or text."))
		}
		path = append(path, v)
	}
	return path
}

// sliceLoc is where the bound of a slice stands.
func sliceLoc(s *pg_query.A_Indices) int32 {
	for _, n := range []*pg_query.Node{s.Uidx, s.Lidx} {
		if n != nil {
			return nodeLoc(n)
		}
	}
	return -1
}
