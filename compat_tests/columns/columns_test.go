package columns

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/compat_tests/server"
)

var (
	seed = flag.Uint64("seed", 1, "of the rows")
	size = flag.Int("rows", 1300, "of the larger table; from about a thousand on its columns are kept")
)

const schema = `
CREATE TABLE a (id int PRIMARY KEY, i2 smallint, i4 int, i8 bigint, f4 real, f8 double precision, n numeric, m numeric(12,2), d date, ts timestamp,
  b boolean, t text, c char(6), g int, h text NOT NULL);
CREATE TABLE b (id int PRIMARY KEY, i2 smallint, i4 int, i8 bigint, f8 double precision, n numeric, m numeric(12,2), d date, t text, c char(6), g int);
`

// maker makes values as SQL text.
type maker struct{ r *rand.Rand }

func (m maker) of(list ...string) string { return list[m.r.IntN(len(list))] }

func (m maker) or(null int, value string) string {
	if m.r.IntN(null) == 0 {
		return "NULL"
	}
	return value
}

func (m maker) text() string {
	return m.of("'a'", "'b'", "'ab'", "''", "'abc '", "'a b'", "'xyz'", fmt.Sprintf("'w%d'", m.r.IntN(2000)), fmt.Sprintf("'%d special packages'", m.r.IntN(50)), "'ä'")
}

func (m maker) number() string {
	return m.of("0", "1", "1.0", "1.00", "-2.5", fmt.Sprintf("%d.%02d", m.r.IntN(1000), m.r.IntN(100)), fmt.Sprintf("%d", m.r.IntN(100)), "'NaN'", "'Infinity'",
		"123456789012345678901234567890.123", "9223372036854775807", "-9223372036854775808", "0.000000000000000000001")
}

func (m maker) row(table string, id int) string {
	r := m.r
	i2 := m.or(8, m.of("0", "1", "-1", "32767", "-32768", fmt.Sprint(r.IntN(50))))
	i4 := m.or(8, m.of("0", "1", "2147483647", "-2147483648", fmt.Sprint(r.IntN(2000)), fmt.Sprint(r.IntN(20))))
	i8 := m.or(8, m.of("0", "-1", "9223372036854775807", "-9223372036854775808", fmt.Sprint(r.IntN(2000)), fmt.Sprint(r.IntN(20))))
	f8 := m.or(8, m.of("0", "'-0'", "1.5", "'NaN'", "'Infinity'", "'-Infinity'", fmt.Sprintf("%g", r.NormFloat64())))
	n := m.or(8, m.number())
	money := m.or(8, fmt.Sprintf("%d.%02d", r.IntN(2000)-1000, r.IntN(100)))
	d := m.or(8, m.of("'2000-01-01'", "'infinity'", "'-infinity'", "'0044-03-15 BC'", fmt.Sprintf("date '1992-01-01' + %d", r.IntN(2500))))
	text, c := m.or(8, m.text()), m.or(8, m.text())
	if len(c) > 8 {
		c = "'q'"
	}
	g := m.or(20, fmt.Sprint(r.IntN(7)))
	if table == "b" {
		return fmt.Sprintf("(%d,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)", id, i2, i4, i8, f8, n, money, d, text, c, g)
	}
	f4 := m.or(8, m.of("0", "0.1", "'NaN'", "3e38", fmt.Sprint(r.IntN(100))))
	ts := m.or(8, m.of("'2000-01-01 12:00'", "'infinity'", fmt.Sprintf("timestamp '1995-01-01' + %d * interval '1 hour'", r.IntN(5000))))
	return fmt.Sprintf("(%d,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)", id, i2, i4, i8, f4, f8, n, money, d, ts, m.or(5, m.of("true", "false")), text, c, g,
		m.of("'north'", "'south'", "'east'"))
}

func load(ctx context.Context, t *testing.T, conn *pgconn.PgConn) {
	m := maker{rand.New(rand.NewPCG(*seed, 3))}
	run := func(sql string) {
		if _, err := conn.Exec(ctx, sql).ReadAll(); err != nil {
			t.Fatalf("%v: %.200s", err, sql)
		}
	}
	run(schema)
	for table, rows := range map[string]int{"a": *size, "b": *size / 4} {
		for from := 0; from < rows; from += 500 {
			var values []string
			for i := from; i < min(from+500, rows); i++ {
				values = append(values, m.row(table, i))
			}
			run("INSERT INTO " + table + " VALUES " + strings.Join(values, ","))
		}
	}
}

// answer is the rows of a query in some order, or its error.
func answer(ctx context.Context, conn *pgconn.PgConn, query string, ordered bool) string {
	results, err := conn.Exec(ctx, query).ReadAll()
	var failed *pgconn.PgError
	if errors.As(err, &failed) {
		return failed.Code + " " + failed.Message
	}
	if err != nil {
		return err.Error()
	}
	var rows []string
	for _, row := range results[0].Rows {
		var values []string
		for _, v := range row {
			if v == nil {
				values = append(values, "NULL")
			} else {
				values = append(values, string(v))
			}
		}
		rows = append(rows, strings.Join(values, "|"))
	}
	if !ordered {
		slices.Sort(rows)
	}
	return strings.Join(rows, "\n")
}

func TestByRowsAndByColumns(t *testing.T) {
	ctx := context.Background()
	s, err := server.Start(ctx, server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	connect := func(mode string) *pgconn.PgConn {
		conn, err := pgconn.Connect(ctx, s.DSN("postgres"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close(ctx) })
		if _, err := conn.Exec(ctx, "SET kalam.vectorize = "+mode).ReadAll(); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	rows, columns := connect("off"), connect("force")
	load(ctx, t, rows)
	failed := 0
	for _, query := range queries() {
		ordered := strings.Contains(query, " ORDER BY ")
		want := answer(ctx, rows, query, ordered)
		for round := range 2 { // by columns that are read, and by those that were kept
			got := answer(ctx, columns, query, ordered)
			if columns.IsClosed() {
				t.Fatalf("the connection broke at\n%s\n%s", query, s.Log())
			}
			if got != want {
				failed++
				t.Errorf("seed %d, round %d: %s\n%s", *seed, round, query, difference(want, got))
				break
			}
		}
		if failed > 20 {
			t.Fatal("and so on")
		}
	}
}

// difference shows the first lines in which two answers differ.
func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		if i >= len(w) || i >= len(g) || w[i] != g[i] {
			at := func(list []string) string {
				if i < len(list) {
					return list[i]
				}
				return "(nothing)"
			}
			return fmt.Sprintf("%d and %d rows; row %d by rows:    %s\n                    by columns: %s", len(w), len(g), i, at(w), at(g))
		}
	}
	return ""
}
