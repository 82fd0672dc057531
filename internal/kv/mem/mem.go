package mem

import (
	"bytes"

	"github.com/tidwall/btree"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/txn"
	"github.com/kalampg/kalampg/internal/kv/writebuf"
)

// Store is an in-memory store with every power of an embedded one.
type Store struct{ *txn.Store }

// Backing is what outlives a Store: opening it again finds what was committed, as a data directory would.
type Backing struct {
	tree *btree.BTreeG[item]
	last kv.Version
}

// New returns an empty store.
func New() *Store { return Open(new(Backing)) }

// Open returns a store on what b holds. A backing is used by one open store at a time.
func Open(b *Backing) *Store {
	if b.tree == nil {
		b.tree = btree.NewBTreeGOptions(func(x, y item) bool { return bytes.Compare(x.key, y.key) < 0 }, btree.Options{NoLocks: true})
	}
	return &Store{txn.New(&engine{b}, txn.Options{Last: b.last})}
}

type item struct {
	key, value []byte
	version    kv.Version
}

type engine struct{ *Backing }

type snapshot struct{ tree *btree.BTreeG[item] }

func (snapshot) Release() {}

// Snapshot shares the tree; the next change of either copy duplicates the nodes that it touches.
func (e *engine) Snapshot() txn.Snapshot { return snapshot{e.tree.Copy()} }

func (e *engine) Get(s txn.Snapshot, keys [][]byte, into *kv.Batch) error {
	tree := s.(snapshot).tree
	for _, key := range keys {
		if it, ok := tree.Get(item{key: key}); ok {
			into.Append(key, it.value, it.version)
		} else {
			into.AppendMissing(key)
		}
	}
	return nil
}

// change is one write of a transaction; with end set it removes [key, end).
type change struct {
	key, end, value []byte
	del             bool
}

func (e *engine) Prepare(b *writebuf.Buffer) txn.Writes {
	var list []change
	if b == nil {
		return list
	}
	b.Ranges(func(start, end []byte) { list = append(list, change{key: bytes.Clone(start), end: bytes.Clone(end)}) })
	b.All(func(key, value []byte, del bool, _ kv.Version) bool {
		both := append(append(make([]byte, 0, len(key)+len(value)), key...), value...)
		list = append(list, change{key: both[:len(key):len(key)], value: both[len(key):], del: del})
		return true
	})
	return list
}

func (e *engine) Apply(group []*txn.Commit, _ bool) error {
	for _, c := range group {
		for _, r := range c.Runs {
			for _, p := range r.(*run).pairs {
				e.tree.Set(item{p.key, p.value, c.Version})
			}
		}
		for _, w := range c.Writes.([]change) {
			switch {
			case w.end != nil:
				e.deleteRange(w.key, w.end)
			case w.del:
				e.tree.Delete(item{key: w.key})
			default:
				e.tree.Set(item{w.key, w.value, c.Version})
			}
		}
		e.last = c.Version
	}
	return nil
}

func (e *engine) deleteRange(start, end []byte) {
	var gone []item
	e.tree.Ascend(item{key: start}, func(it item) bool {
		if bytes.Compare(it.key, end) >= 0 {
			return false
		}
		gone = append(gone, it)
		return true
	})
	for _, it := range gone {
		e.tree.Delete(it)
	}
}

func (e *engine) Sync() error  { return nil }
func (e *engine) Close() error { return nil }

// batchRows is how many items an iterator yields at a time.
const batchRows = 256

type iter struct {
	it   btree.IterG[item]
	span kv.Span
	o    kv.ScanOptions
	ok   bool
}

func (e *engine) Iter(s txn.Snapshot, span kv.Span, o kv.ScanOptions) (txn.Iter, error) {
	i := &iter{it: s.(snapshot).tree.Iter(), span: kv.Span{Start: bytes.Clone(span.Start), End: bytes.Clone(span.End)}, o: o}
	switch {
	case !o.Reverse:
		i.ok = i.it.Seek(item{key: span.Start})
	case i.it.Seek(item{key: span.End}):
		i.ok = i.it.Prev()
	default:
		i.ok = i.it.Last()
	}
	return i, nil
}

func (i *iter) Next(into *kv.Batch) (int, error) {
	into.Reset()
	for i.ok && into.Len() < batchRows {
		at := i.it.Item()
		if i.o.Reverse && bytes.Compare(at.key, i.span.Start) < 0 || !i.o.Reverse && bytes.Compare(at.key, i.span.End) >= 0 {
			i.ok = false
			break
		}
		if i.o.KeysOnly {
			into.Append(at.key, nil, at.version)
		} else {
			into.Append(at.key, at.value, at.version)
		}
		if i.o.Reverse {
			i.ok = i.it.Prev()
		} else {
			i.ok = i.it.Next()
		}
	}
	return into.Len(), nil
}

func (i *iter) Close() { i.it.Release() }
