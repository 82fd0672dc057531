package builtin

import (
	"math"
	"slices"
	"time"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/datetime"
)

// timestampFamily is the operators and casts of timestamp and timestamptz, and the clocks.
var timestampFamily = slices.Concat(
	comparisons("timestamp", underNames, compareInts),
	extremes("timestamp_larger", "timestamp_smaller", compareInts),
	[]Def{
		comparer("timestamp_cmp", compareInts),
		{Name: "timestamp_mi", Scalar: timestampMinusTimestamp},
		{Name: "timestamp_pl_interval", Scalar: timestampOffset(1)},
		{Name: "timestamp_mi_interval", Scalar: timestampOffset(-1)},
		{OID: 2548, Name: "interval + timestamp", Scalar: swapped(timestampOffset(1))},
		{Name: "timestamptz_pl_interval", Scalar: timestamptzOffset(1)},
		{Name: "timestamptz_mi_interval", Scalar: timestamptzOffset(-1)},
		{Name: "timestamptz_pl_interval_at_zone", Scalar: timestamptzOffset(1)},
		{Name: "timestamptz_mi_interval_at_zone", Scalar: timestamptzOffset(-1)},
		{OID: 2549, Name: "interval + timestamptz", Scalar: swapped(timestamptzOffset(1))},
		{Name: "timestamp_age", Scalar: timestampAge},
		{Name: "timestamptz_age", Scalar: timestamptzAge},
		{OID: 2059, Name: "age(timestamp)", Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return timestampAge(c, []pgtype.Datum{pgtype.Int(c.today()), a[0]})
		}},
		{OID: 1386, Name: "age(timestamptz)", Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return timestamptzAge(c, []pgtype.Datum{pgtype.Int(toUTC(c, c.today())), a[0]})
		}},
		{Name: "timestamp_finite", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Bool(finiteTimestamp(a[0].Int())), nil
		}},
		{Name: "timestamp_scale", Scalar: timestampScale},
		{Name: "timestamptz_scale", Scalar: timestampScale},
		{Name: "timestamptz_timestamp", Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return timestampResult(localTime(a[0].Int(), c.Text.Location))
		}},
		{Name: "timestamp_timestamptz", Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return timestampResult(datetime.ToUTC(a[0].Int(), c.Text.Location))
		}},
		{Name: "float8_timestamptz", Scalar: unixToTimestamptz},
		{Name: "make_timestamp", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return timestampResult(makeTimestamp(a)) }},
		{Name: "make_timestamptz", Scalar: makeTimestamptz},
		{Name: "make_timestamptz_at_timezone", Scalar: makeTimestamptz},
		{Name: "in_range_timestamp_interval", Scalar: inRangeTimestamp},
		{Name: "in_range_timestamptz_interval", Scalar: inRangeTimestamptz},
		{Name: "now", Scalar: func(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Int(c.now()), nil }},
		{Name: "statement_timestamp", Scalar: func(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
			if c.Env == nil {
				return pgtype.Int(c.now()), nil
			}
			return pgtype.Int(datetime.FromTime(c.Env.StatementTime())), nil
		}},
		{Name: "clock_timestamp", Scalar: func(*Call, []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Int(datetime.FromTime(time.Now())), nil
		}},
		{Name: "timeofday", Scalar: func(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Text(time.Now().In(c.Text.Location).Format("Mon Jan 02 15:04:05.000000 2006 MST")), nil
		}},
	},
)

// now is the start of the transaction.
func (c *Call) now() int64 {
	if c.Env == nil {
		return datetime.FromTime(c.Text.Now)
	}
	return datetime.FromTime(c.Env.TransactionTime())
}

// today is midnight of the current date, as a local timestamp.
func (c *Call) today() int64 {
	local := datetime.ToLocal(c.now(), c.Text.Location)
	_, rest := floorDivide(local, datetime.Day)
	return local - rest
}

// localTime is ToLocal with its range checked.
func localTime(ts int64, loc *time.Location) (int64, error) {
	if !finiteTimestamp(ts) {
		return ts, nil
	}
	return checkTimestamp(datetime.ToLocal(ts, loc))
}

func timestampMinusTimestamp(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x, y := a[0].Int(), a[1].Int()
	if !finiteTimestamp(x) || !finiteTimestamp(y) {
		return pgtype.Null, errOverflow("cannot subtract infinite timestamps")
	}
	diff := x - y
	if (x^y)&(x^diff) < 0 {
		return pgtype.Null, errIntervalRange()
	}
	return intervalResult(justifyHours(datetime.Interval{Micros: diff}))
}

