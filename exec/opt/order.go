package opt

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// useIndexOrder drops sorts whose order an index has: always where the scan goes by that index anyway, and where reading the index, below a LIMIT only as far as it has to be,
// is thought to be cheaper than reading and sorting. Sorts of rows that are sorted already, or at most one, go too. min and max of an indexed column read its first entry.
func (p *planner) useIndexOrder(n plan.Node) plan.Node {
	switch n := n.(type) {
	case *plan.Limit:
		if s, ok := n.Input.(*plan.Sort); ok && !n.WithTies {
			if in := p.limitedOrder(n, s); in != nil {
				c := *n
				c.Input = plan.MapChildren(in, p.useIndexOrder)
				return &c
			}
		}
	case *plan.Sort:
		if oneRowAtMost(n.Input) {
			return p.useIndexOrder(n.Input)
		}
		if in := p.sortedOrder(n); in != nil {
			return plan.MapChildren(in, p.useIndexOrder)
		}
	case *plan.Aggregate:
		if in := p.extreme(n); in != nil {
			c := *n
			c.Input = in
			return &c
		}
	}
	return plan.MapChildren(n, p.useIndexOrder)
}

// oneRowAtMost tells whether a plan has no order to speak of.
func oneRowAtMost(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.OneRow:
		return true
	case *plan.Aggregate:
		return len(n.Keys) == 0 && n.Sets == nil
	case *plan.Filter:
		return oneRowAtMost(n.Input)
	case *plan.Project:
		return oneRowAtMost(n.Input)
	}
	return false
}

// sortedOrder gives the input of a sort in the sort's order, nil when sorting is the way.
func (p *planner) sortedOrder(n *plan.Sort) plan.Node {
	best, free := p.inOrder(n.Input, n.Keys)
	if best == nil {
		return nil
	}
	if free || p.estimate(best).Total <= p.estimate(n).Total {
		return best
	}
	return nil
}

// limitedOrder is the same below a limit: only the part that the limit lets through is read.
func (p *planner) limitedOrder(n *plan.Limit, s *plan.Sort) plan.Node {
	best, free := p.inOrder(s.Input, s.Keys)
	if best == nil || free {
		return best
	}
	c := *n
	c.Input = best
	if p.estimate(&c).Total <= p.estimate(n).Total {
		return best
	}
	return nil
}

// inOrder makes a plan yield its rows in an order without sorting; nil when it cannot. free tells that it does so without another access path.
func (p *planner) inOrder(n plan.Node, keys []expr.SortKey) (in plan.Node, free bool) {
	switch n := n.(type) {
	case *plan.Filter:
		if in, free = p.inOrder(n.Input, keys); in != nil {
			return &plan.Filter{Input: in, Cond: n.Cond}, free
		}
	case *plan.Project:
		below := make([]expr.SortKey, len(keys))
		for i, k := range keys {
			v, ok := k.Expr.(*expr.Var)
			if !ok || v.ID.Rel != n.Rel {
				return nil, false
			}
			below[i] = k
			below[i].Expr = n.Exprs[v.ID.Num-1]
		}
		if in, free = p.inOrder(n.Input, below); in != nil {
			c := *n
			c.Input = in
			return &c, free
		}
	case *plan.Scan:
		return p.scanInOrder(n, keys)
	}
	return nil, false
}

