package wire

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgproto3/v2"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/wire/auth"
)

func expect(t testing.TB, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func startupPacket(code uint32, pairs ...string) []byte {
	b := binary.BigEndian.AppendUint32([]byte{0, 0, 0, 0}, code)
	for _, p := range pairs {
		b = append(append(b, p...), 0)
	}
	if len(pairs) > 0 {
		b = append(b, 0)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

func TestStartup(t *testing.T) {
	_, address := startServer(t, &fakeBackend{})
	const greeting = "R S(server_version=16.0) S(client_encoding=UTF8) S(standard_conforming_strings=on) S(TimeZone=UTC) K Z(I)"
	tests := []struct {
		name   string
		packet []byte
		until  byte
		want   string
	}{
		{"3.0", startupPacket(196608, "user", "postgres"), 'Z', greeting},
		{"3.2 is talked down", startupPacket(196610, "user", "postgres"), 'Z', "v " + greeting},
		{"unknown protocol option", startupPacket(196608, "user", "postgres", "_pq_.strange", "1"), 'Z', "v " + greeting},
		{"4.0", startupPacket(4 << 16), 0, "E(FATAL 0A000 unsupported frontend protocol 4.0: server supports 3.0 to 3.0) end"},
		{"no user", startupPacket(196608, "database", "x"), 0, "E(FATAL 28000 no PostgreSQL user name specified in startup packet) end"},
		{"no terminator", startupPacket(196608, "user", "postgres")[:10], 0, "end"},
		{"impossible length", []byte{0, 0, 0, 3, 0, 0, 0, 0}, 0, "end"},
		{"huge length", []byte{0x7f, 0, 0, 0, 0, 3, 0, 0}, 0, "end"},
		{"unknown role", startupPacket(196608, "user", "nobody"), 0, `R E(FATAL 28000 role "nobody" does not exist) end`},
		{"replication", startupPacket(196608, "user", "postgres", "replication", "database"), 0,
			"E(FATAL 0A000 replication connections is not supported) end"},
		{"bad option", startupPacket(196608, "user", "postgres", "options", "-c work_mem"), 0, "R E(FATAL 42601 -c work_mem requires a value) end"},
		{"not UTF-8", startupPacket(196608, "user", "\xff"), 0, `E(FATAL 22021 invalid byte sequence for encoding "UTF8": 0xff) end`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := dial(t, address)
			c.raw(test.packet)
			if test.name == "no terminator" {
				_ = c.conn.(*net.TCPConn).CloseWrite()
			}
			expect(t, c.until(test.until), test.want)
		})
	}
}

func TestSettingsArriveInOrder(t *testing.T) {
	b := &fakeBackend{}
	_, address := startServer(t, b)
	c := dial(t, address)
	c.raw(startupPacket(196608, "user", "postgres", "application_name", "a", "options", `-c work_mem=1MB --search-path=a\ b -cx.y=1`, "DateStyle", "ISO"))
	c.until('Z')
	s := b.lastSession()
	want := [][2]string{{"work_mem", "1MB"}, {"search_path", "a b"}, {"x.y", "1"}, {"application_name", "a"}, {"DateStyle", "ISO"}}
	if len(s.options.Settings) != len(want) {
		t.Fatalf("got %v", s.options.Settings)
	}
	for i, w := range want {
		if s.options.Settings[i] != w {
			t.Errorf("setting %d is %v, not %v", i, s.options.Settings[i], w)
		}
	}
	expect(t, s.options.Database, "postgres")
}

func TestSimpleQuery(t *testing.T) {
	_, address := startServer(t, &fakeBackend{})
	c := connect(t, address)
	tests := [][2]string{
		{"", "I Z(I)"},
		{"rows 2", `T D("1") D("2") C(SELECT 2) Z(I)`},
		{"rows 1; rows 1", `T D("1") C(SELECT 1) T D("1") C(SELECT 1) Z(I)`},
		{"rows 1; error; rows 1", `T D("1") C(SELECT 1) E(ERROR 22012 division by zero) Z(I)`},
		{"notice hello", "N(NOTICE 00000 hello) C(NOTICE) Z(I)"},
		{"set TimeZone CET", "C(SET) S(TimeZone=CET) Z(I)"},
		{"set TimeZone CET", "C(SET) Z(I)"},
		{"set TimeZone UTC; set TimeZone CET", "C(SET) C(SET) Z(I)"},
		{"set TimeZone UTC; set DateStyle ISO", "C(SET) C(SET) S(DateStyle=ISO) S(TimeZone=UTC) Z(I)"},
		{"begin", "C(BEGIN) Z(T)"},
		{"error", "E(ERROR 22012 division by zero) Z(E)"},
		{"rollback", "C(ROLLBACK) Z(I)"},
		{"copyout", "H d c C(COPYOUT) Z(I)"},
		{"plainerror", "E(ERROR 58000 something without a code) Z(I)"},
		{"big 100000", `T D("100000 bytes") C(BIG) Z(I)`},
		{"\xff\xfe", `E(ERROR 22021 invalid byte sequence for encoding "UTF8": 0xff) Z(I)`},
	}
	for _, test := range tests {
		expect(t, c.query(test[0]), test[1])
	}
}

func TestExtendedQuery(t *testing.T) {
	_, address := startServer(t, &fakeBackend{})
	c := connect(t, address)
	c.send(&pgproto3.Parse{Name: "s", Query: "echo"}, &pgproto3.Describe{ObjectType: 'S', Name: "s"},
		&pgproto3.Bind{PreparedStatement: "s", Parameters: [][]byte{[]byte("42")}}, &pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{}, &pgproto3.Sync{})
	expect(t, c.until('Z'), `1 t T 2 T D("42") C(SELECT 1) Z(I)`)
	c.send(&pgproto3.Bind{PreparedStatement: "s", Parameters: [][]byte{{0, 0, 1, 0}}, ParameterFormatCodes: []int16{1}, ResultFormatCodes: []int16{1}},
		&pgproto3.Execute{}, &pgproto3.Sync{})
	expect(t, c.until('Z'), `2 D("\x00\x00\x01\x00") C(SELECT 1) Z(I)`)

	// Two portals in turns, with row limits, and Flush instead of Sync.
	c.send(&pgproto3.Parse{Name: "r", Query: "rows 3"}, &pgproto3.Bind{DestinationPortal: "a", PreparedStatement: "r"},
		&pgproto3.Bind{DestinationPortal: "b", PreparedStatement: "r"}, &pgproto3.Execute{Portal: "a", MaxRows: 2}, &pgproto3.Execute{Portal: "b", MaxRows: 1},
		&pgproto3.Execute{Portal: "a", MaxRows: 2}, &pgproto3.Flush{})
	expect(t, c.until('C'), `1 2 2 D("1") D("2") s D("1") s D("3") C(SELECT 3)`)
	c.send(&pgproto3.Close{ObjectType: 'P', Name: "a"}, &pgproto3.Close{ObjectType: 'S', Name: "nothing"}, &pgproto3.Sync{})
	expect(t, c.until('Z'), "3 3 Z(I)")

	// An error skips to Sync, whatever comes between.
	c.send(&pgproto3.Execute{Portal: "none"}, &pgproto3.Parse{Query: "rows 1"}, &pgproto3.Query{String: "rows 1"}, &pgproto3.Sync{}, &pgproto3.Parse{Query: "rows 1"}, &pgproto3.Sync{})
	expect(t, c.until('Z'), `E(ERROR 34000 portal "none" does not exist) Z(I)`)
	expect(t, c.until('Z'), "1 Z(I)")
	expect(t, c.query("rows 1"), `T D("1") C(SELECT 1) Z(I)`)
}

func TestExtendedQueryRefusals(t *testing.T) {
	b := &fakeBackend{}
	_, address := startServer(t, b)
	c := connect(t, address)
	c.send(&pgproto3.Parse{Name: "s", Query: "echo"}, &pgproto3.Sync{})
	c.until('Z')
	one := [][]byte{[]byte("1")}
	tests := []struct {
		name    string
		message pgproto3.FrontendMessage
		want    string
	}{
		{"too few", &pgproto3.Bind{PreparedStatement: "s"}, `08P01 bind message supplies 0 parameters, but prepared statement "s" requires 1`},
		{"formats", &pgproto3.Bind{PreparedStatement: "s", Parameters: one, ParameterFormatCodes: []int16{0, 0}}, "08P01 bind message has 2 parameter formats but 1 parameters"},
		{"format code", &pgproto3.Bind{PreparedStatement: "s", Parameters: one, ParameterFormatCodes: []int16{7}}, "22023 unsupported format code: 7"},
		{"value", &pgproto3.Bind{PreparedStatement: "s", Parameters: [][]byte{[]byte("x")}}, `22P02 invalid input syntax for type integer: "x"`},
		{"encoding", &pgproto3.Bind{PreparedStatement: "s", Parameters: [][]byte{[]byte("1\xe4\xb8")}}, `22021 invalid byte sequence for encoding "UTF8": 0xe4 0xb8`},
		{"zero byte", &pgproto3.Bind{PreparedStatement: "s", Parameters: [][]byte{{'1', 0}}}, `22021 invalid byte sequence for encoding "UTF8": 0x00`},
		{"describe", &pgproto3.Describe{ObjectType: 'X'}, "08P01 invalid DESCRIBE message subtype 88"},
		{"close", &pgproto3.Close{ObjectType: 'X'}, "08P01 invalid CLOSE message subtype 88"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := len(b.lastSession().failed)
			c.send(test.message, &pgproto3.Sync{})
			expect(t, c.until('Z'), "E(ERROR "+test.want+") Z(I)")
			if len(b.lastSession().failed) != before+1 {
				t.Error("the session was not told")
			}
		})
	}
	raw := map[string]string{
		"B\x00\x00\x00\x06s\x00":     "invalid string in message",
		"B\x00\x00\x00\x07\x00s\x00": "insufficient data left in message",
		"E\x00\x00\x00\x05\x00":      "insufficient data left in message",
		"D\x00\x00\x00\x04":          "no data left in message",
		"H\x00\x00\x00\x05x":         "invalid message format",
		"B\x00\x00\x00\x12\x00s\x00\x00\x00\x00\x01\xff\xff\xff\xfe\x00\x00": "insufficient data left in message", // length −2
	}
	for message, want := range raw {
		if n := binary.BigEndian.Uint32([]byte(message)[1:]); int(n) != len(message)-1 {
			b := []byte(message)
			binary.BigEndian.PutUint32(b[1:], uint32(len(b)-1))
			message = string(b)
		}
		c.raw([]byte(message + "S\x00\x00\x00\x04"))
		expect(t, c.until('Z'), "E(ERROR 08P01 "+want+") Z(I)")
	}
	c.raw([]byte("Q\x00\x00\x00\x04"))
	expect(t, c.until('Z'), "E(ERROR 08P01 invalid string in message) Z(I)")
	c.raw([]byte("F\x00\x00\x00\x06\x00\x00"))
	expect(t, c.until('Z'), "E(ERROR 0A000 the FunctionCall message is not supported) Z(I)")
}

func TestBrokenStreams(t *testing.T) {
	_, address := startServer(t, &fakeBackend{})
	tests := map[string]string{
		"z\x00\x00\x00\x04":   "E(FATAL 08P01 invalid frontend message type 122) end",
		"Q\x7f\xff\xff\xff":   "E(FATAL 08P01 invalid message length) end",
		"S\x00\x00\x27\x11":   "E(FATAL 08P01 invalid message length) end",
		"Q\x00\x00\x00\x03":   "E(FATAL 08P01 invalid message length) end",
		"Q\x00\x00\x00\x20se": "end",
		"Q\x00\x00\x00\x0bcopyin\x00Q\x00\x00\x00\x04": "G E(ERROR 08P01 unexpected message type 0x51 during COPY from stdin) " +
			"E(FATAL 08P01 terminating connection because protocol synchronization was lost) end",
	}
	for message, want := range tests {
		c := connect(t, address)
		c.raw([]byte(message))
		_ = c.conn.(*net.TCPConn).CloseWrite()
		expect(t, c.until(0), want)
	}
}

func TestCopyIn(t *testing.T) {
	_, address := startServer(t, &fakeBackend{})
	c := connect(t, address)
	c.send(&pgproto3.Query{String: "copyin"})
	expect(t, c.until('G'), "G")
	c.send(&pgproto3.CopyData{Data: []byte("abc")}, &pgproto3.Flush{}, &pgproto3.CopyData{Data: bytes.Repeat([]byte("x"), 200_000)}, &pgproto3.CopyDone{})
	expect(t, c.until('Z'), "C(COPY 200003) Z(I)")
	c.send(&pgproto3.Query{String: "copyin"}, &pgproto3.CopyFail{Message: "changed my mind"})
	expect(t, c.until('Z'), "G E(ERROR 57014 COPY from stdin failed: changed my mind) Z(I)")
	c.send(&pgproto3.CopyData{Data: []byte("stray")}, &pgproto3.CopyDone{}, &pgproto3.CopyFail{})
	expect(t, c.query("rows 1"), `T D("1") C(SELECT 1) Z(I)`)
	c.send(&pgproto3.Parse{Query: "copyin"}, &pgproto3.Bind{}, &pgproto3.Execute{}, &pgproto3.Sync{})
	expect(t, c.until('G'), "1 2 G")
	c.send(&pgproto3.CopyFail{Message: "no"}, &pgproto3.Parse{Query: "skipped"}, &pgproto3.Sync{})
	expect(t, c.until('Z'), "E(ERROR 57014 COPY from stdin failed: no) Z(I)")
}

func TestCancel(t *testing.T) {
	_, address := startServer(t, &fakeBackend{})
	c := connect(t, address)
	cancel := func(secret uint32) {
		other := dial(t, address)
		other.send(&pgproto3.CancelRequest{ProcessID: c.pid, SecretKey: secret})
		expect(t, other.until(0), "end")
	}
	cancel(c.secret) // nothing runs: no effect on what comes next
	c.send(&pgproto3.Query{String: "notice started; sleep"})
	expect(t, c.until('C'), "N(NOTICE 00000 started) C(NOTICE)")
	cancel(c.secret + 1)
	time.Sleep(20 * time.Millisecond)
	cancel(c.secret)
	expect(t, c.until('Z'), "E(ERROR 57014 canceling statement due to user request) Z(I)")
	expect(t, c.query("rows 1"), `T D("1") C(SELECT 1) Z(I)`)
}

func TestTerminate(t *testing.T) {
	b := &fakeBackend{}
	_, address := startServer(t, b)
	idle := connect(t, address)
	b.lastSession().options.Terminate()
	expect(t, idle.until(0), "E(FATAL 57P01 terminating connection due to administrator command) end")
	busy := connect(t, address)
	session := b.lastSession()
	busy.send(&pgproto3.Query{String: "notice started; sleep"})
	busy.until('C')
	session.options.Terminate()
	expect(t, busy.until(0), "E(FATAL 57P01 terminating connection due to administrator command) end")
}

// TestTerminateWhileNobodyReads ends a session whose client has stopped reading its result.
func TestTerminateWhileNobodyReads(t *testing.T) {
	t.Parallel()
	b := &fakeBackend{}
	s, address := startServer(t, b)
	c := connect(t, address)
	session := b.lastSession()
	c.send(&pgproto3.Query{String: "rows 100000000"})
	time.Sleep(100 * time.Millisecond)
	session.options.Terminate()
	for end := time.Now().Add(writeGrace + 3*time.Second); s.Connections() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the session still waits for its client")
		}
	}
}

