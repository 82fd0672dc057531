package datetime

import (
	"strconv"
	"time"
)

var monthNames = [...]string{"", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
var dayNames = [...]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

func append2(dst []byte, v int) []byte { return append(dst, '0'+byte(v/10%10), '0'+byte(v%10)) }

// appendYear prints a year with at least four digits, without its era.
func appendYear(dst []byte, y int) []byte {
	if y <= 0 {
		y = 1 - y
	}
	if y >= 10000 {
		return strconv.AppendInt(dst, int64(y), 10)
	}
	return append2(append2(dst, y/100), y%100)
}

func appendEra(dst []byte, y int) []byte {
	if y <= 0 {
		return append(dst, " BC"...)
	}
	return dst
}

// appendNumericDate prints the parts of a date in the style's order: SQL and German by separator, else ISO.
func (o *Options) appendNumericDate(dst []byte, c Clock) []byte {
	first, second, sep := c.Month, c.Day, byte('/')
	switch o.Style {
	case 'S':
		if o.Order == 'D' {
			first, second = second, first
		}
	case 'G':
		first, second, sep = c.Day, c.Month, '.'
	case 'P':
		if o.Order == 'D' {
			first, second = second, first
		}
		sep = '-'
	default:
		dst = append(appendYear(dst, c.Year), '-')
		dst = append(append2(dst, c.Month), '-')
		return append2(dst, c.Day)
	}
	dst = append(append2(dst, first), sep)
	dst = append(append2(dst, second), sep)
	return appendYear(dst, c.Year)
}

// AppendDate prints a date.
func (o *Options) AppendDate(dst []byte, d int32) []byte {
	switch d {
	case DateInfinity:
		return append(dst, "infinity"...)
	case DateNegInfinity:
		return append(dst, "-infinity"...)
	}
	var c Clock
	c.Year, c.Month, c.Day = DateOf(d)
	return appendEra(o.appendNumericDate(dst, c), c.Year)
}

// appendClock prints hh:mm:ss and the fraction without its zeros.
func appendClock(dst []byte, c Clock) []byte {
	dst = append(append2(dst, c.Hour), ':')
	dst = append(append2(dst, c.Min), ':')
	dst = append2(dst, c.Sec)
	return appendFraction(dst, c.Micros)
}

func appendFraction(dst []byte, micros int) []byte {
	if micros == 0 {
		return dst
	}
	dst = append(dst, '.', 0, 0, 0, 0, 0, 0)
	at := len(dst) - 6
	for i := 5; i >= 0; i-- {
		dst[at+i] = '0' + byte(micros%10)
		micros /= 10
	}
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// AppendTime prints a time of day.
func AppendTime(dst []byte, t int64) []byte {
	c := timeClock(t)
	return appendClock(dst, c)
}

// appendOffset prints seconds east as +hh[:mm[:ss]].
func appendOffset(dst []byte, east int) []byte {
	sign := byte('+')
	if east < 0 {
		sign, east = '-', -east
	}
	dst = append2(append(dst, sign), east/3600)
	if east%3600 != 0 {
		dst = append2(append(dst, ':'), east/60%60)
	}
	if east%60 != 0 {
		dst = append2(append(dst, ':'), east%60)
	}
	return dst
}

// AppendTimeTZ prints a time of day with time zone.
func AppendTimeTZ(dst []byte, t TimeTZ) []byte {
	return appendOffset(AppendTime(dst, t.Micros), int(-t.West))
}

// AppendTimestamp prints a timestamp without time zone.
func (o *Options) AppendTimestamp(dst []byte, ts int64) []byte {
	if !finiteTimestamp(ts) {
		return appendInfinity(dst, ts)
	}
	return o.appendClockOf(dst, ClockOf(ts), ts, nil, 0, "")
}

// AppendTimestampTZ prints a timestamp with time zone in the session's.
func (o *Options) AppendTimestampTZ(dst []byte, ts int64) []byte {
	if !finiteTimestamp(ts) {
		return appendInfinity(dst, ts)
	}
	loc := o.Location
	if loc == nil {
		loc = time.UTC
	}
	offset, name := offsetAt(ts, loc)
	local := ts + int64(offset)*Second
	return o.appendClockOf(dst, ClockOf(local), local, loc, offset, name)
}

func appendInfinity(dst []byte, ts int64) []byte {
	if ts == TimestampInfinity {
		return append(dst, "infinity"...)
	}
	return append(dst, "-infinity"...)
}

// appendClockOf prints a broken-down timestamp in the session's style; loc is nil for one without time zone.
func (o *Options) appendClockOf(dst []byte, c Clock, local int64, loc *time.Location, offset int, name string) []byte {
	if o.Style == 'P' {
		return o.appendPostgresStyle(dst, c, local, loc, offset, name)
	}
	dst = append(o.appendNumericDate(dst, c), ' ')
	dst = appendClock(dst, c)
	if loc != nil {
		if (o.Style == 'S' || o.Style == 'G') && alphabetic(name) {
			dst = append(append(dst, ' '), name...)
		} else {
			dst = appendOffset(dst, offset)
		}
	}
	return appendEra(dst, c.Year)
}

// appendPostgresStyle prints "Sat Jan 08 04:05:06 1999 PST".
func (o *Options) appendPostgresStyle(dst []byte, c Clock, local int64, loc *time.Location, offset int, name string) []byte {
	days, _ := floorDiv(local, Day)
	dst = append(append(dst, dayNames[weekday(int(days)+epochJulian)]...), ' ')
	if o.Order == 'D' {
		dst = append(append2(dst, c.Day), ' ')
		dst = append(dst, monthNames[c.Month]...)
	} else {
		dst = append(append(dst, monthNames[c.Month]...), ' ')
		dst = append2(dst, c.Day)
	}
	dst = appendClock(append(dst, ' '), c)
	dst = appendYear(append(dst, ' '), c.Year)
	if loc != nil {
		dst = append(dst, ' ')
		if alphabetic(name) {
			dst = append(dst, name...)
		} else {
			dst = appendOffset(dst, offset)
		}
	}
	return appendEra(dst, c.Year)
}

// alphabetic tells whether a zone's abbreviation is a name and not its offset again.
func alphabetic(name string) bool { return name != "" && isAlpha(name[0]) }
