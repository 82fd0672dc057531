package txn

import (
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
)

// slots is the size of the table of recent versions by key hash: 512 KiB.
const slots = 1 << 16

// checkAhead is from how many keys on a transaction checks for conflicts on its own before it queues, so that a large one does not hold up
// the others; what is left for its turn is what committed since.
const checkAhead = 64

// request is a transaction on its way through the committer.
type request struct {
	t       *Txn
	commit  Commit
	written []written
	err     error
	done    chan struct{}
}

// written is a key of the transaction, for the conflict check.
type written struct {
	hash uint64
	base kv.Version
}

// committer orders commits. Whoever sets busy commits; all else below "the busy one" belongs to it.
type committer struct {
	s       *Store
	seed    maphash.Seed
	mu      sync.Mutex
	queue   []*request
	busy    bool
	stopped bool
	broken  error
	idle    *sync.Cond // signalled when busy ends after stop
	wake    chan struct{}
	ended   chan struct{}
	recent  [slots]atomic.Uint64 // newest version among the keys of a slot; written by the busy one

	// the busy one
	last     kv.Version
	group    []*request
	commits  []*Commit
	taken    []*request
	probe    kv.Batch
	unsynced bool
	timer    *time.Timer
	requests sync.Pool
}

func (c *committer) start(s *Store, last kv.Version) {
	c.s, c.last = s, last
	c.seed = maphash.MakeSeed()
	c.idle = sync.NewCond(&c.mu)
	c.wake, c.ended = make(chan struct{}, 1), make(chan struct{})
	c.requests.New = func() any { return &request{done: make(chan struct{}, 1)} }
	go c.loop()
}

// commit brings t through and returns its version.
func (c *committer) commit(t *Txn) (kv.Version, error) {
	r := c.requests.Get().(*request)
	r.t = t
	r.written = r.written[:0]
	if t.buf != nil {
		t.buf.All(func(key, _ []byte, _ bool, base kv.Version) bool {
			r.written = append(r.written, written{c.hash(key), base})
			return true
		})
	}
	if len(r.written) >= checkAhead {
		r.err = c.checkAhead(r)
	}
	if r.err == nil {
		r.commit.Writes, r.commit.Changes = t.s.engine.Prepare(t.buf), t.emitted.records()
		r.commit.Runs = t.runs
		if c.submit(r); r.err == nil {
			t.runs = nil // they belong to the engine
		}
	}
	v, err := r.commit.Version, r.err
	if cap(r.written) > 4096 {
		r.written = nil
	}
	*r = request{done: r.done, written: r.written}
	c.requests.Put(r)
	if err != nil {
		return 0, err
	}
	return v, nil
}

// checkAhead checks r against what is visible now and notes that it is good so far.
func (c *committer) checkAhead(r *request) error {
	if err := c.s.enter(); err != nil {
		return err
	}
	defer c.s.leave()
	now := c.s.acquire()
	defer now.release()
	var probe kv.Batch
	if err := c.check(r, now, &probe); err != nil {
		return err
	}
	for i := range r.written {
		r.written[i].base = max(r.written[i].base, now.version)
	}
	return nil
}

func (c *committer) submit(r *request) {
	c.mu.Lock()
	if err := c.refusal(); err != nil {
		c.mu.Unlock()
		r.err = err
		return
	}
	if c.busy {
		c.queue = append(c.queue, r)
		c.mu.Unlock()
		<-r.done
		return
	}
	c.busy = true
	c.mu.Unlock()
	defer c.pass() // even if an OnCommit function panics: others must not wait for ever
	c.taken = append(c.taken[:0], r)
	c.run(c.taken, r)
}

// refusal is why no commit can be taken, under mu.
func (c *committer) refusal() error {
	if c.broken != nil {
		return c.broken
	}
	if c.stopped {
		return kv.ErrClosed
	}
	return nil
}

// Refusal is why no commit can be taken any more, nil while commits are accepted.
func (s *Store) Refusal() error {
	s.committer.mu.Lock()
	defer s.committer.mu.Unlock()
	return s.committer.refusal()
}

// pass ends being busy, or hands it to the committer goroutine when others queued meanwhile.
func (c *committer) pass() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) > 0 {
		c.wake <- struct{}{}
		return
	}
	c.busy = false
	c.idle.Broadcast()
}

// loop is the committer goroutine: woken being busy, it takes whatever is queued until nothing is.
func (c *committer) loop() {
	defer close(c.ended)
	for range c.wake {
		for {
			c.mu.Lock()
			c.taken, c.queue = append(c.taken[:0], c.queue...), c.queue[:0]
			if len(c.taken) == 0 {
				c.busy = false
				c.idle.Broadcast()
				c.mu.Unlock()
				break
			}
			c.mu.Unlock()
			c.run(c.taken, nil)
			clear(c.taken)
		}
	}
}

// run commits requests in groups as large as their conflicts allow. own is not woken: its goroutine is this one.
func (c *committer) run(requests []*request, own *request) {
	for len(requests) > 0 {
		if c.broken != nil {
			for _, r := range requests {
				r.finish(c.broken, own)
			}
			return
		}
		before := c.last
		c.group, c.commits = c.group[:0], c.commits[:0]
		sync := false
		taken := 0
		for _, r := range requests {
			ok, err := c.admit(r, before)
			if !ok {
				break
			}
			taken++
			if err != nil {
				r.finish(err, own)
				continue
			}
			c.group, c.commits = append(c.group, r), append(c.commits, &r.commit)
			sync = sync || !r.t.options.NoSync
		}
		requests = requests[taken:]
		if len(c.group) > 0 {
			c.write(before, sync, own)
		}
	}
}

