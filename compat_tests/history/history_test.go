package history

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/compat_tests/reference"
	"github.com/kalampg/kalampg/compat_tests/server"
)

var (
	seed    = flag.Uint64("seed", 1, "seed of the first run; 0: by the clock")
	runs    = flag.Int("runs", 1, "runs of each level; each has the next seed")
	length  = flag.Duration("length", 1500*time.Millisecond, "how long a run's clients work")
	against = flag.String("against", "kalampg", "the server to test: kalampg, or reference (without kills)")
)

const clients = 10

// machine is the server under test.
type machine interface {
	DSN(database string) string
	Stop()
}

func start(t *testing.T) (m machine, kill func() error) {
	t.Helper()
	if *against == "reference" {
		s, err := reference.Start(t.Context(), reference.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Stop)
		return s, nil
	}
	s, err := server.Start(t.Context(), server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s, func() error { return s.Restart(t.Context(), syscall.SIGKILL) }
}

// TestHistories runs random transactions at each level, with kills of the server, and checks what they saw.
func TestHistories(t *testing.T) {
	m, kill := start(t)
	first := *seed
	if first == 0 {
		first = uint64(time.Now().UnixNano())
	}
	for run := range *runs {
		for _, level := range []Level{ReadCommitted, RepeatableRead, Serializable} {
			seed := first + uint64(run)
			history, final := work(t, m, kill, level, seed)
			for _, f := range Check(history, final, level) {
				t.Errorf("%s, -seed=%d: %s", level, seed, f)
			}
			if t.Failed() {
				return
			}
		}
	}
}

// TestWeakerLevelIsFound checks a run at REPEATABLE READ as if it had been serialisable, and one at READ COMMITTED as if it had been repeatable: the workload must be hard
// enough for the anomalies to happen, and the checker has to find them.
func TestWeakerLevelIsFound(t *testing.T) {
	m, _ := start(t)
	for _, c := range []struct{ run, check Level }{{RepeatableRead, Serializable}, {ReadCommitted, RepeatableRead}} {
		found := false
		for try := uint64(0); try < 5 && !found; try++ {
			history, final := work(t, m, nil, c.run, *seed+try)
			found = len(Check(history, final, c.check)) > 0
		}
		if !found {
			t.Errorf("%s passes as %s", c.run, c.check)
		}
	}
}

var tables atomic.Int64

// work lets the clients work and gives their history and the lists at the end.
func work(t *testing.T, m machine, kill func() error, level Level, seed uint64) ([]*Txn, map[int][]int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), *length+time.Minute)
	defer cancel()
	began := time.Now()
	w := &workload{dsn: m.DSN("postgres"), level: level, table: fmt.Sprintf("lists_%d", tables.Add(1)), retries: map[string]int{}}
	w.window = func() int { return int(time.Since(began)/(150*time.Millisecond)) * 2 }
	admin(ctx, t, w, "CREATE TABLE "+w.table+" (k int PRIMARY KEY, v int[])")
	stop := make(chan struct{})
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() { w.client(ctx, seed*1000+uint64(i), stop) })
	}
	if kill == nil {
		time.Sleep(*length)
	} else {
		random := rand.New(rand.NewPCG(seed, 2))
		at := *length/4 + time.Duration(random.Int64N(int64(*length/2)))
		time.Sleep(at)
		if err := kill(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(*length - at)
	}
	close(stop)
	group.Wait()
	final, err := parse(admin(ctx, t, w, "SELECT k, v FROM "+w.table))
	if err != nil {
		t.Fatal(err)
	}
	admin(ctx, t, w, "DROP TABLE "+w.table)
	var outcomes [3]int
	for _, x := range w.history {
		outcomes[x.Outcome]++
	}
	t.Logf("%s, seed %d: %d committed, %d aborted, %d unknown; %v", level, seed, outcomes[Committed], outcomes[Aborted], outcomes[Unknown], w.retries)
	if outcomes[Committed] < 20 {
		t.Errorf("only %d transactions committed", outcomes[Committed])
	}
	return w.history, final
}

