// Package feed keeps the change records of recent commits in memory, bounded by bytes, for readers that follow the store.
//
// A Ring forgets its oldest changes when it is full. A reader holds only its place, so a slow reader costs nothing and learns with
// kv.ErrTooOld that its place is gone; it never misses a change silently.
package feed

import (
	"context"
	"sort"
	"sync"

	"github.com/kalampg/kalampg/internal/kv"
)

// overhead is what a change and each of its records cost beyond their bytes.
const overhead = 48

// Ring is a bounded list of changes in commit order. It is safe for concurrent use.
type Ring struct {
	mu      sync.Mutex
	limit   int
	bytes   int
	changes []kv.Change
	head    int        // changes before it are forgotten
	first   uint64     // running number of changes[head]
	floor   kv.Version // every change after it is kept
	wake    chan struct{}
	closed  bool
}

// New returns a ring for at most limit bytes that knows every change after from, as there is none yet.
func New(limit int, from kv.Version) *Ring { return &Ring{limit: limit, floor: from} }

func sizeOf(c kv.Change) int {
	n := overhead
	for _, r := range c.Records {
		n += overhead + len(r)
	}
	return n
}

// Append adds the change of a newer version. The ring keeps c.Records. A change that is larger than the whole ring is not kept.
func (r *Ring) Append(c kv.Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes = append(r.changes, c)
	r.bytes += sizeOf(c)
	for r.bytes > r.limit && r.head < len(r.changes) {
		old := &r.changes[r.head]
		r.bytes -= sizeOf(*old)
		r.floor = old.Version
		*old = kv.Change{}
		r.head++
		r.first++
	}
	if r.head > len(r.changes)/2 {
		n := copy(r.changes, r.changes[r.head:])
		clear(r.changes[n:])
		r.changes, r.head = r.changes[:n], 0
	}
	r.signal()
}

func (r *Ring) signal() {
	if r.wake != nil {
		close(r.wake)
		r.wake = nil
	}
}

// Bytes is the size of what is kept.
func (r *Ring) Bytes() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bytes
}

// Close makes every reader fail with kv.ErrClosed.
func (r *Ring) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.signal()
}

// Reader returns a reader of every change after from, or kv.ErrTooOld.
func (r *Ring) Reader(from kv.Version) (*Reader, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, kv.ErrClosed
	}
	if from < r.floor {
		return nil, kv.ErrTooOld
	}
	kept := r.changes[r.head:]
	i := sort.Search(len(kept), func(i int) bool { return kept[i].Version > from })
	return &Reader{ring: r, next: r.first + uint64(i), after: from, done: make(chan struct{})}, nil
}

// Reader follows a Ring (kv.ChangeReader).
type Reader struct {
	ring  *Ring
	next  uint64
	after kv.Version
	once  sync.Once
	done  chan struct{}
}

// Next returns the next change. It blocks until there is one.
func (d *Reader) Next(ctx context.Context) (kv.Change, error) {
	for {
		c, wait, err := d.poll()
		if err != nil || wait == nil {
			return c, err
		}
		select {
		case <-wait:
		case <-d.done:
		case <-ctx.Done():
			return kv.Change{}, context.Cause(ctx)
		}
	}
}

// poll returns the next change, or a channel that is closed when it is worth looking again.
func (d *Reader) poll() (kv.Change, <-chan struct{}, error) {
	r := d.ring
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-d.done:
		return kv.Change{}, nil, kv.ErrClosed
	default:
	}
	if r.closed {
		return kv.Change{}, nil, kv.ErrClosed
	}
	if d.next < r.first {
		return kv.Change{}, nil, kv.ErrTooOld
	}
	for at := r.head + int(d.next-r.first); at < len(r.changes); at++ {
		d.next++
		if c := r.changes[at]; c.Version > d.after { // a reader may begin at a version that is still to come
			return c, nil, nil
		}
	}
	if r.wake == nil {
		r.wake = make(chan struct{})
	}
	return kv.Change{}, r.wake, nil
}

// Close ends a waiting Next too.
func (d *Reader) Close() { d.once.Do(func() { close(d.done) }) }
