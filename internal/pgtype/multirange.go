package pgtype

import (
	"encoding/binary"
	"slices"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// NewMultirange gives ranges over elem as a multirange has them: in order, without empty ones, those that overlap or touch made one.
func NewMultirange(elem *Type, ranges []Range) []Range {
	list := make([]Range, 0, len(ranges))
	for _, r := range ranges {
		if !r.Empty {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b Range) int { return CompareRanges(elem, &a, &b) })
	out := list[:0]
	for _, r := range list {
		if n := len(out); n > 0 && (CompareBounds(elem, &r.Lower, &out[n-1].Upper) <= 0 || Adjacent(elem, &out[n-1].Upper, &r.Lower)) {
			if CompareBounds(elem, &r.Upper, &out[n-1].Upper) > 0 {
				out[n-1].Upper = r.Upper
			}
			continue
		}
		out = append(out, r)
	}
	return out
}

// Adjacent tells whether nothing lies between an upper bound and a lower bound, and nothing in both.
func Adjacent(elem *Type, upper, lower *Bound) bool {
	switch c := CompareBoundValues(elem, upper, lower); {
	case c == 0:
		return !upper.Infinite && upper.Inclusive != lower.Inclusive
	case c > 0 || !Discrete(elem):
		return false
	}
	between, err := NewRange(elem, Bound{Value: upper.Value, Infinite: upper.Infinite, Inclusive: !upper.Inclusive}, Bound{Value: lower.Value, Infinite: lower.Infinite, Inclusive: !lower.Inclusive})
	return err == nil && between.Empty
}

// MultirangeValue makes a datum of type t of ranges that are as NewMultirange gives them.
func (t *Type) MultirangeValue(ranges []Range) Datum {
	dst := binary.AppendUvarint(nil, uint64(len(ranges)))
	for i := range ranges {
		dst = appendRange(dst, t.Sub, &ranges[i])
	}
	return Bytes(dst)
}

// Multirange is the ranges in d, a value of type t.
func (t *Type) Multirange(d Datum) []Range {
	list, _ := decodeMultirange(t.Sub, d.Bytes()) // only what MultirangeValue wrote becomes a datum
	return list
}

func decodeMultirange(elem *Type, b []byte) ([]Range, error) {
	n, k := binary.Uvarint(b)
	if k <= 0 || n > uint64(len(b)) {
		return nil, errCorrupt("multirange")
	}
	b = b[k:]
	list := make([]Range, n)
	for i := range list {
		var err error
		if list[i], b, err = decodeRange(elem, b); err != nil {
			return nil, err
		}
	}
	if len(b) > 0 {
		return nil, errCorrupt("multirange")
	}
	return list, nil
}

// multirangeCodec is the multirange types. A datum is the number of ranges and each as rangeCodec has it.
type multirangeCodec struct{ t *Type }

func (c multirangeCodec) ParseText(ctx *Context, s string, _ int32) (Datum, error) {
	malformed := func(detail string) (Datum, error) {
		return Null, pgerr.Newf(pgerr.InvalidTextRepresentation, "malformed multirange literal: \"%s\"", s).WithDetail("%s", detail)
	}
	blank := func(i int) int {
		for i < len(s) && isSpace(s[i]) {
			i++
		}
		return i
	}
	i := blank(0)
	if i == len(s) || s[i] != '{' {
		return malformed("Missing left brace.")
	}
	var list []Range
	for i = blank(i + 1); ; {
		if i == len(s) {
			return malformed("Unexpected end of input.")
		}
		if s[i] == '}' && len(list) == 0 {
			break
		}
		end, ok := rangeEnd(s, i)
		if !ok && end == len(s) {
			return malformed("Unexpected end of input.")
		}
		if !ok {
			return malformed("Expected range start.")
		}
		r, err := parseRange(ctx, c.t.Sub, s[i:end])
		if err != nil {
			return Null, err
		}
		list = append(list, r)
		if i = blank(end); i == len(s) {
			return malformed("Unexpected end of input.")
		}
		if s[i] == '}' {
			break
		}
		if s[i] != ',' {
			return malformed("Expected comma or end of multirange.")
		}
		i = blank(i + 1)
	}
	if blank(i+1) != len(s) {
		return malformed("Junk after closing right brace.")
	}
	return c.t.MultirangeValue(NewMultirange(c.t.Sub, list)), nil
}

// rangeEnd finds where the range that starts at i ends; ok is false where none starts, or, with the end of s, where it does not end.
func rangeEnd(s string, i int) (end int, ok bool) {
	const empty = "empty"
	if len(s)-i >= len(empty) && (s[i] == 'e' || s[i] == 'E') {
		return i + len(empty), true
	}
	if s[i] != '[' && s[i] != '(' {
		return i, false
	}
	quoted := false
	for i++; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ')' || c == ']'):
			return i + 1, true
		}
	}
	return len(s), false
}

