package txn

import (
	"bytes"
	"context"
	"sync"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/writebuf"
)

// mergeRows is how many items a merged batch holds at most.
const mergeRows = 1024

// cursor is an engine's iterator, merged with the transaction's writes in its span if there were any when it was opened.
type cursor struct {
	t          *Txn
	snap       *snapshot
	it         Iter // nil once closed
	older      *cursor
	newer      *cursor
	inStore    cursorLink
	merge      *merge
	exhausted  bool
	afterClose error
	read       *spanRead // of a serialisable transaction
}

// merge is the state of reading two ordered sources as one; the write buffer hides the engine.
type merge struct {
	view    writebuf.View
	own     writebuf.Pos
	reverse bool
	base    kv.Batch
	at      int // next of base
	ended   bool
}

// Scan opens a cursor.
func (t *Txn) Scan(ctx context.Context, span kv.Span, o kv.ScanOptions) (kv.Cursor, error) {
	if err := t.enter(ctx); err != nil {
		return nil, err
	}
	defer t.s.leave()
	c := &cursor{t: t, snap: t.snap}
	if bytes.Compare(span.Start, span.End) >= 0 {
		c.exhausted = true
		return c, nil
	}
	if o.Latest {
		c.snap = t.s.acquire()
		defer c.snap.release()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.buf != nil {
		if view, ok := t.buf.View(span, o.AsOf); ok {
			c.merge = &merge{view: view, own: view.First(o.Reverse), reverse: o.Reverse}
			if o.Limit > 0 {
				o.Limit += mergeRows / 16 // own deletes may hide some of what is read
			}
		}
	}
	it, err := t.iter(c.snap, span, o)
	if err != nil {
		return nil, err
	}
	c.it = it
	if t.serial != nil {
		c.read = &spanRead{serial: t.serial, span: kv.Span{Start: bytes.Clone(span.Start), End: bytes.Clone(span.End)}, reverse: o.Reverse}
	}
	c.snap.refs.Add(1)
	c.older = t.cursors
	if c.older != nil {
		c.older.newer = c
	}
	t.cursors = c
	t.s.cursors.add(c)
	return c, nil
}

// Next fills the batch with the next items.
func (c *cursor) Next(ctx context.Context, into *kv.Batch) (int, error) {
	into.Reset()
	if c.exhausted {
		return 0, nil
	}
	if err := c.t.enter(ctx); err != nil {
		return 0, err
	}
	defer c.t.s.leave()
	if c.it == nil {
		return 0, kv.ErrTxnDone
	}
	var n int
	var err error
	if c.merge == nil {
		n, err = c.it.Next(into)
	} else {
		n, err = c.merge.fill(c.it, into)
	}
	c.exhausted = n == 0 && err == nil
	if c.read != nil && err == nil {
		err = c.read.advance(into, n)
	}
	return n, err
}

// fill merges until the batch is full or both sources end.
func (m *merge) fill(it Iter, into *kv.Batch) (int, error) {
	for into.Len() < mergeRows {
		if m.at == m.base.Len() && !m.ended {
			if into.Len() > 0 {
				break // hand over what is there before reading on
			}
			n, err := it.Next(&m.base)
			if err != nil {
				return 0, err
			}
			m.at, m.ended = 0, n == 0
			continue
		}
		if m.ended && !m.own.Valid() {
			break
		}
		m.step(into)
	}
	return into.Len(), nil
}

// step moves one key from the sources to the batch, unless it is deleted.
func (m *merge) step(into *kv.Batch) {
	order := 1 // of the engine's key against the own one; negative: the engine's comes first
	if m.at < m.base.Len() {
		order = -1
		if m.own.Valid() {
			order = bytes.Compare(m.base.Key(m.at), m.own.Key)
			if m.reverse {
				order = -order
			}
		}
	}
	if order < 0 {
		if key := m.base.Key(m.at); !m.view.Deleted(key) {
			into.Append(key, m.base.Value(m.at), m.base.Version(m.at))
		}
		m.at++
		return
	}
	if order == 0 {
		m.at++
	}
	if !m.own.Del {
		into.Append(m.own.Key, m.own.Value, kv.Pending)
	}
	m.own = m.view.Next(m.own, m.reverse)
}

// Close gives the iterator back.
func (c *cursor) Close() {
	if c.it == nil {
		return
	}
	c.unlink()
	c.exhausted = false
	if c.t.s.enter() != nil {
		c.it = nil // Close of the store has closed the iterator
		return
	}
	defer c.t.s.leave()
	c.t.s.cursors.remove(c)
	c.it.Close()
	c.it = nil
	c.snap.release()
}

// unlink takes the cursor out of its transaction's list.
func (c *cursor) unlink() {
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	if c.newer == nil {
		c.t.cursors = c.older
	} else {
		c.newer.older = c.older
	}
	if c.older != nil {
		c.older.newer = c.newer
	}
}

// cursorList is all open cursors of a store, for Close: an engine must not be closed below an iterator.
type cursorList struct {
	mu    sync.Mutex
	first *cursor
}

type cursorLink struct{ prev, next *cursor }

func (l *cursorList) add(c *cursor) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.inStore.next = l.first
	if l.first != nil {
		l.first.inStore.prev = c
	}
	l.first = c
}

func (l *cursorList) remove(c *cursor) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.inStore.prev == nil {
		l.first = c.inStore.next
	} else {
		c.inStore.prev.inStore.next = c.inStore.next
	}
	if c.inStore.next != nil {
		c.inStore.next.inStore.prev = c.inStore.prev
	}
}

// closeAll closes every iterator and its snapshot. The caller holds the gate exclusively, so no cursor is in use.
func (l *cursorList) closeAll() {
	for c := l.first; c != nil; c = c.inStore.next {
		c.it.Close()
	}
	l.first = nil
}
