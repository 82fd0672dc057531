package system

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
)

// Records are the stored rows of a system table. Every method works in the transaction that it is given: its own writes are seen, and nothing is kept
// unless it commits.
type Records[T any] struct {
	store       kv.Store
	table       byte
	perDatabase bool
	id          func(*T) string
}

func newRecords[T any](store kv.Store, table byte, perDatabase bool, id func(*T) string) *Records[T] {
	return &Records[T]{store, table, perDatabase, id}
}

func (r *Records[T]) key(database desc.OID, id string) []byte {
	if !r.perDatabase {
		database = 0
	}
	return catalog.SystemKey(database, r.table, id)
}

// Put adds a row, or replaces the one with its id.
func (r *Records[T]) Put(ctx context.Context, t *catalog.Txn, row *T) error {
	b, err := json.Marshal(row)
	if err != nil {
		return err
	}
	key := r.key(t.Database().OID, r.id(row))
	if err := t.KV().Lock(ctx, [][]byte{key}, kv.LockOptions{Mode: kv.ForUpdate}); err != nil {
		return err
	}
	return t.KV().Put(key, b)
}

// Get finds a row by its id; nil when there is none.
func (r *Records[T]) Get(ctx context.Context, t *catalog.Txn, id string) (*T, error) {
	var b kv.Batch
	if err := t.KV().Get(ctx, [][]byte{r.key(t.Database().OID, id)}, &b, kv.GetOptions{}); err != nil {
		return nil, err
	}
	if !b.Found(0) {
		return nil, nil
	}
	return decode[T](b.Value(0))
}

// Delete removes a row; found is false when there was none.
func (r *Records[T]) Delete(ctx context.Context, t *catalog.Txn, id string) (found bool, err error) {
	key := r.key(t.Database().OID, id)
	if err := t.KV().Lock(ctx, [][]byte{key}, kv.LockOptions{Mode: kv.ForUpdate}); err != nil {
		return false, err
	}
	row, err := r.Get(ctx, t, id)
	if err != nil || row == nil {
		return false, err
	}
	return true, t.KV().Delete(key)
}

// ScanAll yields the rows by id until yield returns false.
func (r *Records[T]) ScanAll(ctx context.Context, t *catalog.Txn, yield func(*T) bool) error {
	return r.scan(ctx, t.KV(), t.Database().OID, yield)
}

func (r *Records[T]) scan(ctx context.Context, t kv.Txn, database desc.OID, yield func(*T) bool) error {
	cur, err := t.Scan(ctx, kv.PrefixSpan(r.key(database, "")), kv.ScanOptions{})
	if err != nil {
		return err
	}
	defer cur.Close()
	var b kv.Batch
	for {
		n, err := cur.Next(ctx, &b)
		if err != nil || n == 0 {
			return err
		}
		for i := range n {
			row, err := decode[T](b.Value(i))
			if err != nil {
				return err
			}
			if !yield(row) {
				return nil
			}
		}
	}
}

// read yields the rows that a reader of the catalog sees: those of its transaction, or, for a snapshot, the newest committed ones.
func (r *Records[T]) read(reader catalog.Reader, yield func(*T) bool) error {
	ctx := context.Background()
	if t, ok := reader.(*catalog.Txn); ok {
		return r.ScanAll(ctx, t, yield)
	}
	t, err := r.store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer t.Rollback()
	return r.scan(ctx, t, reader.Database().OID, yield)
}

func decode[T any](b []byte) (*T, error) {
	row := new(T)
	if err := json.Unmarshal(b, row); err != nil {
		return nil, fmt.Errorf("system: stored row: %w: %w", kv.ErrCorrupt, err)
	}
	return row, nil
}
