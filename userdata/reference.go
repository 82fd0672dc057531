package userdata

import (
	"bytes"
	"context"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata/row"
)

// Presence is what a look-up of a referenced row found.
type Presence uint8

// The outcomes of Reference.
const (
	Absent  Presence = iota
	Present          // it is there and locked (FOR KEY SHARE), so it stays to the end of the transaction
	Busy             // it is there, or was, and another transaction may be about to remove it
)

// ReferenceRequest says how Reference locks the rows that it finds.
type ReferenceRequest struct {
	NoLock  bool // the caller's lock on the table keeps the rows in place
	Wait    bool // wait for other transactions, instead of Busy
	Careful bool // lock no key before something is seen under it: who inserts it later need not wait for this transaction
}

// ReferenceKey appends the key under which a unique index of the table has a row of a scope, given the values of the index's columns. None is NULL.
func (t *Table) ReferenceKey(dst []byte, d *desc.Index, scope string, values []pgtype.Datum) []byte {
	x := t.index(d)
	if x == t.primary {
		dst = t.rowPrefix(dst, &Access{Scope: scope})
	} else {
		dst = t.indexPrefix(dst, x, scope)
	}
	for i := range x.columns {
		dst = x.columns[i].Append(dst, values[i])
	}
	return dst
}

// Reference looks for the rows that foreign keys refer to, by keys of ReferenceKey, and locks them as PostgreSQL does; out, as long as keys, receives what it
// found. It reads what is committed now, but at REPEATABLE READ a row must be in the snapshot too; one that has gone since is kv.ErrConflict. All
// look-ups together are a few calls of the store.
func (t *Table) Reference(ctx context.Context, a *Access, d *desc.Index, keys [][]byte, o ReferenceRequest, out []Presence) error {
	r := &references{t: t, a: a, keys: keys, o: o, out: out, plain: t.index(d) != t.primary}
	for i := range out {
		out[i] = Present
	}
	if r.plain || o.Careful || a.RepeatableRead {
		if err := r.find(ctx, !a.RepeatableRead || o.NoLock); err != nil {
			return err
		}
	} else {
		r.rows = keys
	}
	if !o.NoLock {
		if err := r.lock(ctx); err != nil {
			return err
		}
	}
	return r.confirm(ctx)
}

// references is one call of Reference.
type references struct {
	t     *Table
	a     *Access
	keys  [][]byte
	o     ReferenceRequest
	out   []Presence
	plain bool     // the keys are of an index beside the rows
	rows  [][]byte // the keys of the rows, nil for those that are absent
}

// find looks up what is there before any lock is taken.
func (r *references) find(ctx context.Context, latest bool) error {
	var b kv.Batch
	if err := r.a.Txn.Get(ctx, r.keys, &b, kv.GetOptions{Latest: latest}); err != nil {
		return err
	}
	r.rows = make([][]byte, len(r.keys))
	for i, key := range r.keys {
		if !r.there(&b, i) {
			r.out[i] = Absent
			continue
		}
		if !r.plain {
			r.rows[i] = key
			continue
		}
		tail, err := tailOf(key, b.Value(i))
		if err != nil {
			return err
		}
		scope, _ := r.t.split(key)
		r.rows[i] = append(r.t.rowPrefix(nil, &Access{Scope: scope}), tail...)
	}
	return nil
}

func (r *references) there(b *kv.Batch, i int) bool {
	return b.Found(i) && (r.plain || row.FlagsOf(b.Value(i))&row.Deleted == 0)
}

func (r *references) lock(ctx context.Context) error {
	wanted := make([][]byte, 0, len(r.rows))
	for _, key := range r.rows {
		if key != nil {
			wanted = append(wanted, key)
		}
	}
	o := kv.LockOptions{Mode: kv.ForKeyShare, Timeout: r.a.LockTimeout}
	if !r.o.Wait {
		o.Skip = make([]bool, len(wanted))
	}
	if err := r.a.Txn.Lock(ctx, wanted, o); err != nil || r.o.Wait {
		return err
	}
	at := 0
	for i, key := range r.rows {
		if key != nil {
			if o.Skip[at] {
				r.out[i] = Busy
			}
			at++
		}
	}
	return nil
}

// confirm looks again, now that nobody can take the locked rows away.
func (r *references) confirm(ctx context.Context) error {
	var b kv.Batch
	if err := r.a.Txn.Get(ctx, r.keys, &b, kv.GetOptions{Latest: true}); err != nil {
		return err
	}
	for i, key := range r.keys {
		switch {
		case r.out[i] == Absent:
		case !r.there(&b, i):
			if r.a.RepeatableRead && r.out[i] == Present && !r.o.NoLock {
				return kv.ErrConflict
			}
			if r.out[i] != Busy {
				r.out[i] = Absent
			}
		case r.plain && r.out[i] == Present:
			tail, err := tailOf(key, b.Value(i))
			if err != nil {
				return err
			}
			scope, _ := r.t.split(key)
			if !bytes.Equal(r.rows[i], append(r.t.rowPrefix(nil, &Access{Scope: scope}), tail...)) { // another row has the key by now
				r.out[i] = Busy
			}
		}
	}
	return nil
}

// Newest reads the newest version of a row, the transaction's own if it has written it, into values, as long as Width.
func (t *Table) Newest(ctx context.Context, a *Access, key []byte, values []pgtype.Datum) (found bool, err error) {
	if err := a.get(ctx, &a.locked, key, true); err != nil {
		return false, err
	}
	if !a.locked.Found(0) || row.FlagsOf(a.locked.Value(0))&row.Deleted != 0 {
		return false, nil
	}
	return true, t.decode.Decode(bytes.Clone(a.locked.Value(0)), values)
}

// Scope is the scope of the row that a key belongs to, "" in tables without.
func (t *Table) Scope(key []byte) string {
	scope, _ := t.split(key)
	return scope
}
