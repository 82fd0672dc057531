package userdata

import "github.com/kalampg/kalampg/catalog/desc"

// Tally counts what a transaction does to the rows of each table, for the server's statistics of activity. It belongs to one transaction.
type Tally struct {
	tables []tableCounts // few, so a list
	last   int           // of the table that was counted last
}

type tableCounts struct {
	table desc.OID
	Counts
}

// Counts are the rows of one table that a transaction has changed.
type Counts struct {
	Inserted, Updated, Deleted int64
	Emptied                    bool // all rows went, before what is counted
}

// Of gives the counts of a table, good until the next call.
func (t *Tally) Of(table desc.OID) *Counts {
	if t.last < len(t.tables) && t.tables[t.last].table == table {
		return &t.tables[t.last].Counts
	}
	for i := range t.tables {
		if t.tables[i].table == table {
			t.last = i
			return &t.tables[i].Counts
		}
	}
	t.last = len(t.tables)
	t.tables = append(t.tables, tableCounts{table: table})
	return &t.tables[t.last].Counts
}

// Empty notes that a table lost all its rows.
func (t *Tally) Empty(table desc.OID) { *t.Of(table) = Counts{Emptied: true} }

// Each calls f for every table that was counted.
func (t *Tally) Each(f func(table desc.OID, c Counts)) {
	for i := range t.tables {
		f(t.tables[i].table, t.tables[i].Counts)
	}
}

// Changed tells whether anything was counted.
func (t *Tally) Changed() bool { return len(t.tables) > 0 }

// Reset forgets all.
func (t *Tally) Reset() { t.tables, t.last = t.tables[:0], 0 }
