package pgfacts

import (
	"embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/kalampg/kalampg/internal/pgtype"
)

//go:embed data/*.csv
var files embed.FS

// Table is one catalog's rows in text form, as COPY … (FORMAT csv) writes them.
type Table struct {
	Columns []string
	Rows    [][]string
	index   map[string]int
}

// loaded keeps the tables that were parsed: functions look into them once per row.
var loaded sync.Map

// Load gives a catalog's rows ("pg_proc"), parsed at the first call. The caller does not change them. It panics when there is no such file: the names are constants of the program.
// NULL and the empty string are not told apart; no built-in row has an empty string where NULL would differ.
func Load(name string) *Table {
	if t, ok := loaded.Load(name); ok {
		return t.(*Table)
	}
	t, _ := loaded.LoadOrStore(name, parse(name))
	return t.(*Table)
}

func parse(name string) *Table {
	f, err := files.Open("data/" + name + ".csv")
	if err != nil {
		panic(fmt.Sprintf("pgfacts: %v", err))
	}
	defer f.Close()
	r := csv.NewReader(f)
	rows, err := r.ReadAll()
	if err != nil {
		panic(fmt.Sprintf("pgfacts: %s: %v", name, err))
	}
	t := &Table{Columns: rows[0], Rows: rows[1:], index: make(map[string]int, len(rows[0]))}
	for i, c := range t.Columns {
		t.index[c] = i
	}
	return t
}

// Column gives the position of a column, or -1.
func (t *Table) Column(name string) int {
	if i, ok := t.index[name]; ok {
		return i
	}
	return -1
}

// row reads one row by column names.
type row struct {
	t *Table
	v []string
}

func (r row) str(c string) string {
	i, ok := r.t.index[c]
	if !ok {
		panic("pgfacts: no column " + c)
	}
	return r.v[i]
}
func (r row) bool(c string) bool { return r.str(c) == "t" }
func (r row) byte(c string) byte {
	if s := r.str(c); s != "" {
		return s[0]
	}
	return 0
}
func (r row) int(c string) int {
	n, _ := strconv.Atoi(r.str(c))
	return n
}
func (r row) oid(c string) pgtype.OID {
	n, _ := strconv.ParseUint(r.str(c), 10, 32)
	return pgtype.OID(n)
}
func (r row) float(c string) float64 {
	n, _ := strconv.ParseFloat(r.str(c), 64)
	return n
}

// oids reads an oidvector ("23 25") or an oid[] ("{23,25}").
func (r row) oids(c string) []pgtype.OID {
	fields := strings.FieldsFunc(r.str(c), func(x rune) bool { return x == ' ' || x == ',' || x == '{' || x == '}' })
	if len(fields) == 0 {
		return nil
	}
	out := make([]pgtype.OID, len(fields))
	for i, f := range fields {
		n, _ := strconv.ParseUint(f, 10, 32)
		out[i] = pgtype.OID(n)
	}
	return out
}

// strs reads a text[] whose elements need no escapes.
func (r row) strs(c string) []string {
	s := strings.Trim(r.str(c), "{}")
	if s == "" {
		return nil
	}
	out := strings.Split(s, ",")
	for i := range out {
		out[i] = strings.Trim(out[i], `"`)
	}
	return out
}

// once parses a table on first use.
func once[T any](name string, parse func(row) T) func() []T {
	return sync.OnceValue(func() []T {
		t := Load(name)
		out := make([]T, len(t.Rows))
		for i, v := range t.Rows {
			out[i] = parse(row{t, v})
		}
		return out
	})
}
