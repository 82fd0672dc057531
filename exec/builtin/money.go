package builtin

import (
	"math"
	"slices"

	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// moneyFamily is the operators of money, a number of cents.
var moneyFamily = slices.Concat(
	comparisons("cash", underNames, compareInts),
	extremes("cashlarger", "cashsmaller", compareInts),
	[]Def{
		comparer("cash_cmp", compareInts),
		{Name: "cash_pl", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Int(a[0].Int() + a[1].Int()), nil }},
		{Name: "cash_mi", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Int(a[0].Int() - a[1].Int()), nil }},
		{Name: "cash_div_cash", Scalar: moneyRatio},
		{Name: "cash_mul_flt4", Scalar: moneyTimesFloat},
		{Name: "cash_mul_flt8", Scalar: moneyTimesFloat},
		{Name: "flt4_mul_cash", Scalar: swapped(moneyTimesFloat)},
		{Name: "flt8_mul_cash", Scalar: swapped(moneyTimesFloat)},
		{Name: "cash_div_flt4", Scalar: moneyByFloat},
		{Name: "cash_div_flt8", Scalar: moneyByFloat},
		{Name: "cash_mul_int2", Scalar: moneyTimesInteger},
		{Name: "cash_mul_int4", Scalar: moneyTimesInteger},
		{Name: "cash_mul_int8", Scalar: moneyTimesInteger},
		{Name: "int2_mul_cash", Scalar: moneyTimesInteger},
		{Name: "int4_mul_cash", Scalar: moneyTimesInteger},
		{Name: "int8_mul_cash", Scalar: moneyTimesInteger},
		{Name: "cash_div_int2", Scalar: moneyByInteger},
		{Name: "cash_div_int4", Scalar: moneyByInteger},
		{Name: "cash_div_int8", Scalar: moneyByInteger},
		{Name: "cash_numeric", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.NumericValue(numeric.New(a[0].Int(), 2)), nil
		}},
		{Name: "numeric_cash", Scalar: numericToMoney},
		{Name: "int4_cash", Scalar: integerToMoney},
		{Name: "int8_cash", Scalar: integerToMoney},
	},
)

func moneyRatio(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[1].Int() == 0 {
		return pgtype.Null, divisionByZero()
	}
	return pgtype.Float(float64(a[0].Int()) / float64(a[1].Int())), nil
}

// cents rounds; what is too large has no value.
func cents(v float64) (pgtype.Datum, error) {
	v = math.RoundToEven(v)
	if !(v >= -(1<<63) && v < 1<<63) {
		return pgtype.Null, integerOutOfRange(8)
	}
	return pgtype.Int(int64(v)), nil
}

func moneyTimesFloat(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return cents(float64(a[0].Int()) * a[1].Float())
}

func moneyByFloat(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[1].Float() == 0 {
		return pgtype.Null, divisionByZero()
	}
	return cents(float64(a[0].Int()) / a[1].Float())
}

func moneyTimesInteger(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Int(a[0].Int() * a[1].Int()), nil
}

func moneyByInteger(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[1].Int() == 0 {
		return pgtype.Null, divisionByZero()
	}
	return pgtype.Int(a[0].Int() / a[1].Int()), nil
}

func numericToMoney(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x, err := numeric.Mul(a[0].Numeric(), numeric.FromInt64(100))
	if err != nil {
		return pgtype.Null, err
	}
	v, err := x.Int64()
	return pgtype.Int(v), err
}

func integerToMoney(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	v, ok := multiplyInt64(a[0].Int(), 100)
	if !ok {
		return pgtype.Null, integerOutOfRange(8)
	}
	return pgtype.Int(v), nil
}
