package numeric

import (
	"math/big"
	"math/bits"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// Neg is −x.
func Neg(x Num) Num {
	switch x.special() {
	case posInf:
		return NegInf
	case negInf:
		return PosInf
	}
	if x.big != nil {
		return fromBig(new(big.Int).Neg(&x.big.coef), x.big.scale)
	}
	x.coef = -x.coef
	return x
}

// Abs is |x|.
func Abs(x Num) Num {
	if x.Sign() < 0 {
		return Neg(x)
	}
	return x
}

// SignOf is −1, 0 or 1 as a Num, NaN for NaN.
func SignOf(x Num) Num {
	if x.IsNaN() {
		return NaN
	}
	return FromInt64(int64(x.Sign()))
}

// Add is x + y.
func Add(x, y Num) (Num, error) {
	if x.big == nil && y.big == nil && (x.meta|y.meta)>>32 == 0 {
		a, b, scale := x.coef, y.coef, x.Scale()
		ok := true
		if x.meta != y.meta {
			if s := y.Scale(); s > scale {
				a, ok = scaleUp(a, s-scale)
				scale = s
			} else {
				b, ok = scaleUp(b, scale-s)
			}
		}
		if sum := a + b; ok && (sum > a) == (b > 0) && sum != minInt64 {
			return small(sum, scale), nil
		}
	}
	return addSlow(x, y)
}

const minInt64 = -1 << 63

func addSlow(x, y Num) (Num, error) {
	if !x.IsFinite() || !y.IsFinite() {
		switch {
		case x.IsNaN() || y.IsNaN():
			return NaN, nil
		case x.IsInf() && y.IsInf() && x.special() != y.special():
			return NaN, nil
		case x.IsInf():
			return x, nil
		}
		return y, nil
	}
	scale := max(x.Scale(), y.Scale())
	return checked(fromBig(new(big.Int).Add(x.rescaled(scale), y.rescaled(scale)), scale))
}

// Sub is x − y.
func Sub(x, y Num) (Num, error) { return Add(x, Neg(y)) }

// Mul is x × y, exactly.
func Mul(x, y Num) (Num, error) {
	if x.big == nil && y.big == nil && (x.meta|y.meta)>>32 == 0 {
		if c, ok := mulFits(x.coef, y.coef); ok {
			if scale := x.Scale() + y.Scale(); scale <= maxScale {
				return small(c, scale), nil
			}
		}
	}
	if !x.IsFinite() || !y.IsFinite() {
		if x.IsNaN() || y.IsNaN() || x.Sign() == 0 || y.Sign() == 0 {
			return NaN, nil
		}
		return infinity(x.Sign() * y.Sign()), nil
	}
	p := fromBig(new(big.Int).Mul(x.wide(), y.wide()), x.Scale()+y.Scale())
	if p.Scale() > maxScale {
		p = round(p, maxScale, false)
	}
	return checked(p)
}

func infinity(sign int) Num {
	if sign < 0 {
		return NegInf
	}
	return PosInf
}

func errDivision() error { return pgerr.New(pgerr.DivisionByZero, "division by zero") }

// Div is x / y, rounded to the scale that PostgreSQL chooses: at least 16 significant digits and no fewer behind the point than either operand.
func Div(x, y Num) (Num, error) {
	if z, err, done := divSpecial(x, y); done {
		return z, err
	}
	return quotient(x, y, divScale(x, y), true), nil
}

// divSpecial handles what all divisions do alike with zero, NaN and infinities.
func divSpecial(x, y Num) (z Num, err error, done bool) {
	switch {
	case x.IsNaN() || y.IsNaN():
		return NaN, nil, true
	case x.IsInf() && y.IsInf():
		return NaN, nil, true
	case y.Sign() == 0:
		return Num{}, errDivision(), true
	case x.IsInf():
		return infinity(x.Sign() * y.Sign()), nil, true
	case y.IsInf():
		return Num{}, nil, true
	}
	return Num{}, nil, false
}

// divScale is the scale of a quotient.
func divScale(x, y Num) int32 {
	wx, fx := x.baseDigits()
	wy, fy := y.baseDigits()
	w := wx - wy
	if fx <= fy {
		w--
	}
	return clampScale(minSigDigits-w*4, x.Scale(), y.Scale())
}

// clampScale is the scale of an inexact result: not below the operands' and within the display scales.
func clampScale(scale int32, operands ...int32) int32 {
	for _, s := range operands {
		scale = max(scale, s)
	}
	return min(max(scale, 0), maxDisplayScale)
}

// quotient is x / y at a scale, rounded half away from zero, or cut off.
func quotient(x, y Num, scale int32, rounded bool) Num {
	shift := scale + y.Scale() - x.Scale()
	if x.big == nil && y.big == nil && shift >= 0 && shift < int32(len(powers)) {
		if q, ok := quotientSmall(x.coef, y.coef, powers[shift], rounded); ok {
			return small(q, scale)
		}
	}
	a, b := x.wide(), y.wide()
	if shift >= 0 {
		a = new(big.Int).Mul(a, pow10(shift))
	} else {
		b = new(big.Int).Mul(b, pow10(-shift))
	}
	return fromBig(divBig(a, b, rounded), scale)
}

// quotientSmall is a × factor / b by 128-bit arithmetic.
func quotientSmall(a, b, factor int64, rounded bool) (int64, bool) {
	d := abs64(b)
	hi, lo := bits.Mul64(abs64(a), uint64(factor))
	if hi >= d {
		return 0, false
	}
	q, r := bits.Div64(hi, lo, d)
	if rounded && r >= d-r {
		q++
	}
	if q > 1<<63-1 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(q), true
	}
	return int64(q), true
}

