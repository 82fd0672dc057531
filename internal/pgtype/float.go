package pgtype

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// floatCodec is real and double precision.
type floatCodec struct {
	name string
	bits int
}

func (c floatCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) {
	t := trimSpace(s)
	v, err := strconv.ParseFloat(t, c.bits)
	if err == nil && !(v == 0 && underflowed(t)) {
		if strings.IndexByte(t, '_') >= 0 {
			return Null, errSyntax(c.name, s)
		}
		return Float(v), nil
	}
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		// C's strtod takes hexadecimal digits without an exponent too.
		if strings.ContainsAny(t, "xX") && !strings.ContainsAny(t, "pP_") {
			if v, err := strconv.ParseFloat(t+"p0", c.bits); err == nil {
				return Float(v), nil
			}
		}
		return Null, errSyntax(c.name, s)
	}
	return Null, pgerr.Newf(pgerr.NumericValueOutOfRange, "\"%s\" is out of range for type %s", t, c.name)
}

// underflowed tells whether a number that reads as zero has a digit other than zero.
func underflowed(s string) bool {
	if len(s) > 2 && (s[1]|0x20 == 'x' || s[2]|0x20 == 'x') {
		return false
	}
	for i := 0; i < len(s) && s[i]|0x20 != 'e'; i++ {
		if s[i] >= '1' && s[i] <= '9' {
			return true
		}
	}
	return false
}

func (c floatCodec) AppendText(ctx *Context, dst []byte, d Datum) []byte {
	digits := 1
	if ctx != nil {
		digits = ctx.ExtraFloatDigits
	}
	return appendFloat(dst, d.Float(), c.bits, digits)
}

// AppendFloat8 appends a double precision as the session prints it.
func AppendFloat8(c *Context, dst []byte, v float64) []byte {
	return floatCodec{bits: 64}.AppendText(c, dst, Float(v))
}

func appendFloat(dst []byte, v float64, bits, extraDigits int) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	}
	fixedBelow, guaranteed := 15, 15
	if bits == 32 {
		fixedBelow, guaranteed = 6, 6
	}
	if extraDigits <= 0 {
		return strconv.AppendFloat(dst, v, 'g', max(guaranteed+extraDigits, 1), bits)
	}
	if v == 0 {
		return strconv.AppendFloat(dst, v, 'f', -1, bits)
	}
	if limit := [2]float64{1e15, 1e6}[64/bits-1]; v == math.Trunc(v) && math.Abs(v) < limit {
		return strconv.AppendInt(dst, int64(v), 10)
	}
	var buf [32]byte
	e := strconv.AppendFloat(buf[:0], v, 'e', -1, bits)
	at := len(e) - 1
	for e[at] != 'e' {
		at--
	}
	exp := 0
	for _, ch := range e[at+2:] {
		exp = exp*10 + int(ch-'0')
	}
	if e[at+1] == '-' {
		exp = -exp
	}
	if exp < -4 || exp >= fixedBelow {
		if mayTie(v, bits) {
			e = strictlyShortest(e, v, bits)
		}
		return append(dst, e...)
	}
	decimals := -1
	if scaled := v * (1 << 26); v != math.Trunc(v) && scaled == math.Trunc(scaled) {
		// A short binary fraction may lie exactly between two decimals of the shortest length: a given precision rounds it to the even one.
		digits := at - len("d.")
		if e[0] == '-' {
			digits--
		}
		decimals = max(max(digits, 0)-exp, 0)
	}
	return strconv.AppendFloat(dst, v, 'f', decimals, bits)
}

// mayTie tells whether the shortest digits of v may lie exactly between v and its neighbour: only even mantissas of large integers have such a one.
func mayTie(v float64, bits int) bool {
	if bits == 32 {
		return math.Abs(v) >= 1<<24 && math.Abs(v) < 1e20 && math.Float32bits(float32(v))&1 == 0
	}
	return math.Abs(v) >= 1<<53 && math.Abs(v) < 1e41 && math.Float64bits(v)&1 == 0
}

