package bind

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// onConflict binds ON CONFLICT.
func (in *inserter) onConflict(n *pg_query.OnConflictClause) *plan.OnConflict {
	b := in.b
	update := n.Action == pg_query.OnConflictAction_ONCONFLICT_UPDATE
	if update && n.Infer == nil {
		b.failAt(n.Location, pgerr.New(pgerr.SyntaxError, "ON CONFLICT DO UPDATE requires inference specification or constraint name").
			WithHint("For example, ON CONFLICT (column_name)."))
	}
	c := &plan.OnConflict{Update: update, Rel: b.newRel(), Excluded: b.newRel()}
	existing := in.rowEntry(in.entry.name, c.Rel)
	existing.aliased = in.entry.aliased
	for i, e := range b.scope.entries {
		if e == in.entry {
			b.scope.entries[i] = existing
		}
	}
	if n.Infer != nil {
		in.infer(c, n.Infer)
	}
	if !update {
		return c
	}
	outer := b.scope.items
	excluded := in.rowEntry("excluded", c.Excluded)
	excluded.aliased, excluded.proposed = true, true
	b.scope.items = []*item{b.scope.add(existing), b.scope.add(excluded)}
	b.scope.entries = append(b.scope.entries, excluded)
	in.entry.perm.mode |= desc.Update
	c.Set = b.setClause(n.TargetList, existing)
	if n.WhereClause != nil {
		c.Where = b.toBool(b.in(kindWhere, n.WhereClause), "WHERE")
	}
	b.scope.items = outer
	return c
}

// rowEntry makes an entry of the target's columns under another relation number.
func (in *inserter) rowEntry(name string, rel int32) *rangeEntry {
	e := &rangeEntry{kind: tableEntry, name: name, rel: rel, table: in.rel, perm: in.entry.perm, rowType: in.entry.rowType, through: in.entry.through, scope: in.b.scope}
	for _, c := range in.entry.cols {
		e.cols = append(e.cols, column{name: c.name, e: otherRow(c.e, in.entry.rel, rel)})
	}
	in.b.entries[rel] = e
	return e
}

// infer finds the unique indexes that a conflict target means.
func (in *inserter) infer(c *plan.OnConflict, n *pg_query.InferClause) {
	b := in.b
	if n.Conname != "" {
		for i := range in.rel.Constraints {
			k := &in.rel.Constraints[i]
			if k.Name == n.Conname && (k.Type == 'p' || k.Type == 'u' || k.Type == 'x') {
				if k.Type == 'x' && c.Update {
					b.errorf(-1, pgerr.WrongObjectType, "ON CONFLICT DO UPDATE not supported with exclusion constraints")
				}
				if x := in.rel.Index(k.Index); x != nil {
					c.Indexes = []*desc.Index{x}
					return
				}
			}
		}
		b.errorf(-1, pgerr.UndefinedObject, "constraint \"%s\" for table \"%s\" does not exist", n.Conname, in.rel.Name)
	}
	nums, exprs := in.inferElements(n)
	predicate := in.inferPredicate(n)
	for i := range in.rel.Indexes {
		x := &in.rel.Indexes[i]
		if x.Unique && x.Valid && in.covers(x, nums, exprs, predicate) {
			c.Indexes = append(c.Indexes, x)
		}
	}
	if len(c.Indexes) == 0 {
		b.errorf(-1, pgerr.InvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification")
	}
}

func (in *inserter) inferElements(n *pg_query.InferClause) (nums []int16, exprs []expr.Expr) {
	b := in.b
	for _, e := range n.IndexElems {
		x := e.GetIndexElem()
		if x.Ordering != pg_query.SortByDir_SORTBY_DEFAULT && x.Ordering != 0 {
			b.errorf(-1, pgerr.InvalidColumnReference, "ASC/DESC is not allowed in ON CONFLICT clause")
		}
		if x.Name != "" {
			if in.entry.through == nil && in.rel.Column(x.Name) == nil {
				b.noColumn(b.scope, "", x.Name, n.Location)
			}
			col := b.targetColumn(in.entry, x.Name, n.Location, "insert into")
			nums = append(nums, col.Num)
			in.entry.perm.read(col.Num)
			continue
		}
		b.scope.items = []*item{b.scope.add(in.entry)}
		bound := b.in(kindIndexExpr, x.Expr)
		if v, ok := bound.(*expr.Var); ok {
			nums = append(nums, v.ID.Num)
			continue
		}
		exprs = append(exprs, bound)
	}
	return nums, exprs
}

func (in *inserter) inferPredicate(n *pg_query.InferClause) expr.Expr {
	if n.WhereClause == nil {
		return nil
	}
	b := in.b
	b.scope.items = []*item{b.scope.add(in.entry)}
	return b.toBool(b.in(kindIndexPredicate, n.WhereClause), "WHERE")
}

// covers tells whether an index is on exactly the given columns and expressions; that of a part of the rows must cover the given condition.
func (in *inserter) covers(x *desc.Index, nums []int16, exprs []expr.Expr, predicate expr.Expr) bool {
	rule := in.b.indexRule(in.rel, x, in.entry.rel)
	if rule.Predicate != nil && !implies(predicate, rule.Predicate) {
		return false
	}
	keyNums := map[int16]bool{}
	for i, k := range x.Keys {
		if k.Num != 0 {
			keyNums[k.Num] = true
			if !slices.Contains(nums, k.Num) {
				return false
			}
			continue
		}
		if !slices.ContainsFunc(exprs, func(e expr.Expr) bool { return expr.Equal(e, rule.Keys[i]) }) {
			return false
		}
	}
	for _, n := range nums {
		if !keyNums[n] {
			return false
		}
	}
	for _, e := range exprs {
		if !slices.ContainsFunc(rule.Keys, func(k expr.Expr) bool { return k != nil && expr.Equal(e, k) }) {
			return false
		}
	}
	return true
}

// implies tells whether a condition is sure to include another: each of its conjuncts is there.
func implies(given, wanted expr.Expr) bool {
	if given == nil {
		return false
	}
	parts := func(e expr.Expr) []expr.Expr {
		if a, ok := e.(*expr.BoolOp); ok && a.Op == expr.And {
			return a.Args
		}
		return []expr.Expr{e}
	}
	for _, w := range parts(wanted) {
		if !slices.ContainsFunc(parts(given), func(g expr.Expr) bool { return expr.Equal(g, w) }) {
			return false
		}
	}
	return true
}
