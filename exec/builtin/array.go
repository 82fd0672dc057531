package builtin

import (
	"math"
	"slices"
	"strings"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// arrayFamily is the functions and operators of arrays, int2vector and oidvector.
var arrayFamily = slices.Concat(
	[]Def{
		{Name: "array_eq", Scalar: arrayEquality(true)},
		{Name: "array_ne", Scalar: arrayEquality(false)},
		{Name: "array_lt", Scalar: arrayOrder(func(d int) bool { return d < 0 })},
		{Name: "array_le", Scalar: arrayOrder(func(d int) bool { return d <= 0 })},
		{Name: "array_gt", Scalar: arrayOrder(func(d int) bool { return d > 0 })},
		{Name: "array_ge", Scalar: arrayOrder(func(d int) bool { return d >= 0 })},
		{Name: "btarraycmp", Scalar: arrayCompare},
		{Name: "array_larger", Scalar: arrayExtreme(1)},
		{Name: "array_smaller", Scalar: arrayExtreme(-1)},
		{Name: "arraycontains", Scalar: arrayContains},
		{Name: "arraycontained", Scalar: arrayContained},
		{Name: "arrayoverlap", Scalar: arrayOverlap},
		{Name: "array_append", Scalar: arrayAppend},
		{Name: "array_prepend", Scalar: arrayPrepend},
		{Name: "array_cat", Scalar: arrayCat},
		{Name: "array_dims", Scalar: arrayDims},
		{Name: "array_ndims", Scalar: arrayNDims},
		{Name: "array_length", Scalar: arrayBound(func(d pgtype.Dim) int32 { return d.Len })},
		{Name: "array_lower", Scalar: arrayBound(func(d pgtype.Dim) int32 { return d.Lower })},
		{Name: "array_upper", Scalar: arrayBound(func(d pgtype.Dim) int32 { return d.Lower + d.Len - 1 })},
		{Name: "array_cardinality", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Int(int64(len(a[0].Array().Elems))), nil
		}},
		{Name: "array_fill", Scalar: arrayFill},
		{Name: "array_fill_with_lower_bounds", Scalar: arrayFill},
		{Name: "array_to_text", Scalar: arrayToText},
		{Name: "array_to_text_null", Scalar: arrayToText},
		{Name: "text_to_array", Scalar: textToArray},
		{Name: "text_to_array_null", Scalar: textToArray},
		{Name: "array_position", Scalar: arrayPosition},
		{Name: "array_position_start", Scalar: arrayPosition},
		{Name: "array_positions", Scalar: arrayPositions},
		{Name: "array_remove", Scalar: arrayRemove},
		{Name: "array_replace", Scalar: arrayReplace},
		{Name: "trim_array", Scalar: trimArray},
		{Name: "array_shuffle", Scalar: arrayShuffle},
		{Name: "array_sample", Scalar: arraySample},
		{Name: "width_bucket_array", Scalar: widthBucketArray},
		{Name: "array_unnest", Set: unnest},
		{Name: "generate_subscripts", Set: generateSubscripts},
		{Name: "generate_subscripts_nodir", Set: generateSubscripts},
	},
	comparisons("oidvector", plainNames, compareVectors),
	[]Def{comparer("btoidvectorcmp", compareVectors), {Name: "oidvectortypes", Scalar: oidVectorTypes}},
)

// elementOf finds the type of an array's elements; the array may know better than the call.
func elementOf(c *Call, arg int, a *pgtype.Array) *pgtype.Type {
	if a != nil && a.Elem != nil {
		return a.Elem
	}
	return elementType(c, arg)
}

// compareArrays orders as the btree class: elements first, then their number, then the dimensions.
func compareArrays(c *Call, x, y *pgtype.Array) (int, error) {
	elem := elementOf(c, 0, x)
	if elem == nil || !elem.Codec.Comparable() {
		return 0, errNotComparable("a comparison function", elem)
	}
	for i := 0; i < len(x.Elems) && i < len(y.Elems); i++ {
		p, q := x.Elems[i], y.Elems[i]
		switch {
		case p.IsNull() && q.IsNull():
		case p.IsNull():
			return 1, nil
		case q.IsNull():
			return -1, nil
		default:
			if d := elem.Codec.Compare(p, q); d != 0 {
				return d, nil
			}
		}
	}
	if d := sign(len(x.Elems), len(y.Elems)); d != 0 {
		return d, nil
	}
	if d := sign(len(x.Dims), len(y.Dims)); d != 0 {
		return d, nil
	}
	for i := range x.Dims {
		if d := sign(int64(x.Dims[i].Len), int64(y.Dims[i].Len)); d != 0 {
			return d, nil
		}
	}
	for i := range x.Dims {
		if d := sign(int64(x.Dims[i].Lower), int64(y.Dims[i].Lower)); d != 0 {
			return d, nil
		}
	}
	return 0, nil
}

