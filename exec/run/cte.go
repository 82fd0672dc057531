package run

import (
	"fmt"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// cteState is the rows of one WITH query in one run: read from its operator as far as any reader has come.
type cteState struct {
	n         *plan.CTE
	op        Operator
	recursive Operator
	keyer     *keyer // of a recursive UNION without ALL
	opened    bool
	ended     bool
	outer     *expr.Frame
	rows      [][]pgtype.Datum
	arena     pgtype.Arena
	work      [][]pgtype.Datum // the last round's rows of a recursive query
	seen      map[string]struct{}
	exec      *Exec
}

// withOp prepares its CTEs and runs its body. Queries that modify data run to their end whether read or not.
type withOp struct {
	exec *Exec
	n    *plan.With
	ctes []*cteState
	body Operator
}

func (b *builder) with(n *plan.With, outer *expr.Scope) (Operator, error) {
	w := &withOp{exec: b.exec, n: n}
	for _, c := range n.CTEs {
		s := &cteState{n: c, exec: b.exec}
		var err error
		if s.op, err = b.build(c.Plan, outer); err != nil {
			return nil, err
		}
		if c.Recursive != nil {
			if s.recursive, err = b.build(c.Recursive, outer); err != nil {
				return nil, err
			}
			if !c.UnionAll {
				if s.keyer, err = newKeyer(columnTypes(c.Plan)); err != nil {
					return nil, err
				}
			}
		}
		w.ctes = append(w.ctes, s)
	}
	var err error
	w.body, err = b.build(n.Body, outer)
	return w, err
}

// modifies lets the command tag of WITH … INSERT be that of the INSERT.
func (w *withOp) modifies() *modify {
	if m, ok := w.body.(interface{ modifies() *modify }); ok {
		return m.modifies()
	}
	return nil
}

func (w *withOp) Open(outer *expr.Frame) error {
	if w.exec.ctes == nil {
		w.exec.ctes = make(map[int32]*cteState)
	}
	for _, s := range w.ctes {
		*s = cteState{n: s.n, op: s.op, recursive: s.recursive, keyer: s.keyer, exec: w.exec, outer: outer}
		if outer == nil {
			s.outer = &expr.Frame{RT: w.exec.RT}
		}
		w.exec.ctes[s.n.ID] = s
	}
	if err := w.body.Open(outer); err != nil {
		return err
	}
	for _, s := range w.ctes {
		if !s.n.Modifies {
			continue
		}
		if err := s.readAll(); err != nil {
			return err
		}
	}
	return nil
}

func (w *withOp) Next() ([]pgtype.Datum, error) { return w.body.Next() }

func (w *withOp) Close() {
	w.body.Close()
	for _, s := range w.ctes {
		s.op.Close()
		if s.recursive != nil {
			s.recursive.Close()
		}
	}
}

func (s *cteState) readAll() error {
	for i := 0; ; i++ {
		row, err := s.at(i)
		if err != nil || row == nil {
			return err
		}
		i = len(s.rows) - 1
	}
}

// at gives the i-th row, reading as far as needed; nil after the last.
func (s *cteState) at(i int) ([]pgtype.Datum, error) {
	for i >= len(s.rows) && !s.ended {
		if err := s.more(); err != nil {
			return nil, err
		}
	}
	if i < len(s.rows) {
		return s.rows[i], nil
	}
	return nil, nil
}

func (s *cteState) more() error {
	if !s.opened {
		s.opened = true
		if err := s.op.Open(s.outer); err != nil {
			return err
		}
		if s.keyer != nil {
			s.seen = make(map[string]struct{})
		}
		if s.recursive != nil {
			first, err := s.round(s.op)
			s.work = first
			return err
		}
	}
	if s.recursive != nil {
		return s.nextRound()
	}
	row, err := s.op.Next()
	if err != nil {
		return err
	}
	if row == nil {
		s.ended = true
		s.op.Close()
		return nil
	}
	s.rows = append(s.rows, copyRow(&s.arena, row))
	return nil
}

// nextRound runs the recursive term on the rows of the round before; an empty round ends the query.
func (s *cteState) nextRound() error {
	if len(s.work) == 0 {
		s.ended = true
		return nil
	}
	if err := s.exec.check(); err != nil {
		return err
	}
	if err := s.recursive.Open(s.outer); err != nil {
		return err
	}
	next, err := s.round(s.recursive)
	s.work = next
	return err
}

// round reads a term to its end and keeps the rows that are new.
func (s *cteState) round(op Operator) ([][]pgtype.Datum, error) {
	defer op.Close()
	start := len(s.rows)
	for {
		row, err := op.Next()
		if err != nil {
			return nil, err
		}
		if row == nil {
			return s.rows[start:len(s.rows):len(s.rows)], nil
		}
		if s.keyer != nil {
			key, _ := s.keyer.key(row)
			if _, twice := s.seen[string(key)]; twice {
				continue
			}
			s.seen[string(key)] = struct{}{}
		}
		s.rows = append(s.rows, copyRow(&s.arena, row))
		if len(s.rows)&1023 == 0 {
			if err := s.exec.check(); err != nil {
				return nil, err
			}
		}
	}
}

// cteScan reads a CTE's rows, or in a recursive term the last round's.
type cteScan struct {
	exec *Exec
	n    *plan.CTEScan
	s    *cteState
	work [][]pgtype.Datum
	i    int
}

func (c *cteScan) Open(*expr.Frame) error {
	if c.s = c.exec.ctes[c.n.CTE]; c.s == nil {
		return fmt.Errorf("run: WITH query %q is not in scope", c.n.Name)
	}
	c.i, c.work = 0, nil
	if c.n.WorkTable {
		c.work = c.s.work
	}
	return nil
}

func (c *cteScan) Next() ([]pgtype.Datum, error) {
	if c.n.WorkTable {
		if c.i == len(c.work) {
			return nil, nil
		}
		c.i++
		return c.work[c.i-1], nil
	}
	row, err := c.s.at(c.i)
	c.i++
	return row, err
}

func (c *cteScan) Close() {}
