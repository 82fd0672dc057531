package builtin

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// bitFamily is the operators and functions of bit and bit varying.
var bitFamily = slices.Concat(
	comparisons("bit", plainNames, compareBits),
	[]Def{
		{Name: "bitcmp", Scalar: bitsOrder},
		{Name: "bit_and", Scalar: bitwise("AND", func(x, y byte) byte { return x & y })},
		{Name: "bit_or", Scalar: bitwise("OR", func(x, y byte) byte { return x | y })},
		{Name: "bitxor", Scalar: bitwise("XOR", func(x, y byte) byte { return x ^ y })},
		{Name: "bitnot", Scalar: bitsNot},
		{Name: "bitshiftleft", Scalar: bitsShift(1)},
		{Name: "bitshiftright", Scalar: bitsShift(-1)},
		{Name: "bitcat", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return packBits(append(unpackBits(a[0]), unpackBits(a[1])...)), nil
		}},
		{Name: "bitsubstr", Scalar: bitsSubstring},
		{Name: "bitsubstr_no_len", Scalar: bitsSubstring},
		{Name: "bitoverlay", Scalar: bitsOverlay},
		{Name: "bitoverlay_no_len", Scalar: bitsOverlay},
		{Name: "bitposition", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Int(int64(bytes.Index(unpackBits(a[0]), unpackBits(a[1]))) + 1), nil
		}},
		{Name: "bitlength", Scalar: bitsLength},
		{OID: 1812, Name: "bit_length(bit)", Scalar: bitsLength},
		{Name: "bitoctetlength", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Int(int64(len(a[0].Bits()))), nil
		}},
		{Name: "bit_bit_count", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Int(int64(bytes.Count(unpackBits(a[0]), []byte{1}))), nil
		}},
		{Name: "bitgetbit", Scalar: bitsGet},
		{Name: "bitsetbit", Scalar: bitsSet},
		{Name: "bitfromint4", Scalar: bitsFromInteger},
		{Name: "bitfromint8", Scalar: bitsFromInteger},
		{Name: "bittoint4", Scalar: bitsToInteger(4)},
		{Name: "bittoint8", Scalar: bitsToInteger(8)},
		{Name: "bit", Scalar: lengthCoercion(pgtype.BitType)},
		{Name: "varbit", Scalar: lengthCoercion(pgtype.VarbitType)},
	},
)

// bitsOrder is bitcmp: its value, not only its sign, is PostgreSQL's, which subtracts the first bytes that differ.
func bitsOrder(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x, y := a[0].Bits(), a[1].Bits()
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return pgtype.Int(int64(x[i]) - int64(y[i])), nil
		}
	}
	return pgtype.Int(int64(cmp.Compare(a[0].BitLength(), a[1].BitLength()))), nil
}

func compareBits(a, b pgtype.Datum) int { return pgtype.VarbitType.Codec.Compare(a, b) }

// unpackBits gives one byte for each bit.
func unpackBits(d pgtype.Datum) []byte {
	packed := d.Bits()
	out := make([]byte, d.BitLength())
	for i := range out {
		out[i] = packed[i/8] >> (7 - i%8) & 1
	}
	return out
}

func packBits(b []byte) pgtype.Datum {
	packed := make([]byte, (len(b)+7)/8)
	for i, bit := range b {
		packed[i/8] |= bit << (7 - i%8)
	}
	return pgtype.BitString(packed, len(b))
}

func bitsLength(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Int(int64(a[0].BitLength())), nil
}

func bitwise(name string, op func(x, y byte) byte) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x, y := unpackBits(a[0]), unpackBits(a[1])
		if len(x) != len(y) {
			return pgtype.Null, pgerr.Newf(pgerr.StringDataLengthMismatch, "cannot %s bit strings of different sizes", name)
		}
		for i := range x {
			x[i] = op(x[i], y[i])
		}
		return packBits(x), nil
	}
}

func bitsNot(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x := unpackBits(a[0])
	for i := range x {
		x[i] ^= 1
	}
	return packBits(x), nil
}

// bitsShift keeps the length; a negative distance goes the other way.
func bitsShift(direction int64) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x, n := unpackBits(a[0]), direction*a[1].Int()
		out := make([]byte, len(x))
		size := int64(len(x))
		switch {
		case n >= size || -n >= size:
		case n >= 0:
			copy(out, x[n:])
		default:
			copy(out[-n:], x)
		}
		return packBits(out), nil
	}
}

func bitsSubstring(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	skip, take, err := substringBounds(a[1:])
	if err != nil {
		return pgtype.Null, err
	}
	x := unpackBits(a[0])
	x = x[min(skip, int64(len(x))):]
	if take >= 0 {
		x = x[:min(take, int64(len(x)))]
	}
	return packBits(x), nil
}

func bitsOverlay(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x, with := unpackBits(a[0]), unpackBits(a[1])
	length := int64(len(with))
	if len(a) == 4 {
		length = a[3].Int()
	}
	before, after, err := overlayBounds(a[2].Int(), length)
	if err != nil {
		return pgtype.Null, err
	}
	size := int64(len(x))
	return packBits(slices.Concat(x[:min(before, size)], with, x[min(max(after, 0), size):])), nil
}

func checkBitIndex(index, size int64) error {
	if index < 0 || index >= size {
		return pgerr.Newf(pgerr.ArraySubscriptError, "bit index %d out of valid range (0..%d)", index, size-1)
	}
	return nil
}

func bitsGet(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x, i := unpackBits(a[0]), a[1].Int()
	if err := checkBitIndex(i, int64(len(x))); err != nil {
		return pgtype.Null, err
	}
	return pgtype.Int(int64(x[i])), nil
}

func bitsSet(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x, i, bit := unpackBits(a[0]), a[1].Int(), a[2].Int()
	if err := checkBitIndex(i, int64(len(x))); err != nil {
		return pgtype.Null, err
	}
	if bit != 0 && bit != 1 {
		return pgtype.Null, pgerr.New(pgerr.InvalidParameterValue, "new bit must be 0 or 1")
	}
	x[i] = byte(bit)
	return packBits(x), nil
}

// maxBits is the most bits that a bit string can have.
const maxBits = math.MaxInt32 - 8*4

// bitsFromInteger takes the lowest bits, with the sign in front where there are more than the integer has.
func bitsFromInteger(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	v, size := a[0].Int(), a[1].Int()
	if size <= 0 || size > maxBits {
		size = 1
	}
	x := make([]byte, size)
	for i := range x {
		x[i] = byte(v >> min(len(x)-1-i, 63) & 1)
	}
	return packBits(x), nil
}

func bitsToInteger(width int) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x := unpackBits(a[0])
		if len(x) > 8*width {
			return pgtype.Null, integerOutOfRange(width)
		}
		var v uint64
		for _, bit := range x {
			v = v<<1 | uint64(bit)
		}
		if width == 4 {
			return pgtype.Int(int64(int32(v))), nil
		}
		return pgtype.Int(int64(v)), nil
	}
}
