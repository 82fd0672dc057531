package random

// comparison is a random operator.
func (g *generator) comparison() string {
	return []string{"=", "=", "=", "<>", "<", "<=", ">", ">="}[g.r.IntN(8)]
}

// column is a random column of a kind that the scope sees, mostly of the innermost query; nil when there is none.
func (g *generator) column(s *scope, k kind) *expression {
	for at := s; at != nil; at = at.outer {
		var list []visible
		for _, c := range at.columns {
			if c.kind == k {
				list = append(list, c)
			}
		}
		if len(list) > 0 && (at.outer == nil || g.chance(70)) {
			return list[g.r.IntN(len(list))].expression()
		}
	}
	return nil
}

// plainColumn is a random column of the query itself.
func (g *generator) plainColumn(s *scope) *expression {
	if len(s.columns) == 0 {
		return nil
	}
	return s.columns[g.r.IntN(len(s.columns))].expression()
}

// expression is a random expression of a kind. None of them fails.
func (g *generator) expression(s *scope, k kind, depth int) *expression {
	if depth > 0 && g.chance(12) {
		return g.scalar(s, k, depth)
	}
	if g.chance(12) {
		return &expression{form: "CASE WHEN %s THEN %s ELSE %s END", kind: k, parts: []*expression{g.condition(s, depth-1), g.atom(s, k), g.expression(s, k, depth-1)}}
	}
	if g.chance(8) {
		return &expression{form: "coalesce(%s, %s)", kind: k, parts: []*expression{g.atom(s, k), g.expression(s, k, depth-1)}}
	}
	if g.chance(5) {
		return &expression{form: "nullif(%s, %s)", kind: k, parts: []*expression{g.atom(s, k), g.atom(s, k)}}
	}
	if g.chance(20) {
		switch k {
		case integer, bigint, number:
			return &expression{form: "(%s " + []string{"+", "-", "*"}[g.r.IntN(3)] + " %s)", kind: k, parts: []*expression{g.atom(s, k), g.atom(s, k)}}
		case text:
			if g.chance(40) {
				return &expression{form: "lower(%s)", kind: k, parts: []*expression{g.atom(s, k)}}
			}
			return &expression{form: []string{"(%s || %s)", "greatest(%s, %s)"}[g.r.IntN(2)], kind: k, parts: []*expression{g.atom(s, k), g.atom(s, k)}}
		case date:
			return &expression{form: "(%s + 3)", kind: k, parts: []*expression{g.atom(s, k)}}
		case boolean:
			return g.condition(s, depth-1)
		}
	}
	return g.atom(s, k)
}

// atom is a column or a constant.
func (g *generator) atom(s *scope, k kind) *expression {
	if g.chance(85) {
		if e := g.column(s, k); e != nil {
			return e
		}
	}
	if g.chance(8) {
		return &expression{form: "NULL::" + k.String(), kind: k}
	}
	return constant(literal(g.r, k, false), k)
}

func constant(text string, k kind) *expression {
	switch k {
	case bigint, number:
		text += "::" + k.String()
	case integer:
		if text[0] == '-' {
			text = "(" + text + ")"
		}
	}
	return &expression{form: text, kind: k}
}

// scalar is a subquery of one value: an aggregate, or the first of an order.
func (g *generator) scalar(s *scope, k kind, depth int) *expression {
	q := g.query(&scope{outer: s, ctes: s.ctes}, depth-1, []kind{k})
	q.set, q.other = "", nil
	if len(q.list) > 1 {
		q.list = q.list[:1]
	}
	if g.chance(60) && (k == integer || k == bigint || k == number || k == text || k == date) {
		inner := &scope{outer: s, ctes: s.ctes}
		q = &query{limit: -1}
		q.from = []*source{g.source(inner, depth-1, 1)}
		q.where = g.correlated(inner, depth-1)
		q.list = []*expression{g.aggregate(inner, k, depth-1)}
	} else {
		q.ordered, q.limit, q.offset = true, 1, 0
	}
	return &expression{form: "(%s)", kind: k, sub: q}
}

// correlated is a condition that mostly compares a column with one of the query around.
func (g *generator) correlated(s *scope, depth int) *expression {
	for range 10 {
		a := g.plainColumn(s)
		if a == nil || s.outer == nil || len(s.outer.columns) == 0 {
			break
		}
		b := s.outer.columns[g.r.IntN(len(s.outer.columns))].expression()
		if a.kind != b.kind {
			continue
		}
		e := &expression{form: "(%s = %s)", kind: boolean, parts: []*expression{a, b}}
		if g.chance(40) {
			e = &expression{form: "(%s AND %s)", kind: boolean, parts: []*expression{e, g.condition(s, depth)}}
		}
		return e
	}
	return g.condition(s, depth)
}