func TestPanicEndsOneConnection(t *testing.T) {
	b := &fakeBackend{}
	_, address := startServer(t, b)
	other := connect(t, address)
	c := connect(t, address)
	c.send(&pgproto3.Query{String: "rows 1; panic"})
	expect(t, c.until(0), `T D("1") C(SELECT 1) E(FATAL 58000 internal error: the session has been ended) end`)
	expect(t, other.query("rows 1"), `T D("1") C(SELECT 1) Z(I)`)
	waitFor(t, func() bool { return b.sessions.Load() == 1 })
}

func TestIdleLimit(t *testing.T) {
	_, address := startServer(t, &fakeBackend{idle: 600 * time.Millisecond})
	c := connect(t, address)
	time.Sleep(20 * time.Millisecond)
	expect(t, c.query("rows 1"), `T D("1") C(SELECT 1) Z(I)`)
	expect(t, c.until(0), "E(FATAL 57P05 terminating connection due to idle-session timeout) end")
}

func TestShutdownDrains(t *testing.T) {
	b := &fakeBackend{}
	s, address := startServer(t, b)
	idle, busy, open := connect(t, address), connect(t, address), connect(t, address)
	expect(t, open.query("begin"), "C(BEGIN) Z(T)")
	busy.send(&pgproto3.Query{String: "notice started; sleep"})
	busy.until('C')
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	done := make(chan struct{})
	go func() { s.Shutdown(ctx); close(done) }()
	const gone = "E(FATAL 57P01 terminating connection due to administrator command) end"
	expect(t, idle.until(0), gone)
	expect(t, open.query("rows 1"), `T D("1") C(SELECT 1) Z(T)`) // a transaction gets its time
	open.send(&pgproto3.Query{String: "commit"})
	expect(t, open.until(0), "C(COMMIT) Z(I) "+gone)
	expect(t, busy.until(0), gone)
	<-done
	if n := b.sessions.Load(); n != 0 {
		t.Errorf("%d sessions are still open", n)
	}
}

