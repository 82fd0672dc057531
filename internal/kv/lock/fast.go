package lock

import (
	"bytes"
	"sync"
	"sync/atomic"

	"github.com/kalampg/kalampg/internal/kv"
)

// Every statement locks the relations that it uses, in modes that do not conflict with each other. Such weak locks do not enter the table: their owner notes
// them in a few slots of its own, which costs one mutex that nobody else wants. Who asks for a strong mode, one that conflicts with a weak one, announces that for
// the key's partition, so that no new weak lock goes past the table, and then moves those that are already noted into the table, where all the rules
// are. PostgreSQL calls this fast-path locking.

const (
	fastSlots    = 16 // of an owner; what does not fit goes into the table
	fastKeySize  = 16 // longest key of a slot
	fastShards   = 16
	partitions   = 1024
	cacheLine    = 64
	fastShardPad = cacheLine - 24
)

var (
	weak   = setOf(kv.AccessShare, kv.RowShare, kv.RowExclusive)
	strong = conflictsOf(weak)
)

// fastShard lists the owners that have used slots since their last ReleaseAll. mu protects the list and the slots of its owners.
type fastShard struct {
	mu     sync.Mutex
	linked atomic.Int32
	first  *Owner
	_      [fastShardPad]byte // neighbours are for other sessions
}

// fastHolds is an owner's part of it.
type fastHolds struct {
	slots      [fastSlots]fastHold
	n          int
	moved      *hold // those that were moved into the table, by older
	linked     bool  // read by the owner alone without mu
	prev, next *Owner
}

type fastHold struct {
	hash  uint64
	modes modeSet
	size  uint8
	key   [fastKeySize]byte
}

func (h *fastHold) is(hash uint64, key []byte) bool {
	return h.hash == hash && bytes.Equal(h.key[:h.size], key)
}

func (o *Owner) fastShard() *fastShard { return &o.m.fast[o.home%fastShards] }

// takeFast notes a weak lock; false when it has to go through the table.
func (o *Owner) takeFast(hash uint64, key []byte, mode kv.LockMode) bool {
	if o.counted || len(key) > fastKeySize {
		return false
	}
	s, f := o.fastShard(), &o.fast
	s.mu.Lock()
	if !f.linked {
		f.linked, f.next = true, s.first
		if f.next != nil {
			f.next.fast.prev = o
		}
		s.first = o
		s.linked.Add(1) // before the look at strong: see announce
	}
	ok := o.m.strong[hash%partitions].Load() == 0 && f.note(hash, key, mode, !o.noting)
	s.mu.Unlock()
	return ok
}

// note adds a lock to the slots if there is room. After a savepoint nothing new is noted: what may have to be given back before the end is in the table.
func (f *fastHolds) note(hash uint64, key []byte, mode kv.LockMode, more bool) bool {
	for i := range f.n {
		if h := &f.slots[i]; h.is(hash, key) {
			if more {
				h.modes |= 1 << mode
			}
			return h.modes.has(mode)
		}
	}
	if f.n == fastSlots || !more {
		return false
	}
	h := &f.slots[f.n]
	f.n++
	h.hash, h.modes, h.size = hash, 1<<mode, uint8(copy(h.key[:], key))
	return true
}

// announce makes the table the only way to key until as many calls of retract, and moves the weak locks on it there.
func (m *Manager) announce(hash uint64, key []byte) {
	m.strong[hash%partitions].Add(1)
	for i := range m.fast {
		s := &m.fast[i]
		if s.linked.Load() == 0 {
			continue
		}
		s.mu.Lock()
		for o := s.first; o != nil; o = o.fast.next {
			o.moveFast(hash, key)
		}
		s.mu.Unlock()
	}
}

func (m *Manager) retract(hash uint64) { m.strong[hash%partitions].Add(-1) }

// moveFast moves the owner's weak lock on key, if there is one, under the fast shard's mutex. The owner runs meanwhile, so its own list of holds is left alone.
func (o *Owner) moveFast(hash uint64, key []byte) {
	f := &o.fast
	for i := range f.n {
		h := &f.slots[i]
		if !h.is(hash, key) {
			continue
		}
		t := o.m.shard(hash)
		t.mu.Lock()
		e := t.find(hash, key)
		if e == nil {
			e = t.create(hash, key)
		}
		in := e.holdOf(o)
		if in == nil {
			in = t.hold(e, o)
			in.older, f.moved = f.moved, in
		}
		in.modes |= h.modes
		t.mu.Unlock()
		f.n--
		*h = f.slots[f.n]
		return
	}
}

// releaseFast gives back the weak locks, wherever they are.
func (o *Owner) releaseFast() {
	s, f := o.fastShard(), &o.fast
	s.mu.Lock()
	moved := f.moved
	f.n, f.moved, f.linked = 0, nil, false
	if f.prev == nil {
		s.first = f.next
	} else {
		f.prev.fast.next = f.next
	}
	if f.next != nil {
		f.next.fast.prev = f.prev
	}
	f.prev, f.next = nil, nil
	s.linked.Add(-1)
	s.mu.Unlock()
	o.releaseList(moved)
}

// describe lists the weak locks of a shard's owners.
func (s *fastShard) describe(list []kv.LockInfo) []kv.LockInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	for o := s.first; o != nil; o = o.fast.next {
		for i := range o.fast.n {
			h := &o.fast.slots[i]
			for m := range conflicts {
				if h.modes.has(kv.LockMode(m)) {
					list = append(list, kv.LockInfo{Key: bytes.Clone(h.key[:h.size]), Mode: kv.LockMode(m), Owner: o.leader.tag, Granted: true})
				}
			}
		}
	}
	return list
}
