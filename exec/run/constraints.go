package run

import (
	"maps"
	"slices"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
)

// Constraints is what a transaction still has to check of its deferrable constraints, and which of them are deferred now (SET CONSTRAINTS). The zero
// Constraints is that of a new transaction.
type Constraints struct {
	events []deferred
	firing int // grows with every time that events were checked
	modes  *modes
	ending bool // the transaction is about to commit: nothing is deferred any more
}

// deferred is a check that waits for the end of the transaction. It stays on the list once it is done, as a rollback to a savepoint may undo that.
type deferred struct {
	constraint desc.OID
	relation   desc.OID // whose row's change it comes from
	kind       eventKind
	ref        reference
	act        action
	claim      claim
	fired      int // 0: not yet
}

type eventKind uint8

const (
	referenceEvent eventKind = iota
	deleteEvent
	updateEvent
	claimEvent
)

// modes are the answers to SET CONSTRAINTS; they are replaced, never changed, as savepoints hold on to them.
type modes struct {
	all  *bool
	some map[desc.OID]bool
}

// ConstraintsMark is a savepoint's place in a Constraints.
type ConstraintsMark struct {
	events, firing int
	modes          *modes
}

// Mark gives the place that RollbackTo goes back to.
func (c *Constraints) Mark() ConstraintsMark {
	return ConstraintsMark{len(c.events), c.firing, c.modes}
}

// RollbackTo undoes what came after a mark: what was queued then is forgotten, what was checked then is to be checked again.
func (c *Constraints) RollbackTo(m ConstraintsMark) {
	c.events, c.modes = c.events[:min(m.events, len(c.events))], m.modes
	for i := range c.events {
		if c.events[i].fired > m.firing {
			c.events[i].fired = 0
		}
	}
}

// Deferred tells whether a constraint is checked at the end of the transaction as things are.
func (c *Constraints) Deferred(d *desc.Constraint) bool {
	if c == nil || !d.Deferrable || c.ending {
		return false
	}
	if c.modes != nil {
		if on, said := c.modes.some[d.OID]; said {
			return on
		}
		if c.modes.all != nil {
			return *c.modes.all
		}
	}
	return d.Deferred
}

// Set makes constraints, all of them when the list is nil, deferred or immediate for the rest of the transaction.
func (c *Constraints) Set(list []desc.OID, deferred bool) {
	m := &modes{}
	if list == nil {
		m.all = &deferred
		c.modes = m
		return
	}
	m.some = map[desc.OID]bool{}
	if c.modes != nil {
		m.all = c.modes.all
		maps.Copy(m.some, c.modes.some)
	}
	for _, oid := range list {
		m.some[oid] = deferred
	}
	c.modes = m
}

// Pending tells whether a row of the relation has a check before it.
func (c *Constraints) Pending(relation desc.OID) bool {
	return slices.ContainsFunc(c.events, func(e deferred) bool { return e.fired == 0 && e.relation == relation })
}

func (c *Constraints) deferChecks(l *checkList) {
	for _, r := range l.left {
		c.events = append(c.events, deferred{constraint: l.constraint, relation: l.fk.plan.Child.OID, kind: referenceEvent, ref: r})
	}
}

func (c *Constraints) deferActions(l *actionList) {
	kind := deleteEvent
	if l.update {
		kind = updateEvent
	}
	for _, e := range l.events {
		c.events = append(c.events, deferred{constraint: l.constraint, relation: l.fk.plan.Parent.OID, kind: kind, act: e})
	}
}

func (c *Constraints) deferClaims(l *claimList) {
	for _, k := range l.claims {
		c.events = append(c.events, deferred{constraint: l.constraint, relation: l.relation, kind: claimEvent, claim: k})
	}
}

// Check does the checks of all constraints that are not deferred any more; with ending those of all, as the transaction is about to commit.
func (c *Constraints) Check(x *Exec, ending bool) error {
	c.ending = ending
	if !slices.ContainsFunc(c.events, func(e deferred) bool { return e.fired == 0 }) {
		return nil
	}
	due := map[desc.OID]*due{}
	var order []desc.OID
	c.firing++
	for i := range c.events {
		e := &c.events[i]
		if e.fired != 0 {
			continue
		}
		d := due[e.constraint]
		if d == nil {
			var err error
			if d, err = c.dueOf(x, e.constraint); err != nil {
				return err
			}
			due[e.constraint] = d
			order = append(order, e.constraint)
		}
		if d.now {
			e.fired = c.firing
			d.add(i, e)
		}
	}
	var first violation
	for _, oid := range order {
		v, err := due[oid].check(x)
		if err != nil {
			return err
		}
		first.take(v)
	}
	if first.err != nil {
		return first.err
	}
	return nil
}

// due are a constraint's checks.
type due struct {
	fk      *ForeignKey
	claims  claimList
	now     bool
	refs    []reference
	deletes []action
	updates []action
}

func (c *Constraints) dueOf(x *Exec, constraint desc.OID) (*due, error) {
	_, k := x.Catalog.Constraint(constraint)
	if k == nil {
		return &due{now: true}, nil
	}
	d := &due{now: !c.Deferred(k), claims: claimList{constraint: constraint}}
	if k.Type != 'f' {
		return d, nil
	}
	var err error
	d.fk, err = x.Foreign.Key(constraint)
	return d, err
}

func (d *due) add(seq int, e *deferred) {
	switch e.kind {
	case claimEvent:
		k := e.claim
		k.seq = seq
		d.claims.claims = append(d.claims.claims, k)
	case referenceEvent:
		r := e.ref
		r.seq = seq
		d.refs = append(d.refs, r)
	default:
		a := e.act
		a.seq = seq
		if e.kind == deleteEvent {
			d.deletes = append(d.deletes, a)
		} else {
			d.updates = append(d.updates, a)
		}
	}
}

func (d *due) check(x *Exec) (first violation, err error) {
	if len(d.claims.claims) > 0 {
		return d.claims.check(x)
	}
	if d.fk == nil {
		return first, nil // it has been dropped
	}
	if len(d.refs) > 0 {
		if err := x.Foreign.Lock(d.fk.plan.Parent.OID, kv.RowShare); err != nil {
			return first, err
		}
		child, parent, err := d.fk.tables(x)
		if err != nil {
			return first, err
		}
		if first, err = d.fk.settle(x, child, parent, d.refs); err != nil {
			return first, err
		}
	}
	for _, list := range [][]action{d.deletes, d.updates} {
		if len(list) == 0 {
			continue
		}
		if err := x.Foreign.Lock(d.fk.plan.Child.OID, kv.RowShare); err != nil {
			return first, err
		}
		v, err := d.fk.restrict(x, list[0].next != nil, list, true)
		if err != nil {
			return first, err
		}
		first.take(v)
	}
	return first, nil
}

// Empty tells whether nothing waits to be checked.
func (c *Constraints) Empty() bool { return len(c.events) == 0 }
