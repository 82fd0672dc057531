package userdata

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"sync"

	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/userdata/keys"
	"github.com/kalampg/kalampg/userdata/row"
)

// Batches is a scan in primary key order whose rows come as columns. Several readers share it: each takes a part of the key range, and the next
// one when it has finished. The first rows are read by opening it, so that a small table is known as one before anything is decided.
type Batches struct {
	s        *Scanner
	a        *Access
	keysOnly bool
	head     []*kv.Batch // the first rows
	rows     float64     // estimate of all rows
	origin   kv.Cursor   // of the whole range, which the parts' cursors are taken from

	cached   *cachedTable // whose parts those of the scan are, nil: none
	snapshot kv.Version   // that the scan sees

	mu    sync.Mutex
	parts []kv.Span // the others, in key order
	next  int       // 0: the head
}

const (
	headRows = 1024 // as many rows are read before the rest is split, at least
	maxParts = 1024
)

// partRows is about how many rows are in a part; a test makes it smaller.
var partRows = 16384

// Columnar tells whether the scanner's columns can come in batches: rows neither age nor have system columns to show.
func (s *Scanner) Columnar() bool { return len(s.system) == 0 && s.t.ttl == 0 }

// Batches starts a scan by columns of what q asks for, which is in primary key order, forward.
func (s *Scanner) Batches(ctx context.Context, a *Access, q ScanRequest) (*Batches, error) {
	b := &Batches{s: s, a: a, keysOnly: len(s.nums) == 0 && !s.t.keep, snapshot: a.Txn.Snapshot()}
	span, ok := s.rowSpan(a, q)
	if !ok {
		return b, nil
	}
	cache := b.cache(q)
	if cache != nil {
		if b.cached = cache.table(span.Start); b.cached != nil {
			b.rows, _ = b.cached.estimate()
			return b, b.openParts(ctx, span)
		}
	}
	if err := b.readHead(ctx, span); err != nil {
		return nil, err
	}
	if cache != nil && len(b.parts) > 0 {
		first := kv.Span{Start: span.Start, End: b.parts[0].Start}
		if b.cached = cache.cut(span.Start, append([]kv.Span{first}, b.parts...)); b.cached != nil {
			b.head, b.parts = nil, b.parts[:0] // the head's rows are read again, to be kept with the others
			for _, p := range b.cached.parts {
				b.parts = append(b.parts, p.span)
			}
		}
	}
	return b, nil
}

// cache is the cache to use, nil for a scan that cannot: of a part of the table, of one user's rows, of a transaction that has written.
func (b *Batches) cache(q ScanRequest) *columnCache {
	if b.s.t.scoped || b.a.Service == nil || b.a.Txn.Written() || len(q.Equal) > 0 || q.Lower != nil || q.Upper != nil {
		return nil
	}
	return &b.a.Service.columns
}

// openParts prepares to read the cached table's parts, from the cache or from the store.
func (b *Batches) openParts(ctx context.Context, span kv.Span) error {
	for _, p := range b.cached.parts {
		b.parts = append(b.parts, p.span)
	}
	c, err := b.a.Txn.Scan(ctx, span, kv.ScanOptions{KeysOnly: b.keysOnly})
	b.origin = c
	return err
}

// rowSpan is the key range of a scan of the rows themselves.
func (s *Scanner) rowSpan(a *Access, q ScanRequest) (kv.Span, bool) {
	if empty(q) {
		return kv.Span{}, false
	}
	prefix := keys.AppendStorage(nil, kv.SpaceRows, s.t.Rel.StorageID)
	if s.t.scoped && !a.AllScopes {
		prefix = keys.AppendScope(prefix, a.Scope)
	}
	span := kv.PrefixSpan(prefix)
	if s.t.primary != nil && (len(q.Equal) > 0 || q.Lower != nil || q.Upper != nil) {
		span = s.t.primary.span(prefix, q)
	}
	return span, bytes.Compare(span.Start, span.End) < 0
}

