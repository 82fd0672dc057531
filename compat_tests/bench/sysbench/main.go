package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/kalampg/kalampg/compat_tests/bench/duel"
)

// targets are the ratios that are wanted, by clients.
var targets = map[string]map[int]float64{
	"oltp_point_select": {8: 1.3, 32: 2.5},
	"oltp_read_write":   {8: 1.3, 32: 2},
	"oltp_update_index": {8: 1.4, 32: 2.5},
	"oltp_insert":       {8: 1.4, 32: 2.5},
}

// workloads in the order in which they run: inserting makes the tables larger.
var workloads = []string{"oltp_point_select", "oltp_read_write", "oltp_update_index", "oltp_insert"}

// bench is what all runs share.
type bench struct {
	sysbench             string
	tables, rows, second int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		duel.Fatal("sysbench", err)
	}
}

func run(ctx context.Context) error {
	var b bench
	flag.IntVar(&b.tables, "tables", 4, "number of tables")
	flag.IntVar(&b.rows, "rows", 250_000, "rows of each table")
	flags, err := duel.Parse(10, "1,8,32,64", workloads)
	if err != nil {
		return err
	}
	b.second = flags.Seconds
	if b.sysbench, err = duel.Program("sysbench", "sysbench"); err != nil {
		return err
	}
	both, stop, err := duel.Start(ctx)
	if err != nil {
		return err
	}
	defer stop()
	for _, s := range both {
		fmt.Printf("loading %d tables of %d rows into %s\n", b.tables, b.rows, s.Name)
		if _, err := b.run(ctx, s, "oltp_point_select", 1, "prepare"); err != nil {
			return err
		}
	}
	results, err := duel.Measure(ctx, os.Stdout, both, b.cases(flags), flags.Rounds)
	if err != nil {
		return err
	}
	results.Title = fmt.Sprintf("%d tables of %d rows, %d s a run, median of %d rounds, sysbench over TCP on the same machine", b.tables, b.rows, flags.Seconds, flags.Rounds)
	results.Report(os.Stdout)
	return nil
}

func (b *bench) cases(f duel.Flags) []duel.Case {
	var cases []duel.Case
	for _, name := range f.Workloads {
		for _, clients := range f.Clients {
			cases = append(cases, duel.Case{Workload: name, Clients: clients, Target: targets[name][clients],
				Run: func(ctx context.Context, s duel.Server) (duel.Outcome, error) {
					return b.workload(ctx, s, name, clients)
				}})
		}
	}
	return cases
}

var (
	tpsPattern = regexp.MustCompile(`transactions: +(\d+) +\(([0-9.]+) per sec`)
)

func (b *bench) workload(ctx context.Context, s duel.Server, name string, clients int) (o duel.Outcome, err error) {
	out, err := b.run(ctx, s, name, clients, "run")
	if err != nil {
		return o, err
	}
	found := tpsPattern.FindStringSubmatch(out)
	if found == nil {
		return o, fmt.Errorf("sysbench says\n%s", out)
	}
	_, err = fmt.Sscan(found[1]+" "+found[2], &o.Transactions, &o.TPS)
	return o, err
}

func (b *bench) run(ctx context.Context, s duel.Server, script string, clients int, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(b.second)*time.Second+15*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.sysbench, script, "--db-driver=pgsql", "--pgsql-host=127.0.0.1", fmt.Sprintf("--pgsql-port=%d", s.Port),
		"--pgsql-user=postgres", "--pgsql-password=", "--pgsql-db=postgres", fmt.Sprintf("--tables=%d", b.tables), fmt.Sprintf("--table-size=%d", b.rows),
		fmt.Sprintf("--threads=%d", clients), fmt.Sprintf("--time=%d", b.second), "--rand-seed=1", command)
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "FATAL") {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return string(out), nil
}
