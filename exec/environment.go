package exec

import (
	"context"
	"strings"
	"time"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/session"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// environment shows a session to functions.
type environment struct{ s *Session }

var _ builtin.Env = (*environment)(nil)

func (e *environment) Catalog() catalog.Reader             { return e.s.reader() }
func (e *environment) CurrentUser() pgtype.OID             { return e.s.user }
func (e *environment) SessionUser() pgtype.OID             { return e.s.session }
func (e *environment) SearchPath(implicit bool) []desc.OID { return e.s.searchPath(implicit) }
func (e *environment) BackendPID() int32                   { return e.s.pid }
func (e *environment) ClientAddr() string                  { return e.s.remote }
func (e *environment) ServerStart() time.Time              { return e.s.engine.started }

func (e *environment) Database() string {
	if d := e.s.reader().DatabaseByOID(e.s.database); d != nil {
		return d.Name
	}
	return ""
}

func (e *environment) TransactionTime() time.Time {
	if e.s.txn != nil {
		return e.s.txn.began
	}
	return time.Now()
}

func (e *environment) StatementTime() time.Time {
	e.s.mu.Lock()
	defer e.s.mu.Unlock()
	return e.s.activity.queryStart
}

// TransactionID names the transaction by the version that its commit would get now; 0 while it has written nothing and none is asked for.
func (e *environment) TransactionID(assign bool) uint64 {
	if e.s.txn == nil || !assign && !e.s.txn.named && !e.s.txn.kv.Written() {
		return 0
	}
	e.s.txn.named = true
	return uint64(e.s.txn.kv.Snapshot()) + 1
}

func (e *environment) Setting(name string, missingOK bool) (string, bool, error) {
	v, err := e.s.settings.Show(name)
	if err != nil && missingOK && pgerr.Is(err, pgerr.UndefinedObject) {
		return "", false, nil
	}
	return v, err == nil, err
}

func (e *environment) SetSetting(name, value string, local bool) (string, error) {
	scope := session.Session
	if local {
		scope = session.Local
	}
	if err := e.s.setSetting(name, value, scope); err != nil {
		return "", err
	}
	return e.s.settings.Show(name)
}

// sequence finds a sequence's relation.
func (e *environment) sequence(oid desc.OID) (*desc.Relation, error) {
	r := e.s.reader().Relation(oid)
	if r == nil {
		return nil, pgerr.Newf(pgerr.UndefinedTable, "relation with OID %d does not exist", oid)
	}
	if r.Kind != desc.Sequence {
		return nil, pgerr.Newf(pgerr.WrongObjectType, "%q is not a sequence", r.Name)
	}
	return r, nil
}

// usable finds a sequence that the current user may use in a way.
func (e *environment) usable(oid desc.OID, ways ...desc.Privilege) (*desc.Relation, error) {
	r, err := e.sequence(oid)
	if err != nil {
		return nil, err
	}
	ref := desc.ObjectRef{Class: desc.ClassRelation, OID: oid}
	for _, w := range ways {
		if catalog.HasPrivilege(e.s.reader(), e.s.user, ref, w) {
			return r, nil
		}
	}
	return nil, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied for sequence %s", r.Name)
}

func (e *environment) NextVal(ctx context.Context, oid desc.OID) (int64, error) {
	r, err := e.usable(oid, desc.Usage, desc.Update)
	if err != nil {
		return 0, err
	}
	if e.s.txn != nil && e.s.txn.modes.readOnly && r.Persistence != 't' {
		return 0, refusedReadOnly("nextval()")
	}
	n, err := e.s.engine.catalog.Sequences().NextVal(ctx, e.s.database, r)
	if err != nil {
		return 0, err
	}
	m := &e.s.sequences
	if m.values == nil {
		m.values = make(map[desc.OID]int64)
	}
	m.values[oid], m.last = n, oid
	return n, nil
}

func (e *environment) CurrVal(oid desc.OID) (int64, error) {
	r, err := e.usable(oid, desc.Usage, desc.Select)
	if err != nil {
		return 0, err
	}
	n, ok := e.s.sequences.values[oid]
	if !ok {
		return 0, pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "currval of sequence %q is not yet defined in this session", r.Name)
	}
	return n, nil
}

