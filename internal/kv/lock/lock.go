package lock

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
)

// Manager is a table of locks. Create one with New; it is safe for concurrent use.
type Manager struct {
	seed   maphash.Seed
	graph  sync.Mutex // serialises beginning to wait; taken before a shard's mutex
	closed chan struct{}
	once   sync.Once
	shards [1 << shardBits]shard

	fast   [fastShards]fastShard
	strong [partitions]atomic.Int32 // strong modes held and asked for
}

// New returns an empty lock manager.
func New() *Manager { return &Manager{seed: maphash.MakeSeed(), closed: make(chan struct{})} }

// Close makes every wait, present and future, fail with kv.ErrClosed.
func (m *Manager) Close() { m.once.Do(func() { close(m.closed) }) }

func (m *Manager) hash(key []byte) uint64 { return maphash.Bytes(m.seed, key) }

func (m *Manager) shard(hash uint64) *shard { return &m.shards[hash>>(64-shardBits)] }

// Owner is what holds locks. It is made ready by Init, used by one goroutine at a time, and may be used again after ReleaseAll.
type Owner struct {
	m       *Manager
	leader  *Owner
	tag     uint64
	home    uint64 // of the fast shard: the tag that it began with
	counted bool
	newest  *hold
	held    int
	fast    fastHolds
	noting  bool                   // a mark was taken: grants are noted
	grants  []grant                // since the first mark, oldest first
	waiting atomic.Pointer[waiter] // of the leader: what one of its owners waits for
}

// grant notes that a hold got a mode.
type grant struct {
	hold *hold
	mode kv.LockMode
}

// Init makes o an owner in m. tag names it in List and in deadlock reports (a process id). With a leader, o never conflicts with the
// leader nor with its other owners.
func (o *Owner) Init(m *Manager, leader *Owner, tag uint64) {
	o.m, o.tag, o.home, o.leader = m, tag, tag, o
	if leader != nil {
		o.leader = leader.leader
	}
}

// CountHolds makes o remember how often it took each mode, so that Release has to be called as often (session-level advisory locks).
func (o *Owner) CountHolds() { o.counted = true }

// Held is the number of keys that o holds, those of the fast path aside.
func (o *Owner) Held() int { return o.held }

// Acquire takes a lock on key in the given mode, which o keeps until Release or ReleaseAll. NoWait and Timeout of opt say how to
// wait; its Skip is not looked at (see TryAcquire). Errors: kv.ErrLocked, kv.ErrLockTimeout, a *kv.DeadlockError, or the context's cause.
func (o *Owner) Acquire(ctx context.Context, key []byte, opt kv.LockOptions) error {
	if o.TryAcquire(key, opt.Mode) {
		return nil
	}
	if opt.NoWait {
		return kv.ErrLocked
	}
	w, err := o.enqueue(key, opt.Mode)
	if w == nil {
		return err
	}
	return o.wait(ctx, w, opt.Timeout)
}

// TryAcquire takes the lock when that needs no waiting, and tells whether it did.
func (o *Owner) TryAcquire(key []byte, mode kv.LockMode) bool {
	hash := o.m.hash(key)
	switch {
	case weak.has(mode):
		if o.takeFast(hash, key, mode) {
			return true
		}
	case strong.has(mode):
		o.m.announce(hash, key)
	}
	s := o.m.shard(hash)
	s.mu.Lock()
	e := s.find(hash, key)
	if e == nil {
		e = s.create(hash, key)
	} else if !e.grantable(o, mode) {
		s.mu.Unlock()
		if strong.has(mode) {
			o.m.retract(hash)
		}
		return false
	}
	s.grant(e, o, mode)
	s.mu.Unlock()
	return true
}

