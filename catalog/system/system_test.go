package system_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/catalog/system"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/kv/mem"
	"github.com/kalampg/kalampg/internal/pgtype"
)

const database desc.OID = 5

type server struct {
	t       *testing.T
	store   kv.Store
	catalog *catalog.Catalog
	tables  *system.Tables
}

func open(t *testing.T, b *mem.Backing) *server {
	t.Helper()
	store := mem.Open(b)
	tables := system.New(store)
	c, err := catalog.Open(context.Background(), store, catalog.Options{System: tables.Relations(), Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return &server{t, store, c, tables}
}

func (s *server) do(body func(*catalog.Txn) error) {
	s.t.Helper()
	k, err := s.store.Begin(context.Background(), kv.TxnOptions{})
	if err == nil {
		if err = body(s.catalog.Begin(k, database)); err == nil {
			_, err = k.Commit(context.Background())
		}
		k.Rollback()
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// rows reads a system table as text, a row a line.
func (s *server) rows(r catalog.Reader, name string) []string {
	s.t.Helper()
	rel := r.RelationByName(desc.SystemSchemaOID, name)
	if rel == nil {
		s.t.Fatalf("no table system.%s", name)
	}
	out := []string{}
	err := s.catalog.SystemTable(rel.OID).Scan(r, nil, func(row []pgtype.Datum) bool {
		if len(row) != len(rel.Columns) {
			s.t.Fatalf("%s: %d values for %d columns", name, len(row), len(rel.Columns))
		}
		var cells []string
		for i, d := range row {
			typ := r.Type(rel.Columns[i].Type)
			switch {
			case typ.OID == pgtype.OIDTimestamptz:
			case d.IsNull():
				cells = append(cells, "-")
			default:
				cells = append(cells, string(typ.Codec.AppendText(pgtype.Default(), nil, d)))
			}
		}
		out = append(out, strings.Join(cells, "|"))
		return true
	})
	if err != nil {
		s.t.Fatalf("%s: %v", name, err)
	}
	return out
}

// compact takes the blanks out of JSON: how jsonb prints is not this package's business.
var compact = strings.NewReplacer(`": `, `":`, `, "`, `,"`, `}, {`, `},{`)

func (s *server) want(r catalog.Reader, name string, want ...string) {
	s.t.Helper()
	got, expected := compact.Replace(strings.Join(s.rows(r, name), "\n")), compact.Replace(strings.Join(want, "\n"))
	if got != expected {
		s.t.Errorf("%s:\n%s\nwant:\n%s", name, got, expected)
	}
}

func TestEmpty(t *testing.T) {
	s := open(t, new(mem.Backing))
	r := s.catalog.Snapshot(database)
	s.want(r, "users", "10|postgres|-|superuser|none|-")
	s.want(r, "namespaces", "2200|public|{}|0")
	for _, name := range []string{"storage_locations", "live_queries", "jobs", "tables", "table_schemas"} {
		s.want(r, name)
	}
	if typ := r.TypeByName(desc.SystemSchemaOID, "jobs"); typ == nil || len(typ.Columns) != 15 {
		t.Fatalf("row type of system.jobs: %+v", typ)
	}
}

func TestRows(t *testing.T) {
	ctx := context.Background()
	b := new(mem.Backing)
	s := open(t, b)
	table := &desc.Relation{
		Name: "t", Schema: desc.PublicOID, Owner: desc.SuperuserOID, Kind: desc.Table, Class: desc.User,
		Columns: []desc.Column{{Name: "id", Type: pgtype.OIDInt8, Typmod: -1, NotNull: true}, {Name: "name", Type: pgtype.OIDVarchar, Typmod: 24}},
		Options: []string{"type=user", "storage=disk", "flush_rows=10", "deleted_retention=7 days", "compression=zstd"},
	}
	now := time.Now()
	s.do(func(x *catalog.Txn) error {
		if err := x.CreateRelation(ctx, table); err != nil {
			return err
		}
		s.want(x, "table_schemas", `public:t:1|2200|t|1|[{"name": "id", "type": "bigint", "nullable": false}, {"name": "name", "type": "character varying(20)", "nullable": true}]|{}`)
		if err := s.tables.StorageLocations.Put(ctx, x, &system.StorageLocation{Name: "disk", Type: "filesystem", Path: "/data", CreatedAt: now, UpdatedAt: now}); err != nil {
			return err
		}
		if err := s.tables.LiveQueries.Put(ctx, x, &system.LiveQuery{ID: "l1", Query: "SELECT 1", Status: "active", Options: json.RawMessage(`{"old": true}`)}); err != nil {
			return err
		}
		return s.tables.Jobs.Put(ctx, x, &system.Job{ID: "j1", Type: "flush", Table: "public.t", Status: "running", Parameters: json.RawMessage(`{"wait": true}`), CreatedAt: now, StartedAt: now})
	})
	s.do(func(x *catalog.Txn) error {
		_, err := x.AlterRelation(ctx, table.OID, func(r *desc.Relation) error {
			r.Columns = append(r.Columns, desc.Column{Name: "extra", Type: pgtype.OIDText, Typmod: -1})
			r.Columns[1].Name = "title"
			return nil
		})
		return err
	})
	s.store.Close()
	s = open(t, b)
	r := s.catalog.Snapshot(database)
	first := `public:t:1|2200|t|1|[{"name": "id", "type": "bigint", "nullable": false}, {"name": "name", "type": "character varying(20)", "nullable": true}]|{}`
	second := `public:t:2|2200|t|2|[{"name": "id", "type": "bigint", "nullable": false}, {"name": "title", "type": "character varying(20)", "nullable": true}, {"name": "extra", "type": "text", "nullable": true}]|{"added": ["extra"], "altered": ["title"]}`
	s.want(r, "table_schemas", first, second)
	s.want(r, "tables", "16384|2200|t|user|disk|{\"flush_rows\": \"10\"}|7 days|{\"compression\": \"zstd\"}|2")
	s.want(r, "storage_locations", "disk|filesystem|/data|-|-|-|1")
	s.want(r, "live_queries", `l1|-|-|-|-|SELECT 1|{"old": true}|active|0|0|-`)
	s.want(r, "jobs", `j1|flush|public.t|running|{"wait": true}|-|-|-|0|0|0|-`)
	s.want(r, "namespaces", "2200|public|{}|1")
	s.do(func(x *catalog.Txn) error {
		j, err := s.tables.Jobs.Get(ctx, x, "j1")
		if err != nil || j == nil || j.Status != "running" || !j.StartedAt.Equal(now) || !j.FinishedAt.IsZero() {
			t.Fatalf("%+v %v", j, err)
		}
		if j, err := s.tables.Jobs.Get(ctx, x, "j2"); j != nil || err != nil {
			t.Fatal("a job that is not there")
		}
		if found, err := s.tables.Jobs.Delete(ctx, x, "j1"); !found || err != nil {
			t.Fatal(found, err)
		}
		if found, err := s.tables.Jobs.Delete(ctx, x, "j1"); found || err != nil {
			t.Fatal(found, err)
		}
		s.want(x, "jobs")
		if err := s.tables.ResetLiveQueries(ctx, x); err != nil {
			return err
		}
		_, _, err = x.Drop(ctx, []desc.ObjectRef{{Class: desc.ClassRelation, OID: table.OID}}, false)
		return err
	})
	r = s.catalog.Snapshot(database)
	s.want(r, "live_queries")
	s.want(r, "tables")
	s.want(r, "table_schemas", first, second) // every version is kept
}
