package reference

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestStartAnswersAsPostgreSQL16(t *testing.T) {
	ctx := context.Background()
	server, err := Start(ctx, Options{})
	if errors.Is(err, ErrNotInstalled) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	conn, err := pgx.Connect(ctx, server.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var version, encoding, collation, zone string
	err = conn.QueryRow(ctx, `SELECT version(), current_setting('server_encoding'), datcollate, current_setting('TimeZone')
		FROM pg_database WHERE datname = current_database()`).Scan(&version, &encoding, &collation, &zone)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(version, "PostgreSQL 16.") || encoding != "UTF8" || collation != "C.UTF-8" || zone != "UTC" {
		t.Errorf("got %q, %q, %q, %q", version, encoding, collation, zone)
	}
}
