package lock

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
)

var bg = context.Background()

func newOwner(m *Manager, tag uint64) *Owner {
	o := &Owner{}
	o.Init(m, nil, tag)
	return o
}

// waitQueued returns when n requests wait in m.
func waitQueued(t *testing.T, m *Manager, n int) {
	t.Helper()
	for range 5000 {
		waiting := 0
		for _, l := range m.List() {
			if !l.Granted {
				waiting++
			}
		}
		if waiting == n {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("never saw %d waiters: %+v", n, m.List())
}

// The tables as chapter 13.3 prints them, X where two modes conflict.
const (
	rowTable = `
		...X
		..XX
		.XXX
		XXXX`
	relationTable = `
		.......X
		......XX
		....XXXX
		...XXXXX
		..XX.XXX
		..XXXXXX
		.XXXXXXX
		XXXXXXXX`
)

func TestConflictTables(t *testing.T) {
	check := func(first kv.LockMode, table string) {
		for i, line := range strings.Fields(table) {
			for j, c := range line {
				a, b := first+kv.LockMode(i), first+kv.LockMode(j)
				if got := Conflict(a, b); got != (c == 'X') {
					t.Errorf("Conflict(%d, %d) = %v", a, b, got)
				}
			}
		}
	}
	check(kv.AccessShare, relationTable)
	check(kv.ForKeyShare, rowTable)
	for a := range conflicts {
		for b := range conflicts {
			if conflicts[a].has(kv.LockMode(b)) != conflicts[b].has(kv.LockMode(a)) {
				t.Errorf("modes %d and %d: not symmetric", a, b)
			}
		}
	}
}

func TestReentryAndUpgrade(t *testing.T) {
	m := New()
	a, b := newOwner(m, 1), newOwner(m, 2)
	k := []byte("k")
	for _, mode := range []kv.LockMode{kv.ForKeyShare, kv.ForUpdate, kv.ForShare, kv.ForUpdate} {
		if err := a.Acquire(bg, k, kv.LockOptions{Mode: mode, NoWait: true}); err != nil {
			t.Fatal(mode, err)
		}
	}
	if a.held != 1 || !a.Holds(k) {
		t.Fatal("one key should be held")
	}
	if err := b.Acquire(bg, k, kv.LockOptions{Mode: kv.ForKeyShare, NoWait: true}); !errors.Is(err, kv.ErrLocked) {
		t.Fatal(err)
	}
	if err := b.Acquire(bg, k, kv.LockOptions{Mode: kv.ForKeyShare, Timeout: time.Millisecond}); !errors.Is(err, kv.ErrLockTimeout) {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(bg)
	time.AfterFunc(time.Millisecond, cancel)
	if err := b.Acquire(ctx, k, kv.LockOptions{Mode: kv.ForKeyShare}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	a.ReleaseAll()
	if !b.TryAcquire(k, kv.ForUpdate) {
		t.Fatal("should be free")
	}
	b.ReleaseAll()
	if len(m.List()) != 0 {
		t.Fatal("not empty", m.List())
	}
}

func TestQueueIsFair(t *testing.T) {
	m := New()
	k := []byte("k")
	reader := newOwner(m, 1)
	reader.TryAcquire(k, kv.ForShare)
	var mu sync.Mutex
	var order []string
	var wg sync.WaitGroup
	for i, mode := range []kv.LockMode{kv.ForUpdate, kv.ForShare, kv.ForShare, kv.ForUpdate} {
		wg.Add(1)
		go func() {
			defer wg.Done()
			o := newOwner(m, uint64(10+i))
			if err := o.Acquire(bg, k, kv.LockOptions{Mode: mode}); err != nil {
				t.Error(err)
			}
			mu.Lock()
			order = append(order, fmt.Sprint(mode))
			mu.Unlock()
			o.ReleaseAll()
		}()
		waitQueued(t, m, i+1)
	}
	late := newOwner(m, 99)
	if late.TryAcquire(k, kv.ForShare) {
		t.Error("a shared lock overtook a waiting exclusive one")
	}
	reader.ReleaseAll()
	wg.Wait()
	if got := strings.Join(order, ","); got != "3,1,1,3" {
		t.Error("order", got)
	}
}

func TestUpgradeGoesAheadOfWaiters(t *testing.T) {
	m := New()
	k := []byte("table")
	a, b := newOwner(m, 1), newOwner(m, 2)
	a.TryAcquire(k, kv.AccessShare)
	done := make(chan error)
	go func() { done <- b.Acquire(bg, k, kv.LockOptions{Mode: kv.AccessExclusive}) }()
	waitQueued(t, m, 1)
	if !a.TryAcquire(k, kv.RowExclusive) {
		t.Fatal("the holder must not queue behind who waits for it")
	}
	a.ReleaseAll()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestDeadlock(t *testing.T) {
	for n := 2; n <= 5; n++ {
		m := New()
		owners := make([]*Owner, n)
		key := func(i int) []byte { return []byte{byte(i % n)} }
		for i := range owners {
			owners[i] = newOwner(m, uint64(i))
			owners[i].TryAcquire(key(i), kv.ForUpdate)
		}
		var wg sync.WaitGroup
		for i := 1; i < n; i++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				if err := owners[i].Acquire(bg, key(i+1), kv.LockOptions{Mode: kv.ForShare}); err != nil {
					t.Error(i, err)
				}
				owners[i].ReleaseAll()
			}()
			waitQueued(t, m, i)
		}
		err := owners[0].Acquire(bg, key(1), kv.LockOptions{Mode: kv.ForShare})
		var d *kv.DeadlockError
		if !errors.Is(err, kv.ErrDeadlock) || !errors.As(err, &d) || len(d.Cycle) != n || d.Cycle[0].Waiter != 0 {
			t.Errorf("n=%d: %v", n, err)
		}
		owners[0].ReleaseAll()
		wg.Wait()
	}
}

func TestUpgradeDeadlock(t *testing.T) {
	m := New()
	k := []byte("k")
	a, b := newOwner(m, 1), newOwner(m, 2)
	a.TryAcquire(k, kv.ForShare)
	b.TryAcquire(k, kv.ForShare)
	done := make(chan error)
	go func() { done <- a.Acquire(bg, k, kv.LockOptions{Mode: kv.ForUpdate}) }()
	waitQueued(t, m, 1)
	if err := b.Acquire(bg, k, kv.LockOptions{Mode: kv.ForUpdate}); !errors.Is(err, kv.ErrDeadlock) {
		t.Fatal(err)
	}
	b.ReleaseAll()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// A deadlock by queue order alone: the last request is compatible with every holder.
func TestQueueDeadlockJumps(t *testing.T) {
	m := New()
	a, b, d := newOwner(m, 1), newOwner(m, 2), newOwner(m, 3)
	x, tab := []byte("x"), []byte("tab")
	a.TryAcquire(x, kv.ForUpdate)
	d.TryAcquire(tab, kv.AccessShare)
	errs := make(chan error, 2)
	go func() { errs <- b.Acquire(bg, tab, kv.LockOptions{Mode: kv.AccessExclusive}); b.ReleaseAll() }()
	waitQueued(t, m, 1)
	go func() { errs <- d.Acquire(bg, x, kv.LockOptions{Mode: kv.ForUpdate}); d.ReleaseAll() }()
	waitQueued(t, m, 2)
	if err := a.Acquire(bg, tab, kv.LockOptions{Mode: kv.AccessShare}); err != nil {
		t.Fatal(err)
	}
	a.ReleaseAll()
	for range 2 {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
}

func TestSession(t *testing.T) {
	m := New()
	k := []byte("advisory")
	s := m.NewSession(7)
	x := kv.LockOptions{Mode: kv.Exclusive, NoWait: true}
	for range 2 {
		if err := s.Lock(bg, k, x); err != nil {
			t.Fatal(err)
		}
	}
	var own Owner
	own.Init(m, s.Owner(), 7)
	if !own.TryAcquire(k, kv.Exclusive) {
		t.Fatal("a session's transaction must not wait for the session")
	}
	other := m.NewSession(8)
	if err := other.Lock(bg, k, x); !errors.Is(err, kv.ErrLocked) {
		t.Fatal(err)
	}
	own.ReleaseAll()
	if !s.Unlock(k, kv.Exclusive) || s.Unlock(k, kv.Share) {
		t.Fatal("unlock")
	}
	if err := other.Lock(bg, k, x); !errors.Is(err, kv.ErrLocked) {
		t.Fatal("locked twice, unlocked once:", err)
	}
	if list := m.List(); len(list) != 1 || list[0].Owner != 7 || !list[0].Session || !list[0].Granted {
		t.Fatal(list)
	}
	if !s.Unlock(k, kv.Exclusive) || s.Unlock(k, kv.Exclusive) {
		t.Fatal("unlock twice")
	}
	if err := other.Lock(bg, k, x); err != nil {
		t.Fatal(err)
	}
	other.UnlockAll()
}

// Many owners with random locks: no two conflicting holds at once, nobody hangs, and nothing is left. Rows go through the table, and relations
// past it until somebody asks for a strong mode.
func TestRandomOwners(t *testing.T) {
	t.Run("rows", func(t *testing.T) { randomOwners(t, kv.ForShare, kv.ForUpdate) })
	t.Run("relations", func(t *testing.T) { randomOwners(t, kv.RowExclusive, kv.ShareRowExclusive) })
}

func randomOwners(t *testing.T, sharing, excluding kv.LockMode) {
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	m := New()
	const keys = 8
	var exclusive, shared [keys]atomic.Int32
	var deadlocks, timeouts atomic.Int32
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			rnd := rand.New(rand.NewSource(seed + int64(g)))
			o := newOwner(m, uint64(g))
			for range 400 {
				var mine [keys]int // 0 nothing, 1 shared, 2 exclusive
				for range 1 + rnd.Intn(4) {
					k := rnd.Intn(keys)
					want := 1 + rnd.Intn(2)
					opt := kv.LockOptions{Mode: sharing}
					if want == 2 {
						opt.Mode = excluding
					}
					if rnd.Intn(4) == 0 {
						opt.Timeout = time.Duration(1 + rnd.Intn(200_000))
					}
					err := o.Acquire(bg, []byte{byte(k)}, opt)
					if errors.Is(err, kv.ErrDeadlock) {
						deadlocks.Add(1)
						break
					}
					if errors.Is(err, kv.ErrLockTimeout) {
						timeouts.Add(1)
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					if want == 2 && mine[k] < 2 {
						if exclusive[k].Add(1) != 1 {
							t.Errorf("two exclusive holders of %d", k)
						}
						others := shared[k].Load()
						if mine[k] == 1 {
							others--
						}
						if others != 0 {
							t.Errorf("exclusive beside %d shared holders of %d", others, k)
						}
						if mine[k] == 1 {
							shared[k].Add(-1)
						}
						mine[k] = 2
					} else if mine[k] == 0 {
						shared[k].Add(1)
						if exclusive[k].Load() != 0 {
							t.Errorf("shared beside exclusive on %d", k)
						}
						mine[k] = 1
					}
				}
				for k, what := range mine {
					switch what {
					case 1:
						shared[k].Add(-1)
					case 2:
						exclusive[k].Add(-1)
					}
				}
				o.ReleaseAll()
			}
		}()
	}
	wg.Wait()
	t.Logf("%d deadlocks, %d timeouts", deadlocks.Load(), timeouts.Load())
	if list := m.List(); len(list) != 0 {
		t.Error("left over", list)
	}
	for i := range m.strong {
		if n := m.strong[i].Load(); n != 0 {
			t.Errorf("partition %d: %d strong modes are left", i, n)
		}
	}
}

// A strong lock meets the weak ones that were taken past the table, from before it and from after.
func TestFastPath(t *testing.T) {
	m := New()
	table := []byte("table")
	a, b, c := newOwner(m, 1), newOwner(m, 2), newOwner(m, 3)
	if !a.TryAcquire(table, kv.AccessShare) || !a.TryAcquire(table, kv.RowExclusive) || !b.TryAcquire(table, kv.RowExclusive) {
		t.Fatal("weak locks conflict")
	}
	if a.held+b.held != 0 {
		t.Fatal("weak locks are in the table")
	}
	if list := m.List(); len(list) != 3 {
		t.Errorf("listed are %v", list)
	}
	if c.TryAcquire(table, kv.Share) {
		t.Fatal("Share beside RowExclusive")
	}
	if !c.TryAcquire(table, kv.AccessShare) || c.held != 0 {
		t.Error("a weak lock has to queue although nobody asks for a strong one any more")
	}
	done := make(chan error)
	go func() { done <- c.Acquire(bg, table, kv.LockOptions{Mode: kv.AccessExclusive}) }()
	waitQueued(t, m, 1)
	d := newOwner(m, 4)
	if d.TryAcquire(table, kv.AccessShare) {
		t.Error("a weak lock goes ahead of a strong one that waits")
	}
	a.ReleaseAll()
	b.ReleaseAll()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if list := m.List(); len(list) != 2 {
		t.Errorf("listed are %v", list)
	}
	c.ReleaseAll()
	if !d.TryAcquire(table, kv.AccessShare) || d.held != 0 {
		t.Error("the fast way does not open again")
	}
	d.ReleaseAll()

	// Deadlocks are found through locks that were taken past the table.
	other := []byte("other")
	if !a.TryAcquire(table, kv.RowExclusive) || !b.TryAcquire(other, kv.RowExclusive) {
		t.Fatal("not free")
	}
	go func() { done <- a.Acquire(bg, other, kv.LockOptions{Mode: kv.AccessExclusive}) }()
	waitQueued(t, m, 1)
	if err := b.Acquire(bg, table, kv.LockOptions{Mode: kv.AccessExclusive}); !errors.Is(err, kv.ErrDeadlock) {
		t.Errorf("not a deadlock: %v", err)
	}
	b.ReleaseAll()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	a.ReleaseAll()
	if list := m.List(); len(list) != 0 {
		t.Error("left over", list)
	}
	for i := 0; i <= fastSlots; i++ { // one more than fits
		if !a.TryAcquire([]byte{byte(i)}, kv.AccessShare) {
			t.Error(i)
		}
	}
	if a.held != 1 || len(m.List()) != fastSlots+1 {
		t.Errorf("%d are in the table, %v", a.held, m.List())
	}
	a.ReleaseAll()
}

func BenchmarkUncontended(b *testing.B) {
	m := New()
	o := newOwner(m, 1)
	key := []byte("\x02\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00")
	b.ReportAllocs()
	for i := range b.N {
		key[8], key[9], key[10], key[11] = byte(i>>24), byte(i>>16), byte(i>>8), byte(i)
		if !o.TryAcquire(key, kv.ForUpdate) {
			b.Fatal("locked")
		}
		if i&15 == 15 {
			o.ReleaseAll()
		}
	}
}

// A row that everybody wants: each waits in a queue of all the others.
func BenchmarkExclusiveHot(b *testing.B) {
	for _, n := range []int{8, 64, 512} {
		b.Run(fmt.Sprintf("owners=%d", n), func(b *testing.B) {
			m := New()
			var wg sync.WaitGroup
			var left atomic.Int64
			left.Store(int64(b.N))
			for range n {
				wg.Add(1)
				go func() {
					defer wg.Done()
					o := newOwner(m, 1)
					for left.Add(-1) >= 0 {
						if err := o.Acquire(bg, []byte("row"), kv.LockOptions{Mode: kv.ForNoKeyUpdate}); err != nil {
							b.Error(err)
						}
						runtime.Gosched()
						o.ReleaseAll()
					}
				}()
			}
			wg.Wait()
		})
	}
}

func BenchmarkSharedHot(b *testing.B) {
	m := New()
	key := []byte("table")
	var tags atomic.Uint64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		var o Owner
		o.Init(m, nil, tags.Add(1))
		for pb.Next() {
			o.TryAcquire(key, kv.AccessShare)
			o.ReleaseAll()
		}
	})
}
