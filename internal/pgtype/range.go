package pgtype

import (
	"encoding/binary"
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// rangeTypes are the ranges of pg_catalog with their element types; a multirange has the range's name with "multi" in it.
var rangeTypes = map[string]string{"int4range": "int4", "int8range": "int8", "numrange": "numeric", "tsrange": "timestamp", "tstzrange": "timestamptz", "daterange": "date"}

// linkRanges tells ranges and multiranges of each other and of their elements.
func linkRanges(c *catalogTypes) {
	for name, elem := range rangeTypes {
		r, m := c.byName[name], c.byName[strings.Replace(name, "range", "multirange", 1)]
		r.Sub, m.Sub = c.byName[elem], c.byName[elem]
		r.Multi, m.Ranges = m, r
	}
}

// Range is a value of a range type. The bounds of an empty one mean nothing.
type Range struct {
	Empty        bool
	Lower, Upper Bound
}

// Bound is one end of a range. An infinite one has no value and is not inclusive.
type Bound struct {
	Value               Datum
	Infinite, Inclusive bool
	Lower               bool // which end it is: it decides how a bound compares with another
}

// The flags of a range's binary form, which the stored form shares.
const (
	rangeEmpty    = 0x01
	rangeLowerInc = 0x02
	rangeUpperInc = 0x04
	rangeLowerInf = 0x08
	rangeUpperInf = 0x10
)

func (r *Range) flags() (f byte) {
	if r.Empty {
		return rangeEmpty
	}
	for _, x := range []struct {
		set bool
		bit byte
	}{{r.Lower.Inclusive, rangeLowerInc}, {r.Upper.Inclusive, rangeUpperInc}, {r.Lower.Infinite, rangeLowerInf}, {r.Upper.Infinite, rangeUpperInf}} {
		if x.set {
			f |= x.bit
		}
	}
	return f
}

func rangeOfFlags(f byte) Range {
	if f&rangeEmpty != 0 {
		return Range{Empty: true}
	}
	return Range{
		Lower: Bound{Infinite: f&rangeLowerInf != 0, Inclusive: f&rangeLowerInc != 0 && f&rangeLowerInf == 0, Lower: true},
		Upper: Bound{Infinite: f&rangeUpperInf != 0, Inclusive: f&rangeUpperInc != 0 && f&rangeUpperInf == 0},
	}
}

// CompareBounds orders two bounds of ranges over t, whichever ends they are.
func CompareBounds(t *Type, a, b *Bound) int {
	side := func(lower bool) int {
		if lower {
			return -1
		}
		return 1
	}
	switch {
	case a.Infinite && b.Infinite:
		if a.Lower == b.Lower {
			return 0
		}
		return side(a.Lower)
	case a.Infinite:
		return side(a.Lower)
	case b.Infinite:
		return -side(b.Lower)
	}
	if c := t.Codec.Compare(a.Value, b.Value); c != 0 {
		return c
	}
	switch {
	case !a.Inclusive && !b.Inclusive:
		if a.Lower == b.Lower {
			return 0
		}
		return -side(a.Lower)
	case !a.Inclusive:
		return -side(a.Lower)
	case !b.Inclusive:
		return side(b.Lower)
	}
	return 0
}

// CompareBoundValues orders two bounds by their values alone.
func CompareBoundValues(t *Type, a, b *Bound) int {
	x, y := *a, *b
	x.Inclusive, y.Inclusive = !x.Infinite, !y.Infinite
	return CompareBounds(t, &x, &y)
}

// NewRange makes a range over t of two bounds: 22000 when they are in the wrong order. Ranges of whole numbers and days take their canonical form, [a,b).
func NewRange(t *Type, lower, upper Bound) (Range, error) {
	r := Range{Lower: lower, Upper: upper}
	r.Lower.Lower, r.Upper.Lower = true, false
	r.Lower.Inclusive = r.Lower.Inclusive && !r.Lower.Infinite
	r.Upper.Inclusive = r.Upper.Inclusive && !r.Upper.Infinite
	c := CompareBoundValues(t, &r.Lower, &r.Upper)
	if c > 0 {
		return r, pgerr.New(pgerr.DataException, "range lower bound must be less than or equal to range upper bound")
	}
	if c == 0 && !(r.Lower.Inclusive && r.Upper.Inclusive) && !r.Lower.Infinite && !r.Upper.Infinite {
		return Range{Empty: true}, nil
	}
	if Discrete(t) {
		return canonical(t, r)
	}
	return r, nil
}

// Discrete tells the element types between whose neighbours nothing lies.
func Discrete(t *Type) bool { return t.OID == OIDInt4 || t.OID == OIDInt8 || t.OID == OIDDate }

func canonical(t *Type, r Range) (Range, error) {
	var err error
	if b := &r.Lower; !b.Infinite && !b.Inclusive {
		b.Value, b.Inclusive, err = following(t, b.Value)
	}
	if b := &r.Upper; err == nil && !b.Infinite && b.Inclusive {
		var moved bool
		b.Value, moved, err = following(t, b.Value)
		b.Inclusive = !moved
	}
	if err == nil && !r.Lower.Infinite && !r.Upper.Infinite && t.Codec.Compare(r.Lower.Value, r.Upper.Value) == 0 && !(r.Lower.Inclusive && r.Upper.Inclusive) {
		return Range{Empty: true}, nil
	}
	return r, err
}

// lastDate is 5874897-12-31 in days since 2000.
const lastDate = 2145031948

// following is the next value; moved is false for infinity, which has none.
func following(t *Type, d Datum) (next Datum, moved bool, err error) {
	v := d.Int()
	switch t.OID {
	case OIDInt4:
		if v == 1<<31-1 {
			return d, false, pgerr.New(pgerr.NumericValueOutOfRange, "integer out of range")
		}
	case OIDInt8:
		if v == 1<<63-1 {
			return d, false, pgerr.New(pgerr.NumericValueOutOfRange, "bigint out of range")
		}
	default:
		if v == 1<<31-1 || v == -1<<31 {
			return d, false, nil
		}
		if v >= lastDate {
			return d, false, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range")
		}
	}
	return Int(v + 1), true, nil
}

// RangeValue makes a datum of a range of type t.
func (t *Type) RangeValue(r Range) Datum { return Bytes(appendRange(nil, t.Sub, &r)) }

// Range is the range in d, a value of type t. Its bounds may point into d.
func (t *Type) Range(d Datum) Range {
	r, _, _ := decodeRange(t.Sub, d.Bytes()) // only what appendRange wrote becomes a datum
	return r
}

func appendRange(dst []byte, elem *Type, r *Range) []byte {
	dst = append(dst, r.flags())
	if r.Empty {
		return dst
	}
	for _, b := range []*Bound{&r.Lower, &r.Upper} {
		if !b.Infinite {
			stored := elem.Codec.AppendStored(nil, b.Value)
			dst = append(binary.AppendUvarint(dst, uint64(len(stored))), stored...)
		}
	}
	return dst
}

func decodeRange(elem *Type, b []byte) (r Range, rest []byte, err error) {
	if len(b) == 0 {
		return r, nil, errCorrupt("range")
	}
	r, b = rangeOfFlags(b[0]), b[1:]
	if r.Empty {
		return r, b, nil
	}
	for _, x := range []*Bound{&r.Lower, &r.Upper} {
		if x.Infinite {
			continue
		}
		n, k := binary.Uvarint(b)
		if k <= 0 || n > uint64(len(b)-k) {
			return r, nil, errCorrupt("range")
		}
		if x.Value, err = elem.Codec.DecodeStored(b[k : k+int(n)]); err != nil {
			return r, nil, err
		}
		b = b[k+int(n):]
	}
	return r, b, nil
}

// CompareRanges orders as the btree class: empty ones first, then by the lower bound, then by the upper.
func CompareRanges(elem *Type, a, b *Range) int {
	switch {
	case a.Empty && b.Empty:
		return 0
	case a.Empty:
		return -1
	case b.Empty:
		return 1
	}
	if c := CompareBounds(elem, &a.Lower, &b.Lower); c != 0 {
		return c
	}
	return CompareBounds(elem, &a.Upper, &b.Upper)
}

// rangeCodec is the range types. A datum is the flags and, for each finite bound, the length and the element's stored form.
type rangeCodec struct{ t *Type }

func (c rangeCodec) ParseText(ctx *Context, s string, _ int32) (Datum, error) {
	r, err := parseRange(ctx, c.t.Sub, s)
	if err != nil {
		return Null, err
	}
	return c.t.RangeValue(r), nil
}

func parseRange(ctx *Context, elem *Type, s string) (Range, error) {
	malformed := func(detail string) (Range, error) {
		return Range{}, pgerr.Newf(pgerr.InvalidTextRepresentation, "malformed range literal: \"%s\"", s).WithDetail("%s", detail)
	}
	blank := func(i int) int {
		for i < len(s) && isSpace(s[i]) {
			i++
		}
		return i
	}
	i := blank(0)
	if len(s)-i >= 5 && strings.EqualFold(s[i:i+5], "empty") {
		if blank(i+5) != len(s) {
			return malformed(`Junk after "empty" key word.`)
		}
		return Range{Empty: true}, nil
	}
	if i == len(s) || s[i] != '[' && s[i] != '(' {
		return malformed("Missing left parenthesis or bracket.")
	}
	lower := Bound{Inclusive: s[i] == '['}
	var upper Bound
	var text [2]string
	var ok bool
	if text[0], lower.Infinite, i, ok = scanBound(s, i+1); !ok {
		return malformed("Unexpected end of input.")
	}
	if s[i] != ',' {
		return malformed("Missing comma after lower bound.")
	}
	if text[1], upper.Infinite, i, ok = scanBound(s, i+1); !ok {
		return malformed("Unexpected end of input.")
	}
	if s[i] == ',' {
		return malformed("Too many commas.")
	}
	upper.Inclusive = s[i] == ']'
	if blank(i+1) != len(s) {
		return malformed("Junk after right parenthesis or bracket.")
	}
	for n, b := range []*Bound{&lower, &upper} {
		if b.Infinite {
			continue
		}
		var err error
		if b.Value, err = elem.Codec.ParseText(ctx, text[n], -1); err != nil {
			return Range{}, err
		}
	}
	return NewRange(elem, lower, upper)
}

// scanBound reads a bound's text up to the character that ends it; one without any text is infinite.
func scanBound(s string, i int) (text string, infinite bool, next int, ok bool) {
	ends := func(c byte) bool { return c == ',' || c == ')' || c == ']' }
	if i < len(s) && ends(s[i]) {
		return "", true, i, true
	}
	var b []byte
	for quoted := false; ; {
		if i >= len(s) {
			return "", false, i, false
		}
		c := s[i]
		if !quoted && ends(c) {
			return string(b), false, i, true
		}
		i++
		switch {
		case c == '\\':
			if i == len(s) {
				return "", false, i, false
			}
			b = append(b, s[i])
			i++
		case c == '"' && !quoted:
			quoted = true
		case c == '"' && i < len(s) && s[i] == '"':
			b = append(b, '"')
			i++
		case c == '"':
			quoted = false
		default:
			b = append(b, c)
		}
	}
}

func (c rangeCodec) AppendText(ctx *Context, dst []byte, d Datum) []byte {
	r := c.t.Range(d)
	return appendRangeText(ctx, dst, c.t.Sub, &r)
}

func appendRangeText(ctx *Context, dst []byte, elem *Type, r *Range) []byte {
	if r.Empty {
		return append(dst, "empty"...)
	}
	open, end := byte('('), byte(')')
	if r.Lower.Inclusive {
		open = '['
	}
	if r.Upper.Inclusive {
		end = ']'
	}
	dst = appendBound(ctx, append(dst, open), elem, &r.Lower)
	dst = appendBound(ctx, append(dst, ','), elem, &r.Upper)
	return append(dst, end)
}

func appendBound(ctx *Context, dst []byte, elem *Type, b *Bound) []byte {
	if b.Infinite {
		return dst
	}
	text := string(elem.Codec.AppendText(ctx, nil, b.Value))
	if text != "" && !strings.ContainsAny(text, "\"\\()[], \t\n\v\f\r") {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	for i := range len(text) {
		if text[i] == '"' || text[i] == '\\' {
			dst = append(dst, text[i])
		}
		dst = append(dst, text[i])
	}
	return append(dst, '"')
}

func (c rangeCodec) ParseBinary(ctx *Context, b []byte, _ int32) (Datum, error) {
	r, rest, err := receiveRange(ctx, c.t.Sub, b)
	if err == nil {
		err = trailing(rest)
	}
	if err != nil {
		return Null, err
	}
	return c.t.RangeValue(r), nil
}

func receiveRange(ctx *Context, elem *Type, b []byte) (r Range, rest []byte, err error) {
	if len(b) == 0 {
		return r, nil, errShortMessage()
	}
	r, b = rangeOfFlags(b[0]), b[1:]
	if r.Empty {
		return r, b, nil
	}
	for _, x := range []*Bound{&r.Lower, &r.Upper} {
		if x.Infinite {
			continue
		}
		if x.Value, b, err = parseSized(ctx, b, elem, -1); err != nil {
			return r, nil, err
		}
		if x.Value.IsNull() {
			return r, nil, errShortMessage()
		}
	}
	r, err = NewRange(elem, r.Lower, r.Upper)
	return r, b, err
}

func (c rangeCodec) AppendBinary(ctx *Context, dst []byte, d Datum) []byte {
	r := c.t.Range(d)
	return appendRangeBinary(ctx, dst, c.t.Sub, &r)
}

func appendRangeBinary(ctx *Context, dst []byte, elem *Type, r *Range) []byte {
	dst = append(dst, r.flags())
	if r.Empty {
		return dst
	}
	for _, b := range []*Bound{&r.Lower, &r.Upper} {
		if !b.Infinite {
			dst = appendSized(ctx, dst, elem, b.Value)
		}
	}
	return dst
}

func (c rangeCodec) Comparable() bool { return true }

func (c rangeCodec) Compare(x, y Datum) int {
	a, b := c.t.Range(x), c.t.Range(y)
	return CompareRanges(c.t.Sub, &a, &b)
}

func (c rangeCodec) Hash(d Datum, seed uint64) uint64 {
	r := c.t.Range(d)
	return hashRange(c.t.Sub, &r, seed)
}

func hashRange(elem *Type, r *Range, seed uint64) uint64 {
	seed = hashWord(uint64(r.flags()), seed)
	if r.Empty {
		return seed
	}
	for _, b := range []*Bound{&r.Lower, &r.Upper} {
		if !b.Infinite {
			seed = elem.Codec.Hash(b.Value, seed)
		}
	}
	return seed
}

// The marks of the ordered form. A bound at the same value lies before or after it according to which end it is and whether it is inclusive.
const (
	keyRangeEmpty = 0
	keyRangeFull  = 1

	keyBoundLow   = 0 // infinite lower
	keyBoundValue = 1
	keyBoundHigh  = 2 // infinite upper
)

func (c rangeCodec) AppendKey(dst []byte, d Datum) []byte {
	r := c.t.Range(d)
	return appendRangeKey(dst, c.t.Sub, &r)
}

func appendRangeKey(dst []byte, elem *Type, r *Range) []byte {
	if r.Empty {
		return append(dst, keyRangeEmpty)
	}
	dst = append(dst, keyRangeFull)
	for _, b := range []*Bound{&r.Lower, &r.Upper} {
		switch {
		case b.Infinite && b.Lower:
			dst = append(dst, keyBoundLow)
		case b.Infinite:
			dst = append(dst, keyBoundHigh)
		default:
			dst = elem.Codec.AppendKey(append(dst, keyBoundValue), b.Value)
			after := byte(0)
			if b.Inclusive != b.Lower {
				after = 1
			}
			dst = append(dst, after)
		}
	}
	return dst
}

func (c rangeCodec) DecodeKey(b []byte) (Datum, []byte, error) {
	r, rest, err := decodeRangeKey(c.t.Sub, b)
	if err != nil {
		return Null, nil, err
	}
	return c.t.RangeValue(r), rest, nil
}

func decodeRangeKey(elem *Type, b []byte) (r Range, rest []byte, err error) {
	if len(b) == 0 {
		return r, nil, errCorrupt("key")
	}
	if b[0] == keyRangeEmpty {
		return Range{Empty: true}, b[1:], nil
	}
	b = b[1:]
	r.Lower.Lower = true
	for _, x := range []*Bound{&r.Lower, &r.Upper} {
		if len(b) == 0 {
			return r, nil, errCorrupt("key")
		}
		mark := b[0]
		b = b[1:]
		if mark != keyBoundValue {
			x.Infinite = true
			continue
		}
		if x.Value, b, err = elem.Codec.DecodeKey(b); err != nil {
			return r, nil, err
		}
		if len(b) == 0 {
			return r, nil, errCorrupt("key")
		}
		x.Inclusive = (b[0] == 1) != x.Lower
		b = b[1:]
	}
	return r, b, nil
}

func (c rangeCodec) AppendStored(dst []byte, d Datum) []byte { return append(dst, d.Bytes()...) }

func (c rangeCodec) DecodeStored(b []byte) (Datum, error) {
	if _, rest, err := decodeRange(c.t.Sub, b); err != nil || len(rest) > 0 {
		return Null, errCorrupt("range")
	}
	return Bytes(b), nil
}