// offsetTimestamp adds an interval to a local timestamp, or subtracts it: first months, which stop at a month's last day, then days, then time.
func offsetTimestamp(ts int64, v datetime.Interval, direction int) (int64, error) {
	if !finiteTimestamp(ts) {
		return ts, nil
	}
	ts, err := addMonthsAndDays(ts, int64(v.Months)*int64(direction), int64(v.Days)*int64(direction))
	if err != nil {
		return 0, err
	}
	return addMicros(ts, v.Micros, direction)
}

func addMicros(ts, micros int64, direction int) (int64, error) {
	sum := ts + micros
	overflow := (ts^sum)&(micros^sum) < 0
	if direction < 0 {
		sum = ts - micros
		overflow = (ts^micros)&(ts^sum) < 0
	}
	if overflow {
		return 0, errTimestampRange()
	}
	return checkTimestamp(sum)
}

func addMonthsAndDays(ts, months, days int64) (int64, error) {
	if months != 0 {
		c := datetime.ClockOf(ts)
		years, month := floorDivide(int64(c.Month)-1+months, 12)
		c.Year, c.Month = c.Year+int(years), int(month)+1
		if c.Year < -4714 || c.Year > 294277 {
			return 0, errTimestampRange()
		}
		c.Day = min(c.Day, datetime.DaysIn(c.Year, c.Month))
		var ok bool
		if ts, ok = c.Timestamp(); !ok {
			return 0, errTimestampRange()
		}
	}
	if days != 0 {
		whole, ok := multiplyInt64(days, datetime.Day)
		if !ok {
			return 0, errTimestampRange()
		}
		return addMicros(ts, whole, 1)
	}
	return ts, nil
}

func timestampOffset(direction int) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return timestampResult(offsetTimestamp(a[0].Int(), a[1].Interval(), direction))
	}
}

// timestamptzOffset adds months and days on the zone's calendar, and time on the clock that never jumps. The zone is the third argument or the session's.
func timestamptzOffset(direction int) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		loc := c.Text.Location
		if len(a) == 3 {
			var err error
			if loc, err = zoneByName(a[2].Text()); err != nil {
				return pgtype.Null, err
			}
		}
		return timestampResult(offsetTimestamptz(a[0].Int(), a[1].Interval(), direction, loc))
	}
}

func offsetTimestamptz(ts int64, v datetime.Interval, direction int, loc *time.Location) (int64, error) {
	if !finiteTimestamp(ts) {
		return ts, nil
	}
	for _, step := range [2][2]int64{{int64(v.Months), 0}, {0, int64(v.Days)}} {
		if step[0] == 0 && step[1] == 0 {
			continue
		}
		local, err := addMonthsAndDays(datetime.ToLocal(ts, loc), step[0]*int64(direction), step[1]*int64(direction))
		if err != nil {
			return 0, err
		}
		if ts, err = datetime.ToUTC(local, loc); err != nil {
			return 0, err
		}
	}
	return addMicros(ts, v.Micros, direction)
}

func timestampAge(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return calendarAge(a[0].Int(), a[1].Int())
}

func timestamptzAge(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return calendarAge(datetime.ToLocal(a[0].Int(), c.Text.Location), datetime.ToLocal(a[1].Int(), c.Text.Location))
}

// calendarAge is the difference in years, months, days and time, borrowing days from the earlier timestamp's month.
func calendarAge(x, y int64) (pgtype.Datum, error) {
	if !finiteTimestamp(x) || !finiteTimestamp(y) {
		return pgtype.Null, errOverflow("cannot subtract infinite timestamps")
	}
	negative := x < y
	if negative {
		x, y = y, x
	}
	late, early := datetime.ClockOf(x), datetime.ClockOf(y)
	months := int64(late.Year-early.Year)*12 + int64(late.Month-early.Month)
	days := int64(late.Day - early.Day)
	_, lateTime := floorDivide(x, datetime.Day)
	_, earlyTime := floorDivide(y, datetime.Day)
	micros := lateTime - earlyTime
	if micros < 0 {
		micros += datetime.Day
		days--
	}
	for days < 0 {
		days += int64(datetime.DaysIn(early.Year, early.Month))
		months--
	}
	if negative {
		months, days, micros = -months, -days, -micros
	}
	return pgtype.IntervalValue(datetime.Interval{Months: int32(months), Days: int32(days), Micros: micros}), nil
}

