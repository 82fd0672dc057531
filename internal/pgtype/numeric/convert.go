package numeric

import (
	"math"
	"math/big"
	"strconv"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// FromFloat64 keeps 15 significant digits, as the cast from double precision does.
func FromFloat64(v float64) (Num, error) { return fromFloat(v, 15) }

// FromFloat32 keeps 6 significant digits, as the cast from real does.
func FromFloat32(v float32) (Num, error) { return fromFloat(float64(v), 6) }

func fromFloat(v float64, digits int) (Num, error) {
	switch {
	case math.IsNaN(v):
		return NaN, nil
	case math.IsInf(v, 1):
		return PosInf, nil
	case math.IsInf(v, -1):
		return NegInf, nil
	}
	var buf [40]byte
	return Parse(string(strconv.AppendFloat(buf[:0], v, 'g', digits, 64)))
}

// Float64 is the nearest double; 22003 when x is too large for one.
func (x Num) Float64() (float64, error) {
	f, ok := x.float()
	if !ok {
		return 0, pgerr.Newf(pgerr.NumericValueOutOfRange, "\"%s\" is out of range for type double precision", x.String())
	}
	return f, nil
}

// Float32 is the nearest real.
func (x Num) Float32() (float32, error) {
	f, err := strconv.ParseFloat(x.String(), 32)
	if err != nil || f == 0 && x.Sign() != 0 {
		return 0, pgerr.Newf(pgerr.NumericValueOutOfRange, "\"%s\" is out of range for type real", x.String())
	}
	return float32(f), nil
}

func (x Num) float() (float64, bool) {
	switch x.special() {
	case nan:
		return math.NaN(), true
	case posInf:
		return math.Inf(1), true
	case negInf:
		return math.Inf(-1), true
	}
	// A coefficient below 2^53 and a power of ten that is exact give the nearest quotient.
	if scale := x.Scale(); x.big == nil && scale < 16 && abs64(x.coef) < 1<<53 {
		return float64(x.coef) / float64(powers[scale]), true
	}
	var buf [64]byte
	f, err := strconv.ParseFloat(string(x.Append(buf[:0])), 64)
	return f, err == nil && (f != 0 || x.Sign() == 0)
}

// approx is x as a float without an error: huge values are infinite.
func (x Num) approx() float64 {
	f, _ := strconv.ParseFloat(x.String(), 64)
	return f
}

// Int64 rounds to a bigint.
func (x Num) Int64() (int64, error) { return x.Integer("bigint", math.MinInt64, math.MaxInt64) }

// Integer rounds to the integer type of that name and range.
func (x Num) Integer(name string, low, high int64) (int64, error) {
	switch {
	case x.IsNaN():
		return 0, pgerr.Newf(pgerr.FeatureNotSupported, "cannot convert NaN to %s", name)
	case x.IsInf():
		return 0, pgerr.Newf(pgerr.FeatureNotSupported, "cannot convert infinity to %s", name)
	}
	r := round(x, 0, false)
	if c := r.wide(); c.IsInt64() {
		if v := c.Int64(); v >= low && v <= high {
			return v, nil
		}
	}
	return 0, pgerr.Newf(pgerr.NumericValueOutOfRange, "%s out of range", name)
}

// FromBigInt is c with a scale; c is copied.
func FromBigInt(c *big.Int, scale int32) Num { return fromBig(c, scale) }

// BigInt is the coefficient of a finite x: a copy.
func (x Num) BigInt() *big.Int { return new(big.Int).Set(x.wide()) }
