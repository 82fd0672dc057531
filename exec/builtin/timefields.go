package builtin

import (
	"math"
	"slices"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/datetime"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// timeFieldsFamily is extract, date_part, date_trunc and date_bin.
var timeFieldsFamily = slices.Concat(
	extractors("extract_date", "", dateField),
	[]Def{{OID: 1384, Name: "date_part(text, date)", Scalar: partOf(dateAsTimestampField)}},
	extractors("extract_time", "time_part", timeField),
	extractors("extract_timetz", "timetz_part", timetzField),
	extractors("extract_timestamp", "timestamp_part", timestampField),
	extractors("extract_timestamptz", "timestamptz_part", timestamptzField),
	extractors("extract_interval", "interval_part", intervalField),
	truncFamily,
)

// unit is a field of a date or time.
type unit uint8

const (
	unitUnknown unit = iota
	unitMicrosecond
	unitMillisecond
	unitSecond
	unitMinute
	unitHour
	unitDay
	unitWeek
	unitMonth
	unitQuarter
	unitYear
	unitDecade
	unitCentury
	unitMillennium
	unitZone
	unitZoneHour
	unitZoneMinute
	// What follows is a field of its own, not a unit that date_trunc knows.
	unitJulian
	unitISOYear
	unitDow
	unitISODow
	unitDoy
	unitEpoch
)

// unitNames are the names of the units; ten characters count.
var unitNames = map[string]unit{
	"us": unitMicrosecond, "usec": unitMicrosecond, "usecond": unitMicrosecond, "useconds": unitMicrosecond, "usecs": unitMicrosecond,
	"microsecon": unitMicrosecond, "ms": unitMillisecond, "msec": unitMillisecond, "mseconds": unitMillisecond, "msecs": unitMillisecond,
	"millisecon": unitMillisecond, "s": unitSecond, "sec": unitSecond, "second": unitSecond, "seconds": unitSecond, "secs": unitSecond,
	"m": unitMinute, "min": unitMinute, "mins": unitMinute, "minute": unitMinute, "minutes": unitMinute,
	"h": unitHour, "hour": unitHour, "hours": unitHour, "hr": unitHour, "hrs": unitHour, "d": unitDay, "day": unitDay, "days": unitDay,
	"w": unitWeek, "week": unitWeek, "weeks": unitWeek, "mon": unitMonth, "mons": unitMonth, "month": unitMonth, "months": unitMonth,
	"qtr": unitQuarter, "quarter": unitQuarter, "y": unitYear, "year": unitYear, "years": unitYear, "yr": unitYear, "yrs": unitYear,
	"dec": unitDecade, "decade": unitDecade, "decades": unitDecade, "decs": unitDecade, "c": unitCentury, "cent": unitCentury,
	"centuries": unitCentury, "century": unitCentury, "mil": unitMillennium, "millennia": unitMillennium, "millennium": unitMillennium, "mils": unitMillennium,
	"timezone": unitZone, "timezone_h": unitZoneHour, "timezone_m": unitZoneMinute, "julian": unitJulian, "jd": unitJulian, "j": unitJulian,
	"isoyear": unitISOYear, "dow": unitDow, "isodow": unitISODow, "doy": unitDoy, "epoch": unitEpoch,
}

// unitLength is how many characters of a unit's name count.
const unitLength = 10

func unitOf(name string) (unit, string) {
	name = lower(name)
	if len(name) > unitLength {
		return unitNames[name[:unitLength]], name
	}
	return unitNames[name], name
}

func errUnit(u unit, name string, t *pgtype.Type) error {
	if u == unitUnknown {
		return pgerr.Newf(pgerr.InvalidParameterValue, "unit \"%s\" not recognized for type %s", name, t)
	}
	return pgerr.Newf(pgerr.FeatureNotSupported, "unit \"%s\" not supported for type %s", name, t)
}

// field is the value of a unit: v divided by ten to the power of scale, or infinite, or null.
type field struct {
	v        int64
	scale    int32
	infinite int // the sign
	null     bool
	julian   bool // v is a moment in microseconds since the Julian epoch, to be shown in days
	// float8 is what date_part gives where it adds up rounded parts instead of rounding the exact value; 0 for the latter.
	float8 float64
}

func whole(v int) field { return field{v: int64(v)} }

// fieldFunc computes a field; ok is false when the type does not have it.
type fieldFunc func(c *Call, u unit, d pgtype.Datum) (f field, ok bool)

// extractors makes extract and date_part of a type.
func extractors(extract, part string, f fieldFunc) []Def {
	defs := []Def{{Name: extract, Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		v, err := fieldOf(c, a, f)
		if err != nil {
			return pgtype.Null, err
		}
		return v.numeric()
	}}}
	if part != "" {
		defs = append(defs, Def{Name: part, Scalar: partOf(f)})
	}
	return defs
}

