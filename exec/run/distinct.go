package run

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// distinctOp passes the first row of each combination of key values.
type distinctOp struct {
	exec  *Exec
	input Operator
	on    []expr.Eval // nil: the whole row
	keyer *keyer
	frame expr.Frame
	keys  []pgtype.Datum
	seen  map[string]struct{}
}

func (b *builder) distinct(n *plan.Distinct, outer *expr.Scope) (Operator, error) {
	input, err := b.build(n.Input, outer)
	if err != nil {
		return nil, err
	}
	d := &distinctOp{exec: b.exec, input: input}
	types := columnTypes(n.Input)
	if n.On != nil {
		if d.on, err = b.compiler(n.Input.Columns(), outer).CompileAll(n.On); err != nil {
			return nil, err
		}
		types = typesOf(n.On)
		d.keys = make([]pgtype.Datum, len(n.On))
	}
	d.keyer, err = newKeyer(types)
	return d, err
}

func (d *distinctOp) Open(outer *expr.Frame) error {
	d.frame, d.seen = frameOf(outer, d.exec), make(map[string]struct{})
	return d.input.Open(outer)
}

func (d *distinctOp) Next() ([]pgtype.Datum, error) {
	for {
		row, err := d.input.Next()
		if err != nil || row == nil {
			return nil, err
		}
		values := row
		if d.on != nil {
			d.frame.Row = row
			for i, e := range d.on {
				if d.keys[i], err = e(&d.frame); err != nil {
					return nil, err
				}
			}
			values = d.keys
		}
		key, _ := d.keyer.key(values)
		if _, twice := d.seen[string(key)]; !twice {
			d.seen[string(key)] = struct{}{}
			return row, nil
		}
	}
}

func (d *distinctOp) Close() { d.input.Close(); d.seen = nil }

// setOp is UNION, INTERSECT and EXCEPT with their ALL forms.
type setOp struct {
	exec        *Exec
	n           *plan.SetOp
	left, right Operator
	keyer       *keyer

	outer *expr.Frame
	seen  map[string]int64 // UNION: rows passed; INTERSECT, EXCEPT: how often the right input still offers a row
	stage int              // 0 left, 1 right (UNION only), 2 end
}

func (b *builder) setOp(n *plan.SetOp, outer *expr.Scope) (Operator, error) {
	left, err := b.build(n.Left, outer)
	if err != nil {
		return nil, err
	}
	right, err := b.build(n.Right, outer)
	if err != nil {
		return nil, err
	}
	s := &setOp{exec: b.exec, n: n, left: left, right: right}
	if n.Kind == plan.Union && n.All {
		return s, nil
	}
	types := make([]*pgtype.Type, len(n.Types))
	for i, t := range n.Types {
		types[i] = t.T
	}
	s.keyer, err = newKeyer(types)
	return s, err
}

func (s *setOp) Open(outer *expr.Frame) error {
	s.outer, s.stage, s.seen = outer, 0, make(map[string]int64)
	if s.n.Kind != plan.Union {
		if err := s.count(); err != nil {
			return err
		}
	}
	return s.left.Open(outer)
}

// count reads the right input of INTERSECT and EXCEPT.
func (s *setOp) count() error {
	if err := s.right.Open(s.outer); err != nil {
		return err
	}
	defer s.right.Close()
	for {
		row, err := s.right.Next()
		if err != nil || row == nil {
			return err
		}
		key, _ := s.keyer.key(row)
		s.seen[string(key)]++
	}
}

// used marks a row of INTERSECT or EXCEPT (not ALL) as given out.
const used = -1 << 40

func (s *setOp) Next() ([]pgtype.Datum, error) {
	for s.stage < 2 {
		input := s.left
		if s.stage == 1 {
			input = s.right
		}
		row, err := input.Next()
		if err != nil {
			return nil, err
		}
		if row == nil {
			if s.stage++; s.stage == 1 && s.n.Kind == plan.Union {
				if err := s.right.Open(s.outer); err != nil {
					return nil, err
				}
				continue
			}
			s.stage = 2
			break
		}
		if s.passes(row) {
			return row, nil
		}
	}
	return nil, nil
}

func (s *setOp) passes(row []pgtype.Datum) bool {
	if s.keyer == nil {
		return true
	}
	key, _ := s.keyer.key(row)
	n, known := s.seen[string(key)]
	switch {
	case s.n.Kind == plan.Union:
		if !known {
			s.seen[string(key)] = 1
		}
		return !known
	case s.n.All:
		s.seen[string(key)] = n - 1
		return (n > 0) == (s.n.Kind == plan.Intersect)
	case n < 0:
		return false
	}
	s.seen[string(key)] = used
	return (n > 0) == (s.n.Kind == plan.Intersect)
}

func (s *setOp) Close() {
	s.left.Close()
	s.right.Close()
	s.seen = nil
}
