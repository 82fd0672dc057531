package commitlog

import (
	"errors"
	"fmt"
	"hash/crc32"
	"sync"

	"github.com/kalampg/kalampg/internal/kv"
)

// Options of a log. The zero Options are good defaults.
type Options struct {
	SegmentBytes int64 // of a file; 0: 16 MiB
	KeepBytes    int64 // files kept for the change feed although recovery does not need them
	FS           FS    // nil: the real one
}

// Log is an open log. Append, Undo, Sync and Close are called by one goroutine at a time, everything else by anyone.
type Log struct {
	dir          string
	fs           FS
	segmentBytes int64
	keep         int64
	spares       chan spare

	mu       sync.Mutex
	segments []*segment // in order; the last one is written to
	free     []*segment
	applied  kv.Version // recovery begins after it
	hole     kv.Version // versions after it never reached the log before this opening; 0: none are missing

	// The writer's.
	f         File
	number    uint64
	end, size int64
	last      kv.Version
	durable   kv.Version // newest version that was synced
	unsynced  bool
	gap       bool // versions are missing before the next segment
	moveOn    bool // nothing may be written behind end in this segment
	preparing bool
	buf       []byte
	undo      position // before the last group
	broken    error
}

type position struct {
	end  int64
	last kv.Version
}

// Last is the newest version in the log, or the one that Open was given if that is newer.
func (l *Log) Last() kv.Version { return l.last }

// breakDown ends writing for good.
func (l *Log) breakDown(err error) error {
	if l.broken == nil {
		l.broken = fmt.Errorf("%w: commit log: %w", kv.ErrBroken, err)
	}
	return l.broken
}

// direct is the size from which a part is written from where it is instead of being copied first.
const direct = 128 << 10

// Append writes a group of records, whose versions grow, and syncs them if sync. After kv.ErrDiskFull or kv.ErrTooLarge nothing is written and a later call may
// succeed; after kv.ErrBroken none will.
func (l *Log) Append(group []Record, sync bool) error {
	if l.broken != nil {
		return l.broken
	}
	total := int64(0)
	for i := range group {
		n := int64(len(group[i].Batch)) + int64(changesSize(group[i].Changes))
		if n > 1<<32-1 {
			return fmt.Errorf("%w: %d bytes for the log", kv.ErrTooLarge, n)
		}
		total += padded(recordHeader + n)
	}
	l.buf = l.buf[:0]
	if l.f == nil || l.moveOn || l.end+total > l.size {
		if err := l.advance(total); err != nil {
			return err
		}
		k := kindStart
		if l.gap {
			k = kindGap
		}
		l.frame(header{version: l.last, kind: k}, nil, nil)
	}
	start := l.end
	l.undo = position{end: start + int64(len(l.buf)), last: l.last}
	err := l.write(group)
	if err == nil && sync {
		err = l.f.Datasync()
	}
	if err != nil {
		if errors.Is(noSpace(err), kv.ErrDiskFull) && l.rewind(start) == nil { // a file system that allocates when a block is overwritten
			return noSpace(err)
		}
		return l.breakDown(err)
	}
	l.gap = false
	if sync {
		l.durable, l.unsynced = l.last, false
	} else {
		l.unsynced = true
	}
	if l.end > l.size/2 {
		l.prepare()
	}
	return nil
}

// write puts the records behind what is in the buffer and writes it all.
func (l *Log) write(group []Record) error {
	for i := range group {
		r := &group[i]
		h := header{version: r.Version, time: r.Time.UnixNano(), kind: kindCommit}
		if len(r.Batch) < direct {
			l.frame(h, r.Batch, r.Changes)
		} else if err := l.large(h, r); err != nil {
			return err
		}
		l.last = r.Version
		if len(l.buf) > 4*direct {
			if err := l.flush(); err != nil {
				return err
			}
		}
	}
	err := l.flush()
	if cap(l.buf) > 16*direct {
		l.buf = nil
	}
	return err
}

