package catalog

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

var record = flag.String("record", "", "connection string of a PostgreSQL 16 to record the expected messages from")

// message is what a client sees of an error or a notice.
type message struct {
	Severity, Code, Message string
	Detail, Hint            string `json:",omitempty"`
}

func messageOf(e *pgerr.Error) message {
	s := e.Severity
	if s == "" {
		s = "ERROR"
	}
	return message{s, string(e.Code), e.Message, e.Detail, e.Hint}
}

// recorded is a file of the messages that PostgreSQL gave to named statements.
type recorded struct {
	t    *testing.T
	file string
	want map[string][]message
}

// expect loads a file of messages. With -record it writes the file first: each statement runs after the setup in a transaction that is rolled back.
// A probe is a query whose one value is noted as well after a statement that succeeded.
func expect(t *testing.T, file, setup, probe string, statements map[string]string) *recorded {
	r := &recorded{t: t, file: "testdata/" + file, want: make(map[string][]message)}
	if *record != "" {
		r.record(setup, probe, statements)
	}
	b, err := os.ReadFile(r.file)
	must(t, err)
	must(t, json.Unmarshal(b, &r.want))
	return r
}

func (r *recorded) record(setup, probe string, statements map[string]string) {
	config, err := pgx.ParseConfig(*record)
	must(r.t, err)
	var got []message
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		got = append(got, message{n.Severity, n.Code, n.Message, n.Detail, n.Hint})
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	must(r.t, err)
	defer conn.Close(ctx)
	out := make(map[string][]message)
	for name, sql := range statements {
		_, err := conn.PgConn().Exec(ctx, "begin; "+setup).ReadAll()
		must(r.t, err)
		got = []message{}
		if _, err = conn.PgConn().Exec(ctx, sql).ReadAll(); err != nil {
			e := err.(*pgconn.PgError)
			got = append(got, message{e.Severity, e.Code, e.Message, e.Detail, e.Hint})
		} else if probe != "" {
			rows, err := conn.PgConn().Exec(ctx, probe).ReadAll()
			must(r.t, err)
			got = append(got, message{Severity: "PROBE", Message: string(rows[0].Rows[0][0])})
		}
		out[name] = got
		_, err = conn.PgConn().Exec(ctx, "rollback").ReadAll()
		must(r.t, err)
	}
	b, err := json.MarshalIndent(out, "", "\t")
	must(r.t, err)
	must(r.t, os.WriteFile(r.file, append(b, '\n'), 0o644))
}

