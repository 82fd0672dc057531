package opt

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// computedKey is the number under which the tests of an index's expression are found, in the place of a column's.
func computedKey(i int) int16 { return int16(-1000 - i) }

// computedIndexes gives the bound expressions and predicates of a table's indexes that have such; nil when none has.
func (p *planner) computedIndexes(n *plan.Scan) map[desc.OID]*plan.IndexRule {
	if p.rules == nil {
		return nil
	}
	any := false
	for i := range n.Table.Indexes {
		x := &n.Table.Indexes[i]
		any = any || x.Predicate != ""
		for _, k := range x.Keys {
			any = any || k.Num == 0
		}
	}
	if !any {
		return nil
	}
	if m, ok := p.computed[n.Rel]; ok {
		return m
	}
	m := map[desc.OID]*plan.IndexRule{}
	for _, rule := range p.rules(n.Table, n.Rel) {
		if !rule.Index.Valid || rule.Index.Method != "" && rule.Index.Method != "btree" {
			continue
		}
		folded := rule
		folded.Keys = make([]expr.Expr, len(rule.Keys))
		for i, k := range rule.Keys {
			if k != nil {
				folded.Keys[i] = foldExpr(k)
			}
		}
		if rule.Predicate != nil {
			folded.Predicate = foldExpr(rule.Predicate)
		}
		m[rule.Index.OID] = &folded
	}
	if p.computed == nil {
		p.computed = map[int32]map[desc.OID]*plan.IndexRule{}
	}
	p.computed[n.Rel] = m
	return m
}

// tryComputed matches conditions with an index of expressions, or of a part of the rows: the conditions have to ask for that part at least.
func (p *planner) tryComputed(n *plan.Scan, rule *plan.IndexRule, cs []expr.Expr, tests []columnTest) candidate {
	part := conjuncts(rule.Predicate)
	for _, c := range part {
		if !implies(cs, c) {
			return candidate{}
		}
	}
	tests = tests[:len(tests):len(tests)]
	for i, key := range rule.Keys {
		if key == nil {
			continue
		}
		for _, c := range cs {
			if t, ok := computedTest(c, key, n.Rel); ok {
				t.num = computedKey(i)
				tests = append(tests, t)
			}
		}
	}
	c := tryIndex(rule.Index, tests)
	if len(part) > 0 {
		c.tests++
	}
	c.read = p.selectivity(append(part[:len(part):len(part)], c.used...))
	return c
}

// computedTest recognises a comparison of an index's expression with a value.
func computedTest(c, key expr.Expr, rel int32) (columnTest, bool) {
	switch e := c.(type) {
	case *expr.Call:
		if e.Operator == nil || len(e.Args) != 2 || mirrored[e.Operator.Name] == "" {
			break
		}
		for i, op := range []string{e.Operator.Name, mirrored[e.Operator.Name]} {
			if v := e.Args[1-i]; expr.Equal(e.Args[i], key) && free(v, rel) && sameKeys(v.Type().BaseType(), key.Type().BaseType()) {
				return columnTest{op: op, value: v, cond: c}, true
			}
		}
	case *expr.ArrayOp:
		if expr.Equal(e.Left, key) && !e.All && e.Operator.Name == "=" && free(e.Array, rel) && e.Array.Type().Elem != nil && sameKeys(e.Array.Type().Elem, key.Type().BaseType()) {
			return columnTest{op: "any", value: e.Array, cond: c}, true
		}
	}
	return columnTest{}, false
}

// implies tells whether rows that meet conditions meet another one: it is among them, or it is column IS NOT NULL and one of them is not true for a NULL.
func implies(cs []expr.Expr, c expr.Expr) bool {
	if contains(cs, c) {
		return true
	}
	t, ok := c.(*expr.NullTest)
	if !ok || !t.Not || t.Row {
		return false
	}
	v, ok := t.Arg.(*expr.Var)
	if !ok {
		return false
	}
	for _, x := range cs {
		if strictIn(x, v.ID) {
			return true
		}
	}
	return false
}

// strictIn tells whether a condition cannot be true while a column is NULL: a strict comparison with the column itself as an operand.
func strictIn(c expr.Expr, id expr.ColID) bool {
	switch e := c.(type) {
	case *expr.Call:
		if !e.Proc.Strict {
			return false
		}
		for _, a := range e.Args {
			if x, ok := plainColumn(a); ok && x == id {
				return true
			}
		}
	case *expr.ArrayOp:
		x, ok := plainColumn(e.Left)
		return ok && x == id && !e.All
	}
	return false
}
