package opt

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// useIndexOrder drops sorts whose order an index has: below a LIMIT any index, where that is cheaper, elsewhere the one that the scan uses anyway.
func (p *planner) useIndexOrder(n plan.Node) plan.Node {
	switch n := n.(type) {
	case *plan.Limit:
		if s, ok := n.Input.(*plan.Sort); ok {
			if in, ok := inOrder(s.Input, s.Keys, true); ok {
				c := *n
				c.Input = plan.MapChildren(in, p.useIndexOrder)
				return &c
			}
		}
	case *plan.Sort:
		if in, ok := inOrder(n.Input, n.Keys, false); ok {
			return plan.MapChildren(in, p.useIndexOrder)
		}
	}
	return plan.MapChildren(n, p.useIndexOrder)
}

// inOrder makes a plan yield its rows in an order without sorting; ok is false when it cannot.
func inOrder(n plan.Node, keys []expr.SortKey, limited bool) (plan.Node, bool) {
	switch n := n.(type) {
	case *plan.Filter:
		in, ok := inOrder(n.Input, keys, limited)
		if !ok {
			return nil, false
		}
		return &plan.Filter{Input: in, Cond: n.Cond}, true
	case *plan.Scan:
		return scanInOrder(n, keys, limited)
	}
	return nil, false
}

func scanInOrder(n *plan.Scan, keys []expr.SortKey, limited bool) (plan.Node, bool) {
	// The scopes of a user table follow each other, so its rows are in no order of columns alone when all are read.
	if n.Table.Class != desc.Shared || n.Table.Kind != desc.Table || n.Access.In != nil {
		return nil, false
	}
	nums := make([]int16, len(keys))
	for i, k := range keys {
		v, ok := k.Expr.(*expr.Var)
		if !ok || v.ID.Rel != n.Rel || v.ID.Num < 1 || k.Operator != 0 || k.NullsFirst != k.Desc {
			return nil, false
		}
		nums[i] = v.ID.Num
	}
	for i := range n.Table.Indexes {
		x := &n.Table.Indexes[i]
		using := n.Access.Keyed && (n.Access.Index == x || n.Access.Index == nil && x.Primary)
		free := !n.Access.Keyed && (x.Primary || limited && n.Filter == nil)
		if !using && !free || !x.Valid || x.Predicate != "" || x.Method != "" && x.Method != "btree" {
			continue
		}
		reverse, ok := follows(x, len(n.Access.Equal), nums, keys)
		if !ok {
			continue
		}
		c := *n
		c.Access.Keyed, c.Access.Reverse = true, reverse
		if !x.Primary {
			c.Access.Index = x
		}
		return &c, true
	}
	return nil, false
}

// follows tells whether an index, after its first columns are fixed, goes in the order of the keys, forwards or backwards.
func follows(x *desc.Index, fixed int, nums []int16, keys []expr.SortKey) (reverse, ok bool) {
	for i, num := range nums {
		at := fixed + i
		if at >= len(x.Keys) {
			// All columns of a unique index are fixed or sorted by: the rest of the keys decides nothing. NULLs could repeat, though.
			return reverse, x.Primary && i > 0
		}
		k := x.Keys[at]
		if k.Num != num || k.NullsFirst != k.Desc {
			return false, false
		}
		back := k.Desc != keys[i].Desc
		if i > 0 && back != reverse {
			return false, false
		}
		reverse = back
	}
	return reverse, len(nums) > 0
}
