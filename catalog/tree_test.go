package catalog

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestTree compares the tree with a map, and old versions with what they were.
func TestTree(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	tr := tree[int, int]{cmp: cmp.Compare[int]}
	model := make(map[int]int)
	type version struct {
		tree  tree[int, int]
		model map[int]int
	}
	var versions []version
	for range 5000 {
		k := r.IntN(300)
		if r.IntN(3) == 0 {
			tr.delete(k)
			delete(model, k)
		} else {
			tr.set(k, r.IntN(1000))
			model[k] = tr.at(k)
		}
		if r.IntN(100) == 0 {
			versions = append(versions, version{tr, maps.Clone(model)})
		}
	}
	for _, v := range append(versions, version{tr, model}) {
		keys := slices.Sorted(maps.Keys(v.model))
		var got []int
		for k, x := range v.tree.all() {
			if v.model[k] != x {
				t.Fatalf("%d is %d, not %d", k, x, v.model[k])
			}
			got = append(got, k)
		}
		if !slices.Equal(got, keys) {
			t.Fatalf("keys %v, want %v", got, keys)
		}
		start := r.IntN(300)
		at, _ := slices.BinarySearch(keys, start)
		got = nil
		for k := range v.tree.from(start) {
			got = append(got, k)
		}
		if !slices.Equal(got, keys[at:]) {
			t.Fatalf("from %d: %v", start, got)
		}
		if v.tree.has(-1) || len(keys) > 0 && !v.tree.has(keys[0]) {
			t.Fatal("has")
		}
	}
}
