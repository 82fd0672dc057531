package numeric

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// Num is an immutable decimal; the zero Num is 0.
type Num struct {
	coef int64
	meta uint64 // scale in the low half, special in the high half
	big  *Big   // the coefficient and scale when the former does not fit coef
}

// Big is a decimal whose coefficient needs more than 64 bits.
type Big struct {
	coef  big.Int
	scale int32
}

type special uint32

const (
	finite special = iota
	nan
	posInf
	negInf
)

// The values that are not finite.
var (
	NaN    = Num{meta: uint64(nan) << 32}
	PosInf = Num{meta: uint64(posInf) << 32}
	NegInf = Num{meta: uint64(negInf) << 32}
)

// Limits of PostgreSQL's format.
const (
	maxScale         = 16383  // digits behind the point
	maxWeight        = 0x7FFF // weight of the first base-10000 digit
	maxIntegerDigits = (maxWeight + 1) * 4
	maxResultScale   = 2000 // of functions that take a scale
	maxDisplayScale  = 1000 // of inexact results
	minSigDigits     = 16   // of inexact results
)

// FromInt64 is v with scale 0.
func FromInt64(v int64) Num {
	if v == math.MinInt64 {
		return fromBig(big.NewInt(v), 0)
	}
	return Num{coef: v}
}

// New is coef × 10^-scale.
func New(coef int64, scale int32) Num {
	if coef == math.MinInt64 {
		return fromBig(big.NewInt(coef), scale)
	}
	return small(coef, scale)
}

func small(coef int64, scale int32) Num { return Num{coef: coef, meta: uint64(uint32(scale))} }

// fromBig takes c over.
func fromBig(c *big.Int, scale int32) Num {
	if c.IsInt64() {
		if v := c.Int64(); v != math.MinInt64 {
			return small(v, scale)
		}
	}
	b := &Big{scale: scale}
	b.coef.Set(c)
	return Num{big: b}
}

// Words gives the two words of a Num that lies in itself; ok is false for one with a Big.
func (x Num) Words() (coef, meta uint64, ok bool) { return uint64(x.coef), x.meta, x.big == nil }

// Big gives the large form, nil when x lies in itself.
func (x Num) Big() *Big { return x.big }

// FromWords is the Num of what Words gave.
func FromWords(coef, meta uint64) Num { return Num{coef: int64(coef), meta: meta} }

// FromBig is the Num of what Big gave.
func FromBig(b *Big) Num { return Num{big: b} }

func (x Num) special() special { return special(x.meta >> 32) }

// IsNaN tells whether x is not a number.
func (x Num) IsNaN() bool { return x.special() == nan }

// IsInf tells whether x is infinite.
func (x Num) IsInf() bool { return x.special() >= posInf }

// IsFinite tells whether x is a number with digits.
func (x Num) IsFinite() bool { return x.special() == finite }

// Scale is the display scale: how many digits are printed behind the point.
func (x Num) Scale() int32 {
	if x.big != nil {
		return x.big.scale
	}
	return int32(uint32(x.meta))
}

// Small gives a coefficient that fits 64 bits and its scale, for fast loops; ok is false for all other values.
func (x Num) Small() (coef int64, scale int32, ok bool) {
	return x.coef, int32(uint32(x.meta)), x.big == nil && x.special() == finite
}

// wide is the coefficient as a big integer, not to be changed.
func (x Num) wide() *big.Int {
	if x.big != nil {
		return &x.big.coef
	}
	return big.NewInt(x.coef)
}

// Sign is −1, 0 or 1; 0 for NaN.
func (x Num) Sign() int {
	switch x.special() {
	case posInf:
		return 1
	case negInf:
		return -1
	}
	if x.big != nil {
		return x.big.coef.Sign()
	}
	switch {
	case x.coef < 0:
		return -1
	case x.coef > 0:
		return 1
	}
	return 0
}

// IsZero tells whether x is 0, of whatever scale.
func (x Num) IsZero() bool { return x.big == nil && x.coef == 0 && x.special() == finite }

// powers are the powers of ten that fit 64 bits.
var powers = func() (p [19]int64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

var bigTen = big.NewInt(10)

// pow10 is 10^n as a big integer, not to be changed.
func pow10(n int32) *big.Int {
	if n < int32(len(powers)) {
		return big.NewInt(powers[n])
	}
	return new(big.Int).Exp(bigTen, big.NewInt(int64(n)), nil)
}

// scaleUp multiplies by 10^n when the product fits.
func scaleUp(c int64, n int32) (int64, bool) {
	if c == 0 || n == 0 {
		return c, true
	}
	if n >= int32(len(powers)) {
		return 0, false
	}
	return mulFits(c, powers[n])
}

func mulFits(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(abs64(a), abs64(b))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(lo), true
	}
	return int64(lo), true
}

func abs64(v int64) uint64 {
	if v < 0 {
		return uint64(-v)
	}
	return uint64(v)
}

// rescaled is the coefficient of x at a scale that is not smaller than its own.
func (x Num) rescaled(scale int32) *big.Int {
	n := scale - x.Scale()
	if n == 0 {
		return x.wide()
	}
	return new(big.Int).Mul(x.wide(), pow10(n))
}

func errOverflow() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value overflows numeric format")
}

// checked verifies the limits of the format.
func checked(x Num) (Num, error) {
	if x.big == nil {
		return x, nil
	}
	if x.big.scale > maxScale {
		x = round(x, maxScale, false)
	}
	if x.big != nil && x.big.coef.BitLen() > 400000 && x.leading() >= maxIntegerDigits {
		return Num{}, errOverflow()
	}
	return x, nil
}

// leading is the power of ten of x's first digit; x is not zero.
func (x Num) leading() int32 {
	if x.big == nil {
		return int32(digits64(abs64(x.coef))) - 1 - x.Scale()
	}
	return int32(digitsBig(&x.big.coef)) - 1 - x.big.scale
}

func digits64(v uint64) int {
	n := bits.Len64(v) * 1233 >> 12
	if n < len(powers) && v >= uint64(powers[n]) || n == len(powers) && v >= 10000000000000000000 {
		n++
	}
	return max(n, 1)
}

// digitsBig counts decimal digits: the estimate from the number of bits is at most one too small.
func digitsBig(c *big.Int) int {
	n := int(float64(c.BitLen()-1)*0.30102999566398119521) + 1
	if c.CmpAbs(pow10(int32(n))) >= 0 {
		n++
	} else if n > 1 && c.CmpAbs(pow10(int32(n-1))) < 0 {
		n--
	}
	return n
}

// baseDigits gives the weight of the first base-10000 digit of x and that digit; zeros for 0.
func (x Num) baseDigits() (weight, first int32) {
	if x.Sign() == 0 {
		return 0, 0
	}
	p := x.leading()
	weight = floorDiv(p, 4)
	return weight, int32(x.digitsAbove(weight * 4))
}

// digitsAbove is |x| / 10^p without a fraction, which must be small.
func (x Num) digitsAbove(p int32) int64 {
	shift := p + x.Scale()
	if shift <= 0 {
		c := new(big.Int).Mul(x.wide(), pow10(-shift))
		return c.Abs(c).Int64()
	}
	c := new(big.Int).Quo(x.wide(), pow10(shift))
	return c.Abs(c).Int64()
}

func floorDiv(a, b int32) int32 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
