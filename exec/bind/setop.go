package bind

import (
	"strconv"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
)

var setOpKinds = map[pg_query.SetOperation]struct {
	kind plan.SetOpKind
	name string
}{
	pg_query.SetOperation_SETOP_UNION:     {plan.Union, "UNION"},
	pg_query.SetOperation_SETOP_INTERSECT: {plan.Intersect, "INTERSECT"},
	pg_query.SetOperation_SETOP_EXCEPT:    {plan.Except, "EXCEPT"},
}

// setOperation binds UNION, INTERSECT or EXCEPT with the ORDER BY and LIMIT of the whole.
func (b *binder) setOperation(q *query) {
	n := q.stmt
	if len(n.LockingClause) > 0 {
		b.errorf(-1, pgerr.FeatureNotSupported, "%s is not allowed with UNION/INTERSECT/EXCEPT", LockName(n.LockingClause[0].GetLockingClause().Strength))
	}
	left := b.setOperand(n.Larg)
	right := b.setOperand(n.Rarg)
	b.combine(q, left, right)
	b.finishSetOperation(q)
}

// setOperand binds one side; a set operation below has no clauses of its own unless it is in parentheses.
func (b *binder) setOperand(n *pg_query.SelectStmt) *query {
	if n.IntoClause != nil {
		b.unsupported(-1, "INTO inside a set operation")
	}
	items := b.scope.items
	b.scope.items = nil
	b.keepUnknown = true
	q := b.selectStmt(n, b.scope)
	b.scope.items = items
	return q
}

// combine gives both sides common types and makes the SetOp.
func (b *binder) combine(q, left, right *query) {
	n := q.stmt
	info := setOpKinds[n.Op]
	q.left, q.right, q.op, q.all = left, right, n.Op, n.All
	if len(left.out) != len(right.out) {
		b.errorf(targetsLoc(n.Rarg), pgerr.SyntaxError, "each %s query must have the same number of columns", info.name)
	}
	s := &plan.SetOp{Rel: b.newRel(), Kind: info.kind, All: n.All}
	lcast, rcast := make([]expr.Expr, len(left.out)), make([]expr.Expr, len(left.out))
	for i := range left.out {
		l, r := b.outputExpr(left, i), b.outputExpr(right, i)
		t := b.commonType([]expr.Expr{l, r}, info.name)
		lcast[i], rcast[i] = b.toCommon(l, t, info.name), b.toCommon(r, t, info.name)
		mod := int32(-1)
		if l.Typmod() == r.Typmod() && l.Type() == r.Type() {
			mod = l.Typmod()
		}
		s.Types = append(s.Types, typed(t, mod))
		if !n.All && !comparable(t) {
			b.noEquality(l, t)
		}
	}
	s.Left, s.Right = b.castOutput(left, lcast), b.castOutput(right, rcast)
	q.node = s
	for i, c := range left.out {
		v := &expr.Var{Typed: s.Types[i], ID: expr.ColID{Rel: s.Rel, Num: int16(i + 1)}, Name: c.name}
		q.targets = append(q.targets, &target{name: c.name, e: v})
	}
}

func targetsLoc(n *pg_query.SelectStmt) int32 {
	for n.GetLarg() != nil {
		n = n.Larg
	}
	if len(n.GetTargetList()) > 0 {
		return nodeLoc(n.TargetList[0].GetResTarget().GetVal())
	}
	if len(n.GetValuesLists()) > 0 {
		return listLoc(n.ValuesLists[0].GetList().GetItems())
	}
	return -1
}

// outputExpr is a column of a side, as what computes it when that is a literal or parameter whose type the other side may decide.
func (b *binder) outputExpr(q *query, i int) expr.Expr {
	c := q.out[i]
	if c.typed.T == unknownType {
		return c.e
	}
	v := q.column(i)
	b.at(v, b.loc(c.e))
	return v
}

// castOutput converts the columns of a side where they are not of the common type yet.
func (b *binder) castOutput(q *query, cast []expr.Expr) plan.Node {
	same := true
	for i, e := range cast {
		v, ok := e.(*expr.Var)
		same = same && ok && v.ID == q.out[i].id
	}
	if same && len(q.node.Columns()) == len(cast) {
		return q.node
	}
	p := &plan.Project{Rel: b.newRel(), Input: q.node, Exprs: cast}
	for _, c := range q.out {
		p.Names = append(p.Names, c.name)
	}
	return p
}

// hideBranches lets errors know the columns of the branches, which no name reaches; n numbers them from 1.
func (b *binder) hideBranches(q *query, n int) int {
	for _, side := range []*query{q.left, q.right} {
		if side.left != nil && side.stmt.SortClause == nil && side.stmt.LimitCount == nil {
			n = b.hideBranches(side, n)
			continue
		}
		entry := &rangeEntry{kind: subqueryEntry, name: "*SELECT* " + strconv.Itoa(n), scope: b.scope}
		for _, c := range side.out {
			entry.cols = append(entry.cols, column{name: c.name, e: c.e})
		}
		b.scope.entries = append(b.scope.entries, entry)
		n++
	}
	return n
}

// finishSetOperation applies ORDER BY and LIMIT, which see the output columns only.
func (b *binder) finishSetOperation(q *query) {
	n := q.stmt
	entry := &rangeEntry{kind: subqueryEntry, name: "*SELECT*", scope: b.scope}
	for _, t := range q.targets {
		entry.cols = append(entry.cols, column{name: t.name, e: t.e})
	}
	before := len(q.targets)
	b.scope.items = []*item{b.scope.add(entry)}
	own := len(b.scope.entries)
	b.hideBranches(q, 1)
	q.sorts = b.sortClause(q, n.SortClause, true)
	b.scope.entries = b.scope.entries[:own]
	if len(q.targets) > before {
		b.failAt(b.loc(q.targets[before].e), pgerr.New(pgerr.FeatureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause").
			WithDetail("Only result column names can be used, not expressions or functions.").
			WithHint("Add the expression/function to every SELECT, or move the UNION into a FROM clause."))
	}
	b.limitClauses(q)
	exprs := make([]expr.Expr, len(q.targets))
	for i, t := range q.targets {
		exprs[i] = t.e
	}
	q.node = q.sortAndLimit(q.node, exprs)
	rel := int32(0)
	if s, ok := exprs0(exprs); ok {
		rel = s
	}
	b.setOutput(q, rel)
	for i := range q.out {
		// A column of a set operation is no table's.
		q.out[i].table, q.out[i].num = 0, 0
	}
}

func exprs0(exprs []expr.Expr) (int32, bool) {
	if len(exprs) == 0 {
		return 0, false
	}
	return exprs[0].(*expr.Var).ID.Rel, true
}
