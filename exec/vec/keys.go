package vec

import (
	"math/bits"
	"strings"
	"unsafe"

	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// keyForm is how key values of a type are hashed and compared.
type keyForm struct {
	kind  keyKind
	codec pgtype.Codec // of datumKey
}

type keyKind uint8

const (
	wordKey keyKind = iota
	floatKey
	textKey
	blankKey // trailing blanks do not count
	datumKey
)

// formOf is the form of a type's keys; ok is false for a type without equality.
func formOf(t *pgtype.Type) (f keyForm, ok bool) {
	if !t.Codec.Comparable() {
		return f, false
	}
	switch classOf(t) {
	case integers, dates, timestamps, timestampTZs, times, oids, booleans:
		return keyForm{kind: wordKey}, true
	case floats:
		return keyForm{kind: floatKey}, true
	case texts, byteas:
		return keyForm{kind: textKey}, true
	case bpchars:
		return keyForm{kind: blankKey}, true
	}
	return keyForm{kind: datumKey, codec: t.Codec}, true
}

// commonForm is the form of two types whose values are compared with each other.
func commonForm(l, r *pgtype.Type) (f keyForm, ok bool) {
	if l.OID == r.OID || classOf(l) == classOf(r) && classOf(l) != noClass {
		return formOf(l)
	}
	return f, false
}

const (
	mixA     = 0x9E3779B97F4A7C15
	mixB     = 0xD6E8FEB86659FD93
	nullHash = 0x5851F42D4C957F2D
)

// mix spreads a word over all bits of the result.
func mix(h, v uint64) uint64 {
	hi, lo := bits.Mul64(h^v^mixA, mixB)
	return hi ^ lo
}

func hashString(s string) uint64 {
	h := uint64(len(s))
	p := unsafe.Pointer(unsafe.StringData(s))
	n := len(s)
	for ; n >= 8; n -= 8 {
		h = mix(h, *(*uint64)(p))
		p = unsafe.Add(p, 8)
	}
	var last uint64
	for i := range n {
		last |= uint64(*(*byte)(unsafe.Add(p, i))) << (8 * i)
	}
	return mix(h, last)
}

// hashKeys computes the hashes of the rows' keys, at the rows' positions.
func hashKeys(forms []keyForm, keys []*column.Vector, rows []int32, hashes []uint64) {
	for k, v := range keys {
		seed := uint64(k)
		first := k == 0
		switch forms[k].kind {
		case wordKey:
			if v.Valid == nil && first {
				for _, i := range rows {
					hashes[i] = mix(0, uint64(v.I[i]))
				}
				continue
			}
			for _, i := range rows {
				h := seed
				if !first {
					h = hashes[i]
				}
				if v.IsNull(int(i)) {
					hashes[i] = mix(h, nullHash)
					continue
				}
				hashes[i] = mix(h, uint64(v.I[i]))
			}
		default:
			for _, i := range rows {
				h := uint64(0)
				if !first {
					h = hashes[i]
				}
				hashes[i] = mix(h, hashValue(&forms[k], v, int(i)))
			}
		}
	}
}

func hashValue(f *keyForm, v *column.Vector, i int) uint64 {
	if isNull(v, i) {
		return nullHash
	}
	switch f.kind {
	case wordKey:
		return uint64(v.I[i])
	case floatKey:
		return uint64(orderedFloat(v.F[i]))
	case textKey:
		return hashString(v.Str(i))
	case blankKey:
		return hashString(strings.TrimRight(v.Str(i), " "))
	}
	return f.codec.Hash(v.Datum(i), 0)
}

// sameKey compares two key values; NULLs are equal to each other.
func sameKey(f *keyForm, x *column.Vector, i int, y *column.Vector, j int) bool {
	if a, b := isNull(x, i), isNull(y, j); a || b {
		return a && b
	}
	switch f.kind {
	case wordKey:
		return x.I[i] == y.I[j]
	case floatKey:
		return orderedFloat(x.F[i]) == orderedFloat(y.F[j])
	case textKey:
		return x.Str(i) == y.Str(j)
	case blankKey:
		return strings.TrimRight(x.Str(i), " ") == strings.TrimRight(y.Str(j), " ")
	}
	return f.codec.Compare(x.Datum(i), y.Datum(j)) == 0
}

// groupTable numbers distinct keys in the order in which they come.
type groupTable struct {
	forms  []keyForm
	keys   *store
	hashes []uint64
	slots  []uint32 // number + 1, 0: free
	one    [1]int32
}

func newGroupTable(forms []keyForm, memory *Memory) *groupTable {
	return &groupTable{forms: forms, keys: newStore(len(forms), memory), slots: make([]uint32, 64)}
}

func (t *groupTable) len() int { return len(t.hashes) }

// numbers gives the numbers of the rows' keys, at the rows' positions, and makes those that are new.
func (t *groupTable) numbers(keys []*column.Vector, rows []int32, hashes []uint64, out []uint32) error {
	if len(keys) == 1 && t.forms[0].kind == wordKey && keys[0].Valid == nil && t.keys.cols[0].Valid == nil {
		return t.wordNumbers(keys[0], rows, hashes, out)
	}
	for _, i := range rows {
		n, err := t.number(keys, i, hashes[i])
		if err != nil {
			return err
		}
		out[i] = n
	}
	return nil
}

func (t *groupTable) number(keys []*column.Vector, i int32, h uint64) (uint32, error) {
	mask := uint64(len(t.slots) - 1)
next:
	for at := h & mask; ; at = (at + 1) & mask {
		g := t.slots[at]
		if g == 0 {
			return t.add(keys, i, h, at)
		}
		if t.hashes[g-1] != h {
			continue
		}
		for k := range keys {
			if !sameKey(&t.forms[k], &t.keys.cols[k], int(g-1), keys[k], int(i)) {
				continue next
			}
		}
		return g - 1, nil
	}
}

func (t *groupTable) wordNumbers(key *column.Vector, rows []int32, hashes []uint64, out []uint32) error {
	keys := []*column.Vector{key}
	for _, i := range rows {
		h, v := hashes[i], key.I[i]
		mask := uint64(len(t.slots) - 1)
		for at := h & mask; ; at = (at + 1) & mask {
			g := t.slots[at]
			if g == 0 {
				n, err := t.add(keys, i, h, at)
				if err != nil {
					return err
				}
				out[i] = n
				break
			}
			if t.keys.cols[0].I[g-1] == v {
				out[i] = g - 1
				break
			}
		}
	}
	return nil
}

// add makes a group in the free slot at.
func (t *groupTable) add(keys []*column.Vector, i int32, h, at uint64) (uint32, error) {
	n := uint32(len(t.hashes))
	t.one[0] = i
	for k, v := range keys {
		t.keys.appendColumn(&t.keys.cols[k], v, t.one[:])
	}
	t.keys.n++
	t.hashes = append(t.hashes, h)
	t.slots[at] = n + 1
	if int(n)*2 < len(t.slots) {
		return n, nil
	}
	if err := t.keys.memory.Grow(int64(len(t.slots))*4 + int64(len(t.hashes))*8); err != nil {
		return 0, err
	}
	t.slots = make([]uint32, 4*len(t.slots))
	mask := uint64(len(t.slots) - 1)
	for g, h := range t.hashes {
		at := h & mask
		for t.slots[at] != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = uint32(g) + 1
	}
	return n, t.keys.count()
}
