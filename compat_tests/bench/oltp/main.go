package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/kalampg/kalampg/compat_tests/reference"
	"github.com/kalampg/kalampg/compat_tests/server"
)

// workload is one kind of transaction that pgbench runs.
type workload struct {
	name      string
	arguments []string
	script    string // an own script, instead of one of pgbench's
}

var workloads = []workload{
	{name: "select-prepared", arguments: []string{"-S", "-M", "prepared"}},
	{name: "select-simple", arguments: []string{"-S", "-M", "simple"}},
	{name: "simple-update-prepared", arguments: []string{"-N", "-M", "prepared"}},
	{name: "tpcb-prepared", arguments: []string{"-b", "tpcb-like", "-M", "prepared"}},
	{name: "update-by-key-prepared", arguments: []string{"-M", "prepared"}, script: `\set aid random(1, 100000 * :scale)
UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = :aid;
`},
}

type options struct {
	scale, seconds, rounds int
	clients                []int
	workloads              []workload
	pgbench                string
	folder                 string // for scripts
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "oltp:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	o, err := parseOptions()
	if err != nil {
		return err
	}
	if o.folder, err = os.MkdirTemp("", "kalampg-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(o.folder)
	postgres, err := reference.Start(ctx, reference.Options{Durable: true})
	if err != nil {
		return err
	}
	defer postgres.Stop()
	kalampg, err := server.Start(ctx, server.Options{})
	if err != nil {
		return err
	}
	defer kalampg.Stop()
	both := []contestant{{"postgres", postgres.Port(), postgres.PID()}, {"kalampg", kalampg.Port(), kalampg.PID()}}
	for _, c := range both {
		fmt.Printf("loading scale %d into %s\n", o.scale, c.name)
		if _, err := o.run(ctx, c, "-i", "-q", "-s", strconv.Itoa(o.scale)); err != nil {
			return err
		}
	}
	all, err := measure(ctx, o, both)
	if err != nil {
		return err
	}
	report(os.Stdout, o, both, all)
	return nil
}

func parseOptions() (options, error) {
	var o options
	flag.IntVar(&o.scale, "scale", 50, "pgbench's scale: 100,000 accounts each")
	flag.IntVar(&o.seconds, "seconds", 10, "how long each run lasts")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each run is repeated; the median counts")
	clients := flag.String("clients", "8,32,64", "numbers of connections")
	names := flag.String("workloads", "", "names separated by commas; empty for all")
	flag.Parse()
	for _, text := range strings.Split(*clients, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return o, fmt.Errorf("-clients: %q is not a number of connections", text)
		}
		o.clients = append(o.clients, n)
	}
	var err error
	if o.workloads, err = chosen(*names); err != nil {
		return o, err
	}
	for _, name := range []string{"pgbench", filepath.Join(reference.CacheDir(), "bin", "pgbench")} {
		if o.pgbench, err = exec.LookPath(name); err == nil {
			return o, nil
		}
	}
	return o, errors.New("pgbench is not installed: run scripts/setup.sh test")
}

func chosen(names string) ([]workload, error) {
	if names == "" {
		return workloads, nil
	}
	var picked []workload
next:
	for _, name := range strings.Split(names, ",") {
		for _, w := range workloads {
			if w.name == name {
				picked = append(picked, w)
				continue next
			}
		}
		return nil, fmt.Errorf("-workloads: there is no %q", name)
	}
	return picked, nil
}
