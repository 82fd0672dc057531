package vec

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/column"
)

// MarkJoin is a semi or anti join whose left side is the smaller one: the left rows go into a table, the right ones are read past it and mark those that they meet, and
// the left rows are shown as they came.
type MarkJoin struct {
	Kind                      plan.JoinKind // Semi or Anti
	Left, Right               Operator
	LeftColumns, RightColumns []expr.ColID
	LeftKinds                 []column.Kind
	LeftKeys, RightKeys       []expr.Expr
	Cond                      expr.Expr // on both; nil: true
	Shared                    Shared
	Targets                   []FilterTarget // scans below the right input

	forms []keyForm
	table *joinTable
}

// Streams reads both sides.
func (j *MarkJoin) Streams(q *Query, _ int) ([]Stream, error) {
	if j.forms == nil {
		for i := range j.LeftKeys {
			f, _ := commonForm(j.LeftKeys[i].Type(), j.RightKeys[i].Type())
			j.forms = append(j.forms, f)
		}
	}
	// The rows of an anti join whose keys have NULLs are kept: they meet nothing and are shown.
	build := Join{Kind: plan.Full, Right: j.Left, RightColumns: j.LeftColumns, RightKinds: j.LeftKinds, RightKeys: j.LeftKeys, Shared: j.Shared, forms: j.forms}
	var err error
	if j.table, err = build.build(q); err != nil {
		return nil, err
	}
	for _, t := range j.Targets {
		if keys := j.table.keySet(t.Key); keys != nil {
			t.Scan.runtime = append(t.Scan.runtime, runtimeFilter{t.Column, keys})
		}
	}
	var markers []*marker
	err = drain(q, j.Right, q.Workers, func(streams int) error {
		for range streams {
			m, err := j.marker(q)
			if err != nil {
				return err
			}
			markers = append(markers, m)
		}
		return nil
	}, func(i int, b *column.Batch) error { return markers[i].take(b) })
	j.Right.Close()
	if err != nil {
		return nil, err
	}
	var rows []int32
	for r := range int32(j.table.rows.n) {
		met := false
		for _, m := range markers {
			met = met || m.met.has(r)
		}
		if met == (j.Kind == plan.Semi) {
			rows = append(rows, r)
		}
	}
	return []Stream{&orderedStream{q: q, rows: j.table.rows, width: len(j.LeftColumns), order: rows}}, nil
}

// Close drops the table.
func (j *MarkJoin) Close() {
	j.Left.Close()
	j.Right.Close()
	if j.table != nil {
		j.table.drop()
		j.table = nil
	}
}

// marker is one worker's reading of the right side.
type marker struct {
	j      *MarkJoin
	keys   []evaluator
	cond   condition
	vecs   []*column.Vector
	hashes []uint64
	first  []int32
	met    bitmap

	lefts, rights []int32 // pairs to be asked about: rows of the table, rows of the batch
	own           []column.Vector
	cols          []*column.Vector
}

func (j *MarkJoin) marker(q *Query) (*marker, error) {
	m := &marker{j: j, vecs: make([]*column.Vector, len(j.RightKeys))}
	m.met.reset(max(j.table.rows.n, 1))
	var err error
	if m.keys, err = newCompiler(q, j.RightColumns, j.Shared).compileAll(j.RightKeys); err != nil {
		return nil, err
	}
	if j.Cond != nil {
		both := append(j.LeftColumns[:len(j.LeftColumns):len(j.LeftColumns)], j.RightColumns...)
		m.own = make([]column.Vector, len(both))
		m.cond, err = newCompiler(q, both, j.Shared).condition(j.Cond, true)
	}
	return m, err
}

func (m *marker) take(b *column.Batch) error {
	for i, k := range m.keys {
		var err error
		if m.vecs[i], err = k.eval(b, b.Sel); err != nil {
			return err
		}
	}
	if cap(m.first) < b.N {
		n := max(b.N, column.Rows)
		m.first, m.hashes = make([]int32, n), make([]uint64, n)
	}
	rows := selected(b, b.Sel)
	t := m.j.table
	t.find(m.vecs, rows, m.hashes[:b.N], m.first[:b.N])
	m.lefts, m.rights = m.lefts[:0], m.rights[:0]
	for _, i := range rows {
		for r := m.first[i]; r != 0; r = t.after(r, m.vecs, i, m.hashes) {
			if m.met.has(r - 1) {
				continue
			}
			if m.cond == nil {
				m.met.set(r - 1)
				continue
			}
			m.lefts, m.rights = append(m.lefts, r-1), append(m.rights, i)
			if len(m.lefts) == column.Rows {
				if err := m.ask(b); err != nil {
					return err
				}
			}
		}
	}
	return m.ask(b)
}

// ask asks the condition about the pairs.
func (m *marker) ask(b *column.Batch) error {
	if len(m.lefts) == 0 {
		return nil
	}
	width := len(m.j.LeftColumns)
	m.cols = m.cols[:0]
	for i := range m.own {
		from, rows := b.Cols[max(i-width, 0):], m.rights
		if i < width {
			from, rows = []*column.Vector{&m.j.table.rows.cols[i]}, m.lefts
		}
		gatherInto(&m.own[i], from[0], rows)
		m.cols = append(m.cols, &m.own[i])
	}
	pairs := column.Batch{N: len(m.lefts), Cols: m.cols}
	sel, err := m.cond.narrow(&pairs, nil)
	for _, k := range sel {
		m.met.set(m.lefts[k])
	}
	m.lefts, m.rights = m.lefts[:0], m.rights[:0]
	return err
}

// Rearrange gives some of the input's columns, in another order.
func Rearrange(input Operator, order []int) Operator {
	return &mapped{input, func(_ *Query, in Stream) (Stream, error) { return &rearrangeStream{in: in, order: order}, nil }}
}

type rearrangeStream struct {
	in    Stream
	order []int
	batch column.Batch
	cols  []*column.Vector
}

func (r *rearrangeStream) Next() (*column.Batch, error) {
	b, err := r.in.Next()
	if err != nil || b == nil {
		return nil, err
	}
	r.cols = r.cols[:0]
	for _, at := range r.order {
		r.cols = append(r.cols, b.Cols[at])
	}
	r.batch = *b
	r.batch.Cols = r.cols
	return &r.batch, nil
}

func (r *rearrangeStream) Close() { r.in.Close() }
