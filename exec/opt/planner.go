package opt

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// planner is the state of one statement's optimisation.
type planner struct {
	source    Source
	allScopes bool
	avoid     Methods
	rules     func(table *desc.Relation, rel int32) []plan.IndexRule
	computed  map[int32]map[desc.OID]*plan.IndexRule // by relation number of the scan and index
	functions *builtin.Library
	tables    map[desc.OID]*tableInfo
	columns   map[expr.ColID]*columnInfo
	origin    map[int32]plan.Node // what makes the columns of a relation number; rewriting a node keeps what its columns mean
	ctes      map[int32]*plan.CTE
	known     map[plan.Node]plan.Estimate // of nodes that do not change any more
	made      map[plan.Node]relSet        // produced
	next      int32                       // a relation number that is free
}

func newPlanner(o Options) *planner {
	return &planner{source: o.Source, allScopes: o.AllScopes, avoid: o.Avoid, rules: o.IndexRules, functions: o.Functions, origin: map[int32]plan.Node{}, known: map[plan.Node]plan.Estimate{}, made: map[plan.Node]relSet{}, next: 1}
}

// learn notes which nodes make which columns, in a plan and in the subqueries of its expressions.
func (p *planner) learn(n plan.Node) {
	plan.Walk(n, func(n plan.Node) {
		p.register(n)
		if with, ok := n.(*plan.With); ok {
			for _, c := range with.CTEs {
				if p.ctes == nil {
					p.ctes = map[int32]*plan.CTE{}
				}
				p.ctes[c.ID] = c
			}
		}
		plan.WalkExprs(n, func(e expr.Expr) {
			expr.Walk(e, func(x expr.Expr) bool {
				if s, ok := x.(*expr.Subquery); ok {
					if sub, ok := s.Plan.(plan.Node); ok {
						p.learn(sub)
					}
				}
				return true
			})
		})
	})
}

// register notes the relation numbers of one node.
func (p *planner) register(n plan.Node) {
	set := func(rel int32) {
		p.origin[rel] = n
		p.next = max(p.next, rel+1)
	}
	switch n := n.(type) {
	case *plan.Scan:
		set(n.Rel)
	case *plan.SystemScan:
		set(n.Rel)
	case *plan.Insert:
		set(n.Rel)
		set(n.ReturnRel)
		if n.Conflict != nil {
			set(n.Conflict.Rel)
			set(n.Conflict.Excluded)
		}
		if n.Rules != nil {
			set(n.Rules.Rel)
		}
	case *plan.Update:
		set(n.ReturnRel)
		p.next = max(p.next, n.Rel+1)
	case *plan.Delete:
		set(n.ReturnRel)
		p.next = max(p.next, n.Rel+1)
	case *plan.Window:
		set(n.Rel)
	case *plan.Filter, *plan.Join, *plan.Sort, *plan.Limit, *plan.Distinct, *plan.LockRows, *plan.With: // they pass columns on
	default:
		for _, id := range n.Columns() {
			if _, ok := p.origin[id.Rel]; !ok {
				set(id.Rel)
			}
		}
	}
}

// newRel gives a relation number that the statement does not use.
func (p *planner) newRel() int32 {
	p.next++
	return p.next - 1
}

// produced are the relation numbers of a plan's output columns and of everything below.
func (p *planner) produced(n plan.Node) relSet {
	if s, ok := p.made[n]; ok {
		return s
	}
	s := produced(n)
	p.made[n] = s
	return s
}
