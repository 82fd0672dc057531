package random

import (
	"fmt"
	"strings"
)

// query is a SELECT, or a set operation of two.
type query struct {
	with     []cte
	list     []*expression
	from     []*source
	where    *expression // nil: none
	group    []*expression
	having   *expression
	distinct bool
	set      string // UNION …: with other
	other    *query
	ordered  bool // by all columns of the result
	limit    int  // -1: none
	offset   int
}

type cte struct {
	name         string
	q            *query
	materialized bool
}

// source is an item of FROM: a table, a subquery, a name of WITH, or a join.
type source struct {
	alias       string
	table       *table
	sub         *query
	lateral     bool
	name        string // of WITH
	columns     []column
	join        string // "": none
	left, right *source
	on          *expression
}

// expression is text with parts: each %s of form is the next of parts or subs.
type expression struct {
	form  string
	kind  kind
	parts []*expression
	sub   *query // the last %s
}

func (e *expression) String() string {
	args := make([]any, 0, len(e.parts)+1)
	for _, p := range e.parts {
		args = append(args, p.String())
	}
	if e.sub != nil {
		args = append(args, e.sub.String())
	}
	if len(args) == 0 {
		return e.form
	}
	return fmt.Sprintf(e.form, args...)
}

func (s *source) String() string {
	lateral := ""
	if s.lateral {
		lateral = "LATERAL "
	}
	switch {
	case s.join == "CROSS JOIN":
		return fmt.Sprintf("(%s CROSS JOIN %s)", s.left, s.right)
	case s.join != "":
		return fmt.Sprintf("(%s %s %s ON %s)", s.left, s.join, s.right, s.on)
	case s.table != nil:
		return s.table.name + " AS " + s.alias
	case s.sub != nil:
		return fmt.Sprintf("%s(%s) AS %s%s", lateral, s.sub, s.alias, columnList(s.columns))
	}
	return s.name + " AS " + s.alias
}

func columnList(list []column) string {
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = c.name
	}
	return "(" + strings.Join(names, ", ") + ")"
}

func (q *query) String() string {
	var b strings.Builder
	for i, c := range q.with {
		b.WriteString([]string{"WITH ", ", "}[min(i, 1)])
		word := ""
		if c.materialized {
			word = "MATERIALIZED "
		}
		fmt.Fprintf(&b, "%s%s AS %s(%s)", c.name, columnList(c.q.columns()), word, c.q)
	}
	if len(q.with) > 0 {
		b.WriteByte(' ')
	}
	if q.set != "" {
		left := *q
		left.with, left.set, left.other, left.ordered, left.limit, left.offset = nil, "", nil, false, -1, 0
		fmt.Fprintf(&b, "(%s) %s (%s)", &left, q.set, q.other)
	} else {
		q.body(&b)
	}
	if q.ordered {
		b.WriteString(" ORDER BY ")
		for i := range q.list {
			fmt.Fprintf(&b, "%s%d", []string{"", ", "}[min(i, 1)], i+1)
		}
	}
	if q.limit >= 0 {
		fmt.Fprintf(&b, " LIMIT %d", q.limit)
	}
	if q.offset > 0 {
		fmt.Fprintf(&b, " OFFSET %d", q.offset)
	}
	return b.String()
}

func (q *query) body(b *strings.Builder) {
	b.WriteString("SELECT ")
	if q.distinct {
		b.WriteString("DISTINCT ")
	}
	for i, e := range q.list {
		fmt.Fprintf(b, "%s%s AS x%d", []string{"", ", "}[min(i, 1)], e, i)
	}
	for i, s := range q.from {
		fmt.Fprintf(b, "%s%s", []string{" FROM ", ", "}[min(i, 1)], s)
	}
	if q.where != nil {
		fmt.Fprintf(b, " WHERE %s", q.where)
	}
	for i, e := range q.group {
		fmt.Fprintf(b, "%s%s", []string{" GROUP BY ", ", "}[min(i, 1)], e)
	}
	if q.having != nil {
		fmt.Fprintf(b, " HAVING %s", q.having)
	}
}

// columns are those of the result.
func (q *query) columns() []column {
	out := make([]column, len(q.list))
	for i, e := range q.list {
		out[i] = column{name: fmt.Sprintf("x%d", i), kind: e.kind}
	}
	return out
}
