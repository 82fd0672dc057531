package builtin

import (
	"math"
	"math/big"

	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// spread says which of the four measures is wanted.
type spread struct{ sample, root bool }

// varianceAggregates are variance, var_samp, var_pop, stddev, stddev_samp and stddev_pop: of bigint, integer, smallint, real, double precision and numeric, whose OIDs
// follow each other in this order.
func varianceAggregates() []Def {
	var defs []Def
	for _, f := range []struct {
		first pgtype.OID
		name  string
		spread
	}{
		{2148, "variance", spread{true, false}}, {2154, "stddev", spread{true, true}}, {2641, "var_samp", spread{true, false}},
		{2712, "stddev_samp", spread{true, true}}, {2718, "var_pop", spread{false, false}}, {2724, "stddev_pop", spread{false, true}},
	} {
		of := f.spread
		exact := func(*Call, []pgtype.Datum) (State, error) { return &integerSpread{spread: of}, nil }
		inexact := func(*Call, []pgtype.Datum) (State, error) { return &floatMoments{finish: of.float}, nil }
		defs = append(defs,
			Def{OID: f.first, Name: f.name, Aggregate: exact, SkipNulls: true},
			Def{OID: f.first + 1, Name: f.name, Aggregate: exact, SkipNulls: true},
			Def{OID: f.first + 2, Name: f.name, Aggregate: exact, SkipNulls: true},
			Def{OID: f.first + 3, Name: f.name, Aggregate: inexact, SkipNulls: true},
			Def{OID: f.first + 4, Name: f.name, Aggregate: inexact, SkipNulls: true},
			Def{OID: f.first + 5, Name: f.name, Aggregate: func(*Call, []pgtype.Datum) (State, error) { return &numericSpread{spread: of}, nil }, SkipNulls: true},
		)
	}
	avg := func(*Call, []pgtype.Datum) (State, error) {
		return &floatMoments{finish: func(m *floatMoments) pgtype.Datum {
			if m.n == 0 {
				return pgtype.Null
			}
			return pgtype.Float(m.sx / m.n)
		}}, nil
	}
	return append(defs, Def{OID: 2104, Name: "avg(real)", Aggregate: avg, SkipNulls: true}, Def{OID: 2105, Name: "avg(double precision)", Aggregate: avg, SkipNulls: true})
}

// exact computes the measure from the number of values, their sum and the sum of their squares.
func (s spread) exact(n int64, sum, squares numeric.Num) (pgtype.Datum, error) {
	if n == 0 || n == 1 && s.sample {
		return pgtype.Null, nil
	}
	count := numeric.FromInt64(n)
	if !sum.IsFinite() || !squares.IsFinite() {
		v, err := numeric.Parse("NaN")
		return pgtype.NumericValue(v), err
	}
	sum2, err := numeric.Mul(sum, sum)
	if err != nil {
		return pgtype.Null, err
	}
	top, err := numeric.Mul(count, squares)
	if err != nil {
		return pgtype.Null, err
	}
	if top, err = numeric.Sub(top, sum2); err != nil {
		return pgtype.Null, err
	}
	if top.Sign() <= 0 {
		return pgtype.NumericValue(numeric.FromInt64(0)), nil
	}
	divisor := n
	if s.sample {
		divisor = n - 1
	}
	bottom, err := numeric.Mul(count, numeric.FromInt64(divisor))
	if err != nil {
		return pgtype.Null, err
	}
	v, err := numeric.Div(top, bottom)
	if err == nil && s.root {
		v = rootAtScale(v, v.Scale())
	}
	return pgtype.NumericValue(v), err
}

// rootAtScale is the square root rounded to a scale; numeric.Sqrt would choose a scale of its own.
func rootAtScale(v numeric.Num, scale int32) numeric.Num {
	y := v.BigInt()
	y.Mul(y, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(2*scale-v.Scale())), nil))
	y.Mul(y, big.NewInt(4))
	y.Sqrt(y)
	y.Add(y, big.NewInt(1))
	return numeric.FromBigInt(y.Rsh(y, 1), scale)
}

// integerSpread sums integers and their squares without rounding.
type integerSpread struct {
	spread
	n            int64
	sum, squares big.Int
	scratch      big.Int
}

func (s *integerSpread) Add(a []pgtype.Datum) error {
	s.n++
	s.scratch.SetInt64(a[0].Int())
	s.sum.Add(&s.sum, &s.scratch)
	s.scratch.Mul(&s.scratch, &s.scratch)
	s.squares.Add(&s.squares, &s.scratch)
	return nil
}

func (s *integerSpread) Merge(other State) error {
	o := other.(*integerSpread)
	s.n += o.n
	s.sum.Add(&s.sum, &o.sum)
	s.squares.Add(&s.squares, &o.squares)
	return nil
}

func (s *integerSpread) Result() (pgtype.Datum, error) {
	return s.exact(s.n, numeric.FromBigInt(&s.sum, 0), numeric.FromBigInt(&s.squares, 0))
}

// numericSpread is the same of numeric.
type numericSpread struct {
	spread
	n            int64
	sum, squares numeric.Num
}

func (s *numericSpread) Add(a []pgtype.Datum) error {
	x := a[0].Numeric()
	square, err := numeric.Mul(x, x)
	if err != nil {
		return err
	}
	if s.n++; s.n == 1 {
		s.sum, s.squares = x, square
		return nil
	}
	if s.sum, err = numeric.Add(s.sum, x); err != nil {
		return err
	}
	s.squares, err = numeric.Add(s.squares, square)
	return err
}

