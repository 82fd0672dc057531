package catalog

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/mem"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

var ctx = context.Background()

// fixture is a catalog on a store in memory that can be opened again.
type fixture struct {
	t       testing.TB
	backing *mem.Backing
	store   *mem.Store
	*Catalog
}

func newFixture(t testing.TB) *fixture {
	f := &fixture{t: t, backing: new(mem.Backing)}
	f.open()
	return f
}

func (f *fixture) open() {
	f.t.Helper()
	f.store = mem.Open(f.backing)
	c, err := Open(ctx, f.store, Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		f.t.Fatal(err)
	}
	f.Catalog = c
}

// crash opens the store again without closing the catalog.
func (f *fixture) crash() { f.store.Close(); f.open() }

func (f *fixture) begin() *Txn {
	f.t.Helper()
	k, err := f.store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		f.t.Fatal(err)
	}
	return f.Catalog.Begin(k, postgresOID)
}

func (f *fixture) commit(t *Txn) {
	f.t.Helper()
	if _, err := t.kv.Commit(ctx); err != nil {
		f.t.Fatal(err)
	}
}

// do runs f in a transaction and commits it.
func (f *fixture) do(body func(*Txn) error) {
	f.t.Helper()
	t := f.begin()
	defer t.kv.Rollback()
	if err := body(t); err != nil {
		f.t.Fatal(err)
	}
	f.commit(t)
}

func table(name string, columns ...string) *desc.Relation {
	r := &desc.Relation{Name: name, Schema: desc.PublicOID, Owner: desc.SuperuserOID, Kind: desc.Table}
	for _, c := range columns {
		r.Columns = append(r.Columns, desc.Column{Name: c, Type: pgtype.OIDInt4, Typmod: -1})
	}
	return r
}

// withKey gives a table a primary key on its first column.
func withKey(r *desc.Relation) *desc.Relation {
	name := r.Name + "_pkey"
	r.Columns[0].NotNull = true
	r.Indexes = append(r.Indexes, desc.Index{Name: name, Unique: true, Primary: true, Immediate: true, Valid: true, Method: "btree", Keys: []desc.IndexKey{{Num: 1}}})
	r.Constraints = append(r.Constraints, desc.Constraint{Name: name, Type: 'p', Columns: []int16{1}, Validated: true})
	return r
}

func wantError(t testing.TB, err error, code pgerr.Code, message string) *pgerr.Error {
	t.Helper()
	e, ok := pgerr.As(err)
	if !ok || e.Code != code || e.Message != message {
		t.Fatalf("got %v, want %s %s", err, code, message)
	}
	return e
}

func TestBootstrapAndReopen(t *testing.T) {
	f := newFixture(t)
	for range 2 {
		s := f.Snapshot(postgresOID)
		if s.Database().Name != "postgres" || s.RoleByName("postgres").OID != 10 || s.RoleByName("pg_read_all_data").OID != 6181 {
			t.Fatal("bootstrap rows are missing")
		}
		if p := s.SchemaByName("public"); p.Owner != desc.PgDatabaseOwnerOID || len(p.ACL) != 2 {
			t.Fatalf("public: %+v", p)
		}
		if s.DatabaseByName("template0").AllowConn || f.Snapshot(99) != nil {
			t.Fatal("template0 or unknown database")
		}
		f.crash()
	}
}

