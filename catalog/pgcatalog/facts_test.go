package pgcatalog

import (
	"strconv"
	"strings"
	"testing"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// TestBuiltinRows compares every built-in row with what a PostgreSQL 16 printed of it.
func TestBuiltinRows(t *testing.T) {
	tables, rows := 0, 0
	for _, s := range Relations() {
		tab, ok := s.Table.(*table)
		if !ok || tab.facts == "" {
			continue
		}
		tables++
		facts := pgfacts.Load(tab.facts)
		got := tab.load().rows
		if len(got) != len(facts.Rows) {
			t.Errorf("%s: %d rows, want %d", tab.name, len(got), len(facts.Rows))
			continue
		}
		for i, row := range got {
			rows++
			for j, c := range s.Relation.Columns {
				k := facts.Column(c.Name)
				if k < 0 {
					continue
				}
				if have := cellText(c.Type, row[j], facts.Rows[i][k]); have != facts.Rows[i][k] {
					t.Errorf("%s row %d %s: %q, want %q", tab.name, i, c.Name, have, facts.Rows[i][k])
				}
			}
		}
	}
	if tables < 30 || rows < 10000 {
		t.Fatalf("only %d tables with %d rows", tables, rows)
	}
}

// cellText prints a value as COPY did; like tells the form of a regproc.
func cellText(typ pgtype.OID, d pgtype.Datum, like string) string {
	if d.IsNull() {
		return ""
	}
	switch typ {
	case pgtype.OIDBool:
		if d.Bool() {
			return "t"
		}
		return "f"
	case pgtype.OIDQChar:
		if d.Int() == 0 {
			return ""
		}
		return string(rune(d.Int()))
	case pgtype.OIDInt2, pgtype.OIDInt4, pgtype.OIDInt8, pgtype.OIDOid, pgtype.OIDXid:
		return strconv.FormatInt(d.Int(), 10)
	case pgtype.OIDFloat4, pgtype.OIDFloat8:
		return strconv.FormatFloat(d.Float(), 'g', -1, 64)
	case pgtype.OIDRegproc:
		if like != "" && like[0] >= '0' && like[0] <= '9' {
			return strconv.FormatInt(d.Int(), 10)
		}
		if d.Int() == 0 {
			return "-"
		}
		name := pgfacts.ProcByOID(d.OID()).Name
		if len(pgfacts.ProcsByName(name)) > 1 {
			name = "pg_catalog." + name
		}
		return name
	case pgtype.OIDRegtype:
		return pgtype.ByOID(d.OID()).Name
	}
	if bt := pgtype.ByOID(typ).BaseType(); bt.OID != typ {
		return cellText(bt.OID, d, like)
	} else if bt.IsArray() {
		var words []string
		for _, e := range d.Array().Elems {
			words = append(words, quoteElement(cellText(bt.Elem.OID, e, ""), typ))
		}
		if typ == pgtype.OIDInt2vector || typ == pgtype.OIDOidvector {
			return strings.Join(words, " ")
		}
		return "{" + strings.Join(words, ",") + "}"
	}
	return d.Text()
}

func quoteElement(s string, typ pgtype.OID) string {
	if s == "" || strings.ContainsAny(s, `{}",\ `) {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
	}
	return s
}

// TestRelations checks the descriptors: every relation is there, numbered through, and every view has its SQL.
func TestRelations(t *testing.T) {
	rels := Relations()
	if len(rels) != 209 {
		t.Errorf("%d relations", len(rels))
	}
	for _, s := range rels {
		if len(s.Relation.Columns) == 0 {
			t.Errorf("%s has no columns", s.Relation.Name)
		}
		for i, c := range s.Relation.Columns {
			if int(c.Num) != i+1 {
				t.Errorf("%s.%s has number %d", s.Relation.Name, c.Name, c.Num)
			}
		}
		if s.Relation.Kind == desc.View && s.Relation.ViewQuery == "" {
			t.Errorf("no SQL for view %s.%s", schemaNames[s.Relation.Schema], s.Relation.Name)
		}
		if (s.Relation.Kind == desc.Table) != (s.Table != nil) {
			t.Errorf("%s: table %v", s.Relation.Name, s.Table)
		}
	}
}
