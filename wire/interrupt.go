package wire

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// writeGrace is how long a connection that is being ended may take to read its last messages.
const writeGrace = 2 * time.Second

// interrupt is what other goroutines do to a connection: cancel its statement, end it, ask it to leave. The connection's own goroutine calls
// enter before statements and idle before waits.
type interrupt struct {
	mu        sync.Mutex
	net       net.Conn
	base      context.Context
	endBase   context.CancelCauseFunc
	statement context.Context // reused until it is cancelled, because making one costs two allocations
	cancelFn  context.CancelCauseFunc
	busy      bool         // a statement runs
	waiting   bool         // the connection waits for its next message outside a transaction
	leaving   *pgerr.Error // end as soon as the connection is outside a transaction
	ending    *pgerr.Error // end now
	armed     bool         // a read deadline is set
	attention atomic.Bool  // the session has something for its client
}

func (i *interrupt) init(nc net.Conn) {
	i.net = nc
	i.base, i.endBase = context.WithCancelCause(context.Background())
}

// enter marks the start of a cycle of messages and gives its context, a new one if the last was cancelled.
func (i *interrupt) enter() context.Context {
	i.mu.Lock()
	if i.statement == nil || i.statement.Err() != nil {
		i.statement, i.cancelFn = context.WithCancelCause(i.base)
	}
	i.busy, i.waiting = true, false
	ctx := i.statement
	i.mu.Unlock()
	return ctx
}

// cancel ends the running statement, if there is one.
func (i *interrupt) cancel() {
	i.mu.Lock()
	if i.busy {
		i.cancelFn(pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request"))
	}
	i.mu.Unlock()
}

// terminate ends the connection: the running statement fails with cause, a wait for input returns, and the client gets cause as the
// last message.
func (i *interrupt) terminate(cause *pgerr.Error) {
	i.mu.Lock()
	i.end(cause)
	i.mu.Unlock()
}

func (i *interrupt) end(cause *pgerr.Error) {
	if i.ending != nil {
		return
	}
	i.ending = cause
	i.endBase(cause)
	_ = i.net.SetReadDeadline(time.Unix(1, 0))
	_ = i.net.SetWriteDeadline(time.Now().Add(writeGrace))
}

// drain ends the connection now if it is idle, else when it next is.
func (i *interrupt) drain(cause *pgerr.Error) {
	i.mu.Lock()
	i.leaving = cause
	if i.waiting {
		i.end(cause)
	}
	i.mu.Unlock()
}

// attend asks the connection to let its session send something: a wait for input outside a transaction ends for that, and everything else comes to it by itself.
func (i *interrupt) attend() {
	i.mu.Lock()
	i.attention.Store(true) // in here, so that a wait is not interrupted for what has been seen to already
	if i.waiting && i.ending == nil {
		_ = i.net.SetReadDeadline(time.Unix(1, 0))
		i.armed = true
	}
	i.mu.Unlock()
}

// idle announces a wait for input, until a time unless that is zero. outside tells that no transaction is open. The error is the one that ends the connection.
func (i *interrupt) idle(outside bool, until time.Time) *pgerr.Error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.ending == nil && i.leaving != nil && outside {
		i.end(i.leaving)
	}
	if i.ending != nil {
		return i.ending
	}
	i.busy, i.waiting = false, outside
	switch {
	case outside && i.attention.Load(): // it came before waiting was set
		_ = i.net.SetReadDeadline(time.Unix(1, 0))
		i.armed = true
	case !until.IsZero():
		_ = i.net.SetReadDeadline(until)
		i.armed = true
	}
	return nil
}

// awake ends the wait and its limit, which does not apply to the rest of a message that has begun. The error is the one that ends the connection, if it came meanwhile.
func (i *interrupt) awake() *pgerr.Error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.waiting = false
	if i.armed && i.ending == nil {
		_ = i.net.SetReadDeadline(time.Time{})
		i.armed = false
	}
	return i.ending
}

// deadline bounds reads and writes until at, unless the connection is being ended, which has a deadline of its own.
func (i *interrupt) deadline(at time.Time) {
	i.mu.Lock()
	if i.ending == nil {
		_ = i.net.SetDeadline(at)
	}
	i.mu.Unlock()
}

// cause is why the last statement's context ended, nil if it did not.
func (i *interrupt) cause() *pgerr.Error {
	ctx := i.base
	if i.statement != nil {
		ctx = i.statement
	}
	e, _ := pgerr.As(context.Cause(ctx))
	return e
}