func errNotComparable(what string, t *pgtype.Type) error {
	return pgerr.Newf(pgerr.UndefinedFunction, "could not identify %s for type %s", what, t)
}

func arrayEquality(equal bool) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x, y := a[0].Array(), a[1].Array()
		if len(x.Elems) != len(y.Elems) || !slices.Equal(x.Dims, y.Dims) {
			return pgtype.Bool(!equal), nil
		}
		d, err := compareArrays(c, x, y)
		if err != nil {
			return pgtype.Null, errNotComparable("an equality operator", elementOf(c, 0, x))
		}
		return pgtype.Bool((d == 0) == equal), nil
	}
}

func arrayOrder(holds func(int) bool) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		d, err := compareArrays(c, a[0].Array(), a[1].Array())
		return pgtype.Bool(holds(d)), err
	}
}

func arrayCompare(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	d, err := compareArrays(c, a[0].Array(), a[1].Array())
	return pgtype.Int(int64(d)), err
}

func arrayExtreme(sign int) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		d, err := compareArrays(c, a[0].Array(), a[1].Array())
		if d*sign > 0 {
			return a[0], err
		}
		return a[1], err
	}
}

// holdsElement tells whether an array has a value; NULLs equal nothing.
func holdsElement(elem *pgtype.Type, a *pgtype.Array, v pgtype.Datum) bool {
	if v.IsNull() {
		return false
	}
	for _, e := range a.Elems {
		if !e.IsNull() && elem.Codec.Compare(e, v) == 0 {
			return true
		}
	}
	return false
}

func containsAll(c *Call, x, y *pgtype.Array) (pgtype.Datum, error) {
	elem := elementOf(c, 0, x)
	if !elem.Codec.Comparable() {
		return pgtype.Null, errNotComparable("an equality operator", elem)
	}
	for _, v := range y.Elems {
		if !holdsElement(elem, x, v) {
			return pgtype.Bool(false), nil
		}
	}
	return pgtype.Bool(true), nil
}

func arrayContains(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return containsAll(c, a[0].Array(), a[1].Array())
}

func arrayContained(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return containsAll(c, a[1].Array(), a[0].Array())
}

func arrayOverlap(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x, y := a[0].Array(), a[1].Array()
	elem := elementOf(c, 0, x)
	if !elem.Codec.Comparable() {
		return pgtype.Null, errNotComparable("an equality operator", elem)
	}
	for _, v := range y.Elems {
		if holdsElement(elem, x, v) {
			return pgtype.Bool(true), nil
		}
	}
	return pgtype.Bool(false), nil
}

// arrayOrEmpty is the array in d, an empty one for NULL.
func arrayOrEmpty(c *Call, arg int, d pgtype.Datum) *pgtype.Array {
	if d.IsNull() {
		return &pgtype.Array{Elem: elementType(c, arg)}
	}
	return d.Array()
}

func arrayAppend(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x := arrayOrEmpty(c, 0, a[0])
	elem := elementOf(c, 0, x)
	switch len(x.Dims) {
	case 0:
		return pgtype.NewArrayValue(elem, []pgtype.Datum{a[1]}), nil
	case 1:
	default:
		return pgtype.Null, pgerr.New(pgerr.DataException, "argument must be empty or one-dimensional array")
	}
	d := x.Dims[0]
	if int64(d.Lower)+int64(d.Len) > math.MaxInt32 {
		return pgtype.Null, integerOutOfRange(4)
	}
	elems := append(slices.Clip(x.Elems), a[1])
	return pgtype.ArrayValue(&pgtype.Array{Elem: elem, Dims: []pgtype.Dim{{Len: d.Len + 1, Lower: d.Lower}}, Elems: elems}), nil
}

