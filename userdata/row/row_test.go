package row

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kalampg/kalampg/internal/pgtype"
)

var testTypes = []pgtype.OID{pgtype.OIDInt4, pgtype.OIDText, pgtype.OIDBool, pgtype.OIDInt8, pgtype.OIDFloat4, pgtype.OIDUuid, pgtype.OIDInt2, pgtype.OIDFloat8,
	pgtype.OIDDate, pgtype.OIDOid, pgtype.OIDInterval, pgtype.OIDBytea}

func types() []*pgtype.Type {
	out := make([]*pgtype.Type, len(testTypes))
	for i, oid := range testTypes {
		out[i] = pgtype.ByOID(oid)
	}
	return out
}

func randomValue(r *rand.Rand, t *pgtype.Type) pgtype.Datum {
	if r.IntN(4) == 0 {
		return pgtype.Null
	}
	switch t.Rep {
	case pgtype.RepFloat:
		return pgtype.Float(float64(float32(r.NormFloat64())))
	case pgtype.RepPair:
		return pgtype.Pair(r.Uint64(), r.Uint64())
	case pgtype.RepBytes:
		b := make([]byte, r.IntN(300))
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		return pgtype.Bytes(b)
	}
	switch t.OID {
	case pgtype.OIDBool:
		return pgtype.Bool(r.IntN(2) == 0)
	case pgtype.OIDInt2:
		return pgtype.Int(int64(int16(r.Uint32())))
	case pgtype.OIDInt8:
		return pgtype.Int(int64(r.Uint64()))
	case pgtype.OIDOid:
		return pgtype.Int(int64(r.Uint32()))
	}
	return pgtype.Int(int64(int32(r.Uint32())))
}

func same(a, b pgtype.Datum, t *pgtype.Type) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() == b.IsNull()
	}
	switch t.Rep {
	case pgtype.RepBytes:
		return a.Text() == b.Text()
	case pgtype.RepPair:
		al, ah := a.Pair()
		bl, bh := b.Pair()
		return al == bl && ah == bh
	}
	return a.Int() == b.Int()
}

// TestRoundTrip writes random rows and reads random choices of their columns.
func TestRoundTrip(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	all := types()
	for range 2000 {
		values := make([]pgtype.Datum, len(all))
		for i := range values {
			values[i] = randomValue(r, all[i])
		}
		b := NewEncoder(all).Append(nil, 0, int64(r.Uint64()), values)
		var nums []int16
		for range r.IntN(len(all)) {
			nums = append(nums, int16(1+r.IntN(len(all))))
		}
		nums = unique(nums)
		out := make([]pgtype.Datum, len(nums))
		if err := NewDecoder(all, nil, nums).Decode(b, out); err != nil {
			t.Fatal(err)
		}
		for i, n := range nums {
			if !same(out[i], values[n-1], all[n-1]) {
				t.Fatalf("column %d of type %s came back as another value", n, all[n-1].Name)
			}
		}
	}
}

func unique(nums []int16) []int16 {
	seen := map[int16]bool{}
	var out []int16
	for _, n := range nums {
		if !seen[n] {
			out = append(out, n)
			seen[n] = true
		}
	}
	return out
}

// TestAddedColumn reads a row that was written before a column was added: it has the column's missing value.
func TestAddedColumn(t *testing.T) {
	all := types()[:3]
	b := NewEncoder(all[:1]).Append(nil, 0, 0, []pgtype.Datum{pgtype.Int(1)})
	out := make([]pgtype.Datum, 3)
	if err := NewDecoder(all, []pgtype.Datum{pgtype.Null, pgtype.Text("new"), pgtype.Null}, []int16{1, 2, 3}).Decode(b, out); err != nil {
		t.Fatal(err)
	}
	if out[0].Int() != 1 || out[1].Text() != "new" || !out[2].IsNull() {
		t.Fatalf("%v", out)
	}
}

// TestDamaged cuts and changes rows: decoding must give an error or a row, and never panic.
func TestDamaged(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	all := types()
	values := make([]pgtype.Datum, len(all))
	for i := range values {
		values[i] = randomValue(r, all[i])
	}
	b := NewEncoder(all).Append(nil, 0, 0, values)
	nums := []int16{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	d := NewDecoder(all, nil, nums)
	out := make([]pgtype.Datum, len(nums))
	for i := range b {
		_ = d.Decode(b[:i], out)
		changed := append([]byte(nil), b...)
		changed[i] ^= 0x55
		_ = d.Decode(changed, out)
	}
	if err := d.Decode(b[:len(b)/2], out); err == nil {
		t.Fatal("half a row decoded")
	}
}
