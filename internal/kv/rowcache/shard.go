package rowcache

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"sync"
	"unsafe"

	"github.com/kalampg/kalampg/internal/kv"
)

// An entry in the ring, little-endian, at a multiple of 8: size of the whole, tag, version, length of the key, flags, length of the value, key, value.
const (
	atSize    = 0
	atTag     = 4
	atVersion = 8
	atKeyLen  = 16
	atFlags   = 18
	atLen     = 20
	entryHead = 24

	flagRead = 1 // since it is where it is
	flagDead = 2

	none         = ^uint32(0)
	writtenSlots = 256
	bytesPerSlot = 64 // of ring, so that the table is at most half full with entries of 128 bytes
)

var le = binary.LittleEndian

// shard is a part of the cache. Offsets into the ring are in units of 8 bytes.
type shard struct {
	mu      sync.Mutex
	ring    []byte
	table   []uint64 // tag above, offset + 1 below; 0: free
	mask    uint32
	head    int // where the next entry goes
	tail    int // the oldest entry
	used    int // from tail to head, dead ones included
	entries int
	written [writtenSlots]kv.Version // newest commit by tag
	moved   []byte                   // an entry on its way from tail to head

	hits, misses uint64
	_            [64]byte
}

// init divides memory into table and ring.
func (s *shard) init(memory []byte) {
	slots := 1 << (bits.Len(uint(len(memory)/(bytesPerSlot+8))) - 1)
	s.table = unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(memory))), slots)
	s.mask = uint32(slots - 1)
	s.ring = memory[slots*8:]
	s.ring = s.ring[:len(s.ring)&^7]
}

func (s *shard) at(pos uint32) []byte { return s.ring[int(pos)*8:] }

func (s *shard) version(pos uint32) kv.Version { return kv.Version(le.Uint64(s.at(pos)[atVersion:])) }

func (s *shard) touch(pos uint32) { s.at(pos)[atFlags] |= flagRead }

func keyOf(e []byte) []byte { return e[entryHead:][:le.Uint16(e[atKeyLen:])] }

func (s *shard) value(pos uint32) []byte {
	e := s.at(pos)
	return e[entryHead+int(le.Uint16(e[atKeyLen:])):][:le.Uint32(e[atLen:])]
}

// find gives the place of a key's entry, or none.
func (s *shard) find(tag uint32, key []byte) uint32 {
	for i := tag & s.mask; ; i = (i + 1) & s.mask {
		x := s.table[i]
		if x == 0 {
			return none
		}
		if uint32(x>>32) == tag {
			if pos := uint32(x) - 1; bytes.Equal(keyOf(s.at(pos)), key) {
				return pos
			}
		}
	}
}

// add makes an entry. The key has none.
func (s *shard) add(tag uint32, key, value []byte, v kv.Version) {
	size := (entryHead + len(key) + len(value) + 7) &^ 7
	if size > len(s.ring)/4 || len(key) > 1<<16-1 {
		return
	}
	e := s.place(size, tag)
	le.PutUint32(e[atSize:], uint32(size))
	le.PutUint32(e[atTag:], tag)
	le.PutUint64(e[atVersion:], uint64(v))
	le.PutUint16(e[atKeyLen:], uint16(len(key)))
	e[atFlags], e[atFlags+1] = 0, 0
	le.PutUint32(e[atLen:], uint32(len(value)))
	copy(e[entryHead+copy(e[entryHead:], key):], value)
}

// place takes room at the head for an entry of so many bytes, pushing old ones out, and puts it into the table.
func (s *shard) place(size int, tag uint32) []byte {
	chances := 8 // how many entries that were read may go to the head instead of out
	for s.entries > len(s.table)*3/4 {
		s.evict(&chances)
	}
	for {
		if rest := len(s.ring) - s.head; rest < size { // it must not wrap: what is left at the end is filled up
			for s.used > 0 && len(s.ring)-s.used < rest {
				s.evict(&chances)
			}
			if rest > 0 && len(s.ring)-s.head == rest {
				s.fillUp(rest)
			}
			continue
		}
		if len(s.ring)-s.used >= size {
			break
		}
		s.evict(&chances)
	}
	pos := uint32(s.head / 8)
	e := s.ring[s.head:][:size]
	s.head += size
	if s.head == len(s.ring) {
		s.head = 0
	}
	s.used += size
	s.link(tag, pos)
	s.entries++
	return e
}

