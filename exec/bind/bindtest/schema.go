// Package bindtest makes an environment with a small schema, for tests of what binds and rewrites statements.
package bindtest

import (
	"context"
	_ "embed"
	"io"
	"log/slog"
	"strings"
	"testing"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/catalog/pgcatalog"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/mem"
	"github.com/kalampg/kalampg/internal/pgtype"
)

const postgresOID = 5

// Schema is the DDL of the environment's objects.
//
//go:embed schema.sql
var Schema string

// Env is an environment with the objects of Schema.
func Env(t testing.TB) *bind.Env { return EnvOf(t, Schema) }

// EnvOf is an environment with the objects of a schema of the same forms.
func EnvOf(t testing.TB, schema string) *bind.Env {
	t.Helper()
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
	library, err := builtin.New()
	if err != nil {
		t.Fatal(err)
	}
	text := *pgtype.Default()
	text.Names = fakeNames{}
	s := &schemaMaker{t: t, ctx: ctx, txn: c.Begin(k, postgresOID)}
	s.env = &bind.Env{Catalog: s.txn, Library: library, SearchPath: []desc.OID{desc.PgCatalogOID, desc.PublicOID}, User: desc.SuperuserOID, Text: &text}
	stmts, err := parse.Parse(schema)
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range stmts {
		s.run(st)
	}
	return s.env
}

// fakeNames resolves what the tests name by regclass and regtype.
type fakeNames struct{}

func (fakeNames) Lookup(kind, s string) (pgtype.OID, error)       { return 1259, nil }
func (fakeNames) Name(kind string, oid pgtype.OID) (string, bool) { return "seq", kind == "regclass" }
func (fakeNames) Type(oid pgtype.OID) *pgtype.Type                { return nil }

// schemaMaker runs just enough DDL for Schema.
type schemaMaker struct {
	t   testing.TB
	ctx context.Context
	txn *catalog.Txn
	env *bind.Env
}

func (s *schemaMaker) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *schemaMaker) run(st *parse.Statement) {
	switch n := st.Node.Node.(type) {
	case *pg_query.Node_CreateEnumStmt:
		u := &desc.UserType{Name: nodeString(n.CreateEnumStmt.TypeName[0]), Schema: desc.PublicOID, Owner: 10, Kind: pgtype.KindEnum}
		for i, v := range n.CreateEnumStmt.Vals {
			u.Labels = append(u.Labels, pgtype.EnumLabel{Sort: float32(i + 1), Label: nodeString(v)})
		}
		s.check(s.txn.CreateType(s.ctx, u))
	case *pg_query.Node_CreateDomainStmt:
		s.domain(n.CreateDomainStmt)
	case *pg_query.Node_CompositeTypeStmt:
		rel := &desc.Relation{Name: n.CompositeTypeStmt.Typevar.Relname, Schema: desc.PublicOID, Owner: 10, Kind: desc.Composite}
		for _, c := range n.CompositeTypeStmt.Coldeflist {
			s.column(rel, c.GetColumnDef())
		}
		s.check(s.txn.CreateRelation(s.ctx, rel))
	case *pg_query.Node_CreateStmt:
		s.table(n.CreateStmt)
	case *pg_query.Node_IndexStmt:
		s.index(n.IndexStmt)
	case *pg_query.Node_CreateSeqStmt:
		s.sequence(n.CreateSeqStmt.Sequence.Relname, desc.ColumnRef{})
	case *pg_query.Node_ViewStmt:
		_, query, _ := strings.Cut(st.Text, " AS ")
		d, err := bind.BindView(s.env, n.ViewStmt.Query.GetSelectStmt())
		s.check(err)
		rel := &desc.Relation{Name: n.ViewStmt.View.Relname, Schema: desc.PublicOID, Owner: 10, Kind: desc.View, ViewQuery: query}
		for i, c := range d.Columns {
			rel.Columns = append(rel.Columns, desc.Column{Num: int16(i + 1), Name: c.Name, Type: c.Type.OID, Typmod: c.Typmod})
		}
		s.check(s.txn.CreateRelation(s.ctx, rel))
	default:
		s.t.Fatalf("schema.sql: %s", st.Text)
	}
}

func (s *schemaMaker) text(n *pg_query.Node) string {
	tree := &pg_query.ParseResult{Stmts: []*pg_query.RawStmt{{Stmt: &pg_query.Node{Node: &pg_query.Node_SelectStmt{SelectStmt: &pg_query.SelectStmt{
		TargetList: []*pg_query.Node{{Node: &pg_query.Node_ResTarget{ResTarget: &pg_query.ResTarget{Val: n}}}}, LimitOption: pg_query.LimitOption_LIMIT_OPTION_DEFAULT, Op: pg_query.SetOperation_SETOP_NONE,
	}}}}}}
	out, err := pg_query.Deparse(tree)
	s.check(err)
	return strings.TrimPrefix(out, "SELECT ")
}

