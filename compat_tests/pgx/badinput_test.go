package pgx_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// stillAlive proves that the server went on.
func stillAlive(t *testing.T) {
	t.Helper()
	execute(t, connect(t), "SELECT 1")
}

func TestLongStatements(t *testing.T) {
	conn := connect(t)
	const megabytes = 10
	var length int
	noError(t, conn.QueryRow(limited(t), "SELECT length('"+strings.Repeat("x", megabytes<<20)+"')").Scan(&length))
	equal(t, "length", length, megabytes<<20)
	execute(t, conn, "SELECT 1 /* "+strings.Repeat("c", megabytes<<20)+" */")
}

// TestDeepExpressions may be answered or refused, but the server must not end, nor the connection break.
func TestDeepExpressions(t *testing.T) {
	const depth = 100000
	for name, query := range map[string]string{
		"parentheses": "SELECT " + strings.Repeat("(", depth) + "1" + strings.Repeat(")", depth),
		"sums":        "SELECT 1" + strings.Repeat(" + 1", depth),
		"minuses":     "SELECT " + strings.Repeat("- ", depth) + "1",
		"negations":   "SELECT " + strings.Repeat("NOT ", depth) + "true",
		"conjunction": "SELECT true" + strings.Repeat(" AND true", depth),
		"selects":     "SELECT " + strings.Repeat("(SELECT ", depth) + "1" + strings.Repeat(")", depth),
		"cases":       "SELECT " + strings.Repeat("CASE WHEN true THEN ", depth/10) + "1" + strings.Repeat(" END", depth/10),
		"arrays":      "SELECT " + strings.Repeat("ARRAY[", depth/10) + "1" + strings.Repeat("]", depth/10),
		"unions":      "SELECT 1" + strings.Repeat(" UNION ALL SELECT 1", depth/10),
		"json":        "SELECT '" + strings.Repeat("[", depth) + strings.Repeat("]", depth) + "'::jsonb IS NULL",
	} {
		t.Run(name, func(t *testing.T) {
			conn := connect(t)
			_, err := conn.PgConn().Exec(limited(t), query).ReadAll()
			if err != nil {
				if e, ok := asPgError(err); !ok || e.Code == "XX000" {
					t.Errorf("got %v", err)
				}
			}
			noError(t, conn.Ping(limited(t)))
		})
	}
	stillAlive(t)
}

func TestInvalidText(t *testing.T) {
	conn := connect(t)
	_, err := conn.PgConn().Exec(limited(t), "SELECT '\xff'").ReadAll()
	serverError(t, err, "22021")
	for _, value := range []string{"\xc3\x28", "a\x00b", "\xed\xa0\x80"} {
		result := conn.PgConn().ExecParams(limited(t), "SELECT $1::text", [][]byte{[]byte(value)}, nil, nil, nil).Read()
		serverError(t, result.Err, "22021")
	}
	noError(t, conn.Ping(limited(t)))
}

func TestBadParameters(t *testing.T) {
	conn := connect(t)
	for _, c := range []struct {
		query string
		value []byte
		code  string
	}{
		{"SELECT $1::int4", []byte{1, 2, 3}, "08P01"},
		{"SELECT $1::int8", []byte{0, 0, 0, 0, 0, 0, 0, 0, 1}, "22P03"},
		{"SELECT $1::numeric", []byte{0, 1, 0, 0}, "08P01"},
		{"SELECT $1::int4[]", []byte{0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 23}, "54000"},
		{"SELECT $1::jsonb", []byte{9, '1'}, "XX000"},
		{"SELECT $1::date", []byte{}, "08P01"},
		{"SELECT $1::uuid", []byte{1, 2}, "08P01"},
		{"SELECT $1::bool", []byte{}, "08P01"},
	} {
		result := conn.PgConn().ExecParams(limited(t), c.query, [][]byte{c.value}, nil, []int16{1}, nil).Read()
		e, ok := asPgError(result.Err)
		switch {
		case !ok:
			t.Errorf("%s with % x: got %v", c.query, c.value, result.Err)
		case c.code != "XX000" && e.Code != c.code:
			t.Errorf("%s with % x: got %s: %s, want %s", c.query, c.value, e.Code, e.Message, c.code)
		}
	}
	noError(t, conn.Ping(limited(t)))
}

