// Package loopback holds what every server under test needs: a port that is free, and a wait until it answers as
// PostgreSQL does.
package loopback

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// FreePort returns a port of 127.0.0.1 that nothing listened on a moment ago.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// DSN returns the connection string of a database on a loopback port, for the superuser that both servers create.
func DSN(port int, database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", port, database)
}

// WaitReady returns when the server on the port accepts a connection. It gives up when ctx ends, or when exited is
// closed because the server's process is gone.
func WaitReady(ctx context.Context, port int, exited <-chan struct{}) error {
	var last error
	for {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		conn, err := pgconn.Connect(attempt, DSN(port, "postgres"))
		cancel()
		if err == nil {
			return conn.Close(ctx)
		}
		// Who asks for a password accepts connections.
		if e := (*pgconn.PgError)(nil); errors.As(err, &e) && strings.HasPrefix(e.Code, "28") {
			return nil
		}
		last = err
		select {
		case <-exited:
			return errors.New("the server's process ended before it accepted a connection")
		case <-ctx.Done():
			return fmt.Errorf("the server accepts no connection: %w", last)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
