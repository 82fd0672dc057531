package builtin

import (
	"fmt"
	"strings"
	"time"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/datetime"
)

// formatTimeFamily is to_char of timestamps and intervals, to_timestamp and to_date.
var formatTimeFamily = []Def{
	{Name: "timestamp_to_char", Scalar: timestampToChar},
	{Name: "timestamptz_to_char", Scalar: timestamptzToChar},
	{Name: "interval_to_char", Scalar: intervalToChar},
	{Name: "to_timestamp", Scalar: toTimestamp},
	{Name: "to_date", Scalar: toDate},
}

// datePattern is one pattern of a date template.
type datePattern struct {
	name     string
	mode     dateMode
	digits   bool // its text is digits, for reading
	calendar bool // it has no meaning for an interval
}

// dateMode is the calendar that a pattern belongs to; one template does not mix them.
type dateMode uint8

const (
	modeNone dateMode = iota
	modeGregorian
	modeISO
)

// datePatterns in the order of search: of two that begin alike the longer one first. Those with a case of their own are listed in each case.
var datePatterns = []datePattern{
	{"A.D.", modeNone, false, true}, {"A.M.", modeNone, false, false}, {"AD", modeNone, false, true}, {"AM", modeNone, false, false},
	{"B.C.", modeNone, false, true}, {"BC", modeNone, false, true}, {"CC", modeNone, true, false}, {"DAY", modeNone, false, true},
	{"DDD", modeGregorian, true, false}, {"DD", modeGregorian, true, false}, {"DY", modeNone, false, true}, {"Day", modeNone, false, true},
	{"Dy", modeNone, false, true}, {"D", modeGregorian, true, true}, {"FF1", modeNone, true, false}, {"FF2", modeNone, true, false},
	{"FF3", modeNone, true, false}, {"FF4", modeNone, true, false}, {"FF5", modeNone, true, false}, {"FF6", modeNone, true, false},
	{"FX", modeNone, false, false}, {"HH24", modeNone, true, false}, {"HH12", modeNone, true, false}, {"HH", modeNone, true, false},
	{"IDDD", modeISO, true, false}, {"ID", modeISO, true, true}, {"IW", modeISO, true, false}, {"IYYY", modeISO, true, false},
	{"IYY", modeISO, true, false}, {"IY", modeISO, true, false}, {"I", modeISO, true, false}, {"J", modeNone, true, false},
	{"MI", modeNone, true, false}, {"MM", modeGregorian, true, false}, {"MONTH", modeGregorian, false, true}, {"MON", modeGregorian, false, true},
	{"MS", modeNone, true, false}, {"Month", modeGregorian, false, true}, {"Mon", modeGregorian, false, true}, {"OF", modeNone, false, true},
	{"P.M.", modeNone, false, false}, {"PM", modeNone, false, false}, {"Q", modeNone, true, false}, {"RM", modeGregorian, false, false},
	{"SSSSS", modeNone, true, false}, {"SSSS", modeNone, true, false}, {"SS", modeNone, true, false}, {"TZH", modeNone, false, true},
	{"TZM", modeNone, true, true}, {"TZ", modeNone, false, true}, {"US", modeNone, true, false}, {"WW", modeGregorian, true, false},
	{"W", modeGregorian, true, false}, {"Y,YYY", modeGregorian, true, false}, {"YYYY", modeGregorian, true, false},
	{"YYY", modeGregorian, true, false}, {"YY", modeGregorian, true, false}, {"Y", modeGregorian, true, false},
}

// textCase is the case in which a pattern writes words.
type textCase uint8

const (
	upperCase textCase = iota
	lowerCase
	titleCase
)

// partKind is what an element of a template is.
type partKind uint8

const (
	partPattern partKind = iota
	partLiteral
	partSeparator
	partSpace
)

// datePart is one element of a date template.
type datePart struct {
	kind    partKind
	pattern *datePattern
	spelled string // the pattern as the template spells it
	textCase
	literal string
	fill    bool // FM
	ordinal string
}

// dateTemplate is a parsed template.
type dateTemplate struct {
	source string
	parts  []datePart
}