func (s *schemaMaker) domain(n *pg_query.CreateDomainStmt) {
	base, mod, err := bind.TypeName(s.env, n.TypeName)
	s.check(err)
	u := &desc.UserType{Name: nodeString(n.Domainname[0]), Schema: desc.PublicOID, Owner: 10, Kind: pgtype.KindDomain, Base: base.OID, BaseTypmod: mod}
	for _, c := range n.Constraints {
		switch k := c.GetConstraint(); k.Contype {
		case pg_query.ConstrType_CONSTR_NOTNULL:
			u.NotNull = true
		case pg_query.ConstrType_CONSTR_DEFAULT:
			u.Default = s.text(k.RawExpr)
		case pg_query.ConstrType_CONSTR_CHECK:
			u.Constraints = append(u.Constraints, desc.Constraint{Name: u.Name + "_check", Type: 'c', Expr: s.text(k.RawExpr)})
		}
	}
	s.check(s.txn.CreateType(s.ctx, u))
}

func (s *schemaMaker) column(rel *desc.Relation, n *pg_query.ColumnDef) *desc.Column {
	t, mod, err := bind.TypeName(s.env, n.TypeName)
	s.check(err)
	rel.Columns = append(rel.Columns, desc.Column{Num: int16(len(rel.Columns) + 1), Name: n.Colname, Type: t.OID, Typmod: mod})
	return &rel.Columns[len(rel.Columns)-1]
}

func (s *schemaMaker) table(n *pg_query.CreateStmt) {
	rel := &desc.Relation{Name: n.Relation.Relname, Schema: desc.PublicOID, Owner: 10, Kind: desc.Table, Class: desc.Shared}
	identity := int16(0)
	constraint := func(k *pg_query.Constraint, keys []string) {
		switch k.Contype {
		case pg_query.ConstrType_CONSTR_PRIMARY:
			x := desc.Index{Name: rel.Name + "_pkey", Unique: true, Primary: true, Immediate: true, Valid: true, Method: "btree"}
			c := desc.Constraint{Name: x.Name, Type: 'p'}
			for _, name := range keys {
				col := rel.Column(name)
				col.NotNull = true
				x.Keys = append(x.Keys, desc.IndexKey{Num: col.Num})
				c.Columns = append(c.Columns, col.Num)
			}
			x.Constraint = 90001
			c.OID, c.Index = 90001, 90002
			x.OID = 90002
			x.Constraint, x.OID, c.OID, c.Index = 0, 0, 0, 0
			rel.Indexes, rel.Constraints = append(rel.Indexes, x), append(rel.Constraints, c)
		case pg_query.ConstrType_CONSTR_CHECK:
			rel.Constraints = append(rel.Constraints, desc.Constraint{Name: k.Conname, Type: 'c', Expr: s.text(k.RawExpr), Validated: true})
		}
	}
	for _, e := range n.TableElts {
		if d := e.GetColumnDef(); d != nil {
			c := s.column(rel, d)
			for _, x := range d.Constraints {
				switch k := x.GetConstraint(); k.Contype {
				case pg_query.ConstrType_CONSTR_NOTNULL:
					c.NotNull = true
				case pg_query.ConstrType_CONSTR_DEFAULT:
					c.Default = s.text(k.RawExpr)
				case pg_query.ConstrType_CONSTR_GENERATED:
					c.Generated, c.Default = 's', s.text(k.RawExpr)
				case pg_query.ConstrType_CONSTR_IDENTITY:
					c.Identity, c.NotNull, identity = 'a', true, c.Num
				default:
					constraint(k, []string{d.Colname})
				}
			}
			continue
		}
		k := e.GetConstraint()
		var keys []string
		for _, x := range k.Keys {
			keys = append(keys, nodeString(x))
		}
		constraint(k, keys)
	}
	s.check(s.txn.CreateRelation(s.ctx, rel))
	if identity != 0 {
		s.sequence(rel.Name+"_id_seq", desc.ColumnRef{Relation: rel.OID, Num: identity})
	}
}

func (s *schemaMaker) index(n *pg_query.IndexStmt) {
	rel := s.txn.RelationByName(desc.PublicOID, n.Relation.Relname)
	_, err := s.txn.AlterRelation(s.ctx, rel.OID, func(rel *desc.Relation) error {
		x := desc.Index{Name: n.Idxname, Unique: n.Unique, Immediate: true, Valid: true, Method: "btree"}
		for _, p := range n.IndexParams {
			e := p.GetIndexElem()
			if e.Name != "" {
				x.Keys = append(x.Keys, desc.IndexKey{Num: rel.Column(e.Name).Num})
				continue
			}
			x.Keys = append(x.Keys, desc.IndexKey{Expr: s.text(e.Expr), ExprType: pgtype.OIDText})
		}
		if n.WhereClause != nil {
			x.Predicate = s.text(n.WhereClause)
		}
		rel.Indexes = append(rel.Indexes, x)
		return nil
	})
	s.check(err)
}

func (s *schemaMaker) sequence(name string, owner desc.ColumnRef) {
	s.check(s.txn.CreateRelation(s.ctx, &desc.Relation{
		Name: name, Schema: desc.PublicOID, Owner: 10, Kind: desc.Sequence, OwnedBy: owner, OwnedInternal: owner.Relation != 0,
		SequenceDef: &desc.SequenceDef{Type: pgtype.OIDInt8, Start: 1, Increment: 1, Min: 1, Max: 1 << 62, Cache: 1},
	}))
}

func nodeString(n *pg_query.Node) string { return n.GetString_().GetSval() }
