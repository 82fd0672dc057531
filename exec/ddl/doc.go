// Package ddl runs the statements that define things: CREATE, ALTER, DROP, COMMENT, GRANT and REVOKE, TRUNCATE, roles and databases. A statement is one file (or a family
// one file): it reads pg_query's tree, binds the types and expressions in it, checks privileges, and changes the catalog and the rows through the transaction that it is given.
//
//	run.go, handlers.go, missing.go    which statement is run by what; what is refused by name
//	names.go, bind.go                  names to objects, locks, generated names; expressions to the texts that are stored
//	createtable.go, column.go, constraint.go, like.go, options.go, createas.go, index.go, view.go, sequence.go, usertype.go, domain.go, schema.go
//	altertable.go, altercolumn.go, alterconstraint.go, alterproperty.go
//	rename.go, restate.go              new names, and the stored texts that follow them
//	drop.go, truncate.go, comment.go, owner.go
//	role.go, rolesetting.go, grant.go, database.go
//
// # Stored expressions
//
// Defaults, checks, index keys and views are kept as SQL text. A text names relations with their schema, so that search_path is nothing to it, and columns by the names that
// they have at the moment. Whatever gives something another name binds the texts that mention it first, makes the change, and writes them again.
//
// # ALTER TABLE
//
// The subcommands change the descriptor one after the other, in the order of PostgreSQL's passes. What they ask of the rows is collected and done at the end, in at most one
// pass over them: a rewrite to a new storage id when values or the primary key change (rows lie in its order), else a scan that checks, and the build of new indexes.
package ddl
