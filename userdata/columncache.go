package userdata

import (
	"sync"
	"sync/atomic"

	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/kv"
)

// columnCache keeps columns of tables that scans have read, packed, part by part of the key range, so that the next scan need not read and decode the rows again. It is exact:
// each part is watched (kv.Watcher), and what is kept is used only by snapshots to which the part has not changed. Beyond its limit the columns
// that were used longest ago go.
type columnCache struct {
	watcher kv.Watcher // nil: nothing is kept
	limit   atomic.Int64

	mu     sync.Mutex
	tables map[string]*cachedTable // by the prefix of their keys
	used   int64
	clock  int64
}

// cachedTable is a table cut into parts that cover its keys.
type cachedTable struct {
	prefix string
	parts  []*cachedPart
}

// cachedPart is a part with the columns that are kept of it.
type cachedPart struct {
	span   kv.Span
	watch  *kv.Watch
	kept   atomic.Pointer[keptColumns]
	recent atomic.Int64 // the cache's clock when it was last read
}

// keptColumns are columns of a part as of a version. It is immutable.
type keptColumns struct {
	at      kv.Version
	rows    int
	columns map[int16]*column.Packed // by attribute number
}

func (k *keptColumns) size() int64 {
	size := int64(64)
	if k != nil {
		for _, c := range k.columns {
			size += int64(c.Size())
		}
	}
	return size
}

// table gives the parts of a table's rows, nil when it has none yet.
func (c *columnCache) table(prefix []byte) *cachedTable {
	if c.watcher == nil || c.limit.Load() <= 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tables[string(prefix)]
}

// cut makes the parts of a table.
func (c *columnCache) cut(prefix []byte, spans []kv.Span) *cachedTable {
	if c.watcher == nil || c.limit.Load() <= 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.tables[string(prefix)]; t != nil {
		return t
	}
	t := &cachedTable{prefix: string(prefix)}
	for i, w := range c.watcher.Watch(spans) {
		t.parts = append(t.parts, &cachedPart{span: spans[i], watch: w})
	}
	if c.tables == nil {
		c.tables = make(map[string]*cachedTable)
	}
	c.tables[t.prefix] = t
	return t
}

// forget drops a table, to be cut anew.
func (c *columnCache) forget(t *cachedTable) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tables[t.prefix] != t {
		return
	}
	delete(c.tables, t.prefix)
	c.watcher.Unwatch([]byte(t.prefix))
	for _, p := range t.parts {
		if k := p.kept.Swap(nil); k != nil {
			c.used -= k.size()
		}
	}
}

// drop forgets the table of a key prefix.
func (c *columnCache) drop(prefix []byte) {
	c.mu.Lock()
	t := c.tables[string(prefix)]
	c.mu.Unlock()
	if t != nil {
		c.forget(t)
	}
}

// at gives what is kept of a part if it is what a reader at a snapshot would read.
func (c *columnCache) at(p *cachedPart, snapshot kv.Version) *keptColumns {
	k := p.kept.Load()
	if k == nil || p.watch.Changed() > min(snapshot, k.at) {
		return nil
	}
	return k
}

// touch notes that a part is in use.
func (c *columnCache) touch(p *cachedPart) {
	p.recent.Store(atomic.AddInt64(&c.clock, 1))
}

// keep adds columns that were read at a snapshot at which the part was as it was when it was last written. Columns that are kept already stay, if they are good.
func (c *columnCache) keep(p *cachedPart, snapshot kv.Version, rows int, columns map[int16]*column.Packed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := p.kept.Load()
	merged := &keptColumns{at: snapshot, rows: rows, columns: columns}
	if old != nil && old.rows == rows && p.watch.Changed() <= min(old.at, snapshot) {
		for n, col := range old.columns {
			if columns[n] == nil {
				columns[n] = col
			}
		}
		merged.at = max(old.at, snapshot)
	}
	p.kept.Store(merged)
	c.used += merged.size()
	if old != nil {
		c.used -= old.size()
	}
	for c.used > c.limit.Load() {
		if !c.evict() {
			return
		}
	}
}

// evict drops the columns of the part that was read longest ago.
func (c *columnCache) evict() bool {
	var oldest *cachedPart
	for _, t := range c.tables {
		for _, p := range t.parts {
			if p.kept.Load() != nil && (oldest == nil || p.recent.Load() < oldest.recent.Load()) {
				oldest = p
			}
		}
	}
	if oldest == nil {
		return false
	}
	c.used -= oldest.kept.Swap(nil).size()
	return true
}

// estimate is the number of rows in the parts that are known, and whether that is all of them.
func (t *cachedTable) estimate() (rows float64, whole bool) {
	known := 0
	for _, p := range t.parts {
		if k := p.kept.Load(); k != nil {
			rows += float64(k.rows)
			known++
		}
	}
	if known == 0 {
		return float64(len(t.parts)) * float64(partRows), false
	}
	return rows * float64(len(t.parts)) / float64(known), known == len(t.parts)
}
