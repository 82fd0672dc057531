package builtin

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/datetime"
)

// parsedTime is what to_timestamp and to_date have read; 0 means not given, as PostgreSQL has it.
type parsedTime struct {
	mode                                           dateMode
	hour, minute, second, secondsOfDay             int
	millis, micros                                 int
	clock12, pm, bc                                bool
	pmSet, bcSet                                   bool
	weekday, day, dayOfYear, month, year           int // weekday: 1 is Sunday
	yearDigits, century, julian, week, weekOfMonth int
	zoneSign, zoneHour, zoneMinute                 int
}

// timeReader is the state of reading a text by a template.
type timeReader struct {
	t     *dateTemplate
	input string
	s     string
	at    int  // part
	fixed bool // FX
	extra int  // blanks passed that the template does not account for
	v     parsedTime
}

func errReading(format string, args ...any) *pgerr.Error {
	return pgerr.Newf(pgerr.InvalidDatetimeFormat, format, args...)
}

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func (r *timeReader) skipBlanks() {
	for r.s != "" && isBlank(r.s[0]) {
		r.s = r.s[1:]
		r.extra++
	}
}

func (r *timeReader) skipChar() {
	if r.s != "" {
		_, n := utf8.DecodeRuneInString(r.s)
		r.s = r.s[n:]
	}
}

// readTime reads a text by a template. What follows the template is left alone, and a text may end early.
func readTime(t *dateTemplate, input string) (*timeReader, error) {
	r := &timeReader{t: t, input: input, s: input}
	for ; r.at < len(t.parts) && r.s != ""; r.at++ {
		p := &t.parts[r.at]
		if !r.fixed && (p.kind == partPattern || r.at == 0) {
			r.skipBlanks()
		}
		switch p.kind {
		case partSpace, partSeparator:
			r.separator()
			continue
		case partLiteral:
			if !r.fixed && r.extra > 0 {
				r.extra--
			} else {
				r.skipChar()
			}
			continue
		}
		if err := r.pattern(p); err != nil {
			return nil, err
		}
		if !r.fixed {
			r.extra = 0
			r.skipBlanks()
		}
	}
	return r, nil
}

// separator matches any separator or blank, or with FX any character.
func (r *timeReader) separator() {
	if r.fixed {
		r.skipChar()
		return
	}
	r.extra--
	if r.s != "" && (isBlank(r.s[0]) || isSeparator(rune(r.s[0]))) {
		r.s = r.s[1:]
		r.extra++
	}
}

func (r *timeReader) pattern(p *datePart) error {
	if mode := p.pattern.mode; mode != modeNone {
		if r.v.mode != modeNone && r.v.mode != mode {
			return errReading("invalid combination of date conventions").
				WithHint("Do not mix Gregorian and ISO week date conventions in a formatting template.")
		}
		r.v.mode = mode
	}
	var err error
	switch name := p.pattern.name; name {
	case "FX":
		r.fixed = true
		return nil
	case "TZ", "OF":
		return pgerr.Newf(pgerr.FeatureNotSupported, "formatting field \"%s\" is only supported in to_char", p.spelled)
	case "TZH":
		return r.zoneHour(p)
	case "TZM":
		if r.v.zoneSign == 0 {
			r.v.zoneSign = 1
		}
		return r.integer(p, 2, &r.v.zoneMinute)
	case "AM", "PM", "A.M.", "P.M.", "AD", "BC", "A.D.", "B.C.", "MONTH", "Month", "MON", "Mon", "DAY", "Day", "DY", "Dy", "RM":
		err = r.wordPattern(p)
	case "Y,YYY", "YYYY", "YYY", "YY", "Y", "IYYY", "IYY", "IY", "I":
		err = r.yearPattern(p)
	case "MS", "US", "FF1", "FF2", "FF3", "FF4", "FF5", "FF6":
		err = r.fraction(p)
	default:
		err = r.numberPattern(p)
	}
	if err == nil && p.ordinal != "" {
		r.skipChar()
		r.skipChar()
	}
	return err
}

