package kvtest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/kalampg/kalampg/internal/kv"
)

func testReadYourWrites(t *testing.T, e *env) {
	e.commit("a=1", "b=1")
	x := e.begin()
	if x.Written() {
		t.Error("written before any write")
	}
	x.write("a=2", "c=2", "-b")
	if !x.Written() {
		t.Error("not written")
	}
	x.see("a=2", "-b", "c=2")
	if _, v, _ := x.get("a", kv.GetOptions{}); v != kv.Pending {
		t.Error("an own write has version", v)
	}
	equal(t, "scan", x.scan("a", "z"), "a=2 c=2")
	y := e.begin()
	y.see("a=1", "b=1", "-c")
	x.commit()
	y.see("a=1", "b=1", "-c")
	e.begin().see("a=2", "-b", "c=2")
	z := e.begin()
	z.write("a=9", "d=9")
	z.Rollback()
	z.Rollback()
	e.begin().see("a=2", "-d")
}

func testMoments(t *testing.T, e *env) {
	e.commit("a=1", "b=1", "c=1")
	x := e.begin()
	before := x.Moment()
	x.write("a=2", "-b", "d=2")
	between := x.Moment()
	x.write("a=3", "b=3", "-c", "-d")
	for _, m := range []struct {
		at   kv.Moment
		want string
	}{{before, "a=1 b=1 c=1"}, {between, "a=2 c=1 d=2"}, {0, "a=3 b=3"}} {
		equal(t, "scan", x.rest(x.cursor(rows("a", "z"), kv.ScanOptions{AsOf: m.at})), m.want)
		got := ""
		for _, k := range []string{"a", "b", "c", "d"} {
			if v, _, found := x.get(k, kv.GetOptions{AsOf: m.at}); found {
				got += k + "=" + v + " "
			}
		}
		equal(t, "get", strings.TrimSpace(got), m.want)
	}
}

func testSnapshotIsolation(t *testing.T, e *env) {
	e.commit("a=1", "b=1")
	x := e.begin()
	c := x.cursor(rows("a", "z"), kv.ScanOptions{})
	for i := range 50 {
		e.commit(fmt.Sprintf("a=%d", i+2), "c=1")
		e.commit("-b", "-c")
	}
	x.see("a=1", "b=1", "-c")
	equal(t, "scan", x.scan("a", "z"), "a=1 b=1")
	equal(t, "cursor", x.rest(c), "a=1 b=1")
}

func testNewStatement(t *testing.T, e *env) {
	e.commit("a=1")
	x := e.begin()
	before := x.Snapshot()
	x.write("own=1")
	v := e.commit("a=2")
	x.see("a=1")
	if err := x.NewStatement(bg); err != nil {
		t.Fatal(err)
	}
	x.see("a=2", "own=1")
	if x.Snapshot() < v || x.Snapshot() <= before {
		t.Error("snapshot did not move:", before, x.Snapshot(), v)
	}
	x.commit()
}

func testLatest(t *testing.T, e *env) {
	e.commit("a=1", "d=1")
	x := e.begin()
	v2 := e.commit("a=2", "-d", "n=1")
	latest := kv.GetOptions{Latest: true}
	if value, v, _ := x.get("a", latest); value != "2" || v != v2 {
		t.Error("latest:", value, v)
	}
	if _, _, found := x.get("d", latest); found {
		t.Error("latest finds a deleted key")
	}
	if _, v, _ := x.get("n", latest); v != v2 {
		t.Error("latest misses a new key")
	}
	x.see("a=1", "d=1", "-n")
	x.write("a=own")
	if value, v, _ := x.get("a", latest); value != "own" || v != kv.Pending {
		t.Error("latest of an own write:", value, v)
	}
}

