package rocks

import (
	"errors"
	"fmt"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/commitlog"
	"github.com/kalampg/kalampg/internal/kv/txn"
)

// Apply logs a group and writes it to RocksDB's memory as one batch.
func (e *engine) Apply(group []*txn.Commit, sync bool) error {
	defer func() {
		for _, c := range group {
			e.pool.Put(c.Writes)
			c.Writes = nil
		}
		clear(e.records)
	}()
	group[len(group)-1].Writes.(*writes).put(appliedKey, nil)
	runs := runsOf(group)
	sync = sync || len(runs) > 0 // their files are durable in RocksDB at once
	var size int64
	e.records = e.records[:0]
	for _, c := range group {
		w := c.Writes.(*writes)
		for _, r := range c.Runs {
			w.run(r.(*run))
		}
		w.stamp(c.Version)
		setCount(w.rep, w.count)
		size += int64(len(w.rep))
		for _, change := range c.Changes {
			size += int64(len(change))
		}
		e.records = append(e.records, commitlog.Record{Version: c.Version, Time: c.Time, Batch: w.rep, Changes: c.Changes})
	}
	if err := e.space.take(size); err != nil {
		return err
	}
	if e.ailing {
		if err := e.recuperate(); err != nil {
			return err
		}
	}
	if err := e.log.Append(e.records, sync); err != nil {
		return err
	}
	if err := e.take(runs); err != nil {
		return e.takeBack(err)
	}
	if err := e.write(e.batch(group)); err != nil {
		if len(runs) > 0 {
			return fmt.Errorf("%w: %w", kv.ErrBroken, err) // the next start completes it
		}
		return e.takeBack(err)
	}
	for _, c := range group {
		for _, r := range c.Runs {
			r.(*run).close()
			e.knowRun(r.(*run).number, c.Version)
		}
	}
	e.remember(group)
	if e.unseen += size; e.unseen > e.maxLive/16 {
		e.shorten()
	}
	return nil
}

// takeBack takes the group that RocksDB refused out of the log, which must not bring back at the next start what is refused now.
func (e *engine) takeBack(err error) error {
	if uerr := e.log.Undo(); uerr != nil {
		return fmt.Errorf("%w: %w", uerr, err)
	}
	e.ailing = true
	if !errors.Is(err, kv.ErrDiskFull) {
		err = fmt.Errorf("%w: %w", kv.ErrBroken, err)
	}
	return err
}

// batch is the group as one serialised write batch.
func (e *engine) batch(group []*txn.Commit) []byte {
	if len(group) == 1 {
		return group[0].Writes.(*writes).rep
	}
	var count uint32
	rep := append(e.group[:0], make([]byte, repHeader)...)
	for _, c := range group {
		w := c.Writes.(*writes)
		rep = append(rep, w.rep[repHeader:]...)
		count += w.count
	}
	if e.group = rep; cap(rep) > 4<<20 {
		e.group = nil
	}
	setCount(rep, count)
	return rep
}

// addKeys is up to how many writes a commit puts all of its rows into the cache; a larger one only renews what is there.
const addKeys = 64

// remember keeps the cache of rows true.
func (e *engine) remember(group []*txn.Commit) {
	for _, c := range group {
		e.applied = c.Version
		w := c.Writes.(*writes)
		if e.cached == nil {
			continue
		}
		w.each(func(tag byte, key, value []byte) {
			switch {
			case !cacheable(familyOf(key)):
			case tag == tagFamilyPut:
				e.cached.Commit(key, value[versionLen:], c.Version, w.count <= addKeys)
			case tag == tagFamilyDelete:
				e.cached.Delete(key, c.Version)
			default:
				e.cached.DropRange(kv.Span{Start: key, End: value}, c.Version)
			}
		})
	}
}

// recuperate asks RocksDB to go on after it refused a write because a table could not be written.
func (e *engine) recuperate() error {
	if err := e.resume(); err != nil {
		return fmt.Errorf("%w: %w", kv.ErrDiskFull, err)
	}
	if err := e.write(make([]byte, repHeader)); err != nil { // an empty batch is refused like any other
		return err
	}
	e.ailing = false
	return nil
}

// shorten lets the log go of what is in tables, and begins to write tables when too much is not.
func (e *engine) shorten() {
	e.unseen = 0
	e.lookBack()
	_, live := e.log.Sizes()
	if live < e.maxLive/2 {
		e.flushing = false
	}
	if live > e.maxLive && !e.flushing {
		e.flushing = e.native.flush(false) == nil
	}
}

// lookBack tells the log how far the tables have come.
func (e *engine) lookBack() {
	if e.log == nil {
		return
	}
	if v, found, err := e.persisted(familyMeta, appliedKey); err == nil && found {
		e.log.Applied(v)
	}
}

// Sync makes the log durable.
func (e *engine) Sync() error { return e.log.Sync() }

// History reads the change records of past commits from the log.
func (e *engine) History(after kv.Version) (txn.History, error) {
	r, err := e.log.Reader(after)
	if err != nil {
		return nil, err
	}
	return r, nil
}
