package run

import (
	"time"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/exec/vec"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// Vectorise says when plans run by columns.
type Vectorise uint8

// The values of kalam.vectorize.
const (
	VectoriseLarge  Vectorise = iota // where a scan turns out to be large
	VectoriseNever                   // off
	VectoriseAlways                  // force: wherever it is possible
)

// switchOp runs a subtree by rows or by columns, as the sizes of its tables at Open say: columns cost a little to begin and pay from some thousand rows on.
type switchOp struct {
	exec *Exec
	node plan.Node
	rows Operator
	b    *builder

	columns vec.Operator // made when first wanted
	v       *vectoriser
	width   int
	small   time.Time // when the tables were last seen to be small

	running *vec.Rows
	byRows  bool
}

// smallFor is how long tables that were small are taken to be.
const smallFor = 200 * time.Millisecond

// vectorised wraps the row form of a node that may be worth running by columns.
func (b *builder) vectorised(n plan.Node) (Operator, error) {
	inner := &builder{exec: b.exec, rowsOnly: true, writes: b.writes, measures: b.measures, matViews: b.matViews}
	rows, err := inner.operator(n, nil)
	return &switchOp{exec: b.exec, node: n, rows: rows, b: &builder{exec: b.exec, writes: b.writes, measures: b.measures}, width: len(n.Columns())}, err
}

// worthVectors tells whether a subtree may be run by columns and could profit from it.
func (b *builder) worthVectors(n plan.Node) bool {
	if b.rowsOnly || b.writes {
		return false
	}
	switch n.(type) {
	case *plan.Aggregate, *plan.Join, *plan.Sort, *plan.Distinct, *plan.SetOp, *plan.Filter, *plan.Project, *plan.Limit:
	case *plan.Scan:
		if n.(*plan.Scan).Filter == nil {
			return false
		}
	default:
		return false
	}
	work, scans := weigh(n)
	return work && scans && len(plan.Outer(n)) == 0 && supported(n)
}

// weigh looks through the supported part of a subtree for work that is worth it, and for scans that may be large.
func weigh(n plan.Node) (work, scans bool) {
	switch n := n.(type) {
	case *plan.Scan:
		return n.Filter != nil, columnar(n) && !onePoint(n)
	case *plan.Limit:
		work, scans = weigh(n.Input)
		return work && gathers(n.Input), scans
	case *plan.Join:
		if n.Lateral {
			return false, false
		}
		work = true
	case *plan.Aggregate, *plan.Sort, *plan.Distinct, *plan.SetOp:
		work = true
	case *plan.Filter:
		work = true
	case *plan.Project:
	default:
		return false, false
	}
	for _, c := range n.Children() {
		w, s := weigh(c)
		work, scans = work || w, scans || s
	}
	return work, scans
}

// gathers tells whether a node reads all its input before it gives a row, so that a limit above it saves nothing below.
func gathers(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Sort, *plan.Aggregate, *plan.Distinct:
		return true
	case *plan.Project:
		return gathers(n.Input)
	case *plan.Filter:
		return gathers(n.Input)
	}
	return false
}

// onePoint tells whether a scan looks one row up.
func onePoint(n *plan.Scan) bool {
	return n.Access.Keyed && len(n.Table.Indexes) > 0 && n.Table.Indexes[0].Clustered() && len(n.Access.Equal) == len(n.Table.Indexes[0].Keys)
}

// Open decides, and starts one of the forms.
func (s *switchOp) Open(outer *expr.Frame) error {
	s.Close()
	s.byRows = true
	mode := VectoriseNever
	if s.exec.Settings != nil {
		mode = s.exec.Settings.Vectorise()
	}
	if mode == VectoriseNever || mode == VectoriseLarge && time.Since(s.small) < smallFor {
		return s.rows.Open(outer)
	}
	if s.columns == nil {
		s.v = newVectoriser(s.b, s.node)
		op, err := s.v.operator(s.node)
		if err != nil {
			return err
		}
		s.columns = op
	}
	large := mode == VectoriseAlways
	for _, scan := range s.v.order {
		if err := scan.begin(); err != nil {
			s.drop()
			return err
		}
		large = large || !scan.batches.Small()
	}
	if !large {
		s.small = time.Now()
		s.drop()
		return s.rows.Open(outer)
	}
	s.byRows = false
	q := &vec.Query{RT: s.exec.RT, Workers: workers(), Memory: &vec.Memory{Limit: s.exec.Settings.QueryMemory()}}
	var err error
	if s.running, err = vec.NewRows(q, s.columns, s.width); err != nil {
		s.columns.Close()
		s.drop()
	}
	return err
}

// drop closes the scans that were begun and not taken over.
func (s *switchOp) drop() {
	for _, scan := range s.v.order {
		scan.drop()
	}
}

// Next gives the next row of the form that runs.
func (s *switchOp) Next() ([]pgtype.Datum, error) {
	if s.byRows {
		return s.rows.Next()
	}
	if s.running == nil {
		return nil, nil
	}
	return s.running.Next()
}

// Close ends the run.
func (s *switchOp) Close() {
	if s.running != nil {
		s.running.Close()
		s.running = nil
		s.drop()
	}
	if s.byRows {
		s.rows.Close()
	}
}

// vecScan is a scan by columns whose first rows are read before it is started.
type vecScan struct {
	vec.Scan
	op      *scanOp
	batches *userdata.Batches
}

func (v *vectoriser) scan(n *plan.Scan) (vec.Operator, error) {
	op, err := v.b.scan(n, nil)
	if err != nil {
		return nil, err
	}
	s := &vecScan{op: op.(*scanOp)}
	s.Scan = vec.Scan{Columns: n.Columns(), Filter: n.Filter, Shared: v.share, Open: func(*vec.Query) (vec.Source, error) {
		if s.batches == nil {
			if err := s.begin(); err != nil {
				return nil, err
			}
		}
		b := s.batches
		s.batches = nil
		if m := v.b.measures; m != nil && n.Filter != nil {
			return countedSource{vec.TableSource{Batches: b}, m.of(n)}, nil
		}
		return vec.TableSource{Batches: b}, nil
	}}
	v.scans[n] = s
	v.order = append(v.order, s)
	return s, nil
}

// begin opens the table and reads its first rows.
func (s *vecScan) begin() error {
	s.drop()
	x := s.op.exec
	if err := s.op.open(); err != nil {
		return err
	}
	frame := expr.Frame{RT: x.RT}
	s.op.outer = frame
	for i, e := range s.op.equal {
		v, err := e(&frame)
		if err != nil {
			return err
		}
		s.op.keys[i] = v
	}
	q, err := s.op.request()
	if err != nil {
		return err
	}
	s.batches, err = s.op.scanner.Batches(x.Ctx(), x.Access, q)
	return err
}

func (s *vecScan) drop() {
	if s.batches != nil {
		s.batches.Close()
		s.batches = nil
	}
}
