package bind

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
)

var joinKinds = map[pg_query.JoinType]plan.JoinKind{
	pg_query.JoinType_JOIN_INNER: plan.Inner,
	pg_query.JoinType_JOIN_LEFT:  plan.Left,
	pg_query.JoinType_JOIN_RIGHT: plan.Right,
	pg_query.JoinType_JOIN_FULL:  plan.Full,
}

// side binds one side of a join; padded says that the join may put NULLs in place of its rows.
func (b *binder) side(n *pg_query.Node, padded bool) (*fromTree, []*item) {
	if padded {
		b.padded++
		defer func() { b.padded-- }()
	}
	return b.fromItem(n)
}

// join binds a JOIN with its condition.
func (b *binder) join(n *pg_query.JoinExpr) (*fromTree, []*item) {
	s := b.scope
	kind := joinKinds[n.Jointype]
	left, litems := b.side(n.Larg, kind == plan.Right || kind == plan.Full)
	setLateral(litems, true, kind == plan.Inner || kind == plan.Left)
	outer := s.items
	s.items = append(outer[:len(outer):len(outer)], litems...)
	right, ritems := b.side(n.Rarg, kind == plan.Left || kind == plan.Full)
	s.items = outer
	b.checkUnique(litems, ritems)
	t := &fromTree{left: left, right: right, kind: kind, natural: n.IsNatural}
	t.rels = append(append(t.rels, left.rels...), right.rels...)
	j := &plan.Join{Kind: kind, Left: left.node, Right: right.node, Lateral: readsFrom(right.node, left.rels)}

	names := b.usingNames(n, litems, ritems)
	entry := &rangeEntry{kind: joinEntry, name: "unnamed_join", scope: s}
	var conds []expr.Expr
	if names != nil {
		entry.cols, conds = b.usingColumns(kind, names, litems, ritems)
		t.using = names
	} else {
		entry.cols = append(joinColumns(litems, nil), joinColumns(ritems, nil)...)
	}
	items := append(litems[:len(litems):len(litems)], ritems...)
	if n.Quals != nil {
		conds = append(conds, b.joinCondition(n.Quals, items))
	}
	j.Cond = conjunction(conds)
	t.node, t.cond, t.entry = j, j.Cond, entry
	return t, b.joinItems(n, entry, items)
}

// joinItems is the namespace that a join leaves: its sides by name unless it has an alias itself, and its columns.
func (b *binder) joinItems(n *pg_query.JoinExpr, entry *rangeEntry, sides []*item) []*item {
	s := b.scope
	var out []*item
	if n.Alias != nil {
		entry.name, entry.aliased = n.Alias.Aliasname, true
		b.renameColumns(entry, n.Alias, -1)
	} else {
		for _, it := range sides {
			it.colsVisible = false
		}
		out = sides
	}
	if n.JoinUsingAlias != nil {
		it := &item{entry: entry, name: n.JoinUsingAlias.Aliasname, cols: entry.cols[:len(n.UsingClause)], relVisible: true, lateralOK: true}
		b.checkUnique(out, []*item{it})
		out = append(out, it)
	}
	b.register(s, entry)
	it := s.add(entry)
	it.relVisible = n.Alias != nil
	return append(out, it)
}

// joinCondition binds ON, which sees both sides and nothing else of its level.
func (b *binder) joinCondition(quals *pg_query.Node, items []*item) expr.Expr {
	s := b.scope
	outer := s.items
	setLateral(items, false, true)
	s.items = items
	cond := b.toBool(b.in(kindJoinOn, quals), "JOIN/ON")
	s.items = outer
	return cond
}

// joinColumns are the columns of one side that a reference without a table can mean, but for those that are merged.
func joinColumns(items []*item, merged map[string]bool) []column {
	var out []column
	for _, it := range items {
		if !it.colsVisible {
			continue
		}
		for _, c := range it.cols {
			if !merged[c.name] || c.hidden {
				out = append(out, c)
			}
		}
	}
	return out
}

