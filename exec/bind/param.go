package bind

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// maxParams bounds what a statement may name. A Bind message can fill no more than 65,535, but it is Bind that refuses more, as in PostgreSQL.
const maxParams = 1 << 20

// param binds $N. Its type is what was declared, or what an earlier use has made it, or unknown for now.
func (b *binder) param(p *pg_query.ParamRef) expr.Expr {
	n := int(p.Number)
	if n < 1 || n > maxParams || b.fixed && (n > len(b.params) || b.params[n-1] == nil) {
		b.errorf(p.Location, pgerr.UndefinedParameter, "there is no parameter $%d", n)
	}
	for len(b.params) < n {
		b.params = append(b.params, nil)
	}
	t := b.params[n-1]
	if t == nil {
		t = unknownType
	}
	e := &expr.Param{Typed: typed(t, -1), N: n}
	b.refs = append(b.refs, e)
	b.at(e, p.Location)
	return b.checkedParam(e)
}

// checkedParam applies a domain's rules to a parameter of it: the client sent a value of the base type.
func (b *binder) checkedParam(p *expr.Param) expr.Expr {
	if p.T.Kind != pgtype.KindDomain {
		return p
	}
	base := b.at(&expr.Relabel{Typed: typed(p.T.BaseType(), -1), Arg: p, Implicit: true}, b.loc(p))
	return b.coerceDomain(base, p.T, implicitCast, expr.AsImplicitCast)
}

// coerceParam decides the type of a parameter by its first use that needs one; later uses must need the same.
func (b *binder) coerceParam(p *expr.Param, target *pgtype.Type, ctx castContext, form expr.CallForm) expr.Expr {
	decided := b.params[p.N-1]
	if decided == nil || decided == unknownType {
		b.params[p.N-1] = target
	} else if decided != target {
		b.failAt(b.loc(p), pgerr.Newf(pgerr.AmbiguousParameter, "inconsistent types deduced for parameter $%d", p.N).
			WithDetail("%s versus %s", decided, target))
	}
	p.T = target
	return b.checkedParam(p)
}

// resolveParams checks at the end that every parameter has a type and every use of it the same.
func (b *binder) resolveParams() {
	for _, p := range b.refs {
		if t := b.params[p.N-1]; t != nil && t != p.T {
			b.errorf(b.loc(p), pgerr.AmbiguousParameter, "could not determine data type of parameter $%d", p.N)
		}
	}
	for i, t := range b.params {
		if t == nil || t == unknownType {
			fail(pgerr.Newf(pgerr.IndeterminateDatatype, "could not determine data type of parameter $%d", i+1))
		}
	}
	b.stmt.Params = b.params
}
