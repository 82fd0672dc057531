package catalog

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
)

// catalogFormat is the version of the catalog's layout in the store; a store with a newer one is refused.
const catalogFormat = 1

// Open loads the catalog of a store, after filling an empty store with what PostgreSQL's initdb makes: the superuser and the predefined roles, the databases
// template1, template0 and postgres, and in each the schemas pg_catalog, pg_toast, information_schema, public, and kalampg's system and kalam.
func Open(ctx context.Context, store kv.Store, o Options) (*Catalog, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.SuperuserName == "" {
		o.SuperuserName = "postgres"
	}
	c := &Catalog{store: store, log: o.Logger, now: o.Now, tables: make(map[OID]SystemTable), builtin: newContents()}
	c.oids, c.storage = newCounter(store, 'o'), newCounter(store, 's')
	c.sequences = newSequences(store)
	for _, s := range o.System {
		c.builtin.putRelation(s.Relation)
		if s.Table != nil {
			c.tables[s.Relation.OID] = s.Table
		}
		if w, ok := s.Table.(TableWatcher); ok {
			c.watchers = append(c.watchers, w)
		}
	}
	var waiting []kv.Prepared
	if store, ok := store.(kv.PreparedStore); ok {
		var err error
		if waiting, err = store.RecoverPrepared(ctx); err != nil {
			return nil, storeError(err)
		}
	}
	l, err := c.load(ctx)
	if err != nil {
		return nil, err
	}
	if len(l.shared) == 0 {
		if err := c.bootstrap(ctx, o); err != nil {
			return nil, fmt.Errorf("catalog: bootstrap: %w", err)
		}
		if l, err = c.load(ctx); err != nil {
			return nil, err
		}
	}
	c.state.Store(&state{shared: newShared(), snapshots: make(map[OID]*Snapshot)})
	c.publish(append(l.shared, l.local...))
	for _, p := range waiting {
		changes, err := c.adopt(p)
		if err != nil {
			return nil, fmt.Errorf("catalog: prepared transaction %q: %w", p.Name, err)
		}
		l.prepared = append(l.prepared, changes...)
	}
	c.sweep(ctx, l)
	return c, nil
}

// loaded is what a store holds.
type loaded struct {
	shared, local []change // shared ones first: they make the databases
	sequences     [][]byte // keys of sequences' states
	prepared      []change // of transactions that may still commit
}

func (c *Catalog) load(ctx context.Context) (*loaded, error) {
	t, err := c.store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return nil, storeError(err)
	}
	defer t.Rollback()
	cur, err := t.Scan(ctx, kv.Span{Start: []byte{kv.SpaceCatalog}, End: []byte{kv.SpaceCatalog + 1}}, kv.ScanOptions{})
	if err != nil {
		return nil, storeError(err)
	}
	defer cur.Close()
	l := &loaded{}
	var b kv.Batch
	for {
		n, err := cur.Next(ctx, &b)
		if err != nil {
			return nil, storeError(err)
		}
		if n == 0 {
			return l, nil
		}
		for i := range b.Len() {
			if err := c.loadItem(l, b.Key(i), b.Value(i)); err != nil {
				return nil, err
			}
		}
	}
}

func (c *Catalog) loadItem(l *loaded, key, value []byte) error {
	ch, ok, err := decodeChange(key, value)
	if err != nil {
		return fmt.Errorf("catalog: key %x: %w: %w", key, kv.ErrCorrupt, err)
	}
	if ok {
		if ch.database == 0 {
			l.shared = append(l.shared, ch)
		} else {
			l.local = append(l.local, ch)
		}
		return nil
	}
	_, kind, rest, _ := parseKey(key)
	switch {
	case kind == kindCounter && string(rest) == "o":
		c.oids.load(value)
	case kind == kindCounter && string(rest) == "s":
		c.storage.load(value)
	case kind == kindSequence:
		l.sequences = append(l.sequences, append([]byte(nil), key...))
	case kind == kindFormat && (len(value) != 1 || value[0] > catalogFormat):
		return fmt.Errorf("catalog: %w", kv.ErrNewerFormat)
	}
	return nil
}

// sweep removes what an unclean end left behind: temporary relations of sessions that are gone, and states of sequences that were never
// committed. A failure is only logged; the next opening tries again.
func (c *Catalog) sweep(ctx context.Context, l *loaded) {
	known := make(map[uint64]bool)
	for i := range l.prepared {
		if r, ok := l.prepared[i].value.(*desc.Relation); ok && r.Kind == desc.Sequence {
			known[r.StorageID] = true
		}
	}
	for oid, s := range c.state.Load().snapshots {
		var temporary []desc.ObjectRef
		for r := range s.Relations() {
			if r.Kind == desc.Sequence {
				known[r.StorageID] = true
			}
		}
		for n := range s.Schemas() {
			if strings.HasPrefix(n.Name, tempSchemaPrefix) {
				temporary = append(temporary, desc.ObjectRef{Class: desc.ClassSchema, OID: n.OID})
			}
		}
		if len(temporary) == 0 {
			continue
		}
		err := inStore(ctx, c.store, func(t kv.Txn) error {
			_, _, err := c.Begin(t, oid).Drop(ctx, temporary, true)
			return err
		})
		if err != nil {
			c.log.Warn("could not drop temporary schemas of an earlier run", "database", oid, "error", err)
		}
	}
	if err := c.sequences.forget(ctx, l.sequences, known); err != nil {
		c.log.Warn("could not remove states of dropped sequences", "error", err)
	}
}
