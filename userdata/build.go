package userdata

import (
	"context"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata/feed"
)

// BuildIndex adds the entries of a new index (which is in the table's descriptor) for all rows of all scopes. The caller holds a lock that keeps writers out. A duplicate in
// a unique index is 23505 "could not create unique index".
func (t *Table) BuildIndex(ctx context.Context, a *Access, d *desc.Index) error {
	x := t.index(d)
	writer := new(Access)
	writer.Like(a)
	writer.Exclusive = true
	return t.Each(ctx, a, func(locator pgtype.Datum, values []pgtype.Datum) error {
		_, key := SplitLocator(locator)
		err := t.insertEntry(ctx, writer, x, values, key)
		if e, ok := pgerr.As(err); ok && e.Code == pgerr.UniqueViolation {
			e.Message = "could not create unique index \"" + d.Name + "\""
			e.Detail = duplicated(e.Detail)
		}
		return err
	})
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

// Rewrite copies every row of every scope into another table (the same relation with a new storage id and other columns), through convert.
func (t *Table) Rewrite(ctx context.Context, a *Access, to *Table, convert func(values []pgtype.Datum) ([]pgtype.Datum, error)) error {
	target := new(Access)
	target.Like(a)
	target.Exclusive = true
	return t.Each(ctx, a, func(locator pgtype.Datum, values []pgtype.Datum) error {
		out, err := convert(values)
		if err != nil {
			return err
		}
		_, key := SplitLocator(locator)
		target.Scope, _ = t.split(key)
		return to.Insert(ctx, target, out)
	})
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
