package bind

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// ExpressionName is the name that PostgreSQL gives an expression where it needs one (a key of an index), "" when it finds none.
func ExpressionName(n *pg_query.Node) string {
	name, _ := figureName(n)
	return name
}

// Collation finds a collation by its name.
func Collation(env *Env, n *pg_query.CollateClause) (oid pgtype.OID, err error) {
	b := newBinder(nil, env, "")
	err = guard(func() {
		schema, name := b.qualified(n.Collname, n.Location)
		if schema != "" {
			b.schema(schema, n.Location)
		}
		var ok bool
		if oid, ok = collations[name]; !ok {
			b.errorf(n.Location, pgerr.UndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist", name)
		}
	})
	return oid, err
}
