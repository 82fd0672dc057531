package userdata

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata/keys"
	"github.com/kalampg/kalampg/userdata/row"
)

// Fault is something wrong that Check found.
type Fault struct {
	Index string // the index, "" when it is about the row itself
	Key   []byte // of the row or the entry in the store
	What  string
}

// Checked tells how much Check has read.
type Checked struct {
	Rows    int64 // visible ones
	Deleted int64 // kept after their deletion
	Entries int64 // of secondary indexes
}

// Check reads every row of every scope and every index entry as the transaction sees them. A row must decode, lie under the key that its primary key gives, and
// have its entry in each index; an entry must have its row. obeys is asked about each complete row and returns an error for what is wrong with it. The values
// are valid during the call. Faults go to report; an error means that reading could not go on.
func (t *Table) Check(ctx context.Context, a *Access, obeys func(values []pgtype.Datum) error, report func(Fault)) (Checked, error) {
	c := &check{t: t, a: a, obeys: obeys, report: report, wanted: make([]int64, len(t.indexes))}
	if err := c.rows(ctx); err != nil {
		return c.counts, err
	}
	for i, x := range t.indexes {
		if !x.Desc.Valid {
			continue
		}
		if err := c.entries(ctx, x, c.wanted[i]); err != nil {
			return c.counts, err
		}
	}
	return c.counts, nil
}

// check is a running Check.
type check struct {
	t      *Table
	a      *Access
	obeys  func([]pgtype.Datum) error
	report func(Fault)
	counts Checked
	wanted []int64 // entries that the rows call for and that are there, by index
}

// expected are the entries that a batch of rows calls for in one index.
type expected struct {
	keys, values [][]byte
	rows         [][]byte
}

func (c *check) rows(ctx context.Context) error {
	span := kv.PrefixSpan(keys.AppendStorage(nil, kv.SpaceRows, c.t.Rel.StorageID))
	cursor, err := c.a.Txn.Scan(ctx, span, kv.ScanOptions{})
	if err != nil {
		return err
	}
	defer cursor.Close()
	var batch kv.Batch
	values := make([]pgtype.Datum, c.t.Width())
	for {
		n, err := cursor.Next(ctx, &batch)
		if err != nil || n == 0 {
			return err
		}
		entries := make([]expected, len(c.t.indexes))
		for i := range n {
			c.row(batch.Key(i), batch.Value(i), values, entries)
		}
		for i, x := range c.t.indexes {
			if err := c.present(ctx, x, &entries[i], &c.wanted[i]); err != nil {
				return err
			}
		}
	}
}

// row looks at one row and collects the entries that it calls for.
func (c *check) row(key, value []byte, values []pgtype.Datum, entries []expected) {
	if err := c.decode(value, values); err != nil {
		c.report(Fault{Key: key, What: "the row does not decode: " + err.Error()})
		return
	}
	if c.t.primary != nil && c.t.primary.compute == nil {
		scope, tail := c.t.split(key)
		if want := c.t.primary.appendKey(nil, values); !bytes.Equal(tail, want) {
			c.report(Fault{Key: key, What: fmt.Sprintf("the row of scope %q lies under another key than its primary key gives", scope)})
		}
	}
	if row.FlagsOf(value)&row.Deleted != 0 {
		c.counts.Deleted++
		return
	}
	c.counts.Rows++
	if err := c.obeys(values); err != nil {
		c.report(Fault{Key: key, What: err.Error()})
	}
	for i, x := range c.t.indexes {
		if !x.Desc.Valid {
			continue
		}
		e, err := c.t.entryOf(x, values, key)
		if err != nil {
			c.report(Fault{Index: x.Desc.Name, Key: key, What: "the index key of a row cannot be computed: " + err.Error()})
			continue
		}
		if !e.absent {
			entries[i].keys = append(entries[i].keys, e.key)
			entries[i].values = append(entries[i].values, e.value)
			entries[i].rows = append(entries[i].rows, slices.Clone(key))
		}
	}
}

