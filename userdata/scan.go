package userdata

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/fnv"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata/keys"
	"github.com/kalampg/kalampg/userdata/row"
)

// ScanRequest says which rows and which of their columns. The zero request but for Nums reads the whole table.
type ScanRequest struct {
	Nums    []int16     // what to produce: attribute numbers and system column numbers
	Index   *desc.Index // nil: the primary key
	Equal   []pgtype.Datum
	Lower   *Bound
	Upper   *Bound
	Reverse bool
	Latest  bool // the newest committed rows instead of those of the snapshot
	Limit   int  // a hint: the reader wants about so many rows
}

// Bound is one end of a range on the index column after those of Equal.
type Bound struct {
	Value     pgtype.Datum
	Inclusive bool
}

// Scanner produces chosen columns of a table's rows. It is prepared once per plan and used by one reader at a time.
type Scanner struct {
	// Transient says that a row that Get has produced, and any row's Locator, are not needed any more when the next one is read: their memory is used again.
	Transient bool

	t       *Table
	decode  *row.Decoder
	nums    []int16
	system  []int    // positions of system columns
	found   kv.Batch // of Get
	locator []byte
}

// Scanner prepares reading of columns.
func (t *Table) Scanner(nums []int16) *Scanner {
	s := &Scanner{t: t, decode: row.NewDecoder(t.onDisk, t.missing, nums), nums: nums}
	for i, n := range nums {
		if n < 0 {
			s.system = append(s.system, i)
		}
	}
	return s
}

// Get reads the row with the given primary key values into out; found is false when there is none in the scope. It costs one look-up in the store and nothing else.
func (s *Scanner) Get(ctx context.Context, a *Access, key []pgtype.Datum, out []pgtype.Datum) (found bool, err error) {
	t := s.t
	a.key = t.rowPrefix(a.key[:0], a)
	for i := range t.primary.columns {
		if key[i].IsNull() {
			return false, nil
		}
		a.key = t.primary.columns[i].Append(a.key, key[i])
	}
	b := &s.found
	if !s.Transient {
		b.Detach()
	}
	if err := a.get(ctx, b, a.key, false); err != nil || !b.Found(0) {
		return false, err
	}
	return s.produce(a, b.Key(0), b.Value(0), b.Version(0), out)
}

// At reads the row at a locator into out, as it is now for the reader; found is false when it is gone.
func (s *Scanner) At(ctx context.Context, a *Access, locator pgtype.Datum, out []pgtype.Datum) (found bool, err error) {
	_, key := SplitLocator(locator)
	if s.t.scoped && !a.AllScopes {
		a.key = s.t.rowPrefix(a.key[:0], a)
		if !bytes.HasPrefix(key, a.key) {
			return false, nil
		}
	}
	if err := a.get(ctx, &a.batch, key, false); err != nil || !a.batch.Found(0) {
		return false, err
	}
	return s.produce(a, a.batch.Key(0), a.batch.Value(0), a.batch.Version(0), out)
}

// produce decodes a stored row into out; ok is false for rows that a reader does not see (kept after deletion, aged).
func (s *Scanner) produce(a *Access, key, value []byte, v kv.Version, out []pgtype.Datum) (ok bool, err error) {
	if len(value) < 9 {
		return false, row.ErrCorrupt
	}
	if row.FlagsOf(value)&row.Deleted != 0 {
		return false, nil
	}
	if s.t.ttl > 0 && row.UpdatedOf(value) < a.Now-s.t.ttl {
		return false, nil
	}
	if err := s.decode.Decode(value, out); err != nil {
		return false, err
	}
	for _, i := range s.system {
		out[i] = s.systemColumn(s.nums[i], a, key, value, v)
	}
	return true, nil
}

