package builtin

import (
	"math"
	"slices"

	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// numericFamily is the operators, functions and casts of numeric.
var numericFamily = slices.Concat(
	comparisons("numeric", underNames, compareNumerics),
	extremes("numeric_larger", "numeric_smaller", compareNumerics),
	[]Def{
		comparer("numeric_cmp", compareNumerics),
		{Name: "numeric_add", Scalar: numericFunc2(numeric.Add)},
		{Name: "numeric_sub", Scalar: numericFunc2(numeric.Sub)},
		{Name: "numeric_mul", Scalar: numericFunc2(numeric.Mul)},
		{Name: "numeric_div", Scalar: numericFunc2(numeric.Div)},
		{Name: "numeric_mod", Scalar: numericFunc2(numeric.Mod)},
		{Name: "numeric_div_trunc", Scalar: numericFunc2(numeric.IntDiv)},
		{Name: "numeric_power", Scalar: numericFunc2(numeric.Pow)},
		{Name: "numeric_log", Scalar: numericFunc2(numeric.Log)},
		{Name: "numeric_gcd", Scalar: numericFunc2(numeric.GCD)},
		{Name: "numeric_lcm", Scalar: numericFunc2(numeric.LCM)},
		{Name: "numeric_sqrt", Scalar: numericFunc(numeric.Sqrt)},
		{Name: "numeric_exp", Scalar: numericFunc(numeric.Exp)},
		{Name: "numeric_ln", Scalar: numericFunc(numeric.Ln)},
		{OID: 1481, Name: "log10(numeric)", Scalar: numericFunc(numericLog10)},
		{OID: 1741, Name: "log(numeric)", Scalar: numericFunc(numericLog10)},
		{Name: "numeric_uminus", Scalar: numericFunc(exact(numeric.Neg))},
		{Name: "numeric_uplus", Scalar: same},
		{Name: "numeric_abs", Scalar: numericFunc(exact(numeric.Abs))},
		{Name: "numeric_sign", Scalar: numericFunc(exact(numeric.SignOf))},
		{Name: "numeric_ceil", Scalar: numericFunc(exact(numeric.Ceil))},
		{Name: "numeric_floor", Scalar: numericFunc(exact(numeric.Floor))},
		{Name: "numeric_trim_scale", Scalar: numericFunc(exact(numeric.TrimScale))},
		{Name: "numeric_inc", Scalar: numericFunc(func(x numeric.Num) (numeric.Num, error) { return numeric.Add(x, numeric.FromInt64(1)) })},
		{Name: "numeric_round", Scalar: numericRound},
		{Name: "numeric_trunc", Scalar: numericTrunc},
		{OID: 1708, Name: "round(numeric)", Scalar: numericFunc(func(x numeric.Num) (numeric.Num, error) { return numeric.Round(x, 0) })},
		{OID: 1710, Name: "trunc(numeric)", Scalar: numericFunc(exact(func(x numeric.Num) numeric.Num { return numeric.Trunc(x, 0) }))},
		{Name: "numeric_scale", Scalar: numericScale(numeric.Num.Scale)},
		{Name: "numeric_min_scale", Scalar: numericScale(numeric.MinScale)},
		{Name: "numeric_fac", Scalar: factorial},
		{Name: "width_bucket_numeric", Scalar: widthBucketNumeric},
		{Name: "in_range_numeric_numeric", Scalar: inRangeNumeric},
		{Name: "int8_sum", Scalar: addToNumericSum},
		{Name: "int2_numeric", Scalar: integerToNumeric},
		{Name: "int4_numeric", Scalar: integerToNumeric},
		{Name: "int8_numeric", Scalar: integerToNumeric},
		{Name: "float4_numeric", Scalar: float4ToNumeric},
		{Name: "float8_numeric", Scalar: float8ToNumeric},
		{Name: "numeric_int2", Scalar: numericToInteger(2)},
		{Name: "numeric_int4", Scalar: numericToInteger(4)},
		{Name: "numeric_int8", Scalar: numericToInteger(8)},
		{Name: "numeric_float4", Scalar: numericToFloat4},
		{Name: "numeric_float8", Scalar: numericToFloat8},
	},
)

func compareNumerics(a, b pgtype.Datum) int { return numeric.Cmp(a.Numeric(), b.Numeric()) }

func numericResult(x numeric.Num, err error) (pgtype.Datum, error) {
	if err != nil {
		return pgtype.Null, err
	}
	return pgtype.NumericValue(x), nil
}

func numericFunc(f func(numeric.Num) (numeric.Num, error)) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return numericResult(f(a[0].Numeric())) }
}

func numericFunc2(f func(x, y numeric.Num) (numeric.Num, error)) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return numericResult(f(a[0].Numeric(), a[1].Numeric()))
	}
}

// exact is a function that cannot fail.
func exact(f func(numeric.Num) numeric.Num) func(numeric.Num) (numeric.Num, error) {
	return func(x numeric.Num) (numeric.Num, error) { return f(x), nil }
}

