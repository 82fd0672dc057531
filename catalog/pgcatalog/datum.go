package pgcatalog

import (
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Short makers of the values that fillers emit.

func oid(v pgtype.OID) pgtype.Datum { return pgtype.OIDValue(v) }
func num[T ~int | ~int16 | ~int32 | ~int64](v T) pgtype.Datum {
	return pgtype.Int(int64(v))
}
func text(s string) pgtype.Datum  { return pgtype.Text(s) }
func char(c byte) pgtype.Datum    { return pgtype.Int(int64(c)) }
func boolean(b bool) pgtype.Datum { return pgtype.Bool(b) }

var (
	null  = pgtype.Null
	yes   = pgtype.Bool(true)
	no    = pgtype.Bool(false)
	zero  = pgtype.Int(0)
	minus = pgtype.Int(-1)
)

// textOrNull is NULL for the empty string.
func textOrNull(s string) pgtype.Datum {
	if s == "" {
		return null
	}
	return text(s)
}

// array makes a one-dimensional array from 1; an empty one has no dimensions.
func array(elem *pgtype.Type, elems []pgtype.Datum) pgtype.Datum {
	a := &pgtype.Array{Elem: elem, Elems: elems}
	if len(elems) > 0 {
		a.Dims = []pgtype.Dim{{Len: int32(len(elems)), Lower: 1}}
	}
	return pgtype.ArrayValue(a)
}

// vector makes an int2vector or oidvector, which count from 0.
func vector[T ~int16 | ~uint32](t *pgtype.Type, values []T) pgtype.Datum {
	a := &pgtype.Array{Elem: t.Elem, Dims: []pgtype.Dim{{Len: int32(len(values)), Lower: 0}}, Elems: make([]pgtype.Datum, len(values))}
	for i, v := range values {
		a.Elems[i] = pgtype.Int(int64(v))
	}
	return pgtype.ArrayValue(a)
}

// texts is a text[], NULL for none.
func texts(ss []string) pgtype.Datum {
	if len(ss) == 0 {
		return null
	}
	elems := make([]pgtype.Datum, len(ss))
	for i, s := range ss {
		elems[i] = text(s)
	}
	return array(pgtype.TextType, elems)
}

// int2s is an int2[], NULL for none.
func int2s(ns []int16) pgtype.Datum {
	if len(ns) == 0 {
		return null
	}
	elems := make([]pgtype.Datum, len(ns))
	for i, n := range ns {
		elems[i] = num(n)
	}
	return array(pgtype.Int2Type, elems)
}

// oids is an oid[], NULL for none.
func oids(ns []pgtype.OID) pgtype.Datum {
	if len(ns) == 0 {
		return null
	}
	elems := make([]pgtype.Datum, len(ns))
	for i, n := range ns {
		elems[i] = oid(n)
	}
	return array(pgtype.OidType, elems)
}