func arrayPrepend(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x := arrayOrEmpty(c, 1, a[1])
	elem := elementOf(c, 1, x)
	switch len(x.Dims) {
	case 0:
		return pgtype.NewArrayValue(elem, []pgtype.Datum{a[0]}), nil
	case 1:
	default:
		return pgtype.Null, pgerr.New(pgerr.DataException, "argument must be empty or one-dimensional array")
	}
	if x.Dims[0].Lower == math.MinInt32 {
		return pgtype.Null, integerOutOfRange(4)
	}
	elems := append([]pgtype.Datum{a[0]}, x.Elems...)
	return pgtype.ArrayValue(&pgtype.Array{Elem: elem, Dims: []pgtype.Dim{{Len: x.Dims[0].Len + 1, Lower: x.Dims[0].Lower}}, Elems: elems}), nil
}

func arrayCat(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	switch {
	case a[0].IsNull():
		return a[1], nil
	case a[1].IsNull():
		return a[0], nil
	}
	x, y := a[0].Array(), a[1].Array()
	switch {
	case len(x.Dims) == 0:
		return a[1], nil
	case len(y.Dims) == 0:
		return a[0], nil
	}
	dims, err := catDims(x.Dims, y.Dims)
	if err != nil {
		return pgtype.Null, err
	}
	if err := pgtype.CheckArrayBounds(dims); err != nil {
		return pgtype.Null, err
	}
	elems := append(slices.Clip(x.Elems), y.Elems...)
	return pgtype.ArrayValue(&pgtype.Array{Elem: elementOf(c, 0, x), Dims: dims, Elems: elems}), nil
}

// catDims gives the dimensions of a concatenation: of equals along the first, or of one with the rows of another.
func catDims(x, y []pgtype.Dim) ([]pgtype.Dim, error) {
	bad := func(detail string) error {
		return pgerr.New(pgerr.ArraySubscriptError, "cannot concatenate incompatible arrays").WithDetail("%s", detail)
	}
	lengths := func(a, b []pgtype.Dim) bool {
		for i := range a {
			if a[i].Len != b[i].Len {
				return false
			}
		}
		return true
	}
	switch len(x) - len(y) {
	case 0:
		if !lengths(x[1:], y[1:]) {
			return nil, bad("Arrays with differing element dimensions are not compatible for concatenation.")
		}
		dims := slices.Clone(x)
		dims[0].Len += y[0].Len
		return dims, nil
	case -1:
		if !lengths(x, y[1:]) {
			return nil, bad("Arrays with differing dimensions are not compatible for concatenation.")
		}
		dims := slices.Clone(y)
		dims[0].Len++
		return dims, nil
	case 1:
		if !lengths(y, x[1:]) {
			return nil, bad("Arrays with differing dimensions are not compatible for concatenation.")
		}
		dims := slices.Clone(x)
		dims[0].Len++
		return dims, nil
	}
	e := pgerr.New(pgerr.ArraySubscriptError, "cannot concatenate incompatible arrays")
	return nil, e.WithDetail("Arrays of %d and %d dimensions are not compatible for concatenation.", len(x), len(y))
}

func arrayDims(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	dims := a[0].Array().Dims
	if len(dims) == 0 {
		return pgtype.Null, nil
	}
	var b []byte
	for _, d := range dims {
		b = append(b, '[')
		b = pgtype.Int4Type.Codec.AppendText(nil, b, pgtype.Int(int64(d.Lower)))
		b = append(b, ':')
		b = pgtype.Int4Type.Codec.AppendText(nil, b, pgtype.Int(int64(d.Lower+d.Len-1)))
		b = append(b, ']')
	}
	return pgtype.Bytes(b), nil
}

func arrayNDims(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if n := len(a[0].Array().Dims); n > 0 {
		return pgtype.Int(int64(n)), nil
	}
	return pgtype.Null, nil
}

func arrayBound(bound func(pgtype.Dim) int32) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		dims, n := a[0].Array().Dims, a[1].Int()
		if n < 1 || n > int64(len(dims)) {
			return pgtype.Null, nil
		}
		return pgtype.Int(int64(bound(dims[n-1]))), nil
	}
}

