package random

// shrink makes a query smaller as long as it stays interesting, for at most some tries.
func shrink(q *query, tries int, interesting func(*query) bool) *query {
	for {
		progress := false
		for _, smaller := range smallerQueries(q) {
			if tries--; tries < 0 {
				return q
			}
			if len(smaller.String()) < len(q.String()) && interesting(smaller) {
				q, progress = smaller, true
				break
			}
		}
		if !progress {
			return q
		}
	}
}

// smallerQueries lists what a query can be made into in one step, the greatest steps first. Some are no valid queries; those are not interesting.
func smallerQueries(q *query) []*query {
	var out []*query
	edit := func(f func(c *query)) {
		c := *q
		f(&c)
		out = append(out, &c)
	}
	if q.set != "" {
		out = append(out, q.other)
		edit(func(c *query) { c.set, c.other = "", nil })
	}
	if len(q.with) > 0 {
		edit(func(c *query) { c.with = nil })
	}
	if q.where != nil {
		edit(func(c *query) { c.where = nil })
	}
	if q.having != nil {
		edit(func(c *query) { c.having = nil })
	}
	if len(q.group) > 0 {
		edit(func(c *query) { c.group, c.having = nil, nil })
		for i := range q.group {
			edit(func(c *query) { c.group = without(c.group, i) })
		}
	}
	if q.distinct {
		edit(func(c *query) { c.distinct = false })
	}
	if q.ordered || q.limit >= 0 || q.offset > 0 {
		edit(func(c *query) { c.ordered, c.limit, c.offset = false, -1, 0 })
		edit(func(c *query) { c.offset = 0 })
		edit(func(c *query) { c.limit = -1 })
	}
	for i := range q.list {
		if len(q.list) > 1 {
			edit(func(c *query) { c.list = without(c.list, i) })
		}
	}
	for i := range q.from {
		if len(q.from) > 1 {
			edit(func(c *query) { c.from = without(c.from, i) })
		}
		for _, s := range smallerSources(q.from[i]) {
			edit(func(c *query) { c.from = replaced(c.from, i, s) })
		}
	}
	if q.where != nil {
		for _, e := range smallerExpressions(q.where) {
			edit(func(c *query) { c.where = e })
		}
	}
	if q.having != nil {
		for _, e := range smallerExpressions(q.having) {
			edit(func(c *query) { c.having = e })
		}
	}
	for i, x := range q.list {
		for _, e := range smallerExpressions(x) {
			edit(func(c *query) { c.list = replaced(c.list, i, e) })
		}
	}
	if q.set != "" {
		for _, o := range smallerQueries(q.other) {
			edit(func(c *query) { c.other = o })
		}
	}
	for i, w := range q.with {
		for _, s := range smallerQueries(w.q) {
			x := w
			x.q = s
			edit(func(c *query) { c.with = replaced(c.with, i, x) })
		}
	}
	return out
}

func smallerSources(s *source) []*source {
	var out []*source
	if s.join != "" {
		out = append(out, s.left, s.right)
		if s.on != nil {
			for _, e := range smallerExpressions(s.on) {
				c := *s
				c.on = e
				out = append(out, &c)
			}
		}
		for _, l := range smallerSources(s.left) {
			c := *s
			c.left = l
			out = append(out, &c)
		}
		for _, r := range smallerSources(s.right) {
			c := *s
			c.right = r
			out = append(out, &c)
		}
	}
	if s.sub != nil {
		for _, q := range smallerQueries(s.sub) {
			if len(q.list) == len(s.columns) {
				c := *s
				c.sub = q
				out = append(out, &c)
			}
		}
	}
	return out
}

var simplest = [...]string{"1", "1::bigint", "1::numeric", "'a'", "date '2024-01-01'", "true"}

func smallerExpressions(e *expression) []*expression {
	var out []*expression
	if simple := simplest[e.kind]; len(e.form) > len(simple) || len(e.parts) > 0 || e.sub != nil {
		out = append(out, &expression{form: simple, kind: e.kind})
	}
	for _, p := range e.parts {
		if p.kind == e.kind {
			out = append(out, p)
		}
	}
	for i, p := range e.parts {
		for _, x := range smallerExpressions(p) {
			c := *e
			c.parts = replaced(e.parts, i, x)
			out = append(out, &c)
		}
	}
	if e.sub != nil {
		for _, q := range smallerQueries(e.sub) {
			c := *e
			c.sub = q
			out = append(out, &c)
		}
	}
	return out
}

func without[T any](list []T, i int) []T {
	return append(append([]T(nil), list[:i]...), list[i+1:]...)
}

func replaced[T any](list []T, i int, x T) []T {
	out := append([]T(nil), list...)
	out[i] = x
	return out
}
