package run

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// keyer turns values into bytes that are equal exactly when the values are equal by their types' default equality, for hash tables.
type keyer struct {
	encode []func(dst []byte, d pgtype.Datum) []byte
	buf    []byte
}

// newKeyer makes a keyer for values of the given types.
func newKeyer(types []*pgtype.Type) (*keyer, error) {
	k := &keyer{encode: make([]func([]byte, pgtype.Datum) []byte, len(types))}
	for i, t := range types {
		if !t.Codec.Comparable() {
			return nil, pgerr.Newf(pgerr.UndefinedFunction, "could not identify an equality operator for type %s", t.String())
		}
		k.encode[i] = t.Codec.AppendKey
	}
	return k, nil
}

// key encodes values; it lives until the next call. null tells whether one of them is NULL.
func (k *keyer) key(values []pgtype.Datum) (key []byte, null bool) {
	k.buf = k.buf[:0]
	for i, v := range values {
		if v.IsNull() {
			k.buf = append(k.buf, 0)
			null = true
			continue
		}
		k.buf = append(k.buf, 1)
		k.buf = k.encode[i](k.buf, v)
	}
	return k.buf, null
}

func typesOf(list []expr.Expr) []*pgtype.Type {
	out := make([]*pgtype.Type, len(list))
	for i, e := range list {
		out[i] = e.Type()
	}
	return out
}

// commonKeyTypes gives for each pair of join keys the type in whose form both are compared: integers of different widths as int8, floats as
// float8, strings as text. ok is false when a pair has no common form.
func commonKeyTypes(left, right []expr.Expr) (types []*pgtype.Type, ok bool) {
	types = make([]*pgtype.Type, len(left))
	for i := range left {
		l, r := left[i].Type(), right[i].Type()
		switch {
		case l.OID == r.OID:
			types[i] = l
		case integer(l) && integer(r):
			types[i] = pgtype.ByOID(pgtype.OIDInt8)
		case l.Rep == pgtype.RepFloat && r.Rep == pgtype.RepFloat:
			types[i] = pgtype.ByOID(pgtype.OIDFloat8)
		case text(l) && text(r):
			types[i] = pgtype.ByOID(pgtype.OIDText)
		case oidLike(l) && oidLike(r):
			types[i] = pgtype.ByOID(pgtype.OIDOid)
		default:
			return nil, false
		}
		if !types[i].Codec.Comparable() {
			return nil, false
		}
	}
	return types, true
}

func integer(t *pgtype.Type) bool {
	return t.OID == pgtype.OIDInt2 || t.OID == pgtype.OIDInt4 || t.OID == pgtype.OIDInt8
}

func text(t *pgtype.Type) bool {
	return t.OID == pgtype.OIDText || t.OID == pgtype.OIDVarchar || t.OID == pgtype.OIDName
}

func oidLike(t *pgtype.Type) bool {
	switch t.OID {
	case pgtype.OIDOid, pgtype.OIDRegclass, pgtype.OIDRegtype, pgtype.OIDRegproc, pgtype.OIDRegnamespace, pgtype.OIDRegrole, pgtype.OIDRegprocedure, pgtype.OIDRegoper, pgtype.OIDRegoperator:
		return true
	}
	return false
}