func (s *Scanner) systemColumn(n int16, a *Access, key, value []byte, v kv.Version) pgtype.Datum {
	shown := v
	if v == kv.Pending {
		shown = a.Txn.Snapshot() + 1
	}
	switch n {
	case TableOID:
		return pgtype.OIDValue(s.t.Rel.OID)
	case Xmin:
		return pgtype.Int(int64(uint32(shown)))
	case Xmax, Cmin, Cmax:
		return pgtype.Int(0)
	case Ctid:
		return s.ctid(key)
	case Seq:
		return pgtype.Int(int64(shown))
	case Updated:
		return pgtype.Int(row.UpdatedOf(value))
	case Deleted:
		return pgtype.Bool(row.FlagsOf(value)&row.Deleted != 0)
	case User:
		if scope, _ := s.t.split(key); s.t.scoped {
			return pgtype.Text(scope)
		}
		return pgtype.Null
	case Locator:
		if !s.Transient {
			s.locator = make([]byte, 0, 8+len(key))
		}
		d := makeLocator(s.locator[:0], v, key)
		s.locator = d.Bytes()
		return d
	}
	return pgtype.Null
}

// ctid is a stand-in for PostgreSQL's physical address: it tells rows of one table apart and stays with the row. A tid datum is block << 16 | offset.
func (s *Scanner) ctid(key []byte) pgtype.Datum {
	_, tail := s.t.split(key)
	if s.t.primary == nil {
		return pgtype.Int(int64(binary.BigEndian.Uint64(tail) & (1<<48 - 1)))
	}
	h := fnv.New64a()
	h.Write(tail)
	return pgtype.Int(int64(h.Sum64() & (1<<48 - 1)))
}

// Rows is a running scan. The row slice that Next returns is reused by the next call, but the bytes that its values point to are not: a value may be kept, at the
// price of keeping the batch that it came in.
type Rows struct {
	s       *Scanner
	a       *Access
	index   *Index // nil: rows themselves
	cover   *cover // the index's entries hold all that is wanted
	cursor  kv.Cursor
	batch   kv.Batch
	at, n   int
	row     []pgtype.Datum
	within  *within  // in a scan over all scopes
	fetched kv.Batch // rows of a batch of index entries
	keyBuf  []byte
	keys    [][]byte
	latest  bool
	done    bool
}

// within checks a key's part after the scope against bounds, where the scan itself could not.
type within struct{ start, end []byte }

// Scan starts reading. An equality or bound with NULL has no rows.
func (s *Scanner) Scan(ctx context.Context, a *Access, q ScanRequest) (*Rows, error) {
	r := &Rows{s: s, a: a, row: make([]pgtype.Datum, len(s.nums)), latest: q.Latest}
	x := s.t.index(q.Index)
	secondary := x != nil && x != s.t.primary
	if secondary {
		r.index = x
		r.cover = s.coverOf(x)
	}
	if empty(q) {
		r.done = true
		return r, nil
	}
	var prefix []byte
	if secondary {
		prefix = keys.AppendStorage(nil, kv.SpaceIndex, x.Desc.StorageID)
	} else {
		prefix = keys.AppendStorage(nil, kv.SpaceRows, s.t.Rel.StorageID)
	}
	storage := kv.PrefixSpan(prefix)
	span := storage
	if s.t.scoped && a.AllScopes {
		if len(q.Equal) > 0 || q.Lower != nil || q.Upper != nil {
			bound := x.span(nil, q)
			r.within = &within{bound.Start, bound.End}
		}
	} else {
		if s.t.scoped {
			prefix = keys.AppendScope(prefix, a.Scope)
		}
		span = kv.PrefixSpan(prefix)
		if x != nil {
			span = x.span(prefix, q)
		}
	}
	if bytes.Compare(span.Start, span.End) >= 0 {
		r.done = true
		return r, nil
	}
	var err error
	r.cursor, err = a.Txn.Scan(ctx, span, kv.ScanOptions{Reverse: q.Reverse, Latest: q.Latest, Limit: q.Limit, AsOf: a.asOf(q.Latest)})
	return r, err
}

func empty(q ScanRequest) bool {
	for _, d := range q.Equal {
		if d.IsNull() {
			return true
		}
	}
	return q.Lower != nil && q.Lower.Value.IsNull() || q.Upper != nil && q.Upper.Value.IsNull()
}