func (b *Batches) readHead(ctx context.Context, span kv.Span) error {
	c, err := b.a.Txn.Scan(ctx, span, kv.ScanOptions{KeysOnly: b.keysOnly})
	if err != nil {
		return err
	}
	b.origin = c
	n := 0
	var last []byte
	for n < headRows {
		batch := new(kv.Batch)
		k, err := c.Next(ctx, batch)
		if err != nil {
			return err
		}
		if k == 0 {
			b.rows = float64(n)
			return nil
		}
		b.head = append(b.head, batch)
		last = batch.Key(k - 1)
		n += k
	}
	rest := kv.Span{Start: append(bytes.Clone(last), 0), End: span.End}
	return b.split(ctx, n, rest)
}

// split cuts the rest of the range into parts of about as many rows, on the assumption that keys are spread evenly.
func (b *Batches) split(ctx context.Context, n int, rest kv.Span) error {
	b.rows = float64(n)
	c, err := b.part(ctx, rest, kv.ScanOptions{KeysOnly: true, Reverse: true, Limit: 1})
	if err != nil {
		return err
	}
	defer c.Close()
	var end kv.Batch
	k, err := c.Next(ctx, &end)
	if err != nil || k == 0 {
		return err
	}
	first, middle, last := b.head[0].Key(0), rest.Start, end.Key(0)
	shared := 0
	for shared < len(first) && shared < len(last) && first[shared] == last[shared] {
		shared++
	}
	from, at, to := wordAt(first, shared), wordAt(middle, shared), wordAt(last, shared)
	if at <= from || to <= at {
		b.parts = []kv.Span{rest}
		return nil
	}
	b.rows = float64(n) * float64(to-from) / float64(at-from)
	parts := uint64(min(max(math.Ceil((b.rows-float64(n))/float64(partRows)), 1), maxParts))
	step := (to - at) / parts
	if step == 0 {
		parts = 1
	}
	start := rest.Start
	for i := uint64(1); i < parts; i++ {
		cut := binary.BigEndian.AppendUint64(bytes.Clone(last[:shared]), at+i*step)
		b.parts = append(b.parts, kv.Span{Start: start, End: cut})
		start = cut
	}
	b.parts = append(b.parts, kv.Span{Start: start, End: rest.End})
	return nil
}

// part opens a cursor over a part of the range that sees what the scan saw when it was opened.
func (b *Batches) part(ctx context.Context, span kv.Span, o kv.ScanOptions) (kv.Cursor, error) {
	if d, ok := b.origin.(kv.Divider); ok {
		return d.Part(ctx, span, o)
	}
	return b.a.Txn.Scan(ctx, span, o)
}

// Close ends the scan, after its readers.
func (b *Batches) Close() {
	if b.origin != nil {
		b.origin.Close()
		b.origin = nil
	}
}

// wordAt reads the eight bytes of key from at, as if zeros followed it.
func wordAt(key []byte, at int) uint64 {
	var b [8]byte
	copy(b[:], key[min(at, len(key)):])
	return binary.BigEndian.Uint64(b[:])
}

// Rows is an estimate of the number of rows; it is exact when Small.
func (b *Batches) Rows() float64 { return b.rows }

// Small tells whether opening the scan has read all rows.
func (b *Batches) Small() bool { return len(b.parts) == 0 }

// Reader makes one of the scan's readers, which is used by one goroutine.
func (b *Batches) Reader() *BatchReader { return &BatchReader{b: b, seq: -1} }

// take gives the number of the next part, -1 after the last.
func (b *Batches) take() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next > len(b.parts) {
		return -1
	}
	b.next++
	return b.next - 1
}

// BatchReader reads parts of a scan. What it has given is valid until its next Next.
type BatchReader struct {
	b      *Batches
	seq    int
	head   int // next of the head, while it is read
	cursor kv.Cursor
	own    kv.Batch
	batch  *kv.Batch
	rows   [][]byte
	sel    []int32
	kept   []int32

	part    *cachedPart  // that is being read, of a cached table
	columns *keptColumns // of the part, when it comes from the cache
	from, n int          // the rows of columns that are the batch
	build   *partBuilder // of the part, when it is read to be kept
}

