package expr

// Children calls visit for each direct part of e, in order of evaluation. The plan of a subquery is not a part: package plan walks into it.
func Children(e Expr, visit func(Expr)) {
	MapChildren(e, func(c Expr) Expr { visit(c); return c })
}

// Walk calls visit for e and, while visit returns true, for its parts in turn.
func Walk(e Expr, visit func(Expr) bool) {
	if e == nil || !visit(e) {
		return
	}
	Children(e, func(c Expr) { Walk(c, visit) })
}

// mapper replaces expressions and remembers whether anything has changed. A node that two fields share is replaced once.
type mapper struct {
	f       func(Expr) Expr
	seen    map[Expr]Expr
	changed bool
}

func (m *mapper) one(e Expr) Expr {
	if e == nil {
		return nil
	}
	if n, ok := m.seen[e]; ok {
		return n
	}
	n := m.f(e)
	if n != e {
		m.changed = true
	}
	if m.seen != nil {
		m.seen[e] = n
	}
	return n
}

func (m *mapper) list(es []Expr) []Expr {
	var out []Expr
	for i, e := range es {
		n := m.one(e)
		if n != e && out == nil {
			out = append(make([]Expr, 0, len(es)), es[:i]...)
		}
		if out != nil {
			out = append(out, n)
		}
	}
	if out == nil {
		return es
	}
	return out
}

// call maps the arguments of a comparison whose operands are parts of the node that holds it.
func (m *mapper) call(c *Call) *Call {
	if c == nil {
		return nil
	}
	args := m.list(c.Args)
	if len(args) == 0 || &args[0] == &c.Args[0] {
		return c
	}
	n := *c
	n.Args = args
	return &n
}

func (m *mapper) calls(cs []*Call) []*Call {
	out := make([]*Call, len(cs))
	for i, c := range cs {
		out[i] = m.call(c)
	}
	return out
}

func (m *mapper) keys(ks []SortKey) []SortKey {
	if len(ks) == 0 {
		return ks
	}
	out := make([]SortKey, len(ks))
	for i, k := range ks {
		k.Expr = m.one(k.Expr)
		out[i] = k
	}
	return out
}

// MapChildren gives e with each direct part replaced by what f makes of it: e itself when f changes nothing, else a copy.
func MapChildren(e Expr, f func(Expr) Expr) Expr {
	m := &mapper{f: f}
	n := m.node(e)
	if !m.changed {
		return e
	}
	return n
}

func (m *mapper) node(e Expr) Expr {
	switch e := e.(type) {
	case *Const, *Param, *Var, *CaseValue, *SQLValue, *Default, *NextValue, *Grouping:
		return e
	case *Call:
		n := *e
		n.Args = m.list(e.Args)
		return &n
	case *SetCall:
		n := *e
		n.Args = m.list(e.Args)
		return &n
	case *BoolOp:
		n := *e
		n.Args = m.list(e.Args)
		return &n
	case *Case:
		return m.caseExpr(e)
	case *Aggregate:
		n := *e
		n.Direct, n.Args, n.Order, n.Filter = m.list(e.Direct), m.list(e.Args), m.keys(e.Order), m.one(e.Filter)
		return &n
	case *WindowCall:
		n := *e
		n.Args, n.Filter = m.list(e.Args), m.one(e.Filter)
		return &n
	case *Array:
		n := *e
		n.Elems = m.list(e.Elems)
		return &n
	case *Row:
		n := *e
		n.Fields = m.list(e.Fields)
		return &n
	case *Coalesce:
		n := *e
		n.Args = m.list(e.Args)
		return &n
	case *MinMax:
		n := *e
		n.Args = m.list(e.Args)
		return &n
	}
	return m.comparison(e)
}

func (m *mapper) caseExpr(e *Case) Expr {
	n := *e
	n.Arg = m.one(e.Arg)
	n.Whens = make([]When, len(e.Whens))
	for i, w := range e.Whens {
		n.Whens[i] = When{Cond: m.one(w.Cond), Result: m.one(w.Result)}
	}
	n.Else = m.one(e.Else)
	return &n
}

func (m *mapper) comparison(e Expr) Expr {
	switch e := e.(type) {
	case *NullIf:
		m.seen = map[Expr]Expr{}
		n := *e
		n.Left, n.Right, n.Equal = m.one(e.Left), m.one(e.Right), m.call(e.Equal)
		return &n
	case *Distinct:
		m.seen = map[Expr]Expr{}
		n := *e
		n.Left, n.Right, n.Equal = m.one(e.Left), m.one(e.Right), m.call(e.Equal)
		return &n
	case *RowCompare:
		m.seen = map[Expr]Expr{}
		n := *e
		n.Left, n.Right, n.Less, n.Equal = m.list(e.Left), m.list(e.Right), m.calls(e.Less), m.calls(e.Equal)
		return &n
	case *ArrayOp:
		n := *e
		n.Left, n.Array = m.one(e.Left), m.one(e.Array)
		return &n
	case *Subquery:
		n := *e
		n.Test = m.one(e.Test)
		return &n
	case *Subscript:
		n := *e
		n.Arg, n.Lower, n.Upper = m.one(e.Arg), m.list(e.Lower), m.list(e.Upper)
		return &n
	case *SubscriptAssign:
		n := *e
		n.Arg, n.Lower, n.Upper, n.Value = m.one(e.Arg), m.list(e.Lower), m.list(e.Upper), m.one(e.Value)
		return &n
	case *FieldAssign:
		n := *e
		n.Arg, n.Value = m.one(e.Arg), m.one(e.Value)
		return &n
	}
	return m.single(e)
}

// single maps the nodes with one operand.
func (m *mapper) single(e Expr) Expr {
	switch e := e.(type) {
	case *NullTest:
		n := *e
		n.Arg = m.one(e.Arg)
		return &n
	case *BoolTest:
		n := *e
		n.Arg = m.one(e.Arg)
		return &n
	case *Field:
		n := *e
		n.Arg = m.one(e.Arg)
		return &n
	case *ViaText:
		n := *e
		n.Arg = m.one(e.Arg)
		return &n
	case *Relabel:
		n := *e
		n.Arg = m.one(e.Arg)
		return &n
	case *ArrayCast:
		n := *e
		n.Arg, n.Elem = m.one(e.Arg), m.one(e.Elem)
		return &n
	case *RowCast:
		n := *e
		n.Arg, n.Fields = m.one(e.Arg), m.list(e.Fields)
		return &n
	case *Collate:
		n := *e
		n.Arg = m.one(e.Arg)
		return &n
	case *DomainCheck:
		n := *e
		n.Arg = m.one(e.Arg)
		n.Checks = make([]NamedCheck, len(e.Checks))
		for i, c := range e.Checks {
			n.Checks[i] = NamedCheck{c.Name, m.one(c.Expr)}
		}
		return &n
	}
	return e
}