func arrayFill(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[1].IsNull() || len(a) > 2 && a[2].IsNull() {
		return pgtype.Null, pgerr.New(pgerr.NullValueNotAllowed, "dimension array or low bound array cannot be null")
	}
	sizes := a[1].Array()
	if len(sizes.Dims) > 1 {
		return pgtype.Null, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts").WithDetail("Dimension array must be one dimensional.")
	}
	dims := make([]pgtype.Dim, len(sizes.Elems))
	total := int64(1)
	for i, e := range sizes.Elems {
		if e.IsNull() {
			return pgtype.Null, pgerr.New(pgerr.NullValueNotAllowed, "dimension values cannot be null")
		}
		dims[i] = pgtype.Dim{Len: int32(e.Int()), Lower: 1}
	}
	if len(dims) > 6 {
		return pgtype.Null, pgerr.Newf(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(dims), 6)
	}
	if len(a) > 2 {
		lower := a[2].Array()
		if len(lower.Dims) > 1 {
			return pgtype.Null, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts").WithDetail("Dimension array must be one dimensional.")
		}
		if len(lower.Elems) != len(dims) {
			return pgtype.Null, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts").WithDetail("Low bound array has different size than dimensions array.")
		}
		for i, e := range lower.Elems {
			if e.IsNull() {
				return pgtype.Null, pgerr.New(pgerr.NullValueNotAllowed, "dimension values cannot be null")
			}
			dims[i].Lower = int32(e.Int())
		}
	}
	for _, d := range dims {
		if d.Len < 0 {
			return pgtype.Null, pgerr.New(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (134217727)")
		}
		total *= int64(d.Len)
		if total > 134217727 {
			return pgtype.Null, pgerr.New(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (134217727)")
		}
	}
	elem := c.Types[0]
	if c.Result != nil && c.Result.Elem != nil {
		elem = c.Result.Elem
	}
	if len(dims) == 0 || total == 0 {
		return pgtype.NewArrayValue(elem, nil), nil
	}
	if err := pgtype.CheckArrayBounds(dims); err != nil {
		return pgtype.Null, err
	}
	elems := make([]pgtype.Datum, total)
	for i := range elems {
		elems[i] = a[0]
	}
	return pgtype.ArrayValue(&pgtype.Array{Elem: elem, Dims: dims, Elems: elems}), nil
}

// arrayToText joins the elements' texts; NULLs are left out unless there is a text for them.
func arrayToText(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[0].IsNull() || a[1].IsNull() {
		return pgtype.Null, nil
	}
	arr := a[0].Array()
	elem := elementOf(c, 0, arr)
	var b []byte
	first := true
	for _, e := range arr.Elems {
		if e.IsNull() && (len(a) < 3 || a[2].IsNull()) {
			continue
		}
		if !first {
			b = append(b, a[1].Text()...)
		}
		first = false
		if e.IsNull() {
			b = append(b, a[2].Text()...)
		} else {
			b = elem.Codec.AppendText(c.Text, b, e)
		}
	}
	return pgtype.Bytes(b), nil
}

// textToArray splits at a delimiter: each character for NULL, nothing for the empty one.
func textToArray(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	parts, ok := splitText(a)
	if !ok {
		return pgtype.Null, nil
	}
	return pgtype.NewArrayValue(pgtype.TextType, parts), nil
}

func splitText(a []pgtype.Datum) (parts []pgtype.Datum, ok bool) {
	if a[0].IsNull() {
		return nil, false
	}
	s := a[0].Text()
	var fields []string
	switch {
	case s == "":
	case a[1].IsNull():
		for _, r := range s {
			fields = append(fields, string(r))
		}
	case a[1].Text() == "":
		fields = []string{s}
	default:
		fields = strings.Split(s, a[1].Text())
	}
	parts = make([]pgtype.Datum, len(fields))
	for i, f := range fields {
		if len(a) < 3 || a[2].IsNull() || f != a[2].Text() {
			parts[i] = pgtype.Text(f)
		}
	}
	return parts, true
}

func compareVectors(x, y pgtype.Datum) int {
	a, b := x.Array().Elems, y.Array().Elems
	if d := sign(len(a), len(b)); d != 0 {
		return d
	}
	for i := range a {
		if d := sign(uint64(a[i].OID()), uint64(b[i].OID())); d != 0 {
			return d
		}
	}
	return 0
}

func oidVectorTypes(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	var names []string
	for _, e := range a[0].Array().Elems {
		d, err := formatTypeOf(c, []pgtype.Datum{e, pgtype.Null})
		if err != nil {
			return pgtype.Null, err
		}
		names = append(names, d.Text())
	}
	return pgtype.Text(strings.Join(names, ", ")), nil
}
