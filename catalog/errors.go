package catalog

import (
	"errors"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// storeErrors are the SQLSTATEs and texts of the store's errors.
var storeErrors = []struct {
	err  error
	code pgerr.Code
	text string
}{
	{kv.ErrConflict, pgerr.SerializationFailure, "could not serialize access due to concurrent update"},
	{kv.ErrDeadlock, pgerr.DeadlockDetected, "deadlock detected"},
	{kv.ErrLocked, pgerr.LockNotAvailable, "could not obtain lock"},
	{kv.ErrLockTimeout, pgerr.LockNotAvailable, "canceling statement due to lock timeout"},
	{kv.ErrReadOnly, pgerr.ReadOnlySQLTransaction, "cannot change the catalog in a read-only transaction"},
	{kv.ErrClosed, pgerr.AdminShutdown, "terminating connection due to administrator command"},
	{kv.ErrTooOld, pgerr.SnapshotTooOld, "snapshot too old"},
	{kv.ErrBroken, pgerr.IOError, "the store stopped accepting commits after a failed write"},
	{kv.ErrDiskFull, pgerr.DiskFull, "no space left on device"},
	{kv.ErrCorrupt, pgerr.DataCorrupted, "stored data failed its checksum"},
}

// storeError gives an error of the store its SQLSTATE; others pass through.
func storeError(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := pgerr.As(err); ok {
		return err
	}
	for _, e := range storeErrors {
		if errors.Is(err, e.err) {
			return pgerr.Wrap(err, e.code, e.text)
		}
	}
	return err
}
