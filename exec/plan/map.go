package plan

import "github.com/kalampg/kalampg/exec/expr"

// MapChildren gives n with each input replaced by what f makes of it: n itself when nothing changes, else a copy.
func MapChildren(n Node, f func(Node) Node) Node {
	switch n := n.(type) {
	case *Filter:
		return mapInput(n, n.Input, f, func(in Node) Node { c := *n; c.Input = in; return &c })
	case *Project:
		return mapInput(n, n.Input, f, func(in Node) Node { c := *n; c.Input = in; return &c })
	case *ProjectSet:
		return mapInput(n, n.Input, f, func(in Node) Node { c := *n; c.Input = in; return &c })
	case *Aggregate:
		return mapInput(n, n.Input, f, func(in Node) Node { c := *n; c.Input = in; return &c })
	case *Sample:
		return mapInput(n, n.Input, f, func(in Node) Node { c := *n; c.Input = in; return &c })
	case *Window:
		return mapInput(n, n.Input, f, func(in Node) Node { c := *n; c.Input = in; return &c })
	case *Sort:
		return mapInput(n, n.Input, f, func(in Node) Node { c := *n; c.Input = in; return &c })
	case *Limit:
		return mapInput(n, n.Input, f, func(in Node) Node { c := *n; c.Input = in; return &c })
	case *Distinct:
		return mapInput(n, n.Input, f, func(in Node) Node { c := *n; c.Input = in; return &c })
	case *LockRows:
		return mapInput(n, n.Input, f, func(in Node) Node { c := *n; c.Input = in; return &c })
	case *Insert:
		return mapInput(n, n.Source, f, func(in Node) Node { c := *n; c.Source = in; return &c })
	case *Update:
		return mapInput(n, n.Source, f, func(in Node) Node { c := *n; c.Source = in; return &c })
	case *Delete:
		return mapInput(n, n.Source, f, func(in Node) Node { c := *n; c.Source = in; return &c })
	case *Merge:
		return mapInput(n, n.Source, f, func(in Node) Node { c := *n; c.Source = in; return &c })
	case *Join:
		l, r := f(n.Left), f(n.Right)
		if l == n.Left && r == n.Right {
			return n
		}
		c := *n
		c.Left, c.Right = l, r
		return &c
	case *SetOp:
		l, r := f(n.Left), f(n.Right)
		if l == n.Left && r == n.Right {
			return n
		}
		c := *n
		c.Left, c.Right = l, r
		return &c
	case *With:
		return mapWith(n, f)
	}
	return n
}

func mapInput(n, input Node, f func(Node) Node, with func(Node) Node) Node {
	if in := f(input); in != input {
		return with(in)
	}
	return n
}

func mapWith(n *With, f func(Node) Node) Node {
	c := &With{Body: f(n.Body), CTEs: make([]*CTE, len(n.CTEs))}
	changed := c.Body != n.Body
	for i, cte := range n.CTEs {
		x := *cte
		x.Plan = f(cte.Plan)
		if cte.Recursive != nil {
			x.Recursive = f(cte.Recursive)
		}
		if x.Plan == cte.Plan && x.Recursive == cte.Recursive {
			c.CTEs[i] = cte
			continue
		}
		c.CTEs[i], changed = &x, true
	}
	if !changed {
		return n
	}
	return c
}

// nodeMapper replaces the expressions of one node.
type nodeMapper struct {
	f       func(expr.Expr) expr.Expr
	changed bool
}

func (m *nodeMapper) one(e expr.Expr) expr.Expr {
	if e == nil {
		return nil
	}
	n := m.f(e)
	m.changed = m.changed || n != e
	return n
}

func (m *nodeMapper) list(es []expr.Expr) []expr.Expr {
	if es == nil {
		return nil
	}
	out := make([]expr.Expr, len(es))
	for i, e := range es {
		out[i] = m.one(e)
	}
	return out
}

func (m *nodeMapper) keys(ks []expr.SortKey) []expr.SortKey {
	if ks == nil {
		return nil
	}
	out := make([]expr.SortKey, len(ks))
	for i, k := range ks {
		k.Expr = m.one(k.Expr)
		out[i] = k
	}
	return out
}

func (m *nodeMapper) assigns(as []Assign) []Assign {
	if as == nil {
		return nil
	}
	out := make([]Assign, len(as))
	for i, a := range as {
		out[i] = Assign{a.Num, m.one(a.Expr)}
	}
	return out
}

func (m *nodeMapper) checks(cs []expr.NamedCheck) []expr.NamedCheck {
	if cs == nil {
		return nil
	}
	out := make([]expr.NamedCheck, len(cs))
	for i, c := range cs {
		out[i] = expr.NamedCheck{Name: c.Name, Expr: m.one(c.Expr)}
	}
	return out
}

func (m *nodeMapper) bound(b *Bound) *Bound {
	if b == nil {
		return nil
	}
	return &Bound{m.one(b.Expr), b.Inclusive}
}

