package bind

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// mergePrivileges are what the actions of MERGE need on the target.
var mergePrivileges = map[pg_query.CmdType]desc.Privilege{
	pg_query.CmdType_CMD_INSERT: desc.Insert, pg_query.CmdType_CMD_UPDATE: desc.Update, pg_query.CmdType_CMD_DELETE: desc.Delete,
}

// merge binds MERGE. Its source is the data source, joined to the rows of the target that the condition matches; an outer join when rows without a match matter.
func (b *binder) merge(n *pg_query.MergeStmt, parent *scope) plan.Node {
	b.stmt.ReadOnly = false
	q := &query{scope: &scope{parent: parent}}
	outer := b.scope
	b.scope = q.scope
	defer func() { b.scope = outer }()
	if n.WithClause.GetRecursive() {
		b.errorf(-1, pgerr.SyntaxError, "WITH RECURSIVE is not supported for MERGE statement")
	}
	b.withClause(n.WithClause, q)
	whens := make([]*pg_query.MergeWhenClause, len(n.MergeWhenClauses))
	for i, w := range n.MergeWhenClauses {
		whens[i] = w.GetMergeWhenClause()
	}
	target := b.mergeTarget(n.Relation, b.mergeMode(whens))
	source, sourceItems := b.fromItem(n.SourceRelation)
	setLateral(sourceItems, false, true)
	for _, it := range sourceItems {
		if it.relVisible && it.name == target.name {
			b.failAt(-1, pgerr.Newf(pgerr.DuplicateAlias, "name \"%s\" specified more than once", target.name).
				WithDetail("The name is used both as MERGE target table and data source."))
		}
	}
	s := b.scope
	both := append(sourceItems[:len(sourceItems):len(sourceItems)], s.add(target))
	s.items = both
	m := &plan.Merge{Rel: target.rel, Table: target.table}
	m.Recheck = b.toBool(b.in(kindJoinOn, n.JoinCondition), "JOIN/ON")
	join := &plan.Join{Kind: plan.Inner, Left: source.node, Right: target.node(), Cond: m.Recheck}
	for _, w := range whens {
		if s.items = both; !w.Matched {
			s.items = sourceItems
			if w.CommandType == pg_query.CmdType_CMD_INSERT {
				join.Kind = plan.Left
			}
		}
		m.Actions = append(m.Actions, b.mergeAction(target, w))
	}
	m.Source = join
	m.Rules = b.tableRules(m.Table, m.Rel)
	return b.withPlan(q.ctes, m)
}

// mergeMode is the privileges that the actions need; a clause that no row can reach is an error.
func (b *binder) mergeMode(whens []*pg_query.MergeWhenClause) desc.Privilege {
	var mode desc.Privilege
	final := map[bool]bool{}
	for _, w := range whens {
		mode |= mergePrivileges[w.CommandType]
		if final[w.Matched] {
			b.errorf(-1, pgerr.SyntaxError, "unreachable WHEN clause specified after unconditional WHEN clause")
		}
		final[w.Matched] = w.Condition == nil
	}
	return mode
}

// mergeTarget opens the target, all of its columns and its rows' locators.
func (b *binder) mergeTarget(n *pg_query.RangeVar, mode desc.Privilege) *rangeEntry {
	if rel := b.lookupRelation(n); rel != nil {
		if kind := map[desc.RelKind]string{desc.View: "views", desc.MatView: "materialized views", desc.Sequence: "sequences"}[rel.Kind]; kind != "" {
			b.failAt(-1, pgerr.Newf(pgerr.FeatureNotSupported, "cannot execute MERGE on relation \"%s\"", rel.Name).WithDetail("This operation is not supported for %s.", kind))
		}
	}
	e := b.targetEntry(n, mode, "merge into")
	e.perm.inserted, e.perm.updated = map[int16]bool{}, map[int16]bool{}
	b.produce(e, plan.Locator)
	for i := range e.table.Columns {
		if c := &e.table.Columns[i]; !c.Dropped {
			b.produce(e, c.Num)
		}
	}
	return e
}

// mergeAction binds one WHEN clause; the namespace holds what it may see.
func (b *binder) mergeAction(target *rangeEntry, w *pg_query.MergeWhenClause) *plan.MergeAction {
	a := &plan.MergeAction{Matched: w.Matched}
	if w.Condition != nil {
		a.Cond = b.toBool(b.in(kindMergeWhen, w.Condition), "WHEN")
		b.withoutSystemColumns(a.Cond, target)
	}
	switch w.CommandType {
	case pg_query.CmdType_CMD_INSERT:
		a.Kind = plan.MergeInsert
		b.mergeInsert(a, target, w)
	case pg_query.CmdType_CMD_UPDATE:
		a.Kind = plan.MergeUpdate
		a.Set = b.setClause(w.TargetList, target)
	case pg_query.CmdType_CMD_DELETE:
		a.Kind = plan.MergeDelete
	}
	return a
}

func (b *binder) withoutSystemColumns(e expr.Expr, target *rangeEntry) {
	expr.Walk(e, func(x expr.Expr) bool {
		if v, ok := x.(*expr.Var); ok && v.ID.Num < 0 && v.ID.Num != plan.TableOID {
			if en := b.entries[v.ID.Rel]; en != nil && en.kind == tableEntry {
				b.errorf(b.loc(v), pgerr.InvalidColumnReference, "cannot use system column \"%s\" in MERGE WHEN condition", v.Name)
			}
		}
		return true
	})
}

// mergeInsert binds INSERT of a WHEN NOT MATCHED clause: the values of a complete row.
func (b *binder) mergeInsert(a *plan.MergeAction, target *rangeEntry, w *pg_query.MergeWhenClause) {
	in := &inserter{
		b: b, n: &pg_query.InsertStmt{Cols: w.TargetList, Override: w.Override}, rel: target.table, entry: target, explicit: len(w.TargetList) > 0,
	}
	in.findTargets()
	for _, t := range in.targets {
		target.perm.inserted[t.col.Num] = true
	}
	old := b.scope.kind
	b.scope.kind = kindMergeInsert
	defer func() { b.scope.kind = old }()
	exprs := in.rowValues(w.Values)
	if len(exprs) < len(in.targets) && in.explicit && len(w.Values) > 0 {
		in.fewValues(w.Values)
	}
	a.Values, a.Nums = in.complete(exprs)
}