func TestCreateRelation(t *testing.T) {
	f := newFixture(t)
	a := f.begin()
	if err := a.CreateRelation(ctx, withKey(table("t", "id", "v"))); err != nil {
		t.Fatal(err)
	}
	r := a.RelationByName(desc.PublicOID, "t")
	if r == nil || r.OID < desc.FirstNormalOID || r.StorageID == 0 || r.Indexes[0].Constraint != r.Constraints[0].OID || r.Constraints[0].Index != r.Indexes[0].OID {
		t.Fatalf("%+v", r)
	}
	if f.Snapshot(postgresOID).Relation(r.OID) != nil {
		t.Fatal("visible before the commit")
	}
	before := f.Snapshot(postgresOID).Version()
	f.commit(a)
	if f.Snapshot(postgresOID).Version() == before {
		t.Fatal("the version stayed")
	}
	for range 2 {
		s := f.Snapshot(postgresOID)
		if s.RelationByName(desc.PublicOID, "t") == nil {
			t.Fatal("not visible after the commit")
		}
		if x, i := s.IndexByName(desc.PublicOID, "t_pkey"); x == nil || i.OID != r.Indexes[0].OID {
			t.Fatal("index by name")
		}
		if _, c := s.Constraint(r.Constraints[0].OID); c == nil || c.Name != "t_pkey" {
			t.Fatal("constraint")
		}
		typ := s.TypeByName(desc.PublicOID, "t")
		if typ == nil || typ != s.Type(r.RowType) || len(typ.Columns) != 2 || pgtype.ArrayOf(typ) != s.Type(r.RowArray) || s.Type(r.RowArray).Name != "_t" {
			t.Fatalf("row type %+v", typ)
		}
		f.crash()
	}
	b := f.begin()
	wantError(t, b.CreateRelation(ctx, table("t", "x")), pgerr.DuplicateTable, `relation "t" already exists`)
	wantError(t, b.CreateRelation(ctx, table("t_pkey", "x")), pgerr.DuplicateTable, `relation "t_pkey" already exists`)
	m := b.Savepoint()
	k := b.kv.Savepoint()
	if err := b.CreateRelation(ctx, table("_t", "x")); err != nil { // the array type gives way
		t.Fatal(err)
	}
	if n := b.Type(r.RowArray).Name; n != "__t" {
		t.Fatalf("array type is now %s", n)
	}
	b.RollbackTo(m)
	if err := b.kv.RollbackTo(k); err != nil {
		t.Fatal(err)
	}
	if b.RelationByName(desc.PublicOID, "_t") != nil || b.Type(r.RowArray).Name != "_t" || b.Version() != f.Snapshot(postgresOID).Version() {
		t.Fatal("RollbackTo left something")
	}
	f.commit(b)
}

func TestReferenceToItself(t *testing.T) {
	f := newFixture(t)
	r := withKey(table("t", "id", "parent"))
	r.Constraints = append(r.Constraints, desc.Constraint{Name: "t_parent_fkey", Type: 'f', Columns: []int16{2}, RefColumns: []int16{1}, Validated: true})
	f.do(func(x *Txn) error { return x.CreateRelation(ctx, r) })
	s := f.Snapshot(postgresOID)
	if c := s.Relation(r.OID).Constraints[1]; c.RefTable != r.OID || c.Index != r.Indexes[0].OID || len(s.Referencing(r.OID)) != 1 {
		t.Fatalf("%+v", c)
	}
	f.do(func(x *Txn) error {
		_, _, err := x.Drop(ctx, []desc.ObjectRef{{Class: desc.ClassRelation, OID: r.OID}}, false)
		return err
	})
}

func TestManyTables(t *testing.T) {
	f := newFixture(t)
	f.do(func(x *Txn) error {
		for i := range 10000 {
			r := table(fmt.Sprintf("t%d", i), "a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
			if err := x.CreateRelation(ctx, withKey(r)); err != nil {
				return err
			}
		}
		return nil
	})
	f.crash()
	if n := len(collect(f.Snapshot(postgresOID).RelationsIn(desc.PublicOID))); n != 10000 {
		t.Fatalf("%d tables", n)
	}
}

func collect[T any](seq func(func(T) bool)) (out []T) {
	for v := range seq {
		out = append(out, v)
	}
	return out
}

func BenchmarkOpen(b *testing.B) {
	f := newFixture(b)
	f.do(func(x *Txn) error {
		for i := range 10000 {
			r := table(fmt.Sprintf("t%d", i), "a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
			if err := x.CreateRelation(ctx, withKey(r)); err != nil {
				return err
			}
		}
		return nil
	})
	b.Run("tables=10000", func(b *testing.B) {
		for b.Loop() {
			f.crash()
		}
	})
	s := f.Snapshot(postgresOID)
	b.Run("by-name", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if s.RelationByName(desc.PublicOID, "t5000") == nil {
				b.Fatal()
			}
		}
	})
	b.Run("create", func(b *testing.B) {
		x := f.begin()
		defer x.kv.Rollback()
		for i := 0; b.Loop(); i++ {
			if err := x.CreateRelation(ctx, withKey(table(fmt.Sprintf("u%d", i), "a", "b"))); err != nil {
				b.Fatal(err)
			}
		}
	})
}
