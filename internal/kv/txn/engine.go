package txn

import (
	"time"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/bulk"
	"github.com/kalampg/kalampg/internal/kv/writebuf"
)

// Engine is an ordered map with snapshots that applies one group of commits at a time. Reads run concurrently with each other and
// with Apply; the other methods are never called concurrently.
type Engine interface {
	// Snapshot pins the state after the last Apply.
	Snapshot() Snapshot
	// Get appends one item per key to the batch, in their order.
	Get(s Snapshot, keys [][]byte, into *kv.Batch) error
	// Iter opens an iterator over the span.
	Iter(s Snapshot, span kv.Span, o kv.ScanOptions) (Iter, error)
	// Prepare encodes the writes of a transaction for Apply; it runs in the committing goroutine. b is nil when there are none.
	Prepare(b *writebuf.Buffer) Writes
	// Apply writes a group, durably if sync. After an error nothing of it is visible to later snapshots, and its versions may be used again. An
	// error which wraps kv.ErrDiskFull says that a later Apply may succeed.
	Apply(group []*Commit, sync bool) error
	// Sync makes everything that was applied durable.
	Sync() error
	// Close is called once, when nothing else runs and every iterator is closed.
	Close() error
}

// Snapshot is a pinned state of an engine.
type Snapshot interface{ Release() }

// Iter yields items in order. Next appends nothing and returns 0 at the end.
type Iter interface {
	Next(into *kv.Batch) (int, error) // resets into first
	Close()
}

// Writes is a transaction in its engine's form.
type Writes any

// Commit is a member of a group.
type Commit struct {
	Writes  Writes
	Version kv.Version
	Time    time.Time
	Changes [][]byte // for the change feed
	Runs    []bulk.Run
}

// Bulk is a power of engines that can take sorted runs. The runs of a commit are applied before its other writes.
type Bulk interface {
	// NewRun begins a run of keys of one space. It is called concurrently with everything else.
	NewRun(space kv.Space) (bulk.Writer, error)
}

// Historian is a power of engines that keep the change records of past commits on disk.
type Historian interface {
	// History reads what was committed after a version; kv.ErrTooOld when that is not kept.
	History(after kv.Version) (History, error)
}

// History yields past changes in commit order. It is used by one goroutine at a time.
type History interface {
	// Next returns the next commit that has change records, or ok false when there is none up to limit, which is a visible version. kv.ErrTooOld: the
	// reader's place is no longer kept.
	Next(limit kv.Version) (c kv.Change, ok bool, err error)
	Close()
}