func (r *timeReader) numberPattern(p *datePart) error {
	v, length := &r.v, len(p.pattern.name)
	switch p.pattern.name {
	case "HH", "HH12":
		v.clock12 = true
		return r.integer(p, 2, &v.hour)
	case "HH24":
		return r.integer(p, 2, &v.hour)
	case "MI":
		return r.integer(p, 2, &v.minute)
	case "SS":
		return r.integer(p, 2, &v.second)
	case "SSSS", "SSSSS":
		return r.integer(p, length, &v.secondsOfDay)
	case "MM":
		return r.integer(p, length, &v.month)
	case "DDD":
		return r.integer(p, length, &v.dayOfYear)
	case "IDDD":
		return r.integer(p, 3, &v.dayOfYear)
	case "DD":
		return r.integer(p, length, &v.day)
	case "D":
		return r.integer(p, length, &v.weekday)
	case "ID":
		if err := r.integer(p, 1, &v.weekday); err != nil {
			return err
		}
		if v.weekday++; v.weekday > 7 {
			v.weekday = 1
		}
		return nil
	case "WW", "IW":
		return r.integer(p, length, &v.week)
	case "W":
		return r.integer(p, length, &v.weekOfMonth)
	case "CC":
		return r.integer(p, length, &v.century)
	case "J":
		return r.integer(p, length, &v.julian)
	}
	var ignored int // Q says nothing that a date could be made of
	return r.integer(p, length, &ignored)
}

func (r *timeReader) zoneHour(p *datePart) error {
	consumed := r.input[:len(r.input)-len(r.s)]
	switch c := r.s[0]; {
	case c == '+' || c == '-' || c == ' ':
		r.v.zoneSign = 1
		if c == '-' {
			r.v.zoneSign = -1
		}
		r.s = r.s[1:]
	case r.extra > 0 && strings.HasSuffix(consumed, "-"): // the sign was taken for a separator
		r.v.zoneSign = -1
	default:
		r.v.zoneSign = 1
	}
	return r.integer(p, 2, &r.v.zoneHour)
}

// fraction reads digits behind the point: as many as the pattern has, or fewer that stand for the first ones.
func (r *timeReader) fraction(p *datePart) error {
	width, dest := 6, &r.v.micros
	switch name := p.pattern.name; name {
	case "MS":
		width, dest = 3, &r.v.millis
	case "US":
	default:
		width = int(name[2] - '0')
	}
	before := len(r.s)
	if err := r.integer(p, width, dest); err != nil {
		return err
	}
	full := 6
	if dest == &r.v.millis {
		full = 3
	}
	for n := before - len(r.s); n < full; n++ {
		*dest *= 10
	}
	return nil
}

func (r *timeReader) yearPattern(p *datePart) error {
	name := p.pattern.name
	if name == "Y,YYY" {
		var thousands, rest, n int
		if _, err := fmt.Sscanf(r.s, "%d,%3d", &thousands, &rest); err != nil {
			return errReading("invalid input string for \"Y,YYY\"")
		}
		n = strings.IndexByte(r.s, ',') + 1
		for digits := 0; digits < 3 && n < len(r.s) && r.s[n] >= '0' && r.s[n] <= '9'; digits++ {
			n++
		}
		r.s, r.v.yearDigits = r.s[n:], 4
		return r.set(p, &r.v.year, thousands*1000+rest)
	}
	before := len(r.s)
	length := len(name)
	if err := r.integer(p, length, &r.v.year); err != nil {
		return err
	}
	r.v.yearDigits = length
	if length < 4 && before-len(r.s) < 4 {
		r.v.year = fullYear(r.v.year)
	}
	return nil
}

// fullYear completes a year of less than four digits to the one nearest to 2020.
func fullYear(year int) int {
	switch {
	case year < 70:
		return year + 2000
	case year < 100:
		return year + 1900
	case year < 520:
		return year + 2000
	case year < 1000:
		return year + 1000
	}
	return year
}

