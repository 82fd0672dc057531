package analyze

import (
	"flag"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

var seed = flag.Uint64("seed", 7, "of the random samples")

// column analyses a sample of an int4 column that stands for a larger table.
func column(values []pgtype.Datum, total int64) desc.ColumnStatistics {
	s := &userdata.Sample{Total: total}
	for _, v := range values {
		s.Rows = append(s.Rows, []pgtype.Datum{v})
	}
	r := Request{Type: func(desc.OID) *pgtype.Type { return pgtype.Int4Type }, Text: pgtype.Default(), Target: 100}
	return r.column(s, &desc.Column{Num: 1, Type: pgtype.OIDInt4, StatTarget: -1})
}

// TestDistinct estimates the number of different values of tables of a million rows from a sample of 30,000.
func TestDistinct(t *testing.T) {
	random := rand.New(rand.NewPCG(*seed, 1))
	const total = 1_000_000
	for _, c := range []struct {
		name    string
		value   func() int64
		truth   float64
		atMost  float64 // factor
		commons bool
	}{
		{"few", func() int64 { return random.Int64N(50) }, 50, 1.01, true},
		{"thousands", func() int64 { return random.Int64N(5000) }, 5000, 1.1, false},
		{"key", func() int64 { return random.Int64N(1 << 40) }, total, 1.05, false},
		{"half", func() int64 { return random.Int64N(total / 2) }, 430_000, 2, false},
		{"skewed", func() int64 { return int64(math.Exp(random.Float64()*10) - 1) }, 22_000, 4, true},
	} {
		values := make([]pgtype.Datum, 30_000)
		for i := range values {
			values[i] = pgtype.Int(c.value())
		}
		s := column(values, total)
		d := different(&s, &desc.Statistics{Rows: total})
		if f := max(d/c.truth, c.truth/d); f > c.atMost {
			t.Errorf("%s (-seed=%d): %.0f different values, about %.0f are there", c.name, *seed, d, c.truth)
		}
		if c.commons && len(s.Common) == 0 || c.truth == total && len(s.Common) > 0 {
			t.Errorf("%s: %d common values", c.name, len(s.Common))
		}
	}
}

func TestOnlyNulls(t *testing.T) {
	s := column(make([]pgtype.Datum, 10), 10)
	if s.NullFrac != 1 || s.Distinct != 0 || s.Width != 4 || s.Correlated {
		t.Errorf("%+v", s)
	}
}

// TestStored reads statistics back.
func TestStored(t *testing.T) {
	values := []pgtype.Datum{pgtype.Int(5), pgtype.Int(-5), pgtype.Int(5), pgtype.Null, pgtype.Int(9), pgtype.Int(10)}
	in := &desc.Statistics{Relation: 20000, Rows: 6, Bytes: 100, Scopes: 1, Analyzed: time.UnixMicro(1).UTC(), Columns: []desc.ColumnStatistics{column(values, 6)}}
	out, err := desc.DecodeStatistics(in.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if !Alike(in, out) || out.Rows != 6 || !out.Analyzed.Equal(in.Analyzed) || !out.Auto.IsZero() {
		t.Errorf("%+v", out)
	}
	common, bounds := out.Column(1, pgtype.OIDInt4).Values(pgtype.Int4Type)
	if len(common) != 1 || common[0].Int() != 5 || len(bounds) != 3 || bounds[0].Int() != -5 || bounds[2].Int() != 10 {
		t.Errorf("common %v, bounds %v", common, bounds)
	}
	if out.Column(1, pgtype.OIDInt8) != nil {
		t.Error("statistics of a column whose type has changed")
	}
}

func TestAlike(t *testing.T) {
	one := &desc.Statistics{Rows: 1000}
	for rows, alike := range map[float64]bool{1100: true, 600: true, 2500: false, 100: false} {
		if Alike(one, &desc.Statistics{Rows: rows}) != alike {
			t.Errorf("1000 and %.0f rows: not %v", rows, alike)
		}
	}
	if Alike(nil, one) {
		t.Error("the first statistics change nothing")
	}
}
