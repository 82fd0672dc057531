package pgtype

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// Limits of arrays.
const (
	maxDims     = 6
	maxElements = 134217727
)

// arrayCodec is the arrays of one element type (elem is nil for the pseudo-type anyarray, whose values know theirs).
type arrayCodec struct {
	t    *Type
	elem *Type
}

func (c arrayCodec) elemOf(a *Array) *Type {
	if a.Elem != nil {
		return a.Elem
	}
	return c.elem
}

// NewArrayValue makes a one-dimensional array that starts at 1, empty when there are no elements.
func NewArrayValue(elem *Type, elems []Datum) Datum {
	a := &Array{Elem: elem, Elems: elems}
	if len(elems) > 0 {
		a.Dims = []Dim{{Len: int32(len(elems)), Lower: 1}}
	}
	return ArrayValue(a)
}

// CheckArrayBounds verifies that the dimensions can be an array's: the number of elements, and upper bounds that are integers.
func CheckArrayBounds(dims []Dim) error {
	n := int64(1)
	for _, d := range dims {
		n *= int64(d.Len)
		if n > maxElements {
			return pgerr.Newf(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxElements)
		}
	}
	for _, d := range dims {
		if int64(d.Lower)+int64(d.Len) > math.MaxInt32 {
			return pgerr.Newf(pgerr.ProgramLimitExceeded, "array lower bound is too large: %d", d.Lower)
		}
	}
	return nil
}

func errDims(n int) error {
	return pgerr.Newf(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", n, maxDims)
}

func (c arrayCodec) AppendText(ctx *Context, dst []byte, d Datum) []byte {
	a := d.Array()
	if len(a.Elems) == 0 {
		return append(dst, '{', '}')
	}
	explicit := false
	for _, dim := range a.Dims {
		explicit = explicit || dim.Lower != 1
	}
	if explicit {
		for _, dim := range a.Dims {
			dst = append(dst, '[')
			dst = strconv.AppendInt(dst, int64(dim.Lower), 10)
			dst = append(dst, ':')
			dst = strconv.AppendInt(dst, int64(dim.Lower)+int64(dim.Len)-1, 10)
			dst = append(dst, ']')
		}
		dst = append(dst, '=')
	}
	elem := c.elemOf(a)
	delim := elem.Delim
	next := 0
	var level func(depth int)
	level = func(depth int) {
		dst = append(dst, '{')
		for i := int32(0); i < a.Dims[depth].Len; i++ {
			if i > 0 {
				dst = append(dst, delim)
			}
			if depth+1 < len(a.Dims) {
				level(depth + 1)
				continue
			}
			dst = appendArrayElement(ctx, dst, elem, a.Elems[next], delim)
			next++
		}
		dst = append(dst, '}')
	}
	level(0)
	return dst
}

// appendArrayElement prints one element and quotes it when what was printed needs it.
func appendArrayElement(ctx *Context, dst []byte, elem *Type, d Datum, delim byte) []byte {
	if d.IsNull() {
		return append(dst, "NULL"...)
	}
	start := len(dst)
	dst = elem.Codec.AppendText(ctx, dst, d)
	text := dst[start:]
	quote := len(text) == 0 || len(text) == 4 && strings.EqualFold(string(text), "NULL")
	escapes := 0
	for _, ch := range text {
		switch {
		case ch == '"' || ch == '\\':
			escapes++
			quote = true
		case ch == '{' || ch == '}' || ch == delim || isSpace(ch):
			quote = true
		}
	}
	if !quote {
		return dst
	}
	return quoteTail(dst, start, escapes, '\\')
}

// quoteTail puts dst[start:] into double quotes; the escapes quotes and backslashes in it are preceded by a backslash, or doubled when escape is 0.
func quoteTail(dst []byte, start, escapes int, escape byte) []byte {
	n := len(dst)
	for i := 0; i < escapes+2; i++ {
		dst = append(dst, 0)
	}
	w := len(dst) - 1
	dst[w] = '"'
	for r := n - 1; r >= start; r-- {
		ch := dst[r]
		w--
		dst[w] = ch
		if ch == '"' || ch == '\\' {
			w--
			dst[w] = escape
			if escape == 0 {
				dst[w] = ch
			}
		}
	}
	dst[start] = '"'
	return dst
}

func (c arrayCodec) AppendBinary(ctx *Context, dst []byte, d Datum) []byte {
	a := d.Array()
	elem := c.elemOf(a)
	hasNull := uint32(0)
	for _, e := range a.Elems {
		if e.IsNull() {
			hasNull = 1
			break
		}
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(a.Dims)))
	dst = binary.BigEndian.AppendUint32(dst, hasNull)
	dst = binary.BigEndian.AppendUint32(dst, uint32(elem.OID))
	for _, dim := range a.Dims {
		dst = binary.BigEndian.AppendUint32(dst, uint32(dim.Len))
		dst = binary.BigEndian.AppendUint32(dst, uint32(dim.Lower))
	}
	for _, e := range a.Elems {
		dst = appendSized(ctx, dst, elem, e)
	}
	return dst
}

