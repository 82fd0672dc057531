package catalog

import (
	"context"
	"time"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// Wait says how a lock is waited for.
type Wait struct {
	NoWait  bool
	Timeout time.Duration // lock_timeout, 0: none
}

// lockSet is a set of lock modes, a bit each.
type lockSet uint16

// covers says, for each mode, which held modes make asking for it again pointless: itself and those that conflict with all that it conflicts with.
var covers = [...]lockSet{
	kv.ForKeyShare:          1<<kv.ForKeyShare | 1<<kv.ForShare | 1<<kv.ForNoKeyUpdate | 1<<kv.ForUpdate,
	kv.ForShare:             1<<kv.ForShare | 1<<kv.ForNoKeyUpdate | 1<<kv.ForUpdate,
	kv.ForNoKeyUpdate:       1<<kv.ForNoKeyUpdate | 1<<kv.ForUpdate,
	kv.ForUpdate:            1 << kv.ForUpdate,
	kv.AccessShare:          0xffff &^ (1<<kv.AccessShare - 1),
	kv.RowShare:             1<<kv.RowShare | 1<<kv.RowExclusive | 1<<kv.ShareUpdateExclusive | 1<<kv.Share | 1<<kv.ShareRowExclusive | 1<<kv.Exclusive | 1<<kv.AccessExclusive,
	kv.RowExclusive:         1<<kv.RowExclusive | 1<<kv.ShareRowExclusive | 1<<kv.Exclusive | 1<<kv.AccessExclusive,
	kv.ShareUpdateExclusive: 1<<kv.ShareUpdateExclusive | 1<<kv.ShareRowExclusive | 1<<kv.Exclusive | 1<<kv.AccessExclusive,
	kv.Share:                1<<kv.Share | 1<<kv.ShareRowExclusive | 1<<kv.Exclusive | 1<<kv.AccessExclusive,
	kv.ShareRowExclusive:    1<<kv.ShareRowExclusive | 1<<kv.Exclusive | 1<<kv.AccessExclusive,
	kv.Exclusive:            1<<kv.Exclusive | 1<<kv.AccessExclusive,
	kv.AccessExclusive:      1 << kv.AccessExclusive,
}

// heldRelation is a relation that the transaction has locked.
type heldRelation struct {
	oid   OID
	modes lockSet
}

// Holds tells whether the transaction has locked a relation so that mode needs no lock any more.
func (t *Txn) Holds(relation OID, mode kv.LockMode) bool {
	for i := range t.locked {
		if t.locked[i].oid == relation {
			return t.locked[i].modes&covers[mode] != 0
		}
	}
	return false
}

func (t *Txn) holdRelation(oid OID, mode kv.LockMode) {
	for i := range t.locked {
		if t.locked[i].oid == oid {
			t.locked[i].modes |= 1 << mode
			return
		}
	}
	t.locked = append(t.locked, heldRelation{oid, 1 << mode})
}

// LockRelation locks a table, view or sequence to the end of the transaction, as every statement does with the relations that it uses, and
// gives its descriptor as it is then; 42P01 when it has been dropped meanwhile, 55P03 with NoWait or after the timeout. It comes before the
// snapshot of rows that the statement reads is taken. Built-in relations need no lock.
func (t *Txn) LockRelation(ctx context.Context, oid OID, mode kv.LockMode, w Wait) (*desc.Relation, error) {
	r := t.Relation(oid)
	if r == nil {
		return nil, pgerr.Newf(pgerr.UndefinedTable, "relation with OID %d does not exist", oid)
	}
	if r.Class == desc.System {
		return r, nil
	}
	if err := t.lockObject(ctx, desc.ClassRelation, oid, mode, w); err != nil {
		if pgerr.Is(err, pgerr.LockNotAvailable) && w.NoWait {
			return nil, pgerr.Wrap(err, pgerr.LockNotAvailable, "could not obtain lock on relation \""+r.Name+"\"")
		}
		return nil, err
	}
	now := t.Relation(oid)
	t.temp = t.temp || now != nil && now.Persistence == 't'
	if now == nil {
		return nil, pgerr.Newf(pgerr.UndefinedTable, "relation \"%s\" does not exist", r.Name)
	}
	return now, nil
}

// LockKnown locks a relation that the view shows, as LockRelation does, and leaves it to the caller to look whether the view has changed meanwhile (Version).
func (t *Txn) LockKnown(ctx context.Context, oid OID, mode kv.LockMode, w Wait) error {
	return t.lockObject(ctx, desc.ClassRelation, oid, mode, w)
}

// LockDatabase locks a database: a session holds RowExclusive as long as it is connected, through a lock session of the store, or a statement
// takes AccessExclusive before it drops or copies one.
func (t *Txn) LockDatabase(ctx context.Context, oid OID, mode kv.LockMode, w Wait) error {
	return t.lockObject(ctx, desc.ClassDatabase, oid, mode, w)
}

// lockObject takes an object's lock and brings the view up to date.
func (t *Txn) lockObject(ctx context.Context, class, oid OID, mode kv.LockMode, w Wait) error {
	database := t.database
	if isShared(class) {
		database = 0
	}
	o := kv.LockOptions{Mode: mode, NoWait: w.NoWait, Timeout: w.Timeout}
	if class != desc.ClassRelation {
		t.keybuf = appendLockKey(t.keybuf[:0], database, class, oid)
		return t.lockKey(ctx, t.keybuf, o)
	}
	if !t.Holds(oid, mode) {
		t.keybuf = appendLockKey(t.keybuf[:0], database, class, oid)
		if err := t.acquire(ctx, t.keybuf, o); err != nil {
			return err
		}
		t.holdRelation(oid, mode)
	}
	t.Refresh()
	return nil
}

// acquire takes a lock in the store.
func (t *Txn) acquire(ctx context.Context, key []byte, o kv.LockOptions) error {
	if o.Timeout == 0 {
		o.Timeout = t.timeout
	}
	t.one[0] = key
	return storeError(t.kv.Lock(ctx, t.one[:], o))
}

// lockKey takes a lock unless a known one covers it. Locks last to the end of the transaction, or to the rollback to a savepoint before them.
func (t *Txn) lockKey(ctx context.Context, key []byte, o kv.LockOptions) error {
	if t.held[string(key)]&covers[o.Mode] == 0 {
		if err := t.acquire(ctx, key, o); err != nil {
			return err
		}
		if t.held == nil {
			t.held = make(map[string]lockSet)
		}
		t.held[string(key)] |= 1 << o.Mode
	}
	t.Refresh()
	return nil
}
