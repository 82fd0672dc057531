package builtin

import (
	"math"
	"slices"

	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/datetime"
)

// intervalFamily is the arithmetic of intervals.
var intervalFamily = slices.Concat(
	comparisons("interval", underNames, compareIntervals),
	extremes("interval_larger", "interval_smaller", compareIntervals),
	[]Def{
		comparer("interval_cmp", compareIntervals),
		{Name: "interval_um", Scalar: intervalNegate},
		{Name: "interval_pl", Scalar: intervalOperator(1)},
		{Name: "interval_mi", Scalar: intervalOperator(-1)},
		{Name: "interval_mul", Scalar: intervalTimes},
		{Name: "mul_d_interval", Scalar: swapped(intervalTimes)},
		{Name: "interval_div", Scalar: intervalDivide},
		{Name: "interval_justify_hours", Scalar: intervalFunc(justifyHours)},
		{Name: "interval_justify_days", Scalar: intervalFunc(justifyDays)},
		{Name: "interval_justify_interval", Scalar: intervalFunc(justifyInterval)},
		{Name: "interval_finite", Scalar: func(*Call, []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Bool(true), nil }},
		{Name: "make_interval", Scalar: makeInterval},
		{Name: "in_range_interval_interval", Scalar: inRangeInterval},
	},
)

func compareIntervals(a, b pgtype.Datum) int {
	return datetime.CompareInterval(a.Interval(), b.Interval())
}

func errIntervalRange() error { return errOverflow("interval out of range") }

func intervalResult(v datetime.Interval, err error) (pgtype.Datum, error) {
	if err != nil {
		return pgtype.Null, err
	}
	return pgtype.IntervalValue(v), nil
}

func intervalFunc(f func(datetime.Interval) (datetime.Interval, error)) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return intervalResult(f(a[0].Interval())) }
}

func intervalNegate(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return intervalResult(addIntervals(datetime.Interval{}, a[0].Interval(), -1))
}

func intervalOperator(direction int64) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return intervalResult(addIntervals(a[0].Interval(), a[1].Interval(), direction))
	}
}

// addIntervals is x + direction*y, part by part.
func addIntervals(x, y datetime.Interval, direction int64) (datetime.Interval, error) {
	months := int64(x.Months) + direction*int64(y.Months)
	days := int64(x.Days) + direction*int64(y.Days)
	micros := x.Micros + direction*y.Micros
	overflow := (x.Micros^micros)&(y.Micros^micros) < 0
	if direction < 0 {
		overflow = (x.Micros^y.Micros)&(x.Micros^micros) < 0
	}
	return intervalOf(months, days, micros, !overflow)
}

// intervalOf checks the parts' ranges.
func intervalOf(months, days, micros int64, ok bool) (datetime.Interval, error) {
	if !ok || months != int64(int32(months)) || days != int64(int32(days)) {
		return datetime.Interval{}, errIntervalRange()
	}
	return datetime.Interval{Months: int32(months), Days: int32(days), Micros: micros}, nil
}

func intervalTimes(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	f := a[1].Float()
	return intervalResult(scaleInterval(a[0].Interval(), func(v float64) float64 { return v * f }))
}

func intervalDivide(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	f := a[1].Float()
	if f == 0 {
		return pgtype.Null, divisionByZero()
	}
	return intervalResult(scaleInterval(a[0].Interval(), func(v float64) float64 { return v / f }))
}

// roundMicros rounds seconds or days to six digits, so that the errors of binary fractions do not add up.
func roundMicros(v float64) float64 { return math.RoundToEven(v*1e6) / 1e6 }

