package datetime

import (
	"math"
	"strconv"
	"strings"
)

// Interval is a span of time in three parts that do not convert into each other.
type Interval struct {
	Months, Days int32
	Micros       int64
}

// The fields of an interval's type modifier, as pg_type's intervaltypmodin has them.
const (
	modMonth  = 1 << 1
	modYear   = 1 << 2
	modDay    = 1 << 3
	modHour   = 1 << 10
	modMinute = 1 << 11
	modSecond = 1 << 12

	modFullRange     = 0x7FFF
	modFullPrecision = 0xFFFF
)

const daysPerMonth = 30

// intervalDecoder gathers the parts of an interval, from the last token to the first, since a unit stands behind its number.
type intervalDecoder struct {
	months, days, micros int64
	have                 fields
	ago                  bool
	minus                bool // a leading sign makes every part negative
}

// ParseInterval reads an interval; typmod is −1 or the type's modifier.
func ParseInterval(o *Options, s string, typmod int32) (Interval, error) {
	fieldMask := int32(modFullRange)
	if typmod >= 0 {
		fieldMask = typmod >> 16 & modFullRange
	}
	v, f := decodeInterval(o, s, fieldMask)
	if f == badFormat && len(s) > 0 {
		if v2, f2 := decodeISOInterval(s); f2 != badFormat {
			v, f = v2, f2
		}
	}
	if f == fieldOverflow {
		f = intervalOverflow
	}
	if f != ok {
		return Interval{}, f.err("interval", s, "")
	}
	if v.months < math.MinInt32 || v.months > math.MaxInt32 || v.days < math.MinInt32 || v.days > math.MaxInt32 {
		return Interval{}, errIntervalRange()
	}
	return ApplyIntervalTypmod(Interval{int32(v.months), int32(v.days), v.micros}, typmod), nil
}

func decodeInterval(o *Options, s string, fieldMask int32) (d intervalDecoder, f failure) {
	toks, valid := tokenize(s)
	if !valid || len(s) > maxInput {
		return d, badFormat
	}
	d.minus = o.Interval == 's' && len(toks) > 1 && toks[0].text[0] == '-' && !otherSigns(toks[1:])
	u := unitNone
	for i := len(toks) - 1; i >= 0; i-- {
		t := toks[i]
		var found fields
		switch t.kind {
		case tokTime:
			if found, f = d.addTime(t.text, 1, fieldMask); f != ok {
				return d, f
			}
			u = unitDay
		case tokZone, tokDate, tokNumber:
			if t.kind == tokZone && strings.IndexByte(t.text, ':') > 0 {
				sign := int64(1)
				if t.text[0] == '-' {
					sign = -1
				}
				if found, f = d.addTime(t.text[1:], sign, fieldMask); f != ok {
					return d, f
				}
				u = unitDay
				break
			}
			if u == unitNone {
				u = unitOfField(fieldMask)
			}
			if found, u, f = d.addNumber(t.text, u); f != ok {
				return d, f
			}
		default:
			w := clip(t.text)
			if w == "ago" {
				d.ago = true
				u = unitISOTime // which no number may have
				continue
			}
			if k, known := keywords[w]; known && k.class == wordIgnored {
				continue
			}
			unit, known := unitWords[w]
			if !known {
				return d, badFormat
			}
			u = unit
		}
		if found&d.have != 0 {
			return d, badFormat
		}
		d.have |= found
	}
	if d.have == 0 {
		return d, badFormat
	}
	if d.ago {
		d.months, d.days, d.micros = -d.months, -d.days, -d.micros
	}
	return d, ok
}

// otherSigns tells whether any token has a sign of its own; without one, SQL's notation spreads a leading minus over all fields.
func otherSigns(toks []token) bool {
	for _, t := range toks {
		if t.text[0] == '-' || t.text[0] == '+' {
			return true
		}
	}
	return false
}

// unitOfField is the unit of a bare number, by the type's fields.
func unitOfField(mask int32) unit {
	switch mask {
	case modYear:
		return unitYear
	case modMonth, modYear | modMonth:
		return unitMonth
	case modDay:
		return unitDay
	case modHour, modDay | modHour:
		return unitHour
	case modMinute, modHour | modMinute, modDay | modHour | modMinute:
		return unitMinute
	}
	return unitSecond
}

