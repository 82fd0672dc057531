package bind

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// insertTarget is one column that INSERT names, or an element or field of one.
type insertTarget struct {
	col         *desc.Column
	indirection []*pg_query.Node
	loc         int32
}

// inserter is an INSERT while it is bound.
type inserter struct {
	b        *binder
	n        *pg_query.InsertStmt
	rel      *desc.Relation
	entry    *rangeEntry
	targets  []insertTarget
	explicit bool // a column list was written
}

// insert binds INSERT.
func (b *binder) insert(n *pg_query.InsertStmt, parent *scope) plan.Node {
	q := &query{scope: &scope{parent: parent}}
	outer := b.scope
	b.scope = q.scope
	defer func() { b.scope = outer }()
	b.withClause(n.WithClause, q)
	in := &inserter{b: b, n: n, explicit: len(n.Cols) > 0}
	in.entry = b.targetEntry(n.Relation, desc.Insert, "insert into")
	in.rel = in.entry.table
	b.writes(in.rel)
	in.entry.scan = nil
	in.findTargets()
	node := &plan.Insert{Rel: in.entry.rel, Table: in.rel}
	in.entry.perm.inserted = map[int16]bool{}
	for _, t := range in.targets {
		in.entry.perm.inserted[t.col.Num] = true
	}
	if !in.explicit {
		in.entry.perm.inserted = allNums(in.rel)
	}
	node.Source, node.Nums = in.source()
	b.scope.items = []*item{b.scope.add(in.entry)}
	if n.OnConflictClause != nil {
		node.Conflict = in.onConflict(n.OnConflictClause)
	}
	node.Rules, node.Options = b.tableRules(in.rel, node.Rel), in.entry.viewChecks
	node.Returning, node.Names, node.ReturnRel = b.returning(n.ReturningList)
	return b.withPlan(q.ctes, node)
}

func allNums(rel *desc.Relation) map[int16]bool {
	m := map[int16]bool{}
	for i := range rel.Columns {
		if !rel.Columns[i].Dropped {
			m[rel.Columns[i].Num] = true
		}
	}
	return m
}

