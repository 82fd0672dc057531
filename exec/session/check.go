package session

import (
	"strconv"
	"strings"
	"time"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype/datetime"
)

// bad is an invalid value; the caller fills in the message.
func bad() *pgerr.Error { return pgerr.New(pgerr.InvalidParameterValue, "") }

// checkEncoding accepts UTF-8 under its names, of which letters and digits count. SQL_ASCII is PostgreSQL's word for "do not convert", which UTF-8 satisfies.
func checkEncoding(value string) (string, error) {
	switch strings.Map(letterOrDigit, strings.ToLower(value)) {
	case "utf8", "unicode":
		return "UTF8", nil
	case "sqlascii":
		return "SQL_ASCII", nil
	case "latin1", "iso88591", "win1252", "latin9", "euccn", "eucjp", "euckr", "koi8r", "win1251", "sjis", "big5", "gbk":
		return "", pgerr.Unsupported("client_encoding " + value)
	}
	return "", bad()
}

// letterOrDigit keeps ASCII letters and digits: drivers quote and punctuate the names of encodings as they like.
func letterOrDigit(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
		return r
	}
	return -1
}

// checkDateStyle reads a DateStyle: an output style, a field order, or both, each once; what is not named keeps the value in force.
func checkDateStyle(value string) (string, error) {
	style, order := "", ""
	conflict := false
	set := func(what *string, to string) {
		conflict = conflict || *what != "" && *what != to
		*what = to
	}
	german := false
	for _, w := range strings.Split(value, ",") {
		switch w = strings.ToUpper(strings.TrimSpace(w)); {
		case w == "ISO":
			set(&style, "ISO")
		case w == "SQL":
			set(&style, "SQL")
		case strings.HasPrefix(w, "POSTGRES"):
			set(&style, "Postgres")
		case w == "GERMAN":
			set(&style, "German")
			german = true
		case w == "YMD":
			set(&order, "YMD")
		case w == "DMY" || strings.HasPrefix(w, "EURO"):
			set(&order, "DMY")
		case w == "MDY" || w == "US" || strings.HasPrefix(w, "NONEURO"):
			set(&order, "MDY")
		case w == "DEFAULT":
			if style == "" {
				style = "ISO"
			}
			if order == "" {
				order = "MDY"
			}
		default:
			return "", bad().WithDetail("Unrecognized key word: %q.", strings.ToLower(w))
		}
	}
	if conflict {
		return "", bad().WithDetail("Conflicting \"datestyle\" specifications.")
	}
	if style == "" {
		style = keepStyle
	}
	if order == "" && german {
		order = "DMY"
	}
	if order == "" {
		order = keepStyle
	}
	return style + ", " + order, nil
}

// keepStyle stands for the part of a DateStyle that an input did not name; Set fills in the value in force.
const keepStyle = "*"

// mergeStyle fills in the parts of a DateStyle that were not named.
func mergeStyle(value, current string) string {
	style, order, _ := strings.Cut(value, ", ")
	was, wasOrder, _ := strings.Cut(current, ", ")
	if style == keepStyle {
		style = was
	}
	if order == keepStyle {
		order = wasOrder
	}
	return style + ", " + order
}

// checkTimeZone accepts what LoadZone can load.
func checkTimeZone(value string) (string, error) {
	name, _, ok := LoadZone(value)
	if !ok {
		return "", bad()
	}
	return name, nil
}

// LoadZone finds a time zone: an offset in hours ("-5", "3.5", east positive), or what datetime.LoadZone knows. It gives the name in the form that SHOW prints.
func LoadZone(value string) (name string, zone *time.Location, ok bool) {
	if hours, err := strconv.ParseFloat(value, 64); err == nil {
		return fixedZone(int(hours * 3600))
	}
	switch strings.ToUpper(value) {
	case "DEFAULT", "LOCAL":
		return "Etc/UTC", time.UTC, true
	}
	zone, name, ok = datetime.LoadZone(value)
	return name, zone, ok
}

// fixedZone is a zone at a constant offset, seconds east, named as PostgreSQL names it.
func fixedZone(east int) (string, *time.Location, bool) {
	if east < -168*3600 || east > 168*3600 {
		return "", nil, false
	}
	shown := offsetText(east)
	return "<" + shown + ">" + offsetText(-east), time.FixedZone(shown, east), true
}

func offsetText(seconds int) string {
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	text := sign + two(seconds/3600)
	if m := seconds / 60 % 60; m != 0 || seconds%60 != 0 {
		text += ":" + two(m)
	}
	if s := seconds % 60; s != 0 {
		text += ":" + two(s)
	}
	return text
}

func two(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}
