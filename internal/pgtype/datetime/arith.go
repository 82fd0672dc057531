package datetime

import (
	"math"
	"time"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// AddInterval adds an interval to a timestamp in loc, nil for one without time zone: first the months, to the last day of a shorter month, then the days by
// the calendar, then the time.
func AddInterval(ts int64, v Interval, loc *time.Location) (int64, error) {
	if !finiteTimestamp(ts) {
		return ts, nil
	}
	if v.Months != 0 {
		c := ClockOf(ToLocal(ts, loc))
		months := int64(c.Year)*12 + int64(c.Month-1) + int64(v.Months)
		year, month := floorDiv(months, 12)
		c.Year, c.Month = int(year), int(month)+1
		if c.Year > maxJulianYear || c.Year < minJulianYear {
			return 0, errTimestampRange()
		}
		c.Day = min(c.Day, DaysIn(c.Year, c.Month))
		var err error
		if ts, err = fromClock(c, loc); err != nil {
			return 0, err
		}
	}
	if v.Days != 0 {
		local, fits := mulAdd(int64(v.Days), Day, ToLocal(ts, loc))
		if !fits {
			return 0, errTimestampRange()
		}
		var err error
		if ts, err = ToUTC(local, loc); err != nil {
			return 0, err
		}
		if !validTimestamp(ts) {
			return 0, errTimestampRange()
		}
	}
	if !addTo(&ts, v.Micros) || !validTimestamp(ts) {
		return 0, errTimestampRange()
	}
	return ts, nil
}

func fromClock(c Clock, loc *time.Location) (int64, error) {
	local, fits := c.Timestamp()
	if !fits {
		return 0, errTimestampRange()
	}
	return ToUTC(local, loc)
}

// Negate is −v.
func Negate(v Interval) (Interval, error) {
	if v.Months == math.MinInt32 || v.Days == math.MinInt32 || v.Micros == math.MinInt64 {
		return Interval{}, errIntervalRange()
	}
	return Interval{-v.Months, -v.Days, -v.Micros}, nil
}

// SubInterval subtracts an interval from a timestamp in loc.
func SubInterval(ts int64, v Interval, loc *time.Location) (int64, error) {
	// The most negative parts negate to themselves, which no timestamp survives.
	return AddInterval(ts, Interval{-v.Months, -v.Days, -v.Micros}, loc)
}

// SubTimestamps is a − b in days and time.
func SubTimestamps(a, b int64) (Interval, error) {
	if !finiteTimestamp(a) || !finiteTimestamp(b) {
		return Interval{}, pgerr.New(pgerr.DatetimeFieldOverflow, "cannot subtract infinite timestamps")
	}
	d := a - b
	if (d < a) != (b > 0) && b != 0 {
		return Interval{}, errIntervalRange()
	}
	return JustifyHours(Interval{Micros: d})
}

// SubDates is a − b in days.
func SubDates(a, b int32) (int32, error) {
	if !finiteDate(a) || !finiteDate(b) {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "cannot subtract infinite dates")
	}
	return a - b, nil
}

// AddDays is d + n.
func AddDays(d int32, n int64) (int32, error) {
	if !finiteDate(d) {
		return d, nil
	}
	v := int64(d) + n
	if v < minDate || v >= endDate {
		return 0, errDateRange()
	}
	return int32(v), nil
}

// DateToTimestamp is midnight of a date.
func DateToTimestamp(d int32) (int64, error) {
	switch {
	case d == DateInfinity:
		return TimestampInfinity, nil
	case d == DateNegInfinity:
		return TimestampNegInfinity, nil
	case int64(d) >= endTimestamp/Day:
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range for timestamp")
	}
	return int64(d) * Day, nil
}

// DateToTimestampTZ is midnight of a date in loc.
func DateToTimestampTZ(d int32, loc *time.Location) (int64, error) {
	ts, err := DateToTimestamp(d)
	if err != nil || !finiteTimestamp(ts) {
		return ts, err
	}
	ts -= int64(localOffset(ts, loc)) * Second
	if !validTimestamp(ts) {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range for timestamp")
	}
	return ts, nil
}

// TimestampToDate is the date of a local timestamp.
func TimestampToDate(ts int64) int32 {
	switch ts {
	case TimestampInfinity:
		return DateInfinity
	case TimestampNegInfinity:
		return DateNegInfinity
	}
	d, _ := floorDiv(ts, Day)
	return int32(d)
}

// TimeOfDay is the time of a local timestamp; false for an infinite one.
func TimeOfDay(ts int64) (int64, bool) {
	if !finiteTimestamp(ts) {
		return 0, false
	}
	_, t := floorDiv(ts, Day)
	return t, true
}

// AddToTime adds to a time of day, around midnight.
func AddToTime(t, micros int64) int64 {
	_, t = floorDiv(t+micros%Day, Day)
	return t
}

// AddIntervals is a + b.
func AddIntervals(a, b Interval) (Interval, error) {
	months, days := int64(a.Months)+int64(b.Months), int64(a.Days)+int64(b.Days)
	micros := a.Micros
	if int64(int32(months)) != months || int64(int32(days)) != days || !addTo(&micros, b.Micros) {
		return Interval{}, errIntervalRange()
	}
	return Interval{int32(months), int32(days), micros}, nil
}

