package vec

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/column"
)

// Sort orders its input. With a Bound only the first rows are kept.
type Sort struct {
	Input   Operator
	Columns []expr.ColID
	Kinds   []column.Kind
	Keys    []expr.SortKey
	Bound   func() (int64, error) // nil: all; a negative bound: all
	Shared  Shared

	rows *store
}

// CanSort tells whether keys have an order here.
func CanSort(keys []expr.SortKey) bool {
	for _, k := range keys {
		if !CanGroup(k.Expr.Type()) || k.Operator != 0 {
			return false
		}
	}
	return true
}

// sorter collects the rows of one worker. Key values are columns behind those of the rows.
type sorter struct {
	s     *Sort
	keys  []evaluator
	rows  *store
	cols  []*column.Vector
	bound int64
}

// maxBound is the largest bound for which rows are dropped on the way.
const maxBound = 1 << 20

// Streams reads and orders everything; it gives one stream.
func (s *Sort) Streams(q *Query, _ int) ([]Stream, error) {
	bound := int64(-1)
	if s.Bound != nil {
		var err error
		if bound, err = s.Bound(); err != nil {
			return nil, err
		}
		if bound > maxBound {
			bound = -1
		}
	}
	var all []*sorter
	err := drain(q, s.Input, q.Workers, func(streams int) error {
		for range streams {
			c := newCompiler(q, s.Columns, s.Shared)
			w := &sorter{s: s, bound: bound, rows: s.newStore(q)}
			for _, k := range s.Keys {
				e, err := c.compile(k.Expr)
				if err != nil {
					return err
				}
				w.keys = append(w.keys, e)
			}
			all = append(all, w)
		}
		return nil
	}, func(i int, b *column.Batch) error { return all[i].take(q, b) })
	s.Input.Close()
	if err != nil {
		return nil, err
	}
	s.rows = all[0].rows
	for _, w := range all[1:] {
		if err := s.rows.merge(w.rows); err != nil {
			return nil, err
		}
	}
	order, err := s.order(q, s.rows)
	if err != nil {
		return nil, err
	}
	if bound >= 0 && int64(len(order)) > bound {
		order = order[:bound]
	}
	return []Stream{&orderedStream{q: q, rows: s.rows, width: len(s.Columns), order: order}}, nil
}

func (s *Sort) newStore(q *Query) *store {
	kinds := append(s.Kinds[:len(s.Kinds):len(s.Kinds)], make([]column.Kind, len(s.Keys))...)
	return storeOf(kinds, q.Memory)
}

// Close drops the rows.
func (s *Sort) Close() {
	s.Input.Close()
	if s.rows != nil {
		s.rows.drop()
		s.rows = nil
	}
}

func (w *sorter) take(q *Query, b *column.Batch) error {
	w.cols = append(w.cols[:0], b.Cols...)
	for _, k := range w.keys {
		v, err := k.eval(b, b.Sel)
		if err != nil {
			return err
		}
		w.cols = append(w.cols, v)
	}
	if err := w.rows.append(w.cols, selected(b, b.Sel)); err != nil {
		return err
	}
	if w.bound < 0 || int64(w.rows.n) < 4*w.bound+8192 {
		return nil
	}
	order, err := w.s.order(q, w.rows)
	if err != nil {
		return err
	}
	kept := w.s.newStore(q)
	err = kept.append(w.rows.columns(), order[:w.bound])
	w.rows.drop()
	w.rows = kept
	return err
}

// ranked is a row with the first bytes of its first key, in which most comparisons end.
type ranked struct {
	prefix uint64
	row    int32
}

// order gives the rows of a store in the order of the keys; peers stay as they came.
func (s *Sort) order(q *Query, rows *store) ([]int32, error) {
	compare := make([]func(a, b int32) int, len(s.Keys))
	for i := range s.Keys {
		compare[i] = comparer(&s.Keys[i], &rows.cols[len(s.Columns)+i])
	}
	list := make([]ranked, rows.n)
	whole := rankPrefixes(&s.Keys[0], &rows.cols[len(s.Columns)], list)
	less := func(a, b ranked) int {
		if a.prefix != b.prefix {
			return cmp.Compare(a.prefix, b.prefix)
		}
		for i, c := range compare {
			if i == 0 && whole {
				continue
			}
			if x := c(a.row, b.row); x != 0 {
				return x
			}
		}
		return cmp.Compare(a.row, b.row)
	}
	if err := q.Memory.Grow(int64(len(list)) * 32); err != nil {
		return nil, err
	}
	defer q.Memory.Shrink(int64(len(list)) * 32)
	if err := sortRanked(q, list, less); err != nil {
		return nil, err
	}
	out := make([]int32, len(list))
	for i := range list {
		out[i] = list[i].row
	}
	return out, q.check()
}

// sortRun is how many rows are sorted at a time: a few milliseconds' work, between which cancelling is looked for.
const sortRun = 1 << 14

