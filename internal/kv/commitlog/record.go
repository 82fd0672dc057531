package commitlog

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
)

// Record is one commit.
type Record struct {
	Version kv.Version
	Time    time.Time
	Batch   []byte   // what was written, in the engine's form
	Changes [][]byte // what was emitted to the change feed
}

type kind byte

const (
	kindCommit kind = 1
	kindStart  kind = 2 // of a segment; its version is the last one before
	kindGap    kind = 3 // a start, after versions that the log never received
)

const (
	fileHeader   = 64
	recordHeader = 48
	align        = 8
	format       = 1
)

var (
	magic = [8]byte{'k', 'a', 'l', 'a', 'm', 'l', 'o', 'g'}
	crcs  = crc32.MakeTable(crc32.Castagnoli)
	le    = binary.LittleEndian
)

// header is a record's fixed part.
type header struct {
	crc     uint32
	length  uint32
	segment uint64
	version kv.Version
	durable kv.Version
	time    int64
	batch   uint32
	kind    kind
}

func (h *header) put(b []byte) {
	_ = b[recordHeader-1]
	le.PutUint32(b[4:], h.length)
	le.PutUint64(b[8:], h.segment)
	le.PutUint64(b[16:], uint64(h.version))
	le.PutUint64(b[24:], uint64(h.durable))
	le.PutUint64(b[32:], uint64(h.time))
	le.PutUint32(b[40:], h.batch)
	b[44], b[45], b[46], b[47] = byte(h.kind), 0, 0, 0
}

func (h *header) get(b []byte) {
	h.crc, h.length, h.segment = le.Uint32(b), le.Uint32(b[4:]), le.Uint64(b[8:])
	h.version, h.durable, h.time = kv.Version(le.Uint64(b[16:])), kv.Version(le.Uint64(b[24:])), int64(le.Uint64(b[32:]))
	h.batch, h.kind = le.Uint32(b[40:]), kind(b[44])
}

// size is what the record takes in its file.
func (h *header) size() int64 { return padded(recordHeader + int64(h.length)) }

func padded(n int64) int64 { return (n + align - 1) &^ (align - 1) }

// plausible tells whether the header may be one of this segment, before its checksum is looked at.
func (h *header) plausible(segment uint64, room int64) bool {
	return h.segment == segment && h.kind >= kindCommit && h.kind <= kindGap && h.batch <= h.length && h.size() <= room
}

// changesSize is the length of the encoded changes; 0 for none.
func changesSize(list [][]byte) int {
	if len(list) == 0 {
		return 0
	}
	n := uvarintSize(uint64(len(list)))
	for _, c := range list {
		n += uvarintSize(uint64(len(c))) + len(c)
	}
	return n
}

func uvarintSize(v uint64) int {
	n := 1
	for v >= 0x80 {
		v >>= 7
		n++
	}
	return n
}

func appendChanges(b []byte, list [][]byte) []byte {
	if len(list) == 0 {
		return b
	}
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, c := range list {
		b = append(binary.AppendUvarint(b, uint64(len(c))), c...)
	}
	return b
}

// parseChanges cuts b up; the changes alias it.
func parseChanges(b []byte) ([][]byte, error) {
	if len(b) == 0 {
		return nil, nil
	}
	bad := fmt.Errorf("%w: change records do not decode", kv.ErrCorrupt)
	n, k := binary.Uvarint(b)
	if k <= 0 || n > uint64(len(b)) {
		return nil, bad
	}
	b = b[k:]
	list := make([][]byte, n)
	for i := range list {
		n, k := binary.Uvarint(b)
		if k <= 0 || n > uint64(len(b)-k) {
			return nil, bad
		}
		list[i] = b[k : k+int(n) : k+int(n)]
		b = b[k+int(n):]
	}
	return list, nil
}

func appendFileHeader(b []byte, number uint64) []byte {
	b = append(b, make([]byte, fileHeader)...)
	h := b[len(b)-fileHeader:]
	copy(h, magic[:])
	le.PutUint32(h[8:], format)
	le.PutUint64(h[16:], number)
	le.PutUint32(h[60:], crc32.Checksum(h[:60], crcs))
	return b
}

// checkFileHeader tells what is wrong with a segment's first bytes.
func checkFileHeader(b []byte, number uint64) error {
	switch {
	case len(b) < fileHeader || [8]byte(b[:8]) != magic || le.Uint32(b[60:]) != crc32.Checksum(b[:60], crcs):
		return fmt.Errorf("%w: no header of a log segment", kv.ErrCorrupt)
	case le.Uint32(b[8:]) > format:
		return fmt.Errorf("%w: log segment of format %d, this program knows up to %d", kv.ErrNewerFormat, le.Uint32(b[8:]), format)
	case le.Uint64(b[16:]) != number:
		return fmt.Errorf("%w: the segment says that it is number %d", kv.ErrCorrupt, le.Uint64(b[16:]))
	}
	return nil
}
