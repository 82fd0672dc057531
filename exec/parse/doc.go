// Package parse turns SQL text into statements: PostgreSQL 16's own grammar (pg_query) with a guard around it, a cache, and the words of kalampg's
// that the grammar lacks.
//
// Parse goes through these steps:
//
//  1. text that is not UTF-8 or holds a NUL byte is refused (22021); the C code would stop reading at the NUL
//  2. BEGIN, COMMIT, ROLLBACK and their synonyms are recognised without the grammar (quick.go)
//  3. chains like 1+1+1… of thousands of operators are refused (54001), because the C code recurses over them without a check (depth.go)
//  4. kalampg's own statements become standard ones of the same length, so that positions in errors stay true, and leave marks (words.go)
//  5. the grammar runs; its errors get their SQLSTATE (errors.go)
//
// A Statement is immutable and may be shared; Cache keeps recently parsed texts.
package parse
