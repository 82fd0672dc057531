package vec

import (
	"errors"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

var errSubquery = errors.New("vec: a sub-select inside an expression for the row evaluator")

// Supports tells whether expressions over columns can be computed here: by any worker, for any row, in any order.
func Supports(columns []expr.ColID, exprs ...expr.Expr) bool {
	c := newCompiler(&Query{}, columns, nil)
	for _, e := range exprs {
		if e == nil {
			continue
		}
		if !c.safe(e) {
			return false
		}
		if e.Type().OID == pgtype.OIDBool {
			if _, err := c.condition(e, true); err != nil {
				return false
			}
		}
		if _, err := c.compile(e); err != nil {
			return false
		}
	}
	return true
}

// safe tells whether an expression reads only the columns, and calls only functions whose result depends on nothing but their arguments.
func (c *compiler) safe(e expr.Expr) bool {
	ok := true
	expr.Walk(e, func(x expr.Expr) bool {
		if !ok || isShared(x) {
			return false
		}
		switch x := x.(type) {
		case *expr.Var:
			_, ok = c.layout[x.ID]
		case *expr.Call:
			ok = x.Code != nil && x.Proc.Volatile == 'i'
		case *expr.ArrayOp:
			ok = x.Code != nil && x.Proc.Volatile == 'i'
		case *expr.ViaText:
			ok = plainText(x.T) && plainText(x.Arg.Type())
		case *expr.Subquery, *expr.SetCall, *expr.NextValue, *expr.Aggregate, *expr.Default:
			ok = false
		}
		return ok
	})
	return ok
}

// plainText tells whether a type's text form depends on nothing.
func plainText(t *pgtype.Type) bool {
	switch classOf(t) {
	case integers, booleans, floats, numerics, texts, bpchars, oids:
		return true
	}
	return false
}

// hasSubquery tells whether the row evaluator would meet a sub-select.
func hasSubquery(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(x expr.Expr) bool {
		if _, ok := x.(*expr.Subquery); ok {
			found = true
		}
		return !found
	})
	return found
}
