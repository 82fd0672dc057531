package bind

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// funcPart is one function of a FROM item.
type funcPart struct {
	e       expr.Expr
	name    string // what the column of a scalar function is called without an alias
	columns []pgtype.Column
	record  bool // the columns are fields of a record
}

// rangeFunction binds functions in FROM.
func (b *binder) rangeFunction(n *pg_query.RangeFunction) leafEntry {
	s := b.scope
	lateral, kind := s.lateral, s.kind
	s.lateral, s.kind = true, kindFromFunction
	var parts []funcPart
	for _, f := range n.Functions {
		items := f.GetList().GetItems()
		var defs []*pg_query.Node
		if len(items) > 1 && items[1] != nil {
			defs = items[1].GetList().GetItems()
		}
		for _, x := range splitUnnest(items[0]) {
			parts = append(parts, b.funcPart(x, defs, n, len(n.Functions)))
		}
	}
	s.lateral, s.kind = lateral, kind
	return b.funcEntry(n, parts)
}

// splitUnnest makes ROWS FROM (unnest(a), unnest(b)) of unnest(a, b).
func splitUnnest(n *pg_query.Node) []*pg_query.Node {
	f := n.GetFuncCall()
	if f == nil || len(f.Args) < 2 || operatorName(f.Funcname) != "unnest" || f.AggDistinct || f.FuncVariadic || len(f.AggOrder) > 0 {
		return []*pg_query.Node{n}
	}
	out := make([]*pg_query.Node, len(f.Args))
	for i, a := range f.Args {
		out[i] = &pg_query.Node{Node: &pg_query.Node_FuncCall{FuncCall: &pg_query.FuncCall{
			Funcname: f.Funcname, Args: []*pg_query.Node{a}, Funcformat: f.Funcformat, Location: f.Location,
		}}}
	}
	return out
}

func (b *binder) funcPart(n *pg_query.Node, defs []*pg_query.Node, r *pg_query.RangeFunction, count int) funcPart {
	p := funcPart{e: b.expr(n), name: columnName(n)}
	if len(defs) == 0 && count == 1 {
		defs = r.Coldeflist
	}
	if inner := nestedSet(p.e); inner != nil {
		b.errorf(b.loc(inner), pgerr.FeatureNotSupported, "set-returning functions must appear at top level of FROM")
	}
	if p.e.Type() == unknownType {
		p.e = b.coerce(p.e, textType, -1, implicitCast, expr.AsImplicitCast)
	}
	t := p.e.Type()
	fields := b.rowColumns(p.e)
	switch {
	case len(defs) > 0:
		b.columnDefinitions(&p, defs, fields, n)
	case t == recordType && fields == nil:
		b.errorf(nodeLoc(n), pgerr.SyntaxError, "a column definition list is required for functions returning \"record\"")
	case fields != nil:
		p.columns, p.record = fields, true
	default:
		name := p.name
		if out := singleOut(p.e); out != "" {
			name = out
		} else if r.Alias != nil && count == 1 && !r.IsRowsfrom {
			name = r.Alias.Aliasname
		}
		p.columns = []pgtype.Column{{Name: name, Type: t, Typmod: p.e.Typmod()}}
	}
	return p
}

// nestedSet finds a set-returning call below the top, nil when there is none.
func nestedSet(e expr.Expr) expr.Expr {
	var found expr.Expr
	expr.Children(e, func(c expr.Expr) {
		expr.Walk(c, func(x expr.Expr) bool {
			if _, ok := x.(*expr.SetCall); ok && found == nil {
				found = x
			}
			return found == nil
		})
	})
	return found
}

// singleOut is the name of a function's only OUT parameter.
func singleOut(e expr.Expr) string {
	var p *pgfacts.Proc
	switch e := e.(type) {
	case *expr.Call:
		p = e.Proc
	case *expr.SetCall:
		p = e.Proc
	default:
		return ""
	}
	name, n := "", 0
	for i, m := range p.Modes {
		if (m == 'o' || m == 'b' || m == 't') && i < len(p.ArgNames) {
			name = p.ArgNames[i]
			n++
		}
	}
	if n != 1 {
		return ""
	}
	return name
}

