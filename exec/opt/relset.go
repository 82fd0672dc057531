package opt

import "math/bits"

// relSet is a set of relation numbers. The zero relSet is empty; sets are values, and the operations that change one give it back.
type relSet struct {
	low  uint64   // numbers below 64, which is all of most statements
	high []uint64 // the others, by 64
}

func oneRel(r int32) relSet { return relSet{}.with(r) }

func (s relSet) has(r int32) bool {
	if r < 64 {
		return s.low&(1<<uint(r)) != 0
	}
	i := int(r)/64 - 1
	return i < len(s.high) && s.high[i]&(1<<(uint(r)%64)) != 0
}

// with adds a number. It may change s.high in place, so s is not to be used any more.
func (s relSet) with(r int32) relSet {
	if r < 64 {
		s.low |= 1 << uint(r)
		return s
	}
	i := int(r)/64 - 1
	for len(s.high) <= i {
		s.high = append(s.high, 0)
	}
	s.high[i] |= 1 << (uint(r) % 64)
	return s
}

// without takes a number out; as with.
func (s relSet) without(r int32) relSet {
	if r < 64 {
		s.low &^= 1 << uint(r)
		return s
	}
	if i := int(r)/64 - 1; i < len(s.high) {
		s.high[i] &^= 1 << (uint(r) % 64)
	}
	return s
}

// and is what both sets have, or is what either has; they are new sets.
func (s relSet) or(o relSet) relSet {
	out := relSet{low: s.low | o.low}
	if len(s.high)+len(o.high) > 0 {
		out.high = make([]uint64, max(len(s.high), len(o.high)))
		copy(out.high, s.high)
		for i, w := range o.high {
			out.high[i] |= w
		}
	}
	return out
}

func (s relSet) meets(o relSet) bool {
	if s.low&o.low != 0 {
		return true
	}
	for i := range min(len(s.high), len(o.high)) {
		if s.high[i]&o.high[i] != 0 {
			return true
		}
	}
	return false
}

// in tells whether o has all of s.
func (s relSet) in(o relSet) bool {
	if s.low&^o.low != 0 {
		return false
	}
	for i, w := range s.high {
		if i >= len(o.high) && w != 0 || i < len(o.high) && w&^o.high[i] != 0 {
			return false
		}
	}
	return true
}

func (s relSet) empty() bool {
	for _, w := range s.high {
		if w != 0 {
			return false
		}
	}
	return s.low == 0
}

// within tells whether s has nothing of a wider set but what o has: an expression that reads s can be computed on o, all else being outer.
func (s relSet) within(o, all relSet) bool {
	if s.low&all.low&^o.low != 0 {
		return false
	}
	for i := range min(len(s.high), len(all.high)) {
		w := s.high[i] & all.high[i]
		if i < len(o.high) {
			w &^= o.high[i]
		}
		if w != 0 {
			return false
		}
	}
	return true
}

// each calls f for every number.
func (s relSet) each(f func(r int32)) {
	for w := s.low; w != 0; w &= w - 1 {
		f(int32(bits.TrailingZeros64(w)))
	}
	for i, w := range s.high {
		for ; w != 0; w &= w - 1 {
			f(int32(64*(i+1) + bits.TrailingZeros64(w)))
		}
	}
}
