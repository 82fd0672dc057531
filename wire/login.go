package wire

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgproto3/v2"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/wire/auth"
	"github.com/kalampg/kalampg/wire/proto"
)

// login authenticates the client, opens its session and greets it.
func (c *conn) login(s *auth.Startup) error {
	if err := c.server.takeSlot(c); err != nil {
		return err
	}
	ctx := c.intr.base
	role, known, err := c.server.o.Backend.Role(ctx, s.User)
	if err != nil {
		return c.coded(err)
	}
	if err := c.authenticate(ctx, s, role, known); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			c.intr.deadline(time.Now().Add(writeGrace))
			return fatal(pgerr.QueryCanceled, "canceling authentication due to timeout")
		}
		return err
	}
	switch {
	case !known:
		return fatal(pgerr.InvalidAuthorizationSpecification, fmt.Sprintf("role \"%s\" does not exist", s.User))
	case !role.CanLogin:
		return fatal(pgerr.InvalidAuthorizationSpecification, fmt.Sprintf("role \"%s\" is not permitted to log in", s.User))
	}
	if err := c.server.checkReserve(role.Superuser); err != nil {
		return err
	}
	return c.open(ctx, s, role)
}

// open makes the session and sends what a client waits for before its first query.
func (c *conn) open(ctx context.Context, s *auth.Startup, role Role) error {
	settings, err := s.AllSettings()
	if err != nil {
		return err
	}
	pid, secret, err := c.server.keys.Add(c.intr.cancel)
	if err != nil {
		return c.coded(err)
	}
	c.pid = pid
	remote := ""
	if c.address.IsValid() {
		remote = c.net.RemoteAddr().String()
	}
	c.session, err = c.server.o.Backend.Open(ctx, SessionOptions{
		User: role.Name, Database: s.Database, Settings: settings, PID: pid, Remote: remote, TLS: c.encryption(), Sink: &c.sink,
		Cancel:    c.intr.cancel,
		Terminate: func() { c.intr.terminate(errShutdown()) },
		Attend:    c.intr.attend,
	})
	if err != nil {
		c.session = nil
		return c.coded(err)
	}
	for _, p := range c.session.Parameters() {
		c.sink.reported = append(c.sink.reported, p)
		c.sink.encoding(p[0], p[1])
		if err := c.out.ParameterStatus(p[0], p[1]); err != nil {
			return err
		}
	}
	key := &pgproto3.BackendKeyData{ProcessID: uint32(pid), SecretKey: binary.BigEndian.Uint32(secret[:])}
	if err := c.out.Send(key); err != nil {
		return err
	}
	c.log.Debug("connection authorized", "pid", pid, "user", s.User, "database", s.Database, "remote", remote, "tls", c.tls)
	return c.ready()
}

// encryption is the state of TLS, nil without it.
func (c *conn) encryption() *tls.ConnectionState {
	secured, ok := c.net.(*tls.Conn)
	if !ok {
		return nil
	}
	state := secured.ConnectionState()
	return &state
}

// authenticate runs what the host rules ask for and ends with AuthenticationOk.
func (c *conn) authenticate(ctx context.Context, s *auth.Startup, role Role, known bool) error {
	rules, err := c.server.rules(ctx)
	if err != nil {
		return c.coded(err)
	}
	method, err := rules.Find(c.peer(s))
	if err != nil {
		return err
	}
	if method == auth.SCRAM {
		if err := c.scram(s.User, role, known); err != nil {
			return err
		}
	}
	return c.out.Send(&pgproto3.AuthenticationOk{})
}

// scram runs the SASL exchange, for roles that do not exist as well as for those that do.
func (c *conn) scram(user string, role Role, known bool) error {
	verifier, valid := "", true
	if known {
		verifier = role.Verifier
		valid = role.ValidTil.IsZero() || time.Now().Before(role.ValidTil)
	}
	var binding []byte
	if c.tls {
		binding = c.server.o.TLS.Binding
	}
	x, err := auth.NewExchange(c.server.doubles, user, verifier, valid, binding)
	if err != nil {
		return err
	}
	body, err := c.challenge(&pgproto3.AuthenticationSASL{AuthMechanisms: x.Mechanisms()})
	if err != nil {
		return err
	}
	mechanism, first, err := proto.DecodeSASLInitial(body)
	if err != nil {
		return err
	}
	if first == nil { // a client without an initial response gets an empty challenge first
		if first, err = c.challenge(&pgproto3.AuthenticationSASLContinue{}); err != nil {
			return err
		}
	}
	answer, err := x.First(mechanism, first)
	if err != nil {
		return err
	}
	proof, err := c.challenge(&pgproto3.AuthenticationSASLContinue{Data: []byte(answer)})
	if err != nil {
		return err
	}
	if answer, err = x.Final(proof); err != nil {
		return err
	}
	return c.out.Send(&pgproto3.AuthenticationSASLFinal{Data: []byte(answer)})
}

// challenge sends an authentication request and reads the answer.
func (c *conn) challenge(m pgproto3.BackendMessage) ([]byte, error) {
	if err := c.out.Send(m); err != nil {
		return nil, err
	}
	if err := c.out.Flush(); err != nil {
		return nil, err
	}
	_, body, err := c.in.Next(proto.Authenticating)
	return body, err
}
