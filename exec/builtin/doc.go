// Package builtin is the code of PostgreSQL's functions, operators, casts and aggregates, and of kalampg's own.
//
// What a function is called and takes is a row of pgfacts (or of Extra for kalampg's own); its code is found by the row's
// C name (pg_proc.prosrc), or by OID where that is not enough. A family of functions is one file: it declares the code and one table that maps names to it.
// New collects the tables, and refuses duplicates and names that no row has. A function without code resolves as in PostgreSQL
// and then says 0A000.
//
// An operator is its function (pg_operator.oprcode), a cast is its function (pg_cast.castfunc) or the types' text forms.
//
// A Scalar is a plain function of values. The row evaluator calls it; the column evaluator lifts it over vectors.
package builtin