func (e *environment) LastVal() (int64, error) {
	m := &e.s.sequences
	if m.last == 0 || e.s.reader().Relation(m.last) == nil {
		return 0, pgerr.New(pgerr.ObjectNotInPrerequisiteState, "lastval is not yet defined in this session")
	}
	return e.CurrVal(m.last)
}

func (e *environment) SetVal(ctx context.Context, oid desc.OID, value int64, called bool) error {
	r, err := e.usable(oid, desc.Update)
	if err != nil {
		return err
	}
	if e.s.txn != nil && e.s.txn.modes.readOnly && r.Persistence != 't' {
		return refusedReadOnly("setval()")
	}
	if d := r.SequenceDef; value < d.Min || value > d.Max {
		return pgerr.Newf(pgerr.NumericValueOutOfRange, "setval: value %d is out of bounds for sequence %q (%d..%d)", value, r.Name, d.Min, d.Max)
	}
	if err := e.s.engine.catalog.Sequences().SetVal(ctx, e.s.database, r, value, called); err != nil {
		return err
	}
	if called {
		m := &e.s.sequences
		if m.values == nil {
			m.values = make(map[desc.OID]int64)
		}
		m.values[oid] = value
	}
	return nil
}

func (e *environment) SequenceState(oid desc.OID) (int64, bool, error) {
	r, err := e.sequence(oid)
	if err != nil {
		return 0, false, err
	}
	state, _, err := e.s.engine.catalog.Sequences().State(e.s.rt.Ctx, e.s.database, r)
	return state.Last, state.Called, err
}

// Signal ends a statement or a session, for a superuser, a member of the session's role, or of pg_signal_backend.
func (e *environment) Signal(pid int32, terminate bool) (bool, error) {
	target := e.s.engine.sessions.find(pid)
	if target == nil {
		e.Notice("WARNING", "01000", "PID "+itoa(int64(pid))+" is not a PostgreSQL backend process")
		return false, nil
	}
	r := e.s.reader()
	if !e.s.superuser() && !catalog.HasRole(r, e.s.user, target.login) {
		group := r.RoleByName("pg_signal_backend")
		owner := r.Role(target.login)
		if group == nil || !catalog.HasRole(r, e.s.user, group.OID) || owner != nil && owner.Super {
			what := "cancel query"
			if terminate {
				what = "terminate process"
			}
			return false, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied to %s", what)
		}
	}
	act := target.cancel
	if terminate {
		act = target.end
	}
	if act != nil {
		act()
	}
	return true, nil
}

func (e *environment) Sessions() []builtin.SessionInfo {
	var out []builtin.SessionInfo
	waits := e.waits()
	for _, s := range e.s.engine.sessions.all() {
		s.mu.Lock()
		a := s.activity
		s.mu.Unlock()
		wait := waits[s.pid]
		if wait == "" && a.state != "active" {
			wait = "Client:ClientRead"
		}
		waitType, event, _ := strings.Cut(wait, ":")
		out = append(out, builtin.SessionInfo{TLS: s.tls, WaitType: waitType, Wait: event, XID: s.number.Load(), PID: s.pid, Database: s.database, User: s.login, Application: a.application, ClientAddr: s.remote, State: a.state,
			Query: a.query, BackendStart: s.began, TransactionStart: s.transactionStart(), QueryStart: a.queryStart, StateChange: a.change})
	}
	return out
}

// waits gives what sessions wait for, as type:event.
func (e *environment) waits() map[int32]string {
	waits := make(map[int32]string)
	for _, l := range e.Locks() {
		if !l.Granted {
			waits[l.PID] = "Lock:" + l.Type
		}
	}
	for _, s := range e.s.engine.sessions.all() {
		if w := s.waiting.Load(); w != nil {
			waits[s.pid] = *w
		}
	}
	return waits
}

// pageSize is PostgreSQL's, which sizes are multiples of.
const pageSize = 8192

// RelationSize is about what a relation or index takes in the store, in whole pages. Rows are counted to their table, a primary key has no entries of its own. A store that cannot tell leaves what the
// last ANALYZE or VACUUM found.
func (e *environment) RelationSize(oid pgtype.OID) int64 { return e.sizeIn(e.s.reader(), oid) }