// scaleInterval applies a factor to each part. What is left of a month becomes days of 1/30 month, what is left of a day becomes time.
func scaleInterval(v datetime.Interval, scale func(float64) float64) (datetime.Interval, error) {
	const secondsPerDay = 86400
	months, days := scale(float64(v.Months)), scale(float64(v.Days))
	if !(math.Abs(months) < 1<<31) || !(math.Abs(days) < 1<<31) {
		return datetime.Interval{}, errIntervalRange()
	}
	wholeMonths, wholeDays := math.Trunc(months), math.Trunc(days)
	monthDays := roundMicros((months - wholeMonths) * 30)
	seconds := roundMicros((days - wholeDays + monthDays - math.Trunc(monthDays)) * secondsPerDay)
	if math.Abs(seconds) >= secondsPerDay {
		more := math.Trunc(seconds / secondsPerDay)
		wholeDays += more
		seconds -= more * secondsPerDay
	}
	micros := math.RoundToEven(scale(float64(v.Micros)) + seconds*1e6)
	if !(micros >= -(1<<63) && micros < 1<<63) {
		return datetime.Interval{}, errIntervalRange()
	}
	return intervalOf(int64(wholeMonths), int64(wholeDays)+int64(monthDays), int64(micros), true)
}

// sameSigns makes the smaller unit have the sign of the larger one, borrowing one of those.
func sameSigns(large, small, size int64) (int64, int64) {
	switch {
	case large > 0 && small < 0:
		return large - 1, small + size
	case large < 0 && small > 0:
		return large + 1, small - size
	}
	return large, small
}

const daysPerMonth = 30

func justifyHours(v datetime.Interval) (datetime.Interval, error) {
	days, micros := int64(v.Days)+v.Micros/datetime.Day, v.Micros%datetime.Day
	days, micros = sameSigns(days, micros, datetime.Day)
	return intervalOf(int64(v.Months), days, micros, true)
}

func justifyDays(v datetime.Interval) (datetime.Interval, error) {
	months, days := int64(v.Months)+int64(v.Days)/daysPerMonth, int64(v.Days)%daysPerMonth
	months, days = sameSigns(months, days, daysPerMonth)
	return intervalOf(months, days, v.Micros, true)
}

func justifyInterval(v datetime.Interval) (datetime.Interval, error) {
	days, micros := int64(v.Days)+v.Micros/datetime.Day, v.Micros%datetime.Day
	months := int64(v.Months) + days/daysPerMonth
	days %= daysPerMonth
	switch {
	case months > 0 && (days < 0 || days == 0 && micros < 0):
		days += daysPerMonth
		months--
	case months < 0 && (days > 0 || days == 0 && micros > 0):
		days -= daysPerMonth
		months++
	}
	days, micros = sameSigns(days, micros, datetime.Day)
	return intervalOf(months, days, micros, true)
}

// makeInterval takes years, months, weeks, days, hours, minutes, seconds. Months and days wrap around, as PostgreSQL 16's do.
func makeInterval(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	seconds := a[6].Float()
	if math.IsInf(seconds, 0) || math.IsNaN(seconds) {
		return pgtype.Null, errIntervalRange()
	}
	micros := math.RoundToEven(seconds * 1e6)
	if !(math.Abs(micros) < 1<<63) {
		return pgtype.Null, errIntervalRange()
	}
	v := datetime.Interval{
		Months: int32(a[0].Int()*12 + a[1].Int()), Days: int32(a[2].Int()*7 + a[3].Int()),
		Micros: a[4].Int()*datetime.Hour + a[5].Int()*datetime.Minute + int64(micros),
	}
	return pgtype.IntervalValue(v), nil
}

func inRangeInterval(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	offset := a[2].Interval()
	if datetime.CompareInterval(offset, datetime.Interval{}) < 0 {
		return pgtype.Null, invalidFrameOffset()
	}
	direction := int64(1)
	if a[3].Bool() {
		direction = -1
	}
	sum, err := addIntervals(a[1].Interval(), offset, direction)
	if err != nil {
		return pgtype.Null, err
	}
	order := datetime.CompareInterval(a[0].Interval(), sum)
	if a[4].Bool() {
		return pgtype.Bool(order <= 0), nil
	}
	return pgtype.Bool(order >= 0), nil
}
