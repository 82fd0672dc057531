package builtin

import (
	"math"
	"slices"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/datetime"
)

// dateFamily is the operators of date, its casts, and comparisons between date, timestamp and timestamptz.
var dateFamily = slices.Concat(
	comparisons("date", underNames, compareInts),
	extremes("date_larger", "date_smaller", compareInts),
	crossComparisons("date", "timestamp", compareDateTimestamp),
	crossComparisons("timestamp", "date", reversed(compareDateTimestamp)),
	crossComparisons("date", "timestamptz", compareDateTimestamptz),
	crossComparisons("timestamptz", "date", reversed(compareDateTimestamptz)),
	crossComparisons("timestamp", "timestamptz", compareTimestampTimestamptz),
	crossComparisons("timestamptz", "timestamp", reversed(compareTimestampTimestamptz)),
	[]Def{
		comparer("date_cmp", compareInts),
		{Name: "date_mi", Scalar: dateMinusDate},
		{Name: "date_pli", Scalar: datePlusDays(1)},
		{Name: "date_mii", Scalar: datePlusDays(-1)},
		{OID: 2550, Name: "int4 + date", Scalar: swapped(datePlusDays(1))},
		{Name: "date_pl_interval", Scalar: dateOffset(1)},
		{Name: "date_mi_interval", Scalar: dateOffset(-1)},
		{OID: 2546, Name: "interval + date", Scalar: swapped(dateOffset(1))},
		{Name: "date_finite", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Bool(finiteDate(a[0])), nil }},
		{Name: "date_timestamp", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return timestampResult(dateToTimestamp(a[0])) }},
		{Name: "date_timestamptz", Scalar: dateToTimestamptz},
		{Name: "timestamp_date", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return dateOf(a[0].Int()), nil }},
		{Name: "timestamptz_date", Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return dateOf(datetime.ToLocal(a[0].Int(), c.Text.Location)), nil
		}},
		{Name: "datetime_timestamp", Scalar: datePlusTime},
		{OID: 1296, Name: "time + date", Scalar: swapped(datePlusTime)},
		{OID: 1176, Name: "timestamptz(date, time)", Scalar: datePlusTimeZoned},
		{Name: "datetimetz_timestamptz", Scalar: datePlusTimetz},
		{OID: 1298, Name: "timetz + date", Scalar: swapped(datePlusTimetz)},
		{Name: "make_date", Scalar: makeDate},
		{Name: "in_range_date_interval", Scalar: inRangeDate},
	},
)

// crossComparisons makes the six comparisons and the btree function of two types, which may depend on the session's time zone.
func crossComparisons(left, right string, cmp func(c *Call, a, b pgtype.Datum) int) []Def {
	tests := []struct {
		name string
		ok   func(int) bool
	}{
		{"_eq_", func(o int) bool { return o == 0 }}, {"_ne_", func(o int) bool { return o != 0 }}, {"_lt_", func(o int) bool { return o < 0 }},
		{"_le_", func(o int) bool { return o <= 0 }}, {"_gt_", func(o int) bool { return o > 0 }}, {"_ge_", func(o int) bool { return o >= 0 }},
	}
	defs := []Def{{Name: left + "_cmp_" + right, Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return pgtype.Int(int64(cmp(c, a[0], a[1]))), nil
	}}}
	for _, t := range tests {
		defs = append(defs, Def{Name: left + t.name + right, Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Bool(t.ok(cmp(c, a[0], a[1]))), nil
		}})
	}
	return defs
}

func reversed(cmp func(c *Call, a, b pgtype.Datum) int) func(c *Call, a, b pgtype.Datum) int {
	return func(c *Call, a, b pgtype.Datum) int { return -cmp(c, b, a) }
}

// swapped calls an operator with its operands exchanged.
func swapped(f Scalar) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) { return f(c, []pgtype.Datum{a[1], a[0]}) }
}

func finiteDate(d pgtype.Datum) bool {
	v := int32(d.Int())
	return v != datetime.DateInfinity && v != datetime.DateNegInfinity
}

func finiteTimestamp(ts int64) bool {
	return ts != datetime.TimestampInfinity && ts != datetime.TimestampNegInfinity
}

func errOverflow(message string) error { return pgerr.New(pgerr.DatetimeFieldOverflow, message) }

func errTimestampRange() error { return errOverflow("timestamp out of range") }

// timestampOfDate is midnight of a date; ok is false when it lies beyond what a timestamp holds, which dates can.
func timestampOfDate(d pgtype.Datum) (ts int64, ok bool) {
	switch v := int32(d.Int()); v {
	case datetime.DateInfinity:
		return datetime.TimestampInfinity, true
	case datetime.DateNegInfinity:
		return datetime.TimestampNegInfinity, true
	default:
		days := int64(v)
		if days > math.MaxInt64/datetime.Day-1 {
			return math.MaxInt64 - 1, false
		}
		ts = days * datetime.Day
		return ts, datetime.ValidTimestamp(ts)
	}
}

func dateToTimestamp(d pgtype.Datum) (int64, error) {
	ts, ok := timestampOfDate(d)
	if !ok {
		return 0, errOverflow("date out of range for timestamp")
	}
	return ts, nil
}

