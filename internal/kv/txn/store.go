package txn

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/feed"
	"github.com/kalampg/kalampg/internal/kv/lock"
	"github.com/kalampg/kalampg/internal/kv/ssi"
	"github.com/kalampg/kalampg/internal/kv/writebuf"
)

// Options of a store.
type Options struct {
	Last      kv.Version // version of the newest commit that the engine holds
	FeedBytes int        // memory for the change feed; 0: 16 MiB
	TxnBytes  int        // memory that a transaction may buffer, about; 0: 1 GiB
	// SyncDelay is how long a commit without sync may stay undurable; 0: 200 ms.
	SyncDelay time.Duration
}

// Store implements kv.Store, kv.ChangeSource, kv.Locker, kv.Prober and kv.Observer on an Engine.
type Store struct {
	engine   Engine
	locks    *lock.Manager
	ring     *feed.Ring
	delay    time.Duration
	txnBytes int // of a transaction

	// gate is held shared by every use of the engine and exclusively by Close.
	gate    sync.RWMutex
	closed  atomic.Bool
	cursors cursorList
	watches watches

	snapMu  sync.Mutex // of acquire against publish
	current atomic.Pointer[snapshot]

	committer committer
	serial    ssi.Manager
	prepared  preparedSet
	buffers   sync.Pool
	stats     stats
}

type stats struct {
	commits, groups, syncs, conflicts, begun atomic.Int64
}

// New returns a store on engine, which it closes in the end.
func New(engine Engine, o Options) *Store {
	if o.FeedBytes == 0 {
		o.FeedBytes = 16 << 20
	}
	if o.TxnBytes == 0 {
		o.TxnBytes = 1 << 30
	}
	if o.SyncDelay == 0 {
		o.SyncDelay = 200 * time.Millisecond
	}
	s := &Store{engine: engine, locks: lock.New(), ring: feed.New(o.FeedBytes, o.Last), delay: o.SyncDelay, txnBytes: o.TxnBytes}
	s.buffers.New = func() any { return new(writebuf.Buffer) }
	first := &snapshot{engine: engine.Snapshot(), version: o.Last}
	first.refs.Store(1)
	s.current.Store(first)
	s.watches.noted = o.Last
	s.committer.start(s, o.Last)
	return s
}

// snapshot is an engine snapshot shared by all who began while it was the newest.
type snapshot struct {
	engine  Snapshot
	version kv.Version
	refs    atomic.Int32
}

func (s *Store) acquire() *snapshot {
	s.snapMu.Lock()
	c := s.current.Load()
	c.refs.Add(1) // under the mutex: publish may be about to drop the last reference
	s.snapMu.Unlock()
	return c
}

// release gives a reference back; the caller holds the gate or is the committer.
func (c *snapshot) release() {
	if c.refs.Add(-1) == 0 {
		c.engine.Release()
	}
}

// drop is release for who does not hold the gate: it is needed for the last reference only. A closed engine has nothing left to give back.
func (s *Store) drop(c *snapshot) {
	if c.refs.Add(-1) == 0 && s.enter() == nil {
		c.engine.Release()
		s.leave()
	}
}

// publish makes everything applied so far visible as version v.
func (s *Store) publish(v kv.Version) {
	c := &snapshot{engine: s.engine.Snapshot(), version: v}
	c.refs.Store(1)
	s.snapMu.Lock()
	old := s.current.Swap(c)
	s.snapMu.Unlock()
	old.release()
}

// enter admits a use of the engine; leave ends it.
func (s *Store) enter() error {
	s.gate.RLock()
	if s.closed.Load() {
		s.gate.RUnlock()
		return kv.ErrClosed
	}
	return nil
}

func (s *Store) leave() { s.gate.RUnlock() }

// Use runs f while the engine is open, or returns kv.ErrClosed. It is for what an engine offers beyond transactions.
func (s *Store) Use(f func() error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	return f()
}

// Begin starts a transaction.
func (s *Store) Begin(ctx context.Context, o kv.TxnOptions) (kv.Txn, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	t, ok := o.Reuse.(*Txn)
	if !ok || t.s != s || !t.done {
		t = &Txn{s: s}
	}
	o.Reuse = nil
	t.snap, t.first, t.options, t.done = s.acquire(), nil, o, false
	if s.closed.Load() { // after acquire: what is acquired before it closes is released by Close
		t.done = true
		return nil, kv.ErrClosed
	}
	t.init()
	s.stats.begun.Add(1)
	return t, nil
}

// Close waits for running calls, ends every wait, and closes the engine. What was committed without sync is made durable.
func (s *Store) Close() error {
	s.locks.Close()
	s.committer.stop()
	s.gate.Lock()
	defer s.gate.Unlock()
	if s.closed.Swap(true) {
		return nil
	}
	s.ring.Close()
	s.cursors.closeAll()
	s.current.Load().release()
	err := s.committer.flush()
	if cerr := s.engine.Close(); err == nil {
		err = cerr
	}
	return err
}

// Visible is the newest version that new snapshots see.
func (s *Store) Visible() kv.Version {
	return s.current.Load().version
}

// NewLockSession returns a lock owner that outlives transactions.
func (s *Store) NewLockSession(owner uint64) kv.LockSession { return s.locks.NewSession(owner) }

// Locks lists every lock that is held or waited for.
func (s *Store) Locks() []kv.LockInfo { return s.locks.List() }

// Metrics reports the store's counters.
func (s *Store) Metrics() []kv.Metric {
	serial := s.serial.Stats()
	return []kv.Metric{
		{Name: "kv_serializable_active", Value: float64(serial.Active)},
		{Name: "kv_serializable_retained", Value: float64(serial.Retained)},
		{Name: "kv_serialization_failures_total", Value: float64(serial.Failures)},
		{Name: "kv_begins_total", Value: float64(s.stats.begun.Load())},
		{Name: "kv_commits_total", Value: float64(s.stats.commits.Load())},
		{Name: "kv_commit_groups_total", Value: float64(s.stats.groups.Load())},
		{Name: "kv_syncs_total", Value: float64(s.stats.syncs.Load())},
		{Name: "kv_conflicts_total", Value: float64(s.stats.conflicts.Load())},
		{Name: "kv_visible_version", Value: float64(s.Visible())},
		{Name: "kv_feed_bytes", Value: float64(s.ring.Bytes())},
	}
}
