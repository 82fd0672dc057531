package bind

import (
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// construct writes the expressions that have a syntax of their own.
func (d *deparser) construct(e expr.Expr) {
	switch e := e.(type) {
	case *expr.Case:
		d.caseExpr(e)
	case *expr.Coalesce:
		d.WriteString("COALESCE(")
		d.list(e.Args, true)
		d.WriteByte(')')
	case *expr.MinMax:
		d.WriteString(map[bool]string{true: "GREATEST(", false: "LEAST("}[e.Greatest])
		d.list(e.Args, true)
		d.WriteByte(')')
	case *expr.NullIf:
		d.WriteString("NULLIF(")
		d.expr(e.Left, true)
		d.WriteString(", ")
		d.expr(e.Right, true)
		d.WriteByte(')')
	case *expr.Distinct:
		d.distinct(e)
	case *expr.ArrayOp:
		d.arrayOp(e)
	case *expr.Array:
		d.WriteString("ARRAY[")
		d.list(e.Elems, true)
		d.WriteByte(']')
		if len(e.Elems) == 0 {
			d.WriteString("::" + pgtype.FormatType(e.T, -1))
		}
	case *expr.Row:
		d.row(e)
	case *expr.RowCompare:
		d.WriteString("(ROW(")
		d.list(e.Left, true)
		d.WriteString(") " + e.Op + " ROW(")
		d.list(e.Right, true)
		d.WriteString("))")
	case *expr.SQLValue:
		d.WriteString(e.Name)
		if e.Mod >= 0 {
			d.WriteString("(" + strconv.Itoa(int(e.Mod)) + ")")
		}
	default:
		d.reference(e)
	}
}

func (d *deparser) reference(e expr.Expr) {
	switch e := e.(type) {
	case *expr.Field:
		_, sub := e.Arg.(*expr.Subscript)
		_, field := e.Arg.(*expr.Field)
		d.maybe(!sub && !field, e.Arg)
		d.WriteString("." + pgtype.QuoteIdentifier(e.Name))
	case *expr.Subscript:
		_, v := e.Arg.(*expr.Var)
		_, field := e.Arg.(*expr.Field)
		d.maybe(!v && !field, e.Arg)
		d.subscripts(e)
	case *expr.Aggregate:
		d.aggregate(e)
	case *expr.WindowCall:
		d.windowCall(e)
	case *expr.Subquery:
		d.subquery(e)
	case *expr.Grouping:
		d.WriteString("GROUPING(")
		if d.o.Grouping != nil {
			d.list(d.o.Grouping(e), true)
		}
		d.WriteByte(')')
	case *expr.Default:
		d.WriteString("DEFAULT")
	case *expr.NextValue:
		d.WriteString("nextval('" + strconv.Itoa(int(e.Sequence)) + "'::regclass)")
	}
}

func (d *deparser) maybe(parens bool, e expr.Expr) {
	if parens {
		d.WriteByte('(')
	}
	d.expr(e, true)
	if parens {
		d.WriteByte(')')
	}
}

func (d *deparser) subscripts(e *expr.Subscript) {
	for i, u := range e.Upper {
		d.WriteByte('[')
		if e.Slice {
			if e.Lower[i] != nil {
				d.expr(e.Lower[i], false)
			}
			d.WriteByte(':')
		}
		if u != nil {
			d.expr(u, false)
		}
		d.WriteByte(']')
	}
}

func (d *deparser) row(e *expr.Row) {
	if d.o.WholeRow != nil {
		if s, ok := d.o.WholeRow(e); ok {
			d.WriteString(s)
			return
		}
	}
	d.WriteString("ROW(")
	d.list(e.Fields, true)
	d.WriteByte(')')
	if e.T != recordType && e.T.OID != 0 {
		d.WriteString("::" + pgtype.FormatType(e.T, -1))
	}
}

func (d *deparser) distinct(e *expr.Distinct) {
	if e.Not {
		d.WriteString("(NOT ")
		d.WriteByte('(')
	} else {
		d.open()
	}
	d.paren(e.Left, e, true)
	d.WriteString(" IS DISTINCT FROM ")
	d.paren(e.Right, e, true)
	if e.Not {
		d.WriteString("))")
	} else {
		d.close()
	}
}

func (d *deparser) arrayOp(e *expr.ArrayOp) {
	d.open()
	d.paren(e.Left, e, true)
	word := " ANY ("
	if e.All {
		word = " ALL ("
	}
	d.WriteString(" " + e.Operator.Name + word)
	d.paren(e.Array, e, true)
	d.WriteByte(')')
	d.close()
}

// newline starts a line at the present indentation, or writes a space in one-line form.
func (d *deparser) newline() {
	if d.o.Lines < 0 {
		d.WriteByte(' ')
		return
	}
	d.WriteString("\n" + strings.Repeat(" ", d.o.Lines))
}

// caseExpr writes CASE. The comparison of a simple CASE is written as its right side.
func (d *deparser) caseExpr(e *expr.Case) {
	lines := d.o.Lines
	if lines >= 0 {
		text := strings.TrimRight(d.Builder.String(), " ")
		d.Builder.Reset()
		d.Builder.WriteString(text)
		d.newline()
		d.o.Lines += 4
	}
	d.WriteString("CASE")
	if e.Arg != nil {
		d.WriteByte(' ')
		d.expr(e.Arg, true)
	}
	for _, w := range e.Whens {
		d.newline()
		d.WriteString("WHEN ")
		cond := w.Cond
		if c, ok := cond.(*expr.Call); ok && e.Arg != nil && len(c.Args) == 2 {
			cond = c.Args[1]
		}
		d.expr(cond, false)
		d.WriteString(" THEN ")
		d.expr(w.Result, true)
	}
	d.newline()
	d.WriteString("ELSE ")
	if e.Else != nil {
		d.expr(e.Else, true)
	} else {
		d.WriteString("NULL::" + pgtype.FormatType(e.T, e.Mod))
	}
	if lines >= 0 {
		d.o.Lines = lines
	}
	d.newline()
	d.WriteString("END")
}

func (d *deparser) aggregate(e *expr.Aggregate) {
	d.WriteString(functionName(e.Proc) + "(")
	if e.Distinct {
		d.WriteString("DISTINCT ")
	}
	args := e.Args
	ordered := len(e.Direct) > 0 || aggregateIndex()[e.Proc.OID] != nil && aggregateIndex()[e.Proc.OID].Kind != 'n'
	if ordered {
		args = e.Direct
	}
	switch {
	case e.Star:
		d.WriteByte('*')
	case e.Variadic && len(args) > 0:
		d.list(args[:len(args)-1], true)
		if len(args) > 1 {
			d.WriteString(", ")
		}
		d.WriteString("VARIADIC ")
		d.expr(args[len(args)-1], true)
	default:
		d.list(args, true)
	}
	if ordered {
		d.WriteString(") WITHIN GROUP (")
	} else if len(e.Order) > 0 {
		d.WriteByte(' ')
	}
	if len(e.Order) > 0 {
		d.WriteString("ORDER BY ")
		for i, k := range e.Order {
			if i > 0 {
				d.WriteString(", ")
			}
			d.sortKeyExpr(k.Expr)
			d.WriteString(sortSuffix(k.Desc, k.NullsFirst))
		}
	}
	d.WriteByte(')')
	if e.Filter != nil {
		d.WriteString(" FILTER (WHERE ")
		d.expr(e.Filter, false)
		d.WriteByte(')')
	}
}

func sortSuffix(desc, nullsFirst bool) string {
	switch {
	case desc && !nullsFirst:
		return " DESC NULLS LAST"
	case desc:
		return " DESC"
	case nullsFirst:
		return " NULLS FIRST"
	}
	return ""
}

// sortKeyExpr writes an expression of ORDER BY or GROUP BY, where a call needs parentheses to be no function in FROM's style.
func (d *deparser) sortKeyExpr(e expr.Expr) {
	parens := false
	switch x := e.(type) {
	case *expr.Const:
		d.constant(x, 1)
		return
	case *expr.Var:
	case *expr.Call:
		parens = d.o.Pretty || x.Form == expr.AsFunction || x.Form == expr.AsSQLFunction || x.Form == expr.AsExplicitCast || x.Form == expr.AsImplicitCast
	case *expr.Aggregate, *expr.WindowCall, *expr.SetCall:
		parens = true
	default:
		parens = d.o.Pretty
	}
	d.maybe(parens, e)
}

func (d *deparser) subquery(e *expr.Subquery) {
	query := ""
	if d.o.Subquery != nil {
		query = d.o.Subquery(e)
	}
	switch e.Kind {
	case expr.ExistsSubquery:
		d.WriteString("(EXISTS (" + query + "))")
	case expr.ArraySubquery:
		d.WriteString("ARRAY(" + query + ")")
	case expr.AnySubquery, expr.AllSubquery:
		d.quantified(e, query)
	default:
		d.WriteString("(" + query + ")")
	}
}

// quantified writes x IN (SELECT …) and x op ANY|ALL (SELECT …).
func (d *deparser) quantified(e *expr.Subquery, query string) {
	var left []expr.Expr
	op := "="
	pairs := []expr.Expr{e.Test}
	switch t := e.Test.(type) {
	case *expr.BoolOp:
		pairs = t.Args
	case *expr.RowCompare:
		left, op, pairs = t.Left, t.Op, nil
	}
	for _, p := range pairs {
		if c, ok := p.(*expr.Call); ok && c.Operator != nil {
			left, op = append(left, c.Args[0]), c.Operator.Name
		}
	}
	d.WriteByte('(')
	if len(left) == 1 {
		d.expr(left[0], true)
	} else {
		d.WriteByte('(')
		d.list(left, true)
		d.WriteByte(')')
	}
	switch {
	case e.Kind == expr.AnySubquery && op == "=":
		d.WriteString(" IN (")
	case e.Kind == expr.AnySubquery:
		d.WriteString(" " + op + " ANY (")
	default:
		d.WriteString(" " + op + " ALL (")
	}
	d.WriteString(query + "))")
}

// sqlFunction writes the calls that the SQL standard gives a syntax; false for functions that have none.
func (d *deparser) sqlFunction(e *expr.Call) bool {
	a := e.Args
	write := func(parts ...any) bool {
		for _, p := range parts {
			switch p := p.(type) {
			case string:
				d.WriteString(p)
			case expr.Expr:
				d.expr(p, true)
			}
		}
		return true
	}
	word := func(x expr.Expr) string {
		if c, ok := x.(*expr.Const); ok && !c.Value.IsNull() {
			return c.Value.Text()
		}
		return ""
	}
	switch e.Proc.Name {
	case "is_json":
		return write("(", a[0], e.Proc.Src, ")")
	case "json_object", "json_array":
		if e.Form == expr.AsSQLFunction && e.Proc.OID == 0 {
			d.jsonConstructor(e)
			return true
		}
	case "timezone":
		d.WriteByte('(')
		d.paren(a[1], e, true)
		d.WriteString(" AT TIME ZONE ")
		d.paren(a[0], e, true)
		d.WriteByte(')')
		return true
	case "extract":
		return write("EXTRACT(", word(a[0]), " FROM ", a[1], ")")
	case "overlaps":
		return write("((", a[0], ", ", a[1], ") OVERLAPS (", a[2], ", ", a[3], "))")
	case "is_normalized":
		if len(a) == 2 {
			return write("((", a[0], ") IS ", word(a[1]), " NORMALIZED)")
		}
		return write("((", a[0], ") IS NORMALIZED)")
	case "normalize":
		if len(a) == 2 {
			return write("NORMALIZE(", a[0], ", ", word(a[1]), ")")
		}
		return write("NORMALIZE(", a[0], ")")
	case "pg_collation_for":
		return write("COLLATION FOR (", a[0], ")")
	case "overlay":
		write("OVERLAY(", a[0], " PLACING ", a[1], " FROM ", a[2])
		if len(a) == 4 {
			write(" FOR ", a[3])
		}
		return write(")")
	case "position":
		d.WriteString("POSITION((")
		d.expr(a[1], true)
		d.WriteString(") IN (")
		d.expr(a[0], true)
		return write("))")
	case "substring":
		write("SUBSTRING(", a[0])
		if a[1].Type().OID == pgtype.OIDText && len(a) == 3 {
			return write(" SIMILAR ", a[1], " ESCAPE ", a[2], ")")
		}
		write(" FROM ", a[1])
		if len(a) == 3 {
			write(" FOR ", a[2])
		}
		return write(")")
	case "btrim", "ltrim", "rtrim":
		side := map[string]string{"btrim": "BOTH", "ltrim": "LEADING", "rtrim": "TRAILING"}[e.Proc.Name]
		write("TRIM(", side)
		if len(a) == 2 {
			write(" ", a[1])
		}
		return write(" FROM ", a[0], ")")
	case "system_user":
		return write("SYSTEM_USER")
	}
	return false
}
