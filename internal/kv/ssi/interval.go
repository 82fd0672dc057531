package ssi

import (
	"bytes"
	"math/rand/v2"

	"github.com/kalampg/kalampg/internal/kv"
)

// tree is a set of key spans with their owners that finds all spans which overlap a given one: a treap by start, each node knowing the greatest end
// below it.
type tree struct{ root *node }

// node is a span that a transaction has read or written. start and end do not change while the node is in a tree.
type node struct {
	start, end  []byte // half-open
	owner       *Txn
	max         []byte // the greatest end in this subtree
	priority    uint64
	left, right *node
}

// point is the span of one key: up to the next possible key.
func point(key []byte) kv.Span {
	end := make([]byte, len(key)+1)
	copy(end, key)
	return kv.Span{Start: end[:len(key):len(key)], End: end}
}

func (n *node) update() {
	n.max = n.end
	if n.left != nil && bytes.Compare(n.left.max, n.max) > 0 {
		n.max = n.left.max
	}
	if n.right != nil && bytes.Compare(n.right.max, n.max) > 0 {
		n.max = n.right.max
	}
}

// before is the order of the tree; nodes of one start are told apart by their random priorities.
func (n *node) before(m *node) bool {
	if c := bytes.Compare(n.start, m.start); c != 0 {
		return c < 0
	}
	return n.priority < m.priority
}

func (t *tree) insert(span kv.Span, owner *Txn) *node {
	n := &node{start: span.Start, end: span.End, owner: owner, priority: rand.Uint64()}
	t.root = insert(t.root, n)
	return n
}

func insert(at, n *node) *node {
	if at == nil {
		n.update()
		return n
	}
	if n.priority > at.priority {
		n.left, n.right = split(at, n)
		n.update()
		return n
	}
	if n.before(at) {
		at.left = insert(at.left, n)
	} else {
		at.right = insert(at.right, n)
	}
	at.update()
	return at
}

// split parts a subtree into what comes before n and what comes after it.
func split(at, n *node) (before, after *node) {
	if at == nil {
		return nil, nil
	}
	if at.before(n) {
		at.right, after = split(at.right, n)
		at.update()
		return at, after
	}
	before, at.left = split(at.left, n)
	at.update()
	return before, at
}

func (t *tree) remove(n *node) {
	t.root = remove(t.root, n)
	n.left, n.right = nil, nil
}

func remove(at, n *node) *node {
	if at == nil {
		return nil
	}
	if at == n {
		return merge(at.left, at.right)
	}
	if n.before(at) {
		at.left = remove(at.left, n)
	} else {
		at.right = remove(at.right, n)
	}
	at.update()
	return at
}

func merge(a, b *node) *node {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	if a.priority > b.priority {
		a.right = merge(a.right, b)
		a.update()
		return a
	}
	b.left = merge(a, b.left)
	b.update()
	return b
}

// overlapping appends the owners of the spans that overlap the given one, an owner perhaps more than once.
func (t *tree) overlapping(span kv.Span, list []*Txn) []*Txn { return t.root.overlapping(span, list) }

func (n *node) overlapping(span kv.Span, list []*Txn) []*Txn {
	if n == nil || bytes.Compare(n.max, span.Start) <= 0 {
		return list
	}
	list = n.left.overlapping(span, list)
	if bytes.Compare(n.start, span.End) >= 0 {
		return list
	}
	if bytes.Compare(n.end, span.Start) > 0 && (len(list) == 0 || list[len(list)-1] != n.owner) {
		list = append(list, n.owner)
	}
	return n.right.overlapping(span, list)
}

// footprint is the part of a tree that belongs to one transaction, by collection.
type footprint struct {
	tree    *tree
	limit   int // spans of a collection before they are merged
	parts   map[string]*part
	spans   int
	current *part // the last one used
	prefix  string
}

// part is the spans in one collection. Once merged they are one, in merged.
type part struct {
	points map[string]*node
	ranges []*node
	merged *node
}

func (f *footprint) part(key []byte) *part {
	if len(key) > kv.CollectionPrefix {
		key = key[:kv.CollectionPrefix]
	}
	if f.current != nil && f.prefix == string(key) {
		return f.current
	}
	p := f.parts[string(key)]
	if p == nil {
		if f.parts == nil {
			f.parts = make(map[string]*part)
		}
		p = &part{points: make(map[string]*node)}
		f.parts[string(key)] = p
	}
	f.current, f.prefix = p, string(key)
	return p
}

