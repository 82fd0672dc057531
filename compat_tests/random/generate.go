package random

import (
	"fmt"
	"math/rand/v2"
)

// generator makes random queries over tables.
type generator struct {
	r      *rand.Rand
	tables []*table
	names  int
}

// visible is a column that an expression may name.
type visible struct {
	alias string
	column
}

// scope is what an expression may read: the columns of its query's FROM, and those of the queries around.
type scope struct {
	columns []visible
	outer   *scope
	ctes    []cte
}

func (g *generator) name(prefix string) string {
	g.names++
	return fmt.Sprintf("%s%d", prefix, g.names)
}

func (g *generator) chance(percent int) bool { return g.r.IntN(100) < percent }

// query makes a query; shape gives the kinds of its columns, nil for any. Depth bounds the nesting.
func (g *generator) query(outer *scope, depth int, shape []kind) *query {
	q := &query{limit: -1}
	s := &scope{outer: outer}
	if outer != nil {
		s.ctes = outer.ctes
	}
	if depth > 1 && g.chance(12) {
		sub := g.query(nil, depth-1, nil)
		c := cte{name: g.name("w"), q: sub, materialized: g.chance(30)}
		q.with = append(q.with, c)
		s.ctes = append(append([]cte(nil), s.ctes...), c)
	}
	n := 1
	if g.chance(20) {
		n = 2
	}
	for range n {
		from := g.source(s, depth, 2)
		q.from = append(q.from, from)
	}
	if g.chance(70) {
		q.where = g.condition(s, depth)
	}
	if shape == nil {
		for range 1 + g.r.IntN(3) {
			shape = append(shape, kind(g.r.IntN(int(kinds))))
		}
	}
	switch {
	case g.chance(30):
		g.grouped(q, s, depth, shape)
	default:
		for _, k := range shape {
			q.list = append(q.list, g.expression(s, k, depth))
		}
		if outer == nil && g.chance(8) {
			g.window(q, s)
		}
		q.distinct = g.chance(15)
	}
	if depth > 0 && g.chance(10) && len(q.list) == len(shape) {
		q.set = []string{"UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL"}[g.r.IntN(6)]
		inner := &scope{outer: outer, ctes: s.ctes}
		q.other = g.query(inner, depth-1, shape)
		if len(q.other.list) != len(shape) {
			q.set, q.other = "", nil
		}
	}
	if g.chance(20) {
		q.ordered = true
		if g.chance(70) {
			q.limit = g.r.IntN(6)
			if g.chance(20) {
				q.offset = g.r.IntN(4)
			}
		}
	}
	return q
}

// grouped makes the select list of a query with GROUP BY, or with aggregates only.
func (g *generator) grouped(q *query, s *scope, depth int, shape []kind) {
	if g.chance(75) {
		for range 1 + g.r.IntN(2) {
			if e := g.plainColumn(s); e != nil {
				q.group = append(q.group, e)
			}
		}
	}
	for _, k := range shape {
		var same []*expression
		for _, e := range q.group {
			if e.kind == k {
				same = append(same, e)
			}
		}
		if len(same) > 0 && g.chance(60) {
			q.list = append(q.list, same[g.r.IntN(len(same))])
			continue
		}
		q.list = append(q.list, g.aggregate(s, k, depth))
	}
	if g.chance(25) {
		q.having = &expression{form: "(%s " + g.comparison() + " " + literal(g.r, bigint, false) + ")", kind: boolean, parts: []*expression{g.aggregate(s, bigint, depth)}}
	}
}

// window adds a column of a window function whose value does not depend on the order of equal rows.
func (g *generator) window(q *query, s *scope) {
	arg, over, by := g.plainColumn(s), g.plainColumn(s), g.plainColumn(s)
	if arg == nil {
		return
	}
	form := []string{"rank() OVER (PARTITION BY %s ORDER BY %s)", "count(*) OVER (PARTITION BY %s ORDER BY %s)", "dense_rank() OVER (PARTITION BY %s ORDER BY %s DESC)"}[g.r.IntN(3)]
	q.list = append(q.list, &expression{form: form, kind: bigint, parts: []*expression{over, by}})
}

// source makes an item of FROM and adds its columns to the scope.
func (g *generator) source(s *scope, depth, joins int) *source {
	if joins > 0 && g.chance(55) {
		return g.join(s, depth, joins)
	}
	x := &source{alias: g.name("a")}
	switch {
	case len(s.ctes) > 0 && g.chance(40):
		c := s.ctes[g.r.IntN(len(s.ctes))]
		x.name, x.columns = c.name, c.q.columns()
	case depth > 0 && g.chance(20):
		x.lateral = g.chance(40) && len(s.columns) > 0
		around := &scope{ctes: s.ctes}
		if x.lateral {
			around = s
		}
		x.sub = g.query(around, depth-1, nil)
		x.columns = x.sub.columns()
	default:
		x.table = g.tables[g.r.IntN(len(g.tables))]
		x.columns = x.table.columns
	}
	for _, c := range x.columns {
		s.columns = append(s.columns, visible{x.alias, c})
	}
	return x
}

func (g *generator) join(s *scope, depth, joins int) *source {
	x := &source{join: []string{"JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN"}[g.r.IntN(7)]}
	inner := &scope{outer: s.outer, ctes: s.ctes}
	x.left = g.source(inner, depth, joins-1)
	at := len(inner.columns)
	from := inner
	if x.join == "RIGHT JOIN" || x.join == "FULL JOIN" { // the right side of these reads nothing of the left one
		from = &scope{outer: s.outer, ctes: s.ctes}
	}
	x.right = g.source(from, depth, joins-1)
	if from != inner {
		inner.columns = append(inner.columns, from.columns...)
	}
	if x.join != "CROSS JOIN" {
		x.on = g.joinCondition(inner, at, x.join == "FULL JOIN", depth)
	}
	s.columns = append(s.columns, inner.columns...)
	return x
}

// joinCondition is mostly an equality of columns of both sides, which FULL JOIN asks for, maybe with more.
func (g *generator) joinCondition(s *scope, at int, onlyEqual bool, depth int) *expression {
	left, right := s.columns[:at], s.columns[at:]
	for range 20 {
		a, b := left[g.r.IntN(len(left))], right[g.r.IntN(len(right))]
		if a.kind != b.kind {
			continue
		}
		op := "="
		if !onlyEqual && g.chance(15) {
			op = g.comparison()
		}
		e := &expression{form: "(%s " + op + " %s)", kind: boolean, parts: []*expression{a.expression(), b.expression()}}
		if !onlyEqual && g.chance(25) {
			e = &expression{form: "(%s AND %s)", kind: boolean, parts: []*expression{e, g.condition(&scope{columns: s.columns, ctes: s.ctes, outer: s.outer}, 0)}}
		}
		return e
	}
	return &expression{form: "true", kind: boolean}
}

func (v visible) expression() *expression {
	return &expression{form: v.alias + "." + v.name, kind: v.kind}
}
