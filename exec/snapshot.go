package exec

import (
	"fmt"
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
)

var _ builtin.SnapshotExporter = (*environment)(nil)

// exported is a snapshot that a running transaction lets others use (pg_export_snapshot), in the engine's list by its identifier.
type exported struct {
	snapshot kv.SharedSnapshot
	database desc.OID
	modes    modes
}

// ExportSnapshot is pg_export_snapshot: it names the snapshot of the running statement, as long as its transaction runs.
func (e *environment) ExportSnapshot() (string, error) {
	s, t := e.s, e.s.txn
	if len(t.savepoints) > 0 {
		return "", pgerr.New(pgerr.ActiveSQLTransaction, "cannot export a snapshot from a subtransaction")
	}
	source, ok := t.kv.(kv.SnapshotSharer)
	if !ok {
		return "", pgerr.Unsupported("pg_export_snapshot on this store")
	}
	id := fmt.Sprintf("%08X-%08X-%d", s.pid, s.number.Load(), len(t.exported)+1)
	t.exported = append(t.exported, id)
	s.engine.exported.Store(id, &exported{source.ShareSnapshot(), s.database, t.modes})
	return id, nil
}

// endExports takes back what a transaction has exported.
func (s *Session) endExports(t *transaction) {
	for _, id := range t.exported {
		if x, ok := s.engine.exported.LoadAndDelete(id); ok {
			x.(*exported).snapshot.Release()
		}
	}
	t.exported = nil
}

// importSnapshot is SET TRANSACTION SNAPSHOT.
func (s *Session) importSnapshot(id string) error {
	if s.txn == nil || !s.txn.block {
		if err := s.notice(pgerr.Notice("WARNING", pgerr.NoActiveSQLTransaction, "SET TRANSACTION can only be used in transaction blocks")); err != nil || s.txn == nil {
			return err
		}
	}
	t := s.txn
	switch {
	case t.used || len(t.savepoints) > 0:
		return pgerr.New(pgerr.ActiveSQLTransaction, "SET TRANSACTION SNAPSHOT must be called before any query")
	case !t.modes.repeatable():
		return pgerr.New(pgerr.FeatureNotSupported, "a snapshot-importing transaction must have isolation level SERIALIZABLE or REPEATABLE READ")
	case strings.Trim(id, "0123456789ABCDEF-") != "":
		return pgerr.Newf(pgerr.InvalidParameterValue, "invalid snapshot identifier: \"%s\"", id)
	}
	found, ok := s.engine.exported.Load(id)
	if !ok {
		return pgerr.Newf(pgerr.InvalidParameterValue, "invalid snapshot identifier: \"%s\"", id)
	}
	x := found.(*exported)
	if t.modes.isolation == serializable {
		switch {
		case x.modes.isolation != serializable:
			return pgerr.New(pgerr.FeatureNotSupported, "a serializable transaction cannot import a snapshot from a non-serializable transaction")
		case x.modes.readOnly && !t.modes.readOnly:
			return pgerr.New(pgerr.FeatureNotSupported, "a non-read-only serializable transaction cannot import a snapshot from a read-only transaction")
		}
		return pgerr.Unsupported("SET TRANSACTION SNAPSHOT in a serializable transaction")
	}
	if x.database != s.database {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot import a snapshot from a different database")
	}
	target, ok := t.kv.(kv.SnapshotSharer)
	if !ok {
		return pgerr.Unsupported("SET TRANSACTION SNAPSHOT on this store")
	}
	t.used = true
	return target.AdoptSnapshot(x.snapshot)
}
