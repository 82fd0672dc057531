package catalog

import (
	"testing"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// TestTypesFollowTheirParts changes an enum and looks at a domain over it, a row with that domain, and a row with an array of that row.
func TestTypesFollowTheirParts(t *testing.T) {
	f := newFixture(t)
	enum := &desc.UserType{Name: "color", Schema: desc.PublicOID, Owner: desc.SuperuserOID, Kind: pgtype.KindEnum, Labels: []pgtype.EnumLabel{{Label: "red"}, {Label: "blue"}}}
	domain := &desc.UserType{Name: "paint", Schema: desc.PublicOID, Owner: desc.SuperuserOID, Kind: pgtype.KindDomain, BaseTypmod: -1}
	inner, outer, other := table("inner_row", "p"), table("outer_row", "rows"), table("other", "x")
	f.do(func(x *Txn) error {
		must(t, x.CreateType(ctx, enum))
		domain.Base = enum.OID
		must(t, x.CreateType(ctx, domain))
		inner.Columns[0].Type = domain.OID
		must(t, x.CreateRelation(ctx, inner))
		outer.Columns[0].Type = inner.RowArray
		must(t, x.CreateRelation(ctx, outer))
		return x.CreateRelation(ctx, other)
	})
	labels := func(r Reader) int {
		return len(r.Type(outer.RowType).Columns[0].Type.Elem.Columns[0].Type.Base.Labels)
	}
	before := f.Snapshot(postgresOID)
	if labels(before) != 2 {
		t.Fatal("labels before")
	}
	unrelated := before.Type(other.RowType)
	x := f.begin()
	_, err := x.AlterType(ctx, enum.OID, func(u *desc.UserType) error {
		u.Labels = append(u.Labels, pgtype.EnumLabel{Label: "green", Sort: 3})
		return nil
	})
	must(t, err)
	if labels(x) != 3 || labels(before) != 2 {
		t.Fatal("labels in the transaction")
	}
	f.commit(x)
	after := f.Snapshot(postgresOID)
	if labels(after) != 3 || labels(before) != 2 || after.Type(other.RowType) != unrelated {
		t.Fatal("labels after the commit")
	}
	if after.Type(enum.OID).Labels[2].OID == 0 || after.TypeByName(desc.PublicOID, "_color") != pgtype.ArrayOf(after.Type(enum.OID)) {
		t.Fatalf("%+v", after.Type(enum.OID))
	}
	y := f.begin()
	defer y.kv.Rollback()
	wantError(t, y.CreateType(ctx, &desc.UserType{Name: "color", Schema: desc.PublicOID, Kind: pgtype.KindEnum}), pgerr.DuplicateObject, `type "color" already exists`)
	e := wantError(t, y.CreateRelation(ctx, table("color", "x")), pgerr.DuplicateObject, `type "color" already exists`)
	if e.Hint != "A relation has an associated type of the same name, so you must use a name that doesn't conflict with any existing type." {
		t.Fatal(e.Hint)
	}
	if got := y.Describe(desc.ObjectRef{Class: desc.ClassType, OID: inner.RowArray}); got != "type inner_row[]" {
		t.Fatal(got)
	}
	y.SetSearchPath([]OID{desc.KalamSchemaOID})
	if got := y.Describe(desc.ObjectRef{Class: desc.ClassRelation, OID: inner.OID, SubID: 1}); got != "column p of table public.inner_row" {
		t.Fatal(got)
	}
}
