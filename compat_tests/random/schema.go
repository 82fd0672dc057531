package random

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// kind is the type of a column or an expression.
type kind uint8

const (
	integer kind = iota
	bigint
	number
	text
	date
	boolean
	kinds
)

var kindNames = [...]string{"integer", "bigint", "numeric", "text", "date", "boolean"}

func (k kind) String() string { return kindNames[k] }

// column is a column of a table.
type column struct {
	name    string
	kind    kind
	notNull bool
}

// table is a random table with the statements that make it.
type table struct {
	name    string
	columns []column
	key     int // columns of its primary key, the first ones; 0: none
	ddl     []string
}

// randomTables makes tables. Values are few, so that joins find partners and groups have members.
func randomTables(r *rand.Rand) []*table {
	var out []*table
	for i := range 5 {
		out = append(out, randomTable(r, fmt.Sprintf("t%d", i)))
	}
	return out
}

func randomTable(r *rand.Rand, name string) *table {
	t := &table{name: name, key: r.IntN(3)}
	n := max(t.key+1, 2+r.IntN(4))
	var defs []string
	for i := range n {
		c := column{name: fmt.Sprintf("c%d", i), kind: kind(r.IntN(int(kinds)))}
		if i < 2 && r.IntN(3) > 0 {
			c.kind = integer
		}
		c.notNull = i < t.key || r.IntN(5) == 0
		def := c.name + " " + c.kind.String()
		if c.notNull && i >= t.key {
			def += " NOT NULL"
		}
		t.columns = append(t.columns, c)
		defs = append(defs, def)
	}
	if t.key > 0 {
		names := make([]string, t.key)
		for i := range names {
			names[i] = t.columns[i].name
		}
		defs = append(defs, "PRIMARY KEY ("+strings.Join(names, ", ")+")")
	}
	t.ddl = append(t.ddl, fmt.Sprintf("CREATE TABLE %s (%s)", name, strings.Join(defs, ", ")))
	for i := range r.IntN(3) {
		t.ddl = append(t.ddl, randomIndex(r, t, i))
	}
	if rows := r.IntN(18); rows > 0 {
		t.ddl = append(t.ddl, t.insert(r, rows))
	}
	if r.IntN(2) == 0 {
		t.ddl = append(t.ddl, "ANALYZE "+name)
	}
	return t
}

func randomIndex(r *rand.Rand, t *table, i int) string {
	a := t.columns[r.IntN(len(t.columns))].name
	cols := a
	if b := t.columns[r.IntN(len(t.columns))].name; b != a && r.IntN(2) == 0 {
		cols += ", " + b
	}
	if r.IntN(4) == 0 {
		cols = a + " DESC"
	}
	part := ""
	if g := t.columns[r.IntN(len(t.columns))]; r.IntN(5) == 0 {
		part = " WHERE " + g.name + " IS NOT NULL"
		if g.kind == boolean {
			part = " WHERE " + g.name
		}
	}
	if c := t.columns[r.IntN(len(t.columns))]; c.kind == text && r.IntN(3) == 0 {
		cols = "lower(" + c.name + ")"
	}
	return fmt.Sprintf("CREATE INDEX %s_i%d ON %s (%s)%s", t.name, i, t.name, cols, part)
}

// insert makes rows with different keys.
func (t *table) insert(r *rand.Rand, rows int) string {
	seen := map[string]bool{}
	var list []string
	for range rows {
		values := make([]string, len(t.columns))
		for i, c := range t.columns {
			values[i] = "NULL"
			if c.notNull || r.IntN(5) > 0 {
				values[i] = literal(r, c.kind, i < t.key)
			}
		}
		if key := strings.Join(values[:t.key], ","); t.key > 0 {
			if seen[key] {
				continue
			}
			seen[key] = true
		}
		list = append(list, "("+strings.Join(values, ", ")+")")
	}
	return fmt.Sprintf("INSERT INTO %s VALUES %s", t.name, strings.Join(list, ", "))
}

var words = []string{"", "a", "ab", "abc", "b", "ba", "x", "xy", "Z", "zz"}

// literal is a random value; keys have more different ones.
func literal(r *rand.Rand, k kind, wide bool) string {
	n := r.IntN(8) - 1
	if wide {
		n = r.IntN(50)
	}
	switch k {
	case number:
		return fmt.Sprintf("%d.%d", n, 5*r.IntN(2))
	case text:
		w := words[r.IntN(len(words))]
		if wide {
			w += fmt.Sprint(n)
		}
		return "'" + w + "'"
	case date:
		return fmt.Sprintf("date '2024-01-%02d'", 1+(n+2)%28)
	case boolean:
		return []string{"true", "false"}[r.IntN(2)]
	}
	return fmt.Sprint(n)
}
