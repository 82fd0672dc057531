package kvtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
)

func testLockModes(t *testing.T, e *env) {
	for _, c := range []struct {
		held, wanted kv.LockMode
		free         bool
	}{
		{kv.ForKeyShare, kv.ForNoKeyUpdate, true},
		{kv.ForKeyShare, kv.ForUpdate, false},
		{kv.ForShare, kv.ForShare, true},
		{kv.ForShare, kv.ForNoKeyUpdate, false},
		{kv.ForNoKeyUpdate, kv.ForNoKeyUpdate, false},
		{kv.ForUpdate, kv.ForKeyShare, false},
		{kv.AccessShare, kv.RowExclusive, true},
		{kv.RowExclusive, kv.RowExclusive, true},
		{kv.RowExclusive, kv.Share, false},
		{kv.AccessShare, kv.AccessExclusive, false},
		{kv.ShareUpdateExclusive, kv.ShareUpdateExclusive, false},
		{kv.Share, kv.Share, true},
	} {
		x, y := e.begin(), e.begin()
		x.lock(c.held, "k")
		err := y.tryLock(kv.LockOptions{Mode: c.wanted, NoWait: true}, "k")
		if c.free && err != nil || !c.free && !errors.Is(err, kv.ErrLocked) {
			t.Errorf("%d beside %d: %v", c.wanted, c.held, err)
		}
		x.Rollback()
		if err := y.tryLock(kv.LockOptions{Mode: c.wanted, NoWait: true}, "k"); err != nil {
			t.Errorf("%d after release: %v", c.wanted, err)
		}
		y.commit()
	}
}

// A waiter gets the lock when the holder's commit is visible.
func testLockWaits(t *testing.T, e *env) {
	e.commit("a=0")
	x := e.begin()
	x.lock(kv.ForUpdate, "a")
	x.lock(kv.ForUpdate, "a")
	x.write("a=1")
	got := make(chan string)
	go func() {
		y, err := e.Begin(bg, kv.TxnOptions{})
		if err != nil {
			got <- err.Error()
			return
		}
		defer y.Rollback()
		if err := y.Lock(bg, [][]byte{row("a")}, kv.LockOptions{Mode: kv.ForUpdate}); err != nil {
			got <- err.Error()
			return
		}
		var b kv.Batch
		y.Get(bg, [][]byte{row("a")}, &b, kv.GetOptions{})
		old := string(b.Value(0))
		y.NewStatement(bg)
		y.Get(bg, [][]byte{row("a")}, &b, kv.GetOptions{})
		got <- old + string(b.Value(0))
	}()
	select {
	case s := <-got:
		t.Fatal("did not wait:", s)
	case <-time.After(20 * time.Millisecond):
	}
	x.commit()
	equal(t, "old and new", <-got, "01")
}

func testLockNoWaitSkipTimeout(t *testing.T, e *env) {
	x, y := e.begin(), e.begin()
	x.lock(kv.ForUpdate, "b", "d")
	wantErr(t, "nowait", y.tryLock(kv.LockOptions{Mode: kv.ForUpdate, NoWait: true}, "a", "b"), kv.ErrLocked)
	wantErr(t, "timeout", y.tryLock(kv.LockOptions{Mode: kv.ForUpdate, Timeout: 5 * time.Millisecond}, "b"), kv.ErrLockTimeout)
	skip := []bool{true, false, true, false}
	if err := y.tryLock(kv.LockOptions{Mode: kv.ForUpdate, Skip: skip}, "a", "b", "c", "d"); err != nil {
		t.Fatal(err)
	}
	if skip[0] || !skip[1] || skip[2] || !skip[3] {
		t.Error("skipped", skip)
	}
	wantErr(t, "what was not skipped is held", x.tryLock(kv.LockOptions{Mode: kv.ForShare, NoWait: true}, "c"), kv.ErrLocked)
}

func testLockContext(t *testing.T, e *env) {
	x, y := e.begin(), e.begin()
	x.lock(kv.ForUpdate, "a")
	ctx, cancel := context.WithTimeout(bg, 5*time.Millisecond)
	defer cancel()
	wantErr(t, "context", y.Lock(ctx, [][]byte{row("a")}, kv.LockOptions{Mode: kv.ForUpdate}), context.DeadlineExceeded)
	x.Rollback()
	y.lock(kv.ForUpdate, "a")
}

