package ddl

import (
	"context"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/run"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/userdata"
)

// Env is what a statement that defines things works with: the transaction that it is part of and the session around it. Every change goes through Catalog and Access, so it is
// undone with the transaction.
type Env struct {
	Ctx     context.Context
	Server  *catalog.Catalog // sequences, other databases
	Catalog *catalog.Txn
	Bind    *bind.Env // over Catalog
	RT      *expr.Runtime
	Access  *userdata.Access
	User    desc.OID // current_user
	Session desc.OID // session_user
	// Table opens a relation for storage, with its expression indexes.
	Table func(rel *desc.Relation) (*userdata.Table, error)
	// Exec gives what run.Program.Start wants, for the queries inside DDL (CREATE TABLE AS, checks of existing rows).
	Exec    func() run.Exec
	Setting func(name string) string
	Notice  func(n *pgerr.Error)
	Wait    catalog.Wait
	// InUse counts the sessions that are connected to a database and do not leave it, for DROP DATABASE; Terminate ends them.
	InUse     func(database desc.OID) int
	Terminate func(database desc.OID) error
	// TempSchema makes the session's schema for temporary objects if there is none yet.
	TempSchema func() (desc.OID, error)
	// OnCommit has a temporary table dropped, or else emptied, at every commit.
	OnCommit func(table desc.OID, drop bool)
	// Pending tells whether rows of a table wait for the checks of deferred constraints.
	Pending func(table desc.OID) bool
	InBlock bool // inside BEGIN … COMMIT, where CREATE DATABASE and the like are refused
}
