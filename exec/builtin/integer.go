package builtin

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// integerFamily is the functions of smallint, integer and bigint and of every pair of them.
var integerFamily = slices.Concat(
	integerPairs(),
	integerWidth(2), integerWidth(4), integerWidth(8),
	integerCasts,
	[]Def{
		{Name: "int4inc", Scalar: increment(4, 1)},
		{Name: "int8inc", Scalar: increment(8, 1)},
		{Name: "int8dec", Scalar: increment(8, -1)},
		{Name: "int4gcd", Scalar: gcdOf(4)},
		{Name: "int8gcd", Scalar: gcdOf(8)},
		{Name: "int4lcm", Scalar: lcmOf(4)},
		{Name: "int8lcm", Scalar: lcmOf(8)},
		{Name: "int2_sum", Scalar: addToSum},
		{Name: "int4_sum", Scalar: addToSum},
		{Name: "in_range_int2_int2", Scalar: inRangeInteger},
		{Name: "in_range_int2_int4", Scalar: inRangeInteger},
		{Name: "in_range_int2_int8", Scalar: inRangeInteger},
		{Name: "in_range_int4_int2", Scalar: inRangeInteger},
		{Name: "in_range_int4_int4", Scalar: inRangeInteger},
		{Name: "in_range_int4_int8", Scalar: inRangeInteger},
		{Name: "in_range_int8_int8", Scalar: inRangeInteger},
		{Name: "to_hex32", Scalar: toHex(32)},
		{Name: "to_hex64", Scalar: toHex(64)},
	},
)

var integerCasts = []Def{
	{Name: "i2toi4", Scalar: same},
	{Name: "int28", Scalar: same},
	{Name: "int48", Scalar: same},
	{Name: "i4toi2", Scalar: narrow(2)},
	{Name: "int82", Scalar: narrow(2)},
	{Name: "int84", Scalar: narrow(4)},
	{Name: "i8tooid", Scalar: integerToOID},
	{Name: "oidtoi8", Scalar: same},
	{Name: "i2tod", Scalar: integerToFloat8},
	{Name: "i4tod", Scalar: integerToFloat8},
	{Name: "i8tod", Scalar: integerToFloat8},
	{Name: "i2tof", Scalar: integerToFloat4},
	{Name: "i4tof", Scalar: integerToFloat4},
	{Name: "i8tof", Scalar: integerToFloat4},
}

// integerPairs makes the operators between two widths: arithmetic in the wider one, and comparisons.
func integerPairs() []Def {
	var defs []Def
	for _, l := range []int{2, 4, 8} {
		for _, r := range []int{2, 4, 8} {
			name, wide := fmt.Sprintf("int%d%d", l, r), max(l, r)
			cmp := "bt" + name + "cmp"
			if l == r {
				name = fmt.Sprintf("int%d", l)
				cmp = "bt" + name + "cmp"
			}
			defs = append(defs, comparisons(name, plainNames, compareInts)...)
			defs = append(defs, comparer(cmp, compareInts),
				Def{Name: name + "pl", Scalar: addOf(wide)},
				Def{Name: name + "mi", Scalar: subtractOf(wide)},
				Def{Name: name + "mul", Scalar: multiplyOf(wide)},
				Def{Name: name + "div", Scalar: divideOf(wide)},
			)
		}
	}
	return defs
}

// integerWidth makes the functions whose arguments are all of one width.
func integerWidth(width int) []Def {
	name := fmt.Sprintf("int%d", width)
	return append(extremes(name+"larger", name+"smaller", compareInts),
		Def{Name: name + "mod", Scalar: modulo},
		Def{Name: name + "um", Scalar: negateOf(width)},
		Def{Name: name + "up", Scalar: same},
		Def{Name: name + "abs", Scalar: absOf(width)},
		Def{Name: name + "and", Scalar: bitAnd},
		Def{Name: name + "or", Scalar: bitOr},
		Def{Name: name + "xor", Scalar: bitXor},
		Def{Name: name + "not", Scalar: bitNot},
		Def{Name: name + "shl", Scalar: shiftLeftOf(width)},
		Def{Name: name + "shr", Scalar: shiftRightOf(width)},
	)
}

var errDivisionByZero = pgerr.New(pgerr.DivisionByZero, "division by zero")

// divisionByZero gives each failure an error of its own: callers add positions to it.
func divisionByZero() error {
	e := *errDivisionByZero
	return &e
}

func integerOutOfRange(width int) error {
	return pgerr.New(pgerr.NumericValueOutOfRange, integerNames[width]+" out of range")
}

var integerNames = map[int]string{2: "smallint", 4: "integer", 8: "bigint"}

// fit makes a datum of v if it has at most width bytes.
func fit(v int64, width int) (pgtype.Datum, error) {
	switch {
	case width == 4 && v == int64(int32(v)), width == 8, width == 2 && v == int64(int16(v)):
		return pgtype.Int(v), nil
	}
	return pgtype.Null, integerOutOfRange(width)
}

func addOf(width int) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x, y := a[0].Int(), a[1].Int()
		sum := x + y
		if (x^sum)&(y^sum) < 0 {
			return pgtype.Null, integerOutOfRange(width)
		}
		return fit(sum, width)
	}
}

func subtractOf(width int) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x, y := a[0].Int(), a[1].Int()
		diff := x - y
		if (x^y)&(x^diff) < 0 {
			return pgtype.Null, integerOutOfRange(width)
		}
		return fit(diff, width)
	}
}

