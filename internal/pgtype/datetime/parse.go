package datetime

import (
	"strings"
	"time"
)

// decodeTimestamp reads a date with an optional time and zone.
func decodeTimestamp(o *Options, s string) (*decoder, failure) {
	toks, valid := tokenize(s)
	if !valid || len(s) > maxInput {
		return &decoder{}, badFormat
	}
	d := &decoder{o: o, toks: toks}
	if f := d.run(); f != ok {
		return d, f
	}
	if d.special != 0 {
		return d, ok
	}
	if f := d.validate(); f != ok {
		return d, f
	}
	if f := d.applyMeridian(); f != ok {
		return d, f
	}
	if d.have&fDate != fDate {
		return d, badFormat
	}
	if d.loc != nil && d.have&fDSTMod != 0 {
		return d, badFormat
	}
	return d, ok
}

// maxInput is the longest text that is looked at.
const maxInput = 1 << 10

// iso reads the commonest form, "2003-04-05[ 06:07:08[.ffffff]]", without the general machinery; false when the input is anything else.
func iso(s string) (c Clock, valid bool) {
	num := func(at, n int) int {
		v := 0
		for _, ch := range []byte(s[at : at+n]) {
			if !isDigit(ch) {
				return -1
			}
			v = v*10 + int(ch-'0')
		}
		return v
	}
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return c, false
	}
	c.Year, c.Month, c.Day = num(0, 4), num(5, 2), num(8, 2)
	if c.Year < 1 || c.Month < 1 || c.Month > 12 || c.Day < 1 || c.Day > DaysIn(c.Year, c.Month) {
		return c, false
	}
	if len(s) == 10 {
		return c, true
	}
	if len(s) < 19 || s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return c, false
	}
	c.Hour, c.Min, c.Sec = num(11, 2), num(14, 2), num(17, 2)
	if c.Hour < 0 || c.Hour > 23 || c.Min < 0 || c.Min > 59 || c.Sec < 0 || c.Sec > 59 {
		return c, false
	}
	if len(s) == 19 {
		return c, true
	}
	if s[19] != '.' || len(s) > 26 || len(s) == 20 {
		return c, false
	}
	v := num(20, len(s)-20)
	for i := len(s); i < 26; i++ {
		v *= 10
	}
	c.Micros = v
	return c, v >= 0
}

// ParseDate reads a date.
func ParseDate(o *Options, s string) (int32, error) {
	if c, valid := iso(s); valid {
		if v, valid := DateFrom(c.Year, c.Month, c.Day); valid {
			return v, nil
		}
	}
	d, f := decodeTimestamp(o, s)
	if f != ok {
		return 0, f.err("date", s, d.badZone)
	}
	switch d.special {
	case resEpoch:
		return unixEpochJulian - epochJulian, nil
	case resInfinity:
		return DateInfinity, nil
	case resNegInfinity:
		return DateNegInfinity, nil
	}
	v, valid := DateFrom(d.clock.Year, d.clock.Month, d.clock.Day)
	if !valid {
		return 0, errTextRange("date", s)
	}
	return v, nil
}

// ParseTimestamp reads a timestamp without time zone: a zone in the input is ignored. precision is −1 or the digits of the second.
func ParseTimestamp(o *Options, s string, precision int32) (int64, error) {
	if c, valid := iso(s); valid {
		if ts, valid := c.Timestamp(); valid {
			return RoundTimestamp(ts, precision), nil
		}
	}
	d, f := decodeTimestamp(o, s)
	if f != ok {
		return 0, f.err("timestamp", s, d.badZone)
	}
	if ts, done := d.specialTimestamp(); done {
		return ts, nil
	}
	ts, valid := d.clock.Timestamp()
	if !valid {
		return 0, errTextRange("timestamp", s)
	}
	return RoundTimestamp(ts, precision), nil
}

func (d *decoder) specialTimestamp() (int64, bool) {
	switch d.special {
	case resEpoch:
		return -unixOffset * Second, true
	case resInfinity:
		return TimestampInfinity, true
	case resNegInfinity:
		return TimestampNegInfinity, true
	}
	return 0, false
}

// ParseTimestampTZ reads a timestamp with time zone; without one in the input it is the session's.
func ParseTimestampTZ(o *Options, s string, precision int32) (int64, error) {
	if ts, valid := ISOTimestampTZ(s, o.Location, precision); valid {
		return ts, nil
	}
	return parseTimestampTZ(o, s, precision)
}

// ISOTimestampTZ reads the commonest form of a timestamp with time zone, "2003-04-05[ 06:07:08[.ffffff][+hh[:mm]]]", without the general machinery and without
// allocating; false when the input is anything else. Without a zone it is a time in loc.
func ISOTimestampTZ(s string, loc *time.Location, precision int32) (int64, bool) {
	clock, east, zoned := isoZone(s)
	c, valid := iso(clock)
	if !valid {
		return 0, false
	}
	local, valid := c.Timestamp()
	if !valid {
		return 0, false
	}
	if !zoned {
		east = localOffset(local, loc)
	}
	ts := local - int64(east)*Second
	return RoundTimestamp(ts, precision), validTimestamp(ts)
}

