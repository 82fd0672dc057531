package exec

import (
	"context"
	"slices"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/userdata"
)

// newLoad begins a load of many rows into a relation; nil when rows have to be inserted one by one.
func (s *Session) newLoad(rel *desc.Relation) *userdata.Load {
	if now := s.txn.catalog.Relation(rel.OID); now != nil {
		rel = now
	}
	for i := range rel.Indexes {
		if !rel.Indexes[i].Immediate {
			return nil // two rows may have one key for a while
		}
	}
	if rel.Clustered() == nil && slices.ContainsFunc(rel.Constraints, func(c desc.Constraint) bool { return c.Type == 'f' }) {
		return nil // the checks of foreign keys name rows by their keys, which rows without a primary key get when they are written
	}
	t, err := s.openTable(rel)
	if err != nil || s.txn.catalog.KV() == nil {
		return nil // who inserts will say so
	}
	if s.txn.catalog.Fresh(rel) && !t.Scoped() {
		return t.NewLoad(nil)
	}
	return t.NewLoad(func(span kv.Span) (bool, error) { return s.claim(s.rt.Ctx, rel, span) })
}

// claim tells whether the keys of new rows in the span are this transaction's alone: because no two rows can have a key in common, or because there is no row and nobody
// else writes to the table. Then it keeps other writers out; it does not wait for them.
func (s *Session) claim(ctx context.Context, rel *desc.Relation, span kv.Span) (bool, error) {
	unique := false
	for i := range rel.Indexes {
		unique = unique || rel.Indexes[i].Unique || rel.Indexes[i].Primary || rel.Indexes[i].Exclusion
	}
	if !unique {
		return true, nil
	}
	if empty, err := isEmpty(ctx, s.txn.catalog.KV(), span); err != nil || !empty {
		return false, err
	}
	_, err := s.txn.catalog.LockRelation(ctx, rel.OID, kv.ShareRowExclusive, catalog.Wait{NoWait: true})
	if pgerr.Is(err, pgerr.LockNotAvailable) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	now, err := s.engine.store.Begin(ctx, kv.TxnOptions{ReadOnly: true}) // what others committed after this statement began
	if err != nil {
		return false, err
	}
	defer now.Rollback()
	return isEmpty(ctx, now, span)
}

// isEmpty tells whether a transaction sees nothing in a span.
func isEmpty(ctx context.Context, t kv.Txn, span kv.Span) (bool, error) {
	c, err := t.Scan(ctx, span, kv.ScanOptions{KeysOnly: true, Limit: 1})
	if err != nil {
		return false, err
	}
	defer c.Close()
	var b kv.Batch
	n, err := c.Next(ctx, &b)
	return n == 0, err
}
