package txn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/writebuf"
)

var bg = context.Background()

// faulty is an engine that holds nothing but what the last Apply was, and fails on demand.
type faulty struct {
	fail    atomic.Pointer[error]
	delay   time.Duration
	groups  []int
	syncs   atomic.Int32
	open    atomic.Int32 // snapshots and iterators
	closed  bool
	mu      sync.Mutex
	applied []string
}

type pin struct{ e *faulty }

func (p pin) Release() { p.e.open.Add(-1) }

func (e *faulty) Snapshot() Snapshot { e.open.Add(1); return pin{e} }

func (e *faulty) Get(_ Snapshot, keys [][]byte, into *kv.Batch) error {
	for _, k := range keys {
		into.AppendMissing(k)
	}
	return nil
}

type nothing struct{ e *faulty }

func (nothing) Next(into *kv.Batch) (int, error) { into.Reset(); return 0, nil }
func (n nothing) Close()                         { n.e.open.Add(-1) }

func (e *faulty) Iter(Snapshot, kv.Span, kv.ScanOptions) (Iter, error) {
	e.open.Add(1)
	return nothing{e}, nil
}

func (e *faulty) Prepare(b *writebuf.Buffer) Writes {
	var keys []string
	b.All(func(k, _ []byte, _ bool, _ kv.Version) bool { keys = append(keys, string(bytes.Clone(k))); return true })
	return keys
}

