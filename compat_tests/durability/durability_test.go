package durability

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/compat_tests/server"
)

func start(t *testing.T) *server.Server {
	t.Helper()
	s, err := server.Start(t.Context(), server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func connect(t *testing.T, s *server.Server) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func execute(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// answer returns the single text that a query gives.
func answer(t *testing.T, conn *pgx.Conn, query string) string {
	t.Helper()
	var text string
	if err := conn.QueryRow(t.Context(), query).Scan(&text); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return text
}

// schema makes one of everything that a restart must bring back.
var schema = []string{
	"CREATE SCHEMA app",
	"CREATE TABLE app.item (id serial PRIMARY KEY, name text NOT NULL UNIQUE, price numeric(10,2) DEFAULT 1.50 CHECK (price > 0), tags text[], doc jsonb, at timestamptz)",
	"CREATE INDEX item_price ON app.item (price DESC)",
	"CREATE VIEW app.cheap AS SELECT id, name FROM app.item WHERE price < 100",
	"CREATE SEQUENCE app.numbers START 50 INCREMENT 5",
	"COMMENT ON TABLE app.item IS 'things'",
	"CREATE ROLE keeper LOGIN",
	"GRANT SELECT ON app.item TO keeper",
	"CREATE DATABASE second",
	`INSERT INTO app.item (name, price, tags, doc, at) SELECT 'item ' || g, g + 0.25, ARRAY['t', g::text], jsonb_build_object('g', g),
		'2024-01-01 00:00:00+00'::timestamptz + g * interval '1 hour' FROM generate_series(1, 500) g`,
	"DELETE FROM app.item WHERE id % 7 = 0",
	"UPDATE app.item SET doc = doc || '{\"u\":true}' WHERE id % 5 = 0",
	"CREATE TABLE gone (a int)",
	"DROP TABLE gone",
	"ALTER TABLE app.item ADD COLUMN extra int DEFAULT 9",
}

// contents are queries whose answers a restart must not change.
var contents = []string{
	"SELECT md5(string_agg(i::text, '|' ORDER BY id)) FROM app.item i",
	"SELECT count(*)::text || ' ' || sum(price)::text || ' ' || max(at)::text FROM app.item",
	"SELECT count(*)::text FROM app.cheap",
	"SELECT obj_description('app.item'::regclass, 'pg_class')",
	"SELECT has_table_privilege('keeper', 'app.item', 'select')::text",
	"SELECT count(*)::text FROM pg_database WHERE datname = 'second'",
	"SELECT (to_regclass('gone') IS NULL)::text",
	"SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'app.item'::regclass AND attnum > 0",
	"SELECT name FROM app.item WHERE price = 33.25",
}

func TestDataAndCatalogSurvive(t *testing.T) {
	for name, signal := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "kill -9": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			conn := connect(t, s)
			execute(t, conn, "SET TimeZone = 'UTC'")
			execute(t, conn, schema...)
			lastNumber := answer(t, conn, "SELECT nextval('app.numbers')::text")
			lastID, _ := strconv.Atoi(answer(t, conn, "SELECT max(id)::text FROM app.item"))
			before := answers(t, conn)
			_ = conn.Close(t.Context())
			if err := s.Restart(t.Context(), signal); err != nil {
				t.Fatal(err)
			}
			conn = connect(t, s)
			execute(t, conn, "SET TimeZone = 'UTC'")
			for i, after := range answers(t, conn) {
				if after != before[i] {
					t.Errorf("%s\n  before: %s\n  after:  %s", contents[i], before[i], after)
				}
			}
			was, _ := strconv.Atoi(lastNumber)
			is, _ := strconv.Atoi(answer(t, conn, "SELECT nextval('app.numbers')::text"))
			if is <= was {
				t.Errorf("the sequence gave %d again after %d", is, was)
			}
			id, _ := strconv.Atoi(answer(t, conn, "INSERT INTO app.item (name) VALUES ('new') RETURNING id::text"))
			if id <= lastID {
				t.Errorf("the serial column gave %d again after %d", id, lastID)
			}
			if _, err := conn.Exec(t.Context(), "INSERT INTO app.item (name) VALUES ('item 1')"); code(err) != "23505" {
				t.Errorf("the unique index is gone: %v", err)
			}
		})
	}
}

