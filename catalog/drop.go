package catalog

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// firstUnpinnedOID is the first OID that the system can do without.
const firstUnpinnedOID OID = 12000

// How an object came to be on the list of what is dropped.
const (
	byName   = 1 << iota // it is a target itself
	byNormal             // a normal dependency led to it
	byAuto               // an automatic or internal one did
	byTable              // it is a column of a table that is dropped whole
)

// drop collects what is to be dropped: every object after those that depend on it, as it would have to be removed one by one.
type drop struct {
	view     *view
	targets  []desc.ObjectRef
	list     []dropped
	index    map[desc.ObjectRef][]int // positions in list by object, columns under their table
	refused  desc.ObjectRef           // a target that is a part of owner
	owner    desc.ObjectRef
	hasOwner bool
}

type dropped struct {
	object, because desc.ObjectRef // because: what it depends on
	flags           int
}

// path is the chain of objects that led to the present one.
type path struct {
	object desc.ObjectRef
	flags  *int
	up     *path
}

// find adds an object and, before it, all that depends on it.
func (d *drop) find(o desc.ObjectRef, flags int, up *path) {
	if d.onPath(o, flags, up) || d.listed(o, flags) {
		return
	}
	if owner, ok := d.view.partOf(o); ok && !d.onPath(owner, 0, up) {
		switch {
		case up != nil: // the whole goes, as if it had been met instead
			d.find(owner, flags, up)
			return
		case !d.coming(owner):
			d.refused, d.owner, d.hasOwner = o, owner, true
			return
		default:
			return
		}
	}
	here := &path{o, &flags, up}
	for _, x := range d.view.Dependents(o) {
		how := byAuto
		if x.Kind == 'n' {
			how = byNormal
		}
		d.find(x.Object, how, here)
	}
	if d.listed(o, flags) {
		return
	}
	e := dropped{object: o, flags: flags}
	if up != nil {
		e.because = up.object
	}
	whole := desc.ObjectRef{Class: o.Class, OID: o.OID}
	d.index[whole] = append(d.index[whole], len(d.list))
	d.list = append(d.list, e)
}

// coming tells whether an object is a target or part of one.
func (d *drop) coming(o desc.ObjectRef) bool {
	return slices.ContainsFunc(d.targets, func(x desc.ObjectRef) bool {
		return x.Class == o.Class && x.OID == o.OID && (x.SubID == 0 || x.SubID == o.SubID)
	})
}

func (d *drop) onPath(o desc.ObjectRef, flags int, up *path) bool {
	for p := up; p != nil; p = p.up {
		if p.object.Class != o.Class || p.object.OID != o.OID {
			continue
		}
		if p.object.SubID == o.SubID {
			*p.flags |= flags
			return true
		}
		if p.object.SubID == 0 {
			return true
		}
	}
	return false
}

func (d *drop) listed(o desc.ObjectRef, flags int) bool {
	found := false
	for _, i := range d.index[desc.ObjectRef{Class: o.Class, OID: o.OID}] {
		e := &d.list[i]
		switch {
		case e.object.SubID == o.SubID:
			e.flags |= flags
			found = true
		case e.object.SubID == 0:
			found = true
		case o.SubID == 0:
			e.flags |= byTable
		}
	}
	return found
}

// Drop removes objects and, with cascade, everything that depends on them; without it such things are an error (2BP01). The targets are relations, indexes,
// columns, constraints, defaults, schemas and types of the database. The result lists everything removed, and the notice that tells
// what else went.
func (t *Txn) Drop(ctx context.Context, targets []desc.ObjectRef, cascade bool) (removed []desc.ObjectRef, notices []*pgerr.Error, err error) {
	for _, o := range targets {
		if err := t.checkPinned(o); err != nil {
			return nil, nil, err
		}
	}
	gone := make([]error, len(targets)) // what to say if one is no longer there when its lock is ours
	for i, o := range targets {
		gone[i] = t.goneError(o)
	}
	var d *drop
	for base := (*Snapshot)(nil); base != t.base; { // again when something changed while we waited for locks
		base = t.base
		if d, err = t.planDrop(targets, gone); err != nil {
			return nil, nil, err
		}
		if err := t.lockDropped(ctx, d); err != nil {
			return nil, nil, err
		}
	}
	notice, err := t.reportDrop(d, cascade)
	if err != nil {
		return nil, nil, err
	}
	if notice != nil {
		notices = append(notices, notice)
	}
	removed, err = t.carryOut(ctx, d)
	return removed, notices, err
}

