package txn

import (
	"bytes"
	"sort"
	"sync"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/writebuf"
)

// prefix is the space and the storage id of a row's key.
type prefix [5]byte

// watches are the watched parts of tables. The committer notes every commit after it is applied and before it becomes visible.
type watches struct {
	mu     sync.Mutex
	noted  kv.Version // the newest commit that note has seen
	tables map[prefix]*watched
}

// watched is a table of which parts are watched.
type watched struct {
	parts []*kv.Watch // in order of their spans
}

// markAll is from how many keys on a commit marks every part of its tables instead of looking for each key's.
const markAll = 4096

// Watch implements kv.Watcher.
func (s *Store) Watch(spans []kv.Span) []*kv.Watch {
	w := &s.watches
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]*kv.Watch, len(spans))
	for i, span := range spans {
		// Whatever was committed so far may have written here.
		out[i] = kv.NewWatch(span, w.noted)
	}
	if len(spans) > 0 {
		if w.tables == nil {
			w.tables = make(map[prefix]*watched)
		}
		w.tables[prefix(spans[0].Start[:5])] = &watched{parts: out}
	}
	return out
}

// Unwatch implements kv.Watcher.
func (s *Store) Unwatch(of []byte) {
	s.watches.mu.Lock()
	defer s.watches.mu.Unlock()
	delete(s.watches.tables, prefix(of))
}

// note marks what the commits of a group have written.
func (w *watches) note(group []*request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range group {
		w.noted = max(w.noted, r.commit.Version)
		if len(w.tables) > 0 && r.t.buf != nil {
			w.mark(r.t.buf, r.commit.Version)
		}
		for _, run := range r.commit.Runs {
			b := run.Bounds()
			w.markRange(b.Start, b.End, r.commit.Version)
		}
	}
}

func (w *watches) mark(buf *writebuf.Buffer, v kv.Version) {
	if buf.Len() >= markAll {
		for _, t := range w.tables {
			t.markAll(v)
		}
		return
	}
	buf.Ranges(func(start, end []byte) { w.markRange(start, end, v) })
	buf.All(func(key, _ []byte, _ bool, _ kv.Version) bool {
		if key[0] != kv.SpaceRows || len(key) < len(prefix{}) {
			return true
		}
		if t := w.tables[prefix(key[:5])]; t != nil {
			t.markKey(key, v)
		}
		return true
	})
}

// markRange marks every part of the tables that a span touches.
func (w *watches) markRange(start, end []byte, v kv.Version) {
	for p, t := range w.tables {
		if bytes.Compare(start, kv.PrefixEnd(p[:])) < 0 && bytes.Compare(p[:], end) < 0 {
			t.markAll(v)
		}
	}
}

func (t *watched) markAll(v kv.Version) {
	for _, p := range t.parts {
		p.Mark(v)
	}
}

func (t *watched) markKey(key []byte, v kv.Version) {
	at := sort.Search(len(t.parts), func(i int) bool { return bytes.Compare(t.parts[i].Span().Start, key) > 0 }) - 1
	if at >= 0 {
		t.parts[at].Mark(v)
	}
}
