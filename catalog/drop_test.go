package catalog

import (
	"testing"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

func TestDropSmoke(t *testing.T) {
	f := newFixture(t)
	x := f.begin()
	a := withKey(table("a", "id", "v", "w"))
	must(t, x.CreateRelation(ctx, a))
	v := &desc.Relation{Name: "av", Schema: desc.PublicOID, Owner: 10, Kind: desc.View, Columns: []desc.Column{{Name: "v", Type: pgtype.OIDInt4, Typmod: -1}}, DependsOn: []desc.ColumnRef{{Relation: a.OID, Num: 2}}}
	must(t, x.CreateRelation(ctx, v))
	_, _, err := x.Drop(ctx, []desc.ObjectRef{{Class: desc.ClassRelation, OID: a.OID}}, false)
	e := wantError(t, err, "2BP01", "cannot drop table a because other objects depend on it")
	if e.Detail != "view av depends on table a" {
		t.Fatal(e.Detail)
	}
	_, n, err := x.Drop(ctx, []desc.ObjectRef{{Class: desc.ClassRelation, OID: a.OID}}, true)
	if err != nil || n[0].Message != "drop cascades to view av" || x.Relation(v.OID) != nil {
		t.Fatal(err, n)
	}
	f.commit(x)
	if f.Snapshot(5).RelationByName(desc.PublicOID, "a") != nil {
		t.Fatal("still there")
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
