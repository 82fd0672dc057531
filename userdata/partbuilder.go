package userdata

import (
	"github.com/kalampg/kalampg/internal/column"
)

// partBuilder packs the columns of a part while a scan reads it. All rows of all wanted columns are decoded for that, whatever the scan's filter leaves.
type partBuilder struct {
	nums    []int16
	packers []column.Packer
	fresh   []bool // decoded of the present batch
	vecs    []*column.Vector
	all     []int // the positions of the columns
	one     [1]int
	rows    int
	refused bool
}

func newPartBuilder(nums []int16) *partBuilder {
	p := &partBuilder{nums: nums, packers: make([]column.Packer, len(nums)), fresh: make([]bool, len(nums)), vecs: make([]*column.Vector, len(nums))}
	for i := range p.vecs {
		p.vecs[i] = new(column.Vector)
		p.all = append(p.all, i)
	}
	return p
}

// next begins a batch: the wanted columns of all its rows are decoded and packed.
func (p *partBuilder) next(r *BatchReader) {
	rows := r.batch.Len()
	if r.sel != nil {
		rows = len(r.sel)
	}
	p.rows += rows
	if p.refused || len(p.nums) == 0 {
		return
	}
	if err := r.b.s.decode.DecodeColumns(r.rows, r.sel, p.all, p.vecs); err != nil {
		p.refused = true // the reader meets the error when it asks for the column
		return
	}
	for at := range p.nums {
		p.packers[at].Add(p.vecs[at], r.sel, len(r.rows))
		p.fresh[at] = true
	}
}

// take gives columns of the batch.
func (p *partBuilder) take(r *BatchReader, want []int, vecs []*column.Vector) error {
	for _, at := range want {
		if p.refused || !p.fresh[at] {
			p.one[0] = at
			if err := r.b.s.decode.DecodeColumns(r.rows, r.sel, p.one[:], vecs); err != nil {
				return err
			}
			continue
		}
		// The reader's vector and the builder's change places: both are only memory until the next batch.
		*vecs[at], *p.vecs[at] = *p.vecs[at], *vecs[at]
		p.fresh[at] = false
	}
	return nil
}

// pack gives the packed columns, those that could be.
func (p *partBuilder) pack() map[int16]*column.Packed {
	out := make(map[int16]*column.Packed, len(p.nums))
	if p.refused {
		return out
	}
	for i, n := range p.nums {
		if c := p.packers[i].Pack(); c != nil {
			out[n] = c
		}
	}
	return out
}
