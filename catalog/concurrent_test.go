package catalog

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
)

func TestDropWhileWaiting(t *testing.T) {
	f := newFixture(t)
	r := table("t", "a")
	f.do(func(x *Txn) error { return x.CreateRelation(ctx, r) })
	reader, dropper := f.begin(), f.begin()
	_, _, err := dropper.Drop(ctx, []desc.ObjectRef{{Class: desc.ClassRelation, OID: r.OID}}, false)
	must(t, err)
	_, err = reader.LockRelation(ctx, r.OID, kv.AccessShare, Wait{NoWait: true})
	wantError(t, err, pgerr.LockNotAvailable, `could not obtain lock on relation "t"`)
	_, err = reader.LockRelation(ctx, r.OID, kv.AccessShare, Wait{Timeout: time.Millisecond})
	wantError(t, err, pgerr.LockNotAvailable, "canceling statement due to lock timeout")
	done := make(chan error)
	go func() {
		_, err := reader.LockRelation(ctx, r.OID, kv.AccessShare, Wait{})
		done <- err
	}()
	time.Sleep(10 * time.Millisecond)
	f.commit(dropper)
	wantError(t, <-done, pgerr.UndefinedTable, `relation "t" does not exist`)
	reader.kv.Rollback()
}

func TestSameNameAtOnce(t *testing.T) {
	f := newFixture(t)
	a, b := f.begin(), f.begin()
	must(t, a.CreateRelation(ctx, table("t", "x")))
	done := make(chan error)
	go func() { done <- b.CreateRelation(ctx, table("t", "y")) }()
	time.Sleep(10 * time.Millisecond)
	f.commit(a)
	wantError(t, <-done, pgerr.DuplicateTable, `relation "t" already exists`)
	b.kv.Rollback()
	c, d := f.begin(), f.begin()
	must(t, c.CreateRelation(ctx, table("u", "x")))
	go func() { done <- d.CreateRelation(ctx, table("u", "y")) }()
	time.Sleep(10 * time.Millisecond)
	c.kv.Rollback()
	must(t, <-done)
	f.commit(d)
}

func TestGrantBesideAlter(t *testing.T) {
	f := newFixture(t)
	r := table("t", "a")
	f.do(func(x *Txn) error { return x.CreateRelation(ctx, r) })
	a, b := f.begin(), f.begin()
	_, err := a.Grant(ctx, Grant{Objects: []desc.ObjectRef{{Class: desc.ClassRelation, OID: r.OID}}, Privileges: desc.Select, Grantees: []OID{0}, Role: desc.SuperuserOID})
	must(t, err)
	done := make(chan error)
	go func() {
		_, err := b.AlterRelation(ctx, r.OID, func(r *desc.Relation) error {
			r.Columns = append(r.Columns, desc.Column{Name: "b", Type: 23, Typmod: -1})
			return nil
		})
		done <- err
	}()
	time.Sleep(10 * time.Millisecond)
	f.commit(a)
	must(t, <-done)
	f.commit(b)
	if r := f.Snapshot(postgresOID).Relation(r.OID); len(r.ACL) != 2 || len(r.Columns) != 2 || r.Version != 2 || r.Revision != 3 {
		t.Fatalf("a change was lost: %+v", r)
	}
	stale := r.Clone() // as it was before all that
	c := f.begin()
	if err := c.UpdateRelation(ctx, stale); !pgerr.Is(err, pgerr.SerializationFailure) {
		t.Fatalf("a stale descriptor was stored: %v", err)
	}
	c.kv.Rollback()
}

// TestRandomDDL lets several sessions change schemas, tables, views and roles at random, rolling back to savepoints and whole, and compares the catalog with
// itself read again from the store.
func TestRandomDDL(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	f := newFixture(t)
	limit, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for worker := range 4 {
		r := rand.New(rand.NewPCG(seed, uint64(worker)))
		wg.Go(func() {
			for range 300 {
				k, err := f.store.Begin(limit, kv.TxnOptions{})
				if err != nil {
					t.Error(err)
					return
				}
				x := f.Catalog.Begin(k, postgresOID)
				if randomStatements(limit, t, r, x) && r.IntN(4) > 0 {
					if _, err := k.Commit(limit); err != nil {
						t.Error("commit:", err)
					}
				}
				k.Rollback()
			}
		})
	}
	wg.Wait()
	before := f.Snapshot(postgresOID)
	checkDerived(t, &before.contents)
	oids := make(map[OID]string)
	unique := func(oid OID, what string) {
		if oids[oid] != "" {
			t.Errorf("OID %d is of %s and %s", oid, oids[oid], what)
		}
		oids[oid] = what
	}
	for r := range before.Relations() {
		unique(r.OID, r.Name)
		if r.RowType != 0 {
			unique(r.RowType, r.Name+"'s type")
			unique(r.RowArray, r.Name+"'s array")
		}
		if before.Schema(r.Schema) == nil {
			t.Errorf("%s is in no schema", r.Name)
		}
		for _, d := range r.DependsOn {
			if before.Relation(d.Relation) == nil {
				t.Errorf("%s reads a table that is gone", r.Name)
			}
		}
	}
	f.crash()
	after := f.Snapshot(postgresOID)
	sameKeys(t, "relations", before.contents.relations, after.contents.relations)
	sameKeys(t, "schemas", before.contents.schemas, after.contents.schemas)
	sameKeys(t, "relNames", before.contents.relNames, after.contents.relNames)
	sameKeys(t, "typeNames", before.contents.typeNames, after.contents.typeNames)
	sameKeys(t, "uses", before.contents.uses, after.contents.uses)
	t.Logf("%d relations in %d schemas", len(collect(after.Relations())), len(collect(after.Schemas())))
}

