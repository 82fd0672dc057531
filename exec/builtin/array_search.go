package builtin

import (
	"math/rand/v2"
	"slices"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// sameElement is IS NOT DISTINCT FROM, which the searches use.
func sameElement(elem *pgtype.Type, x, y pgtype.Datum) bool {
	if x.IsNull() || y.IsNull() {
		return x.IsNull() && y.IsNull()
	}
	return elem.Codec.Compare(x, y) == 0
}

func checkSearchable(c *Call, a *pgtype.Array, message string) (*pgtype.Type, error) {
	if len(a.Dims) > 1 {
		return nil, pgerr.New(pgerr.FeatureNotSupported, message)
	}
	elem := elementOf(c, 0, a)
	if elem == nil || !elem.Codec.Comparable() {
		return nil, errNotComparable("an equality operator", elem)
	}
	return elem, nil
}

const noSearchInMatrix = "searching for elements in multidimensional arrays is not supported"

func arrayPosition(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[0].IsNull() {
		return pgtype.Null, nil
	}
	arr := a[0].Array()
	elem, err := checkSearchable(c, arr, noSearchInMatrix)
	if err != nil {
		return pgtype.Null, err
	}
	start := int64(-1 << 40)
	if len(a) > 2 {
		if a[2].IsNull() {
			return pgtype.Null, pgerr.New(pgerr.NullValueNotAllowed, "initial position must not be null")
		}
		start = a[2].Int()
	}
	for i, e := range arr.Elems {
		at := int64(arr.Dims[0].Lower) + int64(i)
		if at >= start && sameElement(elem, e, a[1]) {
			return pgtype.Int(at), nil
		}
	}
	return pgtype.Null, nil
}

func arrayPositions(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[0].IsNull() {
		return pgtype.Null, nil
	}
	arr := a[0].Array()
	elem, err := checkSearchable(c, arr, noSearchInMatrix)
	if err != nil {
		return pgtype.Null, err
	}
	var found []pgtype.Datum
	for i, e := range arr.Elems {
		if sameElement(elem, e, a[1]) {
			found = append(found, pgtype.Int(int64(arr.Dims[0].Lower)+int64(i)))
		}
	}
	return pgtype.NewArrayValue(pgtype.Int4Type, found), nil
}

func arrayRemove(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[0].IsNull() {
		return pgtype.Null, nil
	}
	arr := a[0].Array()
	elem, err := checkSearchable(c, arr, "removing elements from multidimensional arrays is not supported")
	if err != nil {
		return pgtype.Null, err
	}
	kept := make([]pgtype.Datum, 0, len(arr.Elems))
	for _, e := range arr.Elems {
		if !sameElement(elem, e, a[1]) {
			kept = append(kept, e)
		}
	}
	switch len(kept) {
	case len(arr.Elems):
		return a[0], nil
	case 0:
		return pgtype.NewArrayValue(elem, nil), nil
	}
	return pgtype.ArrayValue(&pgtype.Array{Elem: elem, Dims: []pgtype.Dim{{Len: int32(len(kept)), Lower: arr.Dims[0].Lower}}, Elems: kept}), nil
}

func arrayReplace(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if a[0].IsNull() {
		return pgtype.Null, nil
	}
	arr := a[0].Array()
	elem := elementOf(c, 0, arr)
	if elem == nil || !elem.Codec.Comparable() {
		return pgtype.Null, errNotComparable("an equality operator", elem)
	}
	out := *arr
	out.Elems = slices.Clone(arr.Elems)
	for i, e := range out.Elems {
		if sameElement(elem, e, a[1]) {
			out.Elems[i] = a[2]
		}
	}
	return pgtype.ArrayValue(&out), nil
}

// rows cuts an array into the elements of its first dimension: how many there are and how many values each has.
func rowsOf(a *pgtype.Array) (count, width int) {
	if len(a.Dims) == 0 {
		return 0, 0
	}
	count = int(a.Dims[0].Len)
	return count, len(a.Elems) / count
}

func trimArray(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	arr, n := a[0].Array(), a[1].Int()
	count, width := rowsOf(arr)
	if n < 0 || n > int64(count) {
		return pgtype.Null, pgerr.Newf(pgerr.ArraySubscriptError, "number of elements to trim must be between 0 and %d", count)
	}
	left := count - int(n)
	if left == 0 {
		return pgtype.NewArrayValue(elementOf(c, 0, arr), nil), nil
	}
	out := *arr
	out.Dims = slices.Clone(arr.Dims)
	out.Dims[0].Len = int32(left)
	for i := range out.Dims { // as a slice, which counts from 1
		out.Dims[i].Lower = 1
	}
	out.Elems = arr.Elems[:left*width]
	return pgtype.ArrayValue(&out), nil
}

func arrayShuffle(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	count, _ := rowsOf(a[0].Array())
	return sampleRows(a[0].Array(), count, true), nil
}

func arraySample(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	count, _ := rowsOf(a[0].Array())
	n := a[1].Int()
	if n < 0 || n > int64(count) {
		return pgtype.Null, pgerr.Newf(pgerr.InvalidParameterValue, "sample size must be between 0 and %d", count)
	}
	return sampleRows(a[0].Array(), int(n), false), nil
}

// sampleRows takes n rows in random order; only a shuffle keeps the lower bound.
func sampleRows(a *pgtype.Array, n int, keepLower bool) pgtype.Datum {
	count, width := rowsOf(a)
	if n == 0 {
		return pgtype.NewArrayValue(a.Elem, nil)
	}
	out := *a
	out.Dims = slices.Clone(a.Dims)
	out.Dims[0].Len = int32(n)
	if !keepLower {
		out.Dims[0].Lower = 1
	}
	out.Elems = nil
	for _, i := range rand.Perm(count)[:n] {
		out.Elems = append(out.Elems, a.Elems[i*width:(i+1)*width]...)
	}
	return pgtype.ArrayValue(&out)
}

// widthBucketArray finds how many of sorted thresholds are not above the operand.
func widthBucketArray(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	arr := a[1].Array()
	if len(arr.Dims) > 1 {
		return pgtype.Null, pgerr.New(pgerr.ArraySubscriptError, "thresholds must be one-dimensional array")
	}
	for _, e := range arr.Elems {
		if e.IsNull() {
			return pgtype.Null, pgerr.New(pgerr.NullValueNotAllowed, "thresholds array must not contain NULLs")
		}
	}
	elem := elementOf(c, 1, arr)
	low, high := 0, len(arr.Elems)
	for low < high {
		mid := (low + high) / 2
		if elem.Codec.Compare(a[0], arr.Elems[mid]) < 0 {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return pgtype.Int(int64(low)), nil
}

func unnest(_ *Call, a []pgtype.Datum) (Rows, error) { return listed(a[0].Array().Elems), nil }

// generateSubscripts counts through a dimension, backwards when asked.
func generateSubscripts(_ *Call, a []pgtype.Datum) (Rows, error) {
	dims, n := a[0].Array().Dims, a[1].Int()
	if n < 1 || n > int64(len(dims)) {
		return listed(nil), nil
	}
	first, last, step := int64(dims[n-1].Lower), int64(dims[n-1].Lower)+int64(dims[n-1].Len)-1, int64(1)
	if len(a) > 2 && a[2].Bool() {
		first, last, step = last, first, -1
	}
	return &intSeries{next: first, stop: last, step: step, max: 1<<31 - 1}, nil
}
