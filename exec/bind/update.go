package bind

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// change is what UPDATE and DELETE have in common: the rows to be changed.
type change struct {
	entry   *rangeEntry
	source  plan.Node
	recheck expr.Expr
	query   *query
}

// changeRows binds the target with the other tables and WHERE of an UPDATE or DELETE. set is called when all names are known and before WHERE.
func (b *binder) changeRows(q *query, r *pg_query.RangeVar, mode desc.Privilege, verb string, from []*pg_query.Node, where *pg_query.Node, set func(*rangeEntry)) change {
	s := b.scope
	c := change{query: q}
	c.entry = b.targetEntry(r, mode, verb)
	b.writes(c.entry.table)
	it := s.add(c.entry)
	it.lateralOnly, it.lateralOK, it.target = true, false, true
	s.items = []*item{it}
	var tree *fromTree
	for _, n := range from {
		t, items := b.fromItem(n)
		b.checkUnique(s.items, items)
		for _, x := range items {
			x.lateralOnly, x.lateralOK = true, true
		}
		s.items = append(s.items, items...)
		tree = commaJoin(tree, t)
	}
	setLateral(s.items, false, true)
	b.produce(c.entry, plan.Locator)
	for i := range c.entry.table.Columns {
		if col := &c.entry.table.Columns[i]; !col.Dropped {
			b.produce(c.entry, col.Num)
		}
	}
	set(c.entry)
	c.source = c.entry.node()
	if tree != nil {
		c.source = &plan.Join{Kind: plan.Inner, Left: c.source, Right: tree.node}
	}
	if cur := where.GetCurrentOfExpr(); cur != nil {
		c.source = b.currentOf(&c, cur, tree)
		return c
	}
	if where != nil {
		c.recheck = b.toBool(b.in(kindWhere, where), "WHERE")
	}
	c.recheck = conjunction([]expr.Expr{c.entry.viewFilter, c.recheck})
	if c.recheck != nil {
		c.source = &plan.Filter{Input: c.source, Cond: c.recheck}
	}
	return c
}

// writes notes that the statement writes or locks rows of a relation, which a read-only transaction refuses unless the relation is temporary.
func (b *binder) writes(r *desc.Relation) {
	if r.Persistence != 't' {
		b.stmt.ReadOnly = false
	}
}

// update binds UPDATE.
func (b *binder) update(n *pg_query.UpdateStmt, parent *scope) plan.Node {
	q := &query{scope: &scope{parent: parent}}
	outer := b.scope
	b.scope = q.scope
	defer func() { b.scope = outer }()
	b.withClause(n.WithClause, q)
	node := &plan.Update{}
	// PostgreSQL reports errors of WHERE after those of RETURNING and before those of SET.
	c := b.changeRows(q, n.Relation, desc.Update, "update", n.FromClause, n.WhereClause, func(*rangeEntry) {})
	node.Returning, node.Names, node.ReturnRel = b.returning(n.ReturningList)
	node.Set = b.setClause(n.TargetList, c.entry)
	node.Rel, node.Table, node.Source, node.Recheck = c.entry.rel, c.entry.table, c.source, c.recheck
	node.Rules, node.Options = b.tableRules(node.Table, node.Rel), c.entry.viewChecks
	return b.withPlan(q.ctes, node)
}

// delete binds DELETE.
func (b *binder) delete(n *pg_query.DeleteStmt, parent *scope) plan.Node {
	q := &query{scope: &scope{parent: parent}}
	outer := b.scope
	b.scope = q.scope
	defer func() { b.scope = outer }()
	b.withClause(n.WithClause, q)
	c := b.changeRows(q, n.Relation, desc.Delete, "delete from", n.UsingClause, n.WhereClause, func(*rangeEntry) {})
	node := &plan.Delete{Rel: c.entry.rel, Table: c.entry.table, Source: c.source, Recheck: c.recheck}
	node.Returning, node.Names, node.ReturnRel = b.returning(n.ReturningList)
	node.Rules = b.tableRules(node.Table, node.Rel)
	return b.withPlan(q.ctes, node)
}

// setClause binds SET: the assignments of an UPDATE or of ON CONFLICT DO UPDATE to columns of an entry.
func (b *binder) setClause(list []*pg_query.Node, e *rangeEntry) []plan.Assign {
	old := b.scope.kind
	b.scope.kind = kindUpdate
	defer func() { b.scope.kind = old }()
	s := &setter{b: b, entry: e, multi: map[*pg_query.Node]*multiSource{}}
	if e.perm.updated == nil {
		e.perm.updated = map[int16]bool{}
	}
	values := make([]expr.Expr, len(list))
	for i, n := range list {
		values[i] = s.value(n.GetResTarget())
	}
	for i, n := range list {
		s.assign(n.GetResTarget(), values[i])
	}
	return s.out
}

