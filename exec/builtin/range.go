package builtin

import (
	"slices"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// rangeFamily is the functions and operators of ranges and multiranges. Most take either on either side: operand reads both as a list of ranges.
var rangeFamily = slices.Concat(
	rangeComparisons("range"), rangeComparisons("multirange"),
	[]Def{
		{Name: "range_constructor2", Scalar: makeRange},
		{Name: "range_constructor3", Scalar: makeRange},
		{Name: "multirange_constructor0", Scalar: makeMultirange},
		{Name: "multirange_constructor1", Scalar: makeMultirange},
		{Name: "multirange_constructor2", Scalar: makeMultirange},
		{Name: "range_union", Scalar: rangeUnion(true)},
		{Name: "range_merge", Scalar: rangeUnion(false)},
		{Name: "range_intersect", Scalar: rangeIntersect},
		{Name: "range_minus", Scalar: rangeMinus},
		{Name: "range_merge_from_multirange", Scalar: mergeMultirange},
		{Name: "multirange_union", Scalar: multirangeUnion},
		{Name: "multirange_minus", Scalar: multirangeMinus},
		{Name: "multirange_intersect", Scalar: multirangeIntersect},
		{Name: "multirange_unnest", Set: unnestMultirange},
		{Name: "int4range_subdiff", Scalar: wholeDifference},
		{Name: "int8range_subdiff", Scalar: wholeDifference},
		{Name: "daterange_subdiff", Scalar: wholeDifference},
		{Name: "int4range_canonical", Scalar: unchanged},
		{Name: "int8range_canonical", Scalar: unchanged},
		{Name: "daterange_canonical", Scalar: unchanged},
		{OID: 4301, Name: "range_agg", Aggregate: newRangeAgg, SkipNulls: true},
		{OID: 6227, Name: "range_agg", Aggregate: newRangeAgg, SkipNulls: true},
		{OID: 4450, Name: "range_intersect_agg", Aggregate: newIntersectAgg, SkipNulls: true},
		{OID: 4389, Name: "range_intersect_agg", Aggregate: newIntersectAgg, SkipNulls: true},
	},
	rangeParts("range"), rangeParts("multirange"),
	relations(spansContain, "range_contains", "range_contains_elem", "range_contains_multirange", "multirange_contains_range", "multirange_contains_elem", "multirange_contains_multirange"),
	relations(turned(spansContain), "range_contained_by", "elem_contained_by_range", "multirange_contained_by_range", "range_contained_by_multirange", "elem_contained_by_multirange",
		"multirange_contained_by_multirange"),
	relations(spansOverlap, "range_overlaps", "range_overlaps_multirange", "multirange_overlaps_range", "multirange_overlaps_multirange"),
	relations(spansAdjacent, "range_adjacent", "range_adjacent_multirange", "multirange_adjacent_range", "multirange_adjacent_multirange"),
	relations(spansBefore, "range_before", "range_before_multirange", "multirange_before_range", "multirange_before_multirange"),
	relations(turned(spansBefore), "range_after", "range_after_multirange", "multirange_after_range", "multirange_after_multirange"),
	relations(overLeft, "range_overleft", "range_overleft_multirange", "multirange_overleft_range", "multirange_overleft_multirange"),
	relations(overRight, "range_overright", "range_overright_multirange", "multirange_overright_range", "multirange_overright_multirange"),
)

// spans is a range or multirange as its list of ranges, in order; an empty range has none. element is set for a plain value.
type spans struct {
	elem    *pgtype.Type
	list    []pgtype.Range
	element bool
}

func (s *spans) first() *pgtype.Bound { return &s.list[0].Lower }
func (s *spans) last() *pgtype.Bound  { return &s.list[len(s.list)-1].Upper }

// operand reads an argument.
func operand(c *Call, a []pgtype.Datum, i int) spans {
	t := c.Types[i].BaseType()
	switch t.Kind {
	case pgtype.KindRange:
		s := spans{elem: t.Sub}
		if r := t.Range(a[i]); !r.Empty {
			s.list = []pgtype.Range{r}
		}
		return s
	case pgtype.KindMultirange:
		return spans{elem: t.Sub, list: t.Multirange(a[i])}
	}
	point := pgtype.Bound{Value: a[i], Inclusive: true, Lower: true}
	upper := point
	upper.Lower = false
	return spans{elem: t, list: []pgtype.Range{{Lower: point, Upper: upper}}, element: true}
}

// relation is a yes-or-no question about two operands.
type relation func(elem *pgtype.Type, x, y *spans) bool

func turned(r relation) relation {
	return func(elem *pgtype.Type, x, y *spans) bool { return r(elem, y, x) }
}

// relations makes the functions of one question, which differ in their types only.
func relations(ask relation, names ...string) []Def {
	code := func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x, y := operand(c, a, 0), operand(c, a, 1)
		elem := x.elem
		if x.element {
			elem = y.elem
		}
		return pgtype.Bool(ask(elem, &x, &y)), nil
	}
	defs := make([]Def, len(names))
	for i, n := range names {
		defs[i] = Def{Name: n, Scalar: code}
	}
	return defs
}

