package numeric

import (
	"math"
	"math/big"

	"github.com/kalampg/kalampg/internal/pgerr"
)

const (
	log10E = 0.434294481903252
	ln10   = 2.302585092994046
)

// Sqrt is the square root.
func Sqrt(x Num) (Num, error) {
	switch {
	case x.IsNaN(), x.special() == posInf:
		return x, nil
	case x.Sign() < 0:
		return Num{}, pgerr.New(pgerr.InvalidArgumentForPowerFunction, "cannot take square root of a negative number")
	}
	w, _ := x.baseDigits()
	scale := clampScale(minSigDigits-((w+1)*4/2-1), x.Scale())
	if x.Sign() == 0 {
		return small(0, scale), nil
	}
	shift := 2*scale - x.Scale()
	c := new(big.Int).Set(x.wide())
	if shift >= 0 {
		c.Mul(c, pow10(shift))
	} else {
		// The digits cut off cannot move the root across a half, which is no integer's root.
		c.Quo(c, pow10(-shift))
	}
	root := new(big.Int).Sqrt(c)
	rest := new(big.Int).Mul(root, root)
	if rest.Sub(c, rest).Cmp(root) > 0 {
		root.Add(root, bigOne)
	}
	return fromBig(root, scale), nil
}

// Exp is e to the power of x.
func Exp(x Num) (Num, error) {
	switch x.special() {
	case nan, posInf:
		return x, nil
	case negInf:
		return Num{}, nil
	}
	weight := x.approx() * log10E
	weight = math.Min(math.Max(weight, -maxResultScale), maxResultScale)
	scale := clampScale(minSigDigits-int32(weight), x.Scale())
	if v := x.approx(); math.Abs(v) >= maxResultScale*3 {
		if v > 0 {
			return Num{}, errOverflow()
		}
		return small(0, scale), nil
	}
	p := fixedPoint(scale + max(int32(weight), 0) + 12)
	return p.round(p.exp(p.fromNum(x)), scale), nil
}

// Ln is the natural logarithm.
func Ln(x Num) (Num, error) {
	if z, err, done := logArgument(x); done {
		return z, err
	}
	if x.IsInf() {
		return x, nil
	}
	scale := clampScale(minSigDigits-lnWeight(x), x.Scale())
	p := fixedPoint(scale + 12)
	return p.round(p.ln(x), scale), nil
}

func logArgument(x Num) (z Num, err error, done bool) {
	switch {
	case x.IsNaN():
		return x, nil, true
	case x.Sign() < 0:
		return Num{}, pgerr.New(pgerr.InvalidArgumentForLogarithm, "cannot take logarithm of a negative number"), true
	case x.Sign() == 0:
		return Num{}, pgerr.New(pgerr.InvalidArgumentForLogarithm, "cannot take logarithm of zero"), true
	}
	return Num{}, nil, false
}

// Log is the logarithm of x to a base.
func Log(base, x Num) (Num, error) {
	if base.IsNaN() || x.IsNaN() {
		return NaN, nil
	}
	if base.Sign() >= 0 && x.special() == negInf {
		base = x // infinities are looked at before the base is found to be zero
	}
	if z, err, done := logArgument(base); done {
		return z, err
	}
	if z, err, done := logArgument(x); done {
		return z, err
	}
	switch {
	case base.IsInf() && x.IsInf():
		return NaN, nil
	case base.IsInf():
		return Num{}, nil
	case x.IsInf():
		return PosInf, nil
	case Cmp(base, FromInt64(1)) == 0:
		return Num{}, errDivision()
	}
	wb, wx := lnWeight(base), lnWeight(x)
	scale := clampScale(minSigDigits-(wx-wb), base.Scale(), x.Scale())
	// A small logarithm of the base loses its leading zeros' worth of digits in the quotient.
	p := fixedPoint(scale + 20 + max(-wb, 0)*2 + max(wx, 0) + max(wb, 0))
	q := new(big.Int).Lsh(p.ln(x), p.bits)
	return p.round(divBig(q, p.ln(base), true), scale), nil
}

