package system

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// TableSchema is one version of a table's columns.
type TableSchema struct {
	TableID   desc.OID  `json:"table_id"`
	Namespace string    `json:"namespace"`
	Table     string    `json:"table"`
	Version   int       `json:"version"`
	Fields    []Field   `json:"fields"`
	Changes   Changes   `json:"changes,omitzero"`
	CreatedAt time.Time `json:"created_at"`
}

// Field is a column in a TableSchema.
type Field struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Nullable bool   `json:"nullable"`
}

// Changes are the differences from the version before.
type Changes struct {
	Added   []string `json:"added,omitempty"`
	Dropped []string `json:"dropped,omitempty"`
	Altered []string `json:"altered,omitempty"`
}

// id is the table's OID and the version, so that a table made again under an old name does not hide the earlier one's versions.
func (s *TableSchema) id() string { return fmt.Sprintf("%08x%08x", s.TableID, s.Version) }

var tableSchemaColumns = []column{
	{"schema_id", pgtype.TextType}, {"namespace_id", pgtype.OidType}, {"table_name", pgtype.TextType}, {"version", pgtype.Int4Type},
	{"arrow_schema", pgtype.JsonbType}, {"changes", pgtype.JsonbType}, {"created_at", pgtype.TimestamptzType},
}

// schemaHistory is the relation table_schemas, which as a catalog.TableWatcher also gets its rows.
type schemaHistory struct{ tables *Tables }

// TableChanged writes the row of a new version in the transaction that makes it.
func (h schemaHistory) TableChanged(ctx context.Context, x *catalog.Txn, old, table *desc.Relation) error {
	s := &TableSchema{TableID: table.OID, Table: table.Name, Version: table.Version, Fields: fields(x, table), CreatedAt: table.UpdatedAt}
	if n := x.Schema(table.Schema); n != nil {
		s.Namespace = n.Name
	}
	if old != nil {
		s.Changes = changes(old, table)
	}
	return h.tables.TableSchemas.Put(ctx, x, s)
}

func fields(r catalog.Reader, t *desc.Relation) []Field {
	out := []Field{}
	for i := range t.Columns {
		c := &t.Columns[i]
		if typ := r.Type(c.Type); !c.Dropped && typ != nil {
			out = append(out, Field{c.Name, pgtype.FormatType(typ, c.Typmod), !c.NotNull})
		}
	}
	return out
}

func changes(old, now *desc.Relation) (c Changes) {
	for i := range now.Columns {
		b := &now.Columns[i]
		if i >= len(old.Columns) {
			c.Added = append(c.Added, b.Name)
			continue
		}
		a := &old.Columns[i]
		switch {
		case b.Dropped && !a.Dropped:
			c.Dropped = append(c.Dropped, a.Name)
		case a.Name != b.Name || a.Type != b.Type || a.Typmod != b.Typmod || a.NotNull != b.NotNull:
			c.Altered = append(c.Altered, b.Name)
		}
	}
	return c
}

// Scan implements catalog.SystemTable.
func (h schemaHistory) Scan(r catalog.Reader, _ []catalog.Equality, yield func([]pgtype.Datum) bool) (err error) {
	row := make([]pgtype.Datum, len(tableSchemaColumns))
	failed := h.tables.TableSchemas.read(r, func(s *TableSchema) bool {
		var cells [2]pgtype.Datum
		for i, v := range []any{s.Fields, s.Changes} {
			var b []byte
			if b, err = json.Marshal(v); err != nil {
				return false
			}
			if cells[i], err = jsonb(b); err != nil {
				return false
			}
		}
		namespace := pgtype.Null
		if n := r.SchemaByName(s.Namespace); n != nil {
			namespace = pgtype.OIDValue(n.OID)
		}
		row = append(row[:0], pgtype.Text(fmt.Sprintf("%s:%s:%d", s.Namespace, s.Table, s.Version)), namespace, pgtype.Text(s.Table), pgtype.Int(int64(s.Version)),
			cells[0], cells[1], timestamp(s.CreatedAt))
		return yield(row)
	})
	if err == nil {
		err = failed
	}
	return err
}
