// Package readme holds README's first minute in psql against the server: every statement in it is run by the real psql, and what psql prints must be what README shows.
package readme

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

	"github.com/kalampg/kalampg/compat_tests/server"
)

var rewrite = flag.Bool("rewrite", false, "write what psql prints into README.md")

// prompt is psql's, before a statement's first line or a further one.
var prompt = regexp.MustCompile(`^\w+[=-][#>] `)

const fence = "```"

// step is one statement of the transcript: the lines with prompts, and the output below them.
type step struct{ input, output []string }

func TestFirstMinute(t *testing.T) {
	if _, err := exec.LookPath("psql"); err != nil {
		t.Skip("psql is not installed; make test installs it")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	path := filepath.Join(server.Root(), "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), fence+"psql\n")
	if !ok {
		t.Fatal("README.md has no block of a psql session")
	}
	block, after, _ := strings.Cut(rest, fence)
	steps := split(block)
	s, err := server.Start(ctx, server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	outputs, err := run(ctx, s.DSN("postgres"), steps)
	if err != nil {
		t.Fatal(err)
	}
	var is strings.Builder
	for i, st := range steps {
		is.WriteString(strings.Join(st.input, "\n") + "\n")
		is.WriteString(outputs[i])
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(before+fence+"psql\n"+is.String()+fence+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got := is.String(); got != block {
		t.Errorf("README's first minute is not what psql shows.\n--- README\n%s\n--- psql\n%s", block, got)
	}
}

// split takes a transcript apart.
func split(block string) []step {
	var out []step
	for _, line := range strings.Split(strings.TrimSuffix(block, "\n"), "\n") {
		switch {
		case prompt.MatchString(line) && line[strings.IndexAny(line, "=-")] == '=':
			out = append(out, step{input: []string{line}})
		case prompt.MatchString(line):
			out[len(out)-1].input = append(out[len(out)-1].input, line)
		default:
			out[len(out)-1].output = append(out[len(out)-1].output, line)
		}
	}
	return out
}

// run gives the steps to one psql and cuts its output at marks between them.
func run(ctx context.Context, dsn string, steps []step) ([]string, error) {
	const mark = "--mark--"
	var script strings.Builder
	for _, st := range steps {
		for _, line := range st.input {
			script.WriteString(prompt.ReplaceAllString(line, "") + "\n")
		}
		fmt.Fprintf(&script, "\\echo %s\n", mark)
	}
	cmd := exec.CommandContext(ctx, "psql", "-X", dsn)
	cmd.Stdin = strings.NewReader(script.String())
	cmd.Env = append(os.Environ(), "PGTZ=UTC", "LC_ALL=C.UTF-8", "PAGER=")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("psql: %w\n%s", err, out.String())
	}
	parts := strings.Split(out.String(), mark+"\n")
	if len(parts) != len(steps)+1 {
		return nil, fmt.Errorf("%d steps gave %d outputs:\n%s", len(steps), len(parts)-1, out.String())
	}
	return parts[:len(steps)], nil
}