func partOf(f fieldFunc) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		v, err := fieldOf(c, a, f)
		if err != nil {
			return pgtype.Null, err
		}
		return v.float(), nil
	}
}

func fieldOf(c *Call, a []pgtype.Datum, f fieldFunc) (field, error) {
	u, name := unitOf(a[0].Text())
	v, ok := f(c, u, a[1])
	if !ok {
		return field{}, errUnit(u, name, pgtype.ByOID(c.Proc.Args[1]))
	}
	return v, nil
}

func (f field) numeric() (pgtype.Datum, error) {
	switch {
	case f.null:
		return pgtype.Null, nil
	case f.infinite > 0:
		return pgtype.NumericValue(numeric.PosInf), nil
	case f.infinite < 0:
		return pgtype.NumericValue(numeric.NegInf), nil
	case f.julian:
		day, rest := floorDivide(f.v, datetime.Day)
		fraction, err := numeric.Div(numeric.FromInt64(rest), numeric.FromInt64(datetime.Day))
		if err != nil {
			return pgtype.Null, err
		}
		return numericResult(numeric.Add(numeric.FromInt64(day), fraction))
	}
	return pgtype.NumericValue(numeric.New(f.v, f.scale)), nil
}

func (f field) float() pgtype.Datum {
	switch {
	case f.null:
		return pgtype.Null
	case f.infinite != 0:
		return pgtype.Float(math.Inf(f.infinite))
	case f.julian:
		day, rest := floorDivide(f.v, datetime.Day)
		return pgtype.Float(float64(day) + float64(rest)/1e6/86400)
	}
	if f.float8 != 0 {
		return pgtype.Float(f.float8)
	}
	return pgtype.Float(float64(f.v) / math.Pow10(int(f.scale)))
}

// clockField is the fields of a time of day in microseconds, negative for intervals.
func clockField(u unit, micros int64) (field, bool) {
	second, fraction := micros/datetime.Second%60, micros%datetime.Second
	switch u {
	case unitMicrosecond:
		return field{v: micros % datetime.Minute}, true
	case unitMillisecond:
		return field{v: micros % datetime.Minute, scale: 3, float8: float64(second)*1000 + float64(fraction)/1000}, true
	case unitSecond:
		return field{v: micros % datetime.Minute, scale: 6, float8: float64(second) + float64(fraction)/1e6}, true
	case unitMinute:
		return field{v: micros / datetime.Minute % 60}, true
	case unitHour:
		return field{v: micros / datetime.Hour}, true
	}
	return field{}, false
}

func timeField(_ *Call, u unit, d pgtype.Datum) (field, bool) {
	if u == unitEpoch {
		return field{v: d.Int(), scale: 6}, true
	}
	return clockField(u, d.Int())
}

func timetzField(_ *Call, u unit, d pgtype.Datum) (field, bool) {
	t := d.TimeTZ()
	switch u {
	case unitEpoch:
		return field{v: t.UTC(), scale: 6}, true
	case unitZone, unitZoneHour, unitZoneMinute:
		return zoneField(u, t.West), true
	}
	return clockField(u, t.Micros)
}

func zoneField(u unit, west int32) field {
	switch u {
	case unitZoneHour:
		return whole(int(-west / 3600))
	case unitZoneMinute:
		return whole(int(-west % 3600 / 60))
	}
	return whole(int(-west))
}

func dateField(_ *Call, u unit, d pgtype.Datum) (field, bool) {
	if u < unitDay || u >= unitZone && u <= unitZoneMinute {
		return field{}, false
	}
	if !finiteDate(d) {
		return infiniteField(u, d.Int() > 0)
	}
	days := int32(d.Int())
	switch u {
	case unitEpoch:
		return field{v: int64(days)*86400 - unixEpoch/datetime.Second}, true
	case unitJulian:
		return field{v: int64(days) + julianEpoch}, true
	}
	return calendarField(u, days)
}

func dateAsTimestampField(c *Call, u unit, d pgtype.Datum) (field, bool) {
	ts, _ := timestampOfDate(d)
	return timestampField(c, u, pgtype.Int(ts))
}

// infiniteField: what grows without end is infinite, what goes around is unknown.
func infiniteField(u unit, positive bool) (field, bool) {
	switch u {
	case unitUnknown:
		return field{}, false
	case unitYear, unitDecade, unitCentury, unitMillennium, unitJulian, unitISOYear, unitEpoch:
		if positive {
			return field{infinite: 1}, true
		}
		return field{infinite: -1}, true
	}
	return field{null: true}, true
}

// julianEpoch is the Julian day of 2000-01-01.
const julianEpoch = 2451545

