package catalog

import (
	"context"

	"github.com/kalampg/kalampg/catalog/desc"
)

// Statistics implements Reader.
func (v *view) Statistics(relation OID) *desc.Statistics { return v.contents.statistics.at(relation) }

// SetStatistics stores what ANALYZE found in a table. With quiet the version stays, so that cached plans are kept: the new figures are so near the old
// ones that no plan made from them would differ. The caller holds the relation's ShareUpdateExclusive lock.
func (t *Txn) SetStatistics(ctx context.Context, s *desc.Statistics, quiet bool) error {
	if err := t.lockDescriptor(ctx, kindStatistics, s.Relation); err != nil {
		return err
	}
	if t.Relation(s.Relation) == nil {
		return nil
	}
	return t.write(change{database: t.database, kind: kindStatistics, object: desc.ObjectRef{OID: s.Relation}, value: s, quiet: quiet})
}

// forgetRows says that a table's number of rows is not known any more; what is known of its columns stays, as in PostgreSQL.
func (t *Txn) forgetRows(ctx context.Context, table OID) error {
	old := t.Statistics(table)
	if old == nil || old.Rows < 0 {
		return nil
	}
	s := *old
	s.Rows, s.Bytes = -1, 0
	return t.SetStatistics(ctx, &s, false)
}

// removeStatistics goes with the removal of a relation.
func (t *Txn) removeStatistics(oid OID) error {
	if t.Statistics(oid) == nil {
		return nil
	}
	return t.remove(kindStatistics, oid)
}