func (r *timeReader) wordPattern(p *datePart) error {
	switch name := p.pattern.name; name {
	case "AM", "PM", "A.M.", "P.M.":
		words := []string{"AM", "PM"}
		if len(name) > 2 {
			words = []string{"A.M.", "P.M."}
		}
		i, err := r.choose(p, words)
		r.v.clock12 = true
		return r.flag(p, err, i == 1, &r.v.pm, &r.v.pmSet)
	case "AD", "BC", "A.D.", "B.C.":
		words := []string{"AD", "BC"}
		if len(name) > 2 {
			words = []string{"A.D.", "B.C."}
		}
		i, err := r.choose(p, words)
		return r.flag(p, err, i == 1, &r.v.bc, &r.v.bcSet)
	case "MONTH", "Month":
		return r.chosen(p, monthNames, &r.v.month)
	case "MON", "Mon":
		return r.chosen(p, shortNames(monthNames), &r.v.month)
	case "DAY", "Day":
		return r.chosen(p, dayNames, &r.v.weekday)
	case "DY", "Dy":
		return r.chosen(p, shortNames(dayNames), &r.v.weekday)
	}
	// Of the roman months the longer ones are tried first.
	best := -1
	for i, m := range romanMonth {
		if len(r.s) >= len(m) && strings.EqualFold(r.s[:len(m)], m) && (best < 0 || len(m) > len(romanMonth[best])) {
			best = i
		}
	}
	if best < 0 {
		return r.errWord(p)
	}
	r.s = r.s[len(romanMonth[best]):]
	return r.set(p, &r.v.month, best+1)
}

// flag sets a flag that, once true, must not become false; false says nothing, as 0 does in numbers.
func (r *timeReader) flag(p *datePart, err error, v bool, dest, set *bool) error {
	if err != nil {
		return err
	}
	if *set && *dest && !v {
		return errConflict(p)
	}
	*dest, *set = v, true
	return nil
}

func shortNames(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n[:3]
	}
	return out
}

func (r *timeReader) chosen(p *datePart, words []string, dest *int) error {
	i, err := r.choose(p, words)
	if err != nil {
		return err
	}
	return r.set(p, dest, i+1)
}

// choose reads one of the words in whatever case.
func (r *timeReader) choose(p *datePart, words []string) (int, error) {
	for i, w := range words {
		if len(r.s) >= len(w) && strings.EqualFold(r.s[:len(w)], w) {
			r.s = r.s[len(w):]
			return i, nil
		}
	}
	return 0, r.errWord(p)
}

func (r *timeReader) errWord(p *datePart) error {
	word := r.s
	if i := strings.IndexFunc(word, func(c rune) bool { return c == ' ' || c >= '\t' && c <= '\r' }); i >= 0 {
		word = word[:i]
	}
	return errReading("invalid value \"%s\" for \"%s\"", word, p.spelled).
		WithDetail("The given value did not match any of the allowed values for this field.")
}

func errConflict(p *datePart) error {
	return errReading("conflicting values for \"%s\" field in formatting string", p.spelled).
		WithDetail("This value contradicts a previous setting for the same field type.")
}

func (r *timeReader) set(p *datePart, dest *int, v int) error {
	if *dest != 0 && *dest != v {
		return errConflict(p)
	}
	*dest = v
	return nil
}

const fixedWidthHint = "If your source string is not fixed-width, try using the \"FM\" modifier."

// integer reads a number: exactly length characters, or with FM or in front of something that is not a digit as many as there are.
func (r *timeReader) integer(p *datePart, length int, dest *int) error {
	init := r.s
	for r.s != "" && isBlank(r.s[0]) {
		r.s = r.s[1:]
	}
	cut := runeOffset(r.s, int64(length))
	field := r.s[:cut]
	var v int64
	var used int
	if p.fill || r.nextIsNoDigit() {
		v, used = readInteger(r.s)
	} else {
		if have := utf8.RuneCountInString(field); have < length {
			return errReading("source string too short for \"%s\" formatting field", p.spelled).
				WithDetail("Field requires %d characters, but only %d remain.", length, have).WithHint(fixedWidthHint)
		}
		v, used = readInteger(field)
		if used > 0 && used < length {
			return errReading("invalid value \"%s\" for \"%s\"", field, p.spelled).
				WithDetail("Field requires %d characters, but only %d could be parsed.", length, used).WithHint(fixedWidthHint)
		}
	}
	r.s = r.s[used:]
	switch {
	case len(r.s) == len(init) || used == 0:
		return errReading("invalid value \"%s\" for \"%s\"", field, p.spelled).WithDetail("Value must be an integer.")
	case v < math.MinInt32 || v > math.MaxInt32:
		return pgerr.Newf(pgerr.DatetimeFieldOverflow, "value for \"%s\" in source string is out of range", p.spelled).
			WithDetail("Value must be in the range %d to %d.", math.MinInt32, math.MaxInt32)
	}
	return r.set(p, dest, int(v))
}

