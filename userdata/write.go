package userdata

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata/feed"
	"github.com/kalampg/kalampg/userdata/keys"
	"github.com/kalampg/kalampg/userdata/row"
)

// Insert adds a complete row (by attribute number, dropped columns NULL). A duplicate key is 23505 and names the constraint. While a Load of the table is under way
// it goes there, and errors may be those of earlier rows.
func (t *Table) Insert(ctx context.Context, a *Access, values []pgtype.Datum) error {
	if a.Load != nil && a.Load.t.Rel.StorageID == t.Rel.StorageID {
		return a.Load.insert(ctx, a, values)
	}
	return t.insert(ctx, a, values)
}

func (t *Table) insert(ctx context.Context, a *Access, values []pgtype.Datum) error {
	key, err := t.newRowKey(ctx, a, values)
	if err != nil {
		return err
	}
	var old []byte
	if t.primary != nil {
		if err := a.lockKey(ctx, key, kv.ForUpdate); err != nil {
			return err
		}
		if err := a.get(ctx, &a.locked, key, true); err != nil {
			return err
		}
		if a.locked.Found(0) {
			if row.FlagsOf(a.locked.Value(0))&row.Deleted == 0 {
				return a.taken(key, t.duplicate(t.primary, values))
			}
			old = a.locked.Value(0)
		}
	}
	for _, x := range t.indexes {
		if err := t.insertEntry(ctx, a, x, values, key); err != nil {
			return err
		}
	}
	_ = old // a row kept after its deletion is replaced: to readers it was not there
	if a.Tally != nil {
		a.Tally.Of(t.Rel.OID).Inserted++
	}
	return t.put(a, feed.Insert, key, nil, values)
}

// newRowKey makes the key of a new row, in a.key.
func (t *Table) newRowKey(ctx context.Context, a *Access, values []pgtype.Datum) ([]byte, error) {
	a.key = t.rowPrefix(a.key[:0], a)
	if t.primary == nil {
		id, err := a.Service.RowID(ctx)
		if err != nil {
			return nil, err
		}
		a.key = keys.AppendRowID(a.key, id)
		return a.key, nil
	}
	a.key = t.primary.appendKey(a.key, values)
	return a.key, nil
}

// appendKey appends the key columns of a plain index.
func (x *Index) appendKey(dst []byte, values []pgtype.Datum) []byte {
	for i := range x.columns {
		dst = x.columns[i].Append(dst, values[x.nums[i]-1])
	}
	return dst
}

// entry is one index entry of a row; it is absent when the index's predicate leaves the row out.
type entry struct {
	key, value []byte
	unique     bool // no other row may have this key
	claim      int  // in a loose index: how much of key is the index's key
	absent     bool
}

// entryOf computes the entry of a row in an index; rowKey is the row's key.
func (t *Table) entryOf(x *Index, values []pgtype.Datum, rowKey []byte) (entry, error) {
	scope, tail := t.split(rowKey)
	e := entry{key: t.indexPrefix(make([]byte, 0, 64), x, scope)}
	var computed [8]pgtype.Datum
	cols := computed[:0]
	if x.compute != nil {
		cols = append(cols, make([]pgtype.Datum, len(x.columns))...)
		ok, err := x.compute(values, cols)
		if err != nil {
			return e, err
		}
		if !ok {
			e.absent = true
			return e, nil
		}
	} else {
		for _, n := range x.nums {
			cols = append(cols, values[n-1])
		}
	}
	hasNull := false
	for i := range x.columns {
		hasNull = hasNull || cols[i].IsNull()
		e.key = x.columns[i].Append(e.key, cols[i])
	}
	if (x.Desc.Unique || x.Desc.Exclusion) && (!hasNull || x.Desc.NullsNotDistinct) {
		if x.Desc.Immediate {
			e.unique = true
			e.value = append([]byte{1}, tail...)
			return e, nil
		}
		e.claim = len(e.key)
	}
	e.key = append(e.key, tail...)
	e.value = binary.AppendUvarint([]byte{0}, uint64(len(tail)))
	return e, nil
}