func rangeCovers(elem *pgtype.Type, x, y *pgtype.Range) bool {
	return pgtype.CompareBounds(elem, &x.Lower, &y.Lower) <= 0 && pgtype.CompareBounds(elem, &x.Upper, &y.Upper) >= 0
}

func spansContain(elem *pgtype.Type, x, y *spans) bool {
	for i := range y.list {
		if !slices.ContainsFunc(x.list, func(r pgtype.Range) bool { return rangeCovers(elem, &r, &y.list[i]) }) {
			return false
		}
	}
	return true
}

func rangesMeet(elem *pgtype.Type, x, y *pgtype.Range) bool {
	return pgtype.CompareBounds(elem, &x.Lower, &y.Upper) <= 0 && pgtype.CompareBounds(elem, &y.Lower, &x.Upper) <= 0
}

func spansOverlap(elem *pgtype.Type, x, y *spans) bool {
	for i, j := 0, 0; i < len(x.list) && j < len(y.list); {
		if rangesMeet(elem, &x.list[i], &y.list[j]) {
			return true
		}
		if pgtype.CompareBounds(elem, &x.list[i].Upper, &y.list[j].Upper) < 0 {
			i++
		} else {
			j++
		}
	}
	return false
}

func spansAdjacent(elem *pgtype.Type, x, y *spans) bool {
	return len(x.list) > 0 && len(y.list) > 0 && (pgtype.Adjacent(elem, x.last(), y.first()) || pgtype.Adjacent(elem, y.last(), x.first()))
}

func spansBefore(elem *pgtype.Type, x, y *spans) bool {
	return len(x.list) > 0 && len(y.list) > 0 && pgtype.CompareBounds(elem, x.last(), y.first()) < 0
}

func overLeft(elem *pgtype.Type, x, y *spans) bool {
	return len(x.list) > 0 && len(y.list) > 0 && pgtype.CompareBounds(elem, x.last(), y.last()) <= 0
}

func overRight(elem *pgtype.Type, x, y *spans) bool {
	return len(x.list) > 0 && len(y.list) > 0 && pgtype.CompareBounds(elem, x.first(), y.first()) >= 0
}

// rangeComparisons are the btree functions of ranges or of multiranges.
func rangeComparisons(kind string) []Def {
	defs := []Def{{Name: kind + "_cmp", Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return pgtype.Int(int64(c.Types[0].Codec.Compare(a[0], a[1]))), nil
	}}}
	for name, holds := range map[string]func(int) bool{
		"_eq": func(d int) bool { return d == 0 }, "_ne": func(d int) bool { return d != 0 }, "_lt": func(d int) bool { return d < 0 },
		"_le": func(d int) bool { return d <= 0 }, "_gt": func(d int) bool { return d > 0 }, "_ge": func(d int) bool { return d >= 0 },
	} {
		defs = append(defs, Def{Name: kind + name, Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Bool(holds(c.Types[0].Codec.Compare(a[0], a[1]))), nil
		}})
	}
	return defs
}

// rangeParts are what is asked about one range or multirange.
func rangeParts(kind string) []Def {
	about := func(name string, f func(s *spans) pgtype.Datum) Def {
		return Def{Name: kind + name, Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			s := operand(c, a, 0)
			return f(&s), nil
		}}
	}
	value := func(end func(s *spans) *pgtype.Bound) func(s *spans) pgtype.Datum {
		return func(s *spans) pgtype.Datum {
			if len(s.list) == 0 || end(s).Infinite {
				return pgtype.Null
			}
			return end(s).Value
		}
	}
	flag := func(end func(s *spans) *pgtype.Bound, f func(b *pgtype.Bound) bool) func(s *spans) pgtype.Datum {
		return func(s *spans) pgtype.Datum { return pgtype.Bool(len(s.list) > 0 && f(end(s))) }
	}
	inclusive := func(b *pgtype.Bound) bool { return b.Inclusive }
	infinite := func(b *pgtype.Bound) bool { return b.Infinite }
	return []Def{
		about("_lower", value((*spans).first)), about("_upper", value((*spans).last)),
		about("_lower_inc", flag((*spans).first, inclusive)), about("_upper_inc", flag((*spans).last, inclusive)),
		about("_lower_inf", flag((*spans).first, infinite)), about("_upper_inf", flag((*spans).last, infinite)),
		about("_empty", func(s *spans) pgtype.Datum { return pgtype.Bool(len(s.list) == 0) }),
	}
}