// readInteger reads a number with a sign; what is too large stays larger than any field.
func readInteger(s string) (v int64, used int) {
	i, negative := 0, false
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		negative = s[i] == '-'
		i++
	}
	start := i
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		v = min(v*10+int64(s[i]-'0'), 1<<40)
	}
	if i == start {
		return 0, 0
	}
	if negative {
		v = -v
	}
	return v, i
}

// nextIsNoDigit tells whether what follows the current pattern cannot be taken for its digits.
func (r *timeReader) nextIsNoDigit() bool {
	if r.t.parts[r.at].ordinal != "" || r.at+1 == len(r.t.parts) {
		return true
	}
	next := &r.t.parts[r.at+1]
	if next.kind == partPattern {
		return !next.pattern.digits
	}
	return !(len(next.literal) == 1 && next.literal[0] >= '0' && next.literal[0] <= '9')
}

func (r *timeReader) errRange() error {
	return pgerr.Newf(pgerr.DatetimeFieldOverflow, "date/time field value out of range: \"%s\"", r.input)
}

// calendar puts the date together: the year first, then whichever of Julian day, week, day of the year, month and day was given.
func (r *timeReader) calendar() (year, month, day int, err error) {
	v := &r.v
	year, month, day = v.fullYear(), 1, 1
	given := false // all of year, month and day are known to be meant
	if v.julian != 0 {
		year, month, day = datetime.DateOf(int32(v.julian - julianEpoch))
		given = true
	}
	if v.week != 0 {
		if v.mode == modeISO {
			offset := 0
			if v.weekday != 0 {
				offset = (v.weekday + 5) % 7
			}
			year, month, day = datetime.DateOf(isoWeekStart(year, v.week) + int32(offset))
			given = true
		} else {
			v.dayOfYear = (v.week-1)*7 + 1
		}
	}
	if v.weekOfMonth != 0 {
		v.day = (v.weekOfMonth-1)*7 + 1
	}
	if v.day != 0 {
		day = v.day
	}
	if v.month != 0 {
		month = v.month
	}
	if v.dayOfYear != 0 && (month <= 1 || day <= 1) {
		if year == 0 && !v.bc {
			return 0, 0, 0, errReading("cannot calculate day of year without year information")
		}
		if year, month, day, err = r.byDayOfYear(year, month, day); err != nil {
			return 0, 0, 0, err
		}
	}
	switch {
	case month < 1 || month > 12 || day < 1 || day > 31:
		return 0, 0, 0, r.errRange()
	case (given || v.month != 0 && v.day != 0 && v.year+v.century != 0) && day > datetime.DaysIn(year, month):
		return 0, 0, 0, r.errRange()
	}
	return year, month, day, nil
}

func (r *timeReader) byDayOfYear(year, month, day int) (y, m, d int, err error) {
	if r.v.mode == modeISO {
		y, m, d = datetime.DateOf(isoWeekStart(year, 1) + int32(r.v.dayOfYear) - 1)
		return y, m, d, nil
	}
	rest := r.v.dayOfYear
	i := 1
	for i <= 12 && rest > datetime.DaysIn(year, i) {
		rest -= datetime.DaysIn(year, i)
		i++
	}
	if i > 12 {
		return 0, 0, 0, r.errRange()
	}
	if month <= 1 {
		month = i
	}
	if day <= 1 {
		day = rest
	}
	return year, month, day, nil
}

