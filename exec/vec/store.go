package vec

import (
	"unsafe"

	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// store keeps rows as columns: what an operator holds beyond the batch that it came in. Bytes are copied into it.
type store struct {
	n       int
	cols    []column.Vector
	text    text
	arena   pgtype.Arena
	memory  *Memory
	counted int64
}

// text copies strings into chunks that never move.
type text struct {
	chunk []byte
	bytes int64
}

const textChunk = 64 << 10

func (t *text) keep(s string) string {
	if len(s) == 0 {
		return ""
	}
	if cap(t.chunk)-len(t.chunk) < len(s) {
		size := max(textChunk, len(s))
		if t.bytes == 0 {
			size = max(1024, len(s)) // most tables are small
		}
		t.chunk = make([]byte, 0, size)
		t.bytes += int64(size)
	}
	at := len(t.chunk)
	t.chunk = append(t.chunk, s...)
	return unsafe.String(&t.chunk[at], len(s))
}

func newStore(width int, memory *Memory) *store {
	return &store{cols: make([]column.Vector, width), memory: memory}
}

// storeOf makes a store whose columns are of certain kinds as long as no values say otherwise.
func storeOf(kinds []column.Kind, memory *Memory) *store {
	s := newStore(len(kinds), memory)
	for i, k := range kinds {
		s.cols[i].Kind = k
	}
	return s
}

// count tells the memory how much more there is.
func (s *store) count() error {
	var size int64 = s.text.bytes
	for i := range s.cols {
		v := &s.cols[i]
		size += 8*int64(cap(v.I)+cap(v.F)+cap(v.Valid)) + 16*int64(cap(v.S)) + 24*int64(cap(v.D))
		if v.Kind == column.Datum {
			size += 32 * int64(len(v.D))
		}
	}
	grown := size - s.counted
	s.counted = size
	return s.memory.Grow(grown)
}

func (s *store) drop() {
	s.memory.Shrink(s.counted)
	s.counted = 0
}

// append copies the selected rows of vectors.
func (s *store) append(cols []*column.Vector, rows []int32) error {
	for i, v := range cols {
		if v != nil {
			s.appendColumn(&s.cols[i], v, rows)
		}
	}
	s.n += len(rows)
	return s.count()
}

// appendColumn appends values to a column of s.n ones.
func (s *store) appendColumn(to, v *column.Vector, rows []int32) {
	n := s.n
	if n == 0 {
		to.Kind, to.Scale = v.Kind, v.Scale
	}
	if to.Kind != v.Kind || to.Kind == column.Decimal && to.Scale != v.Scale {
		s.toDatum(to, n)
	}
	if v.Valid != nil || to.Valid != nil {
		growValid(to, n, n+len(rows))
		for j, i := range rows {
			if v.IsNull(int(i)) {
				to.Valid[(n+j)>>6] &^= 1 << ((n + j) & 63)
			}
		}
	}
	switch to.Kind {
	case column.Word, column.Decimal:
		to.I = gather(to.I, v.I, rows)
	case column.Float:
		to.F = gather(to.F, v.F, rows)
	case column.Bytes:
		for _, i := range rows {
			if v.IsNull(int(i)) {
				to.S = append(to.S, "")
				continue
			}
			if v.Codes != nil {
				to.S = append(to.S, v.Dict[v.Codes[i]])
				continue
			}
			to.S = append(to.S, s.text.keep(v.S[i]))
		}
	default:
		for _, i := range rows {
			to.D = append(to.D, s.arena.Own(v.Datum(int(i))))
		}
	}
}

func gather[T any](to, from []T, rows []int32) []T {
	at := len(to)
	if cap(to)-at < len(rows) {
		grown := make([]T, at, max(2*cap(to), at+len(rows)))
		copy(grown, to)
		to = grown
	}
	to = to[:at+len(rows)]
	out := to[at:]
	for j, i := range rows {
		out[j] = from[i]
	}
	return to
}

// growValid makes the bitmap of n values one of m, the new ones set.
func growValid(v *column.Vector, n, m int) {
	for len(v.Valid) < column.Words(m) {
		v.Valid = append(v.Valid, ^uint64(0))
	}
	_ = n
}

// toDatum turns a column of n values into one of datums.
func (s *store) toDatum(v *column.Vector, n int) {
	if v.Kind == column.Datum {
		return
	}
	d := make([]pgtype.Datum, n, n+column.Rows)
	for i := range n {
		d[i] = v.Datum(i)
	}
	v.Kind, v.D, v.I, v.S, v.F = column.Datum, d, nil, nil, nil
}

// merge appends all rows of another store, which is not used afterwards.
func (s *store) merge(o *store) error {
	if s.n == 0 {
		s.drop()
		s.n, s.cols, s.text, s.arena, s.counted = o.n, o.cols, o.text, o.arena, o.counted
		return nil
	}
	rows := all(o.n)
	for i := range o.cols {
		s.adopt(&s.cols[i], &o.cols[i], rows)
	}
	s.n += o.n
	o.drop()
	return s.count()
}

// adopt appends a column whose bytes already are in kept memory.
func (s *store) adopt(to, v *column.Vector, rows []int32) {
	if to.Kind == column.Bytes && v.Kind == column.Bytes {
		if v.Valid != nil || to.Valid != nil {
			growValid(to, s.n, s.n+len(rows))
			for i := range rows {
				if v.IsNull(i) {
					to.Valid[(s.n+i)>>6] &^= 1 << ((s.n + i) & 63)
				}
			}
		}
		to.S = append(to.S, v.S[:len(rows)]...)
		return
	}
	s.appendColumn(to, v, rows)
}

// columns are the store's columns as vectors.
func (s *store) columns() []*column.Vector {
	out := make([]*column.Vector, len(s.cols))
	for i := range s.cols {
		out[i] = &s.cols[i]
	}
	return out
}

// gatherInto lays the values at rows of a kept column out in a vector from position 0; a row below 0 gives NULL.
func gatherInto(to, from *column.Vector, rows []int32) {
	n := len(rows)
	to.Reset(from.Kind, n)
	to.Scale = from.Scale
	switch from.Kind {
	case column.Word, column.Decimal:
		for j, i := range rows {
			if i >= 0 {
				to.I[j] = from.I[i]
			}
		}
	case column.Float:
		for j, i := range rows {
			if i >= 0 {
				to.F[j] = from.F[i]
			}
		}
	case column.Bytes:
		for j, i := range rows {
			if i >= 0 {
				to.S[j] = from.Str(int(i))
			}
		}
	default:
		for j, i := range rows {
			if i >= 0 {
				to.D[j] = from.D[i]
			} else {
				to.D[j] = pgtype.Null
			}
		}
	}
	if from.Valid != nil {
		for j, i := range rows {
			if i < 0 || from.IsNull(int(i)) {
				to.SetNull(j, n)
			}
		}
		return
	}
	for j, i := range rows {
		if i < 0 {
			to.SetNull(j, n)
		}
	}
}

// gatherAt lays the values at rows of a kept column out at the positions of a vector of n places.
func gatherAt(to, from *column.Vector, rows, positions []int32, n int) {
	to.Reset(from.Kind, n)
	to.Scale = from.Scale
	switch from.Kind {
	case column.Word, column.Decimal:
		for j, i := range rows {
			to.I[positions[j]] = from.I[i]
		}
	case column.Float:
		for j, i := range rows {
			to.F[positions[j]] = from.F[i]
		}
	case column.Bytes:
		for j, i := range rows {
			to.S[positions[j]] = from.S[i]
		}
	default:
		for j, i := range rows {
			to.D[positions[j]] = from.D[i]
		}
	}
	if from.Valid == nil {
		return
	}
	for j, i := range rows {
		if from.IsNull(int(i)) {
			to.SetNull(int(positions[j]), n)
		}
	}
}