// lnWeight estimates the power of ten of ln(x)'s first digit, as PostgreSQL does for the choice of scales.
func lnWeight(x Num) int32 {
	if x.Sign() <= 0 {
		return 0
	}
	if Cmp(x, small(9, 1)) >= 0 && Cmp(x, small(11, 1)) <= 0 {
		d, _ := Sub(x, FromInt64(1))
		if d.Sign() == 0 {
			return 0
		}
		w, first := d.baseDigits()
		return w*4 + int32(math.Log10(float64(first)))
	}
	w, _ := x.baseDigits()
	digits, power := x.twoDigits(w)
	return int32(math.Log10(math.Abs(math.Log(digits) + float64(power)*ln10)))
}

// twoDigits are the first two base-10000 digits of x as one number and its power of ten.
func (x Num) twoDigits(w int32) (digits float64, power int32) {
	if t := TrimScale(x); t.Scale() == 0 && w >= 0 {
		// A single base-10000 digit stands alone, without the zero digit behind it.
		c := t.wide()
		if new(big.Int).Rem(c, pow10(w*4)).Sign() == 0 {
			return float64(x.digitsAbove(w * 4)), w * 4
		}
	}
	return float64(x.digitsAbove(w*4 - 4)), w*4 - 4
}

// Pow is x to the power of y.
func Pow(x, y Num) (Num, error) {
	if z, err, done := powSpecial(x, y); done {
		return z, err
	}
	if x.Sign() == 0 && y.Sign() < 0 {
		return Num{}, pgerr.New(pgerr.InvalidArgumentForPowerFunction, "zero raised to a negative power is undefined")
	}
	if x.Sign() < 0 && !y.integral() {
		return Num{}, errComplex()
	}
	if y.integral() {
		if n := round(y, 0, true); n.big == nil && n.coef >= math.MinInt32 && n.coef <= math.MaxInt32 {
			return powInt(x, n.coef, y.Scale())
		}
	}
	return powReal(x, y)
}

func errComplex() error {
	return pgerr.New(pgerr.InvalidArgumentForPowerFunction, "a negative number raised to a non-integer power yields a complex result")
}

func (x Num) integral() bool { return !x.IsNaN() && (x.IsInf() || TrimScale(x).Scale() == 0) }

// powSpecial follows POSIX's pow for NaN and infinities.
func powSpecial(x, y Num) (z Num, err error, done bool) {
	one := FromInt64(1)
	switch {
	case x.IsFinite() && y.IsFinite():
		return Num{}, nil, false
	case x.IsNaN():
		if y.IsZero() {
			return one, nil, true
		}
		return NaN, nil, true
	case y.IsNaN():
		if x.IsFinite() && Cmp(x, one) == 0 {
			return one, nil, true
		}
		return NaN, nil, true
	case x.Sign() == 0 && y.Sign() < 0:
		return Num{}, pgerr.New(pgerr.InvalidArgumentForPowerFunction, "zero raised to a negative power is undefined"), true
	case x.Sign() < 0 && !y.integral():
		return Num{}, errComplex(), true
	case x.IsFinite() && Cmp(x, one) == 0, y.Sign() == 0:
		return one, nil, true
	case x.Sign() == 0:
		return Num{}, nil, true
	}
	if y.IsInf() {
		c := 1
		if x.IsFinite() {
			c = Cmp(Abs(x), one)
		}
		switch {
		case c == 0:
			return one, nil, true
		case (c > 0) == (y.Sign() > 0):
			return PosInf, nil, true
		}
		return Num{}, nil, true
	}
	switch {
	case y.Sign() < 0:
		return Num{}, nil, true
	case x.Sign() < 0 && y.odd():
		return NegInf, nil, true
	}
	return PosInf, nil, true
}

