// Command tpch measures kalampg beside PostgreSQL 16 and DuckDB on the TPC-H benchmark: the same generated data in all three, the 22 queries,
// the median of the rounds, and the answers compared.
//
// PostgreSQL has primary keys, indexes on the foreign keys and fresh statistics; kalampg has the same; DuckDB runs in its own
// process with a database file of its own. The servers take turns query by query, so that what else the machine does falls on all alike.
//
//	make bench-tpch
//	go run ./compat_tests/bench/tpch -sf 0.1 -rounds 1 -queries 1,6 -servers postgres,kalampg
//
// With -postgres and -kalampg it uses running servers and loads only what is not there yet, which is for work on the executor.
package main
