package bulk

import "encoding/binary"

const (
	chunkBytes = 4 << 20
	pairHead   = 8 // lengths of key and value
	// Room is what lies free between key and value, for the engine.
	Room = 8
)

var le = binary.LittleEndian

// chunk is a list of pairs. Once sealed it is not changed any more, but sorted.
type chunk struct {
	slab    []byte
	offsets []uint32
	ordered bool
	sorted  chan struct{} // closed when offsets are in order
}

func newChunk(size int) *chunk {
	return &chunk{slab: make([]byte, 0, size), ordered: true, sorted: make(chan struct{})}
}

// fits tells whether a pair can be added without growing.
func (c *chunk) fits(key, value []byte) bool {
	return len(c.slab)+pairHead+len(key)+Room+len(value) <= cap(c.slab)
}

func (c *chunk) add(key, value []byte) {
	c.offsets = append(c.offsets, uint32(len(c.slab)))
	c.slab = appendPair(c.slab, key, value)
}

func appendPair(b, key, value []byte) []byte {
	b = le.AppendUint32(b, uint32(len(key)))
	b = le.AppendUint32(b, uint32(len(value)))
	b = append(b, key...)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	return append(b, value...)
}

// pairAt gives the parts of the pair at an offset, and its end.
func pairAt(slab []byte, at uint32) (key, value []byte, end uint32) {
	b := slab[at:]
	k, v := le.Uint32(b), le.Uint32(b[4:])
	return b[pairHead : pairHead+k : pairHead+k], b[pairHead+k+Room : pairHead+k+Room+v : pairHead+k+Room+v], at + pairHead + k + Room + v
}

func (c *chunk) key(i int) []byte {
	key, _, _ := pairAt(c.slab, c.offsets[i])
	return key
}
