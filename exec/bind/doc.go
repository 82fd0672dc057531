// Package bind gives names and types to a parsed statement: pg_query's tree and a catalog snapshot become a plan.
//
// Bind works clause by clause, one file each, in PostgreSQL's order (which decides the error that is reported when there are several). There is no tree
// between the parser's and the plan; what the clauses of one SELECT have in common until its plan is put together is a query (query.go).
//
//	names      scope.go (columns), relation.go (tables, views), typename.go (types), with.go (CTEs)
//	types      candidates.go (overloads), coerce.go (casts), common.go (CASE, UNION …), polymorphic.go, param.go ($1)
//	clauses    select.go, from.go, join.go, target.go, group.go, order.go, setop.go, values.go, srf.go, lock.go; insert.go, update.go, delete.go
//	stored     stored.go binds the texts that the catalog keeps (defaults, checks, index keys); deparse*.go and viewdef.go turn trees into such texts
//
// Overloads, casts and unknown literals are resolved by PostgreSQL's rules (manual, chapter 10), over pgfacts' rows of its functions, operators and casts.
//
// Inside the package an error travels as a panic of type failure, which the exported functions turn into an error: binding is a deep recursion in
// which every step can fail, and nothing has to be undone. Other panics pass through.
package bind
