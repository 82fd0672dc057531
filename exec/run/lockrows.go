package run

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// lockRows takes the row locks of FOR UPDATE and its kin on the rows that pass.
type lockRows struct {
	exec  *Exec
	input Operator
	locks []rowLock
	frame expr.Frame
}

type rowLock struct {
	plan.RowLock
	table    *userdata.Table
	locator  int
	position []int // by attribute number - 1, -1: not in the input
	recheck  expr.Eval
	newest   []pgtype.Datum
}

func (b *builder) lockRows(n *plan.LockRows, outer *expr.Scope) (Operator, error) {
	input, err := b.build(n.Input, outer)
	if err != nil {
		return nil, err
	}
	l := &lockRows{exec: b.exec, input: input}
	columns := n.Input.Columns()
	for _, k := range n.Locks {
		x := rowLock{RowLock: k, locator: -1, position: make([]int, len(k.Table.Columns)), newest: make([]pgtype.Datum, len(k.Table.Columns))}
		for i := range x.position {
			x.position[i] = -1
		}
		for i, id := range columns {
			if id.Rel == k.Rel && id.Num == plan.Locator {
				x.locator = i
			} else if id.Rel == k.Rel && id.Num > 0 {
				x.position[id.Num-1] = i
			}
		}
		if k.Recheck != nil {
			if x.recheck, err = b.compiler(columns, outer).Compile(k.Recheck); err != nil {
				return nil, err
			}
		}
		l.locks = append(l.locks, x)
	}
	return l, nil
}

func (l *lockRows) Open(outer *expr.Frame) error {
	l.frame = frameOf(outer, l.exec)
	for i := range l.locks {
		rel := l.locks[i].Table
		if now := l.exec.Catalog.Relation(rel.OID); now != nil {
			rel = now
		}
		t, err := l.exec.Table(rel)
		if err != nil {
			return err
		}
		l.locks[i].table = t
	}
	return l.input.Open(outer)
}

var strengths = map[byte]kv.LockMode{'u': kv.ForUpdate, 'n': kv.ForNoKeyUpdate, 's': kv.ForShare, 'k': kv.ForKeyShare}

func (l *lockRows) Next() ([]pgtype.Datum, error) {
	for {
		row, err := l.input.Next()
		if err != nil || row == nil {
			return nil, err
		}
		out, err := l.lock(row)
		if err != nil || out != nil {
			return out, err
		}
	}
}

// lock takes the locks of one row; nil when the row is no longer wanted.
func (l *lockRows) lock(row []pgtype.Datum) ([]pgtype.Datum, error) {
	for i := range l.locks {
		k := &l.locks[i]
		if k.locator < 0 || row[k.locator].IsNull() {
			continue
		}
		req := userdata.LockRequest{Mode: strengths[k.Strength], NoWait: k.NoWait, Skip: k.Skip}
		status, err := k.table.Lock(l.exec.Ctx(), l.exec.Access, row[k.locator], req, k.newest)
		if err == kv.ErrLocked {
			return nil, pgerr.Newf(pgerr.LockNotAvailable, "could not obtain lock on row in relation %q", k.Table.Name)
		}
		if err != nil {
			return nil, err
		}
		switch status {
		case userdata.Gone, userdata.Skipped:
			return nil, nil
		case userdata.Changed:
			row = append([]pgtype.Datum(nil), row...)
			for c, p := range k.position {
				if p >= 0 {
					row[p] = k.newest[c]
				}
			}
			if k.recheck != nil {
				l.frame.Row = row
				v, err := k.recheck(&l.frame)
				if err != nil || v.IsNull() || !v.Bool() {
					return nil, err
				}
			}
		}
	}
	return row, nil
}

func (l *lockRows) Close() { l.input.Close() }
