package builtin

import (
	"github.com/kalampg/kalampg/internal/pgtype"
)

// timeSeriesFamily is generate_series of timestamps, and string_to_table.
var timeSeriesFamily = []Def{
	{Name: "generate_series_timestamp", Set: timeSeriesOf(timestampOffset(1))},
	{Name: "generate_series_timestamptz", Set: timeSeriesOf(timestamptzOffset(1))},
	{Name: "generate_series_timestamptz_at_zone", Set: timeSeriesOf(timestamptzOffset(1))},
	{Name: "text_to_table", Set: textToTable},
	{Name: "text_to_table_null", Set: textToTable},
}

// timeSeries goes from next to stop in steps that add adds: a month is as long as it is, and a day too where there is summer time.
type timeSeries struct {
	c          *Call
	add        Scalar
	args       []pgtype.Datum // the next value, the step, and the zone if one is given
	stop       int64
	descending bool
}

func timeSeriesOf(add Scalar) Set {
	return func(c *Call, a []pgtype.Datum) (Rows, error) {
		zero, err := pgtype.IntervalType.Codec.ParseText(c.Text, "0", -1)
		if err != nil {
			return nil, err
		}
		direction := pgtype.IntervalType.Codec.Compare(a[2], zero)
		if direction == 0 {
			return nil, errZeroStep()
		}
		args := []pgtype.Datum{a[0], a[2]}
		return &timeSeries{c: c, add: add, args: append(args, a[3:]...), stop: a[1].Int(), descending: direction < 0}, nil
	}
}

func (s *timeSeries) Next() (pgtype.Datum, bool, error) {
	v := s.args[0]
	if s.descending && v.Int() < s.stop || !s.descending && v.Int() > s.stop {
		return pgtype.Null, false, nil
	}
	next, err := s.add(s.c, s.args)
	s.args[0] = next
	return v, true, err
}

func textToTable(_ *Call, a []pgtype.Datum) (Rows, error) {
	parts, _ := splitText(a)
	return listed(parts), nil
}
