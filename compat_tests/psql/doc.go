// Package psql runs scripts through the real psql, whose commands (\d, \l, \copy, \gdesc …) send queries of their own, and
// compares what it prints with what it printed against a real PostgreSQL 16.
//
// testdata/<topic>.sql holds blocks separated by empty lines; each block is one case. A script is one psql session on
// standard input, in a database of its own, so settings of psql last until its end. testdata/<topic>.out holds what was
// printed, standard output and error together.
//
// What psql sends and prints depends on its own version too, so the recordings belong to one major version of psql, and
// another one skips the test, saying so.
//
//	go test ./compat_tests/psql                       against kalampg
//	go test ./compat_tests/psql -record               record anew from PostgreSQL
//	go test ./compat_tests/psql -against=reference    replay against PostgreSQL
package psql
