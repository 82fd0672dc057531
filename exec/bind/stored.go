package bind

import (
	"context"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// StoredKind is what an expression outside a query is for: it decides what may stand in it and what its errors say.
type StoredKind uint8

// The kinds of stored expressions.
const (
	ColumnDefault   StoredKind = iota // no columns
	TableCheck                        // boolean
	DomainCheck                       // boolean, over VALUE
	GeneratedColumn                   // immutable, no other generated columns
	IndexExpression                   // immutable
	IndexPredicate                    // immutable, boolean
	AlterTypeUsing                    // ALTER COLUMN TYPE … USING
	CopyWhere                         // boolean, COPY FROM … WHERE
)

var storedKinds = [...]exprKind{kindDefault, kindCheck, kindDomainCheck, kindGenerated, kindIndexExpr, kindIndexPredicate, kindAlterColumn, kindCopyWhere}

// Stored says how to bind an expression outside a query.
type Stored struct {
	Kind     StoredKind
	Relation *desc.Relation // whose columns it may read, nil for none
	Rel      int32          // relation number of the columns
	Type     *pgtype.Type   // what it must be coercible to by assignment, nil: anything; booleans of checks need none
	Typmod   int32
	Column   string       // of a default or generated column, for errors
	Domain   *pgtype.Type // of a DomainCheck: the domain's base type
	DomMod   int32
	Source   string // the statement that the node comes from, for positions; "" for none
}

// BoundExpr is a bound expression with what it refers to.
type BoundExpr struct {
	Expr    expr.Expr
	Columns []int16    // columns of Stored.Relation that it reads, ascending; 0 stands for the whole row
	Types   []desc.OID // user types that it names
	// Sequences are those that it names by a regclass constant (nextval('s')).
	Sequences []desc.OID
	Volatile  byte // the worst of its functions: 'i', 's' or 'v'
}

// BindExpr binds a node of the parser's tree, from DDL.
func BindExpr(env *Env, n *pg_query.Node, s Stored) (out *BoundExpr, err error) {
	err = guard(func() { out = bindStored(env, n, s) })
	return out, err
}

// BindExprText binds the text of a stored expression.
func BindExprText(env *Env, text string, s Stored) (*BoundExpr, error) {
	n, err := parse.Expression(text)
	if err != nil {
		return nil, err
	}
	s.Source = ""
	return BindExpr(env, n, s)
}

func bindStored(env *Env, n *pg_query.Node, s Stored) *BoundExpr {
	b := newBinder(context.Background(), env, s.Source).storedBinder(s.Relation, s.Rel, storedKinds[s.Kind])
	b.source = s.Source
	if s.Kind == DomainCheck {
		b.valueOf = &expr.CaseValue{Typed: typed(s.Domain, s.DomMod)}
	}
	e := b.expr(n)
	switch s.Kind {
	case TableCheck, DomainCheck:
		e = b.toBool(e, "CHECK")
	case IndexPredicate, CopyWhere:
		e = b.toBool(e, "WHERE")
	}
	if s.Type != nil {
		e = b.storedCoerce(e, s)
	} else if e.Type() == unknownType {
		e = b.coerce(e, textType, -1, implicitCast, expr.AsImplicitCast)
	}
	out := &BoundExpr{Expr: FinishExpr(e), Volatile: 'i'}
	b.references(out, s)
	b.checkVolatility(out, s)
	return out
}

func (b *binder) storedCoerce(e expr.Expr, s Stored) expr.Expr {
	r := b.coerceTo(e, s.Type, s.Typmod, assignmentCast, expr.AsImplicitCast)
	if r != nil {
		return r
	}
	what := "default expression"
	if s.Kind == GeneratedColumn {
		what = "generation expression"
	}
	if s.Kind == AlterTypeUsing {
		b.failAt(-1, pgerr.Newf(pgerr.DatatypeMismatch, "result of USING clause for column \"%s\" cannot be cast automatically to type %s", s.Column, s.Type).
			WithHint("You might need to add an explicit cast."))
	}
	b.failAt(-1, pgerr.Newf(pgerr.DatatypeMismatch, "column \"%s\" is of type %s but %s is of type %s", s.Column, s.Type, what, e.Type()).
		WithHint("You will need to rewrite or cast the expression."))
	return nil
}

// references collects what the expression depends on.
func (b *binder) references(out *BoundExpr, s Stored) {
	columns := map[int16]bool{}
	note := func(t *pgtype.Type) {
		if t.IsArray() && t.OID >= desc.FirstNormalOID {
			t = t.Elem
		}
		if t.OID >= desc.FirstNormalOID {
			for _, o := range out.Types {
				if o == t.OID {
					return
				}
			}
			out.Types = append(out.Types, t.OID)
		}
	}
	expr.Walk(out.Expr, func(e expr.Expr) bool {
		note(e.Type())
		vol := byte('i')
		switch e := e.(type) {
		case *expr.Var:
			columns[e.ID.Num] = true
		case *expr.Call:
			vol = e.Proc.Volatile
		case *expr.SQLValue:
			vol = 's'
		case *expr.ViaText:
			vol = textVolatility(e.Arg.Type(), e.T)
		case *expr.Const:
			if e.T.OID == pgtype.OIDRegclass && !e.Value.IsNull() {
				if r := b.env.Catalog.Relation(e.Value.OID()); r != nil && r.Kind == desc.Sequence {
					out.Sequences = append(out.Sequences, r.OID)
				}
			}
		}
		if vol == 'v' || vol == 's' && out.Volatile == 'i' {
			out.Volatile = vol
		}
		return true
	})
	out.Columns = sortedNums(columns)
}

// textVolatility is the volatility of a cast through text forms: those of dates and times depend on settings.
func textVolatility(types ...*pgtype.Type) byte {
	for _, t := range types {
		if t.IsArray() && t.Elem != nil {
			t = t.Elem
		}
		switch t.OID {
		case pgtype.OIDDate, pgtype.OIDTime, pgtype.OIDTimetz, pgtype.OIDTimestamp, pgtype.OIDTimestamptz, pgtype.OIDRegclass, pgtype.OIDRegtype,
			pgtype.OIDRegproc, pgtype.OIDRegprocedure, pgtype.OIDRegnamespace, pgtype.OIDRegrole, pgtype.OIDInterval, pgtype.OIDJsonb, pgtype.OIDJson:
			return 's'
		}
	}
	return 'i'
}

// checkVolatility refuses functions whose result may change where the result is stored.
func (b *binder) checkVolatility(out *BoundExpr, s Stored) {
	switch {
	case out.Volatile == 'i':
	case s.Kind == GeneratedColumn:
		b.errorf(-1, pgerr.InvalidObjectDefinition, "generation expression is not immutable")
	case s.Kind == IndexExpression:
		b.errorf(-1, pgerr.InvalidObjectDefinition, "functions in index expression must be marked IMMUTABLE")
	case s.Kind == IndexPredicate:
		b.errorf(-1, pgerr.InvalidObjectDefinition, "functions in index predicate must be marked IMMUTABLE")
	}
	if s.Kind != GeneratedColumn {
		return
	}
	for _, n := range out.Columns {
		if c := s.Relation.ColumnByNum(n); c != nil && c.Generated != 0 {
			b.failAt(b.columnLocation(out.Expr, n), pgerr.Newf(pgerr.InvalidObjectDefinition, "cannot use generated column \"%s\" in column generation expression", c.Name).
				WithDetail("A generated column cannot reference another generated column."))
		}
	}
}

// columnLocation finds where an expression reads a column.
func (b *binder) columnLocation(e expr.Expr, num int16) int32 {
	loc := int32(-1)
	expr.Walk(e, func(x expr.Expr) bool {
		if v, ok := x.(*expr.Var); ok && v.ID.Num == num && loc < 0 {
			loc = b.loc(v)
		}
		return true
	})
	return loc
}

// Argument binds an argument of EXECUTE, part of source, for a parameter of type t.
func Argument(env *Env, source string, n *pg_query.Node, t *pgtype.Type) (e expr.Expr, err error) {
	b := newBinder(context.Background(), env, source)
	b.fixed = true
	b.scope = &scope{kind: kindExecute}
	err = guard(func() {
		x := b.expr(n)
		e = b.coerceTo(x, t, -1, assignmentCast, expr.AsImplicitCast)
		if e == nil {
			b.failAt(b.loc(x), pgerr.Newf(pgerr.DatatypeMismatch, "parameter of type %s cannot be coerced to the expected type %s", x.Type(), t).
				WithHint("You will need to rewrite or cast the expression."))
		}
		e = FinishExpr(e)
	})
	return e, err
}

// Scalar binds an expression that stands alone, without columns: an option's value, a USING parameter.
func Scalar(env *Env, n *pg_query.Node) (e expr.Expr, err error) {
	b := newBinder(context.Background(), env, "")
	b.fixed = true
	b.scope = &scope{kind: kindExecute}
	err = guard(func() {
		e = b.expr(n)
		if e.Type() == unknownType {
			e = b.coerce(e, textType, -1, implicitCast, expr.AsImplicitCast)
		}
		e = FinishExpr(e)
	})
	return e, err
}
