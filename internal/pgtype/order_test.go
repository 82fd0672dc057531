package pgtype

import (
	"bytes"
	"testing"
)

// TestKeyOrder holds every pair of recorded values of a type against each other: their keys order as Compare does, equal values hash equally, and no key
// is a prefix of another.
func TestKeyOrder(t *testing.T) {
	values := map[*Type][]Datum{}
	seen := map[string]bool{}
	for _, c := range readReference(t) {
		typ, typmod := refType(t, c.typ)
		id := typ.Name + "\x00" + c.input
		if seen[id] || !typ.Codec.Comparable() {
			continue
		}
		seen[id] = true
		if d, err := typ.Codec.ParseText(refContext(t, c.settings), c.input, typmod); err == nil {
			values[typ] = append(values[typ], d)
		}
	}
	for typ, list := range values {
		checkOrder(t, typ, list)
	}
}

func checkOrder(t *testing.T, typ *Type, list []Datum) {
	t.Helper()
	ctx := Default()
	keys := make([][]byte, len(list))
	for i, d := range list {
		keys[i] = typ.Codec.AppendKey(nil, d)
	}
	for i, a := range list {
		for j, b := range list {
			want := typ.Codec.Compare(a, b)
			if want != -typ.Codec.Compare(b, a) {
				t.Fatalf("%s: comparison of %s and %s is not antisymmetric", typ.Name, typ.Codec.AppendText(ctx, nil, a), typ.Codec.AppendText(ctx, nil, b))
			}
			if got := bytes.Compare(keys[i], keys[j]); got != want || want != 0 && bytes.HasPrefix(keys[j], keys[i]) {
				t.Fatalf("%s: keys of %s (%x) and %s (%x): %d, values %d", typ.Name, typ.Codec.AppendText(ctx, nil, a), keys[i],
					typ.Codec.AppendText(ctx, nil, b), keys[j], got, want)
			}
			if want == 0 && typ.Codec.Hash(a, 1) != typ.Codec.Hash(b, 1) {
				t.Fatalf("%s: %s and %s hash differently", typ.Name, typ.Codec.AppendText(ctx, nil, a), typ.Codec.AppendText(ctx, nil, b))
			}
		}
	}
}
