package wire

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"time"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/wire/auth"
	"github.com/kalampg/kalampg/wire/proto"
)

// conn is one client connection. All but intr belongs to its own goroutine.
type conn struct {
	server  *Server
	net     net.Conn // replaced by the TLS connection on top of it
	in      *proto.Reader
	out     *proto.Writer
	log     *slog.Logger
	address netip.Addr // invalid for a Unix socket
	tls     bool
	hasSlot bool // guarded by server.mu
	pid     int32
	intr    interrupt

	session  Session
	ctx      context.Context // of the cycle
	entered  bool            // ctx is of the running cycle
	sink     sink
	inCycle  bool       // extended messages have come and their Sync has not
	skipping bool       // after an error in the extended protocol, until Sync
	lost     bool       // where the next message begins is unknown
	unnamed  proto.Bind // memory of the unnamed portal's parameters
	names    names
}

func newConn(s *Server, nc net.Conn) *conn {
	c := &conn{server: s, net: nc, in: proto.NewReader(nc), out: proto.NewWriter(nc), log: s.o.Logger}
	c.intr.init(nc)
	c.sink.conn = c
	if tcp, ok := nc.RemoteAddr().(*net.TCPAddr); ok {
		c.address = tcp.AddrPort().Addr().Unmap()
	}
	return c
}

// errDone ends a connection whose client has been told all there is to tell.
var errDone = errors.New("wire: connection is done")

// serve runs the connection to its end.
func (c *conn) serve() {
	defer func() {
		c.intr.endBase(errDone)
		_ = c.net.Close()
	}()
	defer c.closeSession()
	defer c.recoverPanic()
	c.intr.deadline(time.Now().Add(c.server.o.AuthTimeout))
	packet, err := c.startup()
	if err == nil {
		err = c.login(packet)
	}
	if err == nil {
		c.intr.deadline(time.Time{})
		err = c.loop()
	}
	c.goodbye(err)
}

// goodbye sends the last message, if there is somebody to read it.
func (c *conn) goodbye(err error) {
	var refused *proto.TypeError
	e, coded := pgerr.As(err)
	if errors.As(err, &refused) {
		e, coded = refused.Coded(), true
	}
	switch {
	case coded:
		c.log.Info("connection ended", "pid", c.pid, "code", string(e.Code), "reason", e.Message)
		c.sendFatal(e)
	case errors.Is(err, errDone), errors.Is(err, proto.ErrClosed), c.out.Err() != nil:
		_ = c.out.Flush()
	default:
		c.log.Debug("connection lost", "pid", c.pid, "error", err)
	}
}

// sendFatal sends an error that closes the connection, whatever its severity was.
func (c *conn) sendFatal(e *pgerr.Error) {
	if e.Severity != "FATAL" && e.Severity != "PANIC" {
		copied := *e
		copied.Severity = "FATAL"
		e = &copied
	}
	c.observe(e.Code)
	_ = c.out.Error(e)
	_ = c.out.Flush()
}

func (c *conn) observe(code pgerr.Code) {
	if c.server.o.Observer.Error != nil {
		c.server.o.Observer.Error(code)
	}
}

// recoverPanic turns a bug into the end of this one connection.
func (c *conn) recoverPanic() {
	r := recover()
	if r == nil {
		return
	}
	c.log.Error("panic in a session", "pid", c.pid, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
	_ = c.net.SetWriteDeadline(time.Now().Add(writeGrace))
	c.out.Abort()
	c.sendFatal(fatal(pgerr.SystemError, "internal error: the session has been ended").
		WithHint("The server's log has the details; other sessions are not affected."))
}

// closeSession gives back what the connection holds in the engine.
func (c *conn) closeSession() {
	if c.pid != 0 {
		c.server.keys.Remove(c.pid)
	}
	if c.session == nil {
		return
	}
	defer func() {
		if r := recover(); r != nil {
			c.log.Error("panic while a session closed", "pid", c.pid, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		}
	}()
	c.session.Close()
}

// coded makes the client's error of any error of the session.
func (c *conn) coded(err error) *pgerr.Error {
	if e, ok := pgerr.As(err); ok {
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		if e := c.intr.cause(); e != nil {
			return e
		}
	}
	c.log.Error("an error without SQLSTATE reached a client", "pid", c.pid, "error", err, "stack", string(debug.Stack()))
	return pgerr.Wrap(err, pgerr.SystemError, err.Error())
}

// readFailure says how the connection ends when a read has failed: with the error of whoever ended it, or without a word.
func (c *conn) readFailure(err error, idle error) error {
	if e := c.intr.awake(); e != nil {
		return e
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && idle != nil {
		return idle
	}
	return err
}

// peer is what host rules look at.
func (c *conn) peer(s *auth.Startup) auth.Peer {
	return auth.Peer{Address: c.address, TLS: c.tls, User: s.User, Database: s.Database}
}

// names keeps the names of statements and portals as strings, so that a message that names one it has seen costs no allocation.
type names struct{ seen map[string]string }

// maxNames bounds what a client can make the server remember; a client with more names than that pays for each.
const maxNames = 256

func (n *names) string(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := n.seen[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(s) > 128 {
		return s
	}
	if n.seen == nil || len(n.seen) >= maxNames {
		n.seen = make(map[string]string)
	}
	n.seen[s] = s
	return s
}
