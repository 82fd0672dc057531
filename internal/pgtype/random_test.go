package pgtype

import (
	"flag"
	"math"
	"math/big"
	"math/rand"
	"net/netip"
	"testing"
	"time"

	"github.com/kalampg/kalampg/internal/pgtype/datetime"
	"github.com/kalampg/kalampg/internal/pgtype/jsonb"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

var seedFlag = flag.Int64("seed", 0, "seed of the random tests, 0 for the clock")

func randomSource(t *testing.T) *rand.Rand {
	seed := *seedFlag
	if seed == 0 {
		seed = time.Now().UnixNano()
	}
	t.Logf("seed %d", seed)
	return rand.New(rand.NewSource(seed))
}

// randomInt favours small numbers and the ends of the ranges.
func randomInt(r *rand.Rand, bits int) int64 {
	switch r.Intn(4) {
	case 0:
		return int64(r.Intn(5)) - 2
	case 1:
		return (int64(math.MaxInt64) - int64(r.Intn(3))) >> (64 - bits)
	case 2:
		return (int64(math.MinInt64) >> (64 - bits)) + int64(r.Intn(3))
	}
	return int64(r.Uint64()) >> (64 - 1 - r.Intn(bits))
}

func randomString(r *rand.Rand) string {
	b := make([]rune, r.Intn(6))
	for i := range b {
		b[i] = []rune("ab\x01 \\\"',{}ä€😀\t")[r.Intn(14)]
	}
	return string(b)
}

func randomNumeric(r *rand.Rand) numeric.Num {
	switch r.Intn(12) {
	case 0:
		return []numeric.Num{numeric.NaN, numeric.PosInf, numeric.NegInf, {}}[r.Intn(4)]
	case 1:
		c := new(big.Int).Rand(r, new(big.Int).Lsh(big.NewInt(1), uint(64+r.Intn(200))))
		if r.Intn(2) == 0 {
			c.Neg(c)
		}
		return numeric.FromBigInt(c, int32(r.Intn(60)))
	}
	return numeric.New(randomInt(r, 64), int32(r.Intn(20)))
}

// randomDatum makes a value of a type; false when it does not know how.
func randomDatum(r *rand.Rand, t *Type) (Datum, bool) {
	switch t.OID {
	case OIDBool:
		return Bool(r.Intn(2) == 0), true
	case OIDInt2:
		return Int(randomInt(r, 16)), true
	case OIDInt4:
		return Int(randomInt(r, 32)), true
	case OIDInt8, OIDMoney:
		return Int(randomInt(r, 64)), true
	case OIDOid, OIDXid, OIDCid:
		return Int(int64(uint32(randomInt(r, 32)))), true
	case OIDXid8, OIDPgLsn:
		return Int(randomInt(r, 64)), true
	case OIDTid:
		return TID(uint32(randomInt(r, 32)), uint16(r.Intn(70000))), true
	case OIDQChar:
		return Int(int64(r.Intn(256))), true
	case OIDFloat4:
		return Float(float64(math.Float32frombits(r.Uint32()))), true
	case OIDFloat8:
		if r.Intn(2) == 0 {
			return Float(float64(randomInt(r, 64)) / 10), true
		}
		return Float(math.Float64frombits(r.Uint64())), true
	case OIDNumeric:
		return NumericValue(randomNumeric(r)), true
	case OIDText, OIDVarchar, OIDBpchar, OIDName:
		return Text(randomString(r)), true
	case OIDBytea:
		b := make([]byte, r.Intn(5))
		r.Read(b)
		for i := range b {
			b[i] &= byte(-r.Intn(2)) // many zeros
		}
		return Bytes(b), true
	case OIDDate:
		return DateValue(int32(randomInt(r, 22))), true
	case OIDTime:
		return Int(r.Int63n(datetime.Day + 1)), true
	case OIDTimetz:
		return TimeTZValue(datetime.TimeTZ{Micros: r.Int63n(datetime.Day + 1), West: int32(r.Intn(31)-15) * 3600}), true
	case OIDTimestamp, OIDTimestamptz:
		return Int(randomInt(r, 58)), true
	case OIDInterval:
		return IntervalValue(datetime.Interval{Months: int32(randomInt(r, 10)), Days: int32(randomInt(r, 10)), Micros: randomInt(r, 48)}), true
	case OIDUuid:
		return Pair(r.Uint64()>>(r.Intn(64)), r.Uint64()>>(r.Intn(64))), true
	case OIDMacaddr:
		return Int(int64(r.Uint64() >> 16)), true
	case OIDMacaddr8:
		return Int(int64(r.Uint64())), true
	case OIDBit, OIDVarbit:
		n := r.Intn(20)
		return BitString([]byte{byte(r.Intn(4)), byte(r.Intn(256)), 0x80}, n), true
	case OIDInet:
		if r.Intn(2) == 0 {
			return InetValue(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(r.Intn(2)), 0, byte(r.Intn(4))}), r.Intn(33)), false), true
		}
		return InetValue(netip.PrefixFrom(netip.AddrFrom16([16]byte{1: byte(r.Intn(2)), 15: byte(r.Intn(3))}), r.Intn(129)), false), true
	case OIDJsonb:
		return JSONB(randomJSON(r, 3)), true
	}
	if t.Kind == KindEnum {
		return OIDValue(t.Labels[r.Intn(len(t.Labels))].OID), true
	}
	if t.IsArray() && t.Proc.Storage != 'p' {
		return randomArray(r, t.Elem)
	}
	return Null, false
}