func admin(ctx context.Context, t *testing.T, w *workload, text string) [][][]byte {
	t.Helper()
	conn, err := pgconn.Connect(ctx, w.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, err := w.exec(ctx, conn, text)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func reads(key int, list ...int) Op { return Op{Key: key, Read: list} }
func appends(key, x int) Op         { return Op{Key: key, Append: x} }

// TestCheckerFindsAnomalies gives the checker small histories with a known fault.
func TestCheckerFindsAnomalies(t *testing.T) {
	txn := func(id int, o Outcome, ops ...Op) *Txn { return &Txn{ID: id, Outcome: o, Ops: ops} }
	for _, c := range []struct {
		name    string
		history []*Txn
		final   map[int][]int
		faults  map[Level]string // by level; "" is none
	}{
		{"serial", []*Txn{txn(1, Committed, reads(1), appends(1, 11)), txn(2, Committed, reads(1, 11), appends(1, 12), reads(1, 11, 12))},
			map[int][]int{1: {11, 12}}, map[Level]string{ReadCommitted: "", RepeatableRead: "", Serializable: ""}},
		{"write skew", []*Txn{txn(1, Committed, reads(1), reads(2), appends(1, 11)), txn(2, Committed, reads(1), reads(2), appends(2, 21))},
			map[int][]int{1: {11}, 2: {21}}, map[Level]string{ReadCommitted: "", RepeatableRead: "", Serializable: "a cycle"}},
		{"read-only anomaly", []*Txn{txn(1, Committed, reads(1), reads(2), appends(1, 11)), txn(2, Committed, reads(2), appends(2, 21)), txn(3, Committed, reads(1), reads(2, 21))},
			map[int][]int{1: {11}, 2: {21}}, map[Level]string{ReadCommitted: "", RepeatableRead: "", Serializable: "a cycle"}},
		{"lost update", []*Txn{txn(1, Committed, reads(1), appends(1, 11)), txn(2, Committed, reads(1), appends(1, 12))},
			map[int][]int{1: {11, 12}}, map[Level]string{ReadCommitted: "", RepeatableRead: "without two rw", Serializable: "a cycle"}},
		{"read skew", []*Txn{txn(1, Committed, appends(1, 11), appends(2, 21)), txn(2, Committed, reads(1), reads(2, 21))},
			map[int][]int{1: {11}, 2: {21}}, map[Level]string{ReadCommitted: "", RepeatableRead: "without two rw", Serializable: "a cycle"}},
		{"not repeatable", []*Txn{txn(1, Committed, appends(1, 11)), txn(2, Committed, reads(1), reads(1, 11))},
			map[int][]int{1: {11}}, map[Level]string{ReadCommitted: "", RepeatableRead: "changed between", Serializable: "changed between"}},
		{"circular information flow", []*Txn{txn(1, Committed, appends(1, 11), reads(2, 21)), txn(2, Committed, appends(2, 21), reads(1, 11))},
			map[int][]int{1: {11}, 2: {21}}, map[Level]string{ReadCommitted: "ww and wr", RepeatableRead: "without two rw", Serializable: "a cycle"}},
		{"dirty write", []*Txn{txn(1, Committed, appends(1, 11), appends(2, 21)), txn(2, Committed, appends(1, 12), appends(2, 22))},
			map[int][]int{1: {11, 12}, 2: {22, 21}}, map[Level]string{ReadCommitted: "ww and wr", RepeatableRead: "without two rw", Serializable: "a cycle"}},
		{"aborted read", []*Txn{txn(1, Aborted, appends(1, 11)), txn(2, Committed, reads(1, 11))}, map[int][]int{1: {}}, map[Level]string{ReadCommitted: "aborted read"}},
		{"aborted write", []*Txn{txn(1, Aborted, appends(1, 11))}, map[int][]int{1: {11}}, map[Level]string{ReadCommitted: "aborted, but there"}},
		{"undone write", []*Txn{txn(1, Committed, Op{Key: 1, Append: 11, Undone: true}), txn(2, Committed, reads(1, 11))}, map[int][]int{1: {11}}, map[Level]string{ReadCommitted: "aborted read"}},
		{"intermediate read", []*Txn{txn(1, Committed, appends(1, 11), appends(1, 12)), txn(2, Committed, reads(1, 11))},
			map[int][]int{1: {11, 12}}, map[Level]string{ReadCommitted: "intermediate read"}},
		{"lost", []*Txn{txn(1, Committed, appends(1, 11))}, map[int][]int{}, map[Level]string{ReadCommitted: "lost"}},
		{"torn", []*Txn{txn(1, Unknown, appends(1, 11), appends(2, 21))}, map[int][]int{1: {11}}, map[Level]string{ReadCommitted: "lost"}},
		{"unknown and gone", []*Txn{txn(1, Unknown, appends(1, 11), appends(2, 21))}, map[int][]int{}, map[Level]string{ReadCommitted: ""}},
		{"twice", []*Txn{txn(1, Committed, appends(1, 11))}, map[int][]int{1: {11, 11}}, map[Level]string{ReadCommitted: "twice"}},
		{"own append unseen", []*Txn{txn(1, Committed, appends(1, 11), reads(1))}, map[int][]int{1: {11}}, map[Level]string{ReadCommitted: "own appends"}},
	} {
		for level, want := range c.faults {
			found := strings.Join(Check(c.history, c.final, level), "; ")
			if want == "" && found != "" || !strings.Contains(found, want) {
				t.Errorf("%s at %s: found %q, want %q", c.name, level, found, want)
			}
		}
	}
}

// TestCheckerFindsMutations takes an honest serial history and makes one read of it stale, which has to be noticed.
func TestCheckerFindsMutations(t *testing.T) {
	random := rand.New(rand.NewPCG(*seed, 3))
	for range 200 {
		var history []*Txn
		final := map[int][]int{}
		next := 0
		for id := 1; id <= 60; id++ {
			x := &Txn{ID: id}
			for range 4 {
				k := random.IntN(4)
				if random.IntN(2) == 0 {
					x.Ops = append(x.Ops, reads(k, append([]int(nil), final[k]...)...))
				} else {
					next++
					x.Ops = append(x.Ops, appends(k, next))
					final[k] = append(final[k], next)
				}
			}
			history = append(history, x)
		}
		if f := Check(history, final, Serializable); len(f) > 0 {
			t.Fatal("an honest history:", f)
		}
		// The victim reads two lists: one as it is, one as it was before somebody whose other write it has seen.
		victim := &Txn{ID: 1000, Ops: []Op{reads(10, 1001, 1002), reads(11, 1003)}}
		writer := &Txn{ID: 999, Ops: []Op{appends(10, 1002), appends(11, 1004)}}
		history = append(history, &Txn{ID: 998, Ops: []Op{appends(10, 1001), appends(11, 1003)}}, writer, victim)
		final[10], final[11] = []int{1001, 1002}, []int{1003, 1004}
		random.Shuffle(len(history), func(i, j int) { history[i], history[j] = history[j], history[i] })
		for _, level := range []Level{RepeatableRead, Serializable} {
			if len(Check(history, final, level)) == 0 {
				t.Fatalf("a stale read passes as %s", level)
			}
		}
	}
}
