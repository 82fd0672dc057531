package kv

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Locker is a power of stores whose locks can be listed and can outlive a transaction.
type Locker interface {
	// NewLockSession returns a lock owner for a session; owner names it in Locks and in deadlock reports (a backend's process id).
	NewLockSession(owner uint64) LockSession
	// Locks lists every lock that is held or waited for.
	Locks() []LockInfo
}

// LockSession holds locks beyond a transaction (session-level advisory locks). Each Lock needs its own Unlock. Locks of the session never
// conflict with those of transactions begun with it (TxnOptions.Session). It is used by one goroutine at a time.
type LockSession interface {
	Lock(ctx context.Context, key []byte, o LockOptions) error // o.Skip is not looked at
	Unlock(key []byte, mode LockMode) bool                     // false: was not held so
	UnlockAll()
}

// LockInfo describes one lock that is held or waited for.
type LockInfo struct {
	Key     []byte
	Mode    LockMode
	Owner   uint64    // as given to NewLockSession; 0 for a transaction without a session
	Session bool      // held by the session itself instead of its transaction
	Granted bool      // false: waited for
	Since   time.Time // begin of the wait

	Blockers []uint64 // of a wait: the owners that it waits for, those who hold the lock first, then those who wait before
}

// LockWait is an edge of the wait-for graph.
type LockWait struct {
	Waiter, Blocker uint64 // owners, as in LockInfo
	Key             []byte // what the waiter waits for
	Mode            LockMode
}

// DeadlockError is an ErrDeadlock with the cycle that waiting would have closed, beginning with the victim.
type DeadlockError struct{ Cycle []LockWait }

func (e *DeadlockError) Error() string {
	var b strings.Builder
	b.WriteString(ErrDeadlock.Error())
	for _, w := range e.Cycle {
		fmt.Fprintf(&b, "; %d waits for %d", w.Waiter, w.Blocker)
	}
	return b.String()
}

// Unwrap makes errors.Is find ErrDeadlock.
func (e *DeadlockError) Unwrap() error { return ErrDeadlock }
