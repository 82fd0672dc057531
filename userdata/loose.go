package userdata

import (
	"bytes"
	"context"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// An index of a deferrable constraint is loose: two rows may have one key until somebody looks. Its entries are those of an index that is not unique, and what all entries
// of a key begin with is the key's claim, which is locked as the entry of a unique index is.

// Recheck is told of a row that has, or may come to have, the key of another row in a loose index.
type Recheck func(t *Table, x *desc.Index, claim, row []byte) error

// putLoose adds an entry to a loose index, and asks for another look when the key is taken, or in the hands of another transaction.
func (t *Table) putLoose(ctx context.Context, a *Access, x *Index, e entry, rowKey []byte) error {
	claim := e.key[:e.claim]
	if a.Recheck == nil {
		if err := a.lockKey(ctx, claim, kv.ForUpdate); err != nil {
			return err
		}
	}
	doubtful := false
	if a.Recheck != nil && !a.Exclusive {
		var skipped [1]bool
		a.one[0] = claim
		if err := a.Txn.Lock(ctx, a.one[:], kv.LockOptions{Mode: kv.ForUpdate, Skip: skipped[:]}); err != nil {
			return err
		}
		doubtful = skipped[0]
	}
	if !doubtful {
		other, err := t.otherEntry(ctx, a, e.key, e.claim)
		if err != nil {
			return err
		}
		doubtful = other
	}
	if err := a.Txn.Put(e.key, e.value); err != nil || !doubtful {
		return err
	}
	if a.Recheck == nil {
		return errTaken
	}
	return a.Recheck(t, x.Desc, claim, rowKey)
}

// otherEntry tells whether a loose index has an entry of the same key as another one's.
func (t *Table) otherEntry(ctx context.Context, a *Access, key []byte, claim int) (bool, error) {
	c, err := a.Txn.Scan(ctx, kv.PrefixSpan(key[:claim]), kv.ScanOptions{Latest: true, KeysOnly: true, Limit: 2})
	if err != nil {
		return false, err
	}
	defer c.Close()
	for {
		n, err := c.Next(ctx, &a.batch)
		if err != nil || n == 0 {
			return false, err
		}
		for i := range n {
			if !bytes.Equal(a.batch.Key(i), key) {
				return true, nil
			}
		}
	}
}

// CheckClaim looks whether a row that Recheck was told of is the only one of its key now, after waiting for whoever else claims the key. A row that has another
// key by now, or is gone, is no matter.
func (t *Table) CheckClaim(ctx context.Context, a *Access, d *desc.Index, claim, rowKey []byte) error {
	x := t.index(d)
	if x == nil {
		return nil
	}
	if err := a.lockKey(ctx, claim, kv.ForUpdate); err != nil {
		return err
	}
	_, tail := t.split(rowKey)
	key := append(bytes.Clone(claim), tail...)
	if err := a.get(ctx, &a.batch, key, true); err != nil || !a.batch.Found(0) {
		return err
	}
	other, err := t.otherEntry(ctx, a, key, len(claim))
	if err != nil || !other {
		return err
	}
	values := make([]pgtype.Datum, t.Width())
	if found, err := t.Newest(ctx, a, rowKey, values); err != nil || !found {
		return err
	}
	return t.duplicate(x, values)
}
