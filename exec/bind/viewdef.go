package bind

import (
	"context"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/plan"
)

// ViewDef is a bound view definition.
type ViewDef struct {
	Columns   []plan.OutputColumn
	Query     string
	DependsOn []desc.ColumnRef
	TypesUsed []desc.OID
}

// BindView binds the query of CREATE VIEW.
func BindView(env *Env, n *pg_query.SelectStmt) (def *ViewDef, err error) {
	b := newBinder(context.Background(), env, "")
	b.fixed = true
	err = guard(func() {
		q := b.selectStmt(n, nil)
		def = &ViewDef{Columns: outputColumns(q)}
	})
	return def, err
}
