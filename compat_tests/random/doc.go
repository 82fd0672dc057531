// Package random asks random queries of random tables and compares the answers: of kalampg with its optimizer and without, with each way of running that a setting
// chooses, and of PostgreSQL 16 where the reference is installed.
//
//	go test ./compat_tests/random                                        a few hundred queries of a fixed seed
//	go test ./compat_tests/random -seed=0 -queries=10000                 another seed at each run, which is printed (make test-random)
//	go test ./compat_tests/random -seed=S -only=N -v                     one query of a seed, with what it answers
//
// Tables have keys, indexes, NULLs, few different values and statistics or none. Queries have joins of every kind, LATERAL, subqueries everywhere, correlated or not, grouping, set
// operations, DISTINCT, CASE, window functions, WITH, and LIMIT over a total order. They are made so that no expression fails, so an error is a finding as well.
// A query with different answers is made smaller as long as it keeps them apart, and printed with the tables that it needs.
//
//	schema.go      random tables
//	query.go       the tree of a query and its text
//	generate.go    random queries
//	expression.go  random expressions
//	shrink.go      smaller queries
//	compare.go     who is asked, and what counts as different
package random
