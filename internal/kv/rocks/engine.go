package rocks

import (
	"fmt"
	"sync"

	"github.com/linxGnu/grocksdb"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/txn"
	"github.com/kalampg/kalampg/internal/kv/writebuf"
)

// The families by number. Meta is RocksDB's default one, which always exists.
const (
	familyMeta = iota
	familyCatalog
	familyRows
	familyIndex
	familyCount
)

var familyNames = [familyCount]string{"default", "catalog", "rows", "index"}

// familyOf is the family of a key's space.
func familyOf(key []byte) int {
	if len(key) > 0 {
		switch key[0] {
		case kv.SpaceCatalog:
			return familyCatalog
		case kv.SpaceRows:
			return familyRows
		case kv.SpaceIndex:
			return familyIndex
		}
	}
	return familyMeta
}

// The engine's own keys.
var (
	formatKey = []byte{kv.SpaceMeta, 0, 'f', 'o', 'r', 'm', 'a', 't'}
	tickKey   = []byte{kv.SpaceMeta, 0, 't', 'i', 'c', 'k'} // written by commits that write nothing else, to have a version
)

// engine implements txn.Engine.
type engine struct {
	native
	db       *grocksdb.DB
	families []*grocksdb.ColumnFamilyHandle
	close    func() // what was opened beside the database
	ids      [familyCount]uint32
	pool     sync.Pool // of *writes
	group    []byte    // the batch of a group of several
	space    space
	closed   bool
}

type snapshot struct {
	e *engine
	p pinned
}

// Snapshot pins the newest state.
func (e *engine) Snapshot() txn.Snapshot { return &snapshot{e, e.native.snapshot()} }

// Release lets compactions drop what only this snapshot saw.
func (s *snapshot) Release() { s.e.native.release(s.p) }

// Get looks up keys, those of one family that follow each other in one call.
func (e *engine) Get(s txn.Snapshot, keys [][]byte, into *kv.Batch) error {
	at := s.(*snapshot).p
	for len(keys) > 0 {
		family, n := familyOf(keys[0]), 1
		for n < len(keys) && familyOf(keys[n]) == family {
			n++
		}
		if err := e.get(family, at, keys[:n], into); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

// Iter opens an iterator.
func (e *engine) Iter(s txn.Snapshot, span kv.Span, o kv.ScanOptions) (txn.Iter, error) {
	return e.scan(familyOf(span.Start), s.(*snapshot).p, span, o), nil
}

// Prepare serialises the writes; each of them takes a sequence number.
func (e *engine) Prepare(b *writebuf.Buffer) (txn.Writes, int) {
	w := e.pool.Get().(*writes)
	w.reset()
	if b != nil {
		w.add(b)
	}
	if w.count == 0 {
		w.put(tickKey, nil)
	}
	return w, int(w.count)
}

// Apply writes a group as one RocksDB batch.
func (e *engine) Apply(group []*txn.Commit, sync bool) error {
	var rep []byte
	var count uint32
	for _, c := range group {
		w := c.Writes.(*writes)
		w.stamp(c.Version)
		count += w.count
	}
	if len(group) == 1 {
		rep = group[0].Writes.(*writes).rep
	} else {
		rep = append(e.group[:0], make([]byte, repHeader)...)
		for _, c := range group {
			rep = append(rep, c.Writes.(*writes).rep[repHeader:]...)
		}
		if e.group = rep; cap(rep) > 4<<20 {
			e.group = nil
		}
	}
	setCount(rep, count)
	seq, err := kv.Version(0), e.space.take(int64(len(rep)))
	if err == nil {
		if seq, err = e.write(rep, sync); err != nil {
			err = fmt.Errorf("%w: %w", kv.ErrBroken, err)
		}
	}
	if want := group[len(group)-1].Version; err == nil && seq != want {
		err = fmt.Errorf("%w: RocksDB is at sequence number %d, expected %d", kv.ErrBroken, seq, want)
	}
	for _, c := range group {
		e.pool.Put(c.Writes)
		c.Writes = nil
	}
	return err
}

// Sync makes the log durable.
func (e *engine) Sync() error { return e.native.sync() }

// Close closes the database.
func (e *engine) Close() error {
	if e.closed {
		return nil
	}
	e.closed = true
	e.flush()
	e.detach()
	for _, f := range e.families {
		f.Destroy()
	}
	e.db.Close()
	e.close()
	return nil
}

// flush writes what is only in memory and in the log into tables, whose every block has a checksum, so that the next start has nothing to replay. After a failure the log
// still has it all.
func (e *engine) flush() {
	o := grocksdb.NewDefaultFlushOptions()
	defer o.Destroy()
	for _, f := range e.families {
		_ = e.db.FlushCF(f, o)
	}
}
