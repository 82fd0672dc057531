package drivers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/kalampg/kalampg/compat_tests/golden"
	"github.com/kalampg/kalampg/compat_tests/reference"
	"github.com/kalampg/kalampg/compat_tests/target"
)

var (
	against = target.Flag()
	lines   = flag.String("lines", "", "write every difference into this file in the form of a list of gaps")
	record  = flag.Bool("record", false, "record the output anew from the reference PostgreSQL")
)

// notPrinted stands for the result of a check whose line never came: the program ended or hung before.
const notPrinted = "(not printed)"

// featureNotSupported is the SQLSTATE of what a server does not have.
const featureNotSupported = "0A000"

// programTime ends a program that waits for something which does not come.
const programTime = time.Minute

// wide is the length from which a result is laid out over several lines, for readable differences.
const wide = 140

// Object ids above the built-in ones depend on what was created before. Error codes are texts, ids are numbers.
var userObject = regexp.MustCompile(`([\[,:] ?)(1[6-9]|[2-9][0-9])[0-9]{3}\b`)

// program is one client program and what it needs.
type program struct {
	name    string
	runtime string   // the executable, on PATH or in the cache
	needs   string   // what setup.sh puts into the cache
	command []string // relative to this folder
	env     []string
}

func programs(cache string) []program {
	python := filepath.Join(cache, "python", "bin", "python")
	modules := filepath.Join(cache, "node", "node_modules")
	var all []program
	for _, name := range []string{"psycopg", "psycopg2", "asyncpg", "sqlalchemy"} {
		all = append(all, program{name: name, runtime: python, needs: filepath.Join(cache, "python", "ready"),
			command: []string{python, "python/check_" + name + ".py"}, env: []string{"PYTHONDONTWRITEBYTECODE=1"}})
	}
	for _, name := range []string{"pg", "postgres"} {
		all = append(all, program{name: "node_" + name, runtime: "node", needs: filepath.Join(cache, "node", "ready"),
			command: []string{"node", "node/check_" + name + ".js"}, env: []string{"NODE_PATH=" + modules}})
	}
	return append(all, program{name: "pgjdbc", runtime: "javac", needs: filepath.Join(cache, "java", "ready"),
		command: []string{"java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", filepath.Join(cache, "java", "*"), "java/Checks.java"}})
}

