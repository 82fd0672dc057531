package exec

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

var _ builtin.Locker = (*environment)(nil)

// lockNames are pg_locks' names of the lock modes.
var lockNames = map[kv.LockMode]string{
	kv.AccessShare: "AccessShareLock", kv.RowShare: "RowShareLock", kv.RowExclusive: "RowExclusiveLock", kv.ShareUpdateExclusive: "ShareUpdateExclusiveLock",
	kv.Share: "ShareLock", kv.ShareRowExclusive: "ShareRowExclusiveLock", kv.Exclusive: "ExclusiveLock", kv.AccessExclusive: "AccessExclusiveLock",
}

// advisorySpace begins the keys of advisory locks; no stored key begins so.
const advisorySpace = 0xF0

// Sub-identifiers of advisory locks, as pg_locks shows them.
const (
	onBigint = 1
	onPair   = 2
)

func advisoryKey(database desc.OID, l builtin.AdvisoryLock) []byte {
	key := binary.BigEndian.AppendUint32([]byte{advisorySpace}, uint32(database))
	key = binary.BigEndian.AppendUint32(key, l.High)
	key = binary.BigEndian.AppendUint32(key, l.Low)
	if l.Pair {
		return append(key, onPair)
	}
	return append(key, onBigint)
}

func advisoryMode(l builtin.AdvisoryLock) kv.LockMode {
	if l.Shared {
		return kv.Share
	}
	return kv.Exclusive
}

// AdvisoryLock takes a lock of the session or of its transaction; false when it was only to be tried and another has it.
func (e *environment) AdvisoryLock(ctx context.Context, l builtin.AdvisoryLock) (bool, error) {
	if e.s.locks == nil {
		return false, pgerr.Unsupported("advisory locks on this store")
	}
	key := advisoryKey(e.s.database, l)
	o := kv.LockOptions{Mode: advisoryMode(l), NoWait: l.Try, Timeout: e.s.settings.Milliseconds("lock_timeout")}
	var err error
	if l.Transaction {
		err = e.s.txn.kv.Lock(ctx, [][]byte{key}, o)
	} else {
		err = e.s.locks.Lock(ctx, key, o)
	}
	if l.Try && errors.Is(err, kv.ErrLocked) {
		return false, nil
	}
	return err == nil, clientError(ctx, err)
}

func (e *environment) AdvisoryUnlock(l builtin.AdvisoryLock) bool {
	return e.s.locks != nil && e.s.locks.Unlock(advisoryKey(e.s.database, l), advisoryMode(l))
}

func (e *environment) AdvisoryUnlockAll() {
	if e.s.locks != nil {
		e.s.locks.UnlockAll()
	}
}

// Locks lists the locks of all sessions. Rows are not listed: like PostgreSQL, only who waits for one is, as a wait for the other's transaction.
func (e *environment) Locks() []builtin.LockInfo {
	locker, ok := e.s.engine.store.(kv.Locker)
	if !ok {
		return nil
	}
	var out []builtin.LockInfo
	for _, x := range locker.Locks() {
		l := builtin.LockInfo{PID: int32(x.Owner), Mode: lockNames[x.Mode], Granted: x.Granted, Since: x.Since}
		database, object, isObject := catalog.LockedObject(x.Key)
		switch {
		case isObject && object.Class == desc.ClassRelation:
			l.Type, l.Database, l.Relation = "relation", database, object.OID
		case isObject:
			l.Type, l.Database, l.Class, l.Object = "object", database, object.Class, object.OID
		case len(x.Key) == 14 && x.Key[0] == advisorySpace:
			at := func(i int) pgtype.OID { return pgtype.OID(binary.BigEndian.Uint32(x.Key[i:])) }
			l.Type, l.Database, l.Class, l.Object, l.SubID = "advisory", at(1), at(5), at(9), int16(x.Key[13])
		case x.Granted:
			continue
		default:
			l.Type, l.Mode = "transactionid", "ShareLock"
		}
		out = append(out, l)
	}
	return out
}

// newLocks makes the owner of a session's locks; nil when the store has no such.
func newLocks(store kv.Store, pid int32) kv.LockSession {
	if l, ok := store.(kv.Locker); ok {
		return l.NewLockSession(uint64(uint32(pid)))
	}
	return nil
}
