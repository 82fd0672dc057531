package kvtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kalampg/kalampg/internal/kv"
)

func testScan(t *testing.T, e *env) {
	e.commit("a=1", "b=2", "c=3", "d=4")
	for _, own := range []bool{false, true} {
		x := e.begin()
		full, mid := "a=1 b=2 c=3 d=4", "b=2 c=3"
		if own {
			x.write("aa=own", "-c", "d=own", "cc=own")
			full, mid = "a=1 aa=own b=2 cc=own d=own", "b=2"
		}
		reversed := func(s string) string {
			list := strings.Fields(s)
			slices.Reverse(list)
			return strings.Join(list, " ")
		}
		back := kv.ScanOptions{Reverse: true}
		equal(t, "all", x.scan("a", "z"), full)
		equal(t, "all reverse", x.rest(x.cursor(rows("a", "z"), back)), reversed(full))
		equal(t, "end is excluded", x.scan("b", "cb"), mid)
		equal(t, "end is excluded, reverse", x.rest(x.cursor(rows("b", "cb"), back)), reversed(mid))
		equal(t, "nothing", x.scan("e", "z"), "")
		equal(t, "nothing reverse", x.rest(x.cursor(rows("A", "B"), back)), "")
		equal(t, "empty span", x.scan("b", "b"), "")
		equal(t, "inverted span", x.scan("c", "b"), "")
		equal(t, "limit is a hint", x.rest(x.cursor(rows("a", "z"), kv.ScanOptions{Limit: 1})), full)
		c := x.cursor(rows("a", "b"), kv.ScanOptions{KeysOnly: true})
		var b kv.Batch
		if n, err := c.Next(bg, &b); err != nil || n == 0 || string(b.Key(0)[1:]) != "a" || b.Version(0) == 0 {
			t.Error("keys only:", n, err)
		}
		c.Close()
	}
}

func testScanLong(t *testing.T, e *env) {
	const n = 5000
	w := e.begin()
	for i := range n {
		w.write(fmt.Sprintf("%05d=%s", i, strings.Repeat("x", i%300)))
	}
	w.commit()
	check := func(x *txn, reverse bool, want func(i int) (string, bool)) {
		t.Helper()
		c := x.cursor(rows("", "z"), kv.ScanOptions{Reverse: reverse})
		defer c.Close()
		var b kv.Batch
		next := 0
		skip := func() {
			for next < n {
				i := next
				if reverse {
					i = n - 1 - next
				}
				if _, ok := want(i); ok {
					return
				}
				next++
			}
		}
		for {
			got, err := c.Next(bg, &b)
			if err != nil {
				t.Fatal(err)
			}
			if got == 0 {
				break
			}
			if got > 4096 {
				t.Errorf("a batch of %d items", got)
			}
			for j := range got {
				skip()
				i := next
				if reverse {
					i = n - 1 - next
				}
				v, _ := want(i)
				if string(b.Key(j)[1:]) != fmt.Sprintf("%05d", i) || string(b.Value(j)) != v {
					t.Fatalf("item %d is %q = %q", i, b.Key(j), b.Value(j))
				}
				next++
			}
		}
		skip()
		if next != n {
			t.Fatalf("ended after %d items", next)
		}
	}
	plain := func(i int) (string, bool) { return strings.Repeat("x", i%300), true }
	x := e.begin()
	check(x, false, plain)
	check(x, true, plain)
	for i := 0; i < n; i++ {
		switch {
		case i%7 == 0:
			x.write(fmt.Sprintf("-%05d", i))
		case i%11 == 0:
			x.write(fmt.Sprintf("%05d=own%d", i, i))
		}
	}
	merged := func(i int) (string, bool) {
		switch {
		case i%7 == 0:
			return "", false
		case i%11 == 0:
			return fmt.Sprintf("own%d", i), true
		}
		return plain(i)
	}
	check(x, false, merged)
	check(x, true, merged)
}

