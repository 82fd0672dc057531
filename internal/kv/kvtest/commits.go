package kvtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
)

func testConflicts(t *testing.T, e *env) {
	e.commit("a=0", "b=0", "c=0")
	x, y, z := e.begin(), e.begin(), e.begin()
	x.write("a=x", "new=x")
	y.write("a=y", "b=y")
	z.write("new=z")
	x.commit()
	_, err := y.Commit(bg)
	wantErr(t, "same key", err, kv.ErrConflict)
	_, err = z.Commit(bg)
	wantErr(t, "same new key", err, kv.ErrConflict)
	e.begin().see("a=x", "b=0", "new=x")

	x, y = e.begin(), e.begin()
	x.write("a=x2")
	y.write("b=y2")
	x.commit()
	y.commit()
	e.begin().see("a=x2", "b=y2")

	x, y = e.begin(), e.begin()
	y.see("a=x2")
	x.write("-a")
	x.commit()
	y.write("b=y3") // only reads what changed: snapshot isolation lets it pass
	y.commit()
}

func testConflictAfterDelete(t *testing.T, e *env) {
	e.commit("a=0", "b=0")
	x, y, z := e.begin(), e.begin(), e.begin()
	x.write("-a", "b=x")
	x.commit()
	y.write("a=y")
	_, err := y.Commit(bg)
	wantErr(t, "put after a delete", err, kv.ErrConflict)
	z.write("-b")
	_, err = z.Commit(bg)
	wantErr(t, "delete after a put", err, kv.ErrConflict)
	e.begin().see("-a", "b=x")
}

func testLockedKeysDoNotConflict(t *testing.T, e *env) {
	e.commit("a=0")
	x := e.begin()
	e.commit("a=1")
	x.lock(kv.ForUpdate, "a")
	if value, v, _ := x.get("a", kv.GetOptions{Latest: true}); value != "1" || v <= x.Snapshot() {
		t.Error("who holds the lock sees the newest value:", value)
	}
	x.write("a=2")
	x.commit()
	e.begin().see("a=2")
}

