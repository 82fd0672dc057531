package run

import (
	"container/heap"
	"slices"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// sortKey is a compiled key of an ordering.
type sortKey struct {
	eval       expr.Eval
	order      func(a, b pgtype.Datum) int
	desc       bool
	nullsFirst bool
}

func (k *sortKey) compare(a, b pgtype.Datum) int {
	if a.IsNull() || b.IsNull() {
		switch {
		case a.IsNull() && b.IsNull():
			return 0
		case a.IsNull() == k.nullsFirst:
			return -1
		}
		return 1
	}
	c := k.order(a, b)
	if k.desc {
		return -c
	}
	return c
}

func (b *builder) sortKeys(list []expr.SortKey, columns []expr.ColID, outer *expr.Scope) ([]sortKey, error) {
	c := b.compiler(columns, outer)
	out := make([]sortKey, len(list))
	for i, k := range list {
		eval, err := c.Compile(k.Expr)
		if err != nil {
			return nil, err
		}
		t := k.Expr.Type()
		if !t.Codec.Comparable() {
			return nil, pgerr.Newf(pgerr.UndefinedFunction, "could not identify an ordering operator for type %s", t.String()).
				WithHint("Use an explicit ordering operator or modify the query.")
		}
		out[i] = sortKey{eval: eval, order: t.Codec.Compare, desc: k.Desc, nullsFirst: k.NullsFirst}
	}
	return out, nil
}

// sortOp orders its input in memory; with a bound it keeps only the first rows (top-N).
type sortOp struct {
	exec          *Exec
	input         Operator
	keys          []sortKey
	count, offset expr.Eval // of the LIMIT above; nil: no bound

	items []sorted
	at    int
}

// sorted is a row with its key values and its place in the input, which keeps the order of peers stable.
type sorted struct {
	keys, row []pgtype.Datum
	seq       int
}

func (b *builder) sort(n *plan.Sort, outer *expr.Scope, _ int) (Operator, error) {
	input, err := b.build(n.Input, outer)
	if err != nil {
		return nil, err
	}
	keys, err := b.sortKeys(n.Keys, n.Input.Columns(), outer)
	return &sortOp{exec: b.exec, input: input, keys: keys}, err
}

// topN makes the sort under a LIMIT.
func (b *builder) topN(n *plan.Sort, l *plan.Limit, outer *expr.Scope) (Operator, error) {
	op, err := b.sort(n, outer, 0)
	if err != nil {
		return nil, err
	}
	s := op.(*sortOp)
	free := b.compiler(nil, outer)
	if s.count, err = free.Compile(l.Count); err != nil {
		return nil, err
	}
	if l.Offset != nil {
		s.offset, err = free.Compile(l.Offset)
	}
	if b.measures != nil {
		return &measured{Operator: s, actual: b.measures.of(n), timing: b.measures.timing}, err
	}
	return s, err
}

func (s *sortOp) less(a, b *sorted) int {
	for i := range s.keys {
		if c := s.keys[i].compare(a.keys[i], b.keys[i]); c != 0 {
			return c
		}
	}
	return a.seq - b.seq
}

// top is a heap of the first rows so far, the last of them on top.
type top struct{ *sortOp }

func (t top) Len() int           { return len(t.items) }
func (t top) Less(i, j int) bool { return t.less(&t.items[i], &t.items[j]) > 0 }
func (t top) Swap(i, j int)      { t.items[i], t.items[j] = t.items[j], t.items[i] }
func (t top) Push(x any)         { t.items = append(t.items, x.(sorted)) }
func (t top) Pop() any {
	n := len(t.items) - 1
	x := t.items[n]
	t.items = t.items[:n]
	return x
}

func (s *sortOp) Open(outer *expr.Frame) error {
	s.items, s.at = nil, 0
	frame := frameOf(outer, s.exec)
	bound := int64(-1)
	if s.count != nil {
		left, skip, err := limits(s.count, s.offset, &frame)
		if err != nil {
			return err
		}
		if left >= 0 && left+skip < 1<<20 {
			bound = left + skip
		}
	}
	if err := s.input.Open(outer); err != nil {
		return err
	}
	defer s.input.Close()
	if err := s.read(&frame, bound); err != nil {
		return err
	}
	slices.SortFunc(s.items, func(a, b sorted) int { return s.less(&a, &b) })
	return nil
}

func (s *sortOp) read(frame *expr.Frame, bound int64) error {
	var arena pgtype.Arena
	probe := sorted{keys: make([]pgtype.Datum, len(s.keys))}
	for seq := 0; ; seq++ {
		if seq&1023 == 0 {
			if err := s.exec.check(); err != nil {
				return err
			}
		}
		row, err := s.input.Next()
		if err != nil || row == nil {
			return err
		}
		frame.Row = row
		for i := range s.keys {
			if probe.keys[i], err = s.keys[i].eval(frame); err != nil {
				return err
			}
		}
		probe.seq = seq
		if bound >= 0 && int64(len(s.items)) >= bound {
			if bound == 0 || s.less(&probe, &s.items[0]) >= 0 {
				continue
			}
			s.items[0] = sorted{copyRow(&arena, probe.keys), copyRow(&arena, row), seq}
			heap.Fix(top{s}, 0)
			continue
		}
		item := sorted{copyRow(&arena, probe.keys), copyRow(&arena, row), seq}
		if bound >= 0 {
			heap.Push(top{s}, item)
		} else {
			s.items = append(s.items, item)
		}
	}
}

func (s *sortOp) Next() ([]pgtype.Datum, error) {
	if s.at == len(s.items) {
		return nil, nil
	}
	s.at++
	return s.items[s.at-1].row, nil
}

func (s *sortOp) Close() { s.items = nil; s.at = 0; s.input.Close() }
