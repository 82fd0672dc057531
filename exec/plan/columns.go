package plan

import "github.com/kalampg/kalampg/exec/expr"

func numbered(rel int32, n int) []expr.ColID {
	out := make([]expr.ColID, n)
	for i := range out {
		out[i] = expr.ColID{Rel: rel, Num: int16(i + 1)}
	}
	return out
}

func ofNums(rel int32, nums []int16) []expr.ColID {
	out := make([]expr.ColID, len(nums))
	for i, n := range nums {
		out[i] = expr.ColID{Rel: rel, Num: n}
	}
	return out
}

// Columns implements Node.
func (n *Scan) Columns() []expr.ColID       { return ofNums(n.Rel, n.Nums) }
func (n *SystemScan) Columns() []expr.ColID { return ofNums(n.Rel, n.Nums) }
func (n *Values) Columns() []expr.ColID     { return numbered(n.Rel, len(n.Types)) }
func (n *OneRow) Columns() []expr.ColID     { return nil }
func (n *FuncScan) Columns() []expr.ColID {
	w := 0
	for _, f := range n.Funcs {
		w += f.Width
	}
	if n.Ordinality {
		w++
	}
	return numbered(n.Rel, w)
}
func (n *Filter) Columns() []expr.ColID     { return n.Input.Columns() }
func (n *Project) Columns() []expr.ColID    { return numbered(n.Rel, len(n.Exprs)) }
func (n *ProjectSet) Columns() []expr.ColID { return numbered(n.Rel, len(n.Exprs)) }
func (n *Join) Columns() []expr.ColID {
	l := n.Left.Columns()
	if n.Kind == Semi || n.Kind == Anti {
		return l
	}
	return append(l[:len(l):len(l)], n.Right.Columns()...)
}
func (n *Aggregate) Columns() []expr.ColID {
	return numbered(n.Rel, len(n.Keys)+len(n.Aggs)+len(n.Grouping))
}
func (n *Window) Columns() []expr.ColID {
	in := n.Input.Columns()
	return append(in[:len(in):len(in)], numbered(n.Rel, len(n.Calls))...)
}
func (n *Sort) Columns() []expr.ColID     { return n.Input.Columns() }
func (n *Limit) Columns() []expr.ColID    { return n.Input.Columns() }
func (n *Distinct) Columns() []expr.ColID { return n.Input.Columns() }
func (n *SetOp) Columns() []expr.ColID    { return numbered(n.Rel, len(n.Types)) }
func (n *With) Columns() []expr.ColID     { return n.Body.Columns() }
func (n *CTEScan) Columns() []expr.ColID  { return numbered(n.Rel, n.Width) }
func (n *LockRows) Columns() []expr.ColID { return n.Input.Columns() }
func (n *Insert) Columns() []expr.ColID   { return numbered(n.ReturnRel, len(n.Returning)) }
func (n *Update) Columns() []expr.ColID   { return numbered(n.ReturnRel, len(n.Returning)) }
func (n *Delete) Columns() []expr.ColID   { return numbered(n.ReturnRel, len(n.Returning)) }

// Children implements Node.
func (n *Scan) Children() []Node       { return nil }
func (n *SystemScan) Children() []Node { return nil }
func (n *Values) Children() []Node     { return nil }
func (n *OneRow) Children() []Node     { return nil }
func (n *FuncScan) Children() []Node   { return nil }
func (n *Filter) Children() []Node     { return []Node{n.Input} }
func (n *Project) Children() []Node    { return []Node{n.Input} }
func (n *ProjectSet) Children() []Node { return []Node{n.Input} }
func (n *Join) Children() []Node       { return []Node{n.Left, n.Right} }
func (n *Aggregate) Children() []Node  { return []Node{n.Input} }
func (n *Window) Children() []Node     { return []Node{n.Input} }
func (n *Sort) Children() []Node       { return []Node{n.Input} }
func (n *Limit) Children() []Node      { return []Node{n.Input} }
func (n *Distinct) Children() []Node   { return []Node{n.Input} }
func (n *SetOp) Children() []Node      { return []Node{n.Left, n.Right} }
func (n *With) Children() []Node {
	out := make([]Node, 0, 2*len(n.CTEs)+1)
	for _, c := range n.CTEs {
		out = append(out, c.Plan)
		if c.Recursive != nil {
			out = append(out, c.Recursive)
		}
	}
	return append(out, n.Body)
}
func (n *CTEScan) Children() []Node  { return nil }
func (n *LockRows) Children() []Node { return []Node{n.Input} }
func (n *Insert) Children() []Node   { return []Node{n.Source} }
func (n *Update) Children() []Node   { return []Node{n.Source} }
func (n *Delete) Children() []Node   { return []Node{n.Source} }
