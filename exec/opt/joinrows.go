package opt

import (
	"math"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgfacts"
)

// joined estimates a = b for columns of two tables: the share of all pairs of rows. Common values that both list are matched one by one.
func (p *planner) joined(a, b *columnInfo) float64 {
	nulls := (1 - a.nullFrac()) * (1 - b.nullFrac())
	ca, _ := a.values()
	cb, _ := b.values()
	if len(ca) == 0 || len(cb) == 0 || !comparable(a.typ, b.typ) {
		return nulls / max(a.distinct, b.distinct, 1)
	}
	codec := a.typ.BaseType().Codec
	both, restA, restB := 0.0, 1-a.nullFrac(), 1-b.nullFrac()
	matchedA, matchedB := 0.0, 0.0
	hits := 0
	taken := make([]bool, len(cb))
	for i, x := range ca {
		restA -= a.stats.CommonFreqs[i]
		for j, y := range cb {
			if !taken[j] && codec.Compare(x, y) == 0 {
				taken[j] = true
				hits++
				both += a.stats.CommonFreqs[i] * b.stats.CommonFreqs[j]
				matchedA += a.stats.CommonFreqs[i]
				matchedB += b.stats.CommonFreqs[j]
				break
			}
		}
	}
	sumA, sumB := 0.0, 0.0
	for _, f := range a.stats.CommonFreqs {
		sumA += f
	}
	for _, f := range b.stats.CommonFreqs {
		sumB += f
	}
	restA, restB = share(restA), share(restB)
	unmatchedA, unmatchedB := max(0, sumA-matchedA), max(0, sumB-matchedB)
	from := func(unmatched, rest, otherRest, otherDistinct float64, otherCommon int) float64 {
		s := both
		if n := otherDistinct - float64(otherCommon); n > 0 {
			s += unmatched * otherRest / n
		}
		if n := otherDistinct - float64(hits); n > 0 {
			s += rest * (otherRest) / n
		}
		return s
	}
	restB = share(1 - b.nullFrac() - sumB)
	s1 := from(unmatchedA, restA, restB, b.distinct, len(cb))
	s2 := from(unmatchedB, restB, restA, a.distinct, len(ca))
	return share(min(s1, s2))
}

// joinSelectivity is the share of the pairs of rows of two inputs that meet conditions. Equalities that cover a unique key of a table together find one row of it.
func (p *planner) joinSelectivity(cs []expr.Expr) float64 {
	if len(cs) < 2 {
		return p.selectivity(cs)
	}
	var pairs []keyPairs
	var rest []expr.Expr
	for _, c := range cs {
		a, b, ok := p.baseEquality(c)
		if !ok {
			rest = append(rest, c)
			continue
		}
		if a.Rel > b.Rel {
			a, b = b, a
		}
		at := -1
		for i := range pairs {
			if pairs[i].a == a.Rel && pairs[i].b == b.Rel {
				at = i
			}
		}
		if at < 0 {
			at = len(pairs)
			pairs = append(pairs, keyPairs{a: a.Rel, b: b.Rel})
		}
		pairs[at].cs = append(pairs[at].cs, c)
		pairs[at].aNums, pairs[at].bNums = append(pairs[at].aNums, a.Num), append(pairs[at].bNums, b.Num)
	}
	s := p.selectivity(rest)
	for i := range pairs {
		s *= p.pairSelectivity(&pairs[i])
	}
	return share(s)
}

// keyPairs are the equalities between columns of two tables.
type keyPairs struct {
	a, b         int32
	aNums, bNums []int16
	cs           []expr.Expr
}

func (p *planner) pairSelectivity(k *keyPairs) float64 {
	if len(k.cs) > 1 {
		for _, side := range []struct {
			rel  int32
			nums []int16
		}{{k.a, k.aNums}, {k.b, k.bNums}} {
			if s, ok := p.origin[side.rel].(*plan.Scan); ok && coversUnique(s.Table, side.nums) {
				return 1 / p.table(s.Table).rows
			}
		}
	}
	s := 1.0
	for _, c := range k.cs {
		s *= p.condition(c)
	}
	return s
}

// coversUnique tells whether columns include all of a unique key.
func coversUnique(rel *desc.Relation, nums []int16) bool {
	for i := range rel.Indexes {
		x := &rel.Indexes[i]
		if !x.Unique || !x.Valid || x.Predicate != "" {
			continue
		}
		all := true
		for _, k := range x.Keys {
			found := false
			for _, n := range nums {
				found = found || n == k.Num && n > 0
			}
			all = all && found
		}
		if all {
			return true
		}
	}
	return false
}