func testCursorUnderWrites(t *testing.T, e *env) {
	e.commit("a=1", "c=1", "e=1")
	for _, reverse := range []bool{false, true} {
		x := e.begin()
		x.write("b=own", "c=own")
		c := x.cursor(rows("a", "z"), kv.ScanOptions{Reverse: reverse})
		x.write("aa=new", "b=newer", "-c", "d=new", "-a", "f=new")
		want := "a=1 b=own c=own e=1"
		if reverse {
			want = "e=1 c=own b=own a=1"
		}
		equal(t, "cursor", x.rest(c), want)
		equal(t, "scan after", x.scan("a", "z"), "aa=new b=newer d=new e=1 f=new")
		x.Rollback()
	}
	// The loop of an UPDATE that moves keys forward: the cursor must not meet what it writes.
	x := e.begin()
	c := x.cursor(rows("a", "z"), kv.ScanOptions{})
	var b kv.Batch
	seen := 0
	for {
		n, err := c.Next(bg, &b)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		for i := range n {
			k := string(b.Key(i)[1:])
			if seen++; seen > 3 {
				t.Fatal("the cursor meets the transaction's new rows")
			}
			x.write("-"+k, k+k+"=moved")
		}
	}
	equal(t, "moved", x.scan("a", "z"), "aa=moved cc=moved ee=moved")
	// A cursor over nothing but own writes.
	y := e.begin()
	y.write("x1=1", "x2=2")
	c = y.cursor(rows("x", "y"), kv.ScanOptions{})
	y.write("-x1", "-x2", "x3=3")
	equal(t, "own only", y.rest(c), "x1=1 x2=2")
}

func testCursorAfterNewStatement(t *testing.T, e *env) {
	e.commit("a=1", "b=1")
	x := e.begin()
	c := x.cursor(rows("a", "z"), kv.ScanOptions{})
	e.commit("a=2", "-b", "c=2")
	if err := x.NewStatement(bg); err != nil {
		t.Fatal(err)
	}
	equal(t, "new statement", x.scan("a", "z"), "a=2 c=2")
	equal(t, "older cursor", x.rest(c), "a=1 b=1")
}

func testCursorOutlivesTransaction(t *testing.T, e *env) {
	e.commit("a=1", "b=1")
	x := e.begin()
	x.write("c=1")
	c := x.cursor(rows("a", "z"), kv.ScanOptions{})
	x.commit()
	var b kv.Batch
	_, err := c.Next(bg, &b)
	wantErr(t, "next after the end", err, kv.ErrTxnDone)
	c.Close()
}

func testDeleteRange(t *testing.T, e *env) {
	e.commit("a=1", "b=1", "c=1", "d=1", "e=1")
	x := e.begin()
	x.write("bb=own", "d=own")
	before := x.cursor(rows("a", "z"), kv.ScanOptions{})
	m := x.Savepoint()
	if err := x.DeleteRange(rows("b", "e")); err != nil {
		t.Fatal(err)
	}
	x.write("c=new", "ca=new")
	x.see("a=1", "-b", "-bb", "c=new", "ca=new", "-d", "e=1")
	equal(t, "scan", x.scan("a", "z"), "a=1 c=new ca=new e=1")
	equal(t, "reverse", x.rest(x.cursor(rows("a", "z"), kv.ScanOptions{Reverse: true})), "e=1 ca=new c=new a=1")
	equal(t, "earlier cursor", x.rest(before), "a=1 b=1 bb=own c=1 d=own e=1")
	if err := x.RollbackTo(m); err != nil {
		t.Fatal(err)
	}
	equal(t, "rolled back", x.scan("a", "z"), "a=1 b=1 bb=own c=1 d=own e=1")
	if err := x.DeleteRange(rows("b", "e")); err != nil {
		t.Fatal(err)
	}
	x.write("c=new", "cb=new")
	other := e.begin()
	v := x.commit()
	equal(t, "older snapshot", other.scan("a", "z"), "a=1 b=1 c=1 d=1 e=1")
	after := e.begin()
	equal(t, "committed", after.scan("a", "z"), "a=1 c=new cb=new e=1")
	if _, got, _ := after.get("c", kv.GetOptions{}); got != v {
		t.Error("version in the range:", got, v)
	}
	none := e.begin()
	for _, s := range []kv.Span{rows("z", "a"), rows("c", "c")} {
		if err := none.DeleteRange(s); err != nil {
			t.Fatal(err)
		}
	}
	if none.Written() {
		t.Error("an empty range is a write")
	}
	none.commit()
	y := e.begin()
	if err := y.DeleteRange(kv.Span{Start: []byte{kv.SpaceRows}, End: []byte{kv.SpaceRows + 1}}); err != nil {
		t.Fatal(err)
	}
	equal(t, "whole space", y.scan("", "z"), "")
	y.commit()
	equal(t, "whole space committed", e.begin().scan("", "z"), "")
}
