package userdata

import (
	"context"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata/keys"
)

// every calls f for every row of every scope as the transaction sees it: its key and the values of nums, valid during the call. Before each batch it asks whether
// rows may be read ahead from now on, in another goroutine, which is so as long as nothing is written to the transaction.
func (t *Table) every(ctx context.Context, a *Access, nums []int16, unwritten func() bool, f func(key []byte, values []pgtype.Datum) error) error {
	cursor, err := a.Txn.Scan(ctx, kv.PrefixSpan(keys.AppendStorage(nil, kv.SpaceRows, t.Rel.StorageID)), kv.ScanOptions{})
	if err != nil {
		return err
	}
	defer cursor.Close()
	var reader *ahead
	defer func() {
		if reader != nil {
			reader.close()
		}
	}()
	rows := t.Scanner(nums)
	values := make([]pgtype.Datum, len(nums))
	own := new(kv.Batch)
	for {
		if reader == nil && unwritten() {
			reader = readAhead(ctx, cursor)
		}
		b := own
		if reader != nil {
			b, err = reader.next()
		} else {
			_, err = cursor.Next(ctx, own)
		}
		if err != nil || b == nil || b.Len() == 0 {
			return err
		}
		for i := range b.Len() {
			ok, err := rows.produce(a, b.Key(i), b.Value(i), b.Version(i), values)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			if err := f(b.Key(i), values); err != nil {
				return err
			}
		}
	}
}

// ahead reads a cursor in a goroutine of its own, so that the store reads the next items while those before are worked on.
type ahead struct {
	cursor kv.Cursor
	cancel context.CancelFunc
	full   chan *kv.Batch // closed at the end
	empty  chan *kv.Batch
	last   *kv.Batch
	err    error // once full is closed
}

// readAhead begins reading. The transaction must not be written to until close, nor the cursor used.
func readAhead(ctx context.Context, c kv.Cursor) *ahead {
	const batches = 4
	ctx, cancel := context.WithCancel(ctx)
	r := &ahead{cursor: c, cancel: cancel, full: make(chan *kv.Batch, batches), empty: make(chan *kv.Batch, batches)}
	for range batches {
		r.empty <- new(kv.Batch)
	}
	go r.run(ctx)
	return r
}

func (r *ahead) run(ctx context.Context) {
	defer close(r.full)
	for {
		select {
		case <-ctx.Done():
			r.err = context.Cause(ctx)
			return
		case b := <-r.empty:
			n, err := r.cursor.Next(ctx, b)
			if err != nil || n == 0 {
				r.err = err
				return
			}
			r.full <- b // there is room for all
		}
	}
}

// next gives the next items, valid until the next call; nil at the end.
func (r *ahead) next() (*kv.Batch, error) {
	if r.last != nil {
		r.empty <- r.last
		r.last = nil
	}
	b, ok := <-r.full
	if !ok {
		return nil, r.err
	}
	r.last = b
	return b, nil
}

// close ends reading; the cursor stays open.
func (r *ahead) close() {
	r.cancel()
	for range r.full {
	}
}