func answers(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	var all []string
	for _, query := range contents {
		all = append(all, answer(t, conn, query))
	}
	return all
}

func code(err error) string {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code
	}
	return ""
}

// TestAcknowledgedRowsSurviveKill kills the server while writers commit. Every row whose commit was acknowledged must be
// there, and every transaction whole or not at all.
func TestAcknowledgedRowsSurviveKill(t *testing.T) {
	s := start(t)
	conn := connect(t, s)
	execute(t, conn, "CREATE TABLE single (writer int, n int, PRIMARY KEY (writer, n))",
		"CREATE TABLE debit (writer int, n int, PRIMARY KEY (writer, n))", "CREATE TABLE credit (writer int, n int, PRIMARY KEY (writer, n))",
		"CREATE INDEX single_n ON single (n)")
	const writers, rounds = 6, 3
	acknowledged := make([]int, writers) // the last acknowledged n of every writer
	for round := range rounds {
		var group sync.WaitGroup
		for w := range writers {
			group.Go(func() { acknowledged[w] = write(s.DSN("postgres"), w, acknowledged[w]) })
		}
		time.Sleep(time.Second)
		// One more transaction is open, and must be gone afterwards.
		open := connect(t, s)
		execute(t, open, "BEGIN", fmt.Sprintf("INSERT INTO single VALUES (999, %d)", round))
		if err := s.Restart(t.Context(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		group.Wait()
		verify(t, connect(t, s), acknowledged)
	}
	t.Logf("acknowledged by writer: %v", acknowledged)
}

// write commits rows after last until the server goes away, and returns the last n that was acknowledged. Even writers
// insert single rows, odd ones pairs in one transaction.
func write(dsn string, writer, last int) int {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return last
	}
	defer conn.Close(ctx)
	// A row that was written but not acknowledged before the last kill may be there.
	table := "single"
	if writer%2 == 1 {
		table = "debit"
	}
	if err := conn.QueryRow(ctx, "SELECT greatest($2, coalesce(max(n), 0)) FROM "+table+" WHERE writer = $1", writer, last).Scan(&last); err != nil {
		return last
	}
	for n := last + 1; ; n++ {
		if writer%2 == 0 {
			_, err = conn.Exec(ctx, "INSERT INTO single VALUES ($1, $2)", writer, n)
		} else {
			err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, "INSERT INTO debit VALUES ($1, $2)", writer, n); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, "INSERT INTO credit VALUES ($1, $2)", writer, n)
				return err
			})
		}
		if err != nil {
			return n - 1
		}
	}
}

