package run

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// sequenceScan reads a sequence as the table of one row that it is in PostgreSQL: last_value, log_cnt, is_called.
type sequenceScan struct {
	exec   *Exec
	n      *plan.Scan
	filter expr.Eval
	row    []pgtype.Datum
	done   bool
}

func (b *builder) sequenceScan(n *plan.Scan, outer *expr.Scope) (Operator, error) {
	s := &sequenceScan{exec: b.exec, n: n, row: make([]pgtype.Datum, len(n.Nums))}
	var err error
	if n.Filter != nil {
		s.filter, err = b.compiler(n.Columns(), outer).Compile(n.Filter)
	}
	return s, err
}

func (s *sequenceScan) Open(outer *expr.Frame) error {
	last, called, err := s.exec.RT.Env.SequenceState(s.n.Table.OID)
	if err != nil {
		return err
	}
	for i, n := range s.n.Nums {
		switch n {
		case 1:
			s.row[i] = pgtype.Int(last)
		case 2:
			s.row[i] = pgtype.Int(0) // values are not logged ahead of their use
		case 3:
			s.row[i] = pgtype.Bool(called)
		case plan.TableOID:
			s.row[i] = pgtype.OIDValue(s.n.Table.OID)
		default:
			s.row[i] = pgtype.Null
		}
	}
	s.done = false
	if s.filter == nil {
		return nil
	}
	frame := frameOf(outer, s.exec)
	frame.Row = s.row
	v, err := s.filter(&frame)
	s.done = err != nil || v.IsNull() || !v.Bool()
	return err
}

func (s *sequenceScan) Next() ([]pgtype.Datum, error) {
	if s.done {
		return nil, nil
	}
	s.done = true
	return s.row, nil
}

func (s *sequenceScan) Close() {}
