package run

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// watch tells a statement's Queue of the rows that it changes in a table with foreign keys, of its own or to it. Other tables have none.
type watch struct {
	exec   *Exec
	table  *userdata.Table
	checks []*checkList
	refers []desc.OID
	key    []byte
}

// watchOf makes the watch of a table for a statement, nil when nothing is to be watched.
func (x *Exec) watchOf(table *userdata.Table, r *plan.TableRules) (*watch, error) {
	if r == nil || x.Queue == nil {
		return nil, nil
	}
	w := &watch{exec: x, table: table, refers: r.Referred}
	for _, oid := range r.Refers {
		l, err := x.Queue.checkList(x, oid)
		if err != nil {
			return nil, err
		}
		if l != nil {
			w.checks = append(w.checks, l)
		}
	}
	return w, nil
}

// inserted notes a new row.
func (w *watch) inserted(row []pgtype.Datum) error {
	w.exec.Queue.seq++
	key := w.exec.Access.Written()
	if w.exec.Access.Load != nil { // the row is not written yet
		w.key = w.table.AppendRowIdentity(w.key[:0], w.exec.Access, row)
		if len(w.key) > 0 {
			key = w.key
		}
	}
	scope := w.table.Scope(key)
	for _, l := range w.checks {
		if err := l.add(w.exec, w.exec.Queue.seq, scope, row, key); err != nil {
			return err
		}
	}
	return nil
}

// updated notes a row that has changed from old to row.
func (w *watch) updated(locator pgtype.Datum, old, row []pgtype.Datum) error {
	q := w.exec.Queue
	q.seq++
	_, before := userdata.SplitLocator(locator)
	key := w.exec.Access.Written()
	scope := w.table.Scope(key)
	moved := string(before) != string(key) // what was queued for the row does not find it any more
	for _, oid := range w.refers {
		l, err := q.actionList(w.exec, oid, true)
		if err != nil {
			return err
		}
		if l != nil {
			l.add(q.seq, scope, old, row)
		}
	}
	for _, l := range w.checks {
		if !moved && l.fk.keeps(old, row) {
			continue
		}
		if err := l.add(w.exec, q.seq, scope, row, key); err != nil {
			return err
		}
	}
	return nil
}

// deleted notes a row that is gone.
func (w *watch) deleted(locator pgtype.Datum, old []pgtype.Datum) error {
	q := w.exec.Queue
	q.seq++
	_, key := userdata.SplitLocator(locator)
	scope := w.table.Scope(key)
	for _, oid := range w.refers {
		l, err := q.actionList(w.exec, oid, false)
		if err != nil {
			return err
		}
		if l != nil {
			l.add(q.seq, scope, old, nil)
		}
	}
	return nil
}

// keeps tells whether an update leaves the referring columns with equal values.
func (f *ForeignKey) keeps(old, row []pgtype.Datum) bool {
	for i, n := range f.plan.Constraint.Columns {
		a, b := old[n-1], row[n-1]
		if a.IsNull() != b.IsNull() || !a.IsNull() && f.childTypes[i].Codec.Compare(a, b) != 0 {
			return false
		}
	}
	return true
}

// add queues a row of the referenced table, unless its key is NULL or the same as before.
func (l *actionList) add(seq int, scope string, old, row []pgtype.Datum) {
	c := l.fk.plan.Constraint
	if row != nil && sameColumns(l.fk.parentTypes, c.RefColumns, old, row) {
		return
	}
	values := make([]pgtype.Datum, len(c.RefColumns))
	if !l.fk.parentValues(old, values) {
		return
	}
	e := action{seq: seq, scope: scope, old: l.own(values)}
	if row != nil {
		next := make([]pgtype.Datum, len(c.RefColumns))
		l.fk.parentValues(row, next)
		for i, n := range c.RefColumns {
			next[i] = row[n-1]
		}
		e.next = l.own(next)
	}
	l.events = append(l.events, e)
}

func (l *actionList) own(values []pgtype.Datum) []pgtype.Datum {
	for i, v := range values {
		values[i] = l.memory.Own(v)
	}
	return values
}