// sortRanked sorts runs and merges them, by all workers.
func sortRanked(q *Query, list []ranked, less func(a, b ranked) int) error {
	if len(list) <= sortRun {
		slices.SortFunc(list, less)
		return nil
	}
	if err := inParallel(q, (len(list)+sortRun-1)/sortRun, func(i int) {
		slices.SortFunc(list[i*sortRun:min((i+1)*sortRun, len(list))], less)
	}); err != nil {
		return err
	}
	from, to := list, make([]ranked, len(list))
	for width := sortRun; width < len(list); width *= 2 {
		pairs := (len(list) + 2*width - 1) / (2 * width)
		err := inParallel(q, pairs, func(i int) {
			low := i * 2 * width
			middle, high := min(low+width, len(list)), min(low+2*width, len(list))
			mergeRuns(q, from[low:middle], from[middle:high], to[low:high], less)
		})
		if err != nil {
			return err
		}
		from, to = to, from
	}
	copy(list, from)
	return nil
}

// inParallel runs f for 0 to n−1 by all workers.
func inParallel(q *Query, n int, f func(i int)) error {
	var next atomic.Int64
	return together(min(n, q.Workers), func(int, *atomic.Bool) error {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return nil
			}
			f(i)
			if err := q.check(); err != nil {
				return err
			}
		}
	})
}

// mergeRuns merges two runs; it gives up when the query has been cancelled, which its caller finds.
func mergeRuns(q *Query, a, b, out []ranked, less func(a, b ranked) int) {
	for n := 0; len(a) > 0 && len(b) > 0; n++ {
		if n&0xffff == 0xffff && q.check() != nil {
			return
		}
		if less(a[0], b[0]) <= 0 {
			out[0], a = a[0], a[1:]
		} else {
			out[0], b = b[0], b[1:]
		}
		out = out[1:]
	}
	copy(out[copy(out, a):], b)
}

// rankPrefixes computes the prefixes of the first key. whole says that rows of one prefix are peers in it.
func rankPrefixes(k *expr.SortKey, v *column.Vector, list []ranked) (whole bool) {
	whole = true
	class := classOf(k.Expr.Type())
	for i := range list {
		list[i].row = int32(i)
		var p uint64
		switch {
		case isNull(v, i):
			if !k.NullsFirst {
				p = math.MaxUint64
			}
			list[i].prefix = p
			continue
		case v.Kind == column.Word && class != noClass:
			p = uint64(v.I[i]) ^ 1<<63
		case v.Kind == column.Decimal:
			p = uint64(v.I[i]) ^ 1<<63
		case v.Kind == column.Float:
			p = uint64(orderedFloat(v.F[i])) ^ 1<<63
		case v.Kind == column.Bytes && class != noClass:
			s := v.S[i]
			if class == bpchars {
				s = strings.TrimRight(s, " ")
			}
			var b [8]byte
			copy(b[:], s)
			p = binary.BigEndian.Uint64(b[:])
			whole = false
		default:
			whole = false
		}
		if k.Desc {
			p = ^p
		}
		// The lowest and the highest are for NULLs; their neighbours stand for two values.
		if p == 0 || p == math.MaxUint64 {
			whole = false
		}
		list[i].prefix = min(max(p, 1), math.MaxUint64-1)
		if p <= 1 || p >= math.MaxUint64-1 {
			whole = false
		}
	}
	return whole
}

// comparer orders two rows by one key.
func comparer(k *expr.SortKey, v *column.Vector) func(a, b int32) int {
	var values func(a, b int32) int
	class := classOf(k.Expr.Type())
	codec := k.Expr.Type().Codec
	switch {
	case v.Kind == column.Word && class != noClass, v.Kind == column.Decimal:
		values = func(a, b int32) int { return cmp.Compare(v.I[a], v.I[b]) }
	case v.Kind == column.Bytes && class == bpchars:
		values = func(a, b int32) int {
			return cmp.Compare(strings.TrimRight(v.S[a], " "), strings.TrimRight(v.S[b], " "))
		}
	case v.Kind == column.Bytes && class != noClass:
		values = func(a, b int32) int { return cmp.Compare(v.S[a], v.S[b]) }
	default:
		values = func(a, b int32) int { return codec.Compare(v.Datum(int(a)), v.Datum(int(b))) }
	}
	desc, nullsFirst := k.Desc, k.NullsFirst
	return func(a, b int32) int {
		if x, y := isNull(v, int(a)), isNull(v, int(b)); x || y {
			switch {
			case x && y:
				return 0
			case x == nullsFirst:
				return -1
			}
			return 1
		}
		if desc {
			return -values(a, b)
		}
		return values(a, b)
	}
}

// orderedStream gives kept rows in an order.
type orderedStream struct {
	q     *Query
	rows  *store
	width int
	order []int32
	at    int
	batch column.Batch
	vecs  []column.Vector
}

func (o *orderedStream) Next() (*column.Batch, error) {
	if err := o.q.check(); err != nil || o.at == len(o.order) {
		return nil, err
	}
	rows := o.order[o.at:min(o.at+1024, len(o.order))]
	if o.vecs == nil {
		o.vecs = make([]column.Vector, o.width)
	}
	o.batch = column.Batch{N: len(rows), Cols: o.batch.Cols[:0], Seq: o.at}
	for i := range o.vecs {
		gatherInto(&o.vecs[i], &o.rows.cols[i], rows)
		o.batch.Cols = append(o.batch.Cols, &o.vecs[i])
	}
	o.at += len(rows)
	return &o.batch, nil
}

func (o *orderedStream) Close() {}
