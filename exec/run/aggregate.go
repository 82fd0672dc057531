package run

import (
	"slices"

	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// aggregateOp groups its input by hashing, once per grouping set, and yields the groups in the order in which they first appeared.
type aggregateOp struct {
	exec     *Exec
	n        *plan.Aggregate
	input    Operator
	keys     []expr.Eval
	aggs     []*aggCall
	grouping [][]int
	keyer    *keyer
	sets     [][]int

	groups []*group
	at     int
	row    []pgtype.Datum
}

// aggCall is a compiled aggregate call.
type aggCall struct {
	e      *expr.Aggregate
	args   []expr.Eval
	direct []expr.Eval
	filter expr.Eval
	order  []sortKey
	site   *builtin.Call
	values []pgtype.Datum
}

// group is one output row in the making.
type group struct {
	set    int
	keys   []pgtype.Datum
	states []builtin.State
	held   []*heldRows // of DISTINCT and ordered aggregates
}

// heldRows keeps the arguments of an aggregate that wants them distinct or in order.
type heldRows struct {
	rows []sorted
	seen map[string]struct{}
}

func (b *builder) aggregate(n *plan.Aggregate, outer *expr.Scope) (Operator, error) {
	input, err := b.build(n.Input, outer)
	if err != nil {
		return nil, err
	}
	a := &aggregateOp{exec: b.exec, n: n, input: input, sets: n.Sets}
	c := b.compiler(n.Input.Columns(), outer)
	if a.keys, err = c.CompileAll(n.Keys); err != nil {
		return nil, err
	}
	if a.keyer, err = newKeyer(typesOf(n.Keys)); err != nil {
		return nil, err
	}
	if a.sets == nil {
		all := make([]int, len(n.Keys))
		for i := range all {
			all[i] = i
		}
		a.sets = [][]int{all}
	}
	for _, e := range n.Aggs {
		call, err := b.aggCall(e, n.Input.Columns(), outer)
		if err != nil {
			return nil, err
		}
		a.aggs = append(a.aggs, call)
	}
	a.row = make([]pgtype.Datum, len(n.Keys)+len(n.Aggs)+len(n.Grouping))
	return a, nil
}

func (b *builder) aggCall(e *expr.Aggregate, columns []expr.ColID, outer *expr.Scope) (*aggCall, error) {
	if e.Def == nil || e.Def.Aggregate == nil {
		return nil, pgerr.Unsupported("aggregate function " + e.Proc.Name)
	}
	c := b.compiler(columns, outer)
	call := &aggCall{e: e, values: make([]pgtype.Datum, len(e.Args))}
	var err error
	if call.args, err = c.CompileAll(e.Args); err != nil {
		return nil, err
	}
	if call.direct, err = c.CompileAll(e.Direct); err != nil {
		return nil, err
	}
	if e.Filter != nil {
		if call.filter, err = c.Compile(e.Filter); err != nil {
			return nil, err
		}
	}
	if call.order, err = b.sortKeys(e.Order, columns, outer); err != nil {
		return nil, err
	}
	call.site = &builtin.Call{Proc: e.Proc, Types: append(typesOf(e.Direct), typesOf(e.Args)...), Result: e.T, Variadic: e.Variadic}
	call.site.Order = func(x, y []pgtype.Datum) int {
		for i := range call.order {
			if d := call.order[i].compare(x[i], y[i]); d != 0 {
				return d
			}
		}
		return 0
	}
	return call, nil
}

func (a *aggregateOp) Open(outer *expr.Frame) error {
	a.groups, a.at = nil, 0
	if err := a.input.Open(outer); err != nil {
		return err
	}
	defer a.input.Close()
	frame := frameOf(outer, a.exec)
	for _, c := range a.aggs {
		c.site.Ctx, c.site.Text, c.site.Env = a.exec.RT.Ctx, a.exec.RT.Text, a.exec.RT.Env
	}
	if err := a.read(&frame); err != nil {
		return err
	}
	return a.finish()
}

func (a *aggregateOp) read(frame *expr.Frame) error {
	table := make(map[string]*group)
	var arena pgtype.Arena
	values, masked := make([]pgtype.Datum, len(a.keys)), make([]pgtype.Datum, len(a.keys))
	for set, keys := range a.sets {
		if len(keys) == 0 { // a grand total has its group even without rows
			if _, err := a.groupOf(table, set, masked, &arena, frame); err != nil {
				return err
			}
		}
	}
	for n := 0; ; n++ {
		if n&1023 == 0 {
			if err := a.exec.check(); err != nil {
				return err
			}
		}
		row, err := a.input.Next()
		if err != nil || row == nil {
			return err
		}
		frame.Row = row
		for i, e := range a.keys {
			if values[i], err = e(frame); err != nil {
				return err
			}
		}
		for set, keys := range a.sets {
			of := values
			if len(keys) < len(values) {
				clear(masked)
				for _, k := range keys {
					masked[k] = values[k]
				}
				of = masked
			}
			g, err := a.groupOf(table, set, of, &arena, frame)
			if err != nil {
				return err
			}
			if err := a.add(g, frame, &arena); err != nil {
				return err
			}
		}
	}
}

// groupOf finds or makes the group of key values in a grouping set.
func (a *aggregateOp) groupOf(table map[string]*group, set int, values []pgtype.Datum, arena *pgtype.Arena, frame *expr.Frame) (*group, error) {
	key, _ := a.keyer.key(values)
	if len(a.sets) > 1 {
		key = append(key, byte(set), byte(set>>8))
		a.keyer.buf = key
	}
	if g := table[string(key)]; g != nil {
		return g, nil
	}
	g := &group{set: set, keys: copyRow(arena, values), states: make([]builtin.State, len(a.aggs)), held: make([]*heldRows, len(a.aggs))}
	for i, c := range a.aggs {
		direct := make([]pgtype.Datum, len(c.direct))
		for j, e := range c.direct {
			var err error
			if direct[j], err = e(frame); err != nil {
				return nil, err
			}
		}
		var err error
		if g.states[i], err = c.e.Def.Aggregate(c.site, direct); err != nil {
			return nil, err
		}
		if c.e.Distinct || len(c.order) > 0 {
			g.held[i] = &heldRows{seen: make(map[string]struct{})}
		}
	}
	table[string(key)] = g
	a.groups = append(a.groups, g)
	return g, nil
}

// add gives a row to the aggregates of its group.
func (a *aggregateOp) add(g *group, frame *expr.Frame, arena *pgtype.Arena) error {
	for i, c := range a.aggs {
		if c.filter != nil {
			v, err := c.filter(frame)
			if err != nil {
				return err
			}
			if v.IsNull() || !v.Bool() {
				continue
			}
		}
		skip := false
		for j, e := range c.args {
			v, err := e(frame)
			if err != nil {
				return err
			}
			if v.IsNull() && c.e.Def.SkipNulls {
				skip = true
				break
			}
			c.values[j] = arena.Own(v)
		}
		if skip {
			continue
		}
		if h := g.held[i]; h != nil {
			if err := h.add(c, frame); err != nil {
				return err
			}
			continue
		}
		if err := g.states[i].Add(c.values); err != nil {
			return err
		}
	}
	return nil
}

func (h *heldRows) add(c *aggCall, frame *expr.Frame) error {
	item := sorted{row: append([]pgtype.Datum(nil), c.values...), seq: len(h.rows)}
	if c.e.Distinct {
		k, err := newKeyer(typesOf(c.e.Args))
		if err != nil {
			return err
		}
		key, _ := k.key(c.values)
		if _, twice := h.seen[string(key)]; twice {
			return nil
		}
		h.seen[string(key)] = struct{}{}
	}
	for i := range c.order {
		v, err := c.order[i].eval(frame)
		if err != nil {
			return err
		}
		item.keys = append(item.keys, v)
	}
	h.rows = append(h.rows, item)
	return nil
}

// finish feeds the aggregates that held their rows back.
func (a *aggregateOp) finish() error {
	for _, g := range a.groups {
		for i, h := range g.held {
			if h == nil {
				continue
			}
			h.sort(a.aggs[i])
			for _, item := range h.rows {
				if err := g.states[i].Add(item.row); err != nil {
					return err
				}
			}
			g.held[i] = nil
		}
	}
	return nil
}

// sort orders the held rows by the aggregate's ORDER BY; DISTINCT without one sorts by the arguments, as PostgreSQL does.
func (h *heldRows) sort(c *aggCall) {
	slices.SortStableFunc(h.rows, func(a, b sorted) int {
		for i := range c.order {
			if x := c.order[i].compare(a.keys[i], b.keys[i]); x != 0 {
				return x
			}
		}
		if len(c.order) == 0 {
			for i, e := range c.e.Args {
				k := sortKey{order: e.Type().Codec.Compare}
				if x := k.compare(a.row[i], b.row[i]); x != 0 {
					return x
				}
			}
		}
		return 0
	})
}

func (a *aggregateOp) Next() ([]pgtype.Datum, error) {
	if a.at == len(a.groups) {
		return nil, nil
	}
	g := a.groups[a.at]
	a.groups[a.at] = nil
	a.at++
	copy(a.row, g.keys)
	for i, s := range g.states {
		var err error
		if a.row[len(g.keys)+i], err = s.Result(); err != nil {
			return nil, err
		}
	}
	for i, x := range a.n.Grouping {
		a.row[len(g.keys)+len(g.states)+i] = pgtype.Int(groupingBits(x.Keys, a.sets[g.set]))
	}
	return a.row, nil
}

// groupingBits is GROUPING(): one bit per argument, the last lowest, set when the key is not in the grouping set.
func groupingBits(keys, set []int) int64 {
	var bits int64
	for _, k := range keys {
		bits <<= 1
		if !slices.Contains(set, k) {
			bits |= 1
		}
	}
	return bits
}

func (a *aggregateOp) Close() { a.input.Close(); a.groups = nil; a.at = 0 }
