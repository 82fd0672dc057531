package exec

import (
	"context"
	"crypto/tls"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/notify"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/exec/run"
	"github.com/kalampg/kalampg/exec/session"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/wire"
)

// Session is one connection's session. All but its activity, which other sessions look at, is used by one goroutine.
type Session struct {
	engine   *Engine
	pid      int32
	remote   string
	tls      *tls.ConnectionState
	database desc.OID
	login    desc.OID // the role that connected
	session  desc.OID // session_user: after SET SESSION AUTHORIZATION
	user     desc.OID // current_user: after SET ROLE
	began    time.Time
	sink     result.Sink // of the running statement, or the connection's own
	idle     result.Sink
	cancel   func()
	end      func()
	attend   func() // asks the wire to call Attend

	settings *session.Settings
	epoch    uint64 // grows with every change of a setting that plans depend on
	txn      *transaction
	ended    *transaction // the one before, whose memory the next one takes
	rt       expr.Runtime

	prepared   map[string]*prepared // by name; "" is the unnamed one
	recent     *prepared            // the one of them that was asked for last
	portals    map[string]*portal   // the named ones
	unnamed    *portal
	spare      *portal // memory for the next one
	parts      run.Exec
	plans      planCache // of simple queries by their text
	shapes     planCache // of simple queries by their text without its literals; nil: the shape does not bind
	lifter     parse.Lifter
	literals   []pgtype.Datum // that it has lifted
	tables     map[desc.OID]openTable
	foreign    foreignKeys
	last       bool // the running statement of a simple query is its last
	tempSchema desc.OID
	atCommit   map[desc.OID]bool // temporary tables to be dropped (true) or emptied at a commit
	locks      kv.LockSession    // of the session, and the owner of its transactions' locks
	listener   *notify.Listener  // nil before the first LISTEN
	sequences  sequenceMemory
	random     builtin.Random

	several bool // the running simple query holds several statements, which are one transaction

	nesting int // of EXECUTE and FETCH inside each other

	beganAt atomic.Int64           // when the transaction began, microseconds since 1970; 0 without one
	number  atomic.Uint32          // of the running transaction, among all since the start; 0 without one
	waiting atomic.Pointer[string] // what the session waits for, as pg_stat_activity's type:event, where the lock manager does not know

	mu       sync.Mutex
	activity activity
}

// activity is what pg_stat_activity shows of a session.
type activity struct {
	state              string
	query              string
	queryStart, change time.Time
	application        string
}

// sequenceMemory is what currval and lastval answer.
type sequenceMemory struct {
	values map[desc.OID]int64
	last   desc.OID
}

var _ wire.Session = (*Session)(nil)

func newSession(e *Engine, o wire.SessionOptions, role *desc.Role, db *desc.Database) *Session {
	s := &Session{
		engine: e, pid: o.PID, remote: o.Remote, tls: o.TLS, database: db.OID, login: role.OID, session: role.OID, user: role.OID, began: time.Now(),
		idle: o.Sink, sink: o.Sink, cancel: o.Cancel, end: o.Terminate, attend: o.Attend, settings: session.NewSettings(),
		prepared: make(map[string]*prepared), portals: make(map[string]*portal), tables: make(map[desc.OID]openTable),
		locks: newLocks(e.store, o.PID),
	}
	s.foreign.s = s
	s.random.Seed(2*rand.Float64() - 1)
	s.settings.Text().Names = &names{s}
	s.rt = expr.Runtime{Text: s.settings.Text(), Env: &environment{s}}
	s.parts = run.Exec{Table: s.openTable, SystemTable: e.catalog.SystemTable, Current: s.currentRow, Foreign: &s.foreign, Load: s.newLoad}
	s.activity = activity{state: "idle", change: s.began}
	return s
}

