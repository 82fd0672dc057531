package expr

import (
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/internal/pgfacts"
)

// WindowCall is a call of a window function, or of an aggregate over a window; it stands only in plan.Window, elsewhere a Var refers to its result.
type WindowCall struct {
	Typed
	Proc     *pgfacts.Proc
	Def      *builtin.Def
	Args     []Expr
	Star     bool // count(*)
	Filter   Expr // of aggregates only
	Variadic bool
	Window   int // position of its window among those of its query
}

func sameWindowCall(a, b *WindowCall) bool {
	return a.Proc == b.Proc && a.Window == b.Window && a.Star == b.Star && a.Variadic == b.Variadic && len(a.Args) == len(b.Args) && (a.Filter == nil) == (b.Filter == nil)
}
