package bind

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// maxSuggestion is how many letters a suggested name may differ in.
const maxSuggestion = 3

// columnSearch looks for columns that the user may have meant.
type columnSearch struct {
	exact         []columnMatch
	distance      int
	first, second *columnMatch
}

type columnMatch struct {
	entry  *rangeEntry
	column string
}

// noColumn reports an unknown column, with what PostgreSQL would suggest.
func (b *binder) noColumn(s *scope, relation, name string, loc int32) {
	e := pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" does not exist", name)
	if relation != "" {
		e = pgerr.Newf(pgerr.UndefinedColumn, "column %s.%s does not exist", relation, name)
	}
	search := &columnSearch{distance: maxSuggestion + 1}
	for at := s; at != nil; at = at.parent {
		for _, entry := range at.entries {
			search.look(entry, relation, name)
		}
	}
	b.suggestColumn(e, search, s, relation, name)
	b.failAt(loc, e)
}

func (b *binder) suggestColumn(e *pgerr.Error, f *columnSearch, s *scope, relation, name string) {
	switch {
	case len(f.exact) > 1:
		e.WithDetail("There are columns named \"%s\", but they are in tables that cannot be referenced from this part of the query.", name)
		if relation == "" {
			e.WithHint("Try using a table-qualified name.")
		}
	case len(f.exact) == 1:
		x := f.exact[0].entry
		e.WithDetail("There is a column named \"%s\" in table \"%s\", but it cannot be referenced from this part of the query.", name, x.name)
		switch {
		case visibleIfLateral(s, x):
			e.WithHint("To reference that column, you must mark this subquery with LATERAL.")
		case relation == "" && visibleIfQualified(s, x):
			e.WithHint("To reference that column, you must use a table-qualified name.")
		}
	case f.second != nil:
		e.WithHint("Perhaps you meant to reference the column \"%s.%s\" or the column \"%s.%s\".", f.first.entry.name, f.first.column, f.second.entry.name, f.second.column)
	case f.first != nil:
		e.WithHint("Perhaps you meant to reference the column \"%s.%s\".", f.first.entry.name, f.first.column)
	}
}

func (f *columnSearch) look(entry *rangeEntry, relation, name string) {
	if entry.kind == joinEntry {
		return
	}
	penalty := 0
	if relation != "" {
		penalty = levenshtein(relation, entry.name)
	}
	if penalty > maxSuggestion {
		return
	}
	for _, c := range entry.cols {
		if c.hidden {
			continue
		}
		if c.name == name && penalty == 0 {
			f.exact = append(f.exact, columnMatch{entry, name})
			continue
		}
		f.consider(entry, c.name, name, penalty)
	}
}

func (f *columnSearch) consider(entry *rangeEntry, actual, name string, penalty int) {
	d := levenshtein(actual, name)
	if actual == "" || d > len(name)/2 || d+penalty > f.distance {
		return
	}
	d += penalty
	m := &columnMatch{entry, actual}
	switch {
	case d < f.distance:
		f.distance, f.first, f.second = d, m, nil
	case f.second != nil:
		f.first, f.second, f.distance = nil, nil, d-1
	case f.first != nil:
		f.second = m
	case f.distance <= maxSuggestion:
		f.first = m
	}
}

func levenshtein(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			cost := diagonal
			if x[i] != y[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}

func visibleIfLateral(s *scope, e *rangeEntry) bool {
	for at := s; at != nil; at = at.parent {
		for _, it := range at.items {
			if it.entry == e {
				return it.lateralOnly && !at.lateral && it.lateralOK
			}
		}
	}
	return false
}

func visibleIfQualified(s *scope, e *rangeEntry) bool {
	for at := s; at != nil; at = at.parent {
		for _, it := range at.items {
			if it.entry == e {
				return it.relVisible && !it.lateralOnly
			}
		}
	}
	return false
}

// noRelation reports an unknown table name in front of a column.
func (b *binder) noRelation(s *scope, schema, name string, loc int32) {
	var bad *rangeEntry
	for at := s; at != nil && bad == nil; at = at.parent {
		for _, e := range at.entries {
			if e.name == name || e.kind == tableEntry && e.table.Name == name {
				bad = e
				break
			}
		}
	}
	if bad == nil {
		b.errorf(loc, pgerr.UndefinedTable, "missing FROM-clause entry for table \"%s\"", name)
	}
	e := pgerr.Newf(pgerr.UndefinedTable, "invalid reference to FROM-clause entry for table \"%s\"", name)
	switch {
	case bad.aliased && bad.name != name && visibleIfQualified(s, bad):
		e.WithHint("Perhaps you meant to reference the table alias \"%s\".", bad.name)
	default:
		e.WithDetail("There is an entry for table \"%s\", but it cannot be referenced from this part of the query.", bad.name)
		if visibleIfLateral(s, bad) {
			e.WithHint("To reference that table, you must mark this subquery with LATERAL.")
		}
	}
	b.failAt(loc, e)
}

// wholeRow is a relation's name used as a value: a row of its columns.
func (b *binder) wholeRow(it *item, loc int32) expr.Expr {
	e := it.entry
	cols := visibleColumns(it)
	if e.scalar && len(cols) == 1 {
		return b.useColumn(cols[0].e, loc)
	}
	t := recordType
	if e.rowType != nil {
		t = e.rowType
	}
	r := &expr.Row{Typed: typed(t, -1)}
	for _, c := range cols {
		r.Fields = append(r.Fields, b.useColumn(c.e, loc))
		r.Names = append(r.Names, c.name)
	}
	b.wholeRows[r] = e
	return b.at(r, loc)
}
