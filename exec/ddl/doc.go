// Package ddl runs the statements that define things: CREATE, ALTER, DROP, COMMENT, GRANT and REVOKE, TRUNCATE, roles and databases. A statement is one file (or a family
// one file): it reads pg_query's tree, binds the types and expressions in it, checks privileges, and changes the catalog and the rows through the transaction that it is given.
package ddl
