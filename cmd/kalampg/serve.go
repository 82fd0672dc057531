package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"github.com/kalampg/kalampg/internal/kv/rocks"
	"github.com/kalampg/kalampg/wire"
	"github.com/kalampg/kalampg/wire/auth"
)

// superuser is the role that the first start creates.
const superuser = "postgres"

// serve builds every part once, runs until ctx ends, and drains.
func serve(ctx context.Context, c *config, stdout, stderr io.Writer) error {
	log := newLogger(c, stderr)
	log.Info("starting", "version", version, "pid", os.Getpid(), "data", c.Data)
	limitMemory()
	if err := mayBegin(c); err != nil {
		return err
	}
	store, err := rocks.Open(c.Data, rocks.Options{CacheBytes: uint64(c.CacheSize), FeedDiskBytes: feedDiskBytes(c), TxnBytes: txnBytes()})
	if err != nil {
		return fmt.Errorf("open the data directory %s: %w", c.Data, err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			log.Error("the store did not close cleanly", "error", err)
		}
	}()
	e, err := openEngine(ctx, store, log, c)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer func() {
		if err := e.Close(context.Background()); err != nil {
			log.Error("the engine did not close cleanly", "error", err)
		}
	}()

	metrics := newMetrics(store, e)
	server, err := newServer(c, e, log, metrics.observer())
	if err != nil {
		return err
	}
	listeners, err := listen(ctx, server, c)
	if err != nil {
		return err
	}
	web, err := serveHTTP(c, metrics, store, log)
	if err != nil {
		closeAll(listeners)
		return err
	}
	defer web.Close()

	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { failed <- server.Serve(l) }()
		log.Info("accepting connections", "address", l.Addr().String())
	}
	fmt.Fprintf(stdout, "kalampg is ready. Connect with:\n\n  %s\n\n", psqlLine(listeners[0].Addr()))

	select {
	case <-ctx.Done():
		log.Info("stopping: new connections are refused, open transactions have time to end", "timeout", c.DrainTimeout)
	case err = <-failed:
		err = fmt.Errorf("stopped accepting connections: %w", err)
	}
	web.drain()
	draining, cancel := context.WithTimeout(context.Background(), c.DrainTimeout)
	defer cancel()
	server.Shutdown(draining)
	log.Info("stopped")
	return err
}

func newServer(c *config, e wire.Backend, log *slog.Logger, o wire.Observer) (*wire.Server, error) {
	options := wire.Options{Backend: e, Logger: log, Superuser: superuser, MaxConnections: c.MaxConnections, AuthTimeout: c.AuthTimeout, Observer: o}
	var err error
	if c.TLSCert != "" {
		if options.TLS, err = auth.LoadTLS(c.TLSCert, c.TLSKey); err != nil {
			return nil, err
		}
	}
	if c.HBA != "" {
		if options.Rules, err = auth.LoadRules(c.HBA); err != nil {
			return nil, err
		}
	}
	return wire.New(options)
}

// listen opens the TCP address and the Unix socket.
func listen(ctx context.Context, server *wire.Server, c *config) ([]net.Listener, error) {
	l, err := server.Listen(ctx, "tcp", c.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is taken by another program: choose another port with --listen HOST:PORT", c.Listen)
	case errors.Is(err, wire.ErrNoPassword):
		return nil, unprotected(c)
	case err != nil:
		return nil, fmt.Errorf("--listen %s: %w", c.Listen, err)
	}
	listeners := []net.Listener{l}
	if c.Socket == "" {
		return listeners, nil
	}
	tcp := l.Addr().(*net.TCPAddr)
	path := filepath.Join(c.Socket, fmt.Sprintf(".s.PGSQL.%d", tcp.Port))
	removeStaleSocket(path)
	unix, err := server.Listen(ctx, "unix", path)
	if err != nil {
		closeAll(listeners)
		return nil, fmt.Errorf("--socket %s: %w", c.Socket, err)
	}
	return append(listeners, unix), nil
}

// mayBegin refuses a first start that could not listen for want of a password, before it creates a superuser without one: the start after it, with
// a password, would be refused as well.
func mayBegin(c *config) error {
	if entries, _ := os.ReadDir(c.Data); len(entries) > 0 || c.Password != "" || c.HBA != "" {
		return nil
	}
	address, err := net.ResolveTCPAddr("tcp", c.Listen)
	if err != nil || address.IP.IsLoopback() {
		return nil // an address that is wrong is listen's affair
	}
	return unprotected(c)
}

func unprotected(c *config) error {
	return fmt.Errorf("--listen %s is refused: %w; set %sPASSWORD at the first start or a password with ALTER ROLE, listen on 127.0.0.1, or give host rules with --hba",
		c.Listen, wire.ErrNoPassword, variablePrefix)
}

// removeStaleSocket removes a socket that nobody listens on any more, left by a process that was killed.
func removeStaleSocket(path string) {
	info, err := os.Stat(path)
	if err != nil || info.Mode()&os.ModeSocket == 0 {
		return
	}
	if c, err := net.Dial("unix", path); err == nil {
		_ = c.Close()
		return
	}
	_ = os.Remove(path)
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		_ = l.Close()
	}
}

// psqlLine is the command that connects to the address.
func psqlLine(address net.Addr) string {
	tcp, ok := address.(*net.TCPAddr)
	if !ok {
		return fmt.Sprintf(`psql "host=%s user=%s dbname=postgres"`, filepath.Dir(address.String()), superuser)
	}
	host := tcp.IP.String()
	if tcp.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return fmt.Sprintf(`psql "host=%s port=%d user=%s dbname=postgres"`, host, tcp.Port, superuser)
}

func newLogger(c *config, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// feedDiskBytes is the size for the store, where 0 stands for the default.
func feedDiskBytes(c *config) int64 {
	if c.FeedSize == 0 {
		return -1
	}
	return int64(c.FeedSize)
}