func (d *intervalDecoder) addTime(s string, sign int64, fieldMask int32) (fields, failure) {
	c, f := decodeTime(s, fieldMask == modMinute|modSecond)
	if f != ok {
		return 0, f
	}
	hours, fits := mulAdd(int64(c.Hour), Hour, int64(c.Min)*Minute+int64(c.Sec)*Second+int64(c.Micros))
	if d.minus {
		sign = -1
	}
	if !fits || !addTo(&d.micros, sign*hours) {
		return 0, fieldOverflow
	}
	return fTime, ok
}

func addTo(sum *int64, v int64) bool {
	s := *sum + v
	if (s > *sum) != (v > 0) && v != 0 {
		return false
	}
	*sum = s
	return true
}

// addNumber adds a number of a unit; next is the unit of a bare number in front of it.
func (d *intervalDecoder) addNumber(s string, u unit) (found fields, next unit, f failure) {
	negative := s[0] == '-'
	n := 0
	if s[0] == '-' || s[0] == '+' {
		n++
	}
	digits := n
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	val, err := strconv.ParseInt(s[:n], 10, 64)
	if n == digits {
		val, err = 0, nil
	}
	if err != nil {
		return 0, u, fieldOverflow
	}
	frac := 0.0
	switch {
	case n == len(s):
		if n == digits {
			return 0, u, badFormat
		}
	case s[n] == '-':
		m, err := strconv.ParseInt(s[n+1:], 10, 32)
		switch {
		case err != nil && (n+1 == len(s) || !isDigit(s[n+1])):
			return 0, u, badFormat
		case err != nil && strings.Trim(s[n+1:], "0123456789") != "":
			return 0, u, badFormat
		case err != nil || m < 0 || m >= 12:
			return 0, u, fieldOverflow
		}
		if negative {
			m = -m
		}
		var fits bool
		if val, fits = mulAdd(val, 12, m); !fits {
			return 0, u, fieldOverflow
		}
		u = unitMonth
	case s[n] == '.':
		if strings.Trim(s[n+1:], "0123456789") != "" {
			return 0, u, badFormat
		}
		if frac, err = strconv.ParseFloat("0"+s[n:]+"0", 64); err != nil {
			return 0, u, badFormat
		}
		if negative {
			frac = -frac
		}
	default:
		return 0, u, badFormat
	}
	if d.minus {
		val, frac = -abs(val), -math.Abs(frac)
	}
	found, fits := d.add(u, val, frac)
	if !fits {
		return 0, u, fieldOverflow
	}
	if found == 0 {
		return 0, u, badFormat
	}
	if u == unitHour {
		u = unitDay
	}
	return found, u, ok
}

// add adds val + frac of a unit, what is left of larger units going to smaller ones.
func (d *intervalDecoder) add(u unit, val int64, frac float64) (found fields, fits bool) {
	switch u {
	case unitMicrosecond:
		return fMicrosecond, d.addMicros(val, frac, 1)
	case unitMillisecond:
		return fMillisecond, d.addMicros(val, frac, 1000)
	case unitSecond:
		if frac != 0 {
			return fAllSeconds, d.addMicros(val, frac, Second)
		}
		return fSecond, d.addMicros(val, frac, Second)
	case unitMinute:
		return fMinute, d.addMicros(val, frac, Minute)
	case unitHour:
		return fHour, d.addMicros(val, frac, Hour)
	case unitDay:
		return fDay, addScaled(&d.days, val, 1, math.MaxInt32) && d.addFracMicros(frac, Day)
	case unitWeek:
		return fWeek, addScaled(&d.days, val, 7, math.MaxInt32) && d.addFracDays(frac, 7)
	case unitMonth:
		return fMonth, addScaled(&d.months, val, 1, math.MaxInt32) && d.addFracDays(frac, daysPerMonth)
	case unitYear:
		return fYear, d.addYears(val, frac, 1)
	case unitDecade:
		return fDecade, d.addYears(val, frac, 10)
	case unitCentury:
		return fCentury, d.addYears(val, frac, 100)
	case unitMillennium:
		return fMillennium, d.addYears(val, frac, 1000)
	}
	return 0, true
}