// MapExprs gives n with its own expressions, not those of its inputs, replaced by what f makes of them: n itself when nothing changes, else a copy. The
// rules of a table (Rules) are left alone: they see only the new row.
func MapExprs(n Node, f func(expr.Expr) expr.Expr) Node {
	m := &nodeMapper{f: f}
	c := m.node(n)
	if !m.changed {
		return n
	}
	return c
}

func (m *nodeMapper) node(n Node) Node {
	switch n := n.(type) {
	case *Scan:
		c := *n
		c.Access.Equal, c.Access.In = m.list(n.Access.Equal), m.one(n.Access.In)
		c.Access.Lower, c.Access.Upper = m.bound(n.Access.Lower), m.bound(n.Access.Upper)
		c.Filter = m.one(n.Filter)
		return &c
	case *SystemScan:
		c := *n
		c.Where = make([]SystemEquality, len(n.Where))
		for i, w := range n.Where {
			c.Where[i] = SystemEquality{w.Num, m.one(w.Value)}
		}
		c.Filter = m.one(n.Filter)
		return &c
	case *Values:
		c := *n
		c.Rows = make([][]expr.Expr, len(n.Rows))
		for i, r := range n.Rows {
			c.Rows[i] = m.list(r)
		}
		return &c
	case *FuncScan:
		c := *n
		c.Funcs = make([]FuncItem, len(n.Funcs))
		for i, x := range n.Funcs {
			x.Expr = m.one(x.Expr)
			c.Funcs[i] = x
		}
		return &c
	case *Filter:
		c := *n
		c.Cond = m.one(n.Cond)
		return &c
	case *Project:
		c := *n
		c.Exprs = m.list(n.Exprs)
		return &c
	case *ProjectSet:
		c := *n
		c.Exprs = m.list(n.Exprs)
		return &c
	case *Join:
		c := *n
		c.LeftKeys, c.RightKeys, c.Cond = m.list(n.LeftKeys), m.list(n.RightKeys), m.one(n.Cond)
		return &c
	case *Aggregate:
		return m.aggregate(n)
	case *Window:
		return m.window(n)
	}
	return m.upper(n)
}

func (m *nodeMapper) aggregate(n *Aggregate) Node {
	c := *n
	c.Keys = m.list(n.Keys)
	c.Aggs = make([]*expr.Aggregate, len(n.Aggs))
	for i, a := range n.Aggs {
		c.Aggs[i] = a
		if x := expr.MapChildren(a, m.f); x != expr.Expr(a) {
			c.Aggs[i], m.changed = x.(*expr.Aggregate), true
		}
	}
	return &c
}

func (m *nodeMapper) window(n *Window) Node {
	c := *n
	c.Partition, c.Order = m.list(n.Partition), m.keys(n.Order)
	c.Frame.Start.Offset, c.Frame.End.Offset = m.one(n.Frame.Start.Offset), m.one(n.Frame.End.Offset)
	c.Calls = make([]*expr.WindowCall, len(n.Calls))
	for i, a := range n.Calls {
		c.Calls[i] = a
		if x := expr.MapChildren(a, m.f); x != expr.Expr(a) {
			c.Calls[i], m.changed = x.(*expr.WindowCall), true
		}
	}
	return &c
}

func (m *nodeMapper) upper(n Node) Node {
	switch n := n.(type) {
	case *Sort:
		c := *n
		c.Keys = m.keys(n.Keys)
		return &c
	case *Sample:
		c := *n
		c.Percent, c.Seed = m.one(n.Percent), m.one(n.Seed)
		return &c
	case *Limit:
		c := *n
		c.Count, c.Offset, c.Keys = m.one(n.Count), m.one(n.Offset), m.keys(n.Keys)
		return &c
	case *Distinct:
		c := *n
		c.On = m.list(n.On)
		return &c
	case *LockRows:
		c := *n
		c.Locks = make([]RowLock, len(n.Locks))
		for i, l := range n.Locks {
			l.Recheck = m.one(l.Recheck)
			c.Locks[i] = l
		}
		return &c
	case *Insert:
		c := *n
		c.Returning, c.Options = m.list(n.Returning), m.checks(n.Options)
		if o := n.Conflict; o != nil {
			x := *o
			x.Set, x.Where = m.assigns(o.Set), m.one(o.Where)
			c.Conflict = &x
		}
		return &c
	case *Update:
		c := *n
		c.Set, c.Recheck, c.Returning = m.assigns(n.Set), m.one(n.Recheck), m.list(n.Returning)
		c.Options = m.checks(n.Options)
		return &c
	case *Delete:
		c := *n
		c.Recheck, c.Returning = m.one(n.Recheck), m.list(n.Returning)
		return &c
	case *Merge:
		return m.merge(n)
	}
	return n
}

