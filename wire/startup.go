package wire

import (
	"crypto/tls"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/wire/auth"
)

// startup answers requests until the client sends a StartupMessage. errDone when there is nothing more to do.
func (c *conn) startup() (*auth.Startup, error) {
	sslDone, gssDone := false, false
	for {
		packet, err := c.in.Startup()
		if err != nil {
			if _, ok := pgerr.As(err); ok { // not our protocol: no answer would be understood
				c.log.Debug("no startup packet", "error", err)
				return nil, errDone
			}
			return nil, err
		}
		switch code := auth.Code(packet); {
		case code == auth.CancelRequest:
			if pid, secret, ok := auth.CancelTarget(packet); ok {
				c.server.keys.Cancel(pid, secret)
			}
			return nil, errDone
		case code == auth.SSLRequest && !sslDone:
			if err := c.startTLS(); err != nil {
				return nil, err
			}
			sslDone = true
		case code == auth.GSSENCRequest && !gssDone:
			if err := c.out.Byte('N'); err != nil {
				return nil, err
			}
			gssDone = true
		default:
			return c.startupMessage(packet)
		}
	}
}

func (c *conn) startupMessage(packet []byte) (*auth.Startup, error) {
	s, err := auth.ParseStartup(packet)
	if e, ok := pgerr.As(err); ok && auth.Code(packet)>>16 < auth.ProtocolMajor {
		_ = c.out.Ancient(e)
		return nil, errDone
	}
	if err != nil {
		return nil, err
	}
	if s.Minor > auth.ProtocolMinor || len(s.Unknown) > 0 {
		return s, c.out.NegotiateProtocolVersion(auth.ProtocolMajor<<16|auth.ProtocolMinor, s.Unknown)
	}
	return s, nil
}

// startTLS answers an SSLRequest.
func (c *conn) startTLS() error {
	if c.server.o.TLS == nil || c.tls || !c.address.IsValid() {
		return c.out.Byte('N')
	}
	// Bytes sent before the handshake would be taken for encrypted ones: somebody may have put them there.
	if c.in.Buffered() > 0 {
		return fatal(pgerr.ProtocolViolation, "received unencrypted data after SSL request").
			WithDetail("This could be either a client-software bug or evidence of an attempted man-in-the-middle attack.")
	}
	if err := c.out.Byte('S'); err != nil {
		return err
	}
	secured := tls.Server(c.net, c.server.o.TLS.Config)
	if err := secured.HandshakeContext(c.intr.base); err != nil {
		c.log.Debug("TLS handshake failed", "error", err)
		return errDone
	}
	c.net, c.tls = secured, true
	c.in.Reset(secured)
	c.out.Reset(secured)
	return nil
}
