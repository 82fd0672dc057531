package bind

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// valuesClause binds VALUES as a query of its own: columns column1, column2 … of their common types.
func (b *binder) valuesClause(q *query) {
	n := q.stmt
	q.values = b.valueRows(n.ValuesLists, kindValues)
	width := len(q.values[0])
	v := &plan.Values{Rel: b.newRel(), Types: make([]expr.Typed, width)}
	for c := range width {
		col := make([]expr.Expr, len(q.values))
		for r := range q.values {
			col[r] = q.values[r][c]
		}
		col, t := b.allToCommon(col, "VALUES")
		v.Types[c] = t
		for r := range q.values {
			q.values[r][c] = col[r]
		}
	}
	v.Rows = q.values
	entry := &rangeEntry{kind: valuesEntry, name: "*VALUES*", rel: v.Rel, scope: b.scope}
	for c := range width {
		name := "column" + itoa(c+1)
		x := &expr.Var{Typed: v.Types[c], ID: expr.ColID{Rel: v.Rel, Num: int16(c + 1)}, Name: name}
		entry.cols = append(entry.cols, column{name: name, e: x})
		q.targets = append(q.targets, &target{name: name, e: x})
	}
	b.register(b.scope, entry)
	b.scope.items = append(b.scope.items, b.scope.add(entry))
	q.sorts = b.sortClause(q, n.SortClause, false)
	b.limitClauses(q)
	if len(n.LockingClause) > 0 {
		b.errorf(-1, pgerr.FeatureNotSupported, "%s cannot be applied to VALUES", LockName(n.LockingClause[0].GetLockingClause().Strength))
	}
	b.outputValues(q, v)
}

// outputValues finishes VALUES: with nothing else to do its own columns are the output.
func (b *binder) outputValues(q *query, v *plan.Values) {
	if len(q.sorts) == 0 {
		q.node = q.limited(v, nil)
		b.setOutput(q, v.Rel)
		return
	}
	exprs := make([]expr.Expr, len(q.targets))
	for i, t := range q.targets {
		exprs[i] = t.e
	}
	if q.sortsInput(exprs) {
		b.sortFirst(q, v, exprs)
		return
	}
	b.finishSelect(q, v, exprs, false)
}

// valueRows binds the rows of a VALUES list, which are equally long.
func (b *binder) valueRows(lists []*pg_query.Node, kind exprKind) [][]expr.Expr {
	rows := make([][]expr.Expr, len(lists))
	old := b.scope.kind
	b.scope.kind = kind
	for i, l := range lists {
		rows[i] = b.rowFields(l.GetList().GetItems())
		if len(rows[i]) != len(rows[0]) {
			b.errorf(listLoc(l.GetList().GetItems()), pgerr.SyntaxError, "VALUES lists must all be the same length")
		}
	}
	b.scope.kind = old
	return slices.Clone(rows)
}
