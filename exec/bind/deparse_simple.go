package bind

import (
	"strings"

	"github.com/kalampg/kalampg/exec/expr"
)

// simple tells whether an operand needs no parentheses below its parent, by PostgreSQL's rules for pretty printing.
func (d *deparser) simple(e, parent expr.Expr, implicit bool) bool {
	switch x := e.(type) {
	case *expr.Field:
		_, field := parent.(*expr.Field)
		return !field
	case *expr.Call:
		if x.Form == expr.AsOperator {
			return simpleOperator(x, parent) || separated(parent)
		}
		if arg, hidden, ok := castParts(x); ok && hidden && !implicit {
			return d.simple(arg, parent, implicit)
		}
		return true
	case *expr.Relabel, *expr.ViaText, *expr.ArrayCast, *expr.DomainCheck:
		arg, hidden, _ := castParts(e)
		if hidden && !implicit {
			return d.simple(arg, parent, implicit)
		}
		return true
	case *expr.BoolOp:
		return simpleBool(x, parent)
	case *expr.Subquery, *expr.NullTest, *expr.BoolTest, *expr.Distinct:
		_, bool := parent.(*expr.BoolOp)
		return bool || separated(parent)
	case *expr.ArrayOp, *expr.RowCompare, *expr.Collate:
		return false
	}
	return true
}

// separated tells whether the parent itself keeps its operands apart, by parentheses or commas of its syntax.
func separated(parent expr.Expr) bool {
	switch p := parent.(type) {
	case *expr.Call:
		return p.Form == expr.AsFunction
	case *expr.Array, *expr.Row, *expr.Coalesce, *expr.MinMax, *expr.NullIf, *expr.Aggregate, *expr.WindowCall, *expr.Case, *expr.Subscript:
		return true
	case *expr.BoolOp:
		return true
	}
	return false
}

// simpleOperator compares the precedence of arithmetic operators with their parent's.
func simpleOperator(x *expr.Call, parent expr.Expr) bool {
	p, ok := parent.(*expr.Call)
	if !ok || p.Form != expr.AsOperator || len(x.Args) != 2 || len(p.Args) != 2 {
		return false
	}
	rank := func(c *expr.Call) int {
		name := c.Operator.Name
		switch {
		case len(name) == 1 && strings.Contains("*/%", name):
			return 2
		case len(name) == 1 && strings.Contains("+-", name):
			return 1
		}
		return 0
	}
	own, above := rank(x), rank(p)
	switch {
	case own == 0 || above == 0:
		return false
	case own > above:
		return true
	}
	return own == above && p.Args[0] == expr.Expr(x)
}

func simpleBool(x *expr.BoolOp, parent expr.Expr) bool {
	p, ok := parent.(*expr.BoolOp)
	if !ok {
		return separated(parent)
	}
	switch x.Op {
	case expr.Not, expr.And:
		return p.Op != expr.Not
	}
	return p.Op == expr.Or
}
