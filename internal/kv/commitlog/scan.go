package commitlog

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
)

// window is how much a scanner reads at a time.
const window = 256 << 10

// scanner reads the records of one segment, one behind the other.
type scanner struct {
	f      File
	name   string
	number uint64
	at     int64 // of the next record
	buf    []byte
	from   int64 // where buf begins in the file
}

// openSegment opens a segment for reading, and checks its header.
func openSegment(fs FS, name string, number uint64) (*scanner, error) {
	f, err := fs.Open(name)
	if err != nil {
		return nil, err
	}
	s := &scanner{f: f, name: name, number: number, at: fileHeader}
	head, err := s.bytes(0, fileHeader)
	if err == nil {
		if err = checkFileHeader(head, number); err != nil {
			err = fmt.Errorf("%s, offset 0: %w", name, err)
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return s, nil
}

func (s *scanner) close() { s.f.Close() }

// forget drops what was read ahead: the file may have grown meanwhile.
func (s *scanner) forget() { s.buf = s.buf[:0] }

// bytes gives n bytes at an offset, fewer at the end of the file. They are valid until the next call.
func (s *scanner) bytes(at int64, n int) ([]byte, error) {
	if at >= s.from && at+int64(n) <= s.from+int64(len(s.buf)) {
		return s.buf[at-s.from:][:n], nil
	}
	want := max(n, window)
	if cap(s.buf) < want || cap(s.buf) > 4*want {
		s.buf = make([]byte, want)
	}
	got, err := s.f.ReadAt(s.buf[:want], at)
	s.buf, s.from = s.buf[:got], at
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s, offset %d: %w", s.name, at, err)
	}
	return s.buf[:min(n, got)], nil
}

// next reads the record at s.at and moves behind it. ok is false, and nothing moves, when there is none that checks.
func (s *scanner) next() (h header, payload []byte, ok bool, err error) {
	h, payload, ok, err = s.record(s.at)
	if ok {
		s.at += h.size()
	}
	return h, payload, ok, err
}

func (s *scanner) record(at int64) (h header, payload []byte, ok bool, err error) {
	b, err := s.bytes(at, recordHeader)
	if err != nil || len(b) < recordHeader {
		return h, nil, false, err
	}
	h.get(b)
	if h.kind == 0 || h.segment != s.number {
		return h, nil, false, nil
	}
	size, err := s.f.Size()
	if err != nil || !h.plausible(s.number, size-at) {
		return h, nil, false, err
	}
	if b, err = s.bytes(at, recordHeader+int(h.length)); err != nil || len(b) < recordHeader+int(h.length) {
		return h, nil, false, err
	}
	if crc32.Checksum(b[4:], crcs) != h.crc {
		return h, nil, false, nil
	}
	return h, b[recordHeader:], true, nil
}

// evidence looks behind s.at for a record which says that something after version v had been synced.
func (s *scanner) evidence(v kv.Version) (bool, error) {
	for at := s.at; ; at += align {
		b, err := s.bytes(at, recordHeader)
		if err != nil || len(b) < recordHeader {
			return false, err
		}
		if le.Uint64(b[8:]) != s.number || kv.Version(le.Uint64(b[24:])) <= v {
			continue
		}
		from := s.from // a false alarm reads elsewhere: no harm but a read more
		_, _, ok, err := s.record(at)
		if err != nil || ok {
			return ok, err
		}
		if s.from != from {
			s.forget()
		}
	}
}

// toRecord gives a commit's parts; they alias payload.
func toRecord(h *header, payload []byte) (Record, error) {
	changes, err := parseChanges(payload[h.batch:])
	return Record{Version: h.version, Time: time.Unix(0, h.time), Batch: payload[:h.batch:h.batch], Changes: changes}, err
}
