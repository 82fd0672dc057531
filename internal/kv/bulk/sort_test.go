package bulk

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand"
	"slices"
	"testing"
)

var seed = flag.Int64("seed", 1, "seed of the random tests")

// TestChunkSort compares a sorted chunk with a stable sort of its pairs: keys of several lengths that share a beginning, some of them equal.
func TestChunkSort(t *testing.T) {
	t.Logf("seed %d", *seed)
	r := rand.New(rand.NewSource(*seed))
	for range 300 {
		type pair struct{ key, value []byte }
		begin := bytes.Repeat([]byte{byte(r.Intn(256))}, r.Intn(12))
		letters := 1 + r.Intn(255)
		longest := 1 + r.Intn(12)
		var pairs []pair
		c := newChunk(1 << 20)
		for i := range 2 + r.Intn(500) {
			key := bytes.Clone(begin)
			for range r.Intn(longest + 1) {
				key = append(key, byte(r.Intn(letters)))
			}
			p := pair{key, fmt.Append(nil, i)}
			pairs = append(pairs, p)
			c.add(p.key, p.value)
		}
		c.ordered = false
		c.sort()
		slices.SortStableFunc(pairs, func(a, b pair) int { return bytes.Compare(a.key, b.key) })
		var at uint32
		for i, p := range pairs {
			if c.offsets[i] != at {
				t.Fatalf("pair %d lies at %d, not behind the one before at %d", i, c.offsets[i], at)
			}
			var key, value []byte
			if key, value, at = pairAt(c.slab, at); !bytes.Equal(key, p.key) || !bytes.Equal(value, p.value) {
				t.Fatalf("pair %d is %x %s, want %x %s", i, key, value, p.key, p.value)
			}
		}
	}
}
