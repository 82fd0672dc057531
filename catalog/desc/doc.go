// Package desc is the leaf that describes what a database consists of: databases, roles, schemas, relations with their columns, indexes and constraints,
// types, comments, privileges. A descriptor is immutable once it is in a catalog snapshot: who changes one copies it first (Clone).
//
// Expressions (defaults, checks, index expressions, predicates) are kept as SQL text in the form in which PostgreSQL's pg_get_expr prints them, with
// every name qualified as far as needed, and are bound again where they are used; a view keeps its query likewise.
package desc
