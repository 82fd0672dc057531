package vec

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// evaluator computes a vector for the selected rows (nil: all) of a batch. The vector is the evaluator's own, or one of the batch, and valid until the next call or
// the next batch.
type evaluator interface {
	eval(b *column.Batch, sel []int32) (*column.Vector, error)
}

// condition gives those of the selected rows (nil: all) for which it holds, in order. The result is the condition's own and valid until its next call.
type condition interface {
	narrow(b *column.Batch, sel []int32) ([]int32, error)
}

// compiler makes the expressions of one stream.
type compiler struct {
	q       *Query
	columns []expr.ColID
	layout  map[expr.ColID]int
	shared  Shared

	memo  []*memoized // nil: nothing is remembered
	share bool
	epoch uint64 // of the batch; whoever remembers moves it on with each
}

// remember makes equal calls be computed once per batch.
func (c *compiler) remember() { c.share = true }

// memoized is a call that several expressions of one operator may contain.
type memoized struct {
	evaluator
	c     *compiler
	e     expr.Expr
	epoch uint64
	sel   []int32
	v     *column.Vector
}

func (m *memoized) eval(b *column.Batch, sel []int32) (*column.Vector, error) {
	if m.epoch == m.c.epoch && sameSlice(m.sel, sel) {
		return m.v, nil
	}
	var err error
	m.v, err = m.evaluator.eval(b, sel)
	m.epoch, m.sel = m.c.epoch, sel
	if err != nil || sel != nil && !sameSlice(sel, b.Sel) {
		m.epoch = 0 // a selection of a part of an expression may have other rows in the same memory
	}
	return m.v, err
}

func sameSlice(x, y []int32) bool {
	return len(x) == len(y) && (x == nil) == (y == nil) && (len(x) == 0 || &x[0] == &y[0])
}

// Shared gives the value of a part of an expression that is the same for all rows of a run (a parameter, a sub-select without outer columns). It is called by
// any worker, and computes it once.
type Shared func(e expr.Expr) (pgtype.Datum, error)

func newCompiler(q *Query, columns []expr.ColID, shared Shared) *compiler {
	c := &compiler{q: q, columns: columns, layout: make(map[expr.ColID]int, len(columns)), shared: shared}
	for i, id := range columns {
		if _, twice := c.layout[id]; !twice {
			c.layout[id] = i
		}
	}
	return c
}

// isShared tells whether an expression is of the kind that Shared computes.
func isShared(e expr.Expr) bool {
	switch e := e.(type) {
	case *expr.Param, *expr.SQLValue:
		return true
	case *expr.Subquery:
		return len(e.Outer) == 0 && (e.Kind == expr.ScalarSubquery || e.Kind == expr.ExistsSubquery)
	}
	return false
}

// compile makes the evaluator of an expression that Supported has passed.
func (c *compiler) compile(e expr.Expr) (evaluator, error) {
	switch e := e.(type) {
	case *expr.Var:
		if at, ok := c.layout[e.ID]; ok {
			return columnRef(at), nil
		}
	case *expr.Const:
		return &constant{kind: column.KindOf(e.T), value: e.Value}, nil
	case *expr.Relabel:
		if column.KindOf(e.T) == column.KindOf(e.Arg.Type()) {
			return c.compile(e.Arg)
		}
	case *expr.Collate:
		return c.compile(e.Arg)
	case *expr.Case:
		if e.Arg == nil {
			return c.compileCase(e)
		}
	case *expr.Call:
		for _, m := range c.memo {
			if expr.Equal(m.e, e) {
				return m, nil
			}
		}
		native, err := c.compileCall(e)
		if err != nil {
			return nil, err
		}
		if native != nil && c.share {
			m := &memoized{evaluator: native, c: c, e: e}
			c.memo = append(c.memo, m)
			return m, nil
		}
		if native != nil {
			return native, nil
		}
	}
	if isShared(e) {
		return &constant{kind: column.KindOf(e.Type()), late: func() (pgtype.Datum, error) { return c.shared(e) }}, nil
	}
	return c.byRow(e)
}

func (c *compiler) compileAll(list []expr.Expr) ([]evaluator, error) {
	out := make([]evaluator, len(list))
	for i, e := range list {
		var err error
		if out[i], err = c.compile(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// columnRef is a column of the batch.
type columnRef int

func (at columnRef) eval(b *column.Batch, _ []int32) (*column.Vector, error) { return b.Cols[at], nil }

// constant is one value for all rows, as a vector that is filled once.
type constant struct {
	kind  column.Kind
	value pgtype.Datum
	late  func() (pgtype.Datum, error) // computes value at the first use
	v     column.Vector
	n     int
}

func (k *constant) datum() (pgtype.Datum, error) {
	if k.late == nil {
		return k.value, nil
	}
	var err error
	if k.value, err = k.late(); err == nil {
		k.late = nil
	}
	return k.value, err
}

func (k *constant) eval(b *column.Batch, _ []int32) (*column.Vector, error) {
	if b.N <= k.n {
		return &k.v, nil
	}
	d, err := k.datum()
	if err != nil {
		return nil, err
	}
	k.n = max(b.N, column.Rows)
	k.v.Reset(k.kind, k.n)
	for i := range k.n {
		k.v.Set(i, k.n, i, d)
	}
	k.v.Done()
	if k.v.Kind == column.Decimal || k.v.Kind == column.Word {
		k.v.Width = uint8(max(1, width(k.v.I, all(k.n))))
	}
	return &k.v, nil
}

// byRow evaluates an expression with the row evaluator.
type byRow struct {
	run   expr.Eval
	kind  column.Kind
	reads []int
	frame expr.Frame
	v     column.Vector
}

func (c *compiler) byRow(e expr.Expr) (evaluator, error) {
	if hasSubquery(e) {
		return nil, errSubquery
	}
	rows := &expr.Compiler{Scope: expr.NewScope(c.columns, nil)}
	run, err := rows.Compile(e)
	if err != nil {
		return nil, err
	}
	r := &byRow{run: run, kind: column.KindOf(e.Type()), frame: expr.Frame{RT: c.q.RT, Row: make([]pgtype.Datum, len(c.columns))}}
	seen := make(map[int]bool)
	expr.Walk(e, func(x expr.Expr) bool {
		if v, ok := x.(*expr.Var); ok {
			if at, ok := c.layout[v.ID]; ok && !seen[at] {
				seen[at] = true
				r.reads = append(r.reads, at)
			}
		}
		return true
	})
	return r, nil
}

func (r *byRow) at(b *column.Batch, i int32) (pgtype.Datum, error) {
	for _, c := range r.reads {
		r.frame.Row[c] = b.Cols[c].Datum(int(i))
	}
	return r.run(&r.frame)
}

func (r *byRow) eval(b *column.Batch, sel []int32) (*column.Vector, error) {
	r.v.Reset(r.kind, b.N)
	for _, i := range selected(b, sel) {
		d, err := r.at(b, i)
		if err != nil {
			return nil, err
		}
		r.v.Set(int(i), b.N, b.N, d)
	}
	r.v.Done()
	return &r.v, nil
}
