package exec

import (
	"context"
	"errors"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/userdata/row"
)

// clientError turns what a statement ended with into an error with a SQLSTATE. Errors of the store get theirs here, in one place; those
// that have one already pass.
func clientError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var cycle *kv.DeadlockError
	if errors.As(err, &cycle) {
		return deadlock(cycle)
	}
	if e, ok := pgerr.As(err); ok {
		// Code that only sees that its context has ended cannot know who ended it.
		if cause, known := pgerr.As(context.Cause(ctx)); known && e.Code == pgerr.QueryCanceled {
			return cause
		}
		return err
	}
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		if cause := context.Cause(ctx); cause != nil {
			if _, ok := pgerr.As(cause); ok {
				return cause
			}
		}
		return pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request")
	}
	var serialization *kv.SerializationError
	if errors.As(err, &serialization) {
		return pgerr.Wrap(err, pgerr.SerializationFailure, "could not serialize access due to read/write dependencies among transactions").
			WithDetail("Reason code: Canceled on %s.", serialization.Reason).WithHint("The transaction might succeed if retried.")
	}
	for _, e := range storeErrors {
		if errors.Is(err, e.is) {
			return pgerr.Wrap(err, e.code, e.message)
		}
	}
	return pgerr.Wrap(err, pgerr.SystemError, err.Error())
}

var storeErrors = []struct {
	is      error
	code    pgerr.Code
	message string
}{
	{kv.ErrConflict, pgerr.SerializationFailure, "could not serialize access due to concurrent update"},
	{kv.ErrLocked, pgerr.LockNotAvailable, "could not obtain lock"},
	{kv.ErrLockTimeout, pgerr.LockNotAvailable, "canceling statement due to lock timeout"},
	{kv.ErrReadOnly, pgerr.ReadOnlySQLTransaction, "cannot execute statement in a read-only transaction"},
	{kv.ErrClosed, pgerr.AdminShutdown, "the database system is shutting down"},
	{kv.ErrTooOld, pgerr.SnapshotTooOld, "snapshot too old"},
	{kv.ErrBroken, pgerr.IOError, "the store stopped accepting commits after a failed write"},
	{kv.ErrDiskFull, pgerr.DiskFull, "could not extend the store: no space left on device"},
	{kv.ErrCorrupt, pgerr.DataCorrupted, "stored data failed its checksum"},
	{row.ErrCorrupt, pgerr.DataCorrupted, "a stored row does not decode"},
	{kv.ErrTxnDone, pgerr.InvalidTransactionState, "the transaction has already ended"},
}