// patternAt finds the pattern at the start of s; lower case stands for the upper-case pattern.
func patternAt(s string) (p *datePattern, c textCase) {
	for i := range datePatterns {
		name := datePatterns[i].name
		if strings.HasPrefix(s, name) {
			if len(name) > 1 && name[1] >= 'a' && name[1] <= 'z' {
				return &datePatterns[i], titleCase
			}
			return &datePatterns[i], upperCase
		}
		if strings.HasPrefix(s, strings.ToLower(name)) {
			return &datePatterns[i], lowerCase
		}
	}
	return nil, upperCase
}

// dateTemplateOf parses a template, or takes it from the call site.
func dateTemplateOf(c *Call, source string) *dateTemplate {
	if t, ok := c.Cache.(*dateTemplate); ok && t.source == source {
		return t
	}
	t := &dateTemplate{source: strings.Clone(source)}
	for s := t.source; s != ""; {
		s = t.next(s)
	}
	c.Cache = t
	return t
}

// next takes one element, or quoted text, off the template.
func (t *dateTemplate) next(s string) (rest string) {
	fill := false
	if len(s) >= 2 {
		switch s[:2] {
		case "FM", "fm":
			fill = true
			s = s[2:]
		case "TM", "tm": // names in the session's language, which is always English
			fill = true
			s = s[2:]
		}
	}
	if s == "" {
		return ""
	}
	if p, c := patternAt(s); p != nil {
		part := datePart{pattern: p, spelled: s[:len(p.name)], textCase: c, fill: fill}
		s = s[len(p.name):]
		switch {
		case strings.HasPrefix(s, "TH"), strings.HasPrefix(s, "th"):
			part.ordinal = s[:2]
			s = s[2:]
		case strings.HasPrefix(s, "SP"):
			s = s[2:]
		}
		t.parts = append(t.parts, part)
		return s
	}
	quoted := s[0] == '"'
	literal, rest := templateLiteral(s)
	for _, r := range literal {
		kind := partLiteral
		if !quoted {
			kind = literalKind(r)
		}
		t.parts = append(t.parts, datePart{kind: kind, literal: string(r)})
	}
	return rest
}

func literalKind(r rune) partKind {
	switch {
	case r == ' ' || r >= '\t' && r <= '\r':
		return partSpace
	case isSeparator(r):
		return partSeparator
	}
	return partLiteral
}

// isSeparator tells whether r is ASCII punctuation.
func isSeparator(r rune) bool {
	return r > ' ' && r < 0x7f && !(r >= '0' && r <= '9') && !(r|0x20 >= 'a' && r|0x20 <= 'z')
}

// moment is what to_char prints: a local timestamp or an interval, in fields.
type moment struct {
	year, month, day     int
	hour, minute, second int
	micros               int
	dayOfYear            int
	days                 int32 // of a timestamp: the date
	interval             bool
	zoned                bool
	zone                 string
	east                 int // offset in seconds
}

func momentOf(local int64) moment {
	c := datetime.ClockOf(local)
	day, _ := floorDivide(local, datetime.Day)
	return moment{
		year: c.Year, month: c.Month, day: c.Day, hour: c.Hour, minute: c.Min, second: c.Sec, micros: c.Micros,
		days: int32(day), dayOfYear: dayOfYear(int32(day)),
	}
}

func timestampToChar(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	t := dateTemplateOf(c, a[1].Text())
	if len(t.source) == 0 || !finiteTimestamp(a[0].Int()) {
		return pgtype.Null, nil
	}
	return t.print(momentOf(a[0].Int()))
}

func timestamptzToChar(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	t := dateTemplateOf(c, a[1].Text())
	ts := a[0].Int()
	if len(t.source) == 0 || !finiteTimestamp(ts) {
		return pgtype.Null, nil
	}
	m := momentOf(datetime.ToLocal(ts, c.Text.Location))
	m.zoned, m.east = true, -int(westAt(ts, c.Text.Location))
	seconds, _ := floorDivide(ts-unixEpoch, datetime.Second)
	m.zone, _ = time.Unix(seconds, 0).In(c.Text.Location).Zone()
	return t.print(m)
}

