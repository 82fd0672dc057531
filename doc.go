// Package kalampg is the root of a PostgreSQL wire-protocol compatible database with user tables, live SQL and hot and cold storage in one table.
//
// There is no code here: cmd/kalampg is the server, ARCHITECTURE.md tells how it is built, and the test beside this file holds the code against it.
package kalampg
