// Package columns runs queries by rows and by columns and compares the answers: every kernel and every vectorised operator has the row engine's meaning.
//
// The tables have columns of many types with NULLs, few and many different values, and extremes at which arithmetic overflows; the queries
// put each expression of a list into the select list, into WHERE with and without NOT, into CASE and into aggregates, and every kind of join over keys of every type with and
// without a further condition. A query that fails must fail alike.
package columns