// admit gives r its version, or the error that refuses it. It returns false when r has to wait until the group so far is applied.
func (c *committer) admit(r *request, applied kv.Version) (ok bool, err error) {
	doubt := false
	for i := range r.written {
		if r.written[i].base == guarded {
			continue
		}
		newest := c.newest(r.written[i].hash)
		if newest > applied && len(c.group) > 0 {
			return false, nil
		}
		doubt = doubt || newest > r.written[i].base
	}
	if doubt {
		if err := c.check(r, c.s.current.Load(), &c.probe); err != nil {
			return true, err
		}
	}
	c.last++
	r.commit.Version = c.last
	for i := range r.written {
		c.recent[r.written[i].hash%slots].Store(uint64(c.last))
	}
	return true, nil
}

func (c *committer) hash(key []byte) uint64 { return maphash.Bytes(c.seed, key) }

// newest is a bound: no key of this hash has a newer version.
func (c *committer) newest(hash uint64) kv.Version { return kv.Version(c.recent[hash%slots].Load()) }

// check looks up every key of r that may have changed up to now after the transaction first wrote it, keys that it locked excepted. A
// key that was absent when the transaction began to write, came, and is absent again counts as unchanged.
func (c *committer) check(r *request, now *snapshot, probe *kv.Batch) (err error) {
	i := -1
	var keys [1][]byte
	r.t.buf.All(func(key, _ []byte, _ bool, base kv.Version) bool {
		i++
		if c.newest(r.written[i].hash) <= r.written[i].base || r.t.owner.Holds(key) {
			return true
		}
		keys[0] = key
		var changed bool
		if changed, err = c.changed(r.t, keys[:], base, now, probe); changed {
			err = kv.ErrConflict
			c.s.stats.conflicts.Add(1)
		}
		return err == nil
	})
	return err
}

func (c *committer) changed(t *Txn, key [][]byte, base kv.Version, now *snapshot, probe *kv.Batch) (bool, error) {
	probe.Reset()
	if err := c.s.engine.Get(now.engine, key, probe); err != nil {
		return false, err
	}
	if probe.Found(0) {
		return probe.Version(0) > base, nil
	}
	probe.Reset()
	err := c.s.engine.Get(t.first.engine, key, probe)
	return err == nil && probe.Found(0), err
}

// write applies the group and makes it visible.
func (c *committer) write(before kv.Version, sync bool, own *request) {
	now := time.Now()
	for _, commit := range c.commits {
		commit.Time = now
	}
	err := c.s.enter()
	if err == nil {
		err = c.s.engine.Apply(c.commits, sync)
		c.s.leave()
	}
	if err != nil {
		c.last = before
		c.fail(&err)
		for _, r := range c.group {
			r.finish(err, own)
		}
		return
	}
	c.s.watches.note(c.group)
	for _, r := range c.group {
		for _, hook := range r.t.hooks {
			hook(r.commit.Version)
		}
	}
	c.s.publish(c.last)
	c.count(sync)
	for _, r := range c.group {
		if records := r.commit.Changes; records != nil {
			c.s.ring.Append(kv.Change{Version: r.commit.Version, Time: now, Records: records})
		}
		r.finish(nil, own)
	}
}

// fail stops accepting commits, unless the error says that they may go on.
func (c *committer) fail(err *error) {
	if !errors.Is(*err, kv.ErrBroken) {
		if errors.Is(*err, kv.ErrDiskFull) || errors.Is(*err, kv.ErrClosed) {
			return
		}
		*err = fmt.Errorf("%w: %w", kv.ErrBroken, *err)
	}
	c.mu.Lock()
	c.broken = *err
	c.mu.Unlock()
}

func (c *committer) count(sync bool) {
	c.s.stats.commits.Add(int64(len(c.group)))
	c.s.stats.groups.Add(1)
	if sync {
		c.s.stats.syncs.Add(1)
		c.unsynced = false
		return
	}
	c.unsynced = true
	if c.timer == nil {
		c.timer = time.AfterFunc(c.s.delay, c.syncLater)
	}
}

// syncLater makes commits without sync durable a little later, when nobody else did.
func (c *committer) syncLater() {
	c.mu.Lock()
	if c.stopped || c.broken != nil {
		c.mu.Unlock()
		return
	}
	if c.busy {
		time.AfterFunc(c.s.delay/4, c.syncLater)
		c.mu.Unlock()
		return
	}
	c.busy = true
	c.mu.Unlock()
	c.timer = nil
	if c.unsynced {
		err := c.s.enter()
		if err == nil {
			err = c.s.engine.Sync()
			c.s.leave()
		}
		if err != nil {
			c.fail(&err)
		} else {
			c.unsynced = false
			c.s.stats.syncs.Add(1)
		}
	}
	c.pass()
}

func (r *request) finish(err error, own *request) {
	r.err = err
	if r != own {
		r.done <- struct{}{}
	}
}

// stop refuses further commits and waits for those under way.
func (c *committer) stop() {
	c.mu.Lock()
	if c.stopped {
		c.mu.Unlock()
		return
	}
	c.stopped = true
	for c.busy {
		c.idle.Wait()
	}
	c.mu.Unlock()
	close(c.wake)
	<-c.ended
}

// flush makes commits without sync durable at the end.
func (c *committer) flush() error {
	if c.timer != nil {
		c.timer.Stop()
	}
	if !c.unsynced || c.broken != nil {
		return nil
	}
	c.unsynced = false
	return c.s.engine.Sync()
}
