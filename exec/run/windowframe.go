package run

import (
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// windowFrame finds the frame of the current row. Frames move forward only, so that one pass over the partition finds them all.
type windowFrame struct {
	unit     plan.FrameUnit
	from, to frameEnd
	exclude  plan.FrameExclusion

	known       bool // first and end are the current row's
	first, last int  // the frame before exclusion: from first up to last, empty unless first < last
}

// frameEnd is one end of a frame.
type frameEnd struct {
	kind    plan.BoundKind
	offset  expr.Eval
	value   pgtype.Datum // of the offset, in this run
	inRange builtin.Scalar
	site    *builtin.Call
	args    [5]pgtype.Datum
	whole   bool // the order and the offset are integers
	cursor  int  // of a RANGE with an offset: where the last row's frame ended
}

func (f *windowFrame) compile(n *plan.Window, c *expr.Compiler) error {
	f.unit, f.exclude = n.Frame.Unit, n.Frame.Exclude
	for _, x := range []struct {
		end   *frameEnd
		bound plan.FrameBound
	}{{&f.from, n.Frame.Start}, {&f.to, n.Frame.End}} {
		x.end.kind = x.bound.Kind
		if x.bound.Offset != nil {
			var err error
			if x.end.offset, err = c.Compile(x.bound.Offset); err != nil {
				return err
			}
		}
		if call := x.bound.InRange; call != nil {
			if call.Code == nil {
				return builtin.Missing(call.Proc)
			}
			t := n.Order[0].Expr.Type().BaseType()
			x.end.inRange, x.end.whole = call.Code, integer(t)
			x.end.site = &builtin.Call{Proc: call.Proc, Types: []*pgtype.Type{t, t, x.bound.Offset.Type(), pgtype.ByOID(pgtype.OIDBool), pgtype.ByOID(pgtype.OIDBool)}, Result: call.T}
		}
	}
	return nil
}

// open evaluates the offsets, once for all rows.
func (f *windowFrame) open(frame *expr.Frame) error {
	if err := f.from.open(frame, f.unit, "starting"); err != nil {
		return err
	}
	return f.to.open(frame, f.unit, "ending")
}

func (e *frameEnd) open(frame *expr.Frame, unit plan.FrameUnit, which string) error {
	if e.offset == nil {
		return nil
	}
	v, err := e.offset(frame)
	switch {
	case err != nil:
		return err
	case v.IsNull():
		return pgerr.Newf(pgerr.NullValueNotAllowed, "frame %s offset must not be null", which)
	case unit != plan.FrameRange && v.Int() < 0:
		return pgerr.Newf(pgerr.InvalidPrecedingOrFollowingSize, "frame %s offset must not be negative", which)
	}
	e.value = v
	if e.site != nil {
		e.site.Ctx, e.site.Text, e.site.Env = frame.RT.Ctx, frame.RT.Text, frame.RT.Env
	}
	return nil
}

// start begins a partition.
func (f *windowFrame) start() { f.known, f.from.cursor, f.to.cursor = false, 0, 0 }

// bounds gives the frame of the current row before exclusion.
func (f *windowFrame) bounds(o *windowOp) (first, end int, err error) {
	if f.known {
		return f.first, f.last, nil
	}
	if f.first, err = f.from.find(o, f.unit, true); err != nil {
		return 0, 0, err
	}
	if f.last, err = f.to.find(o, f.unit, false); err != nil {
		return 0, 0, err
	}
	f.known = true
	return f.first, f.last, nil
}

// find gives the first row of the frame, or for its end the row after the last.
func (e *frameEnd) find(o *windowOp, unit plan.FrameUnit, start bool) (int, error) {
	n := len(o.rows)
	switch {
	case e.kind == plan.Unbounded && start:
		return 0, nil
	case e.kind == plan.Unbounded:
		return n, nil
	case unit == plan.FrameRange && e.kind != plan.CurrentRow:
		return e.inOrder(o, start)
	}
	offset := int64(0)
	switch e.kind {
	case plan.Preceding:
		offset = -e.value.Int()
	case plan.Following:
		offset = e.value.Int()
	}
	if unit == plan.FrameRows {
		if offset > int64(n) {
			return n, nil
		}
		at := o.at + int(max(offset, -int64(n)-1))
		if !start {
			at++
		}
		return min(max(at, 0), n), nil
	}
	if _, _, err := o.peers(); err != nil {
		return 0, err
	}
	count := int64(len(o.groups))
	g := int64(o.group) + max(min(offset, count), -count-1)
	if !start {
		g++
	}
	switch {
	case g < 0:
		return 0, nil
	case g >= count:
		return n, nil
	}
	return o.groups[g], nil
}

// inOrder finds an end at a distance in the values of the order. NULLs are the peers of NULLs only.
func (e *frameEnd) inOrder(o *windowOp, start bool) (int, error) {
	values, err := o.orderValues()
	if err != nil {
		return 0, err
	}
	key := &o.order[0]
	current := values[o.at][0]
	sub, less := (e.kind == plan.Preceding) != key.desc, start == key.desc
	limit, plain := int64(0), e.whole && !current.IsNull() && e.value.Int() >= 0
	if plain {
		if limit = current.Int() + e.value.Int(); sub {
			limit = current.Int() - e.value.Int()
		}
		plain = sub == (limit <= current.Int()) || e.value.Int() == 0 // else it has overflown
	}
	for ; e.cursor < len(values); e.cursor++ {
		v := values[e.cursor][0]
		var stop bool
		switch {
		case plain && !v.IsNull():
			stop = (less && v.Int() <= limit || !less && v.Int() >= limit) == start
		case v.IsNull() || current.IsNull():
			// The NULLs are all before the other rows, or all after them.
			if start {
				stop = v.IsNull() == current.IsNull() || v.IsNull() != key.nullsFirst
			} else {
				stop = v.IsNull() != current.IsNull() && v.IsNull() != key.nullsFirst
			}
		default:
			e.args = [5]pgtype.Datum{v, current, e.value, pgtype.Bool(sub), pgtype.Bool(less)}
			within, err := e.inRange(e.site, e.args[:])
			if err != nil {
				return 0, err
			}
			stop = within.Bool() == start
		}
		if stop {
			break
		}
	}
	return e.cursor, nil
}

// span is a run of rows from first up to end.
type span struct{ first, end int }

// spans gives the rows of the current row's frame, exclusion applied, in at most three runs.
func (f *windowFrame) spans(o *windowOp, dst []span) ([]span, error) {
	dst = dst[:0]
	first, end, err := f.bounds(o)
	if err != nil || first >= end {
		return dst, err
	}
	if f.exclude == plan.ExcludeNothing {
		return append(dst, span{first, end}), nil
	}
	from, to := o.at, o.at+1
	if f.exclude != plan.ExcludeCurrentRow {
		if from, to, err = o.peers(); err != nil {
			return dst, err
		}
	}
	add := func(a, b int) {
		if a, b = max(a, first), min(b, end); a < b {
			dst = append(dst, span{a, b})
		}
	}
	add(first, from)
	if f.exclude == plan.ExcludeTies {
		add(o.at, o.at+1)
	}
	add(to, end)
	return dst, nil
}

// head finds the n-th row of the frame. As in PostgreSQL, EXCLUDE TIES counts the current row when its peers are in the frame, even where it is not itself; there is
// no row then.
func (f *windowFrame) head(o *windowOp, n int) (int, bool, error) {
	first, end, err := f.bounds(o)
	if err != nil {
		return 0, false, err
	}
	at := first + n
	switch f.exclude {
	case plan.ExcludeCurrentRow:
		if at >= o.at && o.at >= first {
			at++
		}
	case plan.ExcludeGroup, plan.ExcludeTies:
		from, to, err := o.peers()
		if err != nil {
			return 0, false, err
		}
		if overlap := max(from, first); at >= from && to > first {
			switch {
			case f.exclude == plan.ExcludeGroup:
				at += to - overlap
			case at == overlap:
				at = o.at
			default:
				at += to - overlap - 1
			}
		}
	}
	return at, at >= first && at < end, nil
}

// tail finds the last row of the frame, by the rules of head.
func (f *windowFrame) tail(o *windowOp) (int, bool, error) {
	first, end, err := f.bounds(o)
	if err != nil {
		return 0, false, err
	}
	at := end - 1
	switch f.exclude {
	case plan.ExcludeCurrentRow:
		if at <= o.at && o.at < end {
			at--
		}
	case plan.ExcludeGroup, plan.ExcludeTies:
		from, to, err := o.peers()
		if err != nil {
			return 0, false, err
		}
		if overlap := min(to, end); at < to && from < end {
			switch {
			case f.exclude == plan.ExcludeGroup:
				at -= overlap - from
			case at == overlap-1:
				at = o.at
			default:
				at -= overlap - 1 - from
			}
		}
	}
	return at, at >= first && at < end, nil
}
