package bulk

import (
	"bytes"
	"container/heap"

	"github.com/kalampg/kalampg/internal/kv"
)

// source is one of the lists that are merged.
type source struct {
	key, value []byte

	chunk *chunk
	it    Iter
	batch kv.Batch
	at    int
}

// next moves to the next pair; false at the end.
func (s *source) next() (bool, error) {
	if s.chunk != nil {
		if s.at == len(s.chunk.offsets) {
			return false, nil
		}
		s.key, s.value, _ = pairAt(s.chunk.slab, s.chunk.offsets[s.at])
		s.at++
		return true, nil
	}
	if s.at == s.batch.Len() {
		n, err := s.it.Next(&s.batch)
		if err != nil || n == 0 {
			return false, err
		}
		s.at = 0
	}
	s.key, s.value = s.batch.Key(s.at), s.batch.Value(s.at)
	s.at++
	return true, nil
}

// sources is a heap by key.
type sources []*source

func (h sources) Len() int           { return len(h) }
func (h sources) Less(i, j int) bool { return bytes.Compare(h[i].key, h[j].key) < 0 }
func (h sources) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *sources) Push(x any)        { *h = append(*h, x.(*source)) }
func (h *sources) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// each calls f for every pair of the kept chunks and of some runs, in order. A key that comes twice is a *kv.DuplicateError.
func (s *Sorter) each(runs []Run, f func(key, value []byte) error) error {
	var h sources
	defer func() {
		for _, x := range h {
			if x.it != nil {
				x.it.Close()
			}
		}
	}()
	start := func(x *source) error {
		ok, err := x.next()
		if ok {
			h = append(h, x)
		} else if x.it != nil {
			x.it.Close()
		}
		return err
	}
	for _, c := range s.kept {
		<-c.sorted
		if err := start(&source{chunk: c}); err != nil {
			return err
		}
	}
	for _, r := range runs {
		it, err := r.Iter(r.Bounds(), kv.ScanOptions{})
		if err != nil {
			return err
		}
		if err := start(&source{it: it}); err != nil {
			return err
		}
	}
	heap.Init(&h)
	var last []byte
	first := true
	for len(h) > 0 {
		x := h[0]
		if !first && bytes.Equal(last, x.key) {
			return &kv.DuplicateError{Key: bytes.Clone(x.key), Value: bytes.Clone(x.value)}
		}
		first = false
		last = append(last[:0], x.key...)
		if err := f(x.key, x.value); err != nil {
			return err
		}
		ok, err := x.next()
		if err != nil {
			return err
		}
		if ok {
			heap.Fix(&h, 0)
			continue
		}
		heap.Pop(&h)
		if x.it != nil {
			x.it.Close()
		}
	}
	return nil
}