func timestampField(_ *Call, u unit, d pgtype.Datum) (field, bool) {
	ts := d.Int()
	switch {
	case u >= unitZone && u <= unitZoneMinute:
		return field{}, false
	case !finiteTimestamp(ts):
		return infiniteField(u, ts > 0)
	}
	return localField(u, ts, ts)
}

func timestamptzField(c *Call, u unit, d pgtype.Datum) (field, bool) {
	ts := d.Int()
	switch {
	case !finiteTimestamp(ts):
		return infiniteField(u, ts > 0)
	case u >= unitZone && u <= unitZoneMinute:
		return zoneField(u, westAt(ts, c.Text.Location)), true
	}
	return localField(u, datetime.ToLocal(ts, c.Text.Location), ts)
}

// localField is the field of a local timestamp; moment is the same in UTC.
func localField(u unit, local, moment int64) (field, bool) {
	day, micros := floorDivide(local, datetime.Day)
	switch u {
	case unitEpoch:
		return epochField(moment), true
	case unitJulian:
		return field{v: (day+julianEpoch)*datetime.Day + micros, julian: true}, true
	}
	if f, ok := clockField(u, micros); ok {
		return f, true
	}
	return calendarField(u, int32(day))
}

// epochField is seconds since 1970 with six digits. The difference does not fit 64 bits for the last years of the range.
func epochField(ts int64) field {
	return field{v: ts - unixEpoch, scale: 6}
}

// calendarField is the field of a day.
func calendarField(u unit, days int32) (field, bool) {
	year, month, day := datetime.DateOf(days)
	switch u {
	case unitDay:
		return whole(day), true
	case unitWeek:
		_, week := isoWeek(days)
		return whole(week), true
	case unitMonth:
		return whole(month), true
	case unitQuarter:
		return whole((month-1)/3 + 1), true
	case unitYear:
		return whole(withoutYearZero(year)), true
	case unitDecade:
		if year >= 0 {
			return whole(year / 10), true
		}
		return whole(-((8 - (year - 1)) / 10)), true
	case unitCentury:
		return whole(yearGroup(year, 100)), true
	case unitMillennium:
		return whole(yearGroup(year, 1000)), true
	case unitISOYear:
		isoYear, _ := isoWeek(days)
		return whole(withoutYearZero(isoYear)), true
	case unitDow:
		return whole(weekday(days)), true
	case unitISODow:
		return whole((weekday(days)+6)%7 + 1), true
	case unitDoy:
		return whole(dayOfYear(days)), true
	}
	return field{}, false
}

// withoutYearZero: before the year 1 comes the year -1.
func withoutYearZero(year int) int {
	if year <= 0 {
		return year - 1
	}
	return year
}

// yearGroup is the century or the millennium, of which there is no zeroth.
func yearGroup(year, size int) int {
	if year > 0 {
		return (year + size - 1) / size
	}
	return -((size - 1 - (year - 1)) / size)
}

// weekday is 0 for Sunday; 2000-01-01 was a Saturday.
func weekday(days int32) int {
	_, w := floorDivide(int64(days)+6, 7)
	return int(w)
}

func dayOfYear(days int32) int {
	year, _, _ := datetime.DateOf(days)
	return int(days-dayOf(year, 1, 1)) + 1
}

// dayOf is the day number of a date near one that exists.
func dayOf(year, month, day int) int32 {
	if d, ok := datetime.DateFrom(year, month, day); ok {
		return d
	}
	return -julianEpoch // the year in which the calendar begins has no first of January
}

// isoWeek is the week that has the year's first Thursday in week 1, and the year that the week belongs to.
func isoWeek(days int32) (year, week int) {
	thursday := days - int32((weekday(days)+6)%7) + 3
	year, _, _ = datetime.DateOf(thursday)
	return year, int(thursday-dayOf(year, 1, 1))/7 + 1
}

func intervalField(_ *Call, u unit, d pgtype.Datum) (field, bool) {
	v := d.Interval()
	year, month := int(v.Months/12), int(v.Months%12)
	switch u {
	case unitDay:
		return whole(int(v.Days)), true
	case unitMonth:
		return whole(month), true
	case unitQuarter:
		return whole(month/3 + 1), true
	case unitYear:
		return whole(year), true
	case unitDecade:
		return whole(year / 10), true
	case unitCentury:
		return whole(year / 100), true
	case unitMillennium:
		return whole(year / 1000), true
	case unitEpoch:
		// A year has 365.25 days here, a month 30.
		quarterDays := int64(year)*1461 + int64(month)*120 + int64(v.Days)*4
		seconds := float64(v.Micros) / 1e6
		seconds += 365.25 * 86400 * float64(year)
		seconds += daysPerMonth * 86400 * float64(month)
		seconds += 86400 * float64(v.Days)
		return field{v: quarterDays*(datetime.Day/4) + v.Micros, scale: 6, float8: seconds}, true
	}
	return clockField(u, v.Micros)
}
