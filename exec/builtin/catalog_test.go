package builtin

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/catalog/pgcatalog"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/mem"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// catalogDDL makes in PostgreSQL what testCatalog makes here.
const catalogDDL = `
CREATE SCHEMA builtin_test;
SET search_path = builtin_test;
CREATE TABLE t (id serial PRIMARY KEY, a int NOT NULL CHECK (a > 0), b varchar(10) UNIQUE NULLS NOT DISTINCT, c text);
CREATE TABLE u (x int REFERENCES t ON UPDATE CASCADE ON DELETE SET NULL, CONSTRAINT k FOREIGN KEY (x) REFERENCES t (id) MATCH FULL DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX t_lower ON t (lower(b::text), (a + 1) DESC, c text_pattern_ops NULLS FIRST) INCLUDE (id) WHERE a > 3;
CREATE UNIQUE INDEX "T x" ON t (c COLLATE "C" DESC NULLS LAST);
COMMENT ON TABLE t IS 'about t';
COMMENT ON COLUMN t.a IS 'about a';
`

// The file testdata/catalog holds calls with names of objects in place of OIDs, and what PostgreSQL gives.
const catalogFile = "testdata/catalog"

// testEnv is a session over a catalog, as far as these tests need one.
type testEnv struct {
	Env
	r    catalog.Reader
	path []pgtype.OID
}

func (e *testEnv) Catalog() catalog.Reader { return e.r }
func (e *testEnv) CurrentUser() pgtype.OID { return desc.SuperuserOID }
func (e *testEnv) SearchPath(implicit bool) []pgtype.OID {
	if implicit {
		return append([]pgtype.OID{desc.PgCatalogOID}, e.path...)
	}
	return e.path
}

// testNames resolves relations of the search path.
type testNames struct {
	pgtype.Names
	e *testEnv
}

func (n testNames) Lookup(kind, s string) (pgtype.OID, error) {
	s = strings.Trim(s, `"`)
	for _, schema := range n.e.SearchPath(true) {
		if rel := n.e.r.RelationByName(schema, s); rel != nil && kind == "regclass" {
			return rel.OID, nil
		}
	}
	return 0, pgerr.Newf(pgerr.UndefinedTable, "relation \"%s\" does not exist", s)
}

func testCatalog(t *testing.T) *testEnv {
	ctx := context.Background()
	store := mem.Open(new(mem.Backing))
	c, err := catalog.Open(ctx, store, catalog.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), System: pgcatalog.Relations()})
	if err != nil {
		t.Fatal(err)
	}
	k, err := store.Begin(ctx, kv.TxnOptions{})
	if err != nil {
		t.Fatal(err)
	}
	x := c.Begin(k, c.Database("postgres").OID)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s := &desc.Schema{Name: "builtin_test", Owner: desc.SuperuserOID}
	must(x.CreateSchema(ctx, s))
	seq := &desc.Relation{Name: "t_id_seq", Schema: s.OID, Owner: desc.SuperuserOID, Kind: desc.Sequence,
		SequenceDef: &desc.SequenceDef{Type: pgtype.OIDInt4, Start: 1, Increment: 1, Min: 1, Max: 1<<31 - 1, Cache: 1}}
	must(x.CreateRelation(ctx, seq))
	textPatternOps := pgtype.OID(4217)
	tab := &desc.Relation{Name: "t", Schema: s.OID, Owner: desc.SuperuserOID, Kind: desc.Table,
		Columns: []desc.Column{
			{Name: "id", Type: pgtype.OIDInt4, Typmod: -1, NotNull: true, Default: "nextval('t_id_seq'::regclass)", DefaultRefs: []desc.ColumnRef{{Relation: seq.OID}}},
			{Name: "a", Type: pgtype.OIDInt4, Typmod: -1, NotNull: true},
			{Name: "b", Type: pgtype.OIDVarchar, Typmod: 14, Collation: 100},
			{Name: "c", Type: pgtype.OIDText, Typmod: -1, Collation: 100},
		},
		Indexes: []desc.Index{
			{Name: "t_pkey", Unique: true, Primary: true, Immediate: true, Valid: true, Keys: []desc.IndexKey{{Num: 1}}, Method: "btree"},
			{Name: "t_b_key", Unique: true, NullsNotDistinct: true, Immediate: true, Valid: true, Keys: []desc.IndexKey{{Num: 3}}, Method: "btree"},
			{Name: "t_lower", Immediate: true, Valid: true, Method: "btree", Predicate: "(a > 3)", Include: []int16{1}, Keys: []desc.IndexKey{
				{Expr: "lower((b)::text)", ExprType: pgtype.OIDText, Collation: 100}, {Expr: "(a + 1)", ExprType: pgtype.OIDInt4, Desc: true, NullsFirst: true},
				{Num: 4, Opclass: textPatternOps, NullsFirst: true},
			}},
			{Name: "T x", Unique: true, Immediate: true, Valid: true, Method: "btree", Keys: []desc.IndexKey{{Num: 4, Collation: 950, Desc: true}}},
		},
		Constraints: []desc.Constraint{
			{Name: "t_pkey", Type: 'p', Columns: []int16{1}, Validated: true},
			{Name: "t_b_key", Type: 'u', Columns: []int16{3}, Validated: true},
			{Name: "t_a_check", Type: 'c', Columns: []int16{2}, Expr: "(a > 0)", Validated: true},
		},
	}
	must(x.CreateRelation(ctx, tab))
	_, err = x.AlterRelation(ctx, seq.OID, func(r *desc.Relation) error {
		r.OwnedBy = desc.ColumnRef{Relation: tab.OID, Num: 1}
		return nil
	})
	must(err)
	tab = x.RelationByName(s.OID, "t")
	key := desc.Constraint{Type: 'f', Columns: []int16{1}, RefTable: tab.OID, RefColumns: []int16{1}, Index: tab.Indexes[0].OID, Validated: true, OnUpdate: 'a', OnDelete: 'a', Match: 's'}
	cascade, full := key, key
	cascade.Name, cascade.OnUpdate, cascade.OnDelete = "u_x_fkey", 'c', 'n'
	full.Name, full.Match, full.Deferrable, full.Deferred = "k", 'f', true, true
	must(x.CreateRelation(ctx, &desc.Relation{Name: "u", Schema: s.OID, Owner: desc.SuperuserOID, Kind: desc.Table,
		Columns: []desc.Column{{Name: "x", Type: pgtype.OIDInt4, Typmod: -1}}, Constraints: []desc.Constraint{cascade, full}}))
	must(x.SetComment(ctx, desc.ObjectRef{Class: desc.ClassRelation, OID: tab.OID}, "about t"))
	must(x.SetComment(ctx, desc.ObjectRef{Class: desc.ClassRelation, OID: tab.OID, SubID: 2}, "about a"))
	return &testEnv{r: x, path: []pgtype.OID{s.OID}}
}

