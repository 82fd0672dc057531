package exec

import (
	"context"

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
	if s.hasForeignKeys(rel) {
		return nil // what they note of a row names its key, which a load gives it later
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

// hasForeignKeys tells whether foreign keys lead from or to a relation, or another constraint is looked at later than its row.
func (s *Session) hasForeignKeys(rel *desc.Relation) bool {
	for i := range rel.Constraints {
		if c := &rel.Constraints[i]; c.Type == 'f' || c.Deferrable {
			return true
		}
	}
	return len(s.txn.catalog.Referencing(rel.OID)) > 0
}

// claim tells whether the keys of new rows in the span are this transaction's alone: because no two rows can have a key in common, or because there is no row and nobody
// else writes to the table. Then it keeps other writers out; it does not wait for them.
func (s *Session) claim(ctx context.Context, rel *desc.Relation, span kv.Span) (bool, error) {
	unique := false
	for i := range rel.Indexes {
		unique = unique || rel.Indexes[i].Unique || rel.Indexes[i].Primary
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
