package wire

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/wire/proto"
)

// loop handles messages until the connection ends; the error says why.
func (c *conn) loop() error {
	for {
		if c.in.Buffered() == 0 {
			if err := c.idle(); err != nil {
				return err
			}
		}
		kind, body, err := c.in.Next(proto.Ready)
		if err != nil {
			return c.readFailure(err, nil)
		}
		if err := c.handle(kind, body); err != nil {
			return err
		}
		if err := c.out.Err(); err != nil {
			return err
		}
	}
}

// idle prepares for a wait, in which memory goes back, and waits for the next message to begin. Between the messages of an extended query the session is not idle, although it
// waits. A wait outside a transaction is interrupted for what the session has to say meanwhile.
func (c *conn) idle() error {
	c.in.Idle()
	c.out.Idle()
	var until time.Time
	var limit error
	if !c.inCycle {
		var after time.Duration
		if after, limit = c.session.IdleLimit(); after > 0 {
			until = time.Now().Add(after)
		}
	}
	c.entered = false
	for {
		outside := !c.inCycle && c.session.Status() == 'I'
		if e := c.intr.idle(outside, until); e != nil {
			return e
		}
		if c.inCycle {
			return nil
		}
		err := c.in.Wait()
		if e := c.intr.awake(); e != nil {
			return e
		}
		if err == nil {
			return nil
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) || !outside || !c.intr.attention.Load() {
			return c.readFailure(err, limit)
		}
		if err := c.attend(); err != nil {
			return err
		}
		if err := c.out.Flush(); err != nil {
			return err
		}
	}
}

// attend lets the session send what it has for its client outside of statements.
func (c *conn) attend() error {
	if !c.intr.attention.Swap(false) {
		return nil
	}
	return c.session.Attend(&c.sink)
}

// context is the context of the messages that are handled until the connection waits for the next ones, or a cycle ends.
func (c *conn) context() context.Context {
	if !c.entered {
		c.ctx, c.entered = c.intr.enter(), true
	}
	return c.ctx
}

// handle does what a message asks for. An error ends the connection.
func (c *conn) handle(kind byte, body []byte) error {
	switch kind {
	case 'S':
		c.skipping = false
		return c.sync(body)
	case 'X':
		return errDone
	case 'd', 'c', 'f':
		// What is left of a COPY that failed: the client could not know yet.
		return nil
	}
	if c.skipping {
		return nil
	}
	switch kind {
	case 'Q':
		return c.query(body)
	case 'F':
		return c.functionCall()
	}
	c.inCycle = true
	err := c.extended(kind, body)
	if err == nil {
		return nil
	}
	c.skipping, c.entered = true, false // what cancelled this one does not cancel the Sync
	if err := c.report(err); err != nil {
		return err
	}
	// Clients that send Flush and wait before they send Sync hear of the error now: the Flush itself is skipped.
	return c.out.Flush()
}

// extended does one message of the extended protocol.
func (c *conn) extended(kind byte, body []byte) error {
	switch kind {
	case 'B':
		return c.bind(body)
	case 'E':
		return c.execute(body)
	case 'P':
		return c.parse(body)
	case 'D':
		return c.describe(body)
	case 'C':
		return c.closeTarget(body)
	default: // 'H', since the reader lets no other through
		if err := proto.DecodeEmpty(body); err != nil {
			return c.refuse(err)
		}
		return c.out.Flush()
	}
}

// refuse tells the session of an error that it has not seen, which aborts its transaction like any other.
func (c *conn) refuse(err error) error {
	c.session.Fail(err)
	return err
}

// report sends an error. The result is not nil when the connection must end.
func (c *conn) report(err error) error {
	if dead := c.out.Err(); dead != nil {
		return dead
	}
	if errors.Is(err, errDone) {
		return err
	}
	e := c.coded(err)
	if e.Severity == "FATAL" || e.Severity == "PANIC" {
		return e
	}
	c.observe(e.Code)
	if err := c.out.Error(e); err != nil {
		return err
	}
	if c.lost {
		return fatal(pgerr.ProtocolViolation, "terminating connection because protocol synchronization was lost")
	}
	return nil
}

// ready ends a cycle: notifications, changed settings, ReadyForQuery, and everything goes out.
func (c *conn) ready() error {
	status := c.session.Status()
	if status == 'I' && c.intr.attention.Load() {
		if err := c.attend(); err != nil {
			return err
		}
	}
	if err := c.sink.reportChanges(); err != nil {
		return err
	}
	c.inCycle, c.entered = false, false
	if status == 'I' { // no portal outlives the transaction, so neither do its parameters
		c.unnamed.Release()
	}
	if err := c.out.ReadyForQuery(status); err != nil {
		return err
	}
	return c.out.Flush()
}
