package bind

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// cteDef is a WITH query.
type cteDef struct {
	name    string
	node    *pg_query.CommonTableExpr
	plan    *plan.CTE
	query   *query
	both    *query // of a recursive query: both terms, for deparsing
	cols    []outColumn
	refs    int
	pending bool // not bound yet: a forward reference
	inside  bool // its recursive term is being bound
	self    int  // references from its own recursive term
	keep    bool // not to be inlined

	tracer    *tracer
	unstarred int          // while its recursive term is bound: columns at the end that * leaves out
	unseen    int          // columns at the end of the plan that are not the query's
	mark      [2]expr.Expr // the values of a cycle mark
}

// withClause binds the WITH queries of a statement; they are visible from here on inwards.
func (b *binder) withClause(w *pg_query.WithClause, q *query) {
	if w == nil {
		return
	}
	s := b.scope
	defs := make([]*cteDef, len(w.Ctes))
	for i, n := range w.Ctes {
		c := n.GetCommonTableExpr()
		for _, d := range defs[:i] {
			if d.name == c.Ctename {
				b.errorf(c.Location, pgerr.DuplicateAlias, "WITH query name \"%s\" specified more than once", c.Ctename)
			}
		}
		defs[i] = &cteDef{name: c.Ctename, node: c, pending: true}
		if modifies(c.Ctequery) && s.parent != nil {
			b.errorf(c.Location, pgerr.FeatureNotSupported, "WITH clause containing a data-modifying statement must be at the top level")
		}
	}
	order := defs
	if w.Recursive {
		order = b.recursionOrder(defs)
	}
	s.ctes = append(s.ctes, defs...)
	for _, d := range order {
		b.cte(d, w.Recursive)
		q.ctes = append(q.ctes, d)
	}
}

func modifies(n *pg_query.Node) bool {
	switch n.Node.(type) {
	case *pg_query.Node_InsertStmt, *pg_query.Node_UpdateStmt, *pg_query.Node_DeleteStmt, *pg_query.Node_MergeStmt:
		return true
	}
	return false
}

// recursionOrder sorts WITH RECURSIVE's queries so that each comes after those that it reads.
func (b *binder) recursionOrder(defs []*cteDef) []*cteDef {
	var out []*cteDef
	state := map[*cteDef]int{}
	var visit func(d *cteDef)
	visit = func(d *cteDef) {
		switch state[d] {
		case 1:
			b.errorf(d.node.Location, pgerr.FeatureNotSupported, "mutual recursion between WITH items is not implemented")
		case 2:
			return
		}
		state[d] = 1
		for _, o := range defs {
			if o != d && mentions(d.node.Ctequery.ProtoReflect(), o.name) {
				visit(o)
			}
		}
		state[d] = 2
		out = append(out, d)
	}
	for _, d := range defs {
		visit(d)
	}
	return out
}

// mentions tells whether a tree has an unqualified table reference of a name.
func mentions(m protoreflect.Message, name string) bool {
	found := false
	walkNode(m, func(x any) bool {
		if r, ok := x.(*pg_query.RangeVar); ok && r.Schemaname == "" && r.Relname == name {
			found = true
		}
		return !found
	})
	return found
}

// walkNode calls visit for a message and, while it returns true, for those in it.
func walkNode(m protoreflect.Message, visit func(any) bool) {
	if !visit(m.Interface()) {
		return
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Kind() != protoreflect.MessageKind:
		case f.IsList():
			for i := range v.List().Len() {
				walkNode(v.List().Get(i).Message(), visit)
			}
		default:
			walkNode(v.Message(), visit)
		}
		return true
	})
}

