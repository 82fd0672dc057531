package kv

import "sync/atomic"

// Watcher is a power of stores that can tell when parts of the key space were last written: what was read from a part is good for every snapshot as long as
// nobody has written to it.
type Watcher interface {
	// Watch begins to watch parts of a table's rows. The spans are of one prefix of five bytes (space and storage), in order, and do not overlap; parts of one
	// prefix are watched once at a time.
	Watch(spans []Span) []*Watch
	// Unwatch ends the watching of a prefix.
	Unwatch(prefix []byte)
}

// Watch is one watched part. A reader at snapshot s that has read the part may keep what it read if Changed() ≤ s held after it began to watch and before it read; what was kept
// is what a reader at snapshot t would read if Changed() ≤ t holds.
type Watch struct {
	span    Span
	changed atomic.Uint64
}

// NewWatch makes a watch for engines.
func NewWatch(span Span, changed Version) *Watch {
	w := &Watch{span: span}
	w.Mark(changed)
	return w
}

// Span is the watched part.
func (w *Watch) Span() Span { return w.span }

// Changed is a version that is not older than the newest commit that wrote into the part.
func (w *Watch) Changed() Version { return Version(w.changed.Load()) }

// Mark notes a commit.
func (w *Watch) Mark(v Version) {
	if uint64(v) > w.changed.Load() {
		w.changed.Store(uint64(v))
	}
}
