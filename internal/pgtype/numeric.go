package pgtype

import (
	"unsafe"

	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// NumericValue makes a datum of a numeric: a pair, or a pointer to a *numeric.Big.
func NumericValue(x numeric.Num) Datum {
	if coef, meta, ok := x.Words(); ok {
		return Pair(coef, meta)
	}
	return object(x.Big())
}

// Numeric is the numeric in d, which must not be NULL.
func (d Datum) Numeric() numeric.Num {
	if d.inline() {
		return numeric.FromWords(d.n, d.a)
	}
	return numeric.FromBig((*numeric.Big)(unsafe.Pointer(d.p)))
}

// numericCodec is numeric.
type numericCodec struct{}

func coerceNumeric(x numeric.Num, typmod int32) (Datum, error) {
	if p, s, ok := NumericPrecisionScale(typmod); ok {
		var err error
		if x, err = numeric.ApplyTypmod(x, p, s); err != nil {
			return Null, err
		}
	}
	return NumericValue(x), nil
}

func (numericCodec) ParseText(_ *Context, s string, typmod int32) (Datum, error) {
	var x numeric.Num
	var err error
	if precision, scale, ok := NumericPrecisionScale(typmod); ok {
		x, err = numeric.ParseTypmod(s, precision, scale)
	} else {
		x, err = numeric.Parse(s)
	}
	if err != nil {
		return Null, err
	}
	return NumericValue(x), nil
}

func (numericCodec) AppendText(_ *Context, dst []byte, d Datum) []byte {
	return d.Numeric().Append(dst)
}

func (numericCodec) ParseBinary(_ *Context, b []byte, typmod int32) (Datum, error) {
	x, err := numeric.ParseBinary(b)
	if err != nil {
		return Null, err
	}
	return coerceNumeric(x, typmod)
}

func (numericCodec) AppendBinary(_ *Context, dst []byte, d Datum) []byte {
	return d.Numeric().AppendBinary(dst)
}

func (numericCodec) Compare(a, b Datum) int { return numeric.Cmp(a.Numeric(), b.Numeric()) }
func (numericCodec) Comparable() bool       { return true }

func (numericCodec) Hash(d Datum, seed uint64) uint64 {
	d.Numeric().Hash(func(v uint64) { seed = hashWord(v, seed) })
	return seed
}

func (numericCodec) AppendKey(dst []byte, d Datum) []byte { return d.Numeric().AppendKey(dst) }

func (numericCodec) DecodeKey(b []byte) (Datum, []byte, error) {
	x, rest, err := numeric.DecodeKey(b)
	if err != nil {
		return Null, nil, errCorrupt("numeric")
	}
	return NumericValue(x), rest, nil
}

func (numericCodec) AppendStored(dst []byte, d Datum) []byte { return d.Numeric().AppendStored(dst) }

func (numericCodec) DecodeStored(b []byte) (Datum, error) {
	x, err := numeric.DecodeStored(b)
	if err != nil {
		return Null, errCorrupt("numeric")
	}
	return NumericValue(x), nil
}
