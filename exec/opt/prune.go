package opt

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// prune leaves out the columns that nothing reads: scans do not decode them, and a Project has NULL in their place, so that positions stay.
func prune(n plan.Node) plan.Node {
	p := &pruner{needed: map[expr.ColID]bool{}}
	p.all(n)
	p.node(n)
	return p.rebuild(n)
}

type pruner struct{ needed map[expr.ColID]bool }

// all marks every output column of a plan as needed.
func (p *pruner) all(n plan.Node) {
	for _, id := range n.Columns() {
		p.needed[id] = true
	}
}

func (p *pruner) expr(e expr.Expr) {
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Var:
			p.needed[x.ID] = true
		case *expr.Subquery:
			if sub, ok := x.Plan.(plan.Node); ok {
				p.all(sub)
				p.node(sub)
			}
		}
		return true
	})
}

// node marks what a plan needs, from the top down: what reads comes before what is read, so the right side of a lateral join before its left.
func (p *pruner) node(n plan.Node) {
	switch n := n.(type) {
	case *plan.Project:
		for i, e := range n.Exprs {
			if p.needed[expr.ColID{Rel: n.Rel, Num: int16(i + 1)}] || volatile(e) {
				p.expr(e)
			}
		}
		p.node(n.Input)
		return
	case *plan.Join:
		plan.WalkExprs(n, p.expr)
		p.node(n.Right)
		p.node(n.Left)
		return
	case *plan.Distinct:
		if n.On == nil {
			p.all(n.Input)
		}
	case *plan.SetOp:
		p.all(n.Left)
		p.all(n.Right)
	case *plan.Insert:
		p.all(n.Source)
	case *plan.Update:
		p.row(n.Source, n.Rel)
	case *plan.Delete:
		p.row(n.Source, n.Rel)
	case *plan.Merge:
		p.row(n.Source, n.Rel)
	case *plan.LockRows:
		for _, l := range n.Locks {
			p.row(n.Input, l.Rel)
		}
	case *plan.With:
		plan.WalkExprs(n, p.expr)
		p.node(n.Body)
		for i := len(n.CTEs) - 1; i >= 0; i-- {
			c := n.CTEs[i]
			p.all(c.Plan)
			p.node(c.Plan)
			if c.Recursive != nil {
				p.all(c.Recursive)
				p.node(c.Recursive)
			}
		}
		return
	}
	plan.WalkExprs(n, p.expr)
	for _, c := range n.Children() {
		p.node(c)
	}
}

// row marks all columns of one relation in a plan's output: a row that is to be changed or locked.
func (p *pruner) row(n plan.Node, rel int32) {
	for _, id := range n.Columns() {
		if id.Rel == rel {
			p.needed[id] = true
		}
	}
}

// rebuild drops what is not needed.
func (p *pruner) rebuild(n plan.Node) plan.Node {
	return plan.Rewrite(n, func(n plan.Node) plan.Node {
		switch n := n.(type) {
		case *plan.Scan:
			c := *n
			c.Nums = p.nums(n.Rel, n.Nums)
			return &c
		case *plan.SystemScan:
			c := *n
			c.Nums = p.nums(n.Rel, n.Nums)
			return &c
		case *plan.Project:
			return p.project(n)
		}
		return n
	})
}

func (p *pruner) nums(rel int32, nums []int16) []int16 {
	out := make([]int16, 0, len(nums))
	for _, num := range nums {
		if p.needed[expr.ColID{Rel: rel, Num: num}] {
			out = append(out, num)
		}
	}
	return out
}

func (p *pruner) project(n *plan.Project) plan.Node {
	c := *n
	c.Exprs = make([]expr.Expr, len(n.Exprs))
	for i, e := range n.Exprs {
		c.Exprs[i] = e
		if _, plain := e.(*expr.Const); !plain && !volatile(e) && !p.needed[expr.ColID{Rel: n.Rel, Num: int16(i + 1)}] {
			c.Exprs[i] = &expr.Const{Typed: expr.Typed{T: e.Type(), Mod: e.Typmod()}}
		}
	}
	return &c
}
