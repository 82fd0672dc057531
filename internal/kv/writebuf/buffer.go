package writebuf

import (
	"bytes"
	"math/bits"
	"unsafe"

	"github.com/kalampg/kalampg/internal/kv"
)

// maxHeight is enough for 4^12 keys with one node in four on the next level.
const maxHeight = 12

// lists is the number of key lists: one for each space that kv names, and one for all others.
const lists = 5

// none is the number of the head node: what ends a list in both directions, and the operation that no node has.
const none = 0

type node struct {
	key    ref
	links  uint32 // of level 0 in Buffer.links; higher levels follow
	prev   uint32
	op     uint32 // newest operation, none after all were undone
	height uint8
	base   kv.Version // snapshot of the transaction when it first wrote the key
}

// op is one put or delete. Operation 0 is not used.
type op struct {
	seq   uint64
	node  uint32 // none for a deleted range
	older uint32
	value ref
	del   bool
}

type deletedRange struct {
	start, end []byte
	seq        uint64
}

// list is the skip list of one space. tail and last make appending in key order cheap.
type list struct {
	head [maxHeight]uint32
	last [maxHeight]uint32 // last node of each level
	n    int               // keys with at least one operation
	ops  int
}

// Buffer holds a transaction's writes. The zero Buffer is empty and ready for use; it is used by one goroutine.
type Buffer struct {
	bytes  arena
	nodes  []node
	links  []uint32
	ops    []op
	ranges []deletedRange
	lists  [lists]list
	seq    uint64 // of the newest operation
	frozen uint64 // operations up to it may be seen by a view or are before a mark: not to be overwritten in place
	random uint32
}

func listOf(key []byte) int {
	if len(key) > 0 && key[0] >= kv.SpaceCatalog && key[0] <= kv.SpaceMeta {
		return int(key[0])
	}
	return 0
}

// Len is the number of operations that are not undone, ranges included.
func (b *Buffer) Len() int {
	if len(b.ops) == 0 {
		return 0
	}
	return len(b.ops) - 1
}

// Bytes is the size of the keys and values.
func (b *Buffer) Bytes() int { return b.bytes.size }

// Memory is about what the buffer takes.
func (b *Buffer) Memory() int {
	return b.bytes.size + len(b.nodes)*int(unsafe.Sizeof(node{})) + len(b.ops)*int(unsafe.Sizeof(op{})) + 4*len(b.links)
}

// Reset empties the buffer and keeps a little of its memory.
func (b *Buffer) Reset() {
	b.bytes.reset()
	if cap(b.nodes) > 1024 {
		b.nodes, b.links, b.ops = nil, nil, nil
	}
	b.nodes, b.links, b.ops, b.ranges = b.nodes[:0], b.links[:0], b.ops[:0], nil
	b.lists = [lists]list{}
	b.seq, b.frozen = 0, 0
}

// Put buffers a value. base is the snapshot that the writer sees.
func (b *Buffer) Put(key, value []byte, base kv.Version) { b.write(key, value, base, false) }

// Delete buffers the removal of a key.
func (b *Buffer) Delete(key []byte, base kv.Version) { b.write(key, nil, base, true) }

// DeleteRange buffers the removal of every key in the span.
func (b *Buffer) DeleteRange(s kv.Span) {
	b.begin()
	b.seq++
	b.ranges = append(b.ranges, deletedRange{bytes.Clone(s.Start), bytes.Clone(s.End), b.seq})
	b.ops = append(b.ops, op{seq: b.seq})
}

func (b *Buffer) begin() {
	if len(b.nodes) == 0 {
		b.nodes = append(b.nodes, node{})
		b.ops = append(b.ops, op{})
	}
}

func (b *Buffer) write(key, value []byte, base kv.Version, del bool) {
	b.begin()
	l := &b.lists[listOf(key)]
	at := b.insert(l, key)
	n := &b.nodes[at]
	b.seq++
	if n.op == none {
		n.base = base
		l.n++
	} else if top := &b.ops[n.op]; top.seq > b.frozen {
		// Nobody can see or restore the older value: overwrite it.
		top.seq, top.del = b.seq, del
		if int(top.value.len) >= len(value) {
			top.value.len = uint32(len(value))
			copy(b.bytes.at(top.value), value)
		} else {
			top.value = b.bytes.copy(value)
		}
		return
	}
	b.ops = append(b.ops, op{seq: b.seq, node: at, older: n.op, value: b.bytes.copy(value), del: del})
	n.op = uint32(len(b.ops) - 1)
	l.ops++
}

