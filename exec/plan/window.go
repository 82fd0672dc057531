package plan

import "github.com/kalampg/kalampg/exec/expr"

// Window computes window functions over one window. Its input is ordered by Partition (in the order of Sorted) and then by Order; its columns are the input's, then
// the calls' results.
type Window struct {
	Estimated
	Rel       int32
	Input     Node
	Partition []expr.Expr
	Order     []expr.SortKey
	Frame     Frame
	Calls     []*expr.WindowCall
}

// FrameUnit is what the offsets of a frame count.
type FrameUnit uint8

// The units of frames.
const (
	FrameRange FrameUnit = iota
	FrameRows
	FrameGroups
)

// BoundKind is the kind of one end of a frame.
type BoundKind uint8

// The kinds of ends. Unbounded is the first row of the partition at the start, the last one at the end.
const (
	Unbounded BoundKind = iota
	CurrentRow
	Preceding
	Following
)

// FrameBound is one end of a frame. Offset is of Preceding and Following; InRange, of those of a FrameRange, is the function in_range(value, base, offset, sub, less)
// for the type of the ordering: a call without arguments, which the operator supplies.
type FrameBound struct {
	Kind    BoundKind
	Offset  expr.Expr
	InRange *expr.Call
}

// FrameExclusion is what a frame leaves out around the current row.
type FrameExclusion uint8

// The exclusions.
const (
	ExcludeNothing FrameExclusion = iota
	ExcludeCurrentRow
	ExcludeGroup
	ExcludeTies
)

// Frame is the rows of the partition, around the current one, that a window function sees.
type Frame struct {
	Unit       FrameUnit
	Start, End FrameBound
	Exclude    FrameExclusion
}
