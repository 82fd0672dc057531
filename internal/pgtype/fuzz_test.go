package pgtype

import (
	"bytes"
	"testing"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// fuzzTypes are the types with a parser of their own.
var fuzzTypes = []*Type{BoolType, Int4Type, Float8Type, NumericType, ByteaType, UuidType, TidType, PgLsnType, MoneyType, BitType, VarbitType, InetType, CidrType,
	MacaddrType, Macaddr8Type, DateType, TimeType, TimetzType, TimestampType, TimestamptzType, IntervalType, JsonType, JsonbType, TextType, NameType, BpcharType,
	Int4ArrayType, TextArrayType, OidvectorType, refRow, refColor, QCharType, XidType, Xid8Type}

// checkParsed holds what every parsed value must do: print, be read back the same, survive all forms. Errors carry a code other than the internal one.
func checkParsed(t *testing.T, typ *Type, d Datum, err error) {
	if err != nil {
		if e, ok := pgerr.As(err); !ok || e.Code == pgerr.InternalError {
			t.Fatalf("%s: uncoded error %v", typ.Name, err)
		}
		return
	}
	ctx := Default()
	text := typ.Codec.AppendText(ctx, nil, d)
	e, err := typ.Codec.ParseText(ctx, string(text), -1)
	if err != nil {
		if len(text) < 1000 { // longer dates and times are refused
			t.Fatalf("%s: printed %q, which is refused: %v", typ.Name, text, err)
		}
		return
	}
	if again := typ.Codec.AppendText(ctx, nil, e); !bytes.Equal(text, again) {
		t.Fatalf("%s: printed %q, read back %q", typ.Name, text, again)
	}
	checkRoundTrips(t, ctx, typ, -1, d)
}

func FuzzParseText(f *testing.F) {
	for _, c := range []string{"1", "2003-04-05 06:07:08+02", "1 year 2 mons -3 days 04:05:06", "{1,2}", "[0:1]={a,b}", `(1,"a b",2)`, `{"a": [1, null]}`, "P1Y2M", "10.0.0.1/8", "\\x00"} {
		f.Add(uint8(0), c)
	}
	f.Fuzz(func(t *testing.T, n uint8, s string) {
		if CheckUTF8([]byte(s)) != nil {
			return
		}
		typ := fuzzTypes[int(n)%len(fuzzTypes)]
		d, err := typ.Codec.ParseText(Default(), s, -1)
		checkParsed(t, typ, d, err)
	})
}

func FuzzParseBinary(f *testing.F) {
	r := []byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 7}
	for i := range fuzzTypes {
		f.Add(uint8(i), r[:i%len(r)])
	}
	f.Add(uint8(26), r)
	f.Fuzz(func(t *testing.T, n uint8, b []byte) {
		typ := fuzzTypes[int(n)%len(fuzzTypes)]
		d, err := typ.Codec.ParseBinary(Default(), b, -1)
		checkParsed(t, typ, d, err)
	})
}

// FuzzDecode gives stored and key bytes to their decoders, which may refuse them and must not panic.
func FuzzDecode(f *testing.F) {
	f.Fuzz(func(t *testing.T, n uint8, b []byte) {
		typ := fuzzTypes[int(n)%len(fuzzTypes)]
		typ.Codec.DecodeStored(b)
		typ.Codec.DecodeKey(b)
	})
}
