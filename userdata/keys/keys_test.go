package keys

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgtype"
)

func randomUser(r *rand.Rand) string {
	b := make([]byte, r.IntN(5))
	for i := range b {
		b[i] = []byte{0, 1, 2, 'a', 0xff}[r.IntN(5)]
	}
	return string(b)
}

// TestScope checks that a scope reads back, that none is a prefix of another, and that what follows it does not disturb the order of users.
func TestScope(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for range 5000 {
		a, b := randomUser(r), randomUser(r)
		ka, kb := AppendScope(nil, a), AppendScope(nil, b)
		got, rest, ok := Scope(append(append([]byte(nil), ka...), "tail"...))
		if !ok || got != a || string(rest) != "tail" {
			t.Fatalf("scope %q read back as %q, %q, %v", a, got, rest, ok)
		}
		if a != b && (bytes.HasPrefix(ka, kb) || bytes.HasPrefix(kb, ka)) {
			t.Fatalf("one of the scopes %q and %q is a prefix of the other", a, b)
		}
	}
	if _, _, ok := Scope([]byte("no end")); ok {
		t.Fatal("a scope without an end was read")
	}
}

// TestColumnOrder checks that the bytes of a column's values order as ORDER BY does, up and down, with NULLs at either end.
func TestColumnOrder(t *testing.T) {
	int4 := pgtype.ByOID(pgtype.OIDInt4)
	values := []pgtype.Datum{pgtype.Int(-5), pgtype.Int(0), pgtype.Int(7), pgtype.Null} // ascending, NULL last
	for _, c := range []struct {
		column Column
		order  []int // of values
	}{
		{Column{Type: int4}, []int{0, 1, 2, 3}},
		{Column{Type: int4, NullsFirst: true}, []int{3, 0, 1, 2}},
		{Column{Type: int4, Desc: true, NullsFirst: true}, []int{3, 2, 1, 0}},
		{Column{Type: int4, Desc: true}, []int{2, 1, 0, 3}},
	} {
		var last []byte
		for i, v := range c.order {
			key := c.column.Append(nil, values[v])
			if i > 0 && bytes.Compare(last, key) >= 0 {
				t.Errorf("%+v: value %d does not come after its predecessor", c.column, v)
			}
			last = key
		}
	}
}

func TestStorage(t *testing.T) {
	got := AppendStorage(nil, kv.SpaceRows, 0x01020304)
	if !bytes.Equal(got, []byte{kv.SpaceRows, 1, 2, 3, 4}) {
		t.Fatalf("%x", got)
	}
}