// appendSized appends a value's binary form behind its length, −1 for NULL.
func appendSized(ctx *Context, dst []byte, t *Type, d Datum) []byte {
	at := len(dst)
	dst = append(dst, 0xFF, 0xFF, 0xFF, 0xFF)
	if d.IsNull() {
		return dst
	}
	dst = t.Codec.AppendBinary(ctx, dst, d)
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

func errShortMessage() error {
	return pgerr.New(pgerr.ProtocolViolation, "insufficient data left in message")
}

func (c arrayCodec) ParseBinary(ctx *Context, b []byte, typmod int32) (Datum, error) {
	if len(b) < 12 {
		return Null, errShortMessage()
	}
	ndim := int32(binary.BigEndian.Uint32(b))
	flags := binary.BigEndian.Uint32(b[4:])
	oid := OID(binary.BigEndian.Uint32(b[8:]))
	b = b[12:]
	switch {
	case ndim < 0:
		return Null, pgerr.Newf(pgerr.InvalidBinaryRepresentation, "invalid number of dimensions: %d", ndim)
	case ndim > maxDims:
		return Null, errDims(int(ndim))
	case flags > 1:
		return Null, pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid array flags")
	case oid != c.elem.OID:
		return Null, pgerr.Newf(pgerr.DatatypeMismatch, "binary data has array element type %d (%s) instead of expected %d (%s)",
			oid, typeNameByOID(ctx, oid), c.elem.OID, c.elem.String())
	case len(b) < int(ndim)*8:
		return Null, errShortMessage()
	}
	a := &Array{Elem: c.elem}
	n := 1
	for ; ndim > 0; ndim-- {
		dim := Dim{int32(binary.BigEndian.Uint32(b)), int32(binary.BigEndian.Uint32(b[4:]))}
		b = b[8:]
		if dim.Len < 0 {
			return Null, pgerr.Newf(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxElements)
		}
		a.Dims = append(a.Dims, dim)
		if n *= int(dim.Len); n > maxElements {
			return Null, CheckArrayBounds(a.Dims)
		}
	}
	if err := CheckArrayBounds(a.Dims); err != nil {
		return Null, err
	}
	if len(a.Dims) == 0 || n == 0 {
		a.Dims = nil
		return ArrayValue(a), trailing(b)
	}
	if len(b) < 4*n {
		return Null, errShortMessage()
	}
	a.Elems = make([]Datum, n)
	for i := range a.Elems {
		var err error
		if a.Elems[i], b, err = parseSized(ctx, b, c.elem, typmod); err != nil {
			return Null, err
		}
	}
	return ArrayValue(a), trailing(b)
}

func trailing(b []byte) error {
	if len(b) > 0 {
		return pgerr.New(pgerr.InvalidBinaryRepresentation, "incorrect binary data format")
	}
	return nil
}

// parseSized reads a value behind its length.
func parseSized(ctx *Context, b []byte, t *Type, typmod int32) (Datum, []byte, error) {
	if len(b) < 4 {
		return Null, nil, errShortMessage()
	}
	n := int32(binary.BigEndian.Uint32(b))
	b = b[4:]
	if n == -1 {
		return Null, b, nil
	}
	if n < 0 || int(n) > len(b) {
		return Null, nil, pgerr.New(pgerr.InvalidBinaryRepresentation, "insufficient data left in message")
	}
	d, err := t.Codec.ParseBinary(ctx, b[:n:n], typmod)
	return d, b[n:], err
}

// typeNameByOID names a type for an error message.
func typeNameByOID(ctx *Context, oid OID) string {
	if t := resolveType(ctx, oid); t != nil {
		return t.String()
	}
	return "???"
}

func resolveType(ctx *Context, oid OID) *Type {
	if t := ByOID(oid); t != nil {
		return t
	}
	if ctx != nil && ctx.Names != nil {
		return ctx.Names.Type(oid)
	}
	return nil
}

// Comparable: arrays order by their elements.
func (c arrayCodec) Comparable() bool { return c.elem != nil && c.elem.Codec.Comparable() }

func (c arrayCodec) Compare(x, y Datum) int {
	a, b := x.Array(), y.Array()
	cmp := c.elemOf(a).Codec
	for i := 0; i < len(a.Elems) && i < len(b.Elems); i++ {
		if r := compareNullable(cmp, a.Elems[i], b.Elems[i]); r != 0 {
			return r
		}
	}
	if r := compareInt(int64(len(a.Elems)), int64(len(b.Elems))); r != 0 {
		return r
	}
	if r := compareInt(int64(len(a.Dims)), int64(len(b.Dims))); r != 0 {
		return r
	}
	for i := range a.Dims {
		if r := compareInt(int64(a.Dims[i].Len), int64(b.Dims[i].Len)); r != 0 {
			return r
		}
	}
	for i := range a.Dims {
		if r := compareInt(int64(a.Dims[i].Lower), int64(b.Dims[i].Lower)); r != 0 {
			return r
		}
	}
	return 0
}

// compareNullable orders NULL, equal to itself, after all values, as inside of arrays and rows.
func compareNullable(c Codec, a, b Datum) int {
	switch {
	case a.IsNull() && b.IsNull():
		return 0
	case a.IsNull():
		return 1
	case b.IsNull():
		return -1
	}
	return c.Compare(a, b)
}

func (c arrayCodec) Hash(d Datum, seed uint64) uint64 {
	a := d.Array()
	codec := c.elemOf(a).Codec
	for _, e := range a.Elems {
		if e.IsNull() {
			seed = hashWord(hashC, seed)
			continue
		}
		seed = codec.Hash(e, seed)
	}
	return hashWord(uint64(len(a.Elems)), seed)
}

// Marks in the keys of arrays and rows. The end sorts before any element, NULL after.
const (
	keyEnd   = 0x00
	keyValue = 0x01
	keyNull  = 0x02
)

func appendKeyNullable(dst []byte, c Codec, d Datum) []byte {
	if d.IsNull() {
		return append(dst, keyNull)
	}
	return c.AppendKey(append(dst, keyValue), d)
}

func (c arrayCodec) AppendKey(dst []byte, d Datum) []byte {
	a := d.Array()
	codec := c.elemOf(a).Codec
	for _, e := range a.Elems {
		dst = appendKeyNullable(dst, codec, e)
	}
	dst = append(dst, keyEnd, byte(len(a.Dims)))
	for _, dim := range a.Dims {
		dst = binary.BigEndian.AppendUint32(dst, uint32(dim.Len))
	}
	for _, dim := range a.Dims {
		dst = binary.BigEndian.AppendUint32(dst, uint32(dim.Lower)^1<<31)
	}
	return dst
}

func (c arrayCodec) DecodeKey(b []byte) (Datum, []byte, error) {
	a := &Array{Elem: c.elem}
	for {
		if len(b) == 0 {
			return Null, nil, errCorrupt("key")
		}
		mark := b[0]
		b = b[1:]
		if mark == keyEnd {
			break
		}
		e := Null
		if mark == keyValue {
			var err error
			if e, b, err = c.elem.Codec.DecodeKey(b); err != nil {
				return Null, nil, err
			}
		}
		a.Elems = append(a.Elems, e)
	}
	if len(b) == 0 || b[0] > maxDims || len(b) < 1+int(b[0])*8 {
		return Null, nil, errCorrupt("key")
	}
	a.Dims = make([]Dim, b[0])
	b = b[1:]
	lower := b[4*len(a.Dims):]
	for i := range a.Dims {
		a.Dims[i] = Dim{int32(binary.BigEndian.Uint32(b[4*i:])), int32(binary.BigEndian.Uint32(lower[4*i:]) ^ 1<<31)}
	}
	return ArrayValue(a), b[8*len(a.Dims):], nil
}

// The stored form: number of dimensions, each one's length and lower bound, then for every element its length + 1 (0: NULL) and its stored form.
func (c arrayCodec) AppendStored(dst []byte, d Datum) []byte {
	a := d.Array()
	dst = append(dst, byte(len(a.Dims)))
	for _, dim := range a.Dims {
		dst = binary.AppendUvarint(dst, uint64(dim.Len))
		dst = binary.AppendVarint(dst, int64(dim.Lower))
	}
	codec := c.elemOf(a).Codec
	for _, e := range a.Elems {
		dst = appendStoredNullable(dst, codec, e)
	}
	return dst
}

func appendStoredNullable(dst []byte, c Codec, d Datum) []byte {
	if d.IsNull() {
		return append(dst, 0)
	}
	at := len(dst)
	dst = c.AppendStored(append(dst, 0), d)
	n := len(dst) - at // length + 1
	if n < 0x80 {
		dst[at] = byte(n)
		return dst
	}
	var head [10]byte
	size := binary.PutUvarint(head[:], uint64(n))
	dst = append(dst, head[:size-1]...)
	copy(dst[at+size:], dst[at+1:at+n])
	copy(dst[at:], head[:size])
	return dst
}

func decodeStoredNullable(b []byte, c Codec) (Datum, []byte, error) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size)+1 {
		return Null, nil, errCorrupt("value")
	}
	b = b[size:]
	if n == 0 {
		return Null, b, nil
	}
	d, err := c.DecodeStored(b[: n-1 : n-1])
	return d, b[n-1:], err
}

func (c arrayCodec) DecodeStored(b []byte) (Datum, error) {
	if len(b) == 0 || b[0] > maxDims {
		return Null, errCorrupt("array")
	}
	a := &Array{Elem: c.elem}
	ndim := int(b[0])
	b = b[1:]
	n := uint64(min(ndim, 1))
	for i := 0; i < ndim; i++ {
		size, used := binary.Uvarint(b)
		if used <= 0 {
			return Null, errCorrupt("array")
		}
		lower, used2 := binary.Varint(b[used:])
		if used2 <= 0 || size > maxElements {
			return Null, errCorrupt("array")
		}
		b = b[used+used2:]
		a.Dims = append(a.Dims, Dim{int32(size), int32(lower)})
		if n *= size; n > maxElements {
			return Null, errCorrupt("array")
		}
	}
	if n > uint64(len(b)) {
		return Null, errCorrupt("array")
	}
	if n > 0 {
		a.Elems = make([]Datum, n)
	}
	for i := range a.Elems {
		var err error
		if a.Elems[i], b, err = decodeStoredNullable(b, c.elem.Codec); err != nil {
			return Null, err
		}
	}
	if len(b) > 0 {
		return Null, errCorrupt("array")
	}
	return ArrayValue(a), nil
}
