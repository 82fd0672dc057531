package exec

import (
	"context"
	"time"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/notify"
	"github.com/kalampg/kalampg/exec/run"
	"github.com/kalampg/kalampg/exec/session"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/userdata"
)

// transaction is a running transaction of a session.
//
//	          statement                 BEGIN                    error
//	none ───────────────► implicit ───────────────► block ───────────────► failed
//	  ▲                      │ end of the query       │ COMMIT, ROLLBACK      │ ROLLBACK, COMMIT; ROLLBACK TO leads back to block
//	  └──────────────────────┴────────────────────────┴───────────────────────┘
type transaction struct {
	kv         kv.Txn
	catalog    *catalog.Txn
	access     userdata.Access
	tally      userdata.Tally
	began      time.Time
	block      bool // inside BEGIN … COMMIT
	failed     bool
	modes      modes
	used       bool            // a statement has taken its snapshot
	named      bool            // its id was asked for
	notices    *notify.Pending // what it tells others at its commit; nil: nothing
	savepoints []savepoint
	exported   []string // identifiers of exported snapshots

	constraints run.Constraints // what deferrable constraints still have to check
}

// savepoint is a mark in everything that a rollback to it undoes.
type savepoint struct {
	name     string
	kv       kv.Mark
	catalog  catalog.Mark
	settings session.Mark
	notices  notify.Mark
	readOnly bool // the transaction's mode, which goes back to this with the savepoint's end

	constraints run.ConstraintsMark
}

// begin starts a transaction if there is none.
func (s *Session) begin(ctx context.Context) error {
	if s.txn != nil {
		return nil
	}
	t := s.ended
	if t == nil {
		t = new(transaction)
	}
	k, err := s.engine.store.Begin(ctx, kv.TxnOptions{NoSync: s.settings.Quick().AsyncCommit, Session: s.locks, Reuse: t.kv})
	if err != nil {
		return err
	}
	s.number.Store(s.engine.begun.Add(1))
	c := t.catalog
	if c == nil {
		c = s.engine.catalog.Begin(k, s.database)
	} else {
		c.Restart(k)
	}
	now := s.statementStart() // a transaction begins with its first statement
	*t = transaction{kv: k, catalog: c, began: now, savepoints: t.savepoints[:0], tally: t.tally}
	t.tally.Reset()
	t.access = userdata.Access{Service: s.engine.rows, Txn: k, Now: expr.Microseconds(now), Tally: &t.tally}
	s.txn, s.ended = t, nil
	s.beganAt.Store(now.UnixMicro())
	s.settings.Begin()
	s.settings.Text().Now = now
	s.setModes(s.defaultModes())
	return nil
}

// commit ends the transaction and makes its work durable. After an error the transaction is gone, rolled back.
func (s *Session) commit(ctx context.Context) error {
	t := s.txn
	if t == nil {
		return nil
	}
	if err := s.checkDeferred(ctx, true); err != nil {
		s.rollback()
		return clientError(ctx, err)
	}
	if err := s.holdCursors(ctx); err != nil {
		s.rollback()
		return err
	}
	s.closePortals()
	if err := s.endTemporary(ctx); err != nil {
		s.rollback()
		return clientError(ctx, err)
	}
	err := s.commitNotices(ctx, t)
	s.noteEnd(t)
	if err != nil {
		s.txn = nil
		t.kv.Rollback()
		s.endSettings(false)
		return clientError(ctx, err)
	}
	s.txn = nil
	s.engine.activity.add(s.database, &t.tally, t.catalog)
	s.endSettings(true)
	if freed := t.catalog.FreedStorage(); len(freed) > 0 {
		s.engine.sweep(freed)
	}
	s.ended = t
	return nil
}

// noteEnd takes back what others see of a transaction that has ended.
func (s *Session) noteEnd(t *transaction) {
	s.number.Store(0)
	s.beganAt.Store(0)
	s.endExports(t)
}

