package catalog

import (
	"sync"
	"testing"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

func newSequence(f *fixture, name string, def desc.SequenceDef) *desc.Relation {
	f.t.Helper()
	def.Type, def.Cache = pgtype.OIDInt8, 1
	r := &desc.Relation{Name: name, Schema: desc.PublicOID, Owner: desc.SuperuserOID, Kind: desc.Sequence, SequenceDef: &def}
	f.do(func(x *Txn) error { return x.CreateRelation(ctx, r) })
	return r
}

func (f *fixture) next(r *desc.Relation) int64 {
	f.t.Helper()
	v, err := f.Sequences().NextVal(ctx, postgresOID, r)
	must(f.t, err)
	return v
}

func TestSequence(t *testing.T) {
	f := newFixture(t)
	s := newSequence(f, "s", desc.SequenceDef{Start: 1, Increment: 1, Min: 1, Max: 1<<63 - 1})
	for want := int64(1); want <= 40; want++ {
		if v := f.next(s); v != want {
			t.Fatalf("got %d, want %d", v, want)
		}
	}
	f.crash() // values may be skipped, never repeated
	v := f.next(s)
	if v <= 40 || v > 40+logAhead {
		t.Fatalf("after a crash: %d", v)
	}
	must(t, f.Catalog.Close(ctx)) // an orderly end skips none
	f.crash()
	if w := f.next(s); w != v+1 {
		t.Fatalf("after a close: %d, want %d", w, v+1)
	}
	must(t, f.Sequences().SetVal(ctx, postgresOID, s, 7, false))
	f.crash()
	if v := f.next(s); v != 7 {
		t.Fatalf("after setval: %d", v)
	}
	wantError(t, f.Sequences().SetVal(ctx, postgresOID, s, 0, true), "22003", `setval: value 0 is out of bounds for sequence "s" (1..9223372036854775807)`)
}

func TestSequenceLimits(t *testing.T) {
	f := newFixture(t)
	const most, least = 1<<63 - 1, -1 << 63
	up := newSequence(f, "up", desc.SequenceDef{Start: most - 1, Increment: 1 << 62, Min: least, Max: most})
	if f.next(up) != most-1 {
		t.Fatal("start")
	}
	_, err := f.Sequences().NextVal(ctx, postgresOID, up)
	wantError(t, err, "2200H", `nextval: reached maximum value of sequence "up" (9223372036854775807)`)
	down := newSequence(f, "down", desc.SequenceDef{Start: least + 5, Increment: -3, Min: least, Max: most})
	if f.next(down) != least+5 || f.next(down) != least+2 {
		t.Fatal("down")
	}
	_, err = f.Sequences().NextVal(ctx, postgresOID, down)
	wantError(t, err, "2200H", `nextval: reached minimum value of sequence "down" (-9223372036854775808)`)
	cycle := newSequence(f, "cycle", desc.SequenceDef{Start: 2, Increment: 1, Min: 1, Max: 3, Cycle: true})
	for _, want := range []int64{2, 3, 1, 2, 3, 1} {
		if v := f.next(cycle); v != want {
			t.Fatalf("cycle: %d, want %d", v, want)
		}
	}
	back := newSequence(f, "back", desc.SequenceDef{Start: 1, Increment: -1, Min: -1, Max: 1, Cycle: true})
	for _, want := range []int64{1, 0, -1, 1, 0} {
		if v := f.next(back); v != want {
			t.Fatalf("back: %d, want %d", v, want)
		}
	}
}

func TestSequenceRestartIsTransactional(t *testing.T) {
	f := newFixture(t)
	table := withKey(table("t", "id"))
	f.do(func(x *Txn) error { return x.CreateRelation(ctx, table) })
	s := sequenceOf(table, 1, "t_id_seq", false)
	f.do(func(x *Txn) error { return x.CreateRelation(ctx, s) })
	f.next(s)
	f.next(s)
	x := f.begin()
	must(t, x.Truncate(ctx, table.OID, true))
	if v := f.next(x.Relation(s.OID)); v != 1 {
		t.Fatalf("restarted at %d", v)
	}
	if x.Relation(table.OID).StorageID == table.StorageID || len(x.FreedStorage()) == 0 {
		t.Fatal("storage stayed")
	}
	x.kv.Rollback()
	if v := f.next(f.Snapshot(postgresOID).Relation(s.OID)); v != 3 {
		t.Fatalf("after the rollback: %d", v)
	}
	f.do(func(x *Txn) error {
		def := *s.SequenceDef
		def.Increment = 10
		_, err := x.AlterSequence(ctx, s.OID, def, nil)
		return err
	})
	f.crash()
	if v := f.next(f.Snapshot(postgresOID).Relation(s.OID)); v != 13 {
		t.Fatalf("with another increment: %d", v)
	}
}

func TestSequenceConcurrent(t *testing.T) {
	f := newFixture(t)
	s := newSequence(f, "s", desc.SequenceDef{Start: 1, Increment: 1, Min: 1, Max: 1 << 40})
	var mu sync.Mutex
	seen := make(map[int64]bool)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				v, err := f.Sequences().NextVal(ctx, postgresOID, s)
				mu.Lock()
				if err != nil || seen[v] {
					t.Errorf("value %d, %v", v, err)
				}
				seen[v] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(seen) != 4000 || !seen[4000] {
		t.Fatalf("%d values", len(seen))
	}
}

func BenchmarkNextVal(b *testing.B) {
	f := newFixture(b)
	s := newSequence(f, "s", desc.SequenceDef{Start: 1, Increment: 1, Min: 1, Max: 1 << 60})
	for b.Loop() {
		f.next(s)
	}
}