// isoWeekStart is the Monday of a week.
func isoWeekStart(year, week int) int32 {
	fourth := dayOf(year, 1, 4)
	return fourth - int32((weekday(fourth)+6)%7) + int32(week-1)*7
}

// fullYear is the year, 0 for 1 BC, from the year and the century.
func (v *parsedTime) fullYear() int {
	century := v.century
	if v.bc {
		century = -century
	}
	switch {
	case v.year != 0 && century != 0 && v.yearDigits <= 2:
		year := v.year % 100
		switch {
		case year == 0 && century >= 0:
			return century * 100
		case year == 0:
			return century*100 + 1
		case century >= 0:
			return year + (century-1)*100
		}
		return (century+1)*100 - year + 1
	case v.year != 0:
		year := v.year
		if v.bc {
			year = -year
		}
		if year < 0 {
			year++
		}
		return year
	case century > 0:
		return (century-1)*100 + 1
	case century < 0:
		return century*100 + 1
	}
	return 0
}

// clock puts the time of day together.
func (r *timeReader) clock() (micros int64, err error) {
	v := &r.v
	hour, minute, second := v.secondsOfDay/3600, v.secondsOfDay%3600/60, v.secondsOfDay%60
	if v.second != 0 {
		second = v.second
	}
	if v.minute != 0 {
		minute = v.minute
	}
	if v.hour != 0 {
		hour = v.hour
	}
	if v.clock12 {
		if hour < 1 || hour > 12 {
			return 0, errReading("hour \"%d\" is invalid for the 12-hour clock", hour).
				WithHint("Use the 24-hour clock, or give an hour between 1 and 12.")
		}
		hour %= 12
		if v.pm {
			hour += 12
		}
	}
	fraction := int64(v.millis)*1000 + int64(v.micros)
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 || fraction < 0 || fraction >= datetime.Second {
		return 0, r.errRange()
	}
	return (int64(hour)*60+int64(minute))*datetime.Minute + int64(second)*datetime.Second + fraction, nil
}

// zone is the zone that was read, nil for none.
func (r *timeReader) zone() (*time.Location, error) {
	v := &r.v
	if v.zoneSign == 0 {
		return nil, nil
	}
	if v.zoneHour < 0 || v.zoneHour > 15 || v.zoneMinute < 0 || v.zoneMinute > 59 {
		return nil, pgerr.Newf(pgerr.InvalidTimeZoneDisplacementValue, "time zone displacement out of range: \"%s\"", r.input)
	}
	return time.FixedZone("", v.zoneSign*(v.zoneHour*3600+v.zoneMinute*60)), nil
}

// local reads a text to a local timestamp's date and time.
func (r *timeReader) local() (date [3]int, micros int64, err error) {
	date[0], date[1], date[2], err = r.calendar()
	if err != nil {
		return date, 0, err
	}
	micros, err = r.clock()
	return date, micros, err
}

func toTimestamp(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	r, err := readTime(dateTemplateOf(c, a[1].Text()), a[0].Text())
	if err != nil {
		return pgtype.Null, err
	}
	date, micros, err := r.local()
	if err != nil {
		return pgtype.Null, err
	}
	loc, err := r.zone()
	if err != nil {
		return pgtype.Null, err
	}
	if loc == nil {
		loc = c.Text.Location
	}
	clock := datetime.Clock{Year: date[0], Month: date[1], Day: date[2]}
	ts, ok := clock.Timestamp()
	if !ok {
		return pgtype.Null, errTimestampRange()
	}
	return timestampResult(datetime.ToUTC(ts+micros, loc))
}

func toDate(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	r, err := readTime(dateTemplateOf(c, a[1].Text()), a[0].Text())
	if err != nil {
		return pgtype.Null, err
	}
	date, _, err := r.local()
	if err != nil {
		return pgtype.Null, err
	}
	d, ok := datetime.DateFrom(date[0], date[1], date[2])
	if !ok {
		return pgtype.Null, pgerr.Newf(pgerr.DatetimeFieldOverflow, "date out of range: \"%s\"", r.input)
	}
	return pgtype.DateValue(d), nil
}
