package rocks

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/linxGnu/grocksdb"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/commitlog"
	"github.com/kalampg/kalampg/internal/kv/rowcache"
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
	// appliedKey has the version of the newest commit that was applied. It is written with every group, so the tables say for themselves where in the log they stand.
	appliedKey = []byte{kv.SpaceMeta, 0, 'a', 'p', 'p', 'l', 'i', 'e', 'd'}
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
	records  []commitlog.Record
	log      *commitlog.Log
	cached   *rowcache.Cache
	lastRun  atomic.Uint64
	applied  kv.Version // of the last group, or of the recovery
	maxLive  int64      // bytes of log that a recovery may have to read
	unseen   int64      // bytes logged since the last look at what the tables have
	flushing bool       // to shorten the log
	ailing   bool       // RocksDB refused a write: it has to be asked before the log is written
	space    space
	closed   bool
}

type snapshot struct {
	e       *engine
	p       pinned
	version kv.Version
}

// Snapshot pins the newest state.
func (e *engine) Snapshot() txn.Snapshot { return &snapshot{e, e.native.snapshot(), e.applied} }

// Release lets compactions drop what only this snapshot saw.
func (s *snapshot) Release() { s.e.native.release(s.p) }

// Get looks up keys in the cache of rows, and what it does not know in RocksDB, keys of one family that follow each other in one call.
func (e *engine) Get(s txn.Snapshot, keys [][]byte, into *kv.Batch) error {
	at := s.(*snapshot)
	for len(keys) > 0 {
		family, n := familyOf(keys[0]), 1
		if cacheable(family) {
			if e.cached.Get(keys[0], at.version, into) {
				keys = keys[1:]
				continue
			}
		}
		for n < len(keys) && familyOf(keys[n]) == family && !(cacheable(family) && e.cached.Has(keys[n])) {
			n++
		}
		from := into.Len()
		if err := e.get(family, at.p, keys[:n], into); err != nil {
			return err
		}
		if cacheable(family) {
			for i := from; i < into.Len(); i++ {
				if into.Found(i) {
					e.cached.Fill(into.Key(i), into.Value(i), into.Version(i), at.version)
				}
			}
		}
		keys = keys[n:]
	}
	return nil
}

// cacheable tells whether a family's single keys are looked up often enough to be kept.
func cacheable(family int) bool { return family == familyRows || family == familyIndex }

// Iter opens an iterator.
func (e *engine) Iter(s txn.Snapshot, span kv.Span, o kv.ScanOptions) (txn.Iter, error) {
	return e.scan(familyOf(span.Start), s.(*snapshot).p, span, o), nil
}

// Prepare serialises the writes.
func (e *engine) Prepare(b *writebuf.Buffer) txn.Writes {
	w := e.pool.Get().(*writes)
	w.reset()
	if b != nil {
		w.add(b)
	}
	return w
}

// Close closes the database.
func (e *engine) Close() error {
	if e.closed {
		return nil
	}
	e.closed = true
	// With everything in tables, whose every block has a checksum, the next start has nothing to replay. After a failure the log still has it all.
	if e.native.flush(true) == nil {
		e.lookBack()
	}
	var err error
	if e.log != nil {
		if err = e.log.Close(); errors.Is(err, kv.ErrBroken) {
			err = nil // who committed has been told
		}
	}
	e.detach()
	for _, f := range e.families {
		f.Destroy()
	}
	e.db.Close()
	e.cached.Close()
	e.close()
	return err
}
