package run

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// children finds the rows that refer to keys: by an index of the referring table key by key, or without one in a single pass over the table for all keys.
// It reads what is committed now, and the transaction's own writes.
type children struct {
	x      *Exec
	f      *ForeignKey
	child  *userdata.Table
	parent *userdata.Table
	events []action

	access  userdata.Access // with the scope of the event
	scanner *userdata.Scanner
	nums    []int16
	rows    *userdata.Rows
	at      int            // next event
	event   int            // that the running scan is for, by index
	wanted  map[string]int // events by key, in a pass over the table
	key     []byte         // of event, in a scan by index
	equal   []pgtype.Datum
	whole   []pgtype.Datum // the row by attribute number
	buffer  []byte
}

func (f *ForeignKey) children(x *Exec, events []action) (*children, error) {
	c := &children{x: x, f: f, events: events, equal: make([]pgtype.Datum, len(f.equal))}
	var err error
	if c.child, c.parent, err = f.tables(x); err != nil {
		return nil, err
	}
	for i := range f.plan.Child.Columns {
		if col := &f.plan.Child.Columns[i]; !col.Dropped {
			c.nums = append(c.nums, col.Num)
		}
	}
	c.nums = append(c.nums, userdata.Locator)
	c.scanner = c.child.Scanner(c.nums)
	c.whole = make([]pgtype.Datum, c.child.Width())
	c.access.Like(x.Access)
	return c, nil
}

// next gives a row, in the order of nums, and the event whose key it refers to; nil at the end. The row is good until the next one.
func (c *children) next() (row []pgtype.Datum, event int, err error) {
	for {
		if c.rows == nil {
			more, err := c.scan()
			if err != nil || !more {
				return nil, 0, err
			}
			if c.rows == nil {
				continue
			}
		}
		row, err := c.rows.Next(c.x.Ctx())
		if err != nil {
			return nil, 0, err
		}
		if row == nil {
			c.close()
			continue
		}
		if err := c.x.check(); err != nil {
			return nil, 0, err
		}
		event, ok, err := c.refers(row)
		if err != nil {
			return nil, 0, err
		}
		if ok {
			return row, event, nil
		}
	}
}

// scan starts the next scan; false when there is none.
func (c *children) scan() (more bool, err error) {
	if c.at == len(c.events) {
		return false, nil
	}
	scope := c.events[c.at].scope
	c.access.Scope, c.access.AllScopes = scope, c.child.Scoped() && !c.parent.Scoped()
	request := userdata.ScanRequest{Latest: true}
	if c.f.access != nil {
		e := &c.events[c.at]
		c.event = c.at
		c.at++
		c.key = c.f.parentKey(c.parent, c.key[:0], e.scope, e.old)
		ok, err := c.f.childValues(c.x, e.old, c.equal)
		if err != nil || !ok {
			return true, err
		}
		request.Index, request.Equal = c.f.access, c.equal
	} else {
		c.wanted = make(map[string]int)
		for ; c.at < len(c.events) && c.events[c.at].scope == scope; c.at++ {
			c.buffer = c.f.parentKey(c.parent, c.buffer[:0], scope, c.events[c.at].old)
			if _, twice := c.wanted[string(c.buffer)]; !twice {
				c.wanted[string(c.buffer)] = c.at
			}
		}
	}
	c.rows, err = c.scanner.Scan(c.x.Ctx(), &c.access, request)
	return true, err
}

// refers tells which event's key a row refers to.
func (c *children) refers(row []pgtype.Datum) (event int, ok bool, err error) {
	for i, n := range c.nums[:len(c.nums)-1] {
		c.whole[n-1] = row[i]
	}
	_, key := userdata.SplitLocator(row[len(c.nums)-1])
	var state keyState
	c.buffer, state, err = c.f.childKey(c.x, c.parent, c.buffer[:0], c.child.Scope(key), c.whole)
	if err != nil || state != keyGiven {
		return 0, false, err
	}
	if c.f.access == nil {
		event, ok = c.wanted[string(c.buffer)]
		return event, ok, nil
	}
	return c.event, string(c.buffer) == string(c.key), nil
}

// still tells whether a row that changed while it was waited for refers to the event's key as before.
func (c *children) still(row []pgtype.Datum, event int) (bool, error) {
	now, ok, err := c.refers(row)
	return ok && now == event, err
}

func (c *children) close() {
	if c.rows != nil {
		c.rows.Close()
		c.rows = nil
	}
}

