package rocks

import (
	"encoding/binary"
	"math/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/bulk"
	"github.com/kalampg/kalampg/internal/kv/commitlog"
)

func load(t testing.TB, x kv.Txn, n int) {
	t.Helper()
	in, err := x.(kv.Ingester).Ingest(kv.PrefixSpan(row("l")))
	if err != nil {
		t.Fatal(err)
	}
	value := make([]byte, 200)
	for i := range n {
		if err := in.Add(row("l%07d", i), value); err != nil {
			t.Fatal(err)
		}
	}
	if err := in.Finish(); err != nil {
		t.Fatal(err)
	}
}

func count(t testing.TB, s kv.Store) (n int, newest kv.Version) {
	t.Helper()
	x, err := s.Begin(bg, kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Rollback()
	c, err := x.Scan(bg, kv.PrefixSpan(row("l")), kv.ScanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var b kv.Batch
	for {
		k, err := c.Next(bg, &b)
		if err != nil {
			t.Fatal(err)
		}
		if k == 0 {
			return n, newest
		}
		for i := range k {
			newest = max(newest, b.Version(i))
		}
		n += k
	}
}

func staged(t *testing.T, dir string) int {
	list, err := filepath.Glob(filepath.Join(dir, ingestDir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// A run is there after a crash at any moment when its commit is in the log, and gone otherwise.
func TestCrashWithRuns(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, row("a"), nil)
	const n = 20_000
	check := func(when, image string, want int, v kv.Version) {
		t.Helper()
		for range 2 {
			r := open(t, image)
			if got, newest := count(t, r); got != want || newest != v && want > 0 {
				t.Errorf("%s: %d pairs of version %d, want %d of %d", when, got, newest, want, v)
			}
			if staged(t, image) != 0 {
				t.Errorf("%s: files stay behind", when)
			}
			r.Close()
		}
	}
	x, _ := s.Begin(bg, kv.TxnOptions{NoSync: true})
	load(t, x, n)
	if staged(t, dir) == 0 {
		t.Fatal("no run")
	}
	check("before the commit", image(t, s, dir), 0, 0)
	x.Rollback()
	if staged(t, dir) != 0 {
		t.Error("a rollback leaves files")
	}

	// Logged, and no more.
	w, err := s.e.NewRun(kv.SpaceRows)
	if err != nil {
		t.Fatal(err)
	}
	sorter := bulk.NewSorter(1, func() (bulk.Writer, error) { return w, nil })
	for i := range n {
		sorter.Add(row("l%07d", i), make([]byte, 200))
	}
	runs, err := sorter.Finish(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := s.Visible() + 1
	batch := s.e.Prepare(nil).(*writes)
	batch.run(runs[0].(*run))
	batch.stamp(v)
	setCount(batch.rep, batch.count)
	if err := s.e.log.Append([]commitlog.Record{{Version: v, Time: time.Now(), Batch: batch.rep}}, true); err != nil {
		t.Fatal(err)
	}
	check("logged", image(t, s, dir), n, v)
	if err := s.e.take([]*run{runs[0].(*run)}); err != nil {
		t.Fatal(err)
	}
	check("taken, but its version not written", image(t, s, dir), n, v)
	s.Close()

	dir = t.TempDir()
	s = open(t, dir)
	x, _ = s.Begin(bg, kv.TxnOptions{})
	load(t, x, n)
	if v, err = x.Commit(bg); err != nil {
		t.Fatal(err)
	}
	check("committed", image(t, s, dir), n, v)
	d, _ := s.Begin(bg, kv.TxnOptions{})
	d.DeleteRange(kv.PrefixSpan(row("l")))
	if _, err := d.Commit(bg); err != nil {
		t.Fatal(err)
	}
	check("deleted again", image(t, s, dir), 0, 0)
	x, _ = s.Begin(bg, kv.TxnOptions{})
	load(t, x, n/2)
	if v, err = x.Commit(bg); err != nil {
		t.Fatal(err)
	}
	check("loaded where something was deleted", image(t, s, dir), n/2, v)
	copied := filepath.Join(t.TempDir(), "copy")
	if err := s.Checkpoint(bg, copied); err != nil {
		t.Fatal(err)
	}
	check("checkpoint", copied, n/2, v)
}

// A group whose runs cannot be taken is refused, and stays refused.
func TestRunRefused(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	x, _ := s.Begin(bg, kv.TxnOptions{})
	load(t, x, 20_000)
	files, _ := filepath.Glob(filepath.Join(dir, ingestDir, "*"))
	for _, f := range files {
		os.Remove(f)
	}
	if _, err := x.Commit(bg); err == nil {
		t.Fatal("no error")
	}
	r := open(t, image(t, s, dir))
	if n, _ := count(t, r); n != 0 {
		t.Error("the refused load is there")
	}
}

// BenchmarkIngest loads 100,000 rows in a transaction, to be held beside BenchmarkLoad.
func BenchmarkIngest(b *testing.B) {
	const rows = 100_000
	for _, order := range []string{"ascending", "random"} {
		b.Run(order, func(b *testing.B) {
			s, err := Open(b.TempDir(), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			rnd := rand.New(rand.NewSource(1))
			key, value, n := []byte(nil), make([]byte, 100), 0
			for range b.N {
				x, _ := s.Begin(bg, kv.TxnOptions{})
				in, err := x.(kv.Ingester).Ingest(kv.PrefixSpan(binary.BigEndian.AppendUint32([]byte{kv.SpaceRows}, 1)))
				if err != nil {
					b.Fatal(err)
				}
				for range rows {
					if n++; order == "random" {
						key = benchKey(key, rnd.Int())
					} else {
						key = benchKey(key, n)
					}
					if err := in.Add(key, value); err != nil {
						b.Fatal(err)
					}
				}
				if err := in.Finish(); err != nil {
					b.Fatal(err)
				}
				if _, err := x.Commit(bg); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
