package plan

import (
	"fmt"
	"strings"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// printExpr prints an expression for EXPLAIN: near to SQL, for people. (What is stored and read back is printed by exec/bind.)
func printExpr(e expr.Expr) string {
	switch e := e.(type) {
	case nil:
		return ""
	case *expr.Const:
		return printConst(e)
	case *expr.Param:
		return fmt.Sprintf("$%d", e.N)
	case *expr.Var:
		return e.Name
	case *expr.Call:
		return printCall(e)
	case *expr.BoolOp:
		if e.Op == expr.Not {
			return "(NOT " + printExpr(e.Args[0]) + ")"
		}
		word := " AND "
		if e.Op == expr.Or {
			word = " OR "
		}
		return "(" + printList(e.Args, word) + ")"
	case *expr.NullTest:
		if e.Not {
			return "(" + printExpr(e.Arg) + " IS NOT NULL)"
		}
		return "(" + printExpr(e.Arg) + " IS NULL)"
	case *expr.Relabel:
		if e.Implicit {
			return printExpr(e.Arg)
		}
		return "(" + printExpr(e.Arg) + ")::" + pgtype.FormatType(e.T, e.Mod)
	case *expr.ViaText:
		return "(" + printExpr(e.Arg) + ")::" + pgtype.FormatType(e.T, e.Mod)
	case *expr.ArrayOp:
		word := " ANY "
		if e.All {
			word = " ALL "
		}
		return "(" + printExpr(e.Left) + " " + e.Operator.Name + word + "(" + printExpr(e.Array) + "))"
	case *expr.Array:
		return "ARRAY[" + printList(e.Elems, ", ") + "]"
	case *expr.Coalesce:
		return "COALESCE(" + printList(e.Args, ", ") + ")"
	case *expr.Subquery:
		return "(SubPlan)"
	case *expr.Case:
		return "CASE … END"
	case *expr.SQLValue:
		return e.Name
	case *expr.Row:
		return "ROW(" + printList(e.Fields, ", ") + ")"
	case *expr.Field:
		return "(" + printExpr(e.Arg) + ")." + e.Name
	case *expr.Collate:
		return printExpr(e.Arg)
	}
	name := fmt.Sprintf("%T", e)
	return strings.ToUpper(name[strings.LastIndexByte(name, '.')+1:]) + "(…)"
}

func printList(list []expr.Expr, between string) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = printExpr(e)
	}
	return strings.Join(parts, between)
}

func printConst(e *expr.Const) string {
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

func printCall(e *expr.Call) string {
	switch {
	case e.Form == expr.AsImplicitCast && len(e.Args) > 0:
		return printExpr(e.Args[0])
	case e.Form == expr.AsExplicitCast && len(e.Args) > 0:
		return "(" + printExpr(e.Args[0]) + ")::" + pgtype.FormatType(e.T, e.Mod)
	case e.Form == expr.AsOperator && e.Operator != nil && len(e.Args) == 2:
		return "(" + printExpr(e.Args[0]) + " " + e.Operator.Name + " " + printExpr(e.Args[1]) + ")"
	case e.Form == expr.AsOperator && e.Operator != nil:
		return "(" + e.Operator.Name + " " + printExpr(e.Args[0]) + ")"
	}
	return e.Proc.Name + "(" + printList(e.Args, ", ") + ")"
}
