package session

import (
	"strconv"
	"strings"
	"time"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// bad is an invalid value; the caller fills in the message.
func bad() *pgerr.Error { return pgerr.New(pgerr.InvalidParameterValue, "") }

// checkEncoding accepts UTF-8 under its names. SQL_ASCII is PostgreSQL's word for "do not convert", which UTF-8 satisfies.
func checkEncoding(value string) (string, error) {
	switch strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(value)) {
	case "utf8", "unicode":
		return "UTF8", nil
	case "sqlascii":
		return "SQL_ASCII", nil
	case "latin1", "iso88591", "win1252", "latin9", "euccn", "eucjp", "euckr", "koi8r", "win1251", "sjis", "big5", "gbk":
		return "", pgerr.Unsupported("client_encoding " + value)
	}
	return "", bad()
}

// checkDateStyle reads a DateStyle: an output style, a field order, or both; what is not named keeps PostgreSQL's default for the style.
func checkDateStyle(value string) (string, error) {
	style, order := "", ""
	for _, w := range strings.Split(value, ",") {
		switch w = strings.ToUpper(strings.TrimSpace(w)); {
		case w == "ISO":
			style = "ISO"
		case w == "SQL":
			style = "SQL"
		case strings.HasPrefix(w, "POSTGRES"):
			style = "Postgres"
		case w == "GERMAN":
			style = "German"
			if order == "" {
				order = "DMY"
			}
		case w == "YMD":
			order = "YMD"
		case w == "DMY" || strings.HasPrefix(w, "EURO"):
			order = "DMY"
		case w == "MDY" || w == "US" || strings.HasPrefix(w, "NONEURO"):
			order = "MDY"
		case w == "DEFAULT":
			style, order = "ISO", "MDY"
		default:
			return "", bad().WithDetail("Unrecognized key word: %q.", strings.ToLower(w))
		}
	}
	if style == "" {
		style = keepStyle
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

// LoadZone finds a time zone: a name of the tz database in any case, an offset in hours ("-5", "3.5", east positive), or an offset in POSIX form ("<+02>-02", "EST5"). It gives the name in the
// form that SHOW prints.
func LoadZone(value string) (name string, zone *time.Location, ok bool) {
	value = strings.TrimSpace(value)
	if hours, err := strconv.ParseFloat(value, 64); err == nil {
		return fixedZone(int(hours * 3600))
	}
	switch strings.ToUpper(value) {
	case "UTC", "GMT", "ZULU", "Z", "UCT":
		return strings.ToUpper(value), time.UTC, true
	case "DEFAULT", "LOCAL":
		return "Etc/UTC", time.UTC, true
	}
	if strings.ContainsAny(value, "./\\") && !strings.Contains(value, "/") || value == "" {
		return "", nil, false
	}
	if z, err := time.LoadLocation(value); err == nil {
		return value, z, true
	}
	if z, name, found := zoneAnyCase(value); found {
		return name, z, true
	}
	return posixZone(value)
}

// zoneAnyCase tries the usual spellings of a name written in another case.
func zoneAnyCase(value string) (*time.Location, string, bool) {
	for _, name := range []string{strings.ToUpper(value), titleZone(value)} {
		if z, err := time.LoadLocation(name); err == nil {
			return z, name, true
		}
	}
	return nil, "", false
}

// titleZone spells a zone's name as the tz database does: America/New_York.
func titleZone(value string) string {
	b := []byte(strings.ToLower(value))
	start := true
	for i, c := range b {
		if start && c >= 'a' && c <= 'z' {
			b[i] = c - 32
		}
		start = c == '/' || c == '_' || c == '-'
	}
	return string(b)
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

// posixZone reads a POSIX zone without daylight saving: a name, then hours west.
func posixZone(value string) (string, *time.Location, bool) {
	rest := value
	if strings.HasPrefix(rest, "<") {
		end := strings.IndexByte(rest, '>')
		if end < 0 {
			return "", nil, false
		}
		rest = rest[end+1:]
	} else {
		rest = strings.TrimLeft(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
	}
	if rest == value || rest == "" {
		return "", nil, false
	}
	sign := 1
	if rest[0] == '+' || rest[0] == '-' {
		if rest[0] == '-' {
			sign = -1
		}
		rest = rest[1:]
	}
	total, scale := 0, 3600
	for _, part := range strings.Split(rest, ":") {
		n, err := strconv.Atoi(part)
		if err != nil || scale == 0 {
			return "", nil, false
		}
		total += n * scale
		scale /= 60
	}
	return value, time.FixedZone(strings.Trim(value[:len(value)-len(rest)], "<>+-"), -sign*total), true
}
