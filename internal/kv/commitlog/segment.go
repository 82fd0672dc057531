package commitlog

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/kalampg/kalampg/internal/kv"
)

// segment is a file of the log.
type segment struct {
	number uint64
	name   string
	base   kv.Version // the last version before it
	gap    bool       // versions between the segment before and base never reached the log
	size   int64      // of the file
	empty  bool       // holds no record at all, not even its start
}

const suffix = ".log"

func (l *Log) nameOf(number uint64) string {
	return filepath.Join(l.dir, fmt.Sprintf("%016x%s", number, suffix))
}

func numberOf(name string) (uint64, bool) {
	hex, ok := strings.CutSuffix(name, suffix)
	if !ok || len(hex) != 16 {
		return 0, false
	}
	n, err := strconv.ParseUint(hex, 16, 64)
	return n, err == nil && n > 0
}

// spare is a segment made ready ahead of its use.
type spare struct {
	number uint64
	f      File
	size   int64
	err    error
}

// prepare begins to make the segment behind the current one, unless that is under way.
func (l *Log) prepare() {
	if l.preparing {
		return
	}
	l.preparing = true
	number := l.number + 1
	go func() { l.spares <- l.makeSegment(number) }()
}

// makeSegment writes a segment's file out: an old one under a new name, or a new one of zeros.
func (l *Log) makeSegment(number uint64) (s spare) {
	s.number = number
	tmp := l.nameOf(number) + ".tmp"
	fail := func(err error) spare {
		if s.f != nil {
			s.f.Close()
		}
		l.fs.Remove(tmp)
		return spare{number: number, err: noSpace(err)}
	}
	from, err := int64(0), error(nil)
	if old := l.takeFree(); old != nil {
		if err := l.fs.Rename(old.name, tmp); err != nil {
			return fail(err)
		}
		if s.f, err = l.fs.Edit(tmp); err != nil {
			return fail(err)
		}
		if from, err = s.f.Size(); err != nil {
			return fail(err)
		}
	} else if s.f, err = l.fs.Create(tmp); err != nil {
		return fail(err)
	}
	s.size = l.segmentBytes
	if from > s.size {
		if err := s.f.Truncate(s.size); err != nil {
			return fail(err)
		}
	}
	if err := fill(s.f, from, s.size); err != nil {
		return fail(err)
	}
	// The first record's header goes too: not for safety, but so that an unused segment is seen to be empty.
	if _, err := s.f.WriteAt(append(appendFileHeader(nil, number), make([]byte, recordHeader)...), 0); err != nil {
		return fail(err)
	}
	if err := s.f.Datasync(); err != nil {
		return fail(err)
	}
	if err := l.fs.Rename(tmp, l.nameOf(number)); err != nil {
		return fail(err)
	}
	if err := l.fs.SyncDir(l.dir); err != nil {
		tmp = l.nameOf(number)
		return fail(err)
	}
	return s
}

var zeros [256 << 10]byte

// fill writes zeros up to size.
func fill(f File, from, size int64) error {
	for from < size {
		n := min(size-from, int64(len(zeros)))
		if _, err := f.WriteAt(zeros[:n], from); err != nil {
			return err
		}
		from += n
	}
	return nil
}

// noSpace gives the system's word for a full disk its meaning here.
func noSpace(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", kv.ErrDiskFull, err)
	}
	return err
}

// advance goes on to the next segment, with room for a group of n bytes.
func (l *Log) advance(n int64) error {
	if l.f != nil && l.unsynced {
		if err := l.f.Datasync(); err != nil {
			return l.breakDown(err)
		}
		l.unsynced, l.durable = false, l.last
	}
	l.prepare()
	s := <-l.spares
	l.preparing = false
	if s.err != nil {
		return s.err
	}
	if need := fileHeader + recordHeader + n; need > s.size {
		if err := fill(s.f, s.size, need); err != nil {
			s.f.Truncate(s.size)
			l.preparing = true
			l.spares <- s // for a smaller one
			return noSpace(err)
		}
		s.size = need
	}
	if l.f != nil {
		l.f.Close()
	}
	seg := &segment{number: s.number, name: l.nameOf(s.number), base: l.last, gap: l.gap, size: s.size}
	l.f, l.number, l.size, l.end, l.moveOn = s.f, s.number, s.size, fileHeader, false
	l.mu.Lock()
	l.segments = append(l.segments, seg)
	l.mu.Unlock()
	l.trim()
	return nil
}

// takeFree takes a segment that nobody needs any more.
func (l *Log) takeFree() *segment {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.free); n > 0 {
		s := l.free[n-1]
		l.free = l.free[:n-1]
		return s
	}
	return nil
}

// maxFree is how many files wait for their next use.
const maxFree = 4

// trim lets go of segments that neither recovery nor the change feed's retention needs.
func (l *Log) trim() {
	l.mu.Lock()
	var total int64
	for _, s := range l.segments {
		total += s.size
	}
	var gone []*segment
	for len(l.segments) > 1 && l.segments[1].base <= l.applied && total-l.segments[0].size >= l.keep {
		s := l.segments[0]
		l.segments = l.segments[1:]
		total -= s.size
		if len(l.free) < maxFree && s.size >= l.segmentBytes {
			l.retire(s)
			l.free = append(l.free, s)
		} else {
			gone = append(gone, s)
		}
	}
	l.mu.Unlock()
	for _, s := range gone {
		l.fs.Remove(s.name) // what stays behind is found and dropped at the next open
	}
}

// retire makes a segment that waits for its next use look empty: after a crash it must not pass for the log's beginning, with a hole behind it where others were removed.
func (l *Log) retire(s *segment) {
	f, err := l.fs.Edit(s.name)
	if err != nil {
		return
	}
	f.WriteAt(zeros[:recordHeader], fileHeader)
	f.Close()
}