// A lock on one key guards others too.
func testGuardedWrites(t *testing.T, e *env) {
	e.commit("a=0", "a1=0", "a2=0", "b=0")
	x := e.begin()
	e.commit("a=1", "a1=1", "a2=1")
	x.lock(kv.ForUpdate, "a")
	if err := x.PutGuarded(row("a1"), []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := x.DeleteGuarded(row("a2")); err != nil {
		t.Fatal(err)
	}
	x.see("a1=x", "-a2")
	x.write("a=x")
	x.commit()
	e.begin().see("a=x", "a1=x", "-a2")

	// One key that nothing guards is looked at all the same.
	x = e.begin()
	e.commit("a1=2", "b=2")
	if err := x.PutGuarded(row("a1"), []byte("y")); err != nil {
		t.Fatal(err)
	}
	x.write("b=y")
	_, err := x.Commit(bg)
	wantErr(t, "not guarded", err, kv.ErrConflict)
	e.begin().see("a1=2", "b=2")
}

func testConflictAcrossStatements(t *testing.T, e *env) {
	e.commit("a=0", "b=0")
	x := e.begin()
	x.write("a=x")
	e.commit("a=1")
	if err := x.NewStatement(bg); err != nil {
		t.Fatal(err)
	}
	x.write("b=x")
	_, err := x.Commit(bg)
	wantErr(t, "written before the snapshot moved", err, kv.ErrConflict)

	y := e.begin()
	e.commit("a=2")
	if err := y.NewStatement(bg); err != nil {
		t.Fatal(err)
	}
	y.write("a=y")
	y.commit()
	e.begin().see("a=y", "b=0")

	z := e.begin()
	m := z.Savepoint()
	z.write("a=z")
	if err := z.RollbackTo(m); err != nil {
		t.Fatal(err)
	}
	e.commit("a=3")
	z.write("b=z")
	z.commit() // what was rolled back cannot conflict
	e.begin().see("a=3", "b=z")
}

func testLargeTransactionConflict(t *testing.T, e *env) {
	x, y := e.begin(), e.begin()
	for i := range 500 {
		x.write(fmt.Sprintf("x%d=1", i))
		y.write(fmt.Sprintf("y%d=1", i))
	}
	e.commit("x250=other")
	_, err := x.Commit(bg)
	wantErr(t, "one of many keys", err, kv.ErrConflict)
	y.commit()
	e.begin().see("-x1", "x250=other", "y0=1", "y499=1")
}

// A transaction in the memory of an ended one has nothing of it but that.
func testReusedTransaction(t *testing.T, e *env) {
	e.commit("a=0", "b=0")
	x := e.begin()
	x.write("a=x")
	x.lock(kv.ForUpdate, "b")
	if s, ok := x.Txn.(kv.Serializer); ok {
		if err := s.Serialize(bg, kv.SerializeOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	m := x.Savepoint()
	x.Emit([]byte("record"))
	x.OnCommit(func(kv.Version) { t.Error("a rolled back transaction's function runs") })
	cursor, err := x.Scan(bg, rows("a", "z"), kv.ScanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	x.Rollback()
	e.commit("b=1")
	y := e.beginWith(kv.TxnOptions{Reuse: x.Txn})
	y.see("a=0", "b=1")
	if y.Written() {
		t.Error("has writes of the transaction before")
	}
	var b kv.Batch
	if _, err := cursor.Next(bg, &b); err == nil {
		t.Error("a cursor of the transaction before goes on")
	}
	if err := y.RollbackTo(m + 1); err == nil {
		t.Error("a mark of the transaction before is taken")
	}
	y.write("b=y")
	v := y.commit()
	z := e.beginWith(kv.TxnOptions{Reuse: y.Txn, ReadOnly: true})
	z.see("a=0", "b=y")
	if z.Snapshot() != v {
		t.Errorf("snapshot %d, not %d", z.Snapshot(), v)
	}
	wantErr(t, "put", z.Put(row("a"), nil), kv.ErrReadOnly)
	// One that has not ended, and one of another kind of store, are left alone.
	w := e.beginWith(kv.TxnOptions{Reuse: z.Txn})
	if w.Txn == z.Txn {
		t.Error("a running transaction is reused")
	}
	z.see("a=0")
	e.beginWith(kv.TxnOptions{Reuse: struct{ kv.Txn }{}}).see("a=0")
}

func testSavepoints(t *testing.T, e *env) {
	e.commit("a=0", "b=0")
	x := e.begin()
	m0 := x.Savepoint()
	x.write("a=1", "c=1")
	m1 := x.Savepoint()
	x.write("a=2", "-b", "-c", "d=2")
	m2 := x.Savepoint()
	x.write("a=3", "b=3")
	x.see("a=3", "b=3", "-c", "d=2")
	back := func(m kv.Mark, items ...string) {
		t.Helper()
		if err := x.RollbackTo(m); err != nil {
			t.Fatal(err)
		}
		x.see(items...)
	}
	back(m2, "a=2", "-b", "-c", "d=2")
	x.write("a=33")
	back(m2, "a=2", "-b", "-c", "d=2")
	back(m1, "a=1", "b=0", "c=1", "-d")
	x.write("a=22", "d=22")
	x.see("a=22", "d=22")
	back(m1, "a=1", "b=0", "c=1", "-d")
	equal(t, "scan", x.scan("a", "z"), "a=1 b=0 c=1")
	x.write("e=5")
	x.commit()
	equal(t, "committed", e.begin().scan("a", "z"), "a=1 b=0 c=1 e=5")

	x = e.begin()
	m0 = x.Savepoint()
	x.write("a=9", "-b")
	back(m0, "a=1", "b=0")
	if x.Written() {
		t.Error("everything was rolled back, yet written")
	}
	x.commit()
	wantErr(t, "after the end", x.RollbackTo(m0), kv.ErrTxnDone)
	equal(t, "nothing committed", e.begin().scan("a", "z"), "a=1 b=0 c=1 e=5")
}

func testOnCommit(t *testing.T, e *env) {
	var mu sync.Mutex
	var order []kv.Version
	note := func(v kv.Version) {
		mu.Lock()
		order = append(order, v)
		mu.Unlock()
	}
	x := e.begin()
	x.OnCommit(func(kv.Version) { t.Error("runs for a rolled back transaction") })
	x.write("a=1")
	x.Rollback()
	e.commit("a=0")
	y, z := e.begin(), e.begin()
	y.OnCommit(func(kv.Version) { t.Error("runs for a refused commit") })
	y.write("a=y")
	z.write("a=z")
	z.commit()
	if _, err := y.Commit(bg); err == nil {
		t.Fatal("no conflict")
	}
	var wg sync.WaitGroup
	versions := make(map[kv.Version]bool)
	for g := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 30 {
				x, err := e.Begin(bg, kv.TxnOptions{})
				if err != nil {
					t.Error(err)
					return
				}
				x.Put(row(fmt.Sprintf("k%d.%d", g, i)), nil)
				x.OnCommit(note)
				v, err := x.Commit(bg)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				versions[v] = true
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	if len(order) != 240 || len(versions) != 240 {
		t.Fatalf("%d calls, %d versions", len(order), len(versions))
	}
	for i, v := range order {
		if !versions[v] || i > 0 && v <= order[i-1] {
			t.Fatal("not in commit order:", order)
		}
	}
	// It runs before the version is visible.
	x = e.begin()
	x.write("seen=1")
	x.OnCommit(func(v kv.Version) {
		if s, ok := e.Store.(kv.ChangeSource); ok && s.Visible() >= v {
			t.Error("visible before OnCommit")
		}
	})
	x.commit()
	// A transaction with a hook and no writes commits too.
	ran := false
	x = e.begin()
	x.OnCommit(func(kv.Version) { ran = true })
	x.commit()
	if !ran {
		t.Error("a hook without writes did not run")
	}
}

// Every commit adds one to a counter under a lock, and puts a key of its own: all of it must be there.
func testConcurrentCommits(t *testing.T, e *env) {
	const workers, each = 8, 50
	e.commit("n=\x00\x00\x00\x00\x00\x00\x00\x00")
	var wg sync.WaitGroup
	for g := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			var b kv.Batch
			for i := range each {
				x, err := e.Begin(bg, kv.TxnOptions{NoSync: i%2 == 0})
				if err != nil {
					t.Error(err)
					return
				}
				keys := [][]byte{row("n")}
				err = x.Lock(bg, keys, kv.LockOptions{Mode: kv.ForUpdate})
				if err == nil {
					err = x.Get(bg, keys, &b, kv.GetOptions{Latest: true})
				}
				if err == nil {
					n := binary.BigEndian.Uint64(b.Value(0))
					x.Put(keys[0], binary.BigEndian.AppendUint64(nil, n+1))
					x.Put(row(fmt.Sprintf("k%d.%d", g, i)), nil)
					_, err = x.Commit(bg)
				}
				x.Rollback()
				if err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	wg.Wait()
	x := e.begin()
	value, _, _ := x.get("n", kv.GetOptions{})
	if n := binary.BigEndian.Uint64([]byte(value)); n != workers*each {
		t.Errorf("counter is %d, want %d", n, workers*each)
	}
	for g := range workers {
		for i := range each {
			if _, _, found := x.get(fmt.Sprintf("k%d.%d", g, i), kv.GetOptions{}); !found {
				t.Errorf("k%d.%d is missing", g, i)
			}
		}
	}
}

// Writers move amounts between accounts; every snapshot, taken at any time, must see the same sum, and never go back.
func testConcurrentSnapshots(t *testing.T, e *env) {
	const accounts = 10
	num := func(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
	key := func(i int) []byte { return row(fmt.Sprint("acc", i)) }
	x := e.begin()
	for i := range accounts {
		x.Put(key(i), num(1000))
	}
	x.commit()
	stop := time.Now().Add(300 * time.Millisecond)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Add(2)
		go func() {
			defer wg.Done()
			var b kv.Batch
			for i := g; time.Now().Before(stop); i++ {
				from, to := i%accounts, (i+1+g)%accounts
				if from == to {
					continue
				}
				x, _ := e.Begin(bg, kv.TxnOptions{NoSync: true})
				x.Get(bg, [][]byte{key(from), key(to)}, &b, kv.GetOptions{})
				x.Put(key(from), num(binary.BigEndian.Uint64(b.Value(0))-1))
				x.Put(key(to), num(binary.BigEndian.Uint64(b.Value(1))+1))
				if _, err := x.Commit(bg); err != nil && !errors.Is(err, kv.ErrConflict) {
					t.Error(err)
				}
			}
		}()
		go func() {
			defer wg.Done()
			var b kv.Batch
			var last kv.Version
			for time.Now().Before(stop) {
				x, err := e.Begin(bg, kv.TxnOptions{ReadOnly: true})
				if err != nil {
					t.Error(err)
					return
				}
				if x.Snapshot() < last {
					t.Errorf("snapshot %d after %d", x.Snapshot(), last)
				}
				last = x.Snapshot()
				c, err := x.Scan(bg, kv.PrefixSpan(row("acc")), kv.ScanOptions{})
				if err != nil {
					t.Error(err)
					return
				}
				var sum uint64
				for {
					n, err := c.Next(bg, &b)
					if err != nil {
						t.Error(err)
					}
					if n == 0 {
						break
					}
					for i := range n {
						sum += binary.BigEndian.Uint64(b.Value(i))
						if b.Version(i) > last {
							t.Errorf("snapshot %d shows version %d", last, b.Version(i))
						}
					}
				}
				c.Close()
				x.Rollback()
				if sum != accounts*1000 {
					t.Errorf("sum %d at %d", sum, last)
					return
				}
			}
		}()
	}
	wg.Wait()
}

func testClose(t *testing.T, e *env) {
	e.commit("a=1")
	x := e.begin()
	x.write("b=1")
	c := x.cursor(rows("a", "z"), kv.ScanOptions{})
	holder := e.begin()
	holder.lock(kv.ForUpdate, "k")
	waiting := make(chan error)
	go func() {
		w, err := e.Begin(bg, kv.TxnOptions{})
		if err == nil {
			err = w.Lock(bg, [][]byte{row("k")}, kv.LockOptions{Mode: kv.ForUpdate})
			w.Rollback()
		}
		waiting <- err
	}()
	time.Sleep(20 * time.Millisecond)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waiting; !errors.Is(err, kv.ErrClosed) {
		t.Error("a waiter got", err)
	}
	var b kv.Batch
	wantErr(t, "get", x.Get(bg, [][]byte{row("a")}, &b, kv.GetOptions{}), kv.ErrClosed)
	_, err := c.Next(bg, &b)
	wantErr(t, "next", err, kv.ErrClosed)
	c.Close()
	_, err = x.Commit(bg)
	wantErr(t, "commit", err, kv.ErrClosed)
	_, err = e.Begin(bg, kv.TxnOptions{})
	wantErr(t, "begin", err, kv.ErrClosed)
	holder.Rollback()
	if err := e.Close(); err != nil {
		t.Error("close twice:", err)
	}
}

func testReopen(t *testing.T, e *env) {
	v1 := e.commit("a=1", "b=1", "c=1")
	nosync := e.beginWith(kv.TxnOptions{NoSync: true})
	nosync.write("-b", "n=1")
	v2 := nosync.commit()
	open := e.begin()
	open.write("lost=1")
	e.reopen()
	open.Rollback()
	x := e.begin()
	equal(t, "reopened", x.scan("", "z"), "a=1 c=1 n=1")
	if _, v, _ := x.get("a", kv.GetOptions{}); v != v1 {
		t.Errorf("version %d, was %d", v, v1)
	}
	if x.Snapshot() < v2 {
		t.Errorf("snapshot %d is before the last commit %d", x.Snapshot(), v2)
	}
	if v := e.commit("a=2"); v <= v2 {
		t.Errorf("version %d after %d", v, v2)
	}
	e.reopen()
	e.begin().see("a=2", "c=1")
}

func testLargeTransaction(t *testing.T, e *env) {
	const n = 100_000
	x := e.begin()
	key, value := make([]byte, 9), make([]byte, 50)
	key[0] = kv.SpaceRows
	start := time.Now()
	for i := range n {
		binary.BigEndian.PutUint64(key[1:], uint64(i)*7919%n)
		if err := x.Put(key, value); err != nil {
			t.Fatal(err)
		}
	}
	v := x.commit()
	t.Logf("%d writes in %v", n, time.Since(start))
	y := e.begin()
	c := y.cursor(kv.Span{Start: []byte{kv.SpaceRows}, End: []byte{kv.SpaceRows + 1}}, kv.ScanOptions{})
	defer c.Close()
	var b kv.Batch
	count := 0
	for {
		got, err := c.Next(bg, &b)
		if err != nil {
			t.Fatal(err)
		}
		if got == 0 {
			break
		}
		for i := range got {
			if b.Version(i) != v || len(b.Value(i)) != len(value) {
				t.Fatal("item", b.Key(i), b.Version(i))
			}
		}
		count += got
	}
	if count != n {
		t.Errorf("%d items, want %d", count, n)
	}
}
