package builtin

import (
	"time"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/datetime"
)

// truncFamily is date_trunc and date_bin.
var truncFamily = []Def{
	{Name: "timestamp_trunc", Scalar: truncTimestamp},
	{Name: "timestamptz_trunc", Scalar: truncTimestamptz},
	{Name: "timestamptz_trunc_zone", Scalar: truncTimestamptz},
	{Name: "interval_trunc", Scalar: truncInterval},
	{Name: "timestamp_bin", Scalar: binTimestamp},
	{Name: "timestamptz_bin", Scalar: binTimestamp},
}

// truncUnit is the unit that date_trunc is called with; fields that are no units count as unknown.
func truncUnit(c *Call, name string) (unit, error) {
	u, name := unitOf(name)
	t := pgtype.ByOID(c.Proc.Args[1])
	switch {
	case u >= unitJulian:
		return u, errUnit(unitUnknown, name, t)
	case u == unitUnknown || u >= unitZone:
		return u, errUnit(u, name, t)
	}
	return u, nil
}

func truncTimestamp(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	ts := a[1].Int()
	if !finiteTimestamp(ts) {
		return a[1], nil
	}
	u, err := truncUnit(c, a[0].Text())
	if err != nil {
		return pgtype.Null, err
	}
	return timestampResult(truncLocal(ts, u))
}

// truncTimestamptz works in the session's zone or the one given.
func truncTimestamptz(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	ts, loc := a[1].Int(), c.Text.Location
	if len(a) == 3 {
		var err error
		if loc, err = zoneByName(a[2].Text()); err != nil {
			return pgtype.Null, err
		}
	}
	if !finiteTimestamp(ts) {
		return a[1], nil
	}
	u, err := truncUnit(c, a[0].Text())
	if err != nil {
		return pgtype.Null, err
	}
	return timestampResult(truncZoned(ts, u, loc))
}

func truncZoned(ts int64, u unit, loc *time.Location) (int64, error) {
	local := datetime.ToLocal(ts, loc)
	cut, err := truncLocal(local, u)
	if err != nil {
		return 0, err
	}
	if u < unitDay {
		return checkTimestamp(ts - (local - cut)) // within a day the offset stays, so that an hour that comes twice keeps its place
	}
	return datetime.ToUTC(cut, loc)
}

// clockUnits are the units within a day.
var clockUnits = map[unit]int64{
	unitMicrosecond: 1, unitMillisecond: 1000, unitSecond: datetime.Second, unitMinute: datetime.Minute, unitHour: datetime.Hour, unitDay: datetime.Day,
}

func truncLocal(ts int64, u unit) (int64, error) {
	if size, ok := clockUnits[u]; ok {
		_, rest := floorDivide(ts, size)
		return checkTimestamp(ts - rest)
	}
	day, _ := floorDivide(ts, datetime.Day)
	if u == unitWeek {
		day -= int64(weekday(int32(day))+6) % 7
		return checkTimestamp(day * datetime.Day)
	}
	c := datetime.ClockOf(ts)
	c = datetime.Clock{Year: c.Year, Month: c.Month, Day: 1}
	switch u {
	case unitQuarter:
		c.Month = (c.Month-1)/3*3 + 1
	case unitYear:
		c.Month = 1
	case unitDecade:
		c.Month = 1
		if c.Year > 0 {
			c.Year = c.Year / 10 * 10
		} else {
			c.Year = -((8 - (c.Year - 1)) / 10) * 10
		}
	case unitCentury:
		c.Month, c.Year = 1, firstYear(c.Year, 100)
	case unitMillennium:
		c.Month, c.Year = 1, firstYear(c.Year, 1000)
	}
	out, ok := c.Timestamp()
	if !ok {
		return 0, errTimestampRange()
	}
	return out, nil
}

// firstYear is the first year of a century or millennium.
func firstYear(year, size int) int {
	group := yearGroup(year, size)
	if group > 0 {
		return group*size - size + 1
	}
	return group*size + 1
}

func truncInterval(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	u, err := truncUnit(c, a[0].Text())
	if err != nil {
		return pgtype.Null, err
	}
	if u == unitWeek {
		_, name := unitOf(a[0].Text())
		e, _ := pgerr.As(errUnit(u, name, pgtype.IntervalType))
		return pgtype.Null, e.WithDetail("Months usually have fractional weeks.")
	}
	v := a[1].Interval()
	if u < unitDay {
		v.Micros -= v.Micros % clockUnits[u]
		return pgtype.IntervalValue(v), nil
	}
	v.Micros = 0
	if u == unitDay {
		return pgtype.IntervalValue(v), nil
	}
	v.Days = 0
	months := map[unit]int32{unitMonth: 1, unitQuarter: 3, unitYear: 12, unitDecade: 120, unitCentury: 1200, unitMillennium: 12000}[u]
	v.Months -= v.Months % months
	return pgtype.IntervalValue(v), nil
}

// binTimestamp is date_bin(stride, source, origin).
func binTimestamp(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	stride, ts, origin := a[0].Interval(), a[1].Int(), a[2].Int()
	switch {
	case !finiteTimestamp(ts):
		return a[1], nil
	case !finiteTimestamp(origin):
		return pgtype.Null, errOverflow("origin out of range")
	case stride.Months != 0:
		return pgtype.Null, pgerr.New(pgerr.FeatureNotSupported, "timestamps cannot be binned into intervals containing months or years")
	}
	days, ok := multiplyInt64(int64(stride.Days), datetime.Day)
	size := days + stride.Micros
	if !ok || (days^size)&(stride.Micros^size) < 0 {
		return pgtype.Null, errIntervalRange()
	}
	if size <= 0 {
		return pgtype.Null, errOverflow("stride must be greater than zero")
	}
	diff := ts - origin
	if (ts^origin)&(ts^diff) < 0 {
		return pgtype.Null, errIntervalRange()
	}
	_, rest := floorDivide(diff, size)
	return timestampResult(checkTimestamp(ts - rest))
}
