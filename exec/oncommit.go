package exec

import (
	"context"

	"github.com/kalampg/kalampg/catalog/desc"
)

// onCommit notes that a temporary table is to be dropped, or else emptied, whenever a transaction commits (ON COMMIT DROP, ON COMMIT DELETE ROWS). Such
// tables live no longer than the session, so nobody else has to know. A table whose creation was rolled back is simply not found.
func (s *Session) onCommit(table desc.OID, drop bool) {
	if s.atCommit == nil {
		s.atCommit = make(map[desc.OID]bool)
	}
	s.atCommit[table] = drop
}

// endTemporary does at a commit what temporary tables ask for.
func (s *Session) endTemporary(ctx context.Context) error {
	t := s.txn
	if len(s.atCommit) == 0 || !t.kv.Written() {
		return nil
	}
	t.catalog.Refresh()
	for oid, drop := range s.atCommit {
		if t.catalog.Relation(oid) == nil {
			delete(s.atCommit, oid)
			continue
		}
		if !drop {
			if err := t.catalog.Truncate(ctx, oid, false); err != nil {
				return err
			}
			continue
		}
		if _, _, err := t.catalog.Drop(ctx, []desc.ObjectRef{{Class: desc.ClassRelation, OID: oid}}, true); err != nil {
			return err
		}
	}
	return nil
}
