// Package sql replays SQL statements whose results were recorded from a real PostgreSQL 16.
//
// testdata/<topic>.sql holds statements and testdata/<topic>.out what PostgreSQL answered. Each file runs in a fresh
// database over one connection with the simple protocol, so that every value is text. A statement ends at a line that
// ends with a semicolon; several statements on one line are sent as one message. Lines that start with -- between
// statements are comments, and `-- session NAME` gives what follows to another session of the same database; no statement
// may wait for another session. After a COPY … FROM STDIN the lines up to `\.` are its data.
//
// The recorded form of a statement, each part only where there is one:
//
//	notice WARNING 25P01: there is no transaction in progress
//	parameter: TimeZone=UTC
//	columns: name type | name type
//	value | value
//	tag: SELECT 1
//	error 42703: column "x" does not exist
//	  position: 8
//	status: in transaction
//
// A second pass sends every single statement by the extended protocol, which must give the same but for the statements
// listed in simple_only.txt.
//
// NULL is \N; backslash, newline, tab and carriage return in values are escaped as COPY does.
//
//	go test ./compat_tests/sql                       replay against kalampg
//	go test ./compat_tests/sql -run /numeric         one file
//	go test ./compat_tests/sql -against=reference    replay against PostgreSQL: are the cases deterministic?
//	go test ./compat_tests/sql -record               record anew from PostgreSQL
//	go test ./compat_tests/sql -differences=FILE     write every difference into a file
//
// Statements must be deterministic: ORDER BY wherever order shows, no clocks, no random numbers, no OIDs, no
// file names. Roles live outside of databases: name them after the file and drop them at its end.
package sql