// divBig divides, rounding half away from zero or cutting off.
func divBig(a, b *big.Int, rounded bool) *big.Int {
	q, r := new(big.Int).QuoRem(a, b, new(big.Int))
	if rounded && r.Lsh(r, 1).CmpAbs(b) >= 0 {
		if a.Sign()*b.Sign() < 0 {
			q.Sub(q, bigOne)
		} else {
			q.Add(q, bigOne)
		}
	}
	return q
}

var bigOne = big.NewInt(1)

// IntDiv is x / y cut off to an integer: div(x, y).
func IntDiv(x, y Num) (Num, error) {
	if z, err, done := divSpecial(x, y); done {
		return z, err
	}
	return checked(quotient(x, y, 0, false))
}

// Mod is the remainder of IntDiv, with the sign of x.
func Mod(x, y Num) (Num, error) {
	switch {
	case x.IsNaN() || y.IsNaN():
		return NaN, nil
	case x.IsInf():
		if y.Sign() == 0 {
			return Num{}, errDivision()
		}
		return NaN, nil
	case y.IsInf():
		return x, nil
	case y.Sign() == 0:
		return Num{}, errDivision()
	}
	if x.big == nil && y.big == nil && x.meta == y.meta {
		return small(x.coef%y.coef, x.Scale()), nil
	}
	scale := max(x.Scale(), y.Scale())
	return fromBig(new(big.Int).Rem(x.rescaled(scale), y.rescaled(scale)), scale), nil
}

// Cmp orders as PostgreSQL: −Infinity, numbers, Infinity, NaN; scales do not matter.
func Cmp(x, y Num) int {
	if x.big == nil && y.big == nil && x.meta == y.meta {
		return compare64(x.coef, y.coef) // two equal specials have coefficient 0
	}
	if !x.IsFinite() || !y.IsFinite() {
		return compare64(int64(specialRank(x)), int64(specialRank(y)))
	}
	sx, sy := x.Sign(), y.Sign()
	if sx != sy {
		return compare64(int64(sx), int64(sy))
	}
	if sx == 0 {
		return 0
	}
	scale := max(x.Scale(), y.Scale())
	if x.big == nil && y.big == nil {
		a, ok := scaleUp(x.coef, scale-x.Scale())
		b, ok2 := scaleUp(y.coef, scale-y.Scale())
		if ok && ok2 {
			return compare64(a, b)
		}
	}
	if lx, ly := x.leading(), y.leading(); lx != ly {
		return compare64(int64(lx), int64(ly)) * sx
	}
	return x.rescaled(scale).Cmp(y.rescaled(scale))
}

func specialRank(x Num) int {
	switch x.special() {
	case nan:
		return 1
	case posInf:
		return 0
	case negInf:
		return -2
	}
	return -1
}

func compare64(a, b int64) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

// round brings x to a scale, which may be negative: half away from zero, or cut off. A larger scale appends zeros.
func round(x Num, scale int32, cut bool) Num {
	have := x.Scale()
	if have == scale || !x.IsFinite() {
		return x
	}
	if x.big == nil {
		if scale > have {
			if c, ok := scaleUp(x.coef, scale-have); ok {
				return small(c, scale)
			}
		} else if n := have - scale; n < int32(len(powers)) {
			if c, ok := quotientSmall(x.coef, powers[n], 1, !cut); ok && scale >= 0 {
				return small(c, scale)
			}
		}
	}
	if scale > have {
		return fromBig(new(big.Int).Mul(x.wide(), pow10(scale-have)), scale)
	}
	if x.IsZero() || x.leading() < -scale-1 {
		return small(0, max(scale, 0))
	}
	c := divBig(x.wide(), pow10(have-scale), !cut)
	if scale < 0 {
		return fromBig(c.Mul(c, pow10(-scale)), 0)
	}
	return fromBig(c, scale)
}