// enqueue puts o into the queue of key. It returns nil when there is nothing to wait for any more, because the lock was granted or
// because waiting would be a deadlock.
func (o *Owner) enqueue(key []byte, mode kv.LockMode) (*waiter, error) {
	m := o.m
	hash := m.hash(key)
	s := m.shard(hash)
	if strong.has(mode) {
		m.announce(hash, key)
	}
	m.graph.Lock()
	defer m.graph.Unlock()

	s.mu.Lock()
	e := s.find(hash, key)
	if e == nil {
		e = s.create(hash, key)
	}
	if e.grantable(o, mode) {
		s.grant(e, o, mode)
		s.mu.Unlock()
		return nil, nil
	}
	w := &waiter{owner: o, hash: hash, key: append([]byte(nil), key...), mode: mode, since: time.Now(), ready: make(chan struct{})}
	e.enqueue(w, e.place(o.leader))
	o.leader.waiting.Store(w)
	s.mu.Unlock()

	cycle := m.findCycle(w)
	if cycle == nil {
		return w, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o.leader.waiting.Store(nil)
	if !w.queued {
		return nil, nil // granted meanwhile
	}
	e.dequeue(w)
	if !e.held(o.leader, mode) {
		s.grant(e, o, mode) // only the order of the queue stood in the way
		return nil, nil
	}
	e.serve(s)
	w.withdraw()
	return nil, &kv.DeadlockError{Cycle: cycle}
}

func (o *Owner) wait(ctx context.Context, w *waiter, timeout time.Duration) error {
	var expired <-chan time.Time
	if timeout > 0 {
		t := time.NewTimer(timeout)
		defer t.Stop()
		expired = t.C
	}
	var err error
	select {
	case <-w.ready:
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-expired:
		err = kv.ErrLockTimeout
	case <-o.m.closed:
		err = kv.ErrClosed
	}
	if err != nil {
		err = o.leave(w, err)
	}
	o.leader.waiting.Store(nil)
	return err
}

// leave gives a wait up, unless the lock was granted at the last moment: then the caller has it and will release it. Like beginning to
// wait it excludes walks through the graph, which rely on waiters that leave only by being granted (see blockers).
func (o *Owner) leave(w *waiter, err error) error {
	o.m.graph.Lock()
	defer o.m.graph.Unlock()
	s := o.m.shard(w.hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !w.queued {
		return nil
	}
	e := s.find(w.hash, w.key)
	e.dequeue(w)
	w.withdraw()
	e.serve(s) // those behind may have waited for this request only
	s.drop(e)
	return err
}

// Holds tells whether o holds key in the table: every lock on a row is there.
func (o *Owner) Holds(key []byte) bool {
	if o.held == 0 {
		return false
	}
	hash := o.m.hash(key)
	s := o.m.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.find(hash, key)
	return e != nil && e.holdOf(o) != nil
}

// Release gives back one Acquire of key in mode and tells whether o had it.
func (o *Owner) Release(key []byte, mode kv.LockMode) bool {
	hash := o.m.hash(key)
	s := o.m.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.find(hash, key)
	if e == nil {
		return false
	}
	h := e.holdOf(o)
	if h == nil || !h.modes.has(mode) {
		return false
	}
	if h.counts != nil {
		if h.counts[mode]--; h.counts[mode] > 0 {
			return true
		}
	}
	if h.modes &^= 1 << mode; h.modes != 0 {
		e.serve(s)
		return true
	}
	o.detach(h)
	s.release(h)
	return true
}

// ReleaseAll gives back everything that o holds.
func (o *Owner) ReleaseAll() {
	if o.fast.linked {
		o.releaseFast()
	}
	o.releaseList(o.newest)
	o.newest, o.held = nil, 0
	o.noting, o.grants = false, o.grants[:0]
}

// Mark gives the present state for RollbackTo. An owner that counts its holds has no marks.
func (o *Owner) Mark() int {
	o.noting = true
	return len(o.grants)
}

// RollbackTo gives back what was taken after the mark: whole locks, and modes of locks that o had before.
func (o *Owner) RollbackTo(mark int) {
	for i := len(o.grants) - 1; i >= mark; i-- {
		g := o.grants[i]
		e := g.hold.entry
		s := o.m.shard(e.hash)
		s.mu.Lock()
		if g.hold.modes &^= 1 << g.mode; g.hold.modes == 0 {
			o.detach(g.hold)
			s.release(g.hold)
		} else {
			e.serve(s)
		}
		s.mu.Unlock()
	}
	clear(o.grants[mark:])
	o.grants = o.grants[:mark]
}

// releaseList gives back h and the older ones.
func (o *Owner) releaseList(h *hold) {
	for h != nil {
		older := h.older
		s := o.m.shard(h.entry.hash)
		s.mu.Lock()
		s.release(h)
		s.mu.Unlock()
		h = older
	}
}

// attach and detach keep the owner's list of holds. Holds are attached under a shard's mutex, possibly by another goroutine that grants
// to a waiting o; o itself looks at the list only when it does not wait.
func (o *Owner) attach(h *hold) {
	h.older = o.newest
	if h.older != nil {
		h.older.newer = h
	}
	o.newest = h
	o.held++
}

func (o *Owner) detach(h *hold) {
	if h.newer == nil {
		o.newest = h.older
	} else {
		h.newer.older = h.older
	}
	if h.older != nil {
		h.older.newer = h.newer
	}
	o.held--
}

// Tag is what Init was given.
func (o *Owner) Tag() uint64 { return o.tag }
