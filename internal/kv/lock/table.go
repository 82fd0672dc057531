package lock

import (
	"bytes"
	"sync"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
)

// shardBits picks the number of shards. 64 are plenty for the cores of one machine, and an empty shard costs some 60 bytes.
const shardBits = 6

// keepFree bounds the free lists of a shard, so that a transaction which locked a million rows does not leave their memory behind.
const keepFree = 128

// shard is a part of the table. Everything that hangs below it, entries, holds and queues, is protected by mu.
type shard struct {
	mu      sync.Mutex
	entries map[uint64]*entry // by hash; keys of one hash are chained
	free    *entry
	freeN   int
	holds   *hold
	holdN   int
}

// entry is a key that somebody holds or waits for.
type entry struct {
	hash       uint64
	key        []byte
	next       *entry
	holds      *hold
	head, tail *waiter
}

// hold is what one owner has on one key.
type hold struct {
	owner        *Owner
	entry        *entry
	modes        modeSet
	strong       bool               // one announcement of a strong mode belongs to this hold
	counts       *[modeCount]uint32 // how often each mode was taken; only for owners that count
	next         *hold              // the next owner on this key
	newer, older *hold              // the owner's own list
}

// waiter is a request in an entry's queue. key and hash stay readable after it has left.
type waiter struct {
	owner      *Owner
	hash       uint64
	key        []byte
	mode       kv.LockMode
	since      time.Time
	ready      chan struct{}
	queued     bool
	prev, next *waiter
}

// withdraw takes back what was announced for a request that ends without its lock.
func (w *waiter) withdraw() {
	if strong.has(w.mode) {
		w.owner.m.retract(w.hash)
	}
}

func (s *shard) find(hash uint64, key []byte) *entry {
	e := s.entries[hash]
	for e != nil && !bytes.Equal(e.key, key) {
		e = e.next
	}
	return e
}

func (s *shard) create(hash uint64, key []byte) *entry {
	e := s.free
	if e != nil {
		s.free, e.next = e.next, nil
		s.freeN--
	} else {
		e = new(entry)
	}
	e.hash, e.key = hash, append(e.key[:0], key...)
	if s.entries == nil {
		s.entries = make(map[uint64]*entry)
	}
	e.next = s.entries[hash]
	s.entries[hash] = e
	return e
}

// drop forgets e when nobody holds it or waits for it.
func (s *shard) drop(e *entry) {
	if e.holds != nil || e.head != nil {
		return
	}
	first := s.entries[e.hash]
	switch {
	case first == e && e.next == nil:
		delete(s.entries, e.hash)
	case first == e:
		s.entries[e.hash] = e.next
	default:
		for first.next != e {
			first = first.next
		}
		first.next = e.next
	}
	if s.freeN < keepFree && cap(e.key) <= 1024 {
		e.next, s.free = s.free, e
		s.freeN++
	}
}

// hold makes o's hold on e, which has none yet.
func (s *shard) hold(e *entry, o *Owner) *hold {
	h := s.holds
	if h != nil {
		s.holds, h.next = h.next, nil
		s.holdN--
	} else {
		h = new(hold)
	}
	h.owner, h.entry = o, e
	h.next, e.holds = e.holds, h
	return h
}

// grant gives mode on e to o. A strong mode was announced before.
func (s *shard) grant(e *entry, o *Owner, mode kv.LockMode) {
	h := e.holdOf(o)
	if h == nil {
		h = s.hold(e, o)
		o.attach(h)
	}
	if o.noting && !h.modes.has(mode) {
		o.grants = append(o.grants, grant{h, mode})
	}
	h.modes |= 1 << mode
	if strong.has(mode) {
		if h.strong {
			o.m.retract(e.hash)
		}
		h.strong = true
	}
	if o.counted {
		if h.counts == nil {
			h.counts = new([modeCount]uint32)
		}
		h.counts[mode]++
	}
}

// release takes everything that h stands for away from its owner and serves the queue.
func (s *shard) release(h *hold) {
	e := h.entry
	for at := &e.holds; ; at = &(*at).next {
		if *at == h {
			*at = h.next
			break
		}
	}
	if h.strong {
		h.owner.m.retract(e.hash)
	}
	*h = hold{}
	if s.holdN < keepFree {
		h.next, s.holds = s.holds, h
		s.holdN++
	}
	e.serve(s)
	s.drop(e)
}

func (e *entry) holdOf(o *Owner) *hold {
	for h := e.holds; h != nil; h = h.next {
		if h.owner == o {
			return h
		}
	}
	return nil
}

// heldBy is the set of modes that all owners of a leader have.
func (e *entry) heldBy(leader *Owner) modeSet {
	var s modeSet
	for h := e.holds; h != nil; h = h.next {
		if h.owner.leader == leader {
			s |= h.modes
		}
	}
	return s
}

// held tells whether another leader holds something that mode conflicts with.
func (e *entry) held(leader *Owner, mode kv.LockMode) bool {
	for h := e.holds; h != nil; h = h.next {
		if h.modes&conflicts[mode] != 0 && h.owner.leader != leader {
			return true
		}
	}
	return false
}

// place is the waiter before which a request of o has to queue, nil for the end: an owner goes ahead of those who wait for it.
func (e *entry) place(leader *Owner) *waiter {
	if e.head == nil {
		return nil
	}
	mine := conflictsOf(e.heldBy(leader))
	for w := e.head; w != nil; w = w.next {
		if mine.has(w.mode) {
			return w
		}
	}
	return nil
}

// queuedAhead tells whether a waiter before the given one conflicts with mode.
func (e *entry) queuedAhead(leader *Owner, mode kv.LockMode, before *waiter) bool {
	for w := e.head; w != before; w = w.next {
		if conflicts[mode].has(w.mode) && w.owner.leader != leader {
			return true
		}
	}
	return false
}

// grantable tells whether o may have mode now, at its place in the queue.
func (e *entry) grantable(o *Owner, mode kv.LockMode) bool {
	if e.holds == nil && e.head == nil {
		return true
	}
	if h := e.holdOf(o); h != nil && h.modes.covers(mode) {
		return true
	}
	return !e.held(o.leader, mode) && (e.head == nil || !e.queuedAhead(o.leader, mode, e.place(o.leader)))
}

func (e *entry) enqueue(w *waiter, before *waiter) {
	w.queued = true
	w.next = before
	if before == nil {
		w.prev, e.tail = e.tail, w
	} else {
		w.prev, before.prev = before.prev, w
	}
	if w.prev == nil {
		e.head = w
	} else {
		w.prev.next = w
	}
}

func (e *entry) dequeue(w *waiter) {
	w.queued = false
	if w.prev == nil {
		e.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		e.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.prev, w.next = nil, nil
}

// serve grants in queue order whatever has become free. The waiters of a queue all have different leaders, so the modes of those
// who stay tell enough about them.
func (e *entry) serve(s *shard) {
	var ahead modeSet
	for w := e.head; w != nil; {
		next := w.next
		if conflicts[w.mode]&ahead == 0 && !e.held(w.owner.leader, w.mode) {
			e.dequeue(w)
			s.grant(e, w.owner, w.mode)
			close(w.ready)
		} else {
			ahead |= 1 << w.mode
		}
		w = next
	}
}
