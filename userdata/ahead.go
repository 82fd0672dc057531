package userdata

import (
	"context"

	"github.com/kalampg/kalampg/internal/kv"
)

// ahead reads a cursor in a goroutine of its own, so that the store reads the next items while those before are worked on.
type ahead struct {
	cursor kv.Cursor
	cancel context.CancelFunc
	full   chan *kv.Batch // closed at the end
	empty  chan *kv.Batch
	last   *kv.Batch
	err    error // once full is closed
}

// readAhead begins reading. The transaction must not be written to, nor used by another goroutine than the caller's, until close.
func readAhead(ctx context.Context, c kv.Cursor) *ahead {
	const batches = 4
	ctx, cancel := context.WithCancel(ctx)
	r := &ahead{cursor: c, cancel: cancel, full: make(chan *kv.Batch, batches), empty: make(chan *kv.Batch, batches)}
	for range batches {
		r.empty <- new(kv.Batch)
	}
	go r.run(ctx)
	return r
}

func (r *ahead) run(ctx context.Context) {
	defer close(r.full)
	for {
		select {
		case <-ctx.Done():
			r.err = context.Cause(ctx)
			return
		case b := <-r.empty:
			n, err := r.cursor.Next(ctx, b)
			if err != nil || n == 0 {
				r.err = err
				return
			}
			r.full <- b // there is room for all
		}
	}
}

// next gives the next items, valid until the next call; nil at the end.
func (r *ahead) next() (*kv.Batch, error) {
	if r.last != nil {
		r.empty <- r.last
		r.last = nil
	}
	b, ok := <-r.full
	if !ok {
		return nil, r.err
	}
	r.last = b
	return b, nil
}

// close ends reading and gives the cursor back.
func (r *ahead) close() {
	r.cancel()
	for range r.full {
	}
	r.cursor.Close()
}
