package parse

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kalampg/kalampg/internal/pgerr"
)

func TestManyComments(t *testing.T) {
	for text, want := range map[string]string{
		strings.Repeat("/*", 1000) + strings.Repeat("*/", 1000) + "SELECT 1":        "",
		"SELECT" + strings.Repeat("/**/", 1000) + "'/*' /* é */ || $$/* */$$ -- /*": "",
		"SELECT -- /*\n" + strings.Repeat("--/*\n", 100) + "'b'":                    "",
		"SELECT 1" + strings.Repeat("/* */", 1000) + "/* no end":                    "unterminated /* comment",
		"SELECT 1" + strings.Repeat("/*\n*/", 1000) + "SELECT 2":                    `syntax error at or near "2"`,
	} {
		statements, err := Parse(text)
		if want == "" && (err != nil || len(statements) != 1) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.80s: %d statements, %v", text, len(statements), err)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		sql      string
		code     pgerr.Code
		message  string
		position int
	}{
		{"select 'é' from from", "42601", `syntax error at or near "from"`, 17},
		{"select", "", "", 0},
		{"select 1 +", "42601", "syntax error at end of input", 11},
		{`select E'\u12'`, "22025", "invalid Unicode escape", 10},
		{"select 1 limit 1,2", "42601", "LIMIT #,# syntax is not supported", 10},
		{"create assertion x check (true)", "0A000", "CREATE ASSERTION is not yet implemented", 0},
		{"select float(0) '1'", "22023", "precision for type float must be at least 1 bit", 14},
		{"select 'a\x00b'", "22021", `invalid byte sequence for encoding "UTF8": 0x00`, 0},
		{"select 'a\xffb'", "22021", `invalid byte sequence for encoding "UTF8": 0xff`, 0},
		{"select 1" + strings.Repeat("+1", 100000), "54001", "stack depth limit exceeded", 0},
		{"select 1" + strings.Repeat("::int", 100000), "54001", "stack depth limit exceeded", 0},
		{"select 1" + strings.Repeat(" union select 1", 100000), "54001", "stack depth limit exceeded", 0},
		{"select 1 from a" + strings.Repeat(" natural join a", 100000), "54001", "stack depth limit exceeded", 0},
		{"select a" + strings.Repeat("[1]", 100000), "54001", "stack depth limit exceeded", 0},
		{"select " + strings.Repeat("(", 9000) + "1" + strings.Repeat(")", 9000), "", "", 0},
		{"select " + strings.Repeat("(1+", 100000), "54001", "stack depth limit exceeded", 0},
		{"select " + strings.Repeat("not ", 100000) + "true", "42601", `memory exhausted at or near "not"`, 40000},
		{"select 1 where true" + strings.Repeat(" or x = 1", 100000), "", "", 0},
		{"insert into t values (1,2)" + strings.Repeat(",(1+1,2)", 100000), "", "", 0},
		{"select 1 from t where x in (1" + strings.Repeat(",-1", 100000) + ")", "", "", 0},
		{"SUBSCRIBE (SELECT 1)", "0A000", "SUBSCRIBE is not supported", 0},
		{"select 1; FLUSH TABLE t", "0A000", "FLUSH TABLE is not supported", 0},
	} {
		name := c.sql[:min(len(c.sql), 40)]
		_, err := Parse(c.sql)
		if c.code == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		e, ok := pgerr.As(err)
		if !ok || e.Code != c.code || e.Message != c.message || c.position < 10000 && e.Position != c.position {
			t.Errorf("%s: got %+v", name, e)
		}
	}
}

func TestWords(t *testing.T) {
	show := func(sql string) string {
		stmts, err := Parse(sql)
		if err != nil {
			return err.Error()
		}
		var out []string
		for _, s := range stmts {
			out = append(out, fmt.Sprintf("%T|%c|%s|%s", s.Node.Node, max(s.Class, '-'), s.AsUser, s.Text))
		}
		return strings.Join(out, "\n")
	}
	for _, c := range [][2]string{
		{"", ""},
		{" ; -- nothing\n/* at /* all */ */;", ""},
		{"begin", "*pg_query.Node_TransactionStmt|-||begin"},
		{" Commit ; ", "*pg_query.Node_TransactionStmt|-||Commit"},
		{"CREATE USER TABLE IF NOT EXISTS t (a int)", "*pg_query.Node_CreateStmt|u||CREATE USER TABLE IF NOT EXISTS t (a int)"},
		{"create stream table t (a int) with (ttl = '10 s'); select 2", "*pg_query.Node_CreateStmt|t||create stream table t (a int) with (ttl = '10 s')\n*pg_query.Node_SelectStmt|-||select 2"},
		{"select 1; create shared table t (a int)", "*pg_query.Node_SelectStmt|-||select 1\n*pg_query.Node_CreateStmt|s||create shared table t (a int)"},
		{"CREATE USER u PASSWORD 'x'", "*pg_query.Node_CreateRoleStmt|-||CREATE USER u PASSWORD 'x'"},
		{"create namespace if not exists n", "*pg_query.Node_CreateSchemaStmt|-||create namespace if not exists n"},
		{"drop namespace n cascade", "*pg_query.Node_DropStmt|-||drop namespace n cascade"},
		{"EXECUTE AS USER 'al''ice' (SELECT (1)); select 2", "*pg_query.Node_SelectStmt|-|al'ice|EXECUTE AS USER 'al''ice' (SELECT (1))\n*pg_query.Node_SelectStmt|-||select 2"},
		{"execute as user x select 1", `syntax error at or near "select" (SQLSTATE 42601)`},
		{"select $$;create namespace x$$; drop namespace y", "*pg_query.Node_SelectStmt|-||select $$;create namespace x$$\n*pg_query.Node_DropStmt|-||drop namespace y"},
	} {
		if got := show(c[0]); got != c[1] {
			t.Errorf("%q:\n got %q\nwant %q", c[0], got, c[1])
		}
	}
}

func TestCache(t *testing.T) {
	c := NewCache(16 * 100)
	a, _ := c.Parse("select 1")
	b, _ := c.Parse("select 1")
	if &a[0] != &b[0] {
		t.Fatal("not cached")
	}
	for i := range 200 {
		if _, err := c.Parse(fmt.Sprintf("select %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range c.shards {
		if s := &c.shards[i]; s.size > s.limit || len(s.byKey) != s.order.Len() {
			t.Fatalf("shard %d: %d bytes of %d", i, s.size, s.limit)
		}
	}
}
