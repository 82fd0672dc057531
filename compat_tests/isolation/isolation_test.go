package isolation

import (
	"context"
	"flag"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kalampg/kalampg/compat_tests/golden"
	"github.com/kalampg/kalampg/compat_tests/target"
)

var (
	against = target.Flag()
	record  = flag.Bool("record", false, "record the results anew from the reference PostgreSQL")
	lines   = flag.String("lines", "", "write every difference into this file in the form of a list of gaps")
)

func TestSpecs(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	which := *against
	if *record {
		which = target.Reference
	}
	server, err := target.Start(ctx, which, "max_prepared_transactions=3")
	check(t, err)
	defer server.Stop()
	gaps, err := golden.ReadGaps("known_gaps.txt")
	check(t, err)
	if which != target.Kalampg {
		gaps = golden.Gaps{}
	}
	paths, err := filepath.Glob("testdata/*.spec")
	if err != nil || len(paths) == 0 {
		t.Fatal("no scripts in testdata", err)
	}
	var failed []golden.Difference
	for _, path := range paths {
		topic := strings.TrimSuffix(filepath.Base(path), ".spec")
		t.Run(topic, func(t *testing.T) {
			cases := runSpec(ctx, t, server, topic, path)
			recording := filepath.Join("testdata", topic+".out")
			if *record {
				check(t, golden.Write(recording, cases))
				return
			}
			recorded, err := golden.Read(recording)
			check(t, err)
			outcome, err := golden.Compare(topic, recorded, cases, gaps)
			check(t, err)
			t.Logf("%s: %d of %d permutations", topic, outcome.Passed+len(outcome.Closed), outcome.Total())
			failed = append(failed, outcome.Failed...)
			for _, d := range outcome.Failed {
				t.Errorf("%s", d)
			}
			for _, key := range outcome.Closed {
				t.Errorf("%s passes: take it off known_gaps.txt", key)
			}
		})
	}
	if *lines != "" {
		check(t, golden.WriteLines(*lines, failed))
	}
}

// runSpec runs a script in a database of its own.
func runSpec(ctx context.Context, t *testing.T, server target.Server, topic, path string) []golden.Case {
	s, steps, err := readSpec(path)
	check(t, err)
	admin := &runner{dsn: server.DSN("postgres")}
	admin.control, err = admin.connect(ctx, nil)
	check(t, err)
	defer admin.control.Close(ctx)
	check(t, admin.plain(ctx, "CREATE DATABASE iso_"+topic))
	r := &runner{dsn: server.DSN("iso_" + topic), spec: s, steps: steps}
	r.control, err = r.connect(ctx, nil)
	check(t, err)
	defer r.control.Close(ctx)
	var cases []golden.Case
	for i, p := range s.permutations {
		out, err := r.permutation(ctx, p)
		if err != nil {
			t.Fatalf("%s: %v", strings.Join(p, " "), err)
		}
		cases = append(cases, golden.Case{Number: i + 1, Input: strings.Join(p, " "), Output: out})
	}
	return cases
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
