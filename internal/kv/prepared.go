package kv

import (
	"context"
	"errors"
)

// Errors of prepared transactions.
var (
	ErrPreparedExists  = errors.New("kv: a prepared transaction of that name exists")
	ErrPreparedUnknown = errors.New("kv: no prepared transaction of that name")
	ErrPreparedBusy    = errors.New("kv: the prepared transaction is being ended by somebody else")
)

// PreparedStore is a power of stores that keep prepared transactions: the first phase of two-phase commit. Found by assertion.
type PreparedStore interface {
	// RecoverPrepared brings back the prepared transactions that an earlier run has left, with their locks. It is called once, before any other use of the store.
	RecoverPrepared(ctx context.Context) ([]Prepared, error)
	// Prepare makes a transaction durable under a name without committing it, and takes it from its caller and its session: its locks go on without them. Only FinishPrepared can
	// end it. After an error the transaction is rolled back. data is the caller's own and comes back with Prepared.
	Prepare(ctx context.Context, t Txn, name string, data []byte) error
	// Prepared lists the prepared transactions by name.
	Prepared() []Prepared
	// FinishPrepared commits a prepared transaction, or rolls it back, durably.
	FinishPrepared(ctx context.Context, name string, commit bool) error
}

// Prepared is one prepared transaction.
type Prepared struct {
	Name string
	Data []byte
	// Recovered says that it comes from an earlier run, so that functions given to OnCommit are gone.
	Recovered bool
	// OnCommit is that of the transaction.
	OnCommit func(func(Version))
	// Writes calls f for each key of a space that the transaction has written, in key order.
	Writes func(s Space, f func(key, value []byte, deleted bool) error) error
}