// check compares what a statement gave with what PostgreSQL gave.
func (r *recorded) check(name string, notices []*pgerr.Error, err error, probe ...string) {
	r.t.Helper()
	got := []message{}
	for _, n := range notices {
		got = append(got, messageOf(n))
	}
	if e, ok := pgerr.As(err); ok {
		got = append(got, messageOf(e))
	} else if err != nil {
		r.t.Fatal(err)
	} else if len(probe) > 0 {
		got = append(got, message{Severity: "PROBE", Message: probe[0]})
	}
	want, ok := r.want[name]
	if !ok {
		r.t.Fatalf("%s: not recorded", name)
	}
	a, _ := json.MarshalIndent(got, "", " ")
	b, _ := json.MarshalIndent(want, "", " ")
	if string(a) != string(b) {
		r.t.Errorf("%s: got %s\nwant %s", name, a, b)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const dropSetup = `create schema s; create table a(id int primary key, v int, w int check (w>0));
create table b(id serial primary key, a_id int references a(id)); create view av as select v from a; create view av2 as select * from av;
create table s.t(x int); create view s.v as select * from s.t; create type ty as enum('x'); create table c(k ty, ks ty[]);
create domain dm as int check (value>0); create table d(z dm); create table g(p int, q int generated always as (p*2) stored, i int generated always as identity);
create table e(r a); create index ai on a(v,w); create type ct as (m int); create table h(n ct)`

func viewOf(name string, schema OID, refs ...desc.ColumnRef) *desc.Relation {
	return &desc.Relation{
		Name: name, Schema: schema, Owner: desc.SuperuserOID, Kind: desc.View, DependsOn: refs,
		Columns: []desc.Column{{Name: "v", Type: pgtype.OIDInt4, Typmod: -1}},
	}
}

func sequenceOf(t *desc.Relation, num int16, name string, identity bool) *desc.Relation {
	return &desc.Relation{
		Name: name, Schema: t.Schema, Owner: t.Owner, Kind: desc.Sequence, OwnedBy: desc.ColumnRef{Relation: t.OID, Num: num}, OwnedInternal: identity,
		SequenceDef: &desc.SequenceDef{Type: pgtype.OIDInt4, Start: 1, Increment: 1, Min: 1, Max: 1<<31 - 1, Cache: 1},
	}
}

// dropObjects makes what dropSetup makes.
func dropObjects(t *testing.T, x *Txn) {
	must(t, x.CreateSchema(ctx, &desc.Schema{Name: "s", Owner: desc.SuperuserOID}))
	s := x.SchemaByName("s").OID
	a := withKey(table("a", "id", "v", "w"))
	a.Constraints = append(a.Constraints, desc.Constraint{Name: "a_w_check", Type: 'c', Columns: []int16{3}, Expr: "(w > 0)", Validated: true})
	must(t, x.CreateRelation(ctx, a))
	b := withKey(table("b", "id", "a_id"))
	must(t, x.CreateRelation(ctx, b))
	seq := sequenceOf(b, 1, "b_id_seq", false)
	must(t, x.CreateRelation(ctx, seq))
	_, err := x.AlterRelation(ctx, b.OID, func(b *desc.Relation) error {
		b.Columns[0].Default, b.Columns[0].DefaultRefs = "nextval('b_id_seq'::regclass)", []desc.ColumnRef{{Relation: seq.OID}}
		b.Constraints = append(b.Constraints, desc.Constraint{Name: "b_a_id_fkey", Type: 'f', Columns: []int16{2}, RefTable: a.OID, RefColumns: []int16{1}, Index: a.Indexes[0].OID})
		return nil
	})
	must(t, err)
	av := viewOf("av", desc.PublicOID, desc.ColumnRef{Relation: a.OID, Num: 2})
	must(t, x.CreateRelation(ctx, av))
	must(t, x.CreateRelation(ctx, viewOf("av2", desc.PublicOID, desc.ColumnRef{Relation: av.OID, Num: 1})))
	st := table("t", "x")
	st.Schema = s
	must(t, x.CreateRelation(ctx, st))
	must(t, x.CreateRelation(ctx, viewOf("v", s, desc.ColumnRef{Relation: st.OID, Num: 1})))
	ty := &desc.UserType{Name: "ty", Schema: desc.PublicOID, Owner: desc.SuperuserOID, Kind: pgtype.KindEnum, Labels: []pgtype.EnumLabel{{Label: "x"}}}
	must(t, x.CreateType(ctx, ty))
	c := table("c", "k", "ks")
	c.Columns[0].Type, c.Columns[1].Type = ty.OID, ty.ArrayOID
	must(t, x.CreateRelation(ctx, c))
	dm := &desc.UserType{Name: "dm", Schema: desc.PublicOID, Owner: desc.SuperuserOID, Kind: pgtype.KindDomain, Base: pgtype.OIDInt4, BaseTypmod: -1,
		Constraints: []desc.Constraint{{Name: "dm_check", Type: 'c', Expr: "(VALUE > 0)"}}}
	must(t, x.CreateType(ctx, dm))
	d := table("d", "z")
	d.Columns[0].Type = dm.OID
	must(t, x.CreateRelation(ctx, d))
	g := table("g", "p", "q", "i")
	must(t, x.CreateRelation(ctx, g))
	_, err = x.AlterRelation(ctx, g.OID, func(g *desc.Relation) error {
		g.Columns[1].Default, g.Columns[1].Generated, g.Columns[1].DefaultRefs = "(p * 2)", 's', []desc.ColumnRef{{Relation: g.OID, Num: 1}}
		g.Columns[2].Identity = 'a'
		return nil
	})
	must(t, err)
	must(t, x.CreateRelation(ctx, sequenceOf(g, 3, "g_i_seq", true)))
	e := table("e", "r")
	e.Columns[0].Type = a.RowType
	must(t, x.CreateRelation(ctx, e))
	_, err = x.AlterRelation(ctx, a.OID, func(a *desc.Relation) error {
		a.Indexes = append(a.Indexes, desc.Index{Name: "ai", Method: "btree", Valid: true, Immediate: true, Keys: []desc.IndexKey{{Num: 2}, {Num: 3}}})
		return nil
	})
	must(t, err)
	ct := table("ct", "m")
	ct.Kind = desc.Composite
	must(t, x.CreateRelation(ctx, ct))
	h := table("h", "n")
	h.Columns[0].Type = ct.RowType
	must(t, x.CreateRelation(ctx, h))
}

var dropStatements = map[string]string{
	"table": "drop table a", "tables": "drop table a, g", "schema": "drop schema s", "enum": "drop type ty", "domain": "drop domain dm", "composite": "drop type ct",
	"sequence": "drop sequence b_id_seq", "identity sequence": "drop sequence g_i_seq", "index of key": "drop index a_pkey", "index": "drop index ai",
	"key column": "alter table a drop column id", "viewed column": "alter table a drop column v", "generated from": "alter table g drop column p",
	"constraint": "alter table a drop constraint a_pkey", "array type": "drop type _ty", "row type": "drop type a", "view": "drop view av", "referencing": "drop table b",
	"all": "drop schema s, public",
}

func dropTargets(x *Txn) map[string][]desc.ObjectRef {
	rel := func(name string, num int) desc.ObjectRef {
		if r := x.RelationByName(desc.PublicOID, name); r != nil {
			return desc.ObjectRef{Class: desc.ClassRelation, OID: r.OID, SubID: int32(num)}
		}
		_, i := x.IndexByName(desc.PublicOID, name)
		return desc.ObjectRef{Class: desc.ClassRelation, OID: i.OID}
	}
	typ := func(name string) desc.ObjectRef {
		return desc.ObjectRef{Class: desc.ClassType, OID: x.TypeByName(desc.PublicOID, name).OID}
	}
	s := desc.ObjectRef{Class: desc.ClassSchema, OID: x.SchemaByName("s").OID}
	key := desc.ObjectRef{Class: desc.ClassConstraint, OID: x.RelationByName(desc.PublicOID, "a").Constraints[0].OID}
	one := func(o ...desc.ObjectRef) []desc.ObjectRef { return o }
	return map[string][]desc.ObjectRef{
		"table": one(rel("a", 0)), "tables": one(rel("a", 0), rel("g", 0)), "schema": one(s), "enum": one(typ("ty")), "domain": one(typ("dm")), "composite": one(typ("ct")),
		"sequence": one(rel("b_id_seq", 0)), "identity sequence": one(rel("g_i_seq", 0)), "index of key": one(rel("a_pkey", 0)), "index": one(rel("ai", 0)),
		"key column": one(rel("a", 1)), "viewed column": one(rel("a", 2)), "generated from": one(rel("g", 1)), "constraint": one(key), "array type": one(typ("_ty")),
		"row type": one(typ("a")), "view": one(rel("av", 0)), "referencing": one(rel("b", 0)),
		"all": one(s, desc.ObjectRef{Class: desc.ClassSchema, OID: desc.PublicOID}),
	}
}

func TestDrop(t *testing.T) {
	statements := make(map[string]string)
	for name, sql := range dropStatements {
		statements[name], statements[name+" cascade"] = sql, sql+" cascade"
	}
	r := expect(t, "drop.json", dropSetup, "", statements)
	f := newFixture(t)
	x := f.begin()
	dropObjects(t, x)
	m := x.Savepoint()
	km := x.kv.Savepoint()
	for name, targets := range dropTargets(x) {
		version := x.contents
		_, notices, err := x.Drop(ctx, targets, false)
		r.check(name, notices, err)
		x.RollbackTo(m)
		must(t, x.kv.RollbackTo(km))
		_, notices, err = x.Drop(ctx, targets, true)
		r.check(name+" cascade", notices, err)
		checkDerived(t, &x.contents)
		x.RollbackTo(m)
		must(t, x.kv.RollbackTo(km))
		if version.relations.root == nil || len(collect(version.relations.values())) != len(collect(x.Relations())) {
			t.Fatal("rollback lost something")
		}
	}
	// Everything goes, and nothing comes back when the store is opened again.
	_, _, err := x.Drop(ctx, dropTargets(x)["all"], true)
	must(t, err)
	must(t, x.CreateSchema(ctx, &desc.Schema{Name: "public", Owner: desc.PgDatabaseOwnerOID}))
	f.commit(x)
	f.crash()
	s := f.Snapshot(postgresOID)
	if n := len(collect(s.Relations())) + len(collect(s.UserTypes())); n != 0 || s.contents.types.root != nil || s.contents.uses.root != nil || s.contents.typeNames.root != nil {
		t.Fatalf("%d objects left", n)
	}
}

// checkDerived compares the derived maps with ones made from the descriptors alone.
func checkDerived(t *testing.T, c *contents) {
	t.Helper()
	fresh := newContents()
	for s := range c.schemas.values() {
		fresh.putSchema(s)
	}
	for u := range c.userTypes.values() {
		fresh.putUserType(u)
	}
	for r := range c.relations.values() {
		fresh.putRelation(r)
	}
	sameKeys(t, "schemaNames", c.schemaNames, fresh.schemaNames)
	sameKeys(t, "relNames", c.relNames, fresh.relNames)
	sameKeys(t, "indexes", c.indexes, fresh.indexes)
	sameKeys(t, "constraints", c.constraints, fresh.constraints)
	sameKeys(t, "types", c.types, fresh.types)
	sameKeys(t, "typeNames", c.typeNames, fresh.typeNames)
	sameKeys(t, "uses", c.uses, fresh.uses)
}

func sameKeys[K comparable, V any](t *testing.T, name string, a, b tree[K, V]) {
	t.Helper()
	keys := make(map[K]bool)
	for k := range a.all() {
		keys[k] = true
	}
	for k := range b.all() {
		if !keys[k] {
			t.Errorf("%s lacks %v", name, k)
		}
		delete(keys, k)
	}
	for k := range keys {
		t.Errorf("%s has %v left over", name, k)
	}
}

func BenchmarkDropSchema(b *testing.B) {
	f := newFixture(b)
	var s desc.Schema
	f.do(func(x *Txn) error {
		s = desc.Schema{Name: "s", Owner: desc.SuperuserOID}
		if err := x.CreateSchema(ctx, &s); err != nil {
			return err
		}
		for i := range 5000 {
			r := withKey(table(fmt.Sprintf("t%d", i), "a", "b"))
			r.Schema = s.OID
			if err := x.CreateRelation(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
	for b.Loop() {
		x := f.begin()
		if _, _, err := x.Drop(ctx, []desc.ObjectRef{{Class: desc.ClassSchema, OID: s.OID}}, true); err != nil {
			b.Fatal(err)
		}
		x.kv.Rollback()
	}
}
