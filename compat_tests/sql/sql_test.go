package sql

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/compat_tests/golden"
	"github.com/kalampg/kalampg/compat_tests/target"
)

var (
	against     = target.Flag()
	record      = flag.Bool("record", false, "record the results anew from the reference PostgreSQL")
	differences = flag.String("differences", "", "write every difference into this file, as a list of gaps into FILE.lines, "+
		"and the same of the extended protocol into FILE.extended")
)

// shownDifferences is how many differences of a file are printed; more are in the file of -differences.
const shownDifferences = 5

func TestReplay(t *testing.T) { replayAll(t, variant{}) }

// TestReplayExtended sends single statements by the extended protocol: the answers must be the same.
func TestReplayExtended(t *testing.T) {
	if *record {
		t.Skip("the recording is made by the simple protocol")
	}
	replayAll(t, variant{extended: true})
}

// TestReplayByColumns has every query run by columns that can, whatever the sizes of its tables: the answers must be the same.
func TestReplayByColumns(t *testing.T) {
	if *record || *against != target.Kalampg {
		t.Skip("only kalampg has the setting")
	}
	replayAll(t, variant{options: "-c kalam.vectorize=force"})
}

// TestReplayUnoptimised runs every plan as it was bound: the answers must be the same.
func TestReplayUnoptimised(t *testing.T) {
	if *record || *against != target.Kalampg {
		t.Skip("only kalampg has the setting")
	}
	replayAll(t, variant{options: "-c kalam.optimizer=off"})
}

// variant is a way to send the statements that changes nothing about the answers.
type variant struct {
	extended bool
	options  string // start-up options of the sessions
}

func replayAll(t *testing.T, how variant) {
	ctx := context.Background()
	which := *against
	if *record {
		which = target.Reference
	}
	server, err := target.Start(ctx, which)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	gaps := knownGaps(t, which)
	simpleOnly, err := golden.ReadGaps("simple_only.txt")
	check(t, err)
	optimizedOnly, err := golden.ReadGaps("optimized_only.txt")
	check(t, err)
	scripts, err := filepath.Glob("testdata/*.sql")
	if err != nil || len(scripts) == 0 {
		t.Fatal("no scripts in testdata", err)
	}
	var sum golden.Outcome
	for _, path := range scripts {
		topic := strings.TrimSuffix(filepath.Base(path), ".sql")
		t.Run(topic, func(t *testing.T) {
			cases := replay(ctx, t, server, topic, path, how)
			if *record {
				check(t, golden.Write(outPath(topic), cases))
				sum.Passed += len(cases)
				return
			}
			recorded, err := golden.Read(outPath(topic))
			check(t, err)
			outcome, err := golden.Compare(topic, recorded, cases, gaps)
			check(t, err)
			if how.extended {
				// The list of gaps is about the simple protocol; a statement that only fails there is none here.
				outcome.Passed += len(outcome.Closed)
				outcome.Closed = nil
				outcome.Failed = slices.DeleteFunc(outcome.Failed, func(d golden.Difference) bool { return simpleOnly[d.Key] != "" })
			}
			if strings.Contains(how.options, "optimizer=off") {
				outcome.Failed = slices.DeleteFunc(outcome.Failed, func(d golden.Difference) bool { return optimizedOnly[d.Key] != "" })
			}
			sum.Passed += outcome.Passed
			sum.Known += outcome.Known
			sum.Closed = append(sum.Closed, outcome.Closed...)
			sum.Failed = append(sum.Failed, outcome.Failed...)
			report(t, topic, outcome)
		})
	}
	t.Logf("%d statements in %d files: %d as recorded, %d known gaps, %d failed",
		sum.Total(), len(scripts), sum.Passed+len(sum.Closed), sum.Known, len(sum.Failed))
	if *differences != "" {
		path := *differences + map[bool]string{true: ".extended"}[how.extended]
		check(t, writeDifferences(path, sum.Failed))
		check(t, golden.WriteLines(path+".lines", sum.Failed))
	}
}

func outPath(topic string) string { return filepath.Join("testdata", topic+".out") }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// knownGaps returns the list for kalampg; the reference has no gaps.
func knownGaps(t *testing.T, which string) golden.Gaps {
	if which != target.Kalampg {
		return golden.Gaps{}
	}
	gaps, err := golden.ReadGaps("known_gaps.txt")
	check(t, err)
	return gaps
}

// replay runs one script in a database of its own and returns what came back.
func replay(ctx context.Context, t *testing.T, server target.Server, topic, path string, how variant) []golden.Case {
	content, err := os.ReadFile(path)
	check(t, err)
	database := "corpus_" + topic
	check(t, admin(ctx, server, "CREATE DATABASE "+database))
	sessions := map[string]*session{}
	var cases []golden.Case
	for i, st := range parseScript(string(content)) {
		s := sessions[st.session]
		if s == nil {
			s = newSession(server.DSN(database))
			s.options = how.options
			sessions[st.session] = s
		}
		s.extended = how.extended && st.single()
		cases = append(cases, golden.Case{Number: i + 1, Input: st.input(), Output: s.run(ctx, st)})
	}
	for _, s := range sessions {
		s.close()
	}
	// The backend may take a moment to notice that its client left, hence FORCE.
	if err := admin(ctx, server, "DROP DATABASE "+database+" WITH (FORCE)"); err != nil {
		t.Logf("drop the database: %v", err)
	}
	return cases
}

func admin(ctx context.Context, server target.Server, statement string) error {
	conn, err := pgconn.Connect(ctx, server.DSN("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement).ReadAll()
	return err
}

func report(t *testing.T, topic string, o golden.Outcome) {
	t.Logf("%s: %d of %d", topic, o.Passed+len(o.Closed), o.Total())
	for i, d := range o.Failed {
		if i == shownDifferences {
			t.Errorf("… and %d more", len(o.Failed)-i)
			break
		}
		t.Errorf("%s", d)
	}
	for _, key := range o.Closed {
		t.Errorf("%s passes: take it off known_gaps.txt", key)
	}
}

func writeDifferences(path string, all []golden.Difference) error {
	var b strings.Builder
	for _, d := range all {
		fmt.Fprintf(&b, "%s\n\n", d)
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}
