package kvtest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"testing"

	"github.com/kalampg/kalampg/internal/kv"
)

// loaded are keys and values of which every one is where it should be: n pairs in steps of two, so that between them is room.
func loadedKey(i int) []byte { return row(fmt.Sprintf("bulk%08d", 2*i)) }

func loadedValue(i int) []byte { return bytes.Repeat([]byte{byte(i), byte(i >> 8), byte(i >> 16)}, 15) }

func (t *txn) ingest(span kv.Span) kv.Ingest {
	t.t.Helper()
	g, ok := t.Txn.(kv.Ingester)
	if !ok {
		t.t.Skip("transactions of this store take no bulk (kv.Ingester)")
	}
	in, err := g.Ingest(span)
	if errors.Is(err, kv.ErrUnsuitable) {
		t.t.Skip("the engine takes no bulk")
	}
	if err != nil {
		t.t.Fatal("ingest:", err)
	}
	return in
}

var bulkSpan = kv.PrefixSpan(row("bulk"))

// load ingests pairs 0 to n in the order that perm gives.
func (t *txn) load(n int, perm func(i int) int) {
	t.t.Helper()
	in := t.ingest(bulkSpan)
	for i := range n {
		if err := in.Add(loadedKey(perm(i)), loadedValue(perm(i))); err != nil {
			t.t.Fatal(err)
		}
	}
	if err := in.Finish(); err != nil {
		t.t.Fatal(err)
	}
}

// count scans the span in both directions and compares everything.
func (t *txn) loaded(n int) {
	t.t.Helper()
	for _, reverse := range []bool{false, true} {
		c := t.cursor(bulkSpan, kv.ScanOptions{Reverse: reverse})
		var b kv.Batch
		seen := 0
		for {
			k, err := c.Next(bg, &b)
			if err != nil {
				t.t.Fatal(err)
			}
			if k == 0 {
				break
			}
			for i := range k {
				at := seen
				if reverse {
					at = n - 1 - seen
				}
				if at < 0 || at >= n || !bytes.Equal(b.Key(i), loadedKey(at)) || !bytes.Equal(b.Value(i), loadedValue(at)) {
					t.t.Fatalf("reverse %v, %d: got %q", reverse, seen, b.Key(i))
				}
				seen++
			}
		}
		c.Close()
		if seen != n {
			t.t.Fatalf("reverse %v: %d pairs, want %d", reverse, seen, n)
		}
	}
}

func testIngest(t *testing.T, e *env) {
	const n = 60_000
	shuffled := rand.New(rand.NewSource(3)).Perm(n)
	for name, perm := range map[string]func(int) int{
		"in order":    func(i int) int { return i },
		"reverse":     func(i int) int { return n - 1 - i },
		"random":      func(i int) int { return shuffled[i] },
		"order lost":  func(i int) int { return i ^ (i >> 15 & 1) }, // in order up to the middle
		"two streams": func(i int) int { return i/2 + i%2*n/2 },
	} {
		t.Run(name, func(t *testing.T) {
			e := &env{t: t, open: e.open, dir: t.TempDir()}
			e.Store = e.open(t, e.dir)
			t.Cleanup(func() { e.Store.Close() })
			e.commit("a=1")
			old := e.begin()
			x := e.begin()
			x.load(n, perm)
			x.loaded(n)
			if got, v, found := x.get(string(loadedKey(777)[1:]), kv.GetOptions{}); !found || got != string(loadedValue(777)) || v != kv.Pending {
				t.Errorf("own read: %v, version %d", found, v)
			}
			x.see("a=1", "-bulk00000001")
			e.begin().loaded(0)
			v := x.commit()
			old.loaded(0)
			y := e.begin()
			y.loaded(n)
			if got, w, found := y.get(string(loadedKey(777)[1:]), kv.GetOptions{}); !found || got != string(loadedValue(777)) || w != v {
				t.Errorf("read: %v, version %d, want %d", found, w, v)
			}
			e.commit(string(loadedKey(5)[1:])+"=new", "-"+string(loadedKey(6)[1:]))
			y.loaded(n)
			z := e.begin()
			z.see(string(loadedKey(5)[1:])+"=new", "-"+string(loadedKey(6)[1:]), string(loadedKey(7)[1:])+"="+string(loadedValue(7)))
			e.reopen()
			z = e.begin()
			z.see(string(loadedKey(5)[1:])+"=new", "-"+string(loadedKey(6)[1:]), string(loadedKey(7)[1:])+"="+string(loadedValue(7)))
			if _, w, _ := z.get(string(loadedKey(777)[1:]), kv.GetOptions{}); w != v {
				t.Errorf("version after reopening: %d, want %d", w, v)
			}
		})
	}
}