func addScaled(sum *int64, val, scale, limit int64) bool {
	v, fits := mulAdd(val, scale, 0)
	return fits && addTo(sum, v) && *sum <= limit && *sum >= -limit-1
}

func (d *intervalDecoder) addMicros(val int64, frac float64, scale int64) bool {
	v, fits := mulAdd(val, scale, 0)
	return fits && addTo(&d.micros, v) && d.addFracMicros(frac, scale)
}

// addFracMicros adds a fraction of a unit, the last half microsecond down.
func (d *intervalDecoder) addFracMicros(frac float64, scale int64) bool {
	if frac == 0 {
		return true
	}
	frac *= float64(scale)
	v := int64(frac)
	frac -= float64(v)
	if frac > 0.5 {
		v++
	} else if frac < -0.5 {
		v--
	}
	return addTo(&d.micros, v)
}

func (d *intervalDecoder) addFracDays(frac float64, scale int64) bool {
	if frac == 0 {
		return true
	}
	frac *= float64(scale)
	days := int64(frac)
	return addScaled(&d.days, days, 1, math.MaxInt32) && d.addFracMicros(frac-float64(days), Day)
}

func (d *intervalDecoder) addYears(val int64, frac float64, scale int64) bool {
	v, fits := mulAdd(val, scale*12, 0)
	if !fits || !addTo(&d.months, v) {
		return false
	}
	extra := roundEven(frac * float64(scale) * 12)
	limit := int64(math.MaxInt32) * 12 // years fit 32 bits; whether months do is checked at the end
	return addTo(&d.months, int64(extra)) && d.months <= limit && d.months >= -limit-12
}

// decodeISOInterval reads ISO 8601: P1Y2M3DT4H5M6S, P1W, P0001-02-03T04:05:06.
func decodeISOInterval(s string) (d intervalDecoder, f failure) {
	if len(s) < 2 || s[0] != 'P' {
		return d, badFormat
	}
	s = s[1:]
	dates, anything := true, false
	for s != "" {
		if s[0] == 'T' {
			dates, anything = false, false
			s = s[1:]
			continue
		}
		val, frac, rest, f := isoNumber(s)
		if f != ok {
			return d, f
		}
		width := integerWidth(s)
		letter := byte(0)
		if s = rest; s != "" {
			letter = s[0]
			s = s[1:]
		}
		if units := isoUnits[dates]; units[letter] != unitNone {
			if _, fits := d.add(units[letter], val, frac); !fits {
				return d, fieldOverflow
			}
			anything = true
			continue
		}
		if anything {
			return d, badFormat
		}
		if !dates {
			return d, d.isoTime(val, frac, width, letter, s)
		}
		if letter == 'T' {
			s = "T" + s
		}
		if s, f = d.isoDate(val, frac, width, letter, s); f != ok {
			return d, f
		}
	}
	return d, ok
}

// isoUnits are the letters in the date (true) and the time part.
var isoUnits = map[bool]map[byte]unit{
	true:  {'Y': unitYear, 'M': unitMonth, 'W': unitWeek, 'D': unitDay},
	false: {'H': unitHour, 'M': unitMinute, 'S': unitSecond},
}

// isoDate reads the alternative format's date: 00010203 or 0001-02-03, whose year has been read.
func (d *intervalDecoder) isoDate(val int64, frac float64, width int, letter byte, s string) (rest string, f failure) {
	switch letter {
	case 'T', 0:
		fits := false
		if width == 8 {
			fits = d.addYMD(val, frac)
		} else {
			fits = d.addYears(val, frac, 1)
		}
		if !fits {
			return "", fieldOverflow
		}
		return s, ok
	case '-':
		return d.extendedDate(val, s)
	}
	return "", badFormat
}

