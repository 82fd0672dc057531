package opt

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
)

var boolType = pgtype.ByOID(pgtype.OIDBool)

// conjuncts takes a condition apart at its ANDs.
func conjuncts(e expr.Expr) []expr.Expr {
	if e == nil {
		return nil
	}
	if a, ok := e.(*expr.BoolOp); ok && a.Op == expr.And {
		var out []expr.Expr
		for _, x := range a.Args {
			out = append(out, conjuncts(x)...)
		}
		return out
	}
	return []expr.Expr{e}
}

// and joins conditions; nil for none.
func and(cs []expr.Expr) expr.Expr {
	switch len(cs) {
	case 0:
		return nil
	case 1:
		return cs[0]
	}
	return &expr.BoolOp{Typed: expr.Typed{T: boolType, Mod: -1}, Op: expr.And, Args: cs}
}

func filter(n plan.Node, cs []expr.Expr) plan.Node {
	if c := and(cs); c != nil {
		return &plan.Filter{Input: n, Cond: c}
	}
	return n
}

// produced are the relation numbers of a plan's output columns and of everything below.
func produced(n plan.Node) relSet {
	var s relSet
	plan.Walk(n, func(n plan.Node) {
		switch x := n.(type) {
		case *plan.Scan:
			s = s.with(x.Rel)
		case *plan.SystemScan:
			s = s.with(x.Rel)
		case *plan.Project:
			s = s.with(x.Rel)
		case *plan.Aggregate:
			s = s.with(x.Rel)
		case *plan.Filter, *plan.Join, *plan.Sort, *plan.Limit, *plan.OneRow, *plan.Distinct, *plan.LockRows, *plan.With: // pass columns on
		default:
			for _, id := range n.Columns() {
				s = s.with(id.Rel)
			}
		}
	})
	return s
}

// reads lists the relations of the columns that an expression reads, its subqueries' outer ones included.
func reads(e expr.Expr) relSet {
	var s relSet
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Var:
			s = s.with(x.ID.Rel)
		case *expr.Subquery:
			if p, ok := x.Plan.(plan.Node); ok {
				for _, id := range plan.Outer(p) {
					s = s.with(id.Rel)
				}
				if x.Test != nil { // it reads the subquery's own columns too
					own := produced(p)
					reads(x.Test).each(func(r int32) {
						if !own.has(r) {
							s = s.with(r)
						}
					})
				}
			}
			return false
		}
		return true
	})
	return s
}

// volatile tells whether an expression must be evaluated exactly as often as it is written.
func volatile(e expr.Expr) bool {
	found := false
	plan.WalkExpr(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Call:
			found = found || x.Proc.Volatile == 'v'
		case *expr.SetCall, *expr.NextValue:
			found = true
		}
		return !found
	})
	return found
}

func hasSubquery(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(x expr.Expr) bool {
		if _, ok := x.(*expr.Subquery); ok {
			found = true
		}
		return !found
	})
	return found
}

// substitute replaces the columns of one relation number by expressions.
func substitute(e expr.Expr, rel int32, exprs []expr.Expr) expr.Expr {
	return plan.MapExpr(e, func(x expr.Expr) (expr.Expr, bool) {
		if v, ok := x.(*expr.Var); ok && v.ID.Rel == rel {
			return exprs[v.ID.Num-1], true
		}
		return nil, false
	})
}
