package catalog

import (
	"slices"
	"testing"
	"time"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
)

func TestDatabases(t *testing.T) {
	f := newFixture(t)
	source := withKey(table("t", "id", "v"))
	f.do(func(x *Txn) error {
		if err := x.CreateRelation(ctx, source); err != nil {
			return err
		}
		return x.CreateRelation(ctx, sequenceOf(source, 1, "t_id_seq", false))
	})
	seq := f.Snapshot(postgresOID).RelationByName(desc.PublicOID, "t_id_seq")
	f.next(seq)
	f.next(seq)
	db := &desc.Database{Name: "copy", Owner: desc.SuperuserOID, AllowConn: true, ConnLimit: -1, Encoding: 6}
	busy := func(OID) int { return 2 }
	x := f.begin()
	_, err := x.CreateDatabase(ctx, db.Clone(), postgresOID, busy)
	e := wantError(t, err, pgerr.ObjectInUse, `source database "postgres" is being accessed by other users`)
	if e.Detail != "There are 2 other sessions using the database." {
		t.Fatal(e.Detail)
	}
	copies, err := x.CreateDatabase(ctx, db, postgresOID, nil)
	must(t, err)
	_, err = x.CreateDatabase(ctx, &desc.Database{Name: "copy"}, template1OID, nil)
	wantError(t, err, pgerr.DuplicateDatabase, `database "copy" already exists`)
	f.commit(x)
	for range 2 {
		s := f.Snapshot(db.OID)
		c := s.RelationByName(desc.PublicOID, "t")
		if c == nil || c.OID != source.OID || len(copies) != 1 || copies[0] != (StorageCopy{source.StorageID, c.StorageID}) || s.Database().Name != "copy" {
			t.Fatalf("%+v, copies %v", c, copies)
		}
		if v, err := f.Sequences().NextVal(ctx, db.OID, s.RelationByName(desc.PublicOID, "t_id_seq")); err != nil || v != 3 {
			t.Fatal(v, err)
		}
		must(t, f.Sequences().SetVal(ctx, db.OID, s.RelationByName(desc.PublicOID, "t_id_seq"), 2, true))
		f.crash()
	}
	f.do(func(x *Txn) error { // a change in one is none in the other
		_, _, err := x.Drop(ctx, []desc.ObjectRef{{Class: desc.ClassRelation, OID: source.OID}}, false)
		return err
	})
	if f.Snapshot(db.OID).Relation(source.OID) == nil {
		t.Fatal("the copy lost its table")
	}
	x = f.begin()
	wantError(t, x.DropDatabase(ctx, postgresOID, nil), pgerr.ObjectInUse, "cannot drop the currently open database")
	wantError(t, x.DropDatabase(ctx, template1OID, nil), pgerr.WrongObjectType, "cannot drop a template database")
	wantError(t, x.DropDatabase(ctx, db.OID, busy), pgerr.ObjectInUse, `database "copy" is being accessed by other users`)
	must(t, x.DropDatabase(ctx, db.OID, nil))
	f.commit(x)
	for range 2 {
		if f.Snapshot(db.OID) != nil || f.Database("copy") != nil {
			t.Fatal("the database is still there")
		}
		f.crash()
	}
	garbage, err := f.Garbage(ctx)
	must(t, err)
	if !slices.Equal(garbage, []uint64{source.StorageID, copies[0].To}) {
		t.Fatalf("garbage %v", garbage)
	}
	must(t, inStore(ctx, f.store, func(k kv.Txn) error { return f.Collected(ctx, k, garbage) }))
	if garbage, _ = f.Garbage(ctx); len(garbage) != 0 {
		t.Fatalf("garbage %v after the collection", garbage)
	}
}

