package rocks

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/linxGnu/grocksdb"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/txn"
)

// FormatVersion is the version of the data directory's layout that this code writes, and the newest that it reads.
const FormatVersion = 1

// Options of a store. The zero Options are good defaults.
type Options struct {
	CacheBytes    uint64 // block cache, shared by all families; 0: 256 MiB
	MemtableBytes uint64 // memtables of all families together; 0: 128 MiB
	FeedBytes     int    // change feed in memory; 0: 16 MiB
	ReserveBytes  int64  // commits are refused when less of the disk is free; 0: 64 MiB
}

func (o Options) withDefaults() Options {
	if o.CacheBytes == 0 {
		o.CacheBytes = 256 << 20
	}
	if o.MemtableBytes == 0 {
		o.MemtableBytes = 128 << 20
	}
	if o.ReserveBytes == 0 {
		o.ReserveBytes = 64 << 20
	}
	return o
}

// Store is a store in a data directory. Beside kv.Store it is a kv.ChangeSource, kv.Locker, kv.Checkpointer and kv.Observer.
type Store struct {
	*txn.Store
	e     *engine
	cache *grocksdb.Cache
}

// Open opens the store in dir, which it creates if need be. Errors: *LockedError, kv.ErrNewerFormat, kv.ErrCorrupt and the system's.
func Open(dir string, o Options) (*Store, error) {
	o = o.withDefaults()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := checkOwn(dir); err != nil {
		return nil, err
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	e, cache, err := openEngine(dir, o)
	if err != nil {
		lock.Close()
		return nil, err
	}
	closeRest := e.close
	e.close = func() {
		closeRest()
		lock.Close()
	}
	if err := e.checkFormat(); err != nil {
		e.Close()
		return nil, err
	}
	last := kv.Version(e.db.GetLatestSequenceNumber())
	return &Store{txn.New(e, txn.Options{Last: last, FeedBytes: o.FeedBytes}), e, cache}, nil
}

func openEngine(dir string, o Options) (*engine, *grocksdb.Cache, error) {
	cache := grocksdb.NewLRUCache(o.CacheBytes)
	options := databaseOptions(o)
	family := familyOptions(o, cache)
	names, perFamily := familyNames[:], make([]*grocksdb.Options, familyCount)
	for i := range perFamily {
		perFamily[i] = family
	}
	release := func() {
		options.Destroy()
		family.Destroy()
		cache.Destroy()
	}
	db, handles, err := grocksdb.OpenDbColumnFamilies(options, dir, names, perFamily)
	if err != nil {
		release()
		if strings.HasPrefix(err.Error(), "Corruption") {
			return nil, nil, fmt.Errorf("%w: %w", kv.ErrCorrupt, err)
		}
		return nil, nil, fmt.Errorf("rocksdb: %w", err)
	}
	e := &engine{native: attach(db, handles), db: db, families: handles, close: release, space: space{dir: dir, reserve: o.ReserveBytes}}
	for i := range e.ids {
		e.ids[i] = e.familyID(i)
	}
	e.pool.New = func() any { return &writes{ids: &e.ids} }
	return e, cache, nil
}

// databaseOptions are those of the database as a whole.
func databaseOptions(o Options) *grocksdb.Options {
	opts := grocksdb.NewDefaultOptions()
	opts.SetCreateIfMissing(true)
	opts.SetCreateIfMissingColumnFamilies(true)
	opts.SetMaxBackgroundJobs(4)
	opts.SetDbWriteBufferSize(o.MemtableBytes)
	opts.SetMaxTotalWalSize(4 * o.MemtableBytes) // else a family that is rarely written would keep the log for ever
	opts.SetAllowConcurrentMemtableWrites(false) // there is one writer
	opts.SetBytesPerSync(1 << 20)
	opts.SetKeepLogFileNum(5)
	opts.SetStatsDumpPeriodSec(0)
	opts.SetStatsPersistPeriodSec(0)
	return opts
}

// familyOptions are the same for every family: there are few, and what differs is only how much lies in them.
func familyOptions(o Options, cache *grocksdb.Cache) *grocksdb.Options {
	table := grocksdb.NewDefaultBlockBasedTableOptions()
	table.SetBlockCache(cache)
	table.SetBlockSize(8 << 10)
	table.SetFilterPolicy(grocksdb.NewBloomFilter(10))
	table.SetFormatVersion(5)
	opts := grocksdb.NewDefaultOptions()
	opts.SetBlockBasedTableFactory(table)
	opts.SetCompression(grocksdb.LZ4Compression)
	opts.SetWriteBufferSize(o.MemtableBytes / 2)
	opts.SetMaxWriteBufferNumber(4)
	opts.SetArenaBlockSize(1 << 20)
	opts.SetLevelCompactionDynamicLevelBytes(true)
	opts.SetMaxBytesForLevelBase(max(2*o.MemtableBytes, 64<<20))
	opts.SetTargetFileSizeBase(64 << 20)
	return opts
}

// checkFormat refuses a directory of a newer format and marks a new one.
func (e *engine) checkFormat() error {
	var b kv.Batch
	if err := e.getOne(familyMeta, 0, formatKey, &b); err != nil {
		return err
	}
	if b.Found(0) {
		if len(b.Value(0)) != 4 {
			return fmt.Errorf("%w: format version of %d bytes", kv.ErrCorrupt, len(b.Value(0)))
		}
		if v := binary.BigEndian.Uint32(b.Value(0)); v > FormatVersion {
			return fmt.Errorf("%w: %d, this program knows up to %d", kv.ErrNewerFormat, v, FormatVersion)
		}
		return nil
	}
	return e.writeFormat(FormatVersion)
}

func (e *engine) writeFormat(v uint32) error {
	w := e.pool.Get().(*writes)
	w.reset()
	w.put(formatKey, binary.BigEndian.AppendUint32(nil, v))
	w.stamp(kv.Version(e.db.GetLatestSequenceNumber() + 1))
	setCount(w.rep, w.count)
	_, err := e.write(w.rep, true)
	return err
}

// Checkpoint writes a consistent copy into dir, which must be empty or not there yet. Files on the same file system are shared by hard
// links, so it takes milliseconds.
func (s *Store) Checkpoint(ctx context.Context, dir string) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err // RocksDB wants to make it
	}
	return s.Use(func() error {
		c, err := s.e.db.NewCheckpoint()
		if err != nil {
			return fmt.Errorf("rocksdb: %w", err)
		}
		defer c.Destroy()
		if err := c.CreateCheckpoint(dir, 0); err != nil {
			return fmt.Errorf("rocksdb: %w", err)
		}
		return nil
	})
}

