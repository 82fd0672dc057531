package userdata

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata/feed"
	"github.com/kalampg/kalampg/userdata/keys"
)

// How many rows a load holds back before it decides how to write them, when it may not simply begin, and how many it writes at a time otherwise.
const (
	loadRows  = 4096
	loadBytes = 1 << 20
	putRows   = 1000
	putBytes  = 64 << 10
)

// Load takes many new rows of one table. Where nobody else can reach the rows' keys it takes neither locks nor looks anything up, sorts rows and index entries and writes
// them as runs (kv.Ingester); duplicates show when they are sorted. Elsewhere it writes them as Insert does, some at a time.
//
// The storage must be out of others' reach already, or claim brings that about, if it can: it is asked once, when there are many rows, whether the keys of the
// rows' span are the transaction's alone to the end of the transaction and none of them exists.
//
// While an Access names a load, Insert of the load's table goes there. Row is what the caller calls the row being added (a line), and the one that an error is about.
type Load struct {
	Row int64

	t       *Table
	claim   func(span kv.Span) (bool, error)
	decided bool
	pending kv.Batch // stored rows, the version is Row
	values  []pgtype.Datum
	rows    kv.Ingest // nil: rows are put
	entries []kv.Ingest
	scratch entryScratch
	n       int64
	span    []byte
}

// NewLoad begins a load into a table; a is the way of the transaction to its rows. claim nil: the storage is the transaction's own. The load is ended by Finish or Cancel.
func (t *Table) NewLoad(claim func(span kv.Span) (bool, error)) *Load {
	return &Load{t: t, claim: claim}
}

// Insert adds a complete row.
func (l *Load) insert(ctx context.Context, a *Access, values []pgtype.Datum) error {
	if l.rows != nil {
		return l.add(ctx, a, values)
	}
	a.value = l.t.encode.Append(a.value[:0], 0, a.Now, values)
	l.pending.Append(nil, a.value, kv.Version(l.Row))
	rows, size := putRows, putBytes
	if !l.decided {
		rows, size = loadRows, loadBytes
	}
	if l.pending.Len() >= rows || l.pending.Size() >= size {
		return l.settle(ctx, a)
	}
	return nil
}

// settle decides how to write, and writes what was held back.
func (l *Load) settle(ctx context.Context, a *Access) error {
	if !l.decided {
		l.decided = true
		if err := l.begin(a); err != nil {
			return err
		}
	}
	return l.flush(ctx, a)
}

// begin opens the runs, if rows may go there.
func (l *Load) begin(a *Access) error {
	g, ok := a.Txn.(kv.Ingester)
	if !ok {
		return nil
	}
	l.span = l.t.rowPrefix(nil, a)
	if l.claim != nil {
		if mine, err := l.claim(kv.PrefixSpan(l.span)); err != nil || !mine {
			return err
		}
	}
	var list []kv.Ingest
	spans := []kv.Span{kv.PrefixSpan(l.span)}
	for _, x := range l.t.indexes {
		spans = append(spans, kv.PrefixSpan(l.t.indexPrefix(nil, x, a.Scope)))
	}
	for _, s := range spans {
		in, err := g.Ingest(s)
		if err != nil {
			for _, x := range list {
				x.Cancel()
			}
			if errors.Is(err, kv.ErrUnsuitable) {
				return nil
			}
			return err
		}
		list = append(list, in)
	}
	l.rows, l.entries = list[0], list[1:]
	return nil
}

// flush writes what was held back.
func (l *Load) flush(ctx context.Context, a *Access) error {
	if l.values == nil {
		l.values = make([]pgtype.Datum, len(l.t.types))
	}
	row := l.Row
	for i := range l.pending.Len() {
		if err := l.t.decode.Decode(bytes.Clone(l.pending.Value(i)), l.values); err != nil {
			return err
		}
		var err error
		if l.rows != nil {
			err = l.add(ctx, a, l.values)
		} else {
			err = l.t.insert(ctx, a, l.values)
		}
		if err != nil {
			l.Row = int64(l.pending.Version(i))
			return err
		}
	}
	l.Row = row
	l.pending.Reset()
	return nil
}

