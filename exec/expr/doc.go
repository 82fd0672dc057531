// Package expr is typed expressions: what the binder makes and the evaluators run. A tree is immutable once bound, names no catalog object that it does not hold
// already resolved, and every node knows its type.
//
// A column is referred to by the id that the node producing it gave it (ColID), not by its place in a row: joins can be reordered and columns pruned without
// touching expressions. Compile turns a tree into a closure for one Layout, the order of columns in the rows it will see.
package expr