// randomStatements runs some statements; false when one failed in a way that ends the transaction.
func randomStatements(ctx context.Context, t *testing.T, r *rand.Rand, x *Txn) bool {
	for range 1 + r.IntN(5) {
		x.Refresh()
		m, km := x.Savepoint(), x.kv.Savepoint()
		err := randomStatement(ctx, r, x)
		switch e, _ := pgerr.As(err); {
		case err == nil:
		case e == nil:
			t.Error(err)
			return false
		case e.Code == pgerr.DeadlockDetected:
			return false
		case e.Code[:2] != "42" && e.Code[:2] != "2B" && e.Code[:2] != "3F" && e.Code[:2] != "40":
			t.Error(err)
			return false
		}
		if err != nil || r.IntN(5) == 0 {
			x.RollbackTo(m)
			if err := x.kv.RollbackTo(km); err != nil {
				t.Error(err)
			}
		}
	}
	return true
}

func randomStatement(ctx context.Context, r *rand.Rand, x *Txn) error {
	schemas := collect(x.Schemas())
	relations := collect(x.Relations())
	schema := schemas[r.IntN(len(schemas))].OID
	name := fmt.Sprintf("n%d", r.IntN(12))
	if len(relations) == 0 {
		return x.CreateRelation(ctx, withKey(table(name, "a", "b")))
	}
	some := relations[r.IntN(len(relations))]
	switch r.IntN(9) {
	case 0:
		return x.CreateSchema(ctx, &desc.Schema{Name: "s" + name, Owner: desc.SuperuserOID})
	case 1, 2:
		t := withKey(table(name, "a", "b"))
		t.Schema = schema
		if some.RowType != 0 && r.IntN(3) == 0 {
			t.Columns[1].Type = some.RowArray
		}
		return x.CreateRelation(ctx, t)
	case 3:
		if _, err := x.LockRelation(ctx, some.OID, kv.AccessShare, Wait{}); err != nil {
			return err
		}
		return x.CreateRelation(ctx, viewOf(name, schema, desc.ColumnRef{Relation: some.OID}))
	case 4:
		_, err := x.AlterRelation(ctx, some.OID, func(t *desc.Relation) error {
			t.Name = name
			return nil
		})
		return err
	case 5:
		if some.Kind != desc.Table {
			return nil
		}
		_, err := x.AlterRelation(ctx, some.OID, func(t *desc.Relation) error {
			t.Indexes = append(t.Indexes, desc.Index{Name: name + "_idx", Method: "btree", Keys: []desc.IndexKey{{Num: 1}}})
			return nil
		})
		return err
	case 6:
		_, _, err := x.DropColumn(ctx, some.OID, int16(len(some.Columns)), r.IntN(2) == 0)
		return err
	case 7:
		_, _, err := x.Drop(ctx, []desc.ObjectRef{{Class: desc.ClassRelation, OID: some.OID}}, r.IntN(2) == 0)
		return err
	default:
		if schema < desc.FirstNormalOID {
			return nil
		}
		_, _, err := x.Drop(ctx, []desc.ObjectRef{{Class: desc.ClassSchema, OID: schema}}, r.IntN(2) == 0)
		return err
	}
}

func BenchmarkStatementStart(b *testing.B) {
	f := newFixture(b)
	r := table("t", "a")
	f.do(func(x *Txn) error { return x.CreateRelation(ctx, r) })
	b.ReportAllocs()
	for b.Loop() {
		k, _ := f.store.Begin(ctx, kv.TxnOptions{})
		x := f.Catalog.Begin(k, postgresOID)
		x.Refresh()
		if _, err := x.LockRelation(ctx, r.OID, kv.RowExclusive, Wait{}); err != nil {
			b.Fatal(err)
		}
		k.Rollback()
	}
}
