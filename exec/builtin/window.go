package builtin

import (
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Window computes a window function for the current row of a partition.
type Window func(c *Call, p Partition) (pgtype.Datum, error)

// Partition is what a window function sees of its partition, whose rows are numbered from 0.
type Partition interface {
	Row() int  // the current row
	Rows() int // how many there are
	// Peers gives the rows that are equal to the current one in the window's order, from first up to end, and the number of such groups before it.
	Peers() (first, end, before int)
	// Arg evaluates an argument of the call at a row.
	Arg(n, row int) (pgtype.Datum, error)
	// Head finds the n-th row of the frame from 0, Tail its last one; ok is false when the frame has none.
	Head(n int) (row int, ok bool, err error)
	Tail() (row int, ok bool, err error)
	// Memo is kept for the call from row to row of one partition.
	Memo() *[2]int64
}

// Remover is a State that can take a row away that was added before, as a moving frame needs it. false: the value without that row has to be computed anew.
type Remover interface {
	State
	Remove(args []pgtype.Datum) (bool, error)
}

var windowFamily = []Def{
	{Name: "window_row_number", Window: func(_ *Call, p Partition) (pgtype.Datum, error) { return pgtype.Int(int64(p.Row() + 1)), nil }},
	{Name: "window_rank", Window: func(_ *Call, p Partition) (pgtype.Datum, error) {
		first, _, _ := p.Peers()
		return pgtype.Int(int64(first + 1)), nil
	}},
	{Name: "window_dense_rank", Window: func(_ *Call, p Partition) (pgtype.Datum, error) {
		_, _, before := p.Peers()
		return pgtype.Int(int64(before + 1)), nil
	}},
	{Name: "window_percent_rank", Window: func(_ *Call, p Partition) (pgtype.Datum, error) {
		if p.Rows() <= 1 {
			return pgtype.Float(0), nil
		}
		first, _, _ := p.Peers()
		return pgtype.Float(float64(first) / float64(p.Rows()-1)), nil
	}},
	{Name: "window_cume_dist", Window: func(_ *Call, p Partition) (pgtype.Datum, error) {
		_, end, _ := p.Peers()
		return pgtype.Float(float64(end) / float64(p.Rows())), nil
	}},
	{Name: "window_ntile", Window: ntile},
	{Name: "window_lag", Window: shift(-1)},
	{Name: "window_lag_with_offset", Window: shift(-1)},
	{Name: "window_lag_with_offset_and_default", Window: shift(-1)},
	{Name: "window_lead", Window: shift(1)},
	{Name: "window_lead_with_offset", Window: shift(1)},
	{Name: "window_lead_with_offset_and_default", Window: shift(1)},
	{Name: "window_first_value", Window: func(_ *Call, p Partition) (pgtype.Datum, error) { return atFrame(p)(p.Head(0)) }},
	{Name: "window_last_value", Window: func(_ *Call, p Partition) (pgtype.Datum, error) { return atFrame(p)(p.Tail()) }},
	{Name: "window_nth_value", Window: nthValue},
}

// ntile deals the partition into buckets, the first ones a row larger. Its argument is that of the first row for which it is not NULL.
func ntile(_ *Call, p Partition) (pgtype.Datum, error) {
	memo := p.Memo() // the number of buckets and the row at which the count began
	if memo[0] == 0 {
		n, err := p.Arg(0, p.Row())
		if err != nil || n.IsNull() {
			return pgtype.Null, err
		}
		if n.Int() <= 0 {
			return pgtype.Null, pgerr.New(pgerr.InvalidArgumentForNtileFunction, "argument of ntile must be greater than zero")
		}
		memo[0], memo[1] = n.Int(), int64(p.Row())
	}
	n, rows, row := memo[0], int64(p.Rows()), int64(p.Row())-memo[1]
	size, larger := rows/n, rows%n
	if row < larger*(size+1) {
		return pgtype.Int(row/(size+1) + 1), nil
	}
	return pgtype.Int((row-larger*(size+1))/size + larger + 1), nil
}

// shift is lag and lead: the argument at a row before or after the current one.
func shift(direction int) Window {
	return func(c *Call, p Partition) (pgtype.Datum, error) {
		offset := 1
		if len(c.Types) > 1 {
			n, err := p.Arg(1, p.Row())
			if err != nil || n.IsNull() {
				return pgtype.Null, err
			}
			offset = int(n.Int())
		}
		row := p.Row() + direction*offset
		if row >= 0 && row < p.Rows() {
			return p.Arg(0, row)
		}
		if len(c.Types) > 2 {
			return p.Arg(2, p.Row())
		}
		return pgtype.Null, nil
	}
}

func atFrame(p Partition) func(row int, ok bool, err error) (pgtype.Datum, error) {
	return func(row int, ok bool, err error) (pgtype.Datum, error) {
		if err != nil || !ok {
			return pgtype.Null, err
		}
		return p.Arg(0, row)
	}
}

func nthValue(_ *Call, p Partition) (pgtype.Datum, error) {
	n, err := p.Arg(1, p.Row())
	if err != nil || n.IsNull() {
		return pgtype.Null, err
	}
	if n.Int() <= 0 {
		return pgtype.Null, pgerr.New(pgerr.InvalidArgumentForNthValueFunction, "argument of nth_value must be greater than zero")
	}
	return atFrame(p)(p.Head(int(n.Int() - 1)))
}