// cte binds one WITH query.
func (b *binder) cte(d *cteDef, recursive bool) {
	b.ctes++
	d.plan = &plan.CTE{ID: b.ctes, Name: d.name}
	d.keep = d.node.Ctematerialized == pg_query.CTEMaterialize_CTEMaterializeAlways
	items := b.scope.items
	b.scope.items = nil
	defer func() { b.scope.items = items }()
	switch {
	case modifies(d.node.Ctequery):
		if recursive && mentions(d.node.Ctequery.ProtoReflect(), d.name) {
			b.errorf(d.node.Location, pgerr.InvalidRecursion, "recursive query \"%s\" must not contain data-modifying statements", d.name)
		}
		b.modifyingCTE(d)
	case recursive && mentions(d.node.Ctequery.ProtoReflect(), d.name):
		b.recursiveCTE(d)
	default:
		d.query = b.sealed(b.selectStmt(d.node.Ctequery.GetSelectStmt(), b.scope))
		d.plan.Plan = d.query.node
		d.cols = d.query.out
		b.nameCTE(d)
	}
	if d.node.SearchClause != nil || d.node.CycleClause != nil {
		if d.both == nil {
			b.errorf(d.node.Location, pgerr.SyntaxError, "WITH query is not recursive")
		}
		d.tracer.rebind()
	}
	d.pending = false
}

// nameCTE applies the column names of WITH x (a, b).
func (b *binder) nameCTE(d *cteDef) {
	names := d.node.Aliascolnames
	if len(names) > len(d.cols) {
		b.errorf(d.node.Location, pgerr.InvalidColumnReference, "WITH query \"%s\" has %d columns available but %d columns specified", d.name, len(d.cols), len(names))
	}
	d.cols = append([]outColumn(nil), d.cols...)
	for i, n := range names {
		d.cols[i].name = nodeString(n)
	}
}

// recursiveCTE binds non-recursive-term UNION [ALL] recursive-term.
func (b *binder) recursiveCTE(d *cteDef) {
	sel := d.node.Ctequery.GetSelectStmt()
	if sel.GetOp() != pg_query.SetOperation_SETOP_UNION {
		b.errorf(d.node.Location, pgerr.InvalidRecursion, "recursive query \"%s\" does not have the form non-recursive-term UNION [ALL] recursive-term", d.name)
	}
	if mentions(sel.Larg.ProtoReflect(), d.name) {
		b.errorf(b.mentionLoc(sel.Larg, d.name), pgerr.InvalidRecursion, "recursive reference to query \"%s\" must not appear within its non-recursive term", d.name)
	}
	b.noRecursionClause(d, sel)
	outer := b.scope
	b.scope = &scope{parent: outer}
	q := &query{stmt: sel, scope: b.scope}
	b.withClause(sel.WithClause, q)
	left := b.sealed(b.selectStmt(sel.Larg, b.scope))
	d.plan.Plan, d.plan.UnionAll = left.node, sel.All
	d.cols = left.out
	b.nameCTE(d)
	if d.tracer = b.tracer(d); d.tracer != nil {
		d.tracer.preview()
	}
	d.inside, d.pending, d.keep = true, false, true
	b.recursing = append(b.recursing, d)
	right := b.setOperandIn(sel.Rarg)
	b.recursing = b.recursing[:len(b.recursing)-1]
	d.inside = false
	b.scope = outer
	d.plan.Recursive = b.recursiveTerm(d, left, right, sel)
	d.query = left
	d.both = &query{stmt: sel, scope: &scope{}, left: left, right: right, op: sel.Op, all: sel.All, out: d.cols}
	if q.ctes != nil {
		d.plan.Plan = b.withPlan(q.ctes, d.plan.Plan)
	}
}

func (b *binder) noRecursionClause(d *cteDef, sel *pg_query.SelectStmt) {
	switch {
	case len(sel.SortClause) > 0:
		b.errorf(listLoc(sel.SortClause), pgerr.FeatureNotSupported, "ORDER BY in a recursive query is not implemented")
	case sel.LimitOffset != nil:
		b.errorf(nodeLoc(sel.LimitOffset), pgerr.FeatureNotSupported, "OFFSET in a recursive query is not implemented")
	case sel.LimitCount != nil:
		b.errorf(nodeLoc(sel.LimitCount), pgerr.FeatureNotSupported, "LIMIT in a recursive query is not implemented")
	case len(sel.LockingClause) > 0:
		b.errorf(-1, pgerr.FeatureNotSupported, "FOR UPDATE/SHARE in a recursive query is not implemented")
	}
}

