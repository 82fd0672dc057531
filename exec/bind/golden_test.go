package bind_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/bind/bindtest"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

var record = flag.String("record", "", "connection string of a PostgreSQL 16 to record testdata/*.out from")

var rewrite = flag.Bool("rewrite", false, "write the answers of testdata/differs")

// statements reads the statements of a file: one or more lines each, with an empty line between; lines that begin with -- are left out.
func statements(t *testing.T, path string) []string {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range strings.Split(string(b), "\n\n") {
		var lines []string
		for _, l := range strings.Split(strings.TrimSpace(p), "\n") {
			if !strings.HasPrefix(l, "-- ") {
				lines = append(lines, l)
			}
		}
		if s := strings.Join(lines, "\n"); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// TestDescribe binds every statement of testdata/describe/*.sql and compares the types of parameters and columns, or the error, with what PostgreSQL said.
func TestDescribe(t *testing.T) {
	files, err := filepath.Glob("testdata/describe/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	if *record != "" {
		recordAll(t, files)
	}
	env := bindtest.Env(t)
	compare(t, env, files)
}

// TestDiffers is TestDescribe for statements whose answer is not PostgreSQL's; -rewrite writes down what it is.
func TestDiffers(t *testing.T) {
	files, err := filepath.Glob("testdata/differs/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	env := bindtest.Env(t)
	if *rewrite {
		for _, f := range files {
			var out []string
			for _, sql := range statements(t, f) {
				out = append(out, sql+"\n"+describe(env, sql))
			}
			writeOut(t, f, out)
		}
	}
	compare(t, env, files)
}

func writeOut(t *testing.T, f string, out []string) {
	t.Helper()
	if err := os.WriteFile(strings.TrimSuffix(f, ".sql")+".out", []byte(strings.Join(out, separator)+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func compare(t *testing.T, env *bind.Env, files []string) {
	t.Helper()
	for _, f := range files {
		want := splitOut(t, strings.TrimSuffix(f, ".sql")+".out")
		for i, sql := range statements(t, f) {
			got := sql + "\n" + describe(env, sql)
			if i >= len(want) || got != want[i] {
				w := "(missing)"
				if i < len(want) {
					w = want[i]
				}
				t.Errorf("%s:\n got %s\nwant %s", filepath.Base(f), got, w)
			}
		}
	}
}

const separator = "\n\n"

func splitOut(t *testing.T, path string) []string {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), separator)
}

func describe(env *bind.Env, sql string) string {
	stmts, err := parse.Parse(sql)
	if err != nil {
		return showError(err)
	}
	s, err := bind.Bind(context.Background(), env, stmts[0], nil)
	if err != nil {
		return showError(err)
	}
	var params, cols []string
	for _, p := range s.Params {
		params = append(params, typeText(env, p.OID, -1))
	}
	for _, c := range s.Columns {
		cols = append(cols, fmt.Sprintf("%s %s%s", c.Name, wireType(env, c.Type, c.Typmod), originText(env, c.Table, c.Num)))
	}
	return show(params, cols)
}

// wireType is what RowDescription says of a column: a domain is its base type there.
func wireType(env *bind.Env, t *pgtype.Type, mod int32) string {
	for t.Kind == pgtype.KindDomain {
		if mod < 0 {
			mod = t.BaseMod
		}
		t = t.Base
	}
	return typeText(env, t.OID, mod)
}

func originText(env *bind.Env, table pgtype.OID, num int16) string {
	if table == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s %d)", env.Catalog.Relation(table).Name, num)
}

func typeText(env *bind.Env, oid pgtype.OID, mod int32) string {
	t := pgtype.ByOID(oid)
	if t == nil {
		t = env.Catalog.Type(oid)
	}
	return pgtype.FormatType(t, mod)
}

func show(params, cols []string) string {
	return "params: " + strings.Join(params, ", ") + "\ncolumns: " + strings.Join(cols, ", ")
}

func showError(err error) string {
	e, ok := pgerr.As(err)
	if !ok {
		return "not an SQL error: " + err.Error()
	}
	return errorText(string(e.Code), e.Message, e.Detail, e.Hint, e.Position)
}

func errorText(code, message, detail, hint string, position int) string {
	s := fmt.Sprintf("ERROR %s at %d: %s", code, position, message)
	if detail != "" {
		s += "\nDETAIL: " + detail
	}
	if hint != "" {
		s += "\nHINT: " + hint
	}
	return s
}

// recordAll asks the PostgreSQL at -record, in a database made for it.
func recordAll(t *testing.T, files []string) {
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, *record)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(ctx)
	const name = "kalampg_bind_test"
	for _, q := range []string{"DROP DATABASE IF EXISTS " + name, "CREATE DATABASE " + name} {
		if _, err := admin.Exec(ctx, q); err != nil {
			t.Fatal(err)
		}
	}
	cfg, _ := pgx.ParseConfig(*record)
	cfg.Database = name
	c, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, bindtest.Schema); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		var out []string
		for _, sql := range statements(t, f) {
			out = append(out, sql+"\n"+ask(ctx, t, c, sql))
		}
		writeOut(t, f, out)
	}
}

func ask(ctx context.Context, t *testing.T, c *pgx.Conn, sql string) string {
	d, err := c.PgConn().Prepare(ctx, "", sql, nil)
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return errorText(pe.Code, pe.Message, pe.Detail, pe.Hint, int(pe.Position))
	}
	if err != nil {
		t.Fatal(err)
	}
	format := func(oid uint32, mod int32) (s string) {
		if err := c.QueryRow(ctx, "select format_type($1, $2)", oid, mod).Scan(&s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	var params, cols []string
	for _, p := range d.ParamOIDs {
		params = append(params, format(p, -1))
	}
	for _, f := range d.Fields {
		origin := ""
		if f.TableOID != 0 {
			var rel string
			if err := c.QueryRow(ctx, "select relname from pg_class where oid = $1", f.TableOID).Scan(&rel); err != nil {
				t.Fatal(err)
			}
			origin = fmt.Sprintf(" (%s %d)", rel, int16(f.TableAttributeNumber))
		}
		cols = append(cols, fmt.Sprintf("%s %s%s", f.Name, format(f.DataTypeOID, f.TypeModifier), origin))
	}
	return show(params, cols)
}
