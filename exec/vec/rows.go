package vec

import (
	"sync/atomic"

	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// RowInput is a row operator as the executor has them: Next gives a row or nil at the end, whose bytes stay as long as they are pointed to.
type RowInput interface {
	Open() error
	Next() ([]pgtype.Datum, error)
	Close()
}

// FromRows makes columns of the rows of a row operator.
type FromRows struct {
	Input RowInput
	Kinds []column.Kind
}

// Streams opens the input and gives one stream.
func (f *FromRows) Streams(q *Query, _ int) ([]Stream, error) {
	if err := f.Input.Open(); err != nil {
		return nil, err
	}
	return []Stream{&rowStream{q: q, f: f, vecs: make([]column.Vector, len(f.Kinds))}}, nil
}

// Close closes the input.
func (f *FromRows) Close() { f.Input.Close() }

type rowStream struct {
	q     *Query
	f     *FromRows
	vecs  []column.Vector
	batch column.Batch
	done  bool
}

const rowsOfStream = 1024

func (r *rowStream) Next() (*column.Batch, error) {
	if r.done {
		return nil, nil
	}
	for i := range r.vecs {
		r.vecs[i].Reset(r.f.Kinds[i], rowsOfStream)
	}
	n := 0
	for ; n < rowsOfStream; n++ {
		row, err := r.f.Input.Next()
		if err != nil {
			return nil, err
		}
		if row == nil {
			r.done = true
			break
		}
		for i := range r.vecs {
			r.vecs[i].Set(n, rowsOfStream, n, row[i])
		}
	}
	if n == 0 {
		return nil, nil
	}
	r.batch = column.Batch{N: n, Cols: r.batch.Cols[:0]}
	for i := range r.vecs {
		r.vecs[i].Done()
		r.batch.Cols = append(r.batch.Cols, &r.vecs[i])
	}
	return &r.batch, r.q.check()
}

func (r *rowStream) Close() { r.f.Input.Close() }

// Rows gives the rows of an operator one by one, in the order of the parts of its scans. Several streams are read in bursts: all workers run until each has some batches
// ready, and none runs between calls.
type Rows struct {
	q       *Query
	op      Operator
	lanes   []*lane
	current *store // or the stream's own batch
	batch   *column.Batch
	rows    []int32
	at      int
	row     []pgtype.Datum
	text    text
}

// lane is a stream with the batches that it has ready.
type lane struct {
	stream Stream
	ready  []held
	done   bool
}

// held is a batch that was copied.
type held struct {
	seq  int
	rows *store
}

const (
	readyMost  = 16
	readyLeast = 1
)

// NewRows starts an operator.
func NewRows(q *Query, op Operator, width int) (*Rows, error) {
	streams, err := op.Streams(q, q.Workers)
	if err != nil {
		return nil, err
	}
	r := &Rows{q: q, op: op, row: make([]pgtype.Datum, width)}
	for _, s := range streams {
		r.lanes = append(r.lanes, &lane{stream: s})
	}
	return r, nil
}

// Next gives the next row, nil at the end. The slice is valid until the next call, the bytes of its values as long as they are pointed to.
func (r *Rows) Next() ([]pgtype.Datum, error) {
	for r.at == len(r.rows) {
		ok, err := r.advance()
		if err != nil || !ok {
			return nil, err
		}
	}
	i := int(r.rows[r.at])
	r.at++
	for c, v := range r.batch.Cols {
		if v == nil {
			r.row[c] = pgtype.Null
			continue
		}
		r.row[c] = v.Datum(i)
	}
	return r.row, nil
}

// advance moves to the next batch.
func (r *Rows) advance() (bool, error) {
	if len(r.lanes) == 1 {
		b, err := r.lanes[0].stream.Next()
		if err != nil || b == nil {
			return false, err
		}
		s := newStore(len(b.Cols), r.q.Memory)
		err = s.append(b.Cols, selected(b, b.Sel))
		r.show(s)
		return true, err
	}
	for {
		first := r.first()
		if first != nil {
			r.show(first.ready[0].rows)
			first.ready = first.ready[1:]
			return true, nil
		}
		more, err := r.burst()
		if err != nil || !more {
			return false, err
		}
	}
}

func (r *Rows) show(s *store) {
	if r.current != nil {
		r.current.drop()
	}
	r.current = s
	r.batch = &column.Batch{N: s.n, Cols: s.columns()}
	r.rows, r.at = all(s.n), 0
}

// first is the lane whose batch is due; nil when a lane has to run before that is known, and at the end.
func (r *Rows) first() *lane {
	var found *lane
	for _, l := range r.lanes {
		if len(l.ready) == 0 {
			if l.done {
				continue
			}
			return nil
		}
		if found == nil || l.ready[0].seq < found.ready[0].seq {
			found = l
		}
	}
	return found
}

// burst runs the lanes that have little ready; more is false when all have ended.
func (r *Rows) burst() (more bool, err error) {
	var hungry []*lane
	for _, l := range r.lanes {
		if !l.done && len(l.ready) <= readyLeast {
			hungry = append(hungry, l)
		}
	}
	if len(hungry) == 0 {
		return false, nil
	}
	return true, together(len(hungry), func(i int, stop *atomic.Bool) error {
		l := hungry[i]
		for len(l.ready) < readyMost && !stop.Load() {
			b, err := l.stream.Next()
			if err != nil {
				return err
			}
			if b == nil {
				l.done = true
				return nil
			}
			s := newStore(len(b.Cols), r.q.Memory)
			if err := s.append(b.Cols, selected(b, b.Sel)); err != nil {
				return err
			}
			l.ready = append(l.ready, held{b.Seq, s})
			if err := r.q.check(); err != nil {
				return err
			}
		}
		return nil
	})
}

// Close ends the run.
func (r *Rows) Close() {
	for _, l := range r.lanes {
		l.stream.Close()
	}
	r.op.Close()
	r.lanes, r.rows, r.at = nil, nil, 0
}
