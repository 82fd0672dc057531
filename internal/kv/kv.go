package kv

import (
	"context"
	"errors"
	"time"
)

// Version orders commits. Zero is before the first commit.
type Version uint64

// Pending is the version of a value that the reading transaction itself has written and not yet committed.
const Pending Version = 1<<64 - 1

// Space is the first byte of every key: the kind of data that the key belongs to.
type Space = byte

// The spaces. There are few and they are fixed: a RocksDB column family each.
const (
	SpaceCatalog Space = 0x01 // descriptors, roles, sequences, system tables
	SpaceRows    Space = 0x02 // rows by primary key
	SpaceIndex   Space = 0x03 // secondary index entries
	SpaceMeta    Space = 0x04 // format version, counters, an engine's own bookkeeping (keys whose second byte is 0 are the engine's)
)

// CollectionPrefix is how many of a key's first bytes name what belongs together: its space and, in the spaces of rows and indexes, the four bytes of the
// storage id. Keys of one collection may be treated as one where a set of keys becomes too large.
const CollectionPrefix = 5

// Errors that every engine returns, possibly wrapped.
var (
	ErrConflict    = errors.New("kv: key changed after the snapshot")            // → 40001
	ErrDeadlock    = errors.New("kv: deadlock detected")                         // → 40P01
	ErrLocked      = errors.New("kv: lock not available")                        // → 55P03, with NoWait
	ErrLockTimeout = errors.New("kv: lock timeout")                              // → 55P03, after LockOptions.Timeout
	ErrReadOnly    = errors.New("kv: write in a read-only transaction")          // → 25006
	ErrTxnDone     = errors.New("kv: transaction already ended")                 // a bug of the caller
	ErrClosed      = errors.New("kv: store is closed")                           // → 57P01
	ErrTooOld      = errors.New("kv: version is older than what is kept")        // → 72000
	ErrBroken      = errors.New("kv: store stopped accepting commits")           // after a failed fsync → 58030
	ErrDiskFull    = errors.New("kv: no space left on device")                   // → 53100
	ErrCorrupt     = errors.New("kv: stored data failed its checksum")           // → XX001
	ErrTooLarge    = errors.New("kv: transaction is too large")                  // → 54000
	ErrNewerFormat = errors.New("kv: data directory has a newer format version") // refused at open
)

// Store is an ordered, versioned map with transactions. It is safe for concurrent use.
type Store interface {
	// Begin starts a transaction that must be ended by Commit or Rollback.
	Begin(ctx context.Context, o TxnOptions) (Txn, error)
	// Close ends every background work and releases the store. Transactions that are still open fail with ErrClosed.
	Close() error
}

// TxnOptions says what a transaction is for.
type TxnOptions struct {
	ReadOnly bool // Put, Delete and Lock fail with ErrReadOnly
	NoSync   bool // Commit returns before the commit is durable (synchronous_commit = off)

	Session LockSession // of the same store, or nil: the transaction never waits for this session's own locks
	Reuse   Txn         // a transaction of the same store that has ended, or nil: the new one may take its memory, and it must not be used any more
}

