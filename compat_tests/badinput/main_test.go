package badinput

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/compat_tests/server"
	"github.com/kalampg/kalampg/compat_tests/target"
)

var (
	against = target.Flag()
	running target.Server
)

func TestMain(m *testing.M) {
	flag.Parse()
	s, err := target.Start(context.Background(), *against)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	running = s
	code := m.Run()
	s.Stop()
	os.Exit(code)
}

// limited is a context that ends before the test run does, so that a hanging server fails one test.
func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// connect opens a connection that the test's end closes.
func connect(t *testing.T) *pgx.Conn {
	t.Helper()
	return connectTo(t, running.DSN("postgres"))
}

func connectTo(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(limited(t), dsn)
	noError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func execute(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := conn.Exec(limited(t), s); err != nil {
			t.Fatalf("%s: %v", abbreviated(s), err)
		}
	}
}

// simple runs a text by the simple protocol.
func simple(t *testing.T, conn *pgx.Conn, text string) error {
	_, err := conn.PgConn().Exec(limited(t), text).ReadAll()
	return err
}

// number gives the single number of a query.
func number(t *testing.T, conn *pgx.Conn, query string) (n int) {
	t.Helper()
	if err := conn.QueryRow(limited(t), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", abbreviated(query), err)
	}
	return n
}

func abbreviated(s string) string {
	if len(s) > 200 {
		return s[:200] + " …"
	}
	return s
}

// code is the SQLSTATE of a server's error; "" for no error, "?" for one that is not the server's.
func code(err error) string {
	var e *pgconn.PgError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return "?"
}

// refused fails the test unless the error is one of the server's with one of the codes.
func refused(t *testing.T, err error, codes ...string) {
	t.Helper()
	for _, c := range codes {
		if code(err) == c {
			return
		}
	}
	t.Errorf("got %v, want an error %s of the server", err, strings.Join(codes, " or "))
}

// witness writes a row that must be there when the test is over, when another connection must work too.
func witness(t *testing.T) {
	t.Helper()
	conn := connect(t)
	execute(t, conn, "CREATE TABLE IF NOT EXISTS witness (test text)")
	_, err := conn.Exec(limited(t), "INSERT INTO witness VALUES ($1)", t.Name())
	noError(t, err)
	pid := running.PID()
	t.Cleanup(func() {
		after, err := pgx.Connect(limited(t), running.DSN("postgres"))
		if err != nil {
			t.Errorf("no connection afterwards: %v\n%s", err, end(running.Log()))
			return
		}
		defer after.Close(context.Background())
		var count int
		if err := after.QueryRow(limited(t), "SELECT count(*) FROM witness WHERE test = $1", t.Name()).Scan(&count); err != nil || count != 1 {
			t.Errorf("of the row written before %d are there, %v", count, err)
		}
		if running.PID() != pid || strings.Contains(running.Log(), "panic in a session") {
			t.Errorf("a session panicked:\n%s", end(running.Log()))
		}
	})
}

func end(log string) string { return log[max(0, len(log)-4000):] }

// kalampg starts a server of the test's own.
func kalampg(t *testing.T, o server.Options) *server.Server {
	t.Helper()
	if *against != target.Kalampg {
		t.Skip("the test is about kalampg's own start")
	}
	s, err := server.Start(limited(t), o)
	noError(t, err)
	t.Cleanup(s.Stop)
	return s
}

// availableMB is the memory that the machine has left.
func availableMB(t *testing.T) int {
	t.Helper()
	info, err := os.ReadFile("/proc/meminfo")
	noError(t, err)
	_, rest, _ := strings.Cut(string(info), "MemAvailable:")
	kB, err := strconv.Atoi(strings.Fields(rest)[0])
	noError(t, err)
	return kB >> 10
}

// residentMB is the memory of a process.
func residentMB(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	noError(t, err)
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kB, err := strconv.Atoi(strings.Fields(rest)[0])
	noError(t, err)
	return kB >> 10
}