func numericLog10(x numeric.Num) (numeric.Num, error) { return numeric.Log(numeric.FromInt64(10), x) }

func numericRound(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return numericResult(numeric.Round(a[0].Numeric(), int32(a[1].Int())))
}

func numericTrunc(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.NumericValue(numeric.Trunc(a[0].Numeric(), int32(a[1].Int()))), nil
}

// numericScale gives NULL for what has no digits.
func numericScale(f func(numeric.Num) int32) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x := a[0].Numeric()
		if !x.IsFinite() {
			return pgtype.Null, nil
		}
		return pgtype.Int(int64(f(x))), nil
	}
}

func factorial(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return numericResult(numeric.Factorial(a[0].Int()))
}

func integerToNumeric(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.NumericValue(numeric.FromInt64(a[0].Int())), nil
}

func float4ToNumeric(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return numericResult(numeric.FromFloat32(float32(a[0].Float())))
}

func float8ToNumeric(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return numericResult(numeric.FromFloat64(a[0].Float()))
}

func numericToInteger(width int) Scalar {
	low := int64(math.MinInt64) >> (64 - 8*width)
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		v, err := a[0].Numeric().Integer(integerNames[width], low, ^low)
		if err != nil {
			return pgtype.Null, err
		}
		return pgtype.Int(v), nil
	}
}

func numericToFloat4(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	v, err := a[0].Numeric().Float32()
	if err != nil {
		return pgtype.Null, err
	}
	return pgtype.Float(float64(v)), nil
}

func numericToFloat8(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	v, err := a[0].Numeric().Float64()
	if err != nil {
		return pgtype.Null, err
	}
	return pgtype.Float(v), nil
}

// addToNumericSum is the step of sum over bigint: NULL values are left out, NULL is the sum of none.
func addToNumericSum(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	switch {
	case a[1].IsNull():
		return a[0], nil
	case a[0].IsNull():
		return pgtype.NumericValue(numeric.FromInt64(a[1].Int())), nil
	}
	return numericResult(numeric.Add(a[0].Numeric(), numeric.FromInt64(a[1].Int())))
}

func widthBucketNumeric(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x, low, high, count := a[0].Numeric(), a[1].Numeric(), a[2].Numeric(), a[3].Int()
	switch {
	case count <= 0:
		return pgtype.Null, errWidthBucket("count must be greater than zero")
	case x.IsNaN() || low.IsNaN() || high.IsNaN():
		return pgtype.Null, errWidthBucket("operand, lower bound, and upper bound cannot be NaN")
	case low.IsInf() || high.IsInf():
		return pgtype.Null, errWidthBucket("lower and upper bounds must be finite")
	}
	order := numeric.Cmp(low, high)
	if order == 0 {
		return pgtype.Null, errWidthBucket("lower bound cannot equal upper bound")
	}
	bucket := int64(0)
	switch {
	case numeric.Cmp(x, low)*order > 0:
	case numeric.Cmp(x, high)*order <= 0:
		bucket = count + 1
	default:
		var err error
		if bucket, err = numericBucket(x, low, high, count); err != nil {
			return pgtype.Null, err
		}
	}
	return fit(bucket, 4)
}

// numericBucket is (x-low) * count / (high-low), cut off, plus one; the signs of the differences agree.
func numericBucket(x, low, high numeric.Num, count int64) (int64, error) {
	distance, err := numeric.Sub(x, low)
	if err != nil {
		return 0, err
	}
	width, err := numeric.Sub(high, low)
	if err != nil {
		return 0, err
	}
	product, err := numeric.Mul(distance, numeric.FromInt64(count))
	if err != nil {
		return 0, err
	}
	bucket, err := numeric.IntDiv(product, width)
	if err != nil {
		return 0, err
	}
	n, err := bucket.Int64()
	return n + 1, err
}

func inRangeNumeric(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	val, base, offset, sub, less := a[0].Numeric(), a[1].Numeric(), a[2].Numeric(), a[3].Bool(), a[4].Bool()
	if offset.IsNaN() || offset.Sign() < 0 {
		return pgtype.Null, invalidFrameOffset()
	}
	switch {
	case val.IsNaN():
		return pgtype.Bool(base.IsNaN() || !less), nil
	case base.IsNaN():
		return pgtype.Bool(less), nil
	case offset.IsInf() && base.IsInf() && (base.Sign() > 0) == sub:
		return pgtype.Bool(true), nil
	}
	f := numeric.Add
	if sub {
		f = numeric.Sub
	}
	sum, err := f(base, offset)
	if err != nil {
		return pgtype.Null, err
	}
	if less {
		return pgtype.Bool(numeric.Cmp(val, sum) <= 0), nil
	}
	return pgtype.Bool(numeric.Cmp(val, sum) >= 0), nil
}
