package pgtype

import (
	"encoding/binary"
)

// word gives the types that are one integer of 1, 2, 4 or 8 bytes everything but their text form.
type word struct {
	size     int8
	unsigned bool
}

func (w word) ParseBinary(_ *Context, b []byte, _ int32) (Datum, error) {
	if len(b) != int(w.size) {
		return Null, errBinaryLength(len(b), int(w.size))
	}
	return Int(w.decode(b, 0)), nil
}

func (w word) AppendBinary(_ *Context, dst []byte, d Datum) []byte { return w.encode(dst, d.Int(), 0) }

// encode appends v big endian, its sign bit flipped by flip.
func (w word) encode(dst []byte, v int64, flip uint64) []byte {
	switch w.size {
	case 1:
		return append(dst, byte(v)^byte(flip>>56))
	case 2:
		return binary.BigEndian.AppendUint16(dst, uint16(v)^uint16(flip>>48))
	case 4:
		return binary.BigEndian.AppendUint32(dst, uint32(v)^uint32(flip>>32))
	}
	return binary.BigEndian.AppendUint64(dst, uint64(v)^flip)
}

func (w word) decode(b []byte, flip uint64) int64 {
	switch w.size {
	case 1:
		v := b[0] ^ byte(flip>>56)
		if w.unsigned {
			return int64(v)
		}
		return int64(int8(v))
	case 2:
		v := binary.BigEndian.Uint16(b) ^ uint16(flip>>48)
		if w.unsigned {
			return int64(v)
		}
		return int64(int16(v))
	case 4:
		v := binary.BigEndian.Uint32(b) ^ uint32(flip>>32)
		if w.unsigned {
			return int64(v)
		}
		return int64(int32(v))
	}
	return int64(binary.BigEndian.Uint64(b) ^ flip)
}

// flip is the sign bit, which keys turn over so that negative numbers sort first.
func (w word) flip() uint64 {
	if w.unsigned {
		return 0
	}
	return 1 << 63
}

func (w word) Compare(a, b Datum) int {
	if w.unsigned {
		return compareUint(a.n, b.n)
	}
	return compareInt(a.Int(), b.Int())
}

func (w word) Comparable() bool                        { return true }
func (w word) Hash(d Datum, seed uint64) uint64        { return hashWord(d.n, seed) }
func (w word) AppendKey(dst []byte, d Datum) []byte    { return w.encode(dst, d.Int(), w.flip()) }
func (w word) AppendStored(dst []byte, d Datum) []byte { return appendStoredInt(dst, d.Int()) }

func (w word) DecodeKey(b []byte) (Datum, []byte, error) {
	if len(b) < int(w.size) {
		return Null, nil, errCorrupt("key")
	}
	return Int(w.decode(b, w.flip())), b[w.size:], nil
}

func (w word) DecodeStored(b []byte) (Datum, error) {
	v, err := decodeStoredInt(b)
	return Int(v), err
}

func compareInt(a, b int64) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

func compareUint(a, b uint64) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}
