package vec

import (
	"sync"
	"sync/atomic"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Join is a hash join: the right input is read into a table by its keys, then the left one looks its rows up. Left rows keep their order.
type Join struct {
	Kind                      plan.JoinKind
	Left, Right               Operator
	LeftColumns, RightColumns []expr.ColID
	LeftKinds, RightKinds     []column.Kind // of columns that only have NULLs to show
	LeftKeys, RightKeys       []expr.Expr
	Cond                      expr.Expr // on both; nil: true
	Shared                    Shared

	// Targets are the scans below the left input that hold a key as it is: they can leave rows out that will meet nothing.
	Targets []FilterTarget

	forms   []keyForm
	table   *joinTable
	streams []Stream
	left    atomic.Int64 // streams that have not come to their end
	mu      sync.Mutex
	met     bitmap // right rows that have met a left one, for RIGHT and FULL
}

// FilterTarget is a column of a scan that is the left key number Key of a join.
type FilterTarget struct {
	Scan   *Scan
	Column int
	Key    int
}

// CanJoin tells whether keys of two types can be joined here.
func CanJoin(l, r *pgtype.Type) bool { _, ok := commonForm(l, r); return ok }

// Streams reads the right input, then starts the left one.
func (j *Join) Streams(q *Query, n int) ([]Stream, error) {
	if j.forms == nil {
		for i := range j.LeftKeys {
			f, _ := commonForm(j.LeftKeys[i].Type(), j.RightKeys[i].Type())
			j.forms = append(j.forms, f)
		}
	}
	var err error
	if j.table, err = j.build(q); err != nil {
		return nil, err
	}
	if j.Kind == plan.Right || j.Kind == plan.Full {
		j.met = nil
		j.met.reset(max(j.table.rows.n, 1))
	}
	if j.Kind == plan.Inner || j.Kind == plan.Semi || j.Kind == plan.Right {
		for _, t := range j.Targets {
			if keys := j.table.keySet(t.Key); keys != nil {
				t.Scan.runtime = append(t.Scan.runtime, runtimeFilter{t.Column, keys})
			}
		}
	}
	in, err := j.Left.Streams(q, n)
	if err != nil {
		return nil, err
	}
	j.left.Store(int64(len(in)))
	j.streams = nil
	for _, s := range in {
		p, err := j.probe(q, s)
		if err != nil {
			closeAll(in)
			return nil, err
		}
		j.streams = append(j.streams, p)
	}
	return j.streams, nil
}

// Close drops the table.
func (j *Join) Close() {
	j.Left.Close()
	j.Right.Close()
	if j.table != nil {
		j.table.drop()
		j.table = nil
	}
}

// build reads the right input into a table.
func (j *Join) build(q *Query) (*joinTable, error) {
	type builder struct {
		rows, keys *store
		exprs      []evaluator
		vecs       []*column.Vector
		kept       []int32
	}
	var builders []*builder
	keepNulls := j.Kind == plan.Right || j.Kind == plan.Full
	err := drain(q, j.Right, q.Workers, func(streams int) error {
		for range streams {
			exprs, err := newCompiler(q, j.RightColumns, j.Shared).compileAll(j.RightKeys)
			if err != nil {
				return err
			}
			builders = append(builders, &builder{rows: storeOf(j.RightKinds, q.Memory), keys: newStore(len(j.RightKeys), q.Memory),
				exprs: exprs, vecs: make([]*column.Vector, len(exprs))})
		}
		return nil
	}, func(i int, in *column.Batch) error {
		b := builders[i]
		rows := selected(in, in.Sel)
		for k, e := range b.exprs {
			var err error
			if b.vecs[k], err = e.eval(in, in.Sel); err != nil {
				return err
			}
			if keepNulls {
				continue
			}
			if v := b.vecs[k]; v.Valid != nil || v.Kind == column.Datum {
				b.kept = valid(v, rows, b.kept[:0:0])
				rows = b.kept
			}
		}
		if len(rows) == 0 {
			return nil
		}
		if err := b.rows.append(in.Cols, rows); err != nil {
			return err
		}
		return b.keys.append(b.vecs, rows)
	})
	j.Right.Close()
	if err != nil {
		return nil, err
	}
	rows, keys := builders[0].rows, builders[0].keys
	for _, b := range builders[1:] {
		if err := rows.merge(b.rows); err != nil {
			return nil, err
		}
		if err := keys.merge(b.keys); err != nil {
			return nil, err
		}
	}
	return newJoinTable(q, j.forms, rows, keys)
}

// joinTable finds the rows of the right side by their keys. With one integer key of a small range it is an array by value, else a hash table. Rows of the same key
// are chained in their order.
type joinTable struct {
	forms  []keyForm
	rows   *store
	keys   []*column.Vector
	kept   *store
	unique bool // no two rows have the same key
	next   []int32
	low    int64
	direct []int32 // row + 1 by key − low; nil: by hash
	heads  []int32 // row + 1 by hash
	hashes []uint64
	memory *Memory
	bytes  int64
}

func newJoinTable(q *Query, forms []keyForm, rows, keys *store) (*joinTable, error) {
	t := &joinTable{forms: forms, rows: rows, kept: keys, keys: keys.columns(), unique: true, memory: q.Memory}
	n := rows.n
	if len(forms) == 0 {
		t.unique = n <= 1
		return t, nil
	}
	t.bytes = int64(n) * 12
	t.next = make([]int32, n)
	if len(forms) == 1 && forms[0].kind == wordKey && t.keys[0].Valid == nil && n > 0 && t.byValue(n) {
		return t, q.Memory.Grow(t.bytes)
	}
	size := 16
	for size < 2*n {
		size *= 2
	}
	t.bytes += int64(size)*4 + int64(n)*8
	if err := q.Memory.Grow(t.bytes); err != nil {
		return nil, err
	}
	t.heads, t.hashes = make([]int32, size), make([]uint64, n)
	hashKeys(forms, t.keys, all(n), t.hashes)
	mask := uint64(size - 1)
	for i := n - 1; i >= 0; i-- {
		if i&0xffff == 0 {
			if err := q.check(); err != nil {
				return nil, err
			}
		}
		if t.hasNull(i) {
			continue
		}
		at := t.hashes[i] & mask
		if t.unique {
			for r := t.heads[at]; r != 0; r = t.next[r-1] {
				if t.hashes[r-1] == t.hashes[i] {
					t.unique = false // or two keys of one hash, which costs only time
					break
				}
			}
		}
		t.next[i] = t.heads[at]
		t.heads[at] = int32(i) + 1
	}
	return t, nil
}

// hasNull tells whether a row's key has a NULL: it meets nothing and is only kept to be shown unmatched.
func (t *joinTable) hasNull(i int) bool {
	for _, v := range t.keys {
		if isNull(v, i) {
			return true
		}
	}
	return false
}

// byValue makes the array by value, if the keys lie close enough together.
func (t *joinTable) byValue(n int) bool {
	k := t.keys[0].I[:n]
	low, high := k[0], k[0]
	for _, v := range k {
		low, high = min(low, v), max(high, v)
	}
	span := uint64(high) - uint64(low)
	if span > uint64(n)*8+1024 || span > 1<<30 {
		return false
	}
	t.low, t.direct = low, make([]int32, span+1)
	t.bytes += int64(span) * 4
	for i := n - 1; i >= 0; i-- {
		at := k[i] - low
		if t.direct[at] != 0 {
			t.unique = false
		}
		t.next[i] = t.direct[at]
		t.direct[at] = int32(i) + 1
	}
	return true
}

func (t *joinTable) drop() {
	t.memory.Shrink(t.bytes)
	t.bytes = 0
	t.rows.drop()
	t.kept.drop()
}

// find gives for each row the first right row + 1 with the same key, 0 for none, at the rows' positions. Rows with a NULL in the key find nothing.
func (t *joinTable) find(keys []*column.Vector, rows []int32, hashes []uint64, out []int32) {
	if len(t.forms) == 0 {
		first := int32(0)
		if t.rows.n > 0 {
			first = 1
		}
		for _, i := range rows {
			out[i] = first
		}
		return
	}
	if t.direct != nil {
		v := keys[0]
		for _, i := range rows {
			at := uint64(v.I[i] - t.low)
			if at < uint64(len(t.direct)) && !v.IsNull(int(i)) {
				out[i] = t.direct[at]
			} else {
				out[i] = 0
			}
		}
		return
	}
	hashKeys(t.forms, keys, rows, hashes)
	mask := uint64(len(t.heads) - 1)
	for _, i := range rows {
		r := t.heads[hashes[i]&mask]
		for r != 0 && !t.same(r-1, keys, i, hashes[i]) {
			r = t.next[r-1]
		}
		out[i] = r
	}
}

func (t *joinTable) same(r int32, keys []*column.Vector, i int32, h uint64) bool {
	if t.hashes[r] != h {
		return false
	}
	for k, v := range keys {
		if isNull(v, int(i)) || !sameKey(&t.forms[k], t.keys[k], int(r), v, int(i)) {
			return false
		}
	}
	return true
}

// after is the next right row + 1 with the same key.
func (t *joinTable) after(r int32, keys []*column.Vector, i int32, hashes []uint64) int32 {
	if len(t.forms) == 0 {
		if int(r) < t.rows.n {
			return r + 1
		}
		return 0
	}
	r = t.next[r-1]
	if t.direct != nil {
		return r
	}
	for r != 0 && !t.same(r-1, keys, i, hashes[i]) {
		r = t.next[r-1]
	}
	return r
}

// keySet is the values of one of the keys, nil when it is not worth while: a scan can drop rows by it.
func (t *joinTable) keySet(key int) *keySet {
	if len(t.forms) == 0 || t.forms[key].kind != wordKey || t.keys[key].Kind != column.Word {
		return nil
	}
	s := &keySet{}
	v := t.keys[key]
	for i, x := range v.I[:t.rows.n] {
		if v.IsNull(i) {
			continue
		}
		if !s.some {
			s.low, s.high, s.some = x, x, true
		}
		s.low, s.high = min(s.low, x), max(s.high, x)
	}
	if !s.some {
		return s
	}
	if span := uint64(s.high) - uint64(s.low); span < 1<<26 {
		s.bits.reset(int(span) + 1)
		for i, x := range v.I[:t.rows.n] {
			if !v.IsNull(i) {
				s.bits.set(int32(x - s.low))
			}
		}
	}
	return s
}

// keySet is a set of integers: a range and, when that is small, a bitmap.
type keySet struct {
	low, high int64
	some      bool
	bits      bitmap // nil: all of the range
}

// keyCondition holds for rows whose key is in a set.
type keyCondition struct {
	column int
	keys   *keySet
	out    []int32
}

func (k *keyCondition) narrow(b *column.Batch, sel []int32) ([]int32, error) {
	rows := selected(b, sel)
	if cap(k.out) < b.N {
		k.out = make([]int32, max(b.N, column.Rows))
	}
	out, n, v, s := k.out[:cap(k.out)], 0, b.Cols[k.column], k.keys
	if !s.some {
		return out[:0], nil
	}
	span := uint64(s.high) - uint64(s.low)
	for _, i := range rows {
		at := uint64(v.I[i] - s.low)
		if at <= span && (s.bits == nil || s.bits.has(int32(at))) && !v.IsNull(int(i)) {
			out[n] = i
			n++
		}
	}
	return out[:n], nil
}
