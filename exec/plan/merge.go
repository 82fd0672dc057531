package plan

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
)

// Merge changes the rows of a table by what a data source has for them. Source yields the source's columns and, where the join condition holds, the target's (all of
// them) and its Locator under Rel; without a match those are NULL. Of the actions for matched or for unmatched rows the first whose condition holds is done.
type Merge struct {
	Rel     int32
	Table   *desc.Relation
	Source  Node
	Recheck expr.Expr // the join condition, asked again of a row that changed while it was waited for
	Actions []*MergeAction
	Rules   *TableRules
}

// MergeKind is what an action does.
type MergeKind uint8

// The kinds of actions.
const (
	MergeNothing MergeKind = iota
	MergeInsert
	MergeUpdate
	MergeDelete
)

// MergeAction is one WHEN clause. Its expressions are over Source's row.
type MergeAction struct {
	Matched bool
	Kind    MergeKind
	Cond    expr.Expr // nil: always
	Set     []Assign  // of an update
	Values  []expr.Expr
	Nums    []int16 // attribute numbers of Values, every live column
}

// Columns implements Node.
func (n *Merge) Columns() []expr.ColID { return nil }

// Children implements Node.
func (n *Merge) Children() []Node { return []Node{n.Source} }

func (m *nodeMapper) merge(n *Merge) Node {
	c := *n
	c.Recheck = m.one(n.Recheck)
	c.Actions = make([]*MergeAction, len(n.Actions))
	for i, a := range n.Actions {
		x := *a
		x.Cond, x.Set, x.Values = m.one(a.Cond), m.assigns(a.Set), m.list(a.Values)
		c.Actions[i] = &x
	}
	return &c
}
