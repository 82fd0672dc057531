package catalog

import (
	"context"
	"encoding/binary"

	"github.com/kalampg/kalampg/internal/kv"
)

// Garbage lists the storage ids that committed transactions have let go and that have not been collected: what is left to delete at start-up
// after a crash.
func (c *Catalog) Garbage(ctx context.Context) ([]uint64, error) {
	t, err := c.store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return nil, storeError(err)
	}
	defer t.Rollback()
	cur, err := t.Scan(ctx, kv.PrefixSpan(appendPrefix(nil, 0, kindGarbage)), kv.ScanOptions{KeysOnly: true})
	if err != nil {
		return nil, storeError(err)
	}
	defer cur.Close()
	var ids []uint64
	var b kv.Batch
	for {
		n, err := cur.Next(ctx, &b)
		if err != nil || n == 0 {
			return ids, storeError(err)
		}
		for i := range n {
			if k := b.Key(i); len(k) == keyPrefix+8 {
				ids = append(ids, binary.BigEndian.Uint64(k[keyPrefix:]))
			}
		}
	}
}

// Collected says that the rows and entries under storage ids have been deleted. It is put into t, the transaction that deleted them.
func (c *Catalog) Collected(ctx context.Context, t kv.Txn, ids []uint64) error {
	for _, id := range ids {
		key := garbageKey(id)
		if err := t.Lock(ctx, [][]byte{key}, kv.LockOptions{Mode: kv.ForUpdate}); err != nil {
			return storeError(err)
		}
		if err := t.Delete(key); err != nil {
			return storeError(err)
		}
	}
	return nil
}
