// Command kalampg is the database server.
//
//	kalampg serve --data DIR --listen HOST:PORT    run the server
//	kalampg check --data DIR                       read all data while no server runs, and tell what is damaged
//	kalampg health                                 ask a running server whether it accepts connections, for health checks
//	kalampg version                                say which version this is
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/spf13/pflag"
)

// version is set when a release is linked: -ldflags "-X main.version=1.2.3".
var version = "0.1.0-dev"

const usage = `kalampg is a PostgreSQL-compatible database server.

Usage:
  kalampg serve [flags]    run the server (kalampg serve --help lists the flags)
  kalampg check [flags]    read all data of a stopped server; exit status 0: sound, 3: damaged, 1: it could not be read
  kalampg health [ADDRESS] succeed if the server at the HTTP address (127.0.0.1:9187) accepts connections
  kalampg version          print the version
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	// A second signal ends the process at once, whatever it is waiting for.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr))
}

// run is main without the process around it. It returns the exit status: 2 for a wrong command line.
func run(ctx context.Context, arguments []string, lookup func(string) (string, bool), stdout, stderr io.Writer) int {
	command := ""
	if len(arguments) > 0 {
		command, arguments = arguments[0], arguments[1:]
	}
	switch command {
	case "serve":
		c, err := parseConfig(arguments, lookup, stdout)
		if errors.Is(err, pflag.ErrHelp) {
			return 0
		}
		if err != nil {
			fmt.Fprintln(stderr, "kalampg:", err)
			return 2
		}
		if err := serve(ctx, c, stdout, stderr); err != nil {
			fmt.Fprintln(stderr, "kalampg:", err)
			return 1
		}
		return 0
	case "check":
		return check(ctx, arguments, lookup, stdout, stderr)
	case "health":
		if err := health(ctx, arguments); err != nil {
			fmt.Fprintln(stderr, "kalampg:", err)
			return 1
		}
		return 0
	case "version", "--version", "-V":
		fmt.Fprintln(stdout, versionLine())
		return 0
	case "help", "--help", "-h":
		fmt.Fprint(stdout, usage)
		return 0
	}
	if command != "" {
		fmt.Fprintf(stderr, "kalampg: unknown command %q\n\n", command)
	}
	fmt.Fprint(stderr, usage)
	return 2
}

// versionLine names the version, the commit it was built from, and the compiler.
func versionLine() string {
	commit := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = ", commit " + s.Value[:min(len(s.Value), 12)]
			}
		}
	}
	return fmt.Sprintf("kalampg %s%s, %s %s/%s", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
