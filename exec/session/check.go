package session

import (
	"strconv"
	"strings"
	"time"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype/charset"
	"github.com/kalampg/kalampg/internal/pgtype/datetime"
)

// bad is an invalid value; the caller fills in the message.
func bad() *pgerr.Error { return pgerr.New(pgerr.InvalidParameterValue, "") }

// checkEncoding accepts the encodings that can be converted to UTF-8, under all their names, and SQL_ASCII, PostgreSQL's word for "do not convert".
func checkEncoding(value string) (string, error) {
	i := charset.Number(value)
	switch {
	case i < 0:
		return "", bad()
	case i != charset.ASCII && i != charset.UTF8 && !charset.All[i].Converts():
		return "", pgerr.Unsupported("client_encoding " + value)
	}
	return charset.All[i].Name, nil
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