// tailOf reads the row key's tail out of an entry.
func tailOf(key, value []byte) ([]byte, error) {
	if len(value) == 0 {
		return nil, row.ErrCorrupt
	}
	if value[0] == 1 {
		return value[1:], nil
	}
	n, k := binary.Uvarint(value[1:])
	if k <= 0 || n > uint64(len(key)) {
		return nil, row.ErrCorrupt
	}
	return key[len(key)-int(n):], nil
}

func (t *Table) insertEntry(ctx context.Context, a *Access, x *Index, values []pgtype.Datum, rowKey []byte) error {
	e, err := t.entryOf(x, values, rowKey)
	if err != nil || e.absent {
		return err
	}
	return t.putEntry(ctx, a, x, e, values, rowKey)
}

func (t *Table) putEntry(ctx context.Context, a *Access, x *Index, e entry, values []pgtype.Datum, rowKey []byte) error {
	if e.claim > 0 {
		err := t.putLoose(ctx, a, x, e, rowKey)
		if err == errTaken {
			return a.taken(e.key[:e.claim], t.duplicate(x, values))
		}
		return err
	}
	if e.unique {
		if err := a.lockKey(ctx, e.key, kv.ForUpdate); err != nil {
			return err
		}
		if err := a.get(ctx, &a.batch, e.key, true); err != nil {
			return err
		}
		if a.batch.Found(0) {
			return a.taken(e.key, t.duplicate(x, values))
		}
	}
	return a.Txn.PutGuarded(e.key, e.value)
}

// put writes a row and its change record.
func (t *Table) put(a *Access, op feed.Op, key, old []byte, values []pgtype.Datum) error {
	a.value = t.encode.Append(a.value[:0], 0, a.Now, values)
	if err := a.Txn.PutGuarded(key, a.value); err != nil {
		return err
	}
	a.written = key
	t.emit(a, &feed.Change{Op: op, Key: key, Old: old, New: a.value})
	return nil
}

func (t *Table) emit(a *Access, c *feed.Change) {
	if a.NoFeed {
		return
	}
	c.Table = uint32(t.Rel.OID)
	a.change = feed.Append(a.change[:0], c)
	a.Txn.Emit(a.change)
}

// duplicate is the error of a row whose key is taken.
func (t *Table) duplicate(x *Index, values []pgtype.Datum) error {
	var names, vals []string
	computed := make([]pgtype.Datum, len(x.columns))
	if x.compute != nil {
		if _, err := x.compute(values, computed); err != nil {
			return err
		}
	}
	c := pgtype.Default()
	for i, k := range x.Desc.Keys {
		v := computed[i]
		if k.Num > 0 {
			names = append(names, t.Rel.Columns[k.Num-1].Name)
			v = values[k.Num-1]
		} else {
			names = append(names, keyText(k.Expr))
		}
		if v.IsNull() {
			vals = append(vals, "null")
			continue
		}
		vals = append(vals, string(x.columns[i].Type.Codec.AppendText(c, nil, v)))
	}
	key := "(" + strings.Join(names, ", ") + ")=(" + strings.Join(vals, ", ") + ")"
	e := pgerr.Newf(pgerr.UniqueViolation, "duplicate key value violates unique constraint %q", x.Desc.Name).WithDetail("Key %s already exists.", key)
	if x.Desc.Exclusion {
		e = pgerr.Newf(pgerr.ExclusionViolation, "conflicting key value violates exclusion constraint %q", x.Desc.Name).WithDetail("Key %s conflicts with existing key %s.", key, key)
	}
	e.Table, e.Constraint = t.Rel.Name, x.Desc.Name
	return e
}

// errTaken tells that a key is taken, to who can say by which values.
var errTaken = errors.New("userdata: key is taken")

