package column

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kalampg/kalampg/internal/pgtype"
)

// TestPackedGivesBackWhatItWasGiven packs random columns of every width, with and without NULLs, and lays windows of them out again.
func TestPackedGivesBackWhatItWasGiven(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		kind := Kind(round % 4)
		n := 1 + r.IntN(5000)
		span := []int64{1, 200, 60000, 1 << 31, 1 << 62}[r.IntN(5)]
		different := []int{1, 3, 300, 3000, 1 << 20}[r.IntN(5)]
		nulls := r.IntN(2) == 0
		var want []pgtype.Datum
		var k Packer
		for at := 0; at < n; {
			m := min(n-at, 1+r.IntN(1000))
			var v Vector
			v.Reset(kind, m)
			for i := range m {
				d := pgtype.Null
				if !nulls || r.IntN(5) > 0 {
					switch kind {
					case Word:
						d = pgtype.Int(r.Int64N(span) - span/2)
					case Float:
						d = pgtype.Float(r.NormFloat64())
					case Decimal:
						d = pgtype.Pair(uint64(r.Int64N(span)), 2)
					case Bytes:
						d = pgtype.Text(fmt.Sprint(r.IntN(different)))
					}
				}
				v.Set(i, m, i, d)
				want = append(want, d)
			}
			v.Done()
			if kind == Decimal && at > 0 && v.Scale != 2 { // all NULL
				v.Scale = 2
			}
			if kind == Decimal {
				v.Scale = 2
			}
			if !k.Add(&v, nil, m) {
				t.Fatalf("round %d: refused", round)
			}
			at += m
		}
		p := k.Pack()
		var v Vector
		for from := 0; from < n; from += 64 * (1 + r.IntN(20)) {
			m := min(n-from, Rows)
			var sel []int32
			if r.IntN(2) == 0 {
				for i := range m {
					if r.IntN(3) == 0 {
						sel = append(sel, int32(i))
					}
				}
				if sel == nil {
					continue
				}
			}
			p.Lay(from, m, sel, &v)
			check := sel
			if sel == nil {
				for i := range m {
					check = append(check, int32(i))
				}
			}
			for _, i := range check {
				got, w := v.Datum(int(i)), want[from+int(i)]
				if got.IsNull() != w.IsNull() || !got.IsNull() && (kind == Bytes && got.Text() != w.Text() || kind != Bytes && got != w) {
					t.Fatalf("round %d, kind %d, row %d: %v, want %v", round, kind, from+int(i), got, w)
				}
			}
		}
	}
}
