package datetime

import (
	"math"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// Microseconds in units of time.
const (
	Second int64 = 1000000
	Minute       = 60 * Second
	Hour         = 60 * Minute
	Day          = 24 * Hour
)

// The infinite values.
const (
	DateInfinity         int32 = math.MaxInt32
	DateNegInfinity      int32 = math.MinInt32
	TimestampInfinity    int64 = math.MaxInt64
	TimestampNegInfinity int64 = math.MinInt64
)

const (
	epochJulian     = 2451545 // 2000-01-01
	unixEpochJulian = 2440588 // 1970-01-01
	unixOffset      = (epochJulian - unixEpochJulian) * 86400

	minJulianYear  = -4713
	minJulianMonth = 11
	minJulianDay   = 24
	maxJulianYear  = 5874898
	maxJulianMonth = 6

	// The first and the end of the timestamps, in microseconds.
	minTimestamp int64 = -211813488000000000
	endTimestamp int64 = 9223371331200000000

	minDate = -epochJulian             // 4714-11-24 BC
	endDate = 2147483494 - epochJulian // 5874898-06-03
)

// Clock is a broken-down local time. Years before 1 count from 0 downwards: 0 is 1 BC.
type Clock struct {
	Year, Month, Day, Hour, Min, Sec int
	Micros                           int // of the second
}

// julian is the Julian day of a date of the Gregorian calendar.
func julian(year, month, day int) int {
	if month > 2 {
		month++
		year += 4800
	} else {
		month += 13
		year += 4799
	}
	century := year / 100
	return year*365 - 32167 + year/4 - century + century/4 + 7834*month/256 + day
}

// fromJulian is the date of a Julian day.
func fromJulian(jd int) (year, month, day int) {
	// Days since 1 March of the year −4800, so that leap days end years, and 400 years are a cycle of 146097 days.
	d := jd + 32044
	cycle := d / 146097
	d -= cycle * 146097
	century := min(d/36524, 3)
	d -= century * 36524
	quad := d / 1461
	d -= quad * 1461
	y := min(d/365, 3)
	d -= y * 365
	m := (5*d + 2) / 153
	day = d - (153*m+2)/5 + 1
	year = cycle*400 + century*100 + quad*4 + y - 4800
	if m += 3; m > 12 {
		m -= 12
		year++
	}
	return year, m, day
}

// validJulian tells whether the date is one that has a Julian day that calculations can take.
func validJulian(y, m, d int) bool {
	return (y > minJulianYear || y == minJulianYear && m >= minJulianMonth) &&
		(y < maxJulianYear || y == maxJulianYear && m < maxJulianMonth)
}

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

var monthDays = [13]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// DaysIn is the number of days of a month.
func DaysIn(year, month int) int {
	if month == 2 && leap(year) {
		return 29
	}
	return monthDays[month]
}

// weekday is 0 for Sunday.
func weekday(jd int) int {
	w := (jd + 1) % 7
	if w < 0 {
		w += 7
	}
	return w
}

// DateOf is the calendar date of a finite date value.
func DateOf(d int32) (year, month, day int) { return fromJulian(int(d) + epochJulian) }

// DateFrom makes a date value; false when it is out of range.
func DateFrom(year, month, day int) (int32, bool) {
	if !validJulian(year, month, day) {
		return 0, false
	}
	d := julian(year, month, day) - epochJulian
	return int32(d), d >= minDate && d < endDate
}

func floorDiv(a, b int64) (q, r int64) {
	q, r = a/b, a%b
	if r < 0 {
		q--
		r += b
	}
	return q, r
}

// ClockOf breaks a finite timestamp down.
func ClockOf(ts int64) Clock {
	days, t := floorDiv(ts, Day)
	c := timeClock(t)
	c.Year, c.Month, c.Day = fromJulian(int(days) + epochJulian)
	return c
}

// timeClock breaks a time of day down.
func timeClock(t int64) Clock {
	return Clock{Hour: int(t / Hour), Min: int(t / Minute % 60), Sec: int(t / Second % 60), Micros: int(t % Second)}
}

// timeOf is the time of day in microseconds.
func (c Clock) timeOf() int64 {
	return (int64(c.Hour)*60+int64(c.Min))*Minute + int64(c.Sec)*Second + int64(c.Micros)
}

// Timestamp puts a local time together; false when it is out of range.
func (c Clock) Timestamp() (int64, bool) {
	if !validJulian(c.Year, c.Month, c.Day) {
		return 0, false
	}
	days := int64(julian(c.Year, c.Month, c.Day) - epochJulian)
	t := c.timeOf()
	ts, ok := mulAdd(days, Day, t)
	return ts, ok && validTimestamp(ts)
}

// mulAdd is a*b + c without overflow.
func mulAdd(a, b, c int64) (int64, bool) {
	p := a * b
	if a != 0 && (p/a != b) {
		// The first day of the range lies a little outside of 64 bits until the time is added.
		return 0, false
	}
	s := p + c
	return s, (s > p) == (c > 0)
}

func validTimestamp(ts int64) bool { return ts >= minTimestamp && ts < endTimestamp }

// finiteTimestamp tells whether ts is not an infinity.
func finiteTimestamp(ts int64) bool { return ts != TimestampInfinity && ts != TimestampNegInfinity }

func finiteDate(d int32) bool { return d != DateInfinity && d != DateNegInfinity }

func errTimestampRange() error {
	return pgerr.New(pgerr.DatetimeFieldOverflow, "timestamp out of range")
}
func errDateRange() error     { return pgerr.New(pgerr.DatetimeFieldOverflow, "date out of range") }
func errIntervalRange() error { return pgerr.New(pgerr.DatetimeFieldOverflow, "interval out of range") }
