package exec

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/catalog/pgcatalog"
	"github.com/kalampg/kalampg/catalog/system"
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/notify"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/userdata"
	"github.com/kalampg/kalampg/wire"
)

// Options is what an Engine is made of.
type Options struct {
	Store             kv.Store
	Logger            *slog.Logger
	SuperuserVerifier string            // SCRAM verifier of role postgres, used when the data directory is new
	ColumnCache       int64             // bytes of columns that scans have read, kept for the next ones; 0: none
	LongTransaction   time.Duration     // after which a transaction that is still open is warned of in the log; 0: never
	Settings          map[string]string // values of PostgreSQL's server-wide parameters that differ from the defaults (port, max_connections, …)
}

// Engine executes SQL over a store. It is immutable after Open but for the register of its sessions and the counters of activity, and safe for concurrent use.
type Engine struct {
	store    kv.Store
	log      *slog.Logger
	catalog  *catalog.Catalog
	rows     *userdata.Service
	library  *builtin.Library
	parsed   *parse.Cache
	settings map[string]string
	started  time.Time
	sessions register
	begun    atomic.Uint32 // transactions
	notices  *notify.Hub
	exported sync.Map // *exported by identifier
	prepared sync.Map // afterPrepared by name, of prepared transactions of this run
	activity tableActivity
	analyzer *autoAnalyze

	stopWatching func()
	background   sync.WaitGroup // work behind commits
}

// parsedText is how many bytes of statement text the cache of parsed statements keeps.
const parsedText = 1 << 20

var _ wire.Backend = (*Engine)(nil)

// Open makes an engine: a new store gets its first databases and roles.
func Open(ctx context.Context, o Options) (*Engine, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	library, err := builtin.New()
	if err != nil {
		return nil, err
	}
	relations := append(pgcatalog.Relations(), system.Relations(o.Store)...)
	cat, err := catalog.Open(ctx, o.Store, catalog.Options{Logger: o.Logger, SuperuserVerifier: o.SuperuserVerifier, System: relations})
	if err != nil {
		return nil, err
	}
	e := &Engine{store: o.Store, log: o.Logger, catalog: cat, rows: userdata.New(o.Store), library: library, parsed: parse.NewCache(parsedText),
		settings: o.Settings, started: time.Now(), notices: notify.NewHub(notify.DefaultSize), sessions: register{open: make(map[int32]*Session)}}
	e.rows.SetColumnCache(o.ColumnCache)
	if err := e.sweepGarbage(ctx); err != nil {
		return nil, err
	}
	e.analyzer = e.startAutoAnalyze()
	watch, stop := context.WithCancel(context.Background())
	e.stopWatching = stop
	e.background.Go(func() { e.watchTransactions(watch, o.LongTransaction) })
	return e, nil
}

// Close ends the engine; the store stays the caller's to close. Sessions must have ended.
func (e *Engine) Close(ctx context.Context) error {
	e.analyzer.end()
	e.stopWatching()
	e.background.Wait()
	return e.catalog.Close(ctx)
}

// Role finds a role for authentication.
func (e *Engine) Role(_ context.Context, name string) (wire.Role, bool, error) {
	r := e.catalog.Role(name)
	if r == nil {
		return wire.Role{}, false, nil
	}
	return wire.Role{OID: r.OID, Name: r.Name, CanLogin: r.Login, Superuser: r.Super, Verifier: r.Verifier, ValidTil: r.ValidUntil}, true, nil
}

// Open starts a session.
func (e *Engine) Open(ctx context.Context, o wire.SessionOptions) (wire.Session, error) {
	role := e.catalog.Role(o.User)
	if role == nil {
		return nil, pgerr.Newf(pgerr.InvalidAuthorizationSpecification, "role %q does not exist", o.User)
	}
	db := e.catalog.Database(o.Database)
	if db == nil {
		return nil, pgerr.Newf(pgerr.InvalidCatalogName, "database %q does not exist", o.Database)
	}
	if !db.AllowConn {
		return nil, pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "database %q is not currently accepting connections", o.Database)
	}
	snapshot := e.catalog.Snapshot(db.OID)
	if snapshot == nil {
		return nil, pgerr.Newf(pgerr.InvalidCatalogName, "database %q does not exist", o.Database)
	}
	if err := catalog.CheckPrivilege(snapshot, role.OID, desc.ObjectRef{Class: desc.ClassDatabase, OID: db.OID}, desc.Connect); err != nil {
		return nil, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied for database %q", o.Database).WithDetail("User does not have CONNECT privilege.")
	}
	s := newSession(e, o, role, db)
	if err := s.startSettings(o.Settings); err != nil {
		return nil, err
	}
	if err := e.sessions.add(s, role, db); err != nil {
		return nil, err
	}
	return s, nil
}

// register is the list of open sessions.
type register struct {
	mu   sync.Mutex
	open map[int32]*Session
}

// add enters a session, within the connection limits of its role and database.
func (r *register) add(s *Session, role *desc.Role, db *desc.Database) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	ofRole, ofDatabase := int32(0), int32(0)
	for _, x := range r.open {
		if x.user == role.OID {
			ofRole++
		}
		if x.database == db.OID {
			ofDatabase++
		}
	}
	if !role.Super {
		if role.ConnLimit >= 0 && ofRole >= role.ConnLimit {
			return pgerr.Newf(pgerr.TooManyConnections, "too many connections for role %q", role.Name)
		}
		if db.ConnLimit >= 0 && ofDatabase >= db.ConnLimit {
			return pgerr.Newf(pgerr.TooManyConnections, "too many connections for database %q", db.Name)
		}
	}
	r.open[s.pid] = s
	return nil
}

func (r *register) remove(s *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.open, s.pid)
}

func (r *register) find(pid int32) *Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open[pid]
}

func (r *register) all() []*Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]*Session, 0, len(r.open))
	for _, s := range r.open {
		out = append(out, s)
	}
	return out
}

// A database that is to be dropped or copied has that much time to lose its sessions, as in PostgreSQL: clients that have said goodbye are still there for a moment.
const (
	leaveTime  = 5 * time.Second
	leaveCheck = 20 * time.Millisecond
)

// leaving counts the sessions of a database after those that are about to end have ended. s, which asks, does not wait for itself.
func (r *register) leaving(ctx context.Context, s *Session, oid desc.OID) int {
	for end := time.Now().Add(leaveTime); ; {
		n := r.inDatabase(oid)
		if n == 0 || s.database == oid || time.Now().After(end) {
			return n
		}
		select {
		case <-ctx.Done():
			return n
		case <-time.After(leaveCheck):
		}
	}
}

// inDatabase counts the sessions of a database.
func (r *register) inDatabase(oid desc.OID) int {
	n := 0
	for _, s := range r.all() {
		if s.database == oid {
			n++
		}
	}
	return n
}
