package catalog

import (
	"context"
	"slices"
	"time"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
)

// Txn is the catalog as one transaction sees and changes it: the newest committed snapshot with the transaction's own changes on top. It
// belongs to the goroutine of its kv.Txn and ends with it.
type Txn struct {
	view
	catalog *Catalog
	kv      kv.Txn
	state   *state // that base is of
	base    *Snapshot
	changes []change
	freed   []uint64
	hooked  bool               // OnCommit is registered
	held    map[string]lockSet // locks that are known to be held, but for
	locked  []heldRelation     // those on relations, which are few as a rule
	keybuf  []byte
	one     [1][]byte
	path    []OID         // SetSearchPath
	timeout time.Duration // SetLockTimeout
	temp    bool          // a temporary relation was locked or made
	hidden  bool          // an operation of the catalog's own, free of the checks on names
}

// Mark is a position in a transaction's changes.
type Mark struct{ changes, freed int }

// Begin gives the view of a transaction in a database, which must exist.
func (c *Catalog) Begin(t kv.Txn, database OID) *Txn {
	now := c.state.Load()
	s := now.snapshots[database]
	if s == nil {
		s = &Snapshot{view{database: database, contents: c.builtin, shared: now.shared}}
	}
	return &Txn{view: s.view, catalog: c, kv: t, base: s, state: now}
}

// Restart makes t the view of the next transaction of the same session, as Begin would. The one before has ended.
func (t *Txn) Restart(k kv.Txn) {
	changed := len(t.changes) > 0
	t.kv, t.changes, t.freed, t.hooked, t.held, t.locked = k, nil, nil, false, nil, t.locked[:0]
	t.path, t.timeout, t.hidden, t.temp = nil, 0, false, false
	if !t.Refresh() && changed {
		t.rebuild()
	}
}

// SetLockTimeout sets how long an operation waits for a lock that its caller gives no Wait for (lock_timeout); 0 is no limit.
func (t *Txn) SetLockTimeout(d time.Duration) { t.timeout = d }

// KV is the transaction of the store that this one belongs to.
func (t *Txn) KV() kv.Txn { return t.kv }

// Changed tells whether the transaction has changed the catalog.
func (t *Txn) Changed() bool { return len(t.changes) > 0 }

// UsedTemporary tells whether the transaction has used temporary objects.
func (t *Txn) UsedTemporary() bool { return t.temp }

// NoteTemporary says that the transaction uses temporary objects, as making one does.
func (t *Txn) NoteTemporary() { t.temp = true }

// Refresh moves to the newest committed catalog and tells whether anything is different. PostgreSQL reads its catalogs so at every
// isolation level. A database that has been dropped stays as it was.
func (t *Txn) Refresh() bool {
	now := t.catalog.state.Load()
	if now == t.state {
		return false
	}
	t.state = now
	s := now.snapshots[t.database]
	if s == nil || s == t.base {
		return false
	}
	t.base = s
	t.rebuild()
	return true
}

// Fresh tells whether a relation's storage is this transaction's own so far: it created or emptied the relation, and nobody else can reach what is stored.
func (t *Txn) Fresh(r *desc.Relation) bool {
	old := t.base.Relation(r.OID)
	return old == nil || old.StorageID != r.StorageID
}

// rebuild puts the own changes on top of the base.
func (t *Txn) rebuild() {
	t.view = t.base.view
	for i := range t.changes {
		t.apply(&t.changes[i])
	}
	if len(t.changes) > 0 {
		t.version = t.catalog.versions.Add(1)
	}
}

func (t *Txn) apply(c *change) {
	switch c.database {
	case 0:
		c.applyShared(&t.shared)
	case t.database:
		c.applyTo(&t.contents)
	}
}

// Savepoint marks the present state. It goes with kv.Txn.Savepoint.
func (t *Txn) Savepoint() Mark { return Mark{len(t.changes), len(t.freed)} }

// RollbackTo undoes the changes after the mark. It goes with kv.Txn.RollbackTo, which has given back the locks since: what is still held is asked for anew.
func (t *Txn) RollbackTo(m Mark) {
	clear(t.held)
	t.locked = t.locked[:0]
	t.freed = t.freed[:m.freed]
	if len(t.changes) > m.changes {
		clear(t.changes[m.changes:])
		t.changes = t.changes[:m.changes]
		t.rebuild()
	}
}

// FreedStorage lists the storage ids that the transaction has let go by drops, truncations and rewrites. Their rows and entries are to be
// deleted after the commit, and Catalog.Collected told; ids that were also made in the transaction are among them.
func (t *Txn) FreedStorage() []uint64 { return slices.Clone(t.freed) }

// write stores a change and applies it to the view. The caller holds the descriptor's lock.
func (t *Txn) write(c change) error {
	var err error
	if c.value == nil {
		err = t.kv.Delete(c.key())
	} else {
		err = t.kv.Put(c.key(), c.encode())
	}
	if err != nil {
		return storeError(err)
	}
	t.changes = append(t.changes, c)
	t.apply(&c)
	t.version = t.catalog.versions.Add(1)
	if !t.hooked {
		t.hooked = true
		t.kv.OnCommit(func(kv.Version) {
			if len(t.changes) > 0 {
				t.catalog.publish(t.changes)
			}
		})
	}
	return nil
}

// put writes a descriptor of this database or a shared one.
func (t *Txn) put(kind byte, oid OID, value any) error {
	return t.write(change{database: t.home(kind), kind: kind, object: desc.ObjectRef{OID: oid}, value: value})
}

func (t *Txn) remove(kind byte, oid OID) error {
	return t.write(change{database: t.home(kind), kind: kind, object: desc.ObjectRef{OID: oid}})
}

// home is the database that a kind's keys are under.
func (t *Txn) home(kind byte) OID {
	if kind == kindDatabase || kind == kindRole {
		return 0
	}
	return t.database
}

// lockDescriptor waits until no other transaction changes a descriptor, and brings the view up to date: what is read afterwards stays true.
func (t *Txn) lockDescriptor(ctx context.Context, kind byte, oid OID) error {
	return t.lockKey(ctx, oidKey(t.home(kind), kind, oid), kv.LockOptions{Mode: kv.ForUpdate})
}

// lockName reserves a name within a schema (0: none) and a class of objects for this transaction.
func (t *Txn) lockName(ctx context.Context, class, schema OID, name string) error {
	database := t.database
	if isShared(class) {
		database = 0
	}
	return t.lockKey(ctx, nameLockKey(database, class, schema, name), kv.LockOptions{Mode: kv.ForUpdate})
}

func (t *Txn) oid(ctx context.Context, into *OID) error {
	if *into != 0 {
		return nil
	}
	n, err := t.catalog.NextOID(ctx)
	*into = n
	return err
}
