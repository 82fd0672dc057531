package pgtype

import (
	"encoding/binary"
)

// uuidCodec is uuid: the first eight bytes are the high word.
type uuidCodec struct{}

// UUID makes a datum of a uuid.
func UUID(b [16]byte) Datum {
	return Pair(binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[:8]))
}

// UUID is the uuid in d.
func (d Datum) UUID() (b [16]byte) {
	binary.BigEndian.PutUint64(b[:], d.a)
	binary.BigEndian.PutUint64(b[8:], d.n)
	return b
}

// ParseText takes 32 digits, hyphens behind any four of them, perhaps braces around.
func (uuidCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) {
	var b [16]byte
	t := s
	if len(t) > 0 && t[0] == '{' {
		if t[len(t)-1] != '}' {
			return Null, errSyntax("uuid", s)
		}
		t = t[1 : len(t)-1]
	}
	for i := range b {
		if len(t) < 2 {
			return Null, errSyntax("uuid", s)
		}
		high, low := digitValue(t[0]), digitValue(t[1])
		if high > 15 || low > 15 {
			return Null, errSyntax("uuid", s)
		}
		b[i] = byte(high<<4 | low)
		t = t[2:]
		if t != "" && t[0] == '-' && i%2 == 1 && i < 15 {
			t = t[1:]
		}
	}
	if t != "" {
		return Null, errSyntax("uuid", s)
	}
	return UUID(b), nil
}

func (uuidCodec) AppendText(_ *Context, dst []byte, d Datum) []byte {
	b := d.UUID()
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

func (uuidCodec) ParseBinary(_ *Context, b []byte, _ int32) (Datum, error) {
	if len(b) != 16 {
		return Null, errBinaryLength(len(b), 16)
	}
	return UUID([16]byte(b)), nil
}

func (uuidCodec) AppendBinary(_ *Context, dst []byte, d Datum) []byte {
	dst = binary.BigEndian.AppendUint64(dst, d.a)
	return binary.BigEndian.AppendUint64(dst, d.n)
}

func (uuidCodec) Compare(a, b Datum) int {
	if r := compareUint(a.a, b.a); r != 0 {
		return r
	}
	return compareUint(a.n, b.n)
}

func (uuidCodec) Comparable() bool                          { return true }
func (uuidCodec) Hash(d Datum, seed uint64) uint64          { return hashWord(d.a, hashWord(d.n, seed)) }
func (c uuidCodec) AppendKey(dst []byte, d Datum) []byte    { return c.AppendBinary(nil, dst, d) }
func (c uuidCodec) AppendStored(dst []byte, d Datum) []byte { return c.AppendBinary(nil, dst, d) }

func (uuidCodec) DecodeKey(b []byte) (Datum, []byte, error) {
	if len(b) < 16 {
		return Null, nil, errCorrupt("uuid")
	}
	return UUID([16]byte(b)), b[16:], nil
}

func (uuidCodec) DecodeStored(b []byte) (Datum, error) {
	if len(b) != 16 {
		return Null, errCorrupt("uuid")
	}
	return UUID([16]byte(b)), nil
}