// DropColumn removes a column as Drop does.
func (t *Txn) DropColumn(ctx context.Context, relation OID, num int16, cascade bool) ([]desc.ObjectRef, []*pgerr.Error, error) {
	return t.Drop(ctx, []desc.ObjectRef{{Class: desc.ClassRelation, OID: relation, SubID: int32(num)}}, cascade)
}

// DropConstraint removes a constraint, with its index, as Drop does.
func (t *Txn) DropConstraint(ctx context.Context, relation, constraint OID, cascade bool) ([]desc.ObjectRef, []*pgerr.Error, error) {
	return t.Drop(ctx, []desc.ObjectRef{{Class: desc.ClassConstraint, OID: constraint}}, cascade)
}

func (t *Txn) checkPinned(o desc.ObjectRef) error {
	if r := t.Relation(o.OID); r != nil && o.Class == desc.ClassRelation && r.Class == desc.System {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", r.Name)
	}
	if o.OID < firstUnpinnedOID && o.OID != desc.PublicOID || o.Class == desc.ClassType && o.OID < desc.FirstNormalOID {
		return pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop %s because it is required by the database system", t.describe(o))
	}
	return nil
}

// goneError is the error for a target that another transaction dropped first.
func (t *Txn) goneError(o desc.ObjectRef) error {
	code := pgerr.UndefinedObject
	switch {
	case o.Class == desc.ClassRelation && o.SubID == 0:
		code = pgerr.UndefinedTable
	case o.Class == desc.ClassRelation:
		code = pgerr.UndefinedColumn
	case o.Class == desc.ClassSchema:
		code = pgerr.InvalidSchemaName
	}
	if !t.exists(o) {
		return pgerr.Newf(code, "object with OID %d does not exist", o.OID)
	}
	return pgerr.Newf(code, "%s does not exist", t.describe(o))
}

func (t *Txn) planDrop(targets []desc.ObjectRef, gone []error) (*drop, error) {
	d := &drop{view: &t.view, targets: targets, index: make(map[desc.ObjectRef][]int)}
	for i, o := range targets {
		if !t.exists(o) {
			return nil, gone[i]
		}
		d.find(o, byName, nil)
		if d.hasOwner {
			owner := t.describe(d.owner)
			return nil, pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop %s because %s requires it", t.describe(d.refused), owner).
				WithHint("You can drop %s instead.", owner)
		}
	}
	return d, nil
}

func (t *Txn) exists(o desc.ObjectRef) bool {
	switch o.Class {
	case desc.ClassRelation:
		_, x := t.Index(o.OID)
		r := t.Relation(o.OID)
		return x != nil || r != nil && (o.SubID == 0 || r.ColumnByNum(int16(o.SubID)) != nil)
	case desc.ClassSchema:
		return t.Schema(o.OID) != nil
	case desc.ClassType:
		return t.contents.types.has(o.OID)
	case desc.ClassConstraint:
		return t.contents.constraints.has(o.OID)
	case desc.ClassAttrdef:
		r := t.Relation(o.OID)
		return r != nil && r.ColumnByNum(int16(o.SubID)) != nil
	}
	return t.contents.defaultACLs.has(o.OID)
}

// table is the relation whose descriptor an object is part of, 0 for schemas, types and the like.
func (t *Txn) table(o desc.ObjectRef) OID {
	switch o.Class {
	case desc.ClassRelation:
		if table := t.contents.indexes.at(o.OID); table != 0 {
			return table
		}
		return o.OID
	case desc.ClassConstraint:
		return t.contents.constraints.at(o.OID)
	case desc.ClassAttrdef:
		return o.OID
	}
	return 0
}

