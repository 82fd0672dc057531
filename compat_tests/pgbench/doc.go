// Package pgbench runs PostgreSQL's own benchmark program, not for its speed but because it is a client that keeps books:
// no transaction may fail, in any of its protocols, and its accounts must balance afterwards.
//
//	go test ./compat_tests/pgbench                       against kalampg
//	go test ./compat_tests/pgbench -against=reference    against PostgreSQL 16
package pgbench
