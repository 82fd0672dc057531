package builtin

import (
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

var collectAggregates = []Def{
	{OID: 2335, Name: "array_agg", Aggregate: newArrayAgg},
	{OID: 4053, Name: "array_agg", Aggregate: newArrayOfArrays},
	{OID: 3538, Name: "string_agg", Aggregate: newStringAgg},
	{OID: 3545, Name: "string_agg", Aggregate: newStringAgg},
}

// arrayAgg collects values, NULLs too.
type arrayAgg struct {
	typ   *pgtype.Type
	elems []pgtype.Datum
	bytes int // of the strings in elems
}

func newArrayAgg(c *Call, _ []pgtype.Datum) (State, error) { return &arrayAgg{typ: c.Types[0]}, nil }

func (s *arrayAgg) Add(a []pgtype.Datum) error {
	if a[0].IsNull() {
		s.elems = append(s.elems, pgtype.Null)
	} else {
		if s.typ.Rep == pgtype.RepBytes {
			if s.bytes += len(a[0].Bytes()); s.bytes > maxText {
				return pgerr.Newf(pgerr.ProgramLimitExceeded, "array size exceeds the maximum allowed (%d)", 0x3fffffff)
			}
		}
		s.elems = append(s.elems, a[0].Clone(s.typ))
	}
	return nil
}

func (s *arrayAgg) Result() (pgtype.Datum, error) {
	if s.elems == nil {
		return pgtype.Null, nil
	}
	return pgtype.NewArrayValue(s.typ, s.elems), nil
}

// arrayOfArrays collects arrays of equal dimensions into one of a dimension more.
type arrayOfArrays struct {
	typ  *pgtype.Type
	dims []pgtype.Dim
	n    int32
	data []pgtype.Datum
}

func newArrayOfArrays(c *Call, _ []pgtype.Datum) (State, error) {
	return &arrayOfArrays{typ: c.Types[0]}, nil
}

func (s *arrayOfArrays) Add(a []pgtype.Datum) error {
	if a[0].IsNull() {
		return pgerr.New(pgerr.NullValueNotAllowed, "cannot accumulate null arrays")
	}
	arr := a[0].Array()
	switch {
	case len(arr.Dims) == 0:
		return pgerr.New(pgerr.ArraySubscriptError, "cannot accumulate empty arrays")
	case s.n == 0:
		if len(arr.Dims) >= 6 {
			return pgerr.Newf(pgerr.ProgramLimitExceeded, "number of array dimensions (%d) exceeds the maximum allowed (%d)", len(arr.Dims)+1, 6)
		}
		s.dims = arr.Dims
	case !sameLengths(s.dims, arr.Dims):
		return pgerr.New(pgerr.ArraySubscriptError, "cannot accumulate arrays of different dimensionality")
	}
	s.n++
	s.data = append(s.data, a[0].Clone(s.typ).Array().Elems...)
	return nil
}

// sameLengths compares dimensions without regard to their lower bounds.
func sameLengths(a, b []pgtype.Dim) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func (s *arrayOfArrays) Result() (pgtype.Datum, error) {
	if s.n == 0 {
		return pgtype.Null, nil
	}
	dims := append([]pgtype.Dim{{Len: s.n, Lower: 1}}, s.dims...)
	return pgtype.ArrayValue(&pgtype.Array{Elem: s.typ.BaseType().Elem, Dims: dims, Elems: s.data}), nil
}

// stringAgg joins strings (or byte strings); the delimiter of the first is not printed.
type stringAgg struct {
	b   []byte
	any bool
}

func newStringAgg(*Call, []pgtype.Datum) (State, error) { return &stringAgg{}, nil }

func (s *stringAgg) Add(a []pgtype.Datum) error {
	if a[0].IsNull() {
		return nil
	}
	more := len(a[0].Bytes())
	if !a[1].IsNull() {
		more += len(a[1].Bytes())
	}
	if len(s.b)+more > maxText {
		return errEnlarge(len(s.b), more)
	}
	if s.any && !a[1].IsNull() {
		s.b = append(s.b, a[1].Bytes()...)
	}
	s.any = true
	s.b = append(s.b, a[0].Bytes()...)
	return nil
}

func (s *stringAgg) Result() (pgtype.Datum, error) {
	if !s.any {
		return pgtype.Null, nil
	}
	return pgtype.Bytes(s.b), nil
}
