package builtin

import (
	"time"

	"github.com/kalampg/kalampg/internal/pgtype"
)

// PreparedInfo is one row of pg_prepared_statements.
type PreparedInfo struct {
	Name, Statement    string
	Time               time.Time
	Parameters, Result []*pgtype.Type
	FromSQL            bool
}

// CursorInfo is one row of pg_cursors.
type CursorInfo struct {
	Name, Statement              string
	Holdable, Binary, Scrollable bool
	Created                      time.Time
}

// Lister is an Env that lists its session's prepared statements and cursors.
type Lister interface {
	PreparedStatements() []PreparedInfo
	Cursors() []CursorInfo
}

func preparedStatements(c *Call, _ []pgtype.Datum) (Rows, error) {
	l, ok := c.Env.(Lister)
	if !ok {
		return listed(nil), nil
	}
	types := outTypes(c)
	var rows []pgtype.Datum
	for _, p := range l.PreparedStatements() {
		rows = append(rows, outRecord(c, types, pgtype.Text(p.Name), pgtype.Text(p.Statement), timestampOf(p.Time), typeArray(p.Parameters), typeArray(p.Result),
			pgtype.Bool(p.FromSQL), pgtype.Int(0), pgtype.Int(0)))
	}
	return listed(rows), nil
}

// typeArray makes a regtype[]; NULL without types.
func typeArray(types []*pgtype.Type) pgtype.Datum {
	if types == nil {
		return pgtype.Null
	}
	elems := make([]pgtype.Datum, len(types))
	for i, t := range types {
		elems[i] = pgtype.OIDValue(t.OID)
	}
	return pgtype.NewArrayValue(pgtype.ByOID(pgtype.OIDRegtype), elems)
}

func cursors(c *Call, _ []pgtype.Datum) (Rows, error) {
	l, ok := c.Env.(Lister)
	if !ok {
		return listed(nil), nil
	}
	types := outTypes(c)
	var rows []pgtype.Datum
	for _, q := range l.Cursors() {
		rows = append(rows, outRecord(c, types, pgtype.Text(q.Name), pgtype.Text(q.Statement), pgtype.Bool(q.Holdable), pgtype.Bool(q.Binary), pgtype.Bool(q.Scrollable), timestampOf(q.Created)))
	}
	return listed(rows), nil
}

// PreparedTransaction is one row of pg_prepared_xacts.
type PreparedTransaction struct {
	XID             uint32
	GID             string
	Time            time.Time
	Owner, Database pgtype.OID
}

// PreparedLister is an Env that lists prepared transactions.
type PreparedLister interface {
	PreparedTransactions() []PreparedTransaction
}

func preparedTransactions(c *Call, _ []pgtype.Datum) (Rows, error) {
	l, ok := c.Env.(PreparedLister)
	if !ok {
		return listed(nil), nil
	}
	types := outTypes(c)
	var rows []pgtype.Datum
	for _, p := range l.PreparedTransactions() {
		rows = append(rows, outRecord(c, types, pgtype.Int(int64(p.XID)), pgtype.Text(p.GID), timestampOf(p.Time), pgtype.OIDValue(p.Owner), pgtype.OIDValue(p.Database)))
	}
	return listed(rows), nil
}