// SubIntervals is a − b.
func SubIntervals(a, b Interval) (Interval, error) {
	months, days, micros := int64(a.Months)-int64(b.Months), int64(a.Days)-int64(b.Days), a.Micros-b.Micros
	if int64(int32(months)) != months || int64(int32(days)) != days || b.Micros != 0 && (micros < a.Micros) != (b.Micros > 0) {
		return Interval{}, errIntervalRange()
	}
	return Interval{int32(months), int32(days), micros}, nil
}

// roundMicros is a number of seconds or days rounded at the sixth place.
func roundMicros(v float64) float64 { return roundEven(v*1e6) / 1e6 }

// MulInterval is v × factor, fractions of months going to days and of days to time.
func MulInterval(v Interval, factor float64) (Interval, error) {
	return scaleInterval(v, func(x float64) float64 { return x * factor })
}

// DivInterval is v / divisor.
func DivInterval(v Interval, divisor float64) (Interval, error) {
	if divisor == 0 {
		return Interval{}, pgerr.New(pgerr.DivisionByZero, "division by zero")
	}
	return scaleInterval(v, func(x float64) float64 { return x / divisor })
}

func scaleInterval(v Interval, scale func(float64) float64) (Interval, error) {
	months, days := scale(float64(v.Months)), scale(float64(v.Days))
	if !(months > math.MinInt32-1.0 && months < math.MaxInt32+1.0 && days > math.MinInt32-1.0 && days < math.MaxInt32+1.0) {
		return Interval{}, errIntervalRange()
	}
	wholeMonths, wholeDays := math.Trunc(months), math.Trunc(days)
	restDays := roundMicros((months - wholeMonths) * daysPerMonth)
	restSeconds := roundMicros((days - wholeDays + restDays - math.Trunc(restDays)) * 86400)
	if math.Abs(restSeconds) >= 86400 {
		d := math.Trunc(restSeconds / 86400)
		wholeDays += d
		restSeconds -= d * 86400
	}
	wholeDays += math.Trunc(restDays)
	micros := roundEven(scale(float64(v.Micros)) + restSeconds*1e6)
	if !(micros >= math.MinInt64 && micros < -math.MinInt64) || wholeDays < math.MinInt32 || wholeDays > math.MaxInt32 {
		return Interval{}, errIntervalRange()
	}
	return Interval{int32(wholeMonths), int32(wholeDays), int64(micros)}, nil
}

// JustifyHours turns 24 hours into days.
func JustifyHours(v Interval) (Interval, error) {
	days := int64(v.Days) + v.Micros/Day
	v.Micros %= Day
	switch {
	case days > 0 && v.Micros < 0:
		v.Micros += Day
		days--
	case days < 0 && v.Micros > 0:
		v.Micros -= Day
		days++
	}
	return v.withDays(int64(v.Months), days)
}

func (v Interval) withDays(months, days int64) (Interval, error) {
	if int64(int32(months)) != months || int64(int32(days)) != days {
		return Interval{}, errIntervalRange()
	}
	v.Months, v.Days = int32(months), int32(days)
	return v, nil
}

// JustifyDays turns 30 days into months.
func JustifyDays(v Interval) (Interval, error) {
	months, days := int64(v.Months)+int64(v.Days/daysPerMonth), int64(v.Days%daysPerMonth)
	switch {
	case months > 0 && days < 0:
		days += daysPerMonth
		months--
	case months < 0 && days > 0:
		days -= daysPerMonth
		months++
	}
	return v.withDays(months, days)
}

// JustifyInterval does both and makes the signs of the parts agree.
func JustifyInterval(v Interval) (Interval, error) {
	months, days, micros := int64(v.Months), int64(v.Days), v.Micros
	days += micros / Day
	micros %= Day
	months += days / daysPerMonth
	days %= daysPerMonth
	switch {
	case months > 0 && (days < 0 || days == 0 && micros < 0):
		days += daysPerMonth
		months--
	case months < 0 && (days > 0 || days == 0 && micros > 0):
		days -= daysPerMonth
		months++
	}
	switch {
	case days > 0 && micros < 0:
		micros += Day
		days--
	case days < 0 && micros > 0:
		micros -= Day
		days++
	}
	v.Micros = micros
	return v.withDays(months, days)
}

// Age is the difference of two local timestamps in years, months, days and time, as a person counts it. Infinity counts as the number
// that stands for it, as it does in PostgreSQL 16, which −infinity is too far away for.
func Age(a, b int64) (Interval, error) {
	if a == TimestampNegInfinity || b == TimestampNegInfinity {
		return Interval{}, errTimestampRange()
	}
	// The borrowed days are those of the earlier one's month: in both directions the month of the smaller argument.
	sign := int32(1)
	if a < b {
		a, b, sign = b, a, -1
	}
	x, y := ClockOf(a), ClockOf(b)
	micros := x.timeOf() - y.timeOf()
	days := x.Day - y.Day
	months := (x.Year-y.Year)*12 + x.Month - y.Month
	if micros < 0 {
		micros += Day
		days--
	}
	for days < 0 {
		days += DaysIn(y.Year, y.Month)
		months--
	}
	return Interval{sign * int32(months), sign * int32(days), int64(sign) * micros}, nil
}
