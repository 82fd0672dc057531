package opt

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// equivalences hands constants on through equalities: where a = b and a = 5 hold of all rows, b = 5 does too. Then b's table can look it up before it is joined.
func equivalences(n plan.Node) plan.Node {
	switch n := n.(type) {
	case *plan.Filter:
		if more := implied(append(conjuncts(n.Cond), innerConditions(n.Input)...)); more != nil {
			return &plan.Filter{Input: plan.MapChildren(n.Input, equivalences), Cond: and(append(conjuncts(n.Cond), more...))}
		}
	case *plan.Join:
		if n.Kind == plan.Inner {
			if more := implied(innerConditions(n)); more != nil {
				return &plan.Filter{Input: plan.MapChildren(n, equivalences), Cond: and(more)}
			}
		}
	}
	return plan.MapChildren(n, equivalences)
}

// innerConditions are the conditions that all rows of a plan meet.
func innerConditions(n plan.Node) []expr.Expr {
	switch n := n.(type) {
	case *plan.Filter:
		return append(conjuncts(n.Cond), innerConditions(n.Input)...)
	case *plan.Join:
		switch n.Kind {
		case plan.Inner:
			cs := conjuncts(n.Cond)
			cs = append(cs, innerConditions(n.Left)...)
			if !n.Lateral {
				cs = append(cs, innerConditions(n.Right)...)
			}
			return cs
		case plan.Left, plan.Semi, plan.Anti:
			cs := innerConditions(n.Left)
			if n.Kind == plan.Semi { // a row that is left has a partner for which these hold
				for _, c := range conjuncts(n.Cond) {
					if _, _, ok := equalityOf(c); ok {
						cs = append(cs, c)
					}
				}
			}
			return cs
		}
	}
	return nil
}

// implied gives the equalities with constants that follow from conditions and are not among them.
func implied(cs []expr.Expr) []expr.Expr {
	type fact struct {
		id    expr.ColID
		value *expr.Call // column = constant or parameter
		at    int        // of the constant among its arguments
	}
	var known []fact
	var pairs []*expr.Call
	for _, c := range cs {
		l, r, ok := equalityOf(c)
		e, _ := c.(*expr.Call)
		if !ok || !e.Operator.CanHash || l.Type().OID != r.Type().OID {
			continue
		}
		_, lv := l.(*expr.Var)
		_, rv := r.(*expr.Var)
		switch {
		case lv && rv:
			pairs = append(pairs, e)
		case lv && constantLike(r):
			known = append(known, fact{l.(*expr.Var).ID, e, 1})
		case rv && constantLike(l):
			known = append(known, fact{r.(*expr.Var).ID, e, 0})
		}
	}
	if len(known) == 0 || len(pairs) == 0 {
		return nil
	}
	has := map[expr.ColID]bool{}
	for _, f := range known {
		has[f.id] = true
	}
	var out []expr.Expr
	for i := 0; i < len(known) && i < 100; i++ {
		f := known[i]
		for _, e := range pairs {
			for side := range 2 {
				a, b := e.Args[side].(*expr.Var), e.Args[1-side].(*expr.Var)
				if a.ID != f.id || has[b.ID] || e.Operator.OID != f.value.Operator.OID {
					continue
				}
				x := *f.value
				x.Args = []expr.Expr{b, f.value.Args[f.at]}
				has[b.ID] = true
				known = append(known, fact{b.ID, &x, 1})
				out = append(out, &x)
			}
		}
	}
	return out
}

func constantLike(e expr.Expr) bool {
	switch e.(type) {
	case *expr.Const, *expr.Param:
		return true
	}
	return false
}