// rollback ends the transaction and undoes its work.
func (s *Session) rollback() {
	t := s.txn
	if t == nil {
		return
	}
	s.closePortals()
	s.txn = nil
	s.noteEnd(t)
	t.kv.Rollback()
	s.endSettings(false)
	s.ended = t
}

// endSettings closes the transaction's scope of settings, and with it SET LOCAL ROLE.
func (s *Session) endSettings(commit bool) {
	s.settings.End(commit)
	s.followRole()
}

// fail notes that a statement ended with an error. An implicit transaction is undone. In a block what has been done since the last savepoint, or since BEGIN, is undone at once,
// so that nobody waits for its locks any more, and the block itself waits for its end.
func (s *Session) fail() {
	t := s.txn
	if t == nil {
		return
	}
	if !t.block {
		s.rollback()
		return
	}
	if t.failed {
		return
	}
	t.failed = true
	level := len(t.savepoints)
	for _, q := range s.portals {
		if q.level >= level {
			q.release()
		}
	}
	if q := s.unnamed; q != nil && q.level >= level {
		q.release()
	}
	if level > 0 {
		if err := t.kv.RollbackTo(t.savepoints[level-1].kv); err != nil {
			s.engine.log.Warn("undoing a part of a transaction", "error", err)
		}
		t.catalog.RollbackTo(t.savepoints[level-1].catalog)
		return
	}
	s.endExports(t)
	t.kv.Rollback()
	s.number.Store(0)
}

// inBlock tells whether the running statement is a part of a transaction, of a block or of several statements in one message, so that it cannot be one that commits by itself.
func (s *Session) inBlock() bool { return s.several || s.txn != nil && s.txn.block }

var errAborted = func() error {
	return pgerr.New(pgerr.InFailedSQLTransaction, "current transaction is aborted, commands ignored until end of transaction block")
}

// savepoint sets a savepoint of a name; an earlier one of the same name stays below it.
func (s *Session) savepoint(name string) {
	t := s.txn
	p := savepoint{name: name, kv: t.kv.Savepoint(), catalog: t.catalog.Savepoint(), settings: s.settings.Savepoint(), readOnly: t.modes.readOnly, constraints: t.constraints.Mark()}
	if t.notices != nil {
		p.notices = t.notices.Mark()
	}
	t.savepoints = append(t.savepoints, p)
}

// findSavepoint gives the newest savepoint of a name.
func (s *Session) findSavepoint(name string) (int, error) {
	for i := len(s.txn.savepoints) - 1; i >= 0; i-- {
		if s.txn.savepoints[i].name == name {
			return i, nil
		}
	}
	return 0, pgerr.Newf(pgerr.InvalidSavepointSpecification, "savepoint %q does not exist", name)
}

// rollbackTo undoes what came after a savepoint, which stays.
func (s *Session) rollbackTo(name string) error {
	i, err := s.findSavepoint(name)
	if err != nil {
		return err
	}
	t := s.txn
	p := t.savepoints[i]
	s.closePortalsSince(i + 1)
	if err := t.kv.RollbackTo(p.kv); err != nil {
		return err
	}
	t.catalog.RollbackTo(p.catalog)
	t.constraints.RollbackTo(p.constraints)
	if t.notices != nil {
		t.notices.RollbackTo(p.notices)
	}
	s.settings.RollbackTo(p.settings)
	s.followRole()
	t.savepoints = t.savepoints[:i+1]
	t.modes.readOnly = p.readOnly
	t.failed = false
	return nil
}

// release forgets a savepoint and those after it; their work stays part of the transaction.
func (s *Session) release(name string) error {
	i, err := s.findSavepoint(name)
	if err != nil {
		return err
	}
	m := s.txn.modes
	m.readOnly = s.txn.savepoints[i].readOnly
	s.setModes(m)
	s.txn.savepoints = s.txn.savepoints[:i]
	return nil
}

// knownRows gives the number of rows that the catalog knows of a table.
func knownRows(r catalog.Reader, table desc.OID) float64 {
	if s := r.Statistics(table); s != nil {
		return s.Rows
	}
	return -1
}
