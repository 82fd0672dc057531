// Package plan is what a statement is bound to: a tree of immutable nodes that the optimiser rewrites and exec/run turns into operators.
//
// A node's output columns are named by expr.ColID; a node that makes columns has a Rel number of its own, the others pass their input's columns on. A plan
// holds no state of a run: one plan can be run by many sessions at once, and is cached by statement text and catalog version.
package plan
