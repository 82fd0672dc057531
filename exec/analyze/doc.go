// Package analyze computes what ANALYZE stores about a table (desc.Statistics) from a sample of its rows: row count, and for each column the share of NULLs, the
// average width, the number of different values, the most common ones, a histogram of the others and how far the rows lie in the column's order.
//
// The figures mean what PostgreSQL's do, and are computed as its documentation and the literature describe, so pg_stats shows the same for the same rows as long as
// the sample holds them all. The number of different values in a larger table is estimated from the sample by the estimator Duj1 of Haas and Stokes ("Estimating
// the Number of Classes in a Finite Population", 1998), which needs no state between runs, and no sketch to be kept up to date by every write.
//
//	analyze.go   a table: the sample's size, the columns
//	column.go    one column of the sample
//	common.go    which values are common enough to be listed
//	change.go    whether new figures differ so much from the old ones that plans are to be made anew
package analyze
