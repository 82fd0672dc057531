package run

import (
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// setCall is a compiled set-returning call.
type setCall struct {
	e    *expr.SetCall
	args []expr.Eval
	site *builtin.Call
	rows builtin.Rows
}

func (b *builder) setCall(e *expr.SetCall, columns []expr.ColID, outer *expr.Scope) (*setCall, error) {
	if e.Code == nil {
		return nil, pgerr.Unsupported("function " + e.Proc.Name)
	}
	args, err := b.compiler(columns, outer).CompileAll(e.Args)
	site := &builtin.Call{Proc: e.Proc, Types: typesOf(e.Args), Result: e.T, Variadic: e.Variadic}
	return &setCall{e: e, args: args, site: site}, err
}

// start evaluates the arguments and starts the function; a strict one with a NULL argument has no rows.
func (s *setCall) start(f *expr.Frame) error {
	s.rows = nil
	args := make([]pgtype.Datum, len(s.args))
	for i, a := range s.args {
		var err error
		if args[i], err = a(f); err != nil {
			return err
		}
		if args[i].IsNull() && s.e.Proc.Strict {
			return nil
		}
	}
	s.site.Ctx, s.site.Text, s.site.Env = f.RT.Ctx, f.RT.Text, f.RT.Env
	var err error
	s.rows, err = s.e.Code(s.site, args)
	return err
}

func (s *setCall) next() (pgtype.Datum, bool, error) {
	if s.rows == nil {
		return pgtype.Null, false, nil
	}
	v, ok, err := s.rows.Next()
	if !ok {
		s.rows = nil
	}
	return v, ok, err
}

// funcScan reads functions in FROM side by side.
type funcScan struct {
	exec  *Exec
	n     *plan.FuncScan
	items []funcItem
	frame expr.Frame
	row   []pgtype.Datum
	count int64
	done  bool
}

// funcItem is one function: a set or a single value.
type funcItem struct {
	set    *setCall
	value  expr.Eval
	fields bool
	width  int
	ended  bool
}

func (b *builder) funcScan(n *plan.FuncScan, outer *expr.Scope) (Operator, error) {
	s := &funcScan{exec: b.exec, n: n, row: make([]pgtype.Datum, len(n.Columns()))}
	for _, f := range n.Funcs {
		item := funcItem{fields: f.Fields, width: f.Width}
		var err error
		if call, ok := f.Expr.(*expr.SetCall); ok {
			item.set, err = b.setCall(call, nil, outer)
		} else {
			item.value, err = b.compiler(nil, outer).Compile(f.Expr)
		}
		if err != nil {
			return nil, err
		}
		s.items = append(s.items, item)
	}
	return s, nil
}

func (s *funcScan) Open(outer *expr.Frame) error {
	s.frame, s.count, s.done = frameOf(outer, s.exec), 0, false
	for i := range s.items {
		it := &s.items[i]
		it.ended = false
		if it.set != nil {
			if err := it.set.start(&s.frame); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *funcScan) Next() ([]pgtype.Datum, error) {
	if s.done {
		return nil, nil
	}
	if s.count&1023 == 0 {
		if err := s.exec.check(); err != nil {
			return nil, err
		}
	}
	any, at := false, 0
	for i := range s.items {
		it := &s.items[i]
		out := s.row[at : at+it.width]
		at += it.width
		clear(out)
		v, ok, err := it.next(&s.frame)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		any = true
		if !it.fields {
			out[0] = v
		} else if !v.IsNull() {
			copy(out, v.Record().Fields)
		}
	}
	if !any {
		s.done = true
		return nil, nil
	}
	s.count++
	if s.n.Ordinality {
		s.row[at] = pgtype.Int(s.count)
	}
	return s.row, nil
}

func (it *funcItem) next(f *expr.Frame) (pgtype.Datum, bool, error) {
	if it.ended {
		return pgtype.Null, false, nil
	}
	if it.set != nil {
		v, ok, err := it.set.next()
		it.ended = !ok
		return v, ok, err
	}
	it.ended = true
	v, err := it.value(f)
	return v, err == nil, err
}

func (s *funcScan) Close() {
	for i := range s.items {
		if s.items[i].set != nil {
			s.items[i].set.rows = nil
		}
	}
}

// projectSet computes a select list with set-returning calls: each input row gives as many rows as its longest call.
type projectSet struct {
	exec  *Exec
	input Operator
	plain []expr.Eval // nil where a set stands
	sets  []*setCall  // nil where a plain expression stands
	frame expr.Frame
	row   []pgtype.Datum
	live  bool // the current input row has rows left
	count int
}

func (b *builder) projectSet(n *plan.ProjectSet, outer *expr.Scope) (Operator, error) {
	input, err := b.build(n.Input, outer)
	if err != nil {
		return nil, err
	}
	p := &projectSet{exec: b.exec, input: input, plain: make([]expr.Eval, len(n.Exprs)), sets: make([]*setCall, len(n.Exprs)), row: make([]pgtype.Datum, len(n.Exprs))}
	columns := n.Input.Columns()
	for i, e := range n.Exprs {
		if call, ok := e.(*expr.SetCall); ok {
			p.sets[i], err = b.setCall(call, columns, outer)
		} else {
			p.plain[i], err = b.compiler(columns, outer).Compile(e)
		}
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *projectSet) Open(outer *expr.Frame) error {
	p.frame, p.live = frameOf(outer, p.exec), false
	return p.input.Open(outer)
}

func (p *projectSet) Next() ([]pgtype.Datum, error) {
	for {
		if p.count++; p.count&1023 == 0 { // a set may be endless, and who collects it (ARRAY, IN) only pulls
			if err := p.exec.check(); err != nil {
				return nil, err
			}
		}
		if !p.live {
			row, err := p.input.Next()
			if err != nil || row == nil {
				return nil, err
			}
			p.frame.Row, p.live = row, true
			for _, s := range p.sets {
				if s != nil {
					if err := s.start(&p.frame); err != nil {
						return nil, err
					}
				}
			}
		}
		any := false
		for i, s := range p.sets {
			if s == nil {
				continue
			}
			v, ok, err := s.next()
			if err != nil {
				return nil, err
			}
			any = any || ok
			p.row[i] = v
		}
		if !any {
			p.live = false
			continue
		}
		for i, e := range p.plain {
			if e == nil {
				continue
			}
			var err error
			if p.row[i], err = e(&p.frame); err != nil {
				return nil, err
			}
		}
		return p.row, nil
	}
}

func (p *projectSet) Close() { p.input.Close() }