func (c multirangeCodec) AppendText(ctx *Context, dst []byte, d Datum) []byte {
	dst = append(dst, '{')
	for i, r := range c.t.Multirange(d) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendRangeText(ctx, dst, c.t.Sub, &r)
	}
	return append(dst, '}')
}

func (c multirangeCodec) ParseBinary(ctx *Context, b []byte, _ int32) (Datum, error) {
	if len(b) < 4 {
		return Null, errShortMessage()
	}
	n := binary.BigEndian.Uint32(b)
	b = b[4:]
	if uint64(n)*5 > uint64(len(b)) {
		return Null, errShortMessage()
	}
	list := make([]Range, n)
	for i := range list {
		if len(b) < 4 || uint64(binary.BigEndian.Uint32(b)) > uint64(len(b)-4) {
			return Null, errShortMessage()
		}
		size := int(binary.BigEndian.Uint32(b))
		r, rest, err := receiveRange(ctx, c.t.Sub, b[4:4+size])
		if err == nil {
			err = trailing(rest)
		}
		if err != nil {
			return Null, err
		}
		list[i], b = r, b[4+size:]
	}
	return c.t.MultirangeValue(NewMultirange(c.t.Sub, list)), trailing(b)
}

func (c multirangeCodec) AppendBinary(ctx *Context, dst []byte, d Datum) []byte {
	list := c.t.Multirange(d)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(list)))
	for i := range list {
		at := len(dst)
		dst = appendRangeBinary(ctx, append(dst, 0, 0, 0, 0), c.t.Sub, &list[i])
		binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	}
	return dst
}

func (c multirangeCodec) Comparable() bool { return true }

// Compare goes range by range; what has fewer is less.
func (c multirangeCodec) Compare(x, y Datum) int {
	a, b := c.t.Multirange(x), c.t.Multirange(y)
	for i := 0; i < len(a) && i < len(b); i++ {
		if r := CompareRanges(c.t.Sub, &a[i], &b[i]); r != 0 {
			return r
		}
	}
	return compareInt(int64(len(a)), int64(len(b)))
}

func (c multirangeCodec) Hash(d Datum, seed uint64) uint64 {
	list := c.t.Multirange(d)
	for i := range list {
		seed = hashRange(c.t.Sub, &list[i], seed)
	}
	return hashWord(uint64(len(list)), seed)
}

// The ordered form is the ranges', each behind a mark, and an end mark that is lower.
const (
	keyNoMore = 0
	keyMore   = 1
)

func (c multirangeCodec) AppendKey(dst []byte, d Datum) []byte {
	list := c.t.Multirange(d)
	for i := range list {
		dst = appendRangeKey(append(dst, keyMore), c.t.Sub, &list[i])
	}
	return append(dst, keyNoMore)
}

func (c multirangeCodec) DecodeKey(b []byte) (Datum, []byte, error) {
	var list []Range
	for {
		if len(b) == 0 {
			return Null, nil, errCorrupt("key")
		}
		mark := b[0]
		b = b[1:]
		if mark == keyNoMore {
			return c.t.MultirangeValue(list), b, nil
		}
		r, rest, err := decodeRangeKey(c.t.Sub, b)
		if err != nil {
			return Null, nil, err
		}
		list, b = append(list, r), rest
	}
}

func (c multirangeCodec) AppendStored(dst []byte, d Datum) []byte { return append(dst, d.Bytes()...) }

func (c multirangeCodec) DecodeStored(b []byte) (Datum, error) {
	if _, err := decodeMultirange(c.t.Sub, b); err != nil {
		return Null, err
	}
	return Bytes(b), nil
}
