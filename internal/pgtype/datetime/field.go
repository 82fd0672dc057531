package datetime

import (
	"math"
	"strings"
	"time"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// The types' names in messages about fields.
const (
	typeDate        = "date"
	typeTime        = "time without time zone"
	typeTimeTZ      = "time with time zone"
	typeTimestamp   = "timestamp without time zone"
	typeTimestampTZ = "timestamp with time zone"
	typeInterval    = "interval"
)

// fieldUnits are the fields of extract that are not units of intervals.
var fieldUnits = map[string]unit{
	"julian": unitJulian, "isoyear": unitISOYear, "dow": unitDOW, "isodow": unitISODOW, "doy": unitDOY, "epoch": unitEpoch,
	"j": unitJulian, "jd": unitJulian, "timezone": unitTimezone, "timezone_h": unitTimezoneHour, "timezone_m": unitTimezoneMinute,
}

// field finds a field by its name; the lower-case name is for messages.
func field(name, typ string) (unit, string, error) {
	low := strings.ToLower(name)
	if u, found := unitWords[clip(low)]; found {
		return u, low, nil
	}
	if u, found := fieldUnits[clip(low)]; found {
		return u, low, nil
	}
	return 0, low, pgerr.Newf(pgerr.InvalidParameterValue, "unit \"%s\" not recognized for type %s", low, typ)
}

func errUnit(name, typ string) error {
	return pgerr.Newf(pgerr.FeatureNotSupported, "unit \"%s\" not supported for type %s", name, typ)
}

// Field is what extract gives: a number, or NULL.
type Field struct {
	Num  numeric.Num
	Null bool
}

func whole(v int64) (Field, error) { return Field{Num: numeric.FromInt64(v)}, nil }

func scaled(v int64, scale int32) (Field, error) { return Field{Num: numeric.New(v, scale)}, nil }

// timeField is a field of the time of day, common to all types that have one.
func (c Clock) timeField(u unit) (f Field, found bool) {
	micros := int64(c.Sec)*Second + int64(c.Micros)
	switch u {
	case unitMicrosecond:
		f.Num = numeric.FromInt64(micros)
	case unitMillisecond:
		f.Num = numeric.New(micros, 3)
	case unitSecond:
		f.Num = numeric.New(micros, 6)
	case unitMinute:
		f.Num = numeric.FromInt64(int64(c.Min))
	case unitHour:
		f.Num = numeric.FromInt64(int64(c.Hour))
	default:
		return f, false
	}
	return f, true
}

// dateField is a field of the date.
func (c Clock) dateField(u unit) (v int64, found bool) {
	y := int64(c.Year)
	jd := julian(c.Year, c.Month, c.Day)
	// Periods of years: the first one AD is 1, the first one BC −1.
	period := func(n int64) int64 {
		if y > 0 {
			return (y + n - 1) / n
		}
		return -((n - 1 - (y - 1)) / n)
	}
	switch u {
	case unitDay:
		v = int64(c.Day)
	case unitMonth:
		v = int64(c.Month)
	case unitQuarter:
		v = int64(c.Month-1)/3 + 1
	case unitWeek:
		_, w := isoWeek(jd)
		v = int64(w)
	case unitYear:
		if v = y; y <= 0 {
			v = y - 1
		}
	case unitDecade:
		if y >= 0 {
			v = y / 10
		} else {
			v = -((8 - (y - 1)) / 10)
		}
	case unitCentury:
		v = period(100)
	case unitMillennium:
		v = period(1000)
	case unitISOYear:
		iy, _ := isoWeek(jd)
		if v = int64(iy); v <= 0 {
			v--
		}
	case unitDOW:
		v = int64(weekday(jd))
	case unitISODOW:
		if v = int64(weekday(jd)); v == 0 {
			v = 7
		}
	case unitDOY:
		v = int64(jd - julian(c.Year, 1, 1) + 1)
	case unitJulian:
		v = int64(jd)
	default:
		return 0, false
	}
	return v, true
}

// isoWeek is the ISO year and week of a Julian day: the week that has the year's fourth of January is the first.
func isoWeek(jd int) (year, week int) {
	thursday := jd - (weekday(jd)+6)%7 + 3
	year, _, _ = fromJulian(thursday)
	return year, (thursday-julian(year, 1, 1))/7 + 1
}

// infinite is the field of an infinite date or timestamp: what grows without end is infinite too, what comes around is NULL.
func infinite(u unit, positive bool) (Field, error) {
	switch u {
	case unitYear, unitDecade, unitCentury, unitMillennium, unitJulian, unitISOYear, unitEpoch:
		if positive {
			return Field{Num: numeric.PosInf}, nil
		}
		return Field{Num: numeric.NegInf}, nil
	}
	return Field{Null: true}, nil
}

// ExtractDate is extract(name from date).
func ExtractDate(name string, d int32) (Field, error) {
	u, low, err := field(name, typeDate)
	if err != nil {
		return Field{}, err
	}
	switch u {
	case unitMicrosecond, unitMillisecond, unitSecond, unitMinute, unitHour, unitTimezone, unitTimezoneHour, unitTimezoneMinute:
		return Field{}, errUnit(low, typeDate)
	}
	if !finiteDate(d) {
		return infinite(u, d > 0)
	}
	if u == unitEpoch {
		return whole((int64(d) + epochJulian - unixEpochJulian) * 86400)
	}
	var c Clock
	c.Year, c.Month, c.Day = DateOf(d)
	v, found := c.dateField(u)
	if !found {
		return Field{}, errUnit(low, typeDate)
	}
	return whole(v)
}

// ExtractTimestamp is extract(name from timestamp).
func ExtractTimestamp(name string, ts int64) (Field, error) {
	return extractTimestamp(name, ts, nil, typeTimestamp)
}

// ExtractTimestampTZ is extract(name from timestamptz) in a session's zone.
func ExtractTimestampTZ(name string, ts int64, loc *time.Location) (Field, error) {
	if loc == nil {
		loc = time.UTC
	}
	return extractTimestamp(name, ts, loc, typeTimestampTZ)
}

func extractTimestamp(name string, ts int64, loc *time.Location, typ string) (Field, error) {
	u, low, err := field(name, typ)
	if err != nil {
		return Field{}, err
	}
	if !finiteTimestamp(ts) {
		return infinite(u, ts > 0)
	}
	offset, _ := offsetAt(ts, loc)
	c := ClockOf(ts + int64(offset)*Second)
	if f, found := c.timeField(u); found {
		return f, nil
	}
	switch u {
	case unitEpoch:
		if e, fits := mulAdd(unixOffset, Second, ts); fits {
			return scaled(e, 6)
		}
		e, err := numeric.Add(numeric.New(ts, 6), numeric.FromInt64(unixOffset))
		return Field{Num: e}, err
	case unitJulian:
		day, err := numeric.Div(numeric.FromInt64(c.timeOf()), numeric.FromInt64(Day))
		if err != nil {
			return Field{}, err
		}
		v, _ := c.dateField(u)
		jd, err := numeric.Add(numeric.FromInt64(v), day)
		return Field{Num: jd}, err
	}
	if loc != nil {
		switch u {
		case unitTimezone:
			return whole(int64(offset))
		case unitTimezoneHour:
			return whole(int64(offset / 3600))
		case unitTimezoneMinute:
			return whole(int64(offset / 60 % 60))
		}
	}
	v, found := c.dateField(u)
	if !found {
		return Field{}, errUnit(low, typ)
	}
	return whole(v)
}

// ExtractTime is extract(name from time).
func ExtractTime(name string, t int64) (Field, error) {
	u, low, err := field(name, typeTime)
	if err != nil {
		return Field{}, err
	}
	if f, found := timeClock(t).timeField(u); found {
		return f, nil
	}
	if u == unitEpoch {
		return scaled(t, 6)
	}
	return Field{}, errUnit(low, typeTime)
}

// ExtractTimeTZ is extract(name from timetz).
func ExtractTimeTZ(name string, t TimeTZ) (Field, error) {
	u, low, err := field(name, typeTimeTZ)
	if err != nil {
		return Field{}, err
	}
	if f, found := timeClock(t.Micros).timeField(u); found {
		return f, nil
	}
	switch u {
	case unitEpoch:
		return scaled(t.UTC(), 6)
	case unitTimezone:
		return whole(int64(-t.West))
	case unitTimezoneHour:
		return whole(int64(-t.West / 3600))
	case unitTimezoneMinute:
		return whole(int64(-t.West / 60 % 60))
	}
	return Field{}, errUnit(low, typeTimeTZ)
}

// ExtractInterval is extract(name from interval).
func ExtractInterval(name string, v Interval) (Field, error) {
	u, low, err := field(name, typeInterval)
	if err != nil {
		return Field{}, err
	}
	c := v.clock()
	micros := c.secs*Second + c.micros
	switch u {
	case unitMicrosecond:
		return whole(micros)
	case unitMillisecond:
		return scaled(micros, 3)
	case unitSecond:
		return scaled(micros, 6)
	case unitMinute:
		return whole(c.mins)
	case unitHour:
		return whole(c.hours)
	case unitDay:
		return whole(c.days)
	case unitMonth:
		return whole(c.months)
	case unitQuarter:
		return whole(c.months/3 + 1)
	case unitYear:
		return whole(c.years)
	case unitDecade:
		return whole(c.years / 10)
	case unitCentury:
		return whole(c.years / 100)
	case unitMillennium:
		return whole(c.years / 1000)
	case unitEpoch:
		// A year has 365¼ days and a month 30: quarters of days keep that an integer.
		seconds := (1461*c.years + 120*c.months + 4*c.days) * (86400 / 4)
		e, err := numeric.Add(numeric.New(v.Micros, 6), numeric.FromInt64(seconds))
		return Field{Num: e}, err
	}
	return Field{}, errUnit(low, typeInterval)
}

// TruncTimestamp is date_trunc(name, timestamp).
func TruncTimestamp(name string, ts int64) (int64, error) {
	return trunc(name, ts, nil, typeTimestamp)
}

// TruncTimestampTZ is date_trunc(name, timestamptz) in a zone.
func TruncTimestampTZ(name string, ts int64, loc *time.Location) (int64, error) {
	if loc == nil {
		loc = time.UTC
	}
	return trunc(name, ts, loc, typeTimestampTZ)
}

func trunc(name string, ts int64, loc *time.Location, typ string) (int64, error) {
	if !finiteTimestamp(ts) {
		return ts, nil
	}
	u, low, err := truncUnit(name, typ)
	if err != nil {
		return 0, err
	}
	switch u {
	case unitTimezone, unitTimezoneHour, unitTimezoneMinute:
		return 0, errUnit(low, typ)
	}
	offset, _ := offsetAt(ts, loc)
	c := ClockOf(ts + int64(offset)*Second)
	c.trunc(u)
	local, fits := c.Timestamp()
	if !fits {
		return 0, errTimestampRange()
	}
	if loc == nil {
		return local, nil
	}
	if u <= unitHour {
		// Within a day the offset stays, so that the hours around a change of the clock are kept apart.
		return local - int64(offset)*Second, nil
	}
	return ToUTC(local, loc)
}

// truncUnit finds a unit of date_trunc: those of intervals only.
func truncUnit(name, typ string) (unit, string, error) {
	low := strings.ToLower(name)
	if u, found := unitWords[clip(low)]; found {
		return u, low, nil
	}
	return 0, low, pgerr.Newf(pgerr.InvalidParameterValue, "unit \"%s\" not recognized for type %s", low, typ)
}

// trunc clears what is below a unit.
func (c *Clock) trunc(u unit) {
	period := func(n int) int {
		if c.Year > 0 {
			return (c.Year+n-1)/n*n - n + 1
		}
		return -((n-1-(c.Year-1))/n)*n + 1
	}
	switch u {
	case unitMillennium:
		c.Year = period(1000)
	case unitCentury:
		c.Year = period(100)
	case unitDecade:
		if c.Year > 0 {
			c.Year = c.Year / 10 * 10
		} else {
			c.Year = -((8 - (c.Year - 1)) / 10) * 10
		}
	case unitQuarter:
		c.Month = (c.Month-1)/3*3 + 1
	case unitWeek:
		jd := julian(c.Year, c.Month, c.Day)
		c.Year, c.Month, c.Day = fromJulian(jd - (weekday(jd)+6)%7)
	case unitMillisecond:
		c.Micros = c.Micros / 1000 * 1000
	}
	if u >= unitYear {
		c.Month = 1
	}
	if u >= unitMonth {
		c.Day = 1
	}
	if u >= unitDay {
		c.Hour = 0
	}
	if u >= unitHour {
		c.Min = 0
	}
	if u >= unitMinute {
		c.Sec = 0
	}
	if u >= unitSecond {
		c.Micros = 0
	}
}

// TruncInterval is date_trunc(name, interval).
func TruncInterval(name string, v Interval) (Interval, error) {
	u, low, err := truncUnit(name, typeInterval)
	if err != nil {
		return Interval{}, err
	}
	months := map[unit]int32{unitMonth: 1, unitQuarter: 3, unitYear: 12, unitDecade: 120, unitCentury: 1200, unitMillennium: 12000}
	micros := map[unit]int64{unitDay: Day, unitHour: Hour, unitMinute: Minute, unitSecond: Second, unitMillisecond: 1000, unitMicrosecond: 1}
	switch {
	case months[u] != 0:
		return Interval{Months: v.Months / months[u] * months[u]}, nil
	case u == unitDay:
		return Interval{Months: v.Months, Days: v.Days}, nil
	case micros[u] != 0:
		v.Micros = v.Micros / micros[u] * micros[u]
		return v, nil
	case u == unitWeek:
		return Interval{}, pgerr.Newf(pgerr.FeatureNotSupported, "unit \"%s\" not supported for type %s", low, typeInterval).
			WithDetail("Months usually have fractional weeks.")
	}
	return Interval{}, errUnit(low, typeInterval)
}

// MakeDate is make_date: negative years are BC.
func MakeDate(year, month, day int32) (int32, error) {
	y := int(year)
	bad := func() error {
		return pgerr.Newf(pgerr.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", year, month, day)
	}
	if y == 0 || month < 1 || month > 12 || day < 1 {
		return 0, bad()
	}
	if y < 0 {
		y++
	}
	if int(day) > DaysIn(y, int(month)) {
		return 0, bad()
	}
	d, fits := DateFrom(y, int(month), int(day))
	if !fits {
		return 0, pgerr.Newf(pgerr.DatetimeFieldOverflow, "date out of range: %d-%02d-%02d", year, month, day)
	}
	return d, nil
}

// MakeTime is make_time.
func MakeTime(hour, minute int32, sec float64) (int64, error) {
	bad := pgerr.Newf(pgerr.DatetimeFieldOverflow, "time field value out of range: %d:%02d:%02g", hour, minute, sec)
	if hour < 0 || hour > 24 || minute < 0 || minute > 59 || !(sec >= 0 && sec <= 60) {
		return 0, bad
	}
	t := (int64(hour)*60+int64(minute))*Minute + int64(roundEven(sec*1e6))
	if t > Day {
		return 0, bad
	}
	return t, nil
}

// MakeTimestamp is make_timestamp.
func MakeTimestamp(year, month, day, hour, minute int32, sec float64) (int64, error) {
	d, err := MakeDate(year, month, day)
	if err != nil {
		return 0, err
	}
	t, err := MakeTime(hour, minute, sec)
	if err != nil {
		return 0, err
	}
	ts, fits := mulAdd(int64(d), Day, t)
	if !fits || !validTimestamp(ts) {
		return 0, pgerr.Newf(pgerr.DatetimeFieldOverflow, "timestamp out of range: %d-%02d-%02d %d:%02d:%02g", year, month, day, hour, minute, sec)
	}
	return ts, nil
}

// MakeInterval is make_interval.
func MakeInterval(years, months, weeks, days, hours, mins int32, secs float64) (Interval, error) {
	if math.IsNaN(secs) || math.IsInf(secs, 0) {
		return Interval{}, errIntervalRange()
	}
	m := int64(years)*12 + int64(months)
	d := int64(weeks)*7 + int64(days)
	s := roundEven(secs * 1e6)
	t := int64(hours)*Hour + int64(mins)*Minute
	if int64(int32(m)) != m || int64(int32(d)) != d || math.Abs(s) >= math.MaxInt64 || !addTo(&t, int64(s)) {
		return Interval{}, errIntervalRange()
	}
	return Interval{int32(m), int32(d), t}, nil
}

// DateBin is date_bin(stride, ts, origin).
func DateBin(stride Interval, ts, origin int64) (int64, error) {
	switch {
	case !finiteTimestamp(ts):
		return ts, nil
	case !finiteTimestamp(origin):
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "origin out of range")
	case stride.Months != 0:
		return 0, pgerr.New(pgerr.FeatureNotSupported, "timestamps cannot be binned into intervals containing months or years")
	}
	step, fits := mulAdd(int64(stride.Days), Day, stride.Micros)
	if !fits {
		return 0, errIntervalRange()
	}
	if step <= 0 {
		return 0, pgerr.New(pgerr.DatetimeFieldOverflow, "stride must be greater than zero")
	}
	diff := ts - origin
	if origin != 0 && (diff < ts) != (origin > 0) {
		return 0, errIntervalRange()
	}
	q, _ := floorDiv(diff, step)
	bin, fits := mulAdd(q, step, origin)
	if !fits || !validTimestamp(bin) {
		return 0, errTimestampRange()
	}
	return bin, nil
}
