package ssi

import (
	"context"
	"sync"

	"github.com/kalampg/kalampg/internal/kv"
)

// Bounds of what is kept. They are variables for the tests.
var (
	readLimit    = 1024  // spans that a transaction has read in one collection before they are merged
	writeLimit   = 8192  // and those that it has written
	retainedMost = 10000 // committed transactions that are kept in full
)

// seq orders commits as the manager sees them: one is given when a transaction has passed its last check (prepared), one when its commit is visible.
type seq uint64

// Manager watches the serialisable transactions of a store. The zero Manager is ready; it is safe for concurrent use.
type Manager struct {
	mu       sync.Mutex
	last     seq
	active   map[*Txn]struct{} // not yet ended, prepared ones among them
	retained []*Txn            // committed and perhaps concurrent with an active one, oldest commit first
	reads    tree
	writes   tree
	old      *Txn // stands for all that were summarised; nil when there are none
	found    []*Txn

	ended, failures int64 // counters
}

type state uint8

const (
	active state = iota
	prepared
	committed
	aborted
)

// Txn is one serialisable transaction. Its methods belong to the goroutine of the transaction; its fields to the manager's mutex.
type Txn struct {
	m        *Manager
	owner    uint64 // who runs it
	snapshot kv.Version
	began    seq // m.last when it took its snapshot: all that became visible before
	state    state
	doomed   bool
	readOnly bool // said so, or ended without having written
	wrote    bool

	prepared  seq
	committed seq
	version   kv.Version // of its commit, set before the commit becomes visible

	in, out    map[*Txn]struct{} // in: who read what this one overwrote; out: who overwrote what this one read
	oldIn      bool              // in or out also had one that was summarised
	oldOut     bool
	outFirst   seq // with hasOut: when the earliest of out that committed before this one was prepared
	hasOut     bool
	summarised bool // only its writes and outFirst are left

	reads, written footprint

	// of a read-only one
	safe    bool              // needs no watching
	unsafe  bool              // will never be safe
	pending map[*Txn]struct{} // writers that can still make its snapshot unsafe
	decided chan struct{}     // closed when safe or unsafe
	// of a writer
	watchers map[*Txn]struct{} // read-only ones that have it in pending
}

// Options of a transaction.
type Options struct {
	Owner    uint64 // shown by Blocking: a backend's process id
	ReadOnly bool
}

// Begin starts watching a transaction. snapshot takes its snapshot, while nobody can begin or end. The result is nil for a read-only transaction that is safe from the start.
func (m *Manager) Begin(o Options, snapshot func() kv.Version) *Txn {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &Txn{m: m, owner: o.Owner, snapshot: snapshot(), began: m.last, readOnly: o.ReadOnly}
	t.reads = footprint{tree: &m.reads, limit: readLimit}
	t.written = footprint{tree: &m.writes, limit: writeLimit}
	if o.ReadOnly && !t.watchWriters() {
		return nil
	}
	if m.active == nil {
		m.active = make(map[*Txn]struct{})
	}
	m.active[t] = struct{}{}
	return t
}

// BeginDeferrable takes snapshots until one is safe, waiting for the writers that are active; the transaction then needs no watching. waiting, if set, is called before each wait.
func (m *Manager) BeginDeferrable(ctx context.Context, o Options, snapshot func() kv.Version, waiting func()) error {
	o.ReadOnly = true
	for {
		t := m.Begin(o, snapshot)
		if t == nil {
			return nil
		}
		if waiting != nil {
			waiting()
		}
		select {
		case <-t.decided:
		case <-ctx.Done():
			t.End(false)
			return context.Cause(ctx)
		}
		safe := t.isSafe()
		t.End(false)
		if safe {
			return nil
		}
	}
}

func (t *Txn) isSafe() bool {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	return t.safe
}

// concurrentReader tells whether r, who has read something, overlaps with the writer t.
func (t *Txn) concurrentReader(r *Txn) bool {
	return r != t && r.state != aborted && !r.doomed && (r.state != committed || r.committed > t.began)
}