// objectOID finds the relation, index or constraint that a call names.
func (e *testEnv) objectOID(t *testing.T, kind, name string) pgtype.OID {
	schema := e.path[0]
	if kind == "class" {
		if rel := e.r.RelationByName(schema, name); rel != nil {
			return rel.OID
		}
		if _, x := e.r.IndexByName(schema, name); x != nil {
			return x.OID
		}
		if rel := e.r.RelationByName(desc.PgCatalogOID, name); rel != nil {
			return rel.OID
		}
		if _, x := e.r.IndexByName(desc.PgCatalogOID, name); x != nil {
			return x.OID
		}
	}
	for rel := range e.r.RelationsIn(schema) {
		for i := range rel.Constraints {
			if rel.Constraints[i].Name == name && kind == "constraint" {
				return rel.Constraints[i].OID
			}
		}
	}
	t.Fatalf("no %s %s", kind, name)
	return 0
}

// TestCatalogFunctions compares the functions about objects of a catalog. A line is a function and its arguments: class:name and constraint:name
// are OIDs.
func TestCatalogFunctions(t *testing.T) {
	content, err := os.ReadFile(catalogFile)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	if *record {
		lines = recordCatalog(t, lines)
	}
	e := newEvaluator(t)
	env := testCatalog(t)
	e.text.Names, e.env = testNames{e: env}, env
	for i := 0; i+1 < len(lines); i += 2 {
		if got := strings.Join(e.replay("SELECT "+callWithOIDs(lines[i], func(kind, name string) string {
			return string(pgtype.OidType.Codec.AppendText(e.text, nil, pgtype.OIDValue(env.objectOID(t, kind, name)))) + "::oid"
		})), "\n"); got != lines[i+1] {
			t.Errorf("%s\n got %s\nwant %s", lines[i], got, lines[i+1])
		}
	}
}

// callWithOIDs replaces class:name and constraint:name; names may be quoted.
func callWithOIDs(line string, oid func(kind, name string) string) string {
	for _, kind := range []string{"class", "constraint"} {
		for {
			before, rest, ok := strings.Cut(line, kind+":")
			if !ok {
				break
			}
			name, after := rest, ""
			if strings.HasPrefix(rest, `"`) {
				name, after, _ = strings.Cut(rest[1:], `"`)
			} else if i := strings.IndexAny(rest, ",)"); i >= 0 {
				name, after = rest[:i], rest[i:]
			}
			line = before + oid(kind, name) + after
		}
	}
	return line
}

func recordCatalog(t *testing.T, lines []string) []string {
	conn := connectReference(t)
	ask(conn, "BEGIN;"+catalogDDL)
	defer ask(conn, "ROLLBACK")
	var out []string
	for _, line := range lines {
		if strings.HasPrefix(line, "= ") || strings.HasPrefix(line, "! ") {
			continue
		}
		sql := callWithOIDs(line, func(kind, name string) string {
			if kind == "class" {
				return "to_regclass('\"" + name + "\"')::oid"
			}
			return "(SELECT oid FROM pg_constraint WHERE conname = '" + name + "' AND connamespace = 'builtin_test'::regnamespace)"
		})
		ask(conn, "SAVEPOINT s")
		out = append(append(out, line), ask(conn, "SELECT "+sql)...)
		ask(conn, "ROLLBACK TO s")
	}
	if err := os.WriteFile(catalogFile, []byte(strings.Join(out, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return out
}
