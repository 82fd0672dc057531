// Package pgx runs Go's drivers, pgx and lib/pq through database/sql, as their users do: binary values of every base type
// in both directions, batches, COPY, cancellation, notices, statement caches, portals, transactions, pools.
//
//	go test ./compat_tests/pgx                       against kalampg
//	go test ./compat_tests/pgx -against=reference    against PostgreSQL 16, which proves the tests
package pgx