func TestDrivers(t *testing.T) {
	ctx := context.Background()
	which := *against
	if *record {
		which = target.Reference
	}
	server, err := target.Start(ctx, which)
	check(t, err)
	defer server.Stop()
	gaps := golden.Gaps{}
	if which == target.Kalampg {
		gaps, err = golden.ReadGaps("known_gaps.txt")
		check(t, err)
	}
	schema, err := os.ReadFile("testdata/schema.sql")
	check(t, err)
	var failed []golden.Difference
	for _, p := range programs(filepath.Join(reference.CacheDir(), "drivers")) {
		t.Run(p.name, func(t *testing.T) {
			p.require(t)
			database := "drivers_" + p.name
			layOut(ctx, t, server, database, string(schema))
			printed := p.run(ctx, t, server, database)
			failed = append(failed, p.compare(t, printed, gaps)...)
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

func (p program) require(t *testing.T) {
	if _, err := exec.LookPath(p.runtime); err != nil {
		t.Skipf("%s is not installed: run scripts/setup.sh test", filepath.Base(p.runtime))
	}
	if _, err := os.Stat(p.needs); err != nil {
		t.Skipf("the libraries of %s are not installed: run scripts/setup.sh test", p.name)
	}
}

// layOut creates a program's database with the schema that all find.
func layOut(ctx context.Context, t *testing.T, server target.Server, database, schema string) {
	admin, err := pgx.Connect(ctx, server.DSN("postgres"))
	check(t, err)
	defer admin.Close(ctx)
	_, err = admin.Exec(ctx, "CREATE DATABASE "+database)
	check(t, err)
	c, err := pgx.Connect(ctx, server.DSN(database))
	check(t, err)
	defer c.Close(ctx)
	for _, statement := range strings.Split(strings.TrimSpace(schema), "\n\n") {
		_, err := c.Exec(ctx, statement)
		// What the server does not have shows in the checks that look at it.
		if failure := (*pgconn.PgError)(nil); errors.As(err, &failure) && failure.Code == featureNotSupported {
			t.Logf("%v\n%s", err, statement)
		} else if err != nil {
			t.Errorf("%v\n%s", err, statement)
		}
	}
}

// run returns the results by the names of the checks, in the order in which they were printed.
func (p program) run(ctx context.Context, t *testing.T, server target.Server, database string) []golden.Case {
	ctx, cancel := context.WithTimeout(ctx, programTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.command[0], p.command[1:]...)
	home := t.TempDir()
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LC_ALL=C.UTF-8", "TZ=UTC", "DRIVER_DSN=" + server.DSN(database),
		fmt.Sprintf("DRIVER_JDBC=jdbc:postgresql://127.0.0.1:%d/%s?user=postgres&sslmode=disable", server.Port(), database)}, p.env...)
	var output, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &complaints
	cmd.WaitDelay = time.Second
	started := time.Now()
	if err := cmd.Run(); errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Errorf("%s did not end within %v; its last line: %s", p.name, programTime, lastLine(output.String()))
	} else if err != nil {
		t.Errorf("%s: %v\n%s", p.name, err, complaints.String())
	}
	t.Logf("%s ran for %v", p.name, time.Since(started).Round(time.Millisecond))
	return cases(output.String())
}

func lastLine(text string) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return all[len(all)-1]
}

// cases splits the output of a program.
func cases(output string) []golden.Case {
	var all []golden.Case
	for _, line := range strings.Split(output, "\n") {
		name, result, ok := strings.Cut(line, "\t")
		if !ok {
			continue
		}
		result = userObject.ReplaceAllString(result, "${1}\"OID\"")
		all = append(all, golden.Case{Number: len(all) + 1, Input: name, Output: laidOut(result)})
	}
	return all
}

// laidOut puts a long list on several lines.
func laidOut(result string) string {
	if len(result) < wide {
		return result
	}
	var parts []json.RawMessage
	if json.Unmarshal([]byte(result), &parts) != nil {
		return result
	}
	var b strings.Builder
	b.WriteString("[\n")
	for _, part := range parts {
		b.WriteString("  " + strings.ReplaceAll(laidOut(string(part)), "\n", "\n  ") + "\n")
	}
	return b.String() + "]"
}

// compare sets the printed results against the recording and returns those that are no known gaps.
func (p program) compare(t *testing.T, printed []golden.Case, gaps golden.Gaps) []golden.Difference {
	recording := filepath.Join("testdata", p.name+".out")
	if *record {
		check(t, golden.Write(recording, printed))
		return nil
	}
	recorded, err := golden.Read(recording)
	check(t, err)
	results := make(map[string]string, len(printed))
	for _, c := range printed {
		results[c.Input] = c.Output
	}
	// A line that is missing does not shift the ones behind it.
	got := make([]golden.Case, len(recorded))
	for i, c := range recorded {
		got[i] = golden.Case{Number: c.Number, Input: c.Input, Output: notPrinted}
		if result, ok := results[c.Input]; ok {
			got[i].Output = result
			delete(results, c.Input)
		}
	}
	for name := range results {
		t.Errorf("%s is not recorded: record it anew", name)
	}
	outcome, err := golden.Compare(p.name, recorded, got, gaps)
	check(t, err)
	t.Logf("%s: %d of %d", p.name, outcome.Passed+len(outcome.Closed), outcome.Total())
	for _, d := range outcome.Failed {
		t.Errorf("%s", d)
	}
	for _, key := range outcome.Closed {
		t.Errorf("%s passes: take it off known_gaps.txt", key)
	}
	return outcome.Failed
}
