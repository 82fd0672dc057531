package load

import (
	"crypto/md5"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// change is one statement, or a COPY, and what it does to the model.
type change struct {
	sql   string
	args  []any // int or string
	copy  string
	apply func(*State)
	fails string // the SQLSTATE that the statement must end with: its transaction is rolled back
}

// inlined is the statement with its arguments in it, for simple queries.
func (c change) inlined() string {
	text := c.sql
	for i := len(c.args); i > 0; i-- {
		literal := fmt.Sprint(c.args[i-1])
		if s, ok := c.args[i-1].(string); ok {
			literal = "'" + strings.ReplaceAll(s, "'", "''") + "'"
		}
		text = strings.ReplaceAll(text, "$"+strconv.Itoa(i), literal)
	}
	return text
}

// ids is how many different rows a table may have; n is below rangeOfN.
const (
	ids      = 300
	rangeOfN = 1000
)

// document makes a text, most of them short, some longer than a page of any store.
func document(r *rand.Rand) string {
	size := r.IntN(120)
	switch r.IntN(60) {
	case 0:
		size = 20000 + r.IntN(60000)
	case 1, 2, 3:
		size = 1000 + r.IntN(9000)
	}
	b := make([]byte, size)
	for i := range b {
		b[i] = byte('a' + r.IntN(26))
	}
	return string(b)
}

// freshRow makes a row whose name no other row has.
func freshRow(r *rand.Rand, id int) Row {
	return Row{Name: fmt.Sprintf("N%d-%x", id, r.Uint32()), N: r.IntN(rangeOfN), Doc: document(r)}
}

// someID chooses a row that is there, if any is.
func someID(r *rand.Rand, s *State) (int, bool) {
	for range 20 {
		id := r.IntN(ids)
		if _, ok := s.Rows[id]; ok {
			return id, true
		}
	}
	return 0, false
}

// changes are the kinds of statements, with their weights.
var changes = []struct {
	weight int
	make   func(r *rand.Rand, table string, s *State) (change, bool)
}{
	{30, insert}, {30, update}, {10, rename}, {12, remove}, {8, upsert}, {5, updateMany}, {4, removeMany}, {4, generate}, {5, copyIn}, {4, duplicate}, {1, truncate}, {2, reindex}, {2, extraColumn}, {1, fill}, {1, load},
}

// randomChange makes a change that fits a state.
func randomChange(r *rand.Rand, table string, s *State) change {
	total := 0
	for _, c := range changes {
		total += c.weight
	}
	for {
		at := r.IntN(total)
		for _, c := range changes {
			if at -= c.weight; at < 0 {
				if made, ok := c.make(r, table, s); ok {
					return made
				}
				break
			}
		}
	}
}

func insert(r *rand.Rand, table string, s *State) (change, bool) {
	id := r.IntN(ids)
	if _, taken := s.Rows[id]; taken {
		return change{}, false
	}
	row := freshRow(r, id)
	return change{sql: "INSERT INTO " + table + " (id, name, n, doc) VALUES ($1, $2, $3, $4)", args: []any{id, row.Name, row.N, row.Doc},
		apply: func(s *State) { s.Rows[id] = row }}, true
}

func update(r *rand.Rand, table string, s *State) (change, bool) {
	id, ok := someID(r, s)
	n, doc := r.IntN(rangeOfN), document(r)
	return change{sql: "UPDATE " + table + " SET n = $2, doc = $3 WHERE id = $1", args: []any{id, n, doc}, apply: func(s *State) {
		row := s.Rows[id]
		row.N, row.Doc = n, doc
		s.Rows[id] = row
	}}, ok
}

func rename(r *rand.Rand, table string, s *State) (change, bool) {
	id, ok := someID(r, s)
	name := freshRow(r, id).Name
	return change{sql: "UPDATE " + table + " SET name = $2 WHERE id = $1", args: []any{id, name}, apply: func(s *State) {
		row := s.Rows[id]
		row.Name = name
		s.Rows[id] = row
	}}, ok
}

func remove(r *rand.Rand, table string, s *State) (change, bool) {
	id, ok := someID(r, s)
	return change{sql: "DELETE FROM " + table + " WHERE id = $1", args: []any{id}, apply: func(s *State) { delete(s.Rows, id) }}, ok
}

func upsert(r *rand.Rand, table string, s *State) (change, bool) {
	id := r.IntN(ids)
	row := freshRow(r, id)
	return change{sql: "INSERT INTO " + table + " (id, name, n, doc) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET name = excluded.name, n = excluded.n, doc = excluded.doc",
		args: []any{id, row.Name, row.N, row.Doc}, apply: func(s *State) { s.Rows[id] = row }}, true
}

func updateMany(r *rand.Rand, table string, s *State) (change, bool) {
	from, by := r.IntN(ids), 1+r.IntN(50)
	return change{sql: "UPDATE " + table + " SET n = (n + $3) % 1000 WHERE id BETWEEN $1 AND $2", args: []any{from, from + 40, by}, apply: func(s *State) {
		for id, row := range s.Rows {
			if id >= from && id <= from+40 {
				row.N = (row.N + by) % rangeOfN
				s.Rows[id] = row
			}
		}
	}}, true
}

func removeMany(r *rand.Rand, table string, s *State) (change, bool) {
	from := r.IntN(rangeOfN)
	return change{sql: "DELETE FROM " + table + " WHERE n >= $1 AND n < $2", args: []any{from, from + 60}, apply: func(s *State) {
		for id, row := range s.Rows {
			if row.N >= from && row.N < from+60 {
				delete(s.Rows, id)
			}
		}
	}}, true
}

func generate(r *rand.Rand, table string, s *State) (change, bool) {
	from, mark := r.IntN(ids), fmt.Sprintf("g%x", r.Uint32())
	return change{sql: "INSERT INTO " + table + " (id, name, n, doc) SELECT i, $3 || i, i, $3 FROM generate_series($1::int, $2::int) i ON CONFLICT (id) DO NOTHING",
		args: []any{from, min(from+20, ids-1), mark}, apply: func(s *State) {
			for id := from; id <= min(from+20, ids-1); id++ {
				if _, taken := s.Rows[id]; !taken {
					s.Rows[id] = Row{mark + strconv.Itoa(id), id, mark}
				}
			}
		}}, true
}

func copyIn(r *rand.Rand, table string, s *State) (change, bool) {
	added := make(map[int]Row)
	var data strings.Builder
	for range 25 {
		id := r.IntN(ids)
		_, taken := s.Rows[id]
		if _, again := added[id]; taken || again {
			continue
		}
		row := freshRow(r, id)
		added[id] = row
		fmt.Fprintf(&data, "%d\t%s\t%d\t%s\n", id, row.Name, row.N, row.Doc)
	}
	return change{sql: "COPY " + table + " (id, name, n, doc) FROM STDIN", copy: data.String(), apply: func(s *State) {
		for id, row := range added {
			s.Rows[id] = row
		}
	}}, len(added) > 0
}

// duplicate is refused.
func duplicate(r *rand.Rand, table string, s *State) (change, bool) {
	id, ok := someID(r, s)
	return change{sql: "INSERT INTO " + table + " (id, name, n, doc) VALUES ($1, $2, 1, '')", args: []any{id, freshRow(r, id).Name}, fails: "23505"}, ok
}

func truncate(_ *rand.Rand, table string, s *State) (change, bool) {
	return change{sql: "TRUNCATE " + table, apply: func(s *State) { clear(s.Rows) }}, true
}

// reindex builds an index anew under another storage.
func reindex(_ *rand.Rand, table string, s *State) (change, bool) {
	return change{sql: "DROP INDEX " + table + "_n; CREATE INDEX " + table + "_n ON " + table + " (n DESC)"}, true
}

// extraColumn adds a column whose value older rows have without being rewritten, or drops it.
func extraColumn(r *rand.Rand, table string, s *State) (change, bool) {
	if s.Extra >= 0 {
		return change{sql: "ALTER TABLE " + table + " DROP COLUMN extra", apply: func(s *State) { s.Extra = -1 }}, true
	}
	n := r.IntN(1000)
	return change{sql: fmt.Sprintf("ALTER TABLE %s ADD COLUMN extra int DEFAULT %d", table, n), apply: func(s *State) { s.Extra = n }}, true
}

// maxBulk is how many rows the table beside a worker's own may have. Stores have another way for so many rows in one statement than for a few.
const maxBulk = 20000

// fill makes the table beside anew by one INSERT.
func fill(r *rand.Rand, table string, s *State) (change, bool) {
	n := r.IntN(maxBulk)
	return change{sql: fmt.Sprintf("TRUNCATE %[1]s_bulk; INSERT INTO %[1]s_bulk SELECT i, md5(i::text) FROM generate_series(1, %d) i", table, n), apply: func(s *State) { s.Bulk = n }}, true
}

// load adds to it by COPY.
func load(r *rand.Rand, table string, s *State) (change, bool) {
	n := min(r.IntN(maxBulk/2), maxBulk-s.Bulk)
	var data strings.Builder
	for id := s.Bulk + 1; id <= s.Bulk+n; id++ {
		fmt.Fprintf(&data, "%d\t%x\n", id, md5.Sum([]byte(strconv.Itoa(id))))
	}
	return change{sql: "COPY " + table + "_bulk FROM STDIN", copy: data.String(), apply: func(s *State) { s.Bulk += n }}, n > 0
}