// lockDropped locks all that a drop touches.
func (t *Txn) lockDropped(ctx context.Context, d *drop) error {
	for _, e := range d.list {
		o := e.object
		if table := t.table(o); table != 0 {
			if err := t.lockObject(ctx, desc.ClassRelation, table, kv.AccessExclusive, Wait{}); err != nil {
				return err
			}
			if err := t.lockDescriptor(ctx, kindRelation, table); err != nil {
				return err
			}
			continue
		}
		if o.Class == desc.ClassType || o.Class == desc.ClassSchema {
			if err := t.lockObject(ctx, o.Class, o.OID, kv.AccessExclusive, Wait{}); err != nil {
				return err
			}
		}
		kind := map[OID]byte{desc.ClassType: kindType, desc.ClassSchema: kindSchema, classDefaultACL: kindDefaultACL}[o.Class]
		if err := t.lockDescriptor(ctx, kind, o.OID); err != nil {
			return err
		}
	}
	return nil
}

// maxReported is how many objects a message lists.
const maxReported = 100

// reportDrop makes the error or the notice about what depends on the targets.
func (t *Txn) reportDrop(d *drop, cascade bool) (*pgerr.Error, error) {
	var lines []string
	count := 0
	for _, e := range slices.Backward(d.list) {
		if e.flags&(byName|byAuto|byTable) != 0 {
			continue
		}
		if count++; count > maxReported {
			continue
		}
		if cascade {
			lines = append(lines, "drop cascades to "+t.describe(e.object))
		} else {
			lines = append(lines, t.describe(e.object)+" depends on "+t.describe(e.because))
		}
	}
	if count == 0 {
		return nil, nil
	}
	if more := count - len(lines); more > 0 {
		lines = append(lines, "and "+plural(more, "other object")+" (see server log for list)")
	}
	detail := strings.Join(lines, "\n")
	if cascade {
		if count == 1 {
			return pgerr.Notice("NOTICE", pgerr.SuccessfulCompletion, "%s", detail), nil
		}
		return pgerr.Notice("NOTICE", pgerr.SuccessfulCompletion, "drop cascades to %d other objects", count).WithDetail("%s", detail), nil
	}
	e := pgerr.New(pgerr.DependentObjectsStillExist, "cannot drop desired object(s) because other objects depend on them")
	if len(d.targets) == 1 {
		e = pgerr.Newf(pgerr.DependentObjectsStillExist, "cannot drop %s because other objects depend on it", t.describe(d.targets[0]))
	}
	return nil, e.WithDetail("%s", detail).WithHint("Use DROP ... CASCADE to drop the dependent objects too.")
}

// carryOut removes what is on the list. Everything that happens to one table is one change of its descriptor.
func (t *Txn) carryOut(ctx context.Context, d *drop) ([]desc.ObjectRef, error) {
	gone := make(map[OID]bool)
	for _, e := range d.list {
		if e.object.Class == desc.ClassRelation && e.object.SubID == 0 && t.Relation(e.object.OID) != nil {
			gone[e.object.OID] = true
		}
	}
	parts := make(map[OID][]desc.ObjectRef)
	var order []OID
	removed := make([]desc.ObjectRef, 0, len(d.list))
	for _, e := range d.list {
		removed = append(removed, t.publicRef(e.object))
		if table := t.table(e.object); table != 0 && !gone[table] {
			if parts[table] == nil {
				order = append(order, table)
			}
			parts[table] = append(parts[table], e.object)
		}
	}
	for _, table := range order {
		if err := t.removeParts(ctx, table, parts[table]); err != nil {
			return nil, err
		}
	}
	for _, e := range d.list {
		if t.table(e.object) != 0 && !gone[e.object.OID] {
			continue
		}
		if err := t.removeWhole(e.object); err != nil {
			return nil, err
		}
	}
	return removed, nil
}

