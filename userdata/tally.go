package userdata

import "github.com/kalampg/kalampg/catalog/desc"

// Tally counts what a transaction does to the rows of each table, for the server's statistics of activity. It belongs to one transaction.
type Tally struct {
	tables map[desc.OID]*Counts
	last   *Counts // of the table that was counted last
	of     desc.OID
}

// Counts are the rows of one table that a transaction has changed.
type Counts struct {
	Inserted, Updated, Deleted int64
	Emptied                    bool // all rows went, before what is counted
}

// Of gives the counts of a table.
func (t *Tally) Of(table desc.OID) *Counts {
	if t.of == table && t.last != nil {
		return t.last
	}
	c := t.tables[table]
	if c == nil {
		if t.tables == nil {
			t.tables = make(map[desc.OID]*Counts)
		}
		c = new(Counts)
		t.tables[table] = c
	}
	t.of, t.last = table, c
	return c
}

// Empty notes that a table lost all its rows.
func (t *Tally) Empty(table desc.OID) { *t.Of(table) = Counts{Emptied: true} }

// Each calls f for every table that was counted.
func (t *Tally) Each(f func(table desc.OID, c Counts)) {
	for oid, c := range t.tables {
		f(oid, *c)
	}
}

// Changed tells whether anything was counted.
func (t *Tally) Changed() bool { return len(t.tables) > 0 }

// Reset forgets all.
func (t *Tally) Reset() { clear(t.tables); t.last, t.of = nil, 0 }