func testVersions(t *testing.T, e *env) {
	var last kv.Version
	for i := range 20 {
		v := e.commit("a=1", fmt.Sprintf("k%d=1", i))
		if v <= last {
			t.Fatalf("version %d after %d", v, last)
		}
		last = v
		x := e.begin()
		if x.Snapshot() < v {
			t.Fatal("a commit is not visible to who begins after it")
		}
		if _, got, _ := x.get("a", kv.GetOptions{}); got != v {
			t.Fatalf("value has version %d, its commit had %d", got, v)
		}
		c := x.cursor(rows("a", "z"), kv.ScanOptions{})
		var b kv.Batch
		if _, err := c.Next(bg, &b); err != nil || b.Version(0) != v {
			t.Fatal("scanned version", b.Version(0), err)
		}
		c.Close()
		if got := x.commit(); got != x.Snapshot() {
			t.Error("a transaction without writes returns", got)
		}
	}
}

func testReadOnly(t *testing.T, e *env) {
	e.commit("a=1")
	x := e.beginWith(kv.TxnOptions{ReadOnly: true})
	x.see("a=1")
	wantErr(t, "put", x.Put(row("a"), nil), kv.ErrReadOnly)
	wantErr(t, "delete", x.Delete(row("a")), kv.ErrReadOnly)
	wantErr(t, "delete range", x.DeleteRange(rows("a", "b")), kv.ErrReadOnly)
	wantErr(t, "lock", x.tryLock(kv.LockOptions{}, "a"), kv.ErrReadOnly)
	x.commit()
}

func testEndedTransaction(t *testing.T, e *env) {
	for _, end := range []func(*txn){func(x *txn) { x.commit() }, func(x *txn) { x.Rollback() }} {
		x := e.begin()
		x.write("a=1")
		m := x.Savepoint()
		end(x)
		var b kv.Batch
		wantErr(t, "get", x.Get(bg, [][]byte{row("a")}, &b, kv.GetOptions{}), kv.ErrTxnDone)
		wantErr(t, "put", x.Put(row("a"), nil), kv.ErrTxnDone)
		wantErr(t, "delete", x.Delete(row("a")), kv.ErrTxnDone)
		wantErr(t, "lock", x.tryLock(kv.LockOptions{}, "a"), kv.ErrTxnDone)
		wantErr(t, "statement", x.NewStatement(bg), kv.ErrTxnDone)
		wantErr(t, "rollback to", x.RollbackTo(m), kv.ErrTxnDone)
		_, err := x.Scan(bg, rows("a", "b"), kv.ScanOptions{})
		wantErr(t, "scan", err, kv.ErrTxnDone)
		_, err = x.Commit(bg)
		wantErr(t, "commit", err, kv.ErrTxnDone)
		x.Rollback()
	}
}

func testCallerOwnsItsMemory(t *testing.T, e *env) {
	k, v := row("aaa"), []byte("one")
	x := e.begin()
	if err := x.Put(k, v); err != nil {
		t.Fatal(err)
	}
	start, end := row("a"), row("z")
	c := x.cursor(kv.Span{Start: start, End: end}, kv.ScanOptions{})
	copy(k[1:], "bbb")
	copy(v, "two")
	copy(start[1:], "x")
	copy(end[1:], "y")
	equal(t, "cursor", x.rest(c), "aaa=one")
	if err := x.Put(k, v); err != nil {
		t.Fatal(err)
	}
	copy(v, "xxx")
	x.commit()
	equal(t, "committed", e.begin().scan("a", "z"), "aaa=one bbb=two")
}

