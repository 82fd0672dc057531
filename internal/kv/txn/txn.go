package txn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/bulk"
	"github.com/kalampg/kalampg/internal/kv/lock"
	"github.com/kalampg/kalampg/internal/kv/ssi"
	"github.com/kalampg/kalampg/internal/kv/writebuf"
)

var errNoMark = errors.New("kv: savepoint mark of another transaction, or one that was rolled back")

// Txn implements kv.Txn.
type Txn struct {
	s       *Store
	snap    *snapshot
	first   *snapshot        // the one that the first write saw, kept for the conflict check
	buf     *writebuf.Buffer // nil until the first write
	options kv.TxnOptions
	done    bool
	owner   lock.Owner
	mu      sync.Mutex // of cursors: scans may be opened and closed by several goroutines
	cursors *cursor    // open ones
	emitted emitted
	marks   []mark
	hooks   []func(kv.Version)
	runs    []bulk.Run // pairs below the buffer that are too many for it
	serial  *ssi.Txn   // watches a serialisable transaction; nil at other levels
}

// mark is a savepoint; kv.Mark is its index.
type mark struct {
	ops     kv.Mark
	records int
	runs    int
	locks   int
}

// emitted holds change records one behind the other.
type emitted struct {
	bytes []byte
	ends  []int
}

func (t *Txn) init() {
	var leader *lock.Owner
	if session, ok := t.options.Session.(*lock.Session); ok && session != nil {
		leader = session.Owner()
	}
	tag := uint64(0)
	if leader != nil {
		tag = leader.Tag()
	}
	t.owner.Init(t.s.locks, leader, tag)
}

// Snapshot is the version that reads see.
func (t *Txn) Snapshot() kv.Version { return t.snap.version }

