package expr

import (
	"fmt"
	"time"

	"github.com/kalampg/kalampg/internal/pgtype"
)

// epoch2000 is PostgreSQL's epoch in Unix seconds.
const epoch2000 = 946684800

// Microseconds gives a time as microseconds since 2000-01-01 00:00:00 UTC, the form of a timestamptz datum.
func Microseconds(t time.Time) int64 { return t.UnixMicro() - epoch2000*1e6 }

// round cuts microseconds to a precision of 0 to 6 digits; -1 leaves them.
func round(us int64, precision int32) int64 {
	if precision < 0 || precision >= 6 {
		return us
	}
	unit := int64(1)
	for range 6 - precision {
		unit *= 10
	}
	half := unit / 2
	if us < 0 {
		half = -half
	}
	return (us + half) / unit * unit
}

const dayMicros = 86400 * 1e6

// local gives the wall clock of t in the session's zone, as microseconds since 2000, and the zone's offset in seconds east.
func local(t time.Time, zone *time.Location) (us int64, east int) {
	_, east = t.In(zone).Zone()
	return Microseconds(t) + int64(east)*1e6, east
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// compileSQLValue compiles CURRENT_DATE and its kin: times are those of the transaction's start.
func compileSQLValue(e *SQLValue) (Eval, error) {
	mod := e.Mod
	switch e.Name {
	case "CURRENT_DATE":
		return func(f *Frame) (pgtype.Datum, error) {
			us, _ := local(f.RT.Env.TransactionTime(), f.RT.Text.Location)
			return pgtype.Int(floorDiv(us, dayMicros)), nil
		}, nil
	case "CURRENT_TIMESTAMP":
		return func(f *Frame) (pgtype.Datum, error) {
			return pgtype.Int(round(Microseconds(f.RT.Env.TransactionTime()), mod)), nil
		}, nil
	case "LOCALTIMESTAMP":
		return func(f *Frame) (pgtype.Datum, error) {
			us, _ := local(f.RT.Env.TransactionTime(), f.RT.Text.Location)
			return pgtype.Int(round(us, mod)), nil
		}, nil
	case "LOCALTIME":
		return func(f *Frame) (pgtype.Datum, error) {
			us, _ := local(f.RT.Env.TransactionTime(), f.RT.Text.Location)
			return pgtype.Int(round(us-floorDiv(us, dayMicros)*dayMicros, mod)), nil
		}, nil
	case "CURRENT_TIME":
		return func(f *Frame) (pgtype.Datum, error) {
			us, east := local(f.RT.Env.TransactionTime(), f.RT.Text.Location)
			return pgtype.Pair(uint64(round(us-floorDiv(us, dayMicros)*dayMicros, mod)), uint64(uint32(int32(-east)))), nil
		}, nil
	case "CURRENT_ROLE", "CURRENT_USER", "USER":
		return func(f *Frame) (pgtype.Datum, error) { return roleName(f, f.RT.Env.CurrentUser()), nil }, nil
	case "SESSION_USER":
		return func(f *Frame) (pgtype.Datum, error) { return roleName(f, f.RT.Env.SessionUser()), nil }, nil
	case "CURRENT_CATALOG":
		return func(f *Frame) (pgtype.Datum, error) { return pgtype.Text(f.RT.Env.Database()), nil }, nil
	case "CURRENT_SCHEMA":
		return func(f *Frame) (pgtype.Datum, error) {
			path := f.RT.Env.SearchPath(false)
			if len(path) == 0 {
				return pgtype.Null, nil
			}
			if s := f.RT.Env.Catalog().Schema(path[0]); s != nil {
				return pgtype.Text(s.Name), nil
			}
			return pgtype.Null, nil
		}, nil
	}
	return nil, fmt.Errorf("expr: no SQL value %s", e.Name)
}

func roleName(f *Frame, oid pgtype.OID) pgtype.Datum {
	if r := f.RT.Env.Catalog().Role(oid); r != nil {
		return pgtype.Text(r.Name)
	}
	return pgtype.Null
}
