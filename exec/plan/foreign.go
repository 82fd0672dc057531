package plan

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgfacts"
)

// ForeignKey is a foreign key with the conversions between the two sides' columns. Expressions see a row of the key's values, Vars of Rel numbered from 1.
type ForeignKey struct {
	Child, Parent *desc.Relation
	Constraint    *desc.Constraint // of Child
	Index         *desc.Index      // the unique index of Parent
	Rel           int32
	// ToParent makes the child's values those that the parent's index has, ToChild the other way round. An element is nil where the values are the same as they are.
	ToParent, ToChild []expr.Expr
	// Exact tells for each column that ToParent loses nothing that equality would see. Where it is false, what ToChild makes of the result decides.
	Exact []bool
	// Operators compare the columns, the referenced one first; nil where the types have none of their own (enums, arrays).
	Operators []*pgfacts.Operator
}

// Referring reads the rows of a foreign key's table that refer to the keys which the run was started for. Its columns are all of the table's, the row's Locator,
// and, when Rekey is set, the values of the referenced row's new key as columns of that Rel, from 1.
type Referring struct {
	Rel   int32
	Key   *ForeignKey
	Rekey int32
}

// Columns implements Node.
func (n *Referring) Columns() []expr.ColID {
	var out []expr.ColID
	for i := range n.Key.Child.Columns {
		if c := &n.Key.Child.Columns[i]; !c.Dropped {
			out = append(out, expr.ColID{Rel: n.Rel, Num: c.Num})
		}
	}
	out = append(out, expr.ColID{Rel: n.Rel, Num: Locator})
	if n.Rekey != 0 {
		for i := range n.Key.Constraint.Columns {
			out = append(out, expr.ColID{Rel: n.Rekey, Num: int16(i + 1)})
		}
	}
	return out
}

// Children implements Node.
func (n *Referring) Children() []Node { return nil }
