package kvtest

import (
	"fmt"
	"math/rand"
	"testing"

	"github.com/kalampg/kalampg/internal/kv"
)

// Many snapshots of different ages look the same keys up again and again, in any order, while keys are written, removed and removed by ranges: whatever an engine
// remembers of one reader must not answer another one wrongly.
func testOldSnapshots(t *testing.T, e *env) {
	rnd := rand.New(rand.NewSource(7))
	const keys = 40
	name := func(i int) string { return fmt.Sprintf("%02d", i) }
	type reader struct {
		*txn
		want map[string]string
	}
	now := map[string]string{}
	var readers []reader
	look := func(r reader, n int) {
		for range n {
			k := name(rnd.Intn(keys))
			got, _, found := r.get(k, kv.GetOptions{})
			if want, ok := r.want[k]; found != ok || got != want {
				t.Fatalf("snapshot %d: %s is %q, %v; want %q, %v", r.Snapshot(), k, got, found, want, ok)
			}
		}
	}
	for step := range 300 {
		x := e.beginWith(kv.TxnOptions{NoSync: true})
		switch rnd.Intn(12) {
		case 0:
			from := rnd.Intn(keys)
			to := from + rnd.Intn(8)
			if err := x.DeleteRange(rows(name(from), name(to))); err != nil {
				t.Fatal(err)
			}
			for i := from; i < to; i++ {
				delete(now, name(i))
			}
		case 1, 2:
			k := name(rnd.Intn(keys))
			x.write("-" + k)
			delete(now, k)
		default:
			for range 1 + rnd.Intn(3) {
				k, v := name(rnd.Intn(keys)), fmt.Sprintf("%d.%0*d", step, rnd.Intn(100), 0)
				x.write(k + "=" + v)
				now[k] = v
			}
		}
		x.commit()
		r := reader{e.begin(), map[string]string{}}
		for k, v := range now {
			r.want[k] = v
		}
		look(r, 10)
		if readers = append(readers, r); len(readers) > 20 {
			i := rnd.Intn(len(readers))
			readers[i].Rollback()
			readers = append(readers[:i], readers[i+1:]...)
		}
		for range 5 {
			look(readers[rnd.Intn(len(readers))], 4)
		}
	}
}
