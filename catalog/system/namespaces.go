package system

import (
	"encoding/json"
	"strings"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

var namespaceColumns = []column{
	{"namespace_id", pgtype.OidType}, {"name", pgtype.TextType}, {"options", pgtype.JsonbType}, {"table_count", pgtype.Int8Type},
	{"created_at", pgtype.TimestamptzType}, {"updated_at", pgtype.TimestamptzType},
}

// userSchema tells whether a schema is for users' objects.
func userSchema(s *desc.Schema) bool {
	switch s.OID {
	case desc.InformationSchemaOID, desc.SystemSchemaOID, desc.KalamSchemaOID:
		return false
	}
	return !strings.HasPrefix(s.Name, "pg_")
}

// scanNamespaces shows the schemas but for the system's.
func scanNamespaces(r catalog.Reader, yield func([]pgtype.Datum) bool) error {
	row := make([]pgtype.Datum, len(namespaceColumns))
	for s := range r.Schemas() {
		if !userSchema(s) {
			continue
		}
		tables := 0
		for t := range r.RelationsIn(s.OID) {
			if t.Kind == desc.Table {
				tables++
			}
		}
		options := s.Options
		if options == nil {
			options = map[string]string{}
		}
		b, err := json.Marshal(options)
		if err != nil {
			return err
		}
		o, err := jsonb(b)
		if err != nil {
			return err
		}
		row = append(row[:0], pgtype.OIDValue(s.OID), pgtype.Text(s.Name), o, pgtype.Int(int64(tables)), timestamp(s.CreatedAt), timestamp(s.UpdatedAt))
		if !yield(row) {
			return nil
		}
	}
	return nil
}