func (s *numericSpread) Result() (pgtype.Datum, error) { return s.exact(s.n, s.sum, s.squares) }

// floatMoments is Youngs and Cramer's updating of the number, the sum and the sum of squared differences, which PostgreSQL's float aggregates use.
type floatMoments struct {
	n, sx, sxx float64
	finish     func(*floatMoments) pgtype.Datum
}

func (m *floatMoments) Add(a []pgtype.Datum) error {
	v, before := a[0].Float(), m.n
	oldSum := m.sx
	m.n++
	m.sx += v
	if before == 0 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			m.sxx = math.NaN()
		}
		return nil
	}
	d := v*m.n - m.sx
	m.sxx += d * d / (m.n * before)
	if math.IsInf(m.sx, 0) || math.IsInf(m.sxx, 0) {
		if !math.IsInf(oldSum, 0) && !math.IsInf(v, 0) {
			return floatOverflow()
		}
		m.sxx = math.NaN()
	}
	return nil
}

func (m *floatMoments) Result() (pgtype.Datum, error) { return m.finish(m), nil }

func (s spread) float(m *floatMoments) pgtype.Datum {
	n := m.n
	if s.sample {
		n--
	}
	if n <= 0 {
		return pgtype.Null
	}
	if s.root {
		return pgtype.Float(math.Sqrt(m.sxx / n))
	}
	return pgtype.Float(m.sxx / n)
}

var regressionAggregates = []Def{
	{OID: 2818, Name: "regr_count", Aggregate: newCount, SkipNulls: true},
	regression(2819, "regr_sxx", 1, func(r *regressionState) (float64, bool) { return r.sxx, true }),
	regression(2820, "regr_syy", 1, func(r *regressionState) (float64, bool) { return r.syy, true }),
	regression(2821, "regr_sxy", 1, func(r *regressionState) (float64, bool) { return r.sxy, true }),
	regression(2822, "regr_avgx", 1, func(r *regressionState) (float64, bool) { return r.sx / r.n, true }),
	regression(2823, "regr_avgy", 1, func(r *regressionState) (float64, bool) { return r.sy / r.n, true }),
	regression(2824, "regr_r2", 1, func(r *regressionState) (float64, bool) {
		if r.syy == 0 && r.sxx != 0 {
			return 1, true
		}
		return r.sxy * r.sxy / (r.sxx * r.syy), r.sxx != 0
	}),
	regression(2825, "regr_slope", 1, func(r *regressionState) (float64, bool) { return r.sxy / r.sxx, r.sxx != 0 }),
	regression(2826, "regr_intercept", 1, func(r *regressionState) (float64, bool) { return (r.sy - r.sx*r.sxy/r.sxx) / r.n, r.sxx != 0 }),
	regression(2827, "covar_pop", 1, func(r *regressionState) (float64, bool) { return r.sxy / r.n, true }),
	regression(2828, "covar_samp", 2, func(r *regressionState) (float64, bool) { return r.sxy / (r.n - 1), true }),
	regression(2829, "corr", 1, func(r *regressionState) (float64, bool) {
		return r.sxy / math.Sqrt(r.sxx*r.syy), r.sxx != 0 && r.syy != 0
	}),
}

// regressionState is the moments of pairs (Y, X).
type regressionState struct {
	n, sx, sxx, sy, syy, sxy float64
	least                    float64
	finish                   func(*regressionState) (v float64, ok bool)
}

func regression(oid pgtype.OID, name string, least float64, finish func(*regressionState) (float64, bool)) Def {
	return Def{OID: oid, Name: name, SkipNulls: true, Aggregate: func(*Call, []pgtype.Datum) (State, error) {
		return &regressionState{least: least, finish: finish}, nil
	}}
}

func infinite(v float64) bool { return math.IsInf(v, 0) }

func (r *regressionState) Add(a []pgtype.Datum) error {
	y, x, before := a[0].Float(), a[1].Float(), r.n
	oldX, oldY := r.sx, r.sy
	r.n++
	r.sx += x
	r.sy += y
	if before == 0 {
		if math.IsNaN(x) || infinite(x) {
			r.sxx, r.sxy = math.NaN(), math.NaN()
		}
		if math.IsNaN(y) || infinite(y) {
			r.syy, r.sxy = math.NaN(), math.NaN()
		}
		return nil
	}
	dx, dy := x*r.n-r.sx, y*r.n-r.sy
	scale := 1 / (r.n * before)
	r.sxx += dx * dx * scale
	r.syy += dy * dy * scale
	r.sxy += dx * dy * scale
	finiteX, finiteY := !infinite(oldX) && !infinite(x), !infinite(oldY) && !infinite(y)
	if (infinite(r.sx) || infinite(r.sxx)) && finiteX || (infinite(r.sy) || infinite(r.syy)) && finiteY || infinite(r.sxy) && finiteX && finiteY {
		return floatOverflow()
	}
	for _, p := range []*float64{&r.sxx, &r.syy, &r.sxy} {
		if infinite(*p) {
			*p = math.NaN()
		}
	}
	return nil
}

func (r *regressionState) Result() (pgtype.Datum, error) {
	if r.n < r.least {
		return pgtype.Null, nil
	}
	v, ok := r.finish(r)
	if !ok {
		return pgtype.Null, nil
	}
	return pgtype.Float(v), nil
}
