package writebuf

// Bytes are kept in chunks that never move, so that slices into them stay valid until Reset.
const (
	firstChunk = 4 << 10
	maxChunk   = 1 << 20
	keepBytes  = 64 << 10 // what Reset keeps
)

// ref names bytes in the arena: chunk and offset.
type ref struct{ chunk, off, len uint32 }

type arena struct {
	chunks [][]byte // the last one is being filled
	size   int
}

// room returns n fresh bytes.
func (a *arena) room(n int) (ref, []byte) {
	last := len(a.chunks) - 1
	if last < 0 || cap(a.chunks[last])-len(a.chunks[last]) < n {
		size := min(firstChunk<<len(a.chunks), maxChunk)
		if len(a.chunks) > 8 {
			size = maxChunk
		}
		a.chunks = append(a.chunks, make([]byte, 0, max(size, n)))
		last++
	}
	c := a.chunks[last]
	off := len(c)
	a.chunks[last] = c[:off+n]
	a.size += n
	return ref{uint32(last), uint32(off), uint32(n)}, c[off : off+n]
}

func (a *arena) copy(b []byte) ref {
	r, room := a.room(len(b))
	copy(room, b)
	return r
}

func (a *arena) at(r ref) []byte {
	return a.chunks[r.chunk][r.off : r.off+r.len : r.off+r.len]
}

func (a *arena) reset() {
	a.size = 0
	if len(a.chunks) == 0 {
		return
	}
	if len(a.chunks) > 1 || cap(a.chunks[0]) > keepBytes {
		a.chunks = nil
		return
	}
	a.chunks[0] = a.chunks[0][:0]
}
