package datetime

import "strconv"

// spanClock is an interval broken down; every part has its own sign.
type spanClock struct {
	years, months, days, hours, mins, secs, micros int64
}

func (v Interval) clock() spanClock {
	return spanClock{
		years: int64(v.Months / 12), months: int64(v.Months % 12), days: int64(v.Days),
		hours: v.Micros / Hour, mins: v.Micros / Minute % 60, secs: v.Micros / Second % 60, micros: v.Micros % Second,
	}
}

func abs(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

// AppendInterval prints an interval in the session's style.
func (o *Options) AppendInterval(dst []byte, v Interval) []byte {
	c := v.clock()
	switch o.Interval {
	case 'v':
		return c.appendVerbose(dst)
	case 's':
		return c.appendSQL(dst, v)
	case 'i':
		return c.appendISO(dst, v)
	}
	return c.appendPostgres(dst)
}

// appendSeconds prints seconds without their sign and a fraction without its zeros.
func (c spanClock) appendSeconds(dst []byte, pad bool) []byte {
	s := abs(c.secs)
	if pad && s < 10 {
		dst = append(dst, '0')
	}
	dst = strconv.AppendInt(dst, s, 10)
	return appendFraction(dst, int(abs(c.micros)))
}

func appendPadded(dst []byte, v int64) []byte {
	if v = abs(v); v < 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, v, 10)
}

// appendPostgres prints "1 year 2 mons 3 days 04:05:06"; a plus shows where a sign changes back.
func (c spanClock) appendPostgres(dst []byte) []byte {
	first, before := true, false
	part := func(v int64, unit string) {
		if v == 0 {
			return
		}
		if !first {
			dst = append(dst, ' ')
		}
		if before && v > 0 {
			dst = append(dst, '+')
		}
		dst = append(strconv.AppendInt(dst, v, 10), ' ')
		dst = append(dst, unit...)
		if v != 1 {
			dst = append(dst, 's')
		}
		first, before = false, v < 0
	}
	part(c.years, "year")
	part(c.months, "mon")
	part(c.days, "day")
	if !first && c.hours == 0 && c.mins == 0 && c.secs == 0 && c.micros == 0 {
		return dst
	}
	if !first {
		dst = append(dst, ' ')
	}
	if c.hours < 0 || c.mins < 0 || c.secs < 0 || c.micros < 0 {
		dst = append(dst, '-')
	} else if before {
		dst = append(dst, '+')
	}
	dst = append(appendPadded(dst, c.hours), ':')
	dst = append(appendPadded(dst, c.mins), ':')
	return c.appendSeconds(dst, true)
}

// appendVerbose prints "@ 1 year 2 mons ago": the first part's sign is the whole's.
func (c spanClock) appendVerbose(dst []byte) []byte {
	dst = append(dst, '@')
	zero, before := true, false
	part := func(v int64, unit string) {
		if v == 0 {
			return
		}
		if zero {
			before = v < 0
			v = abs(v)
		} else if before {
			v = -v
		}
		dst = strconv.AppendInt(append(dst, ' '), v, 10)
		dst = append(append(dst, ' '), unit...)
		if v != 1 {
			dst = append(dst, 's')
		}
		zero = false
	}
	part(c.years, "year")
	part(c.months, "mon")
	part(c.days, "day")
	part(c.hours, "hour")
	part(c.mins, "min")
	if c.secs != 0 || c.micros != 0 {
		dst = append(dst, ' ')
		if c.secs < 0 || c.secs == 0 && c.micros < 0 {
			if zero {
				before = true
			} else if !before {
				dst = append(dst, '-')
			}
		} else if before {
			dst = append(dst, '-')
		}
		dst = append(c.appendSeconds(dst, false), " sec"...)
		if abs(c.secs) != 1 || c.micros != 0 {
			dst = append(dst, 's')
		}
		zero = false
	}
	if zero {
		dst = append(dst, " 0"...)
	}
	if before {
		dst = append(dst, " ago"...)
	}
	return dst
}

// appendSQL prints the standard's year-month or day-time literal, and all three parts with signs when neither can hold the value.
func (c spanClock) appendSQL(dst []byte, v Interval) []byte {
	negative := v.Months < 0 || v.Days < 0 || v.Micros < 0
	positive := v.Months > 0 || v.Days > 0 || v.Micros > 0
	dayTime := v.Days != 0 || v.Micros != 0
	standard := !(negative && positive) && !(v.Months != 0 && dayTime)
	clock := func() {
		dst = append(strconv.AppendInt(dst, abs(c.hours), 10), ':')
		dst = append(appendPadded(dst, c.mins), ':')
		dst = c.appendSeconds(dst, true)
	}
	sign := func(minus bool) {
		if minus {
			dst = append(dst, '-')
		} else {
			dst = append(dst, '+')
		}
	}
	switch {
	case !negative && !positive:
		return append(dst, '0')
	case !standard:
		sign(v.Months < 0)
		dst = append(strconv.AppendInt(dst, abs(c.years), 10), '-')
		dst = append(strconv.AppendInt(dst, abs(c.months), 10), ' ')
		sign(v.Days < 0)
		dst = append(strconv.AppendInt(dst, abs(c.days), 10), ' ')
		sign(v.Micros < 0)
		clock()
		return dst
	}
	if negative {
		dst = append(dst, '-')
	}
	switch {
	case v.Months != 0:
		dst = append(strconv.AppendInt(dst, abs(c.years), 10), '-')
		return strconv.AppendInt(dst, abs(c.months), 10)
	case v.Days != 0:
		dst = append(strconv.AppendInt(dst, abs(c.days), 10), ' ')
	}
	clock()
	return dst
}

// appendISO prints P1Y2M3DT4H5M6S.
func (c spanClock) appendISO(dst []byte, v Interval) []byte {
	if v == (Interval{}) {
		return append(dst, "PT0S"...)
	}
	part := func(n int64, letter byte) {
		if n != 0 {
			dst = append(strconv.AppendInt(dst, n, 10), letter)
		}
	}
	dst = append(dst, 'P')
	part(c.years, 'Y')
	part(c.months, 'M')
	part(c.days, 'D')
	if v.Micros != 0 {
		dst = append(dst, 'T')
	}
	part(c.hours, 'H')
	part(c.mins, 'M')
	if c.secs != 0 || c.micros != 0 {
		if c.secs < 0 || c.micros < 0 {
			dst = append(dst, '-')
		}
		dst = append(c.appendSeconds(dst, false), 'S')
	}
	return dst
}
