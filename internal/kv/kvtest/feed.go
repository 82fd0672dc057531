package kvtest

import (
	"context"
	"errors"
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

// A reader that stays behind what fits into memory gets every change, or is told that its place is gone.
func testFeedBehindMemory(t *testing.T, e *env) {
	r := changes(t, e, e.begin().Snapshot())
	record := make([]byte, 1<<20)
	const n = 40
	for i := range n {
		x := e.beginWith(kv.TxnOptions{NoSync: true})
		x.write(fmt.Sprintf("k=%d", i))
		record[0] = byte(i)
		x.Emit(record)
		x.commit()
	}
	for i := range n {
		ctx, cancel := context.WithTimeout(bg, 5*time.Second)
		defer cancel()
		c, err := r.Next(ctx)
		if errors.Is(err, kv.ErrTooOld) {
			return
		}
		if err != nil || len(c.Records) != 1 || len(c.Records[0]) != len(record) || c.Records[0][0] != byte(i) {
			t.Fatal(i, c.Version, err)
		}
	}
	v := e.commit("last=1") // emits nothing
	x := e.begin()
	x.Emit([]byte("end"))
	if end := x.commit(); end <= v {
		t.Error(end, v)
	}
	if _, got := next(t, r); got != "end" {
		t.Error("back in memory:", got)
	}
	r.Close()
	_, err := r.Next(bg)
	wantErr(t, "closed reader", err, kv.ErrClosed)
}

// A feed that outlives its store begins where a reader left it; one that does not says so.
func testFeedAfterReopen(t *testing.T, e *env) {
	changes(t, e, e.begin().Snapshot()).Close()
	var versions []kv.Version
	for i := range 5 {
		x := e.begin()
		x.write(fmt.Sprintf("k=%d", i))
		x.Emit(fmt.Appendf(nil, "r%d", i))
		versions = append(versions, x.commit())
	}
	e.reopen()
	s := e.Store.(kv.ChangeSource)
	changes(t, e, s.Visible()).Close()
	r, err := s.Changes(versions[1])
	if errors.Is(err, kv.ErrTooOld) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	x := e.begin()
	x.Emit([]byte("new"))
	versions = append(versions, x.commit())
	for i, want := range []string{"r2", "r3", "r4", "new"} {
		if v, got := next(t, r); got != want || v != versions[i+2] {
			t.Errorf("got %d %q, want %d %q", v, got, versions[i+2], want)
		}
	}
}
