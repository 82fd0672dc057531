package bind

import (
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

func isPolymorphic(t *pgtype.Type) bool {
	switch t.OID {
	case pgtype.OIDAnyelement, pgtype.OIDAnyarray, pgtype.OIDAnynonarray, pgtype.OIDAnyenum, pgtype.OIDAnyrange, pgtype.OIDAnymultirange:
		return true
	}
	return isCompatible(t)
}

// isCompatible tells the anycompatible family, whose arguments may differ in type.
func isCompatible(t *pgtype.Type) bool {
	switch t.OID {
	case pgtype.OIDAnycompatible, pgtype.OIDAnycompatiblearray, pgtype.OIDAnycompatiblenonarray, pgtype.OIDAnycompatiblerange,
		pgtype.OIDAnycompatiblemultirange:
		return true
	}
	return false
}

// polymorphic is what the pseudo-types of one call stand for.
type polymorphic struct {
	elem, array, rng, multi *pgtype.Type // of the anyelement family
	compat                  *pgtype.Type // of the anycompatible family
	unknown                 bool         // some argument of the anyelement family is an untyped literal
	nonArray, enum          bool
}

// polymorphicMatch tells whether the arguments for polymorphic parameters agree with each other.
func (b *binder) polymorphicMatch(given, declared []*pgtype.Type) bool {
	var p polymorphic
	return p.collect(b, given, declared) == nil
}

// resolvePolymorphic gives the concrete types of a call's parameters and result.
func (b *binder) resolvePolymorphic(given, declared []*pgtype.Type, result *pgtype.Type) ([]*pgtype.Type, *pgtype.Type, error) {
	any := isPolymorphic(result)
	for _, t := range declared {
		any = any || isPolymorphic(t)
	}
	if !any {
		return declared, result, nil
	}
	var p polymorphic
	if err := p.collect(b, given, declared); err != nil {
		return nil, nil, err
	}
	if p.elem == nil && p.unknown {
		return nil, nil, pgerr.New(pgerr.DatatypeMismatch, "could not determine polymorphic type because input has type unknown")
	}
	out := make([]*pgtype.Type, len(declared))
	for i, t := range declared {
		out[i] = t
		if isPolymorphic(t) && (isCompatible(t) || given[i] == unknownType) {
			out[i] = p.concrete(b, t)
		}
		if out[i] == nil {
			return nil, nil, pgerr.Newf(pgerr.UndefinedObject, "could not find array type for data type %s", p.elem)
		}
	}
	if isPolymorphic(result) {
		r := p.concrete(b, result)
		if r == nil {
			return nil, nil, pgerr.Newf(pgerr.UndefinedObject, "could not find array type for data type %s", p.elem)
		}
		result = r
	}
	return out, result, nil
}

func (p *polymorphic) collect(b *binder, given, declared []*pgtype.Type) error {
	var compat []*pgtype.Type
	for i, d := range declared {
		if i >= len(given) {
			break
		}
		g := given[i]
		if isCompatible(d) {
			c, err := compatMember(g, d)
			if err != nil {
				return err
			}
			compat = append(compat, c)
			continue
		}
		if err := p.member(g, d); err != nil {
			return err
		}
	}
	if err := p.agree(b); err != nil {
		return err
	}
	return p.common(b, compat)
}

// compatMember is the type that an argument brings into the anycompatible family.
func compatMember(g, d *pgtype.Type) (*pgtype.Type, error) {
	if g == unknownType || d.OID == pgtype.OIDAnycompatible || d.OID == pgtype.OIDAnycompatiblenonarray {
		return g, nil
	}
	base := g.BaseType()
	switch d.OID {
	case pgtype.OIDAnycompatiblearray:
		if base.Elem == nil || !base.IsArray() {
			return nil, notOfKind(d, "an array", g)
		}
		return base.Elem, nil
	case pgtype.OIDAnycompatiblerange, pgtype.OIDAnycompatiblemultirange:
		if sub := rangeSubtype(base); sub != nil {
			return sub, nil
		}
		return nil, notOfKind(d, "a range type", g)
	}
	return g, nil
}

func notOfKind(d *pgtype.Type, kind string, g *pgtype.Type) error {
	return pgerr.Newf(pgerr.DatatypeMismatch, "argument declared %s is not %s but type %s", d, kind, g)
}

// same sets or compares what a pseudo-type stands for.
func same(slot **pgtype.Type, t, declared *pgtype.Type) error {
	if *slot != nil && *slot != t {
		return pgerr.Newf(pgerr.DatatypeMismatch, "arguments declared \"%s\" are not all alike", declared).WithDetail("%s versus %s", *slot, t)
	}
	*slot = t
	return nil
}

func (p *polymorphic) member(g, d *pgtype.Type) error {
	if !isPolymorphic(d) {
		return nil
	}
	if g == unknownType {
		p.unknown = true
		return nil
	}
	switch d.OID {
	case pgtype.OIDAnyarray:
		return same(&p.array, g.BaseType(), d)
	case pgtype.OIDAnyrange:
		return same(&p.rng, g.BaseType(), d)
	case pgtype.OIDAnymultirange:
		return same(&p.multi, g.BaseType(), d)
	case pgtype.OIDAnynonarray:
		p.nonArray = true
	case pgtype.OIDAnyenum:
		p.enum = true
	}
	return same(&p.elem, g, d)
}

// agree derives the element type from the others and checks that they go together.
func (p *polymorphic) agree(b *binder) error {
	if p.array != nil {
		if p.array.OID == pgtype.OIDAnyarray {
			return nil
		}
		if !p.array.IsArray() {
			return notOfKind(pgtype.ByOID(pgtype.OIDAnyarray), "an array", p.array)
		}
		if err := p.derive(p.array.Elem, pgtype.OIDAnyarray); err != nil {
			return err
		}
	}
	for _, r := range []struct {
		t    *pgtype.Type
		oid  pgtype.OID
		kind pgtype.Kind
	}{{p.rng, pgtype.OIDAnyrange, pgtype.KindRange}, {p.multi, pgtype.OIDAnymultirange, pgtype.KindMultirange}} {
		if r.t == nil {
			continue
		}
		if r.t.Kind != r.kind {
			return notOfKind(pgtype.ByOID(r.oid), "a range type", r.t)
		}
		if err := p.derive(rangeSubtype(r.t), r.oid); err != nil {
			return err
		}
	}
	if p.elem == nil {
		return nil
	}
	if p.nonArray && p.elem.BaseType().IsArray() {
		return pgerr.Newf(pgerr.DatatypeMismatch, "type matched to anynonarray is an array type: %s", p.elem)
	}
	if p.enum && p.elem.BaseType().Kind != pgtype.KindEnum {
		return pgerr.Newf(pgerr.DatatypeMismatch, "type matched to anyenum is not an enum type: %s", p.elem)
	}
	return nil
}

func (p *polymorphic) derive(elem *pgtype.Type, from pgtype.OID) error {
	if p.elem == nil {
		p.elem = elem
		return nil
	}
	if p.elem != elem {
		return pgerr.Newf(pgerr.DatatypeMismatch, "argument declared %s is not consistent with argument declared %s",
			pgtype.ByOID(from), pgtype.ByOID(pgtype.OIDAnyelement)).WithDetail("%s versus %s", elem, p.elem)
	}
	return nil
}

// common finds the common type of the anycompatible family.
func (p *polymorphic) common(b *binder, types []*pgtype.Type) error {
	if len(types) == 0 {
		return nil
	}
	best := types[0]
	for _, t := range types[1:] {
		switch {
		case t == unknownType || t == best:
		case best == unknownType:
			best = t
		case t.BaseType().Category != best.BaseType().Category:
			return pgerr.New(pgerr.DatatypeMismatch, "arguments of anycompatible family cannot be cast to a common type")
		case !best.BaseType().Preferred && b.canCoerce(best, t, implicitCast) && !b.canCoerce(t, best, implicitCast):
			best = t
		}
	}
	if best == unknownType {
		best = textType
	}
	p.compat = best
	return nil
}

// concrete is what one pseudo-type stands for, nil when there is no such type.
func (p *polymorphic) concrete(b *binder, t *pgtype.Type) *pgtype.Type {
	switch t.OID {
	case pgtype.OIDAnyelement, pgtype.OIDAnynonarray, pgtype.OIDAnyenum:
		return p.elem
	case pgtype.OIDAnyarray:
		if p.array != nil {
			return p.array
		}
		return arrayOf(p.elem)
	case pgtype.OIDAnyrange:
		if p.rng == nil && p.multi != nil {
			return rangeOfMulti(p.multi)
		}
		return p.rng
	case pgtype.OIDAnymultirange:
		if p.multi == nil && p.rng != nil {
			return multiOfRange(p.rng)
		}
		return p.multi
	case pgtype.OIDAnycompatible, pgtype.OIDAnycompatiblenonarray:
		return p.compat
	case pgtype.OIDAnycompatiblearray:
		return arrayOf(p.compat)
	}
	return nil
}

func arrayOf(t *pgtype.Type) *pgtype.Type {
	if t == nil {
		return nil
	}
	return pgtype.ArrayOf(t)
}

// rangeRow finds the pg_range row of a built-in range or multirange.
func rangeRow(column string, oid pgtype.OID, want string) *pgtype.Type {
	t := pgfacts.Load("pg_range")
	at, get := t.Column(column), t.Column(want)
	for _, r := range t.Rows {
		if parseOID(r[at]) == oid {
			return pgtype.ByOID(parseOID(r[get]))
		}
	}
	return nil
}

func rangeSubtype(t *pgtype.Type) *pgtype.Type {
	if t.Kind == pgtype.KindMultirange {
		return rangeRow("rngmultitypid", t.OID, "rngsubtype")
	}
	return rangeRow("rngtypid", t.OID, "rngsubtype")
}

func rangeOfMulti(t *pgtype.Type) *pgtype.Type { return rangeRow("rngmultitypid", t.OID, "rngtypid") }
func multiOfRange(t *pgtype.Type) *pgtype.Type { return rangeRow("rngtypid", t.OID, "rngmultitypid") }

func parseOID(s string) pgtype.OID {
	var n pgtype.OID
	for _, c := range s {
		n = n*10 + pgtype.OID(c-'0')
	}
	return n
}
