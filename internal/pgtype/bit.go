package pgtype

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// bitCodec is bit and bit varying. A value is its binary form: the number of bits in four bytes, then the bits, zeros in the rest of the last byte.
type bitCodec struct {
	byteString
	varying bool
}

// BitLength is the number of bits of a bit string.
func (d Datum) BitLength() int { return int(binary.BigEndian.Uint32(d.Bytes())) }

// Bits are the bits of a bit string, the first one highest.
func (d Datum) Bits() []byte { return d.Bytes()[4:] }

// BitString makes a datum of n bits; bits behind the n-th are cleared.
func BitString(bits []byte, n int) Datum {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 4+(n+7)/8), uint32(n))
	b = append(b, bits[:(n+7)/8]...)
	if n%8 != 0 {
		b[len(b)-1] &= 0xFF << (8 - n%8)
	}
	return Bytes(b)
}

func (c bitCodec) ParseText(_ *Context, s string, typmod int32) (Datum, error) {
	digits, hex := s, false
	if s != "" {
		switch s[0] {
		case 'b', 'B':
			digits = s[1:]
		case 'x', 'X':
			digits, hex = s[1:], true
		}
	}
	n := len(digits)
	if hex {
		n *= 4
	}
	if err := c.check(n, typmod); err != nil {
		return Null, err
	}
	bits := make([]byte, (n+7)/8)
	for i := 0; i < len(digits); i++ {
		v := digitValue(digits[i])
		switch {
		case hex && v > 15:
			return Null, errBitDigit(digits[i:], "hexadecimal")
		case hex:
			bits[i/2] |= byte(v) << (4 - i%2*4)
		case v > 1:
			return Null, errBitDigit(digits[i:], "binary")
		case v == 1:
			bits[i/8] |= 0x80 >> (i % 8)
		}
	}
	return BitString(bits, n), nil
}

func errBitDigit(s, kind string) error {
	_, n := utf8.DecodeRuneInString(s)
	return pgerr.Newf(pgerr.InvalidTextRepresentation, "\"%s\" is not a valid %s digit", s[:n], kind)
}

func (c bitCodec) check(n int, typmod int32) error {
	switch {
	case c.varying && typmod > 0 && n > int(typmod):
		return pgerr.Newf(pgerr.StringDataRightTruncation, "bit string too long for type bit varying(%d)", typmod)
	case !c.varying && typmod > 0 && n != int(typmod):
		return pgerr.Newf(pgerr.StringDataLengthMismatch, "bit string length %d does not match type bit(%d)", n, typmod)
	}
	return nil
}

// coerce fits a bit string to a length as an explicit cast does: cut, or filled with zeros.
func (c bitCodec) coerce(d Datum, typmod int32, explicit bool) (Datum, error) {
	n := d.BitLength()
	if typmod <= 0 || n == int(typmod) || c.varying && n < int(typmod) {
		return d, nil
	}
	if !explicit {
		return Null, c.check(n, typmod)
	}
	bits := d.Bits()
	if grow := (int(typmod)+7)/8 - len(bits); grow > 0 {
		bits = append(bits[:len(bits):len(bits)], make([]byte, grow)...)
	}
	return BitString(bits, int(typmod)), nil
}

func (bitCodec) AppendText(_ *Context, dst []byte, d Datum) []byte {
	bits := d.Bits()
	for i, n := 0, d.BitLength(); i < n; i++ {
		dst = append(dst, '0'+bits[i/8]>>(7-i%8)&1)
	}
	return dst
}

func (c bitCodec) ParseBinary(_ *Context, b []byte, typmod int32) (Datum, error) {
	if len(b) < 4 {
		return Null, errShortMessage()
	}
	n := int32(binary.BigEndian.Uint32(b))
	if n < 0 {
		return Null, pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid length in external bit string")
	}
	if err := c.check(int(n), typmod); err != nil {
		return Null, err
	}
	if want := (int(n) + 7) / 8; len(b)-4 != want {
		return Null, errBinaryLength(len(b)-4, want)
	}
	return BitString(b[4:], int(n)), nil
}

func (bitCodec) AppendBinary(_ *Context, dst []byte, d Datum) []byte {
	return append(dst, d.Bytes()...)
}

func (bitCodec) Compare(a, b Datum) int {
	if r := bytes.Compare(a.Bits(), b.Bits()); r != 0 {
		return r
	}
	return compareInt(int64(a.BitLength()), int64(b.BitLength()))
}

func (bitCodec) AppendKey(dst []byte, d Datum) []byte {
	b := d.Bytes()
	dst = appendKeyString(dst, Bytes(b[4:]).Text())
	return append(dst, b[:4]...)
}

func (bitCodec) DecodeKey(b []byte) (Datum, []byte, error) {
	bits, rest, err := decodeKeyString(b)
	if err != nil || len(rest) < 4 || int(binary.BigEndian.Uint32(rest)+7)/8 != len(bits) {
		return Null, nil, errCorrupt("key")
	}
	return BitString(bits, int(binary.BigEndian.Uint32(rest))), rest[4:], nil
}

func (bitCodec) DecodeStored(b []byte) (Datum, error) {
	if len(b) < 4 || int(binary.BigEndian.Uint32(b)+7)/8 != len(b)-4 {
		return Null, errCorrupt("bit string")
	}
	return Bytes(b), nil
}
