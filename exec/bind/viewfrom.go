package bind

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// fromList writes the FROM list.
func (w *queryWriter) fromList(t *fromTree) {
	if t.comma {
		w.fromList(t.left)
		w.WriteString(",")
		w.keyword("", -indentStd, indentStd, indentVar)
		w.fromItem(t.right)
		return
	}
	w.fromItem(t)
}

var joinWords = map[plan.JoinKind]string{plan.Inner: " JOIN ", plan.Left: " LEFT JOIN ", plan.Right: " RIGHT JOIN ", plan.Full: " FULL JOIN "}

func (w *queryWriter) fromItem(t *fromTree) {
	if t.left == nil {
		w.fromLeaf(t)
		return
	}
	parens := !w.pretty || t.entry != nil && t.entry.aliased
	if parens {
		w.WriteString("(")
	}
	w.fromItem(t.left)
	word := joinWords[t.kind]
	if t.cond == nil && t.using == nil && t.kind == plan.Inner {
		word = " CROSS JOIN "
	}
	w.keyword(word, -indentStd, indentStd, indentJoin)
	right := w.pretty && t.right.left != nil
	if right {
		w.WriteString("(")
	}
	w.fromItem(t.right)
	if right {
		w.WriteString(")")
	}
	switch {
	case len(t.using) > 0:
		w.WriteString(" USING (" + quoteNames(t.using) + ")")
	case t.cond != nil:
		w.WriteString(" ON ")
		if !w.pretty {
			w.WriteString("(")
		}
		w.expr(t.cond, false)
		if !w.pretty {
			w.WriteString(")")
		}
	case t.kind != plan.Inner:
		w.WriteString(" ON TRUE")
	}
	if parens {
		w.WriteString(")")
	}
	if t.entry != nil && t.entry.aliased {
		w.WriteString(" " + pgtype.QuoteIdentifier(t.entry.name))
	}
}

func (w *queryWriter) fromLeaf(t *fromTree) {
	switch n := t.raw.Node.(type) {
	case *pg_query.Node_RangeVar:
		w.tableLeaf(t.entry, n.RangeVar)
		w.sample(t)
	case *pg_query.Node_RangeSubselect:
		if n.RangeSubselect.Lateral {
			w.WriteString("LATERAL ")
		}
		w.WriteString("(")
		w.inner(t.entry.def.(*query))
		w.WriteString(")")
		w.alias(t.entry, n.RangeSubselect.Alias, false)
	case *pg_query.Node_RangeFunction:
		w.functionLeaf(t.entry, n.RangeFunction)
	}
}

// sample writes TABLESAMPLE.
func (w *queryWriter) sample(t *fromTree) {
	if t.sampled == nil {
		return
	}
	w.WriteString(" TABLESAMPLE " + nodeString(t.sampled.Method[len(t.sampled.Method)-1]) + " (" + w.exprText(t.sample[0], false) + ")")
	if t.sample[1] != nil {
		w.WriteString(" REPEATABLE (" + w.exprText(t.sample[1], false) + ")")
	}
}

func (w *queryWriter) tableLeaf(e *rangeEntry, n *pg_query.RangeVar) {
	rel := e.table
	if rel == nil {
		rel = e.view
	}
	if rel == nil {
		w.WriteString(pgtype.QuoteIdentifier(n.Relname))
	} else {
		w.WriteString(w.b.relationName(rel))
	}
	w.alias(e, n.Alias, e.named)
}

// relationName writes a relation's name, with its schema where the search path finds another or none.
func (b *binder) relationName(rel *desc.Relation) string {
	name := pgtype.QuoteIdentifier(rel.Name)
	if found := b.lookupRelation(&pg_query.RangeVar{Relname: rel.Name, Location: -1}); found != nil && found.OID == rel.OID {
		return name
	}
	if s := b.env.Catalog.Schema(rel.Schema); s != nil {
		return pgtype.QuoteIdentifier(s.Name) + "." + name
	}
	return name
}

// alias writes the name of an entry where it is not plain from what stands before it, and the names of its columns where they differ from their own.
func (w *queryWriter) alias(e *rangeEntry, a *pg_query.Alias, columns bool) {
	name := w.nameOf(e)
	plain := a == nil && name == e.name && !columns
	if plain && (e.kind != subqueryEntry || e.view != nil) {
		return
	}
	w.WriteString(" " + pgtype.QuoteIdentifier(name))
	if a != nil && len(a.Colnames) > 0 && (e.table == nil || renamed(e)) || columns {
		var names []string
		for _, c := range e.cols {
			names = append(names, c.name)
		}
		w.WriteString("(" + quoteNames(names) + ")")
	}
}

// renamed tells whether an alias gives a table's columns other names.
func renamed(e *rangeEntry) bool {
	i := 0
	for n := range e.table.Columns {
		if c := &e.table.Columns[n]; !c.Dropped {
			if i < len(e.cols) && e.cols[i].name != c.Name {
				return true
			}
			i++
		}
	}
	return false
}

func (w *queryWriter) functionLeaf(e *rangeEntry, n *pg_query.RangeFunction) {
	parts := e.def.([]funcPart)
	if n.Lateral {
		w.WriteString("LATERAL ")
	}
	rows := len(parts) > 1 || n.IsRowsfrom && len(n.Functions) > 1
	if rows {
		w.WriteString("ROWS FROM(")
	}
	for i, p := range parts {
		if i > 0 {
			w.WriteString(", ")
		}
		w.expr(p.e, false)
	}
	if rows {
		w.WriteString(")")
	}
	if n.Ordinality {
		w.WriteString(" WITH ORDINALITY")
	}
	if len(n.Coldeflist) > 0 && len(parts) == 1 {
		var defs []string
		for _, c := range parts[0].columns {
			defs = append(defs, pgtype.QuoteIdentifier(c.Name)+" "+pgtype.FormatType(c.Type, c.Typmod))
		}
		w.WriteString(" " + pgtype.QuoteIdentifier(w.nameOf(e)) + "(" + strings.Join(defs, ", ") + ")")
		return
	}
	w.alias(e, n.Alias, true)
}
