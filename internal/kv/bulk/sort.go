package bulk

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// sortKey stands for a pair while its chunk is sorted: most comparisons end at eight bytes.
type sortKey struct {
	prefix uint64
	offset uint32
}

// sort brings the pairs into the order of keys, also in memory, so that who merges reads one behind the other. Equal keys keep the order in which they came.
func (c *chunk) sort() {
	defer close(c.sorted)
	if c.ordered {
		return
	}
	skip := c.shared()
	list := make([]sortKey, len(c.offsets))
	for i, at := range c.offsets {
		key, _, _ := pairAt(c.slab, at)
		list[i] = sortKey{prefixOf(key[skip:]), at}
	}
	list = sortByPrefix(list)
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && list[to].prefix == list[from].prefix {
			to++
		}
		if to-from > 1 {
			c.sortEqual(list[from:to])
		}
		from = to
	}
	slab := make([]byte, 0, len(c.slab))
	for i := range list {
		_, _, end := pairAt(c.slab, list[i].offset)
		c.offsets[i] = uint32(len(slab))
		slab = append(slab, c.slab[list[i].offset:end]...)
	}
	c.slab = slab
}

// shared is how many bytes all keys begin with in common.
func (c *chunk) shared() int {
	first := c.key(0)
	n := len(first)
	for i := 1; i < len(c.offsets) && n > 0; i++ {
		key := c.key(i)
		n = min(n, len(key))
		if bytes.Equal(key[:n], first[:n]) {
			continue
		}
		for n = 0; key[n] == first[n]; n++ {
		}
	}
	return n
}

// sortEqual sorts pairs whose prefixes are equal.
func (c *chunk) sortEqual(list []sortKey) {
	slices.SortFunc(list, func(a, b sortKey) int {
		x, _, _ := pairAt(c.slab, a.offset)
		y, _, _ := pairAt(c.slab, b.offset)
		if order := bytes.Compare(x, y); order != 0 {
			return order
		}
		return int(int64(a.offset) - int64(b.offset))
	})
}

// sortByPrefix sorts by prefix, byte by byte from the last one, leaving out those in which all are the same. It returns the list or another of its length.
func sortByPrefix(list []sortKey) []sortKey {
	var differ uint64
	for i := range list {
		differ |= list[i].prefix ^ list[0].prefix
	}
	to := make([]sortKey, len(list))
	for shift := 0; shift < 64; shift += 8 {
		if byte(differ>>shift) == 0 {
			continue
		}
		var starts [256]int
		for i := range list {
			starts[byte(list[i].prefix>>shift)]++
		}
		sum := 0
		for b := range starts {
			sum, starts[b] = sum+starts[b], sum
		}
		for i := range list {
			b := byte(list[i].prefix >> shift)
			to[starts[b]] = list[i]
			starts[b]++
		}
		list, to = to, list
	}
	return list
}

// prefixOf is the first eight bytes as a number of the same order; missing ones count as zero.
func prefixOf(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	var p [8]byte
	copy(p[:], b)
	return binary.BigEndian.Uint64(p[:])
}
