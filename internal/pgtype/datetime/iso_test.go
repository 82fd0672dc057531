package datetime

import (
	"flag"
	"fmt"
	"math/rand"
	"testing"
)

var isoSeed = flag.Int64("iso-seed", 1, "seed of TestISOTimestampTZ")

// TestISOTimestampTZ compares the short cut for ISO timestamps with the general reader.
func TestISOTimestampTZ(t *testing.T) {
	t.Logf("seed %d", *isoSeed)
	r := rand.New(rand.NewSource(*isoSeed))
	loc, _, _ := LoadZone("America/New_York")
	o := &Options{Location: loc, Order: 'M', Style: 'I', Interval: 'p'}
	short := 0
	for range 200_000 {
		s := fmt.Sprintf("%04d-%02d-%02d %02d:%02d:%02d", r.Intn(10000), r.Intn(14), r.Intn(33), r.Intn(26), r.Intn(62), r.Intn(62))
		if r.Intn(2) == 0 {
			s += fmt.Sprintf(".%0*d", 1+r.Intn(6), r.Intn(10))
		}
		switch r.Intn(4) {
		case 0:
			s += fmt.Sprintf("%c%02d", "+-"[r.Intn(2)], r.Intn(18))
		case 1:
			s += fmt.Sprintf("%c%02d:%02d", "+-"[r.Intn(2)], r.Intn(18), r.Intn(62))
		case 2:
			s += fmt.Sprintf("%c%02d%02d", "+-"[r.Intn(2)], r.Intn(18), r.Intn(62))
		}
		if r.Intn(8) == 0 {
			b := []byte(s)
			b[r.Intn(len(b))] = "+-: .0x"[r.Intn(7)]
			s = string(b)
		}
		precision := int32(r.Intn(8) - 1)
		got, ok := ISOTimestampTZ(s, loc, precision)
		if !ok {
			continue
		}
		short++
		if want, err := parseTimestampTZ(o, s, precision); err != nil || got != want {
			t.Fatalf("%q: %d, want %d, %v", s, got, want, err)
		}
	}
	if short < 20_000 {
		t.Errorf("only %d took the short cut", short)
	}
}
