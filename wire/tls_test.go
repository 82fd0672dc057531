package wire

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/wire/auth"
)

// selfSigned makes a certificate for 127.0.0.1.
func selfSigned(t testing.TB) *auth.TLS {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	result, err := auth.NewTLS(tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func passwordServer(t testing.TB) (address string) {
	t.Helper()
	verifier, err := auth.NewVerifier("sécret")
	if err != nil {
		t.Fatal(err)
	}
	b := &fakeBackend{roles: map[string]Role{
		"postgres": {Name: "postgres", CanLogin: true, Superuser: true, Verifier: verifier},
		"expired":  {Name: "expired", CanLogin: true, Verifier: verifier, ValidTil: time.Now().Add(-time.Minute)},
		"nologin":  {Name: "nologin", Verifier: verifier},
		"none":     {Name: "none", CanLogin: true},
	}}
	_, address = startServer(t, b, func(o *Options) { o.TLS = selfSigned(t) })
	return address
}

func TestPasswords(t *testing.T) {
	address := passwordServer(t)
	tests := []struct{ user, password, want string }{
		{"postgres", "sécret", ""},
		{"postgres", "wrong", `FATAL: password authentication failed for user "postgres" (SQLSTATE 28P01)`},
		{"expired", "sécret", `FATAL: password authentication failed for user "expired" (SQLSTATE 28P01)`},
		{"none", "sécret", `FATAL: password authentication failed for user "none" (SQLSTATE 28P01)`},
		{"unknown", "sécret", `FATAL: password authentication failed for user "unknown" (SQLSTATE 28P01)`},
		{"nologin", "sécret", `FATAL: role "nologin" is not permitted to log in (SQLSTATE 28000)`},
	}
	for _, ssl := range []string{"disable", "require"} {
		for _, test := range tests {
			t.Run(ssl+"/"+test.user+"/"+test.password, func(t *testing.T) {
				config, err := pgconn.ParseConfig("postgres://" + address + "/postgres?sslmode=" + ssl)
				if err != nil {
					t.Fatal(err)
				}
				config.User, config.Password = test.user, test.password
				conn, err := pgconn.ConnectConfig(context.Background(), config)
				if err == nil {
					_ = conn.Close(context.Background())
				}
				switch {
				case test.want == "" && err != nil:
					t.Error(err)
				case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
					t.Errorf("got %v, not %s", err, test.want)
				}
			})
		}
	}
}

// TestChannelBinding lets libpq, which checks it from the other side, insist on SCRAM-SHA-256-PLUS.
func TestChannelBinding(t *testing.T) {
	psql, err := exec.LookPath("psql")
	if err != nil {
		t.Skip("no psql on this machine:", err)
	}
	host, port, _ := net.SplitHostPort(passwordServer(t))
	cmd := exec.Command(psql, "-X", "-c", "rows 1", "user=postgres password=sécret sslmode=require channel_binding=require dbname=postgres host="+host+" port="+port)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "(1 row)") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestAuthenticationTimeout(t *testing.T) {
	b := &fakeBackend{roles: map[string]Role{"postgres": {Name: "postgres", CanLogin: true, Verifier: "SCRAM-SHA-256$4096:c2FsdA==$AAAA:AAAA"}}}
	_, address := startServer(t, b, func(o *Options) { o.AuthTimeout, o.Rules = 100*time.Millisecond, auth.PasswordFromAnywhere() })
	silent := dial(t, address)
	expect(t, silent.until(0), "end")
	undecided := dial(t, address)
	undecided.raw(startupPacket(196608, "user", "postgres"))
	expect(t, undecided.until(0), "R E(FATAL 57014 canceling authentication due to timeout) end")
}

func TestBytesBeforeTheHandshakeAreRefused(t *testing.T) {
	c := dial(t, passwordServer(t))
	c.raw(append(startupPacket(auth.SSLRequest), startupPacket(196608, "user", "postgres")...))
	expect(t, c.until(0), "E(FATAL 08P01 received unencrypted data after SSL request) end")
}

func TestRequestsBeforeStartup(t *testing.T) {
	_, address := startServer(t, &fakeBackend{})
	c := dial(t, address)
	for _, code := range []uint32{auth.GSSENCRequest, auth.SSLRequest} {
		c.raw(startupPacket(code))
		var answer [1]byte
		if _, err := c.conn.Read(answer[:]); err != nil || answer[0] != 'N' {
			t.Fatalf("%q, %v", answer, err)
		}
	}
	c.raw(startupPacket(auth.SSLRequest))
	expect(t, c.until(0), "E(FATAL 0A000 unsupported frontend protocol 1234.5679: server supports 3.0 to 3.0) end")
}
