package bind

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/proto"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// LockName is the clause of a row lock in words.
func LockName(s pg_query.LockClauseStrength) string {
	switch s {
	case pg_query.LockClauseStrength_LCS_FORKEYSHARE:
		return "FOR KEY SHARE"
	case pg_query.LockClauseStrength_LCS_FORSHARE:
		return "FOR SHARE"
	case pg_query.LockClauseStrength_LCS_FORNOKEYUPDATE:
		return "FOR NO KEY UPDATE"
	}
	return "FOR UPDATE"
}

var lockLetters = map[pg_query.LockClauseStrength]byte{
	pg_query.LockClauseStrength_LCS_FORKEYSHARE: 'k', pg_query.LockClauseStrength_LCS_FORSHARE: 's',
	pg_query.LockClauseStrength_LCS_FORNOKEYUPDATE: 'n', pg_query.LockClauseStrength_LCS_FORUPDATE: 'u',
}

// lockingClauses binds FOR UPDATE and its kin.
func (b *binder) lockingClauses(q *query) {
	for _, n := range q.stmt.LockingClause {
		l := n.GetLockingClause()
		b.checkLockable(q, l)
		if len(l.LockedRels) == 0 {
			for _, e := range q.scope.entries {
				b.lockEntry(q, e, l, -1, false)
			}
			continue
		}
		for _, r := range l.LockedRels {
			b.lockNamed(q, r.GetRangeVar(), l)
		}
	}
}

func (b *binder) checkLockable(q *query, l *pg_query.LockingClause) {
	what := ""
	switch {
	case q.unique || len(q.on) > 0:
		what = "DISTINCT clause"
	case len(q.groups) > 0 || len(q.sets) > 0:
		what = "GROUP BY clause"
	case q.having != nil:
		what = "HAVING clause"
	case q.scope.hasAggs:
		what = "aggregate functions"
	case q.scope.hasWindows:
		what = "window functions"
	case slices.ContainsFunc(q.targets, func(t *target) bool { return returnsSet(t.e) }):
		what = "set-returning functions in the target list"
	default:
		return
	}
	b.errorf(-1, pgerr.FeatureNotSupported, "%s is not allowed with %s", LockName(l.Strength), what)
}

func (b *binder) lockNamed(q *query, r *pg_query.RangeVar, l *pg_query.LockingClause) {
	if r.Schemaname != "" || r.Catalogname != "" {
		b.errorf(r.Location, pgerr.SyntaxError, "%s must specify unqualified relation names", LockName(l.Strength))
	}
	for _, e := range q.scope.entries {
		if e.name == r.Relname {
			b.lockEntry(q, e, l, r.Location, true)
			return
		}
	}
	b.errorf(r.Location, pgerr.UndefinedTable, "relation \"%s\" in %s clause not found in FROM clause", r.Relname, LockName(l.Strength))
}

// lockEntry locks the rows of one relation of FROM; what is not a table is refused when it is named and passed over otherwise.
func (b *binder) lockEntry(q *query, e *rangeEntry, l *pg_query.LockingClause, loc int32, named bool) {
	kind := map[entryKind]string{joinEntry: "a join", functionEntry: "a function", valuesEntry: "VALUES", cteEntry: "a WITH query"}[e.kind]
	switch {
	case e.kind == subqueryEntry:
		return // its own FROM has them, see lockedBelow
	case e.kind != tableEntry && named:
		b.errorf(loc, pgerr.FeatureNotSupported, "%s cannot be applied to %s", LockName(l.Strength), kind)
	case e.kind != tableEntry:
		return
	case e.table.Kind == desc.MatView:
		b.errorf(loc, pgerr.WrongObjectType, "cannot lock rows in materialized view \"%s\"", e.table.Name)
	case e.table.Kind == desc.Sequence:
		b.errorf(loc, pgerr.WrongObjectType, "cannot lock rows in sequence \"%s\"", e.table.Name)
	case e.scan == nil:
		return // nobody changes a system relation's rows under a reader
	}
	b.produce(e, plan.Locator)
	for _, c := range e.cols {
		b.produce(e, c.e.(*expr.Var).ID.Num)
	}
	e.perm.mode |= desc.Update
	b.writes(e.table)
	if b.stmt.Locking == "" {
		b.stmt.Locking = LockName(l.Strength)
	}
	lock := plan.RowLock{
		Rel: e.rel, Table: e.table, Strength: lockLetters[l.Strength], Recheck: b.recheck(q),
		NoWait: l.WaitPolicy == pg_query.LockWaitPolicy_LockWaitError, Skip: l.WaitPolicy == pg_query.LockWaitPolicy_LockWaitSkip,
	}
	for i, x := range q.locks {
		if x.Rel == e.rel {
			q.locks[i] = strongerLock(x, lock)
			return
		}
	}
	q.locks = append(q.locks, lock)
}

// lockedBelow gives a subquery of FROM the row locks that the query around it takes on its rows: they are those of the tables that it reads.
func (b *binder) lockedBelow(n *pg_query.Node, name string) *pg_query.Node {
	sel := n.GetSelectStmt()
	if b.scope == nil || b.scope.query == nil || sel == nil || len(sel.ValuesLists) > 0 {
		return n
	}
	var locks []*pg_query.Node
	for _, c := range b.scope.query.stmt.GetLockingClause() {
		l := c.GetLockingClause()
		if len(l.LockedRels) == 0 || slices.ContainsFunc(l.LockedRels, func(r *pg_query.Node) bool { return r.GetRangeVar().GetRelname() == name }) {
			locks = append(locks, &pg_query.Node{Node: &pg_query.Node_LockingClause{
				LockingClause: &pg_query.LockingClause{Strength: l.Strength, WaitPolicy: l.WaitPolicy},
			}})
		}
	}
	if locks == nil {
		return n
	}
	c := proto.Clone(sel).(*pg_query.SelectStmt)
	c.LockingClause = append(c.LockingClause, locks...)
	return &pg_query.Node{Node: &pg_query.Node_SelectStmt{SelectStmt: c}}
}

func strongerLock(x, y plan.RowLock) plan.RowLock {
	const order = "ksnu"
	rank := func(s byte) int {
		for i := range order {
			if order[i] == s {
				return i
			}
		}
		return 0
	}
	if rank(y.Strength) > rank(x.Strength) {
		x.Strength = y.Strength
	}
	x.NoWait, x.Skip = x.NoWait || y.NoWait, !(x.NoWait || y.NoWait) && (x.Skip || y.Skip)
	return x
}

// recheck is what a row that has changed must still meet: WHERE and the conditions of inner joins.
func (b *binder) recheck(q *query) expr.Expr {
	conds := []expr.Expr{q.where}
	var walk func(t *fromTree)
	walk = func(t *fromTree) {
		if t == nil || t.left == nil {
			return
		}
		if t.kind == plan.Inner {
			conds = append(conds, t.cond)
			walk(t.left)
			walk(t.right)
		}
	}
	walk(q.from)
	return conjunction(conds)
}