// frame appends a record to the buffer.
func (l *Log) frame(h header, batch []byte, changes [][]byte) {
	h.segment, h.durable = l.number, l.durable
	h.batch, h.length = uint32(len(batch)), uint32(len(batch)+changesSize(changes))
	from := len(l.buf)
	l.buf = append(l.buf, zeros[:recordHeader]...)
	l.buf = appendChanges(append(l.buf, batch...), changes)
	b := l.buf[from:]
	h.put(b)
	le.PutUint32(b, crc32.Checksum(b[4:], crcs))
	l.buf = append(l.buf, zeros[:int(h.size())-len(b)]...)
}

// large writes a record whose batch is not worth copying.
func (l *Log) large(h header, r *Record) error {
	changes := appendChanges(nil, r.Changes)
	h.segment, h.durable = l.number, l.durable
	h.batch, h.length = uint32(len(r.Batch)), uint32(len(r.Batch)+len(changes))
	from := len(l.buf)
	l.buf = append(l.buf, zeros[:recordHeader]...)
	head := l.buf[from:]
	h.put(head)
	crc := crc32.Update(crc32.Checksum(head[4:], crcs), crcs, r.Batch)
	le.PutUint32(head, crc32.Update(crc, crcs, changes))
	for _, part := range [][]byte{r.Batch, changes} {
		if err := l.flush(); err != nil {
			return err
		}
		if _, err := l.f.WriteAt(part, l.end); err != nil {
			return err
		}
		l.end += int64(len(part))
	}
	l.buf = append(l.buf, zeros[:padded(l.end)-l.end]...)
	return nil
}

func (l *Log) flush() error {
	if len(l.buf) == 0 {
		return nil
	}
	_, err := l.f.WriteAt(l.buf, l.end)
	l.end += int64(len(l.buf))
	l.buf = l.buf[:0]
	return err
}

// rewind makes the log end at an offset of the present segment. What lies behind it there stays out of reach, as the next group goes to a new segment.
func (l *Log) rewind(to int64) error {
	if _, err := l.f.WriteAt(zeros[:recordHeader], to); err != nil {
		return err
	}
	if err := l.f.Datasync(); err != nil {
		return err
	}
	l.end, l.last, l.moveOn = to, l.undo.last, true
	l.durable, l.unsynced = l.last, false
	return nil
}

// Undo takes the last group out again: it will not be found by a recovery, nor by readers.
func (l *Log) Undo() error {
	if l.broken != nil {
		return l.broken
	}
	if err := l.rewind(l.undo.end); err != nil {
		return l.breakDown(err)
	}
	return nil
}

// Sync makes everything that was appended durable.
func (l *Log) Sync() error {
	if l.broken != nil {
		return l.broken
	}
	if !l.unsynced {
		return nil
	}
	if err := l.f.Datasync(); err != nil {
		return l.breakDown(err)
	}
	l.unsynced, l.durable = false, l.last
	return nil
}

// Applied says that everything up to v is durable elsewhere, so that recovery will not need it.
func (l *Log) Applied(v kv.Version) {
	l.mu.Lock()
	l.applied = max(l.applied, v)
	l.mu.Unlock()
	l.trim()
}

// Sizes gives the bytes of all segment files, and of those that recovery would read.
func (l *Log) Sizes() (all, live int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, s := range l.segments {
		all += s.size
		if i+1 == len(l.segments) || l.segments[i+1].base > l.applied {
			live += s.size
		}
	}
	for _, s := range l.free {
		all += s.size
	}
	return all, live
}

// Close makes everything durable and closes the files.
func (l *Log) Close() error {
	err := l.Sync()
	if l.preparing {
		if s := <-l.spares; s.f != nil {
			s.f.Close()
		}
		l.preparing = false
	}
	if l.f == nil {
		return err
	}
	if l.broken == nil && err == nil {
		err = l.f.Truncate(l.end) // the next start takes a new segment
	}
	if cerr := l.f.Close(); err == nil {
		err = cerr
	}
	l.f = nil
	if l.broken == nil {
		l.broken = kv.ErrClosed
	}
	return err
}
