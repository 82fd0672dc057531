package bind_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/bind/bindtest"
	"github.com/kalampg/kalampg/exec/parse"
)

// TestViews writes queries as view definitions, plain and pretty, and compares them with pg_get_viewdef's. What is written must bind again.
func TestViews(t *testing.T) {
	files, _ := filepath.Glob("testdata/views/*.sql")
	if *record != "" {
		recordViews(t, files)
	}
	env := bindtest.Env(t)
	for _, f := range files {
		want := splitOut(t, strings.TrimSuffix(f, ".sql")+".out")
		for i, sql := range statements(t, f) {
			got := sql + "\n" + viewTexts(env, sql)
			if i >= len(want) || got != want[i] {
				t.Errorf("got\n%s\nwant\n%s", got, want[min(i, len(want)-1)])
			}
		}
	}
}

func viewTexts(env *bind.Env, sql string) string {
	stmts, err := parse.Parse(sql)
	if err != nil {
		return err.Error()
	}
	d, err := bind.BindView(env, stmts[0].Node.GetSelectStmt())
	if err != nil {
		return err.Error()
	}
	plain, err := bind.ViewText(env, d.Query, false)
	if err != nil {
		return d.Query + "\n" + err.Error()
	}
	pretty, err := bind.ViewText(env, d.Query, true)
	if err != nil {
		return d.Query + "\n" + err.Error()
	}
	return plain + "\n---\n" + pretty
}

func recordViews(t *testing.T, files []string) {
	ctx := context.Background()
	cfg, _ := pgx.ParseConfig(*record)
	cfg.Database = "kalampg_bind_test"
	c, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	for _, f := range files {
		var out []string
		for i, sql := range statements(t, f) {
			tx, _ := c.Begin(ctx)
			name := fmt.Sprintf("recorded_%d", i)
			var plain, pretty string
			_, err := tx.Exec(ctx, "CREATE VIEW "+name+" AS "+sql)
			if err == nil {
				err = tx.QueryRow(ctx, "SELECT pg_get_viewdef($1::text::regclass), pg_get_viewdef($1::text::regclass, true)", name).Scan(&plain, &pretty)
			}
			text := plain + "\n---\n" + pretty
			if err != nil {
				text = err.Error()
			}
			out = append(out, sql+"\n"+text)
			tx.Rollback(ctx)
		}
		writeOut(t, f, out)
	}
}
