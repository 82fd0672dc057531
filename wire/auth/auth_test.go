package auth

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/xdg-go/scram"

	"github.com/kalampg/kalampg/internal/pgerr"
)

func TestRules(t *testing.T) {
	rules, err := ParseRules(strings.NewReader(`
# type  database     user   address         method
local   all          all                    trust
host    shop,"all"   ann    10.1.0.0/16     scram-sha-256   # the shop
host    all          bob    10.2.0.0 255.255.0.0  trust
hostssl sameuser     all    all             scram-sha-256
host    all          all    ::1/128         reject
hostnossl all        eve    0.0.0.0/0       trust
`))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		address, user, database string
		tls                     bool
		want                    string
	}{
		{"", "anyone", "any", false, "trust"},
		{"10.1.2.3", "ann", "shop", false, "scram-sha-256"},
		{"10.1.2.3", "ann", "all", false, "scram-sha-256"},
		{"10.1.2.3", "ann", "other", false, `no pg_hba.conf entry for host "10.1.2.3", user "ann", database "other", no encryption`},
		{"10.1.2.3", "ann", "other", true, `no pg_hba.conf entry for host "10.1.2.3", user "ann", database "other", SSL encryption`},
		{"::ffff:10.2.200.1", "bob", "x", false, "trust"},
		{"10.3.0.1", "bob", "x", false, `no pg_hba.conf entry for host "10.3.0.1", user "bob", database "x", no encryption`},
		{"192.0.2.1", "carl", "carl", true, "scram-sha-256"},
		{"::1", "carl", "x", false, `pg_hba.conf rejects connection for host "::1", user "carl", database "x", no encryption`},
		{"192.0.2.1", "eve", "x", false, "trust"},
		{"192.0.2.1", "eve", "x", true, `no pg_hba.conf entry for host "192.0.2.1", user "eve", database "x", SSL encryption`},
	}
	for _, test := range tests {
		p := Peer{User: test.user, Database: test.database, TLS: test.tls}
		if test.address != "" {
			p.Address = netip.MustParseAddr(test.address).Unmap()
		}
		method, err := rules.Find(p)
		got := string(method)
		if e, ok := pgerr.As(err); ok {
			got = e.Message
		}
		if got != test.want {
			t.Errorf("%+v: %s, not %s", test, got, test.want)
		}
	}
}

func TestRulesThatAreRefused(t *testing.T) {
	for line, want := range map[string]string{
		"host all all 10.0.0.0/8 md5":               `method "md5" is not supported`,
		"host all all 10.0.0.0/8":                   "a rule has the fields",
		"host all +admins 10.0.0.0/8 trust":         `user "+admins" is not supported`,
		"host samerole all 10.0.0.0/8 trust":        `database "samerole" is not supported`,
		"host all all example.org trust":            `address "example.org" is not supported`,
		"host all all 10.0.0.0 255.0.255.0 trust":   "has ones after zeros",
		"host all all 10.0.0.0/33 trust":            "is not an address with a prefix length",
		"host all all 10.0.0.0/8 trust map=x":       "options of methods are not supported",
		"include other.conf":                        `connection type "include" is not known`,
		`host "all all 10.0.0.0/8 trust`:            "a quoted name does not end",
		"local all all reject\nhost all all nobody": "line 2: ",
	} {
		if _, err := ParseRules(strings.NewReader(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %s", line, err, want)
		}
	}
}

func TestVerifier(t *testing.T) {
	v, err := NewVerifier("secret")
	if err != nil {
		t.Fatal(err)
	}
	if !IsVerifier(v) || !CheckPassword(v, "secret") || CheckPassword(v, "Secret") || IsVerifier("secret") || IsVerifier(v[:len(v)-3]) {
		t.Error(v)
	}
	// The salt and the password of RFC 7677's example.
	const example = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
	if !CheckPassword(example, "pencil") {
		t.Error("the RFC's example password does not match its verifier")
	}
}

// exchange runs a client against an Exchange and gives the error that ended it.
func exchange(t *testing.T, user, verifier, password string, serverBinding, clientBinding []byte) error {
	t.Helper()
	doubles, err := NewDoubles()
	if err != nil {
		t.Fatal(err)
	}
	x, err := NewExchange(doubles, user, verifier, true, serverBinding)
	if err != nil {
		t.Fatal(err)
	}
	client, err := scram.SHA256.NewClientUnprepped("", password, "")
	if err != nil {
		t.Fatal(err)
	}
	conversation, chosen := client.NewConversation(), mechanism
	if clientBinding != nil {
		conversation = client.NewConversationWithChannelBinding(scram.ChannelBinding{Type: scram.ChannelBindingTLSServerEndpoint, Data: clientBinding})
		chosen = mechanismPlus
	}
	first, err := conversation.Step("")
	if err != nil {
		t.Fatal(err)
	}
	challenge, err := x.First(chosen, []byte(first))
	if err != nil {
		return err
	}
	proof, err := conversation.Step(challenge)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := x.Final([]byte(proof))
	if err != nil {
		return err
	}
	if _, err := conversation.Step(answer); err != nil {
		t.Errorf("the client does not believe the server: %v", err)
	}
	return nil
}

func TestExchange(t *testing.T) {
	v, err := NewVerifier("secret")
	if err != nil {
		t.Fatal(err)
	}
	one, two := []byte("one certificate"), []byte("another certificate")
	tests := []struct {
		name, verifier, password string
		server, client           []byte
		want                     string
	}{
		{"right", v, "secret", nil, nil, ""},
		{"wrong", v, "Secret", nil, nil, "password authentication failed"},
		{"no verifier", "", "secret", nil, nil, "password authentication failed"},
		{"bound", v, "secret", one, one, ""},
		{"bound, wrong", v, "Secret", one, one, "password authentication failed"},
		{"bound to something else", v, "secret", one, two, "SCRAM channel binding check failed"},
		{"not bound although offered", v, "secret", one, nil, ""},
		{"bound although not offered", v, "secret", nil, one, "client selected an invalid SASL authentication mechanism"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := exchange(t, "joe", test.verifier, test.password, test.server, test.client)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, not %s", err, test.want)
			}
		})
	}
}