func (x Num) odd() bool { return round(x, 0, true).wide().Bit(0) == 1 }

// powInt raises to an integer power, exactly when the digits allow it.
func powInt(x Num, n int64, yScale int32) (Num, error) {
	f := 0.0
	if x.Sign() != 0 {
		f = x.log10Estimate() * float64(n)
	}
	if f > maxIntegerDigits {
		return Num{}, errOverflow()
	}
	if f+1 < -maxDisplayScale {
		return small(0, maxDisplayScale), nil
	}
	scale := clampScale(minSigDigits-int32(f), x.Scale(), yScale)
	switch {
	case n == 0:
		return round(FromInt64(1), scale, false), nil
	case x.Sign() == 0:
		return small(0, scale), nil
	}
	size := digitsBig(x.wide())
	m := n
	if m < 0 {
		m = -m
	}
	if int64(size)*m > 200000 {
		return powFixed(x, FromInt64(n), scale, f)
	}
	c := new(big.Int).Exp(x.wide(), big.NewInt(m), nil)
	digits := int64(x.Scale()) * m // the scale of c
	if n > 0 {
		return checked(atScale(c, bigOne, digits, scale))
	}
	return checked(atScale(bigOne, c, -digits, scale))
}

// atScale is num/den × 10^-have at a scale, rounded.
func atScale(num, den *big.Int, have int64, scale int32) Num {
	shift := int64(scale) - have
	if shift >= 0 {
		num = new(big.Int).Mul(num, pow10(int32(shift)))
	} else {
		den = new(big.Int).Mul(den, pow10(int32(-shift)))
	}
	return fromBig(divBig(num, den, true), scale)
}

// log10Estimate is PostgreSQL's estimate of a logarithm from the first 16 digits.
func (x Num) log10Estimate() float64 {
	w, _ := x.baseDigits()
	return math.Log10(float64(x.digitsAbove(w*4-12))) + float64(w*4-12)
}

// powReal raises to a power that is not a small integer.
func powReal(x, y Num) (Num, error) {
	if x.Sign() == 0 {
		return small(0, minSigDigits), nil
	}
	negative := x.Sign() < 0 && y.odd()
	x = Abs(x)
	low := max(8-lnWeight(x), 0)
	p := fixedPoint(low + 8)
	val := p.round(p.ln(x), low).approx() * y.approx()
	if math.Abs(val) > maxResultScale*3.01 {
		if val > 0 {
			return Num{}, errOverflow()
		}
		return small(0, maxDisplayScale), nil
	}
	val *= log10E
	scale := clampScale(minSigDigits-int32(val), x.Scale(), y.Scale())
	z, err := powFixed(x, y, scale, val)
	if negative {
		z = Neg(z)
	}
	return z, err
}

// powFixed is exp(y ln |x|) with x's sign for odd y; weight is about log10 of the result.
func powFixed(x, y Num, scale int32, weight float64) (Num, error) {
	whole := int32(0)
	if y.Sign() != 0 {
		whole = max(y.leading(), 0)
	}
	p := fixedPoint(scale + max(int32(weight), 0) + whole + 16)
	e := p.ln(Abs(x))
	e.Mul(e, y.wide())
	e = divBig(e, pow10(y.Scale()), true)
	z := p.round(p.exp(e), scale)
	if x.Sign() < 0 && y.odd() {
		z = Neg(z)
	}
	return checked(z)
}

// fixed is binary fixed-point arithmetic: a value is an integer times 2^-bits.
type fixed struct{ bits uint }

// fixedPoint has room for that many decimals.
func fixedPoint(decimals int32) fixed { return fixed{uint(float64(decimals)*3.3219281) + 64} }

func (p fixed) fromNum(x Num) *big.Int {
	c := new(big.Int).Lsh(x.wide(), p.bits)
	return divBig(c, pow10(x.Scale()), true)
}

