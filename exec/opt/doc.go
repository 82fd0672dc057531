// Package opt rewrites a bound plan into one that yields the same rows faster.
//
// Optimize applies an ordered list of small rules, one file each; a subquery in an expression is optimised before the plan around it. The rules know no
// statistics: they choose by the shape of keys and indexes.
//
//	fold.go        immutable calls of constants become constants
//	outerjoin.go   an outer join above which missing rows are dropped becomes an inner one
//	semijoin.go    EXISTS and IN become semi joins, NOT EXISTS an anti join
//	pushdown.go    conditions move towards the tables that they are about
//	joinorder.go   inner joins in an order in which each has a condition
//	lookup.go      a join whose inner side has a look-up by the join key becomes a nested loop of look-ups
//	joinkeys.go    equalities of joins become hash keys
//	access.go      scans take an index; system relations get their look-ups
//	order.go       a sort in the order of an index goes away
//	prune.go       columns that nobody reads are not produced
package opt