func verify(t *testing.T, conn *pgx.Conn, acknowledged []int) {
	t.Helper()
	for w, last := range acknowledged {
		if last == 0 {
			t.Errorf("writer %d wrote nothing", w)
		}
		tables := []string{"single"}
		if w%2 == 1 {
			tables = []string{"debit", "credit"}
		}
		for _, table := range tables {
			var count, top int
			err := conn.QueryRow(t.Context(), "SELECT count(*), coalesce(max(n), 0) FROM "+table+" WHERE writer = $1", w).Scan(&count, &top)
			if err != nil {
				t.Fatal(err)
			}
			if count != top || top < last || top > last+1 {
				t.Errorf("%s of writer %d: %d acknowledged, %d rows up to %d", table, w, last, count, top)
			}
		}
	}
	for query, want := range map[string]string{
		"SELECT count(*)::text FROM (SELECT * FROM debit EXCEPT SELECT * FROM credit) d": "0",
		"SELECT count(*)::text FROM (SELECT * FROM credit EXCEPT SELECT * FROM debit) c": "0",
		"SELECT count(*)::text FROM single WHERE writer = 999":                           "0",
		"SELECT count(*)::text FROM single s WHERE n = 1":                                "3",
	} {
		if got := answer(t, conn, query); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
}

func TestSecondStartIsRefused(t *testing.T) {
	first := start(t)
	second, err := server.New(server.Options{Data: first.Data()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(second.Stop)
	if err := second.Launch(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := second.Wait(ctx); err == nil || ctx.Err() != nil {
		t.Fatalf("the second server was not refused: %v", err)
	}
	if log := second.Log(); !strings.Contains(log, strconv.Itoa(first.PID())) {
		t.Errorf("the refusal does not name the owner's pid %d:\n%s", first.PID(), log)
	}
	execute(t, connect(t, first), "SELECT 1")
}

func TestPortTakenIsRefused(t *testing.T) {
	s, err := server.New(server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	taken, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(s.Port()))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if err := s.Launch(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.Wait(ctx); err == nil || ctx.Err() != nil {
		t.Fatalf("the server runs on a port that is taken: %v", err)
	}
	if log := s.Log(); !strings.Contains(log, "--listen") {
		t.Errorf("the refusal does not name the flag:\n%s", log)
	}
}

func TestListeningWiderNeedsAPassword(t *testing.T) {
	s, err := server.New(server.Options{Arguments: []string{"--listen", "0.0.0.0:0"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	if err := s.Launch(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.Wait(ctx); err == nil || ctx.Err() != nil {
		t.Fatalf("the server listens on every address without a password: %v", err)
	}
	if log := s.Log(); !strings.Contains(log, "password") {
		t.Errorf("the refusal does not give the reason:\n%s", log)
	}
}

func TestShutdownEndsIdleAndBusySessions(t *testing.T) {
	s := start(t)
	idle, busy := connect(t, s), connect(t, s)
	execute(t, idle, "CREATE TABLE t (a int)", "BEGIN", "INSERT INTO t VALUES (1)")
	ended := make(chan error, 1)
	go func() {
		_, err := busy.Exec(context.Background(), "SELECT pg_sleep(60)")
		ended <- err
	}()
	time.Sleep(200 * time.Millisecond)
	begin := time.Now()
	if err := s.Restart(t.Context(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("the restart took %v", took)
	}
	if err := <-ended; code(err) != "57P01" && code(err) != "57014" {
		t.Errorf("the running query ended with %v", err)
	}
	if got := answer(t, connect(t, s), "SELECT count(*)::text FROM t"); got != "0" {
		t.Errorf("an uncommitted row survived: %s", got)
	}
}

// TestClientVanishesDuringCopy closes the connection in the middle of a COPY: nothing of it may stay, and its locks must
// go.
func TestClientVanishesDuringCopy(t *testing.T) {
	s := start(t)
	conn := connect(t, s)
	execute(t, conn, "CREATE TABLE t (a int PRIMARY KEY)")
	victim := connect(t, s)
	reader, writer := io.Pipe()
	go func() {
		for i := range 50000 {
			fmt.Fprintln(writer, i)
		}
		_ = victim.PgConn().Conn().Close()
		_ = writer.CloseWithError(errors.New("gone"))
	}()
	if _, err := victim.PgConn().CopyFrom(t.Context(), reader, "COPY t FROM STDIN"); err == nil {
		t.Fatal("the copy succeeded")
	}
	deadline := time.Now().Add(10 * time.Second)
	execute(t, conn, "SET statement_timeout = '5s'", "INSERT INTO t VALUES (1)")
	for answer(t, conn, "SELECT count(*)::text FROM t") != "1" {
		if time.Now().After(deadline) {
			t.Fatal("rows of the broken COPY are there")
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// TestForeignFolderIsRefused looks that a folder with foreign files is not taken for a data folder.
func TestForeignFolderIsRefused(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(folder+"/precious.txt", []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := server.New(server.Options{Data: folder})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	if err := s.Launch(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.Wait(ctx); err == nil || ctx.Err() != nil {
		t.Fatalf("the server made a folder with foreign files its own: %v", err)
	}
	if content, _ := os.ReadFile(folder + "/precious.txt"); string(content) != "mine" {
		t.Error("the foreign file was touched")
	}
}