// addPoint adds a key.
func (f *footprint) addPoint(owner *Txn, key []byte) {
	p := f.part(key)
	if p.merged != nil {
		f.extend(owner, p, key, nil)
		return
	}
	if p.points[string(key)] != nil || p.covers(key) {
		return
	}
	p.points[string(key)] = f.tree.insert(point(key), owner)
	f.spans++
	f.bound(owner, p)
}

// covers tells whether one of the newest ranges holds the key; looking at a few of them keeps repeated reads from adding up.
func (p *part) covers(key []byte) bool {
	for i := len(p.ranges) - 1; i >= 0 && i >= len(p.ranges)-4; i-- {
		if bytes.Compare(p.ranges[i].start, key) <= 0 && bytes.Compare(key, p.ranges[i].end) < 0 {
			return true
		}
	}
	return false
}

// addRange adds a span, which the caller does not change any more. It returns the node, nil when the span became part of a merged one.
func (f *footprint) addRange(owner *Txn, span kv.Span) *node {
	p := f.part(span.Start)
	if p.merged != nil {
		f.extend(owner, p, span.Start, span.End)
		return nil
	}
	for i := len(p.ranges) - 1; i >= 0 && i >= len(p.ranges)-4; i-- {
		if bytes.Compare(p.ranges[i].start, span.Start) <= 0 && bytes.Compare(span.End, p.ranges[i].end) <= 0 {
			return nil
		}
	}
	n := f.tree.insert(span, owner)
	p.ranges = append(p.ranges, n)
	f.spans++
	f.bound(owner, p)
	if p.merged != nil {
		return nil
	}
	return n
}

// grow replaces a range by a larger one, as a cursor moves on. The node may be nil, or merged away since.
func (f *footprint) grow(owner *Txn, n *node, span kv.Span) *node {
	if n != nil {
		p := f.part(span.Start)
		for i := len(p.ranges) - 1; i >= 0; i-- {
			if p.ranges[i] == n {
				p.ranges = append(p.ranges[:i], p.ranges[i+1:]...)
				f.tree.remove(n)
				f.spans--
				break
			}
		}
	}
	return f.addRange(owner, span)
}

// bound merges the spans of a part that has become too large.
func (f *footprint) bound(owner *Txn, p *part) {
	if len(p.points)+len(p.ranges) <= f.limit {
		return
	}
	var whole kv.Span
	widen := func(n *node) {
		if whole.Start == nil || bytes.Compare(n.start, whole.Start) < 0 {
			whole.Start = n.start
		}
		if whole.End == nil || bytes.Compare(n.end, whole.End) > 0 {
			whole.End = n.end
		}
		f.tree.remove(n)
		f.spans--
	}
	for _, n := range p.points {
		widen(n)
	}
	for _, n := range p.ranges {
		widen(n)
	}
	p.points, p.ranges = nil, nil
	p.merged = f.tree.insert(whole, owner)
	f.spans++
}

// extend makes a merged span hold [start, end) too; without end, the key start.
func (f *footprint) extend(owner *Txn, p *part, start, end []byte) {
	if end == nil {
		if bytes.Compare(p.merged.start, start) <= 0 && bytes.Compare(start, p.merged.end) < 0 {
			return
		}
		s := point(start)
		start, end = s.Start, s.End
	}
	span := kv.Span{Start: p.merged.start, End: p.merged.end}
	if bytes.Compare(start, span.Start) < 0 {
		span.Start = start
	}
	if bytes.Compare(end, span.End) > 0 {
		span.End = end
	}
	if len(span.Start) == len(p.merged.start) && len(span.End) == len(p.merged.end) && bytes.Equal(span.Start, p.merged.start) && bytes.Equal(span.End, p.merged.end) {
		return
	}
	f.tree.remove(p.merged)
	p.merged = f.tree.insert(span, owner)
}

// each calls fn for every span.
func (f *footprint) each(fn func(n *node, isPoint bool)) {
	for _, p := range f.parts {
		for _, n := range p.points {
			fn(n, true)
		}
		for _, n := range p.ranges {
			fn(n, false)
		}
		if p.merged != nil {
			fn(p.merged, false)
		}
	}
}

// clear takes everything out of the tree.
func (f *footprint) clear() {
	f.each(func(n *node, _ bool) { f.tree.remove(n) })
	f.parts, f.current, f.spans = nil, nil, 0
}
