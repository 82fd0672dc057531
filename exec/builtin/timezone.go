package builtin

import (
	"strconv"
	"strings"
	"time"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/datetime"
)

// timezoneFamily is timezone(), which AT TIME ZONE calls.
var timezoneFamily = []Def{
	{Name: "timestamp_zone", Scalar: atZone(namedZone, localToZone)},
	{Name: "timestamp_izone", Scalar: atZone(intervalZone, localToZone)},
	{Name: "timestamptz_zone", Scalar: atZone(namedZone, zonedToLocal)},
	{Name: "timestamptz_izone", Scalar: atZone(intervalZone, zonedToLocal)},
	{Name: "timetz_zone", Scalar: atZone(namedZone, timetzToZone)},
	{Name: "timetz_izone", Scalar: atZone(intervalZone, timetzToZone)},
}

func atZone(zone func(*Call, pgtype.Datum) (*time.Location, error), convert func(*Call, pgtype.Datum, *time.Location) (pgtype.Datum, error)) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		loc, err := zone(c, a[0])
		if err != nil {
			return pgtype.Null, err
		}
		return convert(c, a[1], loc)
	}
}

// cachedZone is a call site's last zone.
type cachedZone struct {
	name string
	loc  *time.Location
}

func namedZone(c *Call, d pgtype.Datum) (*time.Location, error) {
	name := d.Text()
	if z, ok := c.Cache.(*cachedZone); ok && z.name == name {
		return z.loc, nil
	}
	loc, err := zoneByName(name)
	if err == nil {
		c.Cache = &cachedZone{strings.Clone(name), loc}
	}
	return loc, err
}

// zoneByName finds a zone by abbreviation, name or offset. An offset counts as in POSIX, positive to the west.
func zoneByName(name string) (*time.Location, error) {
	if seconds, ok := parseOffset(name); ok {
		return time.FixedZone(name, -seconds), nil
	}
	return datetime.Zone(name)
}

// zoneOrOffset is zoneByName with offsets as ISO 8601 has them, positive to the east.
func zoneOrOffset(name string) (*time.Location, error) {
	if name != "" && name[0] >= '0' && name[0] <= '9' {
		return nil, pgerr.Newf(pgerr.InvalidParameterValue, "invalid input syntax for type %s: \"%s\"", "numeric time zone", name).
			WithHint("Numeric time zones must have \"-\" or \"+\" as first character.")
	}
	if seconds, ok := parseOffset(name); ok {
		return time.FixedZone(name, seconds), nil
	}
	return datetime.Zone(name)
}

// parseOffset reads +hh, +hh:mm, +hhmm and +hh:mm:ss.
func parseOffset(s string) (seconds int, ok bool) {
	if len(s) < 2 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	parts := strings.Split(s[1:], ":")
	if len(parts) == 1 && len(parts[0]) > 2 {
		n := len(parts[0])
		parts = []string{parts[0][:n-2], parts[0][n-2:]}
	}
	unit := 3600
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil || i > 2 || v < 0 || i > 0 && v > 59 || v > 167 {
			return 0, false
		}
		seconds += v * unit
		unit /= 60
	}
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

func intervalZone(c *Call, d pgtype.Datum) (*time.Location, error) {
	v := d.Interval()
	if v.Months != 0 || v.Days != 0 {
		return nil, pgerr.Newf(pgerr.InvalidParameterValue, "interval time zone \"%s\" must not include months or days", outputText(c, pgtype.IntervalType, d))
	}
	return time.FixedZone("", int(v.Micros/datetime.Second)), nil
}

func localToZone(_ *Call, d pgtype.Datum, loc *time.Location) (pgtype.Datum, error) {
	return timestampResult(datetime.ToUTC(d.Int(), loc))
}

func zonedToLocal(_ *Call, d pgtype.Datum, loc *time.Location) (pgtype.Datum, error) {
	return timestampResult(localTime(d.Int(), loc))
}

// timetzToZone takes the offset that the zone has now.
func timetzToZone(c *Call, d pgtype.Datum, loc *time.Location) (pgtype.Datum, error) {
	west := westAt(c.now(), loc)
	_, micros := floorDivide(d.TimeTZ().UTC()-int64(west)*datetime.Second, datetime.Day)
	return pgtype.TimeTZValue(datetime.TimeTZ{Micros: micros, West: west}), nil
}