// keyText is a key expression as PostgreSQL shows it: in parentheses unless it is a function call.
func keyText(expr string) string {
	i := strings.IndexFunc(expr, func(r rune) bool {
		return r != '_' && r != '.' && r != '"' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r < 0x80
	})
	if i >= 0 && expr[i] == '(' && closing(expr, i) == len(expr)-1 {
		return expr
	}
	return "(" + expr + ")"
}

// closing finds the parenthesis that closes the one at a place.
func closing(text string, at int) int {
	depth, quote := 0, byte(0)
	for i := at; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// Status says what became of a row that a writer wanted to lock.
type Status uint8

// The outcomes of Lock.
const (
	Unchanged Status = iota // the row is as the snapshot showed it
	Changed                 // it has a newer version, which is returned
	Gone                    // it was deleted, or its key was changed
	Skipped                 // another transaction holds it (SKIP LOCKED)
)

// ErrDeleted is the kv.ErrConflict of a row that another transaction has deleted, or given another key.
var ErrDeleted = fmt.Errorf("userdata: row is gone: %w", kv.ErrConflict)

// LockRequest says how Lock locks.
type LockRequest struct {
	Mode   kv.LockMode
	NoWait bool
	Skip   bool
}

// Lock locks the row that a Locator names, waiting as asked, and tells what became of it since the scan. With Changed, values (as long as
// Width) receives the newest version. At REPEATABLE READ a row that changed is kv.ErrConflict.
func (t *Table) Lock(ctx context.Context, a *Access, locator pgtype.Datum, o LockRequest, values []pgtype.Datum) (Status, error) {
	seen, key := SplitLocator(locator)
	a.one[0] = key
	options := kv.LockOptions{Mode: o.Mode, NoWait: o.NoWait, Timeout: a.LockTimeout}
	if o.Skip {
		options.Skip = a.skipped[:]
	}
	if err := a.Txn.Lock(ctx, a.one[:], options); err != nil {
		return 0, err
	}
	if o.Skip && a.skipped[0] {
		return Skipped, nil
	}
	if seen != kv.Pending && a.Txn.Unchanged(key) { // the statement's scan read the same snapshot
		return Unchanged, nil
	}
	if err := a.get(ctx, &a.locked, key, true); err != nil {
		return 0, err
	}
	if a.locked.Found(0) && a.locked.Version(0) == seen {
		return Unchanged, nil
	}
	if seen == kv.Pending {
		// The transaction itself wrote the row that it saw: nobody else can have come between, but an earlier part of this statement may have deleted it.
		if !a.locked.Found(0) || row.FlagsOf(a.locked.Value(0))&row.Deleted != 0 {
			return Gone, nil
		}
		return Unchanged, nil
	}
	gone := !a.locked.Found(0) || row.FlagsOf(a.locked.Value(0))&row.Deleted != 0
	switch {
	case a.RepeatableRead && gone:
		return 0, ErrDeleted
	case a.RepeatableRead && a.locked.Version(0) != kv.Pending:
		return 0, kv.ErrConflict
	case gone:
		return Gone, nil
	}
	if a.locked.Version(0) == kv.Pending {
		return Gone, nil // this statement already changed the row: PostgreSQL updates a row once per statement
	}
	return Changed, t.decode.Decode(bytes.Clone(a.locked.Value(0)), values)
}

// Update replaces the row that locator names, locked before, by values. old are its values as they are now.
func (t *Table) Update(ctx context.Context, a *Access, locator pgtype.Datum, old, values []pgtype.Datum) error {
	if a.Tally != nil {
		a.Tally.Of(t.Rel.OID).Updated++
	}
	_, oldKey := SplitLocator(locator)
	newKey := oldKey
	if t.primary != nil {
		scope, _ := t.split(oldKey)
		a.key = keys.AppendStorage(a.key[:0], kv.SpaceRows, t.Rel.StorageID)
		if t.scoped {
			a.key = keys.AppendScope(a.key, scope)
		}
		a.key = t.primary.appendKey(a.key, values)
		newKey = a.key
	}
	moved := !bytes.Equal(oldKey, newKey)
	if moved {
		if err := t.claimKey(ctx, a, newKey, values); err != nil {
			return err
		}
	}
	for _, x := range t.indexes {
		if err := t.updateEntry(ctx, a, x, old, values, oldKey, newKey); err != nil {
			return err
		}
	}
	before := t.stored(a, old)
	if moved {
		if err := a.Txn.DeleteGuarded(oldKey); err != nil {
			return err
		}
		t.emit(a, &feed.Change{Op: feed.Delete, Key: oldKey, Old: before})
		return t.put(a, feed.Insert, newKey, nil, values)
	}
	return t.put(a, feed.Update, oldKey, before, values)
}

// stored gives the stored form of old values for a change record, in a.other.
func (t *Table) stored(a *Access, old []pgtype.Datum) []byte {
	if a.NoFeed {
		return nil
	}
	a.other = t.encode.Append(a.other[:0], 0, a.Now, old)
	return a.other
}

// claimKey locks a primary key value and makes sure that it is free.
func (t *Table) claimKey(ctx context.Context, a *Access, key []byte, values []pgtype.Datum) error {
	if err := a.lockKey(ctx, key, kv.ForUpdate); err != nil {
		return err
	}
	if err := a.get(ctx, &a.batch, key, true); err != nil {
		return err
	}
	if a.batch.Found(0) && row.FlagsOf(a.batch.Value(0))&row.Deleted == 0 {
		return a.taken(key, t.duplicate(t.primary, values))
	}
	return nil
}

func (t *Table) updateEntry(ctx context.Context, a *Access, x *Index, old, values []pgtype.Datum, oldKey, newKey []byte) error {
	was, err := t.entryOf(x, old, oldKey)
	if err != nil {
		return err
	}
	is, err := t.entryOf(x, values, newKey)
	if err != nil {
		return err
	}
	if !was.absent && !is.absent && bytes.Equal(was.key, is.key) {
		if bytes.Equal(was.value, is.value) {
			return nil
		}
		return a.Txn.PutGuarded(is.key, is.value)
	}
	if err := t.dropEntry(ctx, a, was); err != nil {
		return err
	}
	if is.absent {
		return nil
	}
	return t.putEntry(ctx, a, x, is, values, newKey)
}

// dropEntry deletes an entry; a unique one is locked first, so that an insert of the same value waits for this transaction's outcome.
func (t *Table) dropEntry(ctx context.Context, a *Access, e entry) error {
	if e.absent {
		return nil
	}
	if e.unique || e.claim > 0 {
		key := e.key
		if e.claim > 0 {
			key = key[:e.claim]
		}
		if err := a.lockKey(ctx, key, kv.ForUpdate); err != nil {
			return err
		}
	}
	return a.Txn.DeleteGuarded(e.key)
}

// Delete removes the row that locator names, locked before; in a table that keeps deleted rows it is only marked.
func (t *Table) Delete(ctx context.Context, a *Access, locator pgtype.Datum, old []pgtype.Datum) error {
	if a.Tally != nil {
		a.Tally.Of(t.Rel.OID).Deleted++
	}
	_, key := SplitLocator(locator)
	for _, x := range t.indexes {
		e, err := t.entryOf(x, old, key)
		if err != nil {
			return err
		}
		if err := t.dropEntry(ctx, a, e); err != nil {
			return err
		}
	}
	t.emit(a, &feed.Change{Op: feed.Delete, Key: key, Old: t.stored(a, old)})
	if t.keep && !a.HardDelete {
		a.value = t.encode.Append(a.value[:0], row.Deleted, a.Now, old)
		return a.Txn.PutGuarded(key, a.value)
	}
	return a.Txn.DeleteGuarded(key)
}

// Conflict looks for an existing row that an insert of values would collide with on the given unique indexes (nil: on any). It locks the keys it looks at, so that a
// later Insert of the same values in this transaction cannot collide on them. It fills existing and returns the row's locator, or NULL when there is none.
func (t *Table) Conflict(ctx context.Context, a *Access, values []pgtype.Datum, arbiters []*desc.Index, existing []pgtype.Datum) (pgtype.Datum, error) {
	if t.primary != nil && wanted(arbiters, t.primary.Desc) {
		key := t.primary.appendKey(t.rowPrefix(nil, a), values)
		loc, err := t.conflictAt(ctx, a, key, existing)
		if err != nil || !loc.IsNull() {
			return loc, err
		}
	}
	for _, x := range t.indexes {
		if !x.Desc.Unique && !x.Desc.Exclusion || !wanted(arbiters, x.Desc) {
			continue
		}
		if !x.Desc.Immediate {
			e := pgerr.New(pgerr.ObjectNotInPrerequisiteState, "ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters")
			e.Table, e.Constraint = t.Rel.Name, x.Desc.Name
			return pgtype.Null, e
		}
		e, err := t.entryOf(x, values, t.rowPrefix(nil, a))
		if err != nil {
			return pgtype.Null, err
		}
		if e.absent || !e.unique {
			continue
		}
		if err := a.lockKey(ctx, e.key, kv.ForUpdate); err != nil {
			return pgtype.Null, err
		}
		if err := a.get(ctx, &a.batch, e.key, true); err != nil {
			return pgtype.Null, err
		}
		if !a.batch.Found(0) {
			continue
		}
		tail, err := tailOf(e.key, a.batch.Value(0))
		if err != nil {
			return pgtype.Null, err
		}
		loc, err := t.conflictAt(ctx, a, append(t.rowPrefix(nil, a), tail...), existing)
		if err != nil || !loc.IsNull() {
			return loc, err
		}
	}
	return pgtype.Null, nil
}

func wanted(arbiters []*desc.Index, d *desc.Index) bool {
	if arbiters == nil {
		return true
	}
	for _, x := range arbiters {
		if x.OID == d.OID {
			return true
		}
	}
	return false
}

func (t *Table) conflictAt(ctx context.Context, a *Access, key []byte, existing []pgtype.Datum) (pgtype.Datum, error) {
	if err := a.lockKey(ctx, key, kv.ForUpdate); err != nil {
		return pgtype.Null, err
	}
	if err := a.get(ctx, &a.locked, key, true); err != nil {
		return pgtype.Null, err
	}
	if !a.locked.Found(0) || row.FlagsOf(a.locked.Value(0))&row.Deleted != 0 {
		return pgtype.Null, nil
	}
	if a.RepeatableRead && a.locked.Version(0) != kv.Pending && a.locked.Version(0) > a.Txn.Snapshot() {
		return pgtype.Null, kv.ErrConflict
	}
	if err := t.decode.Decode(bytes.Clone(a.locked.Value(0)), existing); err != nil {
		return pgtype.Null, err
	}
	return makeLocator(nil, a.locked.Version(0), key), nil
}

// makeLocator makes a row's Locator: the version that was read and the row's key.
func makeLocator(dst []byte, v kv.Version, key []byte) pgtype.Datum {
	dst = binary.BigEndian.AppendUint64(dst, uint64(v))
	return pgtype.Bytes(append(dst, key...))
}

// SplitLocator takes a Locator apart.
func SplitLocator(d pgtype.Datum) (kv.Version, []byte) {
	b := d.Bytes()
	return kv.Version(binary.BigEndian.Uint64(b)), b[8:]
}

// AppendRowIdentity appends the key that a row with these values has, or nothing in a table without a primary key.
func (t *Table) AppendRowIdentity(dst []byte, a *Access, values []pgtype.Datum) []byte {
	if t.primary == nil {
		return dst
	}
	return t.primary.appendKey(t.rowPrefix(dst, a), values)
}