func timestampResult(ts int64, err error) (pgtype.Datum, error) {
	if err != nil {
		return pgtype.Null, err
	}
	return pgtype.Int(ts), nil
}

func dateToTimestamptz(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	ts, err := dateToTimestamp(a[0])
	if err != nil {
		return pgtype.Null, err
	}
	return timestampResult(datetime.ToUTC(ts, c.Text.Location))
}

// dateOf is the date of a local timestamp.
func dateOf(ts int64) pgtype.Datum {
	switch ts {
	case datetime.TimestampInfinity:
		return pgtype.DateValue(datetime.DateInfinity)
	case datetime.TimestampNegInfinity:
		return pgtype.DateValue(datetime.DateNegInfinity)
	}
	day, _ := floorDivide(ts, datetime.Day)
	return pgtype.DateValue(int32(day))
}

func floorDivide(a, b int64) (quotient, rest int64) {
	quotient, rest = a/b, a%b
	if rest < 0 {
		quotient--
		rest += b
	}
	return quotient, rest
}

func compareDateTimestamp(_ *Call, a, b pgtype.Datum) int {
	ts, _ := timestampOfDate(a)
	return sign(ts, b.Int())
}

// toUTC is a local timestamp in the session's zone for comparisons, where the range does not matter.
func toUTC(c *Call, local int64) int64 {
	ts, err := datetime.ToUTC(local, c.Text.Location)
	if err != nil {
		return local
	}
	return ts
}

func compareDateTimestamptz(c *Call, a, b pgtype.Datum) int {
	ts, ok := timestampOfDate(a)
	if ok {
		ts = toUTC(c, ts)
	}
	return sign(ts, b.Int())
}

func compareTimestampTimestamptz(c *Call, a, b pgtype.Datum) int {
	return sign(toUTC(c, a.Int()), b.Int())
}

func dateMinusDate(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if !finiteDate(a[0]) || !finiteDate(a[1]) {
		return pgtype.Null, errOverflow("cannot subtract infinite dates")
	}
	return pgtype.Int(a[0].Int() - a[1].Int()), nil
}

func datePlusDays(direction int64) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		if !finiteDate(a[0]) {
			return a[0], nil
		}
		v := a[0].Int() + direction*a[1].Int()
		if v != int64(int32(v)) || !datetime.ValidDate(int32(v)) || !finiteDate(pgtype.Int(v)) {
			return pgtype.Null, errOverflow("date out of range")
		}
		return pgtype.DateValue(int32(v)), nil
	}
}

func dateOffset(direction int) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		ts, err := dateToTimestamp(a[0])
		if err != nil {
			return pgtype.Null, err
		}
		return timestampResult(offsetTimestamp(ts, a[1].Interval(), direction))
	}
}

func datePlusTime(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	ts, err := dateToTimestamp(a[0])
	if err != nil {
		return pgtype.Null, err
	}
	if !finiteTimestamp(ts) {
		return pgtype.Int(ts), nil
	}
	return timestampResult(checkTimestamp(ts + a[1].Int()))
}

func checkTimestamp(ts int64) (int64, error) {
	if !finiteTimestamp(ts) || !datetime.ValidTimestamp(ts) {
		return 0, errTimestampRange()
	}
	return ts, nil
}

func datePlusTimeZoned(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	local, err := datePlusTime(c, a)
	if err != nil {
		return pgtype.Null, err
	}
	return timestampResult(datetime.ToUTC(local.Int(), c.Text.Location))
}

func datePlusTimetz(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	ts, err := dateToTimestamp(a[0])
	if err != nil {
		return pgtype.Null, err
	}
	if !finiteTimestamp(ts) {
		return pgtype.Int(ts), nil
	}
	return timestampResult(checkTimestamp(ts + a[1].TimeTZ().UTC()))
}

// calendarDate checks a date given by its fields; negative years are BC.
func calendarDate(a []pgtype.Datum) (days int32, err error) {
	year, month, day := a[0].Int(), a[1].Int(), a[2].Int()
	invalid := func() error {
		return pgerr.Newf(pgerr.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", year, month, day)
	}
	y := int(year)
	if y < 0 {
		y++
	}
	if year == 0 || month < 1 || month > 12 || day < 1 || y > math.MaxInt32/2 || int(day) > datetime.DaysIn(y, int(month)) {
		return 0, invalid()
	}
	days, ok := datetime.DateFrom(y, int(month), int(day))
	if !ok {
		return 0, pgerr.Newf(pgerr.DatetimeFieldOverflow, "date out of range: %d-%02d-%02d", y, month, day)
	}
	return days, nil
}

func makeDate(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	days, err := calendarDate(a)
	if err != nil {
		return pgtype.Null, err
	}
	return pgtype.DateValue(days), nil
}

func inRangeDate(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	val, err := dateToTimestamp(a[0])
	if err != nil {
		return pgtype.Null, err
	}
	base, err := dateToTimestamp(a[1])
	if err != nil {
		return pgtype.Null, err
	}
	return inRangeTimestamp(c, []pgtype.Datum{pgtype.Int(val), pgtype.Int(base), a[2], a[3], a[4]})
}