func timestampScale(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	ts := a[0].Int()
	if !finiteTimestamp(ts) {
		return a[0], nil
	}
	return timestampResult(checkTimestamp(datetime.RoundTimestamp(ts, int32(a[1].Int()))))
}

// unixEpoch is 1970-01-01 as a timestamp.
const unixEpoch = -10957 * datetime.Day

func unixToTimestamptz(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	v := a[0].Float()
	switch {
	case math.IsInf(v, 1):
		return pgtype.Int(datetime.TimestampInfinity), nil
	case math.IsInf(v, -1):
		return pgtype.Int(datetime.TimestampNegInfinity), nil
	case math.IsNaN(v):
		return pgtype.Null, errOverflow("timestamp cannot be NaN")
	}
	micros := math.RoundToEven((v + float64(unixEpoch/datetime.Second)) * 1e6)
	if !(math.Abs(micros) < 1<<63) || !datetime.ValidTimestamp(int64(micros)) {
		return pgtype.Null, pgerr.Newf(pgerr.DatetimeFieldOverflow, "timestamp out of range: \"%s\"", shortFloat(v))
	}
	return pgtype.Int(int64(micros)), nil
}

// timeOfDay checks a time given by its fields; 24:00:00 is one, and a leap second runs into the next minute.
func timeOfDay(a []pgtype.Datum) (micros int64, err error) {
	hour, minute, second := a[0].Int(), a[1].Int(), a[2].Float()
	total := math.RoundToEven(second * 1e6)
	if math.IsNaN(second) || hour < 0 || hour > 24 || minute < 0 || minute > 59 || second < 0 || second > 60 ||
		hour == 24 && (minute > 0 || second > 0) {
		return 0, pgerr.Newf(pgerr.DatetimeFieldOverflow, "time field value out of range: %d:%02d:%s", hour, minute, paddedSeconds(second))
	}
	return (hour*60+minute)*datetime.Minute + int64(total), nil
}

// paddedSeconds prints seconds in at least two characters.
func paddedSeconds(v float64) string {
	s := shortFloat(v)
	if len(s) < 2 {
		s = "0" + s
	}
	return s
}

func makeTimestamp(a []pgtype.Datum) (int64, error) {
	days, err := calendarDate(a[:3])
	if err != nil {
		return 0, err
	}
	micros, err := timeOfDay(a[3:6])
	if err != nil {
		return 0, err
	}
	whole, ok := multiplyInt64(int64(days), datetime.Day)
	if !ok || !datetime.ValidTimestamp(whole+micros) {
		return 0, errTimestampRange()
	}
	return whole + micros, nil
}

func makeTimestamptz(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	loc := c.Text.Location
	if len(a) == 7 {
		var err error
		if loc, err = zoneOrOffset(a[6].Text()); err != nil {
			return pgtype.Null, err
		}
	}
	local, err := makeTimestamp(a)
	if err != nil {
		return pgtype.Null, err
	}
	return timestampResult(datetime.ToUTC(local, loc))
}

func inRangeTimestamp(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return inRangeOf(a, func(base int64, v datetime.Interval, direction int) (int64, error) {
		return offsetTimestamp(base, v, direction)
	})
}

func inRangeTimestamptz(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return inRangeOf(a, func(base int64, v datetime.Interval, direction int) (int64, error) {
		return offsetTimestamptz(base, v, direction, c.Text.Location)
	})
}

// inRangeOf tells whether a value lies within a window frame's bound: arguments are value, base, offset, subtract, less.
func inRangeOf(a []pgtype.Datum, add func(int64, datetime.Interval, int) (int64, error)) (pgtype.Datum, error) {
	offset := a[2].Interval()
	if datetime.CompareInterval(offset, datetime.Interval{}) < 0 {
		return pgtype.Null, invalidFrameOffset()
	}
	direction := 1
	if a[3].Bool() {
		direction = -1
	}
	sum, err := add(a[1].Int(), offset, direction)
	if err != nil {
		return pgtype.Null, err
	}
	if a[4].Bool() {
		return pgtype.Bool(a[0].Int() <= sum), nil
	}
	return pgtype.Bool(a[0].Int() >= sum), nil
}
