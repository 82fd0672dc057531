package builtin

import (
	"math"
	"slices"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// floatFamily is the operators of real and double precision, and the casts between them and the integers.
var floatFamily = slices.Concat(
	floatPair("float4", "btfloat4cmp", true), floatPair("float8", "btfloat8cmp", false),
	floatPair("float48", "btfloat48cmp", false), floatPair("float84", "btfloat84cmp", false),
	extremes("float4larger", "float4smaller", compareFloats), extremes("float8larger", "float8smaller", compareFloats),
	[]Def{
		{Name: "float4um", Scalar: floatNegate},
		{Name: "float8um", Scalar: floatNegate},
		{Name: "float4up", Scalar: same},
		{Name: "float8up", Scalar: same},
		{Name: "float4abs", Scalar: floatAbs},
		{Name: "float8abs", Scalar: floatAbs},
		{Name: "ftod", Scalar: same},
		{Name: "dtof", Scalar: float8ToFloat4},
		{Name: "ftoi2", Scalar: floatToInteger(2)},
		{Name: "ftoi4", Scalar: floatToInteger(4)},
		{Name: "ftoi8", Scalar: floatToInteger(8)},
		{Name: "dtoi2", Scalar: floatToInteger(2)},
		{Name: "dtoi4", Scalar: floatToInteger(4)},
		{Name: "dtoi8", Scalar: floatToInteger(8)},
		{Name: "in_range_float8_float8", Scalar: inRangeFloat},
		{Name: "in_range_float4_float8", Scalar: inRangeFloat},
	},
)

func compareFloats(a, b pgtype.Datum) int { return pgtype.CompareFloat(a.Float(), b.Float()) }

// floatPair makes the operators of two float types; single says that both are real, so that the arithmetic is in single precision.
func floatPair(name, cmp string, single bool) []Def {
	return append(comparisons(name, plainNames, compareFloats),
		comparer(cmp, compareFloats),
		Def{Name: name + "pl", Scalar: floatOperator(single, floatAdd)},
		Def{Name: name + "mi", Scalar: floatOperator(single, floatSubtract)},
		Def{Name: name + "mul", Scalar: floatOperator(single, floatMultiply)},
		Def{Name: name + "div", Scalar: floatOperator(single, floatDivide)},
	)
}

// floatOperator rounds the exact float64 operation to single precision when needed: for one operation that gives what single
// precision arithmetic gives. Then it looks for overflow and underflow.
func floatOperator(single bool, op func(x, y float64) (v float64, mayVanish bool, err error)) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x, y := a[0].Float(), a[1].Float()
		v, mayVanish, err := op(x, y)
		if err != nil {
			return pgtype.Null, err
		}
		if single {
			v = float64(float32(v))
		}
		if math.IsInf(v, 0) && !math.IsInf(x, 0) && !math.IsInf(y, 0) {
			return pgtype.Null, floatOverflow()
		}
		if v == 0 && !mayVanish {
			return pgtype.Null, floatUnderflow()
		}
		return pgtype.Float(v), nil
	}
}

func floatOverflow() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: overflow")
}

func floatUnderflow() error {
	return pgerr.New(pgerr.NumericValueOutOfRange, "value out of range: underflow")
}

func floatAdd(x, y float64) (float64, bool, error)      { return x + y, true, nil }
func floatSubtract(x, y float64) (float64, bool, error) { return x - y, true, nil }
func floatMultiply(x, y float64) (float64, bool, error) { return x * y, x == 0 || y == 0, nil }

func floatDivide(x, y float64) (float64, bool, error) {
	if y == 0 && !math.IsNaN(x) {
		return 0, false, divisionByZero()
	}
	return x / y, x == 0 || math.IsInf(y, 0), nil
}

func floatNegate(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Float(-a[0].Float()), nil
}

func floatAbs(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Float(math.Abs(a[0].Float())), nil
}

func float8ToFloat4(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x := a[0].Float()
	v := float64(float32(x))
	switch {
	case math.IsInf(v, 0) && !math.IsInf(x, 0):
		return pgtype.Null, floatOverflow()
	case v == 0 && x != 0:
		return pgtype.Null, floatUnderflow()
	}
	return pgtype.Float(v), nil
}

// floatToInteger rounds half to even.
func floatToInteger(width int) Scalar {
	low := -math.Ldexp(1, 8*width-1)
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		v := math.RoundToEven(a[0].Float())
		if !(v >= low && v < -low) {
			return pgtype.Null, integerOutOfRange(width)
		}
		return pgtype.Int(int64(v)), nil
	}
}

// inRangeFloat tells whether a value lies within a window frame's bound: arguments are value, base, offset, subtract, less.
func inRangeFloat(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	val, base, offset, sub, less := a[0].Float(), a[1].Float(), a[2].Float(), a[3].Bool(), a[4].Bool()
	if math.IsNaN(offset) || offset < 0 {
		return pgtype.Null, invalidFrameOffset()
	}
	switch {
	case math.IsNaN(val):
		return pgtype.Bool(math.IsNaN(base) || !less), nil
	case math.IsNaN(base):
		return pgtype.Bool(less), nil
	case math.IsInf(offset, 0) && math.IsInf(base, 0) && (base > 0) == sub:
		return pgtype.Bool(true), nil // all values are an infinite distance away from infinity, on the one side or the other
	}
	sum := base + offset
	if sub {
		sum = base - offset
	}
	if less {
		return pgtype.Bool(val <= sum), nil
	}
	return pgtype.Bool(val >= sum), nil
}

func invalidFrameOffset() error {
	return pgerr.New(pgerr.InvalidPrecedingOrFollowingSize, "invalid preceding or following size in window function")
}
