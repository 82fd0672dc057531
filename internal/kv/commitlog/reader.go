package commitlog

import (
	"bytes"
	"fmt"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
)

// Reader reads the change records of past commits. It is used by one goroutine at a time.
type Reader struct {
	l     *Log
	s     *scanner
	after kv.Version
}

// Reader returns a reader of what was committed after a version, or kv.ErrTooOld when that is not kept any more.
func (l *Log) Reader(after kv.Version) (*Reader, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.segments) - 1; i >= 0; i-- {
		seg := l.segments[i]
		if seg.empty || seg.base > after {
			continue
		}
		s, err := openSegment(l.fs, seg.name, seg.number)
		if err != nil {
			return nil, err
		}
		return &Reader{l, s, after}, nil
	}
	return nil, kv.ErrTooOld
}

// Close gives the reader's file back.
func (r *Reader) Close() {
	if r.s != nil {
		r.s.close()
		r.s = nil
	}
}

// After is the newest version that was read, or passed because it had no change records.
func (r *Reader) After() kv.Version { return r.after }

// Next returns the next commit that has change records, or ok false when there is none up to limit, which is a version that has been committed. The change is the caller's.
func (r *Reader) Next(limit kv.Version) (c kv.Change, ok bool, err error) {
	fresh := false
	for r.after < limit {
		h, payload, ok, err := r.s.next()
		switch {
		case err != nil:
			return kv.Change{}, false, err
		case !ok && !fresh:
			r.s.forget() // what was read ahead may be from before it was written
			fresh = true
		case !ok:
			if err := r.turn(); err != nil {
				return kv.Change{}, false, err
			}
			fresh = false
		case h.kind != kindCommit || h.version <= r.after:
		case h.version > limit:
			r.s.at -= h.size()
			return kv.Change{}, false, nil
		default:
			r.after = h.version
			if int(h.batch) == len(payload) {
				continue
			}
			changes, err := parseChanges(bytes.Clone(payload[h.batch:]))
			return kv.Change{Version: h.version, Time: time.Unix(0, h.time), Records: changes}, err == nil, err
		}
	}
	return kv.Change{}, false, nil
}

// turn goes on to the next segment.
func (r *Reader) turn() error {
	l := r.l
	l.mu.Lock()
	defer l.mu.Unlock()
	listed := false
	for _, seg := range l.segments {
		if seg.number == r.s.number {
			listed = true
		}
		if seg.number <= r.s.number || seg.empty {
			continue
		}
		if !listed || seg.gap {
			return kv.ErrTooOld
		}
		if seg.base > r.after {
			break
		}
		s, err := openSegment(l.fs, seg.name, seg.number)
		if err != nil {
			return err
		}
		r.s.close()
		r.s = s
		return nil
	}
	if !listed || l.hole > 0 && r.after >= l.hole {
		return kv.ErrTooOld
	}
	return fmt.Errorf("%w: %s, offset %d: the record after version %d is damaged or missing", kv.ErrCorrupt, r.s.name, r.s.at, r.after)
}
