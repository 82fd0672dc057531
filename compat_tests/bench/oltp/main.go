package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kalampg/kalampg/compat_tests/bench/duel"
)

// workload is one kind of transaction that pgbench runs.
type workload struct {
	name      string
	arguments []string
	script    string          // an own script, instead of one of pgbench's
	targets   map[int]float64 // ratios that are wanted, by clients
}

var workloads = []workload{
	{name: "select-prepared", arguments: []string{"-S", "-M", "prepared"}, targets: map[int]float64{8: 1.3, 32: 2.5}},
	{name: "select-simple", arguments: []string{"-S", "-M", "simple"}, targets: map[int]float64{32: 2}},
	{name: "simple-update-prepared", arguments: []string{"-N", "-M", "prepared"}, targets: map[int]float64{8: 1.3, 32: 2}},
	{name: "tpcb-prepared", arguments: []string{"-b", "tpcb-like", "-M", "prepared"}, targets: map[int]float64{8: 1.3, 32: 2}},
	{name: "update-by-key-prepared", arguments: []string{"-M", "prepared"}, targets: map[int]float64{8: 1.4, 32: 2.5}, script: `\set aid random(1, 100000 * :scale)
UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = :aid;
`},
}

// bench is what all runs share.
type bench struct {
	scale, seconds int
	pgbench        string
	folder         string // for scripts
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		duel.Fatal("oltp", err)
	}
}

func run(ctx context.Context) error {
	var b bench
	flag.IntVar(&b.scale, "scale", 50, "pgbench's scale: 100,000 accounts each")
	var names []string
	for _, w := range workloads {
		names = append(names, w.name)
	}
	flags, err := duel.Parse(10, "1,8,32,64", names)
	if err != nil {
		return err
	}
	b.seconds = flags.Seconds
	if b.pgbench, err = duel.Program("pgbench", "test"); err != nil {
		return err
	}
	if b.folder, err = os.MkdirTemp("", "kalampg-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.folder)
	both, stop, err := duel.Start(ctx)
	if err != nil {
		return err
	}
	defer stop()
	for _, s := range both {
		fmt.Printf("loading scale %d into %s\n", b.scale, s.Name)
		if _, err := b.run(ctx, s, "-i", "-q", "-s", strconv.Itoa(b.scale)); err != nil {
			return err
		}
	}
	results, err := duel.Measure(ctx, os.Stdout, both, b.cases(flags), flags.Rounds)
	if err != nil {
		return err
	}
	results.Title = fmt.Sprintf("scale %d, %d s a run, median of %d rounds, pgbench -j 2 over TCP on the same machine", b.scale, flags.Seconds, flags.Rounds)
	results.Report(os.Stdout)
	return nil
}

func (b *bench) cases(f duel.Flags) []duel.Case {
	var cases []duel.Case
	for _, name := range f.Workloads {
		for _, w := range workloads {
			if w.name != name {
				continue
			}
			for _, clients := range f.Clients {
				cases = append(cases, duel.Case{Workload: name, Clients: clients, Target: w.targets[clients],
					Run: func(ctx context.Context, s duel.Server) (duel.Outcome, error) { return b.workload(ctx, s, w, clients) }})
			}
		}
	}
	return cases
}

var (
	tpsPattern   = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)
	countPattern = regexp.MustCompile(`(?m)^number of transactions actually processed: (\d+)`)
)

func (b *bench) workload(ctx context.Context, s duel.Server, w workload, clients int) (o duel.Outcome, err error) {
	arguments := []string{"-n", "-s", strconv.Itoa(b.scale), "-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(2, clients)), "-T", strconv.Itoa(b.seconds)}
	if w.script != "" {
		path := filepath.Join(b.folder, w.name+".sql")
		if err := os.WriteFile(path, []byte(w.script), 0o644); err != nil {
			return o, err
		}
		arguments = append(arguments, "-f", path)
	}
	out, err := b.run(ctx, s, append(arguments, w.arguments...)...)
	if err != nil {
		return o, err
	}
	tps, count := tpsPattern.FindStringSubmatch(out), countPattern.FindStringSubmatch(out)
	if tps == nil || count == nil || !strings.Contains(out, "number of failed transactions: 0 ") {
		return o, fmt.Errorf("pgbench says\n%s", out)
	}
	_, err = fmt.Sscan(tps[1]+" "+count[1], &o.TPS, &o.Transactions)
	return o, err
}

func (b *bench) run(ctx context.Context, s duel.Server, arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(b.seconds)*time.Second+15*time.Minute)
	defer cancel()
	arguments = append(s.Address(), append(arguments, "postgres")...)
	cmd := exec.CommandContext(ctx, b.pgbench, arguments...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "HOME=" + b.folder}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("pgbench %s: %w\n%s", strings.Join(arguments, " "), err, out)
	}
	return string(out), nil
}