// makeRange is the constructors: bounds that are NULL are infinite, the third argument says which ends are inclusive.
func makeRange(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	flags := "[)"
	if len(a) > 2 {
		if a[2].IsNull() {
			return pgtype.Null, pgerr.New(pgerr.DataException, "range constructor flags argument must not be null")
		}
		flags = a[2].Text()
	}
	if len(flags) != 2 || flags[0] != '[' && flags[0] != '(' || flags[1] != ']' && flags[1] != ')' {
		return pgtype.Null, pgerr.New(pgerr.SyntaxError, "invalid range bound flags").WithHint(`Valid values are "[]", "[)", "(]", and "()".`)
	}
	r, err := pgtype.NewRange(c.Result.Sub, pgtype.Bound{Value: a[0], Infinite: a[0].IsNull(), Inclusive: flags[0] == '['},
		pgtype.Bound{Value: a[1], Infinite: a[1].IsNull(), Inclusive: flags[1] == ']'})
	if err != nil {
		return pgtype.Null, err
	}
	return c.Result.RangeValue(r), nil
}

// makeMultirange is the constructors: of nothing, of a range, of an array of ranges.
func makeMultirange(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	var list []pgtype.Range
	if len(a) == 1 && c.Types[0].BaseType().Kind == pgtype.KindRange {
		list = []pgtype.Range{c.Types[0].BaseType().Range(a[0])}
	} else if len(a) == 1 {
		array := a[0].Array()
		if len(array.Dims) > 1 {
			return pgtype.Null, pgerr.New(pgerr.CardinalityViolation, "multiranges cannot be constructed from multidimensional arrays")
		}
		for _, e := range array.Elems {
			if e.IsNull() {
				return pgtype.Null, pgerr.New(pgerr.NullValueNotAllowed, "multirange values cannot contain null members")
			}
			list = append(list, c.Result.Ranges.Range(e))
		}
	}
	return c.Result.MultirangeValue(pgtype.NewMultirange(c.Result.Sub, list)), nil
}

func lesserBound(elem *pgtype.Type, x, y pgtype.Bound) (less, greater pgtype.Bound) {
	if pgtype.CompareBounds(elem, &x, &y) <= 0 {
		return x, y
	}
	return y, x
}

// rangeUnion makes one range of two; with touching they must overlap or touch.
func rangeUnion(touching bool) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		x, y := operand(c, a, 0), operand(c, a, 1)
		switch {
		case len(x.list) == 0:
			return a[1], nil
		case len(y.list) == 0:
			return a[0], nil
		case touching && !spansOverlap(x.elem, &x, &y) && !spansAdjacent(x.elem, &x, &y):
			return pgtype.Null, pgerr.New(pgerr.DataException, "result of range union would not be contiguous")
		}
		var r pgtype.Range
		r.Lower, _ = lesserBound(x.elem, *x.first(), *y.first())
		_, r.Upper = lesserBound(x.elem, *x.last(), *y.last())
		return c.Result.RangeValue(r), nil
	}
}

// inCommon is what two lists of ranges have in common.
func inCommon(elem *pgtype.Type, x, y []pgtype.Range) (out []pgtype.Range) {
	for i, j := 0, 0; i < len(x) && j < len(y); {
		if rangesMeet(elem, &x[i], &y[j]) {
			var r pgtype.Range
			_, r.Lower = lesserBound(elem, x[i].Lower, y[j].Lower)
			r.Upper, _ = lesserBound(elem, x[i].Upper, y[j].Upper)
			out = append(out, r)
		}
		if pgtype.CompareBounds(elem, &x[i].Upper, &y[j].Upper) < 0 {
			i++
		} else {
			j++
		}
	}
	return out
}

