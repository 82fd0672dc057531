package txn

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/feed"
)

// Changes opens a reader of the change feed.
func (s *Store) Changes(from kv.Version) (kv.ChangeReader, error) {
	c := &changes{s: s, after: from}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	if err := c.follow(); err != nil {
		c.cancel(kv.ErrClosed)
		return nil, err
	}
	return c, nil
}

// changes reads the feed from memory, and from the engine's history what memory no longer holds.
type changes struct {
	s      *Store
	after  kv.Version // of the last change that was handed out
	ring   atomic.Pointer[feed.Reader]
	past   History // instead of ring
	mu     sync.Mutex
	ctx    context.Context // ends with Close
	cancel context.CancelCauseFunc
}

// follow goes on from memory if that still holds the place, else from the history.
func (c *changes) follow() error {
	c.stop()
	ring, err := c.s.ring.Reader(c.after)
	if err == nil {
		c.ring.Store(ring)
		if c.ctx.Err() != nil {
			ring.Close() // Close may have been too early to see it
		}
		return nil
	}
	h, ok := c.s.engine.(Historian)
	if !ok || !errors.Is(err, kv.ErrTooOld) {
		return err
	}
	return c.s.Use(func() error {
		c.past, err = h.History(c.after)
		return err
	})
}

func (c *changes) stop() {
	if ring := c.ring.Swap(nil); ring != nil {
		ring.Close()
	}
	if c.past != nil {
		c.past.Close()
		c.past = nil
	}
}

// Next returns the next change. It blocks until there is one.
func (c *changes) Next(ctx context.Context) (kv.Change, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		change, ok, err := c.next(ctx)
		if err != nil {
			return kv.Change{}, err
		}
		if ok {
			c.after = change.Version
			return change, nil
		}
		if err := c.follow(); err != nil {
			return kv.Change{}, err
		}
	}
}

// next reads from where the reader is at. ok is false when it has to go elsewhere.
func (c *changes) next(ctx context.Context) (change kv.Change, ok bool, err error) {
	if err := c.ctx.Err(); err != nil {
		return change, false, context.Cause(c.ctx)
	}
	if ring := c.ring.Load(); ring != nil {
		change, err = ring.Next(ctx)
		if errors.Is(err, kv.ErrTooOld) {
			return change, false, nil // fell behind what memory holds
		}
		return change, err == nil, err
	}
	if ctx.Err() != nil {
		return change, false, context.Cause(ctx)
	}
	visible := c.s.Visible()
	err = c.s.Use(func() error {
		change, ok, err = c.past.Next(visible)
		return err
	})
	if !ok && err == nil {
		c.after = max(c.after, visible) // nothing but commits without changes up to there
	}
	return change, ok, err
}

// Close ends a waiting Next too.
func (c *changes) Close() {
	c.cancel(kv.ErrClosed)
	if ring := c.ring.Load(); ring != nil {
		ring.Close()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stop()
}