func (e *faulty) Apply(group []*Commit, _ bool) error {
	time.Sleep(e.delay)
	if err := e.fail.Load(); err != nil {
		return *err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.groups = append(e.groups, len(group))
	for _, c := range group {
		e.applied = append(e.applied, c.Writes.([]string)...)
	}
	return nil
}

func (e *faulty) Sync() error {
	e.syncs.Add(1)
	if err := e.fail.Load(); err != nil {
		return *err
	}
	return nil
}

func (e *faulty) Close() error { e.closed = true; return nil }

func put(s *Store, key string, o kv.TxnOptions) (kv.Version, error) {
	x, err := s.Begin(bg, o)
	if err != nil {
		return 0, err
	}
	x.Put([]byte(key), nil)
	return x.Commit(bg)
}

func TestFailedWriteEndsCommits(t *testing.T) {
	e := &faulty{}
	s := New(e, Options{Last: 7})
	if v, err := put(s, "a", kv.TxnOptions{}); v != 8 || err != nil {
		t.Fatal(v, err)
	}
	full := fmt.Errorf("%w: test", kv.ErrDiskFull)
	e.fail.Store(&full)
	if _, err := put(s, "b", kv.TxnOptions{}); !errors.Is(err, kv.ErrDiskFull) || errors.Is(err, kv.ErrBroken) {
		t.Fatal(err)
	}
	e.fail.Store(nil)
	if v, err := put(s, "c", kv.TxnOptions{}); v != 9 || err != nil {
		t.Fatal("after a full disk:", v, err)
	}
	if err := s.Refusal(); err != nil {
		t.Error("commits are accepted again, but the store says", err)
	}
	io := errors.New("fsync failed")
	e.fail.Store(&io)
	hook := false
	x, _ := s.Begin(bg, kv.TxnOptions{})
	x.Put([]byte("d"), nil)
	x.OnCommit(func(kv.Version) { hook = true })
	if _, err := x.Commit(bg); !errors.Is(err, kv.ErrBroken) || !errors.Is(err, io) || hook {
		t.Fatal(err, hook)
	}
	e.fail.Store(nil)
	if _, err := put(s, "e", kv.TxnOptions{}); !errors.Is(err, kv.ErrBroken) {
		t.Fatal("commits go on after a failed write:", err)
	}
	if err := s.Refusal(); !errors.Is(err, kv.ErrBroken) || !errors.Is(err, io) {
		t.Error("the store says of itself:", err)
	}
	if v := s.Visible(); v != 9 {
		t.Error("visible", v)
	}
	y, err := s.Begin(bg, kv.TxnOptions{})
	if err != nil {
		t.Fatal("reads do not go on:", err)
	}
	var b kv.Batch
	if err := y.Get(bg, [][]byte{[]byte("a")}, &b, kv.GetOptions{}); err != nil {
		t.Error(err)
	}
	if _, err := y.Commit(bg); err != nil {
		t.Error("a commit without writes:", err)
	}
	if err := s.Close(); err != nil || !e.closed || e.open.Load() != 0 {
		t.Error("close:", err, e.open.Load())
	}
}

func TestLaterSync(t *testing.T) {
	e := &faulty{}
	s := New(e, Options{SyncDelay: 5 * time.Millisecond})
	for range 3 {
		if _, err := put(s, "a", kv.TxnOptions{NoSync: true}); err != nil {
			t.Fatal(err)
		}
	}
	for e.syncs.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	bad := errors.New("fsync failed")
	e.fail.Store(nil)
	if _, err := put(s, "b", kv.TxnOptions{NoSync: true}); err != nil {
		t.Fatal(err)
	}
	e.fail.Store(&bad)
	stop := time.Now().Add(5 * time.Second)
	for time.Now().Before(stop) {
		time.Sleep(2 * time.Millisecond)
		s.committer.mu.Lock()
		broken := s.committer.broken
		s.committer.mu.Unlock()
		if broken != nil {
			break
		}
	}
	e.fail.Store(nil)
	if _, err := put(s, "c", kv.TxnOptions{}); !errors.Is(err, kv.ErrBroken) {
		t.Error("a failed sync in the background went unnoticed:", err)
	}
	s.Close()
	e2 := &faulty{}
	s = New(e2, Options{})
	put(s, "a", kv.TxnOptions{NoSync: true})
	if s.Close(); e2.syncs.Load() != 1 {
		t.Error("Close does not sync what was committed without")
	}
}

// Commits that queue while one is written go together, and an independent failure of one does not touch the others.
func TestGroups(t *testing.T) {
	e := &faulty{delay: 5 * time.Millisecond}
	s := New(e, Options{})
	defer s.Close()
	var wg sync.WaitGroup
	var conflicts atomic.Int32
	var txns []kv.Txn
	for i := range 40 {
		x, _ := s.Begin(bg, kv.TxnOptions{})
		x.Put(fmt.Appendf(nil, "key%d", i), nil)
		txns = append(txns, x)
	}
	for _, x := range txns {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if _, err := x.Commit(bg); errors.Is(err, kv.ErrConflict) {
				conflicts.Add(1)
			} else if err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if len(e.groups) > 10 || len(e.applied) != 40 || conflicts.Load() != 0 {
		t.Errorf("groups %v, %d applied, %d conflicts", e.groups, len(e.applied), conflicts.Load())
	}
	t.Log("groups:", e.groups)
}

// Everything that was opened is given back, however transactions end.
func TestNothingLeaks(t *testing.T) {
	e := &faulty{}
	s := New(e, Options{})
	for i := range 50 {
		x, _ := s.Begin(bg, kv.TxnOptions{})
		x.Put([]byte{byte(i)}, nil)
		x.NewStatement(bg)
		c, _ := x.Scan(bg, kv.Span{Start: []byte("a"), End: []byte("b")}, kv.ScanOptions{})
		x.Scan(bg, kv.Span{Start: []byte("a"), End: []byte("b")}, kv.ScanOptions{})
		switch i % 3 {
		case 0:
			x.Commit(bg)
			c.Close()
		case 1:
			c.Close()
			x.Rollback()
		case 2:
			x.Rollback()
		}
	}
	if n := e.open.Load(); n != 1 {
		t.Errorf("%d snapshots and iterators are open, want the current snapshot only", n)
	}
	s.Close()
}

// A transaction that would keep too much in memory is refused, and nothing is the worse for it.
func TestTooLarge(t *testing.T) {
	s := New(&faulty{}, Options{TxnBytes: 1 << 20})
	defer s.Close()
	x, _ := s.Begin(bg, kv.TxnOptions{})
	var err error
	n := 0
	for ; err == nil && n < 100_000; n++ {
		err = x.Put(fmt.Appendf(nil, "\x02%d", n), make([]byte, 50))
	}
	if !errors.Is(err, kv.ErrTooLarge) || n < 1000 {
		t.Fatal(n, err)
	}
	x.Rollback()
	y, _ := s.Begin(bg, kv.TxnOptions{})
	for n = 0; err == nil || n == 0; n++ {
		if n == 100_000 {
			t.Fatal("locks are not counted")
		}
		err = y.Lock(bg, [][]byte{fmt.Appendf(nil, "\x02%d", n)}, kv.LockOptions{Mode: kv.ForUpdate})
	}
	if !errors.Is(err, kv.ErrTooLarge) {
		t.Fatal(err)
	}
	y.Rollback()
	if _, err := put(s, "a", kv.TxnOptions{}); err != nil {
		t.Error(err)
	}
}