// Writes of the transaction lie above what it loaded, savepoints and rollbacks take the load away.
func testIngestInTransaction(t *testing.T, e *env) {
	const n = 40_000
	inOrder := func(i int) int { return i }
	x := e.begin()
	m := x.Savepoint()
	x.load(n, inOrder)
	if err := x.RollbackTo(m); err != nil {
		t.Fatal(err)
	}
	x.loaded(0)
	x.load(n, inOrder)
	m = x.Savepoint()
	x.write(string(loadedKey(3)[1:])+"=own", "-"+string(loadedKey(4)[1:]))
	x.see(string(loadedKey(3)[1:])+"=own", "-"+string(loadedKey(4)[1:]))
	if err := x.RollbackTo(m); err != nil {
		t.Fatal(err)
	}
	x.loaded(n)
	if _, err := x.Txn.(kv.Ingester).Ingest(kv.Span{Start: row("bulk"), End: row("bulk1")}); err != nil {
		t.Error("a second load:", err)
	}
	x.write("bulk1=x")
	_, err := x.Txn.(kv.Ingester).Ingest(bulkSpan)
	wantErr(t, "a load below own writes", err, kv.ErrUnsuitable)
	x.write("-bulk1", "-"+string(loadedKey(9)[1:]))
	x.commit()
	e.begin().see("-"+string(loadedKey(9)[1:]), string(loadedKey(10)[1:])+"="+string(loadedValue(10)))

	e.reopen()
	before := e.begin()
	if err := before.DeleteRange(bulkSpan); err != nil {
		t.Fatal(err)
	}
	before.commit()
	y := e.begin()
	y.load(n, inOrder)
	if !y.Written() {
		t.Error("a load is no write")
	}
	y.Rollback()
	e.begin().loaded(0)
	z := e.begin()
	z.load(n, inOrder)
	if err := z.DeleteRange(kv.Span{Start: loadedKey(0), End: loadedKey(n)}); err != nil {
		t.Fatal(err)
	}
	z.loaded(0)
	z.commit()
	e.begin().loaded(0)
	e.reopen()
	e.begin().loaded(0)
}

// A load is a write for who watches its part of the store.
func testIngestWatched(t *testing.T, e *env) {
	w, ok := e.Store.(kv.Watcher)
	if !ok {
		t.Skip("the store watches nothing (kv.Watcher)")
	}
	e.commit("zzzz=1")
	watched := w.Watch([]kv.Span{bulkSpan})
	defer w.Unwatch(bulkSpan.Start)
	x := e.begin()
	x.load(40_000, func(i int) int { return i })
	v := x.commit()
	if got := watched[0].Changed(); got != v {
		t.Errorf("changed at %d, want %d", got, v)
	}
}

// A prepared transaction keeps what it loaded.
func testIngestPrepared(t *testing.T, e *env) {
	s := e.prepares()
	const n = 30_000
	x := e.begin()
	x.load(n, func(i int) int { return i })
	x.write(string(loadedKey(3)[1:])+"=own", "other=1")
	e.must(s.Prepare(bg, x.Txn, "load", nil))
	e.reopen()
	s = e.prepares()
	_, err := s.RecoverPrepared(bg)
	e.must(err)
	e.begin().loaded(0)
	e.must(s.FinishPrepared(bg, "load", true))
	y := e.begin()
	y.see("other=1", string(loadedKey(3)[1:])+"=own")
	y.write(string(loadedKey(3)[1:]) + "=" + string(loadedValue(3)))
	y.loaded(n)
}

// What comes twice is found, however far apart, and small loads and cancelled ones leave nothing behind.
func testIngestDuplicates(t *testing.T, e *env) {
	for _, n := range []int{10, 50_000} {
		for _, again := range []int{0, n / 2, n - 1} {
			x := e.begin()
			in := x.ingest(bulkSpan)
			for i := range n {
				if err := in.Add(loadedKey(i), loadedValue(i)); err != nil {
					t.Fatal(err)
				}
			}
			if err := in.Add(loadedKey(again), []byte("again")); err != nil {
				t.Fatal(err)
			}
			var twice *kv.DuplicateError
			if err := in.Finish(); !errors.As(err, &twice) || !bytes.Equal(twice.Key, loadedKey(again)) {
				t.Fatalf("%d of %d: %v", again, n, err)
			}
			x.loaded(0)
			x.Rollback()
		}
		x := e.begin()
		in := x.ingest(bulkSpan)
		for i := range n {
			in.Add(loadedKey(i), loadedValue(i))
		}
		in.Cancel()
		in.Cancel()
		x.loaded(0)
		x.Rollback()
	}
}
