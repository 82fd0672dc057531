// Package pgfacts holds the rows of PostgreSQL 16's built-in catalogs, recorded from a real server by scripts/record-facts.sh and embedded as CSV.
//
// They are the one definition of what PostgreSQL's functions, operators, casts, aggregates, types and settings are called and take: overload
// resolution reads them, pg_proc and its siblings show them, and the code for a function is found by its proc's OID. The typed tables are parsed
// on first use and immutable.
package pgfacts
