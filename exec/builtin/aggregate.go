package builtin

import (
	"slices"

	"github.com/kalampg/kalampg/internal/pgtype"
)

// aggregateFamily is the aggregates by pg_proc OID: PostgreSQL gives their rows no C name of their own.
var aggregateFamily = slices.Concat(
	countAggregates,
	sumAggregates,
	varianceAggregates(),
	regressionAggregates,
	extremeAggregates(),
	collectAggregates,
	bitAggregates(),
	orderedAggregates,
)

var countAggregates = []Def{
	{OID: 2147, Name: "count", Aggregate: newCount, SkipNulls: true},
	{OID: 2803, Name: "count", Aggregate: newCount},
	{OID: 2517, Name: "bool_and", Aggregate: newBool(true), SkipNulls: true},
	{OID: 2519, Name: "every", Aggregate: newBool(true), SkipNulls: true},
	{OID: 2518, Name: "bool_or", Aggregate: newBool(false), SkipNulls: true},
	{OID: 6291, Name: "any_value", Aggregate: newAnyValue, SkipNulls: true},
}

// countState counts rows.
type countState struct{ n int64 }

func newCount(*Call, []pgtype.Datum) (State, error) { return &countState{}, nil }
func (s *countState) Add([]pgtype.Datum) error      { s.n++; return nil }
func (s *countState) Result() (pgtype.Datum, error) { return pgtype.Int(s.n), nil }
func (s *countState) Merge(other State) error       { s.n += other.(*countState).n; return nil }

// boolState is bool_and (all) or bool_or.
type boolState struct {
	all      bool
	n, trues int64
}

func newBool(all bool) Aggregate {
	return func(*Call, []pgtype.Datum) (State, error) { return &boolState{all: all}, nil }
}

func (s *boolState) Add(a []pgtype.Datum) error {
	s.n++
	if a[0].Bool() {
		s.trues++
	}
	return nil
}

func (s *boolState) Merge(other State) error {
	o := other.(*boolState)
	s.n, s.trues = s.n+o.n, s.trues+o.trues
	return nil
}

func (s *boolState) Result() (pgtype.Datum, error) {
	switch {
	case s.n == 0:
		return pgtype.Null, nil
	case s.all:
		return pgtype.Bool(s.trues == s.n), nil
	}
	return pgtype.Bool(s.trues > 0), nil
}

// keepState keeps one of the values: which one, keep says.
type keepState struct {
	value   pgtype.Datum
	typ     *pgtype.Type
	replace func(kept, next pgtype.Datum) bool
}

func newAnyValue(c *Call, _ []pgtype.Datum) (State, error) {
	return &keepState{typ: c.Types[0], replace: func(pgtype.Datum, pgtype.Datum) bool { return false }}, nil
}

func (s *keepState) Add(a []pgtype.Datum) error {
	if s.value.IsNull() || s.replace(s.value, a[0]) {
		s.value = a[0].Clone(s.typ)
	}
	return nil
}

func (s *keepState) Merge(other State) error {
	if o := other.(*keepState); !o.value.IsNull() {
		return s.Add([]pgtype.Datum{o.value})
	}
	return nil
}

func (s *keepState) Result() (pgtype.Datum, error) { return s.value, nil }

// extremeAggregates are max and min of every type. Of equal values that print differently (numeric 1.0 and 1.00) PostgreSQL keeps the last, except for
// character.
func extremeAggregates() []Def {
	var defs []Def
	add := func(oid pgtype.OID, name string, sign int, keepEqual bool) {
		defs = append(defs, Def{OID: oid, Name: name, SkipNulls: true, Aggregate: func(c *Call, _ []pgtype.Datum) (State, error) {
			codec := c.Types[0].Codec
			return &keepState{typ: c.Types[0], replace: func(kept, next pgtype.Datum) bool {
				d := codec.Compare(next, kept) * sign
				return d > 0 || d == 0 && !keepEqual
			}}, nil
		}})
	}
	for _, oid := range []pgtype.OID{
		2050, 2115, 2116, 2117, 2118, 2119, 2120, 2122, 2123, 2124, 2125, 2126, 2127, 2128, 2129, 2130, 2244, 2797, 3526, 3564, 4189, 5099,
	} {
		add(oid, "max", 1, oid == 2244)
	}
	for _, oid := range []pgtype.OID{
		2051, 2131, 2132, 2133, 2134, 2135, 2136, 2138, 2139, 2140, 2141, 2142, 2143, 2144, 2145, 2146, 2245, 2798, 3527, 3565, 4190, 5100,
	} {
		add(oid, "min", -1, oid == 2245)
	}
	return defs
}

// bitState is bit_and, bit_or and bit_xor of integers.
type bitState struct {
	any   bool
	value int64
	op    func(x, y int64) int64
}

func bitAggregates() []Def {
	ops := map[string]func(x, y int64) int64{
		"bit_and": func(x, y int64) int64 { return x & y },
		"bit_or":  func(x, y int64) int64 { return x | y },
		"bit_xor": func(x, y int64) int64 { return x ^ y },
	}
	oids := map[string][]pgtype.OID{"bit_and": {2236, 2238, 2240}, "bit_or": {2237, 2239, 2241}, "bit_xor": {6164, 6165, 6166}}
	var defs []Def
	for name, op := range ops {
		for _, oid := range oids[name] {
			defs = append(defs, Def{OID: oid, Name: name, SkipNulls: true, Aggregate: func(*Call, []pgtype.Datum) (State, error) { return &bitState{op: op}, nil }})
		}
	}
	for oid, op := range map[pgtype.OID]Scalar{
		2242: bitwise("AND", func(x, y byte) byte { return x & y }),
		2243: bitwise("OR", func(x, y byte) byte { return x | y }),
		6167: bitwise("XOR", func(x, y byte) byte { return x ^ y }),
	} {
		defs = append(defs, Def{OID: oid, Name: "of bit", SkipNulls: true, Aggregate: func(c *Call, _ []pgtype.Datum) (State, error) { return &bitsState{c: c, op: op}, nil }})
	}
	return defs
}

// bitsState is bit_and, bit_or and bit_xor of bit strings, which must be of one length.
type bitsState struct {
	c     *Call
	value pgtype.Datum
	op    Scalar
}

func (s *bitsState) Add(a []pgtype.Datum) (err error) {
	if s.value.IsNull() {
		s.value = a[0].Clone(pgtype.BitType)
		return nil
	}
	s.value, err = s.op(s.c, []pgtype.Datum{s.value, a[0]})
	return err
}

func (s *bitsState) Merge(other State) error {
	if o := other.(*bitsState); !o.value.IsNull() {
		return s.Add([]pgtype.Datum{o.value})
	}
	return nil
}

func (s *bitsState) Result() (pgtype.Datum, error) { return s.value, nil }

func (s *bitState) Add(a []pgtype.Datum) error {
	if !s.any {
		s.any, s.value = true, a[0].Int()
		return nil
	}
	s.value = s.op(s.value, a[0].Int())
	return nil
}

func (s *bitState) Merge(other State) error {
	if o := other.(*bitState); o.any {
		return s.Add([]pgtype.Datum{pgtype.Int(o.value)})
	}
	return nil
}

func (s *bitState) Result() (pgtype.Datum, error) {
	if !s.any {
		return pgtype.Null, nil
	}
	return pgtype.Int(s.value), nil
}