// takenAway is what is left of x where y is taken away.
func takenAway(elem *pgtype.Type, x, y []pgtype.Range) (out []pgtype.Range, err error) {
	piece := func(lower, upper pgtype.Bound) error {
		if pgtype.CompareBoundValues(elem, &lower, &upper) > 0 {
			return nil
		}
		r, err := pgtype.NewRange(elem, lower, upper)
		if err == nil && !r.Empty {
			out = append(out, r)
		}
		return err
	}
	// other turns the end of what is taken away into the end of what is left.
	other := func(b pgtype.Bound) pgtype.Bound {
		b.Inclusive, b.Lower = !b.Inclusive, !b.Lower
		return b
	}
	for _, r := range x {
		at, over := r.Lower, false
		for i := range y {
			if !rangesMeet(elem, &r, &y[i]) {
				continue
			}
			if !y[i].Lower.Infinite && pgtype.CompareBounds(elem, &at, &y[i].Lower) < 0 {
				if err := piece(at, other(y[i].Lower)); err != nil {
					return nil, err
				}
			}
			if y[i].Upper.Infinite {
				over = true
				break
			}
			at = other(y[i].Upper)
		}
		if !over && pgtype.CompareBounds(elem, &at, &r.Upper) <= 0 {
			if err := piece(at, r.Upper); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func oneRange(t *pgtype.Type, list []pgtype.Range) pgtype.Datum {
	if len(list) == 0 {
		return t.RangeValue(pgtype.Range{Empty: true})
	}
	return t.RangeValue(list[0])
}

func rangeIntersect(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x, y := operand(c, a, 0), operand(c, a, 1)
	return oneRange(c.Result, inCommon(x.elem, x.list, y.list)), nil
}

func rangeMinus(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x, y := operand(c, a, 0), operand(c, a, 1)
	if len(x.list) > 0 && len(y.list) > 0 && pgtype.CompareBounds(x.elem, x.first(), y.first()) < 0 && pgtype.CompareBounds(x.elem, x.last(), y.last()) > 0 {
		return pgtype.Null, pgerr.New(pgerr.DataException, "result of range difference would not be contiguous")
	}
	left, err := takenAway(x.elem, x.list, y.list)
	return oneRange(c.Result, left), err
}

func mergeMultirange(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	s := operand(c, a, 0)
	if len(s.list) == 0 {
		return oneRange(c.Result, nil), nil
	}
	return c.Result.RangeValue(pgtype.Range{Lower: *s.first(), Upper: *s.last()}), nil
}

func multirangeUnion(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x, y := operand(c, a, 0), operand(c, a, 1)
	return c.Result.MultirangeValue(pgtype.NewMultirange(x.elem, append(x.list, y.list...))), nil
}

func multirangeMinus(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x, y := operand(c, a, 0), operand(c, a, 1)
	left, err := takenAway(x.elem, x.list, y.list)
	return c.Result.MultirangeValue(left), err
}

func multirangeIntersect(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	x, y := operand(c, a, 0), operand(c, a, 1)
	return c.Result.MultirangeValue(inCommon(x.elem, x.list, y.list)), nil
}

func unnestMultirange(c *Call, a []pgtype.Datum) (Rows, error) {
	t := c.Types[0].BaseType()
	var out []pgtype.Datum
	for _, r := range t.Multirange(a[0]) {
		out = append(out, t.Ranges.RangeValue(r))
	}
	return listed(out), nil
}

func wholeDifference(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	return pgtype.Float(float64(a[0].Int()) - float64(a[1].Int())), nil
}

// unchanged is the canonical functions: no range is ever in another form.
func unchanged(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) { return a[0], nil }

// rangeAgg makes one multirange of all ranges and multiranges.
type rangeAgg struct {
	c    *Call
	list []pgtype.Range
	any  bool
}

func newRangeAgg(c *Call, _ []pgtype.Datum) (State, error) { return &rangeAgg{c: c}, nil }

func (s *rangeAgg) Add(a []pgtype.Datum) error {
	kept := []pgtype.Datum{a[0].Clone(s.c.Types[0])}
	o := operand(s.c, kept, 0)
	s.any, s.list = true, append(s.list, o.list...)
	return nil
}

func (s *rangeAgg) Result() (pgtype.Datum, error) {
	if !s.any {
		return pgtype.Null, nil
	}
	return s.c.Result.MultirangeValue(pgtype.NewMultirange(s.c.Result.Sub, s.list)), nil
}

// intersectAgg is what all ranges, or all multiranges, have in common.
type intersectAgg struct {
	c    *Call
	list []pgtype.Range
	any  bool
}

func newIntersectAgg(c *Call, _ []pgtype.Datum) (State, error) { return &intersectAgg{c: c}, nil }

func (s *intersectAgg) Add(a []pgtype.Datum) error {
	kept := []pgtype.Datum{a[0].Clone(s.c.Types[0])}
	o := operand(s.c, kept, 0)
	if s.any {
		s.list = inCommon(o.elem, s.list, o.list)
	} else {
		s.any, s.list = true, o.list
	}
	return nil
}

func (s *intersectAgg) Result() (pgtype.Datum, error) {
	switch {
	case !s.any:
		return pgtype.Null, nil
	case s.c.Result.Kind == pgtype.KindRange:
		return oneRange(s.c.Result, s.list), nil
	}
	return s.c.Result.MultirangeValue(s.list), nil
}
