package rocks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/linxGnu/grocksdb"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/rowcache"
	"github.com/kalampg/kalampg/internal/kv/txn"
)

// FormatVersion is the version of the data directory's layout that this code writes, and the newest that it reads.
//
//	1  every commit in RocksDB's own log, versions are its sequence numbers
//	2  commits in the log of package commitlog; upgraded from 1 by opening it
const FormatVersion = 2

// Options of a store. The zero Options are good defaults.
type Options struct {
	CacheBytes    uint64 // everything that is kept in memory: a quarter memtables, the rest cache of rows and cache of blocks, half each; 0: 256 MiB
	MemtableBytes uint64 // memtables of all families together; 0: a quarter of CacheBytes
	TxnBytes      int    // what a transaction may buffer; 0: 1 GiB
	FeedBytes     int    // change feed in memory; 0: 16 MiB
	FeedDiskBytes int64  // log files kept for the change feed when recovery needs them no more; 0: 128 MiB, negative: none
	SegmentBytes  int64  // of a log file; 0: 16 MiB
	MaxLogBytes   int64  // of log that a recovery may have to read, about; 0: 256 MiB
	ReserveBytes  int64  // commits are refused when less of the disk is free; 0: 64 MiB
}

func (o Options) withDefaults() Options {
	if o.CacheBytes == 0 {
		o.CacheBytes = 256 << 20
	}
	if o.MemtableBytes == 0 {
		o.MemtableBytes = max(o.CacheBytes/4, 8<<20)
		o.CacheBytes -= min(o.MemtableBytes, o.CacheBytes/2)
	}
	if o.ReserveBytes == 0 {
		o.ReserveBytes = 64 << 20
	}
	if o.FeedDiskBytes == 0 {
		o.FeedDiskBytes = 128 << 20
	}
	if o.MaxLogBytes == 0 {
		o.MaxLogBytes = 256 << 20
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
	last, err := e.recover(dir, o)
	if err != nil {
		e.Close()
		return nil, err
	}
	return &Store{txn.New(e, txn.Options{Last: last, FeedBytes: o.FeedBytes, TxnBytes: o.TxnBytes}), e, cache}, nil
}

func openEngine(dir string, o Options) (*engine, *grocksdb.Cache, error) {
	cache := grocksdb.NewLRUCache(o.CacheBytes - o.CacheBytes/2)
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
	e := &engine{native: attach(db, handles), db: db, families: handles, close: release, maxLive: o.MaxLogBytes, cached: rowcache.New(int64(o.CacheBytes / 2)), space: space{dir: dir, reserve: o.ReserveBytes}}
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
	opts.SetAtomicFlush(true)                    // the families in tables are of one moment, the one that appliedKey names
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
		return os.Mkdir(filepath.Join(dir, logDir), 0o700) // all is in tables, so the copy's log begins empty
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
		rows := s.e.cached.Stats()
		list = append(list, kv.Metric{Name: "kv_row_cache_hits_total", Value: float64(rows.Hits)}, kv.Metric{Name: "kv_row_cache_misses_total", Value: float64(rows.Misses)},
			kv.Metric{Name: "kv_row_cache_entries", Value: float64(rows.Entries)}, kv.Metric{Name: "kv_row_cache_bytes", Value: float64(rows.Bytes)})
		all, live := s.e.log.Sizes()
		list = append(list, kv.Metric{Name: "kv_log_bytes", Value: float64(all)}, kv.Metric{Name: "kv_log_recovery_bytes", Value: float64(live)})
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
