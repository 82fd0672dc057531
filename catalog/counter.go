package catalog

import (
	"context"
	"encoding/binary"
	"sync"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
)

// counterStep is how many ids one write of a counter makes available; a crash loses what was left of them.
const counterStep = 4096

// counter hands out ids that are never handed out again, not even after a crash or by a transaction that rolls back.
type counter struct {
	store kv.Store
	key   []byte

	mu    sync.Mutex
	next  uint64
	limit uint64 // persisted: ids below it may have been used
}

func newCounter(store kv.Store, name byte) *counter {
	return &counter{store: store, key: append(appendPrefix(nil, 0, kindCounter), name), next: uint64(desc.FirstNormalOID), limit: uint64(desc.FirstNormalOID)}
}

// load takes the persisted limit, found at opening.
func (c *counter) load(value []byte) {
	if len(value) == 8 {
		c.limit = binary.BigEndian.Uint64(value)
		c.next = c.limit
	}
}

func (c *counter) take(ctx context.Context) (uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next == c.limit {
		if err := c.extend(ctx); err != nil {
			return 0, err
		}
	}
	c.next++
	return c.next - 1, nil
}

func (c *counter) extend(ctx context.Context) error {
	limit := c.limit + counterStep
	err := inStore(ctx, c.store, func(t kv.Txn) error {
		return t.Put(c.key, binary.BigEndian.AppendUint64(nil, limit))
	})
	if err == nil {
		c.limit = limit
	}
	return err
}

// inStore runs f in a transaction of its own.
func inStore(ctx context.Context, store kv.Store, f func(kv.Txn) error) error {
	t, err := store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		return storeError(err)
	}
	defer t.Rollback()
	if err := f(t); err != nil {
		return storeError(err)
	}
	_, err = t.Commit(ctx)
	return storeError(err)
}
