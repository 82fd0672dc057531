package run

import (
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// windowOp computes window functions. It holds one partition of its ordered input at a time and computes the calls as rows are pulled.
type windowOp struct {
	exec      *Exec
	input     Operator
	stable    bool // the input's rows live until it is closed: they need no copy
	partition []sortKey
	order     []sortKey
	frame     windowFrame
	calls     []windowCall

	eval    expr.Frame
	rows    [][]pgtype.Datum
	arena   pgtype.Arena
	keys    []pgtype.Datum   // of the partition at hand
	next    []pgtype.Datum   // the first row of the partition after it
	at      int              // the current row
	groups  []int            // where the peer groups of the partition begin, once they were asked for
	group   int              // the current row's
	ordered [][]pgtype.Datum // the order's values by row, once they were asked for
	out     []pgtype.Datum
	eof     bool
}

// windowCall computes one call for the current row.
type windowCall interface {
	start() // a new partition
	value() (pgtype.Datum, error)
	enter(rt *expr.Runtime)
}

func (b *builder) window(n *plan.Window, outer *expr.Scope) (Operator, error) {
	input, err := b.build(n.Input, outer)
	if err != nil {
		return nil, err
	}
	columns := n.Input.Columns()
	o := &windowOp{exec: b.exec, input: input, out: make([]pgtype.Datum, len(columns)+len(n.Calls))}
	_, o.stable = input.(*sortOp)
	keys := make([]expr.SortKey, len(n.Partition))
	for i, e := range n.Partition {
		keys[i].Expr = e
	}
	if o.partition, err = b.sortKeys(keys, columns, outer); err != nil {
		return nil, err
	}
	if o.order, err = b.sortKeys(n.Order, columns, outer); err != nil {
		return nil, err
	}
	if err := o.frame.compile(n, b.compiler(nil, outer)); err != nil {
		return nil, err
	}
	for _, e := range n.Calls {
		c, err := b.windowCall(o, e, columns, outer)
		if err != nil {
			return nil, err
		}
		o.calls = append(o.calls, c)
	}
	return o, nil
}

func (b *builder) windowCall(o *windowOp, e *expr.WindowCall, columns []expr.ColID, outer *expr.Scope) (windowCall, error) {
	if e.Def == nil || e.Def.Aggregate == nil && e.Def.Window == nil {
		return nil, pgerr.Unsupported("window function " + e.Proc.Name)
	}
	c := b.compiler(columns, outer)
	args, err := c.CompileAll(e.Args)
	if err != nil {
		return nil, err
	}
	site := &builtin.Call{Proc: e.Proc, Types: typesOf(e.Args), Result: e.T, Variadic: e.Variadic}
	if e.Def.Window != nil {
		return &windowFunction{op: o, code: e.Def.Window, site: site, args: args}, nil
	}
	a := &windowAggregate{op: o, def: e.Def, site: site, args: args, values: make([]pgtype.Datum, len(args))}
	if e.Filter != nil {
		a.filter, err = c.Compile(e.Filter)
	}
	return a, err
}

func (o *windowOp) Open(outer *expr.Frame) error {
	o.rows, o.next, o.at, o.eof = o.rows[:0], nil, 0, false
	o.arena = pgtype.Arena{}
	o.eval = frameOf(outer, o.exec)
	for _, c := range o.calls {
		c.enter(o.exec.RT)
	}
	if err := o.frame.open(&o.eval); err != nil {
		return err
	}
	return o.input.Open(outer)
}

func (o *windowOp) Close() {
	clear(o.rows)
	o.rows, o.next, o.at, o.ordered, o.groups = o.rows[:0], nil, 0, nil, o.groups[:0]
	o.arena = pgtype.Arena{}
	for _, c := range o.calls {
		c.start()
	}
	o.input.Close()
}

func (o *windowOp) Next() ([]pgtype.Datum, error) {
	if o.at++; o.at >= len(o.rows) {
		if err := o.load(); err != nil || len(o.rows) == 0 {
			return nil, err
		}
	}
	if o.at&1023 == 0 {
		if err := o.exec.check(); err != nil {
			return nil, err
		}
	}
	if len(o.groups) > 0 && o.group+1 < len(o.groups) && o.groups[o.group+1] == o.at {
		o.group++
	}
	o.frame.known = false
	n := copy(o.out, o.rows[o.at])
	for i, c := range o.calls {
		v, err := c.value()
		if err != nil {
			return nil, err
		}
		o.out[n+i] = v
	}
	return o.out, nil
}

// load reads the next partition.
func (o *windowOp) load() error {
	clear(o.rows)
	o.rows, o.at, o.groups, o.group, o.ordered = o.rows[:0], 0, o.groups[:0], 0, nil
	o.arena = pgtype.Arena{}
	o.frame.start()
	for _, c := range o.calls {
		c.start()
	}
	if o.next != nil {
		if err := o.first(o.next); err != nil {
			return err
		}
		o.next = nil
	}
	for n := 1; !o.eof; n++ {
		if n&1023 == 0 {
			if err := o.exec.check(); err != nil {
				return err
			}
		}
		row, err := o.input.Next()
		if err != nil {
			return err
		}
		if row == nil {
			o.eof = true
			break
		}
		if len(o.rows) == 0 {
			if err := o.first(row); err != nil {
				return err
			}
			continue
		}
		same, err := o.inPartition(row)
		if err != nil {
			return err
		}
		if !same {
			if o.next = row; !o.stable {
				o.next = copyRow(new(pgtype.Arena), row)
			}
			break
		}
		o.keep(row)
	}
	return nil
}

func (o *windowOp) keep(row []pgtype.Datum) {
	if !o.stable {
		row = copyRow(&o.arena, row)
	}
	o.rows = append(o.rows, row)
}

// first begins a partition.
func (o *windowOp) first(row []pgtype.Datum) error {
	o.keep(row)
	o.eval.Row = o.rows[0]
	o.keys = o.keys[:0]
	for i := range o.partition {
		v, err := o.partition[i].eval(&o.eval)
		if err != nil {
			return err
		}
		o.keys = append(o.keys, o.arena.Own(v))
	}
	return nil
}

func (o *windowOp) inPartition(row []pgtype.Datum) (bool, error) {
	o.eval.Row = row
	for i := range o.partition {
		v, err := o.partition[i].eval(&o.eval)
		if err != nil || o.partition[i].compare(o.keys[i], v) != 0 {
			return false, err
		}
	}
	return true, nil
}

// orderValues gives the values that the order of the window compares, of every row.
func (o *windowOp) orderValues() ([][]pgtype.Datum, error) {
	if o.ordered != nil {
		return o.ordered, nil
	}
	all := make([]pgtype.Datum, len(o.rows)*len(o.order))
	o.ordered = make([][]pgtype.Datum, len(o.rows))
	for i, row := range o.rows {
		o.eval.Row = row
		o.ordered[i] = all[i*len(o.order) : (i+1)*len(o.order)]
		for j := range o.order {
			v, err := o.order[j].eval(&o.eval)
			if err != nil {
				return nil, err
			}
			o.ordered[i][j] = v
		}
	}
	return o.ordered, nil
}

// peers gives the rows that the order does not tell from the current one. The groups of a partition are found when the first call asks for them.
func (o *windowOp) peers() (first, end int, err error) {
	if len(o.groups) == 0 {
		if err := o.findGroups(); err != nil {
			return 0, 0, err
		}
	}
	first, end = o.groups[o.group], len(o.rows)
	if o.group+1 < len(o.groups) {
		end = o.groups[o.group+1]
	}
	return first, end, nil
}

func (o *windowOp) findGroups() error {
	values, err := o.orderValues()
	if err != nil {
		return err
	}
	o.groups, o.group = append(o.groups[:0], 0), 0
	for i := 1; i < len(values); i++ {
		for j := range o.order {
			if o.order[j].compare(values[i-1][j], values[i][j]) != 0 {
				o.groups = append(o.groups, i)
				break
			}
		}
		if o.groups[len(o.groups)-1] <= o.at {
			o.group = len(o.groups) - 1
		}
	}
	return nil
}

// windowFunction is a call of a window function proper. It is also the Partition that its code sees.
type windowFunction struct {
	op   *windowOp
	code builtin.Window
	site *builtin.Call
	args []expr.Eval
	memo [2]int64
	err  error // of finding peers, which has no way to fail of its own
}

func (w *windowFunction) start() { w.memo = [2]int64{} }
func (w *windowFunction) enter(rt *expr.Runtime) {
	w.site.Ctx, w.site.Text, w.site.Env = rt.Ctx, rt.Text, rt.Env
}

func (w *windowFunction) value() (pgtype.Datum, error) {
	v, err := w.code(w.site, w)
	if w.err != nil {
		err, w.err = w.err, nil
	}
	return v, err
}

// Row implements builtin.Partition, as do the following.
func (w *windowFunction) Row() int        { return w.op.at }
func (w *windowFunction) Rows() int       { return len(w.op.rows) }
func (w *windowFunction) Memo() *[2]int64 { return &w.memo }
func (w *windowFunction) Peers() (first, end, before int) {
	first, end, w.err = w.op.peers()
	return first, end, w.op.group
}
func (w *windowFunction) Arg(n, row int) (pgtype.Datum, error) {
	w.op.eval.Row = w.op.rows[row]
	return w.args[n](&w.op.eval)
}
func (w *windowFunction) Head(n int) (int, bool, error) { return w.op.frame.head(w.op, n) }
func (w *windowFunction) Tail() (int, bool, error)      { return w.op.frame.tail(w.op) }
