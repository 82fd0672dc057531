package bulk

import (
	"bytes"

	"github.com/kalampg/kalampg/internal/kv"
)

// Iter yields the pairs of a run in order. Next resets into and returns 0 at the end.
type Iter interface {
	Next(into *kv.Batch) (int, error)
	Close()
}

// Run is a sorted, immutable list of pairs in files.
type Run interface {
	// Bounds is the smallest span that holds every key.
	Bounds() kv.Span
	// Len is the number of pairs.
	Len() int
	Iter(span kv.Span, o kv.ScanOptions) (Iter, error)
	// Get appends the value of a key as one of this transaction's, or returns false.
	Get(key []byte, into *kv.Batch) (bool, error)
	// Drop removes the files. A run that was committed is not dropped.
	Drop()
}

// Writer makes a run.
type Writer interface {
	// Add adds pairs at offsets of a slab, in the layout of a chunk, with growing keys. It may write into the pairs' room.
	Add(slab []byte, offsets []uint32) error
	// Finish makes the run durable.
	Finish() (Run, error)
	Abort()
}

// Limits of a sorter.
const (
	// Small is up to how many bytes a sorter keeps everything in memory, for its caller to write otherwise.
	Small = 1 << 20
	// keepBytes is how much is kept before it goes to a run.
	keepBytes = 64 << 20
)

// Sorter takes pairs in any order. It is used by one goroutine.
type Sorter struct {
	open func() (Writer, error)
	skip int

	current *chunk
	last    []byte // the key before
	inOrder bool   // of everything so far
	total   int    // pairs
	bytes   int

	stream    *stream  // writes chunks that came in order
	head      Run      // what the stream wrote, after order was lost
	kept      []*chunk // sealed
	keptBytes int
	runs      []Run // of what was kept before
}

// NewSorter returns a sorter of pairs whose keys share their first skip bytes. open begins a run.
func NewSorter(skip int, open func() (Writer, error)) *Sorter {
	return &Sorter{open: open, skip: skip, inOrder: true}
}

// Bytes is how much was added.
func (s *Sorter) Bytes() int { return s.bytes }

// Add copies a pair.
func (s *Sorter) Add(key, value []byte) error {
	if s.current == nil || !s.current.fits(key, value) {
		if err := s.seal(); err != nil {
			return err
		}
		size := chunkBytes
		if s.total == 0 {
			size = Small / 4 // most loads are small
		}
		s.current = newChunk(max(size, pairHead+Room+len(key)+len(value)))
	}
	if s.total > 0 && bytes.Compare(key, s.last) <= 0 {
		s.inOrder = false
		s.current.ordered = false
	}
	s.last = append(s.last[:0], key...)
	s.current.add(key, value)
	s.total++
	s.bytes += len(key) + len(value)
	return nil
}

// seal puts the current chunk where it goes.
func (s *Sorter) seal() error {
	c := s.current
	if c == nil {
		return nil
	}
	s.current = nil
	if s.inOrder && s.bytes > Small {
		if s.stream == nil {
			w, err := s.open()
			if err != nil {
				return err
			}
			s.stream = startStream(w)
			for _, k := range s.kept {
				if err := s.stream.add(k); err != nil {
					return err
				}
			}
			s.kept = nil
		}
		return s.stream.add(c)
	}
	if s.stream != nil {
		run, err := s.stream.finish()
		s.stream = nil
		if err != nil {
			return err
		}
		s.head = run
	}
	s.kept = append(s.kept, c)
	s.keptBytes += len(c.slab)
	go c.sort() // what is in order so far may still go to a stream; sorting it costs nothing
	if s.keptBytes > keepBytes {
		run, err := s.merge(nil)
		if err != nil {
			return err
		}
		s.runs = append(s.runs, run)
		s.kept, s.keptBytes = nil, 0
	}
	return nil
}

// Finish returns everything as runs, whose spans follow each other, or calls small for every pair, in order, when there is little. A key that comes twice is a
// *kv.DuplicateError. The sorter is used up.
func (s *Sorter) Finish(small func(key, value []byte) error) (runs []Run, err error) {
	defer func() {
		if err != nil {
			s.Cancel()
		}
	}()
	if err := s.seal(); err != nil {
		return nil, err
	}
	if s.bytes <= Small && s.head == nil && s.stream == nil && len(s.runs) == 0 {
		return nil, s.each(nil, small)
	}
	if s.stream != nil {
		run, err := s.stream.finish()
		s.stream = nil
		if err != nil {
			return nil, err
		}
		return []Run{run}, nil
	}
	var rest []Run
	if s.head != nil {
		rest = append(rest, s.head)
	}
	rest = append(rest, s.runs...)
	run, err := s.merge(rest)
	if err != nil {
		return nil, err
	}
	for _, r := range rest {
		r.Drop()
	}
	s.head, s.runs, s.kept = nil, nil, nil
	return []Run{run}, nil
}

// Cancel drops everything.
func (s *Sorter) Cancel() {
	if s.stream != nil {
		s.stream.abort()
		s.stream = nil
	}
	if s.head != nil {
		s.runs = append(s.runs, s.head)
	}
	for _, r := range s.runs {
		r.Drop()
	}
	s.head, s.runs, s.kept, s.current = nil, nil, nil, nil
}

// merge writes the kept chunks and some runs to a new run.
func (s *Sorter) merge(runs []Run) (Run, error) {
	w, err := s.open()
	if err != nil {
		return nil, err
	}
	out := startStream(w)
	c := newChunk(chunkBytes / 4)
	err = s.each(runs, func(key, value []byte) error {
		if !c.fits(key, value) {
			if err := out.add(c); err != nil {
				return err
			}
			c = newChunk(max(chunkBytes/4, pairHead+Room+len(key)+len(value)))
		}
		c.add(key, value)
		return nil
	})
	if err == nil {
		err = out.add(c)
	}
	if err != nil {
		out.abort()
		return nil, err
	}
	return out.finish()
}

// stream writes chunks to a run in a goroutine of its own.
type stream struct {
	w      Writer
	chunks chan *chunk
	done   chan struct{}
	failed chan struct{}
	err    error
}

func startStream(w Writer) *stream {
	s := &stream{w: w, chunks: make(chan *chunk, 2), done: make(chan struct{}), failed: make(chan struct{})}
	go func() {
		defer close(s.done)
		for c := range s.chunks {
			if s.err != nil || len(c.offsets) == 0 {
				continue
			}
			if s.err = w.Add(c.slab, c.offsets); s.err != nil {
				close(s.failed)
			}
		}
	}()
	return s
}

func (s *stream) add(c *chunk) error {
	select {
	case s.chunks <- c:
		return nil
	case <-s.failed:
		return s.err
	}
}

func (s *stream) finish() (Run, error) {
	close(s.chunks)
	<-s.done
	if s.err != nil {
		s.w.Abort()
		return nil, s.err
	}
	return s.w.Finish()
}

func (s *stream) abort() {
	close(s.chunks)
	<-s.done
	s.w.Abort()
}
