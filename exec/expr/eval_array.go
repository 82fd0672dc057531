package expr

import (
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

func (c *Compiler) compileArrayOp(e *ArrayOp) (Eval, error) {
	left, err := c.Compile(e.Left)
	if err != nil {
		return nil, err
	}
	array, err := c.Compile(e.Array)
	if err != nil {
		return nil, err
	}
	if e.Code == nil {
		return nil, pgerr.Unsupported("function " + e.Proc.Name)
	}
	if hashable(e) {
		return hashedIn(left, array, e.Left.Type()), nil
	}
	site := bindCall(&Call{Typed: Typed{T: e.T, Mod: -1}, Proc: e.Proc, Args: []Expr{e.Left, &CaseValue{Typed{T: e.Array.Type().Elem, Mod: -1}}}})
	code, strict, all := e.Code, e.Proc.Strict, e.All
	values := make([]pgtype.Datum, 2)
	return func(f *Frame) (pgtype.Datum, error) {
		l, err := left(f)
		if err != nil {
			return pgtype.Null, err
		}
		a, err := array(f)
		if err != nil || a.IsNull() {
			return pgtype.Null, err
		}
		enter(site, f.RT)
		unknown := false
		for _, elem := range a.Array().Elems {
			if strict && (l.IsNull() || elem.IsNull()) {
				unknown = true
				continue
			}
			values[0], values[1] = l, elem
			v, err := code(site, values)
			if err != nil {
				return pgtype.Null, err
			}
			if v.IsNull() {
				unknown = true
			} else if v.Bool() != all {
				return v, nil
			}
		}
		if unknown {
			return pgtype.Null, nil
		}
		return pgtype.Bool(all), nil
	}, nil
}

// hashedFrom is the length of a list from which looking values up in a hash table beats comparing with each.
const hashedFrom = 9

// hashable tells whether x = ANY (list) can look x up in a table of the list: the list is the same for all rows, and = is equality of one type.
func hashable(e *ArrayOp) bool {
	if e.All || e.Operator == nil || e.Operator.Name != "=" || !e.Operator.CanHash || e.Operator.Left != e.Operator.Right {
		return false
	}
	left, elem := e.Left.Type(), e.Array.Type().Elem
	if elem == nil || left.OID != elem.OID || left.OID != e.Operator.Left || !left.Codec.Comparable() {
		return false
	}
	switch a := e.Array.(type) {
	case *Const:
		return !a.Value.IsNull() && len(a.Value.Array().Elems) >= hashedFrom
	case *Param:
		return true
	}
	return false
}

// hashedIn evaluates x = ANY (list) by a table that is made once for each list.
func hashedIn(left, array Eval, t *pgtype.Type) Eval {
	var of *pgtype.Array
	var table map[string]struct{}
	hasNull := false
	var key []byte
	return func(f *Frame) (pgtype.Datum, error) {
		l, err := left(f)
		if err != nil {
			return pgtype.Null, err
		}
		a, err := array(f)
		if err != nil || a.IsNull() {
			return pgtype.Null, err
		}
		if list := a.Array(); list != of {
			of, hasNull, table = list, false, make(map[string]struct{}, len(list.Elems))
			for _, x := range list.Elems {
				if x.IsNull() {
					hasNull = true
					continue
				}
				key = t.Codec.AppendKey(key[:0], x)
				table[string(key)] = struct{}{}
			}
		}
		if l.IsNull() {
			if len(of.Elems) == 0 {
				return pgtype.Bool(false), nil
			}
			return pgtype.Null, nil
		}
		key = t.Codec.AppendKey(key[:0], l)
		if _, found := table[string(key)]; found {
			return pgtype.Bool(true), nil
		}
		if hasNull {
			return pgtype.Null, nil
		}
		return pgtype.Bool(false), nil
	}
}

func (c *Compiler) compileArray(e *Array) (Eval, error) {
	elems, err := c.CompileAll(e.Elems)
	if err != nil {
		return nil, err
	}
	elem, multi := e.T.Elem, e.Multi
	return func(f *Frame) (pgtype.Datum, error) {
		values := make([]pgtype.Datum, len(elems))
		for i, x := range elems {
			v, err := x(f)
			if err != nil {
				return pgtype.Null, err
			}
			values[i] = v
		}
		if multi {
			return NestArrays(elem, values)
		}
		a := &pgtype.Array{Elem: elem, Elems: values}
		return flatten(a)
	}, nil
}

// NestArrays makes an array of arrays: all must have the same dimensions; empty ones and NULLs count as empty.
func NestArrays(elem *pgtype.Type, values []pgtype.Datum) (pgtype.Datum, error) {
	mismatch := pgerr.New(pgerr.ArraySubscriptError, "multidimensional arrays must have array expressions with matching dimensions")
	out := &pgtype.Array{Elem: elem}
	var inner []pgtype.Dim
	empties := 0
	for _, v := range values {
		if v.IsNull() || len(v.Array().Dims) == 0 {
			empties++
			continue
		}
		a := v.Array()
		if inner == nil {
			inner = a.Dims
		} else if len(inner) != len(a.Dims) {
			return pgtype.Null, mismatch
		}
		for i := range inner {
			if inner[i] != a.Dims[i] {
				return pgtype.Null, mismatch
			}
		}
		out.Elems = append(out.Elems, a.Elems...)
	}
	if inner == nil {
		return pgtype.ArrayValue(out), nil
	}
	if empties > 0 {
		return pgtype.Null, mismatch
	}
	if len(inner) >= 6 {
		return pgtype.Null, pgerr.Newf(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (6)", len(inner)+1)
	}
	out.Dims = append([]pgtype.Dim{{Len: int32(len(values)), Lower: 1}}, inner...)
	return pgtype.ArrayValue(out), nil
}

// bounds evaluates subscripts. ok is false when one is NULL; a missing bound of a slice is given by missing.
type subscripts struct {
	lower, upper []Eval // elements may be nil
}

func (c *Compiler) compileSubscripts(slice bool, lower, upper []Expr) (subscripts, error) {
	one := func(list []Expr) ([]Eval, error) {
		out := make([]Eval, len(list))
		for i, e := range list {
			if e == nil {
				continue
			}
			var err error
			if out[i], err = c.Compile(e); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	var s subscripts
	var err error
	if s.upper, err = one(upper); err != nil {
		return s, err
	}
	if slice {
		s.lower, err = one(lower)
	}
	return s, err
}

// at evaluates one subscript.
func at(x Eval, f *Frame, missing int64) (n int64, null bool, err error) {
	if x == nil {
		return missing, false, nil
	}
	v, err := x(f)
	return v.Int(), v.IsNull(), err
}

func (c *Compiler) compileSubscript(e *Subscript) (Eval, error) {
	arg, err := c.Compile(e.Arg)
	if err != nil {
		return nil, err
	}
	subs, err := c.compileSubscripts(e.Slice, e.Lower, e.Upper)
	if err != nil {
		return nil, err
	}
	view := arrayView(e.Arg.Type())
	if e.Slice {
		return func(f *Frame) (pgtype.Datum, error) {
			v, err := arg(f)
			if err != nil || v.IsNull() {
				return pgtype.Null, err
			}
			return sliceOf(view(v), subs, f)
		}, nil
	}
	return func(f *Frame) (pgtype.Datum, error) {
		v, err := arg(f)
		if err != nil || v.IsNull() {
			return pgtype.Null, err
		}
		a := view(v)
		if len(subs.upper) != len(a.Dims) {
			for _, x := range subs.upper {
				if _, _, err := at(x, f, 0); err != nil {
					return pgtype.Null, err
				}
			}
			return pgtype.Null, nil
		}
		index := 0
		for i, x := range subs.upper {
			n, null, err := at(x, f, 0)
			if err != nil || null {
				return pgtype.Null, err
			}
			d := a.Dims[i]
			if n < int64(d.Lower) || n >= int64(d.Lower)+int64(d.Len) {
				return pgtype.Null, nil
			}
			index = index*int(d.Len) + int(n-int64(d.Lower))
		}
		return a.Elems[index], nil
	}, nil
}

// arrayView gives the way to see a subscriptable value as an array: arrays are, oidvector, int2vector and name are stored otherwise.
func arrayView(t *pgtype.Type) func(pgtype.Datum) *pgtype.Array {
	if t.Rep == pgtype.RepArray {
		return func(d pgtype.Datum) *pgtype.Array { return d.Array() }
	}
	if FixedArray(t) { // point and line have numbers, lseg and box have points
		return func(d pgtype.Datum) *pgtype.Array {
			v, a := d.Floats(), &pgtype.Array{Elem: t.Elem}
			for ; len(v) > 0 && t.Elem.Rep == pgtype.RepFloat; v = v[1:] {
				a.Elems = append(a.Elems, pgtype.Float(v[0]))
			}
			for ; len(v) > 1; v = v[2:] {
				a.Elems = append(a.Elems, pgtype.FloatsValue(v[0], v[1]))
			}
			a.Dims = []pgtype.Dim{{Len: int32(len(a.Elems)), Lower: 0}}
			return a
		}
	}
	return func(d pgtype.Datum) *pgtype.Array {
		s := d.Text()
		a := &pgtype.Array{Elem: t.Elem, Dims: []pgtype.Dim{{Len: int32(len(s)), Lower: 0}}}
		for i := 0; i < len(s); i++ {
			a.Elems = append(a.Elems, pgtype.Int(int64(s[i])))
		}
		return a
	}
}

// sliceOf takes a[l:u, …]: bounds are cut to the array's, the result starts at 1 in every dimension; dimensions that are not named are whole.
func sliceOf(a *pgtype.Array, subs subscripts, f *Frame) (pgtype.Datum, error) {
	empty := pgtype.ArrayValue(&pgtype.Array{Elem: a.Elem})
	n := len(a.Dims)
	lo, hi := make([]int, n), make([]int, n)
	for i, d := range a.Dims {
		lo[i], hi[i] = 0, int(d.Len)-1
	}
	outside := len(subs.upper) > n
	for i := range subs.upper {
		var first, last int64 = 1, 1
		if i < n {
			first, last = int64(a.Dims[i].Lower), int64(a.Dims[i].Lower)+int64(a.Dims[i].Len)-1
		}
		l, null, err := at(subs.lower[i], f, first)
		if err != nil || null {
			return pgtype.Null, err
		}
		u, null, err := at(subs.upper[i], f, last)
		if err != nil || null {
			return pgtype.Null, err
		}
		if i >= n {
			continue
		}
		l, u = max(l, first), min(u, last)
		if l > u {
			outside = true
			continue
		}
		lo[i], hi[i] = int(l-first), int(u-first)
	}
	if outside || n == 0 {
		return empty, nil
	}
	out := &pgtype.Array{Elem: a.Elem, Dims: make([]pgtype.Dim, n)}
	for i := range n {
		out.Dims[i] = pgtype.Dim{Len: int32(hi[i] - lo[i] + 1), Lower: 1}
	}
	var walk func(dim, base int)
	walk = func(dim, base int) {
		for k := lo[dim]; k <= hi[dim]; k++ {
			index := base*int(a.Dims[dim].Len) + k
			if dim == n-1 {
				out.Elems = append(out.Elems, a.Elems[index])
				continue
			}
			walk(dim+1, index)
		}
	}
	walk(0, 0)
	return pgtype.ArrayValue(out), nil
}

func (c *Compiler) compileSubscriptAssign(e *SubscriptAssign) (Eval, error) {
	if e.T.OID == pgtype.OIDJsonb {
		return c.compileJSONAssign(e)
	}
	arg, err := c.Compile(e.Arg)
	if err != nil {
		return nil, err
	}
	subs, err := c.compileSubscripts(e.Slice, e.Lower, e.Upper)
	if err != nil {
		return nil, err
	}
	value, err := c.Compile(e.Value)
	if err != nil {
		return nil, err
	}
	elem, slice := e.T.Elem, e.Slice
	if FixedArray(e.T) {
		return assignFixed(e.T, arg, value, subs, slice), nil
	}
	return func(f *Frame) (pgtype.Datum, error) {
		old, err := arg(f)
		if err != nil {
			return pgtype.Null, err
		}
		v, err := value(f)
		if err != nil {
			return pgtype.Null, err
		}
		a := &pgtype.Array{Elem: elem}
		if !old.IsNull() {
			a = old.Array()
		}
		if slice {
			return assignSlice(a, subs, f, v)
		}
		return assignElement(a, subs, f, v)
	}, nil
}

// FixedArray tells the geometric types whose numbers or points are reached by subscripts.
func FixedArray(t *pgtype.Type) bool {
	return t.Rep == pgtype.RepBytes && t.Elem != nil && (t.Elem.Rep == pgtype.RepFloat || t.Elem.OID == pgtype.OIDPoint)
}

// assignFixed sets one number or point of a value of a geometric type. NULL stays NULL.
func assignFixed(t *pgtype.Type, arg, value Eval, subs subscripts, slice bool) Eval {
	view := arrayView(t)
	return func(f *Frame) (pgtype.Datum, error) {
		if slice {
			return pgtype.Null, pgerr.New(pgerr.FeatureNotSupported, "updates on slices of fixed-length arrays not implemented")
		}
		old, err := arg(f)
		if err != nil || old.IsNull() {
			return pgtype.Null, err
		}
		v, err := value(f)
		if err != nil {
			return pgtype.Null, err
		}
		a := view(old)
		n, null, err := at(subs.upper[0], f, 0)
		switch {
		case err != nil:
			return pgtype.Null, err
		case null:
			return pgtype.Null, errNullSubscript()
		case len(subs.upper) != 1:
			return pgtype.Null, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
		case n < 0 || n >= int64(len(a.Elems)):
			return pgtype.Null, pgerr.New(pgerr.ArraySubscriptError, "array subscript out of range")
		case v.IsNull():
			return old, nil // as PostgreSQL does
		}
		a.Elems[n] = v
		var out []float64
		for _, e := range a.Elems {
			if t.Elem.Rep == pgtype.RepFloat {
				out = append(out, e.Float())
			} else {
				out = append(out, e.Floats()...)
			}
		}
		return pgtype.FloatsValue(out...), nil
	}
}

var errNullSubscript = func() error {
	return pgerr.New(pgerr.NullValueNotAllowed, "array subscript in assignment must not be null")
}

// assignElement sets one element; a one-dimensional array grows at either end, with NULLs between.
func assignElement(a *pgtype.Array, subs subscripts, f *Frame, v pgtype.Datum) (pgtype.Datum, error) {
	at1 := make([]int64, len(subs.upper))
	for i, x := range subs.upper {
		n, null, err := at(x, f, 0)
		if err != nil {
			return pgtype.Null, err
		}
		if null {
			return pgtype.Null, errNullSubscript()
		}
		at1[i] = n
	}
	if len(a.Dims) == 0 {
		out := &pgtype.Array{Elem: a.Elem, Elems: []pgtype.Datum{v}}
		for _, n := range at1 {
			out.Dims = append(out.Dims, pgtype.Dim{Len: 1, Lower: int32(n)})
		}
		return pgtype.ArrayValue(out), nil
	}
	if len(at1) != len(a.Dims) {
		return pgtype.Null, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
	}
	if len(a.Dims) == 1 {
		return growAndSet(a, at1[0], v)
	}
	index := 0
	for i, n := range at1 {
		d := a.Dims[i]
		if n < int64(d.Lower) || n >= int64(d.Lower)+int64(d.Len) {
			return pgtype.Null, pgerr.New(pgerr.ArraySubscriptError, "array subscript out of range")
		}
		index = index*int(d.Len) + int(n-int64(d.Lower))
	}
	out := &pgtype.Array{Elem: a.Elem, Dims: a.Dims, Elems: append([]pgtype.Datum(nil), a.Elems...)}
	out.Elems[index] = v
	return pgtype.ArrayValue(out), nil
}

// maxArrayElems bounds the size of arrays, as PostgreSQL's MaxArraySize does.
const maxArrayElems = 134217727

func growAndSet(a *pgtype.Array, n int64, v pgtype.Datum) (pgtype.Datum, error) {
	d := a.Dims[0]
	first, last := int64(d.Lower), int64(d.Lower)+int64(d.Len)-1
	newFirst, newLast := min(first, n), max(last, n)
	if newLast-newFirst+1 > maxArrayElems {
		return pgtype.Null, pgerr.Newf(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxArrayElems)
	}
	out := &pgtype.Array{Elem: a.Elem, Dims: []pgtype.Dim{{Len: int32(newLast - newFirst + 1), Lower: int32(newFirst)}}}
	out.Elems = make([]pgtype.Datum, newLast-newFirst+1)
	copy(out.Elems[first-newFirst:], a.Elems)
	out.Elems[n-newFirst] = v
	return pgtype.ArrayValue(out), nil
}

// assignSlice sets a[l:u, …]. An empty array becomes one of the slice's bounds; one of a single dimension grows, others keep their size.
func assignSlice(a *pgtype.Array, subs subscripts, f *Frame, v pgtype.Datum) (pgtype.Datum, error) {
	bounds := make([][2]int64, max(len(subs.upper), len(a.Dims)))
	for i, d := range a.Dims {
		bounds[i] = [2]int64{int64(d.Lower), int64(d.Lower) + int64(d.Len) - 1}
	}
	for i := range subs.upper {
		l, null, err := at(subs.lower[i], f, bounds[i][0])
		if err != nil {
			return pgtype.Null, err
		}
		u, null2, err := at(subs.upper[i], f, bounds[i][1])
		switch {
		case err != nil:
			return pgtype.Null, err
		case null || null2:
			return pgtype.Null, errNullSubscript()
		case len(a.Dims) == 0 && (subs.lower[i] == nil || subs.upper[i] == nil):
			return pgtype.Null, pgerr.New(pgerr.ArraySubscriptError, "array slice subscript must provide both boundaries").
				WithDetail("When assigning to a slice of an empty array value, slice boundaries must be fully specified.")
		}
		bounds[i] = [2]int64{l, u}
	}
	if v.IsNull() {
		return pgtype.ArrayValue(a), nil
	}
	source := v.Array().Elems
	switch {
	case len(a.Dims) == 0:
		return newFromSlice(a.Elem, bounds, source)
	case len(subs.upper) > len(a.Dims):
		return pgtype.Null, pgerr.New(pgerr.ArraySubscriptError, "wrong number of array subscripts")
	case len(a.Dims) == 1:
		return growSlice(a, bounds[0][0], bounds[0][1], source)
	}
	size := int64(1)
	for i, d := range a.Dims {
		l, u := bounds[i][0], bounds[i][1]
		if l > u {
			return pgtype.Null, errUpperBelowLower()
		}
		if l < int64(d.Lower) || u >= int64(d.Lower)+int64(d.Len) {
			return pgtype.Null, pgerr.New(pgerr.ArraySubscriptError, "array subscript out of range")
		}
		size *= u - l + 1
	}
	if int64(len(source)) < size {
		return pgtype.Null, errSourceTooSmall()
	}
	return overwrite(a, bounds, source), nil
}

func errUpperBelowLower() error {
	return pgerr.New(pgerr.ArraySubscriptError, "upper bound cannot be less than lower bound")
}

func errSourceTooSmall() error { return pgerr.New(pgerr.ArraySubscriptError, "source array too small") }

// newFromSlice makes an array with the bounds of a slice.
func newFromSlice(elem *pgtype.Type, bounds [][2]int64, source []pgtype.Datum) (pgtype.Datum, error) {
	out := &pgtype.Array{Elem: elem}
	size := int64(1)
	for _, b := range bounds {
		n := b[1] - b[0] + 1
		if n < 1 {
			return pgtype.Null, errUpperBelowLower()
		}
		if size *= n; n > maxArrayElems || size > maxArrayElems {
			return pgtype.Null, pgerr.Newf(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxArrayElems)
		}
		out.Dims = append(out.Dims, pgtype.Dim{Len: int32(n), Lower: int32(b[0])})
	}
	if int64(len(source)) < size {
		return pgtype.Null, errSourceTooSmall()
	}
	out.Elems = source[:size:size]
	return pgtype.ArrayValue(out), nil
}

// growSlice sets a[l:u] of an array of one dimension, which grows at either end, with NULLs between.
func growSlice(a *pgtype.Array, l, u int64, source []pgtype.Datum) (pgtype.Datum, error) {
	if u < l {
		return pgtype.Null, errUpperBelowLower()
	}
	first, last := int64(a.Dims[0].Lower), int64(a.Dims[0].Lower)+int64(a.Dims[0].Len)-1
	newFirst, newLast := min(first, l), max(last, u)
	if newLast-newFirst+1 > maxArrayElems {
		return pgtype.Null, pgerr.Newf(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", maxArrayElems)
	}
	if int64(len(source)) < u-l+1 {
		return pgtype.Null, errSourceTooSmall()
	}
	out := &pgtype.Array{Elem: a.Elem, Dims: []pgtype.Dim{{Len: int32(newLast - newFirst + 1), Lower: int32(newFirst)}}}
	out.Elems = make([]pgtype.Datum, newLast-newFirst+1)
	copy(out.Elems[first-newFirst:], a.Elems)
	copy(out.Elems[l-newFirst:], source[:u-l+1])
	return pgtype.ArrayValue(out), nil
}

// overwrite copies source over the elements within bounds, which lie inside the array.
func overwrite(a *pgtype.Array, bounds [][2]int64, source []pgtype.Datum) pgtype.Datum {
	out := &pgtype.Array{Elem: a.Elem, Dims: a.Dims, Elems: append([]pgtype.Datum(nil), a.Elems...)}
	var walk func(dim, base int)
	walk = func(dim, base int) {
		d := a.Dims[dim]
		for k := bounds[dim][0]; k <= bounds[dim][1]; k++ {
			index := base*int(d.Len) + int(k-int64(d.Lower))
			if dim < len(a.Dims)-1 {
				walk(dim+1, index)
				continue
			}
			out.Elems[index] = source[0]
			source = source[1:]
		}
	}
	walk(0, 0)
	return pgtype.ArrayValue(out)
}
