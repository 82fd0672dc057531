package opt

import (
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// lookupJoins turns joins into nested loops of look-ups where the outer side is small and the inner side finds its rows by the join key.
func lookupJoins(n plan.Node) plan.Node {
	return plan.Rewrite(n, func(n plan.Node) plan.Node {
		j, ok := n.(*plan.Join)
		if !ok || j.Lateral || j.Cond == nil {
			return n
		}
		if j.Kind == plan.Inner {
			swapped := *j
			swapped.Left, swapped.Right = j.Right, j.Left
			a, costA := asLookup(j)
			b, costB := asLookup(&swapped)
			if b != nil && (a == nil || costB < costA) {
				return b
			}
			if a != nil {
				return a
			}
			return n
		}
		if j.Kind == plan.Left || j.Kind == plan.Semi || j.Kind == plan.Anti {
			if l, _ := asLookup(j); l != nil {
				return l
			}
		}
		return n
	})
}

// asLookup is a join as a loop of look-ups, nil when reading both sides once is cheaper.
func asLookup(j *plan.Join) (plan.Node, float64) {
	left, right := produced(j.Left), produced(j.Right)
	var keys, rest []expr.Expr
	for _, e := range conjuncts(j.Cond) {
		if c, ok := e.(*expr.Call); ok && c.Operator != nil && c.Operator.Name == "=" && !volatile(e) && !hasSubquery(e) && reads(e).meets(left) && reads(e).meets(right) {
			keys = append(keys, e)
			continue
		}
		rest = append(rest, e)
	}
	if len(keys) == 0 || !canTake(j.Right) {
		return nil, 0
	}
	inner := push(j.Right, keys)
	if _, up := inner.(*plan.Filter); up {
		return nil, 0
	}
	l, r, once := estimate(j.Left), estimate(inner), estimate(j.Right)
	loop := l.rows*(r.cost+1) + l.cost
	if loop >= l.cost+once.cost {
		return nil, 0
	}
	return &plan.Join{Kind: j.Kind, Left: j.Left, Right: inner, Cond: and(rest), Lateral: true}, loop
}

// canTake tells whether a plan may be run again for each outer row: it keeps no rows and computes nothing but what it passes on.
func canTake(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.Scan, *plan.SystemScan:
		return true
	case *plan.Filter:
		return canTake(n.Input)
	case *plan.Project:
		for _, e := range n.Exprs {
			if volatile(e) || hasSubquery(e) {
				return false
			}
		}
		return canTake(n.Input)
	case *plan.Join:
		return (n.Kind == plan.Inner || n.Kind == plan.Left || n.Kind == plan.Semi || n.Kind == plan.Anti) && canTake(n.Left) && canTake(n.Right)
	}
	return false
}

// guess is what a plan is thought to yield and to cost, in rows read.
type guess struct{ rows, cost float64 }

// Rows that a table is thought to have while there are no statistics.
const (
	tableRows  = 100000
	systemRows = 600
)

// estimate guesses by shape only.
func estimate(n plan.Node) guess {
	switch n := n.(type) {
	case *plan.Scan:
		return estimateScan(n)
	case *plan.SystemScan:
		return estimateSystem(n)
	case *plan.OneRow:
		return guess{1, 0}
	case *plan.Values:
		return guess{float64(len(n.Rows)), float64(len(n.Rows))}
	case *plan.FuncScan:
		return guess{20, 20}
	case *plan.Limit:
		g := estimate(n.Input)
		if c, ok := n.Count.(*expr.Const); ok && !c.Value.IsNull() {
			g.rows = min(g.rows, float64(c.Value.Int()))
		}
		return g
	case *plan.Filter:
		g := estimate(n.Input)
		return guess{max(1, g.rows/3), g.cost}
	case *plan.Window:
		g := estimate(n.Input)
		return guess{g.rows, g.cost + g.rows}
	case *plan.Aggregate:
		g := estimate(n.Input)
		if len(n.Keys) == 0 {
			return guess{1, g.cost}
		}
		return guess{max(1, g.rows/4), g.cost}
	case *plan.Join:
		return estimateJoin(n)
	case *plan.CTEScan:
		return guess{100, 100}
	}
	var sum guess
	for _, c := range n.Children() {
		g := estimate(c)
		sum.rows += g.rows
		sum.cost += g.cost
	}
	return sum
}

func estimateScan(n *plan.Scan) guess {
	cs := conjuncts(n.Filter)
	g := guess{tableRows, tableRows}
	if best, ok := bestIndex(n, cs); ok && n.Table.Kind == desc.Table {
		switch {
		case best.score >= 100:
			return guess{1, 2}
		case len(best.access.Equal) > 0 || best.access.In != nil:
			g = guess{20, 30}
		default:
			g = guess{tableRows / 4, tableRows / 4}
		}
	}
	for range cs {
		g.rows = max(1, g.rows/3)
	}
	return g
}

// systemKeys are the columns that system relations are looked up by.
var systemKeys = map[string]bool{
	"oid": true, "attrelid": true, "indrelid": true, "indexrelid": true, "adrelid": true, "conrelid": true, "confrelid": true, "conname": true,
	"contypid": true, "relname": true, "typname": true, "typrelid": true, "nspname": true, "objoid": true, "objid": true, "refobjid": true,
	"enumtypid": true, "seqrelid": true, "proname": true, "datname": true, "rolname": true, "roleid": true, "member": true, "rngtypid": true,
	"ev_class": true, "aggfnoid": true, "opcname": true, "amname": true, "typelem": true, "typarray": true, "reltype": true,
}

func estimateSystem(n *plan.SystemScan) guess {
	g := guess{systemRows, systemRows}
	if strings.HasPrefix(n.Table.Name, "pg_attr") || n.Table.Name == "pg_proc" || n.Table.Name == "pg_description" {
		g = guess{5 * systemRows, 5 * systemRows}
	}
	cs := conjuncts(n.Filter)
	for _, t := range columnTests(cs, n.Rel, n.Table) {
		if c := n.Table.ColumnByNum(t.num); t.op == "=" && c != nil && systemKeys[c.Name] {
			rows := 4.0
			if c.Name == "oid" {
				rows = 1
			}
			g = guess{min(g.rows, rows), min(g.cost, rows+2)}
		}
	}
	for range cs {
		g.rows = max(1, g.rows/2)
	}
	return g
}

func estimateJoin(n *plan.Join) guess {
	l, r := estimate(n.Left), estimate(n.Right)
	rows := max(l.rows, r.rows)
	switch {
	case n.Kind == plan.Semi || n.Kind == plan.Anti:
		rows = l.rows
	case n.Lateral:
		return guess{l.rows * max(1, r.rows), l.cost + l.rows*(r.cost+1)}
	case n.Cond == nil && len(n.LeftKeys) == 0:
		rows = l.rows * r.rows
	}
	return guess{rows, l.cost + r.cost}
}
