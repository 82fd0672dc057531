package kv

// Batch is a reusable list of key-value items in one buffer. The zero Batch is empty and ready for use.
type Batch struct {
	buf   []byte
	items []item
}

type item struct {
	key, value, end int // offsets into buf: key at key, value at value, up to end
	version         Version
	found           bool
}

// Len is the number of items.
func (b *Batch) Len() int { return len(b.items) }

// Size is the number of bytes of keys and values.
func (b *Batch) Size() int { return len(b.buf) }

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() { b.buf, b.items = b.buf[:0], b.items[:0] }

// Append copies an item to the end.
func (b *Batch) Append(key, value []byte, v Version) {
	k := len(b.buf)
	b.buf = append(b.buf, key...)
	m := len(b.buf)
	b.buf = append(b.buf, value...)
	b.items = append(b.items, item{k, m, len(b.buf), v, true})
}

// AppendMissing adds the item of a key that was looked up and is not there.
func (b *Batch) AppendMissing(key []byte) {
	k := len(b.buf)
	b.buf = append(b.buf, key...)
	b.items = append(b.items, item{k, len(b.buf), len(b.buf), 0, false})
}

// Grow makes room for n bytes at the end of the buffer and returns that room and its offset, for engines that let C fill it;
// AppendAt then names the items inside.
func (b *Batch) Grow(n int) (room []byte, offset int) {
	offset = len(b.buf)
	if cap(b.buf)-offset < n {
		grown := make([]byte, offset, 2*cap(b.buf)+n)
		copy(grown, b.buf)
		b.buf = grown
	}
	b.buf = b.buf[:offset+n]
	return b.buf[offset:], offset
}

// Trim sets the end of the buffer, after an engine used less than it grew, or more of the room's capacity.
func (b *Batch) Trim(end int) { b.buf = b.buf[:end] }

// AppendAt adds an item whose bytes are already in the buffer: key at [key,value), value at [value,end).
func (b *Batch) AppendAt(key, value, end int, v Version, found bool) {
	b.items = append(b.items, item{key, value, end, v, found})
}

// Key is the i-th item's key, valid until the batch is filled again.
func (b *Batch) Key(i int) []byte { it := &b.items[i]; return b.buf[it.key:it.value:it.value] }

// Value is the i-th item's value, valid until the batch is filled again; empty when not found.
func (b *Batch) Value(i int) []byte { it := &b.items[i]; return b.buf[it.value:it.end:it.end] }

// Found tells whether the i-th item exists.
func (b *Batch) Found(i int) bool { return b.items[i].found }

// Version is the version of the commit that wrote the i-th item; Pending for an own write, 0 when not found.
func (b *Batch) Version(i int) Version { return b.items[i].version }

// SetVersions makes all items of one version.
func (b *Batch) SetVersions(v Version) {
	for i := range b.items {
		b.items[i].version = v
	}
}

// Detach empties the batch and leaves its bytes to whoever still points into them: the next fill takes new memory, about as much as the last needed.
func (b *Batch) Detach() {
	b.buf = make([]byte, 0, len(b.buf))
	b.items = b.items[:0]
}
