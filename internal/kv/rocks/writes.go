package rocks

import (
	"encoding/binary"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/writebuf"
)

// Tags of the records in RocksDB's serialised write batch (db/dbformat.h, part of its file format). Those for the default family carry
// no family number.
const (
	tagDelete            = 0x0
	tagPut               = 0x1
	tagFamilyDelete      = 0x4
	tagFamilyPut         = 0x5
	tagFamilyDeleteRange = 0xE
	tagDeleteRange       = 0xF
)

const (
	repHeader  = 12 // sequence number, which RocksDB fills in, and number of records
	versionLen = 8
)

// writes is a transaction as a serialised write batch, all but the version of the commit: at lists the places where it goes.
type writes struct {
	rep   []byte
	at    []uint32
	count uint32
	ids   *[familyCount]uint32
}

func (w *writes) reset() {
	if cap(w.rep) > 1<<20 {
		w.rep, w.at = nil, nil
	}
	w.rep = append(w.rep[:0], make([]byte, repHeader)...)
	w.at, w.count = w.at[:0], 0
}

func (w *writes) add(buf *writebuf.Buffer) {
	const perWrite = 24 // tag, family, lengths, version
	if n := repHeader + buf.Bytes() + perWrite*buf.Len(); cap(w.rep) < n && n > 1<<16 {
		w.rep = append(make([]byte, 0, n), w.rep...) // growing step by step would copy a large transaction several times
		w.at = make([]uint32, 0, buf.Len())
	}
	buf.Ranges(func(start, end []byte) {
		w.tag(start, tagDeleteRange, tagFamilyDeleteRange)
		w.bytes(start)
		w.bytes(end)
	})
	buf.All(func(key, value []byte, del bool, _ kv.Version) bool {
		if del {
			w.tag(key, tagDelete, tagFamilyDelete)
			w.bytes(key)
		} else {
			w.put(key, value)
		}
		return true
	})
}

func (w *writes) put(key, value []byte) {
	w.tag(key, tagPut, tagFamilyPut)
	w.bytes(key)
	w.rep = binary.AppendUvarint(w.rep, uint64(versionLen+len(value)))
	w.at = append(w.at, uint32(len(w.rep)))
	w.rep = append(w.rep, 0, 0, 0, 0, 0, 0, 0, 0)
	w.rep = append(w.rep, value...)
}

func (w *writes) tag(key []byte, plain, family byte) {
	w.count++
	id := w.ids[familyOf(key)]
	if id == 0 {
		w.rep = append(w.rep, plain)
		return
	}
	w.rep = binary.AppendUvarint(append(w.rep, family), uint64(id))
}

func (w *writes) bytes(b []byte) {
	w.rep = append(binary.AppendUvarint(w.rep, uint64(len(b))), b...)
}

// stamp puts the version of the commit into every value.
func (w *writes) stamp(v kv.Version) {
	for _, at := range w.at {
		binary.BigEndian.PutUint64(w.rep[at:], uint64(v))
	}
}

// setCount completes the header of a batch.
func setCount(rep []byte, n uint32) { binary.LittleEndian.PutUint32(rep[8:], n) }

// each calls f for every write, in order. value is the end of the span for a deleted range.
func (w *writes) each(f func(tag byte, key, value []byte)) {
	next := func(b []byte) (piece, rest []byte) {
		n, k := binary.Uvarint(b)
		return b[k : k+int(n)], b[k+int(n):]
	}
	for b := w.rep[repHeader:]; len(b) > 0; {
		tag := b[0]
		b = b[1:]
		switch tag {
		case tagFamilyPut, tagFamilyDelete, tagFamilyDeleteRange:
			_, k := binary.Uvarint(b)
			b = b[k:]
		case tagPut:
			tag = tagFamilyPut
		case tagDelete:
			tag = tagFamilyDelete
		case tagDeleteRange:
			tag = tagFamilyDeleteRange
		}
		var key, value []byte
		key, b = next(b)
		if tag != tagFamilyDelete {
			value, b = next(b)
		}
		f(tag, key, value)
	}
}
