package builtin

import (
	"math/bits"

	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// The aggregates that can take rows away exactly: those that compute in integers or decimals. Floats cannot, since their sum depends on what was added.

// Remove implements Remover.
func (s *countState) Remove([]pgtype.Datum) (bool, error) { s.n--; return true, nil }

// Remove implements Remover.
func (s *boolState) Remove(a []pgtype.Datum) (bool, error) {
	s.n--
	if a[0].Bool() {
		s.trues--
	}
	return true, nil
}

// Remove implements Remover.
func (s *intSum) Remove(a []pgtype.Datum) (bool, error) {
	v := a[0].Int()
	var borrow uint64
	s.lo, borrow = bits.Sub64(s.lo, uint64(v), 0)
	s.hi -= v>>63 + int64(borrow)
	s.n--
	return true, nil
}

// Remove implements Remover. The last value of the largest scale cannot go, for the sum would keep its digits; nor can NaN and infinities.
func (s *numericSum) Remove(a []pgtype.Datum) (bool, error) {
	v := a[0].Numeric()
	if !v.IsFinite() || !s.sum.IsFinite() || v.Scale() == s.scale && s.atScale == 1 && s.scale > 0 && s.n > 1 {
		return false, nil
	}
	if s.n--; s.n == 0 {
		s.sum, s.scale, s.atScale = numeric.Num{}, 0, 0
		return true, nil
	}
	if v.Scale() == s.scale {
		s.atScale--
	}
	var err error
	s.sum, err = numeric.Sub(s.sum, v)
	return true, err
}

// scaled notes the scale of an added value.
func (s *numericSum) scaled(scale int32, n int64) {
	switch {
	case scale > s.scale:
		s.scale, s.atScale = scale, n
	case scale == s.scale:
		s.atScale += n
	}
}

// Remove implements Remover.
func (s *intervalSum) Remove(a []pgtype.Datum) (bool, error) {
	var err error
	s.sum, err = addIntervals(s.sum, a[0].Interval(), -1)
	s.n--
	return true, err
}

// Remove implements Remover.
func (s *integerSpread) Remove(a []pgtype.Datum) (bool, error) {
	s.n--
	s.scratch.SetInt64(a[0].Int())
	s.sum.Sub(&s.sum, &s.scratch)
	s.scratch.Mul(&s.scratch, &s.scratch)
	s.squares.Sub(&s.squares, &s.scratch)
	return true, nil
}
