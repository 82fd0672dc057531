package builtin

import (
	"context"
	"os"
	"strings"
	"testing"
)

// The file testdata/pretty.exprs has three lines for each expression over the table t (a int, b int, s text, f bool, d timestamp, x int[]): the expression, and after
// "= " PostgreSQL's plain and pretty forms of it as a CHECK. -record writes them anew.
const prettyFile = "testdata/pretty.exprs"

func TestPrettyExpr(t *testing.T) {
	content, err := os.ReadFile(prettyFile)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	if *record {
		lines = recordPretty(t, lines)
	}
	for i := 0; i+2 < len(lines); i += 3 {
		unescape := strings.NewReplacer(`\n`, "\n", `\\`, `\`)
		plain, pretty := unescape.Replace(strings.TrimPrefix(lines[i+1], "= ")), unescape.Replace(strings.TrimPrefix(lines[i+2], "= "))
		if got := prettyExpr(plain); got != pretty {
			t.Errorf("%s\n got %s\nwant %s", plain, got, pretty)
		}
	}
}

func recordPretty(t *testing.T, lines []string) []string {
	conn := connectReference(t)
	ctx := context.Background()
	exec := func(sql string) {
		if _, err := conn.PgConn().Exec(ctx, sql).ReadAll(); err != nil {
			t.Fatal(sql, err)
		}
	}
	exec("CREATE TEMP TABLE t (a int, b int, s text, f bool, d timestamp, x int[])")
	var out []string
	for _, line := range lines {
		if strings.HasPrefix(line, "= ") {
			continue
		}
		exec("ALTER TABLE t ADD CONSTRAINT k CHECK (" + line + ")")
		forms := "FROM pg_constraint WHERE conrelid = 't'::regclass AND conname = 'k'"
		out = append(out, line)
		out = append(out, ask(conn, "SELECT pg_get_expr(conbin, conrelid) "+forms)...)
		out = append(out, ask(conn, "SELECT pg_get_expr(conbin, conrelid, true) "+forms)...)
		exec("ALTER TABLE t DROP CONSTRAINT k")
	}
	if err := os.WriteFile(prettyFile, []byte(strings.Join(out, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return out
}