// properties are what RocksDB tells about itself, to be summed over the families.
var properties = []struct{ metric, property string }{
	{"rocksdb_memtable_bytes", "rocksdb.cur-size-all-mem-tables"},
	{"rocksdb_table_readers_bytes", "rocksdb.estimate-table-readers-mem"},
	{"rocksdb_sst_bytes", "rocksdb.total-sst-files-size"},
	{"rocksdb_live_bytes_estimate", "rocksdb.estimate-live-data-size"},
	{"rocksdb_keys_estimate", "rocksdb.estimate-num-keys"},
	{"rocksdb_pending_compaction_bytes", "rocksdb.estimate-pending-compaction-bytes"},
}

// Metrics reports counters of transactions and figures of RocksDB.
func (s *Store) Metrics() []kv.Metric {
	list := s.Store.Metrics()
	s.Use(func() error {
		list = append(list,
			kv.Metric{Name: "rocksdb_block_cache_bytes", Value: float64(s.cache.GetUsage())},
			kv.Metric{Name: "rocksdb_block_cache_pinned_bytes", Value: float64(s.cache.GetPinnedUsage())})
		for _, p := range properties {
			sum := 0.0
			for _, f := range s.e.families {
				if v, ok := s.e.db.GetIntPropertyCF(p.property, f); ok {
					sum += float64(v)
				}
			}
			list = append(list, kv.Metric{Name: p.metric, Value: sum})
		}
		return nil
	})
	return list
}
