package rowcache

import (
	"bytes"
	"hash/maphash"
	"slices"
	"sync/atomic"

	"github.com/kalampg/kalampg/internal/kv"
)

const (
	shardBits = 6
	maxValue  = 8 << 10 // longer values are not worth their room
	maxRanges = 16
)

// Cache is a bounded cache of committed values. It is safe for concurrent use; Commit, Delete and DropRange are called by one goroutine at a time. A nil
// Cache holds nothing.
type Cache struct {
	seed   maphash.Seed
	memory []byte
	shards [1 << shardBits]shard
	ranges atomic.Pointer[removed]
}

// removed are the newest removed ranges.
type removed struct {
	list  []removedRange
	last  kv.Version // of the newest range ever
	floor kv.Version // values read before it may be of ranges that are no longer in the list
}

type removedRange struct {
	kv.Span
	version kv.Version
}

// New returns a cache of about so many bytes; nil when that is too little for anything.
func New(size int64) *Cache {
	per := size >> shardBits &^ 7
	if per < 32<<10 {
		return nil
	}
	c := &Cache{seed: maphash.MakeSeed(), memory: allocate(int(per << shardBits))}
	for i := range c.shards {
		c.shards[i].init(c.memory[int64(i)*per:][:per])
	}
	return c
}

// Close gives the memory back. Nobody uses the cache any more.
func (c *Cache) Close() {
	if c != nil {
		release(c.memory)
		c.memory = nil
	}
}

func (c *Cache) shard(key []byte) (*shard, uint32) {
	h := maphash.Bytes(c.seed, key)
	return &c.shards[h>>(64-shardBits)], uint32(h)
}

// Get appends the value that a snapshot at a version sees, if the cache knows it.
func (c *Cache) Get(key []byte, at kv.Version, into *kv.Batch) bool {
	if c == nil {
		return false
	}
	s, tag := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	pos := s.find(tag, key)
	if pos == none {
		s.misses++
		return false
	}
	v := s.version(pos)
	if v > at || c.gone(key, v) {
		s.misses++
		return false
	}
	s.hits++
	s.touch(pos)
	into.Append(key, s.value(pos), v)
	return true
}

// Has tells whether there is an entry, of whatever version.
func (c *Cache) Has(key []byte) bool {
	if c == nil {
		return false
	}
	s, tag := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.find(tag, key) != none
}

// gone tells whether a value of version v was removed with a range since.
func (c *Cache) gone(key []byte, v kv.Version) bool {
	r := c.ranges.Load()
	if r == nil || r.last <= v {
		return false
	}
	for i := range r.list {
		x := &r.list[i]
		if x.version > v && bytes.Compare(x.Start, key) <= 0 && bytes.Compare(key, x.End) < 0 {
			return true
		}
	}
	return false
}

// Fill offers a value of version v that the engine gave to a snapshot at a version.
func (c *Cache) Fill(key, value []byte, v, at kv.Version) {
	if c == nil || len(value) > maxValue {
		return
	}
	s, tag := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.written[tag%writtenSlots] > at {
		return
	}
	if r := c.ranges.Load(); r != nil && r.last > at && (r.floor > at || c.gone(key, at)) {
		return
	}
	if pos := s.find(tag, key); pos != none {
		if s.version(pos) >= v {
			return // another reader was first
		}
		s.remove(tag, pos)
	}
	s.add(tag, key, value, v)
}

// Commit notes a committed value. An entry that is there gets it; else one is made if add.
func (c *Cache) Commit(key, value []byte, v kv.Version, add bool) {
	if c == nil {
		return
	}
	s, tag := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written[tag%writtenSlots] = v
	if pos := s.find(tag, key); pos != none {
		if s.replace(pos, value, v) {
			return
		}
		s.remove(tag, pos)
		add = true
	}
	if add && len(value) <= maxValue {
		s.add(tag, key, value, v)
	}
}

// Delete notes that a key was removed at version v.
func (c *Cache) Delete(key []byte, v kv.Version) {
	if c == nil {
		return
	}
	s, tag := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written[tag%writtenSlots] = v
	if pos := s.find(tag, key); pos != none {
		s.remove(tag, pos)
	}
}

// DropRange notes that every key of a span was removed, or may have been written, at version v.
func (c *Cache) DropRange(span kv.Span, v kv.Version) {
	if c == nil {
		return
	}
	next := &removed{last: v}
	if old := c.ranges.Load(); old != nil {
		next.list, next.floor = old.list, old.floor
	}
	next.list = append(slices.Clone(next.list), removedRange{kv.Span{Start: bytes.Clone(span.Start), End: bytes.Clone(span.End)}, v})
	c.ranges.Store(next)
	if len(next.list) <= maxRanges {
		return
	}
	for i := range c.shards {
		c.shards[i].purge(func(key []byte, v kv.Version) bool { return c.gone(key, v) })
	}
	c.ranges.Store(&removed{last: v, floor: v})
}

// Stats are counters since New, and what is there now.
type Stats struct {
	Hits, Misses uint64
	Entries      int
	Bytes        int // of memory taken
}

// Stats sums up the shards.
func (c *Cache) Stats() (sum Stats) {
	if c == nil {
		return
	}
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		sum.Hits += s.hits
		sum.Misses += s.misses
		sum.Entries += s.entries
		s.mu.Unlock()
	}
	sum.Bytes = len(c.memory)
	return sum
}