// isoTime reads the alternative format's time: 040506 or 04:05:06, whose hour has been read.
func (d *intervalDecoder) isoTime(val int64, frac float64, width int, letter byte, s string) failure {
	fits := false
	switch {
	case letter == ':':
		return d.extendedTime(val, s)
	case letter != 0:
		return badFormat
	case width == 6:
		fits = d.addMicros(val/10000, 0, Hour) && d.addMicros(val/100%100, 0, Minute) && d.addMicros(val%100, frac, Second)
	default:
		fits = d.addMicros(val, frac, Hour)
	}
	if !fits {
		return fieldOverflow
	}
	return ok
}

// integerWidth counts the digits of the number in front of s.
func integerWidth(s string) int {
	if s != "" && s[0] == '-' {
		s = s[1:]
	}
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

func (d *intervalDecoder) addYMD(val int64, frac float64) bool {
	return d.addYears(val/10000, 0, 1) && addScaled(&d.months, val/100%100, 1, math.MaxInt32*12) && addScaled(&d.days, val%100, 1, math.MaxInt32) && d.addFracMicros(frac, Day)
}

// extendedDate reads -mm[-dd] behind the year.
func (d *intervalDecoder) extendedDate(year int64, s string) (rest string, f failure) {
	if !d.addYears(year, 0, 1) {
		return "", fieldOverflow
	}
	month, _, s, f := isoNumber(s)
	if f != ok {
		return "", f
	}
	if !addScaled(&d.months, month, 1, math.MaxInt32*12) {
		return "", fieldOverflow
	}
	if s == "" || s[0] == 'T' {
		return s, ok
	}
	if s[0] != '-' {
		return "", badFormat
	}
	day, frac, s, f := isoNumber(s[1:])
	if f != ok {
		return "", f
	}
	if s != "" && s[0] != 'T' {
		return "", badFormat
	}
	if _, fits := d.add(unitDay, day, frac); !fits {
		return "", fieldOverflow
	}
	return s, ok
}

// extendedTime reads mm[:ss] behind the hour.
func (d *intervalDecoder) extendedTime(hour int64, s string) failure {
	units := []unit{unitMinute, unitSecond}
	if _, fits := d.add(unitHour, hour, 0); !fits {
		return fieldOverflow
	}
	for i, u := range units {
		v, frac, rest, f := isoNumber(s)
		if f != ok {
			return f
		}
		if _, fits := d.add(u, v, frac); !fits {
			return fieldOverflow
		}
		if rest == "" {
			return ok
		}
		if rest[0] != ':' || i == 1 {
			return badFormat
		}
		s = rest[1:]
	}
	return badFormat
}

// isoNumber reads a signed number with a fraction.
func isoNumber(s string) (val int64, frac float64, rest string, f failure) {
	n := 0
	negative := false
	if n < len(s) && (s[n] == '-' || s[n] == '+') {
		negative = s[n] == '-'
		n++
	}
	digits := n
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	if n == digits && (n == len(s) || s[n] != '.') {
		return 0, 0, "", badFormat
	}
	if n > digits {
		var err error
		if val, err = strconv.ParseInt(s[digits:n], 10, 64); err != nil {
			return 0, 0, "", fieldOverflow
		}
	}
	if n < len(s) && s[n] == '.' {
		start := n
		n++
		for n < len(s) && isDigit(s[n]) {
			n++
		}
		frac, _ = strconv.ParseFloat("0"+s[start:n]+"0", 64)
	}
	if negative {
		val, frac = -val, -frac
	}
	return val, frac, s[n:], ok
}

// ApplyIntervalTypmod cuts an interval to the fields and rounds it to the precision of a type's modifier.
func ApplyIntervalTypmod(v Interval, typmod int32) Interval {
	if typmod < 0 {
		return v
	}
	cut := func(unit int64) { v.Micros = v.Micros / unit * unit }
	switch mask := typmod >> 16 & modFullRange; mask {
	case modYear:
		v.Months, v.Days, v.Micros = v.Months/12*12, 0, 0
	case modMonth, modYear | modMonth:
		v.Days, v.Micros = 0, 0
	case modDay:
		v.Micros = 0
	case modHour, modDay | modHour:
		cut(Hour)
	case modMinute, modDay | modHour | modMinute, modHour | modMinute:
		cut(Minute)
	}
	if p := typmod & 0xFFFF; p != modFullPrecision {
		v.Micros = RoundTimestamp(v.Micros, p)
	}
	return v
}
