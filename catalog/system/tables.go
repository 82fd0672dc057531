package system

import (
	"encoding/json"
	"strings"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

var tableColumns = []column{
	{"table_id", pgtype.OidType}, {"namespace_id", pgtype.OidType}, {"table_name", pgtype.TextType}, {"table_type", pgtype.TextType},
	{"storage_location", pgtype.TextType}, {"flush_policy", pgtype.JsonbType}, {"deleted_retention", pgtype.TextType}, {"options", pgtype.JsonbType},
	{"schema_version", pgtype.Int4Type}, {"created_at", pgtype.TimestamptzType}, {"updated_at", pgtype.TimestamptzType},
}

// classNames are the words of WITH (type = …).
var classNames = map[desc.Class]string{desc.Shared: "shared", desc.User: "user", desc.Stream: "stream"}

// scanTables shows the tables but for the system's.
func scanTables(r catalog.Reader, yield func([]pgtype.Datum) bool) error {
	row := make([]pgtype.Datum, len(tableColumns))
	for t := range r.Relations() {
		if t.Kind != desc.Table || t.Class == desc.System {
			continue
		}
		o := tableOptions(t)
		flush, err := o.json("flush_rows", "flush_interval")
		if err != nil {
			return err
		}
		retention, storage := o.take("deleted_retention"), o.take("storage")
		rest, err := o.json()
		if err != nil {
			return err
		}
		row = append(row[:0], pgtype.OIDValue(t.OID), pgtype.OIDValue(t.Schema), pgtype.Text(t.Name), pgtype.Text(classNames[t.Class]), text(storage), flush,
			text(retention), rest, pgtype.Int(int64(t.Version)), timestamp(t.CreatedAt), timestamp(t.UpdatedAt))
		if !yield(row) {
			return nil
		}
	}
	return nil
}

// options are a table's WITH options by name.
type options map[string]string

func tableOptions(t *desc.Relation) options {
	o := make(options, len(t.Options))
	for _, s := range t.Options {
		name, value, _ := strings.Cut(s, "=")
		o[name] = value
	}
	delete(o, "type")
	return o
}

// take removes an option and gives its value.
func (o options) take(name string) string {
	v := o[name]
	delete(o, name)
	return v
}

// json removes the named options, or all, and gives them as a JSON object; NULL when the named ones are not there.
func (o options) json(names ...string) (pgtype.Datum, error) {
	part := o
	if len(names) > 0 {
		part = make(options)
		for _, n := range names {
			if _, ok := o[n]; ok {
				part[n] = o.take(n)
			}
		}
		if len(part) == 0 {
			return pgtype.Null, nil
		}
	}
	b, err := json.Marshal(part)
	if err != nil {
		return pgtype.Null, err
	}
	return jsonb(b)
}
