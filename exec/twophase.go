package exec

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// maxGID is the longest name of a prepared transaction, in bytes.
const maxGID = 199

// preparedData is what the engine keeps with a prepared transaction.
type preparedData struct {
	Owner    desc.OID
	Database desc.OID
	Time     time.Time
	XID      uint32
}

// afterPrepared is what is left to do after the commit of a prepared transaction of this run.
type afterPrepared func()

// twoPhase runs PREPARE TRANSACTION, COMMIT PREPARED and ROLLBACK PREPARED.
func (s *Session) twoPhase(ctx context.Context, n *pg_query.TransactionStmt) (string, error) {
	switch n.Kind {
	case pg_query.TransactionStmtKind_TRANS_STMT_PREPARE:
		return s.prepareTransaction(ctx, n.Gid)
	case pg_query.TransactionStmtKind_TRANS_STMT_COMMIT_PREPARED:
		return "COMMIT PREPARED", s.finishPrepared(ctx, n.Gid, true)
	}
	return "ROLLBACK PREPARED", s.finishPrepared(ctx, n.Gid, false)
}

// prepareTransaction ends the session's part in the transaction: it goes on without it, with all its locks, until somebody ends it. After an error it is gone, rolled back.
func (s *Session) prepareTransaction(ctx context.Context, gid string) (string, error) {
	if s.txn == nil || !s.txn.block {
		return "ROLLBACK", s.notice(pgerr.Notice("WARNING", pgerr.NoActiveSQLTransaction, "there is no transaction in progress"))
	}
	if s.txn.failed {
		s.rollback()
		return "ROLLBACK", nil
	}
	if err := s.prepareOr(ctx, gid); err != nil {
		s.rollback()
		return "", clientError(ctx, err)
	}
	return "PREPARE TRANSACTION", nil
}

func (s *Session) prepareOr(ctx context.Context, gid string) error {
	t := s.txn
	if err := s.checkDeferred(ctx, true); err != nil {
		return err
	}
	for _, q := range s.portals {
		if q.hold && q.level >= 0 {
			return pgerr.New(pgerr.FeatureNotSupported, "cannot PREPARE a transaction that has created a cursor WITH HOLD")
		}
	}
	if t.catalog.UsedTemporary() {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot PREPARE a transaction that has operated on temporary objects")
	}
	if len(t.exported) > 0 {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot PREPARE a transaction that has exported snapshots")
	}
	if t.notices != nil && !t.notices.Empty() {
		return pgerr.New(pgerr.FeatureNotSupported, "cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or NOTIFY")
	}
	store, ok := s.engine.store.(kv.PreparedStore)
	limit := s.settings.Int("max_prepared_transactions")
	switch {
	case len(gid) > maxGID:
		return pgerr.Newf(pgerr.InvalidParameterValue, "transaction identifier \"%s\" is too long", gid)
	case limit == 0:
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "prepared transactions are disabled").WithHint("Set max_prepared_transactions to a nonzero value.")
	case !ok:
		return pgerr.Unsupported("PREPARE TRANSACTION on this store")
	}
	others := store.Prepared()
	for _, p := range others {
		if p.Name == gid {
			return alreadyPrepared(gid)
		}
	}
	if int64(len(others)) >= limit {
		return pgerr.New(pgerr.OutOfMemory, "maximum number of prepared transactions reached").WithHint("Increase max_prepared_transactions (currently %d).", limit)
	}
	data, err := json.Marshal(preparedData{Owner: s.user, Database: s.database, Time: time.Now(), XID: s.number.Load()})
	if err != nil {
		return err
	}
	s.closePortals()
	if err := store.Prepare(ctx, t.kv, gid, data); err != nil {
		if errors.Is(err, kv.ErrPreparedExists) {
			return alreadyPrepared(gid)
		}
		return err
	}
	s.engine.prepared.Store(gid, afterPrepared(func() {
		s.engine.activity.add(s.database, &t.tally, t.catalog)
		if freed := t.catalog.FreedStorage(); len(freed) > 0 {
			s.engine.sweep(freed)
		}
	}))
	s.txn = nil
	s.noteEnd(t)
	s.endSettings(true)
	return nil
}

func alreadyPrepared(gid string) error {
	return pgerr.Newf(pgerr.DuplicateObject, "transaction identifier \"%s\" is already in use", gid)
}

// finishPrepared commits or rolls back a prepared transaction, which is not the session's own.
func (s *Session) finishPrepared(ctx context.Context, gid string, commit bool) error {
	what := "ROLLBACK PREPARED"
	if commit {
		what = "COMMIT PREPARED"
	}
	if s.inBlock() {
		return pgerr.Newf(pgerr.ActiveSQLTransaction, "%s cannot run inside a transaction block", what)
	}
	store, ok := s.engine.store.(kv.PreparedStore)
	var found *kv.Prepared
	if ok {
		for _, p := range store.Prepared() {
			if p.Name == gid {
				found = &p
			}
		}
	}
	if found == nil {
		return pgerr.Newf(pgerr.UndefinedObject, "prepared transaction with identifier \"%s\" does not exist", gid)
	}
	var data preparedData
	if err := json.Unmarshal(found.Data, &data); err != nil {
		return err
	}
	if data.Owner != s.user && !s.superuser() {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to finish prepared transaction").
			WithHint("Must be superuser or the user that prepared the transaction.")
	}
	if data.Database != s.database {
		return pgerr.New(pgerr.FeatureNotSupported, "prepared transaction belongs to another database").
			WithHint("Connect to the database where the transaction was prepared to finish it.")
	}
	switch err := store.FinishPrepared(ctx, gid, commit); {
	case errors.Is(err, kv.ErrPreparedUnknown):
		return pgerr.Newf(pgerr.UndefinedObject, "prepared transaction with identifier \"%s\" does not exist", gid)
	case errors.Is(err, kv.ErrPreparedBusy):
		return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "prepared transaction with identifier \"%s\" is busy", gid)
	case err != nil:
		return clientError(ctx, err)
	}
	after, here := s.engine.prepared.LoadAndDelete(gid)
	switch {
	case here && commit:
		after.(afterPrepared)()
	case commit:
		return s.engine.sweepGarbage(ctx) // of what an earlier run has dropped or emptied
	}
	return nil
}

// PreparedTransactions lists the prepared transactions of all databases.
func (e *environment) PreparedTransactions() (list []builtin.PreparedTransaction) {
	store, ok := e.s.engine.store.(kv.PreparedStore)
	if !ok {
		return nil
	}
	for _, p := range store.Prepared() {
		var data preparedData
		if json.Unmarshal(p.Data, &data) == nil {
			list = append(list, builtin.PreparedTransaction{XID: data.XID, GID: p.Name, Time: data.Time, Owner: data.Owner, Database: data.Database})
		}
	}
	return list
}
