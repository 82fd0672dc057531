package datetime

import "strconv"

// overflows tells whether the time of day is beyond 24:00:00.
func (c Clock) overflows() bool {
	return c.Hour > 24 || c.Min > 59 || c.Sec > 60 || c.timeOf() > Day
}

// decodeTime reads hh:mm[:ss[.ffffff]]; toSeconds takes two fields for mm:ss, as a fraction behind the second does.
func decodeTime(s string, toSeconds bool) (c Clock, f failure) {
	var n [3]int
	count := 0
	for {
		digits := 0
		for digits < len(s) && isDigit(s[digits]) {
			digits++
		}
		v, err := strconv.ParseInt(s[:digits], 10, 64)
		if digits > 0 && err != nil {
			return c, fieldOverflow
		}
		n[count] = int(v)
		count++
		s = s[digits:]
		if s == "" || s[0] != ':' || count == 3 {
			break
		}
		s = s[1:]
	}
	if count == 1 {
		return c, badFormat
	}
	if s != "" {
		if s[0] != '.' {
			return c, badFormat
		}
		micros, valid := fraction(s)
		if !valid {
			return c, badFormat
		}
		c.Micros = micros
		toSeconds = true
	}
	if count == 2 && toSeconds {
		n[0], n[1], n[2] = 0, n[0], n[1]
	}
	c.Hour, c.Min, c.Sec = n[0], n[1], n[2]
	if c.Min > 59 || c.Sec > 60 {
		return c, fieldOverflow
	}
	return c, ok
}

// fraction reads ".123456789" as microseconds, rounded.
func fraction(s string) (micros int, valid bool) {
	for i := 1; i < len(s); i++ {
		if !isDigit(s[i]) {
			return 0, false
		}
	}
	if len(s) <= 1 {
		return 0, true
	}
	v, err := strconv.ParseFloat("0"+s, 64)
	return int(roundEven(v * 1e6)), err == nil
}

// decodeOffset reads "+hh[[:]mm[[:]ss]]" as seconds east.
func decodeOffset(s string) (int, failure) {
	digits := func() (string, bool) {
		n := 0
		for n < len(s) && isDigit(s[n]) {
			n++
		}
		d := s[:n]
		s = s[n:]
		return d, n > 0
	}
	negative := s[0] == '-'
	if s[0] != '-' && s[0] != '+' {
		return 0, badFormat
	}
	s = s[1:]
	h, _ := digits()
	hour, err := strconv.Atoi(h)
	if h != "" && err != nil {
		return 0, zoneOverflow
	}
	minute, second := 0, 0
	switch {
	case s != "" && s[0] == ':':
		s = s[1:]
		m, _ := digits()
		minute, _ = strconv.Atoi(m)
		if s != "" && s[0] == ':' {
			s = s[1:]
			sec, _ := digits()
			second, _ = strconv.Atoi(sec)
		}
	case s == "" && len(h) > 2:
		hour, minute = hour/100, hour%100
	}
	switch {
	case hour > 15, minute > 59, second > 59:
		return 0, zoneOverflow
	case s != "":
		return 0, badFormat
	}
	v := (hour*60+minute)*60 + second
	if negative {
		v = -v
	}
	return v, ok
}