func TestValuesThatAreTooLarge(t *testing.T) {
	conn := connect(t)
	_, err := conn.Exec(limited(t), "SELECT repeat('x', 1073741824)")
	serverError(t, err, "54000")
	noError(t, conn.Ping(limited(t)))
}

// raw opens a bare connection.
func raw(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", running.Port()))
	noError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	noError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	return conn
}

// startup sends a startup message of the given protocol version and returns the first message that comes back.
func startup(t *testing.T, conn net.Conn, version uint32) pgproto3.BackendMessage {
	t.Helper()
	sendStartup(t, conn, version)
	message, err := pgproto3.NewFrontend(conn, conn).Receive()
	noError(t, err)
	return message
}

func sendStartup(t *testing.T, conn net.Conn, version uint32) {
	t.Helper()
	body := append(binary.BigEndian.AppendUint32(nil, version), "user\x00postgres\x00database\x00postgres\x00\x00"...)
	_, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...))
	noError(t, err)
}

func TestProtocolVersions(t *testing.T) {
	// What speaks 2.0 expects errors in its own form, which differs from 3.0's; that it is refused is enough.
	old := raw(t)
	sendStartup(t, old, 2<<16)
	if answer, err := io.ReadAll(old); err != nil || !strings.HasPrefix(string(answer), "E") {
		t.Errorf("protocol 2.0: got %q, %v", answer, err)
	}
	if e, ok := startup(t, raw(t), 4<<16).(*pgproto3.ErrorResponse); !ok || e.Code != "0A000" {
		t.Errorf("protocol 4.0: got %#v", e)
	}
	if m, ok := startup(t, raw(t), 3<<16|2).(*pgproto3.NegotiateProtocolVersion); !ok {
		t.Errorf("protocol 3.2: got %#v", m)
	}
}

// TestGarbage sends what no client sends; each time the server must close the connection, answer with an error first or
// not, and go on.
func TestGarbage(t *testing.T) {
	message := func(kind byte, length uint32, body string) []byte {
		return append(binary.BigEndian.AppendUint32([]byte{kind}, length), body...)
	}
	for name, bytes := range map[string][]byte{
		"oversized":             message('Q', 0x7fffffff, "SELECT"),
		"negative length":       message('Q', 0xfffffff0, "SELECT"),
		"too short a length":    message('Q', 3, ""),
		"unknown type":          message('z', 4, ""),
		"query without an end":  message('Q', 10, "SELECT"),
		"bind that lies":        message('B', 4+8, "\x00\x00\x7f\xff\x00\x00\x00\x00"),
		"parse that lies":       message('P', 4+4, "\x00\x00\x7f\xff"),
		"describe of nothing":   message('D', 4, ""),
		"half a message":        message('Q', 1000, "SELECT 1"),
		"execute without limit": message('E', 4+1, "\x00"),
	} {
		t.Run(name, func(t *testing.T) {
			conn := raw(t)
			startup(t, conn, 3<<16)
			_, err := conn.Write(bytes)
			noError(t, err)
			// The end of the client's side, after which the server must end its own.
			noError(t, conn.(*net.TCPConn).CloseWrite())
			rest, err := io.ReadAll(conn)
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				t.Fatal("the connection stays open")
			}
			if slices.Contains([]string{"unknown type", "query without an end"}, name) && !strings.Contains(string(rest), "08P01") {
				t.Errorf("no protocol violation was reported: %q", rest)
			}
		})
	}
	t.Run("another protocol", func(t *testing.T) {
		conn := raw(t)
		_, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
		noError(t, err)
		if _, err := io.ReadAll(conn); err != nil {
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				t.Error("the connection stays open")
			}
		}
	})
	stillAlive(t)
}