// isoZone cuts a numeric zone off the end of a time of day and gives its seconds east of Greenwich.
func isoZone(s string) (clock string, east int, zoned bool) {
	const shortest = len("2003-04-05 06:07:08")
	at := len(s) - len("+hh")
	minutes := 0
	if at >= shortest && s[at] == ':' {
		if !isDigit(s[at+1]) || !isDigit(s[at+2]) {
			return s, 0, false
		}
		minutes = int(s[at+1]-'0')*10 + int(s[at+2]-'0')
		at -= len("+hh")
	}
	if at < shortest || s[at] != '+' && s[at] != '-' || !isDigit(s[at+1]) || !isDigit(s[at+2]) {
		return s, 0, false
	}
	hours := int(s[at+1]-'0')*10 + int(s[at+2]-'0')
	if hours > 15 || minutes > 59 {
		return s, 0, false // out of range
	}
	east = hours*3600 + minutes*60
	if s[at] == '-' {
		east = -east
	}
	return s[:at], east, true
}

func parseTimestampTZ(o *Options, s string, precision int32) (int64, error) {
	d, f := decodeTimestamp(o, s)
	if f != ok {
		return 0, f.err("timestamp with time zone", s, d.badZone)
	}
	if ts, done := d.specialTimestamp(); done {
		return ts, nil
	}
	if !validJulian(d.clock.Year, d.clock.Month, d.clock.Day) {
		return 0, errTextRange("timestamp", s)
	}
	local := int64(julian(d.clock.Year, d.clock.Month, d.clock.Day)-epochJulian)*Day + d.clock.timeOf()
	offset := d.zone
	if d.loc != nil {
		offset = localOffset(local, d.loc)
	} else if d.have&fZone == 0 {
		offset = localOffset(local, o.Location)
	}
	ts := local - int64(offset)*Second
	if !validTimestamp(ts) || d.clock.Year > 294277 {
		return 0, errTextRange("timestamp", s)
	}
	return RoundTimestamp(ts, precision), nil
}

// decodeTimeOfDay reads a time with an optional zone.
func decodeTimeOfDay(o *Options, s string) (*decoder, failure) {
	toks, valid := tokenize(s)
	if !valid || len(s) > maxInput {
		return &decoder{}, badFormat
	}
	d := &decoder{o: o, toks: toks, timeOnly: true}
	if f := d.run(); f != ok {
		return d, f
	}
	if d.have&fDate != 0 {
		if f := d.validate(); f != ok {
			return d, f
		}
	}
	if f := d.applyMeridian(); f != ok {
		return d, f
	}
	if d.clock.overflows() {
		return d, fieldOverflow
	}
	if d.have&fTime != fTime {
		return d, badFormat
	}
	if d.loc != nil && d.have&fDate != fDate {
		// The offset depends on the date, unless the zone has always the same.
		start, end := o.Now.In(d.loc).ZoneBounds()
		if !start.IsZero() || !end.IsZero() || d.have&fDSTMod != 0 {
			return d, badFormat
		}
	}
	return d, ok
}

// ParseTime reads a time of day.
func ParseTime(o *Options, s string, precision int32) (int64, error) {
	d, f := decodeTimeOfDay(o, s)
	if f != ok {
		return 0, f.err("time", s, d.badZone)
	}
	return RoundTimestamp(d.clock.timeOf(), precision), nil
}

// TimeTZ is a time of day with its zone in seconds west of UTC.
type TimeTZ struct {
	Micros int64
	West   int32
}

// ParseTimeTZ reads a time of day with time zone; without one in the input it is what the session's has on that date, or today.
func ParseTimeTZ(o *Options, s string, precision int32) (TimeTZ, error) {
	d, f := decodeTimeOfDay(o, s)
	if f != ok {
		return TimeTZ{}, f.err("time with time zone", s, d.badZone)
	}
	offset := d.zone
	if d.loc != nil || d.have&fZone == 0 {
		loc := d.loc
		if loc == nil {
			loc = o.Location
		}
		c := d.clock
		if d.have&fDate != fDate {
			today := ClockOf(ToLocal(d.now(), o.Location))
			c.Year, c.Month, c.Day = today.Year, today.Month, today.Day
		}
		local := int64(julian(c.Year, c.Month, c.Day)-epochJulian)*Day + c.timeOf()
		offset = localOffset(local, loc)
	}
	return TimeTZ{RoundTimestamp(d.clock.timeOf(), precision), int32(-offset)}, nil
}

// errTextRange is the error of an input whose value does not fit the type.
func errTextRange(typ, s string) error {
	return rangeError(typ + " out of range: \"" + strings.TrimRight(s, "\x00") + "\"")
}
