package bind_test

import (
	"context"
	"testing"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/catalog/pgcatalog"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/bind/bindtest"
	"github.com/kalampg/kalampg/exec/parse"
)

// TestSystemViews binds every view of pg_catalog and information_schema.
func TestSystemViews(t *testing.T) {
	env := bindtest.Env(t)
	for _, r := range pgcatalog.Relations() {
		if r.Relation.Kind != desc.View {
			continue
		}
		sql := "SELECT * FROM " + env.Catalog.Schema(r.Relation.Schema).Name + "." + r.Relation.Name
		stmts, err := parse.Parse(sql)
		if err != nil {
			t.Fatal(err)
		}
		s, err := bind.Bind(context.Background(), env, stmts[0], nil)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		i := 0
		for _, c := range r.Relation.Columns {
			if c.Dropped {
				continue
			}
			if i < len(s.Columns) && s.Columns[i].Type.OID != c.Type {
				t.Errorf("%s: column %s is %s in its query, %s in pg_attribute", r.Relation.Name, c.Name, s.Columns[i].Type, env.Catalog.Type(c.Type))
			}
			i++
		}
	}
}
