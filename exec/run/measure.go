package run

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/exec/vec"
	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Measures are the figures of the nodes of a program that was built to be measured.
type Measures struct {
	timing bool
	nodes  map[plan.Node]*plan.Actual
}

// Of gives what was measured of a node, nil when it never got an operator.
func (m *Measures) Of(n plan.Node) *plan.Actual { return m.nodes[n] }

func (m *Measures) of(n plan.Node) *plan.Actual {
	a := m.nodes[n]
	if a == nil {
		a = &plan.Actual{}
		m.nodes[n] = a
	}
	return a
}

// BuildMeasured is Build for EXPLAIN ANALYZE: each operator counts its rows and, with timing, the time that it takes.
func BuildMeasured(node plan.Node, timing bool) (*Program, *Measures, error) {
	m := &Measures{timing: timing, nodes: map[plan.Node]*plan.Actual{}}
	p, err := buildWith(node, m)
	return p, m, err
}

// measured counts what an operator does.
type measured struct {
	Operator
	actual *plan.Actual
	timing bool
	first  bool // no row so far in this run
	spent  time.Duration
	before int64 // rows that were removed in runs before this one
}

// remover is an operator that leaves rows out itself.
type remover interface{ removed() int64 }

func (m *measured) modifies() *modify {
	if x, ok := m.Operator.(interface{ modifies() *modify }); ok {
		return x.modifies()
	}
	return nil
}

func (m *measured) Open(outer *expr.Frame) error {
	m.actual.Loops++
	m.first, m.spent, m.before = true, 0, m.actual.Removed
	began := m.now()
	err := m.Operator.Open(outer)
	m.took(began)
	return err
}

func (m *measured) Next() ([]pgtype.Datum, error) {
	began := m.now()
	row, err := m.Operator.Next()
	m.took(began)
	if row != nil {
		m.actual.Rows++
	}
	if m.first {
		m.first = false
		m.actual.Startup += m.spent
	}
	if r, ok := m.Operator.(remover); ok {
		m.actual.Removed = m.before + r.removed()
	}
	return row, err
}

func (m *measured) now() time.Time {
	if !m.timing {
		return time.Time{}
	}
	return time.Now()
}

func (m *measured) took(began time.Time) {
	if m.timing {
		d := time.Since(began)
		m.spent += d
		m.actual.Total += d
	}
}

// measuredColumns counts what an operator by columns does; of workers side by side the slowest one's time is the operator's.
type measuredColumns struct {
	vec.Operator
	actual *plan.Actual
	timing bool
	mu     sync.Mutex
	spent  time.Duration // of the slowest so far
}

type measuredStream struct {
	vec.Stream
	m     *measuredColumns
	spent time.Duration
	first bool
}

// Streams implements vec.Operator.
func (m *measuredColumns) Streams(q *vec.Query, n int) ([]vec.Stream, error) {
	began := time.Now()
	streams, err := m.Operator.Streams(q, n)
	m.actual.Loops, m.actual.Columns = m.actual.Loops+1, true
	took := time.Since(began)
	m.actual.Total -= m.spent
	m.spent = took
	m.actual.Total += took
	for i, s := range streams {
		streams[i] = &measuredStream{Stream: s, m: m, spent: took, first: i == 0}
	}
	return streams, err
}

// Next implements vec.Stream.
func (s *measuredStream) Next() (*column.Batch, error) {
	began := time.Now()
	b, err := s.Stream.Next()
	s.spent += time.Since(began)
	m := s.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if b != nil {
		m.actual.Rows += int64(b.Len())
		atomic.AddInt64(&m.actual.Removed, -int64(b.Len())) // of what countedSource has read
	}
	if s.first {
		s.first = false
		m.actual.Startup += s.spent
	}
	if s.spent > m.spent {
		m.actual.Total += s.spent - m.spent
		m.spent = s.spent
	}
	return b, err
}

// countedSource counts the rows that a scan by columns reads before its filter.
type countedSource struct {
	vec.Source
	actual *plan.Actual
}

type countedReader struct {
	vec.Reader
	actual *plan.Actual
}

// Reader implements vec.Source.
func (s countedSource) Reader() vec.Reader { return countedReader{s.Source.Reader(), s.actual} }

// Next implements vec.Reader.
func (r countedReader) Next(q *vec.Query) (int, error) {
	n, err := r.Reader.Next(q)
	atomic.AddInt64(&r.actual.Removed, int64(n))
	return n, err
}
