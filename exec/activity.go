package exec

import (
	"sync"
	"time"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/userdata"
)

// tableActivity counts what committed transactions did to the rows of each table, for pg_stat_all_tables, for the automatic ANALYZE, and as the optimizer's idea of
// the size of a table that was never analysed. It begins anew with the server, as after a crash of PostgreSQL's.
type tableActivity struct {
	mu     sync.Mutex
	tables map[tableKey]*builtin.TableActivity
}

type tableKey struct{ database, table desc.OID }

// of gives the counters of a table; the caller holds mu. known is the number of rows that the catalog knows of, -1 for none.
func (a *tableActivity) of(k tableKey, known float64) *builtin.TableActivity {
	t := a.tables[k]
	if t == nil {
		if a.tables == nil {
			a.tables = make(map[tableKey]*builtin.TableActivity)
		}
		t = &builtin.TableActivity{Live: int64(max(known, 0))}
		a.tables[k] = t
	}
	return t
}

// add enters a committed transaction's counts. known has what ANALYZE found.
func (a *tableActivity) add(database desc.OID, tally *userdata.Tally, known catalog.Reader) {
	if !tally.Changed() {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	tally.Each(func(table desc.OID, c userdata.Counts) {
		k := tableKey{database, table}
		t := a.tables[k]
		if t == nil {
			t = a.of(k, knownRows(known, table))
		}
		if c.Emptied {
			t.Live, t.Changed = 0, 0
		}
		t.Inserted += c.Inserted
		t.Updated += c.Updated
		t.Deleted += c.Deleted
		t.Live = max(0, t.Live+c.Inserted-c.Deleted)
		t.Changed += c.Inserted + c.Updated + c.Deleted
		t.InsertedSinceVacuum += c.Inserted
	})
}

// analyzed notes the end of an ANALYZE or VACUUM.
func (a *tableActivity) analyzed(database desc.OID, s *desc.Statistics, analyze, vacuum, auto bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.of(tableKey{database, s.Relation}, s.Rows)
	t.Live = int64(max(s.Rows, 0))
	now := time.Now()
	if analyze {
		t.Changed = 0
		if auto {
			t.AutoAnalyzes++
		} else {
			t.Analyzes++
		}
	}
	if vacuum {
		t.InsertedSinceVacuum, t.LastVacuum = 0, now
		t.Vacuums++
	}
}

// table gives a table's counters; ok is false when nothing was counted.
func (a *tableActivity) table(database, table desc.OID) (builtin.TableActivity, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.tables[tableKey{database, table}]
	if t == nil {
		return builtin.TableActivity{}, false
	}
	return *t, true
}

// changed lists the tables with rows that have changed since the last ANALYZE.
func (a *tableActivity) changed() map[tableKey]builtin.TableActivity {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make(map[tableKey]builtin.TableActivity)
	for k, t := range a.tables {
		if t.Changed > 0 {
			out[k] = *t
		}
	}
	return out
}

// forget drops the counters of a table that is gone.
func (a *tableActivity) forget(k tableKey) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.tables, k)
}

// tableSizes shows the optimizer what is known of the tables of a session's database.
type tableSizes struct{ s *Session }

// Statistics is what ANALYZE found.
func (t tableSizes) Statistics(table desc.OID) *desc.Statistics {
	return t.s.reader().Statistics(table)
}

// Rows is the number of rows as of the last commits.
func (t tableSizes) Rows(table desc.OID) float64 {
	if a, ok := t.s.engine.activity.table(t.s.database, table); ok {
		return float64(a.Live)
	}
	return -1
}
