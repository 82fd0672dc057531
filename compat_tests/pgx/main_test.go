package pgx_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/compat_tests/target"
)

var (
	against = target.Flag()
	running target.Server
)

func TestMain(m *testing.M) {
	flag.Parse()
	server, err := target.Start(context.Background(), *against)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	running = server
	code := m.Run()
	server.Stop()
	os.Exit(code)
}

// limited is a context that ends before the test run does, so that a hanging server fails one test.
func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// connect opens a connection to the database postgres that the test's end closes.
func connect(t *testing.T, configure ...func(*pgx.ConnConfig)) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(running.DSN("postgres"))
	noError(t, err)
	for _, c := range configure {
		c(config)
	}
	conn, err := pgx.ConnectConfig(limited(t), config)
	noError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// execute runs statements that must succeed.
func execute(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := conn.Exec(limited(t), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// serverError returns the error's fields as the server sent them.
func serverError(t *testing.T, err error, code string) *pgconn.PgError {
	t.Helper()
	pgErr, ok := asPgError(err)
	if !ok {
		t.Fatalf("got %v, want an error %s of the server", err, code)
	}
	if pgErr.Code != code {
		t.Errorf("got %s: %s, want code %s", pgErr.Code, pgErr.Message, code)
	}
	return pgErr
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
