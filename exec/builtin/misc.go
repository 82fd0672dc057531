package builtin

import (
	"crypto/rand"
	"slices"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// miscFamily is the comparisons of the types that have little else: xid, cid, tid, uuid, enums and rows.
var miscFamily = slices.Concat(
	comparisons("uuid", underNames, byCodec(pgtype.UuidType)), []Def{comparer("uuid_cmp", byCodec(pgtype.UuidType)), {Name: "gen_random_uuid", Scalar: randomUUID}},
	comparisons("tid", plainNames, byCodec(pgtype.TidType)), extremes("tidlarger", "tidsmaller", byCodec(pgtype.TidType)), []Def{comparer("bttidcmp", byCodec(pgtype.TidType))},
	[]Def{
		{Name: "xideq", Scalar: sameWord(true)}, {Name: "xidneq", Scalar: sameWord(false)}, {Name: "cideq", Scalar: sameWord(true)},
		{Name: "enum_first", Scalar: enumEnd(true)},
		{Name: "enum_last", Scalar: enumEnd(false)},
		{Name: "enum_range_all", Scalar: enumRange},
		{Name: "enum_range_bounds", Scalar: enumRange},
	},
	polymorphic("enum", "enum_cmp", "enum_larger", "enum_smaller"),
	polymorphic("record", "btrecordcmp", "", ""),
	polymorphic("record_image", "btrecordimagecmp", "", ""),
)

func byCodec(t *pgtype.Type) compareFunc {
	return func(a, b pgtype.Datum) int { return t.Codec.Compare(a, b) }
}

func sameWord(equal bool) Scalar {
	return func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return pgtype.Bool((uint32(a[0].Int()) == uint32(a[1].Int())) == equal), nil
	}
}

// polymorphic makes comparisons that find the order at the call, from the first argument's type.
func polymorphic(prefix, cmp, larger, smaller string) []Def {
	order := func(c *Call, a []pgtype.Datum) (int, error) {
		if c.Types[0].Rep == pgtype.RepRecord {
			return compareRecords(a[0].Record(), a[1].Record())
		}
		return c.Types[0].Codec.Compare(a[0], a[1]), nil
	}
	holds := []func(int) bool{
		func(d int) bool { return d == 0 }, func(d int) bool { return d != 0 }, func(d int) bool { return d < 0 },
		func(d int) bool { return d <= 0 }, func(d int) bool { return d > 0 }, func(d int) bool { return d >= 0 },
	}
	var defs []Def
	for i, s := range []string{"_eq", "_ne", "_lt", "_le", "_gt", "_ge"} {
		h := holds[i]
		defs = append(defs, Def{Name: prefix + s, Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			d, err := order(c, a)
			return pgtype.Bool(h(d)), err
		}})
	}
	defs = append(defs, Def{Name: cmp, Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		d, err := order(c, a)
		return pgtype.Int(int64(d)), err
	}})
	for name, sign := range map[string]int{larger: 1, smaller: -1} {
		if name != "" {
			defs = append(defs, Def{Name: name, Scalar: func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
				if d, err := order(c, a); err != nil || d*sign > 0 {
					return a[0], err
				}
				return a[1], nil
			}})
		}
	}
	return defs
}

// compareRecords orders rows column by column, NULLs last and equal to each other.
func compareRecords(x, y *pgtype.Record) (int, error) {
	for i := 0; i < len(x.Fields) && i < len(y.Fields); i++ {
		if x.Types[i].OID != y.Types[i].OID {
			return 0, pgerr.Newf(pgerr.DatatypeMismatch, "cannot compare dissimilar column types %s and %s at record column %d", x.Types[i], y.Types[i], i+1)
		}
		p, q := x.Fields[i], y.Fields[i]
		switch {
		case p.IsNull() && q.IsNull():
		case p.IsNull():
			return 1, nil
		case q.IsNull():
			return -1, nil
		default:
			if !x.Types[i].Codec.Comparable() {
				return 0, errNotComparable("a comparison function", x.Types[i])
			}
			if d := x.Types[i].Codec.Compare(p, q); d != 0 {
				return d, nil
			}
		}
	}
	if len(x.Fields) != len(y.Fields) {
		return 0, pgerr.New(pgerr.DatatypeMismatch, "cannot compare record types with different numbers of columns")
	}
	return 0, nil
}

// randomUUID makes a version 4 UUID.
func randomUUID(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand does not fail
	b[6] = b[6]&0x0F | 0x40
	b[8] = b[8]&0x3F | 0x80
	return pgtype.UuidType.Codec.ParseBinary(c.Text, b[:], -1)
}

func enumType(c *Call) (*pgtype.Type, error) {
	if len(c.Types) == 0 || c.Types[0] == nil || len(c.Types[0].Labels) == 0 {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "could not determine actual enum type")
	}
	return c.Types[0], nil
}

func enumEnd(first bool) Scalar {
	return func(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
		t, err := enumType(c)
		if err != nil {
			return pgtype.Null, err
		}
		if first {
			return pgtype.OIDValue(t.Labels[0].OID), nil
		}
		return pgtype.OIDValue(t.Labels[len(t.Labels)-1].OID), nil
	}
}

// enumRange lists the values between two, NULL being the end.
func enumRange(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	t, err := enumType(c)
	if err != nil {
		return pgtype.Null, err
	}
	var out []pgtype.Datum
	for _, l := range t.Labels {
		d := pgtype.OIDValue(l.OID)
		if len(a) == 2 && (!a[0].IsNull() && t.Codec.Compare(d, a[0]) < 0 || !a[1].IsNull() && t.Codec.Compare(d, a[1]) > 0) {
			continue
		}
		out = append(out, d)
	}
	return pgtype.NewArrayValue(t, out), nil
}
