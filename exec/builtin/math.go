package builtin

import (
	"math"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// mathFamily is the mathematical functions of double precision.
var mathFamily = []Def{
	{Name: "dround", Scalar: floatFunc(math.RoundToEven)},
	{Name: "dtrunc", Scalar: floatFunc(math.Trunc)},
	{Name: "dceil", Scalar: floatFunc(math.Ceil)},
	{Name: "dfloor", Scalar: floatFunc(math.Floor)},
	{Name: "dsign", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return pgtype.Float(floatSign(a[0].Float())), nil
	}},
	{Name: "dsqrt", Scalar: squareRoot},
	{Name: "dcbrt", Scalar: floatFunc(cCbrt)},
	{Name: "dpow", Scalar: power},
	{Name: "dexp", Scalar: exponential},
	{Name: "dlog1", Scalar: logarithm(cLog)},
	{Name: "dlog10", Scalar: logarithm(cLog10)},
	{Name: "dsin", Scalar: finiteFunc(cSin)},
	{Name: "dcos", Scalar: finiteFunc(cCos)},
	{Name: "dtan", Scalar: finiteFunc(cTan)},
	{Name: "dcot", Scalar: finiteFunc(func(x float64) float64 { return 1 / cTan(x) })},
	{Name: "dasin", Scalar: domainFunc(-1, 1, cAsin)},
	{Name: "dacos", Scalar: domainFunc(-1, 1, cAcos)},
	{Name: "datan", Scalar: floatFunc(cAtan)},
	{Name: "datan2", Scalar: floatFunc2(cAtan2)},
	{Name: "dsinh", Scalar: floatFunc(cSinh)},
	{Name: "dcosh", Scalar: floatFunc(cCosh)},
	{Name: "dtanh", Scalar: floatFunc(cTanh)},
	{Name: "dasinh", Scalar: floatFunc(cAsinh)},
	{Name: "dacosh", Scalar: domainFunc(1, math.Inf(1), cAcosh)},
	{Name: "datanh", Scalar: domainFunc(-1, 1, cAtanh)},
	{Name: "dsind", Scalar: finiteFunc(sinDegrees)},
	{Name: "dcosd", Scalar: finiteFunc(cosDegrees)},
	{Name: "dtand", Scalar: finiteFunc(tanDegrees)},
	{Name: "dcotd", Scalar: finiteFunc(cotDegrees)},
	{Name: "dasind", Scalar: domainFunc(-1, 1, asinDegrees)},
	{Name: "dacosd", Scalar: domainFunc(-1, 1, acosDegrees)},
	{Name: "datand", Scalar: floatFunc(func(x float64) float64 { return cAtan(x) / atanOne * 45 })},
	{Name: "datan2d", Scalar: floatFunc2(func(y, x float64) float64 { return cAtan2(y, x) / atanOne * 45 })},
	{Name: "degrees", Scalar: degrees},
	{Name: "radians", Scalar: floatFunc(toRadians)},
	{Name: "dpi", Scalar: func(*Call, []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Float(math.Pi), nil }},
	{Name: "derf", Scalar: floatFunc(cErf)},
	{Name: "derfc", Scalar: floatFunc(cErfc)},
	{Name: "width_bucket_float8", Scalar: widthBucketFloat},
}

func floatFunc(f func(float64) float64) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x := a[0].Float()
		if math.IsNaN(x) {
			return a[0], nil
		}
		return pgtype.Float(f(x)), nil
	}
}

func floatFunc2(f func(x, y float64) float64) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return pgtype.Float(f(a[0].Float(), a[1].Float())), nil
	}
}

func inputOutOfRange() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "input is out of range")
}

// finiteFunc is a function that infinity has no value of.
func finiteFunc(f func(float64) float64) Scalar {
	return domainFunc(-math.MaxFloat64, math.MaxFloat64, f)
}

func domainFunc(low, high float64, f func(float64) float64) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x := a[0].Float()
		switch {
		case math.IsNaN(x):
			return a[0], nil
		case x < low || x > high:
			return pgtype.Null, inputOutOfRange()
		}
		return pgtype.Float(f(x)), nil
	}
}

func floatSign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

func squareRoot(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[0].Float() < 0 {
		return pgtype.Null, pgerr.New(pgerr.InvalidArgumentForPowerFunction, "cannot take square root of a negative number")
	}
	return pgtype.Float(math.Sqrt(a[0].Float())), nil
}

func exponential(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x := a[0].Float()
	if math.IsNaN(x) {
		return a[0], nil
	}
	v := cExp(x)
	switch {
	case math.IsInf(v, 0) && !math.IsInf(x, 0):
		return pgtype.Null, floatOverflow()
	case v == 0 && !math.IsInf(x, 0):
		return pgtype.Null, floatUnderflow()
	}
	return pgtype.Float(v), nil
}

func logarithm(f func(float64) float64) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x := a[0].Float()
		switch {
		case x == 0:
			return pgtype.Null, logarithmOfZero()
		case x < 0:
			return pgtype.Null, logarithmOfNegative()
		}
		return pgtype.Float(f(x)), nil
	}
}

func logarithmOfZero() error {
	return pgerr.New(pgerr.InvalidArgumentForLogarithm, "cannot take logarithm of zero")
}

func logarithmOfNegative() error {
	return pgerr.New(pgerr.InvalidArgumentForLogarithm, "cannot take logarithm of a negative number")
}

