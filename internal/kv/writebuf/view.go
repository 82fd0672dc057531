package writebuf

import (
	"bytes"

	"github.com/kalampg/kalampg/internal/kv"
)

// View is the buffer as it was at one moment, inside one span. It stays valid while the buffer is written to, and until Reset.
type View struct {
	b    *Buffer
	l    *list
	span kv.Span
	seq  uint64
}

// View returns the state of a span, now or as of a moment; ok is false when the buffer says nothing about it.
func (b *Buffer) View(s kv.Span, asOf kv.Moment) (v View, ok bool) {
	if len(b.ops) == 0 {
		return View{}, false
	}
	v = View{b, &b.lists[listOf(s.Start)], s, b.until(asOf)}
	if v.l.n > 0 {
		if n := b.search(v.l, s.Start, nil); n != none && bytes.Compare(b.key(n), s.End) < 0 {
			ok = true
		}
	}
	for i := range b.ranges {
		if bytes.Compare(b.ranges[i].start, s.End) < 0 && bytes.Compare(s.Start, b.ranges[i].end) < 0 {
			ok = true
		}
	}
	if ok {
		b.frozen = b.seq
		v.span = kv.Span{Start: bytes.Clone(s.Start), End: bytes.Clone(s.End)}
	}
	return v, ok
}

// Within is the part of a view in a smaller span.
func (v *View) Within(s kv.Span) View {
	return View{v.b, v.l, kv.Span{Start: bytes.Clone(s.Start), End: bytes.Clone(s.End)}, v.seq}
}

// Deleted tells whether a deleted range hides key in what lies below the buffer.
func (v *View) Deleted(key []byte) bool {
	return len(v.b.ranges) > 0 && v.b.rangeSeq(key, v.seq) > 0
}

// Pos is a place in a view. The zero Pos is its end.
type Pos struct {
	node  uint32
	Key   []byte
	Value []byte
	Del   bool
}

// Valid tells whether the position is at a key.
func (p *Pos) Valid() bool { return p.node != none }

// First is the first key of the view, in order or in reverse.
func (v *View) First(reverse bool) Pos {
	if !reverse {
		return v.settle(v.b.search(v.l, v.span.Start, nil), false)
	}
	var before [maxHeight]uint32
	v.b.search(v.l, v.span.End, &before)
	return v.settle(before[0], true)
}

// Next is the key after p, in order or in reverse.
func (v *View) Next(p Pos, reverse bool) Pos { return v.settle(v.step(p.node, reverse), reverse) }

func (v *View) step(n uint32, reverse bool) uint32 {
	if reverse {
		return v.b.nodes[n].prev
	}
	return v.b.next(v.l, n, 0)
}

// settle finds the first node from n on which the view has an operation.
func (v *View) settle(n uint32, reverse bool) Pos {
	for n != none {
		key := v.b.key(n)
		if reverse && bytes.Compare(key, v.span.Start) < 0 || !reverse && bytes.Compare(key, v.span.End) >= 0 {
			break
		}
		i := v.b.nodes[n].op
		for i != none && v.b.ops[i].seq > v.seq {
			i = v.b.ops[i].older
		}
		if i != none {
			o := &v.b.ops[i]
			hidden := len(v.b.ranges) > 0 && v.b.rangeSeq(key, v.seq) > o.seq
			return Pos{n, key, v.b.bytes.at(o.value), o.del || hidden}
		}
		n = v.step(n, reverse)
	}
	return Pos{}
}

// Ranges calls f for every deleted range, oldest first. A commit applies them before the single operations of All.
func (b *Buffer) Ranges(f func(start, end []byte)) {
	for i := range b.ranges {
		f(b.ranges[i].start, b.ranges[i].end)
	}
}

// All calls f for the newest operation of every key that no later range deletes, each space in key order, until f returns false.
func (b *Buffer) All(f func(key, value []byte, del bool, base kv.Version) bool) {
	for i := range b.lists {
		l := &b.lists[i]
		if l.n == 0 {
			continue
		}
		for n := l.head[0]; n != none; n = b.next(l, n, 0) {
			node := &b.nodes[n]
			if node.op == none {
				continue
			}
			o := &b.ops[node.op]
			key := b.key(n)
			if len(b.ranges) > 0 && b.rangeSeq(key, b.seq) > o.seq {
				continue
			}
			if !f(key, b.bytes.at(o.value), o.del, node.base) {
				return
			}
		}
	}
}
