package vec

import (
	"math"
	"math/bits"

	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

var decimalOps = map[string]byte{"numeric_add": '+', "numeric_sub": '-', "numeric_mul": '*'}

func numericOf(v int64) numeric.Num { return numeric.FromInt64(v) }

// decimalKernel adds, subtracts or multiplies numerics. Coefficients that do not fit, or values that have none, go through exact arithmetic.
type decimalKernel struct {
	op          byte
	left, right evaluator
	v           column.Vector
	x, y        rescaled
}

func (k *decimalKernel) eval(b *column.Batch, sel []int32) (*column.Vector, error) {
	l, err := k.left.eval(b, sel)
	if err != nil {
		return nil, err
	}
	r, err := k.right.eval(b, sel)
	if err != nil {
		return nil, err
	}
	rows := selected(b, sel)
	ok := l.Kind == column.Decimal && r.Kind == column.Decimal
	if ok && k.op == '*' {
		ok = k.multiply(l, r, rows, b.N)
	} else if ok {
		ok = k.add(l, r, rows, b.N)
	}
	if !ok {
		err = k.exact(l, r, rows, b.N)
	}
	if k.v.Kind == column.Decimal {
		nulls(&k.v, b.N, l, r)
	}
	return &k.v, err
}

// width is the number of bits that the largest magnitude of the rows needs.
func width(v []int64, rows []int32) int {
	var all uint64
	if len(rows) == len(v) {
		for _, x := range v {
			all |= uint64(x ^ x>>63)
		}
	} else {
		for _, i := range rows {
			x := v[i]
			all |= uint64(x ^ x>>63)
		}
	}
	return bits.Len64(all)
}

// widthOf is the width of a vector's values, of the rows at least.
func widthOf(v *column.Vector, rows []int32, n int) int {
	if v.Width > 0 {
		return int(v.Width)
	}
	return width(v.I[:n], rows)
}

// dense tells whether so many of the rows are selected that it is quicker to compute all of them.
func dense(rows []int32, n int) bool { return len(rows)*4 > n*3 }

func (k *decimalKernel) multiply(l, r *column.Vector, rows []int32, n int) bool {
	x, y := l.I[:n], r.I[:n]
	bits := widthOf(l, rows, n) + widthOf(r, rows, n)
	if bits > 62 || l.Scale+r.Scale > 100 {
		return false
	}
	k.v.Reset(column.Decimal, n)
	k.v.Scale = l.Scale + r.Scale
	if l.Width > 0 && r.Width > 0 {
		k.v.Width = uint8(max(bits, 1))
	}
	out := k.v.I
	if dense(rows, n) {
		y, out := y[:len(x)], out[:len(x)]
		for i := range x {
			out[i] = x[i] * y[i]
		}
		return true
	}
	for _, i := range rows {
		out[i] = x[i] * y[i]
	}
	return true
}

func (k *decimalKernel) add(l, r *column.Vector, rows []int32, n int) bool {
	scale := max(l.Scale, r.Scale)
	x, wx, ok := k.x.at(l, k.left, scale, rows, n)
	if !ok {
		return false
	}
	y, wy, ok := k.y.at(r, k.right, scale, rows, n)
	if !ok || max(wx, wy) > 61 {
		return false
	}
	k.v.Reset(column.Decimal, n)
	k.v.Scale = scale
	if l.Width > 0 && r.Width > 0 {
		k.v.Width = uint8(max(wx, wy) + 1)
	}
	out := k.v.I
	switch {
	case k.op == '+' && dense(rows, n):
		y, out := y[:len(x)], out[:len(x)]
		for i := range x {
			out[i] = x[i] + y[i]
		}
	case k.op == '+':
		for _, i := range rows {
			out[i] = x[i] + y[i]
		}
	case dense(rows, n):
		y, out := y[:len(x)], out[:len(x)]
		for i := range x {
			out[i] = x[i] - y[i]
		}
	default:
		for _, i := range rows {
			out[i] = x[i] - y[i]
		}
	}
	return true
}

// rescaled is an operand at another scale.
type rescaled struct {
	buf   []int64
	scale int32 // of a constant in buf
	width int
}

// at gives the coefficients of a vector at a scale that is not below its own, and their width. A constant's are computed once.
func (s *rescaled) at(v *column.Vector, of evaluator, scale int32, rows []int32, n int) ([]int64, int, bool) {
	if v.Scale == scale {
		return v.I[:n], widthOf(v, rows, n), true
	}
	_, fixed := of.(*constant)
	if fixed && s.scale == scale && len(s.buf) >= n {
		return s.buf[:n], s.width, true
	}
	d := scale - v.Scale
	if d >= int32(len(powers)) {
		return nil, 0, false
	}
	width := widthOf(v, rows, n) + bits.Len64(uint64(powers[d]))
	if width > 62 {
		return nil, 0, false
	}
	if cap(s.buf) < n {
		s.buf = make([]int64, max(n, column.Rows))
	}
	if fixed {
		n = min(len(v.I), cap(s.buf))
		rows = all(n)
	}
	s.buf = s.buf[:n]
	s.scale, s.width = scale, width
	out, x, p := s.buf, v.I[:n], powers[d]
	for _, i := range rows {
		out[i] = x[i] * p
	}
	return out, width, true
}

// exact computes row by row.
func (k *decimalKernel) exact(l, r *column.Vector, rows []int32, n int) error {
	k.v.Reset(column.Datum, n)
	f := numeric.Mul
	switch k.op {
	case '+':
		f = numeric.Add
	case '-':
		f = numeric.Sub
	}
	for _, i := range rows {
		x, y := l.Datum(int(i)), r.Datum(int(i))
		if x.IsNull() || y.IsNull() {
			k.v.SetNull(int(i), n)
			continue
		}
		z, err := f(x.Numeric(), y.Numeric())
		if err != nil {
			return err
		}
		k.v.D[i] = pgtype.NumericValue(z)
	}
	return nil
}

// wide is a sum in 128 bits.
type wide struct {
	lo uint64
	hi int64
}

func (w *wide) add(v int64) {
	var carry uint64
	w.lo, carry = bits.Add64(w.lo, uint64(v), 0)
	w.hi += v>>63 + int64(carry)
}

func (w *wide) addWide(o wide) {
	var carry uint64
	w.lo, carry = bits.Add64(w.lo, o.lo, 0)
	w.hi += o.hi + int64(carry)
}

// fits tells whether the sum is a 64-bit integer other than the least.
func (w wide) fits() bool { return w.hi == int64(w.lo)>>63 && int64(w.lo) != math.MinInt64 }
