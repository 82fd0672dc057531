package kvtest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
)

func changes(t *testing.T, e *env, from kv.Version) kv.ChangeReader {
	t.Helper()
	s, ok := e.Store.(kv.ChangeSource)
	if !ok {
		t.Skip("the store keeps no change feed (kv.ChangeSource)")
	}
	r, err := s.Changes(from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func next(t *testing.T, r kv.ChangeReader) (kv.Version, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(bg, 5*time.Second)
	defer cancel()
	c, err := r.Next(ctx)
	if err != nil {
		t.Fatal("feed:", err)
	}
	if time.Since(c.Time) > time.Minute {
		t.Error("time of the change:", c.Time)
	}
	var list []string
	for _, b := range c.Records {
		list = append(list, string(b))
	}
	return c.Version, strings.Join(list, ",")
}

func testSavepointsAndEmit(t *testing.T, e *env) {
	r := changes(t, e, e.begin().Snapshot())
	x := e.begin()
	x.Emit([]byte("one"))
	m := x.Savepoint()
	x.write("a=1")
	x.Emit([]byte("two"))
	if err := x.RollbackTo(m); err != nil {
		t.Fatal(err)
	}
	x.Emit([]byte("three"))
	v := x.commit()
	got, records := next(t, r)
	if got != v {
		t.Errorf("version %d, want %d", got, v)
	}
	equal(t, "records", records, "one,three")
}

func testFeed(t *testing.T, e *env) {
	s, ok := e.Store.(kv.ChangeSource)
	if !ok {
		t.Skip("the store keeps no change feed (kv.ChangeSource)")
	}
	begin := s.Visible()
	var want []string
	var versions []kv.Version
	for i := range 10 {
		x := e.begin()
		if i%3 != 2 {
			x.write(fmt.Sprintf("k=%d", i))
		}
		if i%4 == 3 {
			x.commit() // emits nothing: not in the feed
			continue
		}
		buf := []byte(fmt.Sprintf("r%d", i))
		x.Emit(buf)
		buf[0] = 'X'
		x.Emit([]byte("second"))
		if i == 5 {
			x.Rollback()
			continue
		}
		v := x.commit()
		if s.Visible() < v {
			t.Error("not visible after the commit")
		}
		want = append(want, fmt.Sprintf("r%d,second", i))
		versions = append(versions, v)
	}
	r := changes(t, e, begin)
	for i, w := range want {
		v, records := next(t, r)
		if v != versions[i] {
			t.Errorf("version %d, want %d", v, versions[i])
		}
		equal(t, "records", records, w)
	}
	ctx, cancel := context.WithTimeout(bg, 5*time.Millisecond)
	defer cancel()
	_, err := r.Next(ctx)
	wantErr(t, "nothing more", err, context.DeadlineExceeded)
	late := changes(t, e, versions[2])
	if v, _ := next(t, late); v != versions[3] {
		t.Error("a reader from the middle begins at", v)
	}
}

// A reader that follows concurrent commits sees all of them, in order, and each after it became visible.
func testFeedFollows(t *testing.T, e *env) {
	s, ok := e.Store.(kv.ChangeSource)
	if !ok {
		t.Skip("the store keeps no change feed (kv.ChangeSource)")
	}
	r := changes(t, e, s.Visible())
	const workers, each = 4, 40
	var wg sync.WaitGroup
	for g := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range each {
				x, err := e.Begin(bg, kv.TxnOptions{NoSync: true})
				if err != nil {
					t.Error(err)
					return
				}
				x.Put(row(fmt.Sprintf("%d.%d", g, i)), nil)
				x.Emit(fmt.Appendf(nil, "%d.%d", g, i))
				if _, err := x.Commit(bg); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	var last kv.Version
	seen := [workers]int{}
	for range workers * each {
		v, record := next(t, r)
		if v <= last {
			t.Fatalf("version %d after %d", v, last)
		}
		last = v
		if s.Visible() < v {
			t.Error("in the feed before it is visible")
		}
		var g, i int
		fmt.Sscanf(record, "%d.%d", &g, &i)
		if seen[g] != i {
			t.Errorf("worker %d: change %d, expected %d", g, i, seen[g])
		}
		seen[g]++
	}
	wg.Wait()
}
