package bind

import (
	"strings"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// windowCall writes a call with OVER.
func (d *deparser) windowCall(e *expr.WindowCall) {
	switch {
	case e.Star:
		d.WriteString(functionName(e.Proc) + "(*)")
	default:
		d.function(e.Proc, e.Args, e.Variadic)
	}
	if e.Filter != nil {
		d.WriteString(" FILTER (WHERE ")
		d.expr(e.Filter, false)
		d.WriteByte(')')
	}
	d.WriteString(" OVER ")
	if d.o.Window != nil {
		d.WriteString(d.o.Window(e))
	}
}

// windowOf writes what follows OVER: the name of a window or its specification.
func (w *queryWriter) windowOf(c *expr.WindowCall) string {
	if w.windows == nil || c.Window >= len(w.windows) {
		return "(?)"
	}
	def := w.windows[c.Window]
	if def.node.Name != "" {
		return pgtype.QuoteIdentifier(def.node.Name)
	}
	return w.specification(def)
}

// windowClause writes the windows that have names.
func (w *queryWriter) windowClause(q *query) {
	first := true
	for _, def := range q.windows {
		if def.node.Name == "" {
			continue
		}
		if first {
			w.keyword(" WINDOW ", -indentStd, indentStd, 1)
			first = false
		} else {
			w.WriteString(", ")
		}
		w.WriteString(pgtype.QuoteIdentifier(def.node.Name) + " AS " + w.specification(def))
	}
}

func (w *queryWriter) specification(def *windowDef) string {
	n := def.node
	var parts []string
	if n.Refname != "" {
		parts = append(parts, pgtype.QuoteIdentifier(n.Refname))
	}
	key := func(k expr.SortKey) string {
		d := w.deparser()
		d.sortKeyExpr(k.Expr)
		return d.String()
	}
	if len(def.partition) > 0 && n.Refname == "" {
		var keys []string
		for _, k := range def.partition {
			keys = append(keys, key(k))
		}
		parts = append(parts, "PARTITION BY "+strings.Join(keys, ", "))
	}
	if len(def.order) > 0 && !def.copiedOrder {
		var keys []string
		for _, k := range def.order {
			keys = append(keys, key(k)+sortSuffix(k.Desc, k.NullsFirst))
		}
		parts = append(parts, "ORDER BY "+strings.Join(keys, ", "))
	}
	if n.FrameOptions&frameNonDefault != 0 {
		parts = append(parts, w.frame(def))
	}
	return "(" + strings.Join(parts, " ") + ")"
}

func (w *queryWriter) frame(def *windowDef) string {
	f := &def.frame
	bound := func(b *plan.FrameBound, unbounded string) string {
		switch b.Kind {
		case plan.CurrentRow:
			return "CURRENT ROW"
		case plan.Preceding:
			return w.exprText(b.Offset, false) + " PRECEDING"
		case plan.Following:
			return w.exprText(b.Offset, false) + " FOLLOWING"
		}
		return "UNBOUNDED " + unbounded
	}
	s := []string{"RANGE", "ROWS", "GROUPS"}[f.Unit] + " "
	if def.node.FrameOptions&frameBetween != 0 {
		s += "BETWEEN " + bound(&f.Start, "PRECEDING") + " AND " + bound(&f.End, "FOLLOWING")
	} else {
		s += bound(&f.Start, "PRECEDING")
	}
	return s + []string{"", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES"}[f.Exclude]
}
