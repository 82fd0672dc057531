package exec_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgproto3/v2"

	"github.com/kalampg/kalampg/exec"
	"github.com/kalampg/kalampg/internal/kv/rocks"
	"github.com/kalampg/kalampg/wire"
)

// client speaks the protocol over loopback TCP in messages that were encoded before, so that what is counted and timed is the server.
type client struct {
	tb   testing.TB
	conn net.Conn
	buf  []byte
}

// serve opens an engine on a store in a new directory, and a server in front of it.
func serve(tb testing.TB) (address string) {
	tb.Helper()
	store, err := rocks.Open(tb.TempDir(), rocks.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	engine, err := exec.Open(context.Background(), exec.Options{Store: store, Logger: quiet})
	if err != nil {
		tb.Fatal(err)
	}
	s, err := wire.New(wire.Options{Backend: engine, Logger: quiet, MaxConnections: 2000})
	if err != nil {
		tb.Fatal(err)
	}
	l, err := s.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		s.Shutdown(ctx)
		<-served
		if err := engine.Close(context.Background()); err != nil {
			tb.Error(err)
		}
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	return l.Addr().String()
}

type message interface {
	Encode(dst []byte) ([]byte, error)
}

func encode(tb testing.TB, messages ...message) []byte {
	var out []byte
	for _, m := range messages {
		var err error
		if out, err = m.Encode(out); err != nil {
			tb.Fatal(err)
		}
	}
	return out
}

func connect(tb testing.TB, address string) *client {
	tb.Helper()
	c := dial(tb, address)
	tb.Cleanup(func() { _ = c.conn.Close() })
	return c
}

// dial connects a client that the caller closes.
func dial(tb testing.TB, address string) *client {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		tb.Fatal(err)
	}
	c := &client{tb: tb, conn: conn, buf: make([]byte, 64<<10)}
	c.send(encode(tb, &pgproto3.StartupMessage{ProtocolVersion: 196608, Parameters: map[string]string{"user": "postgres", "database": "postgres"}}))
	return c
}

// send writes messages and reads up to ReadyForQuery. It fails at an ErrorResponse and allocates nothing.
func (c *client) send(messages []byte) (rows int) {
	if _, err := c.conn.Write(messages); err != nil {
		c.tb.Fatal(err)
	}
	have := 0
	for at := 0; ; {
		for have-at < 5 || have-at < 1+int(binary.BigEndian.Uint32(c.buf[at+1:])) {
			if at > 0 {
				have = copy(c.buf, c.buf[at:have])
				at = 0
			}
			n, err := c.conn.Read(c.buf[have:])
			if err != nil {
				c.tb.Fatal(err)
			}
			have += n
		}
		end := at + 1 + int(binary.BigEndian.Uint32(c.buf[at+1:]))
		switch c.buf[at] {
		case 'D':
			rows++
		case 'E':
			c.tb.Fatalf("%q", c.buf[at:end])
		case 'Z':
			return rows
		}
		at = end
	}
}

func (c *client) query(sql string) int { return c.send(encode(c.tb, &pgproto3.Query{String: sql})) }

// small is a table like pgbench's accounts and two prepared statements on it.
func small(tb testing.TB, c *client, rows int) {
	c.query("create table if not exists accounts (aid int primary key, bid int, abalance int, filler char(84))")
	if rows > 0 {
		c.query("insert into accounts select i, 1, 0, '' from generate_series(1, " + strconv.Itoa(rows) + ") i on conflict do nothing")
	}
	c.send(encode(tb, &pgproto3.Parse{Name: "point", Query: "select abalance from accounts where aid = $1"},
		&pgproto3.Parse{Name: "update", Query: "update accounts set abalance = abalance + $1 where aid = $2"}, &pgproto3.Sync{}))
}

func execution(tb testing.TB, statement string, values ...string) []byte {
	b := &pgproto3.Bind{PreparedStatement: statement}
	for _, v := range values {
		b.Parameters = append(b.Parameters, []byte(v))
	}
	return encode(tb, b, &pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{}, &pgproto3.Sync{})
}

// TestAllocations bounds what small statements allocate from the socket to the store and back.
func TestAllocations(t *testing.T) {
	c := connect(t, serve(t))
	small(t, c, 1000)
	for _, test := range []struct {
		name    string
		message []byte
		rows    int
		most    float64
	}{
		{"prepared point select", execution(t, "point", "7"), 1, 0},
		{"prepared one-row update", execution(t, "update", "1", "7"), 0, 5},
		{"simple point select", encode(t, &pgproto3.Query{String: "select abalance from accounts where aid = 7"}), 1, 3},
	} {
		for range 100 {
			if n := c.send(test.message); n != test.rows {
				t.Fatalf("%s: %d rows", test.name, n)
			}
		}
		if got := testing.AllocsPerRun(500, func() { c.send(test.message) }); got > test.most {
			t.Errorf("%s: %v allocations, at most %v are wanted", test.name, got, test.most)
		} else {
			t.Logf("%s: %v allocations", test.name, got)
		}
	}
}

func BenchmarkStatement(b *testing.B) {
	c := connect(b, serve(b))
	small(b, c, 1000)
	for name, message := range map[string][]byte{
		"select": execution(b, "point", "7"), "update": execution(b, "update", "1", "7"),
		"simple": encode(b, &pgproto3.Query{String: "select abalance from accounts where aid = 7"}),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				c.send(message)
			}
		})
	}
}

// TestIndexedRowAfterWait changes a row with a secondary index twice at once, at READ COMMITTED: the second change waits and goes on from the first.
func TestIndexedRowAfterWait(t *testing.T) {
	address := serve(t)
	a, b := connect(t, address), connect(t, address)
	a.query("create table t (id int primary key, k int, n int unique); create index on t (k); insert into t values (1, 0, 0)")
	a.query("begin; update t set k = k + 1, n = n + 1 where id = 1")
	done := make(chan struct{})
	go func() {
		b.query("update t set k = k + 1, n = n + 1 where id = 1")
		close(done)
	}()
	time.Sleep(20 * time.Millisecond)
	a.query("commit")
	<-done
	for _, where := range []string{"k = 2", "n = 2", "id = 1 and k = 2 and n = 2"} {
		if a.query("select from t where "+where) != 1 {
			t.Errorf("no row with %s", where)
		}
	}
	if a.query("select from t where k < 2 or n < 2") != 0 {
		t.Error("an old index entry is left")
	}
}

// TestChangedWhileWaiting asks for all columns of a table that gets another one while the statement waits for its lock.
func TestChangedWhileWaiting(t *testing.T) {
	address := serve(t)
	a, b := connect(t, address), connect(t, address)
	a.query("create table t (id int primary key); insert into t values (1)")
	a.query("begin; alter table t add column n int default 2")
	done := make(chan []byte)
	go func() {
		b.query("select * from t where id = 1")
		done <- b.buf
	}()
	time.Sleep(20 * time.Millisecond)
	a.query("commit")
	if got := <-done; !bytes.Contains(got, []byte("\x00\x02\x00\x00\x00\x011\x00\x00\x00\x012")) || !bytes.HasPrefix(got, []byte{'T', 0, 0, 0, got[4], 0, 2}) {
		t.Errorf("%q", got[:200])
	}
}
