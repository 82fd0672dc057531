package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"

	"github.com/kalampg/kalampg/exec"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/wire/auth"
)

// openEngine opens the engine on a store; the first start creates the superuser with c.Password.
func openEngine(ctx context.Context, store kv.Store, log *slog.Logger, c *config) (*exec.Engine, error) {
	verifier := c.Password
	if verifier != "" && !auth.IsVerifier(verifier) {
		var err error
		if verifier, err = auth.NewVerifier(c.Password); err != nil {
			return nil, err
		}
	}
	settings, err := serverSettings(c)
	if err != nil {
		return nil, err
	}
	return exec.Open(ctx, exec.Options{Store: store, Logger: log, SuperuserVerifier: verifier, Settings: settings, ColumnCache: int64(c.ColumnCache), LongTransaction: c.LongTxn})
}

// serverSettings are PostgreSQL's server-wide parameters as SHOW and pg_settings give them.
func serverSettings(c *config) (map[string]string, error) {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, fmt.Errorf("--listen %q is not HOST:PORT: %w", c.Listen, err)
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "*"
	}
	settings := map[string]string{
		"listen_addresses": host, "port": port, "max_connections": strconv.Itoa(c.MaxConnections),
		"max_prepared_transactions": strconv.Itoa(c.MaxPrepared),
		"unix_socket_directories":   c.Socket, "ssl": "off",
	}
	if c.TimeZone != "" {
		settings["TimeZone"] = c.TimeZone
	}
	if c.TLSCert != "" {
		settings["ssl"], settings["ssl_cert_file"], settings["ssl_key_file"] = "on", c.TLSCert, c.TLSKey
	}
	for name, path := range map[string]string{"data_directory": c.Data, "hba_file": c.HBA, "config_file": c.File} {
		if path == "" {
			continue
		}
		if settings[name], err = filepath.Abs(path); err != nil {
			return nil, err
		}
	}
	return settings, nil
}