func TestSchemas(t *testing.T) {
	f := newFixture(t)
	x := f.begin()
	s := &desc.Schema{Name: "s", Owner: desc.SuperuserOID}
	must(t, x.CreateSchema(ctx, s))
	wantError(t, x.CreateSchema(ctx, &desc.Schema{Name: "s"}), pgerr.DuplicateSchema, `schema "s" already exists`)
	wantError(t, x.CreateSchema(ctx, &desc.Schema{Name: "pg_x"}), pgerr.ReservedName, `unacceptable schema name "pg_x"`)
	r := table("t", "a")
	r.Schema = s.OID
	must(t, x.CreateRelation(ctx, r))
	if n := x.Type(r.RowType).Schema; n != "s" {
		t.Fatal(n)
	}
	_, err := x.AlterSchema(ctx, s.OID, func(s *desc.Schema) error { s.Name = "z"; return nil })
	must(t, err)
	if x.SchemaByName("s") != nil || x.SchemaByName("z") == nil || x.Type(r.RowType).Schema != "z" {
		t.Fatal("rename")
	}
	bad := table("t", "a")
	bad.Schema = desc.PgCatalogOID
	wantError(t, x.CreateRelation(ctx, bad), pgerr.InsufficientPrivilege, `permission denied to create "pg_catalog.t"`)
	must(t, x.SetComment(ctx, desc.ObjectRef{Class: desc.ClassRelation, OID: r.OID, SubID: 1}, "a column"))
	must(t, x.SetComment(ctx, desc.ObjectRef{Class: desc.ClassDatabase, OID: postgresOID}, "mine"))
	temp, err := x.CreateTempSchema(ctx, 3)
	must(t, err)
	tt := table("tt", "a")
	tt.Schema, tt.Persistence = temp.OID, 't'
	must(t, x.CreateRelation(ctx, tt))
	f.commit(x)
	if v := f.Snapshot(postgresOID); v.Type(r.RowType).Schema != "z" {
		t.Fatal("the committed type still names the old schema")
	}
	f.crash()
	v := f.Snapshot(postgresOID)
	if c, _ := v.Comment(desc.ObjectRef{Class: desc.ClassRelation, OID: r.OID, SubID: 1}); c != "a column" {
		t.Fatal("comment on a column is lost")
	}
	if c, _ := f.Snapshot(template1OID).Comment(desc.ObjectRef{Class: desc.ClassDatabase, OID: postgresOID}); c != "mine" {
		t.Fatal("comment on a database is not seen from another")
	}
	if v.Relation(tt.OID) != nil || v.Schema(temp.OID) != nil {
		t.Fatal("a temporary table outlived its server")
	}
	f.do(func(x *Txn) error {
		_, _, err := x.DropColumn(ctx, r.OID, 1, false)
		return err
	})
	v = f.Snapshot(postgresOID)
	if _, ok := v.Comment(desc.ObjectRef{Class: desc.ClassRelation, OID: r.OID, SubID: 1}); ok || v.Relation(r.OID).Version != 2 {
		t.Fatal("the comment outlived its column")
	}
}

func TestNoteLogin(t *testing.T) {
	f := newFixture(t)
	before, at := f.Snapshot(postgresOID), time.UnixMicro(1700000000000000).UTC()
	f.do(func(x *Txn) error { return x.NoteLogin(ctx, desc.SuperuserOID, at) })
	after := f.Snapshot(postgresOID)
	if after.Version() != before.Version() || !after.Role(desc.SuperuserOID).LastLogin.Equal(at) {
		t.Fatal("version changed or login not noted")
	}
	f.crash()
	if !f.Role("postgres").LastLogin.Equal(at) {
		t.Fatal("login lost")
	}
	f.do(func(x *Txn) error { return x.CreateRole(ctx, &desc.Role{Name: "r"}) })
	f.do(func(x *Txn) error {
		r := table("t", "a")
		r.Owner = x.RoleByName("r").OID
		if err := x.CreateRelation(ctx, r); err != nil {
			return err
		}
		if owned := x.OwnedBy(r.Owner); len(owned) != 1 || owned[0].OID != r.OID {
			t.Fatalf("%v", owned)
		}
		wantError(t, x.CreateRole(ctx, &desc.Role{Name: "r"}), pgerr.DuplicateObject, `role "r" already exists`)
		wantError(t, x.CreateRole(ctx, &desc.Role{Name: "pg_r"}), pgerr.ReservedName, `role name "pg_r" is reserved`)
		wantError(t, x.DropRoles(ctx, []OID{3373}), pgerr.DependentObjectsStillExist, "cannot drop role pg_monitor because it is required by the database system")
		return nil
	})
}
