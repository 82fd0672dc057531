package run

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// columnTypes gives the types of a node's output columns, where an operator needs them without expressions (DISTINCT over whole rows).
func columnTypes(node plan.Node) []*pgtype.Type {
	switch n := node.(type) {
	case *plan.Project:
		return typesOf(n.Exprs)
	case *plan.ProjectSet:
		return typesOf(n.Exprs)
	case *plan.Values:
		return typedTypes(n.Types)
	case *plan.SetOp:
		return typedTypes(n.Types)
	case *plan.Aggregate:
		out := typesOf(n.Keys)
		for _, a := range n.Aggs {
			out = append(out, a.T)
		}
		for range n.Grouping {
			out = append(out, pgtype.ByOID(pgtype.OIDInt4))
		}
		return out
	case *plan.Window:
		out := columnTypes(n.Input)
		for _, c := range n.Calls {
			out = append(out, c.T)
		}
		return out
	case *plan.With:
		return columnTypes(n.Body)
	case *plan.Join:
		out := columnTypes(n.Left)
		if n.Kind == plan.Semi || n.Kind == plan.Anti {
			return out
		}
		return append(out, columnTypes(n.Right)...)
	case *plan.Filter:
		return columnTypes(n.Input)
	case *plan.Sort:
		return columnTypes(n.Input)
	case *plan.Limit:
		return columnTypes(n.Input)
	case *plan.Distinct:
		return columnTypes(n.Input)
	case *plan.LockRows:
		return columnTypes(n.Input)
	}
	return nil
}

func typedTypes(list []expr.Typed) []*pgtype.Type {
	out := make([]*pgtype.Type, len(list))
	for i, t := range list {
		out[i] = t.T
	}
	return out
}