// add gives a row and its entries to the runs.
func (l *Load) add(ctx context.Context, a *Access, values []pgtype.Datum) error {
	key, err := l.t.newRowKey(ctx, a, values)
	if err != nil {
		return err
	}
	for i, x := range l.t.indexes {
		e, err := l.t.scratchEntry(x, values, key, &l.scratch)
		if err != nil {
			return err
		}
		if e.absent {
			continue
		}
		if err := l.entries[i].Add(e.key, e.value); err != nil {
			return err
		}
	}
	l.n++
	a.value = l.t.encode.Append(a.value[:0], 0, a.Now, values)
	return l.rows.Add(key, a.value)
}

// Finish writes everything, so that the transaction sees it. A duplicate key is 23505.
func (l *Load) Finish(ctx context.Context, a *Access) error {
	if l.rows == nil {
		l.decided = true // few rows
		return l.flush(ctx, a)
	}
	if err := l.rows.Finish(); err != nil {
		return l.duplicate(ctx, a, nil, err)
	}
	for i, x := range l.t.indexes {
		if err := l.entries[i].Finish(); err != nil {
			return l.duplicate(ctx, a, x, err)
		}
	}
	if a.Tally != nil {
		a.Tally.Of(l.t.Rel.OID).Inserted += l.n
	}
	l.t.emit(a, &feed.Change{Op: feed.Load, Key: l.span})
	return nil
}

// Cancel gives up what was not written yet. After Finish it does nothing.
func (l *Load) Cancel() {
	if l.rows != nil {
		l.rows.Cancel()
		for _, x := range l.entries {
			x.Cancel()
		}
	}
}

// duplicate turns the finding of two equal keys into the error about the row.
func (l *Load) duplicate(ctx context.Context, a *Access, x *Index, err error) error {
	var twice *kv.DuplicateError
	if !errors.As(err, &twice) {
		return err
	}
	l.Row = 0 // it is not known any more
	values := make([]pgtype.Datum, len(l.t.types))
	stored := twice.Value
	if x != nil {
		if stored, err = l.t.rowOf(ctx, a, twice.Key, twice.Value); err != nil {
			return err
		}
	}
	if err := l.t.decode.Decode(stored, values); err != nil {
		return err
	}
	if x == nil {
		x = l.t.primary
	}
	return l.t.duplicate(x, values)
}

// rowOf reads the row that an index entry names, in storage form.
func (t *Table) rowOf(ctx context.Context, a *Access, key, value []byte) ([]byte, error) {
	tail, err := tailOf(key, value)
	if err != nil {
		return nil, err
	}
	if err := a.get(ctx, &a.batch, append(t.rowPrefix(nil, a), tail...), false); err != nil {
		return nil, err
	}
	return bytes.Clone(a.batch.Value(0)), nil
}

// entryScratch is memory for an entry that is used up before the next is made.
type entryScratch struct{ key, value []byte }

// scratchEntry is entryOf without allocations.
func (t *Table) scratchEntry(x *Index, values []pgtype.Datum, rowKey []byte, s *entryScratch) (entry, error) {
	if x.compute != nil {
		return t.entryOf(x, values, rowKey)
	}
	prefix := len(rowKey)
	_, tail := t.split(rowKey)
	prefix -= len(tail)
	s.key = keys.AppendStorage(s.key[:0], kv.SpaceIndex, x.Desc.StorageID)
	s.key = append(s.key, rowKey[len(s.key):prefix]...) // the scope
	hasNull := false
	for i := range x.columns {
		v := values[x.nums[i]-1]
		hasNull = hasNull || v.IsNull()
		s.key = x.columns[i].Append(s.key, v)
	}
	e := entry{unique: (x.Desc.Unique || x.Desc.Exclusion) && (!hasNull || x.Desc.NullsNotDistinct)}
	if e.unique {
		s.value = append(append(s.value[:0], 1), tail...)
	} else {
		s.key = append(s.key, tail...)
		s.value = binary.AppendUvarint(append(s.value[:0], 0), uint64(len(tail)))
	}
	e.key, e.value = s.key, s.value
	return e, nil
}

// couldNotCreate turns a duplicate in an index that is built into PostgreSQL's words for it.
func couldNotCreate(d *desc.Index, err error) error {
	e, ok := pgerr.As(err)
	switch {
	case ok && e.Code == pgerr.UniqueViolation:
		e.Message = "could not create unique index \"" + d.Name + "\""
		e.Detail = duplicated(e.Detail)
	case ok && e.Code == pgerr.ExclusionViolation:
		e.Message = "could not create exclusion constraint \"" + d.Name + "\""
		e.Detail = strings.Replace(e.Detail, " conflicts with existing key ", " conflicts with key ", 1)
	}
	return err
}