func (b *Buffer) key(n uint32) []byte { return b.bytes.at(b.nodes[n].key) }

func (b *Buffer) next(l *list, n uint32, level int) uint32 {
	if n == none {
		return l.head[level]
	}
	return b.links[int(b.nodes[n].links)+level]
}

// insert returns the node of key, making it if need be.
func (b *Buffer) insert(l *list, key []byte) uint32 {
	var before [maxHeight]uint32
	if last := l.last[0]; last == none || bytes.Compare(key, b.key(last)) > 0 {
		before = l.last
	} else if found := b.search(l, key, &before); found != none && bytes.Equal(b.key(found), key) {
		return found
	}
	height := b.height()
	at := uint32(len(b.nodes))
	b.nodes = append(b.nodes, node{key: b.bytes.copy(key), links: uint32(len(b.links)), prev: before[0], height: uint8(height)})
	for level := range height {
		after := b.next(l, before[level], level)
		b.links = append(b.links, after)
		if before[level] == none {
			l.head[level] = at
		} else {
			b.links[int(b.nodes[before[level]].links)+level] = at
		}
		if after == none {
			l.last[level] = at
		} else if level == 0 {
			b.nodes[after].prev = at
		}
	}
	return at
}

// search returns the first node at or after key; before, when not nil, receives the last node before key on each level.
func (b *Buffer) search(l *list, key []byte, before *[maxHeight]uint32) uint32 {
	at := uint32(none)
	for level := maxHeight - 1; level >= 0; level-- {
		for {
			next := b.next(l, at, level)
			if next == none || bytes.Compare(b.key(next), key) >= 0 {
				break
			}
			at = next
		}
		if before != nil {
			before[level] = at
		}
	}
	return b.next(l, at, 0)
}

// height draws 1 with probability 3/4, 2 with 3/16, and so on.
func (b *Buffer) height() int {
	b.random = b.random*1664525 + 1013904223
	return min(1+bits.LeadingZeros32(b.random|1)/2, maxHeight)
}

// Mark returns the present position in the log of operations.
func (b *Buffer) Mark() kv.Mark {
	b.frozen = b.seq
	return kv.Mark(b.Len())
}

// Moment returns the present moment. What is there now is kept for readers as of it.
func (b *Buffer) Moment() kv.Moment {
	b.frozen = b.seq
	return kv.Moment(b.seq + 1)
}

// until is the last operation that a reader as of a moment sees.
func (b *Buffer) until(m kv.Moment) uint64 {
	if m == 0 {
		return b.seq
	}
	return min(uint64(m)-1, b.seq)
}

// RollbackTo undoes every operation after the mark.
func (b *Buffer) RollbackTo(m kv.Mark) {
	for b.Len() > int(m) {
		last := len(b.ops) - 1
		o := b.ops[last]
		b.ops = b.ops[:last]
		if o.node == none {
			b.ranges = b.ranges[:len(b.ranges)-1]
			continue
		}
		n := &b.nodes[o.node]
		n.op = o.older
		l := &b.lists[listOf(b.bytes.at(n.key))]
		l.ops--
		if n.op == none {
			l.n--
		}
	}
	b.frozen = b.seq
}

// rangeSeq is the newest deleted range up to limit that covers key, 0 for none.
func (b *Buffer) rangeSeq(key []byte, limit uint64) uint64 {
	for i := len(b.ranges) - 1; i >= 0; i-- {
		r := &b.ranges[i]
		if r.seq <= limit && bytes.Compare(r.start, key) <= 0 && bytes.Compare(key, r.end) < 0 {
			return r.seq
		}
	}
	return 0
}

// Get looks key up, now or as of a moment. known tells whether the buffer decides; if so, found tells whether the key has a value.
func (b *Buffer) Get(key []byte, asOf kv.Moment) (value []byte, found, known bool) {
	if len(b.ops) == 0 {
		return nil, false, false
	}
	l := &b.lists[listOf(key)]
	var newest op
	seq := b.until(asOf)
	if l.n > 0 {
		if n := b.search(l, key, nil); n != none && bytes.Equal(b.key(n), key) {
			newest = b.ops[b.nodes[n].op]
			for newest.seq > seq {
				newest = b.ops[newest.older]
			}
		}
	}
	if len(b.ranges) > 0 && b.rangeSeq(key, seq) > newest.seq {
		return nil, false, true
	}
	if newest.seq == 0 {
		return nil, false, false
	}
	if newest.del {
		return nil, false, true
	}
	return b.bytes.at(newest.value), true, true
}
