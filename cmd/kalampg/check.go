package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/kalampg/kalampg/exec"
	"github.com/kalampg/kalampg/internal/kv/rocks"
)

// The exit statuses of check, beside 2 for a wrong command line.
const (
	checkSound   = 0
	checkFailed  = 1 // the check could not be made, or not to its end
	checkDamaged = 3
)

// maxFaults is how many faults check prints; it counts the rest.
const maxFaults = 100

// check reads everything in a data directory that no server uses, and returns the exit status. It opens the directory as a start does: what a crash
// left in the log is recovered first, and what was dropped before the crash is swept.
func check(ctx context.Context, arguments []string, lookup func(string) (string, bool), stdout, stderr io.Writer) int {
	var dir string
	var verbose bool
	flags := pflag.NewFlagSet("kalampg check", pflag.ContinueOnError)
	flags.SortFlags = false
	flags.SetOutput(stdout)
	flags.StringVar(&dir, "data", "kalampg-data", "data directory to check; no server may use it")
	flags.BoolVar(&verbose, "verbose", false, "name every table that was read")
	if err := flags.Parse(arguments); errors.Is(err, pflag.ErrHelp) {
		return 0
	} else if err != nil {
		fmt.Fprintln(stderr, "kalampg:", err)
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "kalampg: check takes flags only, not %q\n", flags.Arg(0))
		return 2
	}
	if v, ok := lookup(variablePrefix + "DATA"); ok && v != "" && !flags.Changed("data") {
		dir = v
	}
	r := &checkReport{out: stdout, verbose: verbose}
	err := checkDirectory(ctx, dir, r, stderr)
	r.summary(dir, err)
	switch {
	case r.faults > 0:
		return checkDamaged
	case err != nil:
		fmt.Fprintln(stderr, "kalampg:", err)
		return checkFailed
	}
	return checkSound
}

func checkDirectory(ctx context.Context, dir string, r *checkReport, stderr io.Writer) error {
	if _, err := os.Stat(filepath.Join(dir, "CURRENT")); err != nil {
		return fmt.Errorf("there is no kalampg data in %s (--data names the directory)", dir)
	}
	store, err := rocks.Open(dir, rocks.Options{})
	if err != nil {
		return fmt.Errorf("open the data directory %s: %w", dir, err)
	}
	defer store.Close()
	e, err := exec.Open(ctx, exec.Options{Store: store, Logger: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer e.Close(context.Background())
	return e.Check(ctx, r)
}

// checkReport prints what a check finds.
type checkReport struct {
	out     io.Writer
	verbose bool
	tables  int
	faults  int

	rows, deleted, entries int64
}

// Table implements exec.CheckReport.
func (r *checkReport) Table(database, table string, rows, deleted, entries int64) {
	r.tables++
	r.rows, r.deleted, r.entries = r.rows+rows, r.deleted+deleted, r.entries+entries
	if r.verbose {
		fmt.Fprintf(r.out, "%s.%s: %d rows, %d deleted rows that are kept, %d index entries\n", database, table, rows, deleted, entries)
	}
}

// Fault implements exec.CheckReport.
func (r *checkReport) Fault(where, what string) {
	if r.faults++; r.faults <= maxFaults {
		fmt.Fprintf(r.out, "FAULT %s: %s\n", where, what)
	}
}

func (r *checkReport) summary(dir string, err error) {
	if r.faults > maxFaults {
		fmt.Fprintf(r.out, "… and %d faults more\n", r.faults-maxFaults)
	}
	if r.tables == 0 && err != nil {
		return
	}
	fmt.Fprintf(r.out, "%s: read %d tables with %d rows, %d deleted rows that are kept and %d index entries: ", dir, r.tables, r.rows, r.deleted, r.entries)
	switch {
	case r.faults > 0:
		fmt.Fprintf(r.out, "%d faults\n", r.faults)
	case err != nil:
		fmt.Fprintln(r.out, "no fault so far, but the check did not come to its end")
	default:
		fmt.Fprintln(r.out, "no faults")
	}
}