// DatabaseSize adds up the relations of a database; ok is false when there is none of that OID.
func (e *environment) DatabaseSize(database pgtype.OID) (total int64, ok bool) {
	r := e.s.reader()
	if database != e.s.database {
		snapshot := e.s.engine.catalog.Snapshot(database)
		if snapshot == nil {
			return 0, false
		}
		r = snapshot
	}
	for rel := range r.Relations() {
		if rel.Kind != desc.Table && rel.Kind != desc.MatView {
			continue
		}
		total += e.sizeIn(r, rel.OID)
		for i := range rel.Indexes {
			total += e.sizeIn(r, rel.Indexes[i].OID)
		}
	}
	return total, true
}

func (e *environment) sizeIn(r catalog.Reader, oid pgtype.OID) int64 {
	rel, storage := r.Relation(oid), uint64(0)
	if owner, x := r.Index(oid); x != nil {
		rel, storage = owner, x.StorageID
	} else if rel != nil {
		storage = rel.StorageID
	}
	if rel == nil {
		return 0
	}
	if rel.Class == desc.System {
		if rel.Kind == desc.Table {
			return pageSize // computed, never empty
		}
		return 0
	}
	if s, ok := e.s.engine.store.(kv.Sizer); ok {
		if size, err := storageSize(s, storage); err == nil {
			return size
		}
	}
	if s := r.Statistics(oid); s != nil {
		return s.Pages() * pageSize
	}
	return 0
}

func storageSize(s kv.Sizer, storage uint64) (total int64, err error) {
	if storage == 0 {
		return 0, nil
	}
	for _, span := range userdata.SpansOf(storage) {
		n, err := s.ApproximateSize(span)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return (total + pageSize - 1) / pageSize * pageSize, nil
}

// TableActivity is what was counted of a table.
func (e *environment) TableActivity(oid pgtype.OID) builtin.TableActivity {
	t, ok := e.s.engine.activity.table(e.s.database, oid)
	if s := e.s.reader().Statistics(oid); !ok && s != nil {
		t.Live = int64(max(s.Rows, 0))
	}
	return t
}

func (e *environment) ViewDef(view pgtype.OID, pretty bool) (string, error) {
	r := e.s.reader().Relation(view)
	if r == nil || r.Kind != desc.View && r.Kind != desc.MatView {
		return "", nil
	}
	return bind.ViewText(e.s.bindEnv(), r.ViewQuery, pretty)
}

// UpdatableColumns lists the columns through which a view's table can be changed.
func (e *environment) UpdatableColumns(view pgtype.OID) ([]int16, bool) {
	r := e.s.reader().Relation(view)
	if r == nil || r.Kind != desc.View {
		return nil, false
	}
	return bind.UpdatableColumns(e.s.bindEnv(), r)
}

func (e *environment) Notice(severity, code, message string) {
	_ = e.s.notice(pgerr.Notice(severity, pgerr.Code(code), "%s", message))
}

// Random is the session's random number generator, which setseed sets.
func (e *environment) Random() *builtin.Random { return &e.s.random }

// PreparedStatements lists the session's prepared statements by name; the unnamed one is not among them.
func (e *environment) PreparedStatements() []builtin.PreparedInfo {
	var out []builtin.PreparedInfo
	for _, name := range sortedNames(e.s.prepared) {
		p := e.s.prepared[name]
		if name == "" {
			continue
		}
		info := builtin.PreparedInfo{Name: name, Statement: p.text, Time: time.UnixMicro(p.began), Parameters: p.params, FromSQL: p.fromSQL}
		if info.Parameters == nil {
			info.Parameters = []*pgtype.Type{}
		}
		for _, c := range p.columns {
			info.Result = append(info.Result, c.Type)
		}
		out = append(out, info)
	}
	return out
}

// Cursors lists the open cursors and portals.
func (e *environment) Cursors() []builtin.CursorInfo {
	var out []builtin.CursorInfo
	for _, name := range sortedNames(e.s.portals) {
		q := e.s.portals[name]
		if name == "" {
			continue
		}
		text := q.p.text
		if q.p.stmt != nil {
			text = q.p.stmt.Source
		}
		out = append(out, builtin.CursorInfo{Name: name, Statement: text, Holdable: q.hold, Binary: q.binary, Scrollable: !q.noback, Created: q.created})
	}
	return out
}