// MapExpr rewrites an expression from the top: where f answers true its result stands, elsewhere the parts are rewritten, those in the plans of subqueries too.
func MapExpr(e expr.Expr, f func(expr.Expr) (expr.Expr, bool)) expr.Expr {
	if e == nil {
		return nil
	}
	if n, done := f(e); done {
		return n
	}
	deep := func(c expr.Expr) expr.Expr { return MapExpr(c, f) }
	n := expr.MapChildren(e, deep)
	if s, ok := n.(*expr.Subquery); ok {
		if p, ok := s.Plan.(Node); ok {
			if q := MapAll(p, deep); q != p {
				c := *s
				c.Plan = q
				return &c
			}
		}
	}
	return n
}

// MapAll replaces every expression of every node of a tree by what f makes of it.
func MapAll(n Node, f func(expr.Expr) expr.Expr) Node {
	return MapExprs(MapChildren(n, func(c Node) Node { return MapAll(c, f) }), f)
}

// Walk calls visit for n and all nodes below it, subqueries in expressions excepted.
func Walk(n Node, visit func(Node)) {
	visit(n)
	for _, c := range n.Children() {
		Walk(c, visit)
	}
}

// WalkExprs calls visit for each expression of a node itself.
func WalkExprs(n Node, visit func(expr.Expr)) {
	MapExprs(n, func(e expr.Expr) expr.Expr { visit(e); return e })
}

// WalkExpr calls visit for e and, while it returns true, for its parts, those in the plans of subqueries too.
func WalkExpr(e expr.Expr, visit func(expr.Expr) bool) {
	if e == nil || !visit(e) {
		return
	}
	expr.Children(e, func(c expr.Expr) { WalkExpr(c, visit) })
	if s, ok := e.(*expr.Subquery); ok {
		if p, ok := s.Plan.(Node); ok {
			Walk(p, func(n Node) { WalkExprs(n, func(x expr.Expr) { WalkExpr(x, visit) }) })
		}
	}
}

// Outer lists the columns that a plan reads without producing them: those of enclosing queries or of the left side of a lateral join.
func Outer(n Node) []expr.ColID {
	c := outerWalk{made: map[int32]bool{}, read: map[expr.ColID]bool{}}
	c.node(n)
	var out []expr.ColID
	for _, id := range c.order {
		if !c.made[id.Rel] {
			out = append(out, id)
		}
	}
	return out
}

type outerWalk struct {
	made  map[int32]bool
	read  map[expr.ColID]bool
	order []expr.ColID
}

func (c *outerWalk) node(n Node) {
	Walk(n, func(n Node) {
		c.makes(n)
		WalkExprs(n, c.expr)
	})
}

func (c *outerWalk) expr(e expr.Expr) {
	expr.Walk(e, func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Var:
			if !c.read[e.ID] {
				c.read[e.ID] = true
				c.order = append(c.order, e.ID)
			}
		case *expr.Subquery:
			if p, ok := e.Plan.(Node); ok {
				c.node(p)
			}
		}
		return true
	})
}

// makes notes the relation numbers that a node gives columns to, in its output or for its own expressions.
func (c *outerWalk) makes(n Node) {
	switch n := n.(type) {
	case *Scan:
		c.made[n.Rel] = true
	case *SystemScan:
		c.made[n.Rel] = true
	case *Insert:
		c.made[n.Rel], c.made[n.ReturnRel] = true, true
		if n.Conflict != nil {
			c.made[n.Conflict.Rel], c.made[n.Conflict.Excluded] = true, true
		}
	case *Update:
		c.made[n.Rel], c.made[n.ReturnRel] = true, true
	case *Delete:
		c.made[n.Rel], c.made[n.ReturnRel] = true, true
	case *CurrentOf:
		c.made[n.Scan.Rel] = true
	case *Merge:
		c.made[n.Rel] = true
	case *Values:
		c.made[n.Rel] = true
	case *FuncScan:
		c.made[n.Rel] = true
	case *Project:
		c.made[n.Rel] = true
	case *ProjectSet:
		c.made[n.Rel] = true
	case *Aggregate:
		c.made[n.Rel] = true
	case *Window:
		c.made[n.Rel] = true
	case *SetOp:
		c.made[n.Rel] = true
	case *CTEScan:
		c.made[n.Rel] = true
	}
}

// Rewrite rebuilds a tree bottom-up: f gets each node with its inputs, and the subqueries in its expressions, rewritten already.
func Rewrite(n Node, f func(Node) Node) Node {
	n = MapChildren(n, func(c Node) Node { return Rewrite(c, f) })
	n = MapExprs(n, func(e expr.Expr) expr.Expr { return rewriteSubqueries(e, f) })
	return f(n)
}

func rewriteSubqueries(e expr.Expr, f func(Node) Node) expr.Expr {
	n := expr.MapChildren(e, func(c expr.Expr) expr.Expr { return rewriteSubqueries(c, f) })
	if s, ok := n.(*expr.Subquery); ok {
		if p, ok := s.Plan.(Node); ok {
			if q := Rewrite(p, f); q != p {
				c := *s
				c.Plan = q
				return &c
			}
		}
	}
	return n
}
