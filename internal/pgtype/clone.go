package pgtype

import "strings"

// Clone gives a copy of d, of type t, that shares no memory with the buffer that d may point into.
func (d Datum) Clone(t *Type) Datum {
	if d.IsNull() || d.inline() {
		return d
	}
	switch t.Rep {
	case RepBytes:
		return Text(strings.Clone(d.Text()))
	case RepArray:
		a := *d.Array()
		a.Elems = cloneAll(a.Elems, func(int) *Type { return a.Elem })
		return ArrayValue(&a)
	case RepRecord:
		r := *d.Record()
		r.Fields = cloneAll(r.Fields, func(i int) *Type { return r.Types[i] })
		return RecordValue(&r)
	}
	return d
}

// Arena is where copied bytes go: one allocation for many values.
type Arena struct{ chunk []byte }

const arenaChunk = 16 << 10

// Own gives a copy of d whose bytes lie in the arena. It needs no type: words are in the datum, and objects (arrays, records, big numerics) already have memory of their own.
func (a *Arena) Own(d Datum) Datum {
	n := int(d.a)
	if d.p == nil || d.inline() || n == 0 {
		return d
	}
	if cap(a.chunk)-len(a.chunk) < n {
		if n > arenaChunk/4 {
			return Text(strings.Clone(d.Text()))
		}
		a.chunk = make([]byte, 0, arenaChunk)
	}
	at := len(a.chunk)
	a.chunk = append(a.chunk, d.Text()...)
	return Bytes(a.chunk[at : at+n : at+n])
}

func cloneAll(in []Datum, typeOf func(int) *Type) []Datum {
	out := make([]Datum, len(in))
	for i, v := range in {
		out[i] = v.Clone(typeOf(i))
	}
	return out
}
