package wire

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Backend is what the wire needs of the engine behind it.
type Backend interface {
	// Role finds a role for authentication; ok is false when there is none (the wire then runs the exchange to its end and fails it).
	Role(ctx context.Context, name string) (role Role, ok bool, err error)
	// Open starts a session for a role that has been authenticated. Errors go to the client as FATAL: 3D000 for an unknown
	// database, 42501 without CONNECT, 53300 over a role's or database's connection limit, 22023 for a bad start-up setting.
	Open(ctx context.Context, o SessionOptions) (Session, error)
}

// Role is what authentication needs to know of a role.
type Role struct {
	OID       pgtype.OID
	Name      string
	CanLogin  bool
	Superuser bool
	Verifier  string    // "SCRAM-SHA-256$…" (RFC 5803 form, as pg_authid.rolpassword), empty without a password
	ValidTil  time.Time // zero: for ever
}

// SessionOptions is what a connection brings to its session.
type SessionOptions struct {
	User     string
	Database string
	Settings [][2]string          // start-up options in order, those of "options" (-c name=value) first
	PID      int32                // the process id of BackendKeyData, shown by pg_backend_pid
	Remote   string               // client address, "" for a Unix socket
	TLS      *tls.ConnectionState // nil: not encrypted
	Sink     result.Sink          // for messages outside any statement: ParameterStatus at start comes from Parameters instead

	Cancel    func() // what pg_cancel_backend calls
	Terminate func() // what pg_terminate_backend calls
	Attend    func() // asks for a call of Session.Attend as soon as the connection is between statements; from any goroutine, and it never waits
}

// Session is one connection's session in the engine. The wire calls it from one goroutine at a time. Contexts end with
// a cause that is a *pgerr.Error (57014 after a CancelRequest, 57P01 at shutdown or pg_terminate_backend).
//
// Every method may return an error that the client gets as ErrorResponse; the session has then already put its transaction into the
// failed state where PostgreSQL would.
type Session interface {
	// Parameters are the settings reported at the start (ParameterStatus), in PostgreSQL's order.
	Parameters() [][2]string

	// Query runs a simple-protocol query string: any number of statements as one implicit transaction unless they contain their own. An
	// implicit transaction has ended when Query returns.
	Query(ctx context.Context, text string, sink result.Sink) error

	// Parse prepares a statement; a type of 0, or fewer types than parameters, leaves the type to be inferred.
	Parse(ctx context.Context, name, text string, parameterTypes []pgtype.OID) error
	// Statement gives a prepared statement's parameter types and result columns (nil: no rows).
	Statement(ctx context.Context, name string) (parameters []*pgtype.Type, columns []result.Column, err error)
	// Bind makes a portal. values and their bytes stay valid until the portal is closed or replaced. formats is empty (all text), one for all, or one
	// for each column; a wrong number is 08P01.
	Bind(ctx context.Context, portal, statement string, values []pgtype.Datum, formats []result.Format) error
	// Portal gives a portal's columns with their formats (nil: no rows).
	Portal(ctx context.Context, name string) ([]result.Column, error)
	// Execute runs a portal, at most limit rows (0: all), and ends with Complete, Suspended or Empty on the sink.
	Execute(ctx context.Context, portal string, limit int, sink result.Sink) error
	CloseStatement(ctx context.Context, name string) error
	ClosePortal(ctx context.Context, name string) error
	// Sync ends an implicit transaction (commits, or rolls back after an error).
	Sync(ctx context.Context) error
	// Fail tells the session that the wire itself refused a message (08P01, 22021 …), which aborts the transaction as any error does.
	Fail(err error)

	// Attend sends what the session has for its client outside of statements (notifications), after SessionOptions.Attend was called: at once when the connection is idle, else
	// before the next ReadyForQuery outside a transaction.
	Attend(sink result.Sink) error

	// Status is the transaction status of ReadyForQuery: 'I', 'T' or 'E'.
	Status() byte
	// IdleLimit is how long the session may now stay idle and the FATAL error that ends it (25P03 or 57P05); 0: no limit.
	IdleLimit() (time.Duration, error)
	// Context is the formatting context for decoding parameters.
	Context() *pgtype.Context
	// Close ends the session: rolls back, drops temporary objects, releases locks.
	Close()
}
