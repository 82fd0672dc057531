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
	if now == nil {
		return nil, pgerr.Newf(pgerr.UndefinedTable, "relation \"%s\" does not exist", r.Name)
	}
	return now, nil
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
	t.keybuf = appendLockKey(t.keybuf[:0], database, class, oid)
	return t.lockKey(ctx, t.keybuf, kv.LockOptions{Mode: mode, NoWait: w.NoWait, Timeout: w.Timeout})
}

// lockKey takes a lock unless a known one covers it. Locks last to the end of the transaction, or to the rollback to a savepoint before them.
func (t *Txn) lockKey(ctx context.Context, key []byte, o kv.LockOptions) error {
	if o.Timeout == 0 {
		o.Timeout = t.timeout
	}
	if t.held[string(key)]&covers[o.Mode] == 0 {
		if err := t.kv.Lock(ctx, [][]byte{key}, o); err != nil {
			return storeError(err)
		}
		if t.held == nil {
			t.held = make(map[string]lockSet)
		}
		t.held[string(key)] |= 1 << o.Mode
	}
	t.Refresh()
	return nil
}
