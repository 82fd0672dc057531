package builtin

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"math/bits"
	"slices"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// byteaFamily is the operators and functions of bytea, and the digests.
var byteaFamily = slices.Concat(
	comparisons("bytea", plainNames, compareTexts),
	[]Def{
		comparer("byteacmp", compareTexts),
		{Name: "byteacat", Scalar: concatTwo},
		{Name: "byteaoctetlen", Scalar: octetLength},
		{Name: "bytea_substr", Scalar: byteaSubstring},
		{Name: "bytea_substr_no_len", Scalar: byteaSubstring},
		{Name: "byteapos", Scalar: byteaPosition},
		{Name: "byteaoverlay", Scalar: byteaOverlay},
		{Name: "byteaoverlay_no_len", Scalar: byteaOverlay},
		{Name: "byteatrim", Scalar: byteaTrimOf(true, true)},
		{Name: "bytealtrim", Scalar: byteaTrimOf(true, false)},
		{Name: "byteartrim", Scalar: byteaTrimOf(false, true)},
		{Name: "byteaGetByte", Scalar: byteaGetByte},
		{Name: "byteaSetByte", Scalar: byteaSetByte},
		{Name: "byteaGetBit", Scalar: byteaGetBit},
		{Name: "byteaSetBit", Scalar: byteaSetBit},
		{Name: "bytea_bit_count", Scalar: byteaBitCount},
		{Name: "md5_text", Scalar: md5Digest},
		{Name: "md5_bytea", Scalar: md5Digest},
		{Name: "sha224_bytea", Scalar: digest(func(b []byte) []byte { s := sha256.Sum224(b); return s[:] })},
		{Name: "sha256_bytea", Scalar: digest(func(b []byte) []byte { s := sha256.Sum256(b); return s[:] })},
		{Name: "sha384_bytea", Scalar: digest(func(b []byte) []byte { s := sha512.Sum384(b); return s[:] })},
		{Name: "sha512_bytea", Scalar: digest(func(b []byte) []byte { s := sha512.Sum512(b); return s[:] })},
	},
)

func digest(sum func([]byte) []byte) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Bytes(sum(a[0].Bytes())), nil }
}

func md5Digest(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	sum := md5.Sum(a[0].Bytes())
	return pgtype.Text(hexString(sum[:])), nil
}

func byteaSubstring(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	skip, take, err := substringBounds(a[1:])
	if err != nil {
		return pgtype.Null, err
	}
	b := a[0].Bytes()
	b = b[min(skip, int64(len(b))):]
	if take >= 0 {
		b = b[:min(take, int64(len(b)))]
	}
	return pgtype.Bytes(b), nil
}

func byteaPosition(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Int(int64(bytes.Index(a[0].Bytes(), a[1].Bytes())) + 1), nil
}

func byteaOverlay(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	b, with := a[0].Bytes(), a[1].Bytes()
	length := int64(len(with))
	if len(a) == 4 {
		length = a[3].Int()
	}
	before, after, err := overlayBounds(a[2].Int(), length)
	if err != nil {
		return pgtype.Null, err
	}
	size := int64(len(b))
	return pgtype.Bytes(slices.Concat(b[:min(before, size)], with, b[min(max(after, 0), size):])), nil
}

func byteaTrimOf(front, back bool) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		b, set := a[0].Bytes(), a[1].Bytes()
		for front && len(b) > 0 && bytes.IndexByte(set, b[0]) >= 0 {
			b = b[1:]
		}
		for back && len(b) > 0 && bytes.IndexByte(set, b[len(b)-1]) >= 0 {
			b = b[:len(b)-1]
		}
		return pgtype.Bytes(b), nil
	}
}

func checkIndex(index, size int64) error {
	if index < 0 || index >= size {
		return pgerr.Newf(pgerr.ArraySubscriptError, "index %d out of valid range, 0..%d", index, size-1)
	}
	return nil
}

func byteaGetByte(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	b, i := a[0].Bytes(), a[1].Int()
	if err := checkIndex(i, int64(len(b))); err != nil {
		return pgtype.Null, err
	}
	return pgtype.Int(int64(b[i])), nil
}

func byteaSetByte(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	b, i := a[0].Bytes(), a[1].Int()
	if err := checkIndex(i, int64(len(b))); err != nil {
		return pgtype.Null, err
	}
	b = slices.Clone(b)
	b[i] = byte(a[2].Int())
	return pgtype.Bytes(b), nil
}

func byteaGetBit(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	b, i := a[0].Bytes(), a[1].Int()
	if err := checkIndex(i, 8*int64(len(b))); err != nil {
		return pgtype.Null, err
	}
	return pgtype.Int(int64(b[i/8] >> (i % 8) & 1)), nil
}

func byteaSetBit(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	b, i, bit := a[0].Bytes(), a[1].Int(), a[2].Int()
	if err := checkIndex(i, 8*int64(len(b))); err != nil {
		return pgtype.Null, err
	}
	b = slices.Clone(b)
	switch bit {
	case 0:
		b[i/8] &^= 1 << (i % 8)
	case 1:
		b[i/8] |= 1 << (i % 8)
	default:
		return pgtype.Null, pgerr.New(pgerr.InvalidParameterValue, "new bit must be 0 or 1")
	}
	return pgtype.Bytes(b), nil
}

func byteaBitCount(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	n := 0
	for _, c := range a[0].Bytes() {
		n += bits.OnesCount8(c)
	}
	return pgtype.Int(int64(n)), nil
}
