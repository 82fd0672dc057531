package plan

import (
	"fmt"
	"strings"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// expr prints an expression for EXPLAIN: near to SQL, for people. (What is stored and read back is printed by exec/bind.)
func (p *printer) expr(e expr.Expr) string {
	switch e := e.(type) {
	case nil:
		return ""
	case *expr.Const:
		return p.constant(e)
	case *expr.Param:
		if e.N > 0 && e.N <= len(p.params) {
			return p.constant(&expr.Const{Typed: e.Typed, Value: p.params[e.N-1]})
		}
		return fmt.Sprintf("$%d", e.N)
	case *expr.Var:
		return p.variable(e)
	case *expr.Call:
		return p.call(e)
	case *expr.BoolOp:
		if e.Op == expr.Not {
			return "(NOT " + p.expr(e.Args[0]) + ")"
		}
		word := " AND "
		if e.Op == expr.Or {
			word = " OR "
		}
		return "(" + p.join(e.Args, word) + ")"
	case *expr.NullTest:
		if e.Not {
			return "(" + p.expr(e.Arg) + " IS NOT NULL)"
		}
		return "(" + p.expr(e.Arg) + " IS NULL)"
	case *expr.Relabel:
		if e.Implicit {
			return p.expr(e.Arg)
		}
		return "(" + p.expr(e.Arg) + ")::" + pgtype.FormatType(e.T, e.Mod)
	case *expr.ViaText:
		return "(" + p.expr(e.Arg) + ")::" + pgtype.FormatType(e.T, e.Mod)
	case *expr.ArrayOp:
		word := " ANY "
		if e.All {
			word = " ALL "
		}
		return "(" + p.expr(e.Left) + " " + e.Operator.Name + word + "(" + p.expr(e.Array) + "))"
	case *expr.Array:
		return "ARRAY[" + p.join(e.Elems, ", ") + "]"
	case *expr.Aggregate:
		return p.aggregate(e)
	case *expr.WindowCall:
		args := p.join(e.Args, ", ")
		if e.Star {
			args = "*"
		}
		return e.Proc.Name + "(" + args + ") OVER (?)"
	case *expr.SetCall:
		return e.Proc.Name + "(" + p.join(e.Args, ", ") + ")"
	case *expr.Coalesce:
		return "COALESCE(" + p.join(e.Args, ", ") + ")"
	case *expr.Subquery:
		if name := p.subs[e]; name != "" {
			return name
		}
		return "(SubPlan)"
	case *expr.Case:
		return "CASE … END"
	case *expr.SQLValue:
		return e.Name
	case *expr.Row:
		return "ROW(" + p.join(e.Fields, ", ") + ")"
	case *expr.Field:
		return "(" + p.expr(e.Arg) + ")." + e.Name
	case *expr.Collate:
		return p.expr(e.Arg)
	}
	name := fmt.Sprintf("%T", e)
	return strings.ToUpper(name[strings.LastIndexByte(name, '.')+1:]) + "(…)"
}

func (p *printer) join(list []expr.Expr, between string) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = p.expr(e)
	}
	return strings.Join(parts, between)
}