// round turns a value into a Num of that scale.
func (p fixed) round(v *big.Int, scale int32) Num {
	c := new(big.Int).Mul(v, pow10(scale))
	return fromBig(divBig(c, new(big.Int).Lsh(bigOne, p.bits), true), scale)
}

func (p fixed) mul(a, b *big.Int) *big.Int {
	c := new(big.Int).Mul(a, b)
	return c.Rsh(c, p.bits)
}

// ln2 is 2 atanh(1/3).
func (p fixed) ln2() *big.Int {
	third := new(big.Int).Lsh(bigOne, p.bits)
	third.Quo(third, big.NewInt(3))
	return p.atanh2(third, big.NewInt(9))
}

// atanh2 is 2 atanh(y) of a small y; divisor is 1/y² when that is an integer, else nil.
func (p fixed) atanh2(y, divisor *big.Int) *big.Int {
	sum := new(big.Int).Set(y)
	term := new(big.Int).Set(y)
	var square *big.Int
	if divisor == nil {
		square = p.mul(y, y)
	}
	t := new(big.Int)
	for k := int64(3); term.Sign() != 0; k += 2 {
		if divisor != nil {
			term.Quo(term, divisor)
		} else {
			term.Rsh(term.Mul(term, square), p.bits)
		}
		if term.IsInt64() && term.Int64() == -1 {
			break // a shift rounds negative numbers down and never reaches 0
		}
		sum.Add(sum, t.Quo(term, big.NewInt(k)))
	}
	return sum.Lsh(sum, 1)
}

// ln is the logarithm of x > 0: x = m 2^k with m near 1, and square roots bring m nearer.
func (p fixed) ln(x Num) *big.Int {
	const roots = 8
	q := fixed{p.bits + 2*roots + 40}
	c := x.wide()
	den := pow10(x.Scale())
	k := c.BitLen() - den.BitLen()
	num := new(big.Int).Set(c)
	shift := int(q.bits) - k
	d := new(big.Int).Set(den)
	if shift >= 0 {
		num.Lsh(num, uint(shift))
	} else {
		d.Lsh(d, uint(-shift))
	}
	m := divBig(num, d, true) // between 1/2 and 2
	one := new(big.Int).Lsh(bigOne, q.bits)
	for i := 0; i < roots; i++ {
		m.Sqrt(m.Lsh(m, q.bits))
	}
	up := new(big.Int).Sub(m, one)
	down := new(big.Int).Add(m, one)
	y := up.Quo(up.Lsh(up, q.bits), down)
	r := q.atanh2(y, nil)
	r.Lsh(r, roots)
	r.Add(r, new(big.Int).Mul(q.ln2(), big.NewInt(int64(k))))
	return r.Rsh(r, q.bits-p.bits)
}

// exp is e^v: v = k ln 2 + r, the series of r / 2^j, squared j times.
func (p fixed) exp(v *big.Int) *big.Int {
	const halvings = 12
	q := fixed{p.bits + 2*halvings + 40}
	v = new(big.Int).Lsh(v, q.bits-p.bits)
	ln2 := q.ln2()
	k := new(big.Int).Div(v, ln2)
	r := new(big.Int).Sub(v, new(big.Int).Mul(k, ln2))
	r.Rsh(r, halvings)
	one := new(big.Int).Lsh(bigOne, q.bits)
	sum := new(big.Int).Set(one)
	term := new(big.Int).Set(one)
	for n := int64(1); term.Sign() != 0; n++ {
		term.Rsh(term.Mul(term, r), q.bits)
		term.Quo(term, big.NewInt(n))
		sum.Add(sum, term)
	}
	for i := 0; i < halvings; i++ {
		sum.Rsh(sum.Mul(sum, sum), q.bits)
	}
	if n := k.Int64() - int64(q.bits-p.bits); n >= 0 {
		sum.Lsh(sum, uint(n))
	} else {
		sum.Rsh(sum, uint(-n))
	}
	return sum
}