// startSettings applies the server's settings, those of the database and of the role, and the start-up options, in PostgreSQL's order.
func (s *Session) startSettings(options [][2]string) error {
	for name, value := range s.engine.settings {
		s.settings.Boot(name, value)
	}
	role := s.reader().Role(s.login)
	s.settings.Force("is_superuser", onOff(role.Super))
	s.settings.Force("session_authorization", role.Name)
	stored := append(append([]string(nil), s.reader().Database().Settings...), role.Settings...)
	for _, pair := range stored {
		name, value, _ := cut(pair)
		if err := s.startSetting(name, value, true); err != nil {
			s.engine.log.Warn("a stored setting does not apply", "setting", name, "error", err)
		}
	}
	for _, o := range options {
		if err := s.startSetting(o[0], o[1], role.Super); err != nil {
			return err
		}
	}
	s.settings.Changed = s.settingChanged
	s.activity.application = s.settings.Get("application_name")
	return nil
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

// startSetting gives a setting its initial value. Those that decide who the session is, and whose rows it sees, are checked as SET checks them, wherever
// they come from: a user may ALTER ROLE their own settings.
func (s *Session) startSetting(name, value string, trusted bool) error {
	switch strings.ToLower(name) {
	case "role", "session_authorization", "kalam.user_id", "kalam.all_users":
		return s.setSetting(name, value, session.Start)
	}
	return s.settings.Set(name, value, session.Start, trusted)
}

// settingChanged tells the client of a reported parameter and forgets plans that the parameter was part of.
func (s *Session) settingChanged(d *session.Definition, value string) {
	if !session.Unplanned(d.Name) {
		s.epoch++
	}
	if d.Name == "application_name" {
		s.mu.Lock()
		s.activity.application = value
		s.mu.Unlock()
	}
	if d.Report && s.sink != nil {
		_ = s.sink.ParameterStatus(d.Name, d.Show(value)) // a dead connection shows at the next message
	}
}

// reader is the catalog as the running statement sees it.
func (s *Session) reader() catalog.Reader {
	if s.txn != nil {
		return s.txn.catalog
	}
	return s.engine.catalog.Snapshot(s.database)
}

// Parameters are the settings reported at the start.
func (s *Session) Parameters() [][2]string { return s.settings.Reported() }

// Context is the formatting context for decoding parameters.
func (s *Session) Context() *pgtype.Context { return s.settings.Text() }

// Status is the transaction status of ReadyForQuery.
func (s *Session) Status() byte {
	switch {
	case s.txn == nil || !s.txn.block:
		return 'I'
	case s.txn.failed:
		return 'E'
	}
	return 'T'
}

// IdleLimit is how long the session may stay idle now.
func (s *Session) IdleLimit() (time.Duration, error) {
	q := s.settings.Quick()
	if s.Status() != 'I' {
		if q.IdleInTransaction == 0 {
			return 0, nil
		}
		return q.IdleInTransaction, pgerr.New(pgerr.IdleInTransactionSessionTimeout, "terminating connection due to idle-in-transaction timeout").WithSeverity("FATAL")
	}
	if q.IdleTimeout == 0 {
		return 0, nil
	}
	return q.IdleTimeout, pgerr.New(pgerr.IdleSessionTimeout, "terminating connection due to idle-session timeout").WithSeverity("FATAL")
}

// Fail notes that the wire refused a message.
func (s *Session) Fail(error) { s.fail() }

// Sync ends an implicit transaction.
func (s *Session) Sync(ctx context.Context) error {
	if s.txn == nil || s.txn.block {
		s.setIdle()
		return nil
	}
	err := s.commit(ctx)
	s.setIdle()
	return err
}

// Close ends the session.
func (s *Session) Close() {
	s.rollback()
	s.dropPortals()
	s.dropTemporary()
	if s.listener != nil {
		s.listener.Close()
	}
	if s.locks != nil {
		s.locks.UnlockAll()
	}
	s.engine.sessions.remove(s)
}

// terminateIn ends the other sessions of a database, for DROP DATABASE … WITH (FORCE). Who may not end one of them ends none.
func (s *Session) terminateIn(database desc.OID) error {
	r := s.reader()
	var ends []func()
	for _, other := range s.engine.sessions.all() {
		if other.database != database || other == s {
			continue
		}
		owner := r.Role(other.login)
		if !s.superuser() {
			if owner != nil && owner.Super {
				return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to terminate process").WithDetail("Only roles with the SUPERUSER attribute may terminate processes of roles with the SUPERUSER attribute.")
			}
			group := r.RoleByName("pg_signal_backend")
			if !catalog.HasRole(r, s.user, other.login) && (group == nil || !catalog.HasRole(r, s.user, group.OID)) {
				return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to terminate process").
					WithDetail("Only roles with privileges of the role whose process is being terminated or with privileges of the \"pg_signal_backend\" role may terminate this process.")
			}
		}
		if other.end != nil {
			ends = append(ends, other.end)
		}
	}
	for _, end := range ends {
		end()
	}
	return nil
}

// dropTemporary drops the session's temporary objects.
func (s *Session) dropTemporary() {
	if s.tempSchema == 0 {
		return
	}
	ctx := context.Background()
	schema := s.tempSchema
	s.tempSchema = 0
	if err := s.begin(ctx); err != nil {
		return
	}
	if s.txn.catalog.Schema(schema) == nil {
		s.rollback()
		return
	}
	if _, _, err := s.txn.catalog.Drop(ctx, []desc.ObjectRef{{Class: desc.ClassSchema, OID: schema}}, true); err != nil {
		s.engine.log.Warn("dropping temporary objects", "error", err)
		s.rollback()
		return
	}
	if err := s.commit(ctx); err != nil {
		s.engine.log.Warn("dropping temporary objects", "error", err)
	}
}

// setActive and setIdle keep pg_stat_activity's row.
func (s *Session) setActive(query string) {
	now := time.Now()
	s.mu.Lock()
	s.activity.state, s.activity.query, s.activity.queryStart, s.activity.change = "active", query, now, now
	s.mu.Unlock()
}

// statementStart is when the running statement began; now when none runs.
func (s *Session) statementStart() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.activity.state == "active" {
		return s.activity.queryStart
	}
	return time.Now()
}

func (s *Session) setIdle() {
	state := "idle"
	if s.txn != nil {
		state = "idle in transaction"
		if s.txn.failed {
			state = "idle in transaction (aborted)"
		}
	}
	s.mu.Lock()
	s.activity.state, s.activity.change = state, time.Now()
	s.mu.Unlock()
}

// superuser tells whether the current user is one.
func (s *Session) superuser() bool {
	r := s.reader().Role(s.user)
	return r != nil && r.Super
}

// scope is whose rows of user tables the session sees: kalam.user_id when it is set, else the current user.
func (s *Session) scope() string {
	if id := s.settings.Quick().UserID; id != "" {
		return id
	}
	if r := s.reader().Role(s.user); r != nil {
		return r.Name
	}
	return ""
}

// allScopes tells whether the session reads every user's rows: it asked to, and may.
func (s *Session) allScopes() bool {
	if !s.settings.Quick().AllUsers {
		return false
	}
	r := s.reader().Role(s.user)
	return r != nil && (r.Super || r.BypassRLS)
}
