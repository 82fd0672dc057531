package catalog

import (
	"context"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// Truncate empties a table by giving it and its indexes new storage ids; the old ones are among FreedStorage. With restart the sequences that its columns
// own begin again. The caller holds the AccessExclusive lock.
func (t *Txn) Truncate(ctx context.Context, table OID, restart bool) error {
	_, err := t.AlterRelation(ctx, table, func(r *desc.Relation) error {
		r.StorageID = 0
		for i := range r.Indexes {
			r.Indexes[i].StorageID = 0
		}
		return nil
	})
	if err == nil {
		err = t.forgetRows(ctx, table)
	}
	if err != nil || !restart {
		return err
	}
	for _, s := range t.ownedSequences(table) {
		start := desc.SequenceState{Last: s.SequenceDef.Start}
		if _, err := t.AlterSequence(ctx, s.OID, *s.SequenceDef, &start); err != nil {
			return err
		}
	}
	return nil
}

// AlterSequence changes a sequence's definition, and where it stands unless state is nil. It is transactional: the sequence goes on under a new storage
// id, so a rollback leaves the old definition and value.
func (t *Txn) AlterSequence(ctx context.Context, oid OID, def desc.SequenceDef, state *desc.SequenceState) (*desc.Relation, error) {
	return t.AlterRelation(ctx, oid, func(r *desc.Relation) error {
		if r.Kind != desc.Sequence {
			return pgerr.Newf(pgerr.WrongObjectType, "cannot open relation \"%s\"", r.Name).WithDetail("This operation is not supported for %ss.", kindWord(r.Kind))
		}
		if state == nil {
			now, _, err := t.catalog.sequences.State(ctx, t.database, r)
			if err != nil {
				return err
			}
			state = &now
		}
		*r.SequenceDef, r.SequenceState, r.StorageID = def, *state, 0
		return nil
	})
}
