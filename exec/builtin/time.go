package builtin

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/datetime"
)

// timeFamily is the operators and casts of time and timetz.
var timeFamily = slices.Concat(
	comparisons("time", underNames, compareInts),
	comparisons("timetz", underNames, compareTimetzs),
	extremes("time_larger", "time_smaller", compareInts),
	extremes("timetz_larger", "timetz_smaller", compareTimetzs),
	[]Def{
		comparer("time_cmp", compareInts),
		comparer("timetz_cmp", compareTimetzs),
		{Name: "time_mi_time", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.IntervalValue(datetime.Interval{Micros: a[0].Int() - a[1].Int()}), nil
		}},
		{Name: "time_pl_interval", Scalar: timeOffset(1)},
		{Name: "time_mi_interval", Scalar: timeOffset(-1)},
		{OID: 1848, Name: "interval + time", Scalar: swapped(timeOffset(1))},
		{Name: "timetz_pl_interval", Scalar: timetzOffset(1)},
		{Name: "timetz_mi_interval", Scalar: timetzOffset(-1)},
		{OID: 2547, Name: "interval + timetz", Scalar: swapped(timetzOffset(1))},
		{Name: "time_interval", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.IntervalValue(datetime.Interval{Micros: a[0].Int()}), nil
		}},
		{Name: "interval_time", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			_, rest := floorDivide(a[0].Interval().Micros, datetime.Day)
			return pgtype.Int(rest), nil
		}},
		{Name: "timestamp_time", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return clockTime(a[0].Int()), nil }},
		{Name: "timestamptz_time", Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return clockTime(datetime.ToLocal(a[0].Int(), c.Text.Location)), nil
		}},
		{Name: "timestamptz_timetz", Scalar: timestamptzToTimetz},
		{Name: "timetz_time", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Int(a[0].TimeTZ().Micros), nil }},
		{Name: "time_timetz", Scalar: timeToTimetz},
		{Name: "make_time", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			micros, err := timeOfDay(a)
			return pgtype.Int(micros), err
		}},
		{Name: "in_range_time_interval", Scalar: inRangeTime},
		{Name: "in_range_timetz_interval", Scalar: inRangeTimetz},
	},
)

func compareTimetzs(a, b pgtype.Datum) int { return pgtype.TimetzType.Codec.Compare(a, b) }

// shortFloat prints as C's %g.
func shortFloat(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func timeOffset(direction int64) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return pgtype.Int(shiftTime(a[0].Int(), a[1].Interval(), direction)), nil
	}
}

// shiftTime goes around the clock; an interval's months and days do not count.
func shiftTime(t int64, v datetime.Interval, direction int64) int64 {
	_, rest := floorDivide(t+direction*(v.Micros%datetime.Day), datetime.Day)
	return rest
}

func timetzOffset(direction int64) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		t := a[0].TimeTZ()
		t.Micros = shiftTime(t.Micros, a[1].Interval(), direction)
		return pgtype.TimeTZValue(t), nil
	}
}

// clockTime is the time of day of a local timestamp, NULL when it is infinite.
func clockTime(ts int64) pgtype.Datum {
	if !finiteTimestamp(ts) {
		return pgtype.Null
	}
	_, rest := floorDivide(ts, datetime.Day)
	return pgtype.Int(rest)
}

// westAt is a zone's offset at a moment, in seconds west.
func westAt(ts int64, loc *time.Location) int32 {
	return int32((ts - datetime.ToLocal(ts, loc)) / datetime.Second)
}

func timestamptzToTimetz(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	ts := a[0].Int()
	local := clockTime(datetime.ToLocal(ts, c.Text.Location))
	if local.IsNull() {
		return pgtype.Null, nil
	}
	return pgtype.TimeTZValue(datetime.TimeTZ{Micros: local.Int(), West: westAt(ts, c.Text.Location)}), nil
}

// timeToTimetz takes the offset that holds today at that time.
func timeToTimetz(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	ts, err := datetime.ToUTC(c.today()+a[0].Int(), c.Text.Location)
	if err != nil {
		return pgtype.Null, err
	}
	return pgtype.TimeTZValue(datetime.TimeTZ{Micros: a[0].Int(), West: westAt(ts, c.Text.Location)}), nil
}

func inRangeTime(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return inRangeClock(a[2].Interval(), a[3].Bool(), a[4].Bool(), a[1].Int(), func(sum int64) int { return sign(a[0].Int(), sum) })
}

func inRangeTimetz(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	val, base := a[0].TimeTZ(), a[1].TimeTZ()
	return inRangeClock(a[2].Interval(), a[3].Bool(), a[4].Bool(), base.Micros, func(sum int64) int {
		return compareTimetzs(pgtype.TimeTZValue(val), pgtype.TimeTZValue(datetime.TimeTZ{Micros: sum, West: base.West}))
	})
}

// inRangeClock does not go around the clock.
func inRangeClock(offset datetime.Interval, sub, less bool, base int64, compare func(sum int64) int) (pgtype.Datum, error) {
	if offset.Micros < 0 {
		return pgtype.Null, invalidFrameOffset()
	}
	var sum int64
	switch {
	case sub:
		sum = base - offset.Micros
	case offset.Micros > math.MaxInt64-base:
		return pgtype.Bool(less), nil
	default:
		sum = base + offset.Micros
	}
	if less {
		return pgtype.Bool(compare(sum) <= 0), nil
	}
	return pgtype.Bool(compare(sum) >= 0), nil
}