// Txn is one transaction. It is used by one goroutine at a time, but for reading: while no other method runs, several goroutines may call Scan and Get, and each cursor
// is used by one of them.
type Txn interface {
	// Snapshot is the version that reads see.
	Snapshot() Version

	// Get looks up keys and fills into with exactly one item per key, in their order; an item that is not there has Found false.
	Get(ctx context.Context, keys [][]byte, into *Batch, o GetOptions) error

	// Scan opens a cursor over span at the current snapshot, merged with the transaction's own writes as of now; writes
	// made after Scan are not seen by the cursor (an UPDATE never meets its own new rows).
	Scan(ctx context.Context, span Span, o ScanOptions) (Cursor, error)

	// Put, Delete and DeleteRange buffer a write. They copy key and value. DeleteRange covers what the snapshot and the buffer hold in the
	// span; it takes no row locks, so the caller holds a lock that covers the span (a relation lock).
	Put(key, value []byte) error
	Delete(key []byte) error
	DeleteRange(span Span) error

	// PutGuarded and DeleteGuarded are Put and Delete of a key that is written by nobody but the holder of a lock which this transaction holds, on the key itself or
	// on another one (an index entry is written under its row's lock). The commit looks for no conflict on it.
	PutGuarded(key, value []byte) error
	DeleteGuarded(key []byte) error

	// Lock takes a lock on every key in the given mode and keeps it to the end of the transaction. Keys need not exist. Waits
	// according to o; ErrDeadlock when waiting could never end. With o.Skip, skipped receives true for keys that another transaction holds.
	Lock(ctx context.Context, keys [][]byte, o LockOptions) error

	// Unchanged tells that the newest committed value of key is the one that the snapshot shows and that the transaction has not written key. It reads no data
	// and may be false for other reasons: then only Get with Latest tells. Who holds a lock that writers of key take can rely on it until they release it.
	Unchanged(key []byte) bool

	// NewStatement moves the snapshot to the newest committed version (READ COMMITTED). Open cursors keep theirs.
	NewStatement(ctx context.Context) error

	// Savepoint marks the write buffer; RollbackTo undoes every write and emitted change after the mark and gives back the locks taken after it.
	// A mark stays usable after RollbackTo it. Functions given to OnCommit stay too; cursors opened after the mark lose the undone writes.
	Savepoint() Mark
	RollbackTo(Mark) error

	// Moment is now among the transaction's own writes: reads as of it will not see those that follow. It holds until a RollbackTo an earlier mark.
	Moment() Moment

	// Emit attaches a change record to the transaction; on commit the records reach the change feed, in order, with the
	// commit's version. The engine does not look inside.
	Emit(record []byte)

	// OnCommit registers a function that runs in commit order, after the commit is durable and before its version becomes visible to
	// new snapshots. It must be quick and must not use the store. (The catalog swaps its in-memory snapshot there.)
	OnCommit(func(Version))

	// Written tells whether the transaction has buffered any write.
	Written() bool

	// Commit makes the writes visible at one new version and durable unless NoSync, and ends the transaction. After an error nothing of it
	// is visible. A transaction without writes returns its snapshot's version.
	Commit(ctx context.Context) (Version, error)

	// Rollback ends the transaction and drops its writes. After Commit or Rollback it does nothing.
	Rollback()
}

// Mark is a position in a transaction's write buffer.
type Mark int

// Moment is a point in the sequence of a transaction's own writes. The zero Moment is always now.
type Moment uint64

// GetOptions refines Get.
type GetOptions struct {
	Latest bool   // read the newest committed value (or the own buffered one) instead of the snapshot's
	AsOf   Moment // see own writes before it only
}

// Span is a half-open range of keys: Start ≤ key < End. Both are set and share their first byte's space.
type Span struct{ Start, End []byte }

// ScanOptions refines Scan.
type ScanOptions struct {
	Reverse  bool
	Latest   bool   // read the newest committed state instead of the snapshot's
	KeysOnly bool   // values are not needed and may be left empty; versions are always there
	Limit    int    // the reader wants at most so many items, 0: all (a hint for batch sizes)
	AsOf     Moment // see own writes before it only
}

// Cursor yields items in key order (or in reverse). A cursor is closed by its user; Close twice does nothing.
type Cursor interface {
	// Next resets into and fills it with up to about a thousand items, at least one unless the span is exhausted; n is their
	// number and 0 is the end, which stays the end. The items are valid until the next call with the same batch.
	Next(ctx context.Context, into *Batch) (n int, err error)
	Close()
}

