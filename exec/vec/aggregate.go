package vec

import (
	"sync/atomic"

	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Aggregate groups its input by hashing: each worker its own part first, and the workers' groups together then.
type Aggregate struct {
	Input   Operator
	Columns []expr.ColID // of the input
	Keys    []expr.Expr
	Aggs    []*expr.Aggregate
	Shared  Shared

	forms    []keyForm
	plan     []aggPlan
	prepared bool
	single   bool // the order of rows matters, or states cannot be merged: one worker

	results []*partial
	next    atomic.Int64
	chunks  []chunk
	streams []Stream
}

// aggPlan says which accumulator an aggregate reads and how.
type aggPlan struct {
	at   int // among the accumulators
	read func(a accumulator, g int) (pgtype.Datum, error)
	kind column.Kind
}

// CanAggregate tells whether an aggregate has a form here.
func CanAggregate(e *expr.Aggregate) bool {
	if e.Def == nil || e.Def.Aggregate == nil || len(e.Order) > 0 || len(e.Direct) > 0 || e.Variadic {
		return false
	}
	for _, a := range e.Args {
		if _, ok := formOf(a.Type()); !ok && e.Distinct {
			return false
		}
	}
	return true
}

// CanGroup tells whether a type can be a key of groups or joins.
func CanGroup(t *pgtype.Type) bool { _, ok := formOf(t); return ok }

// partial is the groups of one worker.
type partial struct {
	agg    *Aggregate
	c      *compiler
	keys   []evaluator
	calls  []*aggCall
	table  *groupTable // nil without keys
	vecs   []*column.Vector
	hashes []uint64
	ids    []uint32
	memory *Memory
	of     int64 // bytes counted for accumulators
	memo   dictMemo
}

// aggCall is an accumulator with what it takes in.
type aggCall struct {
	e      *expr.Aggregate
	args   []evaluator
	filter condition
	acc    accumulator
	vecs   []*column.Vector
}

// chunk is a range of the groups of one of the results.
type chunk struct{ result, from, to int }

const chunkGroups = 1024 // a multiple of 64

// Streams reads the whole input and gives the groups.
func (a *Aggregate) Streams(q *Query, n int) ([]Stream, error) {
	a.results, a.chunks, a.streams = nil, nil, nil
	a.next.Store(0)
	if err := a.prepare(q); err != nil {
		return nil, err
	}
	workers := q.Workers
	if a.single {
		workers = 1
	}
	var partials []*partial
	err := drain(q, a.Input, workers, func(streams int) error {
		for range streams {
			p, err := a.partial(q)
			if err != nil {
				return err
			}
			partials = append(partials, p)
		}
		return nil
	}, func(i int, b *column.Batch) error { return partials[i].take(b) })
	a.Input.Close()
	if err != nil {
		return nil, err
	}
	if err := a.combine(q, partials); err != nil {
		return nil, err
	}
	for r, p := range a.results {
		for from, all := 0, p.len(); from < all; from += chunkGroups {
			a.chunks = append(a.chunks, chunk{r, from, min(from+chunkGroups, all)})
		}
	}
	for range max(1, min(n, len(a.chunks))) {
		a.streams = append(a.streams, &groupStream{a: a})
	}
	return a.streams, nil
}

// Close drops the groups.
func (a *Aggregate) Close() {
	a.Input.Close()
	for _, p := range a.results {
		p.drop()
	}
	a.results, a.chunks = nil, nil
}

// prepare decides about accumulators; aggregates that add up the same share one.
func (a *Aggregate) prepare(q *Query) error {
	if a.prepared {
		return nil
	}
	a.forms = nil
	for _, k := range a.Keys {
		f, _ := formOf(k.Type())
		a.forms = append(a.forms, f)
	}
	p, err := a.partial(q)
	if err != nil {
		return err
	}
	for i, call := range p.calls {
		at := i
		for j := range i {
			if shareable(p.calls[j].e, call.e) {
				at = j
				break
			}
		}
		a.plan = append(a.plan, aggPlan{at: at, read: reader(call.e, call.acc), kind: column.KindOf(call.e.T)})
		if s, ok := bare(call.acc).(*states); ok {
			if err := s.grow(1); err != nil {
				return err
			}
			if _, ok := s.of[0].(builtin.Merger); !ok {
				a.single = true
			}
		}
	}
	a.prepared = true
	return nil
}

func bare(a accumulator) accumulator {
	if d, ok := a.(*distinct); ok {
		return d.accumulator
	}
	return a
}

// sumKinds are the aggregates that sums compute, by OID.
var sumKinds = map[pgtype.OID]sumResult{
	2107: asNumeric, 2108: asBigint, 2109: asBigint, 2114: asNumeric, 2100: asAverage, 2101: asAverage, 2102: asAverage, 2103: asAverage,
}

// shareable tells whether two aggregates can read one accumulator.
func shareable(x, y *expr.Aggregate) bool {
	_, sx := sumKinds[x.Proc.OID]
	_, sy := sumKinds[y.Proc.OID]
	if x.Proc.OID != y.Proc.OID && !(sx && sy) || x.Distinct != y.Distinct || len(x.Args) != len(y.Args) || !expr.Equal(x.Filter, y.Filter) {
		return false
	}
	for i := range x.Args {
		if !expr.Equal(x.Args[i], y.Args[i]) {
			return false
		}
	}
	return true
}

const countStar, countAny pgtype.OID = 2803, 2147

func (a *Aggregate) accumulator(q *Query, e *expr.Aggregate) accumulator {
	var acc accumulator
	_, isSum := sumKinds[e.Proc.OID]
	switch {
	case e.Proc.OID == countStar || e.Proc.OID == countAny:
		acc = &counter{}
	case isSum:
		acc = &sums{}
	case (e.Proc.Name == "min" || e.Proc.Name == "max") && len(e.Args) == 1 && classOf(e.Args[0].Type()) >= integers && classOf(e.Args[0].Type()) <= oids:
		acc = &extremes{max: e.Proc.Name == "max"}
	default:
		acc = newStates(q, e)
	}
	if e.Distinct {
		var forms []keyForm
		for _, x := range e.Args {
			f, _ := formOf(x.Type())
			forms = append(forms, f)
		}
		acc = newDistinct(acc, forms, q.Memory)
	}
	return acc
}

// reader gives the result of a group.
func reader(e *expr.Aggregate, acc accumulator) func(accumulator, int) (pgtype.Datum, error) {
	switch bare(acc).(type) {
	case *counter:
		return func(a accumulator, g int) (pgtype.Datum, error) { return pgtype.Int(bare(a).(*counter).n[g]), nil }
	case *sums:
		want := sumKinds[e.Proc.OID]
		return func(a accumulator, g int) (pgtype.Datum, error) { return bare(a).(*sums).result(g, want) }
	case *extremes:
		return func(a accumulator, g int) (pgtype.Datum, error) {
			if x := bare(a).(*extremes); x.some[g] {
				return pgtype.Int(x.of[g]), nil
			}
			return pgtype.Null, nil
		}
	}
	return func(a accumulator, g int) (pgtype.Datum, error) { return bare(a).(*states).of[g].Result() }
}

func (a *Aggregate) partial(q *Query) (*partial, error) {
	p := &partial{agg: a, c: newCompiler(q, a.Columns, a.Shared), memory: q.Memory}
	p.c.remember()
	var err error
	if p.keys, err = p.c.compileAll(a.Keys); err != nil {
		return nil, err
	}
	for i, e := range a.Aggs {
		call := &aggCall{e: e, acc: a.accumulator(q, e), vecs: make([]*column.Vector, len(e.Args))}
		if a.prepared && a.plan[i].at != i {
			p.calls = append(p.calls, nil)
			continue
		}
		if call.args, err = p.c.compileAll(e.Args); err != nil {
			return nil, err
		}
		if e.Filter != nil {
			if call.filter, err = p.c.condition(e.Filter, true); err != nil {
				return nil, err
			}
		}
		p.calls = append(p.calls, call)
	}
	p.vecs = make([]*column.Vector, len(p.keys))
	if len(p.keys) > 0 {
		p.table = newGroupTable(a.forms, q.Memory)
		return p, nil
	}
	return p, p.grow(1)
}

func (p *partial) len() int {
	if p.table == nil {
		return 1
	}
	return p.table.len()
}

// bytesOfState is about what a state takes.
const bytesOfState = 40

func (p *partial) grow(groups int) error {
	for _, c := range p.calls {
		if c != nil {
			if err := c.acc.grow(groups); err != nil {
				return err
			}
		}
	}
	size := int64(groups) * int64(len(p.calls)) * bytesOfState
	if size <= p.of {
		return nil
	}
	grown := size - p.of
	p.of = size
	return p.memory.Grow(grown)
}

func (p *partial) drop() {
	p.memory.Shrink(p.of)
	p.of = 0
	if p.table != nil {
		p.table.keys.drop()
	}
}

// take groups a batch.
func (p *partial) take(b *column.Batch) error {
	p.c.epoch++
	rows := selected(b, b.Sel)
	var groups []uint32
	if p.table != nil {
		var err error
		for i, k := range p.keys {
			if p.vecs[i], err = k.eval(b, b.Sel); err != nil {
				return err
			}
		}
		if cap(p.ids) < b.N {
			p.hashes, p.ids = make([]uint64, max(b.N, column.Rows)), make([]uint32, max(b.N, column.Rows))
		}
		groups = p.ids[:b.N]
		if !p.memo.numbers(p, rows, groups) {
			hashKeys(p.agg.forms, p.vecs, rows, p.hashes[:b.N])
			if err := p.table.numbers(p.vecs, rows, p.hashes[:b.N], groups); err != nil {
				return err
			}
		}
		if err := p.grow(p.table.len()); err != nil {
			return err
		}
	}
	var counts []int64
	if p.table != nil && p.table.len() <= fewGroups && len(p.calls) > 0 {
		var of [fewGroups]int64
		for _, i := range rows {
			of[groups[i]&(fewGroups-1)]++
		}
		counts = of[:p.table.len()]
	}
	for _, c := range p.calls {
		if c == nil {
			continue
		}
		if err := c.take(b, rows, groups, counts); err != nil {
			return err
		}
	}
	return nil
}

// take adds a batch. counts is the number of rows of each group, where there are few; nil: not known.
func (c *aggCall) take(b *column.Batch, rows []int32, groups []uint32, counts []int64) error {
	sel := b.Sel
	if c.filter != nil {
		var err error
		if rows, err = c.filter.narrow(b, sel); err != nil || len(rows) == 0 {
			return err
		}
		sel = rows
	}
	for i, e := range c.args {
		var err error
		if c.vecs[i], err = e.eval(b, sel); err != nil {
			return err
		}
	}
	if few, ok := c.acc.(fewAdder); ok && counts != nil && c.filter == nil {
		return few.addFew(c.vecs, rows, groups, counts)
	}
	return c.acc.add(c.vecs, rows, groups)
}

// dictMemo remembers the groups of combinations of dictionary codes, while the dictionaries are the same.
type dictMemo struct {
	dicts  []*string
	groups []uint32 // number + 1 by combined code
}

const maxCombined = 4096

// numbers gives the groups where all keys have dictionaries; false when it cannot.
func (m *dictMemo) numbers(p *partial, rows []int32, out []uint32) bool {
	size, same := 1, len(m.dicts) == len(p.vecs)
	for i, v := range p.vecs {
		if v.Codes == nil || v.Valid != nil || len(v.Dict) == 0 {
			return false
		}
		if size *= len(v.Dict); size > maxCombined {
			return false
		}
		same = same && m.dicts[i] == &v.Dict[0]
	}
	if !same {
		m.dicts, m.groups = m.dicts[:0], make([]uint32, size)
		for _, v := range p.vecs {
			m.dicts = append(m.dicts, &v.Dict[0])
		}
	}
	first := p.vecs[0].Codes
	for _, i := range rows {
		code := int(first[i])
		for _, v := range p.vecs[1:] {
			code = code*len(v.Dict) + int(v.Codes[i])
		}
		g := m.groups[code]
		if g == 0 {
			one := []int32{i}
			hashKeys(p.agg.forms, p.vecs, one, p.hashes[:cap(p.hashes)])
			n, err := p.table.number(p.vecs, i, p.hashes[:cap(p.hashes)][i])
			if err != nil {
				return false
			}
			g = n + 1
			m.groups[code] = g
		}
		out[i] = g - 1
	}
	return true
}

// combine puts the workers' groups together.
func (a *Aggregate) combine(q *Query, partials []*partial) error {
	if len(partials) == 1 {
		a.results = partials
		return nil
	}
	groups := 0
	for _, p := range partials {
		groups += p.len()
	}
	if len(a.Keys) == 0 || groups < 20000 {
		for _, p := range partials[1:] {
			if err := partials[0].merge(p, all(p.len())); err != nil {
				return err
			}
			p.drop()
		}
		a.results = partials[:1]
		return nil
	}
	return a.combineByHash(q, partials)
}

// combineByHash merges many groups in parallel: each worker takes those of a part of the hash values.
func (a *Aggregate) combineByHash(q *Query, partials []*partial) error {
	parts := len(partials)
	a.results = make([]*partial, parts)
	for i := range a.results {
		var err error
		if a.results[i], err = a.partial(q); err != nil {
			return err
		}
	}
	err := together(parts, func(part int, _ *atomic.Bool) error {
		var rows []int32
		for _, p := range partials {
			rows = rows[:0]
			for g, h := range p.table.hashes {
				if int((h>>40)%uint64(parts)) == part {
					rows = append(rows, int32(g))
				}
			}
			for from := 0; from < len(rows); from += 1 << 14 {
				if err := q.check(); err != nil {
					return err
				}
				if err := a.results[part].merge(p, rows[from:min(from+1<<14, len(rows))]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	for _, p := range partials {
		p.drop()
	}
	return err
}

// merge takes in some groups of another worker.
func (p *partial) merge(o *partial, rows []int32) error {
	var into []uint32
	if p.table != nil {
		if cap(p.ids) < o.len() {
			p.ids = make([]uint32, o.len())
		}
		into = p.ids[:o.len()]
		for i := range o.table.keys.cols {
			p.vecs[i] = &o.table.keys.cols[i]
		}
		if err := p.table.numbers(p.vecs, rows, o.table.hashes, into); err != nil {
			return err
		}
		if err := p.grow(p.table.len()); err != nil {
			return err
		}
	}
	for i, c := range p.calls {
		if c == nil {
			continue
		}
		if err := c.acc.merge(o.calls[i].acc, rows, into); err != nil {
			return err
		}
	}
	return nil
}

// groupStream gives the finished groups.
type groupStream struct {
	a     *Aggregate
	batch column.Batch
	keys  []column.Vector
	out   []column.Vector
}

func (s *groupStream) Next() (*column.Batch, error) {
	at := int(s.a.next.Add(1)) - 1
	if at >= len(s.a.chunks) {
		return nil, nil
	}
	c := s.a.chunks[at]
	p := s.a.results[c.result]
	n := c.to - c.from
	if s.out == nil {
		s.keys, s.out = make([]column.Vector, len(s.a.Keys)), make([]column.Vector, len(s.a.Aggs))
	}
	s.batch = column.Batch{N: n, Seq: at, Cols: s.batch.Cols[:0]}
	for i := range s.keys {
		s.keys[i] = window(&p.table.keys.cols[i], c.from, c.to)
		s.batch.Cols = append(s.batch.Cols, &s.keys[i])
	}
	for i := range s.out {
		plan := &s.a.plan[i]
		v := &s.out[i]
		v.Reset(plan.kind, n)
		acc := p.calls[plan.at].acc
		for g := range n {
			d, err := plan.read(acc, c.from+g)
			if err != nil {
				return nil, err
			}
			v.Set(g, n, g, d)
		}
		v.Done()
		s.batch.Cols = append(s.batch.Cols, v)
	}
	return &s.batch, nil
}

func (s *groupStream) Close() {}

// window is a range of a kept column as a vector; from is a multiple of 64.
func window(v *column.Vector, from, to int) column.Vector {
	w := column.Vector{Kind: v.Kind, Scale: v.Scale}
	switch v.Kind {
	case column.Word, column.Decimal:
		w.I = v.I[from:to]
	case column.Float:
		w.F = v.F[from:to]
	case column.Bytes:
		w.S = v.S[from:to]
	default:
		w.D = v.D[from:to]
	}
	if v.Valid != nil {
		// A column that has had no NULL for a while has a bitmap that is too short: what it does not say is valid.
		w.Valid = make([]uint64, column.Words(to-from))
		for i := range w.Valid {
			w.Valid[i] = ^uint64(0)
			if at := from/64 + i; at < len(v.Valid) {
				w.Valid[i] = v.Valid[at]
			}
		}
	}
	return w
}
