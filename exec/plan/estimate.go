package plan

// Estimate is what the optimizer thinks of a node: its cost until the first row and until the last, in units that compare plans of one server (reading a
// page in order is 1, as in PostgreSQL), the number of its rows, and their average width in bytes. The zero Estimate says that nothing was estimated.
type Estimate struct {
	Startup, Total float64
	Rows           float64
	Width          int
}

// Estimated is embedded by nodes. EXPLAIN shows the estimate, and operators may size their tables by it; no result depends on it.
type Estimated struct{ Est Estimate }

// Estimates gives the node's estimate, for the optimizer to fill in.
func (e *Estimated) Estimates() *Estimate { return &e.Est }

// EstimateOf gives a node's estimate; the zero Estimate for a node that has none.
func EstimateOf(n Node) Estimate {
	if x, ok := n.(interface{ Estimates() *Estimate }); ok {
		return *x.Estimates()
	}
	return Estimate{}
}
