package builtin

import (
	"context"
	"time"

	"github.com/kalampg/kalampg/internal/pgtype"
)

// lockFamily is advisory locks and the list of all locks.
func lockFamily() []Def {
	defs := []Def{
		{Name: "pg_lock_status", Set: lockStatus},
		{Name: "pg_advisory_unlock_all", Scalar: advisoryUnlockAll},
	}
	for _, width := range []string{"int8", "int4"} {
		for _, mode := range []string{"", "_shared"} {
			shared := mode != ""
			defs = append(defs,
				Def{Name: "pg_advisory_lock" + mode + "_" + width, Scalar: advisoryLock(AdvisoryLock{Shared: shared})},
				Def{Name: "pg_advisory_xact_lock" + mode + "_" + width, Scalar: advisoryLock(AdvisoryLock{Shared: shared, Transaction: true})},
				Def{Name: "pg_try_advisory_lock" + mode + "_" + width, Scalar: advisoryLock(AdvisoryLock{Shared: shared, Try: true})},
				Def{Name: "pg_try_advisory_xact_lock" + mode + "_" + width, Scalar: advisoryLock(AdvisoryLock{Shared: shared, Transaction: true, Try: true})},
				Def{Name: "pg_advisory_unlock" + mode + "_" + width, Scalar: advisoryUnlock(shared)})
		}
	}
	return defs
}

// AdvisoryLock is a lock that only applications give a meaning: on one bigint, or on a pair of integers.
type AdvisoryLock struct {
	High, Low uint32 // the halves of the bigint, or the pair
	Pair      bool
	Shared    bool

	Transaction bool // held to the end of the transaction instead of the session's
	Try         bool // does not wait
}

// LockInfo is one row of pg_locks.
type LockInfo struct {
	Type               string // relation, object, advisory, transactionid
	Database, Relation pgtype.OID
	Class, Object      pgtype.OID
	SubID              int16
	Mode               string // AccessShareLock, …
	PID                int32
	Granted            bool
	Since              time.Time // of the wait
}

// Locker is an Env whose session takes advisory locks, and that lists the locks of all sessions.
type Locker interface {
	AdvisoryLock(ctx context.Context, l AdvisoryLock) (bool, error)
	AdvisoryUnlock(l AdvisoryLock) bool
	AdvisoryUnlockAll()
	Locks() []LockInfo
}

// on sets what a lock is on from a function's arguments.
func (l AdvisoryLock) on(a []pgtype.Datum) AdvisoryLock {
	if len(a) == 1 {
		l.High, l.Low = uint32(a[0].Int()>>32), uint32(a[0].Int())
		return l
	}
	l.High, l.Low, l.Pair = uint32(a[0].Int()), uint32(a[1].Int()), true
	return l
}

func advisoryLock(l AdvisoryLock) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		locker, ok := c.Env.(Locker)
		if !ok {
			return pgtype.Null, nil
		}
		got, err := locker.AdvisoryLock(c.Ctx, l.on(a))
		if l.Try {
			return pgtype.Bool(got), err
		}
		return pgtype.Text(""), err
	}
}

func advisoryUnlock(shared bool) Scalar {
	return func(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		locker, ok := c.Env.(Locker)
		if ok && locker.AdvisoryUnlock(AdvisoryLock{Shared: shared}.on(a)) {
			return pgtype.Bool(true), nil
		}
		kind := "ExclusiveLock"
		if shared {
			kind = "ShareLock"
		}
		c.Env.Notice("WARNING", "01000", "you don't own a lock of type "+kind)
		return pgtype.Bool(false), nil
	}
}

func advisoryUnlockAll(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
	if locker, ok := c.Env.(Locker); ok {
		locker.AdvisoryUnlockAll()
	}
	return pgtype.Text(""), nil
}

func lockStatus(c *Call, _ []pgtype.Datum) (Rows, error) {
	locker, ok := c.Env.(Locker)
	if !ok {
		return listed(nil), nil
	}
	types, names := outTypes(c), outNames(c)
	var rows []pgtype.Datum
	for _, l := range locker.Locks() {
		values := map[string]pgtype.Datum{
			"locktype": pgtype.Text(l.Type), "pid": pgtype.Int(int64(l.PID)), "mode": pgtype.Text(l.Mode), "granted": pgtype.Bool(l.Granted), "fastpath": pgtype.Bool(false),
			"virtualtransaction": pgtype.Text(virtualTransaction(l.PID)),
		}
		switch l.Type {
		case "relation":
			values["database"], values["relation"] = pgtype.OIDValue(l.Database), pgtype.OIDValue(l.Relation)
		case "object", "advisory":
			values["database"], values["classid"], values["objid"] = pgtype.OIDValue(l.Database), pgtype.OIDValue(l.Class), pgtype.OIDValue(l.Object)
			values["objsubid"] = pgtype.Int(int64(l.SubID))
		}
		if !l.Granted {
			values["waitstart"] = timestampOf(l.Since)
		}
		fields := make([]pgtype.Datum, len(types))
		for i, name := range names {
			fields[i] = values[name]
		}
		rows = append(rows, outRecord(c, types, fields...))
	}
	return listed(rows), nil
}

// virtualTransaction names the transaction that a session runs, as backend/number; sessions are told apart by their process ids here.
func virtualTransaction(pid int32) string {
	return string(pgtype.Int4Type.Codec.AppendText(nil, nil, pgtype.Int(int64(pid)))) + "/1"
}
