package run

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// scanOp reads a table: the whole of it, a range of an index, or one row by its primary key.
type scanOp struct {
	exec   *Exec
	n      *plan.Scan
	filter expr.Eval
	equal  []expr.Eval
	lower  expr.Eval
	upper  expr.Eval
	limits *intRange // of the column of lower and upper, if their values may lie outside
	in     expr.Eval
	direct bool // see builder
	point  bool // Equal is the whole primary key

	table   *userdata.Table // of rel, opened again when the descriptor changed
	rel     *desc.Relation
	version uint64 // of the catalog in which table was looked for
	scanner *userdata.Scanner

	frame expr.Frame
	outer expr.Frame // where access expressions are evaluated: no row of its own
	keys  []pgtype.Datum
	list  []pgtype.Datum // elements of In still to look up
	rows  *userdata.Rows
	row   []pgtype.Datum
	left  int // rows read since the last check for cancellation
	done  bool

	pending bool // a look-up by the whole primary key is still to be made
}

func (b *builder) scan(n *plan.Scan, outer *expr.Scope) (Operator, error) {
	if n.Table.Kind == desc.MatView && b.matViews != nil && !neverTrue(n.Filter) {
		*b.matViews = append(*b.matViews, n.Table.OID)
	}
	s := &scanOp{exec: b.exec, n: n, rel: n.Table, direct: b.direct}
	c := b.compiler(n.Columns(), outer)
	free := b.compiler(nil, outer) // access expressions see only the outer rows
	var err error
	if n.Filter != nil {
		if s.filter, err = c.Compile(n.Filter); err != nil {
			return nil, err
		}
	}
	if s.equal, err = free.CompileAll(n.Access.Equal); err != nil {
		return nil, err
	}
	for i, e := range n.Access.Equal {
		s.equal[i] = narrowEqual(s.equal[i], narrower(n, i, e))
	}
	if n.Access.In != nil {
		if s.in, err = free.Compile(n.Access.In); err != nil {
			return nil, err
		}
	}
	if l := n.Access.Lower; l != nil {
		if s.lower, err = free.Compile(l.Expr); err != nil {
			return nil, err
		}
		s.limits = narrower(n, len(s.equal), l.Expr)
	}
	if u := n.Access.Upper; u != nil {
		if s.upper, err = free.Compile(u.Expr); err != nil {
			return nil, err
		}
		if r := narrower(n, len(s.equal), u.Expr); r != nil {
			s.limits = r
		}
	}
	width := len(s.equal)
	if s.in != nil {
		width++
	}
	s.keys = make([]pgtype.Datum, width)
	s.row = make([]pgtype.Datum, len(n.Nums))
	return s, nil
}

// neverTrue tells whether a condition is a constant that lets no row pass.
func neverTrue(e expr.Expr) bool {
	c, ok := e.(*expr.Const)
	return ok && (c.Value.IsNull() || !c.Value.Bool())
}

// open makes the table ready at the first run, or after the relation's storage changed under a plan that is still right.
func (s *scanOp) open() error {
	version := s.exec.Catalog.Version()
	if s.table != nil && s.version == version {
		return nil
	}
	rel := s.n.Table
	if now := s.exec.Catalog.Relation(rel.OID); now != nil && now != s.rel {
		rel = now
	}
	if s.table == nil || s.rel != rel {
		t, err := s.exec.Table(rel)
		if err != nil {
			return err
		}
		s.table, s.rel, s.scanner = t, rel, t.Scanner(s.n.Nums)
		s.scanner.Transient = s.direct
		s.point = s.n.Access.Keyed && s.n.Access.Lower == nil && s.n.Access.Upper == nil && t.HasKey() &&
			len(s.keys) == len(rel.Indexes[0].Keys) && (s.n.Access.Index == nil || s.n.Access.Index.Clustered())
	}
	s.version = version
	return nil
}

