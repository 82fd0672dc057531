package commitlog

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kalampg/kalampg/internal/kv"
)

// Open opens the log in dir, which it creates if need be. applied is the newest version that the engine has without the log; replay gets every later commit, in order; its record is
// valid during the call. The log is ready for Append then. kv.ErrCorrupt: an acknowledged commit after applied is lost or damaged.
func Open(dir string, applied kv.Version, o Options, replay func(Record) error) (*Log, error) {
	l := &Log{dir: dir, fs: o.FS, segmentBytes: o.SegmentBytes, keep: o.KeepBytes, spares: make(chan spare, 1), applied: applied}
	if l.fs == nil {
		l.fs = OS{}
	}
	if l.segmentBytes == 0 {
		l.segmentBytes = 16 << 20
	}
	if err := l.list(); err != nil {
		return nil, err
	}
	last, err := l.recover(applied, replay)
	if err != nil {
		return nil, err
	}
	l.last = max(last, applied)
	l.gap = last < applied && len(l.segments) > 0 // the engine had more of what was never synced than the log
	l.durable = l.last
	l.dropEmpty()
	if l.gap {
		l.hole = last
	}
	if err := l.syncTail(); err != nil {
		return nil, err
	}
	l.prepare()
	return l, nil
}

// list finds the segments and what each begins with.
func (l *Log) list() error {
	names, err := l.fs.List(l.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		path := filepath.Join(l.dir, name)
		if strings.HasSuffix(name, suffix+".tmp") {
			l.fs.Remove(path)
			continue
		}
		n, ok := numberOf(name)
		if !ok {
			continue
		}
		s := &segment{number: n, name: path}
		if err := s.inspect(l.fs); err != nil {
			return err
		}
		l.number = n
		l.segments = append(l.segments, s)
	}
	return nil
}

// inspect reads a segment's start.
func (s *segment) inspect(fs FS) error {
	r, err := openSegment(fs, s.name, s.number)
	if err != nil {
		return err
	}
	defer r.close()
	if s.size, err = r.f.Size(); err != nil {
		return err
	}
	h, _, ok, err := r.next()
	if err != nil {
		return err
	}
	s.empty = !ok || h.kind == kindCommit
	s.base, s.gap = h.version, h.kind == kindGap
	return nil
}

// recover reads everything after applied and returns the newest version in the log.
func (l *Log) recover(applied kv.Version, replay func(Record) error) (last kv.Version, err error) {
	first := -1
	any := false
	for i, s := range l.segments {
		if s.empty {
			continue
		}
		any = true
		if s.base <= applied {
			first = i
		}
	}
	if !any {
		return 0, nil
	}
	if first < 0 {
		return 0, fmt.Errorf("%w: the log in %s begins after version %d, which the store needs", kv.ErrCorrupt, l.dir, applied)
	}
	last = l.segments[first].base
	list := l.segments[first:]
	for i, s := range list {
		if s.empty {
			continue // looked at with the segment before it
		}
		if last, err = l.recoverSegment(list, i, last, applied, replay); err != nil {
			return 0, err
		}
	}
	return last, nil
}

// recoverSegment reads list[i]; last is the version that the log has come to.
func (l *Log) recoverSegment(list []*segment, i int, last, applied kv.Version, replay func(Record) error) (kv.Version, error) {
	r, err := openSegment(l.fs, list[i].name, list[i].number)
	if err != nil {
		return 0, err
	}
	defer r.close()
	for {
		h, payload, ok, err := r.next()
		if err != nil {
			return 0, err
		}
		if !ok {
			break
		}
		if h.kind != kindCommit {
			last = max(last, h.version)
			continue
		}
		last = h.version
		if h.version <= applied {
			continue
		}
		record, err := toRecord(&h, payload)
		if err == nil {
			err = replay(record)
		}
		if err != nil {
			return 0, fmt.Errorf("replay of version %d from %s, offset %d: %w", h.version, r.name, r.at-h.size(), err)
		}
	}
	return last, l.checkEnd(r, list[i+1:], last)
}

// checkEnd tells the end of a segment from damage: last is what was read before r stopped, later are the segments behind.
func (l *Log) checkEnd(r *scanner, later []*segment, last kv.Version) error {
	damaged := func() error {
		return fmt.Errorf("%w: %s, offset %d: the record after version %d is damaged or missing, and it was acknowledged", kv.ErrCorrupt, r.name, r.at, last)
	}
	if found, err := r.evidence(last); err != nil || found {
		if err == nil {
			err = damaged()
		}
		return err
	}
	for _, s := range later {
		if !s.empty {
			if s.base > last && !s.gap {
				return damaged()
			}
			return nil
		}
		e, err := openSegment(l.fs, s.name, s.number)
		if err != nil {
			return err
		}
		found, err := e.evidence(last)
		e.close()
		if err != nil {
			return err
		}
		if found {
			return damaged()
		}
	}
	return nil
}

// dropEmpty gives the files of segments without any record, behind the last one that has some, another use.
func (l *Log) dropEmpty() {
	used := len(l.segments)
	for used > 0 && l.segments[used-1].empty {
		used--
		if s := l.segments[used]; len(l.free) < maxFree {
			l.free = append(l.free, s)
		} else {
			l.fs.Remove(s.name)
		}
	}
	l.segments = l.segments[:used]
}

// syncTail makes durable what was read from the last segment: it may have been in the system's memory only.
func (l *Log) syncTail() error {
	if len(l.segments) == 0 {
		return nil
	}
	f, err := l.fs.Edit(l.segments[len(l.segments)-1].name)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Datasync()
}

// Verify reads every segment in dir and returns the first damage that it finds, nil when the log is whole: each record checks, nothing acknowledged is missing.
func Verify(dir string, fs FS) error {
	if fs == nil {
		fs = OS{}
	}
	if _, err := os.Stat(dir); err != nil {
		return err
	}
	l := &Log{dir: dir, fs: fs}
	if err := l.list(); err != nil {
		return err
	}
	for i, s := range l.segments {
		if !s.empty {
			l.segments = l.segments[i:]
			_, err := l.recover(s.base, func(Record) error { return nil })
			return err
		}
	}
	return nil
}