// Round is round(x, scale).
func Round(x Num, scale int32) (Num, error) {
	return checked(round(x, min(max(scale, -maxIntegerDigits-1), maxScale), false))
}

// Trunc is trunc(x, scale).
func Trunc(x Num, scale int32) Num {
	return round(x, min(max(scale, -maxIntegerDigits-1), maxScale), true)
}

// Ceil is the smallest integer that is not below x.
func Ceil(x Num) Num { return towards(x, 1) }

// Floor is the largest integer that is not above x.
func Floor(x Num) Num { return towards(x, -1) }

func towards(x Num, direction int) Num {
	if !x.IsFinite() {
		return x
	}
	t := round(x, 0, true)
	if x.Sign() == direction && Cmp(t, x) != 0 {
		t, _ = Add(t, FromInt64(int64(direction)))
	}
	return t
}

// ApplyTypmod rounds x to precision and scale: numeric(p, s).
func ApplyTypmod(x Num, precision, scale int32) (Num, error) {
	if x.IsNaN() {
		return x, nil
	}
	if x.IsInf() {
		return Num{}, pgerr.New(pgerr.NumericValueOutOfRange, "numeric field overflow").
			WithDetail("A field with precision %d, scale %d cannot hold an infinite value.", precision, scale)
	}
	y := round(x, scale, false)
	if !y.IsZero() && y.leading() >= precision-scale {
		prefix, limit := "10^", precision-scale
		if limit == 0 {
			prefix, limit = "", 1
		}
		return Num{}, pgerr.New(pgerr.NumericValueOutOfRange, "numeric field overflow").
			WithDetail("A field with precision %d, scale %d must round to an absolute value less than %s%d.", precision, scale, prefix, limit)
	}
	return y, nil
}

// MinScale is the smallest scale that shows x exactly.
func MinScale(x Num) int32 { return TrimScale(x).Scale() }

// TrimScale drops zeros behind the point.
func TrimScale(x Num) Num {
	scale := x.Scale()
	if !x.IsFinite() || scale == 0 {
		return x
	}
	if x.big == nil {
		c := x.coef
		if c == 0 {
			return Num{}
		}
		for scale > 0 && c%10 == 0 {
			c /= 10
			scale--
		}
		return small(c, scale)
	}
	// Powers of two of zeros, the largest first: each is there once or not at all.
	c := new(big.Int).Set(&x.big.coef)
	q, r := new(big.Int), new(big.Int)
	for step := int32(1) << 13; step > 0; step /= 2 {
		if step > scale {
			continue
		}
		if q.QuoRem(c, pow10(step), r); r.Sign() == 0 {
			c, q = q, c
			scale -= step
		}
	}
	return fromBig(c, scale)
}

// GCD is the greatest common divisor, which works for fractions too.
func GCD(x, y Num) (Num, error) {
	if x.IsNaN() || y.IsNaN() || x.IsInf() || y.IsInf() {
		return NaN, nil
	}
	scale := max(x.Scale(), y.Scale())
	a := new(big.Int).Abs(x.rescaled(scale))
	b := new(big.Int).Abs(y.rescaled(scale))
	return fromBig(a.GCD(nil, nil, a, b), scale), nil
}

// LCM is the least common multiple.
func LCM(x, y Num) (Num, error) {
	if x.IsNaN() || y.IsNaN() || x.IsInf() || y.IsInf() {
		return NaN, nil
	}
	scale := max(x.Scale(), y.Scale())
	if x.Sign() == 0 || y.Sign() == 0 {
		return small(0, scale), nil
	}
	a := new(big.Int).Abs(x.rescaled(scale))
	b := new(big.Int).Abs(y.rescaled(scale))
	g := new(big.Int).GCD(nil, nil, a, b)
	return checked(fromBig(a.Mul(a.Quo(a, g), b), scale))
}

// Factorial is n!.
func Factorial(n int64) (Num, error) {
	switch {
	case n < 0:
		return Num{}, pgerr.New(pgerr.NumericValueOutOfRange, "factorial of a negative number is undefined")
	case n > 32177:
		return Num{}, errOverflow()
	}
	return fromBig(new(big.Int).MulRange(1, n), 0), nil
}
