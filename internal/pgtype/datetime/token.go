package datetime

import "strings"

// tokenKind is what a token looks like.
type tokenKind uint8

const (
	tokNumber  tokenKind = iota // digits, perhaps with a fraction
	tokDate                     // digits or letters with - / . between, or the name of a zone
	tokTime                     // digits with colons
	tokZone                     // sign and digits
	tokString                   // letters
	tokSpecial                  // sign and letters
)

type token struct {
	kind tokenKind
	text string // letters in lower case
}

// maxTokens is how many tokens an input may have.
const maxTokens = 25

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
func isPunct(c byte) bool { return c > ' ' && c < 0x7F && !isDigit(c) && !isAlpha(c) }

// tokenize splits an input; false when it has characters or a number of tokens that no input may have.
func tokenize(s string) ([]token, bool) {
	var buf [8]token
	toks := buf[:0]
	for i := 0; i < len(s); {
		c := s[i]
		if isSpace(c) {
			i++
			continue
		}
		if len(toks) == maxTokens {
			return nil, false
		}
		start := i
		var kind tokenKind
		switch {
		case isDigit(c):
			kind, i = scanDigits(s, i)
		case c == '.':
			i++
			for i < len(s) && isDigit(s[i]) {
				i++
			}
			kind = tokNumber
		case isAlpha(c):
			kind, i = scanWord(s, i)
		case c == '+' || c == '-':
			i++
			for i < len(s) && isSpace(s[i]) {
				i++
			}
			switch {
			case i < len(s) && isDigit(s[i]):
				kind = tokZone
				digits := i
				for i < len(s) && (isDigit(s[i]) || s[i] == ':' || s[i] == '.' || s[i] == '-') {
					i++
				}
				toks = append(toks, token{kind, string(c) + s[digits:i]})
				continue
			case i < len(s) && isAlpha(s[i]):
				letters := i
				for i < len(s) && isAlpha(s[i]) {
					i++
				}
				toks = append(toks, token{tokSpecial, string(c) + strings.ToLower(s[letters:i])})
				continue
			}
			return nil, false
		case isPunct(c):
			i++
			continue
		default:
			return nil, false
		}
		toks = append(toks, token{kind, strings.ToLower(s[start:i])})
	}
	return toks, true
}

// scanDigits reads a token that starts with a digit.
func scanDigits(s string, i int) (tokenKind, int) {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == len(s) {
		return tokNumber, i
	}
	switch d := s[i]; d {
	case ':':
		for i < len(s) && (isDigit(s[i]) || s[i] == ':' || s[i] == '.') {
			i++
		}
		return tokTime, i
	case '-', '/', '.':
		i++
		if i < len(s) && isDigit(s[i]) {
			kind := tokDate
			if d == '.' {
				kind = tokNumber
			}
			for i < len(s) && isDigit(s[i]) {
				i++
			}
			// The same separator again makes it a date; a second one of another kind is its own token.
			if i < len(s) && s[i] == d {
				kind = tokDate
				for i < len(s) && (isDigit(s[i]) || s[i] == d) {
					i++
				}
			}
			return kind, i
		}
		if d == '.' {
			// "12." is a number with an empty fraction unless letters follow.
			if i == len(s) || !isAlpha(s[i]) {
				return tokDate, i
			}
		}
		for i < len(s) && (isDigit(s[i]) || isAlpha(s[i]) || s[i] == d) {
			i++
		}
		return tokDate, i
	}
	return tokNumber, i
}

// scanWord reads a token that starts with a letter.
func scanWord(s string, i int) (tokenKind, int) {
	start := i
	for i < len(s) && isAlpha(s[i]) {
		i++
	}
	if i == len(s) {
		return tokString, i
	}
	whole := s[i] == '-' || s[i] == '/' || s[i] == '.'
	if s[i] == '+' || isDigit(s[i]) {
		// A keyword ends here ("jan5", "T0405"); anything else may be a POSIX zone.
		_, known := keywords[clip(strings.ToLower(s[start:i]))]
		whole = !known
	}
	if !whole {
		return tokString, i
	}
	for i < len(s) && (isDigit(s[i]) || isAlpha(s[i]) || strings.IndexByte("+-/_.:", s[i]) >= 0) {
		i++
	}
	return tokDate, i
}

// clip cuts a word to the ten letters that count.
func clip(w string) string {
	if len(w) > 10 {
		return w[:10]
	}
	return w
}

// wordClass is what a keyword of a date does.
type wordClass uint8

const (
	wordIgnored wordClass = iota
	wordMonth
	wordWeekday
	wordReserved // now, today, infinity …
	wordUnit     // what the next number is; only julian has a use, the others are just not names of zones
	wordISOTime  // T
	wordMeridian
	wordEra
	wordDST
	wordAgo
)

// The values of reserved words and units.
const (
	resNow = iota + 1
	resToday
	resYesterday
	resTomorrow
	resEpoch
	resInfinity
	resNegInfinity
	resAllballs
)

type keyword struct {
	class wordClass
	value int
}

