package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/compat_tests/tpch"
)

// contestant is one of those that are measured.
type contestant interface {
	Name() string
	// Run gives a query's rows and how long it took to get them.
	Run(ctx context.Context, n int) ([]string, time.Duration, error)
	// Peak is the most memory in MB that it has taken since the last call, 0 when unknown.
	Peak() int
}

// sqlServer is one that speaks PostgreSQL's protocol.
type sqlServer struct {
	o    options
	name string
	conn *pgconn.PgConn
	pid  int
}

func connect(ctx context.Context, o options, name, dsn string, pid int) (*sqlServer, error) {
	conn, err := pgconn.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	s := &sqlServer{o, name, conn, pid}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	setup := ""
	if o.memory != "" {
		setup = "SET work_mem = '" + o.memory + "';"
	}
	if name == kalampgName {
		setup += o.set
	}
	_, err = conn.Exec(ctx, setup).ReadAll()
	return s, err
}

// prepare loads the database unless it is loaded.
func (s *sqlServer) prepare(ctx context.Context) error {
	there, err := tpch.Answer(ctx, s.conn, "SELECT count(*) FROM pg_class WHERE relname = 'lineitem_suppkey'")
	if err != nil || there[0] == "1" {
		return err
	}
	begin := time.Now()
	last := begin
	err = s.o.scale.Load(ctx, s.conn, func(table string, rows int64) {
		now := time.Now()
		fmt.Printf("%-9s %-9s %9d rows in %6.1f s\n", s.name, table, rows, now.Sub(last).Seconds())
		last = now
	})
	if err != nil {
		return err
	}
	fmt.Printf("%-9s indexes                  in %6.1f s\n", s.name, time.Since(last).Seconds())
	_, err = s.conn.Exec(ctx, "VACUUM ANALYZE").ReadAll()
	fmt.Printf("%-9s loaded                   in %6.1f s\n", s.name, time.Since(begin).Seconds())
	return err
}

func (s *sqlServer) Name() string { return s.name }

func (s *sqlServer) Run(ctx context.Context, n int) ([]string, time.Duration, error) {
	if _, err := s.conn.Exec(ctx, fmt.Sprintf("SET statement_timeout = %d", s.o.slowest.Milliseconds())).ReadAll(); err != nil {
		return nil, 0, err
	}
	begin := time.Now()
	rows, err := tpch.Answer(ctx, s.conn, s.o.scale.Query(n))
	return rows, time.Since(begin), err
}

// Peak reads the high-water marks of the processes' resident sizes, and starts them anew.
func (s *sqlServer) Peak() int {
	if s.pid == 0 {
		return 0
	}
	most := 0
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", s.pid, s.pid))
	for _, pid := range append(strings.Fields(string(children)), strconv.Itoa(s.pid)) {
		status, _ := os.ReadFile("/proc/" + pid + "/status")
		for _, line := range strings.Split(string(status), "\n") {
			if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
				kb, _ := strconv.Atoi(strings.Fields(value)[0])
				most = max(most, kb>>10)
			}
		}
		_ = os.WriteFile("/proc/"+pid+"/clear_refs", []byte("5"), 0o200)
	}
	return most
}
