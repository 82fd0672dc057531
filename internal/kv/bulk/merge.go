package bulk

import (
	"bytes"

	"github.com/kalampg/kalampg/internal/kv"
)

// source is one of the lists that are merged.
type source struct {
	key, value []byte
	prefix     uint64 // of the key, without the bytes that all keys share

	skip  int
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
		s.prefix = prefixOf(s.key[min(s.skip, len(s.key)):])
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
	s.prefix = prefixOf(s.key[min(s.skip, len(s.key)):])
	return true, nil
}

// sources is a heap by key.
type sources []*source

func (x *source) before(y *source) bool {
	if x.prefix != y.prefix {
		return x.prefix < y.prefix
	}
	return bytes.Compare(x.key, y.key) < 0
}

// down moves the i-th source to where it belongs below.
func (h sources) down(i int) {
	x := h[i]
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1].before(h[child]) {
			child++
		}
		if !h[child].before(x) {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = x
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
		if err := start(&source{skip: s.skip, chunk: c}); err != nil {
			return err
		}
	}
	for _, r := range runs {
		it, err := r.Iter(r.Bounds(), kv.ScanOptions{})
		if err != nil {
			return err
		}
		if err := start(&source{skip: s.skip, it: it}); err != nil {
			return err
		}
	}
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
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
			h.down(0)
			continue
		}
		h[0] = h[len(h)-1]
		if h = h[:len(h)-1]; len(h) > 0 {
			h.down(0)
		}
		if x.it != nil {
			x.it.Close()
		}
	}
	return nil
}
