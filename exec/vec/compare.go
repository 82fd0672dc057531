package vec

import (
	"cmp"
	"math"
	"strings"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// comparison is an operator of an ordering.
type comparison uint8

const (
	equal comparison = iota
	unequal
	less
	lessEqual
	greater
	greaterEqual
)

var comparisons = map[string]comparison{"=": equal, "<>": unequal, "<": less, "<=": lessEqual, ">": greater, ">=": greaterEqual}

func (c comparison) negated() comparison {
	return [...]comparison{equal: unequal, unequal: equal, less: greaterEqual, lessEqual: greater, greater: lessEqual, greaterEqual: less}[c]
}

func (c comparison) mirrored() comparison {
	return [...]comparison{equal: equal, unequal: unequal, less: greater, lessEqual: greaterEqual, greater: less, greaterEqual: lessEqual}[c]
}

// holds tells whether the comparison holds for the sign of an order.
func (c comparison) holds(order int) bool {
	switch c {
	case equal:
		return order == 0
	case unequal:
		return order != 0
	case less:
		return order < 0
	case lessEqual:
		return order <= 0
	case greater:
		return order > 0
	}
	return order >= 0
}

// class is a family of types whose values kernels compare with each other.
type class uint8

const (
	noClass class = iota
	integers
	dates
	timestamps
	timestampTZs
	times
	oids
	booleans
	floats
	numerics
	texts
	bpchars
	byteas
)

func classOf(t *pgtype.Type) class {
	switch t.OID {
	case pgtype.OIDInt2, pgtype.OIDInt4, pgtype.OIDInt8:
		return integers
	case pgtype.OIDDate:
		return dates
	case pgtype.OIDTimestamp:
		return timestamps
	case pgtype.OIDTimestamptz:
		return timestampTZs
	case pgtype.OIDTime:
		return times
	case pgtype.OIDOid:
		return oids
	case pgtype.OIDBool:
		return booleans
	case pgtype.OIDFloat4, pgtype.OIDFloat8:
		return floats
	case pgtype.OIDNumeric:
		return numerics
	case pgtype.OIDText, pgtype.OIDVarchar:
		return texts
	case pgtype.OIDBpchar:
		return bpchars
	case pgtype.OIDBytea:
		return byteas
	}
	return noClass
}

// compare makes the kernel of a comparison, nil when there is none.
func (c *compiler) compare(e *expr.Call, want bool) (condition, error) {
	if e.Operator == nil || len(e.Args) != 2 {
		return nil, nil
	}
	op, ok := comparisons[e.Operator.Name]
	if !ok {
		return nil, nil
	}
	left, right := e.Args[0], e.Args[1]
	if _, fixed := left.(*expr.Const); fixed {
		left, right, op = right, left, op.mirrored()
	}
	if !want {
		op = op.negated()
	}
	cl, cr := classOf(left.Type()), classOf(right.Type())
	if cl == dates && cr == timestamps {
		return c.compareDate(left, right, op)
	}
	if cl != cr || cl == noClass {
		return nil, nil
	}
	l, err := c.compile(left)
	if err != nil {
		return nil, err
	}
	r, err := c.compile(right)
	if err != nil {
		return nil, err
	}
	return &compareKernel{class: cl, op: op, left: l, right: r}, nil
}

const dayMicros = 86400 * 1e6

// compareDate compares dates with a constant timestamp as with the day that it falls on.
func (c *compiler) compareDate(left, right expr.Expr, op comparison) (condition, error) {
	k, ok := right.(*expr.Const)
	if !ok || k.Value.IsNull() {
		return nil, nil
	}
	us := k.Value.Int()
	if us == math.MaxInt64 || us == math.MinInt64 {
		return nil, nil
	}
	op, day, never := threshold(op, us, dayMicros)
	if never {
		return nil, nil
	}
	l, err := c.compile(left)
	if err != nil {
		return nil, err
	}
	return &compareKernel{class: dates, op: op, left: l, right: &constant{kind: column.Word, value: pgtype.Int(day)}}, nil
}

// threshold turns x·unit op value, for integer x, into x op bound. undecided is true for an equality that no x can meet.
func threshold(op comparison, value, unit int64) (_ comparison, bound int64, undecided bool) {
	floor := value / unit
	rest := value % unit
	if rest < 0 {
		floor--
		rest += unit
	}
	if rest == 0 {
		return op, floor, false
	}
	switch op {
	case less, lessEqual:
		return lessEqual, floor, false
	case greater, greaterEqual:
		return greater, floor, false
	}
	return op, floor, true
}

// compareKernel compares two vectors, or a vector with a constant.
type compareKernel struct {
	class       class
	op          comparison
	left, right evaluator

	out, bufL, bufR []int32
	x, y            []int64
	dict            *string // of the last batch with a dictionary, and which of its codes hold
	codes           []bool
}

func (k *compareKernel) narrow(b *column.Batch, sel []int32) ([]int32, error) {
	l, err := k.left.eval(b, sel)
	if err != nil {
		return nil, err
	}
	rows := valid(l, selected(b, sel), k.bufL)
	if l.Valid != nil || l.Kind == column.Datum {
		k.bufL = rows
	}
	if cap(k.out) < b.N {
		k.out = make([]int32, max(b.N, column.Rows))
	}
	k.out = k.out[:cap(k.out)]
	if fixed, ok := k.right.(*constant); ok {
		if len(rows) == 0 { // the constant may be one that is computed only if a row asks
			return rows, nil
		}
		d, err := fixed.datum()
		if err != nil {
			return nil, err
		}
		if d.IsNull() {
			return k.out[:0], nil
		}
		return k.withConstant(l, d, rows), nil
	}
	r, err := k.right.eval(b, sel)
	if err != nil {
		return nil, err
	}
	before := rows
	rows = valid(r, before, k.bufR)
	if r.Valid != nil || r.Kind == column.Datum {
		k.bufR = rows
	}
	return k.withVector(l, r, rows, b.N), nil
}

func (k *compareKernel) withConstant(l *column.Vector, d pgtype.Datum, rows []int32) []int32 {
	switch {
	case k.class == numerics:
		if l.Kind == column.Decimal {
			if coef, scale, ok := d.Numeric().Small(); ok {
				if op, bound, ok := rescaledBound(k.op, coef, scale, l.Scale); ok {
					return selectConst(op, l.I, bound, rows, k.out)
				}
			}
		}
		x := d.Numeric()
		return k.byOrder(rows, func(i int32) int { return numeric.Cmp(l.Datum(int(i)).Numeric(), x) })
	case k.class == floats:
		x := orderedFloat(d.Float())
		return k.byOrder(rows, func(i int32) int { return cmp.Compare(orderedFloat(l.F[i]), x) })
	case l.Kind == column.Word:
		return selectConst(k.op, l.I, d.Int(), rows, k.out)
	}
	s := d.Text()
	if k.class == bpchars {
		s = strings.TrimRight(s, " ")
	}
	if l.Codes != nil {
		return k.withDictionary(l, s, rows)
	}
	if k.class == bpchars {
		return k.byOrder(rows, func(i int32) int { return cmp.Compare(strings.TrimRight(l.S[i], " "), s) })
	}
	return selectConst(k.op, l.S, s, rows, k.out)
}

// withDictionary compares each entry of the dictionary once.
func (k *compareKernel) withDictionary(l *column.Vector, s string, rows []int32) []int32 {
	if first := &l.Dict[0]; k.dict != first || len(k.codes) != len(l.Dict) {
		k.dict, k.codes = first, make([]bool, len(l.Dict))
		for i, entry := range l.Dict {
			if k.class == bpchars {
				entry = strings.TrimRight(entry, " ")
			}
			k.codes[i] = k.op.holds(cmp.Compare(entry, s))
		}
	}
	out, n := k.out, 0
	for _, i := range rows {
		out[n] = i
		if k.codes[l.Codes[i]] {
			n++
		}
	}
	return out[:n]
}

func (k *compareKernel) withVector(l, r *column.Vector, rows []int32, n int) []int32 {
	switch {
	case k.class == numerics:
		if l.Kind == column.Decimal && r.Kind == column.Decimal && l.Scale == r.Scale {
			return selectPairs(k.op, l.I, r.I, rows, k.out)
		}
		return k.byOrder(rows, func(i int32) int { return numeric.Cmp(l.Datum(int(i)).Numeric(), r.Datum(int(i)).Numeric()) })
	case k.class == floats:
		return k.byOrder(rows, func(i int32) int { return cmp.Compare(orderedFloat(l.F[i]), orderedFloat(r.F[i])) })
	case l.Kind == column.Word:
		return selectPairs(k.op, l.I, r.I, rows, k.out)
	case k.class == bpchars:
		return k.byOrder(rows, func(i int32) int {
			return cmp.Compare(strings.TrimRight(l.Str(int(i)), " "), strings.TrimRight(r.Str(int(i)), " "))
		})
	}
	return k.byOrder(rows, func(i int32) int { return cmp.Compare(l.Str(int(i)), r.Str(int(i))) })
}

func (k *compareKernel) byOrder(rows []int32, order func(i int32) int) []int32 {
	out, n := k.out, 0
	for _, i := range rows {
		if k.op.holds(order(i)) {
			out[n] = i
			n++
		}
	}
	return out[:n]
}

// orderedFloat maps floats to integers of the same order: −0 is 0, NaN is the greatest.
func orderedFloat(f float64) int64 {
	if f == 0 {
		return 0
	}
	if f != f {
		return math.MaxInt64
	}
	i := int64(math.Float64bits(f))
	if i < 0 {
		i ^= math.MaxInt64
	}
	return i
}

// rescaledBound turns a comparison with a constant of one scale into one with coefficients of another.
func rescaledBound(op comparison, coef int64, scale, to int32) (comparison, int64, bool) {
	if scale <= to {
		v, ok := scaled(coef, to-scale)
		return op, v, ok
	}
	if scale-to >= int32(len(powers)) {
		return op, 0, false
	}
	op, bound, undecided := threshold(op, coef, powers[scale-to])
	return op, bound, !undecided
}

// powers of ten that fit.
var powers = func() []int64 {
	var p []int64
	for v := int64(1); ; v *= 10 {
		p = append(p, v)
		if v > math.MaxInt64/10 {
			return p
		}
	}
}()

// scaled is v × 10^n; ok is false when it does not fit.
func scaled(v int64, n int32) (int64, bool) {
	if n == 0 {
		return v, true
	}
	if n >= int32(len(powers)) {
		return 0, v == 0
	}
	p := v * powers[n]
	return p, p/powers[n] == v
}

// selectConst keeps the rows whose value compares so with a constant.
func selectConst[T cmp.Ordered](op comparison, values []T, c T, rows, out []int32) []int32 {
	n := 0
	switch op {
	case equal:
		for _, i := range rows {
			out[n] = i
			if values[i] == c {
				n++
			}
		}
	case unequal:
		for _, i := range rows {
			out[n] = i
			if values[i] != c {
				n++
			}
		}
	case less:
		for _, i := range rows {
			out[n] = i
			if values[i] < c {
				n++
			}
		}
	case lessEqual:
		for _, i := range rows {
			out[n] = i
			if values[i] <= c {
				n++
			}
		}
	case greater:
		for _, i := range rows {
			out[n] = i
			if values[i] > c {
				n++
			}
		}
	default:
		for _, i := range rows {
			out[n] = i
			if values[i] >= c {
				n++
			}
		}
	}
	return out[:n]
}

// selectPairs keeps the rows whose two values compare so.
func selectPairs[T cmp.Ordered](op comparison, x, y []T, rows, out []int32) []int32 {
	n := 0
	switch op {
	case equal:
		for _, i := range rows {
			out[n] = i
			if x[i] == y[i] {
				n++
			}
		}
	case unequal:
		for _, i := range rows {
			out[n] = i
			if x[i] != y[i] {
				n++
			}
		}
	case less, greaterEqual:
		if op == greaterEqual {
			x, y = y, x
			for _, i := range rows {
				out[n] = i
				if x[i] <= y[i] {
					n++
				}
			}
			break
		}
		for _, i := range rows {
			out[n] = i
			if x[i] < y[i] {
				n++
			}
		}
	case lessEqual:
		for _, i := range rows {
			out[n] = i
			if x[i] <= y[i] {
				n++
			}
		}
	default:
		for _, i := range rows {
			out[n] = i
			if x[i] > y[i] {
				n++
			}
		}
	}
	return out[:n]
}