// publicRef names a default by pg_attrdef's OID.
func (t *Txn) publicRef(o desc.ObjectRef) desc.ObjectRef {
	if o.Class == desc.ClassAttrdef {
		return desc.ObjectRef{Class: desc.ClassAttrdef, OID: t.Relation(o.OID).Columns[o.SubID-1].DefaultOID}
	}
	return o
}

// removeWhole removes an object with a descriptor of its own, and the comments on it and its parts.
func (t *Txn) removeWhole(o desc.ObjectRef) error {
	if err := t.removeComments(o); err != nil {
		return err
	}
	switch o.Class {
	case desc.ClassSchema:
		return t.remove(kindSchema, o.OID)
	case classDefaultACL:
		return t.remove(kindDefaultACL, o.OID)
	case desc.ClassType:
		u := t.UserType(o.OID)
		if u == nil { // an array or a row type
			return nil
		}
		if err := t.removeConstraintComments(u.Constraints); err != nil {
			return err
		}
		if err := t.remove(kindType, o.OID); err != nil || u.Relation == 0 {
			return err
		}
		return t.remove(kindRelation, u.Relation)
	case desc.ClassRelation:
		r := t.Relation(o.OID)
		if r == nil {
			return nil
		}
		for i := range r.Indexes {
			if err := t.removeComments(desc.ObjectRef{Class: desc.ClassRelation, OID: r.Indexes[i].OID}); err != nil {
				return err
			}
		}
		if err := t.removeConstraintComments(r.Constraints); err != nil {
			return err
		}
		if err := t.freeReplaced(r, nil); err != nil {
			return err
		}
		if err := t.removeStatistics(o.OID); err != nil {
			return err
		}
		return t.remove(kindRelation, o.OID)
	}
	return nil
}

func (t *Txn) removeConstraintComments(list []desc.Constraint) error {
	for i := range list {
		if err := t.removeComments(desc.ObjectRef{Class: desc.ClassConstraint, OID: list[i].OID}); err != nil {
			return err
		}
	}
	return nil
}

// removeParts takes columns, indexes, constraints and defaults out of a table that stays.
func (t *Txn) removeParts(ctx context.Context, table OID, parts []desc.ObjectRef) error {
	old := t.Relation(table)
	r := old.Clone()
	for _, o := range parts {
		if o.Class != desc.ClassAttrdef {
			if err := t.removeComments(o); err != nil {
				return err
			}
		}
		switch {
		case o.Class == desc.ClassConstraint:
			r.Constraints = slices.DeleteFunc(r.Constraints, func(c desc.Constraint) bool { return c.OID == o.OID })
		case o.Class == desc.ClassAttrdef:
			c := &r.Columns[o.SubID-1]
			c.Default, c.DefaultOID, c.DefaultRefs, c.Generated = "", 0, nil, 0
		case o.SubID != 0:
			c := &r.Columns[o.SubID-1]
			c.Type = t.storedAs(c.Type)
			dropColumn(c)
		default:
			r.Indexes = slices.DeleteFunc(r.Indexes, func(x desc.Index) bool { return x.OID == o.OID })
		}
	}
	return t.storeRelation(ctx, old, r)
}

// storedAs is the built-in type whose values lie in a row as a type's do: the type of a dropped column may be dropped as well, and rows that hold its
// values are still to be read.
func (t *Txn) storedAs(oid OID) OID {
	x := t.Type(oid)
	for x != nil && x.Kind == pgtype.KindDomain {
		x = x.Base
	}
	switch {
	case x == nil || x.OID < desc.FirstNormalOID:
		if x != nil {
			return x.OID
		}
	case x.Kind == pgtype.KindEnum:
		return pgtype.OIDInt4
	default:
		return pgtype.OIDBytea
	}
	return oid
}

// dropColumn makes a column a placeholder: its number is never used again and rows go on holding its values. Its type is kept for reading them.
func dropColumn(c *desc.Column) {
	*c = desc.Column{
		Num: c.Num, Name: "........pg.dropped." + strconv.Itoa(int(c.Num)) + "........", Dropped: true,
		Type: c.Type, Typmod: c.Typmod, Storage: c.Storage, Missing: c.Missing, StatTarget: 0,
	}
}
