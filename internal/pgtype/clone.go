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

func cloneAll(in []Datum, typeOf func(int) *Type) []Datum {
	out := make([]Datum, len(in))
	for i, v := range in {
		out[i] = v.Clone(typeOf(i))
	}
	return out
}
