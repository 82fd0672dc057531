package badinput

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/kalampg/kalampg/compat_tests/target"
)

// raw opens a bare connection.
func raw(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", running.Port()))
	noError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	noError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	return conn
}

// startup is a startup message of a protocol version.
func startup(version uint32) []byte {
	body := append(binary.BigEndian.AppendUint32(nil, version), "user\x00postgres\x00database\x00postgres\x00\x00"...)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...)
}

// session opens a bare connection that has logged in.
func session(t *testing.T) (net.Conn, *pgproto3.Frontend) {
	t.Helper()
	conn := raw(t)
	_, err := conn.Write(startup(3 << 16))
	noError(t, err)
	front := pgproto3.NewFrontend(conn, conn)
	for {
		message, err := front.Receive()
		noError(t, err)
		switch m := message.(type) {
		case *pgproto3.ErrorResponse:
			t.Fatal(m.Message)
		case *pgproto3.ReadyForQuery:
			return conn, front
		}
	}
}

// frame is a message of a type with the length that is told.
func frame(kind byte, length uint32, body string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{kind}, length), body...)
}

// TestBrokenMessages sends a message whose length cannot be: the connection ends, with an error where the client can read one.
func TestBrokenMessages(t *testing.T) {
	witness(t)
	for _, test := range []struct {
		name    string
		message []byte
		want    string
	}{
		{"length 2 GB", frame('Q', 0x7fffffff, "select 1"), "08P01"},
		{"length of 2 GB and more", frame('Q', 0xfffffff0, "select 1"), "08P01"},
		{"length 0", frame('Q', 0, ""), "08P01"},
		{"length 3", frame('Q', 3, "se"), "08P01"},
		{"a large Sync", frame('S', 1<<20, "sync"), "08P01"},
		{"unknown type", frame('y', 8, "abcd"), "08P01"},
		{"truncated", frame('Q', 100, "select"), ""},
		{"truncated length", []byte{'Q', 0, 0}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn, _ := session(t)
			_, err := conn.Write(test.message)
			noError(t, err)
			noError(t, conn.(*net.TCPConn).CloseWrite())
			answer, err := io.ReadAll(conn)
			if e, ok := err.(net.Error); ok && e.Timeout() {
				t.Fatal("the connection stays open")
			}
			// PostgreSQL says nothing to the client when a length is impossible.
			if !strings.Contains(string(answer), test.want) && (*against == target.Kalampg || test.name == "unknown type") {
				t.Errorf("got %q, want an error %s", answer, test.want)
			}
		})
	}
}

// TestBrokenBodies sends messages of a right length whose contents do not add up: an error, and the connection goes on.
func TestBrokenBodies(t *testing.T) {
	witness(t)
	sync := frame('S', 4, "")
	for name, message := range map[string][]byte{
		"Query without an end":      frame('Q', 4+8, "select 1"),
		"Query with two ends":       frame('Q', 4+10, "select 1\x00\x00"),
		"Parse cut off":             append(frame('P', 4+6, "\x00sel\x00\x00"), sync...),
		"Parse of too many types":   append(frame('P', 4+11, "\x00select\x00\xff\xff\x00"), sync...),
		"Bind cut off":              append(frame('B', 4+3, "\x00\x00\x00"), sync...),
		"Bind of too many formats":  append(frame('B', 4+4, "\x00\x00\xff\xff"), sync...),
		"Bind of too long a value":  append(frame('B', 4+2+2+2+4, "\x00\x00\x00\x00\x00\x01\x7f\xff\xff\xff"), sync...),
		"Describe of nothing":       append(frame('D', 4+2, "X\x00"), sync...),
		"Execute without a limit":   append(frame('E', 4+1, "\x00"), sync...),
		"Close without a name":      append(frame('C', 4+1, "S"), sync...),
		"FunctionCall":              frame('F', 4+10, "\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"),
		"FunctionCall cut off":      frame('F', 4+2, "\x00\x00"),
		"Parse of invalid UTF-8":    append(frame('P', 4+14, "\x00select '\xff'\x00\x00\x00"), sync...),
		"Query of invalid UTF-8":    frame('Q', 4+12, "select '\xc3\x28'\x00"),
		"Query of a cut-off letter": frame('Q', 4+10, "select '\xc3\x00"),
	} {
		t.Run(name, func(t *testing.T) {
			conn, front := session(t)
			_, err := conn.Write(message)
			noError(t, err)
			failed := ""
			for {
				message, err := front.Receive()
				if err != nil {
					t.Fatalf("after the error %q: %v", failed, err)
				}
				if e, ok := message.(*pgproto3.ErrorResponse); ok {
					failed = e.Code
				}
				if _, ok := message.(*pgproto3.ReadyForQuery); ok {
					break
				}
			}
			if failed == "" || failed == "XX000" {
				t.Errorf("the error is %q", failed)
			}
			_, err = conn.Write(frame('Q', 4+9, "select 1\x00"))
			noError(t, err)
			if m, err := front.Receive(); err != nil {
				t.Error(err)
			} else if _, ok := m.(*pgproto3.RowDescription); !ok {
				t.Errorf("got %T", m)
			}
		})
	}
}

func TestStartupPackets(t *testing.T) {
	witness(t)
	huge := binary.BigEndian.AppendUint32(nil, 1<<30)
	for name, packet := range map[string][]byte{
		"version 2.0": startup(2 << 16), "version 4.0": startup(4 << 16), "version 1234.1": startup(1234<<16 | 1), "version 0": startup(0),
		"length 1 GB": append(huge, "xxxx"...), "length 0": {0, 0, 0, 0, 0, 0, 0, 0}, "length 5": {0, 0, 0, 5, 0},
		"no user":            {0, 0, 0, 9, 0, 3, 0, 0, 0},
		"name only":          append([]byte{0, 0, 0, 14, 0, 3, 0, 0}, "user\x00\x00"...),
		"HTTP":               []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		"TLS at once":        {0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0},
		"cut off":            {0, 0, 0, 40, 0, 3, 0, 0, 'u', 's'},
		"a cancel of nobody": append([]byte{0, 0, 0, 16}, "\x04\xd2\x16\x2e\x7f\xff\xff\xff\x00\x00\x00\x01"...),
	} {
		t.Run(name, func(t *testing.T) {
			conn := raw(t)
			_, err := conn.Write(packet)
			noError(t, err)
			if name == "cut off" {
				noError(t, conn.(*net.TCPConn).CloseWrite())
			}
			answer, err := io.ReadAll(conn)
			if e, ok := err.(net.Error); ok && e.Timeout() {
				t.Fatal("the connection stays open")
			}
			if strings.HasPrefix(string(answer), "R") {
				t.Error("the client was let in")
			}
			if strings.HasPrefix(name, "version") && !strings.Contains(string(answer), "unsupported frontend protocol") {
				t.Errorf("got %q", answer)
			}
		})
	}
}
