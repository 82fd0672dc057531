package kvtest

import (
	"testing"

	"github.com/kalampg/kalampg/internal/kv"
)

func (e *env) prepares() kv.PreparedStore {
	p, ok := e.Store.(kv.PreparedStore)
	if !ok {
		e.t.Skip("no prepared transactions")
	}
	return p
}

func (e *env) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

// A prepared transaction keeps its writes to itself and its locks, over a restart too, until it is ended.
func testPrepared(t *testing.T, e *env) {
	e.commit("a=1", "b=1", "c=1", "r1=1", "r2=1")
	for _, restart := range []bool{false, true} {
		for _, commit := range []bool{false, true} {
			e.commit("a=1", "b=1", "-c", "r1=1", "r2=1")
			s := e.prepares()
			session := e.Store.(kv.Locker).NewLockSession(7)
			x := e.beginWith(kv.TxnOptions{Session: session})
			x.lock(kv.ForUpdate, "a", "b", "c")
			x.lock(kv.ForKeyShare, "k")
			x.lock(kv.RowExclusive, "table")
			x.write("a=2", "-b")
			m := x.Savepoint()
			x.write("a=9", "undone=1")
			e.must(x.RollbackTo(m))
			e.must(x.DeleteRange(rows("r1", "r9")))
			x.write("c=3", "r2=4")
			x.Emit([]byte("changed"))
			called := false
			x.OnCommit(func(kv.Version) { called = true })
			e.must(s.Prepare(bg, x.Txn, "first", []byte("mine")))
			y := e.beginWith(kv.TxnOptions{Session: session})
			wantErr(t, "the session's own next transaction", y.tryLock(kv.LockOptions{Mode: kv.ForShare, NoWait: true}, "a"), kv.ErrLocked)
			wantErr(t, "the same name", s.Prepare(bg, y.Txn, "first", nil), kv.ErrPreparedExists)
			if restart {
				e.reopen()
				s = e.prepares()
				list, err := s.RecoverPrepared(bg)
				e.must(err)
				if len(list) != 1 || !list[0].Recovered {
					t.Fatalf("recovered: %+v", list)
				}
			}
			list := s.Prepared()
			if len(list) != 1 || list[0].Name != "first" || string(list[0].Data) != "mine" {
				t.Fatalf("list: %+v", list)
			}
			seen := map[string]string{}
			e.must(list[0].Writes(kv.SpaceRows, func(k, v []byte, deleted bool) error {
				if seen[string(k[1:])] = string(v); deleted {
					seen[string(k[1:])] = "deleted"
				}
				return nil
			}))
			if len(seen) != 4 || seen["a"] != "2" || seen["b"] != "deleted" || seen["c"] != "3" || seen["r2"] != "4" {
				t.Errorf("writes: %v", seen)
			}
			late := false
			list[0].OnCommit(func(kv.Version) { late = true })
			z := e.begin()
			z.see("a=1", "b=1", "-c", "r1=1", "r2=1")
			for _, k := range []string{"a", "b", "c"} {
				wantErr(t, k, z.tryLock(kv.LockOptions{Mode: kv.ForShare, NoWait: true}, k), kv.ErrLocked)
			}
			wantErr(t, "k", z.tryLock(kv.LockOptions{Mode: kv.ForUpdate, NoWait: true}, "k"), kv.ErrLocked)
			wantErr(t, "table", z.tryLock(kv.LockOptions{Mode: kv.Share, NoWait: true}, "table"), kv.ErrLocked)
			z.lock(kv.ForNoKeyUpdate, "k")
			z.lock(kv.RowExclusive, "table")
			z.Rollback()
			wantErr(t, "unknown", s.FinishPrepared(bg, "second", commit), kv.ErrPreparedUnknown)
			e.must(s.FinishPrepared(bg, "first", commit))
			wantErr(t, "again", s.FinishPrepared(bg, "first", commit), kv.ErrPreparedUnknown)
			if len(s.Prepared()) != 0 {
				t.Error("still listed")
			}
			if late != commit || called != (commit && !restart) {
				t.Errorf("commit %v, restart %v: functions called: %v, %v", commit, restart, called, late)
			}
			check := func() {
				z := e.begin()
				if commit {
					z.see("a=2", "-b", "c=3", "-r1", "r2=4", "-undone")
				} else {
					z.see("a=1", "b=1", "-c", "r1=1", "r2=1", "-undone")
				}
				z.lock(kv.ForUpdate, "a", "b", "c", "k")
				z.lock(kv.AccessExclusive, "table")
				z.Rollback()
			}
			check()
			e.reopen()
			if list, err := e.prepares().RecoverPrepared(bg); err != nil || len(list) != 0 {
				t.Error("after the end and a restart:", list, err)
			}
			check()
		}
	}
}

// A prepared transaction can no longer be ended for a dependency; what would make one fail fails instead.
func testPreparedSerial(t *testing.T, e *env) {
	for _, restart := range []bool{false, true} {
		e.commit("a=1", "b=1")
		x := e.serial(kv.SerializeOptions{})
		s := e.prepares()
		x.see("a=1", "b=1")
		x.write("a=0")
		y := e.serial(kv.SerializeOptions{})
		y.see("a=1", "b=1")
		e.must(s.Prepare(bg, x.Txn, "p", nil))
		if restart {
			e.reopen()
			s = e.prepares()
			if _, err := s.RecoverPrepared(bg); err != nil {
				t.Fatal(err)
			}
			y = e.serial(kv.SerializeOptions{})
		}
		err := y.Get(bg, [][]byte{row("a"), row("b")}, new(kv.Batch), kv.GetOptions{})
		if err == nil {
			err = y.Put(row("b"), []byte("0"))
		}
		if err == nil {
			err = y.tryCommit()
		}
		wantSerialization(t, "the other", err)
		y.Rollback()
		e.must(s.FinishPrepared(bg, "p", true))
		z := e.serial(kv.SerializeOptions{})
		z.see("a=0", "b=1")
		z.write("b=2")
		z.commit()
	}
}
