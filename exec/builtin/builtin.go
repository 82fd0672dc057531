package builtin

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Call is what a function may know besides its arguments: the call site (types) and the session. One Call belongs to one call site of one running
// statement, so Cache can keep what is costly to make from constant arguments (a compiled pattern).
type Call struct {
	Ctx      context.Context
	Text     *pgtype.Context // formatting context of the session
	Env      Env
	Proc     *pgfacts.Proc
	Types    []*pgtype.Type // the arguments' types as resolved (polymorphic ones concrete); of a VARIADIC "any" call every argument's
	Result   *pgtype.Type   // the result's type, concrete
	Variadic bool           // the last argument was passed as VARIADIC array
	Cache    any
	Order    func(a, b []pgtype.Datum) int // of an ordered-set aggregate: the order of WITHIN GROUP
}

// Scalar computes one value. Functions that PostgreSQL declares strict are never called with a NULL.
type Scalar func(c *Call, args []pgtype.Datum) (pgtype.Datum, error)

// Set starts a set-returning function. A function with several OUT columns yields records.
type Set func(c *Call, args []pgtype.Datum) (Rows, error)

// Rows is a running set-returning function: Next gives the next value, ok is false at the end.
type Rows interface {
	Next() (value pgtype.Datum, ok bool, err error)
}

// Aggregate makes the state of one group. Arguments' types are in c; the direct arguments of an ordered-set aggregate come first in direct.
type Aggregate func(c *Call, direct []pgtype.Datum) (State, error)

// State accumulates one group. An aggregate that PostgreSQL declares strict on its input gets no row with a NULL argument.
type State interface {
	Add(args []pgtype.Datum) error
	Result() (pgtype.Datum, error)
}

// Merger is a State that can take in another of the same aggregate and call site, for partial aggregation.
type Merger interface {
	State
	Merge(other State) error
}

// Def is one entry of a family's table: exactly one of the codes is set.
type Def struct {
	OID       pgtype.OID // 0: every pg_proc row whose Src is Name
	Name      string     // pg_proc.prosrc, or documentation when OID is set
	Scalar    Scalar
	Set       Set
	Aggregate Aggregate
	Window    Window
	SkipNulls bool // of an aggregate: rows with a NULL argument are not added
}

// Env is the session as functions see it.
type Env interface {
	// Catalog is the catalog as the running statement sees it.
	Catalog() catalog.Reader
	CurrentUser() pgtype.OID // current_user: after SET ROLE
	SessionUser() pgtype.OID
	Database() string
	SearchPath(implicit bool) []pgtype.OID // existing schemas of search_path; implicit: with pg_temp and pg_catalog
	BackendPID() int32
	ClientAddr() string
	ServerStart() time.Time
	TransactionTime() time.Time
	StatementTime() time.Time
	TransactionID(assign bool) uint64 // for txid_current and friends; 0 when none is assigned

	// Setting and SetSetting read and change a configuration parameter by name; unknown names give 42704 unless missingOK (ok false).
	Setting(name string, missingOK bool) (value string, ok bool, err error)
	SetSetting(name, value string, local bool) (string, error)

	// Sequences: values are those of the sequence relation; currval and lastval are the session's (55000 before the first nextval).
	NextVal(ctx context.Context, sequence pgtype.OID) (int64, error)
	CurrVal(sequence pgtype.OID) (int64, error)
	LastVal() (int64, error)
	SetVal(ctx context.Context, sequence pgtype.OID, value int64, called bool) error
	SequenceState(sequence pgtype.OID) (last int64, called bool, err error)

	// Signal ends the statement (cancel) or the session (terminate) of another backend; false when there is none.
	Signal(pid int32, terminate bool) (bool, error)
	// Sessions lists the sessions for pg_stat_activity.
	Sessions() []SessionInfo
	// RelationSize is the approximate number of bytes of a relation or index on disk.
	RelationSize(oid pgtype.OID) int64
	// DatabaseSize is that of all relations of a database; false when there is no such database.
	DatabaseSize(oid pgtype.OID) (int64, bool)
	// RenderExpr pretty-prints stored SQL text of a relation (pg_get_expr with pretty), ViewDef a view's query.
	ViewDef(view pgtype.OID, pretty bool) (string, error)
	// TableActivity is what was counted of a table since the server started.
	TableActivity(table pgtype.OID) TableActivity
	// Notice sends a notice to the client.
	Notice(severity, code, message string)
}

// TableActivity is what was done to a table's rows since the server started, as pg_stat_all_tables shows it.
type TableActivity struct {
	Inserted, Updated, Deleted int64
	Live                       int64 // an estimate
	Changed                    int64 // since the last ANALYZE
	InsertedSinceVacuum        int64
	Analyzes, AutoAnalyzes     int64
	Vacuums                    int64
	LastVacuum                 time.Time
}

// SessionInfo is one row of pg_stat_activity.
type SessionInfo struct {
	PID              int32
	Database, User   pgtype.OID
	Application      string
	ClientAddr       string
	TLS              *tls.ConnectionState
	State            string // active, idle, idle in transaction, idle in transaction (aborted)
	Query            string
	BackendStart     time.Time
	TransactionStart time.Time
	QueryStart       time.Time
	StateChange      time.Time
	WaitType, Wait   string // what it waits for: Client and ClientRead, Lock and relation, …; empty when it runs
	XID              uint32 // of its transaction, 0 without one
}