// setOperandIn binds the recursive term.
func (b *binder) setOperandIn(n *pg_query.SelectStmt) *query {
	b.recursiveTermNext = true
	return b.selectStmt(n, b.scope)
}

// recursiveTerm checks the columns of the recursive term against the query's and converts literals.
func (b *binder) recursiveTerm(d *cteDef, left, right *query, sel *pg_query.SelectStmt) plan.Node {
	if len(left.out) != len(right.out) {
		b.errorf(targetsLoc(sel.Rarg), pgerr.SyntaxError, "each UNION query must have the same number of columns")
	}
	cast := make([]expr.Expr, len(right.out))
	for i := range right.out {
		l, r := b.outputExpr(left, i), b.outputExpr(right, i)
		t := b.commonType([]expr.Expr{l, r}, "UNION")
		overall := typed(t, -1)
		if l.Typmod() == r.Typmod() && l.Type() == r.Type() {
			overall.Mod = l.Typmod()
		}
		if t != l.Type() || overall.Mod != l.Typmod() {
			b.failAt(b.loc(left.out[i].e), pgerr.Newf(pgerr.DatatypeMismatch,
				"recursive query \"%s\" column %d has type %s in non-recursive term but type %s overall", d.name, i+1,
				typeWithMod(left.out[i].typed), typeWithMod(overall)).
				WithHint("Cast the output of the non-recursive term to the correct type."))
		}
		cast[i] = b.toCommon(r, t, "UNION")
	}
	return b.castOutput(right, cast)
}

// mentionLoc finds where a name is referenced.
func (b *binder) mentionLoc(n *pg_query.SelectStmt, name string) int32 {
	loc := int32(-1)
	walkNode(n.ProtoReflect(), func(x any) bool {
		if r, ok := x.(*pg_query.RangeVar); ok && r.Relname == name && loc < 0 {
			loc = r.Location
		}
		return loc < 0
	})
	return loc
}

// modifyingCTE binds INSERT, UPDATE or DELETE in WITH.
func (b *binder) modifyingCTE(d *cteDef) {
	d.keep, d.plan.Modifies = true, true
	columns, tag := b.stmt.Columns, b.stmt.Tag
	b.stmt.Columns = nil
	switch x := d.node.Ctequery.Node.(type) {
	case *pg_query.Node_InsertStmt:
		d.plan.Plan = b.insert(x.InsertStmt, b.scope)
	case *pg_query.Node_UpdateStmt:
		d.plan.Plan = b.update(x.UpdateStmt, b.scope)
	case *pg_query.Node_DeleteStmt:
		d.plan.Plan = b.delete(x.DeleteStmt, b.scope)
	default:
		b.errorf(d.node.Location, pgerr.FeatureNotSupported, "MERGE not supported in WITH query")
	}
	ids := d.plan.Plan.Columns()
	for i, c := range b.stmt.Columns {
		d.cols = append(d.cols, outColumn{name: c.Name, typed: typed(c.Type, c.Typmod), id: ids[i], table: c.Table, num: c.Num})
	}
	b.nameCTE(d)
	b.stmt.Columns, b.stmt.Tag = columns, tag
}

// cteReference finds a WITH query by name from here outwards.
func (b *binder) cteReference(n *pg_query.RangeVar) (leafEntry, bool) {
	for s := b.scope; s != nil; s = s.parent {
		for _, d := range s.ctes {
			if d.name == n.Relname && !d.pending {
				return b.readCTE(d, n), true
			}
		}
	}
	return leafEntry{}, false
}

