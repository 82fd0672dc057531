package catalog

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
)

// Options is what Open needs beside the store.
type Options struct {
	Logger            *slog.Logger     // nil: slog.Default
	SuperuserName     string           // of the role with OID 10, used at the first opening only; "" is postgres
	SuperuserVerifier string           // its SCRAM verifier, used at the first opening only; "" is no password
	System            []SystemRelation // PostgreSQL's own relations and kalampg's, in every database
	Now               func() time.Time // nil: time.Now
}

// SystemRelation is a built-in relation: a computed table, or, with Table nil, a view.
type SystemRelation struct {
	Relation *desc.Relation
	Table    SystemTable
}

// TableWatcher is a power of system tables that record what happens to tables, found by assertion. TableChanged is called in the transaction that makes
// a table (old is nil) or changes its schema version.
type TableWatcher interface {
	TableChanged(ctx context.Context, t *Txn, old, table *desc.Relation) error
}

// Catalog is the catalog of all databases in a store. It is safe for concurrent use.
type Catalog struct {
	store     kv.Store
	log       *slog.Logger
	now       func() time.Time
	tables    map[OID]SystemTable
	builtin   contents // the system relations: what every database's contents start from
	oids      *counter
	storage   *counter
	sequences *Sequences
	watchers  []TableWatcher
	versions  atomic.Uint64 // last version given to a view

	mu    sync.Mutex // held while state is replaced
	state atomic.Pointer[state]
}

// state is everything that is committed. It never changes; a commit puts another in its place.
type state struct {
	shared    shared
	snapshots map[OID]*Snapshot
}

// Snapshot gives a database's newest committed catalog, nil when there is no such database.
func (c *Catalog) Snapshot(database OID) *Snapshot { return c.state.Load().snapshots[database] }

// Role finds a role by name, nil when there is none.
func (c *Catalog) Role(name string) *desc.Role {
	s := &c.state.Load().shared
	return s.roles.at(s.roleNames.at(name))
}

// Database finds a database by name, nil when there is none.
func (c *Catalog) Database(name string) *desc.Database {
	s := &c.state.Load().shared
	return s.databases.at(s.databaseNames.at(name))
}

// SystemTable gives the code behind a relation of class desc.System, nil for a view or an unknown relation.
func (c *Catalog) SystemTable(oid OID) SystemTable { return c.tables[oid] }

// Sequences is the service of sequences' values.
func (c *Catalog) Sequences() *Sequences { return c.sequences }

// NextStorageID gives an id for rows or index entries that was never given before.
func (c *Catalog) NextStorageID(ctx context.Context) (uint64, error) { return c.storage.take(ctx) }

// NextOID gives an OID that was never given before in any database.
func (c *Catalog) NextOID(ctx context.Context) (OID, error) {
	n, err := c.oids.take(ctx)
	return OID(n), err
}

// Close writes the sequences' exact values, so that a server that stops in order skips none.
func (c *Catalog) Close(ctx context.Context) error { return c.sequences.flush(ctx) }

// publish makes committed changes visible. It is called in commit order.
func (c *Catalog) publish(changes []change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.state.Load()
	next := &state{shared: old.shared, snapshots: maps.Clone(old.snapshots)}
	touched := make(map[OID]*contents)
	all, quiet := false, true
	for i := range changes {
		ch := &changes[i]
		quiet = quiet && ch.quiet
		if ch.database == 0 {
			ch.applyShared(&next.shared)
			all = true
			if ch.kind == kindDatabase {
				c.publishDatabase(next, touched, ch)
			}
			continue
		}
		d := touched[ch.database]
		if d == nil {
			s := next.snapshots[ch.database]
			if s == nil { // dropped in the same transaction
				continue
			}
			copied := s.contents
			d = &copied
			touched[ch.database] = d
		}
		if ch.kind == kindRelation {
			c.sequences.replaced(d.relations.at(ch.object.OID), ch.value)
		}
		ch.applyTo(d)
	}
	for oid, s := range next.snapshots {
		d := touched[oid]
		if d == nil && !all {
			continue
		}
		if d == nil {
			d = &s.contents
		}
		version := s.version
		if !quiet {
			version = c.versions.Add(1)
		}
		next.snapshots[oid] = &Snapshot{view{version: version, database: oid, shared: next.shared, contents: *d}}
	}
	c.state.Store(next)
}

// publishDatabase adds a new database, empty but for the system relations, or takes a dropped one away.
func (c *Catalog) publishDatabase(next *state, touched map[OID]*contents, ch *change) {
	oid := ch.object.OID
	switch {
	case ch.value == nil:
		delete(next.snapshots, oid)
		delete(touched, oid)
	case next.snapshots[oid] == nil:
		d := c.builtin
		touched[oid] = &d
		next.snapshots[oid] = &Snapshot{view{database: oid, contents: d}}
	}
}