// baseEquality takes apart an equality between columns of two tables.
func (p *planner) baseEquality(c expr.Expr) (a, b expr.ColID, ok bool) {
	l, r, ok := equalityOf(c)
	if !ok {
		return a, b, false
	}
	a, ok1 := p.base(l)
	b, ok2 := p.base(r)
	return a, b, ok1 && ok2 && a.Rel != b.Rel
}

// equalityOf takes apart l = r.
func equalityOf(c expr.Expr) (l, r expr.Expr, ok bool) {
	e, is := c.(*expr.Call)
	if !is || e.Operator == nil || e.Operator.Name != "=" || len(e.Args) != 2 {
		return nil, nil, false
	}
	return e.Args[0], e.Args[1], true
}

// join estimates a join as it stands: by hash with keys, by look-ups or repetition when lateral, else each row with each.
func (p *planner) join(n *plan.Join) plan.Estimate {
	l, r := p.estimate(n.Left), p.estimate(n.Right)
	cs := conjuncts(n.Cond)
	for i := range n.LeftKeys {
		cs = append(cs, equal(n.LeftKeys[i], n.RightKeys[i]))
	}
	e := plan.Estimate{Width: l.Width + r.Width}
	e.Rows = p.joinRows(n.Kind, l.Rows, r.Rows, p.produced(n.Left), cs)
	if n.Kind == plan.Semi || n.Kind == plan.Anti {
		e.Width = l.Width
	}
	test := p.evaluation(conjuncts(n.Cond)...)
	switch {
	case n.Lateral:
		e.Startup = l.Startup + r.Startup
		once := r.Total
		if n.Kind == plan.Semi || n.Kind == plan.Anti { // the first match ends the look-up
			once = r.Startup + (r.Total-r.Startup)/max(1, min(2, r.Rows))
		}
		e.Total = l.Total + l.Rows*(once+costRow) + l.Rows*r.Rows*test
	case len(n.LeftKeys) > 0:
		build, probe := r, l
		if n.BuildLeft {
			build, probe = l, r
		}
		e.Startup = build.Total + volume(build.Rows)*costBuild + probe.Startup
		e.Total = l.Total + r.Total + volume(build.Rows)*costBuild + volume(probe.Rows)*costProbe + volume(e.Rows)*(costRow+test)
	default:
		e.Startup = l.Startup + r.Total
		e.Total = l.Total + r.Total + r.Rows*costBuild + l.Rows*r.Rows*(costRow/2+test)
	}
	return e
}

// joinRows is the number of rows of a join of two inputs.
func (p *planner) joinRows(kind plan.JoinKind, l, r float64, left relSet, cs []expr.Expr) float64 {
	s := p.joinSelectivity(cs)
	pairs := l * r * s
	switch kind {
	case plan.Left:
		return atLeastOne(max(pairs, l))
	case plan.Right:
		return atLeastOne(max(pairs, r))
	case plan.Full:
		return atLeastOne(max(pairs, l, r))
	case plan.Semi:
		return atLeastOne(l * p.matching(l, r, left, cs))
	case plan.Anti:
		return atLeastOne(l * (1 - p.matching(l, r, left, cs)))
	}
	return atLeastOne(pairs)
}

// matching is the share of left rows that have a partner: by the numbers of different values on both sides, the left ones being spread over all that the column has, and
// by how many partners such a row has for the other conditions.
func (p *planner) matching(l, r float64, left relSet, cs []expr.Expr) float64 {
	found, partners, keysOnly := 1.0, r, true
	for _, c := range cs {
		a, b, ok := equalityOf(c)
		if !ok {
			partners *= p.condition(c)
			keysOnly = false
			continue
		}
		if !reads(a).meets(left) {
			a, b = b, a
		}
		da := p.distinct(a, l)
		if x := p.column(a); x != nil {
			da = x.distinct
		}
		db := p.distinct(b, r)
		found = min(found, db/max(1, da))
		partners /= max(1, db)
	}
	found = share(found)
	if keysOnly && len(cs) > 0 {
		return found
	}
	return share(found * -math.Expm1(-max(partners, 1e-9)))
}

// equal is a = b for estimates only.
func equal(a, b expr.Expr) expr.Expr {
	return &expr.Call{Typed: expr.Typed{T: boolType, Mod: -1}, Proc: estimatedProc, Operator: estimatedEqual, Args: []expr.Expr{a, b}}
}

var (
	estimatedEqual = &pgfacts.Operator{Name: "=", Restrict: "eqsel", Join: "eqjoinsel"}
	estimatedProc  = &pgfacts.Proc{Name: "equal", Volatile: 'i', Strict: true}
)