func multiplyOf(width int) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		v, ok := multiplyInt64(a[0].Int(), a[1].Int())
		if !ok {
			return pgtype.Null, integerOutOfRange(width)
		}
		return fit(v, width)
	}
}

// multiplyInt64 multiplies; ok is false when the product needs more than 64 bits.
func multiplyInt64(x, y int64) (v int64, ok bool) {
	high, low := bits.Mul64(uint64(x), uint64(y))
	signed := int64(high)
	if x < 0 {
		signed -= y
	}
	if y < 0 {
		signed -= x
	}
	v = int64(low)
	return v, signed == v>>63
}

func divideOf(width int) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x, y := a[0].Int(), a[1].Int()
		switch {
		case y == 0:
			return pgtype.Null, divisionByZero()
		case y == -1 && x == math.MinInt64:
			return pgtype.Null, integerOutOfRange(width)
		}
		return fit(x/y, width)
	}
}

func modulo(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x, y := a[0].Int(), a[1].Int()
	switch y {
	case 0:
		return pgtype.Null, divisionByZero()
	case -1: // the smallest value has no quotient
		return pgtype.Int(0), nil
	}
	return pgtype.Int(x % y), nil
}

func negateOf(width int) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x := a[0].Int()
		if x == math.MinInt64 {
			return pgtype.Null, integerOutOfRange(width)
		}
		return fit(-x, width)
	}
}

func absOf(width int) Scalar {
	negate := negateOf(width)
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		if a[0].Int() >= 0 {
			return a[0], nil
		}
		return negate(c, a)
	}
}

func increment(width int, by int64) Scalar {
	add := addOf(width)
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return add(c, []pgtype.Datum{a[0], pgtype.Int(by)})
	}
}

func bitAnd(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Int(a[0].Int() & a[1].Int()), nil
}

func bitOr(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Int(a[0].Int() | a[1].Int()), nil
}

func bitXor(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Int(a[0].Int() ^ a[1].Int()), nil
}

func bitNot(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return pgtype.Int(^a[0].Int()), nil }

// shiftLeftOf shifts as the processors that PostgreSQL runs on do: the distance counts modulo the register's width.
func shiftLeftOf(width int) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x, n := a[0].Int(), uint64(a[1].Int())
		switch width {
		case 2:
			return pgtype.Int(int64(int16(int32(x) << (n & 31)))), nil
		case 4:
			return pgtype.Int(int64(int32(x) << (n & 31))), nil
		}
		return pgtype.Int(x << (n & 63)), nil
	}
}

func shiftRightOf(width int) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x, n := a[0].Int(), uint64(a[1].Int())
		if width == 8 {
			return pgtype.Int(x >> (n & 63)), nil
		}
		return pgtype.Int(x >> (n & 31)), nil
	}
}

func narrow(width int) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return fit(a[0].Int(), width) }
}

func integerToOID(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	v := a[0].Int()
	if v < 0 || v > math.MaxUint32 {
		return pgtype.Null, pgerr.New(pgerr.NumericValueOutOfRange, "OID out of range")
	}
	return pgtype.OIDValue(pgtype.OID(v)), nil
}

func integerToFloat8(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Float(float64(a[0].Int())), nil
}

func integerToFloat4(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Float(float64(float32(a[0].Int()))), nil
}

// gcdInt64 is the greatest common divisor as an unsigned number: that of the smallest value with itself or 0 is 2^63.
func gcdInt64(x, y int64) uint64 {
	u, v := magnitude(x), magnitude(y)
	for v != 0 {
		u, v = v, u%v
	}
	return u
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

func gcdOf(width int) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		g := gcdInt64(a[0].Int(), a[1].Int())
		if g > math.MaxInt64 {
			return pgtype.Null, integerOutOfRange(width)
		}
		return fit(int64(g), width)
	}
}

func lcmOf(width int) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x, y := a[0].Int(), a[1].Int()
		if x == 0 || y == 0 {
			return pgtype.Int(0), nil
		}
		high, low := bits.Mul64(magnitude(x)/gcdInt64(x, y), magnitude(y))
		if high != 0 || low > math.MaxInt64 {
			return pgtype.Null, integerOutOfRange(width)
		}
		return fit(int64(low), width)
	}
}

// addToSum is the step of sum over small integers: NULL values are left out, NULL is the sum of none.
func addToSum(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	switch {
	case a[0].IsNull():
		return a[1], nil
	case a[1].IsNull():
		return a[0], nil
	}
	return pgtype.Int(a[0].Int() + a[1].Int()), nil
}

func toHex(size int) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		v := uint64(a[0].Int())
		if size == 32 {
			v = uint64(uint32(v))
		}
		return pgtype.Text(fmt.Sprintf("%x", v)), nil
	}
}

// inRangeInteger tells whether a value lies within a window frame's bound: arguments are value, base, offset, subtract, less. A bound beyond the type's
// range is beyond every value.
func inRangeInteger(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	val, base, offset, sub, less := a[0].Int(), a[1].Int(), a[2].Int(), a[3].Bool(), a[4].Bool()
	if offset < 0 {
		return pgtype.Null, invalidFrameOffset()
	}
	sum, overflow := base+offset, base > math.MaxInt64-offset
	if sub {
		sum, overflow = base-offset, base < math.MinInt64+offset
	}
	switch {
	case overflow:
		return pgtype.Bool(sub != less), nil
	case less:
		return pgtype.Bool(val <= sum), nil
	}
	return pgtype.Bool(val >= sum), nil
}
