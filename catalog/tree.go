package catalog

import (
	"iter"
	"math/rand/v2"
)

// tree is a persistent ordered map (a treap): set and delete return a new map that shares all but one path with the old one, which stays
// as it was. So a snapshot is a copy of a few roots, readers need no lock, and undoing is keeping the old root.
type tree[K, V any] struct {
	root *node[K, V]
	cmp  func(a, b K) int
}

type node[K, V any] struct {
	key         K
	value       V
	priority    uint32 // of a parent ≥ of its children: random, so that the tree stays flat
	left, right *node[K, V]
}

func (t tree[K, V]) get(k K) (v V, ok bool) {
	for n := t.root; n != nil; {
		switch c := t.cmp(k, n.key); {
		case c == 0:
			return n.value, true
		case c < 0:
			n = n.left
		default:
			n = n.right
		}
	}
	return v, false
}

// at is get for maps whose zero value means absent.
func (t tree[K, V]) at(k K) V {
	v, _ := t.get(k)
	return v
}

func (t tree[K, V]) has(k K) bool {
	_, ok := t.get(k)
	return ok
}

func (t *tree[K, V]) set(k K, v V) { t.root = t.insert(t.root, k, v) }

func (t *tree[K, V]) insert(n *node[K, V], k K, v V) *node[K, V] {
	if n == nil {
		return &node[K, V]{key: k, value: v, priority: rand.Uint32()}
	}
	m := *n
	switch c := t.cmp(k, n.key); {
	case c == 0:
		m.value = v
	case c < 0:
		m.left = t.insert(n.left, k, v)
		if up := m.left; up.priority > m.priority { // up is ours: insert has just made it
			m.left, up.right = up.right, &m
			return up
		}
	default:
		m.right = t.insert(n.right, k, v)
		if up := m.right; up.priority > m.priority {
			m.right, up.left = up.left, &m
			return up
		}
	}
	return &m
}

func (t *tree[K, V]) delete(k K) {
	if t.has(k) {
		t.root = t.without(t.root, k)
	}
}

func (t *tree[K, V]) without(n *node[K, V], k K) *node[K, V] {
	c := t.cmp(k, n.key)
	if c == 0 {
		return join(n.left, n.right)
	}
	m := *n
	if c < 0 {
		m.left = t.without(n.left, k)
	} else {
		m.right = t.without(n.right, k)
	}
	return &m
}

// join merges two trees, all of a before all of b.
func join[K, V any](a, b *node[K, V]) *node[K, V] {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.priority > b.priority:
		m := *a
		m.right = join(a.right, b)
		return &m
	default:
		m := *b
		m.left = join(a, b.left)
		return &m
	}
}

// all yields the entries in key order.
func (t tree[K, V]) all() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { walk(t.root, yield) }
}

// values yields the values in key order.
func (t tree[K, V]) values() iter.Seq[V] {
	return func(yield func(V) bool) {
		walk(t.root, func(_ K, v V) bool { return yield(v) })
	}
}

func walk[K, V any](n *node[K, V], yield func(K, V) bool) bool {
	return n == nil || walk(n.left, yield) && yield(n.key, n.value) && walk(n.right, yield)
}

// from yields the entries from key k on.
func (t tree[K, V]) from(k K) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { t.walkFrom(t.root, k, yield) }
}

func (t tree[K, V]) walkFrom(n *node[K, V], k K, yield func(K, V) bool) bool {
	if n == nil {
		return true
	}
	if t.cmp(n.key, k) < 0 {
		return t.walkFrom(n.right, k, yield)
	}
	return t.walkFrom(n.left, k, yield) && yield(n.key, n.value) && walk(n.right, yield)
}