// targetEntry opens the table that a statement changes.
func (b *binder) targetEntry(n *pg_query.RangeVar, mode desc.Privilege, verb string) *rangeEntry {
	if n.Schemaname == "" {
		for s := b.scope; s != nil; s = s.parent {
			for _, d := range s.ctes {
				if d.name == n.Relname {
					b.errorf(n.Location, pgerr.SyntaxError, "relation \"%s\" cannot be the target of a modifying statement", n.Relname)
				}
			}
		}
	}
	rel := b.lookupRelation(n)
	if rel == nil {
		b.noTable(n)
	}
	switch {
	case rel.Kind == desc.View:
		return b.viewTarget(rel, n, mode, verb)
	case rel.Kind == desc.Sequence:
		b.errorf(-1, pgerr.WrongObjectType, "cannot change sequence \"%s\"", rel.Name)
	case rel.Kind == desc.MatView:
		b.errorf(-1, pgerr.WrongObjectType, "cannot change materialized view \"%s\"", rel.Name)
	case rel.Class == desc.System:
		b.errorf(-1, pgerr.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", rel.Name)
	}
	e := b.openTable(b.scope, rel, n.Alias, n.Location)
	e.perm.mode |= mode
	if !slices.Contains(b.stmt.Targets, rel.OID) {
		b.stmt.Targets = append(b.stmt.Targets, rel.OID)
	}
	return e
}

// findTargets finds the columns of the column list; without one they are all columns.
func (in *inserter) findTargets() {
	b := in.b
	if !in.explicit {
		if v := in.entry.through; v != nil {
			for i := range v.view.Columns {
				if c := &v.view.Columns[i]; !c.Dropped && v.nums[c.Name] != 0 {
					in.targets = append(in.targets, insertTarget{col: in.rel.ColumnByNum(v.nums[c.Name]), loc: -1})
				}
			}
			return
		}
		for i := range in.rel.Columns {
			if c := &in.rel.Columns[i]; !c.Dropped {
				in.targets = append(in.targets, insertTarget{col: c, loc: -1})
			}
		}
		return
	}
	whole := map[int16]bool{}
	for _, n := range in.n.Cols {
		r := n.GetResTarget()
		c := b.targetColumn(in.entry, r.Name, r.Location, "insert into")
		if whole[c.Num] && len(r.Indirection) == 0 || whole[c.Num] {
			b.errorf(r.Location, pgerr.DuplicateColumn, "column \"%s\" specified more than once", r.Name)
		}
		whole[c.Num] = len(r.Indirection) == 0
		in.targets = append(in.targets, insertTarget{col: c, indirection: r.Indirection, loc: r.Location})
	}
}

// tableColumn finds a column that a statement assigns to.
func (b *binder) tableColumn(rel *desc.Relation, name string, loc int32) *desc.Column {
	if c := rel.Column(name); c != nil {
		return c
	}
	if _, ok := systemColumns[name]; ok && systemColumn(&rangeEntry{table: rel}, name) != nil {
		b.errorf(loc, pgerr.FeatureNotSupported, "cannot assign to system column \"%s\"", name)
	}
	b.errorf(loc, pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, rel.Name)
	return nil
}

// source binds what is inserted: a plan of complete rows, and the attribute number of each of its columns.
func (in *inserter) source() (plan.Node, []int16) {
	b := in.b
	sel := in.n.SelectStmt.GetSelectStmt()
	switch {
	case sel == nil:
		in.targets = nil
		return in.rows([][]*pg_query.Node{nil})
	case len(sel.ValuesLists) > 0 && sel.SortClause == nil && sel.LimitCount == nil && sel.LimitOffset == nil && sel.WithClause == nil && sel.LockingClause == nil:
		lists := make([][]*pg_query.Node, len(sel.ValuesLists))
		for i, l := range sel.ValuesLists {
			lists[i] = l.GetList().GetItems()
			if len(lists[i]) != len(lists[0]) {
				b.errorf(listLoc(lists[i]), pgerr.SyntaxError, "VALUES lists must all be the same length")
			}
		}
		return in.rows(lists)
	}
	return in.fromSelect(sel)
}

// rows binds VALUES lists into complete rows.
func (in *inserter) rows(lists [][]*pg_query.Node) (plan.Node, []int16) {
	b := in.b
	v := &plan.Values{Rel: b.newRel()}
	var nums []int16
	kind := kindInsert
	if len(lists) > 1 {
		kind = kindValues
	}
	old := b.scope.kind
	b.scope.kind = kind
	sets := false
	for _, l := range lists {
		exprs := in.rowValues(l)
		if len(exprs) < len(in.targets) && (in.explicit || len(lists) > 1 && len(exprs) != len(lists[0])) {
			in.fewValues(l)
		}
		row, n := in.complete(exprs)
		v.Rows, nums = append(v.Rows, row), n
		sets = sets || b.anySets(row)
	}
	b.scope.kind = old
	for _, e := range v.Rows[0] {
		v.Types = append(v.Types, typed(e.Type(), e.Typmod()))
	}
	if sets {
		q := &query{}
		for range v.Rows[0] {
			q.targets = append(q.targets, &target{})
		}
		n, _ := b.buildSets(q, &plan.OneRow{}, v.Rows[0])
		return n, nums
	}
	return v, nums
}

// rowValues binds the members of one VALUES list; DEFAULT stays a placeholder.
func (in *inserter) rowValues(list []*pg_query.Node) []expr.Expr {
	b := in.b
	var out []expr.Expr
	for _, n := range list {
		if d := n.GetSetToDefault(); d != nil {
			out = append(out, b.at(&expr.Default{Typed: typed(unknownType, -1)}, d.Location))
			continue
		}
		if len(out) >= len(in.targets) {
			b.errorf(nodeLoc(n), pgerr.SyntaxError, "INSERT has more expressions than target columns")
		}
		if c := n.GetColumnRef(); c != nil && c.Fields[len(c.Fields)-1].GetAStar() != nil {
			for _, t := range b.star(c) {
				out = append(out, t.e)
			}
			continue
		}
		out = append(out, b.expr(n))
	}
	if len(out) > len(in.targets) {
		b.errorf(b.loc(out[len(in.targets)]), pgerr.SyntaxError, "INSERT has more expressions than target columns")
	}
	return out
}

func (in *inserter) fewValues(list []*pg_query.Node) {
	b := in.b
	e := pgerr.New(pgerr.SyntaxError, "INSERT has more target columns than expressions")
	if len(list) == 1 && len(list[0].GetRowExpr().GetArgs()) == len(in.targets) {
		e.WithHint("The insertion source is a row expression containing the same number of columns expected by the INSERT. Did you accidentally use extra parentheses?")
	}
	b.failAt(in.targets[len(list)].loc, e)
}

// complete makes a complete row of the values for the targets: assigned, coerced, and defaults for the rest.
func (in *inserter) complete(exprs []expr.Expr) ([]expr.Expr, []int16) {
	b := in.b
	values := map[int16]expr.Expr{}
	for i, e := range exprs {
		t := in.targets[i]
		if _, ok := e.(*expr.Default); ok {
			if len(t.indirection) > 0 {
				b.errorf(b.loc(e), pgerr.FeatureNotSupported, "cannot set an array element to DEFAULT")
			}
			continue
		}
		if in.ignored(t.col) {
			continue
		}
		in.checkAssignable(t, e)
		if len(t.indirection) > 0 {
			base := values[t.col.Num]
			if base == nil {
				base = &expr.Const{Typed: typed(b.typ(t.col.Type), t.col.Typmod)}
			}
			values[t.col.Num] = b.assignPart(base, t.col, t.indirection, e, t.loc)
			continue
		}
		values[t.col.Num] = b.assign(e, t.col)
	}
	var row []expr.Expr
	var nums []int16
	for i := range in.rel.Columns {
		c := &in.rel.Columns[i]
		if c.Dropped {
			continue
		}
		v := values[c.Num]
		if v == nil {
			v = b.columnDefault(in.rel, c)
		}
		row, nums = append(row, v), append(nums, c.Num)
	}
	return row, nums
}

// ignored tells whether OVERRIDING USER VALUE makes the sequence go before the given value.
func (in *inserter) ignored(c *desc.Column) bool {
	return in.n.Override == pg_query.OverridingKind_OVERRIDING_USER_VALUE && c.Identity != 0
}

// checkAssignable refuses values for generated columns and for identity columns that are always generated.
func (in *inserter) checkAssignable(t insertTarget, e expr.Expr) {
	b := in.b
	c := t.col
	fail := func(detail, hint string) {
		x := pgerr.Newf(pgerr.GeneratedAlways, "cannot insert a non-DEFAULT value into column \"%s\"", c.Name).WithDetail(detail, c.Name)
		x.Hint = hint
		b.failAt(-1, x)
	}
	switch {
	case c.Generated != 0:
		fail("Column \"%s\" is a generated column.", "")
	case c.Identity == 'a' && in.n.Override != pg_query.OverridingKind_OVERRIDING_SYSTEM_VALUE:
		fail("Column \"%s\" is an identity column defined as GENERATED ALWAYS.", "Use OVERRIDING SYSTEM VALUE to override.")
	}
}

// fromSelect binds INSERT … SELECT.
func (in *inserter) fromSelect(sel *pg_query.SelectStmt) (plan.Node, []int16) {
	b := in.b
	b.keepUnknown = true
	q := b.selectStmt(sel, b.scope)
	if len(q.out) > len(in.targets) {
		b.errorf(b.loc(q.out[len(in.targets)].e), pgerr.SyntaxError, "INSERT has more expressions than target columns")
	}
	if len(q.out) < len(in.targets) && in.explicit {
		b.errorf(in.targets[len(q.out)].loc, pgerr.SyntaxError, "INSERT has more target columns than expressions")
	}
	exprs := make([]expr.Expr, len(q.out))
	for i := range q.out {
		exprs[i] = b.outputExpr(q, i)
	}
	row, nums := in.complete(exprs)
	p := &plan.Project{Rel: b.newRel(), Input: q.node, Exprs: row}
	for _, n := range nums {
		p.Names = append(p.Names, in.rel.Columns[n-1].Name)
	}
	return p, nums
}

// columnDefault binds what a column gets when no value is given.
func (b *binder) columnDefault(rel *desc.Relation, c *desc.Column) expr.Expr {
	t := b.typ(c.Type)
	switch {
	case c.Identity != 0:
		if seq := b.identitySequence(rel, c); seq != 0 {
			b.stmt.Volatile = true
			v := &expr.NextValue{Typed: typed(int8Type, -1), Sequence: seq}
			return b.coerceTo(v, t, c.Typmod, assignmentCast, expr.AsImplicitCast)
		}
	case c.Generated == 0 && c.Default != "":
		return b.storedDefault(c.Default, t, c)
	case c.Default == "" && t.Kind == pgtype.KindDomain && c.Generated == 0:
		if d := b.domainDefault(t); d != "" {
			return b.storedDefault(d, t, c)
		}
	}
	null := &expr.Const{Typed: typed(t, c.Typmod)}
	if t.Kind == pgtype.KindDomain && c.Generated == 0 {
		return b.coerceDomain(&expr.Const{Typed: typed(t.BaseType(), -1)}, t, implicitCast, expr.AsImplicitCast)
	}
	return null
}

// identitySequence finds the sequence of an identity column.
func (b *binder) identitySequence(rel *desc.Relation, c *desc.Column) desc.OID {
	for r := range b.env.Catalog.RelationsIn(rel.Schema) {
		if r.Kind == desc.Sequence && r.OwnedBy.Relation == rel.OID && r.OwnedBy.Num == c.Num && r.OwnedInternal {
			return r.OID
		}
	}
	for r := range b.env.Catalog.Relations() {
		if r.Kind == desc.Sequence && r.OwnedBy.Relation == rel.OID && r.OwnedBy.Num == c.Num {
			return r.OID
		}
	}
	return 0
}

// assign coerces a value to a column that it is assigned to.
func (b *binder) assign(e expr.Expr, c *desc.Column) expr.Expr {
	t := b.typ(c.Type)
	r := b.coerceTo(e, t, c.Typmod, assignmentCast, expr.AsImplicitCast)
	if r == nil {
		b.failAt(b.loc(e), pgerr.Newf(pgerr.DatatypeMismatch, "column \"%s\" is of type %s but expression is of type %s", c.Name, t, e.Type()).
			WithHint("You will need to rewrite or cast the expression."))
	}
	return r
}

// returning binds RETURNING and makes it the statement's result.
func (b *binder) returning(list []*pg_query.Node) ([]expr.Expr, []string, int32) {
	rel := b.newRel()
	b.stmt.Columns = nil
	if len(list) == 0 {
		return nil, nil, rel
	}
	targets := b.targetList(list, kindReturning)
	b.resolveUnknowns(targets)
	exprs, names := make([]expr.Expr, len(targets)), make([]string, len(targets))
	for i, t := range targets {
		exprs[i], names[i] = t.e, t.name
		c := plan.OutputColumn{Name: t.name, Type: t.e.Type(), Typmod: t.e.Typmod()}
		c.Table, c.Num = b.origin(t.e)
		b.stmt.Columns = append(b.stmt.Columns, c)
	}
	return exprs, names, rel
}