func testEmptyAndLargeValues(t *testing.T, e *env) {
	large := strings.Repeat("0123456789abcdef", 1<<16) // 1 MiB
	e.commit("empty=", "large="+large, "small=1")
	x := e.begin()
	x.see("empty=", "large="+large, "small=1")
	var b kv.Batch
	if err := x.Get(bg, [][]byte{row("small"), row("large"), row("none"), row("large"), row("empty")}, &b, kv.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	if string(b.Value(0)) != "1" || string(b.Value(1)) != large || b.Found(2) || string(b.Value(3)) != large || !b.Found(4) {
		t.Error("batch with large values")
	}
	equal(t, "scan", x.scan("a", "z"), "empty= large="+large+" small=1")
	equal(t, "reverse", x.rest(x.cursor(rows("a", "z"), kv.ScanOptions{Reverse: true})), "small=1 large="+large+" empty=")
	x.write("large="+large+"x", "empty2=")
	x.see("large="+large+"x", "empty2=")
}

func testBatchedGet(t *testing.T, e *env) {
	w := e.begin()
	for i := 0; i < 300; i += 2 {
		w.write(fmt.Sprintf("%03d=v%d", i, i))
	}
	w.commit()
	x := e.begin()
	x.write("-100", "101=own", "004=own")
	var keys [][]byte
	for i := 299; i >= 0; i-- {
		keys = append(keys, row(fmt.Sprintf("%03d", i)))
	}
	keys = append(keys, keys[3], keys[199]) // twice
	b := kv.Batch{}
	b.Append([]byte("left over"), nil, 1)
	if err := x.Get(bg, keys, &b, kv.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	if b.Len() != len(keys) {
		t.Fatalf("%d items for %d keys", b.Len(), len(keys))
	}
	for i, k := range keys {
		var n int
		fmt.Sscanf(string(k[1:]), "%03d", &n)
		want, found := fmt.Sprintf("v%d", n), n%2 == 0 && n != 100
		if n == 101 || n == 4 {
			want, found = "own", true
		}
		if !found {
			want = ""
		}
		if !bytes.Equal(b.Key(i), k) || b.Found(i) != found || string(b.Value(i)) != want {
			t.Errorf("item %d: %q = %q, %v; want %q", i, b.Key(i), b.Value(i), b.Found(i), want)
		}
	}
	if err := x.Get(bg, nil, &b, kv.GetOptions{}); err != nil || b.Len() != 0 {
		t.Error("no keys:", err, b.Len())
	}
}

func testSpaces(t *testing.T, e *env) {
	spaces := []kv.Space{kv.SpaceCatalog, kv.SpaceRows, kv.SpaceIndex, kv.SpaceMeta}
	x := e.begin()
	var keys [][]byte
	for _, s := range spaces {
		k := []byte{s, 'k'}
		keys = append(keys, k)
		if err := x.Put(k, []byte{s}); err != nil {
			t.Fatal(err)
		}
	}
	x.commit()
	y := e.begin()
	var b kv.Batch
	if err := y.Get(bg, keys, &b, kv.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	for i, s := range spaces {
		if !b.Found(i) || b.Value(i)[0] != s {
			t.Errorf("space %d: %q", s, b.Value(i))
		}
		for _, reverse := range []bool{false, true} {
			c := y.cursor(kv.PrefixSpan([]byte{s, 'k'}), kv.ScanOptions{Reverse: reverse})
			equal(t, "space", y.rest(c), "k="+string(rune(s)))
		}
	}
	if err := y.Put([]byte{kv.SpaceIndex, 'a'}, []byte("own")); err != nil {
		t.Fatal(err)
	}
	equal(t, "own writes of one space", y.rest(y.cursor(kv.Span{Start: []byte{kv.SpaceRows}, End: []byte{kv.SpaceRows + 1}}, kv.ScanOptions{})), "k=\x02")
}

func testUnchanged(t *testing.T, e *env) {
	e.commit("a=0", "b=0", "c=0")
	x := e.begin()
	want := func(k string, unchanged bool) {
		t.Helper()
		if got := x.Unchanged(row(k)); got != unchanged {
			t.Errorf("%s: unchanged is %v", k, got)
		}
	}
	want("a", true)
	want("none", true)
	e.commit("a=1", "-b", "none=1")
	want("a", false)
	want("b", false)
	want("none", false)
	want("c", true)
	if err := x.NewStatement(bg); err != nil {
		t.Fatal(err)
	}
	want("a", true)
	x.write("a=2", "-c")
	want("a", false)
	want("c", false)
}