// Next moves to the next rows; n is their number, 0 at the end.
func (r *BatchReader) Next(ctx context.Context) (n int, err error) {
	for {
		switch {
		case r.columns != nil:
			if r.from += r.n; r.from == r.columns.rows {
				r.columns, r.n = nil, 0
				continue
			}
			r.n = min(column.Rows, r.columns.rows-r.from)
			return r.n, nil
		case r.seq == 0 && r.head < len(r.b.head):
			r.batch = r.b.head[r.head]
			r.head++
			n = r.batch.Len()
		case r.cursor != nil:
			r.batch = &r.own
			if n, err = r.cursor.Next(ctx, r.batch); err != nil {
				return 0, err
			}
			if n == 0 {
				r.cursor.Close()
				r.cursor = nil
				r.finish()
				continue
			}
		default:
			if r.seq = r.b.take(); r.seq < 0 {
				r.seq = len(r.b.parts) + 1
				return 0, nil
			}
			if r.seq == 0 {
				continue
			}
			if r.fromCache() {
				continue
			}
			r.cursor, err = r.b.part(ctx, r.b.parts[r.seq-1], kv.ScanOptions{KeysOnly: r.b.keysOnly, Limit: partRows})
			if err != nil {
				return 0, err
			}
			continue
		}
		if err := r.look(); err != nil {
			return 0, err
		}
		if r.build != nil {
			r.build.next(r)
		}
		return n, nil
	}
}

// fromCache begins a part of a cached table: with the columns that are kept, if they are those wanted, else by reading the rows so that they are kept.
func (r *BatchReader) fromCache() bool {
	if r.b.cached == nil {
		return false
	}
	cache := &r.b.a.Service.columns
	r.part = r.b.cached.parts[r.seq-1]
	snapshot := r.b.snapshot
	cache.touch(r.part)
	kept := cache.at(r.part, snapshot)
	if kept != nil && kept.has(r.b.s.nums) {
		r.columns, r.from, r.n, r.sel = kept, 0, 0, nil
		return true
	}
	r.build = nil
	if r.part.watch.Changed() <= snapshot {
		r.build = newPartBuilder(r.b.s.nums)
	}
	return false
}

func (k *keptColumns) has(nums []int16) bool {
	for _, n := range nums {
		if k.columns[n] == nil {
			return false
		}
	}
	return true
}

// finish keeps what was read of a part.
func (r *BatchReader) finish() {
	if r.build == nil {
		return
	}
	cache := &r.b.a.Service.columns
	if snapshot := r.b.snapshot; r.part.watch.Changed() <= snapshot {
		cache.keep(r.part, snapshot, r.build.rows, r.build.pack())
	}
	if r.build.rows > 8*partRows {
		cache.forget(r.b.cached) // it has grown since it was cut
	}
	r.build = nil
}

// look lays the rows out and leaves out those that are deleted.
func (r *BatchReader) look() error {
	r.sel = nil
	if r.b.keysOnly {
		return nil
	}
	r.rows = r.rows[:0]
	for i := range r.batch.Len() {
		r.rows = append(r.rows, r.batch.Value(i))
	}
	if !r.b.s.t.keep {
		return nil
	}
	r.kept = r.kept[:0]
	for i, b := range r.rows {
		if len(b) < 9 {
			return row.ErrCorrupt
		}
		if row.FlagsOf(b)&row.Deleted == 0 {
			r.kept = append(r.kept, int32(i))
		}
	}
	if len(r.kept) < len(r.rows) {
		r.sel = r.kept
	}
	return nil
}

// Selection is the rows that are there for a reader; nil: all.
func (r *BatchReader) Selection() []int32 { return r.sel }

// Part is the number of the part that the rows are of: parts with higher numbers come later in key order.
func (r *BatchReader) Part() int { return r.seq }

// Columns decodes the scanner's columns at the positions `want` of the selected rows (nil: all).
func (r *BatchReader) Columns(want []int, sel []int32, vecs []*column.Vector) error {
	if r.columns != nil {
		for _, at := range want {
			r.columns.columns[r.b.s.nums[at]].Lay(r.from, r.n, sel, vecs[at])
		}
		return nil
	}
	if r.build != nil {
		return r.build.take(r, want, vecs)
	}
	return r.b.s.decode.DecodeColumns(r.rows, sel, want, vecs)
}

// Close ends the reading.
func (r *BatchReader) Close() {
	if r.cursor != nil {
		r.cursor.Close()
		r.cursor = nil
	}
	r.seq, r.head = len(r.b.parts)+1, len(r.b.head)
}

// Parts is how many readers can find work.
func (b *Batches) Parts() int { return len(b.parts) + 1 }
