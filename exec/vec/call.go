package vec

import (
	"math"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/datetime"
)

// compileCall makes the kernel of a function, nil when it has none. Functions are told by the name of PostgreSQL's code (pg_proc.prosrc).
func (c *compiler) compileCall(e *expr.Call) (evaluator, error) {
	if op, ok := decimalOps[e.Proc.Src]; ok && len(e.Args) == 2 {
		l, r, err := c.pair(e)
		return &decimalKernel{op: op, left: l, right: r}, err
	}
	if op, ok := integerOps[e.Proc.Src]; ok && len(e.Args) == 2 {
		l, r, err := c.pair(e)
		if err != nil {
			return nil, err
		}
		slow, err := c.byRow(e)
		return &integerKernel{op: op.op, low: op.low, high: op.high, left: l, right: r, slow: slow}, err
	}
	switch e.Proc.Src {
	case "int2_numeric", "int4_numeric", "int8_numeric":
		arg, err := c.compile(e.Args[0])
		return &integerToNumeric{arg: arg}, err
	case "int48", "i2toi4", "int28":
		return c.compile(e.Args[0])
	case "extract_date":
		if k, ok := e.Args[0].(*expr.Const); ok && !k.Value.IsNull() {
			if field := dateFields[k.Value.Text()]; field != nil {
				arg, err := c.compile(e.Args[1])
				if err != nil {
					return nil, err
				}
				slow, err := c.byRow(e)
				return &dateField{field: field, arg: arg, slow: slow}, err
			}
		}
	}
	return nil, nil
}

func (c *compiler) pair(e *expr.Call) (l, r evaluator, err error) {
	if l, err = c.compile(e.Args[0]); err != nil {
		return nil, nil, err
	}
	r, err = c.compile(e.Args[1])
	return l, r, err
}

// nulls makes v NULL where x or y is.
func nulls(v *column.Vector, n int, x, y *column.Vector) {
	for _, from := range []*column.Vector{x, y} {
		if from == nil || from.Valid == nil {
			continue
		}
		v.NeedValid(n)
		for i := range v.Valid {
			v.Valid[i] &= from.Valid[i]
		}
	}
}

type integerOp struct {
	op        byte
	low, high int64
}

var integerOps = map[string]integerOp{}

func init() {
	for _, w := range []struct {
		name      string
		low, high int64
	}{{"int2", math.MinInt16, math.MaxInt16}, {"int4", math.MinInt32, math.MaxInt32}, {"int8", math.MinInt64, math.MaxInt64},
		{"int24", math.MinInt32, math.MaxInt32}, {"int42", math.MinInt32, math.MaxInt32}, {"int48", math.MinInt64, math.MaxInt64},
		{"int84", math.MinInt64, math.MaxInt64}, {"int28", math.MinInt64, math.MaxInt64}, {"int82", math.MinInt64, math.MaxInt64}} {
		for op, suffix := range map[byte]string{'+': "pl", '-': "mi", '*': "mul"} {
			integerOps[w.name+suffix] = integerOp{op, w.low, w.high}
		}
	}
}

// integerKernel adds, subtracts or multiplies integers. A batch in which a result does not fit goes to the row evaluator, which raises the error or, where the
// row does not count, does not.
type integerKernel struct {
	op          byte
	low, high   int64
	left, right evaluator
	slow        evaluator
	v           column.Vector
}

func (k *integerKernel) eval(b *column.Batch, sel []int32) (*column.Vector, error) {
	l, err := k.left.eval(b, sel)
	if err != nil {
		return nil, err
	}
	r, err := k.right.eval(b, sel)
	if err != nil {
		return nil, err
	}
	k.v.Reset(column.Word, b.N)
	x, y, out := l.I, r.I, k.v.I
	outside := false
	for _, i := range selected(b, sel) {
		a, c := x[i], y[i]
		var z int64
		switch k.op {
		case '+':
			z = a + c
			outside = outside || (z > a) != (c > 0) && c != 0
		case '-':
			z = a - c
			outside = outside || (z < a) != (c > 0) && c != 0
		default:
			z = a * c
			outside = outside || a != 0 && (z/a != c || a == -1 && c == math.MinInt64)
		}
		outside = outside || z < k.low || z > k.high
		out[i] = z
	}
	if outside {
		return k.slow.eval(b, sel)
	}
	nulls(&k.v, b.N, l, r)
	return &k.v, nil
}

// integerToNumeric is a cast.
type integerToNumeric struct {
	arg evaluator
	v   column.Vector
}

func (k *integerToNumeric) eval(b *column.Batch, sel []int32) (*column.Vector, error) {
	a, err := k.arg.eval(b, sel)
	if err != nil {
		return nil, err
	}
	k.v.Reset(column.Decimal, b.N)
	k.v.Scale = 0
	copy(k.v.I, a.I[:b.N])
	for _, i := range selected(b, sel) {
		if k.v.I[i] == math.MinInt64 && !a.IsNull(int(i)) {
			k.v.I[i] = 0
			k.v.ToDatum(b.N, b.N)
			break
		}
	}
	if k.v.Kind == column.Datum { // the one value whose coefficient has no negative
		for _, i := range selected(b, sel) {
			k.v.D[i] = pgtype.NumericValue(numericOf(a.I[i]))
		}
	}
	nulls(&k.v, b.N, a, nil)
	return &k.v, nil
}

var dateFields = map[string]func(y, m, d int) int64{
	"year":  func(y, _, _ int) int64 { return int64(y) },
	"month": func(_, m, _ int) int64 { return int64(m) },
	"day":   func(_, _, d int) int64 { return int64(d) },
}

// dateField is extract(year from date) and its kin. Years before Christ and the infinities go to the row evaluator.
type dateField struct {
	field func(y, m, d int) int64
	arg   evaluator
	slow  evaluator
	v     column.Vector
	last  int64 // a date and its field: neighbours are often the same
	value int64
	known bool
}

const firstDate, lastDate = -730000, 2000000 // days since 2000 between which dates are ordinary

func (k *dateField) eval(b *column.Batch, sel []int32) (*column.Vector, error) {
	a, err := k.arg.eval(b, sel)
	if err != nil {
		return nil, err
	}
	k.v.Reset(column.Decimal, b.N)
	k.v.Scale = 0
	for _, i := range selected(b, sel) {
		d := a.I[i]
		if d < firstDate || d > lastDate {
			if a.IsNull(int(i)) {
				continue
			}
			return k.slow.eval(b, sel)
		}
		if !k.known || d != k.last {
			y, m, day := datetime.DateOf(int32(d))
			k.last, k.value, k.known = d, k.field(y, m, day), true
		}
		k.v.I[i] = k.value
	}
	nulls(&k.v, b.N, a, nil)
	return &k.v, nil
}
