// Package userdata is the row service: rows of shared, user and stream tables with their indexes, over the store and nothing else. With catalog it is the
// only package that knows how things lie in the store; the executor above it knows tables, scopes and rows.
//
// A Table is a relation descriptor made ready for storage: key layout, codecs, indexes. An Access is one transaction's way in: the kv transaction,
// the scope (whose rows), the time. Tables are immutable and shared; an Access belongs to one session's statement.
//
// # Writing a row
//
// A writer takes the row's lock, looks at the newest committed version, and only then puts. Unique keys are locked before they are looked up, so two
// inserts of one value wait for each other as in PostgreSQL. Deletes of unique entries lock them too: an insert of the same value waits for the outcome.
//
// # Scopes
//
// In a user table every key carries the user's name before anything else. Access.Scope fixes it, so no request can reach another user's rows; only
// Access.AllScopes, which the executor grants to superusers who ask for it, reads across.
package userdata