func TestFirstMessagesThatAreRefused(t *testing.T) {
	for message, want := range map[string]string{
		"SCRAM-SHA-256 y,,n=,r=abc":                      "SCRAM channel binding negotiation error",
		"SCRAM-SHA-256 p=tls-server-end-point,,n=,r=abc": "malformed SCRAM message",
		"SCRAM-SHA-256-PLUS n,,n=,r=abc":                 "malformed SCRAM message",
		"SCRAM-SHA-256-PLUS p=tls-unique,,n=,r=abc":      `unsupported SCRAM channel-binding type "tls-unique"`,
		"SCRAM-SHA-256 n,a=x,n=,r=abc":                   "client uses authorization identity",
		"SCRAM-SHA-256 n,,m=x,n=,r=abc":                  "client requires an unsupported SCRAM extension",
		"SCRAM-SHA-256 nonsense":                         "malformed SCRAM message",
		"SCRAM-SHA-1 n,,n=,r=abc":                        "client selected an invalid SASL authentication mechanism",
		"SCRAM-SHA-256 ":                                 "malformed SCRAM message",
	} {
		doubles, _ := NewDoubles()
		x, err := NewExchange(doubles, "joe", "", true, []byte("binding"))
		if err != nil {
			t.Fatal(err)
		}
		chosen, text, _ := strings.Cut(message, " ")
		if _, err := x.First(chosen, []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %s", message, err, want)
		}
	}
}

// TestDoublesAreSteady: a role that does not exist shows the same salt every time, and not that of another.
func TestDoublesAreSteady(t *testing.T) {
	d, err := NewDoubles()
	if err != nil {
		t.Fatal(err)
	}
	a, doomed := d.credentials("a", "")
	again, _ := d.credentials("a", "md5…")
	b, _ := d.credentials("b", "")
	if !doomed || a.Salt != again.Salt || a.Salt == b.Salt || len(a.Salt) != saltLength {
		t.Error("salts give the secret away")
	}
}

func FuzzParseStartup(f *testing.F) {
	f.Add([]byte("\x00\x03\x00\x00user\x00u\x00options\x00-c a=b --x-y=z\\ \x00\x00"))
	f.Add([]byte("\x00\x03\x00\x02user\x00u\x00_pq_.x\x001\x00\x00"))
	f.Add([]byte("\x00\x03\x00\x00replication\x00true\x00\x00"))
	f.Add([]byte("\x00\x02\x00\x00"))
	f.Add([]byte("\x00\x03\x00\x00user"))
	f.Fuzz(func(t *testing.T, packet []byte) {
		if len(packet) < 4 {
			return
		}
		s, err := ParseStartup(packet)
		if err == nil {
			_, err = s.AllSettings()
		}
		if e, ok := pgerr.As(err); err != nil && (!ok || e.Severity != "FATAL") {
			t.Fatalf("%v", err)
		}
		_, _, _ = CancelTarget(packet)
	})
}
