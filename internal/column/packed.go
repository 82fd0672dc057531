package column

import (
	"math"
	"math/bits"
	"unsafe"
)

// Packed is one column of many rows in as few bytes as its values allow, to be kept in memory and laid out in vectors again. It is immutable and holds no pointers but to
// its own memory.
//
//	Word, Decimal   the differences from the smallest value in 1, 2, 4 or 8 bytes
//	Float           8 bytes
//	Bytes           codes of 1 or 2 bytes into a dictionary, where there are few different values; else offsets and the bytes one behind the other
type Packed struct {
	kind  Kind
	scale int32
	width uint8
	n     int
	valid []uint64 // nil: no NULLs
	base  int64
	w8    []uint8
	w16   []uint16
	w32   []uint32
	w64   []int64
	f     []float64
	dict  []string
	ends  []uint32 // of Bytes without a dictionary: where each value ends
	bytes []byte
}

// Len is the number of rows.
func (p *Packed) Len() int { return p.n }

// Size is the memory that it takes, in bytes.
func (p *Packed) Size() int {
	size := len(p.w8) + 2*len(p.w16) + 4*len(p.w32) + 8*len(p.w64) + 8*len(p.f) + 8*len(p.valid) + 4*len(p.ends) + len(p.bytes) + 160
	for _, s := range p.dict {
		size += 16 + len(s)
	}
	return size
}

// Packer collects the values of one column. The zero Packer is ready for use.
type Packer struct {
	n       int
	kind    Kind
	scale   int32
	refuse  bool
	nulls   bool
	valid   []uint64
	i       []int64
	f       []float64
	codes   []uint16
	seen    map[string]uint16
	letters [256]uint16 // code + 1 of values of one byte
	dict    []string
	ends    []uint32
	bytes   []byte
}

// maxDict is how many different values a dictionary holds at most.
const maxDict = 4096

// Add appends the values of the selected rows (nil: all n). It gives false once the column cannot be packed: its values are datums, or decimals of different
// scales, or too many bytes.
func (k *Packer) Add(v *Vector, sel []int32, n int) bool {
	if k.refuse || v.Kind == Datum || k.n > 0 && (v.Kind != k.kind || v.Kind == Decimal && v.Scale != k.scale) || len(k.bytes) > math.MaxUint32/2 {
		k.refuse = true
		return false
	}
	k.kind, k.scale = v.Kind, v.Scale
	if v.Valid == nil && v.Kind != Bytes {
		k.addWords(v, sel, n)
		return true
	}
	if sel != nil {
		for _, i := range sel {
			k.add(v, int(i))
		}
		return true
	}
	for i := range n {
		k.add(v, i)
	}
	return true
}

// addWords appends fixed-width values without NULLs.
func (k *Packer) addWords(v *Vector, sel []int32, n int) {
	if sel != nil {
		n = len(sel)
	}
	k.n += n
	for len(k.valid) < Words(k.n) {
		k.valid = append(k.valid, ^uint64(0))
	}
	switch {
	case v.Kind == Float && sel == nil:
		k.f = append(k.f, v.F[:n]...)
	case v.Kind == Float:
		for _, i := range sel {
			k.f = append(k.f, v.F[i])
		}
	case sel == nil:
		k.i = append(k.i, v.I[:n]...)
	default:
		for _, i := range sel {
			k.i = append(k.i, v.I[i])
		}
	}
}

func (k *Packer) add(v *Vector, i int) {
	at := k.n
	k.n++
	if at&63 == 0 {
		k.valid = append(k.valid, ^uint64(0))
	}
	null := v.IsNull(i)
	if null {
		k.nulls = true
		k.valid[at>>6] &^= 1 << (at & 63)
	}
	switch k.kind {
	case Word, Decimal:
		x := int64(0)
		if !null {
			x = v.I[i]
		} else if at > 0 {
			x = k.i[at-1] // so that NULLs do not widen the range
		}
		k.i = append(k.i, x)
	case Float:
		if null {
			k.f = append(k.f, 0)
			return
		}
		k.f = append(k.f, v.F[i])
	case Bytes:
		s := ""
		if !null {
			s = v.Str(i)
		}
		k.addText(s)
	}
}

func (k *Packer) addText(s string) {
	if k.ends == nil {
		if len(s) == 1 && k.letters[s[0]] > 0 {
			k.codes = append(k.codes, k.letters[s[0]]-1)
			return
		}
		code, ok := k.seen[s]
		if !ok && len(k.dict) < maxDict && (k.n < 1024 || len(k.dict)*4 < k.n) {
			if k.seen == nil {
				k.seen = make(map[string]uint16)
			}
			s = string([]byte(s))
			code, ok = uint16(len(k.dict)), true
			k.seen[s] = code
			if len(s) == 1 {
				k.letters[s[0]] = code + 1
			}
			k.dict = append(k.dict, s)
		}
		if ok {
			k.codes = append(k.codes, code)
			return
		}
		for _, c := range k.codes {
			k.bytes = append(k.bytes, k.dict[c]...)
			k.ends = append(k.ends, uint32(len(k.bytes)))
		}
		k.codes, k.dict, k.seen = nil, nil, nil
		if k.ends == nil {
			k.ends = []uint32{}
		}
	}
	k.bytes = append(k.bytes, s...)
	k.ends = append(k.ends, uint32(len(k.bytes)))
}