func intervalToChar(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	t := dateTemplateOf(c, a[1].Text())
	if len(t.source) == 0 {
		return pgtype.Null, nil
	}
	v := a[0].Interval()
	m := moment{
		interval: true, year: int(v.Months / 12), month: int(v.Months % 12), day: int(v.Days), hour: int(v.Micros / datetime.Hour),
		minute: int(v.Micros / datetime.Minute % 60), second: int(v.Micros / datetime.Second % 60), micros: int(v.Micros % datetime.Second),
	}
	m.dayOfYear = (m.year*12+m.month)*daysPerMonth + m.day
	return t.print(m)
}

func (t *dateTemplate) print(m moment) (pgtype.Datum, error) {
	var out strings.Builder
	for i := range t.parts {
		p := &t.parts[i]
		if p.kind != partPattern {
			out.WriteString(p.literal)
			continue
		}
		if m.interval && p.pattern.calendar {
			return pgtype.Null, pgerr.New(pgerr.InvalidDatetimeFormat, "invalid format specification for an interval value").
				WithHint("Intervals are not tied to specific calendar dates.")
		}
		s, isNumber := m.field(p)
		out.WriteString(s)
		if isNumber && p.ordinal != "" {
			out.WriteString(ordinalSuffix(s, p.ordinal == "TH"))
		}
	}
	return pgtype.Text(out.String()), nil
}

// field prints one pattern; isNumber says that an ordinal suffix may follow.
func (m *moment) field(p *datePart) (s string, isNumber bool) {
	if v, width, ok := m.number(p.pattern.name); ok {
		return p.padded(v, width), true
	}
	if s, ok := m.word(p); ok {
		return s, false
	}
	return m.special(p)
}

// padded prints a number with zeros, with one more place for a sign but in days and weeks; FM leaves the zeros out.
func (p *datePart) padded(v, width int) string {
	if p.fill {
		width = 0
	} else if v < 0 && width > 1 && !strings.HasSuffix(p.pattern.name, "D") && !strings.HasSuffix(p.pattern.name, "W") {
		width++
	}
	return fmt.Sprintf("%0*d", width, v)
}

// shownYear counts years before 1 from 1 on, but for intervals.
func (m *moment) shownYear(year int) int {
	if !m.interval && year <= 0 {
		return 1 - year
	}
	return year
}

// number is the value and the width of the patterns that are plain numbers.
func (m *moment) number(name string) (v, width int, ok bool) {
	switch name {
	case "HH", "HH12":
		if v = m.hour % 12; v == 0 {
			v = 12
		}
		return v, 2, true
	case "HH24":
		return m.hour, 2, true
	case "MI":
		return m.minute, 2, true
	case "SS":
		return m.second, 2, true
	case "MM":
		return m.month, 2, true
	case "DD":
		return m.day, 2, true
	case "DDD":
		return m.dayOfYear, 3, true
	case "SSSS", "SSSSS":
		return m.hour*3600 + m.minute*60 + m.second, 1, true
	case "WW":
		return (m.dayOfYear-1)/7 + 1, 2, true
	case "W":
		return (m.day-1)/7 + 1, 1, true
	case "D":
		return weekday(m.days) + 1, 1, true
	case "ID":
		return (weekday(m.days)+6)%7 + 1, 1, true
	case "IW":
		_, week := m.isoWeek()
		return week, 2, true
	case "IDDD":
		_, week := m.isoWeek()
		return (week-1)*7 + (weekday(m.days)+6)%7 + 1, 3, true
	case "YYYY", "YYY", "YY", "Y":
		return m.yearDigits(m.year, len(name))
	case "IYYY", "IYY", "IY", "I":
		year, _ := m.isoWeek()
		return m.yearDigits(year, len(name))
	}
	return 0, 0, false
}

func (m *moment) isoWeek() (year, week int) {
	if m.interval {
		d, ok := datetime.DateFrom(m.year, max(m.month, 1), max(m.day, 1))
		if !ok {
			return m.year, 0
		}
		return isoWeek(d)
	}
	return isoWeek(m.days)
}

func (m *moment) yearDigits(year, digits int) (v, width int, ok bool) {
	v = m.shownYear(year)
	if digits < 4 {
		modulus := 1
		for range digits {
			modulus *= 10
		}
		v %= modulus
	}
	return v, digits, true
}

