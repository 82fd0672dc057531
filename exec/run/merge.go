package run

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// mergeOp is MERGE. It yields no rows.
type mergeOp struct {
	*changeOp
	actions []mergeAction
	values  []pgtype.Datum
	touched map[string]struct{} // rows of the target that this command changed
}

type mergeAction struct {
	*plan.MergeAction
	cond     expr.Eval
	set      []assign
	row      []expr.Eval // of an insert, by place in Nums
	strength kv.LockMode
}

func (b *builder) merge(n *plan.Merge, outer *expr.Scope) (Operator, error) {
	c, err := b.change(n.Source, n.Rel, n.Table, n.Recheck, outer)
	if err != nil {
		return nil, err
	}
	c.buffered, c.bound = true, n.Rules
	if c.rules, err = b.rules(n.Table, n.Rules); err != nil {
		return nil, err
	}
	m := &mergeOp{changeOp: c, values: make([]pgtype.Datum, len(n.Table.Columns))}
	over := b.compiler(n.Source.Columns(), outer)
	for _, a := range n.Actions {
		x := mergeAction{MergeAction: a, strength: kv.ForUpdate}
		if a.Cond != nil {
			if x.cond, err = over.Compile(a.Cond); err != nil {
				return nil, err
			}
		}
		if x.set, err = compileAssigns(over, a.Set); err != nil {
			return nil, err
		}
		if x.row, err = over.CompileAll(a.Values); err != nil {
			return nil, err
		}
		if a.Kind == plan.MergeUpdate && !setsKey(n.Table, a.Set) {
			x.strength = kv.ForNoKeyUpdate
		}
		m.actions = append(m.actions, x)
	}
	return m, nil
}

func (m *mergeOp) Open(outer *expr.Frame) error {
	m.touched = nil
	return m.open(outer)
}

func (m *mergeOp) Next() ([]pgtype.Datum, error) {
	for n := 1; ; n++ {
		if n&1023 == 0 {
			if err := m.exec.check(); err != nil {
				return nil, err
			}
		}
		row, err := m.next()
		if err != nil || row == nil {
			return nil, err
		}
		m.row = row
		if err := m.mergeRow(); err != nil {
			return nil, m.located(err)
		}
	}
}

// mergeRow does what the clauses say of one row. A match that is gone by the time its row is locked is none; one that has changed is looked at again.
func (m *mergeOp) mergeRow() error {
	matched := !m.row[m.locator].IsNull()
	if matched {
		gone, err := m.matched()
		if err != nil || !gone {
			return err
		}
	}
	a, err := m.choose(false)
	if err != nil || a == nil || a.Kind != plan.MergeInsert {
		return err
	}
	return m.insert(a)
}

// choose finds the first clause whose condition holds for the row at hand, nil when there is none.
func (m *mergeOp) choose(matched bool) (*mergeAction, error) {
	m.frame.Row = m.row
	for i := range m.actions {
		a := &m.actions[i]
		if a.Matched != matched {
			continue
		}
		if a.cond != nil {
			v, err := a.cond(&m.frame)
			if err != nil {
				return nil, err
			}
			if v.IsNull() || !v.Bool() {
				continue
			}
		}
		return a, nil
	}
	return nil, nil
}

// matched changes the target's row; gone says that there is no match any more.
func (m *mergeOp) matched() (gone bool, err error) {
	a, err := m.choose(true)
	if err != nil || a == nil || a.Kind == plan.MergeNothing {
		return false, err
	}
	_, key := userdata.SplitLocator(m.row[m.locator])
	if _, twice := m.touched[string(key)]; twice {
		return false, pgerr.New(pgerr.CardinalityViolation, "MERGE command cannot affect row a second time").
			WithHint("Ensure that not more than one source row matches any one target row.")
	}
	m.strength = a.strength
	status, err := m.table.Lock(m.exec.Ctx(), m.exec.Access, m.row[m.locator], userdata.LockRequest{Mode: m.strength}, m.newest)
	if err != nil {
		return false, err
	}
	switch status {
	case userdata.Gone, userdata.Skipped:
		return true, nil
	case userdata.Changed:
		m.row = append([]pgtype.Datum(nil), m.row...)
		for i, p := range m.position {
			if p >= 0 {
				m.row[p] = m.newest[i]
			}
		}
		m.frame.Row = m.row
		v, err := m.recheck(&m.frame)
		if err != nil || v.IsNull() || !v.Bool() {
			return true, err
		}
		if a, err = m.choose(true); err != nil || a == nil || a.Kind == plan.MergeNothing {
			return false, err
		}
		if a.strength != m.strength && a.strength == kv.ForUpdate {
			if _, err := m.table.Lock(m.exec.Ctx(), m.exec.Access, m.row[m.locator], userdata.LockRequest{Mode: a.strength}, m.newest); err != nil {
				return false, err
			}
		}
	}
	clear(m.old)
	for i, p := range m.position {
		if p >= 0 {
			m.old[i] = m.row[p]
		}
	}
	if m.touched == nil {
		m.touched = make(map[string]struct{})
	}
	m.touched[string(key)] = struct{}{}
	m.count++
	if a.Kind == plan.MergeDelete {
		return false, m.deleteRow(m.row[m.locator], m.old)
	}
	return false, m.update(a)
}

func (m *mergeOp) update(a *mergeAction) error {
	copy(m.values, m.old)
	m.frame.Row = m.row
	for _, s := range a.set {
		v, err := s.eval(&m.frame)
		if err != nil {
			return err
		}
		m.values[s.num-1] = v
	}
	if err := m.rules.apply(m.values); err != nil {
		return err
	}
	return m.updateRow(m.row[m.locator], m.old, m.values)
}

func (m *mergeOp) insert(a *mergeAction) error {
	clear(m.values)
	m.frame.Row = m.row
	for i, e := range a.row {
		v, err := e(&m.frame)
		if err != nil {
			return err
		}
		m.values[a.Nums[i]-1] = v
	}
	if err := m.rules.apply(m.values); err != nil {
		return err
	}
	m.count++
	return m.insertRow(m.values)
}