var keywords = map[string]keyword{
	"+infinity": {wordReserved, resInfinity}, "-infinity": {wordReserved, resNegInfinity}, "infinity": {wordReserved, resInfinity},
	"now": {wordReserved, resNow}, "today": {wordReserved, resToday}, "yesterday": {wordReserved, resYesterday},
	"tomorrow": {wordReserved, resTomorrow}, "epoch": {wordReserved, resEpoch}, "allballs": {wordReserved, resAllballs},
	"ad": {wordEra, 0}, "bc": {wordEra, 1}, "am": {wordMeridian, 1}, "pm": {wordMeridian, 2},
	"at": {wordIgnored, 0}, "on": {wordIgnored, 0}, "dst": {wordDST, 0}, "t": {wordISOTime, 0},
	"jan": {wordMonth, 1}, "january": {wordMonth, 1}, "feb": {wordMonth, 2}, "february": {wordMonth, 2}, "mar": {wordMonth, 3}, "march": {wordMonth, 3},
	"apr": {wordMonth, 4}, "april": {wordMonth, 4}, "may": {wordMonth, 5}, "jun": {wordMonth, 6}, "june": {wordMonth, 6}, "jul": {wordMonth, 7}, "july": {wordMonth, 7},
	"aug": {wordMonth, 8}, "august": {wordMonth, 8}, "sep": {wordMonth, 9}, "sept": {wordMonth, 9}, "september": {wordMonth, 9},
	"oct": {wordMonth, 10}, "october": {wordMonth, 10}, "nov": {wordMonth, 11}, "november": {wordMonth, 11}, "dec": {wordMonth, 12}, "december": {wordMonth, 12},
	"sun": {wordWeekday, 0}, "sunday": {wordWeekday, 0}, "mon": {wordWeekday, 1}, "monday": {wordWeekday, 1}, "tue": {wordWeekday, 2}, "tues": {wordWeekday, 2}, "tuesday": {wordWeekday, 2},
	"wed": {wordWeekday, 3}, "weds": {wordWeekday, 3}, "wednesday": {wordWeekday, 3}, "thu": {wordWeekday, 4}, "thur": {wordWeekday, 4}, "thurs": {wordWeekday, 4}, "thursday": {wordWeekday, 4},
	"fri": {wordWeekday, 5}, "friday": {wordWeekday, 5}, "sat": {wordWeekday, 6}, "saturday": {wordWeekday, 6},
	"y": {wordUnit, int(unitYear)}, "m": {wordUnit, int(unitMonth)}, "d": {wordUnit, int(unitDay)}, "h": {wordUnit, int(unitHour)}, "mm": {wordUnit, int(unitMinute)},
	"s": {wordUnit, int(unitSecond)}, "dow": {wordUnit, int(unitDOW)}, "doy": {wordUnit, int(unitDOY)}, "isodow": {wordUnit, int(unitISODOW)},
	"isoyear": {wordUnit, int(unitISOYear)}, "j": {wordUnit, int(unitJulian)}, "jd": {wordUnit, int(unitJulian)}, "julian": {wordUnit, int(unitJulian)},
}

// unit is a unit of time or a field to extract.
type unit uint8

const (
	unitNone unit = iota
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
	unitJulian
	unitDOW
	unitDOY
	unitISODOW
	unitISOYear
	unitEpoch
	unitTimezone
	unitTimezoneHour
	unitTimezoneMinute
	unitISOTime
)

// unitWords are the units of intervals.
var unitWords = map[string]unit{
	"us": unitMicrosecond, "usec": unitMicrosecond, "usecs": unitMicrosecond, "usecond": unitMicrosecond, "useconds": unitMicrosecond, "microsecon": unitMicrosecond,
	"ms": unitMillisecond, "msec": unitMillisecond, "msecs": unitMillisecond, "msecond": unitMillisecond, "mseconds": unitMillisecond, "millisecon": unitMillisecond,
	"s": unitSecond, "sec": unitSecond, "secs": unitSecond, "second": unitSecond, "seconds": unitSecond,
	"m": unitMinute, "min": unitMinute, "mins": unitMinute, "minute": unitMinute, "minutes": unitMinute,
	"h": unitHour, "hr": unitHour, "hrs": unitHour, "hour": unitHour, "hours": unitHour,
	"d": unitDay, "day": unitDay, "days": unitDay, "w": unitWeek, "week": unitWeek, "weeks": unitWeek,
	"mon": unitMonth, "mons": unitMonth, "month": unitMonth, "months": unitMonth, "qtr": unitQuarter, "quarter": unitQuarter,
	"y": unitYear, "yr": unitYear, "yrs": unitYear, "year": unitYear, "years": unitYear,
	"dec": unitDecade, "decs": unitDecade, "decade": unitDecade, "decades": unitDecade,
	"c": unitCentury, "cent": unitCentury, "century": unitCentury, "centuries": unitCentury,
	"mil": unitMillennium, "mils": unitMillennium, "millennium": unitMillennium, "millennia": unitMillennium,
	"timezone": unitTimezone, "timezone_h": unitTimezoneHour, "timezone_m": unitTimezoneMinute,
}