// enter admits a call on an open transaction.
func (t *Txn) enter(ctx context.Context) error {
	if t.done {
		return kv.ErrTxnDone
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return t.s.enter()
}

// Get looks keys up in the write buffer and, where that says nothing, in the engine.
func (t *Txn) Get(ctx context.Context, keys [][]byte, into *kv.Batch, o kv.GetOptions) error {
	if err := t.enter(ctx); err != nil {
		return err
	}
	defer t.s.leave()
	snap := t.snap
	if o.Latest {
		snap = t.s.acquire()
		defer snap.release()
	} else if t.serial != nil {
		if err := t.serial.Read(keys); err != nil {
			return err
		}
	}
	into.Reset()
	if t.buf == nil || t.buf.Len() == 0 {
		return t.get(snap, keys, into)
	}
	from := 0 // keys before it are in the batch
	for i, key := range keys {
		value, found, known := t.buf.Get(key, o.AsOf)
		if !known {
			continue
		}
		if from < i {
			if err := t.get(snap, keys[from:i], into); err != nil {
				return err
			}
		}
		if found {
			into.Append(key, value, kv.Pending)
		} else {
			into.AppendMissing(key)
		}
		from = i + 1
	}
	if from < len(keys) {
		return t.get(snap, keys[from:], into)
	}
	return nil
}

// writing admits a write and prepares the buffer.
func (t *Txn) writing() error {
	switch {
	case t.done:
		return kv.ErrTxnDone
	case t.options.ReadOnly:
		return kv.ErrReadOnly
	}
	if t.buf == nil {
		t.buf = t.s.buffers.Get().(*writebuf.Buffer)
	}
	if err := t.bounded(); err != nil {
		return err
	}
	if t.first == nil {
		t.first = t.snap
		t.first.refs.Add(1)
	}
	return nil
}

// lockBytes is about what a lock takes.
const lockBytes = 300

// bounded refuses to keep more in memory than a transaction may.
func (t *Txn) bounded() error {
	n := t.owner.Held()*lockBytes + cap(t.emitted.bytes) + 8*cap(t.emitted.ends)
	if t.buf != nil {
		n += t.buf.Memory()
	}
	if n > t.s.txnBytes {
		return fmt.Errorf("%w: it would keep more than %d MiB in memory", kv.ErrTooLarge, t.s.txnBytes>>20)
	}
	return nil
}

// guarded is the base of writes on which no conflict is possible: no version is newer.
const guarded = kv.Pending

// Put buffers a value.
func (t *Txn) Put(key, value []byte) error { return t.put(key, value, t.snap.version) }

// PutGuarded buffers a value of a key that a lock protects.
func (t *Txn) PutGuarded(key, value []byte) error { return t.put(key, value, guarded) }

func (t *Txn) put(key, value []byte, base kv.Version) error {
	if err := t.writing(); err != nil {
		return err
	}
	if t.serial != nil {
		if err := t.serial.Write(key); err != nil {
			return err
		}
	}
	t.buf.Put(key, value, base)
	return nil
}

// Delete buffers a removal.
func (t *Txn) Delete(key []byte) error { return t.delete(key, t.snap.version) }

// DeleteGuarded buffers the removal of a key that a lock protects.
func (t *Txn) DeleteGuarded(key []byte) error { return t.delete(key, guarded) }

func (t *Txn) delete(key []byte, base kv.Version) error {
	if err := t.writing(); err != nil {
		return err
	}
	if t.serial != nil {
		if err := t.serial.Write(key); err != nil {
			return err
		}
	}
	t.buf.Delete(key, base)
	return nil
}

// DeleteRange buffers the removal of a span.
func (t *Txn) DeleteRange(span kv.Span) error {
	if err := t.writing(); err != nil {
		return err
	}
	if bytes.Compare(span.Start, span.End) >= 0 {
		return nil
	}
	if t.serial != nil {
		if err := t.serial.WriteRange(span); err != nil {
			return err
		}
	}
	t.buf.DeleteRange(span)
	return nil
}

// Lock takes locks that last to the end of the transaction.
func (t *Txn) Lock(ctx context.Context, keys [][]byte, o kv.LockOptions) error {
	switch {
	case t.done:
		return kv.ErrTxnDone
	case t.options.ReadOnly:
		return kv.ErrReadOnly
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	if err := t.bounded(); err != nil {
		return err
	}
	for i, key := range keys {
		if o.Skip != nil {
			o.Skip[i] = !t.owner.TryAcquire(key, o.Mode)
		} else if err := t.owner.Acquire(ctx, key, o); err != nil {
			return err
		}
	}
	return nil
}

// Unchanged asks the table of recent versions.
func (t *Txn) Unchanged(key []byte) bool {
	if t.buf != nil && t.buf.Len() > 0 {
		if _, _, known := t.buf.Get(key, 0); known {
			return false
		}
	}
	return t.s.committer.newest(t.s.committer.hash(key)) <= t.snap.version
}

// NewStatement moves the snapshot forward.
func (t *Txn) NewStatement(ctx context.Context) error {
	switch {
	case t.done:
		return kv.ErrTxnDone
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case t.s.closed.Load():
		return kv.ErrClosed
	}
	if old := t.snap; old != t.s.current.Load() {
		t.snap = t.s.acquire()
		t.s.drop(old)
	}
	return nil
}

// Moment is now among the own writes.
func (t *Txn) Moment() kv.Moment {
	if t.buf == nil {
		return 1
	}
	return t.buf.Moment()
}

// Savepoint marks the write buffer, the emitted records and the locks.
func (t *Txn) Savepoint() kv.Mark {
	m := mark{records: len(t.emitted.ends), locks: t.owner.Mark(), runs: len(t.runs)}
	if t.buf != nil {
		m.ops = t.buf.Mark()
	}
	if n := len(t.marks); n > 0 && t.marks[n-1] == m {
		return kv.Mark(n - 1)
	}
	t.marks = append(t.marks, m)
	return kv.Mark(len(t.marks) - 1)
}

// RollbackTo undoes what came after the mark. Cursors that were opened after it lose the undone writes.
func (t *Txn) RollbackTo(at kv.Mark) error {
	if t.done {
		return kv.ErrTxnDone
	}
	if int(at) >= len(t.marks) || at < 0 {
		return errNoMark
	}
	m := t.marks[at]
	t.marks = t.marks[:at+1]
	t.dropRuns(m.runs)
	if t.buf != nil {
		t.buf.RollbackTo(m.ops)
	}
	t.emitted.truncate(m.records)
	t.owner.RollbackTo(m.locks)
	return nil
}

// Emit attaches a change record.
func (t *Txn) Emit(record []byte) {
	t.emitted.bytes = append(t.emitted.bytes, record...)
	t.emitted.ends = append(t.emitted.ends, len(t.emitted.bytes))
}

func (e *emitted) truncate(n int) {
	e.ends = e.ends[:n]
	if n == 0 {
		e.bytes = e.bytes[:0]
	} else {
		e.bytes = e.bytes[:e.ends[n-1]]
	}
}

// records cuts the bytes up; they belong to the feed from then on.
func (e *emitted) records() [][]byte {
	if len(e.ends) == 0 {
		return nil
	}
	list := make([][]byte, len(e.ends))
	from := 0
	for i, end := range e.ends {
		list[i] = e.bytes[from:end:end]
		from = end
	}
	return list
}

// OnCommit registers a function for the moment of the commit.
func (t *Txn) OnCommit(f func(kv.Version)) { t.hooks = append(t.hooks, f) }

// Written tells whether there are writes to commit.
func (t *Txn) Written() bool { return t.buf != nil && t.buf.Len() > 0 || len(t.runs) > 0 }

// Commit ends the transaction.
func (t *Txn) Commit(ctx context.Context) (kv.Version, error) {
	if t.done {
		return 0, kv.ErrTxnDone
	}
	if ctx.Err() != nil {
		t.Rollback()
		return 0, context.Cause(ctx)
	}
	if t.serial != nil {
		if err := t.prepareSerial(); err != nil {
			t.Rollback()
			return 0, err
		}
	}
	if !t.Written() && len(t.emitted.ends) == 0 && len(t.hooks) == 0 {
		v := t.snap.version
		t.end(true)
		return v, nil
	}
	v, err := t.s.committer.commit(t)
	t.end(err == nil)
	return v, err
}

// Rollback ends the transaction and drops its writes.
func (t *Txn) Rollback() {
	if !t.done {
		t.end(false)
	}
}

// end gives everything back: cursors, snapshots, buffer, and last the locks, so that who waits for them finds all in order.
func (t *Txn) end(committed bool) {
	t.done = true
	if t.serial != nil {
		t.serial.End(committed)
	}
	for t.cursors != nil {
		t.cursors.Close()
	}
	t.s.drop(t.snap)
	if t.first != nil {
		t.s.drop(t.first)
	}
	if t.buf != nil {
		t.buf.Reset()
		t.s.buffers.Put(t.buf)
		t.buf = nil
	}
	t.dropRuns(0)
	t.first, t.marks, t.hooks, t.emitted, t.serial = nil, nil, nil, emitted{ends: t.emitted.ends[:0]}, nil
	t.owner.ReleaseAll()
}