func randomJSON(r *rand.Rand, depth int) *jsonb.Value {
	kind := jsonb.Kind(r.Intn(6))
	if depth == 0 {
		kind = jsonb.Kind(r.Intn(4))
	}
	v := &jsonb.Value{Kind: kind}
	switch kind {
	case jsonb.String:
		v.Str = randomString(r)
	case jsonb.Number:
		*v = jsonb.NumberValue(numeric.New(randomInt(r, 20), int32(r.Intn(3))))
	case jsonb.Bool:
		v.Bool = r.Intn(2) == 0
	case jsonb.Array, jsonb.Object:
		var keys []string
		for i := r.Intn(4); i > 0; i-- {
			keys = append(keys, randomString(r))
			v.Items = append(v.Items, *randomJSON(r, depth-1))
		}
		if kind == jsonb.Object {
			*v = jsonb.NewObject(keys, v.Items)
		}
	}
	return v
}

func randomArray(r *rand.Rand, elem *Type) (Datum, bool) {
	a := &Array{Elem: elem}
	n := 1
	for i := r.Intn(3); i > 0; i-- {
		d := Dim{int32(1 + r.Intn(3)), int32(r.Intn(3))}
		a.Dims = append(a.Dims, d)
		n *= int(d.Len)
	}
	if a.Dims == nil {
		return ArrayValue(a), true
	}
	for ; n > 0; n-- {
		d, ok := Null, true
		if r.Intn(5) > 0 {
			d, ok = randomDatum(r, elem)
		}
		if !ok {
			return Null, false
		}
		a.Elems = append(a.Elems, d)
	}
	return ArrayValue(a), true
}

// TestRandomRoundTrips takes random values of every type through all forms and holds their keys against their order.
func TestRandomRoundTrips(t *testing.T) {
	r := randomSource(t)
	ctx := Default()
	types := append([]*Type{refColor, refColor.array}, All()...)
	covered := 0
	for _, typ := range types {
		var list []Datum
		for i := 0; i < 60; i++ {
			d, ok := randomDatum(r, typ)
			if !ok {
				break
			}
			list = append(list, d)
			text := string(typ.Codec.AppendText(ctx, nil, d))
			e, err := typ.Codec.ParseText(ctx, text, -1)
			if err != nil || string(typ.Codec.AppendText(ctx, nil, e)) != text {
				t.Fatalf("%s: text %q: %v", typ.Name, text, err)
			}
			checkRoundTrips(t, ctx, typ, -1, d)
		}
		if list != nil {
			covered++
			if typ.Codec.Comparable() {
				checkOrder(t, typ, list)
			}
		}
	}
	if covered < 60 {
		t.Errorf("only %d types", covered)
	}
}

// TestNoAllocations verifies that values in words are printed without allocation.
func TestNoAllocations(t *testing.T) {
	r := randomSource(t)
	ctx := Default()
	buf := make([]byte, 0, 256)
	for _, typ := range []*Type{BoolType, Int2Type, Int4Type, Int8Type, Float8Type, OidType, DateType, TimeType, TimestampType, TimestamptzType, TimetzType, IntervalType, UuidType, TextType} {
		d, _ := randomDatum(r, typ)
		if typ == Float8Type {
			d = Float(12345.678)
		}
		for name, f := range map[string]func(){
			"text":   func() { typ.Codec.AppendText(ctx, buf, d) },
			"binary": func() { typ.Codec.AppendBinary(ctx, buf, d) },
			"key":    func() { typ.Codec.AppendKey(buf, d) },
			"stored": func() { typ.Codec.AppendStored(buf, d) },
		} {
			if n := testing.AllocsPerRun(20, f); n != 0 {
				t.Errorf("%s %s: %v allocations", typ.Name, name, n)
			}
		}
	}
	n := NumericValue(numeric.New(-123456789, 4))
	if a := testing.AllocsPerRun(20, func() { numericCodec{}.AppendText(ctx, buf, n); numericCodec{}.AppendBinary(ctx, buf, n) }); a != 0 {
		t.Errorf("numeric: %v allocations", a)
	}
}
