package wire

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/wire/auth"
)

// Options are what a Server needs. Backend is required; the rest has defaults.
type Options struct {
	Backend Backend
	Logger  *slog.Logger
	TLS     *auth.TLS // nil: SSLRequest is declined
	// Rules say who may connect and how. nil: by password from anywhere when the superuser has one, and without a password
	// everybody on this machine and nobody else.
	Rules          auth.Rules
	Superuser      string        // whose password the default rules depend on; "postgres"
	MaxConnections int           // 100
	Reserved       int           // connections of these that only superusers get; 3, negative: none
	AuthTimeout    time.Duration // from accept to the end of authentication; 1 minute
	Observer       Observer
}

// Observer has optional hooks. They are called by many goroutines at once and must be quick.
type Observer struct {
	Connected    func()
	Disconnected func()
	Statement    func(took time.Duration) // a simple query or an Execute ended
	Error        func(code pgerr.Code)    // an error went to a client
}

// Server serves connections of any number of listeners.
type Server struct {
	o       Options
	keys    *auth.Keys
	doubles *auth.Doubles

	mu        sync.Mutex
	conns     map[*conn]struct{}
	listeners map[net.Listener]struct{}
	slots     int // connections past their startup packet
	draining  bool
	running   sync.WaitGroup
}

// ErrServerClosed is what Serve returns after Shutdown.
var ErrServerClosed = errors.New("wire: server closed")

// New makes a Server.
func New(o Options) (*Server, error) {
	if o.Backend == nil {
		return nil, errors.New("wire: Options.Backend is required")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Superuser == "" {
		o.Superuser = "postgres"
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = 100
	}
	if o.Reserved == 0 {
		o.Reserved = 3
	}
	if o.AuthTimeout == 0 {
		o.AuthTimeout = time.Minute
	}
	doubles, err := auth.NewDoubles()
	if err != nil {
		return nil, fmt.Errorf("prepare authentication: %w", err)
	}
	return &Server{o: o, keys: auth.NewKeys(), doubles: doubles,
		conns: make(map[*conn]struct{}), listeners: make(map[net.Listener]struct{})}, nil
}

// ErrNoPassword refuses to listen where others could reach a server that has no password.
var ErrNoPassword = errors.New("the superuser has no password, so only connections from this machine are allowed")

// Listen opens a listener that Serve can use: network "tcp" or "unix". A TCP address wider than loopback is refused while the default rules
// apply and the superuser has no password.
func (s *Server) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	config := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 15 * time.Second, Count: 4}}
	l, err := config.Listen(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if network == "unix" {
		// Who may connect is for the host rules to say, not for the mode of the file.
		if err := os.Chmod(address, 0o777); err != nil {
			_ = l.Close()
			return nil, err
		}
	}
	tcp, ok := l.Addr().(*net.TCPAddr)
	if !ok || tcp.IP.IsLoopback() || s.o.Rules != nil {
		return l, nil
	}
	protected, err := s.hasPassword(ctx)
	if err == nil && !protected {
		err = ErrNoPassword
	}
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

func (s *Server) hasPassword(ctx context.Context) (bool, error) {
	role, ok, err := s.o.Backend.Role(ctx, s.o.Superuser)
	return ok && role.Verifier != "", err
}

// rules gives the rules for a connection that arrives now: a password that was set a moment ago counts.
func (s *Server) rules(ctx context.Context) (auth.Rules, error) {
	if s.o.Rules != nil {
		return s.o.Rules, nil
	}
	protected, err := s.hasPassword(ctx)
	if err != nil {
		return nil, err
	}
	if protected {
		return auth.PasswordFromAnywhere(), nil
	}
	return auth.LoopbackOnly(), nil
}

// Serve accepts connections until the listener fails or Shutdown closes it (ErrServerClosed).
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.draining {
		s.mu.Unlock()
		_ = l.Close()
		return ErrServerClosed
	}
	s.listeners[l] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.listeners, l)
		s.mu.Unlock()
	}()
	for pause := time.Duration(0); ; {
		nc, err := l.Accept()
		if err == nil {
			pause = 0
			s.start(nc)
			continue
		}
		if s.isDraining() {
			return ErrServerClosed
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		// Out of descriptors, or a connection that was gone before it was accepted: others may still come.
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		s.o.Logger.Warn("accept failed", "error", err, "retry", pause)
		time.Sleep(pause)
	}
}

func (s *Server) isDraining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining
}

// start runs a connection in a goroutine. Connections that have not logged in are bounded as well, since they hold memory and descriptors.
func (s *Server) start(nc net.Conn) {
	c := newConn(s, nc)
	s.mu.Lock()
	if s.draining || len(s.conns) >= 2*s.o.MaxConnections+64 {
		s.mu.Unlock()
		_ = nc.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.running.Add(1)
	s.mu.Unlock()
	if s.o.Observer.Connected != nil {
		s.o.Observer.Connected()
	}
	go func() {
		defer s.running.Done()
		defer s.forget(c)
		c.serve()
	}()
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	if c.hasSlot {
		s.slots--
	}
	s.mu.Unlock()
	if s.o.Observer.Disconnected != nil {
		s.o.Observer.Disconnected()
	}
}

// takeSlot counts a connection that has sent its startup packet against max_connections.
func (s *Server) takeSlot(c *conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return fatal(pgerr.CannotConnectNow, "the database system is shutting down")
	}
	if s.slots >= s.o.MaxConnections {
		return fatal(pgerr.TooManyConnections, "sorry, too many clients already")
	}
	s.slots++
	c.hasSlot = true
	return nil
}

// checkReserve turns ordinary roles away from the last connections, which are kept for superusers.
func (s *Server) checkReserve(superuser bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !superuser && s.o.MaxConnections-s.slots < s.o.Reserved {
		return fatal(pgerr.TooManyConnections, "remaining connection slots are reserved for roles with the SUPERUSER attribute")
	}
	return nil
}

// Connections is the number of open connections.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// stuckGrace is how long Shutdown waits for statements that ignore that they were cancelled.
const stuckGrace = 3 * time.Second

// Shutdown stops listening, ends connections as soon as they are outside a transaction, and those that are left when ctx ends by
// cancelling what they run. It returns when all are gone.
func (s *Server) Shutdown(ctx context.Context) {
	s.each(true, func(c *conn) { c.intr.drain(errShutdown()) })
	gone := make(chan struct{})
	go func() {
		s.running.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return
	case <-ctx.Done():
	}
	s.each(false, func(c *conn) { c.intr.terminate(errShutdown()) })
	select {
	case <-gone:
		return
	case <-time.After(writeGrace + time.Second):
	}
	// What does not come to its end now hangs in the engine. The sockets are closed so that clients learn of it.
	s.each(false, func(c *conn) { _ = c.intr.net.Close() })
	select {
	case <-gone:
	case <-time.After(stuckGrace):
		s.o.Logger.Error("connections are left behind: their statements do not end", "connections", s.Connections())
	}
}

// each calls f for every connection, after closing the listeners if told so.
func (s *Server) each(closeListeners bool, f func(*conn)) {
	s.mu.Lock()
	if closeListeners {
		s.draining = true
		for l := range s.listeners {
			_ = l.Close()
		}
	}
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	for _, c := range conns {
		f(c)
	}
}

func errShutdown() *pgerr.Error {
	return fatal(pgerr.AdminShutdown, "terminating connection due to administrator command")
}

func fatal(code pgerr.Code, message string) *pgerr.Error {
	return pgerr.New(code, message).WithSeverity("FATAL")
}