func (s *scanOp) Open(outer *expr.Frame) error {
	s.Close()
	if err := s.open(); err != nil {
		return err
	}
	s.frame = frameOf(outer, s.exec)
	s.outer = frameOf(outer, s.exec)
	s.done, s.left, s.list = false, 0, nil
	for i, e := range s.equal {
		v, err := e(&s.outer)
		if err != nil {
			return err
		}
		s.keys[i] = v
	}
	if s.in == nil {
		return s.begin()
	}
	v, err := s.in(&s.outer)
	if err != nil {
		return err
	}
	if v.IsNull() {
		s.done = true
		return nil
	}
	s.list = distinctKeys(v.Array(), s.n.Access.Reverse)
	return s.nextOfList()
}

// nextOfList starts the look-up of the next element of In.
func (s *scanOp) nextOfList() error {
	if len(s.list) == 0 {
		s.done = true
		return nil
	}
	s.keys[len(s.keys)-1], s.list = s.list[0], s.list[1:]
	return s.begin()
}

func (s *scanOp) begin() error {
	if s.point && !s.exec.Access.AllScopes {
		s.pending = true
		return nil
	}
	q, err := s.request()
	if err != nil {
		return err
	}
	s.rows, err = s.scanner.Scan(s.exec.Ctx(), s.exec.Access, q)
	return err
}

// request says which rows to read; the key values are in s.keys.
func (s *scanOp) request() (userdata.ScanRequest, error) {
	q := userdata.ScanRequest{Index: s.n.Access.Index, Equal: s.keys, Reverse: s.n.Access.Reverse}
	if !s.n.Access.Keyed {
		q.Equal = nil
	}
	for _, end := range []struct {
		at   expr.Eval
		from *plan.Bound
		to   **userdata.Bound
	}{{s.lower, s.n.Access.Lower, &q.Lower}, {s.upper, s.n.Access.Upper, &q.Upper}} {
		if end.at == nil {
			continue
		}
		v, err := end.at(&s.outer)
		if err != nil {
			return q, err
		}
		if !s.limits.fits(v) {
			if below := v.Int() < s.limits.min; below == (end.to == &q.Lower) {
				continue // the bound lies beyond all values
			}
			v = pgtype.Null // no value lies inside
		}
		*end.to = &userdata.Bound{Value: v, Inclusive: end.from.Inclusive}
	}
	return q, nil
}

func (s *scanOp) Next() ([]pgtype.Datum, error) {
	for !s.done {
		row, err := s.advance()
		if err != nil {
			return nil, err
		}
		if row == nil {
			if err := s.nextOfList(); err != nil {
				return nil, err
			}
			continue
		}
		if s.filter != nil {
			s.frame.Row = row
			v, err := s.filter(&s.frame)
			if err != nil {
				return nil, err
			}
			if v.IsNull() || !v.Bool() {
				if s.left++; s.left&1023 == 0 {
					if err := s.exec.check(); err != nil {
						return nil, err
					}
				}
				continue
			}
		}
		return row, nil
	}
	return nil, nil
}

// removed is the number of rows of this run that the filter left out.
func (s *scanOp) removed() int64 { return int64(s.left) }

// advance gives the next row of the current look-up, nil at its end.
func (s *scanOp) advance() ([]pgtype.Datum, error) {
	if s.rows != nil {
		row, err := s.rows.Next(s.exec.Ctx())
		if row == nil {
			s.rows.Close()
			s.rows = nil
		}
		return row, err
	}
	if !s.pending {
		return nil, nil
	}
	s.pending = false
	return s.lookUp()
}

func (s *scanOp) lookUp() ([]pgtype.Datum, error) {
	found, err := s.scanner.Get(s.exec.Ctx(), s.exec.Access, s.keys, s.row)
	if err != nil || !found {
		return nil, err
	}
	return s.row, nil
}

func (s *scanOp) Close() {
	if s.rows != nil {
		s.rows.Close()
		s.rows = nil
	}
	s.done, s.pending = true, false
}

// distinctKeys gives the elements of an array in key order without duplicates and NULLs, as an index look-up per element wants them.
func distinctKeys(a *pgtype.Array, reverse bool) []pgtype.Datum {
	out := make([]pgtype.Datum, 0, len(a.Elems))
	for _, d := range a.Elems {
		if !d.IsNull() {
			out = append(out, d)
		}
	}
	return sortUnique(out, a.Elem.Codec.Compare, reverse)
}
