// Package target chooses which server the black-box tests talk to: kalampg, built and started for the test, or the
// reference PostgreSQL, which proves the tests themselves.
//
//	go test ./compat_tests/pgx                      against kalampg
//	go test ./compat_tests/pgx -against=reference   against PostgreSQL 16
//
// A test package declares the flag once with Flag and starts one server for all its tests in TestMain.
package target

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/kalampg/kalampg/compat_tests/reference"
	"github.com/kalampg/kalampg/compat_tests/server"
)

// The names that the flag -against takes.
const (
	Kalampg   = "kalampg"
	Reference = "reference"
)

// Server is a running server of either kind.
type Server interface {
	// DSN returns the connection string of a database, for the superuser postgres.
	DSN(database string) string
	// Port returns the loopback port.
	Port() int
	// PID returns the process id of the server.
	PID() int
	// Log returns what the server has written so far.
	Log() string
	// Stop ends the server and removes its data.
	Stop()
}

// Flag declares -against on the process' flags.
func Flag() *string {
	return flag.String("against", Kalampg, "the server to test: "+Kalampg+" or "+Reference)
}

// Start runs the named server with PostgreSQL's settings as name=value, which kalampg has as flags. The caller calls Stop.
func Start(ctx context.Context, name string, settings ...string) (Server, error) {
	switch name {
	case Kalampg:
		var flags []string
		for _, s := range settings {
			setting, value, _ := strings.Cut(s, "=")
			flags = append(flags, "--"+strings.ReplaceAll(setting, "_", "-")+"="+value)
		}
		return started(server.Start(ctx, server.Options{Arguments: flags}))
	case Reference:
		return started(reference.Start(ctx, reference.Options{Settings: settings}))
	default:
		return nil, fmt.Errorf("unknown server %q: -against takes %s or %s", name, Kalampg, Reference)
	}
}

// started keeps a nil *T of a failed start from becoming a non-nil Server.
func started[T Server](s T, err error) (Server, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}
