package pgtype

import (
	"context"
	"math"
	"math/rand"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestFloatDigits prints random floats, many of them where decimal and binary fractions tie, and compares with what PostgreSQL prints of the same bits.
// There are too many to record, so it needs one to ask.
func TestFloatDigits(t *testing.T) {
	if !*record {
		t.Skip("needs a PostgreSQL: run with -record and KALAMPG_REFERENCE_DSN")
	}
	ctx := context.Background()
	conn, err := pgconn.Connect(ctx, os.Getenv("KALAMPG_REFERENCE_DSN"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	r := randomSource(t)
	for _, typ := range []*Type{Float8ArrayType, Float4ArrayType} {
		var elems []Datum
		for len(elems) < 20000 {
			if v := randomFloat(r, typ.Elem.Len == 4); !math.IsInf(v, 0) && !math.IsNaN(v) {
				elems = append(elems, Float(v))
			}
		}
		d := NewArrayValue(typ.Elem, elems)
		b := typ.Codec.AppendBinary(nil, nil, d)
		res := conn.ExecParams(ctx, "select $1::text", [][]byte{b}, []uint32{uint32(typ.OID)}, []int16{1}, nil).Read()
		if res.Err != nil {
			t.Fatal(res.Err)
		}
		got := strings.Split(string(typ.Codec.AppendText(nil, nil, d)), ",")
		for i, want := range strings.Split(string(res.Rows[0][0]), ",") {
			if got[i] != want {
				t.Fatalf("%s: got %s, want %s", typ.Elem.Name, got[i], want)
			}
		}
	}
}

func randomFloat(r *rand.Rand, single bool) float64 {
	var v float64
	switch r.Intn(5) {
	case 0:
		v = math.Float64frombits(r.Uint64())
	case 1:
		v = float64(r.Int63())
	case 2:
		v = math.Ldexp(float64(r.Intn(5000)+1), -r.Intn(40))
	case 3:
		v = float64(math.Float32frombits(r.Uint32()))
	default:
		v = float64(r.Intn(1000000)) / math.Pow(10, float64(r.Intn(20))) * math.Pow(10, float64(r.Intn(25)))
	}
	if single {
		v = float64(float32(v))
	}
	return v
}
