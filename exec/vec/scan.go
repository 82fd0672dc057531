package vec

import (
	"sync/atomic"
	"time"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/userdata"
)

// Source is a table as batches of columns: userdata.Batches, or columns in memory.
type Source interface {
	Reader() Reader
	Parts() int // how many parts there are to take, at most
	Close()     // after the readers
}

// Reader is one worker's way through a Source; see userdata.BatchReader for the contract.
type Reader interface {
	Next(q *Query) (rows int, err error)
	Selection() []int32
	Part() int
	Columns(want []int, sel []int32, vecs []*column.Vector) error
	Close()
}

// Scan reads a table. Its filter is applied as the columns that it needs are decoded, and only rows that pass have their other columns decoded.
type Scan struct {
	Columns []expr.ColID
	Filter  expr.Expr // nil: none
	Shared  Shared
	Open    func(q *Query) (Source, error)
	Stats   ScanStats

	runtime []runtimeFilter
	source  Source
	streams []Stream
}

// ScanStats says what the last run of a Scan did, summed over its workers.
type ScanStats struct {
	Nanos atomic.Int64 // spent reading and decoding
	Rows  atomic.Int64 // read, before the filter
}

// runtimeFilter drops rows that a join above will drop anyhow: those whose key at a column is not among the keys of its other side.
type runtimeFilter struct {
	column int
	keys   *keySet
}

// Streams starts the scan.
func (s *Scan) Streams(q *Query, n int) ([]Stream, error) {
	begin := time.Now()
	var err error
	if s.source, err = s.Open(q); err != nil {
		return nil, err
	}
	s.Stats.Nanos.Store(int64(time.Since(begin)))
	s.Stats.Rows.Store(0)
	s.streams = nil
	for range min(n, max(s.source.Parts(), 1)) {
		stream, err := s.stream(q)
		if err != nil {
			return nil, err
		}
		s.streams = append(s.streams, stream)
	}
	return s.streams, nil
}

// Close ends the scan.
func (s *Scan) Close() {
	closeAll(s.streams)
	if s.source != nil {
		s.source.Close()
	}
	s.streams, s.source, s.runtime = nil, nil, nil
}

// scanStream is one worker's scan.
type scanStream struct {
	q     *Query
	scan  *Scan
	r     Reader
	steps []scanStep
	rest  []int // positions of the columns that no step reads
	batch column.Batch
	vecs  []*column.Vector
}

// scanStep is a part of the filter with the columns to decode before it.
type scanStep struct {
	reads []int
	cond  condition
}

func (s *Scan) stream(q *Query) (*scanStream, error) {
	t := &scanStream{q: q, scan: s, r: s.source.Reader(), vecs: make([]*column.Vector, len(s.Columns))}
	for i := range t.vecs {
		t.vecs[i] = new(column.Vector)
	}
	have := make([]bool, len(s.Columns))
	need := func(at int) (reads []int) {
		if !have[at] {
			have[at] = true
			return []int{at}
		}
		return nil
	}
	c := newCompiler(q, s.Columns, s.Shared)
	var steps []scanStep
	for _, part := range cheapFirst(conjuncts(s.Filter)) {
		cond, err := c.condition(part, true)
		if err != nil {
			return nil, err
		}
		step := scanStep{cond: cond}
		expr.Walk(part, func(x expr.Expr) bool {
			if v, ok := x.(*expr.Var); ok {
				if at, ok := c.layout[v.ID]; ok {
					step.reads = append(step.reads, need(at)...)
				}
			}
			return true
		})
		steps = append(steps, step)
	}
	for i := range s.runtime {
		f := &s.runtime[i]
		steps = append(steps, scanStep{reads: need(f.column), cond: &keyCondition{column: f.column, keys: f.keys}})
	}
	t.steps = steps
	for i := range have {
		if !have[i] {
			t.rest = append(t.rest, i)
		}
	}
	return t, nil
}

// conjuncts are the parts of a condition.
func conjuncts(e expr.Expr) []expr.Expr {
	if e == nil {
		return nil
	}
	if b, ok := e.(*expr.BoolOp); ok && b.Op == expr.And {
		var out []expr.Expr
		for _, a := range b.Args {
			out = append(out, conjuncts(a)...)
		}
		return out
	}
	return []expr.Expr{e}
}

// cheapFirst moves comparisons of a column with a constant, which cannot fail, to the front.
func cheapFirst(parts []expr.Expr) []expr.Expr {
	var cheap, rest []expr.Expr
	for _, p := range parts {
		if isCheap(p) {
			cheap = append(cheap, p)
		} else {
			rest = append(rest, p)
		}
	}
	return append(cheap, rest...)
}

func isCheap(e expr.Expr) bool {
	c, ok := e.(*expr.Call)
	if !ok || c.Operator == nil || len(c.Args) != 2 {
		return false
	}
	if _, ok := comparisons[c.Operator.Name]; !ok || classOf(c.Args[0].Type()) == noClass || classOf(c.Args[1].Type()) == noClass {
		return false
	}
	_, l := c.Args[0].(*expr.Var)
	_, r := c.Args[1].(*expr.Const)
	return l && r
}

func (t *scanStream) Next() (*column.Batch, error) {
	for {
		begin := time.Now()
		n, err := t.r.Next(t.q)
		if err != nil || n == 0 {
			t.scan.Stats.Nanos.Add(int64(time.Since(begin)))
			return nil, err
		}
		t.scan.Stats.Rows.Add(int64(n))
		t.batch = column.Batch{N: n, Sel: t.r.Selection(), Cols: t.vecs, Seq: t.r.Part()}
		ok, err := t.fill(begin)
		if err != nil {
			return nil, err
		}
		if ok {
			return &t.batch, nil
		}
		if err := t.q.check(); err != nil {
			return nil, err
		}
	}
}

// fill decodes the batch as far as it passes; ok is false when no row is left. begin is when the reading began.
func (t *scanStream) fill(begin time.Time) (ok bool, err error) {
	spent := time.Duration(0)
	defer func() { t.scan.Stats.Nanos.Add(int64(spent)) }()
	for _, step := range t.steps {
		if len(step.reads) > 0 {
			if err := t.r.Columns(step.reads, t.batch.Sel, t.vecs); err != nil {
				return false, err
			}
		}
		now := time.Now()
		spent += now.Sub(begin)
		if t.batch.Sel, err = step.cond.narrow(&t.batch, t.batch.Sel); err != nil {
			return false, err
		}
		if len(t.batch.Sel) == 0 {
			return false, nil
		}
		if len(t.batch.Sel) == t.batch.N {
			t.batch.Sel = nil
		}
		begin = time.Now()
	}
	if t.batch.Sel != nil && len(t.batch.Sel) == 0 {
		return false, nil
	}
	if len(t.rest) > 0 {
		err = t.r.Columns(t.rest, t.batch.Sel, t.vecs)
	}
	spent += time.Since(begin)
	return true, err
}

func (t *scanStream) Close() { t.r.Close() }

// TableSource is a scan of a table's stored rows.
type TableSource struct{ Batches *userdata.Batches }

// Close ends the scan.
func (s TableSource) Close() { s.Batches.Close() }

// Parts is the number of parts of the scan.
func (s TableSource) Parts() int { return s.Batches.Parts() }

// Reader makes a reader.
func (s TableSource) Reader() Reader { return tableReader{s.Batches.Reader()} }

type tableReader struct{ *userdata.BatchReader }

func (r tableReader) Next(q *Query) (int, error) { return r.BatchReader.Next(q.RT.Ctx) }
