package bind

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// fromTree is a bound FROM item: its plan and what deparsing needs to write it again.
type fromTree struct {
	node  plan.Node
	entry *rangeEntry // of a leaf and of a join
	rels  []int32     // relation numbers of all leaves

	// Of a join, or of the comma list (kind Inner, no condition):
	left, right *fromTree
	kind        plan.JoinKind
	comma       bool
	cond        expr.Expr
	using       []string
	natural     bool
	raw         *pg_query.Node

	sampled *pg_query.RangeTableSample // of a leaf with TABLESAMPLE
	sample  [2]expr.Expr               // its percentage and seed
}

// fromClause binds the FROM list; nil for an empty one. Its items become the scope's namespace.
func (b *binder) fromClause(list []*pg_query.Node) *fromTree {
	s := b.scope
	var tree *fromTree
	for _, n := range list {
		t, items := b.fromItem(n)
		b.checkUnique(s.items, items)
		setLateral(items, true, true)
		s.items = append(s.items, items...)
		tree = commaJoin(tree, t)
	}
	setLateral(s.items, false, true)
	return tree
}

func commaJoin(left, right *fromTree) *fromTree {
	if left == nil {
		return right
	}
	t := &fromTree{left: left, right: right, comma: true, kind: plan.Inner}
	t.rels = append(append(t.rels, left.rels...), right.rels...)
	t.node = &plan.Join{Kind: plan.Inner, Left: left.node, Right: right.node, Lateral: readsFrom(right.node, left.rels)}
	return t
}

// readsFrom tells whether a plan reads columns of some relations that are not its own.
func readsFrom(n plan.Node, rels []int32) bool {
	switch n.(type) {
	case *plan.Scan, *plan.SystemScan, *plan.CTEScan:
		return false
	}
	for _, id := range plan.Outer(n) {
		for _, r := range rels {
			if id.Rel == r {
				return true
			}
		}
	}
	return false
}

func setLateral(items []*item, only, ok bool) {
	for _, it := range items {
		it.lateralOnly, it.lateralOK = only, ok
	}
}

// fromItem binds one item of FROM.
func (b *binder) fromItem(n *pg_query.Node) (*fromTree, []*item) {
	switch x := n.Node.(type) {
	case *pg_query.Node_RangeVar:
		return b.leaf(n, b.rangeVar(x.RangeVar))
	case *pg_query.Node_RangeSubselect:
		return b.leaf(n, b.rangeSubselect(x.RangeSubselect))
	case *pg_query.Node_RangeFunction:
		return b.leaf(n, b.rangeFunction(x.RangeFunction))
	case *pg_query.Node_JoinExpr:
		return b.join(x.JoinExpr)
	case *pg_query.Node_RangeTableSample:
		return b.sample(x.RangeTableSample)
	case *pg_query.Node_RangeTableFunc:
		b.unsupported(x.RangeTableFunc.Location, "XMLTABLE")
	}
	b.unsupported(nodeLoc(n), "this kind of FROM item")
	return nil, nil
}

func (b *binder) leaf(n *pg_query.Node, l leafEntry) (*fromTree, []*item) {
	return &fromTree{node: l.node, entry: l.entry, rels: []int32{l.entry.rel}, raw: n}, []*item{b.scope.add(l.entry)}
}

// leafEntry is a relation of FROM with its plan.
type leafEntry struct {
	entry *rangeEntry
	node  plan.Node
}

func (b *binder) rangeVar(n *pg_query.RangeVar) leafEntry {
	if n.Schemaname == "" {
		if l, ok := b.cteReference(n); ok {
			return l
		}
	}
	rel := b.lookupRelation(n)
	if rel == nil {
		b.noTable(n)
	}
	if rel.Kind == desc.View {
		return b.expandView(rel, n.Alias, n.Location)
	}
	e := b.openTable(b.scope, rel, n.Alias, n.Location)
	e.perm.mode |= desc.Select
	return leafEntry{e, e.node()}
}

// noTable reports an unknown table; a WITH query further on may explain it.
func (b *binder) noTable(n *pg_query.RangeVar) {
	e := pgerr.Newf(pgerr.UndefinedTable, "relation \"%s\" does not exist", rangeVarName(n))
	if n.Schemaname == "" {
		for s := b.scope; s != nil; s = s.parent {
			for _, c := range s.ctes {
				if c.name == n.Relname && c.pending {
					e.WithDetail("There is a WITH item named \"%s\", but it cannot be referenced from this part of the query.", n.Relname).
						WithHint("Use WITH RECURSIVE, or re-order the WITH items to remove forward references.")
				}
			}
		}
	}
	b.failAt(n.Location, e)
}