// strictlyShortest adds digits to e until it is nearer to v than to any other number: a tie reads back as v too, but PostgreSQL does not print one.
func strictlyShortest(e []byte, v float64, bits int) []byte {
	exact := func(f float64) *big.Int { i, _ := new(big.Float).SetFloat64(math.Abs(f)).Int(nil); return i }
	var below, above float64
	if bits == 32 {
		below = float64(math.Nextafter32(float32(math.Abs(v)), 0))
		above = float64(math.Nextafter32(float32(math.Abs(v)), math.MaxFloat32))
	} else {
		below, above = math.Nextafter(math.Abs(v), 0), math.Nextafter(math.Abs(v), math.Inf(1))
	}
	self := exact(v)
	tie := func(e []byte) bool {
		f, _, err := big.ParseFloat(string(e), 10, 256, big.ToNearestEven)
		if err != nil {
			return false
		}
		i, _ := f.Int(nil)
		twice := i.Abs(i).Lsh(i, 1)
		return twice.Cmp(new(big.Int).Add(self, exact(below))) == 0 || twice.Cmp(new(big.Int).Add(self, exact(above))) == 0
	}
	digits := 0
	for _, ch := range e {
		if ch == 'e' {
			break
		}
		if ch >= '0' && ch <= '9' {
			digits++
		}
	}
	for tie(e) && digits < 18 {
		digits++
		e = strconv.AppendFloat(nil, v, 'e', digits-1, bits)
	}
	return e
}

func (c floatCodec) ParseBinary(_ *Context, b []byte, _ int32) (Datum, error) {
	if len(b) != c.bits/8 {
		return Null, errBinaryLength(len(b), c.bits/8)
	}
	if c.bits == 32 {
		return Float(float64(math.Float32frombits(binary.BigEndian.Uint32(b)))), nil
	}
	return Float(math.Float64frombits(binary.BigEndian.Uint64(b))), nil
}

func (c floatCodec) AppendBinary(_ *Context, dst []byte, d Datum) []byte {
	v := d.Float()
	switch {
	case c.bits == 32 && v != v:
		return binary.BigEndian.AppendUint32(dst, 0x7FC00000)
	case c.bits == 32:
		return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(v)))
	case v != v:
		return binary.BigEndian.AppendUint64(dst, 0x7FF8<<48)
	}
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(v))
}

func (floatCodec) Compare(a, b Datum) int { return CompareFloat(a.Float(), b.Float()) }

// CompareFloat orders as PostgreSQL: NaN equals itself and comes after all others.
func CompareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	case a != a && b != b:
		return 0
	case a != a:
		return 1
	}
	return -1
}

func (floatCodec) Comparable() bool { return true }

func (floatCodec) Hash(d Datum, seed uint64) uint64 { return hashWord(canonicalFloat(d.Float()), seed) }

// canonicalFloat is the bits of v, the same for both zeros and for all NaNs.
func canonicalFloat(v float64) uint64 {
	switch {
	case v == 0:
		return 0
	case v != v:
		return math.Float64bits(math.NaN())
	}
	return math.Float64bits(v)
}

// AppendKey turns the bits so that they sort as unsigned: negative numbers inverted, the others with the sign bit set. Minus zero becomes zero.
func (floatCodec) AppendKey(dst []byte, d Datum) []byte {
	u := canonicalFloat(d.Float())
	if u>>63 != 0 {
		u = ^u
	} else {
		u |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(dst, u)
}

func (floatCodec) DecodeKey(b []byte) (Datum, []byte, error) {
	if len(b) < 8 {
		return Null, nil, errCorrupt("key")
	}
	u := binary.BigEndian.Uint64(b)
	if u>>63 != 0 {
		u &^= 1 << 63
	} else {
		u = ^u
	}
	return Float(math.Float64frombits(u)), b[8:], nil
}

func (c floatCodec) AppendStored(dst []byte, d Datum) []byte {
	if c.bits == 32 {
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(d.Float())))
	}
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(d.Float()))
}

func (c floatCodec) DecodeStored(b []byte) (Datum, error) {
	switch {
	case c.bits == 32 && len(b) == 4:
		return Float(float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))), nil
	case c.bits == 64 && len(b) == 8:
		return Float(math.Float64frombits(binary.LittleEndian.Uint64(b))), nil
	}
	return Null, errCorrupt(c.name)
}
