package auth

import (
	"crypto/rand"
	"strings"

	"github.com/xdg-go/scram"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// The names of the SASL mechanisms.
const (
	mechanism     = "SCRAM-SHA-256"
	mechanismPlus = "SCRAM-SHA-256-PLUS"
)

// Doubles makes verifiers for roles that have none. They are the same for the same name as long as the server runs, so that asking twice does
// not tell an unknown role from a known one.
type Doubles struct{ secret [32]byte }

// NewDoubles makes Doubles with a fresh secret.
func NewDoubles() (*Doubles, error) {
	d := &Doubles{}
	_, err := rand.Read(d.secret[:])
	return d, err
}

// credentials gives a role's credentials; doomed when the exchange must fail whatever the client proves.
func (d *Doubles) credentials(user, verifier string) (c scram.StoredCredentials, doomed bool) {
	if c, err := parseVerifier(verifier); err == nil {
		return c, false
	}
	c.Salt = string(mac(d.secret[:], "salt "+user)[:saltLength])
	c.Iters = Iterations
	c.StoredKey = mac(d.secret[:], "stored "+user)
	c.ServerKey = mac(d.secret[:], "server "+user)
	return c, true
}

// Exchange is one SASL exchange. First takes the client's first message, Final its second.
type Exchange struct {
	user    string
	doomed  bool
	binding scram.ChannelBinding
	start   func(scram.ChannelBinding) *scram.ServerConversation
	conv    *scram.ServerConversation
}

// NewExchange prepares the exchange for user. verifier is empty for a role that is unknown or has no password; valid is false when
// its password has expired. binding is the TLS channel's (TLS.Binding), nil without.
func NewExchange(d *Doubles, user, verifier string, valid bool, binding []byte) (*Exchange, error) {
	stored, doomed := d.credentials(user, verifier)
	// The name in the exchange is ignored, as PostgreSQL does: libpq sends an empty one.
	server, err := scram.SHA256.NewServer(func(string) (scram.StoredCredentials, error) { return stored, nil })
	if err != nil {
		return nil, pgerr.Wrap(err, pgerr.SystemError, "could not prepare the authentication").WithSeverity("FATAL")
	}
	e := &Exchange{user: user, doomed: doomed || !valid, start: server.NewConversationWithChannelBinding}
	if binding != nil {
		e.binding = scram.ChannelBinding{Type: scram.ChannelBindingTLSServerEndpoint, Data: binding}
	}
	return e, nil
}

// Mechanisms is what the server offers, the best first.
func (e *Exchange) Mechanisms() []string {
	if e.binding.IsSupported() {
		return []string{mechanismPlus, mechanism}
	}
	return []string{mechanism}
}

// First takes the chosen mechanism and the client's first message and gives the answer. Errors are FATAL.
func (e *Exchange) First(chosen string, message []byte) (string, error) {
	text := string(message)
	flag, _, _ := strings.Cut(text, ",")
	bound := strings.HasPrefix(flag, "p=")
	switch {
	case chosen != mechanism && (chosen != mechanismPlus || !e.binding.IsSupported()):
		return "", fatal(pgerr.ProtocolViolation, "client selected an invalid SASL authentication mechanism")
	case chosen == mechanismPlus && !bound:
		return "", malformed("The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not include channel binding data.")
	case chosen == mechanism && bound:
		return "", malformed("The client selected SCRAM-SHA-256 without channel binding, but the SCRAM message includes channel binding data.")
	case bound && flag != "p="+string(scram.ChannelBindingTLSServerEndpoint):
		return "", fatal(pgerr.ProtocolViolation, "unsupported SCRAM channel-binding type \"%s\"", flag[2:])
	case flag == "y" && e.binding.IsSupported():
		return "", fatal(pgerr.InvalidAuthorizationSpecification, "SCRAM channel binding negotiation error").WithDetail("%s",
			"The client supports SCRAM channel binding but thinks the server does not.  However, this server does support channel binding.")
	}
	if fields := strings.Split(text, ","); len(fields) > 2 {
		if fields[1] != "" {
			return "", fatal(pgerr.FeatureNotSupported, "client uses authorization identity, but it is not supported")
		}
		if strings.HasPrefix(fields[2], "m=") {
			return "", fatal(pgerr.FeatureNotSupported, "client requires an unsupported SCRAM extension")
		}
	}
	e.conv = e.start(e.binding)
	answer, err := e.conv.Step(text)
	if err != nil {
		return "", malformed("%s", err.Error())
	}
	return answer, nil
}

// Final takes the client's proof and gives the server's, or the FATAL error that ends the connection.
func (e *Exchange) Final(message []byte) (string, error) {
	answer, err := e.conv.Step(string(message))
	switch {
	case err == nil && !e.doomed:
		return answer, nil
	case answer == scram.ErrChannelBindingsDontMatch:
		return "", fatal(pgerr.InvalidAuthorizationSpecification, "SCRAM channel binding check failed")
	case err != nil && answer == "":
		return "", malformed("%s", err.Error())
	case answer == scram.ErrOtherError:
		return "", fatal(pgerr.ProtocolViolation, "invalid SCRAM response").WithDetail("Nonce does not match.")
	}
	return "", WrongPassword(e.user)
}

// WrongPassword is the error for every way not to know the password.
func WrongPassword(user string) error {
	return fatal(pgerr.InvalidPassword, "password authentication failed for user \"%s\"", user)
}

func malformed(format string, args ...any) error {
	return fatal(pgerr.ProtocolViolation, "malformed SCRAM message").WithDetail(format, args...)
}