func (p *printer) constant(e *expr.Const) string {
	if e.Value.IsNull() {
		return "NULL::" + pgtype.FormatType(e.T, e.Mod)
	}
	text := string(e.T.Codec.AppendText(pgtype.Default(), nil, e.Value))
	switch e.T.OID {
	case pgtype.OIDInt4, pgtype.OIDNumeric:
		return text
	case pgtype.OIDBool:
		return map[string]string{"t": "true", "f": "false"}[text]
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'::" + pgtype.FormatType(e.T, e.Mod)
}

func (p *printer) call(e *expr.Call) string {
	switch {
	case e.Form == expr.AsImplicitCast && len(e.Args) > 0:
		return p.expr(e.Args[0])
	case e.Form == expr.AsExplicitCast && len(e.Args) > 0:
		return "(" + p.expr(e.Args[0]) + ")::" + pgtype.FormatType(e.T, e.Mod)
	case e.Form == expr.AsOperator && e.Operator != nil && len(e.Args) == 2:
		return "(" + p.expr(e.Args[0]) + " " + e.Operator.Name + " " + p.expr(e.Args[1]) + ")"
	case e.Form == expr.AsOperator && e.Operator != nil:
		return "(" + e.Operator.Name + " " + p.expr(e.Args[0]) + ")"
	}
	return e.Proc.Name + "(" + p.join(e.Args, ", ") + ")"
}

func (p *printer) list(es []expr.Expr) string { return p.join(es, ", ") }

func (p *printer) aggregate(e *expr.Aggregate) string {
	args := p.join(e.Args, ", ")
	switch {
	case e.Star:
		args = "*"
	case e.Distinct:
		args = "DISTINCT " + args
	}
	if len(e.Order) > 0 && len(e.Direct) == 0 {
		keys := make([]expr.Expr, len(e.Order))
		for i, k := range e.Order {
			keys[i] = k.Expr
		}
		args += " ORDER BY " + p.list(keys)
	}
	text := e.Proc.Name + "(" + args + ")"
	if e.Filter != nil {
		text += " FILTER (WHERE " + p.expr(e.Filter) + ")"
	}
	return text
}

// printer prints expressions over the columns of a plan.
type printer struct {
	names  map[expr.ColID]string    // of columns that relations have
	from   map[expr.ColID]expr.Expr // what computes the others
	prefix map[int32]string         // of a relation's columns
	own    map[int32]bool           // what these nodes compute is printed without parentheses: by themselves
	bare   bool                     // columns are printed without their relations
	scan   int32                    // those of this relation are
	many   bool                     // there are several relations
	subs   map[*expr.Subquery]string
	params []pgtype.Datum // in whose place their values are printed
}

// newPrinter learns the columns of a plan. Names are told with their relation when there are several, or always.
func newPrinter(root Node, always bool) printer {
	p := printer{names: map[expr.ColID]string{}, from: map[expr.ColID]expr.Expr{}, prefix: map[int32]string{}, own: map[int32]bool{}, subs: map[*expr.Subquery]string{}}
	relations := 0
	var learn func(n Node)
	relation := func(rel int32, alias string) {
		relations++
		p.prefix[rel] = alias
	}
	learn = func(n Node) {
		Walk(n, func(n Node) {
			switch n := n.(type) {
			case *Scan:
				relation(n.Rel, alias(n.Alias, n.Table.Name))
				for _, num := range n.Nums {
					if num > 0 && int(num) <= len(n.Table.Columns) {
						p.names[expr.ColID{Rel: n.Rel, Num: num}] = n.Table.Columns[num-1].Name
					}
				}
			case *SystemScan:
				relation(n.Rel, alias(n.Alias, n.Table.Name))
				for _, num := range n.Nums {
					if num > 0 && int(num) <= len(n.Table.Columns) {
						p.names[expr.ColID{Rel: n.Rel, Num: num}] = n.Table.Columns[num-1].Name
					}
				}
			case *FuncScan:
				relation(n.Rel, n.Alias)
			case *Values:
				relation(n.Rel, `"*VALUES*"`)
				for i := range n.Types {
					p.names[expr.ColID{Rel: n.Rel, Num: int16(i + 1)}] = fmt.Sprintf("column%d", i+1)
				}
			case *CTEScan:
				relation(n.Rel, n.Name)
			case *Project:
				p.computed(n.Rel, 0, n.Exprs)
			case *ProjectSet:
				p.computed(n.Rel, 0, n.Exprs)
			case *Aggregate:
				p.computed(n.Rel, 0, n.Keys)
				for i, a := range n.Aggs {
					p.from[expr.ColID{Rel: n.Rel, Num: int16(len(n.Keys) + i + 1)}] = a
				}
			case *Window:
				for i, c := range n.Calls {
					p.from[expr.ColID{Rel: n.Rel, Num: int16(i + 1)}] = c
				}
			}
			WalkExprs(n, func(x expr.Expr) {
				expr.Walk(x, func(x expr.Expr) bool {
					if s, ok := x.(*expr.Subquery); ok {
						if q, ok := s.Plan.(Node); ok {
							learn(q)
						}
					}
					return true
				})
			})
		})
	}
	learn(root)
	p.many = relations > 1
	p.bare = !p.many && !always
	return p
}

func alias(alias, name string) string {
	if alias != "" {
		return alias
	}
	return name
}

func (p *printer) computed(rel int32, first int, exprs []expr.Expr) {
	for i, e := range exprs {
		p.from[expr.ColID{Rel: rel, Num: int16(first + i + 1)}] = e
	}
}

// variable prints a column: its name where a relation has it, in parentheses what computes it where a node below does.
func (p *printer) variable(v *expr.Var) string {
	if e := p.from[v.ID]; e != nil {
		text := p.expr(e)
		switch e.(type) {
		case *expr.Var, *expr.Const, *expr.Param:
			return text
		}
		if p.own[v.ID.Rel] {
			return text
		}
		if strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")") {
			return text
		}
		return "(" + text + ")"
	}
	name := v.Name
	if n := p.names[v.ID]; n != "" {
		name = n
	}
	if prefix := p.prefix[v.ID.Rel]; prefix != "" && name != "" && !p.bare && v.ID.Rel != p.scan {
		return prefix + "." + name
	}
	return name
}
