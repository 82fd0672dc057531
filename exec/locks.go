package exec

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

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
	o := kv.LockOptions{Mode: advisoryMode(l), NoWait: l.Try, Timeout: e.s.settings.Quick().LockTimeout}
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

// Locks lists the locks of all sessions. Rows are not listed: like PostgreSQL, a session that holds some holds its transaction's id, and who waits for a row waits for the id of
// the transaction that has it.
func (e *environment) Locks() []builtin.LockInfo {
	locker, ok := e.s.engine.store.(kv.Locker)
	if !ok {
		return nil
	}
	numbers := make(map[int32]uint32) // of the transactions that run
	for _, s := range e.s.engine.sessions.all() {
		if n := s.number.Load(); n != 0 {
			numbers[s.pid] = n
		}
	}
	var out []builtin.LockInfo
	writers := make(map[int32]bool)
	for _, x := range locker.Locks() {
		l := builtin.LockInfo{PID: int32(x.Owner), Mode: lockNames[x.Mode], Granted: x.Granted, Since: x.Since, Virtual: numbers[int32(x.Owner)]}
		for _, b := range x.Blockers {
			l.Blockers = append(l.Blockers, int32(b))
		}
		if !describeLock(&l, x.Key) {
			if x.Granted {
				writers[l.PID] = true
				continue
			}
			l.Type, l.Mode, l.Transaction = "transactionid", "ShareLock", numbers[l.Blockers[0]]
		}
		out = append(out, l)
	}
	for pid, n := range numbers {
		own := builtin.LockInfo{Type: "virtualxid", PID: pid, Mode: "ExclusiveLock", Granted: true, Transaction: n, Virtual: n}
		out = append(out, own)
		if writers[pid] {
			own.Type = "transactionid"
			out = append(out, own)
		}
	}
	return out
}

// describeLock says what a key of the lock manager stands for; false: for a row or something else within a relation.
func describeLock(l *builtin.LockInfo, key []byte) bool {
	database, object, isObject := catalog.LockedObject(key)
	switch {
	case isObject && object.Class == desc.ClassRelation:
		l.Type, l.Database, l.Relation = "relation", database, object.OID
	case isObject:
		l.Type, l.Database, l.Class, l.Object = "object", database, object.Class, object.OID
	case len(key) == 14 && key[0] == advisorySpace:
		at := func(i int) pgtype.OID { return pgtype.OID(binary.BigEndian.Uint32(key[i:])) }
		l.Type, l.Database, l.Class, l.Object, l.SubID = "advisory", at(1), at(5), at(9), int16(key[13])
	default:
		return false
	}
	return true
}

// SnapshotBlockers lists whom a deferrable transaction waits for.
func (e *environment) SnapshotBlockers(pid int32) (list []int32) {
	if store, ok := e.s.engine.store.(kv.SafeSnapshots); ok {
		for _, owner := range store.SnapshotBlockers(uint64(uint32(pid))) {
			list = append(list, int32(owner))
		}
	}
	return list
}

// deadlock is the client's error of a deadlock: who waited for whom, a line each.
func deadlock(d *kv.DeadlockError) error {
	lines := make([]string, len(d.Cycle))
	for i, w := range d.Cycle {
		l := builtin.LockInfo{}
		mode, on := lockNames[w.Mode], ""
		describeLock(&l, w.Key)
		switch l.Type {
		case "relation":
			on = fmt.Sprintf("relation %d of database %d", l.Relation, l.Database)
		case "object":
			on = fmt.Sprintf("object %d of class %d of database %d", l.Object, l.Class, l.Database)
		case "advisory":
			on = fmt.Sprintf("advisory lock [%d,%d,%d,%d]", l.Database, l.Class, l.Object, l.SubID)
		default:
			mode, on = "ShareLock", fmt.Sprintf("transaction %d", w.Blocker)
		}
		lines[i] = fmt.Sprintf("Process %d waits for %s on %s; blocked by process %d.", w.Waiter, mode, on, w.Blocker)
	}
	return pgerr.Wrap(d, pgerr.DeadlockDetected, "deadlock detected").WithDetail("%s", strings.Join(lines, "\n")).WithHint("See server log for query details.")
}

// newLocks makes the owner of a session's locks; nil when the store has no such.
func newLocks(store kv.Store, pid int32) kv.LockSession {
	if l, ok := store.(kv.Locker); ok {
		return l.NewLockSession(uint64(uint32(pid)))
	}
	return nil
}
