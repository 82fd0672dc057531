package exec_test

import (
	"flag"
	"os"
	"runtime"
	"testing"
	"time"
)

var dropped = flag.Int("dropped", 1000, "connections that TestDroppedSessionsLeakNothing opens and drops; 10000 for the long form")

// inUse is the memory of the heap and of stacks after a collection.
func inUse() int64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// TestIdleSessionsAreSmall measures what an idle connection costs with its session, which has run statements of both protocols.
func TestIdleSessionsAreSmall(t *testing.T) {
	const connections, limit = 1000, 50 << 10
	address := serve(t)
	first := connect(t, address)
	small(t, first, 1000)
	use := func(c *client) {
		c.query("select abalance from accounts where aid = 7")
		c.query("begin; update accounts set abalance = abalance + 1 where aid = 7; rollback")
		small(t, c, 0)
		c.send(execution(t, "point", "7"))
		c.buf = nil
	}
	use(connect(t, address))
	before := inUse()
	clients := make([]*client, connections)
	for i := range clients {
		clients[i] = connect(t, address)
		use(clients[i])
	}
	time.Sleep(50 * time.Millisecond)
	each := (inUse() - before) / connections
	t.Logf("%d bytes for each idle connection, the client's side included", each)
	if each > limit {
		t.Errorf("an idle connection costs %d bytes, more than %d", each, limit)
	}
	runtime.KeepAlive(clients)
}

// TestDroppedSessionsLeakNothing drops connections in the middle of transactions that hold locks.
func TestDroppedSessionsLeakNothing(t *testing.T) {
	address := serve(t)
	c := connect(t, address)
	small(t, c, 1000)
	one := func() {
		d := dial(t, address)
		d.query("begin; update accounts set abalance = abalance + 1 where aid = 7; select pg_advisory_lock(7)")
		d.query("create temporary table x (a int)")
		_ = d.conn.Close()
	}
	settled := func() bool {
		return c.query("select from pg_locks l where l.pid <> pg_backend_pid()") == 0 && c.query("select from pg_stat_activity") == 1
	}
	wait := func(done func() bool) {
		t.Helper()
		for range 1000 {
			if done() {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
		t.Fatal("it never settles")
	}
	one()
	wait(settled)
	goroutines, files, memory := runtime.NumGoroutine(), descriptors(t), inUse()
	for range *dropped {
		one() // each waits for the row and the advisory lock of the one before
	}
	wait(settled)
	wait(func() bool { return runtime.NumGoroutine() <= goroutines+2 && descriptors(t) <= files+2 })
	if more := inUse() - memory; more > 2<<20 {
		t.Errorf("%d bytes more after %d connections", more, *dropped)
	}
}

func descriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("descriptors cannot be counted here:", err)
	}
	return len(entries)
}
