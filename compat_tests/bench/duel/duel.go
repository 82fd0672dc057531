package duel

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kalampg/kalampg/compat_tests/reference"
	"github.com/kalampg/kalampg/compat_tests/server"
)

// Server is one of the two.
type Server struct {
	Name string
	Port int
	PID  int
}

// Address is what libpq's programs want: host, port and user.
func (s Server) Address() []string {
	return []string{"-h", "127.0.0.1", "-p", fmt.Sprint(s.Port), "-U", "postgres"}
}

// Start starts both, PostgreSQL first. stop ends them and removes their data.
func Start(ctx context.Context) (both [2]Server, stop func(), err error) {
	postgres, err := reference.Start(ctx, reference.Options{Durable: true})
	if err != nil {
		return both, nil, err
	}
	kalampg, err := server.Start(ctx, server.Options{})
	if err != nil {
		postgres.Stop()
		return both, nil, err
	}
	both = [2]Server{{"postgres", postgres.Port(), postgres.PID()}, {"kalampg", kalampg.Port(), kalampg.PID()}}
	return both, func() { kalampg.Stop(); postgres.Stop() }, nil
}

// Case is one cell of the result: a workload at a number of clients.
type Case struct {
	Workload string
	Clients  int
	Target   float64 // the ratio that is wanted, 0: none, the figures are for information
	Run      func(ctx context.Context, s Server) (Outcome, error)
}

// Outcome is what one run of a case gave.
type Outcome struct {
	TPS          float64
	Transactions int64
}

// Results are the transactions per second of every case, in its rounds, and the memory that each server took.
type Results struct {
	Title string
	cases []Case
	tps   [][2][]float64
	cpu   [][2][]float64 // microseconds of the server's processors per transaction
	peak  [2]int64       // kB
	after [2]int64       // kB, after the last run
}

// Measure runs every case on both servers so many times.
func Measure(ctx context.Context, out io.Writer, both [2]Server, cases []Case, rounds int) (*Results, error) {
	r := &Results{cases: cases, tps: make([][2][]float64, len(cases)), cpu: make([][2][]float64, len(cases))}
	for round := range rounds {
		for i, c := range cases {
			// Who goes first alternates, so that neither always runs on what the other left behind.
			for turn := range both {
				who := (turn + round) % 2
				watched := watchMemory(both[who].PID)
				before := cpuOf(both[who].PID)
				got, err := c.Run(ctx, both[who])
				r.peak[who] = max(r.peak[who], watched())
				if err != nil {
					return r, fmt.Errorf("%s, %d clients, on %s: %w", c.Workload, c.Clients, both[who].Name, err)
				}
				cpu := float64((cpuOf(both[who].PID) - before).Microseconds()) / float64(max(got.Transactions, 1))
				r.tps[i][who], r.cpu[i][who] = append(r.tps[i][who], got.TPS), append(r.cpu[i][who], cpu)
				fmt.Fprintf(out, "round %d  %-24s %3d clients  %-9s %10.0f tps  %6.1f µs of the server's CPU each\n", round+1, c.Workload, c.Clients, both[who].Name, got.TPS, cpu)
			}
		}
	}
	for who := range both {
		r.after[who] = memoryOf(both[who].PID)
	}
	return r, nil
}

// Report prints the medians, their ratios, and the memory.
func (r *Results) Report(out io.Writer) {
	fmt.Fprintf(out, "\n%s\n\n", r.Title)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "workload\tclients\tpostgres tps\tkalampg tps\tratio\twanted\tpostgres CPU µs\tkalampg CPU µs\t\n")
	for i, c := range r.cases {
		base, ours := median(r.tps[i][0]), median(r.tps[i][1])
		wanted := ""
		if c.Target > 0 {
			wanted = fmt.Sprintf("%.2f", c.Target)
			if ours < c.Target*base {
				wanted += " MISSED"
			}
		}
		fmt.Fprintf(table, "%s\t%d\t%.0f\t%.0f\t%.2f\t%s\t%.1f\t%.1f\t\n", c.Workload, c.Clients, base, ours, ours/base, wanted, median(r.cpu[i][0]), median(r.cpu[i][1]))
	}
	table.Flush()
	for who, name := range []string{"postgres", "kalampg"} {
		fmt.Fprintf(out, "\n%s took up to %d MB and holds %d MB after the last run (proportional set size, all its processes)", name, r.peak[who]>>10, r.after[who]>>10)
	}
	fmt.Fprintln(out)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// tick is the unit of /proc's times, 1/USER_HZ.
const tick = 10 * time.Millisecond

// cpuOf is the processor time of a process and its children, those that have ended included once they have been waited for. It tells what a
// transaction costs even when other programs take part of the machine.
func cpuOf(pid int) time.Duration {
	var sum int64
	for _, p := range append([]int{pid}, childrenOf(pid)...) {
		content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p))
		if err != nil {
			continue
		}
		fields := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
		for i := 11; i <= 14 && i < len(fields); i++ { // utime, stime, cutime, cstime
			var n int64
			_, _ = fmt.Sscan(fields[i], &n)
			sum += n
		}
	}
	return time.Duration(sum) * tick
}

func childrenOf(pid int) (list []int) {
	content, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, child := range strings.Fields(string(content)) {
		var n int
		if _, err := fmt.Sscan(child, &n); err == nil {
			list = append(list, n)
		}
	}
	return list
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
	for _, child := range childrenOf(pid) {
		sum += proportionalSize(child)
	}
	return sum
}

func proportionalSize(pid int) int64 {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(content)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			var kilobytes int64
			_, _ = fmt.Sscan(rest, &kilobytes)
			return kilobytes
		}
	}
	return 0
}