// setter is a SET list while it is bound.
type setter struct {
	b     *binder
	entry *rangeEntry
	multi map[*pg_query.Node]*multiSource
	last  *multiSource
	out   []plan.Assign
	whole map[int16]bool
}

// multiSource is the right side of (a, b) = ….
type multiSource struct {
	exprs []expr.Expr
}

func (s *setter) value(r *pg_query.ResTarget) expr.Expr {
	b := s.b
	m := r.Val.GetMultiAssignRef()
	if m == nil {
		if d := r.Val.GetSetToDefault(); d != nil {
			return b.at(&expr.Default{Typed: typed(unknownType, -1)}, d.Location)
		}
		return b.expr(r.Val)
	}
	if m.Colno == 1 {
		s.last = s.multiValues(m)
	}
	return s.last.exprs[m.Colno-1]
}

// multiValues binds the source of a multiple assignment: a row, or a subquery that gives one.
func (s *setter) multiValues(m *pg_query.MultiAssignRef) *multiSource {
	b := s.b
	out := &multiSource{}
	if row := m.Source.GetRowExpr(); row != nil {
		for _, a := range row.Args {
			if d := a.GetSetToDefault(); d != nil {
				out.exprs = append(out.exprs, b.at(&expr.Default{Typed: typed(unknownType, -1)}, d.Location))
				continue
			}
			if c := a.GetColumnRef(); c != nil && c.Fields[len(c.Fields)-1].GetAStar() != nil {
				for _, t := range b.star(c) {
					out.exprs = append(out.exprs, t.e)
				}
				continue
			}
			out.exprs = append(out.exprs, b.expr(a))
		}
		if len(out.exprs) != int(m.Ncolumns) {
			b.errorf(nodeLoc(m.Source), pgerr.SyntaxError, "number of columns does not match number of values")
		}
		return out
	}
	link := m.Source.GetSubLink()
	if link == nil || link.SubLinkType != pg_query.SubLinkType_EXPR_SUBLINK {
		b.errorf(nodeLoc(m.Source), pgerr.FeatureNotSupported, "source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression")
	}
	q := b.subselect(link.Subselect)
	if len(q.out) != int(m.Ncolumns) {
		b.errorf(link.Location, pgerr.SyntaxError, "number of columns does not match number of values")
	}
	sub := &expr.Subquery{Typed: typed(recordType, -1), Kind: expr.RowSubquery, Plan: q.node, Columns: q.columnIDs()}
	b.subquery[sub] = q
	b.at(sub, link.Location)
	for i, c := range q.out {
		out.exprs = append(out.exprs, b.at(&expr.Field{Typed: c.typed, Arg: sub, Index: i, Name: c.name}, link.Location))
	}
	return out
}

// assign adds one assignment.
func (s *setter) assign(r *pg_query.ResTarget, v expr.Expr) {
	b := s.b
	rel := s.entry.table
	c := b.targetColumn(s.entry, r.Name, r.Location, "update")
	s.entry.perm.updated[c.Num] = true
	_, isDefault := v.(*expr.Default)
	if (c.Generated != 0 || c.Identity == 'a') && !isDefault {
		e := pgerr.Newf(pgerr.GeneratedAlways, "column \"%s\" can only be updated to DEFAULT", c.Name)
		if c.Generated != 0 {
			e.WithDetail("Column \"%s\" is a generated column.", c.Name)
		} else {
			e.WithDetail("Column \"%s\" is an identity column defined as GENERATED ALWAYS.", c.Name)
		}
		b.failAt(-1, e)
	}
	at := -1
	for i, a := range s.out {
		if a.Num == c.Num {
			at = i
		}
	}
	if at >= 0 && (len(r.Indirection) == 0 || s.whole[c.Num]) {
		b.errorf(-1, pgerr.SyntaxError, "multiple assignments to same column \"%s\"", c.Name)
	}
	switch {
	case isDefault && c.Generated != 0:
		return // computed by the table's rules in any case
	case isDefault:
		if len(r.Indirection) > 0 {
			b.errorf(b.loc(v), pgerr.FeatureNotSupported, "cannot set an array element to DEFAULT")
		}
		v = b.columnDefault(rel, c)
	case len(r.Indirection) == 0:
		v = b.assign(v, c)
	default:
		base := s.column(c)
		if at >= 0 {
			base = s.out[at].Expr
		}
		v = b.assignPart(base, c, r.Indirection, v, r.Location)
		if at >= 0 {
			s.out[at].Expr = v
			return
		}
	}
	if s.whole == nil {
		s.whole = map[int16]bool{}
	}
	s.whole[c.Num] = len(r.Indirection) == 0
	s.out = append(s.out, plan.Assign{Num: c.Num, Expr: v})
}

