// Package pgcatalog is PostgreSQL's own catalogs, pg_catalog and information_schema, as relations that the rest of the server reads like any others.
//
// A base relation (pg_class, pg_attribute …) is a filler: PostgreSQL 16's built-in rows, decoded once from pgfacts and shared, and the rows of the
// user's objects, computed from the descriptors of a catalog.Reader at each scan. Neither is rebuilt for a query that asks for one object: the built-in rows
// have hash indexes on the columns that clients look up by, and a filler turns an equality on such a column into a look-up of the Reader.
//
// A view is one file of SQL, views/<schema>.<name>.sql, that the binder expands as any view; its columns' names and types are those of PostgreSQL 16.
//
// The relations' descriptors (OIDs, columns, indexes, privileges) are built from the same rows that pg_class and pg_attribute show.
package pgcatalog
