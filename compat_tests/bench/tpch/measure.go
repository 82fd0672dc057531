package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/big"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// outcome is what one contestant gave to one query.
type outcome struct {
	times []time.Duration
	rows  []string
	err   error
	peak  int
}

func (x *outcome) median() time.Duration {
	if x == nil || x.err != nil || len(x.times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(x.times))
	return sorted[len(sorted)/2]
}

// results are by query and contestant.
type results map[int]map[string]*outcome

func measure(ctx context.Context, o options, all []contestant) results {
	measured := make(results)
	for _, n := range o.queries {
		measured[n] = make(map[string]*outcome)
		for _, c := range all {
			c.Peak()
			measured[n][c.Name()] = &outcome{}
		}
		for round := range o.rounds {
			for i := range all {
				c := all[(i+round)%len(all)]
				x := measured[n][c.Name()]
				if x.err != nil {
					continue
				}
				rows, took, err := c.Run(ctx, n)
				x.rows, x.err = rows, err
				x.times = append(x.times, took)
				x.peak = max(x.peak, c.Peak())
				if err != nil {
					fmt.Printf("q%-2d %s: %v\n", n, c.Name(), err)
				}
			}
		}
	}
	return measured
}

func report(out io.Writer, o options, all []contestant, measured results) {
	fmt.Fprintf(out, "\nscale factor %g, median of %d, milliseconds; peak memory in MB\n\n", o.scale.Factor, o.rounds)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "query\t")
	for _, c := range all {
		fmt.Fprintf(table, "%s\tpeak\t", c.Name())
	}
	fmt.Fprintf(table, "/postgres\t/duckdb\tanswers\t\n")
	totals, complete := make(map[string]time.Duration), make(map[string]bool)
	for _, c := range all {
		complete[c.Name()] = true
	}
	for _, n := range o.queries {
		fmt.Fprintf(table, "%d\t", n)
		for _, c := range all {
			x := measured[n][c.Name()]
			if x.err != nil {
				complete[c.Name()] = false
				fmt.Fprint(table, "failed\t\t")
				continue
			}
			totals[c.Name()] += x.median()
			fmt.Fprintf(table, "%.1f\t%d\t", milliseconds(x.median()), x.peak)
		}
		ours := measured[n][kalampgName].median()
		fmt.Fprintf(table, "%s\t%s\t%s\t\n", ratio(ours, measured[n][postgresName].median()), ratio(ours, measured[n][duckdbName].median()),
			agreement(measured[n]))
	}
	fmt.Fprint(table, "total\t")
	for _, c := range all {
		mark := ""
		if !complete[c.Name()] {
			mark = "+"
		}
		fmt.Fprintf(table, "%.0f%s\t\t", milliseconds(totals[c.Name()]), mark)
	}
	fmt.Fprintf(table, "%s\t%s\t\t\n", ratio(totals[kalampgName], totals[postgresName]), ratio(totals[kalampgName], totals[duckdbName]))
	table.Flush()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func ratio(a, b time.Duration) string {
	if a == 0 || b == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", float64(a)/float64(b))
}

// agreement tells whether all gave the same rows: kalampg and PostgreSQL to the letter, DuckDB, whose division and averages are in floating point, nearly.
func agreement(x map[string]*outcome) string {
	ours := x[kalampgName]
	if ours == nil || ours.err != nil {
		return "-"
	}
	said := "alone"
	for _, other := range []string{postgresName, duckdbName} {
		theirs := x[other]
		if theirs == nil || theirs.err != nil {
			continue
		}
		if !sameRows(ours.rows, theirs.rows, other == duckdbName) {
			return "NOT as " + other
		}
		said = "same"
	}
	return said
}

func sameRows(a, b []string, nearly bool) bool {
	if !nearly {
		return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
	}
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !nearlySame(a[i], b[i]) {
			return false
		}
	}
	return true
}

func nearlySame(a, b string) bool {
	x, y := strings.Split(a, "|"), strings.Split(b, "|")
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if strings.TrimRight(x[i], " ") == strings.TrimRight(y[i], " ") {
			continue
		}
		p, _, err1 := big.ParseFloat(x[i], 10, 64, big.ToNearestEven)
		q, _, err2 := big.ParseFloat(y[i], 10, 64, big.ToNearestEven)
		if err1 != nil || err2 != nil {
			return false
		}
		v, _ := p.Float64()
		w, _ := q.Float64()
		if math.Abs(v-w) > 1e-6*max(1, math.Abs(v)) {
			return false
		}
	}
	return true
}
