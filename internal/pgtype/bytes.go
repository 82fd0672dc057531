package pgtype

import (
	"encoding/binary"
	"math/bits"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// The forms that many codecs share: memory-comparable bytes, compact integers, hashes.

// A key ends a string with 0 1 and writes a zero byte inside of one as 0 255, so that a shorter string sorts first and no form is a prefix of another.
const (
	keyEscape     = 0x00
	keyTerminator = 0x01
	keyZero       = 0xFF
)

// appendKeyString appends s so that it can be followed by other key parts.
func appendKeyString(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); i++ {
		if s[i] == keyEscape {
			dst = append(dst, s[start:i]...)
			dst = append(dst, keyEscape, keyZero)
			start = i + 1
		}
	}
	dst = append(dst, s[start:]...)
	return append(dst, keyEscape, keyTerminator)
}

// decodeKeyString reads what appendKeyString wrote; it aliases b unless there are zero bytes in the string.
func decodeKeyString(b []byte) (s, rest []byte, err error) {
	var copied []byte
	start := 0
	for i := 0; i+1 < len(b); i++ {
		if b[i] != keyEscape {
			continue
		}
		switch b[i+1] {
		case keyTerminator:
			if copied == nil {
				return b[:i:i], b[i+2:], nil
			}
			return append(copied, b[start:i]...), b[i+2:], nil
		case keyZero:
			copied = append(copied, b[start:i]...)
			copied = append(copied, 0)
			i++
			start = i + 1
		default:
			return nil, nil, errCorrupt("key")
		}
	}
	return nil, nil, errCorrupt("key")
}

// errCorrupt reports stored bytes that no codec wrote.
func errCorrupt(what string) error {
	return pgerr.Newf(pgerr.DataCorrupted, "stored %s is damaged", what)
}

// appendStoredInt appends v in as few bytes as hold it, little endian; zero takes none.
func appendStoredInt(dst []byte, v int64) []byte {
	if v == 0 {
		return dst
	}
	for v < -128 || v > 127 {
		dst = append(dst, byte(v))
		v >>= 8
	}
	return append(dst, byte(v))
}

// decodeStoredInt reads what appendStoredInt wrote: all of b.
func decodeStoredInt(b []byte) (int64, error) {
	switch len(b) {
	case 0:
		return 0, nil
	case 1:
		return int64(int8(b[0])), nil
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(b))), nil
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(b))), nil
	case 8:
		return int64(binary.LittleEndian.Uint64(b)), nil
	case 3, 5, 6, 7:
		v := int64(int8(b[len(b)-1]))
		for i := len(b) - 2; i >= 0; i-- {
			v = v<<8 | int64(b[i])
		}
		return v, nil
	}
	return 0, errCorrupt("integer")
}

// Hash constants: odd 64-bit numbers with well mixed bits.
const (
	hashA = 0x9E3779B97F4A7C15
	hashB = 0xD6E8FEB86659FD93
	hashC = 0xA0761D6478BD642F
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// hashWord hashes one word.
func hashWord(v, seed uint64) uint64 { return mix(v^hashA, seed^hashB) }

// hashBytes hashes a byte string.
func hashBytes(b []byte, seed uint64) uint64 {
	h := seed ^ mix(uint64(len(b))^hashA, hashC)
	for len(b) >= 16 {
		h = mix(binary.LittleEndian.Uint64(b)^hashB^h, binary.LittleEndian.Uint64(b[8:])^hashC)
		b = b[16:]
	}
	if len(b) >= 8 {
		h = mix(binary.LittleEndian.Uint64(b)^hashB^h, hashA)
		b = b[8:]
	}
	var tail uint64
	for i, c := range b {
		tail |= uint64(c) << (8 * i)
	}
	return mix(tail^hashC^h, hashA)
}
