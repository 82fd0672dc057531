package wire

import (
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgproto3/v2"

	"github.com/kalampg/kalampg/wire/proto"
)

func descriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("descriptors cannot be counted here:", err)
	}
	return len(entries)
}

// TestDroppedConnectionsLeakNothing drops connections in every state of their life. The full number is 10,000; -short takes 500.
func TestDroppedConnectionsLeakNothing(t *testing.T) {
	rounds := 2000
	if testing.Short() {
		rounds = 100
	}
	b := &fakeBackend{}
	s, address := startServer(t, b)
	drop := func(send func(c net.Conn)) {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		send(c)
		_ = c.Close()
	}
	startup := startupPacket(196608, "user", "postgres")
	query, _ := (&pgproto3.Query{String: "rows 1"}).Encode(nil)
	sleep, _ := (&pgproto3.Query{String: "copyin"}).Encode(nil)
	round := func() {
		drop(func(net.Conn) {})
		drop(func(c net.Conn) { _, _ = c.Write(startup[:7]) })
		drop(func(c net.Conn) { _, _ = c.Write(startup) })
		drop(func(c net.Conn) { _, _ = c.Write(append(startup, query...)) })
		drop(func(c net.Conn) { _, _ = c.Write(append(startup, sleep...)) })
	}
	settled := func() bool { return s.Connections() == 0 && b.sessions.Load() == 0 }
	round()
	waitFor(t, settled)
	goroutines, files := runtime.NumGoroutine(), descriptors(t)
	for i := range rounds {
		round()
		if i%20 == 0 {
			waitFor(t, settled)
		}
	}
	waitFor(t, settled)
	waitFor(t, func() bool { return runtime.NumGoroutine() <= goroutines+2 && descriptors(t) <= files+2 })
}

// TestIdleConnectionsAreSmall measures what an idle connection costs, after it has been busy with messages larger than its idle buffers.
func TestIdleConnectionsAreSmall(t *testing.T) {
	const connections, limit = 500, 50 << 10
	_, address := startServer(t, &fakeBackend{}, func(o *Options) { o.MaxConnections = connections + 10 })
	before := memory()
	clients := make([]*client, connections)
	for i := range clients {
		clients[i] = connect(t, address)
		clients[i].query("big 30000")
	}
	time.Sleep(50 * time.Millisecond)
	each := (memory() - before) / connections
	t.Logf("%d bytes for each idle connection, the client's side included", each)
	if each > limit {
		t.Errorf("an idle connection costs %d bytes, more than %d", each, limit)
	}
	runtime.KeepAlive(clients)
}

// memory is what heap and stacks take now. Two collections empty the pools and shrink the stacks.
func memory() int64 {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// loopConn is a network connection without a network: it repeats the same input for ever and drops the output.
type loopConn struct {
	net.Conn
	input []byte
	at    int
}

func (l *loopConn) Read(p []byte) (int, error) {
	n := copy(p, l.input[l.at:])
	l.at = (l.at + n) % len(l.input)
	return n, nil
}
func (l *loopConn) Write(p []byte) (int, error)         { return len(p), nil }
func (l *loopConn) Close() error                        { return nil }
func (l *loopConn) RemoteAddr() net.Addr                { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (l *loopConn) SetDeadline(time.Time) error         { return nil }
func (l *loopConn) SetReadDeadline(time.Time) error     { return nil }
func (l *loopConn) SetWriteDeadline(at time.Time) error { return nil }

// pointQuery makes a connection that runs a pipelined prepared query with every call of the function it returns.
func pointQuery(t testing.TB) func() {
	t.Helper()
	server, err := New(Options{Backend: &fakeBackend{}})
	if err != nil {
		t.Fatal(err)
	}
	var input []byte
	for _, m := range []pgproto3.FrontendMessage{
		&pgproto3.Bind{PreparedStatement: "P0_1", Parameters: [][]byte{[]byte("123456")}}, &pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{}, &pgproto3.Sync{},
	} {
		if input, err = m.Encode(input); err != nil {
			t.Fatal(err)
		}
	}
	c := newConn(server, &loopConn{input: input})
	if c.session, err = server.o.Backend.Open(t.Context(), SessionOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := c.session.Parse(t.Context(), "P0_1", "echo", nil); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := c.idle(); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			kind, body, err := c.in.Next(proto.Ready)
			if err == nil {
				err = c.handle(kind, body)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestPointQueryAllocatesNothing(t *testing.T) {
	run := pointQuery(t)
	run()
	if n := testing.AllocsPerRun(1000, run); n > 0 {
		t.Errorf("%v allocations a query", n)
	}
}

func BenchmarkPointQuery(b *testing.B) {
	run := pointQuery(b)
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
}

func BenchmarkPointQueryOverTCP(b *testing.B) {
	_, address := startServer(b, &fakeBackend{})
	c := connect(b, address)
	c.send(&pgproto3.Parse{Name: "s", Query: "echo"}, &pgproto3.Sync{})
	c.until('Z')
	var query []byte
	for _, m := range []pgproto3.FrontendMessage{
		&pgproto3.Bind{PreparedStatement: "s", Parameters: [][]byte{[]byte("1")}}, &pgproto3.Execute{}, &pgproto3.Sync{},
	} {
		query, _ = m.Encode(query)
	}
	_ = c.conn.SetDeadline(time.Time{})
	answer := make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.conn.Write(query); err != nil {
			b.Fatal(err)
		}
		if _, err := c.conn.Read(answer); err != nil {
			b.Fatal(err)
		}
	}
}