// aggregate is an aggregate of a kind.
func (g *generator) aggregate(s *scope, k kind, depth int) *expression {
	arg := func(k kind) *expression { return g.atom(&scope{columns: s.columns}, k) }
	e := &expression{kind: k}
	switch k {
	case bigint:
		switch g.r.IntN(4) {
		case 0:
			e.form = "count(*)"
		case 1:
			e.form, e.parts = "count(%s)", []*expression{arg(kind(g.r.IntN(int(kinds))))}
		case 2:
			e.form, e.parts = "count(DISTINCT %s)", []*expression{arg(kind(g.r.IntN(int(kinds))))}
		default:
			e.form, e.parts = "sum(%s)", []*expression{arg(integer)}
		}
	case number:
		e.form, e.parts = []string{"sum(%s)", "max(%s)", "round(avg(%s), 3)", "min(%s)"}[g.r.IntN(4)], []*expression{arg(number)}
	case text:
		x := arg(text)
		e.form, e.parts = "string_agg(%s, ',' ORDER BY %s)", []*expression{x, x}
		if g.chance(50) {
			e.form, e.parts = "max(%s)", []*expression{x}
		}
	case boolean:
		e.form, e.parts = []string{"bool_and(%s)", "bool_or(%s)"}[g.r.IntN(2)], []*expression{arg(boolean)}
	default:
		e.form, e.parts = []string{"min(%s)", "max(%s)"}[g.r.IntN(2)], []*expression{arg(k)}
	}
	if g.chance(15) {
		e.form += " FILTER (WHERE %s)"
		e.parts = append(e.parts, g.condition(&scope{columns: s.columns}, 0))
	}
	return e
}

// condition is a random condition.
func (g *generator) condition(s *scope, depth int) *expression {
	b := func(form string, parts ...*expression) *expression {
		return &expression{form: form, kind: boolean, parts: parts}
	}
	k := kind(g.r.IntN(int(kinds)))
	if c := g.plainColumn(s); c != nil && g.chance(80) {
		k = c.kind
	}
	switch n := g.r.IntN(100); {
	case n < 12:
		return b("(%s AND %s)", g.condition(s, depth-1), g.condition(s, depth-1))
	case n < 22:
		return b("(%s OR %s)", g.condition(s, depth-1), g.condition(s, depth-1))
	case n < 28:
		return b("(NOT %s)", g.condition(s, depth-1))
	case n < 36:
		return b([]string{"(%s IS NULL)", "(%s IS NOT NULL)"}[g.r.IntN(2)], g.atom(s, k))
	case n < 44:
		return b("(%s IN ("+g.constants(k)+"))", g.atom(s, k))
	case n < 48:
		return b("(%s BETWEEN %s AND %s)", g.atom(s, k), g.atom(s, k), g.atom(s, k))
	case n < 52:
		return b([]string{"(%s IS DISTINCT FROM %s)", "(%s IS NOT DISTINCT FROM %s)"}[g.r.IntN(2)], g.atom(s, k), g.atom(s, k))
	case n < 56 && k == text:
		return b("(%s LIKE '"+[]string{"a%%", "%%b", "_b%%", "x_"}[g.r.IntN(4)]+"')", g.atom(s, text))
	case n < 60 && k == boolean:
		return b([]string{"(%s IS TRUE)", "(%s IS NOT FALSE)", "(%s IS UNKNOWN)"}[g.r.IntN(3)], g.atom(s, boolean))
	case n < 80 && depth > 0:
		return g.subqueryCondition(s, k, depth)
	}
	return b("(%s "+g.comparison()+" %s)", g.expression(s, k, depth-1), g.atom(s, k))
}

func (g *generator) constants(k kind) string {
	out := ""
	for i := range 1 + g.r.IntN(3) {
		if i > 0 {
			out += ", "
		}
		if g.chance(10) {
			out += "NULL"
			continue
		}
		out += constant(literal(g.r, k, false), k).form
	}
	return out
}

// subqueryCondition is EXISTS, IN, or a comparison with ANY or ALL rows, mostly correlated.
func (g *generator) subqueryCondition(s *scope, k kind, depth int) *expression {
	q := g.query(&scope{outer: s, ctes: s.ctes}, depth-1, []kind{k})
	if g.chance(60) {
		inner := &scope{outer: s, ctes: s.ctes}
		q = &query{limit: -1, from: []*source{g.source(inner, depth-1, 1)}}
		q.where = g.correlated(inner, depth-1)
		q.list = []*expression{g.expression(inner, k, 0)}
	}
	switch g.r.IntN(6) {
	case 0:
		return &expression{form: "EXISTS (%s)", kind: boolean, sub: q}
	case 1:
		return &expression{form: "NOT EXISTS (%s)", kind: boolean, sub: q}
	case 2:
		return &expression{form: "(%s " + g.comparison() + " " + []string{"ANY", "ALL"}[g.r.IntN(2)] + " (%s))", kind: boolean, parts: []*expression{g.atom(s, k)}, sub: q}
	case 3:
		return &expression{form: "(%s NOT IN (%s))", kind: boolean, parts: []*expression{g.atom(s, k)}, sub: q}
	}
	return &expression{form: "(%s IN (%s))", kind: boolean, parts: []*expression{g.atom(s, k)}, sub: q}
}
