package opt

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// uniqueRows tells whether no two rows of a plan have the same values in some columns.
func uniqueRows(n plan.Node, columns []expr.Expr) bool {
	switch n := n.(type) {
	case *plan.Filter:
		return uniqueRows(n.Input, columns)
	case *plan.Sort:
		return uniqueRows(n.Input, columns)
	case *plan.Limit:
		return uniqueRows(n.Input, columns)
	case *plan.Project:
		below := make([]expr.Expr, 0, len(columns))
		for _, c := range columns {
			if v, ok := c.(*expr.Var); ok && v.ID.Rel == n.Rel {
				below = append(below, n.Exprs[v.ID.Num-1])
			}
		}
		return uniqueRows(n.Input, below)
	case *plan.Aggregate:
		if n.Sets != nil || len(n.Keys) == 0 {
			return n.Sets == nil
		}
		for i := range n.Keys {
			if !hasColumn(columns, expr.ColID{Rel: n.Rel, Num: int16(i + 1)}) {
				return false
			}
		}
		return true
	case *plan.Distinct:
		for _, id := range n.Columns() {
			if n.On != nil || !hasColumn(columns, id) {
				return uniqueRows(n.Input, columns)
			}
		}
		return true
	case *plan.Join:
		if n.Kind == plan.Semi || n.Kind == plan.Anti {
			return uniqueRows(n.Left, columns)
		}
		return n.Kind == plan.Inner && !n.Lateral && uniqueRows(n.Left, columns) && uniqueRows(n.Right, columns)
	case *plan.Scan:
		return uniqueScan(n, columns)
	}
	return false
}

// uniqueScan tells whether columns include a unique key of a table without NULLs, or the rest of one whose other columns are fixed.
func uniqueScan(n *plan.Scan, columns []expr.Expr) bool {
	if n.Table.Class != desc.Shared {
		return false
	}
	var nums []int16
	for _, c := range columns {
		if v, ok := c.(*expr.Var); ok && v.ID.Rel == n.Rel {
			if d := n.Table.ColumnByNum(v.ID.Num); d != nil && d.NotNull {
				nums = append(nums, v.ID.Num)
			}
		}
	}
	return coversUnique(n.Table, nums)
}

func hasColumn(list []expr.Expr, id expr.ColID) bool {
	for _, e := range list {
		if v, ok := e.(*expr.Var); ok && v.ID == id {
			return true
		}
	}
	return false
}
