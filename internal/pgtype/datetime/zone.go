package datetime

import (
	_ "embed"
	"encoding/binary"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // so that zones do not depend on the machine

	"github.com/kalampg/kalampg/internal/pgerr"
)

// zoneList holds the names of the zones, one a line: they are found without regard to case.
//
//go:embed zones.txt
var zoneList string

// abbrevList holds the abbreviations of the default set and their offsets.
//
//go:embed abbrevs.txt
var abbrevList string

var zoneNames = sync.OnceValue(func() map[string]string {
	m := make(map[string]string, 700)
	for _, n := range strings.Fields(zoneList) {
		m[strings.ToLower(n)] = n
	}
	return m
})

// ZoneNames lists the names of the zones.
func ZoneNames() []string { return strings.Fields(zoneList) }

// Abbrev is a time zone abbreviation with its offset in seconds east.
type Abbrev struct {
	Name   string
	Offset int
}

var abbrevs = sync.OnceValue(func() map[string]int {
	m := make(map[string]int, 256)
	for _, line := range strings.Split(strings.TrimSpace(abbrevList), "\n") {
		name, offset, _ := strings.Cut(line, " ")
		sign := 1
		if strings.HasPrefix(offset, "-") {
			sign, offset = -1, offset[1:]
		}
		p := strings.Split(offset, ":")
		seconds := 0
		for _, v := range p {
			n, _ := strconv.Atoi(v)
			seconds = seconds*60 + n
		}
		m[strings.ToLower(name)] = sign * seconds
	}
	return m
})

// AbbrevOffset is the offset of an abbreviation, in seconds east.
func AbbrevOffset(name string) (int, bool) {
	v, ok := abbrevs()[strings.ToLower(name)]
	return v, ok
}

// LoadZone finds a zone by name, whatever its case, or by a POSIX specification ("EST5EDT", "<+03>-3"). canonical is the name as zones spell it.
func LoadZone(name string) (loc *time.Location, canonical string, ok bool) {
	if strings.EqualFold(name, "UTC") {
		return time.UTC, "UTC", true
	}
	if canonical, ok = zoneNames()[strings.ToLower(name)]; ok {
		if loc, err := time.LoadLocation(canonical); err == nil {
			return loc, canonical, true
		}
	}
	if strings.EqualFold(name, "localtime") {
		return time.UTC, name, true
	}
	return posixZone(name)
}

// posixZone reads a POSIX zone. The rules are left to Go's reader of zone files, which takes them as the footer of a file without transitions.
func posixZone(name string) (*time.Location, string, bool) {
	// The name before the offset may be missing, "+05:30": the offset counts west all the same.
	std, rest, ok := posixName(name)
	if !ok && (name == "" || std != "" || strings.HasPrefix(name, "<")) {
		return nil, "", false
	}
	offset, rest, ok := posixOffset(rest)
	if !ok || len(name) > 64 {
		return nil, "", false
	}
	name = strings.ToUpper(name)
	if rest == "" {
		return time.FixedZone(strings.ToUpper(std), -offset), name, true
	}
	var b []byte
	for version := 0; version < 2; version++ {
		b = append(b, "TZif2"...)
		b = append(b, make([]byte, 15)...)
		for _, n := range [...]uint32{0, 0, 0, 0, 1, uint32(len(std) + 1)} {
			b = binary.BigEndian.AppendUint32(b, n)
		}
		b = binary.BigEndian.AppendUint32(b, uint32(int32(-offset)))
		b = append(b, 0, 0)
		b = append(append(b, std...), 0)
	}
	b = append(b, '\n')
	b = append(b, name...)
	b = append(b, '\n')
	loc, err := time.LoadLocationFromTZData(name, b)
	if err != nil {
		return nil, "", false
	}
	if _, _, ok := posixName(rest); !ok {
		return nil, "", false
	}
	return loc, name, true
}

func posixName(s string) (name, rest string, ok bool) {
	if strings.HasPrefix(s, "<") {
		name, rest, ok = strings.Cut(s[1:], ">")
		return name, rest, ok && name != ""
	}
	n := 0
	for n < len(s) && (s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z') {
		n++
	}
	return s[:n], s[n:], n >= 3
}

// posixOffset reads "[+-]hh[:mm[:ss]]", positive west.
func posixOffset(s string) (seconds int, rest string, ok bool) {
	sign := 1
	if s != "" && (s[0] == '+' || s[0] == '-') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	unit := 3600
	for unit > 0 {
		n, v := 0, 0
		for n < len(s) && n < 3 && s[n] >= '0' && s[n] <= '9' {
			v = v*10 + int(s[n]-'0')
			n++
		}
		if n == 0 || unit == 3600 && v > 167 || unit < 3600 && v > 59 {
			return 0, "", false
		}
		seconds += v * unit
		s = s[n:]
		if unit == 1 || s == "" || s[0] != ':' {
			break
		}
		s = s[1:]
		unit /= 60
	}
	return sign * seconds, s, true
}

func errZone(name string) error {
	return pgerr.Newf(pgerr.InvalidParameterValue, "time zone \"%s\" not recognized", name)
}

// Zone finds what AT TIME ZONE takes: an abbreviation or a zone's name.
func Zone(name string) (*time.Location, error) {
	if offset, ok := AbbrevOffset(name); ok {
		return time.FixedZone(strings.ToUpper(name), offset), nil
	}
	if loc, _, ok := LoadZone(name); ok {
		return loc, nil
	}
	return nil, errZone(name)
}

// unixSeconds is the second of a timestamp since 1970.
func unixSeconds(ts int64) int64 {
	s, _ := floorDiv(ts, Second)
	return s + unixOffset
}

// offsetAt is the offset in seconds east and the abbreviation that hold in loc at a timestamp with time zone.
func offsetAt(ts int64, loc *time.Location) (offset int, name string) {
	if loc == nil || loc == time.UTC {
		return 0, "UTC"
	}
	name, offset = time.Unix(unixSeconds(ts), 0).In(loc).Zone()
	return offset, name
}

// ToLocal turns a timestamp with time zone into local time.
func ToLocal(ts int64, loc *time.Location) int64 {
	if !finiteTimestamp(ts) {
		return ts
	}
	offset, _ := offsetAt(ts, loc)
	return ts + int64(offset)*Second
}

// ToUTC turns local time into a timestamp with time zone; an error when it is out of range.
func ToUTC(local int64, loc *time.Location) (int64, error) {
	if !finiteTimestamp(local) || loc == nil || loc == time.UTC {
		return local, nil
	}
	ts := local - int64(localOffset(local, loc))*Second
	if !validTimestamp(ts) {
		return 0, errTimestampRange()
	}
	return ts, nil
}

// localOffset is the offset in seconds east of a local time. A time that a change of the clock skipped counts by the offset before it, a time that
// happened twice by the one after.
func localOffset(local int64, loc *time.Location) int {
	if loc == nil || loc == time.UTC {
		return 0
	}
	sec := unixSeconds(local)
	before := time.Unix(sec-86400, 0).In(loc)
	_, off := before.Zone()
	_, end := before.ZoneBounds()
	if end.IsZero() || end.Unix() > sec+86400 {
		return off
	}
	boundary := end.Unix()
	_, after := end.Zone()
	byBefore, byAfter := sec-int64(off), sec-int64(after)
	switch {
	case byBefore < boundary && byAfter < boundary:
		return off
	case byBefore > boundary && byAfter >= boundary:
		return after
	case byBefore > byAfter:
		return off
	}
	return after
}
