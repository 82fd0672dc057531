package datetime

import (
	"strconv"
	"strings"
	"time"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// Options are the settings that input and output depend on.
type Options struct {
	Location *time.Location
	Order    byte // 'M', 'D' or 'Y'
	Style    byte // 'I', 'P', 'S' or 'G'
	Interval byte // 'p', 'v', 's' or 'i'
	Now      time.Time
}

// The fields of a date that have been found.
type fields uint32

const (
	fYear fields = 1 << iota
	fMonth
	fDay
	fHour
	fMinute
	fSecond
	fZone
	fDOY
	fDSTMod
	fMeridian
	fEra
	fWeekday
	fReserved
	fMillisecond
	fMicrosecond
	fWeek
	fDecade
	fCentury
	fMillennium

	fDate       = fYear | fMonth | fDay
	fTime       = fHour | fMinute | fSecond
	fAllSeconds = fSecond | fMillisecond | fMicrosecond
)

// failure is why an input was refused; the caller knows the type's name for the message.
type failure uint8

const (
	ok failure = iota
	badFormat
	fieldOverflow
	monthDayOverflow // perhaps the order of the fields was meant otherwise
	intervalOverflow
	zoneOverflow
	badZone
)

func (f failure) err(typ, s, zone string) error {
	switch f {
	case fieldOverflow, monthDayOverflow:
		e := pgerr.Newf(pgerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", s)
		if f == monthDayOverflow {
			e.WithHint("Perhaps you need a different \"datestyle\" setting.")
		}
		return e
	case intervalOverflow:
		return pgerr.Newf(pgerr.IntervalFieldOverflow, "interval field value out of range: \"%s\"", s)
	case zoneOverflow:
		return pgerr.Newf(pgerr.InvalidTimeZoneDisplacementValue, "time zone displacement out of range: \"%s\"", s)
	case badZone:
		return errZone(zone)
	}
	return pgerr.Newf(pgerr.InvalidDatetimeFormat, "invalid input syntax for type %s: \"%s\"", typ, s)
}

// decoder gathers the fields of one input.
type decoder struct {
	o        *Options
	toks     []token
	timeOnly bool

	have      fields
	clock     Clock
	special   int // resEpoch, resInfinity, resNegInfinity: the value is that
	zone      int // seconds east
	loc       *time.Location
	badZone   string
	twoDigits bool // the year has one or two digits
	textMonth bool
	bc        bool
	julian    bool
	meridian  int
	yday      int
	prefix    unit // what the next number is
}

// run gives every token its meaning.
func (d *decoder) run() failure {
	for i, t := range d.toks {
		var found fields
		var f failure
		switch t.kind {
		case tokDate:
			found, f = d.dateToken(i, t.text)
		case tokTime:
			found, f = d.timeToken(t.text)
		case tokZone:
			d.zone, f = decodeOffset(t.text)
			found = fZone
		case tokNumber:
			found, f = d.numberToken(i, t.text)
		default:
			found, f = d.wordToken(t.text)
		}
		if f != ok {
			return f
		}
		if found&d.have != 0 {
			return badFormat
		}
		d.have |= found
	}
	if d.prefix != unitNone {
		return badFormat
	}
	return ok
}

// dateFields are the fields that date tokens look at: in a time, the date counts as found.
func (d *decoder) dateFields() fields {
	if d.timeOnly {
		return d.have | fDate
	}
	return d.have
}

func (d *decoder) dateToken(i int, s string) (fields, failure) {
	if d.timeOnly {
		last := d.toks[len(d.toks)-1]
		if i == 0 && len(d.toks) >= 2 && (last.kind == tokDate || d.toks[1].kind == tokTime) {
			return d.decodeDate(s)
		}
		if !isDigit(s[0]) {
			return d.zoneName(s)
		}
		return d.timeWithZone(s)
	}
	switch {
	case d.prefix == unitJulian:
		return d.julianWithZone(s)
	case d.prefix != unitNone || d.have&(fMonth|fDay) == fMonth|fDay:
		if isDigit(s[0]) || d.prefix != unitNone {
			if d.prefix != unitNone && d.prefix != unitISOTime {
				return 0, badFormat
			}
			d.prefix = unitNone
			return d.timeWithZone(s)
		}
		return d.zoneName(s)
	}
	return d.decodeDate(s)
}

// timeWithZone reads "040506-08".
func (d *decoder) timeWithZone(s string) (fields, failure) {
	if d.have&fTime == fTime {
		return 0, badFormat
	}
	at := strings.IndexByte(s, '-')
	if at < 0 {
		return 0, badFormat
	}
	var f failure
	if d.zone, f = decodeOffset(s[at:]); f != ok {
		return 0, f
	}
	have := d.have
	if d.timeOnly {
		have |= fDate
	}
	found, f := d.runTogether(s[:at], have)
	return found | fZone, f
}

// julianWithZone reads "J2451187-08".
func (d *decoder) julianWithZone(s string) (fields, failure) {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	if n == 0 || n == len(s) || s[n] != '-' {
		return 0, badFormat
	}
	jd, err := strconv.ParseInt(s[:n], 10, 32)
	if err != nil {
		return 0, fieldOverflow
	}
	zone, f := decodeOffset(s[n:])
	if f != ok {
		return 0, f
	}
	d.zone, d.prefix, d.julian = zone, unitNone, true
	d.clock.Year, d.clock.Month, d.clock.Day = fromJulian(int(jd))
	return fDate | fTime | fZone, ok
}

func (d *decoder) zoneName(s string) (fields, failure) {
	loc, _, found := LoadZone(s)
	if !found {
		d.badZone = s
		return 0, badZone
	}
	d.loc = loc
	return fZone, ok
}

func (d *decoder) timeToken(s string) (fields, failure) {
	if d.prefix != unitNone {
		if d.prefix != unitISOTime {
			return 0, badFormat
		}
		d.prefix = unitNone
	}
	c, f := decodeTime(s, false)
	if f != ok {
		return 0, f
	}
	if c.overflows() {
		return 0, fieldOverflow
	}
	d.clock.Hour, d.clock.Min, d.clock.Sec, d.clock.Micros = c.Hour, c.Min, c.Sec, c.Micros
	return fTime, ok
}

func (d *decoder) numberToken(i int, s string) (fields, failure) {
	if d.prefix != unitNone {
		return d.prefixedNumber(s)
	}
	dot := strings.IndexByte(s, '.')
	if d.timeOnly {
		switch {
		case dot >= 0 && i == 0 && len(d.toks) >= 2 && d.toks[len(d.toks)-1].kind == tokDate:
			return d.decodeDate(s)
		case dot > 2:
			return d.runTogether(s, d.have|fDate)
		case dot >= 0:
			return 0, badFormat
		case len(s) > 4:
			return d.runTogether(s, d.have|fDate)
		}
		return d.number(s, false, d.have|fDate)
	}
	switch {
	case dot >= 0 && d.have&fDate == 0:
		return d.decodeDate(s)
	case dot > 2:
		return d.runTogether(s, d.have)
	case dot < 0 && len(s) >= 6 && (d.have&fDate == 0 || d.have&fTime == 0):
		return d.runTogether(s, d.have)
	}
	return d.number(s, d.textMonth, d.have)
}

// prefixedNumber reads the number behind a unit or behind T.
func (d *decoder) prefixedNumber(s string) (fields, failure) {
	u := d.prefix
	d.prefix = unitNone
	whole, frac, _ := strings.Cut(s, ".")
	v, err := strconv.ParseInt(whole, 10, 32)
	if err != nil {
		return 0, fieldOverflow
	}
	switch u {
	case unitJulian:
		d.julian = true
		d.clock.Year, d.clock.Month, d.clock.Day = fromJulian(int(v))
		if len(s) == len(whole) {
			return fDate, ok
		}
		f, err := strconv.ParseFloat("0."+frac+"0", 64)
		if err != nil {
			return 0, badFormat
		}
		c := timeClock(int64(f * float64(Day)))
		d.clock.Hour, d.clock.Min, d.clock.Sec, d.clock.Micros = c.Hour, c.Min, c.Sec, c.Micros
		return fDate | fTime, ok
	case unitISOTime:
		found, f := d.runTogether(s, d.have|fDate)
		if f == ok && found != fTime {
			f = badFormat
		}
		return found, f
	}
	return 0, badFormat
}

// wordToken handles names of months and days, keywords and zones.
func (d *decoder) wordToken(s string) (fields, failure) {
	if offset, found := abbrevs()[clip(s)]; found && len(s) <= 10 {
		d.zone = offset
		return fZone, ok
	}
	k, found := keywords[clip(s)]
	if !found {
		loc, _, found := LoadZone(s)
		if !found {
			return 0, badFormat
		}
		d.loc = loc
		return fZone, ok
	}
	switch k.class {
	case wordMonth:
		if d.timeOnly {
			return 0, badFormat
		}
		var found fields = fMonth
		if d.have&fMonth != 0 && !d.textMonth && d.have&fDay == 0 && d.clock.Month >= 1 && d.clock.Month <= 31 {
			// "4 Jan": what was taken for a month was the day.
			d.clock.Day = d.clock.Month
			found = fDay
		}
		d.textMonth = true
		d.clock.Month = k.value
		return found, ok
	case wordReserved:
		return d.reserved(k.value)
	case wordUnit:
		d.prefix = unit(k.value)
	case wordISOTime:
		if !d.timeOnly && d.have&fDate != fDate {
			return 0, badFormat
		}
		d.prefix = unitISOTime
	case wordMeridian:
		d.meridian = k.value
		return fMeridian, ok
	case wordEra:
		d.bc = k.value == 1
		return fEra, ok
	case wordDST:
		d.zone += 3600
		return fDSTMod, ok
	case wordWeekday:
		if d.timeOnly {
			return 0, badFormat
		}
		return fWeekday, ok
	}
	return 0, ok
}

func (d *decoder) reserved(v int) (fields, failure) {
	if d.timeOnly && v != resNow && v != resAllballs {
		return 0, badFormat
	}
	switch v {
	case resNow:
		now := d.now()
		c := ClockOf(ToLocal(now, d.o.Location))
		offset, _ := offsetAt(now, d.o.Location)
		if d.timeOnly {
			c.Year, c.Month, c.Day = d.clock.Year, d.clock.Month, d.clock.Day
			d.clock = c
			return fTime, ok
		}
		d.clock, d.zone = c, offset
		return fDate | fTime | fZone | fReserved, ok
	case resToday, resYesterday, resTomorrow:
		days, _ := floorDiv(ToLocal(d.now(), d.o.Location), Day)
		switch v {
		case resYesterday:
			days--
		case resTomorrow:
			days++
		}
		d.clock.Year, d.clock.Month, d.clock.Day = fromJulian(int(days) + epochJulian)
		return fDate | fReserved, ok
	case resAllballs:
		d.clock.Hour, d.clock.Min, d.clock.Sec, d.clock.Micros, d.zone = 0, 0, 0, 0, 0
		return fTime | fZone | fReserved, ok
	}
	d.special = v
	return fDate | fTime | fZone | fReserved, ok
}

func (d *decoder) now() int64 { return FromTime(d.o.Now) }

// FromTime is the timestamp with time zone of a time.
func FromTime(t time.Time) int64 { return (t.Unix()-unixOffset)*Second + int64(t.Nanosecond()/1000) }

// decodeDate reads a token with up to three parts, one of which may be the name of a month.
func (d *decoder) decodeDate(s string) (fields, failure) {
	have := d.have
	if d.timeOnly {
		have = 0
	}
	var parts []string
	for i := 0; i < len(s); {
		for i < len(s) && !isDigit(s[i]) && !isAlpha(s[i]) {
			i++
		}
		start := i
		if i == len(s) {
			return 0, badFormat
		}
		letters := isAlpha(s[i])
		for i < len(s) && (letters && isAlpha(s[i]) || !letters && isDigit(s[i])) {
			i++
		}
		if len(parts) == 3 {
			return 0, badFormat
		}
		parts = append(parts, s[start:i])
		// One separator at most.
		if i < len(s) && !isDigit(s[i]) && !isAlpha(s[i]) {
			i++
		}
		if i == len(s) {
			break
		}
	}
	var found fields
	textMonth := false
	rest := parts[:0]
	for _, p := range parts {
		if !isAlpha(p[0]) {
			rest = append(rest, p)
			continue
		}
		k, known := keywords[clip(p)]
		switch {
		case known && k.class == wordIgnored:
		case known && k.class == wordMonth && !textMonth && (have|found)&fMonth == 0:
			d.clock.Month = k.value
			textMonth = true
			found |= fMonth
		default:
			return 0, badFormat
		}
	}
	for _, p := range rest {
		got, f := d.number(p, textMonth, have|found)
		if f != ok {
			return 0, f
		}
		if (have|found)&got != 0 {
			return 0, badFormat
		}
		found |= got
	}
	if (have|found)&^(fDOY|fZone) != fDate {
		return 0, badFormat
	}
	return found, ok
}

// number takes a number for the field that is next in the order of the session, unless it shows itself what it is.
func (d *decoder) number(s string, textMonth bool, have fields) (fields, failure) {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	if n == 0 {
		return 0, badFormat
	}
	v64, err := strconv.ParseInt(s[:n], 10, 32)
	if err != nil {
		return 0, fieldOverflow
	}
	v := int(v64)
	if n < len(s) {
		if s[n] != '.' {
			return 0, badFormat
		}
		if n > 2 {
			return d.runTogether(s, have|fDate)
		}
		micros, valid := fraction(s[n:])
		if !valid {
			return 0, badFormat
		}
		d.clock.Micros = micros
	}
	if len(s) == 3 && have&fDate == fYear && v >= 1 && v <= 366 {
		d.yday = v
		return fDOY | fMonth | fDay, ok
	}
	year := func() (fields, failure) {
		d.clock.Year = v
		d.twoDigits = len(s) <= 2
		return fYear, ok
	}
	month := func() (fields, failure) { d.clock.Month = v; return fMonth, ok }
	day := func() (fields, failure) { d.clock.Day = v; return fDay, ok }
	switch have & fDate {
	case 0:
		switch {
		case len(s) >= 3 || d.o.Order == 'Y':
			return year()
		case d.o.Order == 'D':
			return day()
		}
		return month()
	case fYear:
		return month()
	case fMonth:
		if textMonth && (len(s) >= 3 || d.o.Order == 'Y') {
			return year()
		}
		return day()
	case fYear | fMonth:
		if textMonth && len(s) >= 3 && d.twoDigits {
			// What was taken for a year of two digits was the day.
			d.clock.Day, d.clock.Year, d.twoDigits = d.clock.Year, v, false
			return fDay, ok
		}
		return day()
	case fDay:
		return month()
	case fMonth | fDay:
		return year()
	case fDate:
		return d.runTogether(s, have)
	}
	return 0, badFormat
}

// runTogether reads yyyymmdd, yymmdd, hhmmss[.ffffff] or hhmm.
func (d *decoder) runTogether(s string, have fields) (fields, failure) {
	two := func(at int) int { return int(s[at]-'0')*10 + int(s[at+1]-'0') }
	if dot := strings.IndexByte(s, '.'); dot >= 0 {
		micros, valid := fraction(s[dot:])
		if !valid {
			return 0, badFormat
		}
		d.clock.Micros = micros
		s = s[:dot]
	} else if have&fDate != fDate && len(s) >= 6 {
		n := len(s)
		y, err := strconv.ParseInt(s[:n-4], 10, 32)
		if err != nil {
			return 0, fieldOverflow
		}
		d.clock.Year, d.clock.Month, d.clock.Day = int(y), two(n-4), two(n-2)
		if n == 6 {
			d.twoDigits = true
		}
		return fDate, ok
	}
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return 0, badFormat
		}
	}
	if have&fTime != fTime {
		switch len(s) {
		case 6:
			d.clock.Hour, d.clock.Min, d.clock.Sec = two(0), two(2), two(4)
			return fTime, ok
		case 4:
			d.clock.Hour, d.clock.Min, d.clock.Sec = two(0), two(2), 0
			return fTime, ok
		}
	}
	return 0, badFormat
}

