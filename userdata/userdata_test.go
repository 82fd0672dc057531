package userdata

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/mem"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

type builtinTypes struct{}

func (builtinTypes) Type(oid desc.OID) *pgtype.Type { return pgtype.ByOID(oid) }

// room is a table in a store of its own: id int4 primary key, name text unique, n int4 indexed.
type room struct {
	t       *testing.T
	ctx     context.Context
	store   kv.Store
	service *Service
	table   *Table
}

func newRoom(t *testing.T, class desc.Class) *room {
	store := mem.New()
	t.Cleanup(func() { store.Close() })
	rel := &desc.Relation{OID: 20000, Name: "t", Kind: desc.Table, Class: class, StorageID: 1, Columns: []desc.Column{
		{Num: 1, Name: "id", Type: pgtype.OIDInt4, NotNull: true}, {Num: 2, Name: "name", Type: pgtype.OIDText}, {Num: 3, Name: "n", Type: pgtype.OIDInt4},
	}, Indexes: []desc.Index{
		{OID: 1, Name: "t_pkey", Unique: true, Immediate: true, Primary: true, Keys: []desc.IndexKey{{Num: 1}}},
		{OID: 2, Name: "t_name_key", Unique: true, Immediate: true, StorageID: 2, Keys: []desc.IndexKey{{Num: 2}}},
		{OID: 3, Name: "t_n_idx", StorageID: 3, Keys: []desc.IndexKey{{Num: 3, Desc: true, NullsFirst: true}}},
	}}
	table, err := Open(rel, builtinTypes{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	service := New(store)
	service.SetColumnCache(1 << 30)
	return &room{t: t, ctx: context.Background(), store: store, service: service, table: table}
}

// in runs f in a transaction of a user and commits it unless f fails.
func (r *room) in(user string, f func(a *Access) error) error {
	txn, err := r.store.Begin(r.ctx, kv.TxnOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	defer txn.Rollback()
	if err := f(&Access{Service: r.service, Txn: txn, Scope: user}); err != nil {
		return err
	}
	_, err = txn.Commit(r.ctx)
	return err
}

func values(id int, name string, n int) []pgtype.Datum {
	v := []pgtype.Datum{pgtype.Int(int64(id)), pgtype.Text(name), pgtype.Int(int64(n))}
	if name == "" {
		v[1] = pgtype.Null
	}
	return v
}

// list reads rows as text, in the order of the scan.
func (r *room) list(user string, q ScanRequest) []string {
	var out []string
	q.Nums = []int16{1, 2, 3}
	err := r.in(user, func(a *Access) error {
		a.AllScopes = user == "*"
		rows, err := r.table.Scanner(q.Nums).Scan(r.ctx, a, q)
		if err != nil {
			return err
		}
		defer rows.Close()
		for {
			v, err := rows.Next(r.ctx)
			if err != nil || v == nil {
				return err
			}
			out = append(out, fmt.Sprintf("%d %s %d", v[0].Int(), v[1].Text(), v[2].Int()))
		}
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

func (r *room) expect(got []string, want ...string) {
	r.t.Helper()
	if strings.Join(got, "|") != strings.Join(want, "|") {
		r.t.Fatalf("got %v, want %v", got, want)
	}
}

func (r *room) insert(user string, rows ...[]pgtype.Datum) {
	r.t.Helper()
	err := r.in(user, func(a *Access) error {
		for _, v := range rows {
			if err := r.table.Insert(r.ctx, a, v); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// TestScopes is the promise of user tables: same requests, different rows; the same keys do not collide; only who may reads across.
func TestScopes(t *testing.T) {
	r := newRoom(t, desc.User)
	r.insert("alice", values(1, "a", 10), values(2, "b", 20))
	r.insert("bob", values(1, "a", 99))
	r.expect(r.list("alice", ScanRequest{}), "1 a 10", "2 b 20")
	r.expect(r.list("bob", ScanRequest{}), "1 a 99")
	r.expect(r.list("al", ScanRequest{}))
	r.expect(r.list("bob", ScanRequest{Equal: []pgtype.Datum{pgtype.Int(2)}}))
	x := &r.table.Rel.Indexes[1]
	r.expect(r.list("bob", ScanRequest{Index: x, Equal: []pgtype.Datum{pgtype.Text("a")}}), "1 a 99")
	r.expect(r.list("*", ScanRequest{}), "1 a 10", "2 b 20", "1 a 99")
	r.expect(r.list("*", ScanRequest{Equal: []pgtype.Datum{pgtype.Int(1)}}), "1 a 10", "1 a 99")
	r.expect(r.list("*", ScanRequest{Index: x, Equal: []pgtype.Datum{pgtype.Text("b")}}), "2 b 20")
	if err := r.in("alice", func(a *Access) error { return r.table.ClearScope(a) }); err != nil {
		t.Fatal(err)
	}
	r.expect(r.list("*", ScanRequest{}), "1 a 99")
	r.expect(r.list("*", ScanRequest{Index: x}), "1 a 99")
}

// TestDroppedColumn reads rows that were written before a column was dropped, and writes them anew.
func TestDroppedColumn(t *testing.T) {
	r := newRoom(t, desc.Shared)
	r.insert("", values(1, "a", 10), values(2, "b", 20))
	rel := *r.table.Rel
	rel.Columns = append([]desc.Column(nil), rel.Columns...)
	rel.Columns[1].Dropped = true
	rel.Indexes = []desc.Index{rel.Indexes[0], rel.Indexes[2]}
	table, err := Open(&rel, builtinTypes{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.table = table
	r.insert("", []pgtype.Datum{pgtype.Int(3), pgtype.Null, pgtype.Int(30)})
	var got []string
	err = r.in("", func(a *Access) error {
		return table.Each(r.ctx, a, func(_ pgtype.Datum, v []pgtype.Datum) error {
			got = append(got, fmt.Sprint(v[0].Int(), v[1].IsNull(), v[2].Int()))
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	r.expect(got, "1 true 10", "2 true 20", "3 true 30")
}

// TestDuplicates checks that a taken key is 23505 and names constraint and value, and that NULLs are never taken.
func TestDuplicates(t *testing.T) {
	r := newRoom(t, desc.Shared)
	r.insert("", values(1, "a", 1), values(2, "", 1), values(3, "", 1))
	for _, c := range []struct {
		row                []pgtype.Datum
		constraint, detail string
	}{
		{values(1, "z", 1), "t_pkey", "Key (id)=(1) already exists."},
		{values(9, "a", 1), "t_name_key", "Key (name)=(a) already exists."},
	} {
		err := r.in("", func(a *Access) error { return r.table.Insert(r.ctx, a, c.row) })
		e, ok := pgerr.As(err)
		if !ok || e.Code != pgerr.UniqueViolation || e.Constraint != c.constraint || e.Detail != c.detail {
			t.Errorf("got %v (%+v)", err, e)
		}
	}
}

// TestRanges walks an index in both directions with all kinds of bounds.
func TestRanges(t *testing.T) {
	r := newRoom(t, desc.Shared)
	for i := 1; i <= 5; i++ {
		r.insert("", values(i, fmt.Sprint("x", i), i*10))
	}
	x := &r.table.Rel.Indexes[2] // descending
	bound := func(n int, inclusive bool) *Bound { return &Bound{Value: pgtype.Int(int64(n)), Inclusive: inclusive} }
	r.expect(r.list("", ScanRequest{Index: x, Lower: bound(20, true), Upper: bound(40, false)}), "3 x3 30", "2 x2 20")
	r.expect(r.list("", ScanRequest{Index: x, Lower: bound(20, false), Reverse: true}), "3 x3 30", "4 x4 40", "5 x5 50")
	r.expect(r.list("", ScanRequest{Lower: bound(2, false), Upper: bound(4, true)}), "3 x3 30", "4 x4 40")
	r.expect(r.list("", ScanRequest{Upper: bound(2, false)}), "1 x1 10")
	r.expect(r.list("", ScanRequest{Lower: &Bound{Value: pgtype.Null}}))
	r.expect(r.list("", ScanRequest{Lower: bound(4, true), Upper: bound(2, true)}))
}

// TestLostUpdate is two writers of one row: the second waits, and then sees that the row has changed.
func TestLostUpdate(t *testing.T) {
	r := newRoom(t, desc.Shared)
	r.insert("", values(1, "a", 1))
	begin := func() (*Access, pgtype.Datum) {
		txn, err := r.store.Begin(r.ctx, kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		a := &Access{Service: r.service, Txn: txn}
		s := r.table.Scanner([]int16{Locator})
		out := make([]pgtype.Datum, 1)
		if ok, err := s.Get(r.ctx, a, []pgtype.Datum{pgtype.Int(1)}, out); err != nil || !ok {
			t.Fatal(ok, err)
		}
		return a, out[0]
	}
	first, at1 := begin()
	second, at2 := begin()
	newest := make([]pgtype.Datum, 3)
	if s, err := r.table.Lock(r.ctx, first, at1, LockRequest{Mode: kv.ForUpdate}, newest); err != nil || s != Unchanged {
		t.Fatal(s, err)
	}
	done := make(chan Status)
	go func() {
		s, err := r.table.Lock(r.ctx, second, at2, LockRequest{Mode: kv.ForUpdate}, newest)
		if err != nil {
			t.Error(err)
		}
		done <- s
	}()
	if err := r.table.Update(r.ctx, first, at1, values(1, "a", 1), values(1, "a", 2)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
		t.Fatal("the second writer did not wait")
	case <-time.After(20 * time.Millisecond):
	}
	if _, err := first.Txn.Commit(r.ctx); err != nil {
		t.Fatal(err)
	}
	if s := <-done; s != Changed || newest[2].Int() != 2 {
		t.Fatalf("status %d, newest %v", s, newest[2].Int())
	}
	second.Txn.Rollback()
}

// TestAgainstModel does random inserts, updates and deletes and compares table and indexes with a map after each transaction.
func TestAgainstModel(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 4))
	r := newRoom(t, desc.Shared)
	model := map[int][2]any{} // id → name, n
	for range 400 {
		next := map[int][2]any{}
		for k, v := range model {
			next[k] = v
		}
		err := r.in("", func(a *Access) error {
			for range 1 + rnd.IntN(4) {
				if err := r.step(rnd, a, next); err != nil {
					return err
				}
			}
			if rnd.IntN(5) == 0 {
				return context.Canceled // roll back
			}
			return nil
		})
		switch {
		case err == nil:
			model = next
		case err != context.Canceled && !pgerr.Is(err, pgerr.UniqueViolation):
			t.Fatal(err)
		}
		r.compare(model)
	}
}

func (r *room) step(rnd *rand.Rand, a *Access, model map[int][2]any) error {
	id, name, n := rnd.IntN(20), fmt.Sprint("n", rnd.IntN(30)), rnd.IntN(5)
	if rnd.IntN(5) == 0 {
		name = ""
	}
	out := make([]pgtype.Datum, 4)
	found, err := r.table.Scanner([]int16{1, 2, 3, Locator}).Get(r.ctx, a, []pgtype.Datum{pgtype.Int(int64(id))}, out)
	if err != nil {
		return err
	}
	if !found {
		model[id] = [2]any{name, n}
		return r.table.Insert(r.ctx, a, values(id, name, n))
	}
	if _, err := r.table.Lock(r.ctx, a, out[3], LockRequest{Mode: kv.ForUpdate}, make([]pgtype.Datum, 3)); err != nil {
		return err
	}
	delete(model, id)
	if rnd.IntN(2) == 0 {
		return r.table.Delete(r.ctx, a, out[3], out[:3])
	}
	if rnd.IntN(3) == 0 {
		id = rnd.IntN(20)
	}
	model[id] = [2]any{name, n}
	return r.table.Update(r.ctx, a, out[3], out[:3], values(id, name, n))
}

func (r *room) compare(model map[int][2]any) {
	r.t.Helper()
	var want []string
	for id, v := range model {
		want = append(want, fmt.Sprintf("%d %s %d", id, v[0], v[1]))
	}
	sort.Strings(want)
	for i := range r.table.Rel.Indexes {
		got := r.list("", ScanRequest{Index: &r.table.Rel.Indexes[i]})
		sort.Strings(got)
		r.expect(got, want...)
	}
}

// TestCovered reads through each index what its entries hold, and compares it with the rows.
func TestCovered(t *testing.T) {
	r := newRoom(t, desc.User)
	r.insert("ann", values(1, "b\x00c", 5), values(2, "", -7), values(3, "a", 5), values(4, "ü", 0))
	r.insert("bob", values(1, "z", 9))
	for _, c := range []struct {
		index int
		nums  []int16
		rows  bool // read from the rows after all
	}{{1, []int16{2}, false}, {1, []int16{1, 2}, false}, {1, []int16{1}, false}, {2, []int16{3}, false}, {2, []int16{3, 1}, false}, {2, nil, false}, {2, []int16{2}, true}, {2, []int16{1, Locator}, true}} {
		index := &r.table.Rel.Indexes[c.index]
		for _, user := range []string{"ann", "*"} {
			err := r.in(user, func(a *Access) error {
				a.AllScopes = user == "*"
				covered := r.table.Scanner(c.nums)
				if is := covered.coverOf(r.table.index(index)) == nil; is != c.rows {
					t.Errorf("%s %v: read from the rows: %v", index.Name, c.nums, is)
				}
				whole := r.table.Scanner([]int16{1, 2, 3, Locator})
				one, err := covered.Scan(r.ctx, a, ScanRequest{Index: index})
				if err != nil {
					return err
				}
				other, err := whole.Scan(r.ctx, a, ScanRequest{Index: index})
				if err != nil {
					return err
				}
				for {
					x, err := one.Next(r.ctx)
					if err != nil {
						return err
					}
					y, err := other.Next(r.ctx)
					if err != nil {
						return err
					}
					if (x == nil) != (y == nil) {
						t.Fatalf("%s %v of %s: another number of rows", index.Name, c.nums, user)
					}
					if x == nil {
						return nil
					}
					for i, n := range c.nums {
						if n > 0 && (x[i].IsNull() != y[n-1].IsNull() || !x[i].IsNull() && r.table.types[n-1].Codec.Compare(x[i], y[n-1]) != 0) {
							t.Errorf("%s %v of %s: %v in place of %v", index.Name, c.nums, user, x[i], y[n-1])
						}
					}
				}
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}
