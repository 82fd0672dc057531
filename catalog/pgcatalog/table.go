package pgcatalog

import (
	"sync"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// base declares one base relation: where its built-in rows are, what they are looked up by, and how the rows of user objects are computed.
type base struct {
	name string
	// facts names the pgfacts table of the built-in rows; empty: all rows are computed.
	facts string
	// keys are the columns of the built-in rows with a hash index.
	keys []string
	// keep tells which built-in rows a catalog shows; nil: all.
	keep func(r catalog.Reader, row []pgtype.Datum) bool
	// user computes the rows of user objects; nil: none.
	user func(r catalog.Reader, q *query)
}

// table is a base relation as catalog.SystemTable.
type table struct {
	base
	rel     *desc.Relation
	columns map[string]int // positions by name
	load    func() *builtinRows
}

// builtinRows are the shared rows of a catalog with their hash indexes.
type builtinRows struct {
	rows  [][]pgtype.Datum
	words map[int]map[int64][]int32  // by column position: rows by integer value
	names map[int]map[string][]int32 // … by text value
}

func newTable(b base, rel *desc.Relation) *table {
	t := &table{base: b, rel: rel, columns: make(map[string]int, len(rel.Columns))}
	for i, c := range rel.Columns {
		t.columns[c.Name] = i
	}
	t.load = sync.OnceValue(t.loadBuiltin)
	return t
}

func (t *table) loadBuiltin() *builtinRows {
	b := &builtinRows{words: map[int]map[int64][]int32{}, names: map[int]map[string][]int32{}}
	if t.facts == "" {
		return b
	}
	b.rows = decodeRows(t.rel, pgfacts.Load(t.facts))
	for _, key := range t.keys {
		col := t.columns[key]
		if pgtype.ByOID(t.rel.Columns[col].Type).Rep == pgtype.RepBytes {
			m := make(map[string][]int32, len(b.rows))
			for i, row := range b.rows {
				m[row[col].Text()] = append(m[row[col].Text()], int32(i))
			}
			b.names[col] = m
			continue
		}
		m := make(map[int64][]int32, len(b.rows))
		for i, row := range b.rows {
			m[row[col].Int()] = append(m[row[col].Int()], int32(i))
		}
		b.words[col] = m
	}
	return b
}

// Scan implements catalog.SystemTable.
func (t *table) Scan(r catalog.Reader, where []catalog.Equality, yield func([]pgtype.Datum) bool) error {
	for _, e := range where {
		if e.Value.IsNull() {
			return nil
		}
	}
	q := &query{t: t, where: where, row: make([]pgtype.Datum, len(t.rel.Columns)), yield: yield}
	t.scanBuiltin(r, q)
	if t.user != nil && !q.done {
		t.user(r, q)
	}
	return nil
}

func (t *table) scanBuiltin(r catalog.Reader, q *query) {
	b := t.load()
	emit := func(row []pgtype.Datum) bool {
		if t.keep == nil || t.keep(r, row) {
			q.emit(row...)
		}
		return !q.done
	}
	if hits, ok := b.lookup(q.where); ok {
		for _, i := range hits {
			if !emit(b.rows[i]) {
				return
			}
		}
		return
	}
	for _, row := range b.rows {
		if !emit(row) {
			return
		}
	}
}

// lookup finds the rows of the most selective indexed equality.
func (b *builtinRows) lookup(where []catalog.Equality) (hits []int32, ok bool) {
	for _, e := range where {
		col := int(e.Num) - 1
		var found []int32
		if m := b.words[col]; m != nil {
			found = m[e.Value.Int()]
		} else if m := b.names[col]; m != nil {
			found = m[e.Value.Text()]
		} else {
			continue
		}
		if !ok || len(found) < len(hits) {
			hits, ok = found, true
		}
	}
	return hits, ok
}

// query is one scan: what is asked for, and where rows go.
type query struct {
	t     *table
	where []catalog.Equality
	row   []pgtype.Datum
	yield func([]pgtype.Datum) bool
	done  bool // the caller wants no more rows
}

// emit hands over a row and tells whether to go on. Missing columns at the end are NULL.
func (q *query) emit(row ...pgtype.Datum) bool {
	if q.done {
		return false
	}
	n := copy(q.row, row)
	clear(q.row[n:])
	q.done = !q.yield(q.row)
	return !q.done
}

func (q *query) value(column string) (pgtype.Datum, bool) {
	col := int16(q.t.columns[column] + 1)
	for _, e := range q.where {
		if e.Num == col {
			return e.Value, true
		}
	}
	return null, false
}

// oid is the OID that column must equal, if the scan asks for one.
func (q *query) oid(column string) (pgtype.OID, bool) {
	d, ok := q.value(column)
	return d.OID(), ok
}

// name is the text that column must equal, if the scan asks for one.
func (q *query) name(column string) (string, bool) {
	d, ok := q.value(column)
	if !ok {
		return "", false
	}
	return d.Text(), true
}
