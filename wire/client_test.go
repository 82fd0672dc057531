package wire

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgproto3/v2"
)

// startServer serves a fake backend on a loopback port until the test ends.
func startServer(t testing.TB, b *fakeBackend, change ...func(*Options)) (*Server, string) {
	t.Helper()
	if b.roles == nil {
		b.roles = map[string]Role{"postgres": {Name: "postgres", CanLogin: true, Superuser: true}}
	}
	o := Options{Backend: b, Logger: slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	for _, f := range change {
		f(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := s.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		s.Shutdown(ctx)
		if err := <-served; err != ErrServerClosed {
			t.Errorf("Serve returned %v", err)
		}
	})
	return s, l.Addr().String()
}

type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	first, _, _ := strings.Cut(string(p), " stack=")
	l.t.Log(strings.TrimRight(first, "\n"))
	return len(p), nil
}

// client is a connection that speaks in raw messages and prints what it gets as short text.
type client struct {
	t      testing.TB
	conn   net.Conn
	pid    uint32
	secret uint32
}

func dial(t testing.TB, address string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	return &client{t: t, conn: conn}
}

// connect logs in and reads up to the first ReadyForQuery.
func connect(t testing.TB, address string) *client {
	t.Helper()
	c := dial(t, address)
	c.send(&pgproto3.StartupMessage{ProtocolVersion: 196608, Parameters: map[string]string{"user": "postgres", "database": "postgres"}})
	if got := c.until('Z'); !strings.HasSuffix(got, "Z(I)") {
		t.Fatalf("login gave %s", got)
	}
	return c
}

func (c *client) send(messages ...pgproto3.FrontendMessage) {
	c.t.Helper()
	var out []byte
	for _, m := range messages {
		var err error
		if out, err = m.Encode(out); err != nil {
			c.t.Fatal(err)
		}
	}
	c.raw(out)
}

func (c *client) raw(b []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// read gives the next message; io.EOF at the end.
func (c *client) read() (byte, []byte, error) {
	var header [5]byte
	if _, err := io.ReadFull(c.conn, header[:]); err != nil {
		return 0, nil, err
	}
	body := make([]byte, binary.BigEndian.Uint32(header[1:])-4)
	_, err := io.ReadFull(c.conn, body)
	return header[0], body, err
}

// until reads up to a message of the type, or to the end for 0, and gives all in short.
func (c *client) until(kind byte) string {
	c.t.Helper()
	var all []string
	for {
		k, body, err := c.read()
		if err != nil {
			if kind == 0 {
				return strings.Join(append(all, "end"), " ")
			}
			return strings.Join(append(all, "unexpected: "+err.Error()), " ")
		}
		all = append(all, c.short(k, body))
		if k == kind {
			return strings.Join(all, " ")
		}
	}
}

func (c *client) short(kind byte, body []byte) string {
	switch kind {
	case 'E', 'N':
		var e pgproto3.ErrorResponse
		if err := e.Decode(body); err != nil {
			c.t.Fatal(err)
		}
		return fmt.Sprintf("%c(%s %s %s)", kind, e.Severity, e.Code, e.Message)
	case 'K':
		c.pid, c.secret = binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
		return "K"
	case 'D':
		var d pgproto3.DataRow
		if err := d.Decode(body); err != nil {
			c.t.Fatal(err)
		}
		var values []string
		for _, v := range d.Values {
			if len(v) > 40 {
				v = fmt.Appendf(nil, "%d bytes", len(v))
			}
			values = append(values, fmt.Sprintf("%q", v))
		}
		return "D(" + strings.Join(values, ",") + ")"
	case 'C', 'Z':
		return fmt.Sprintf("%c(%s)", kind, bytes.TrimRight(body, "\x00"))
	case 'S':
		return fmt.Sprintf("S(%s)", strings.ReplaceAll(strings.TrimRight(string(body), "\x00"), "\x00", "="))
	}
	return string(kind)
}

func (c *client) query(text string) string {
	c.t.Helper()
	c.send(&pgproto3.Query{String: text})
	return c.until('Z')
}
