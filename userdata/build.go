package userdata

import (
	"context"
	"errors"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata/feed"
	"github.com/kalampg/kalampg/userdata/keys"
)

// BuildIndex adds the entries of a new index (which is in the table's descriptor) for all rows of all scopes. The caller holds a lock that keeps writers out. A duplicate in
// a unique index is 23505 "could not create unique index".
func (t *Table) BuildIndex(ctx context.Context, a *Access, d *desc.Index) error {
	x := t.index(d)
	writer := new(Access)
	writer.Like(a)
	writer.Exclusive, writer.Load = true, nil
	in, err := kv.Ingest(nil), error(nil)
	if d.Immediate { // else entries of one key differ, and are found by looking
		in, err = t.ingestIndex(a, x)
	}
	if err != nil {
		return err
	}
	if in == nil {
		return t.Each(ctx, a, func(locator pgtype.Datum, values []pgtype.Datum) error {
			_, key := SplitLocator(locator)
			return couldNotCreate(d, t.insertEntry(ctx, writer, x, values, key))
		})
	}
	defer in.Cancel()
	if err := t.entriesInto(ctx, a, x, in); err != nil {
		return err
	}
	err = in.Finish()
	var twice *kv.DuplicateError
	if !errors.As(err, &twice) {
		return err
	}
	if t.scoped {
		writer.Scope, _, _ = keys.Scope(twice.Key[len(t.indexSpanPrefix(d)):])
	}
	stored, err := t.rowOf(ctx, writer, twice.Key, twice.Value)
	if err != nil {
		return err
	}
	values := make([]pgtype.Datum, len(t.types))
	if err := t.decode.Decode(stored, values); err != nil {
		return err
	}
	return couldNotCreate(d, t.duplicate(x, values))
}

// entriesInto gives a new index' entries of all rows of all scopes to in.
func (t *Table) entriesInto(ctx context.Context, a *Access, x *Index, in kv.Ingest) error {
	nums := t.all
	if x.compute == nil { // the others are not decoded
		nums = make([]int16, len(t.all))
		for _, n := range x.nums {
			nums[n-1] = n
		}
	}
	var scratch entryScratch
	return t.every(ctx, a, nums, func() bool { return x.compute == nil }, func(key []byte, values []pgtype.Datum) error {
		e, err := t.scratchEntry(x, values, key, &scratch)
		if err != nil || e.absent {
			return err
		}
		return in.Add(e.key, e.value)
	})
}

// ingestIndex begins a run of a new index' entries; nil when entries have to be put.
func (t *Table) ingestIndex(a *Access, x *Index) (kv.Ingest, error) {
	g, ok := a.Txn.(kv.Ingester)
	if !ok {
		return nil, nil
	}
	in, err := g.Ingest(kv.PrefixSpan(t.indexSpanPrefix(x.Desc)))
	if errors.Is(err, kv.ErrUnsuitable) {
		return nil, nil
	}
	return in, err
}

func duplicated(detail string) string {
	const was = " already exists."
	if n := len(detail) - len(was); n > 0 && detail[n:] == was {
		return detail[:n] + " is duplicated."
	}
	return detail
}

// DropIndex deletes an index's entries.
func (t *Table) DropIndex(a *Access, d *desc.Index) error {
	return a.Txn.DeleteRange(kv.PrefixSpan(t.indexSpanPrefix(d)))
}

// Each calls f for every row of every scope as the transaction sees it: locator and complete values, valid during the call.
func (t *Table) Each(ctx context.Context, a *Access, f func(locator pgtype.Datum, values []pgtype.Datum) error) error {
	every := new(Access)
	every.Like(a)
	every.AllScopes = true
	nums := append(append([]int16(nil), t.all...), Locator)
	rows, err := t.Scanner(nums).Scan(ctx, every, ScanRequest{})
	if err != nil {
		return err
	}
	defer rows.Close()
	for {
		v, err := rows.Next(ctx)
		if err != nil || v == nil {
			return err
		}
		if err := f(v[len(v)-1], v[:len(v)-1]); err != nil {
			return err
		}
	}
}

// Rewrite copies every row of every scope into another table (the same relation with a new storage id and other columns), through convert. pure says that convert
// does not use the transaction: then rows are read ahead.
func (t *Table) Rewrite(ctx context.Context, a *Access, to *Table, pure bool, convert func(values []pgtype.Datum) ([]pgtype.Datum, error)) error {
	target := new(Access)
	target.Like(a)
	target.Exclusive, target.Load = true, nil
	if !t.scoped {
		target.Load = to.NewLoad(nil)
		defer target.Load.Cancel()
	}
	unwritten := func() bool { return pure && target.Load != nil && target.Load.rows != nil } // rows go to files and not to the transaction
	err := t.every(ctx, a, t.all, unwritten, func(key []byte, values []pgtype.Datum) error {
		out, err := convert(values)
		if err != nil {
			return err
		}
		target.Scope, _ = t.split(key)
		return to.Insert(ctx, target, out)
	})
	if err != nil || target.Load == nil {
		return err
	}
	return target.Load.Finish(ctx, target)
}

// ClearScope deletes every row and index entry of the scope in a scoped table. The caller holds a lock that keeps other writers out.
func (t *Table) ClearScope(a *Access) error {
	if err := a.Txn.DeleteRange(kv.PrefixSpan(t.rowPrefix(nil, a))); err != nil {
		return err
	}
	for _, x := range t.indexes {
		if err := a.Txn.DeleteRange(kv.PrefixSpan(t.indexPrefix(nil, x, a.Scope))); err != nil {
			return err
		}
	}
	t.emit(a, &feed.Change{Op: feed.Truncate, Key: t.rowPrefix(nil, a)})
	return nil
}
