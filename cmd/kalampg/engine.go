package main

import (
	"context"
	"log/slog"
	"net"
	"strconv"

	"github.com/kalampg/kalampg/exec"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/wire"
	"github.com/kalampg/kalampg/wire/auth"
)

// engine is what main needs of the engine: the wire's side of it, and its end.
type engine interface {
	wire.Backend
	Close(context.Context) error
}

// openEngine opens the engine on a store; the first start creates the superuser with c.Password.
func openEngine(ctx context.Context, store kv.Store, log *slog.Logger, c *config) (engine, error) {
	o := exec.Options{Store: store, Logger: log, Settings: map[string]string{
		"max_connections": strconv.Itoa(c.MaxConnections), "data_directory": c.Data,
	}}
	if host, port, err := net.SplitHostPort(c.Listen); err == nil {
		o.Settings["listen_addresses"], o.Settings["port"] = host, port
	}
	if c.Password != "" {
		var err error
		if o.SuperuserVerifier, err = auth.NewVerifier(c.Password); err != nil {
			return nil, err
		}
	}
	return exec.Open(ctx, o)
}
