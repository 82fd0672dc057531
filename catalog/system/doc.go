// Package system has kalampg's own tables, the relations of schema system. There is one file for each:
//
//	users, namespaces, tables             other views of roles, schemas and tables: computed, nothing is stored
//	storage_locations, jobs, live_queries rows of their own, for the whole server
//	table_schemas                         rows of their own in each database: every version that a table's columns ever had
//
// Stored tables have typed Put, Get, Delete and ScanAll that work in the caller's transaction; SQL reads them through catalog.SystemTable, which Relations
// offers to the catalog. Rows are stored as JSON objects, so that fields can be added.
package system
