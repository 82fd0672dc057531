package feed

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
)

func change(v kv.Version, n int) kv.Change {
	return kv.Change{Version: v, Records: [][]byte{make([]byte, n)}}
}

func TestRing(t *testing.T) {
	ctx := context.Background()
	r := New(10*(2*overhead+100), 5)
	if _, err := r.Reader(4); !errors.Is(err, kv.ErrTooOld) {
		t.Fatal("before the beginning:", err)
	}
	slow, err := r.Reader(5)
	if err != nil {
		t.Fatal(err)
	}
	future, _ := r.Reader(8)
	for v := kv.Version(6); v <= 10; v++ {
		r.Append(change(v, 100))
	}
	for v := kv.Version(6); v <= 7; v++ {
		if c, err := slow.Next(ctx); err != nil || c.Version != v {
			t.Fatal(c.Version, err)
		}
	}
	if c, err := future.Next(ctx); err != nil || c.Version != 9 {
		t.Fatal(c.Version, err)
	}
	for v := kv.Version(11); v <= 1000; v++ {
		r.Append(change(v, 100))
	}
	if _, err := slow.Next(ctx); !errors.Is(err, kv.ErrTooOld) {
		t.Fatal("overtaken:", err)
	}
	if _, err := r.Reader(989); !errors.Is(err, kv.ErrTooOld) {
		t.Fatal(err)
	}
	last, err := r.Reader(990)
	if err != nil {
		t.Fatal(err)
	}
	for v := kv.Version(991); v <= 1000; v++ {
		if c, err := last.Next(ctx); err != nil || c.Version != v {
			t.Fatal(v, c.Version, err)
		}
	}
	short, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if _, err := last.Next(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	time.AfterFunc(time.Millisecond, func() { r.Append(change(1001, 1)) })
	if c, err := last.Next(ctx); err != nil || c.Version != 1001 {
		t.Fatal(c, err)
	}
	r.Append(change(1002, 1<<20))
	if _, err := last.Next(ctx); !errors.Is(err, kv.ErrTooOld) {
		t.Fatal("a change larger than the ring:", err)
	}
	if r.Bytes() != 0 {
		t.Fatal(r.Bytes())
	}
	end, _ := r.Reader(1002)
	time.AfterFunc(time.Millisecond, end.Close)
	if _, err := end.Next(ctx); !errors.Is(err, kv.ErrClosed) {
		t.Fatal(err)
	}
	open, _ := r.Reader(1002)
	time.AfterFunc(time.Millisecond, r.Close)
	if _, err := open.Next(ctx); !errors.Is(err, kv.ErrClosed) {
		t.Fatal(err)
	}
}