// columnDefinitions applies AS (a int, b text) to a function that returns record.
func (b *binder) columnDefinitions(p *funcPart, defs []*pg_query.Node, fields []pgtype.Column, n *pg_query.Node) {
	if p.e.Type() != recordType {
		b.errorf(defs[0].GetColumnDef().GetLocation(), pgerr.SyntaxError, "a column definition list is only allowed for functions returning \"record\"")
	}
	if fields != nil {
		b.errorf(defs[0].GetColumnDef().GetLocation(), pgerr.SyntaxError, "a column definition list is redundant for a function with OUT parameters")
	}
	for _, d := range defs {
		c := d.GetColumnDef()
		t, mod := b.typeName(c.TypeName)
		if t.Kind == pgtype.KindPseudo {
			b.errorf(c.Location, pgerr.InvalidTableDefinition, "column \"%s\" has pseudo-type %s", c.Colname, t)
		}
		p.columns = append(p.columns, pgtype.Column{Name: c.Colname, Type: t, Typmod: mod})
	}
	p.record = true
	row := pgtype.NewComposite(0, 0, 0, "", "record", p.columns)
	switch e := p.e.(type) {
	case *expr.SetCall:
		c := *e
		c.T = row
		p.e = &c
	case *expr.Call:
		c := *e
		c.T = row
		p.e = &c
	}
}

func (b *binder) funcEntry(n *pg_query.RangeFunction, parts []funcPart) leafEntry {
	f := &plan.FuncScan{Rel: b.newRel(), Ordinality: n.Ordinality}
	e := &rangeEntry{kind: functionEntry, name: parts[0].name, rel: f.Rel, scope: b.scope, def: parts}
	if n.Alias != nil {
		e.name, e.aliased = n.Alias.Aliasname, true
	}
	f.Alias = e.name
	add := func(c pgtype.Column) {
		e.cols = append(e.cols, column{name: c.Name, e: &expr.Var{
			Typed: typed(c.Type, c.Typmod), ID: expr.ColID{Rel: f.Rel, Num: int16(len(e.cols) + 1)}, Name: c.Name,
		}})
	}
	for _, p := range parts {
		f.Funcs = append(f.Funcs, plan.FuncItem{Expr: p.e, Fields: p.record, Width: len(p.columns)})
		for _, c := range p.columns {
			add(c)
		}
	}
	if n.Ordinality {
		add(pgtype.Column{Name: "ordinality", Type: int8Type, Typmod: -1})
	}
	if len(parts) == 1 && !n.Ordinality {
		e.scalar = !parts[0].record
		if parts[0].record && isComplex(parts[0].e.Type()) && parts[0].e.Type().OID != 0 {
			e.rowType = parts[0].e.Type()
		}
	}
	b.renameColumns(e, n.Alias, -1)
	b.register(b.scope, e)
	return leafEntry{e, f}
}

// outColumns gives the columns of the record that a function with several OUT parameters returns, nil for other functions.
func (b *binder) outColumns(p *pgfacts.Proc, args []expr.Expr) []pgtype.Column {
	if p.Modes == "" || b.typ(p.Result) != recordType {
		return nil
	}
	var declared []*pgtype.Type
	for _, a := range p.Args {
		declared = append(declared, b.typ(a))
	}
	var out []pgtype.Column
	for i, m := range p.Modes {
		if m != 'o' && m != 'b' && m != 't' {
			continue
		}
		name := "column" + itoa(len(out)+1)
		if i < len(p.ArgNames) && p.ArgNames[i] != "" {
			name = p.ArgNames[i]
		}
		t := b.typ(p.AllArgs[i])
		if isPolymorphic(t) {
			if _, r, err := b.resolvePolymorphic(typesOf(args), declared, t); err == nil {
				t = r
			}
		}
		out = append(out, pgtype.Column{Name: name, Type: t, Typmod: -1})
	}
	return out
}