// validate checks the date and makes the year what it means.
func (d *decoder) validate() failure {
	c := &d.clock
	if d.have&fYear != 0 {
		switch {
		case d.julian:
		case d.bc:
			if c.Year <= 0 {
				return fieldOverflow
			}
			c.Year = 1 - c.Year
		case d.twoDigits:
			if c.Year < 70 {
				c.Year += 2000
			} else if c.Year < 100 {
				c.Year += 1900
			}
		default:
			if c.Year <= 0 {
				return fieldOverflow
			}
		}
	}
	if d.have&fDOY != 0 {
		c.Year, c.Month, c.Day = fromJulian(julian(c.Year, 1, 1) + d.yday - 1)
	}
	if d.have&fMonth != 0 && (c.Month < 1 || c.Month > 12) {
		return monthDayOverflow
	}
	if d.have&fDay != 0 && (c.Day < 1 || c.Day > 31) {
		return monthDayOverflow
	}
	if d.have&fDate == fDate && c.Day > DaysIn(c.Year, c.Month) {
		return fieldOverflow
	}
	return ok
}

// applyMeridian turns a time of twelve hours into one of 24.
func (d *decoder) applyMeridian() failure {
	switch {
	case d.meridian != 0 && d.clock.Hour > 12:
		return fieldOverflow
	case d.meridian == 1 && d.clock.Hour == 12:
		d.clock.Hour = 0
	case d.meridian == 2 && d.clock.Hour != 12:
		d.clock.Hour += 12
	}
	return ok
}