func testDeadlock(t *testing.T, e *env) {
	x, y := e.begin(), e.begin()
	x.lock(kv.ForUpdate, "a")
	y.lock(kv.ForUpdate, "b")
	done := make(chan error)
	go func() { done <- y.tryLock(kv.LockOptions{Mode: kv.ForUpdate}, "a") }()
	time.Sleep(30 * time.Millisecond)
	wantErr(t, "closing the cycle", x.tryLock(kv.LockOptions{Mode: kv.ForUpdate}, "b"), kv.ErrDeadlock)
	x.Rollback()
	select {
	case err := <-done:
		if err != nil {
			t.Error("the other one:", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the other one waits for ever")
	}
}

// Transactions that lock two keys in random order, giving way on deadlock, all get through.
func testLockCounter(t *testing.T, e *env) {
	done := make(chan error)
	const workers, each = 6, 40
	for g := range workers {
		go func() {
			for i := 0; i < each; {
				x, err := e.Begin(bg, kv.TxnOptions{NoSync: true})
				if err != nil {
					done <- err
					return
				}
				a, b := row("a"), row("b")
				if (g+i)%2 == 0 {
					a, b = b, a
				}
				err = x.Lock(bg, [][]byte{a}, kv.LockOptions{Mode: kv.ForNoKeyUpdate})
				if err == nil {
					err = x.Lock(bg, [][]byte{b}, kv.LockOptions{Mode: kv.ForNoKeyUpdate})
				}
				if err == nil {
					x.Put(a, []byte{byte(i)})
					x.Put(b, []byte{byte(i)})
					_, err = x.Commit(bg)
				}
				x.Rollback()
				if err == nil {
					i++
				} else if !errors.Is(err, kv.ErrDeadlock) {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range workers {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("hangs")
		}
	}
}

func testLockSessions(t *testing.T, e *env) {
	s, ok := e.Store.(kv.Locker)
	if !ok {
		t.Skip("the store has no lock sessions (kv.Locker)")
	}
	one, two := s.NewLockSession(1), s.NewLockSession(2)
	k := []byte("advisory")
	x := kv.LockOptions{Mode: kv.Exclusive, NoWait: true}
	if err := one.Lock(bg, k, x); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "another session", two.Lock(bg, k, x), kv.ErrLocked)
	own := e.beginWith(kv.TxnOptions{Session: one})
	if err := own.Lock(bg, [][]byte{k}, x); err != nil {
		t.Error("the session's own transaction:", err)
	}
	if list := s.Locks(); len(list) != 2 || list[0].Owner != 1 || list[1].Owner != 1 {
		t.Errorf("locks: %+v", list)
	}
	own.commit()
	wantErr(t, "after the transaction", two.Lock(bg, k, x), kv.ErrLocked)
	if !one.Unlock(k, kv.Exclusive) || one.Unlock(k, kv.Exclusive) {
		t.Error("unlock")
	}
	if err := two.Lock(bg, k, x); err != nil {
		t.Error(err)
	}
	two.UnlockAll()
	if list := s.Locks(); len(list) != 0 {
		t.Error("left over:", list)
	}
}

// RollbackTo gives back the locks, and the stronger modes, that were taken after the mark, and wakes who waits for them.
func testSavepointLocks(t *testing.T, e *env) {
	x, y := e.begin(), e.begin()
	free := func(key string, mode kv.LockMode) bool {
		z := e.begin()
		defer z.Rollback()
		return z.tryLock(kv.LockOptions{Mode: mode, NoWait: true}, key) == nil
	}
	x.lock(kv.ForShare, "a")
	m := x.Savepoint()
	x.lock(kv.ForUpdate, "a", "b")
	x.lock(kv.ForKeyShare, "b")
	inner := x.Savepoint()
	x.lock(kv.ForUpdate, "c")
	if free("a", kv.ForShare) || free("b", kv.ForKeyShare) || free("c", kv.ForKeyShare) {
		t.Error("not locked")
	}
	if err := x.RollbackTo(inner); err != nil {
		t.Fatal(err)
	}
	if !free("c", kv.ForUpdate) || free("b", kv.ForKeyShare) || free("a", kv.ForShare) {
		t.Error("after the inner rollback")
	}
	got := make(chan error)
	go func() { got <- y.tryLock(kv.LockOptions{Mode: kv.ForUpdate}, "b") }()
	select {
	case err := <-got:
		t.Fatal("did not wait:", err)
	case <-time.After(10 * time.Millisecond):
	}
	if err := x.RollbackTo(m); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	if !free("a", kv.ForShare) || free("a", kv.ForUpdate) {
		t.Error("the weaker mode from before the mark is not what is left")
	}
	x.lock(kv.ForUpdate, "c")
	x.lock(kv.ForUpdate, "a")
	if err := x.RollbackTo(m); err != nil {
		t.Fatal(err)
	}
	if !free("c", kv.ForUpdate) || !free("a", kv.ForShare) {
		t.Error("after the second rollback to the same mark")
	}
	x.commit()
	if !free("a", kv.ForUpdate) {
		t.Error("after the end")
	}
}
