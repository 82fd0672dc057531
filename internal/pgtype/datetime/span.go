package datetime

import (
	"math"
	"math/bits"
)

// Span is the interval's length in microseconds as a 128-bit number, with months of 30 days and days of 24 hours: the order and equality of intervals.
func (v Interval) Span() (hi int64, lo uint64) {
	days := int64(v.Months)*daysPerMonth + int64(v.Days)
	h, l := bits.Mul64(uint64(days), uint64(Day))
	h -= uint64(days>>63) & uint64(Day) // the factor was negative: correct the unsigned product
	lo, carry := bits.Add64(l, uint64(v.Micros), 0)
	h, _ = bits.Add64(h, uint64(v.Micros>>63), carry)
	return int64(h), lo
}

// FromSpan is an interval of that length, in the largest parts that hold it.
func FromSpan(hi int64, lo uint64) (Interval, bool) {
	negative := hi < 0
	h, l := uint64(hi), lo
	if negative {
		var borrow uint64
		l, borrow = bits.Sub64(0, l, 0)
		h, _ = bits.Sub64(0, h, borrow)
	}
	if h >= uint64(Day) {
		return Interval{}, false
	}
	days, micros := bits.Div64(h, l, uint64(Day))
	months := days / daysPerMonth
	if months > math.MaxInt32 {
		// What is beyond the largest number of months stays in days.
		months = math.MaxInt32
	}
	days -= months * daysPerMonth
	if days > math.MaxInt32 {
		return Interval{}, false
	}
	v := Interval{Months: int32(months), Days: int32(days), Micros: int64(micros)}
	if negative {
		v = Interval{-v.Months, -v.Days, -v.Micros}
	}
	return v, true
}

// CompareInterval orders by length.
func CompareInterval(a, b Interval) int {
	ah, al := a.Span()
	bh, bl := b.Span()
	switch {
	case ah < bh, ah == bh && al < bl:
		return -1
	case ah == bh && al == bl:
		return 0
	}
	return 1
}

// UTC is the time in microseconds at UTC, not brought into one day.
func (t TimeTZ) UTC() int64 { return t.Micros + int64(t.West)*Second }

// ValidDate tells whether d is a date, perhaps infinite.
func ValidDate(d int32) bool { return !finiteDate(d) || d >= minDate && d < endDate }

// ValidTimestamp tells whether ts is a timestamp, perhaps infinite.
func ValidTimestamp(ts int64) bool { return !finiteTimestamp(ts) || validTimestamp(ts) }