// span is the range of an index's keys after prefix that a request asks for.
func (x *Index) span(prefix []byte, q ScanRequest) kv.Span {
	prefix = append([]byte(nil), prefix...)
	for i, d := range q.Equal {
		prefix = x.columns[i].Append(prefix, d)
	}
	if q.Lower == nil && q.Upper == nil {
		return kv.Span{Start: prefix, End: end(prefix)}
	}
	c := &x.columns[len(q.Equal)]
	lower, upper := q.Lower, q.Upper
	if c.Desc {
		lower, upper = upper, lower
	}
	values := c.Present(append([]byte(nil), prefix...))
	span := kv.Span{Start: values, End: end(values)}
	if lower != nil {
		span.Start = c.Append(append([]byte(nil), prefix...), lower.Value)
		if !lower.Inclusive {
			span.Start = end(span.Start)
		}
	}
	if upper != nil {
		span.End = c.Append(append([]byte(nil), prefix...), upper.Value)
		if upper.Inclusive {
			span.End = end(span.End)
		}
	}
	return span
}

// end is the first key after all that begin with prefix; for the empty prefix a key after any.
func end(prefix []byte) []byte {
	if e := kv.PrefixEnd(prefix); e != nil {
		return e
	}
	return bytes.Repeat([]byte{0xff}, 64)
}

// Next gives the next row, nil at the end.
func (r *Rows) Next(ctx context.Context) ([]pgtype.Datum, error) {
	for {
		if r.at == r.n {
			if r.done {
				return nil, nil
			}
			if err := r.fill(ctx); err != nil {
				return nil, err
			}
			if r.n == 0 {
				r.done = true
				return nil, nil
			}
		}
		i := r.at
		r.at++
		b := &r.batch
		if r.cover != nil {
			if r.within != nil && !r.inside(b.Key(i)) {
				continue
			}
			return r.row, r.cover.read(r.s, r.index, b.Key(i), b.Value(i), r.row)
		}
		if r.index != nil {
			b = &r.fetched
			if !b.Found(i) {
				continue
			}
		} else if r.within != nil && !r.inside(b.Key(i)) {
			continue
		}
		ok, err := r.s.produce(r.a, b.Key(i), b.Value(i), b.Version(i), r.row)
		if err != nil {
			return nil, err
		}
		if ok {
			return r.row, nil
		}
	}
}

func (r *Rows) inside(key []byte) bool {
	_, tail := r.s.t.split(key)
	return bytes.Compare(tail, r.within.start) >= 0 && bytes.Compare(tail, r.within.end) < 0
}

// fill reads the next batch; for an index also the rows that its entries name, in one look-up.
func (r *Rows) fill(ctx context.Context) error {
	var err error
	r.at = 0
	r.batch.Detach()
	if r.n, err = r.cursor.Next(ctx, &r.batch); err != nil || r.index == nil || r.cover != nil || r.n == 0 {
		return err
	}
	t := r.s.t
	r.keyBuf, r.keys = r.keyBuf[:0], r.keys[:0]
	offsets := make([]int, 0, r.n+1)
	for i := range r.n {
		key := r.batch.Key(i)
		if r.within != nil && !r.inside(key) {
			continue
		}
		tail, err := tailOf(key, r.batch.Value(i))
		if err != nil {
			return err
		}
		offsets = append(offsets, len(r.keyBuf))
		r.keyBuf = keys.AppendStorage(r.keyBuf, kv.SpaceRows, t.Rel.StorageID)
		if t.scoped {
			scope, _ := t.split(key)
			r.keyBuf = keys.AppendScope(r.keyBuf, scope)
		}
		r.keyBuf = append(r.keyBuf, tail...)
	}
	offsets = append(offsets, len(r.keyBuf))
	for i := 0; i+1 < len(offsets); i++ {
		r.keys = append(r.keys, r.keyBuf[offsets[i]:offsets[i+1]])
	}
	if len(r.keys) == 0 {
		return r.fill(ctx)
	}
	r.n = len(r.keys)
	r.fetched.Detach()
	return r.a.Txn.Get(ctx, r.keys, &r.fetched, kv.GetOptions{Latest: r.latest, AsOf: r.a.asOf(r.latest)})
}

// Close ends the scan.
func (r *Rows) Close() {
	if r.cursor != nil {
		r.cursor.Close()
		r.cursor = nil
	}
	r.done, r.at, r.n = true, 0, 0
}
