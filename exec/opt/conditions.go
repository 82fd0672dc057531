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

// relSet is a set of relation numbers.
type relSet map[int32]bool

// produced are the relation numbers of a plan's output columns and of everything below.
func produced(n plan.Node) relSet {
	s := relSet{}
	plan.Walk(n, func(n plan.Node) {
		switch x := n.(type) {
		case *plan.Scan:
			s[x.Rel] = true
		case *plan.SystemScan:
			s[x.Rel] = true
		default:
			for _, id := range n.Columns() {
				s[id.Rel] = true
			}
		}
	})
	return s
}

// reads lists the relations of the columns that an expression reads, its subqueries' outer ones included.
func reads(e expr.Expr) relSet {
	s := relSet{}
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Var:
			s[x.ID.Rel] = true
		case *expr.Subquery:
			if p, ok := x.Plan.(plan.Node); ok {
				for _, id := range plan.Outer(p) {
					s[id.Rel] = true
				}
				for _, id := range p.Columns() {
					// The test of ANY and ALL reads the subquery's own columns.
					delete(s, id.Rel)
				}
				if x.Test != nil {
					own := produced(p)
					for r := range reads(x.Test) {
						if !own[r] {
							s[r] = true
						}
					}
				}
			}
			return false
		}
		return true
	})
	return s
}

func (s relSet) meets(o relSet) bool {
	for r := range s {
		if o[r] {
			return true
		}
	}
	return false
}

// within tells whether s has nothing of a wider set but what o has: an expression that reads s can be computed on o, all else being outer.
func (s relSet) within(o, all relSet) bool {
	for r := range s {
		if all[r] && !o[r] {
			return false
		}
	}
	return true
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
