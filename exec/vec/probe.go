package vec

import (
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/column"
)

// probeStream looks the rows of a left stream up in the table of a join.
type probeStream struct {
	q      *Query
	j      *Join
	in     Stream
	keys   []evaluator
	cond   condition // on a batch of pairs
	vecs   []*column.Vector
	hashes []uint64
	first  []int32

	// The batch that is being joined. With several matches to a row it gives several batches.
	left    *column.Batch
	rows    []int32 // its selected rows
	at      int     // of rows: the one that is being expanded
	current int32   // its next match + 1; 0 at its end
	begun   bool
	hit     bitmap // left rows that have met a right one
	done    bool

	batch     column.Batch
	cols      []*column.Vector // memory of the columns of batches that are not the left one's
	own       []column.Vector
	lefts     []int32
	rights    []int32
	out       []int32
	unmatched int // position in the right rows when the left has ended, -1 before
}

func (j *Join) probe(q *Query, in Stream) (*probeStream, error) {
	p := &probeStream{q: q, j: j, in: in, unmatched: -1}
	var err error
	if p.keys, err = newCompiler(q, j.LeftColumns, j.Shared).compileAll(j.LeftKeys); err != nil {
		return nil, err
	}
	p.vecs = make([]*column.Vector, len(p.keys))
	p.own = make([]column.Vector, len(j.LeftColumns)+len(j.RightColumns))
	if j.Cond != nil {
		both := append(j.LeftColumns[:len(j.LeftColumns):len(j.LeftColumns)], j.RightColumns...)
		p.cond, err = newCompiler(q, both, j.Shared).condition(j.Cond, true)
	}
	return p, err
}

func (p *probeStream) Close() { p.in.Close() }

func (p *probeStream) Next() (*column.Batch, error) {
	for {
		if err := p.q.check(); err != nil {
			return nil, err
		}
		if p.done {
			return p.rest(), nil
		}
		if p.left == nil {
			b, err := p.in.Next()
			if err != nil {
				return nil, err
			}
			if b == nil {
				p.ended()
				continue
			}
			if err := p.lookUp(b); err != nil {
				return nil, err
			}
		}
		b, err := p.step()
		if err != nil || b != nil {
			return b, err
		}
	}
}

// ended is called when the left stream has no more; the last of the streams shows the right rows that met nothing.
func (p *probeStream) ended() {
	p.done = true
	if k := p.j.Kind; k != plan.Right && k != plan.Full {
		p.unmatched = p.j.table.rows.n
		return
	}
	if p.j.left.Add(-1) == 0 {
		p.unmatched = 0
		return
	}
	p.unmatched = p.j.table.rows.n
}

// lookUp begins a left batch.
func (p *probeStream) lookUp(b *column.Batch) error {
	for i, k := range p.keys {
		var err error
		if p.vecs[i], err = k.eval(b, b.Sel); err != nil {
			return err
		}
	}
	if cap(p.first) < b.N {
		n := max(b.N, column.Rows)
		p.first, p.hashes = make([]int32, n), make([]uint64, n)
	}
	p.left, p.rows = b, selected(b, b.Sel)
	p.j.table.find(p.vecs, p.rows, p.hashes[:b.N], p.first[:b.N])
	p.at, p.begun = 0, false
	p.hit.reset(b.N)
	return nil
}

// step gives the next batch of the current left one; nil when it has no more.
func (p *probeStream) step() (*column.Batch, error) {
	if p.cond == nil {
		switch p.j.Kind {
		case plan.Semi, plan.Anti:
			return p.exists(), nil
		case plan.Inner, plan.Left:
			if p.j.table.unique {
				return p.single(), nil
			}
		case plan.Right, plan.Full:
		}
	} else if p.j.table.unique && p.j.Kind == plan.Inner {
		return p.singleWithCondition()
	}
	return p.pairs()
}

// exists is a semi or anti join without further condition: the left batch with a narrower selection.
func (p *probeStream) exists() *column.Batch {
	b := p.left
	p.left = nil
	p.out = p.out[:0]
	for _, i := range p.rows {
		if (p.first[i] != 0) == (p.j.Kind == plan.Semi) {
			p.out = append(p.out, i)
		}
	}
	if len(p.out) == 0 {
		return nil
	}
	p.batch = *b
	p.batch.Sel = p.out
	return &p.batch
}

// single joins where each left row meets one right row at most: left columns stay where they are, the right ones are laid beside them.
func (p *probeStream) single() *column.Batch {
	b := p.left
	p.left = nil
	p.lefts, p.rights = p.lefts[:0], p.rights[:0]
	missing := false
	for _, i := range p.rows {
		if r := p.first[i]; r != 0 {
			p.lefts, p.rights = append(p.lefts, i), append(p.rights, r-1)
		} else {
			missing = true
		}
	}
	if p.j.Kind == plan.Left && missing {
		return p.padded(b)
	}
	if len(p.lefts) == 0 {
		return nil
	}
	p.beside(b)
	return &p.batch
}

// beside makes the batch of the left one with the right rows p.rights at the positions p.lefts.
func (p *probeStream) beside(b *column.Batch) {
	width := len(p.j.LeftColumns)
	cols := append(p.cols[:0], b.Cols...)
	for c := range p.j.RightColumns {
		v := &p.own[width+c]
		gatherAt(v, &p.j.table.rows.cols[c], p.rights, p.lefts, b.N)
		cols = append(cols, v)
	}
	sel := p.lefts
	if len(sel) == b.N {
		sel = nil
	}
	p.cols = cols
	p.batch = column.Batch{N: b.N, Sel: sel, Cols: cols, Seq: b.Seq}
}