func TestTooManyConnections(t *testing.T) {
	b := &fakeBackend{roles: map[string]Role{"postgres": {Name: "postgres", CanLogin: true, Superuser: true}, "joe": {Name: "joe", CanLogin: true}}}
	_, address := startServer(t, b, func(o *Options) { o.MaxConnections, o.Reserved = 2, 1 })
	login := func(user string) string {
		c := dial(t, address)
		c.raw(startupPacket(196608, "user", user))
		for {
			k, body, err := c.read()
			if err != nil {
				return err.Error()
			}
			if k == 'Z' || k == 'E' {
				return c.short(k, body)
			}
		}
	}
	expect(t, login("joe"), "Z(I)")
	expect(t, login("joe"), "E(FATAL 53300 remaining connection slots are reserved for roles with the SUPERUSER attribute)")
	waitFor(t, func() bool { return b.sessions.Load() == 1 })
	time.Sleep(10 * time.Millisecond)
	expect(t, login("postgres"), "Z(I)")
	expect(t, login("postgres"), "E(FATAL 53300 sorry, too many clients already)")
}

func TestHostRules(t *testing.T) {
	rules, err := auth.ParseRules(strings.NewReader("host shop joe 127.0.0.1/32 trust\nhost all joe all reject\n"))
	if err != nil {
		t.Fatal(err)
	}
	b := &fakeBackend{roles: map[string]Role{"joe": {Name: "joe", CanLogin: true}, "ann": {Name: "ann", CanLogin: true}}}
	_, address := startServer(t, b, func(o *Options) { o.Rules = rules })
	login := func(user, database string) string {
		c := dial(t, address)
		c.raw(startupPacket(196608, "user", user, "database", database))
		k, body, err := c.read()
		if err != nil {
			return err.Error()
		}
		return c.short(k, body)
	}
	expect(t, login("joe", "shop"), "R")
	expect(t, login("joe", "other"), `E(FATAL 28000 pg_hba.conf rejects connection for host "127.0.0.1", user "joe", database "other", no encryption)`)
	expect(t, login("ann", "shop"), `E(FATAL 28000 no pg_hba.conf entry for host "127.0.0.1", user "ann", database "shop", no encryption)`)
}

func TestListenWiderNeedsPassword(t *testing.T) {
	b := &fakeBackend{roles: map[string]Role{"postgres": {Name: "postgres"}}}
	s, _ := New(Options{Backend: b})
	if _, err := s.Listen(context.Background(), "tcp", "0.0.0.0:0"); !errors.Is(err, ErrNoPassword) {
		t.Errorf("got %v", err)
	}
	verifier, err := auth.NewVerifier("secret")
	if err != nil {
		t.Fatal(err)
	}
	b.roles["postgres"] = Role{Name: "postgres", Verifier: verifier}
	l, err := s.Listen(context.Background(), "tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
}

func TestOpenErrorIsFatal(t *testing.T) {
	_, address := startServer(t, &fakeBackend{openErr: pgerr.New(pgerr.InvalidCatalogName, `database "x" does not exist`)})
	c := dial(t, address)
	c.raw(startupPacket(196608, "user", "postgres", "database", "x"))
	expect(t, c.until(0), `R E(FATAL 3D000 database "x" does not exist) end`)
}

func waitFor(t *testing.T, ready func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !ready(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen")
		}
	}
}