// Pack gives the column, nil when it cannot be packed. The Packer is not used afterwards.
func (k *Packer) Pack() *Packed {
	if k.refuse {
		return nil
	}
	p := &Packed{kind: k.kind, scale: k.scale, n: k.n}
	if k.nulls {
		p.valid = clip(k.valid)
	}
	switch k.kind {
	case Word, Decimal:
		p.packWords(k.i)
	case Float:
		p.f = clip(k.f)
	case Bytes:
		if k.ends != nil || k.n == 0 {
			p.ends, p.bytes = clip(k.ends), clip(k.bytes)
			break
		}
		p.dict = clip(k.dict)
		if len(p.dict) <= 256 {
			p.w8 = make([]uint8, k.n)
			for i, c := range k.codes {
				p.w8[i] = uint8(c)
			}
		} else {
			p.w16 = clip(k.codes)
		}
	}
	return p
}

func clip[T any](s []T) []T { return append(make([]T, 0, len(s)), s...) }

func (p *Packed) packWords(v []int64) {
	if len(v) == 0 {
		return
	}
	low, high := v[0], v[0]
	for _, x := range v {
		low, high = min(low, x), max(high, x)
	}
	p.base = low
	p.width = max(1, uint8(bits.Len64(uint64(low^low>>63)|uint64(high^high>>63))))
	switch span := uint64(high) - uint64(low); {
	case span <= math.MaxUint8:
		p.w8 = narrowed[uint8](v, low)
	case span <= math.MaxUint16:
		p.w16 = narrowed[uint16](v, low)
	case span <= math.MaxUint32:
		p.w32 = narrowed[uint32](v, low)
	default:
		p.w64 = clip(v)
	}
}

func narrowed[T uint8 | uint16 | uint32](v []int64, low int64) []T {
	out := make([]T, len(v))
	for i, x := range v {
		out[i] = T(x - low)
	}
	return out
}

// Lay lays the selected ones (nil: all) of the n rows from `from`, a multiple of 64, out in a vector. Views point into the column.
func (p *Packed) Lay(from, n int, sel []int32, v *Vector) {
	v.Reset(p.kind, n)
	v.Width = p.width
	if p.kind == Decimal {
		v.Scale = p.scale
	}
	if p.valid != nil {
		v.NeedValid(n)
		copy(v.Valid, p.valid[from/64:])
	}
	switch p.kind {
	case Word, Decimal:
		switch {
		case p.w8 != nil:
			widen(v.I, p.w8[from:from+n], p.base, sel)
		case p.w16 != nil:
			widen(v.I, p.w16[from:from+n], p.base, sel)
		case p.w32 != nil:
			widen(v.I, p.w32[from:from+n], p.base, sel)
		default:
			copy(v.I, p.w64[from:from+n])
		}
	case Float:
		copy(v.F, p.f[from:from+n])
	case Bytes:
		p.layText(from, n, sel, v)
	}
}

func widen[T uint8 | uint16 | uint32](to []int64, from []T, base int64, sel []int32) {
	if sel != nil && len(sel)*4 < len(from) {
		for _, i := range sel {
			to[i] = int64(from[i]) + base
		}
		return
	}
	to = to[:len(from)]
	for i, x := range from {
		to[i] = int64(x) + base
	}
}

func (p *Packed) layText(from, n int, sel []int32, v *Vector) {
	switch {
	case p.w8 != nil:
		v.Dict, v.Codes = p.dict, v.codesOf(n)
		for i, c := range p.w8[from : from+n] {
			v.Codes[i] = int32(c)
		}
	case p.w16 != nil:
		v.Dict, v.Codes = p.dict, v.codesOf(n)
		for i, c := range p.w16[from : from+n] {
			v.Codes[i] = int32(c)
		}
	case sel != nil:
		for _, i := range sel {
			v.S[i] = p.text(from + int(i))
		}
	default:
		for i := range n {
			v.S[i] = p.text(from + i)
		}
	}
}

func (p *Packed) text(i int) string {
	start := uint32(0)
	if i > 0 {
		start = p.ends[i-1]
	}
	if start == p.ends[i] {
		return ""
	}
	return unsafe.String(&p.bytes[start], int(p.ends[i]-start))
}

// codesOf is memory for the codes of n rows.
func (v *Vector) codesOf(n int) []int32 {
	v.codes = sized(v.codes, n)
	return v.codes
}