// restrict finds the first event whose key is still referred to. With NO ACTION a key that another row has taken over by now is none.
func (f *ForeignKey) restrict(x *Exec, update bool, events []action, noAction bool) (violation, error) {
	if noAction {
		var err error
		if events, err = f.gone(x, events); err != nil || len(events) == 0 {
			return violation{}, err
		}
	}
	c, err := f.children(x, events)
	if err != nil {
		return violation{}, err
	}
	defer c.close()
	found := -1
	for {
		row, event, err := c.next()
		if err != nil {
			return violation{}, err
		}
		if row == nil {
			break
		}
		if found >= 0 && event >= found {
			continue
		}
		held, err := c.hold(row, event)
		if err != nil {
			return violation{}, err
		}
		if held {
			found = event
			if found == 0 || f.access != nil {
				break
			}
		}
	}
	if found < 0 {
		return violation{}, nil
	}
	return violation{events[found].seq, f.stillReferenced(x, events[found])}, nil
}

// hold locks a referring row, waiting for whoever is changing it, and tells whether it refers to the key still.
func (c *children) hold(row []pgtype.Datum, event int) (bool, error) {
	locator := row[len(c.nums)-1]
	newest := make([]pgtype.Datum, c.child.Width())
	access := c.access
	access.RepeatableRead = false // it is the newest state that counts
	status, err := c.child.Lock(c.x.Ctx(), &access, locator, userdata.LockRequest{Mode: kv.ForKeyShare}, newest)
	switch {
	case err != nil || status == userdata.Unchanged:
		return err == nil, err
	case status != userdata.Changed:
		return false, nil
	}
	now := make([]pgtype.Datum, len(row))
	for i, n := range c.nums[:len(c.nums)-1] {
		now[i] = newest[n-1]
	}
	now[len(c.nums)-1] = locator
	return c.still(now, event)
}

// gone leaves out the events whose key a row of the referenced table has again.
func (f *ForeignKey) gone(x *Exec, events []action) ([]action, error) {
	_, parent, err := f.tables(x)
	if err != nil {
		return nil, err
	}
	keys := make([][]byte, len(events))
	for i, e := range events {
		keys[i] = f.parentKey(parent, nil, e.scope, e.old)
	}
	found := make([]userdata.Presence, len(keys))
	if err := parent.Reference(x.Ctx(), x.Access, f.plan.Index, keys, userdata.ReferenceRequest{NoLock: true}, found); err != nil {
		return nil, err
	}
	var out []action
	for i, e := range events {
		if found[i] != userdata.Present {
			out = append(out, e)
		}
	}
	return out, nil
}

// maxDepth is how deep actions of foreign keys can lead to others.
const maxDepth = 2000

// act deletes or changes the rows that refer to the events' keys, and finishes what that leads to.
func (f *ForeignKey) act(x *Exec, update bool, events []action) error {
	if x.depth == maxDepth {
		return pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded").
			WithHint("Foreign keys lead from row to row more than %d times.", maxDepth)
	}
	p, done, err := x.Foreign.Action(f.plan.Constraint.OID, update)
	if err != nil {
		return err
	}
	defer done()
	inner := *x
	inner.Queue, inner.depth, inner.acting = &Queue{}, x.depth+1, &acting{f, events}
	err = p.Start(inner)
	for err == nil {
		var row []pgtype.Datum
		if row, err = p.Root.Next(); row == nil {
			break
		}
	}
	p.Root.Close()
	if err == nil {
		err = p.Finish()
	}
	return f.inStatement(x, err, update)
}

// acting is what an action's program is run for.
type acting struct {
	fk     *ForeignKey
	events []action
}

// referringOp reads the rows that an action of a foreign key changes.
type referringOp struct {
	exec     *Exec
	n        *plan.Referring
	children *children
	event    int
	row      []pgtype.Datum
}

func (b *builder) referring(n *plan.Referring) (Operator, error) {
	return &referringOp{exec: b.exec, n: n}, nil
}

func (r *referringOp) Open(*expr.Frame) error {
	var err error
	r.children, err = r.exec.acting.fk.children(r.exec, r.exec.acting.events)
	return err
}

func (r *referringOp) Next() ([]pgtype.Datum, error) {
	row, event, err := r.children.next()
	if err != nil || row == nil {
		return nil, err
	}
	r.event = event
	if version, _ := userdata.SplitLocator(row[len(row)-1]); r.exec.Access.RepeatableRead && version != kv.Pending && version > r.exec.Access.Txn.Snapshot() {
		return nil, kv.ErrConflict
	}
	if r.n.Rekey == 0 {
		return row, nil
	}
	r.row = append(append(r.row[:0], row...), r.exec.acting.events[event].next...)
	return r.row, nil
}

// still tells whether a row that changed while it was waited for is still wanted.
func (r *referringOp) still(row []pgtype.Datum) (bool, error) {
	return r.children.still(row[:len(r.children.nums)], r.event)
}

func (r *referringOp) Close() {
	if r.children != nil {
		r.children.close()
	}
}
