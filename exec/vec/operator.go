package vec

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// Operator is a node of a program; see the package comment.
type Operator interface {
	Streams(q *Query, n int) ([]Stream, error)
	Close()
}

// Stream is one worker's way through an operator; see the package comment.
type Stream interface {
	Next() (*column.Batch, error)
	Close()
}

// Query is one run of a program.
type Query struct {
	RT      *expr.Runtime
	Workers int // goroutines of a pipeline, at least 1
	Memory  *Memory
}

// check gives the cause of a run that was cancelled.
func (q *Query) check() error {
	if q.RT.Ctx.Err() != nil {
		return context.Cause(q.RT.Ctx)
	}
	return nil
}

// Memory counts the bytes that a query keeps. It is used by all workers.
type Memory struct {
	Limit int64 // 0: none
	used  atomic.Int64
	peak  atomic.Int64
}

// Grow counts n more bytes; beyond the limit it is an error (53200).
func (m *Memory) Grow(n int64) error {
	used := m.used.Add(n)
	for peak := m.peak.Load(); used > peak && !m.peak.CompareAndSwap(peak, used); peak = m.peak.Load() {
	}
	if m.Limit > 0 && used > m.Limit {
		return pgerr.New(pgerr.OutOfMemory, "out of memory").
			WithDetail("The query needs more than its limit of %d kB.", m.Limit>>10)
	}
	return nil
}

// Shrink counts n bytes that are no longer kept.
func (m *Memory) Shrink(n int64) { m.used.Add(-n) }

// Peak is the most bytes that were kept at one time.
func (m *Memory) Peak() int64 { return m.peak.Load() }

// drain runs the streams of an operator to their ends, one goroutine each, and gives the first error. work is called with the number of the stream and
// each batch.
func drain(q *Query, input Operator, n int, prepare func(streams int) error, work func(stream int, b *column.Batch) error) error {
	streams, err := input.Streams(q, n)
	if err != nil {
		return err
	}
	defer closeAll(streams)
	if err := prepare(len(streams)); err != nil {
		return err
	}
	return together(len(streams), func(i int, stop *atomic.Bool) error {
		for !stop.Load() {
			b, err := streams[i].Next()
			if err != nil || b == nil {
				return err
			}
			if err := work(i, b); err != nil {
				return err
			}
			if err := q.check(); err != nil {
				return err
			}
		}
		return nil
	})
}

// together runs f n times, in a goroutine each but for the last, and gives the first error; stop is set for the others then. A panic in a goroutine is raised again in
// the caller's, where the connection's guard is.
func together(n int, f func(i int, stop *atomic.Bool) error) error {
	var stop atomic.Bool
	if n == 1 {
		return f(0, &stop)
	}
	var wait sync.WaitGroup
	errs, panics := make([]error, n), make([]any, n)
	run := func(i int) {
		defer func() {
			if p := recover(); p != nil {
				panics[i] = fmt.Sprintf("%v, in a worker: %s", p, debug.Stack())
				stop.Store(true)
			}
		}()
		if errs[i] = f(i, &stop); errs[i] != nil {
			stop.Store(true)
		}
	}
	for i := range n - 1 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			run(i)
		}()
	}
	run(n - 1)
	wait.Wait()
	for _, p := range panics {
		if p != nil {
			panic(p)
		}
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func closeAll(streams []Stream) {
	for _, s := range streams {
		s.Close()
	}
}

// identity is the selection of all rows of a batch.
var identity = func() []int32 {
	s := make([]int32, 1<<16)
	for i := range s {
		s[i] = int32(i)
	}
	return s
}()

// all is the selection of n rows.
func all(n int) []int32 {
	if n <= len(identity) {
		return identity[:n]
	}
	s := make([]int32, n)
	for i := range s {
		s[i] = int32(i)
	}
	return s
}

// selected is sel, or all rows of the batch.
func selected(b *column.Batch, sel []int32) []int32 {
	if sel == nil {
		return all(b.N)
	}
	return sel
}