// queryEntry makes a range entry of a bound query.
func (b *binder) queryEntry(q *query, name string, alias *pg_query.Alias, loc int32) leafEntry {
	e := &rangeEntry{kind: subqueryEntry, name: name, scope: b.scope, def: q}
	if alias != nil {
		e.name, e.aliased = alias.Aliasname, true
	}
	if len(q.out) > 0 {
		e.rel = q.out[0].id.Rel
	}
	for i, c := range q.out {
		v := q.column(i)
		e.cols = append(e.cols, column{name: c.name, e: v})
	}
	b.renameColumns(e, alias, loc)
	b.register(b.scope, e)
	return leafEntry{e, q.node}
}

func (b *binder) rangeSubselect(n *pg_query.RangeSubselect) leafEntry {
	s := b.scope
	old := s.lateral
	s.lateral = n.Lateral
	q := b.subselect(b.lockedBelow(n.Subquery, n.Alias.GetAliasname()))
	s.lateral = old
	return b.queryEntry(b.sealed(q), "unnamed_subquery", n.Alias, -1)
}

// sealed makes sure that all columns of a query have one relation number of their own, by a Project where they have not.
func (b *binder) sealed(q *query) *query {
	if len(q.out) == 0 {
		return q
	}
	rel, ok := q.out[0].id.Rel, b.entries[q.out[0].id.Rel] == nil
	for i, c := range q.out {
		ok = ok && c.id.Rel == rel && int(c.id.Num) == i+1
	}
	if ok {
		return q
	}
	return b.reproject(q)
}

// reproject puts a Project with a new relation number on top of a query.
func (b *binder) reproject(q *query) *query {
	c := *q
	c.out = append([]outColumn(nil), q.out...)
	p := &plan.Project{Rel: b.newRel(), Input: q.node}
	for i := range c.out {
		p.Exprs = append(p.Exprs, q.column(i))
		p.Names = append(p.Names, c.out[i].name)
		c.out[i].id = expr.ColID{Rel: p.Rel, Num: int16(i + 1)}
	}
	c.node = p
	return &c
}

// maxViewDepth bounds views that read views.
const maxViewDepth = 100

// expandView binds a view's query in its place, under the privileges of its owner.
func (b *binder) expandView(view *desc.Relation, alias *pg_query.Alias, loc int32) leafEntry {
	if b.depth++; b.depth > maxViewDepth {
		b.errorf(loc, pgerr.InvalidObjectDefinition, "infinite recursion detected in rules for relation \"%s\"", view.Name)
	}
	perm := &permission{relation: view.OID, mode: desc.Select, owner: b.viaView}
	b.perms = append(b.perms, perm)
	b.noteRelation(view)
	stmts, err := parse.Parse(view.ViewQuery)
	check(err)
	if len(stmts) != 1 || stmts[0].Node.GetSelectStmt() == nil {
		b.errorf(loc, pgerr.InvalidObjectDefinition, "the definition of view \"%s\" is not a query", view.Name)
	}
	source, owner, scope, noSets, valueOf := b.source, b.viaView, b.scope, b.noSets, b.valueOf
	b.source, b.viaView, b.noSets, b.valueOf = "", view.Owner, "", nil
	name := view.Name
	if alias != nil {
		name = alias.Aliasname
	}
	body := b.lockedBelow(stmts[0].Node, name).GetSelectStmt()
	if body != stmts[0].Node.GetSelectStmt() {
		perm.mode |= desc.Update
	}
	old := b.env
	b.env = b.env.stored(view.Schema) // the texts of views name everything that is not in pg_catalog in full
	b.scope = nil
	q := b.sealed(b.selectStmt(body, nil))
	b.env, b.source, b.viaView, b.scope, b.noSets, b.valueOf = old, source, owner, scope, noSets, valueOf
	b.depth--
	q = b.asView(q, view)
	l := b.queryEntry(q, view.Name, alias, loc)
	l.entry.table = nil
	l.entry.view = view
	l.entry.perm = perm
	if view.RowType != 0 {
		if t := b.env.Catalog.Type(view.RowType); t != nil && t.Kind == pgtype.KindComposite && len(t.Columns) > 0 {
			l.entry.rowType = t
		}
	}
	return l
}

// asView gives a query the column names of a view, and its columns as origin.
func (b *binder) asView(q *query, view *desc.Relation) *query {
	c := *q
	c.out = append([]outColumn(nil), q.out...)
	i := 0
	for n := range view.Columns {
		col := &view.Columns[n]
		if col.Dropped || i >= len(c.out) {
			continue
		}
		c.out[i].name, c.out[i].table, c.out[i].num = col.Name, view.OID, col.Num
		i++
	}
	return &c
}
