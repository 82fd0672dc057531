package builtin

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/kalampg/kalampg/internal/pgtype"
)

// lockFamily is advisory locks and the list of all locks.
func lockFamily() []Def {
	defs := []Def{
		{Name: "pg_export_snapshot", Scalar: exportSnapshot},
		{Name: "pg_lock_status", Set: lockStatus},
		{Name: "pg_blocking_pids", Scalar: blockingPIDs},
		{Name: "pg_safe_snapshot_blocking_pids", Scalar: safeSnapshotBlockingPIDs},
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
	Type               string // relation, object, advisory, virtualxid, transactionid
	Transaction        uint32 // of virtualxid and transactionid
	Database, Relation pgtype.OID
	Class, Object      pgtype.OID
	SubID              int16
	Mode               string // AccessShareLock, …
	PID                int32
	Granted            bool
	Since              time.Time // of the wait
	Blockers           []int32   // whom the wait is for
	Virtual            uint32    // the number of the transaction that holds it or waits
}

// Locker is an Env whose session takes advisory locks, and that lists the locks of all sessions.
type Locker interface {
	AdvisoryLock(ctx context.Context, l AdvisoryLock) (bool, error)
	AdvisoryUnlock(l AdvisoryLock) bool
	AdvisoryUnlockAll()
	Locks() []LockInfo
	// SnapshotBlockers are the sessions that another one's deferrable transaction waits for.
	SnapshotBlockers(pid int32) []int32
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
			"virtualtransaction": pgtype.Text(virtualTransaction(l.PID, l.Virtual)),
		}
		switch l.Type {
		case "relation":
			values["database"], values["relation"] = pgtype.OIDValue(l.Database), pgtype.OIDValue(l.Relation)
		case "object", "advisory":
			values["database"], values["classid"], values["objid"] = pgtype.OIDValue(l.Database), pgtype.OIDValue(l.Class), pgtype.OIDValue(l.Object)
			values["objsubid"] = pgtype.Int(int64(l.SubID))
		}
		switch l.Type {
		case "virtualxid":
			values["virtualxid"] = pgtype.Text(virtualTransaction(l.PID, l.Transaction))
		case "transactionid":
			values["transactionid"] = pgtype.Int(int64(l.Transaction))
		}
		if l.PID == 0 { // of a prepared transaction
			values["pid"], values["virtualtransaction"] = pgtype.Null, pgtype.Text("-1/"+strconv.FormatUint(uint64(l.Virtual), 10))
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
func virtualTransaction(pid int32, number uint32) string {
	return strconv.Itoa(int(pid)) + "/" + strconv.FormatUint(uint64(number), 10)
}

// blockingPIDs lists the sessions that one waits for.
func blockingPIDs(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	var list []int32
	if locker, ok := c.Env.(Locker); ok {
		for _, l := range locker.Locks() {
			if !l.Granted && int64(l.PID) == a[0].Int() {
				for _, b := range l.Blockers {
					if b == 0 || !slices.Contains(list, b) { // 0 stands for a prepared transaction, each by itself
						list = append(list, b)
					}
				}
			}
		}
	}
	return pidArray(list), nil
}

func safeSnapshotBlockingPIDs(c *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	if locker, ok := c.Env.(Locker); ok {
		return pidArray(locker.SnapshotBlockers(int32(a[0].Int()))), nil
	}
	return pidArray(nil), nil
}

func pidArray(list []int32) pgtype.Datum {
	elems := make([]pgtype.Datum, len(list))
	for i, pid := range list {
		elems[i] = pgtype.Int(int64(pid))
	}
	return pgtype.NewArrayValue(pgtype.Int4Type, elems)
}

// SnapshotExporter is an Env whose session can let others read at its snapshot.
type SnapshotExporter interface {
	ExportSnapshot() (id string, err error)
}

func exportSnapshot(c *Call, _ []pgtype.Datum) (pgtype.Datum, error) {
	x, ok := c.Env.(SnapshotExporter)
	if !ok {
		return pgtype.Null, nil
	}
	id, err := x.ExportSnapshot()
	return pgtype.Text(id), err
}
