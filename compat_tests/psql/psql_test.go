package psql

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kalampg/kalampg/compat_tests/golden"
	"github.com/kalampg/kalampg/compat_tests/target"
)

var (
	against = target.Flag()
	lines   = flag.String("lines", "", "write every difference into this file in the form of a list of gaps")
	record  = flag.Bool("record", false, "record the output anew from the reference PostgreSQL")
)

// recordedVersion is the major version of psql that the recordings are of.
const recordedVersion = "15"

// blockMark precedes the output of every block.
const blockMark = "=== block "

var (
	versionPattern  = regexp.MustCompile(`psql \(PostgreSQL\) (\d+)`)
	temporarySchema = regexp.MustCompile(`pg_temp_\d+`)
)

func TestScripts(t *testing.T) {
	requirePsql(t)
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
	gaps, err := golden.ReadGaps("known_gaps.txt")
	check(t, err)
	if which != target.Kalampg {
		gaps = golden.Gaps{}
	}
	scripts, err := filepath.Glob("testdata/*.sql")
	if err != nil || len(scripts) == 0 {
		t.Fatal("no scripts in testdata", err)
	}
	var failed []golden.Difference
	for _, path := range scripts {
		topic := strings.TrimSuffix(filepath.Base(path), ".sql")
		t.Run(topic, func(t *testing.T) {
			cases := runScript(ctx, t, server, topic, path)
			recording := filepath.Join("testdata", topic+".out")
			if *record {
				check(t, golden.Write(recording, cases))
				return
			}
			recorded, err := golden.Read(recording)
			check(t, err)
			outcome, err := golden.Compare(topic, recorded, cases, gaps)
			check(t, err)
			t.Logf("%s: %d of %d", topic, outcome.Passed+len(outcome.Closed), outcome.Total())
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

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func requirePsql(t *testing.T) {
	out, err := exec.Command("psql", "--version").Output()
	if err != nil {
		t.Skip("psql is not installed: run scripts/setup.sh test")
	}
	found := versionPattern.FindSubmatch(out)
	if found == nil || string(found[1]) != recordedVersion {
		t.Skipf("the recordings are of psql %s, this is %s", recordedVersion, bytes.TrimSpace(out))
	}
}

// runScript runs one script in a database of its own and returns the output of its blocks.
func runScript(ctx context.Context, t *testing.T, server target.Server, topic, path string) []golden.Case {
	content, err := os.ReadFile(path)
	check(t, err)
	blocks := splitBlocks(string(content))
	var script strings.Builder
	for i, block := range blocks {
		// \o and \copy … to stdout leave \echo alone; a changed \pset does too.
		fmt.Fprintf(&script, "\\echo '%s%d'\n%s\n", blockMark, i+1, block)
	}
	database := "psql_" + topic
	psql(ctx, t, server, "postgres", "CREATE DATABASE "+database+";\n")
	output := psql(ctx, t, server, database, script.String())
	psql(ctx, t, server, "postgres", "DROP DATABASE "+database+";\n")
	return splitOutput(blocks, output)
}

func psql(ctx context.Context, t *testing.T, server target.Server, database, script string) string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	// Unbuffered output keeps results and errors in the order in which psql wrote them.
	cmd := exec.CommandContext(ctx, "stdbuf", "-o0", "psql", "-X", server.DSN(database))
	cmd.Stdin = strings.NewReader(script)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC", "PGTZ=UTC", "HOME=" + cmd.Dir, "PAGER=cat"}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); ctx.Err() != nil {
		t.Fatalf("psql did not end: %v\n%s", err, output.String())
	}
	return output.String()
}

// splitBlocks returns the parts of a script between empty lines, without those that are comments only.
func splitBlocks(script string) []string {
	var blocks []string
	for _, block := range regexp.MustCompile(`\n\s*\n`).Split(strings.TrimSpace(script), -1) {
		onlyComments := true
		for _, line := range strings.Split(block, "\n") {
			onlyComments = onlyComments && strings.HasPrefix(line, "--")
		}
		if !onlyComments {
			blocks = append(blocks, block)
		}
	}
	return blocks
}

// splitOutput gives every block what was printed after its mark; a session that ended early has printed nothing for
// the rest.
func splitOutput(blocks []string, output string) []golden.Case {
	cases := make([]golden.Case, len(blocks))
	for i, block := range blocks {
		cases[i] = golden.Case{Number: i + 1, Input: block, Output: "(not reached)"}
		_, rest, found := strings.Cut(output, fmt.Sprintf("%s%d\n", blockMark, i+1))
		if !found {
			continue
		}
		printed, _, _ := strings.Cut(rest, blockMark)
		cases[i].Output = trimLines(printed)
	}
	return cases
}

// trimLines drops blanks at the ends of lines, with which psql pads its last column and editors do away, and the places
// in PostgreSQL's source that verbose errors name. The number in a temporary schema's name is the session's.
func trimLines(text string) string {
	var kept []string
	text = temporarySchema.ReplaceAllString(strings.TrimRight(text, "\n"), "pg_temp_N")
	for _, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "LOCATION:  ") {
			kept = append(kept, strings.TrimRight(line, " "))
		}
	}
	return strings.Join(kept, "\n")
}