// Read notes that the transaction has read keys, there or not, and looks for writers of newer versions.
func (t *Txn) Read(keys [][]byte) error {
	m := t.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := t.reading(); err != nil || t.safe {
		return err
	}
	for _, key := range keys {
		if !tracked(key) {
			continue
		}
		t.reads.addPoint(t, key)
		if err := t.findWriters(kv.Span{Start: key, End: append(key[:len(key):len(key)], 0)}); err != nil {
			return err
		}
	}
	return nil
}

// Range is a span that a transaction reads bit by bit.
type Range struct {
	node *node
	span kv.Span
}

// ReadRange notes that the transaction has read a span, that is all keys that are in it and the gaps between them. r carries what a cursor has read before, adjacent to it.
func (t *Txn) ReadRange(r *Range, span kv.Span) error {
	m := t.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := t.reading(); err != nil || t.safe || !tracked(span.Start) {
		return err
	}
	span = kv.Span{Start: append([]byte(nil), span.Start...), End: append([]byte(nil), span.End...)}
	whole := span
	if r.span.Start != nil {
		if string(r.span.Start) < string(whole.Start) {
			whole.Start = r.span.Start
		}
		if string(r.span.End) > string(whole.End) {
			whole.End = r.span.End
		}
	}
	r.node = t.reads.grow(t, r.node, whole)
	r.span = whole
	return t.findWriters(span)
}

// reading admits a read. A transaction that has become safe lets go of what it read.
func (t *Txn) reading() error {
	if t.doomed {
		return t.fail("identification as a pivot, during conflict out checking")
	}
	if t.safe && t.reads.spans > 0 {
		t.reads.clear()
	}
	return nil
}

// findWriters makes the edges from t to the concurrent writers of a span.
func (t *Txn) findWriters(span kv.Span) error {
	m := t.m
	m.found = m.writes.overlapping(span, m.found[:0])
	for _, w := range m.found {
		if err := t.overwrittenBy(w); err != nil {
			return err
		}
	}
	return nil
}

// Write notes that the transaction writes a key and looks for those who have read it.
func (t *Txn) Write(key []byte) error {
	if !tracked(key) {
		return nil
	}
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	t.wrote = true
	t.written.addPoint(t, key)
	return t.findReaders(kv.Span{Start: key, End: append(key[:len(key):len(key)], 0)})
}

// WriteRange is Write of a whole span.
func (t *Txn) WriteRange(span kv.Span) error {
	if !tracked(span.Start) {
		return nil
	}
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	t.wrote = true
	t.written.addRange(t, kv.Span{Start: append([]byte(nil), span.Start...), End: append([]byte(nil), span.End...)})
	return t.findReaders(span)
}

// WouldWrite looks for the readers of a key that the transaction is about to be refused: a serialisation failure explains a duplicate key better than the duplicate.
func (t *Txn) WouldWrite(key []byte) error {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	return t.findReaders(kv.Span{Start: key, End: append(key[:len(key):len(key)], 0)})
}

func (t *Txn) findReaders(span kv.Span) error {
	if t.doomed {
		return t.fail("identification as a pivot, during conflict in checking")
	}
	m := t.m
	m.found = m.reads.overlapping(span, m.found[:0])
	for _, r := range m.found {
		if !t.concurrentReader(r) || has(t.in, r) {
			continue
		}
		if err := edge(r, t, t); err != nil {
			return err
		}
	}
	return nil
}

// tracked tells whether a key belongs to rows or their indexes. Catalogs and counters have their own order.
func tracked(key []byte) bool { return key[0] == kv.SpaceRows || key[0] == kv.SpaceIndex }

func has(set map[*Txn]struct{}, t *Txn) bool {
	_, ok := set[t]
	return ok
}

func put(set *map[*Txn]struct{}, t *Txn) {
	if *set == nil {
		*set = make(map[*Txn]struct{})
	}
	(*set)[t] = struct{}{}
}

func (t *Txn) fail(reason string) error {
	t.m.failures++
	return &kv.SerializationError{Reason: reason}
}

// Stats is what a manager holds.
type Stats struct {
	Active, Retained, Failures int64
}

// Stats reports.
func (m *Manager) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Stats{Active: int64(len(m.active)), Retained: int64(len(m.retained)), Failures: m.failures}
}
