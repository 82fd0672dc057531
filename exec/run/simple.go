package run

import (
	"slices"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// sortUnique sorts values and drops equal ones.
func sortUnique(values []pgtype.Datum, compare func(a, b pgtype.Datum) int, reverse bool) []pgtype.Datum {
	slices.SortFunc(values, compare)
	values = slices.CompactFunc(values, func(a, b pgtype.Datum) bool { return compare(a, b) == 0 })
	if reverse {
		slices.Reverse(values)
	}
	return values
}

// oneRow yields one row of no columns.
type oneRow struct{ done bool }

func (o *oneRow) Open(*expr.Frame) error { o.done = false; return nil }
func (o *oneRow) Next() ([]pgtype.Datum, error) {
	if o.done {
		return nil, nil
	}
	o.done = true
	return []pgtype.Datum{}, nil
}
func (o *oneRow) Close() {}

// valuesOp yields rows of expressions.
type valuesOp struct {
	exec  *Exec
	rows  [][]expr.Eval
	at    int
	frame expr.Frame
	row   []pgtype.Datum
}

func (b *builder) values(n *plan.Values, outer *expr.Scope) (Operator, error) {
	v := &valuesOp{exec: b.exec, row: make([]pgtype.Datum, len(n.Types)), rows: make([][]expr.Eval, len(n.Rows))}
	c := b.compiler(nil, outer)
	for i, r := range n.Rows {
		var err error
		if v.rows[i], err = c.CompileAll(r); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (v *valuesOp) Open(outer *expr.Frame) error {
	v.at, v.frame = 0, frameOf(outer, v.exec)
	return nil
}

func (v *valuesOp) Next() ([]pgtype.Datum, error) {
	if v.at == len(v.rows) {
		return nil, nil
	}
	for i, e := range v.rows[v.at] {
		var err error
		if v.row[i], err = e(&v.frame); err != nil {
			return nil, err
		}
	}
	v.at++
	return v.row, nil
}

func (v *valuesOp) Close() {}

// filterOp keeps rows for which a condition is true.
type filterOp struct {
	exec  *Exec
	input Operator
	cond  expr.Eval
	frame expr.Frame
	n     int
}

func (b *builder) filter(n *plan.Filter, outer *expr.Scope) (Operator, error) {
	input, err := b.build(n.Input, outer)
	if err != nil {
		return nil, err
	}
	cond, err := b.compiler(n.Input.Columns(), outer).Compile(n.Cond)
	return &filterOp{exec: b.exec, input: input, cond: cond}, err
}

func (f *filterOp) Open(outer *expr.Frame) error {
	f.frame = frameOf(outer, f.exec)
	return f.input.Open(outer)
}

func (f *filterOp) Next() ([]pgtype.Datum, error) {
	for {
		row, err := f.input.Next()
		if err != nil || row == nil {
			return nil, err
		}
		f.frame.Row = row
		v, err := f.cond(&f.frame)
		if err != nil {
			return nil, err
		}
		if !v.IsNull() && v.Bool() {
			return row, nil
		}
		if f.n++; f.n&1023 == 0 {
			if err := f.exec.check(); err != nil {
				return nil, err
			}
		}
	}
}

func (f *filterOp) Close() { f.input.Close() }

// projectOp computes columns.
type projectOp struct {
	exec  *Exec
	input Operator
	exprs []expr.Eval
	frame expr.Frame
	row   []pgtype.Datum
}

func (b *builder) project(n *plan.Project, outer *expr.Scope) (Operator, error) {
	input, err := b.build(n.Input, outer)
	if err != nil {
		return nil, err
	}
	exprs, err := b.compiler(n.Input.Columns(), outer).CompileAll(n.Exprs)
	return &projectOp{exec: b.exec, input: input, exprs: exprs, row: make([]pgtype.Datum, len(exprs))}, err
}

func (p *projectOp) Open(outer *expr.Frame) error {
	p.frame = frameOf(outer, p.exec)
	return p.input.Open(outer)
}

func (p *projectOp) Next() ([]pgtype.Datum, error) {
	row, err := p.input.Next()
	if err != nil || row == nil {
		return nil, err
	}
	p.frame.Row = row
	for i, e := range p.exprs {
		if p.row[i], err = e(&p.frame); err != nil {
			return nil, err
		}
	}
	return p.row, nil
}

func (p *projectOp) Close() { p.input.Close() }

// limitOp skips and counts rows.
type limitOp struct {
	exec          *Exec
	input         Operator
	count, offset expr.Eval
	skip, left    int64 // left < 0: no limit
	ties          *tieCheck
	frame         expr.Frame
}

// tieCheck finds the peers of the last row for WITH TIES.
type tieCheck struct {
	keys  []sortKey
	frame expr.Frame
	last  []pgtype.Datum
	arena pgtype.Arena
}

func (b *builder) limit(n *plan.Limit, outer *expr.Scope) (Operator, error) {
	l := &limitOp{exec: b.exec}
	var err error
	if sorted, ok := n.Input.(*plan.Sort); ok && n.Count != nil && !n.WithTies {
		l.input, err = b.topN(sorted, n, outer)
	} else {
		l.input, err = b.build(n.Input, outer)
	}
	if err != nil {
		return nil, err
	}
	free := b.compiler(nil, outer)
	if n.Count != nil {
		if l.count, err = free.Compile(n.Count); err != nil {
			return nil, err
		}
	}
	if n.Offset != nil {
		if l.offset, err = free.Compile(n.Offset); err != nil {
			return nil, err
		}
	}
	if n.WithTies {
		keys, err := b.sortKeys(n.Keys, n.Input.Columns(), outer)
		if err != nil {
			return nil, err
		}
		l.ties = &tieCheck{keys: keys}
	}
	return l, nil
}

// limits evaluates LIMIT and OFFSET: NULL is none, a negative number an error.
func limits(count, offset expr.Eval, f *expr.Frame) (left, skip int64, err error) {
	left = -1
	if count != nil {
		v, err := count(f)
		if err != nil {
			return 0, 0, err
		}
		if !v.IsNull() {
			if left = v.Int(); left < 0 {
				return 0, 0, pgerr.New(pgerr.InvalidRowCountInLimitClause, "LIMIT must not be negative")
			}
		}
	}
	if offset != nil {
		v, err := offset(f)
		if err != nil {
			return 0, 0, err
		}
		if !v.IsNull() {
			if skip = v.Int(); skip < 0 {
				return 0, 0, pgerr.New(pgerr.InvalidRowCountInResultOffsetClause, "OFFSET must not be negative")
			}
		}
	}
	return left, skip, nil
}

func (l *limitOp) Open(outer *expr.Frame) error {
	l.frame = frameOf(outer, l.exec)
	var err error
	if l.left, l.skip, err = limits(l.count, l.offset, &l.frame); err != nil {
		return err
	}
	if l.ties != nil {
		l.ties.last, l.ties.frame = nil, l.frame
	}
	return l.input.Open(outer)
}

func (l *limitOp) Next() ([]pgtype.Datum, error) {
	for l.skip > 0 {
		row, err := l.input.Next()
		if err != nil || row == nil {
			l.left = 0
			return nil, err
		}
		l.skip--
	}
	if l.left == 0 && (l.ties == nil || l.ties.last == nil) {
		return nil, nil
	}
	row, err := l.input.Next()
	if err != nil || row == nil {
		return nil, err
	}
	if l.left == 0 {
		return l.ties.peer(row)
	}
	if l.left > 0 {
		if l.left--; l.left == 0 && l.ties != nil {
			if l.ties.last, err = l.ties.values(row); err != nil {
				return nil, err
			}
		}
	}
	return row, nil
}

func (t *tieCheck) values(row []pgtype.Datum) ([]pgtype.Datum, error) {
	t.frame.Row = row
	out := make([]pgtype.Datum, len(t.keys))
	for i := range t.keys {
		v, err := t.keys[i].eval(&t.frame)
		if err != nil {
			return nil, err
		}
		out[i] = t.arena.Own(v)
	}
	return out, nil
}

func (t *tieCheck) peer(row []pgtype.Datum) ([]pgtype.Datum, error) {
	v, err := t.values(row)
	if err != nil {
		return nil, err
	}
	for i := range t.keys {
		if t.keys[i].compare(v[i], t.last[i]) != 0 {
			t.last = nil
			return nil, nil
		}
	}
	return row, nil
}

func (l *limitOp) Close() { l.input.Close() }

// systemScan reads a computed relation. Its rows are made at Open: there are few that pass.
type systemScan struct {
	exec   *Exec
	n      *plan.SystemScan
	where  []expr.Eval
	filter expr.Eval
	rows   [][]pgtype.Datum
	at     int
}

func (b *builder) systemScan(n *plan.SystemScan, outer *expr.Scope) (Operator, error) {
	s := &systemScan{exec: b.exec, n: n, where: make([]expr.Eval, len(n.Where))}
	free := b.compiler(nil, outer)
	var err error
	for i, w := range n.Where {
		if s.where[i], err = free.Compile(w.Value); err != nil {
			return nil, err
		}
	}
	if n.Filter != nil {
		s.filter, err = b.compiler(n.Columns(), outer).Compile(n.Filter)
	}
	return s, err
}

func (s *systemScan) Open(outer *expr.Frame) error {
	s.rows, s.at = nil, 0
	frame := frameOf(outer, s.exec)
	where := make([]catalog.Equality, len(s.where))
	for i, w := range s.where {
		v, err := w(&frame)
		if err != nil {
			return err
		}
		if v.IsNull() {
			return nil
		}
		where[i] = catalog.Equality{Num: s.n.Where[i].Num, Value: v}
	}
	table := s.exec.SystemTable(s.n.Table.OID)
	if table == nil {
		return pgerr.Unsupported("relation " + s.n.Table.Name)
	}
	types := s.columnTypes()
	var failed error
	in := frameOf(outer, s.exec)
	in.Row = make([]pgtype.Datum, len(s.n.Nums))
	err := table.Scan(s.exec.Catalog, where, func(row []pgtype.Datum) bool {
		for i, w := range where {
			v := row[w.Num-1]
			if v.IsNull() || types[i].Codec.Compare(v, w.Value) != 0 {
				return true
			}
		}
		for i, n := range s.n.Nums {
			in.Row[i] = s.column(row, n)
		}
		if s.filter != nil {
			v, err := s.filter(&in)
			if err != nil {
				failed = err
				return false
			}
			if v.IsNull() || !v.Bool() {
				return true
			}
		}
		out := make([]pgtype.Datum, len(in.Row)) // never nil: a row may have no columns, and nil is the end
		copy(out, in.Row)
		s.rows = append(s.rows, out)
		return true
	})
	if failed != nil {
		return failed
	}
	return err
}

func (s *systemScan) columnTypes() []*pgtype.Type {
	types := make([]*pgtype.Type, len(s.n.Where))
	for i, w := range s.n.Where {
		types[i] = s.exec.Catalog.Type(s.n.Table.Columns[w.Num-1].Type)
	}
	return types
}

// column gives a column of a computed row. Its system columns are what tools expect of a catalog that never changes under them.
func (s *systemScan) column(row []pgtype.Datum, n int16) pgtype.Datum {
	switch {
	case n > 0:
		return row[n-1]
	case n == plan.TableOID:
		return pgtype.OIDValue(s.n.Table.OID)
	case n == plan.Xmin:
		return pgtype.Int(1)
	case n == plan.Ctid, n == plan.Xmax, n == plan.Cmin, n == plan.Cmax:
		return pgtype.Int(0)
	}
	return pgtype.Null
}

func (s *systemScan) Next() ([]pgtype.Datum, error) {
	if s.at == len(s.rows) {
		return nil, nil
	}
	s.at++
	return s.rows[s.at-1], nil
}

func (s *systemScan) Close() { s.rows = nil }
