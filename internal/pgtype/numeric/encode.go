package numeric

import (
	"encoding/binary"
	"errors"
	"math/big"
	"math/bits"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// The sign words of the binary form.
const (
	wirePositive = 0x0000
	wireNegative = 0x4000
	wireNaN      = 0xC000
	wirePosInf   = 0xD000
	wireNegInf   = 0xF000
)

// AppendBinary appends the send function's form: number of base-10000 digits, weight, sign, display scale, digits.
func (x Num) AppendBinary(dst []byte) []byte {
	head := func(n, weight, sign, scale int) {
		for _, v := range [...]int{n, weight, sign, scale} {
			dst = binary.BigEndian.AppendUint16(dst, uint16(v))
		}
	}
	switch x.special() {
	case nan:
		head(0, 0, wireNaN, 0)
		return dst
	case posInf:
		head(0, 0, wirePosInf, 0x20)
		return dst
	case negInf:
		head(0, 0, wireNegInf, 0x20)
		return dst
	}
	sign := wirePositive
	if x.Sign() < 0 {
		sign = wireNegative
	}
	var digits [256]int16
	d, weight := x.base10000(digits[:0])
	head(len(d), weight, sign, int(x.Scale()))
	for _, v := range d {
		dst = binary.BigEndian.AppendUint16(dst, uint16(v))
	}
	return dst
}

// base10000 appends x's base-10000 digits, without zeros at either end, and gives the weight of the first.
func (x Num) base10000(dst []int16) (digits []int16, weight int) {
	if x.Sign() == 0 {
		return dst, 0
	}
	scale := int(x.Scale())
	pad := (4 - scale%4) % 4 // zeros behind, so that digits align with the point
	low := -(scale + pad) / 4
	start := len(dst)
	if hi, lo := bits.Mul64(abs64(x.coef), uint64(powers[pad])); x.big == nil && hi == 0 {
		for ; lo > 0; lo /= 10000 {
			dst = append(dst, int16(lo%10000))
		}
	} else {
		text := new(big.Int).Mul(x.wide(), pow10(int32(pad)))
		s := text.Abs(text).Append(nil, 10)
		for end := len(s); end > 0; end -= 4 {
			v := int16(0)
			for _, ch := range s[max(end-4, 0):end] {
				v = v*10 + int16(ch-'0')
			}
			dst = append(dst, v)
		}
	}
	weight = low + len(dst) - start - 1
	zeros := start
	for dst[zeros] == 0 {
		zeros++
	}
	dst = append(dst[:start], dst[zeros:]...)
	for i, j := start, len(dst)-1; i < j; i, j = i+1, j-1 {
		dst[i], dst[j] = dst[j], dst[i]
	}
	return dst, weight
}

// ParseBinary reads the receive function's form.
func ParseBinary(b []byte) (Num, error) {
	short := func() error { return pgerr.New(pgerr.ProtocolViolation, "insufficient data left in message") }
	bad := func(what string) error {
		return pgerr.Newf(pgerr.InvalidBinaryRepresentation, "invalid %s in external \"numeric\" value", what)
	}
	if len(b) < 8 {
		return Num{}, short()
	}
	n := int(binary.BigEndian.Uint16(b))
	weight := int(int16(binary.BigEndian.Uint16(b[2:])))
	sign := binary.BigEndian.Uint16(b[4:])
	scale := int(binary.BigEndian.Uint16(b[6:]))
	b = b[8:]
	switch sign {
	case wirePositive, wireNegative, wireNaN, wirePosInf, wireNegInf:
	default:
		return Num{}, bad("sign")
	}
	if scale > maxScale {
		return Num{}, bad("scale")
	}
	if len(b) < 2*n {
		return Num{}, short()
	}
	if len(b) > 2*n {
		return Num{}, pgerr.New(pgerr.InvalidBinaryRepresentation, "incorrect binary data format")
	}
	for i := 0; i < n; i++ {
		if d := binary.BigEndian.Uint16(b[2*i:]); d >= 10000 {
			return Num{}, bad("digit")
		}
	}
	switch sign {
	case wireNaN:
		return NaN, nil
	case wirePosInf:
		return PosInf, nil
	case wireNegInf:
		return NegInf, nil
	}
	return fromBase10000(b, n, weight, scale, sign == wireNegative)
}

// fromBase10000 puts digits together and cuts what is behind the scale.
func fromBase10000(b []byte, n, weight, scale int, negative bool) (Num, error) {
	have := (n - 1 - weight) * 4 // digits behind the point; negative: zeros in front of it
	if n <= 4 && have >= 0 {
		c := int64(0)
		for i := 0; i < n; i++ {
			c = c*10000 + int64(binary.BigEndian.Uint16(b[2*i:]))
		}
		if negative {
			c = -c
		}
		return round(small(c, int32(have)), int32(scale), true), nil
	}
	if n == 0 {
		return small(0, int32(scale)), nil
	}
	text := make([]byte, 0, 4*n)
	for i := 0; i < n; i++ {
		d := binary.BigEndian.Uint16(b[2*i:])
		text = append(text, '0'+byte(d/1000), '0'+byte(d/100%10), '0'+byte(d/10%10), '0'+byte(d%10))
	}
	c, _ := new(big.Int).SetString(string(text), 10)
	if negative {
		c.Neg(c)
	}
	if have < 0 {
		c.Mul(c, pow10(int32(-have)))
		have = 0
	}
	return round(fromBig(c, int32(have)), int32(scale), true), nil
}

// The classes of keys, in order.
const (
	keyNegInf = iota + 1
	keyNegative
	keyZero
	keyPositive
	keyPosInf
	keyNaN
)

const keyBias = 1 << 20 // makes every exponent positive

// AppendKey appends a form that sorts bytewise as Cmp: class, exponent in three bytes, pairs of decimal digits plus one, 0; all but the class inverted for
// negative numbers. It does not hold the display scale.
func (x Num) AppendKey(dst []byte) []byte {
	switch x.special() {
	case nan:
		return append(dst, keyNaN)
	case posInf:
		return append(dst, keyPosInf)
	case negInf:
		return append(dst, keyNegInf)
	}
	sign := x.Sign()
	if sign == 0 {
		return append(dst, keyZero)
	}
	var buf [64]byte
	digits := buf[:0]
	if x.big != nil {
		digits = x.big.coef.Append(digits, 10)
		if sign < 0 {
			digits = digits[1:]
		}
	} else {
		digits = appendUint(digits, abs64(x.coef))
	}
	exp := uint32(int32(len(digits))-x.Scale()) + keyBias
	for len(digits) > 1 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	class := byte(keyPositive)
	if sign < 0 {
		class = keyNegative
	}
	dst = append(dst, class)
	start := len(dst)
	dst = append(dst, byte(exp>>16), byte(exp>>8), byte(exp))
	for i := 0; i < len(digits); i += 2 {
		pair := (digits[i] - '0') * 10
		if i+1 < len(digits) {
			pair += digits[i+1] - '0'
		}
		dst = append(dst, pair+1)
	}
	dst = append(dst, 0)
	if sign < 0 {
		for i := start; i < len(dst); i++ {
			dst[i] = ^dst[i]
		}
	}
	return dst
}

func appendUint(dst []byte, v uint64) []byte {
	var buf [20]byte
	i := len(buf)
	for {
		i--
		buf[i] = '0' + byte(v%10)
		if v /= 10; v == 0 {
			return append(dst, buf[i:]...)
		}
	}
}

var errDamaged = errors.New("numeric: damaged bytes")

// DecodeKey reads a key; the scale is the smallest that holds the value.
func DecodeKey(b []byte) (x Num, rest []byte, err error) {
	if len(b) == 0 {
		return Num{}, nil, errDamaged
	}
	class := b[0]
	b = b[1:]
	flip := byte(0)
	switch class {
	case keyNaN:
		return NaN, b, nil
	case keyPosInf:
		return PosInf, b, nil
	case keyNegInf:
		return NegInf, b, nil
	case keyZero:
		return Num{}, b, nil
	case keyNegative:
		flip = 0xFF
	case keyPositive:
	default:
		return Num{}, nil, errDamaged
	}
	if len(b) < 5 {
		return Num{}, nil, errDamaged
	}
	exp := (int32(b[0]^flip)<<16 | int32(b[1]^flip)<<8 | int32(b[2]^flip)) - keyBias
	b = b[3:]
	var text []byte
	for {
		if len(b) == 0 {
			return Num{}, nil, errDamaged
		}
		pair := b[0] ^ flip
		b = b[1:]
		if pair == 0 {
			break
		}
		if pair > 100 {
			return Num{}, nil, errDamaged
		}
		text = append(text, '0'+(pair-1)/10, '0'+(pair-1)%10)
	}
	for len(text) > 0 && text[len(text)-1] == '0' {
		text = text[:len(text)-1]
	}
	scale := int32(len(text)) - exp
	if len(text) == 0 || scale > maxScale || exp > maxIntegerDigits {
		return Num{}, nil, errDamaged
	}
	c, _ := new(big.Int).SetString(string(text), 10)
	if flip != 0 {
		c.Neg(c)
	}
	if scale < 0 {
		c.Mul(c, pow10(-scale))
		scale = 0
	}
	return fromBig(c, scale), b, nil
}

// First bytes of the stored form that are not a scale.
const (
	storedNaN    = 0xFF
	storedPosInf = 0xFE
	storedNegInf = 0xFD
	storedBig    = 0xFC // uvarint scale, sign, magnitude big endian
	storedBelow  = 0xF0 // scales below are the first byte; the coefficient follows in as few bytes as hold it
)

// AppendStored appends a compact form that holds the display scale.
func (x Num) AppendStored(dst []byte) []byte {
	switch x.special() {
	case nan:
		return append(dst, storedNaN)
	case posInf:
		return append(dst, storedPosInf)
	case negInf:
		return append(dst, storedNegInf)
	}
	if scale := x.Scale(); x.big == nil && scale < storedBelow {
		dst = append(dst, byte(scale))
		v := x.coef
		if v == 0 {
			return dst
		}
		for v < -128 || v > 127 {
			dst = append(dst, byte(v))
			v >>= 8
		}
		return append(dst, byte(v))
	}
	dst = binary.AppendUvarint(append(dst, storedBig), uint64(x.Scale()))
	if x.Sign() < 0 {
		dst = append(dst, 1)
	} else {
		dst = append(dst, 0)
	}
	return append(dst, x.wide().Bytes()...)
}

// DecodeStored reads all of b.
func DecodeStored(b []byte) (Num, error) {
	if len(b) == 0 {
		return Num{}, errDamaged
	}
	first := b[0]
	b = b[1:]
	switch first {
	case storedNaN:
		return NaN, nil
	case storedPosInf:
		return PosInf, nil
	case storedNegInf:
		return NegInf, nil
	case storedBig:
		scale, n := binary.Uvarint(b)
		if n <= 0 || scale > maxScale || len(b) <= n {
			return Num{}, errDamaged
		}
		c := new(big.Int).SetBytes(b[n+1:])
		if b[n] != 0 {
			c.Neg(c)
		}
		return fromBig(c, int32(scale)), nil
	}
	if first >= storedBelow || len(b) > 8 {
		return Num{}, errDamaged
	}
	v := int64(0)
	for i := len(b) - 1; i >= 0; i-- {
		if i == len(b)-1 {
			v = int64(int8(b[i]))
			continue
		}
		v = v<<8 | int64(b[i])
	}
	return New(v, int32(first)), nil
}

// Hash is the same for values that Cmp finds equal.
func (x Num) Hash(word func(v uint64)) {
	x = TrimScale(x)
	if x.big == nil {
		word(uint64(x.coef))
		word(x.meta)
		return
	}
	for _, w := range x.big.coef.Bits() {
		word(uint64(w))
	}
	word(uint64(x.big.coef.Sign())<<32 | uint64(x.big.scale))
}

// SmallStored reads the coefficient and the scale of the stored form b[p:p+w] of a number that Small would give; ok is false for all others, which
// DecodeStored reads. It is for loops over many rows: what lies behind the form in b is looked at, not used.
func SmallStored(b []byte, p, w int) (coef int64, scale int32, ok bool) {
	if w == 0 || w > 9 || b[p] >= storedBelow {
		return 0, 0, false
	}
	if w == 1 {
		return 0, int32(b[p]), true
	}
	if len(b)-p >= 9 {
		unused := uint(9-w) * 8
		coef = int64(binary.LittleEndian.Uint64(b[p+1:])<<unused) >> unused
	} else {
		for i := p + w - 1; i > p; i-- {
			coef = coef<<8 | int64(b[i])
		}
		unused := uint(9-w) * 8
		coef = coef << unused >> unused
	}
	return coef, int32(b[p]), coef != minInt64
}
