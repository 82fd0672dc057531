package bind

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// viewTarget opens the table below a view that is the target of a change.
func (b *binder) viewTarget(view *desc.Relation, n *pg_query.RangeVar, mode desc.Privilege, verb string) *rangeEntry {
	b.failAt(-1, pgerr.Unsupported("changing rows through a view"))
	return nil
}

func typeWithMod(t expr.Typed) string { return t.T.String() }
