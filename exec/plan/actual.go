package plan

import "time"

// Actual is what EXPLAIN ANALYZE measured of a node: over all its runs (loops) the rows that it gave, the time until its first row, and the whole time, in it and below.
type Actual struct {
	Loops          int64
	Rows           int64
	Startup, Total time.Duration
	Removed        int64 // rows that its own filter left out
	Columns        bool  // it ran by columns
}