// fillUp puts a dead entry at the end of the ring. The table needs not know it, and 8 bytes suffice for its size and a tag of none.
func (s *shard) fillUp(rest int) {
	e := s.ring[s.head:]
	le.PutUint32(e[atSize:], uint32(rest))
	le.PutUint32(e[atTag:], none)
	if rest >= entryHead {
		e[atFlags] = flagDead
	}
	s.used += rest
	s.head = 0
}

// evict pushes out the oldest entry, or gives it another chance.
func (s *shard) evict(chances *int) {
	e := s.ring[s.tail:]
	size := int(le.Uint32(e[atSize:]))
	pos := uint32(s.tail / 8)
	dead := size < entryHead || e[atFlags]&flagDead != 0
	s.tail += size
	if s.tail == len(s.ring) {
		s.tail = 0
	}
	s.used -= size
	if dead {
		return
	}
	tag := le.Uint32(e[atTag:])
	s.unlink(tag, pos)
	s.entries--
	if e[atFlags]&flagRead == 0 || *chances == 0 {
		return
	}
	*chances--
	rest := len(s.ring) - s.head
	if rest < size || len(s.ring)-s.used < size {
		return // not worth making room for
	}
	s.moved = append(s.moved[:0], e[:size]...) // head may reach into it
	to := s.ring[s.head:][:size]
	copy(to, s.moved)
	to[atFlags] = 0
	s.link(tag, uint32(s.head/8))
	s.entries++
	s.used += size
	if s.head += size; s.head == len(s.ring) {
		s.head = 0
	}
}

func (s *shard) link(tag, pos uint32) {
	i := tag & s.mask
	for s.table[i] != 0 {
		i = (i + 1) & s.mask
	}
	s.table[i] = uint64(tag)<<32 | uint64(pos+1)
}

// unlink takes an entry out of the table and closes the gap.
func (s *shard) unlink(tag, pos uint32) {
	want := uint64(tag)<<32 | uint64(pos+1)
	i := tag & s.mask
	for s.table[i] != want {
		i = (i + 1) & s.mask
	}
	for j := i; ; {
		j = (j + 1) & s.mask
		x := s.table[j]
		if x == 0 {
			break
		}
		if home := uint32(x>>32) & s.mask; (j-home)&s.mask >= (j-i)&s.mask {
			s.table[i] = x
			i = j
		}
	}
	s.table[i] = 0
}

// remove drops an entry; its bytes stay dead in the ring.
func (s *shard) remove(tag, pos uint32) {
	s.unlink(tag, pos)
	s.at(pos)[atFlags] |= flagDead
	s.entries--
}

// replace puts a new value in the place of an entry's old one if it fits.
func (s *shard) replace(pos uint32, value []byte, v kv.Version) bool {
	e := s.at(pos)
	from := entryHead + int(le.Uint16(e[atKeyLen:]))
	if size := int(le.Uint32(e[atSize:])); from+len(value) > size || size-from-len(value) > 64 {
		return false
	}
	le.PutUint64(e[atVersion:], uint64(v))
	le.PutUint32(e[atLen:], uint32(len(value)))
	copy(e[from:], value)
	return true
}

// purge drops every entry that gone names.
func (s *shard) purge(gone func(key []byte, v kv.Version) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at, left := s.tail, s.used; left > 0; {
		e := s.ring[at:]
		size := int(le.Uint32(e[atSize:]))
		if size >= entryHead && e[atFlags]&flagDead == 0 && gone(keyOf(e), kv.Version(le.Uint64(e[atVersion:]))) {
			s.remove(le.Uint32(e[atTag:]), uint32(at/8))
		}
		left -= size
		if at += size; at == len(s.ring) {
			at = 0
		}
	}
}