func (p *planner) scanInOrder(n *plan.Scan, keys []expr.SortKey) (plan.Node, bool) {
	// The scopes of a user table follow each other, so its rows are in no order of columns alone when all are read.
	if n.Table.Class != desc.Shared || n.Table.Kind != desc.Table && n.Table.Kind != desc.MatView || n.Access.In != nil {
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
	var best *plan.Scan
	for i := range n.Table.Indexes {
		x := &n.Table.Indexes[i]
		if !usable(x) {
			continue
		}
		if n.Access.Keyed && accessIndex(n.Table, n.Access) == x {
			if reverse, ok := follows(x, len(n.Access.Equal), nums, keys); ok {
				c := *n
				c.Access.Reverse = reverse
				return &c, true
			}
			continue
		}
		if n.Access.Keyed { // its conditions are the path's and not to be had back
			continue
		}
		c := p.throughIndex(n, x, nums, keys)
		if c != nil && (best == nil || c.Est.Total < best.Est.Total) {
			best = c
		}
	}
	if best == nil {
		return nil, false
	}
	return best, best.Access.Index == nil && len(best.Access.Equal) == 0 && best.Access.Lower == nil && best.Access.Upper == nil
}

// throughIndex reads a table that was to be read as a whole through an index that has an order, and asks the index what it can answer; nil when the order is another.
func (p *planner) throughIndex(n *plan.Scan, x *desc.Index, nums []int16, keys []expr.SortKey) *plan.Scan {
	cs := conjuncts(n.Filter)
	at := candidate{access: plan.Access{Keyed: true, Index: x}}
	if tests := columnTests(cs, n.Rel, n.Table); len(tests) > 0 {
		if at = tryIndex(x, tests); at.access.In != nil {
			at = candidate{access: plan.Access{Keyed: true, Index: x}}
		}
	}
	if x.Clustered() {
		at.access.Index = nil
	}
	reverse, ok := follows(x, len(at.access.Equal), nums, keys)
	if !ok {
		return nil
	}
	c := *n
	c.Access = at.access
	c.Access.Reverse = reverse
	c.Est = p.scanCost(n, c.Access, cs)
	c.Filter = and(without(cs, at.used))
	return &c
}

// follows tells whether an index, after its first columns are fixed, goes in the order of the keys, forwards or backwards.
func follows(x *desc.Index, fixed int, nums []int16, keys []expr.SortKey) (reverse, ok bool) {
	at, ordered := fixed, 0
	for i, num := range nums {
		if at < len(x.Keys) && x.Keys[at].Num != num && fixedColumn(x, fixed, num) {
			continue // the same in all rows
		}
		if at >= len(x.Keys) {
			// All columns of a unique index are fixed or sorted by: the rest of the keys decides nothing. NULLs could repeat, though.
			return reverse, x.Clustered() && ordered > 0
		}
		k := x.Keys[at]
		if k.Num != num || k.NullsFirst != k.Desc {
			return false, false
		}
		back := k.Desc != keys[i].Desc
		if ordered > 0 && back != reverse {
			return false, false
		}
		reverse = back
		at++
		ordered++
	}
	return reverse, len(nums) > 0
}

// fixedColumn tells whether a column is among the first ones of an index, which are fixed.
func fixedColumn(x *desc.Index, fixed int, num int16) bool {
	for _, k := range x.Keys[:fixed] {
		if k.Num == num {
			return true
		}
	}
	return false
}

// extreme gives the one row that min or max of an indexed column needs, nil when the aggregate is another or there is no such index.
func (p *planner) extreme(n *plan.Aggregate) plan.Node {
	if len(n.Keys) > 0 || n.Sets != nil || len(n.Aggs) != 1 {
		return nil
	}
	a := n.Aggs[0]
	if a.Proc.Name != "min" && a.Proc.Name != "max" || len(a.Args) != 1 || a.Filter != nil || len(a.Order) > 0 {
		return nil
	}
	v, ok := a.Args[0].(*expr.Var)
	scan, isScan := n.Input.(*plan.Scan)
	if !ok || !isScan || v.ID.Rel != scan.Rel || v.ID.Num < 1 {
		return nil
	}
	key := expr.SortKey{Expr: v, Desc: a.Proc.Name == "max"}
	key.NullsFirst = key.Desc
	present := *scan
	present.Est = plan.Estimate{}
	if c := scan.Table.ColumnByNum(v.ID.Num); c == nil || !c.NotNull {
		present.Filter = and(append(conjuncts(scan.Filter), &expr.NullTest{Typed: expr.Typed{T: boolType, Mod: -1}, Arg: v, Not: true}))
	}
	if scan.Access.Keyed {
		present.Est = scan.Est
	}
	in, _ := p.scanInOrder(&present, []expr.SortKey{key})
	if in == nil {
		return nil
	}
	one := &plan.Limit{Input: in, Count: &expr.Const{Typed: expr.Typed{T: pgtype.Int8Type, Mod: -1}, Value: pgtype.Int(1)}}
	if p.estimate(one).Total >= p.estimate(n.Input).Total {
		return nil
	}
	return one
}
