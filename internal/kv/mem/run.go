package mem

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sort"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/bulk"
)

// run is a sorted run in memory, and its own writer.
type run struct{ pairs []pair }

type pair struct{ key, value []byte }

// NewRun begins a run.
func (e *engine) NewRun(kv.Space) (bulk.Writer, error) { return new(run), nil }

func (r *run) Add(slab []byte, offsets []uint32) error {
	for _, at := range offsets {
		k, v := binary.LittleEndian.Uint32(slab[at:]), binary.LittleEndian.Uint32(slab[at+4:])
		key := slab[at+8:][:k]
		r.pairs = append(r.pairs, pair{bytes.Clone(key), bytes.Clone(slab[at+8+k+bulk.Room:][:v])})
	}
	return nil
}

func (r *run) Finish() (bulk.Run, error) { return r, nil }

func (r *run) Abort() {}

func (r *run) Drop() {}

func (r *run) Len() int { return len(r.pairs) }

func (r *run) Bounds() kv.Span {
	return kv.Span{Start: r.pairs[0].key, End: append(bytes.Clone(r.pairs[len(r.pairs)-1].key), 0)}
}

func (r *run) find(key []byte) int {
	return sort.Search(len(r.pairs), func(i int) bool { return bytes.Compare(r.pairs[i].key, key) >= 0 })
}

func (r *run) Get(key []byte, into *kv.Batch) (bool, error) {
	i := r.find(key)
	if i == len(r.pairs) || !bytes.Equal(r.pairs[i].key, key) {
		return false, nil
	}
	into.Append(key, r.pairs[i].value, kv.Pending)
	return true, nil
}

func (r *run) Iter(span kv.Span, o kv.ScanOptions) (bulk.Iter, error) {
	list := r.pairs[r.find(span.Start):r.find(span.End)]
	if o.Reverse {
		list = slices.Clone(list)
		slices.Reverse(list)
	}
	return &runIter{list, o.KeysOnly}, nil
}

type runIter struct {
	left     []pair
	keysOnly bool
}

func (it *runIter) Next(into *kv.Batch) (int, error) {
	into.Reset()
	for len(it.left) > 0 && into.Len() < batchRows {
		p := it.left[0]
		it.left = it.left[1:]
		if it.keysOnly {
			p.value = nil
		}
		into.Append(p.key, p.value, kv.Pending)
	}
	return into.Len(), nil
}

func (it *runIter) Close() {}
