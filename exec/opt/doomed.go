package opt

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
)

// Doomed gives the error of an optimised statement that fails whatever the rows are, by a constant expression or by row locks that cannot be taken, nil if there is none. PostgreSQL folds constants while it
// plans and so reports 1/0 before the columns, even when no row is read.
//
// What may never be evaluated (the branches of CASE, the later arguments of AND, OR and COALESCE, subqueries) does not count.
func Doomed(stmt *plan.Statement) error {
	if stmt == nil || stmt.Root == nil {
		return nil
	}
	var found error
	plan.Walk(stmt.Root, func(n plan.Node) {
		if l, ok := n.(*plan.LockRows); ok && found == nil {
			found = unlockable(l)
		}
		plan.WalkExprs(n, func(e expr.Expr) {
			if found == nil {
				found = failure(e)
			}
		})
	})
	return found
}

// failure gives the error of the first constant call in e that fails.
func failure(e expr.Expr) (found error) {
	expr.Walk(e, func(e expr.Expr) bool {
		switch x := e.(type) {
		case *expr.Case, *expr.BoolOp, *expr.Coalesce, *expr.Subquery:
			return false
		case *expr.ViaText:
			if c, ok := x.Arg.(*expr.Const); ok && found == nil && foldableText(x, c) {
				_, found = evaluateText(x, c)
			}
		case *expr.Array:
			if found == nil && x.Multi && x.T.Elem != nil {
				if _, err := nested(x); err != errNotFolded {
					found = err
				}
			}
		case *expr.Call:
			if found == nil && foldable(x) {
				if _, err := evaluateCall(x); err != nil && err != errNotFolded {
					found = err
				}
			}
		}
		return found == nil
	})
	return found
}
