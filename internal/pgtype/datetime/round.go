package datetime

import (
	"math"

	"github.com/kalampg/kalampg/internal/pgerr"
)

func rangeError(message string) error { return pgerr.New(pgerr.DatetimeFieldOverflow, message) }

func roundEven(v float64) float64 { return math.RoundToEven(v) }

// RoundTimestamp rounds microseconds to a number of digits of the second, half away from zero; −1 leaves them.
func RoundTimestamp(v int64, precision int32) int64 {
	if precision < 0 || precision >= 6 || v == TimestampInfinity || v == TimestampNegInfinity {
		return v
	}
	unit := int64(1)
	for i := precision; i < 6; i++ {
		unit *= 10
	}
	if v >= 0 {
		return (v + unit/2) / unit * unit
	}
	return -((-v + unit/2) / unit * unit)
}
