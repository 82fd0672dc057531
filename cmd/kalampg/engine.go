package main

import (
	"context"
	"log/slog"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/wire"
)

// engine is what main needs of the engine: the wire's side of it, and its end.
type engine interface {
	wire.Backend
	Close(context.Context) error
}

// openEngine opens the engine on a store; the first start creates the superuser with c.Password.
func openEngine(context.Context, kv.Store, *slog.Logger, *config) (engine, error) {
	return nil, pgerr.Unsupported("executing statements")
}
