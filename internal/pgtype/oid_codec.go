package pgtype

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// oidCodec is oid, xid, cid (4 bytes) and xid8 (8 bytes): unsigned numbers, read as C's strtoul reads them, with 0x and 0 for other bases.
type oidCodec struct {
	word
	name string
}

func (c oidCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) {
	t := trimSpace(s)
	digits, negative := t, false
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		negative = digits[0] == '-'
		digits = digits[1:]
	}
	base := 10
	switch {
	case len(digits) > 2 && digits[0] == '0' && digits[1]|0x20 == 'x':
		base, digits = 16, digits[2:]
	case len(digits) > 1 && digits[0] == '0':
		base, digits = 8, digits[1:]
	}
	v, err := strconv.ParseUint(digits, base, 64)
	if err != nil {
		if e, ok := err.(*strconv.NumError); ok && e.Err == strconv.ErrRange {
			return Null, errRange(c.name, s)
		}
		return Null, errSyntax(c.name, s)
	}
	if negative {
		v = -v
	}
	if c.size == 4 && v > math.MaxUint32 {
		// A negative number stands for the unsigned one of the same bits.
		if int64(v) < math.MinInt32 || int64(v) >= 0 {
			return Null, errRange(c.name, s)
		}
		v = uint64(uint32(v))
	}
	return Int(int64(v)), nil
}

func (oidCodec) AppendText(_ *Context, dst []byte, d Datum) []byte {
	return strconv.AppendUint(dst, d.n, 10)
}

// regCodec is a reg type: an OID that prints as the name of what it stands for. kind is pg_type.typname.
type regCodec struct {
	word
	kind string
}

func (c regCodec) ParseText(ctx *Context, s string, typmod int32) (Datum, error) {
	if s == "-" {
		return OIDValue(0), nil
	}
	if s != "" && strings.Trim(s, "0123456789") == "" {
		return oidCodec{c.word, "oid"}.ParseText(ctx, s, typmod)
	}
	if ctx == nil || ctx.Names == nil {
		return Null, pgerr.Unsupported("a name of type " + c.kind + " outside of a session")
	}
	oid, err := ctx.Names.Lookup(c.kind, s)
	return OIDValue(oid), err
}

func (c regCodec) AppendText(ctx *Context, dst []byte, d Datum) []byte {
	oid := d.OID()
	if oid == 0 {
		return append(dst, '-')
	}
	if ctx != nil && ctx.Names != nil {
		if name, ok := ctx.Names.Name(c.kind, oid); ok {
			return append(dst, name...)
		}
	}
	return strconv.AppendUint(dst, uint64(oid), 10)
}

// tidCodec is tid: block number << 16 | offset.
type tidCodec struct{ word }

// TID makes a datum of a tuple identifier.
func TID(block uint32, offset uint16) Datum { return Int(int64(block)<<16 | int64(offset)) }

func (tidCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) {
	bad := errSyntax("tid", s)
	_, rest, ok := strings.Cut(s, "(")
	if !ok {
		return Null, bad
	}
	left, rest, ok := strings.Cut(rest, ",")
	right, _, ok2 := strings.Cut(rest, ")")
	if !ok || !ok2 {
		return Null, bad
	}
	block, err := strconv.ParseInt(strings.TrimLeft(left, " "), 10, 64)
	if err != nil || block > math.MaxUint32 || block < math.MinInt32 {
		return Null, bad
	}
	offset, err := strconv.ParseUint(strings.TrimLeft(right, " "), 10, 16)
	if err != nil {
		return Null, bad
	}
	return TID(uint32(block), uint16(offset)), nil
}

func (tidCodec) AppendText(_ *Context, dst []byte, d Datum) []byte {
	dst = strconv.AppendUint(append(dst, '('), uint64(uint32(d.n>>16)), 10)
	dst = strconv.AppendUint(append(dst, ','), uint64(uint16(d.n)), 10)
	return append(dst, ')')
}

func (tidCodec) ParseBinary(_ *Context, b []byte, _ int32) (Datum, error) {
	if len(b) != 6 {
		return Null, errBinaryLength(len(b), 6)
	}
	return TID(binary.BigEndian.Uint32(b), binary.BigEndian.Uint16(b[4:])), nil
}

func (tidCodec) AppendBinary(_ *Context, dst []byte, d Datum) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(d.n>>16))
	return binary.BigEndian.AppendUint16(dst, uint16(d.n))
}

// lsnCodec is pg_lsn: a position in the log.
type lsnCodec struct{ word }

func (lsnCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) {
	left, right, ok := strings.Cut(s, "/")
	high, err := strconv.ParseUint(left, 16, 32)
	low, err2 := strconv.ParseUint(right, 16, 32)
	if !ok || err != nil || err2 != nil || len(left) > 8 || len(right) > 8 {
		return Null, errSyntax("pg_lsn", s)
	}
	return Int(int64(high<<32 | low)), nil
}

func (lsnCodec) AppendText(_ *Context, dst []byte, d Datum) []byte {
	dst = appendUpperHex(dst, d.n>>32)
	return appendUpperHex(append(dst, '/'), d.n&math.MaxUint32)
}

func appendUpperHex(dst []byte, v uint64) []byte {
	start := len(dst)
	dst = strconv.AppendUint(dst, v, 16)
	for i := start; i < len(dst); i++ {
		if dst[i] >= 'a' {
			dst[i] -= 'a' - 'A'
		}
	}
	return dst
}