var (
	monthNames = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	dayNames   = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	romanMonth = []string{"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"}
)

// nameWidth is what full names are padded to.
const nameWidth = 9

func (c textCase) apply(s string) string {
	switch c {
	case upperCase:
		return strings.ToUpper(s)
	case lowerCase:
		return strings.ToLower(s)
	}
	return s
}

// word is the patterns that are words.
func (m *moment) word(p *datePart) (s string, ok bool) {
	width := 0
	switch p.pattern.name {
	case "AM", "PM":
		s = [2]string{"AM", "PM"}[halfDay(m.hour)]
	case "A.M.", "P.M.":
		s = [2]string{"A.M.", "P.M."}[halfDay(m.hour)]
	case "AD", "BC":
		s = "AD"
		if m.year <= 0 {
			s = "BC"
		}
	case "A.D.", "B.C.":
		s = "A.D."
		if m.year <= 0 {
			s = "B.C."
		}
	case "MONTH", "Month":
		s, width = monthNames[m.month-1], nameWidth
	case "MON", "Mon":
		s = monthNames[m.month-1][:3]
	case "DAY", "Day":
		s, width = dayNames[weekday(m.days)], nameWidth
	case "DY", "Dy":
		s = dayNames[weekday(m.days)][:3]
	case "RM":
		if m.month == 0 && m.year == 0 {
			return "", true
		}
		s, width = romanMonth[(m.month+11)%12], 4
		if m.month < 0 {
			s = romanMonth[12+m.month]
		}
	default:
		return "", false
	}
	if p.fill {
		width = 0
	}
	return fmt.Sprintf("%-*s", width, p.apply(s)), true
}

func halfDay(hour int) int {
	if hour%24 >= 12 {
		return 1
	}
	return 0
}

// special is the patterns that are neither plain numbers nor words.
func (m *moment) special(p *datePart) (s string, isNumber bool) {
	switch name := p.pattern.name; name {
	case "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		return fmt.Sprintf("%06d", m.micros)[:name[2]-'0'], true
	case "MS":
		return fmt.Sprintf("%03d", m.micros/1000), true
	case "US":
		return fmt.Sprintf("%06d", m.micros), true
	case "Q":
		if m.month == 0 {
			return "", false
		}
		return fmt.Sprint((m.month-1)/3 + 1), true
	case "CC":
		return m.century(p), true
	case "Y,YYY":
		year := m.shownYear(m.year)
		return fmt.Sprintf("%d,%03d", year/1000, year%1000), true
	case "J":
		return fmt.Sprint(m.julianDay()), true
	case "TZ":
		return p.zoneName(m), false
	case "TZH":
		return fmt.Sprintf("%c%02d", m.zoneSign(), abs(m.east)/3600), false
	case "TZM":
		return fmt.Sprintf("%02d", abs(m.east)%3600/60), false
	case "OF":
		s = fmt.Sprintf("%c%02d", m.zoneSign(), abs(m.east)/3600)
		if rest := abs(m.east) % 3600 / 60; rest != 0 {
			s += fmt.Sprintf(":%02d", rest)
		}
	}
	return s, false
}

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}

func (m *moment) century(p *datePart) string {
	v := m.year / 100
	switch {
	case m.interval:
	case m.year > 0:
		v = (m.year-1)/100 + 1
	default:
		v--
	}
	if v > 99 || v < -99 {
		return fmt.Sprint(v)
	}
	return p.padded(v, 2)
}

func (m *moment) julianDay() int {
	if !m.interval {
		return int(m.days) + julianEpoch
	}
	// The calendar's formula also takes an interval's fields, which need not be a date.
	year, month := m.year, m.month
	if month > 2 {
		month++
		year += 4800
	} else {
		month += 13
		year += 4799
	}
	century := year / 100
	return year*365 - 32167 + year/4 - century + century/4 + 7834*month/256 + m.day
}

func (p *datePart) zoneName(m *moment) string {
	if !m.zoned {
		return ""
	}
	return p.apply(m.zone)
}

func (m *moment) zoneSign() byte {
	if m.east < 0 {
		return '-'
	}
	return '+'
}
