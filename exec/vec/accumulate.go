package vec

import (
	"math"
	"math/big"

	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// accumulator keeps the state of one aggregate for all groups of a table.
type accumulator interface {
	// grow makes the states of new groups.
	grow(groups int) error
	// add takes the rows in; groups are at the rows' positions, nil for the one group of a table without keys.
	add(args []*column.Vector, rows []int32, groups []uint32) error
	// merge takes in some groups of another accumulator of the same kind; into gives, at the groups' positions, the groups that they go to.
	merge(other accumulator, rows []int32, into []uint32) error
}

// fewAdder is an accumulator that is quick where there are few groups: counts gives the number of rows of each.
type fewAdder interface {
	addFew(args []*column.Vector, rows []int32, groups []uint32, counts []int64) error
}

// fewGroups is how many groups are few.
const fewGroups = 64

func (a *counter) addFew(args []*column.Vector, rows []int32, groups []uint32, counts []int64) error {
	if len(args) > 0 && (args[0].Valid != nil || args[0].Kind == column.Datum) {
		return a.add(args, rows, groups)
	}
	for g, n := range counts {
		a.n[g] += n
	}
	return nil
}

func (a *sums) addFew(args []*column.Vector, rows []int32, groups []uint32, counts []int64) error {
	v := args[0]
	if v.Kind == column.Datum || v.Valid != nil || v.Width == 0 || v.Width > 48 { // the sum of a batch would not surely fit
		return a.add(args, rows, groups)
	}
	var part [fewGroups]int64
	values := v.I
	for _, i := range rows {
		part[groups[i]&(fewGroups-1)] += values[i]
	}
	scale := int32(0)
	if v.Kind == column.Decimal {
		scale = v.Scale
	}
	for g, n := range counts {
		if n == 0 {
			continue
		}
		if err := a.one(uint32(g), part[g], scale); err != nil {
			return err
		}
		a.of[g].n += n - 1
	}
	return nil
}

// counter is count(*) and, with an argument, count of the values that are not NULL.
type counter struct{ n []int64 }

func (a *counter) grow(groups int) error { a.n = zeroed(a.n, groups); return nil }

func zeroed[T any](s []T, n int) []T {
	if n <= cap(s) {
		return s[:n]
	}
	grown := make([]T, n, max(2*cap(s), n))
	copy(grown, s)
	return grown
}

func (a *counter) add(args []*column.Vector, rows []int32, groups []uint32) error {
	if len(args) > 0 && (args[0].Valid != nil || args[0].Kind == column.Datum) {
		for _, i := range rows {
			if !isNull(args[0], int(i)) {
				a.n[groupOf(groups, i)]++
			}
		}
		return nil
	}
	if groups == nil {
		a.n[0] += int64(len(rows))
		return nil
	}
	for _, i := range rows {
		a.n[groups[i]]++
	}
	return nil
}

func groupOf(groups []uint32, i int32) uint32 {
	if groups == nil {
		return 0
	}
	return groups[i]
}

func (a *counter) merge(other accumulator, rows []int32, into []uint32) error {
	o := other.(*counter)
	for _, g := range rows {
		a.n[groupOf(into, g)] += o.n[g]
	}
	return nil
}

// sums is sum and avg of integers and numerics: 128 bits, at the largest scale that came, and the number of values. What does not fit (NaN, infinities,
// coefficients of more than 64 bits) is added exactly in rest.
type sums struct {
	of   []sum
	rest map[uint32]numeric.Num
}

type sum struct {
	wide
	n     int64
	scale int32
}

func (a *sums) grow(groups int) error { a.of = zeroed(a.of, groups); return nil }

func (a *sums) add(args []*column.Vector, rows []int32, groups []uint32) error {
	v := args[0]
	if v.Kind == column.Datum {
		return a.addDatums(v, rows, groups)
	}
	scale := int32(0)
	if v.Kind == column.Decimal {
		scale = v.Scale
	}
	if v.Valid != nil {
		for _, i := range rows {
			if !v.IsNull(int(i)) {
				if err := a.one(groupOf(groups, i), v.I[i], scale); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if groups == nil && len(rows) > 0 {
		return a.total(v.I, rows, scale)
	}
	for _, i := range rows {
		s := &a.of[groups[i]]
		if s.scale != scale {
			if err := a.one(groups[i], v.I[i], scale); err != nil {
				return err
			}
			continue
		}
		s.wide.add(v.I[i])
		s.n++
	}
	return nil
}

// total adds rows to the only group.
func (a *sums) total(v []int64, rows []int32, scale int32) error {
	if width(v, rows) <= 40 { // the sum of a batch fits
		var t int64
		for _, i := range rows {
			t += v[i]
		}
		if err := a.one(0, t, scale); err != nil {
			return err
		}
		a.of[0].n += int64(len(rows)) - 1
		return nil
	}
	for _, i := range rows {
		if err := a.one(0, v[i], scale); err != nil {
			return err
		}
	}
	return nil
}

// one adds a value of any scale.
func (a *sums) one(g uint32, v int64, scale int32) error {
	s := &a.of[g]
	if s.scale != scale {
		if s.n == 0 {
			s.scale = scale
		} else if scale < s.scale {
			var ok bool
			if v, ok = scaled(v, s.scale-scale); !ok {
				return a.exactly(g, numeric.New(v, scale))
			}
		} else {
			x := s.num()
			if !s.rescale(scale) {
				if err := a.toRest(g, x); err != nil {
					return err
				}
				s.wide, s.scale = wide{}, scale
			}
		}
	}
	s.wide.add(v)
	s.n++
	return nil
}

// rescale moves the sum to a larger scale; false when it has no room.
func (s *sum) rescale(scale int32) bool {
	if s.hi != int64(s.lo)>>63 {
		return false
	}
	v, ok := scaled(int64(s.lo), scale-s.scale)
	if !ok {
		return false
	}
	s.wide, s.scale = wide{}, scale
	s.wide.add(v)
	return true
}

// num is the sum as a numeric.
func (s *sum) num() numeric.Num {
	if s.fits() {
		return numeric.New(int64(s.lo), s.scale)
	}
	v := big.NewInt(s.hi)
	v.Lsh(v, 64)
	return numeric.FromBigInt(v.Add(v, new(big.Int).SetUint64(s.lo)), s.scale)
}

func (a *sums) addDatums(v *column.Vector, rows []int32, groups []uint32) error {
	for _, i := range rows {
		d := v.Datum(int(i))
		if d.IsNull() {
			continue
		}
		g := groupOf(groups, i)
		x := d.Numeric()
		var err error
		if coef, scale, ok := x.Small(); ok {
			err = a.one(g, coef, scale)
		} else {
			err = a.exactly(g, x)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// exactly adds a value that has no coefficient of 64 bits.
func (a *sums) exactly(g uint32, x numeric.Num) error {
	a.of[g].n++
	return a.toRest(g, x)
}

func (a *sums) toRest(g uint32, x numeric.Num) error {
	if a.rest == nil {
		a.rest = make(map[uint32]numeric.Num)
	}
	if had, ok := a.rest[g]; ok {
		var err error
		if x, err = numeric.Add(had, x); err != nil {
			return err
		}
	}
	a.rest[g] = x
	return nil
}

func (a *sums) merge(other accumulator, rows []int32, into []uint32) error {
	o := other.(*sums)
	for _, g := range rows {
		from := &o.of[g]
		if from.n == 0 {
			continue
		}
		to := groupOf(into, g)
		s := &a.of[to]
		if s.n == 0 {
			*s = *from
		} else if s.scale == from.scale {
			s.addWide(from.wide)
			s.n += from.n
		} else {
			n := s.n + from.n
			if from.fits() {
				if err := a.one(to, int64(from.lo), from.scale); err != nil {
					return err
				}
			} else if err := a.toRest(to, from.num()); err != nil {
				return err
			}
			s.n = n
		}
		if x, ok := o.rest[uint32(g)]; ok {
			if err := a.toRest(to, x); err != nil {
				return err
			}
		}
	}
	return nil
}

// value is a group's sum.
func (a *sums) value(g int) (numeric.Num, error) {
	x := a.of[g].num()
	if rest, ok := a.rest[uint32(g)]; ok {
		return numeric.Add(x, rest)
	}
	return x, nil
}

// sumResult is what is wanted of sums.
type sumResult uint8

const (
	asNumeric sumResult = iota
	asBigint
	asAverage
)

func (a *sums) result(g int, want sumResult) (pgtype.Datum, error) {
	s := &a.of[g]
	if s.n == 0 {
		return pgtype.Null, nil
	}
	if want == asBigint {
		if s.hi != int64(s.lo)>>63 {
			return pgtype.Null, pgerr.New(pgerr.NumericValueOutOfRange, "bigint out of range")
		}
		return pgtype.Int(int64(s.lo)), nil
	}
	x, err := a.value(g)
	if err == nil && want == asAverage {
		x, err = numeric.Div(x, numeric.FromInt64(s.n))
	}
	return pgtype.NumericValue(x), err
}

// extremes is min and max of words.
type extremes struct {
	max  bool
	of   []int64
	some []bool
}

func (a *extremes) grow(groups int) error {
	from := len(a.of)
	a.of, a.some = zeroed(a.of, groups), zeroed(a.some, groups)
	for i := from; i < groups; i++ {
		a.of[i], a.some[i] = math.MaxInt64, false
		if a.max {
			a.of[i] = math.MinInt64
		}
	}
	return nil
}

func (a *extremes) take(g uint32, v int64) {
	a.some[g] = true
	if a.max == (v > a.of[g]) {
		a.of[g] = v
	}
}

func (a *extremes) add(args []*column.Vector, rows []int32, groups []uint32) error {
	v := args[0]
	for _, i := range rows {
		if !v.IsNull(int(i)) {
			a.take(groupOf(groups, i), v.I[i])
		}
	}
	return nil
}

func (a *extremes) merge(other accumulator, rows []int32, into []uint32) error {
	o := other.(*extremes)
	for _, g := range rows {
		if o.some[g] {
			a.take(groupOf(into, g), o.of[g])
		}
	}
	return nil
}

// states runs an aggregate's own code, a value at a time.
type states struct {
	def  *builtin.Def
	site *builtin.Call
	of   []builtin.State
	args []pgtype.Datum
}

func newStates(q *Query, e *expr.Aggregate) *states {
	types := make([]*pgtype.Type, len(e.Args))
	for i, a := range e.Args {
		types[i] = a.Type()
	}
	site := &builtin.Call{Ctx: q.RT.Ctx, Text: q.RT.Text, Env: q.RT.Env, Proc: e.Proc, Types: types, Result: e.T, Variadic: e.Variadic}
	return &states{def: e.Def, site: site, args: make([]pgtype.Datum, len(e.Args))}
}

func (a *states) grow(groups int) error {
	for len(a.of) < groups {
		s, err := a.def.Aggregate(a.site, nil)
		if err != nil {
			return err
		}
		a.of = append(a.of, s)
	}
	return nil
}

func (a *states) add(args []*column.Vector, rows []int32, groups []uint32) error {
next:
	for _, i := range rows {
		for k, v := range args {
			d := v.Datum(int(i))
			if d.IsNull() && a.def.SkipNulls {
				continue next
			}
			a.args[k] = d.Clone(a.site.Types[k])
		}
		if err := a.of[groupOf(groups, i)].Add(a.args); err != nil {
			return err
		}
	}
	return nil
}

func (a *states) merge(other accumulator, rows []int32, into []uint32) error {
	o := other.(*states)
	for _, g := range rows {
		if err := a.of[groupOf(into, g)].(builtin.Merger).Merge(o.of[g]); err != nil {
			return err
		}
	}
	return nil
}

// distinct passes each combination of arguments on once per group.
type distinct struct {
	accumulator
	forms  []keyForm // of the arguments
	seen   *groupTable
	keys   []*column.Vector
	group  column.Vector
	hashes []uint64
	ids    []uint32
	fresh  []int32
}

func newDistinct(inner accumulator, args []keyForm, memory *Memory) *distinct {
	forms := append([]keyForm{{kind: wordKey}}, args...)
	return &distinct{accumulator: inner, forms: forms, seen: newGroupTable(forms, memory)}
}

func (a *distinct) add(args []*column.Vector, rows []int32, groups []uint32) error {
	n := 0
	for _, i := range rows {
		n = max(n, int(i)+1)
	}
	a.group.Reset(column.Word, n)
	for _, i := range rows {
		a.group.I[i] = int64(groupOf(groups, i))
	}
	a.keys = append(append(a.keys[:0], &a.group), args...)
	if cap(a.hashes) < n {
		a.hashes, a.ids = make([]uint64, max(n, column.Rows)), make([]uint32, max(n, column.Rows))
	}
	hashKeys(a.forms, a.keys, rows, a.hashes[:cap(a.hashes)])
	a.fresh = a.fresh[:0]
	for _, i := range rows {
		before := a.seen.len()
		if _, err := a.seen.number(a.keys, i, a.hashes[:cap(a.hashes)][i]); err != nil {
			return err
		}
		if a.seen.len() > before {
			a.fresh = append(a.fresh, i)
		}
	}
	return a.accumulator.add(args, a.fresh, groups)
}

func (a *distinct) merge(other accumulator, rows []int32, into []uint32) error {
	o := other.(*distinct)
	kept := o.seen.keys.columns()
	wanted := make(map[int64]bool, len(rows))
	for _, g := range rows {
		wanted[int64(g)] = true
	}
	var mine []int32
	groups := make([]uint32, o.seen.len())
	for i, g := range kept[0].I {
		if wanted[g] {
			mine = append(mine, int32(i))
			groups[i] = groupOf(into, int32(g))
		}
	}
	return a.add(kept[1:], mine, groups)
}