// usingNames lists the columns to be merged: of USING, or common ones for NATURAL; nil for neither.
func (b *binder) usingNames(n *pg_query.JoinExpr, left, right []*item) []string {
	if n.IsNatural {
		names := []string{}
		rcols := joinColumns(right, nil)
		for _, l := range joinColumns(left, nil) {
			for _, r := range rcols {
				if l.name == r.name && !l.hidden && !r.hidden {
					names = append(names, l.name)
					break
				}
			}
		}
		return names
	}
	var names []string
	for _, u := range n.UsingClause {
		name := nodeString(u)
		for _, x := range names {
			if x == name {
				b.errorf(-1, pgerr.DuplicateColumn, "column name \"%s\" appears more than once in USING clause", name)
			}
		}
		names = append(names, name)
	}
	return names
}

// usingColumns merges columns of a join: the merged ones first, then the rest of both sides.
func (b *binder) usingColumns(kind plan.JoinKind, names []string, left, right []*item) ([]column, []expr.Expr) {
	lcols, rcols := joinColumns(left, nil), joinColumns(right, nil)
	merged := map[string]bool{}
	var cols []column
	var conds []expr.Expr
	for _, name := range names {
		l := b.usingColumn(lcols, name, "left")
		r := b.usingColumn(rcols, name, "right")
		le, re := b.useColumn(l.e, -1), b.useColumn(r.e, -1)
		eq := b.toBool(b.operatorCall("=", le, re, -1), "JOIN/USING")
		conds = append(conds, eq)
		cols = append(cols, column{name: name, e: b.mergedColumn(kind, l.e, r.e)})
		merged[name] = true
	}
	cols = append(cols, joinColumns(left, merged)...)
	return append(cols, joinColumns(right, merged)...), conds
}

func (b *binder) usingColumn(cols []column, name, side string) column {
	found := -1
	for i, c := range cols {
		if c.name == name && !c.hidden {
			if found >= 0 {
				b.errorf(-1, pgerr.AmbiguousColumn, "common column name \"%s\" appears more than once in %s table", name, side)
			}
			found = i
		}
	}
	if found < 0 {
		b.errorf(-1, pgerr.UndefinedColumn, "column \"%s\" specified in USING clause does not exist in %s table", name, side)
	}
	return cols[found]
}

// mergedColumn is the value of a merged column: the side that is never missing, or the first that is there.
func (b *binder) mergedColumn(kind plan.JoinKind, l, r expr.Expr) expr.Expr {
	t := b.commonType([]expr.Expr{l, r}, "JOIN/USING")
	mod := int32(-1)
	if l.Type() == r.Type() && l.Typmod() == r.Typmod() {
		mod = l.Typmod()
	}
	convert := func(e expr.Expr) expr.Expr {
		e = b.toCommon(e, t, "JOIN/USING")
		if mod != e.Typmod() {
			e = &expr.Relabel{Typed: typed(t, mod), Arg: e, Implicit: true}
		}
		return e
	}
	switch kind {
	case plan.Full:
		return &expr.Coalesce{Typed: typed(t, mod), Args: []expr.Expr{convert(l), convert(r)}}
	case plan.Right:
		return convert(r)
	case plan.Inner:
		// Either will do: prefer the one that needs no conversion.
		if l.Type() != t && r.Type() == t {
			return convert(r)
		}
	}
	return convert(l)
}

// conjunction joins conditions by AND, flattening; nil for none.
func conjunction(conds []expr.Expr) expr.Expr {
	var all []expr.Expr
	for _, c := range conds {
		if c == nil {
			continue
		}
		if a, ok := c.(*expr.BoolOp); ok && a.Op == expr.And {
			all = append(all, a.Args...)
			continue
		}
		all = append(all, c)
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return &expr.BoolOp{Typed: typed(boolType, -1), Op: expr.And, Args: all}
}
