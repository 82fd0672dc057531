package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kalampg/kalampg/compat_tests/reference"
	"github.com/kalampg/kalampg/compat_tests/server"
	"github.com/kalampg/kalampg/compat_tests/tpch"
)

type options struct {
	scale      tpch.Scale
	rounds     int
	queries    []int
	servers    []string
	postgres   string        // DSN of a running server
	kalampg    string        // the same
	set        string        // statements before the queries on kalampg
	memory     string        // work_mem of both servers
	slowest    time.Duration // a query that takes longer is cancelled
	duckdb     string        // Python with the package
	duckdbData string
}

// names of the three.
const (
	postgresName = "postgres"
	kalampgName  = "kalampg"
	duckdbName   = "duckdb"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "tpch:", err)
		os.Exit(1)
	}
}

func parseOptions() (options, error) {
	var o options
	factor := flag.Float64("sf", 1, "the scale factor")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each query is run; the median counts")
	queries := flag.String("queries", "", "numbers separated by commas; empty for all 22")
	servers := flag.String("servers", "postgres,kalampg,duckdb", "who takes part")
	flag.StringVar(&o.postgres, "postgres", "", "connection string of a running PostgreSQL, loaded if need be")
	flag.StringVar(&o.kalampg, "kalampg", "", "connection string of a running kalampg, loaded if need be")
	flag.StringVar(&o.set, "set", "", "statements to run on kalampg before the queries")
	flag.StringVar(&o.memory, "work_mem", "", "work_mem of both servers, empty for their defaults")
	flag.DurationVar(&o.slowest, "slowest", 5*time.Minute, "a query that takes longer is cancelled")
	flag.StringVar(&o.duckdb, "duckdb", reference.CacheDir()+"/duckdb/bin/python", "a Python with the package duckdb")
	flag.StringVar(&o.duckdbData, "duckdb-data", "", "a database file to use, loaded if it is not there; empty for a temporary one")
	flag.Parse()
	o.scale = tpch.At(*factor)
	o.servers = strings.Split(*servers, ",")
	if *queries == "" {
		for n := 1; n <= tpch.Queries; n++ {
			o.queries = append(o.queries, n)
		}
		return o, nil
	}
	for _, text := range strings.Split(*queries, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > tpch.Queries {
			return o, fmt.Errorf("-queries: %q is not the number of a query", text)
		}
		o.queries = append(o.queries, n)
	}
	return o, nil
}

func run(ctx context.Context) error {
	o, err := parseOptions()
	if err != nil {
		return err
	}
	var all []contestant
	for _, name := range []string{postgresName, kalampgName, duckdbName} {
		if !slices.Contains(o.servers, name) {
			continue
		}
		c, stop, err := start(ctx, o, name)
		if stop != nil {
			defer stop()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, c)
	}
	measured := measure(ctx, o, all)
	report(os.Stdout, o, all, measured)
	return nil
}

// start gives a contestant that is loaded and ready.
func start(ctx context.Context, o options, name string) (contestant, func(), error) {
	switch name {
	case postgresName:
		if o.postgres != "" {
			c, err := connect(ctx, o, name, o.postgres, 0)
			return c, nil, err
		}
		s, err := reference.Start(ctx, reference.Options{Durable: true})
		if err != nil {
			return nil, nil, err
		}
		c, err := connect(ctx, o, name, s.DSN("postgres"), s.PID())
		return c, s.Stop, err
	case kalampgName:
		if o.kalampg != "" {
			c, err := connect(ctx, o, name, o.kalampg, 0)
			return c, nil, err
		}
		s, err := server.Start(ctx, server.Options{})
		if err != nil {
			return nil, nil, err
		}
		c, err := connect(ctx, o, name, s.DSN("postgres"), s.PID())
		return c, s.Stop, err
	}
	return startDuckDB(ctx, o)
}