func (b *binder) readCTE(d *cteDef, n *pg_query.RangeVar) leafEntry {
	d.refs++
	if d.inside {
		b.checkRecursion(d, n)
	}
	if d.plan.Modifies && len(d.cols) == 0 {
		b.errorf(n.Location, pgerr.FeatureNotSupported, "WITH query \"%s\" does not have a RETURNING clause", d.name)
	}
	scan := &plan.CTEScan{Rel: b.newRel(), CTE: d.plan.ID, Width: len(d.cols) + d.unseen, WorkTable: d.inside, Name: d.name}
	e := &rangeEntry{kind: cteEntry, name: d.name, rel: scan.Rel, scope: b.scope, def: &query{out: d.cols}}
	if n.Alias != nil {
		e.name, e.aliased = n.Alias.Aliasname, true
	}
	for i, c := range d.cols {
		v := &expr.Var{Typed: c.typed, ID: expr.ColID{Rel: scan.Rel, Num: int16(i + 1)}, Name: c.name}
		e.cols = append(e.cols, column{name: c.name, e: v, hidden: i >= len(d.cols)-d.unstarred})
	}
	b.renameColumns(e, n.Alias, n.Location)
	b.register(b.scope, e)
	return leafEntry{e, scan}
}

// checkRecursion enforces where the recursive term may read its query: once, and not below a subquery in an expression.
func (b *binder) checkRecursion(d *cteDef, n *pg_query.RangeVar) {
	for s := b.scope; s != nil && !s.recursive; s = s.parent {
		if s.parent != nil && s.parent.kind != kindNone {
			b.errorf(n.Location, pgerr.InvalidRecursion, "recursive reference to query \"%s\" must not appear within a subquery", d.name)
		}
	}
	if b.padded > 0 {
		b.errorf(n.Location, pgerr.InvalidRecursion, "recursive reference to query \"%s\" must not appear within an outer join", d.name)
	}
	if d.self++; d.self > 1 {
		b.errorf(n.Location, pgerr.InvalidRecursion, "recursive reference to query \"%s\" must not appear more than once", d.name)
	}
}

// withPlan puts WITH queries around a plan. A query that is read once and has no side effects takes the place of its reference.
func (b *binder) withPlan(defs []*cteDef, body plan.Node) plan.Node {
	if len(defs) == 0 {
		return body
	}
	w := &plan.With{Body: body}
	for i := len(defs) - 1; i >= 0; i-- {
		d := defs[i]
		switch {
		case d.refs == 0 && !d.plan.Modifies:
			continue
		case d.refs == 1 && !d.keep && !hasSideEffects(d.plan.Plan):
			// What reads it is the body or a later query, which is in the list already.
			w = inlineCTE(w, d).(*plan.With)
			continue
		}
		w.CTEs = append([]*plan.CTE{d.plan}, w.CTEs...)
	}
	if len(w.CTEs) == 0 {
		return w.Body
	}
	return w
}

func inlineCTE(w *plan.With, d *cteDef) plan.Node {
	return plan.Rewrite(w, func(n plan.Node) plan.Node {
		s, ok := n.(*plan.CTEScan)
		if !ok || s.CTE != d.plan.ID {
			return n
		}
		p := &plan.Project{Rel: s.Rel, Input: d.plan.Plan}
		for _, c := range d.query.out {
			p.Exprs = append(p.Exprs, &expr.Var{Typed: c.typed, ID: c.id, Name: c.name})
			p.Names = append(p.Names, c.name)
		}
		return p
	})
}

// hasSideEffects tells whether a plan calls volatile functions or locks rows, so that it must run once and as a whole.
func hasSideEffects(n plan.Node) bool {
	found := false
	volatile := func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Call:
			found = found || e.Proc.Volatile == 'v'
		case *expr.SetCall:
			found = found || e.Proc.Volatile == 'v'
		case *expr.NextValue:
			found = true
		}
		return !found
	}
	plan.Walk(n, func(n plan.Node) {
		if _, ok := n.(*plan.LockRows); ok {
			found = true
		}
		plan.WalkExprs(n, func(e expr.Expr) { plan.WalkExpr(e, volatile) })
	})
	return found
}

func outerOf(q *query) []expr.ColID { return plan.Outer(q.node) }
