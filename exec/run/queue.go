package run

import (
	"cmp"
	"slices"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// Queue collects what the rows that a statement has changed so far oblige it to do at its end, as PostgreSQL's queue of AFTER triggers does: to look whether the rows
// that they refer to are there, and what becomes of the rows that refer to them. The zero Queue is empty. It belongs to one statement; a statement that runs inside
// it (an action of a foreign key) has its own and finishes it first.
type Queue struct {
	seq     int // of the row changes, so that the error is that of the first one
	checks  []*checkList
	actions []*actionList
	claims  []*claimList
}

// early is how many references are looked up together. A statement that changes more rows does not wait for its end: what is found is locked and
// needs no second look, and only the rest is kept.
const early = 1024

// reference is a row of a referring table and the key that it must find.
type reference struct {
	seq int
	key []byte // nil: no referenced row can have it
	row []byte // the row's own key
}

// checkList holds the references of one foreign key that are to be checked.
type checkList struct {
	constraint    desc.OID
	fk            *ForeignKey
	child, parent *userdata.Table
	fresh         []reference         // not looked up yet
	left          []reference         // not found, or about to be removed by somebody else: the end of the statement tells
	done          map[string]struct{} // keys that were found, as far as they are remembered
	memory        bytesArena
	buffer        []byte
}

// remembered bounds checkList.done.
const remembered = 1 << 16

// action is a row of a referenced table that is gone or has another key now.
type action struct {
	seq       int
	scope     string
	old, next []pgtype.Datum // values of the referenced columns; next is nil when the row was deleted
}

// actionList holds the actions of one foreign key and event.
type actionList struct {
	constraint desc.OID
	fk         *ForeignKey
	update     bool
	events     []action
	memory     pgtype.Arena
}

// violation is the error of the first row change that breaks a constraint.
type violation struct {
	seq int
	err *pgerr.Error
}

func (v *violation) take(o violation) {
	if o.err != nil && (v.err == nil || o.seq < v.seq) {
		*v = o
	}
}

// bytesArena keeps many small byte strings in few allocations.
type bytesArena struct{ chunk []byte }

func (a *bytesArena) own(b []byte) []byte {
	if cap(a.chunk)-len(a.chunk) < len(b) {
		a.chunk = make([]byte, 0, max(min(2*cap(a.chunk), 1<<16), 128, len(b)))
	}
	n := len(a.chunk)
	a.chunk = append(a.chunk, b...)
	return a.chunk[n:len(a.chunk):len(a.chunk)]
}

func (q *Queue) checkList(x *Exec, constraint desc.OID) (*checkList, error) {
	for _, l := range q.checks {
		if l.constraint == constraint {
			return l, nil
		}
	}
	f, err := x.Foreign.Key(constraint)
	if err != nil || f == nil {
		return nil, err
	}
	l := &checkList{constraint: constraint, fk: f}
	if l.child, l.parent, err = f.tables(x); err != nil {
		return nil, err
	}
	q.checks = append(q.checks, l)
	return l, nil
}

func (q *Queue) actionList(x *Exec, constraint desc.OID, update bool) (*actionList, error) {
	for _, l := range q.actions {
		if l.constraint == constraint && l.update == update {
			return l, nil
		}
	}
	f, err := x.Foreign.Key(constraint)
	if err != nil || f == nil {
		return nil, err
	}
	l := &actionList{constraint: constraint, fk: f, update: update}
	q.actions = append(q.actions, l)
	return l, nil
}

// tables opens both sides.
func (f *ForeignKey) tables(x *Exec) (child, parent *userdata.Table, err error) {
	if child, err = x.Table(f.plan.Child); err != nil {
		return nil, nil, err
	}
	parent, err = x.Table(f.plan.Parent)
	return child, parent, err
}

// finish does what a statement has queued, at its end.
func (x *Exec) finish() error {
	q := x.Queue
	if q == nil || len(q.checks)+len(q.actions)+len(q.claims) == 0 {
		return nil
	}
	checks, actions, claims := q.checks, q.actions, q.claims
	*q = Queue{}
	if err := x.ready(checks, actions); err != nil {
		return err
	}
	var first violation
	for _, l := range claims {
		v, err := l.finish(x)
		if err != nil {
			return err
		}
		first.take(v)
	}
	slices.SortStableFunc(actions, func(a, b *actionList) int { return cmp.Compare(a.constraint, b.constraint) })
	for _, l := range actions {
		v, err := l.finish(x)
		if err != nil {
			return err
		}
		first.take(v)
	}
	slices.SortStableFunc(checks, func(a, b *checkList) int { return cmp.Compare(a.constraint, b.constraint) })
	for _, l := range checks {
		v, err := l.finish(x)
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

// ready locks the tables on the other sides and resolves the foreign keys anew, as they may have changed while a lock was waited for.
func (x *Exec) ready(checks []*checkList, actions []*actionList) (err error) {
	for _, l := range checks {
		if len(l.fresh)+len(l.left) == 0 {
			continue
		}
		if err := x.Foreign.Lock(l.fk.plan.Parent.OID, kv.RowShare); err != nil {
			return err
		}
		if l.fk, err = x.Foreign.Key(l.constraint); err != nil {
			return err
		}
		if l.fk == nil {
			continue
		}
		if l.child, l.parent, err = l.fk.tables(x); err != nil {
			return err
		}
	}
	changes := false
	for _, l := range actions {
		if len(l.events) == 0 {
			continue
		}
		mode := kv.RowShare
		if l.changes() {
			mode = kv.RowExclusive
		}
		if err := x.Foreign.Lock(l.fk.plan.Child.OID, mode); err != nil {
			return err
		}
		changes = true
		if l.fk, err = x.Foreign.Key(l.constraint); err != nil {
			return err
		}
	}
	if changes && !x.Access.RepeatableRead {
		return x.Access.Txn.NewStatement(x.Ctx())
	}
	return nil
}

func (l *actionList) letter() byte {
	if l.update {
		return l.fk.plan.Constraint.OnUpdate
	}
	return l.fk.plan.Constraint.OnDelete
}

// changes tells whether the action changes the referring table.
func (l *actionList) changes() bool { return l.letter() != 'a' && l.letter() != 'r' }

func (l *actionList) finish(x *Exec) (violation, error) {
	if l.fk == nil || len(l.events) == 0 {
		return violation{}, nil
	}
	switch letter := l.letter(); letter {
	case 'a':
		if x.Constraints.Deferred(l.fk.plan.Constraint) {
			x.Constraints.deferActions(l)
			return violation{}, nil
		}
		return l.fk.restrict(x, l.update, l.events, true)
	case 'r':
		return l.fk.restrict(x, l.update, l.events, false)
	default:
		if err := l.fk.act(x, l.update, l.events); err != nil || letter != 'd' {
			return violation{}, err
		}
		// A row whose default is the key that has just gone was set to what it had, which counts as no change.
		return l.fk.restrict(x, l.update, l.events, true)
	}
}

// add queues a row of the referring table.
func (l *checkList) add(x *Exec, seq int, scope string, row []pgtype.Datum, rowKey []byte) error {
	key, state, err := l.fk.childKey(x, l.parent, l.buffer[:0], scope, row)
	l.buffer = key
	if err != nil || state == keyNull {
		return err
	}
	r := reference{seq: seq}
	if state == keyGiven {
		if _, found := l.done[string(key)]; found {
			return nil
		}
		r.key = l.memory.own(key)
	}
	r.row = l.memory.own(rowKey)
	l.fresh = append(l.fresh, r)
	if len(l.fresh) < early {
		return nil
	}
	if err := x.Foreign.Lock(l.fk.plan.Parent.OID, kv.RowShare); err != nil {
		return err
	}
	return l.lookAhead(x)
}

// lookAhead looks up what has come since the last time, without waiting for anybody. A row that is found is locked, so that it cannot go but by
// this transaction's own doing, which has its own check then.
func (l *checkList) lookAhead(x *Exec) error {
	keys, positions := distinct(l.fresh, l.done)
	found := make([]userdata.Presence, len(keys))
	o := userdata.ReferenceRequest{Careful: x.Constraints.Deferred(l.fk.plan.Constraint)}
	if err := l.parent.Reference(x.Ctx(), x.Access, l.fk.plan.Index, keys, o, found); err != nil {
		return err
	}
	large := len(l.fresh) >= early
	if large && (l.done == nil || len(l.done) > remembered) {
		l.done = make(map[string]struct{}, len(keys))
	}
	for i, r := range l.fresh {
		switch p := positions[i]; {
		case p == known:
		case p < 0 || found[p] != userdata.Present:
			l.left = append(l.left, r)
		case large:
			l.done[string(r.key)] = struct{}{}
		}
	}
	l.fresh = l.fresh[:0]
	if len(l.left) == 0 {
		l.memory = bytesArena{chunk: l.memory.chunk[:0]}
	}
	return nil
}

// Positions of references that distinct does not give a key.
const (
	keyless = -1
	known   = -2
)

// distinct collects the different keys of references, without those known, and tells which of them each has.
func distinct(list []reference, done map[string]struct{}) (keys [][]byte, positions []int) {
	positions = make([]int, len(list))
	var seen map[string]int
	if len(list) > 1 {
		seen = make(map[string]int, len(list))
	}
	for i, r := range list {
		if r.key == nil {
			positions[i] = keyless
			continue
		}
		if _, ok := done[string(r.key)]; ok {
			positions[i] = known
			continue
		}
		if at, ok := seen[string(r.key)]; ok {
			positions[i] = at
			continue
		}
		positions[i] = len(keys)
		if seen != nil {
			seen[string(r.key)] = len(keys)
		}
		keys = append(keys, r.key)
	}
	return keys, positions
}

func (l *checkList) finish(x *Exec) (violation, error) {
	if l.fk == nil {
		return violation{}, nil
	}
	if len(l.fresh) > 0 {
		if err := l.lookAhead(x); err != nil {
			return violation{}, err
		}
	}
	if len(l.left) == 0 {
		return violation{}, nil
	}
	if x.Constraints.Deferred(l.fk.plan.Constraint) {
		x.Constraints.deferChecks(l)
		return violation{}, nil
	}
	return l.fk.settle(x, l.child, l.parent, l.left)
}

// settle waits for whoever may decide about references, and finds the first that has no row.
func (f *ForeignKey) settle(x *Exec, child, parent *userdata.Table, list []reference) (violation, error) {
	keys, positions := distinct(list, nil)
	found := make([]userdata.Presence, len(keys))
	for {
		if err := parent.Reference(x.Ctx(), x.Access, f.plan.Index, keys, userdata.ReferenceRequest{Wait: true}, found); err != nil {
			return violation{}, err
		}
		if !slices.Contains(found, userdata.Busy) {
			break
		}
	}
	row := make([]pgtype.Datum, child.Width())
	for i, r := range list {
		if p := positions[i]; p >= 0 && found[p] == userdata.Present {
			continue
		}
		err := f.broken(x, child, parent, r, row)
		if e, ok := pgerr.As(err); ok && e.Code == pgerr.ForeignKeyViolation {
			return violation{r.seq, e}, nil
		}
		if err != nil {
			return violation{}, err
		}
	}
	return violation{}, nil
}

// broken gives the error of a row whose reference was not found, nil when the row has gone or refers to something else by now.
func (f *ForeignKey) broken(x *Exec, child, parent *userdata.Table, r reference, row []pgtype.Datum) error {
	there, err := child.Newest(x.Ctx(), x.Access, r.row, row)
	if err != nil || !there {
		return err
	}
	key, state, err := f.childKey(x, parent, nil, child.Scope(r.row), row)
	switch {
	case err != nil:
		return err
	case state == keyNull, state == keyGiven && string(key) != string(r.key), state != keyGiven && r.key != nil:
		return nil
	}
	return f.missing(x, row, state == keyPartial)
}
