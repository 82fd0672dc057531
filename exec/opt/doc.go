// Package opt rewrites a bound plan into one that yields the same rows faster.
//
// Optimize applies an ordered list of small rules, one file each. Subqueries in expressions are made joins where that is possible; the others are optimised as
// plans of their own.
//
//	fold.go         immutable calls of constants become constants
//	dates.go        dates are compared with dates, not with midnights
//	decorrelate.go  EXISTS and IN become semi joins, NOT EXISTS an anti join
//	scalar.go       correlated scalar subqueries become left joins with a grouping
//	factor.go       conditions that all branches of an OR have are taken out of it
//	restriction.go  what an OR over several tables says of one of them
//	outerjoin.go    an outer join above which missing rows are dropped becomes an inner one
//	equivalence.go  constants are handed on through equalities
//	pushdown.go     conditions move towards the tables that they are about
//	prune.go        columns that nobody reads are not produced
//	region.go       joins get their order and methods, scans their access paths, by cost: the region of joins that may be reordered
//	search.go       … dynamic programming over up to ten inputs, greedy above
//	joinbuild.go    … the plan of the order that was found; joinkeys.go: equalities that can be hashed; access.go and prefix.go: indexes; unique.go: rows that no
//	                grouping has to make unique
//	order.go        a sort in the order of an index goes away; min and max read one entry
//
// Costs rest on estimates: statistics.go (what ANALYZE knows of a column), selectivity.go and ranges.go (conditions), joinrows.go (joins), estimate.go (nodes). The
// last step writes them into the nodes, where EXPLAIN shows them.
package opt
