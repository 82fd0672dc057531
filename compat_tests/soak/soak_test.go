package soak

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/compat_tests/load"
	"github.com/kalampg/kalampg/compat_tests/loopback"
	"github.com/kalampg/kalampg/compat_tests/server"
)

var (
	minutes = flag.Float64("minutes", 0.4, "how long TestSoak runs; from 20 on its limits are strict")
	seed    = flag.Uint64("seed", 1, "the seed of TestSoak")
)

// windows is how many samples are taken.
const windows = 24

func TestSoak(t *testing.T) {
	port, err := loopback.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	address := "127.0.0.1:" + strconv.Itoa(port)
	s, err := server.Start(t.Context(), server.Options{Arguments: []string{"--http", address, "--cache-size", "64MB", "--log-level", "warn"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	workers, err := load.NewWorkers(t.Context(), s.DSN("postgres"), 8, *seed)
	if err != nil {
		t.Fatal(err)
	}
	var times latencies
	for _, w := range workers {
		w.Observe = times.add
	}
	window := time.Duration(*minutes * float64(time.Minute) / windows)
	var samples []sample
	for i := range windows {
		soak(t, s, workers, window, uint64(i))
		if t.Failed() {
			t.Fatalf("%s", s.Log())
		}
		m, err := metrics(address)
		if err != nil {
			t.Fatal(err)
		}
		x := sample{memory: m["process_resident_memory_bytes"], heap: m["go_memstats_heap_inuse_bytes"], goroutines: m["go_goroutines"], files: m["process_open_fds"], disk: size(s.Data())}
		x.count, x.median, x.slow = times.take()
		samples = append(samples, x)
		t.Logf("%2d: %v", i+1, x)
	}
	judge(t, samples)
	if err := s.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Wait(ctx); err != nil {
		t.Error(err)
	}
	report, err := s.Check(ctx)
	if err != nil {
		t.Error(err)
	}
	t.Log(report)
}

// soak runs one window of load and looks at the data after it.
func soak(t *testing.T, s *server.Server, workers []*load.Worker, window time.Duration, number uint64) {
	ctx, cancel := context.WithTimeout(t.Context(), window)
	defer cancel()
	dsn := s.DSN("postgres")
	var group sync.WaitGroup
	for _, w := range workers {
		group.Go(func() {
			if err := w.Run(ctx, dsn); err != nil {
				t.Error(err)
			}
		})
	}
	group.Go(func() {
		r := rand.New(rand.NewPCG(*seed, number))
		for ctx.Err() == nil {
			// A visit that has begun goes to its end: what the end of the window would interrupt is no fault.
			if err := visit(context.WithoutCancel(ctx), dsn, r); err != nil {
				t.Error(err)
				return
			}
		}
	})
	group.Wait()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close(context.Background())
	for _, w := range workers {
		if err := w.Verify(t.Context(), conn); err != nil {
			t.Error(err)
		}
	}
	if err := load.VerifyAccounts(t.Context(), conn); err != nil {
		t.Error(err)
	}
}

// visit is what a short-lived client does: it makes and leaves behind what a connection can leave behind.
func visit(ctx context.Context, dsn string, r *rand.Rand) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	for _, q := range []struct{ sql, fails string }{
		{"CREATE TEMP TABLE scratch (a int PRIMARY KEY, b text)", ""},
		{"INSERT INTO scratch SELECT i, repeat('x', 100) FROM generate_series(1, 200) i", ""},
		{"SELECT count(*), max(b) FROM scratch JOIN account ON a = id", ""},
		{fmt.Sprintf("PREPARE p%d AS SELECT $1::int + %d", r.IntN(1000), r.IntN(1000000)), ""},
		{fmt.Sprintf("SELECT %d + length('%x')", r.IntN(1000000), r.Uint64()), ""}, // a text that no cache has seen
		{"SELECT 1 / 0", "22012"},
		{"SELECT pg_advisory_lock(" + strconv.Itoa(r.IntN(1<<30)) + ")", ""},
		{"CREATE TABLE IF NOT EXISTS passing (a int)", ""},
		{"DROP TABLE passing", ""},
		{"SET statement_timeout = 20", ""},
		{"SELECT count(*) FROM generate_series(1, 100000000)", "57014"},
		{"SET statement_timeout = 0", ""},
		{"BEGIN", ""},
		{"DECLARE c CURSOR WITH HOLD FOR SELECT i, repeat('y', 50) FROM generate_series(1, 1000) i", ""},
		{"FETCH 10 FROM c", ""},
		{"COMMIT", ""},
		{"SELECT relname FROM pg_class ORDER BY relname", ""},
		{"BEGIN", ""},
		{"INSERT INTO scratch VALUES (-1, 'left open')", ""},
	} {
		_, err := conn.Exec(ctx, q.sql, pgx.QueryExecModeSimpleProtocol)
		var refused *pgconn.PgError
		if errors.As(err, &refused) && refused.Code == q.fails {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", q.sql, err)
		}
		if q.fails != "" {
			return fmt.Errorf("%s does not end with %s", q.sql, q.fails)
		}
	}
	if r.IntN(2) == 0 { // without goodbye
		return conn.PgConn().Conn().Close()
	}
	return nil
}

// judge compares the last third of the samples with the second.
func judge(t *testing.T, samples []sample) {
	const MB = 1 << 20
	// A short run is shorter than the cycles of collectors and compactions.
	factor, latency := 1.1, 1.5
	if *minutes < 20 {
		factor, latency = 1.6, 10
	}
	for _, m := range []struct {
		name  string
		of    func(sample) float64
		slack float64 // growth that is no growth
	}{
		{"resident memory", func(s sample) float64 { return s.memory }, 40 * MB},
		{"heap", func(s sample) float64 { return s.heap }, 30 * MB},
		{"goroutines", func(s sample) float64 { return s.goroutines }, 5},
		{"open files", func(s sample) float64 { return s.files }, 20},
		{"data directory", func(s sample) float64 { return s.disk }, 150 * MB},
		{"median latency", func(s sample) float64 { return float64(s.median) }, float64(2 * time.Millisecond)},
		{"99th percentile of latency", func(s sample) float64 { return float64(s.slow) }, float64(60 * time.Millisecond)},
	} {
		from, to := growth(samples, m.of)
		limit := from*factor + m.slack
		if strings.Contains(m.name, "latency") {
			limit = from*latency + m.slack // other work on the machine shows here first
		}
		if to > limit {
			t.Errorf("%s grows: from %.0f to %.0f", m.name, from, to)
		}
	}
}

// TestGrowthIsFound makes sure that the judge sees a leak.
func TestGrowthIsFound(t *testing.T) {
	var samples []sample
	for i := range windows {
		samples = append(samples, sample{memory: float64(i) * (100 << 20), disk: 1 << 30})
	}
	if from, to := growth(samples, func(s sample) float64 { return s.memory }); to < from*1.3 {
		t.Errorf("a leak of 100 MB a window is taken for %v to %v", from, to)
	}
	if from, to := growth(samples, func(s sample) float64 { return s.disk }); from != to {
		t.Error("what does not grow does")
	}
}
