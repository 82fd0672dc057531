package kalampg

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sort"
	"strings"
	"testing"
)

const module = "github.com/kalampg/kalampg"

// rules are the import tables of ARCHITECTURE.md.
type rules struct {
	inside  map[string][]string // room → rooms that it may import
	outside map[string][]string // module → rooms that may import it
}

var leaf = []string{"internal/pgerr", "internal/pgtype", "internal/pgtype/charset", "internal/pgtype/numeric", "internal/pgtype/datetime", "internal/pgtype/jsonb", "internal/pgtype/jsonpath", "internal/pgfacts"}

func readRules(t *testing.T) rules {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	return rules{inside: block(t, string(text), "imports"), outside: block(t, string(text), "outside")}
}

// block reads a fenced block of lines "name: words".
func block(t *testing.T, text, name string) map[string][]string {
	_, rest, ok := strings.Cut(text, "```"+name+"\n")
	if !ok {
		t.Fatalf("ARCHITECTURE.md has no block %q", name)
	}
	body, _, _ := strings.Cut(rest, "```")
	out := make(map[string][]string)
	for _, line := range strings.Split(strings.TrimSpace(body), "\n") {
		room, words, ok := strings.Cut(line, ":")
		if !ok {
			t.Fatalf("ARCHITECTURE.md: %q is not \"room: imports\"", line)
		}
		for _, w := range strings.Fields(words) {
			if w == "leaf" {
				out[room] = append(out[room], leaf...)
				continue
			}
			out[room] = append(out[room], w)
		}
		if out[room] == nil {
			out[room] = []string{}
		}
	}
	return out
}

// violations compares packages' imports with the rules.
func (r rules) violations(imports map[string][]string) []string {
	var out []string
	for pkg, list := range imports {
		if strings.HasPrefix(pkg, "compat_tests") {
			continue
		}
		allowed, known := r.inside[pkg]
		if !known {
			out = append(out, fmt.Sprintf("%s is not in ARCHITECTURE.md: give it a sentence and a line in the import table", pkg))
			continue
		}
		for _, i := range list {
			if room, ok := strings.CutPrefix(i, module+"/"); ok {
				if !slices.Contains(allowed, room) {
					out = append(out, fmt.Sprintf("%s imports %s, which ARCHITECTURE.md does not allow it; it may import: %s", pkg, room, strings.Join(allowed, " ")))
				}
				continue
			}
			for mod, rooms := range r.outside {
				if (i == mod || strings.HasPrefix(i, mod+"/")) && !slices.Contains(rooms, pkg) {
					out = append(out, fmt.Sprintf("%s imports %s, which is only for %s", pkg, i, strings.Join(rooms, ", ")))
				}
			}
		}
	}
	sort.Strings(out)
	return out
}

// TestImports holds the code against the import tables.
func TestImports(t *testing.T) {
	r := readRules(t)
	cmd := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...")
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	imports := make(map[string][]string)
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		words := strings.Fields(line)
		pkg, inside := strings.CutPrefix(words[0], module+"/")
		if inside {
			imports[pkg] = words[1:]
		}
	}
	for _, v := range r.violations(imports) {
		t.Error(v)
	}
	for room := range r.inside {
		if _, exists := imports[room]; !exists {
			t.Errorf("ARCHITECTURE.md names %s, which does not exist", room)
		}
	}
}

// TestImportsBites plants violations that the check must see.
func TestImportsBites(t *testing.T) {
	r := readRules(t)
	for _, planted := range []struct{ pkg, imports string }{
		{"exec", "github.com/linxGnu/grocksdb"},
		{"exec/run", module + "/internal/kv/rocks"},
		{"wire", module + "/catalog"},
		{"wire", module + "/userdata"},
		{"internal/kv", module + "/internal/pgtype"},
		{"internal/pgtype", module + "/exec/expr"},
		{"catalog", module + "/userdata"},
		{"userdata", module + "/catalog"},
		{"exec/plan", "github.com/pganalyze/pg_query_go/v5"},
		{"a/new/room", "fmt"},
	} {
		if v := r.violations(map[string][]string{planted.pkg: {planted.imports}}); len(v) == 0 {
			t.Errorf("%s importing %s was not noticed", planted.pkg, planted.imports)
		}
	}
	if v := r.violations(map[string][]string{"exec/run": {module + "/userdata", "fmt"}}); len(v) != 0 {
		t.Errorf("an allowed import was refused: %v", v)
	}
}
