package bind

import (
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// DeparseOptions say how an expression is written.
type DeparseOptions struct {
	Text *pgtype.Context
	// Pretty drops the parentheses that precedence makes superfluous, as pg_get_expr(…, true).
	Pretty bool
	// Column writes a column; nil: its bare name.
	Column func(v *expr.Var) string
	// Subquery writes the text of a subquery without its parentheses; nil: subqueries are not expected.
	Subquery func(s *expr.Subquery) string
	// WholeRow writes a row that stands for all columns of a relation; false for other rows.
	WholeRow func(r *expr.Row) (string, bool)
	// Grouping gives the arguments of a GROUPING.
	Grouping func(g *expr.Grouping) []expr.Expr
	// Window writes the window of a call, what follows OVER.
	Window func(c *expr.WindowCall) string
	// Value is what stands for the value of a domain in its checks ("VALUE").
	Value string
	// Lines puts the arms of CASE on lines of their own at this indentation, as in the definition of a view; negative: in one line.
	Lines int
}

// Deparse writes an expression as SQL, in the form of pg_get_expr.
func Deparse(e expr.Expr, o DeparseOptions) string {
	if o.Text == nil {
		o.Text = pgtype.Default()
	}
	d := &deparser{o: o}
	if o.Subquery == nil && o.Lines == 0 {
		d.o.Lines = -1
	}
	d.expr(e, false)
	return d.String()
}

// deparser writes expressions.
type deparser struct {
	strings.Builder
	o DeparseOptions
}

// paren writes an operand: in pretty form with parentheses only where needed.
func (d *deparser) paren(e, parent expr.Expr, implicit bool) {
	need := d.o.Pretty && !d.simple(e, parent, implicit)
	if need {
		d.WriteByte('(')
	}
	d.expr(e, implicit)
	if need {
		d.WriteByte(')')
	}
}

func (d *deparser) open() {
	if !d.o.Pretty {
		d.WriteByte('(')
	}
}

func (d *deparser) close() {
	if !d.o.Pretty {
		d.WriteByte(')')
	}
}

func (d *deparser) list(es []expr.Expr, implicit bool) {
	for i, e := range es {
		if i > 0 {
			d.WriteString(", ")
		}
		d.expr(e, implicit)
	}
}

// expr writes one expression; implicit says whether casts that the binder has added are shown.
func (d *deparser) expr(e expr.Expr, implicit bool) {
	switch e := e.(type) {
	case *expr.Const:
		d.constant(e, 0)
	case *expr.Param:
		d.WriteString("$" + strconv.Itoa(e.N))
	case *expr.Var:
		d.variable(e)
	case *expr.CaseValue:
		d.WriteString(d.o.Value)
	case *expr.Call:
		d.call(e, implicit)
	case *expr.SetCall:
		d.function(e.Proc, e.Args, e.Variadic)
	case *expr.BoolOp:
		d.boolOp(e)
	case *expr.NullTest:
		d.open()
		d.paren(e.Arg, e, true)
		d.WriteString(nullTestText(e))
		d.close()
	case *expr.BoolTest:
		d.open()
		d.paren(e.Arg, e, false)
		d.WriteString(boolTestText(e))
		d.close()
	case *expr.Relabel, *expr.ViaText, *expr.ArrayCast, *expr.RowCast, *expr.DomainCheck:
		d.cast(e, implicit)
	case *expr.Collate:
		d.open()
		d.paren(e.Arg, e, implicit)
		d.WriteString(" COLLATE " + pgtype.QuoteIdentifier(e.Name))
		d.close()
	default:
		d.construct(e)
	}
}

func nullTestText(e *expr.NullTest) string {
	if e.Not {
		return " IS NOT NULL"
	}
	return " IS NULL"
}

func boolTestText(e *expr.BoolTest) string {
	s := " IS "
	if e.Not {
		s += "NOT "
	}
	return s + map[byte]string{'t': "TRUE", 'f': "FALSE", 'u': "UNKNOWN"}[e.Kind]
}

func (d *deparser) variable(v *expr.Var) {
	if d.o.Column != nil {
		d.WriteString(d.o.Column(v))
		return
	}
	d.WriteString(pgtype.QuoteIdentifier(v.Name))
}

// constant writes a literal with its type where it is not plain from the literal; label < 0 leaves the type out.
func (d *deparser) constant(c *expr.Const, label int) {
	if c.Value.IsNull() {
		d.WriteString("NULL")
		if label >= 0 {
			d.WriteString("::" + pgtype.FormatType(c.T, c.Mod))
		}
		return
	}
	text := ""
	if c.T.OID == pgtype.OIDUnknown || c.T.OID == pgtype.OIDCstring {
		text = c.Value.Text()
	} else {
		text = string(c.T.Codec.AppendText(d.o.Text, nil, c.Value))
	}
	typed := true
	switch c.T.OID {
	case pgtype.OIDInt4:
		if typed = strings.HasPrefix(text, "-"); typed {
			d.WriteString("'" + text + "'")
		} else {
			d.WriteString(text)
		}
	case pgtype.OIDNumeric:
		plain := text[0] >= '0' && text[0] <= '9' && strings.ContainsAny(text, "eE.")
		if typed = !plain || c.Mod >= 0; plain {
			d.WriteString(text)
		} else {
			d.WriteString("'" + text + "'")
		}
	case pgtype.OIDBool:
		typed = false
		d.WriteString(map[bool]string{true: "true", false: "false"}[c.Value.Bool()])
	case pgtype.OIDUnknown:
		typed = false
		d.WriteString(quoteLiteral(text))
	default:
		d.WriteString(quoteLiteral(text))
	}
	if typed && label >= 0 || label > 0 {
		d.WriteString("::" + pgtype.FormatType(c.T, c.Mod))
	}
}

// quoteLiteral writes a string constant.
func quoteLiteral(s string) string {
	prefix := ""
	if strings.Contains(s, `\`) {
		prefix, s = "E", strings.ReplaceAll(s, `\`, `\\`)
	}
	return prefix + "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// castParts takes a cast apart; ok is false for what is none.
func castParts(e expr.Expr) (arg expr.Expr, hidden, ok bool) {
	switch e := e.(type) {
	case *expr.Relabel:
		return e.Arg, e.Implicit, true
	case *expr.ViaText:
		return e.Arg, e.Implicit, true
	case *expr.ArrayCast:
		return e.Arg, e.Implicit, true
	case *expr.RowCast:
		return e.Arg, true, true
	case *expr.DomainCheck:
		return e.Arg, e.Implicit, true
	case *expr.Call:
		if e.Form == expr.AsExplicitCast || e.Form == expr.AsImplicitCast {
			return e.Args[0], e.Form == expr.AsImplicitCast, true
		}
	}
	return nil, false, false
}

func (d *deparser) cast(e expr.Expr, implicit bool) {
	arg, hidden, _ := castParts(e)
	if hidden && !implicit {
		d.expr(arg, false)
		return
	}
	d.coercion(arg, e)
}

// coercion writes (arg)::type.
func (d *deparser) coercion(arg, cast expr.Expr) {
	if c, ok := arg.(*expr.Const); ok && c.T == cast.Type() && c.Mod == -1 {
		d.constant(c, -1)
	} else {
		d.open()
		d.paren(arg, cast, false)
		d.close()
	}
	d.WriteString("::" + pgtype.FormatType(cast.Type(), cast.Typmod()))
}

func (d *deparser) call(e *expr.Call, implicit bool) {
	switch e.Form {
	case expr.AsOperator:
		d.operator(e)
	case expr.AsExplicitCast, expr.AsImplicitCast:
		d.cast(e, implicit)
	case expr.AsSQLFunction:
		if !d.sqlFunction(e) {
			d.function(e.Proc, e.Args, e.Variadic)
		}
	default:
		d.function(e.Proc, e.Args, e.Variadic)
	}
}

func (d *deparser) operator(e *expr.Call) {
	d.open()
	if len(e.Args) == 1 {
		d.WriteString(e.Operator.Name + " ")
		d.paren(e.Args[0], e, true)
	} else {
		d.paren(e.Args[0], e, true)
		d.WriteString(" " + e.Operator.Name + " ")
		d.paren(e.Args[1], e, true)
	}
	d.close()
}

func (d *deparser) function(p *pgfacts.Proc, args []expr.Expr, variadic bool) {
	d.WriteString(functionName(p) + "(")
	for i, a := range args {
		if i > 0 {
			d.WriteString(", ")
		}
		last := i == len(args)-1
		if array, ok := a.(*expr.Array); ok && last && !variadic && p.Variadic != 0 && p.Variadic != pgtype.OIDAny {
			// The repeated arguments were gathered into an array.
			d.WriteString("VARIADIC ")
			d.expr(array, true)
			continue
		}
		if last && variadic {
			d.WriteString("VARIADIC ")
		}
		d.expr(a, true)
	}
	d.WriteByte(')')
}

func functionName(p *pgfacts.Proc) string {
	name := pgtype.QuoteIdentifier(p.Name)
	if strings.HasPrefix(p.Name, "_pg_") {
		return "information_schema." + name
	}
	return name
}

func (d *deparser) boolOp(e *expr.BoolOp) {
	d.open()
	if e.Op == expr.Not {
		d.WriteString("NOT ")
		d.paren(e.Args[0], e, false)
	}
	word := " AND "
	if e.Op == expr.Or {
		word = " OR "
	}
	for i, a := range e.Args {
		if e.Op == expr.Not {
			break
		}
		if i > 0 {
			d.WriteString(word)
		}
		d.paren(a, e, false)
	}
	d.close()
}