func power(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x, y := a[0].Float(), a[1].Float()
	switch {
	case math.IsNaN(x) && y != 0 || math.IsNaN(y) && x != 1:
		return pgtype.Float(math.NaN()), nil
	case math.IsNaN(x), math.IsNaN(y):
		return pgtype.Float(1), nil
	case x == 0 && y < 0:
		return pgtype.Null, pgerr.New(pgerr.InvalidArgumentForPowerFunction, "zero raised to a negative power is undefined")
	case x < 0 && math.Floor(y) != y:
		return pgtype.Null, pgerr.New(pgerr.InvalidArgumentForPowerFunction, "a negative number raised to a non-integer power yields a complex result")
	}
	v := cPow(x, y)
	if !math.IsInf(x, 0) && !math.IsInf(y, 0) {
		switch {
		case math.IsInf(v, 0):
			return pgtype.Null, floatOverflow()
		case v == 0 && x != 0:
			return pgtype.Null, floatUnderflow()
		}
	}
	return pgtype.Float(v), nil
}

const radiansPerDegree = 0.0174532925199432957692

func toRadians(x float64) float64 { return x * radiansPerDegree }

func degrees(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	v := a[0].Float() / radiansPerDegree
	if math.IsInf(v, 0) && !math.IsInf(a[0].Float(), 0) {
		return pgtype.Null, floatOverflow()
	}
	return pgtype.Float(v), nil
}

// Trigonometry in degrees scales by what the C library gives at the angles whose values are exact, so that those come out exact.
var (
	sin30    = cSin(toRadians(30))
	oneCos60 = 1 - cCos(toRadians(60))
	asinHalf = cAsin(0.5)
	acosHalf = cAcos(0.5)
	atanOne  = cAtan(1)
	tan45    = sinFirstQuadrant(45) / cosFirstQuadrant(45)
	cot45    = cosFirstQuadrant(45) / sinFirstQuadrant(45)
)

func sinTo30(x float64) float64 { return cSin(toRadians(x)) / sin30 / 2 }

func cosTo60(x float64) float64 { return 1 - (1-cCos(toRadians(x)))/oneCos60/2 }

func sinFirstQuadrant(x float64) float64 {
	if x <= 30 {
		return sinTo30(x)
	}
	return cosTo60(90 - x)
}

func cosFirstQuadrant(x float64) float64 {
	if x <= 60 {
		return cosTo60(x)
	}
	return sinTo30(90 - x)
}

// firstQuadrant reduces an angle to 0 … 90 degrees and tells the signs that sine and cosine lose on the way.
func firstQuadrant(x float64) (angle, sinSign, cosSign float64) {
	angle, sinSign, cosSign = math.Mod(x, 360), 1, 1
	if angle < 0 {
		angle, sinSign = -angle, -1
	}
	if angle > 180 {
		angle, sinSign = 360-angle, -sinSign
	}
	if angle > 90 {
		angle, cosSign = 180-angle, -1
	}
	return angle, sinSign, cosSign
}

func sinDegrees(x float64) float64 {
	angle, sign, _ := firstQuadrant(x)
	return sign * sinFirstQuadrant(angle)
}

func cosDegrees(x float64) float64 {
	angle, _, sign := firstQuadrant(x)
	return sign * cosFirstQuadrant(angle)
}

func tanDegrees(x float64) float64 {
	angle, s, c := firstQuadrant(x)
	return positiveZero(s * c * (sinFirstQuadrant(angle) / cosFirstQuadrant(angle) / tan45))
}

func cotDegrees(x float64) float64 {
	angle, s, c := firstQuadrant(x)
	return positiveZero(s * c * (cosFirstQuadrant(angle) / sinFirstQuadrant(angle) / cot45))
}

func positiveZero(x float64) float64 {
	if x == 0 {
		return 0
	}
	return x
}

func asinFirstQuadrant(x float64) float64 {
	if x <= 0.5 {
		return cAsin(x) / asinHalf * 30
	}
	return 90 - cAcos(x)/acosHalf*60
}

func acosFirstQuadrant(x float64) float64 {
	if x <= 0.5 {
		return 90 - cAsin(x)/asinHalf*30
	}
	return cAcos(x) / acosHalf * 60
}

func asinDegrees(x float64) float64 {
	if x >= 0 {
		return asinFirstQuadrant(x)
	}
	return -asinFirstQuadrant(-x)
}

func acosDegrees(x float64) float64 {
	if x >= 0 {
		return acosFirstQuadrant(x)
	}
	return 90 + asinFirstQuadrant(-x)
}

func errWidthBucket(message string) error {
	return pgerr.New(pgerr.InvalidArgumentForWidthBucketFunction, message)
}

func widthBucketFloat(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x, low, high, count := a[0].Float(), a[1].Float(), a[2].Float(), a[3].Int()
	switch {
	case count <= 0:
		return pgtype.Null, errWidthBucket("count must be greater than zero")
	case math.IsNaN(x) || math.IsNaN(low) || math.IsNaN(high):
		return pgtype.Null, errWidthBucket("operand, lower bound, and upper bound cannot be NaN")
	case math.IsInf(low, 0) || math.IsInf(high, 0):
		return pgtype.Null, errWidthBucket("lower and upper bounds must be finite")
	case low == high:
		return pgtype.Null, errWidthBucket("lower bound cannot equal upper bound")
	}
	before, after := x < low, x >= high
	if low > high {
		before, after = x > low, x <= high
	}
	bucket := int64(0)
	switch {
	case before:
	case after:
		bucket = count + 1
	default:
		bucket = int64(float64(count)*bucketFraction(x, low, high)) + 1
		bucket = min(bucket, count)
	}
	if bucket > math.MaxInt32 {
		return pgtype.Null, integerOutOfRange(4)
	}
	return pgtype.Int(bucket), nil
}

// bucketFraction is how far x lies between the bounds; their distance may be more than a float holds.
func bucketFraction(x, low, high float64) float64 {
	if d := high - low; !math.IsInf(d, 0) {
		return (x - low) / d
	}
	return (x/2 - low/2) / (high/2 - low/2)
}
