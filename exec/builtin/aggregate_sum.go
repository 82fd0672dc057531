package builtin

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/datetime"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

var sumAggregates = []Def{
	{OID: 2107, Name: "sum(bigint)", Aggregate: newIntSum(sumNumeric), SkipNulls: true},
	{OID: 2108, Name: "sum(integer)", Aggregate: newIntSum(sumBigint), SkipNulls: true},
	{OID: 2109, Name: "sum(smallint)", Aggregate: newIntSum(sumBigint), SkipNulls: true},
	{OID: 2110, Name: "sum(real)", Aggregate: func(*Call, []pgtype.Datum) (State, error) { return &floatSum{single: true}, nil }, SkipNulls: true},
	{OID: 2111, Name: "sum(double precision)", Aggregate: func(*Call, []pgtype.Datum) (State, error) { return &floatSum{}, nil }, SkipNulls: true},
	{OID: 2112, Name: "sum(money)", Aggregate: newIntSum(sumMoney), SkipNulls: true},
	{OID: 2113, Name: "sum(interval)", Aggregate: func(*Call, []pgtype.Datum) (State, error) { return &intervalSum{}, nil }, SkipNulls: true},
	{OID: 2114, Name: "sum(numeric)", Aggregate: func(*Call, []pgtype.Datum) (State, error) { return &numericSum{}, nil }, SkipNulls: true},
	{OID: 2100, Name: "avg(bigint)", Aggregate: newIntSum(average), SkipNulls: true},
	{OID: 2101, Name: "avg(integer)", Aggregate: newIntSum(average), SkipNulls: true},
	{OID: 2102, Name: "avg(smallint)", Aggregate: newIntSum(average), SkipNulls: true},
	{OID: 2103, Name: "avg(numeric)", Aggregate: func(*Call, []pgtype.Datum) (State, error) { return &numericSum{average: true}, nil }, SkipNulls: true},
	{OID: 2106, Name: "avg(interval)", Aggregate: func(*Call, []pgtype.Datum) (State, error) { return &intervalSum{average: true}, nil }, SkipNulls: true},
}

// intResult is what is wanted of a sum of integers.
type intResult uint8

const (
	sumBigint intResult = iota
	sumMoney
	sumNumeric
	average
)

// intSum adds integers in 128 bits, which no number of rows overflows.
type intSum struct {
	lo     uint64
	hi     int64
	n      int64
	result intResult
}

func newIntSum(r intResult) Aggregate {
	return func(*Call, []pgtype.Datum) (State, error) { return &intSum{result: r}, nil }
}

func (s *intSum) Add(a []pgtype.Datum) error {
	v := a[0].Int()
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, uint64(v), 0)
	s.hi += v>>63 + int64(carry)
	s.n++
	return nil
}

func (s *intSum) Merge(other State) error {
	o := other.(*intSum)
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, o.lo, 0)
	s.hi += o.hi + int64(carry)
	s.n += o.n
	return nil
}

// sum is the whole sum as numeric.
func (s *intSum) sum() numeric.Num {
	if s.hi == int64(s.lo)>>63 {
		return numeric.FromInt64(int64(s.lo))
	}
	v := big.NewInt(s.hi)
	v.Lsh(v, 64)
	return numeric.FromBigInt(v.Add(v, new(big.Int).SetUint64(s.lo)), 0)
}

func (s *intSum) Result() (pgtype.Datum, error) {
	if s.n == 0 {
		return pgtype.Null, nil
	}
	switch s.result {
	case sumBigint, sumMoney:
		if s.hi != int64(s.lo)>>63 {
			if s.result == sumMoney {
				return pgtype.Null, pgerr.New(pgerr.NumericValueOutOfRange, "money out of range")
			}
			return pgtype.Null, pgerr.New(pgerr.NumericValueOutOfRange, "bigint out of range")
		}
		return pgtype.Int(int64(s.lo)), nil
	case sumNumeric:
		return pgtype.NumericValue(s.sum()), nil
	}
	v, err := numeric.Div(s.sum(), numeric.FromInt64(s.n))
	return pgtype.NumericValue(v), err
}

// numericSum is sum and avg of numeric.
type numericSum struct {
	sum     numeric.Num
	n       int64
	average bool
	scale   int32 // the largest of the values, and how many have it
	atScale int64
}

func (s *numericSum) Add(a []pgtype.Datum) (err error) {
	s.scaled(a[0].Numeric().Scale(), 1)
	if s.n++; s.n == 1 {
		s.sum = a[0].Numeric()
		return nil
	}
	s.sum, err = numeric.Add(s.sum, a[0].Numeric())
	return err
}

func (s *numericSum) Merge(other State) error {
	o := other.(*numericSum)
	if o.n == 0 {
		return nil
	}
	n, scale, atScale := s.n+o.n, s.scale, s.atScale
	err := s.Add([]pgtype.Datum{pgtype.NumericValue(o.sum)})
	s.n, s.scale, s.atScale = n, scale, atScale
	s.scaled(o.scale, o.atScale)
	return err
}

func (s *numericSum) Result() (pgtype.Datum, error) {
	if s.n == 0 {
		return pgtype.Null, nil
	}
	if !s.average {
		return pgtype.NumericValue(s.sum), nil
	}
	v, err := numeric.Div(s.sum, numeric.FromInt64(s.n))
	return pgtype.NumericValue(v), err
}

// floatSum is sum of floats, in the arguments' own precision.
type floatSum struct {
	sum    float64
	any    bool
	single bool
}

func (s *floatSum) Add(a []pgtype.Datum) error {
	v := a[0].Float()
	if !s.any {
		s.any, s.sum = true, v
		return nil
	}
	sum := s.sum + v
	if s.single {
		sum = float64(float32(sum))
	}
	if math.IsInf(sum, 0) && !math.IsInf(s.sum, 0) && !math.IsInf(v, 0) {
		return floatOverflow()
	}
	s.sum = sum
	return nil
}

func (s *floatSum) Result() (pgtype.Datum, error) {
	if !s.any {
		return pgtype.Null, nil
	}
	return pgtype.Float(s.sum), nil
}

// intervalSum is sum and avg of intervals, field by field.
type intervalSum struct {
	sum     datetime.Interval
	n       int64
	average bool
}

func (s *intervalSum) Add(a []pgtype.Datum) error {
	sum, err := addIntervals(s.sum, a[0].Interval(), 1)
	s.sum = sum
	s.n++
	return err
}

func (s *intervalSum) Result() (pgtype.Datum, error) {
	if s.n == 0 {
		return pgtype.Null, nil
	}
	if !s.average {
		return pgtype.IntervalValue(s.sum), nil
	}
	return intervalResult(scaleInterval(s.sum, func(v float64) float64 { return v / float64(s.n) }))
}
