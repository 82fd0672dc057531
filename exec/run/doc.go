// Package run turns plans into effects.
//
// Build makes a Program, a tree of pull operators with its expressions compiled, from a plan. A Program holds scratch space and belongs to one
// session; between runs it keeps its memory, so that a prepared statement runs again without allocating. Run gives it an Exec: the transaction, the
// parameters, the catalog as of now.
//
// # The contract of operators
//
// Open(outer) starts, or starts again after Close; outer is the enclosing row of a correlated sub-select or lateral join, nil at the top. Next gives a row or nil at
// the end, which stays the end; the slice is valid until the next call, the values' bytes longer (see userdata.Rows), so what is kept is copied row by row, not
// value by value. Close releases what Open took and may be called at any time, twice too.
package run
