package desc

import (
	"encoding/binary"
	"errors"
	"time"
)

// The stored form of a descriptor is a format byte and then fields in any order: a varint of tag<<1 | kind, and a varint (kind 0) or a length and
// bytes (kind 1). A field that is zero is left out; a reader skips tags that it does not know, so fields can be added and their tags are never used again.

const formatVersion = 1

// ErrEncoding says that bytes are not a descriptor.
var ErrEncoding = errors.New("desc: malformed descriptor")

const (
	kindVarint = 0
	kindBytes  = 1
)

// writer appends fields to b.
type writer struct{ b []byte }

func (w *writer) uint(tag int, v uint64) {
	if v == 0 {
		return
	}
	w.b = binary.AppendUvarint(w.b, uint64(tag)<<1|kindVarint)
	w.b = binary.AppendUvarint(w.b, v)
}

func (w *writer) int(tag int, v int64) { w.uint(tag, uint64(v)<<1^uint64(v>>63)) }
func (w *writer) oid(tag int, v OID)   { w.uint(tag, uint64(v)) }
func (w *writer) byte(tag int, v byte) { w.uint(tag, uint64(v)) }

func (w *writer) bool(tag int, v bool) {
	if v {
		w.uint(tag, 1)
	}
}

func (w *writer) time(tag int, v time.Time) {
	if !v.IsZero() {
		w.uint(tag, uint64(v.UnixMicro())+1<<63) // offset so that no time is 0
	}
}

func (w *writer) str(tag int, v string) {
	if v != "" {
		w.elem(tag, v)
	}
}

// elem writes a string even when it is empty: an element of a list.
func (w *writer) elem(tag int, v string) {
	w.b = binary.AppendUvarint(w.b, uint64(tag)<<1|kindBytes)
	w.b = binary.AppendUvarint(w.b, uint64(len(v)))
	w.b = append(w.b, v...)
}

// bytes tells nil from empty.
func (w *writer) bytes(tag int, v []byte) {
	if v != nil {
		w.elem(tag, string(v))
	}
}

func (w *writer) strs(tag int, v []string) {
	for _, s := range v {
		w.elem(tag, s)
	}
}

// nums writes a list of integers as one field.
func (w *writer) nums(tag int, v []int16) {
	if len(v) == 0 {
		return
	}
	var b []byte
	for _, n := range v {
		b = binary.AppendVarint(b, int64(n))
	}
	w.elem(tag, string(b))
}

// sub writes a nested message, even an empty one.
func (w *writer) sub(tag int, fill func(*writer)) {
	w.b = binary.AppendUvarint(w.b, uint64(tag)<<1|kindBytes)
	at := len(w.b)
	fill(w)
	n := len(w.b) - at
	var l [binary.MaxVarintLen64]byte
	size := binary.PutUvarint(l[:], uint64(n))
	w.b = append(w.b, l[:size]...)
	copy(w.b[at+size:], w.b[at:at+n])
	copy(w.b[at:], l[:size])
}

// reader yields the fields of a message.
type reader struct {
	b   []byte
	tag int
	n   uint64 // a varint's value
	v   []byte // a byte field's value
	err error
}

// next moves to the next field; false at the end or after an error.
func (r *reader) next() bool {
	if len(r.b) == 0 || r.err != nil {
		return false
	}
	head, ok := r.uvarint()
	if !ok {
		return false
	}
	r.tag = int(head >> 1)
	r.n, ok = r.uvarint()
	if !ok || head&1 == kindVarint {
		return ok
	}
	if r.n > uint64(len(r.b)) {
		r.err = ErrEncoding
		return false
	}
	r.v, r.b = r.b[:r.n:r.n], r.b[r.n:]
	return true
}

func (r *reader) uvarint() (uint64, bool) {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.err = ErrEncoding
		return 0, false
	}
	r.b = r.b[n:]
	return v, true
}

func (r *reader) int() int64    { return int64(r.n>>1) ^ -int64(r.n&1) }
func (r *reader) oid() OID      { return OID(r.n) }
func (r *reader) byte() byte    { return byte(r.n) }
func (r *reader) bool() bool    { return r.n != 0 }
func (r *reader) str() string   { return string(r.v) }
func (r *reader) bytes() []byte { return append([]byte{}, r.v...) }

func (r *reader) time() time.Time { return time.UnixMicro(int64(r.n - 1<<63)).UTC() }

func (r *reader) nums() []int16 {
	var out []int16
	for b := r.v; len(b) > 0; {
		v, n := binary.Varint(b)
		if n <= 0 {
			r.err = ErrEncoding
			return nil
		}
		out, b = append(out, int16(v)), b[n:]
	}
	return out
}

// sub reads a nested message by calling field for each of its fields.
func (r *reader) sub(field func(*reader)) {
	s := reader{b: r.v}
	for s.next() {
		field(&s)
	}
	if s.err != nil {
		r.err = s.err
	}
}

// encode starts a descriptor's bytes.
func encode(fill func(*writer)) []byte {
	w := writer{b: make([]byte, 0, 256)}
	w.b = append(w.b, formatVersion)
	fill(&w)
	return w.b
}

// decode reads a descriptor's bytes.
func decode(b []byte, field func(*reader)) error {
	if len(b) == 0 || b[0] != formatVersion {
		return ErrEncoding
	}
	r := reader{b: b[1:]}
	for r.next() {
		field(&r)
	}
	return r.err
}