// padded is the left join's batch with rows that met nothing: their right columns are NULL.
func (p *probeStream) padded(b *column.Batch) *column.Batch {
	p.lefts, p.rights = p.lefts[:0], p.rights[:0]
	for _, i := range p.rows {
		p.lefts, p.rights = append(p.lefts, i), append(p.rights, p.first[i]-1)
	}
	p.gathered(b)
	return &p.batch
}

// gathered makes a batch of pairs, laid out from position 0; a right row of −1 is NULLs.
func (p *probeStream) gathered(b *column.Batch) {
	width := len(p.j.LeftColumns)
	p.cols = p.cols[:0]
	for c := range p.j.LeftColumns {
		if b.Cols[c] == nil {
			p.cols = append(p.cols, nil)
			continue
		}
		v := &p.own[c]
		gatherInto(v, b.Cols[c], p.lefts)
		p.cols = append(p.cols, v)
	}
	for c := range p.j.RightColumns {
		v := &p.own[width+c]
		gatherInto(v, &p.j.table.rows.cols[c], p.rights)
		p.cols = append(p.cols, v)
	}
	p.batch = column.Batch{N: len(p.lefts), Cols: p.cols, Seq: b.Seq}
}

func (p *probeStream) singleWithCondition() (*column.Batch, error) {
	if p.single() == nil {
		return nil, nil
	}
	sel, err := p.cond.narrow(&p.batch, p.batch.Sel)
	if err != nil || len(sel) == 0 {
		return nil, err
	}
	p.batch.Sel = sel
	return &p.batch, nil
}

// pairs is the general form: pairs of rows are gathered batch by batch and the condition asked about each.
func (p *probeStream) pairs() (*column.Batch, error) {
	b := p.left
	p.lefts, p.rights = p.lefts[:0], p.rights[:0]
	for p.at < len(p.rows) && len(p.lefts) < column.Rows {
		i := p.rows[p.at]
		if !p.begun {
			p.current, p.begun = p.first[i], true
		}
		for p.current != 0 && len(p.lefts) < column.Rows {
			p.lefts, p.rights = append(p.lefts, i), append(p.rights, p.current-1)
			p.current = p.j.table.after(p.current, p.vecs, i, p.hashes)
		}
		if p.current == 0 {
			p.at, p.begun = p.at+1, false
		}
	}
	if len(p.lefts) == 0 {
		p.left = nil
		return p.unmet(b), nil
	}
	p.gathered(b)
	sel := all(p.batch.N)
	if p.cond != nil {
		var err error
		if sel, err = p.cond.narrow(&p.batch, nil); err != nil {
			return nil, err
		}
	}
	return p.meet(sel), nil
}

// meet notes which rows have met and gives what the join shows of them.
func (p *probeStream) meet(sel []int32) *column.Batch {
	kind := p.j.Kind
	if kind == plan.Right || kind == plan.Full {
		p.j.mu.Lock()
		for _, k := range sel {
			p.j.met.set(p.rights[k])
		}
		p.j.mu.Unlock()
	}
	if kind != plan.Inner && kind != plan.Right {
		for _, k := range sel {
			p.hit.set(p.lefts[k])
		}
	}
	if kind == plan.Semi || kind == plan.Anti || len(sel) == 0 {
		return nil // semi and anti joins show the left batch when all pairs have been seen
	}
	if p.batch.Sel = sel; len(sel) == p.batch.N {
		p.batch.Sel = nil
	}
	return &p.batch
}

// unmet is what is shown of a left batch after all its pairs: the rows that met nothing, or for a semi join those that did.
func (p *probeStream) unmet(b *column.Batch) *column.Batch {
	switch p.j.Kind {
	case plan.Inner, plan.Right:
		return nil
	case plan.Semi:
		p.out = p.hit.among(p.rows, p.out[:0])
	default:
		p.out = p.hit.without(p.rows, p.out[:0])
	}
	if len(p.out) == 0 {
		return nil
	}
	if p.j.Kind == plan.Semi || p.j.Kind == plan.Anti {
		p.batch = *b
		p.batch.Sel = p.out
		return &p.batch
	}
	p.lefts, p.rights = append(p.lefts[:0], p.out...), p.rights[:0]
	for range p.out {
		p.rights = append(p.rights, -1)
	}
	p.gathered(b)
	return &p.batch
}

// rest gives the right rows that met nothing, after the left rows of all streams.
func (p *probeStream) rest() *column.Batch {
	table := p.j.table.rows
	p.rights, p.lefts = p.rights[:0], p.lefts[:0]
	for ; p.unmatched < table.n && len(p.rights) < column.Rows; p.unmatched++ {
		if !p.j.met.has(int32(p.unmatched)) {
			p.rights = append(p.rights, int32(p.unmatched))
		}
	}
	if len(p.rights) == 0 {
		return nil
	}
	n := len(p.rights)
	p.cols = p.cols[:0]
	for c := range p.j.LeftColumns {
		v := &p.own[c]
		v.Reset(p.j.LeftKinds[c], n)
		v.Done()
		if v.Kind == column.Datum {
			clear(v.D)
		}
		v.NeedValid(n)
		clear(v.Valid)
		p.cols = append(p.cols, v)
	}
	for c := range p.j.RightColumns {
		v := &p.own[len(p.j.LeftColumns)+c]
		gatherInto(v, &table.cols[c], p.rights)
		p.cols = append(p.cols, v)
	}
	p.batch = column.Batch{N: n, Cols: p.cols, Seq: 1 << 30}
	return &p.batch
}