// decode reads a stored row; what is no row at all is an error too.
func (c *check) decode(value []byte, values []pgtype.Datum) (err error) {
	defer func() {
		// Bytes that are no row may lead a codec anywhere.
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	clear(values)
	if len(value) < 9 {
		return row.ErrCorrupt
	}
	return c.t.decode.Decode(value, values)
}

// present looks up the entries that rows call for.
func (c *check) present(ctx context.Context, x *Index, e *expected, found *int64) error {
	if len(e.keys) == 0 {
		return nil
	}
	var got kv.Batch
	if err := c.a.Txn.Get(ctx, e.keys, &got, kv.GetOptions{}); err != nil {
		return err
	}
	for i := range e.keys {
		switch {
		case !got.Found(i):
			c.report(Fault{Index: x.Desc.Name, Key: e.rows[i], What: "a row has no entry in the index"})
		case !bytes.Equal(got.Value(i), e.values[i]):
			*found++
			c.report(Fault{Index: x.Desc.Name, Key: e.rows[i], What: "the entry of a row names another row"})
		default:
			*found++
		}
	}
	return nil
}

// entries counts an index's entries. Every row has found its own, so that a count that is right leaves none without a row; when it is wrong each is looked at.
func (c *check) entries(ctx context.Context, x *Index, wanted int64) error {
	n, err := c.walk(ctx, x, nil)
	if err != nil {
		return err
	}
	c.counts.Entries += n
	if n == wanted {
		return nil
	}
	before := 0
	_, err = c.walk(ctx, x, func(key, value []byte) error {
		what, err := c.lost(ctx, x, key, value)
		if what != "" {
			before++
			c.report(Fault{Index: x.Desc.Name, Key: slices.Clone(key), What: what})
		}
		return err
	})
	if err == nil && before == 0 {
		c.report(Fault{Index: x.Desc.Name, What: fmt.Sprintf("%d entries, %d of which rows call for", n, wanted)})
	}
	return err
}

// walk goes over the entries of an index.
func (c *check) walk(ctx context.Context, x *Index, visit func(key, value []byte) error) (int64, error) {
	cursor, err := c.a.Txn.Scan(ctx, kv.PrefixSpan(c.t.indexSpanPrefix(x.Desc)), kv.ScanOptions{})
	if err != nil {
		return 0, err
	}
	defer cursor.Close()
	var batch kv.Batch
	total := int64(0)
	for {
		n, err := cursor.Next(ctx, &batch)
		if err != nil || n == 0 {
			return total, err
		}
		total += int64(n)
		for i := 0; visit != nil && i < n; i++ {
			if err := visit(batch.Key(i), batch.Value(i)); err != nil {
				return total, err
			}
		}
	}
}

// lost tells what is wrong with an entry: its row is not there, or is one that calls for another entry.
func (c *check) lost(ctx context.Context, x *Index, key, value []byte) (string, error) {
	tail, err := tailOf(key, value)
	if err != nil {
		return "an entry does not decode", nil
	}
	rowKey := keys.AppendStorage(nil, kv.SpaceRows, c.t.Rel.StorageID)
	if c.t.scoped {
		scope, _ := c.t.split(key)
		rowKey = keys.AppendScope(rowKey, scope)
	}
	rowKey = append(rowKey, tail...)
	var got kv.Batch
	if err := c.a.Txn.Get(ctx, [][]byte{rowKey}, &got, kv.GetOptions{}); err != nil {
		return "", err
	}
	if !got.Found(0) {
		return "an entry has no row", nil
	}
	values := make([]pgtype.Datum, c.t.Width())
	if err := c.decode(got.Value(0), values); err != nil {
		return "", nil // reported with the row
	}
	if row.FlagsOf(got.Value(0))&row.Deleted != 0 {
		return "an entry's row is deleted", nil
	}
	if e, err := c.t.entryOf(x, values, rowKey); err != nil || e.absent || !bytes.Equal(e.key, key) {
		return "an entry's row has other values", nil
	}
	return "", nil
}

// Storages lists the storage ids under which rows or index entries lie.
func Storages(ctx context.Context, t kv.Txn) ([]uint64, error) {
	var ids []uint64
	for _, space := range []kv.Space{kv.SpaceRows, kv.SpaceIndex} {
		end := kv.PrefixEnd([]byte{space})
		for at := keys.AppendStorage(nil, space, 0); ; {
			id, ok, err := firstStorage(ctx, t, kv.Span{Start: at, End: end})
			if err != nil {
				return nil, err
			}
			if !ok {
				break
			}
			ids = append(ids, id)
			if at = kv.PrefixEnd(keys.AppendStorage(nil, space, id)); bytes.Compare(at, end) >= 0 {
				break
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// firstStorage is the storage id of the first key in a span.
func firstStorage(ctx context.Context, t kv.Txn, span kv.Span) (id uint64, ok bool, err error) {
	cursor, err := t.Scan(ctx, span, kv.ScanOptions{KeysOnly: true, Limit: 1})
	if err != nil {
		return 0, false, err
	}
	defer cursor.Close()
	var b kv.Batch
	n, err := cursor.Next(ctx, &b)
	if err != nil || n == 0 {
		return 0, false, err
	}
	if len(b.Key(0)) < 5 {
		return 0, false, fmt.Errorf("%w: key %x is too short", kv.ErrCorrupt, b.Key(0))
	}
	return uint64(binary.BigEndian.Uint32(b.Key(0)[1:])), true, nil
}
