package vec

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/column"
)

// mapped is an operator whose streams each wrap one of its input's.
type mapped struct {
	input Operator
	wrap  func(q *Query, in Stream) (Stream, error)
}

func (m *mapped) Streams(q *Query, n int) ([]Stream, error) {
	in, err := m.input.Streams(q, n)
	if err != nil {
		return nil, err
	}
	out := make([]Stream, len(in))
	for i, s := range in {
		if out[i], err = m.wrap(q, s); err != nil {
			closeAll(in)
			return nil, err
		}
	}
	return out, nil
}

func (m *mapped) Close() { m.input.Close() }

// Filter keeps the rows for which cond is true.
func Filter(input Operator, columns []expr.ColID, cond expr.Expr, shared Shared) Operator {
	return &mapped{input, func(q *Query, in Stream) (Stream, error) {
		c, err := newCompiler(q, columns, shared).condition(cond, true)
		return &filterStream{q: q, in: in, cond: c}, err
	}}
}

type filterStream struct {
	q     *Query
	in    Stream
	cond  condition
	batch column.Batch
}

func (f *filterStream) Next() (*column.Batch, error) {
	for {
		b, err := f.in.Next()
		if err != nil || b == nil {
			return nil, err
		}
		f.batch = *b
		if f.batch.Sel, err = f.cond.narrow(b, b.Sel); err != nil {
			return nil, err
		}
		if len(f.batch.Sel) > 0 {
			return &f.batch, nil
		}
		if err := f.q.check(); err != nil {
			return nil, err
		}
	}
}

func (f *filterStream) Close() { f.in.Close() }

// Project computes columns.
func Project(input Operator, columns []expr.ColID, exprs []expr.Expr, shared Shared) Operator {
	return &mapped{input, func(q *Query, in Stream) (Stream, error) {
		list, err := newCompiler(q, columns, shared).compileAll(exprs)
		return &projectStream{in: in, exprs: list, cols: make([]*column.Vector, len(list))}, err
	}}
}

type projectStream struct {
	in    Stream
	exprs []evaluator
	cols  []*column.Vector
	batch column.Batch
}

func (p *projectStream) Next() (*column.Batch, error) {
	b, err := p.in.Next()
	if err != nil || b == nil {
		return nil, err
	}
	for i, e := range p.exprs {
		if p.cols[i], err = e.eval(b, b.Sel); err != nil {
			return nil, err
		}
	}
	p.batch = column.Batch{N: b.N, Sel: b.Sel, Cols: p.cols, Seq: b.Seq}
	return &p.batch, nil
}

func (p *projectStream) Close() { p.in.Close() }
