package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// contestant is one of the two servers.
type contestant struct {
	name string
	port int
	pid  int
}

// key names one cell of the result.
type key struct {
	workload string
	clients  int
	server   string
}

// results are the transactions per second of every round, and the most memory that each server took.
type results struct {
	tps    map[key][]float64
	memory map[string]int64
}

func measure(ctx context.Context, o options, both []contestant) (results, error) {
	all := results{tps: map[key][]float64{}, memory: map[string]int64{}}
	for round := range o.rounds {
		for _, w := range o.workloads {
			for _, clients := range o.clients {
				// Who goes first alternates, so that neither always runs on what the other left behind.
				for i := range both {
					c := both[(i+round)%len(both)]
					watched := watchMemory(c.pid)
					tps, err := o.workload(ctx, c, w, clients)
					all.memory[c.name] = max(all.memory[c.name], watched())
					if err != nil {
						return all, err
					}
					k := key{w.name, clients, c.name}
					all.tps[k] = append(all.tps[k], tps)
					fmt.Printf("round %d  %-24s %3d clients  %-9s %10.0f tps\n", round+1, w.name, clients, c.name, tps)
				}
			}
		}
	}
	return all, nil
}

var tpsPattern = regexp.MustCompile(`(?m)^tps = ([0-9.]+)`)

func (o options) workload(ctx context.Context, c contestant, w workload, clients int) (float64, error) {
	arguments := []string{"-n", "-s", strconv.Itoa(o.scale), "-c", strconv.Itoa(clients), "-j", "2", "-T", strconv.Itoa(o.seconds)}
	if w.script != "" {
		path := filepath.Join(o.folder, w.name+".sql")
		if err := os.WriteFile(path, []byte(w.script), 0o644); err != nil {
			return 0, err
		}
		arguments = append(arguments, "-f", path)
	}
	out, err := o.run(ctx, c, append(arguments, w.arguments...)...)
	if err != nil {
		return 0, err
	}
	found := tpsPattern.FindStringSubmatch(out)
	if found == nil || !strings.Contains(out, "number of failed transactions: 0 ") {
		return 0, fmt.Errorf("%s on %s failed:\n%s", w.name, c.name, out)
	}
	return strconv.ParseFloat(found[1], 64)
}

func (o options) run(ctx context.Context, c contestant, arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(o.seconds)*time.Second+15*time.Minute)
	defer cancel()
	arguments = append([]string{"-h", "127.0.0.1", "-p", strconv.Itoa(c.port), "-U", "postgres"}, append(arguments, "postgres")...)
	cmd := exec.CommandContext(ctx, o.pgbench, arguments...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "HOME=" + o.folder}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("pgbench %s on %s: %w\n%s", strings.Join(arguments, " "), c.name, err, out)
	}
	return string(out), nil
}

func report(out io.Writer, o options, both []contestant, all results) {
	fmt.Fprintf(out, "\nscale %d, %d s a run, median of %d rounds, pgbench -j 2 over TCP on the same machine\n\n", o.scale, o.seconds, o.rounds)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "workload\tclients\t%s tps\t%s tps\tratio\t\n", both[0].name, both[1].name)
	for _, w := range o.workloads {
		for _, clients := range o.clients {
			base := median(all.tps[key{w.name, clients, both[0].name}])
			ours := median(all.tps[key{w.name, clients, both[1].name}])
			fmt.Fprintf(table, "%s\t%d\t%.0f\t%.0f\t%.2f\t\n", w.name, clients, base, ours, ours/base)
		}
	}
	table.Flush()
	for _, c := range both {
		fmt.Fprintf(out, "\n%s took up to %d MB (proportional set size, all its processes)", c.name, all.memory[c.name]>>10)
	}
	fmt.Fprintln(out)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// watchMemory looks at a server's memory once a second until the returned function is called, which gives the most seen.
func watchMemory(pid int) func() int64 {
	done, most := make(chan struct{}), make(chan int64)
	go func() {
		seen := memoryOf(pid)
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				most <- seen
				return
			case <-ticker.C:
				seen = max(seen, memoryOf(pid))
			}
		}
	}()
	return func() int64 {
		close(done)
		return <-most
	}
}

// memoryOf returns the proportional set size in kB of a process and its children: PostgreSQL's processes share memory
// that must be counted once.
func memoryOf(pid int) int64 {
	sum := proportionalSize(pid)
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, child := range strings.Fields(string(children)) {
		if n, err := strconv.Atoi(child); err == nil {
			sum += proportionalSize(n)
		}
	}
	return sum
}

func proportionalSize(pid int) int64 {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(content), "\n") {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			kilobytes, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kilobytes
		}
	}
	return 0
}
