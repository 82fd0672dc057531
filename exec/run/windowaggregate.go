package run

import (
	"slices"

	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// windowAggregate is an aggregate over a window. While frames only grow it goes on from row to row; where they move it takes rows away again (builtin.Remover),
// else puts frames together from partial states of blocks of rows (builtin.Merger), and only where the aggregate can do neither it starts anew for each row.
type windowAggregate struct {
	op     *windowOp
	def    *builtin.Def
	site   *builtin.Call
	args   []expr.Eval
	filter expr.Eval
	values []pgtype.Datum

	spans, now []span // of the last row and of this one
	result     pgtype.Datum
	known      bool          // result is that of spans
	state      builtin.State // of the rows of running
	running    span
	blocks     [][]builtin.State // states of blockRows<<level rows, by level and place
}

// blockRows is the number of rows in the smallest block that has a state of its own.
const blockRows = 16

func (a *windowAggregate) enter(rt *expr.Runtime) {
	a.site.Ctx, a.site.Text, a.site.Env = rt.Ctx, rt.Text, rt.Env
}

func (a *windowAggregate) start() {
	a.spans, a.known, a.state, a.blocks, a.running = a.spans[:0], false, nil, nil, span{}
	a.result = pgtype.Null
}

func (a *windowAggregate) value() (pgtype.Datum, error) {
	var err error
	if a.now, err = a.op.frame.spans(a.op, a.now); err != nil {
		return pgtype.Null, err
	}
	if a.known && slices.Equal(a.now, a.spans) {
		return a.result, nil
	}
	state, err := a.stateOf(a.now)
	if err != nil {
		return pgtype.Null, err
	}
	if a.result, err = state.Result(); err != nil {
		return pgtype.Null, err
	}
	a.spans, a.now, a.known = a.now, a.spans, true
	return a.result, nil
}

func (a *windowAggregate) fresh() (builtin.State, error) { return a.def.Aggregate(a.site, nil) }

// stateOf gives a state over the rows of a frame.
func (a *windowAggregate) stateOf(frame []span) (builtin.State, error) {
	if len(frame) == 1 {
		if ok, err := a.move(frame[0]); ok || err != nil {
			return a.state, err
		}
	}
	state, err := a.fresh()
	if err != nil {
		return nil, err
	}
	merger, merges := state.(builtin.Merger)
	rows := 0
	for _, s := range frame {
		rows += s.end - s.first
	}
	if merges && rows > 2*blockRows {
		for _, s := range frame {
			if err := a.merge(merger, s); err != nil {
				return nil, err
			}
		}
		return state, nil
	}
	for _, s := range frame {
		if err := a.add(state, s); err != nil {
			return nil, err
		}
	}
	if len(frame) == 1 {
		a.state, a.running = state, frame[0]
	}
	return state, nil
}

// move takes the running state to a frame that begins and ends not before its own; false when it cannot.
func (a *windowAggregate) move(to span) (bool, error) {
	if a.state == nil || to.end < a.running.end || to.first < a.running.first || to.first > a.running.end {
		return false, nil
	}
	if to.first > a.running.first {
		remover, ok := a.state.(builtin.Remover)
		if !ok || to.first-a.running.first > to.end-to.first {
			return false, nil
		}
		for row := a.running.first; row < to.first; row++ {
			take, err := a.arguments(row)
			if err != nil {
				return false, err
			}
			if !take {
				continue
			}
			if done, err := remover.Remove(a.values); err != nil || !done {
				a.state = nil
				return false, err
			}
		}
	}
	err := a.add(a.state, span{a.running.end, to.end})
	a.running = to
	return true, err
}

// add gives rows to a state.
func (a *windowAggregate) add(state builtin.State, rows span) error {
	for row := rows.first; row < rows.end; row++ {
		if row&1023 == 1023 {
			if err := a.op.exec.check(); err != nil {
				return err
			}
		}
		take, err := a.arguments(row)
		if err != nil {
			return err
		}
		if take {
			if err := state.Add(a.values); err != nil {
				return err
			}
		}
	}
	return nil
}

// arguments evaluates the call's arguments at a row; false for one that FILTER or a NULL leaves out.
func (a *windowAggregate) arguments(row int) (bool, error) {
	f := &a.op.eval
	f.Row = a.op.rows[row]
	if a.filter != nil {
		v, err := a.filter(f)
		if err != nil || v.IsNull() || !v.Bool() {
			return false, err
		}
	}
	for i, e := range a.args {
		v, err := e(f)
		if err != nil || v.IsNull() && a.def.SkipNulls {
			return false, err
		}
		a.values[i] = v
	}
	return true, nil
}

// merge gives a run of rows to a state, whole blocks by their states.
func (a *windowAggregate) merge(state builtin.Merger, rows span) error {
	if a.blocks == nil {
		if err := a.makeBlocks(); err != nil {
			return err
		}
	}
	for at := rows.first; at < rows.end; {
		level := -1
		for l := range a.blocks {
			size := blockRows << l
			if at%size != 0 || at+size > rows.end || at/size >= len(a.blocks[l]) {
				break
			}
			level = l
		}
		if level < 0 {
			end := min(rows.end, (at/blockRows+1)*blockRows)
			if err := a.add(state, span{at, end}); err != nil {
				return err
			}
			at = end
			continue
		}
		if err := state.Merge(a.blocks[level][at/(blockRows<<level)]); err != nil {
			return err
		}
		at += blockRows << level
	}
	return nil
}

// makeBlocks computes the states of all whole blocks of the partition.
func (a *windowAggregate) makeBlocks() error {
	n := len(a.op.rows)
	a.blocks = [][]builtin.State{}
	var below []builtin.State
	for at := 0; at+blockRows <= n; at += blockRows {
		s, err := a.fresh()
		if err != nil {
			return err
		}
		if err := a.add(s, span{at, at + blockRows}); err != nil {
			return err
		}
		below = append(below, s)
	}
	for len(below) > 0 {
		a.blocks = append(a.blocks, below)
		var level []builtin.State
		for i := 0; i+1 < len(below); i += 2 {
			s, err := a.fresh()
			if err != nil {
				return err
			}
			m := s.(builtin.Merger)
			if err := m.Merge(below[i]); err != nil {
				return err
			}
			if err := m.Merge(below[i+1]); err != nil {
				return err
			}
			level = append(level, s)
		}
		below = level
	}
	return nil
}
