package badinput

import (
	"context"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kalampg/kalampg/compat_tests/server"
	"github.com/kalampg/kalampg/compat_tests/target"
)

var (
	mutating = flag.Duration("mutating", 5*time.Second, "how long TestMutatedStatements runs")
	mutation = flag.Uint64("mutation", 1, "the seed of TestMutatedStatements; 0: by the clock")
)

// pieces are what a statement is cut into and put together from: words, literals, operators, spaces.
var pieces = regexp.MustCompile(`(?s)'(?:[^']|'')*'|"[^"]*"|\w+|\s+|::|[^\w\s]`)

// hostile are pieces that go in the place of others.
var hostile = []string{"NULL", "''", "0", "-1", "1", "2147483647", "-2147483648", "9223372036854775807", "1e308", "'NaN'", "'infinity'", "'{}'", "'{NULL}'", "'{}'::int[]", "'[]'", "'null'::jsonb",
	"ARRAY[]::text[]", "ROW()", "(SELECT NULL)", "*", "()", "DISTINCT", "DEFAULT", "$1", "1/0", "'\\x'::bytea", "''::name", "'1 day'::interval", "'-infinity'::timestamptz", "current_user", "pg_class", "generate_series(1,3)",
	"count(*)", "ctid", "tableoid", "0::oid", "'a'::regclass", "INT", "OVER ()", "FOR UPDATE", "LATERAL", "ORDER BY 1", "UNION", "LIMIT 1"}

// corpus reads the statements of the recorded tests.
func corpus(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(server.Root(), "compat_tests", "sql", "testdata", "*.sql"))
	noError(t, err)
	var all []string
	for _, p := range paths {
		text, err := os.ReadFile(p)
		noError(t, err)
		for _, s := range strings.Split(string(text), ";\n") {
			lower := strings.ToLower(s)
			if len(s) < 4000 && !strings.Contains(lower, "pg_sleep") && !strings.Contains(lower, "pg_terminate") && !strings.Contains(lower, "copy") && !strings.Contains(lower, "pg_cancel") {
				all = append(all, s)
			}
		}
	}
	return all
}

// kind tells strings, numbers and words, which may take each other's places, from the rest.
func kind(piece string) byte {
	switch c := piece[0]; {
	case c == '\'':
		return 's'
	case c >= '0' && c <= '9':
		return 'n'
	case c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z':
		return 'w'
	}
	return piece[0]
}

// some gives the index of a random piece that is not a space, of a kind unless that is 0; -1 if there is none.
func some(r *rand.Rand, p []string, of byte) int {
	for range 40 {
		if i := r.IntN(len(p)); strings.TrimSpace(p[i]) != "" && (of == 0 || kind(p[i]) == of) {
			return i
		}
	}
	return -1
}

// mutate replaces, drops, repeats or swaps some pieces of a statement, also by pieces of another. Most statements get a value that is
// likely to be hard to digest, so that they pass the grammar.
func mutate(r *rand.Rand, all []string) string {
	p := pieces.FindAllString(all[r.IntN(len(all))], -1)
	other := pieces.FindAllString(all[r.IntN(len(all))], -1)
	if len(p) == 0 || len(other) == 0 {
		return ""
	}
	for range 1 + r.IntN(3) {
		i := some(r, p, "snw\x00"[r.IntN(4)])
		if i < 0 {
			continue
		}
		j := some(r, other, kind(p[i]))
		switch way := r.IntN(20); {
		case way < 8:
			p[i] = hostile[r.IntN(len(hostile))]
		case way < 14 && j >= 0:
			p[i] = other[j]
		case way < 15:
			p = append(p[:i:i], p[i+1:]...)
			if len(p) == 0 {
				return ""
			}
		case way < 16:
			k := r.IntN(len(p))
			p[i], p[k] = p[k], p[i]
		case way < 17 && j >= 0:
			p = append(p[:i:i], append(append([]string{" "}, other[j:min(len(other), j+r.IntN(12))]...), p[i:]...)...)
		case way < 18:
			p[i] = "(" + p[i] + ")" + []string{"::text", "::int", "::numeric", "::jsonb", "::int[]", "::interval", "[1]", ".a", " IS NULL", " COLLATE \"C\""}[r.IntN(10)]
		}
	}
	return strings.Join(p, "")
}

// TestMutatedStatements runs statements that were made wrong at random: whatever they are, the session answers and lives on.
func TestMutatedStatements(t *testing.T) {
	if *against == target.Reference {
		t.Skip("it is about kalampg")
	}
	s := kalampg(t, server.Options{Arguments: []string{"--http", "off"}})
	all := corpus(t)
	seed := *mutation
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	r := rand.New(rand.NewPCG(seed, 0))
	count, failures := 0, map[string]int{}
	var conn *pgx.Conn
	settings := ""
	for began := time.Now(); time.Since(began) < *mutating; count++ {
		if conn == nil || conn.IsClosed() || count%500 == 0 {
			if conn != nil {
				_ = conn.Close(context.Background())
			}
			conn = connectTo(t, s.DSN("postgres"))
			settings = "SET statement_timeout = '500ms'"
			if count/500%2 == 1 {
				settings += "; SET kalam.vectorize = force" // the other way to run queries, which small tables do not see else
			}
			_, err := conn.PgConn().Exec(limited(t), settings).ReadAll()
			noError(t, err)
		}
		text := mutate(r, all)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		_, err := conn.PgConn().Exec(ctx, text).ReadAll()
		if code(err) == "" {
			_, _ = conn.PgConn().Exec(ctx, "ROLLBACK; RESET SESSION AUTHORIZATION; RESET ROLE; "+settings).ReadAll()
		}
		late := ctx.Err() != nil
		cancel()
		failures[code(err)]++
		switch c := code(err); {
		case c == "XX000", c == "58000", c == "?" && strings.Contains(s.Log(), "panic in a session"), late:
			t.Errorf("seed %d, statement %d: %v\n%s\n", seed, count, err, text)
		}
		if conn.IsClosed() && code(err) != "?" && code(err)[:2] == "58" {
			t.Errorf("seed %d: the connection is gone after %s", seed, text)
		}
		if len(failures) > 0 && t.Failed() && failures["XX000"]+failures["58000"] > 20 {
			break
		}
	}
	t.Logf("seed %d: %d statements, by SQLSTATE: %v", seed, count, failures)
}