// column is the present value of a column of the target.
func (s *setter) column(c *desc.Column) expr.Expr {
	s.b.use(expr.ColID{Rel: s.entry.rel, Num: c.Num})
	return &expr.Var{Typed: typed(s.b.typ(c.Type), c.Typmod), ID: expr.ColID{Rel: s.entry.rel, Num: c.Num}, Name: c.Name}
}

// assignPart is the new value of a column of which an element or a field is assigned.
func (b *binder) assignPart(base expr.Expr, c *desc.Column, path []*pg_query.Node, v expr.Expr, loc int32) expr.Expr {
	return b.assignPath(base, base.Type(), base.Typmod(), c.Name, path, v, loc)
}

func (b *binder) assignPath(base expr.Expr, t0 *pgtype.Type, mod int32, name string, path []*pg_query.Node, v expr.Expr, loc int32) expr.Expr {
	if len(path) == 0 {
		r := b.coerceTo(v, t0, mod, assignmentCast, expr.AsImplicitCast)
		if r == nil {
			b.failAt(b.loc(v), pgerr.Newf(pgerr.DatatypeMismatch, "subfield \"%s\" is of type %s but expression is of type %s", name, t0, v.Type()).
				WithHint("You will need to rewrite or cast the expression."))
		}
		return r
	}
	t := t0.BaseType()
	if f := path[0].GetString_(); f != nil {
		return b.assignField(base, t, name, f.Sval, path[1:], v, loc)
	}
	var subs []*pg_query.A_Indices
	for len(path) > 0 && path[0].GetAIndices() != nil {
		subs = append(subs, path[0].GetAIndices())
		path = path[1:]
	}
	if t.OID == pgtype.OIDJsonb {
		return b.assignJSON(base, t0, mod, name, subs, v)
	}
	if !t.IsArray() && !expr.FixedArray(t) {
		b.errorf(loc, pgerr.DatatypeMismatch, "cannot subscript type %s because it does not support subscripting", t0)
	}
	a := &expr.SubscriptAssign{Typed: typed(t, mod), Arg: base}
	a.Slice, a.Lower, a.Upper = b.subscripts(subs)
	want := t.Elem
	if a.Slice {
		want = t
	}
	if len(path) > 0 {
		old := &expr.Subscript{Typed: typed(want, mod), Arg: base, Slice: a.Slice, Lower: a.Lower, Upper: a.Upper}
		a.Value = b.assignPath(old, want, mod, name, path, v, loc)
		return a
	}
	a.Value = b.coerceTo(v, want, mod, assignmentCast, expr.AsImplicitCast)
	if a.Value == nil {
		b.failAt(b.loc(v), pgerr.Newf(pgerr.DatatypeMismatch, "subscripted assignment to \"%s\" requires type %s but expression is of type %s", name, want, v.Type()).
			WithHint("You will need to rewrite or cast the expression."))
	}
	return a
}

// assignJSON is the new value of a jsonb column of which a part is assigned.
func (b *binder) assignJSON(base expr.Expr, t *pgtype.Type, mod int32, name string, subs []*pg_query.A_Indices, v expr.Expr) expr.Expr {
	a := &expr.SubscriptAssign{Typed: typed(t, mod), Arg: base, Upper: b.jsonbPath(base, subs)}
	a.Value = b.coerceTo(v, t.BaseType(), -1, assignmentCast, expr.AsImplicitCast)
	if a.Value == nil {
		b.failAt(b.loc(v), pgerr.Newf(pgerr.DatatypeMismatch, "subscripted assignment to \"%s\" requires type %s but expression is of type %s", name, t, v.Type()).
			WithHint("You will need to rewrite or cast the expression."))
	}
	return a
}

func (b *binder) assignField(base expr.Expr, t *pgtype.Type, column, name string, path []*pg_query.Node, v expr.Expr, loc int32) expr.Expr {
	cols := b.compositeColumns(t)
	if t.Kind != 'c' {
		b.errorf(loc, pgerr.DatatypeMismatch, "cannot assign to field \"%s\" of column \"%s\" because its type %s is not a composite type", name, column, t)
	}
	for i, c := range cols {
		if c.Name == name {
			old := &expr.Field{Typed: typed(c.Type, c.Typmod), Arg: base, Index: i, Name: name}
			return &expr.FieldAssign{Typed: typed(t, -1), Arg: base, Index: i, Value: b.assignPath(old, c.Type, c.Typmod, name, path, v, loc)}
		}
	}
	b.errorf(loc, pgerr.UndefinedColumn, "cannot assign to field \"%s\" of column \"%s\" because there is no such column in data type %s", name, column, t)
	return nil
}