// Divider is a power of cursors that can be divided: Part opens another cursor, over a span inside the first one's, that sees what the first one sees, whatever its
// transaction has done since. The first one may have come to its end but not be closed.
type Divider interface {
	Part(ctx context.Context, span Span, o ScanOptions) (Cursor, error)
}

// LockMode is a row lock or a relation lock, in PostgreSQL's terms (chapter 13.3, "Explicit Locking").
type LockMode uint8

// Row locks, weakest first, then relation locks. A key is locked by modes of one of the two families only.
const (
	ForKeyShare LockMode = iota
	ForShare
	ForNoKeyUpdate
	ForUpdate
	AccessShare
	RowShare
	RowExclusive
	ShareUpdateExclusive
	Share
	ShareRowExclusive
	Exclusive
	AccessExclusive
)

// LockOptions says how Lock waits.
type LockOptions struct {
	Mode    LockMode
	NoWait  bool          // ErrLocked at once instead of waiting
	Skip    []bool        // when set, as long as keys: never waits, and reports which keys were skipped
	Timeout time.Duration // ErrLockTimeout after so long, 0: no limit
}

// ChangeSource is a power of stores that keep a change feed, found by assertion.
type ChangeSource interface {
	// Changes opens a reader of every transaction committed after from that emitted records. ErrTooOld when from is no longer kept.
	Changes(from Version) (ChangeReader, error)
	// Visible is the newest version that new snapshots see.
	Visible() Version
}

// Change is one committed transaction's change records.
type Change struct {
	Version Version
	Time    time.Time // when it was committed
	Records [][]byte
}

// ChangeReader yields changes in commit order. Next blocks until there is one, ctx ends, or the reader fell so far behind
// that the feed no longer holds its place (ErrTooOld).
type ChangeReader interface {
	Next(ctx context.Context) (Change, error)
	Close()
}

// Checkpointer is a power of stores that can write a consistent copy of themselves into an empty directory while in use.
type Checkpointer interface {
	Checkpoint(ctx context.Context, dir string) error
}

// Ingester is a power of transactions whose engine can take many new pairs faster than one Put each. Like what is put, the pairs are seen by the transaction itself once
// they are finished, and by others when it commits; they go with a rollback to a savepoint before.
type Ingester interface {
	// Ingest begins to take pairs of a span. The caller vouches that no key of the span that it adds exists, nor will before the transaction ends, because others cannot
	// reach the span or are kept out by a lock. ErrUnsuitable: take Put.
	Ingest(span Span) (Ingest, error)
}

// Ingest takes pairs in any order, best by growing keys. It is ended by Finish or by Cancel; Cancel after Finish does nothing.
type Ingest interface {
	Add(key, value []byte) error // copies both
	Finish() error               // a *DuplicateError when a key came twice; then nothing was taken
	Cancel()
}

// ErrUnsuitable says that a transaction cannot take pairs of a span by Ingest.
var ErrUnsuitable = errors.New("kv: not suitable for ingest")

// DuplicateError says that a key was added twice; Value is the later one's value, as far as it is known which that is.
type DuplicateError struct{ Key, Value []byte }

func (e *DuplicateError) Error() string { return "kv: key was added twice" }

// Metric is one figure of an engine, in the units that its name says.
type Metric struct {
	Name  string
	Value float64
}

// Prober is a power of stores that may stop accepting commits while they are open.
type Prober interface {
	// Refusal is why commits are refused for good (ErrBroken after a failed fsync), nil while they are accepted.
	Refusal() error
}

// Observer is a power of stores that report about themselves.
type Observer interface{ Metrics() []Metric }

// Verifier is a power of stores that can read back what they keep on disk, that which no scan reaches included (their log), and compare it with its checksums. An
// error wraps ErrCorrupt and names the file.
type Verifier interface {
	Verify(ctx context.Context) error
}

// Sizer is a power of stores that know about how many bytes lie in a span, without reading it.
type Sizer interface {
	ApproximateSize(span Span) (int64, error)
}
