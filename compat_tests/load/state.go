package load

import (
	"fmt"
	"maps"
	"slices"
)

// Row is what a worker's table holds under an id.
type Row struct {
	Name string
	N    int
	Doc  string
}

// State is what a worker's table holds.
type State struct {
	Rows  map[int]Row
	Extra int // the value that every row has in the column extra, -1 while there is none
	Bulk  int // how many rows the table beside it has, which is filled by thousands
}

// clone copies a state.
func (s State) clone() State { return State{maps.Clone(s.Rows), s.Extra, s.Bulk} }

func (s State) equal(o State) bool {
	return s.Extra == o.Extra && s.Bulk == o.Bulk && maps.Equal(s.Rows, o.Rows)
}

// differences tells how got is not want, a few rows at most.
func (s State) differences(got State) string {
	out, n := "", 0
	note := func(format string, args ...any) {
		if n++; n <= 5 {
			out += fmt.Sprintf("\n    "+format, args...)
		}
	}
	if s.Extra != got.Extra {
		note("extra is %d, not %d", got.Extra, s.Extra)
	}
	if s.Bulk != got.Bulk {
		note("the table beside it has %d rows, not %d", got.Bulk, s.Bulk)
	}
	for _, id := range slices.Sorted(maps.Keys(s.Rows)) {
		want := s.Rows[id]
		if have, ok := got.Rows[id]; !ok {
			note("row %d is missing", id)
		} else if have != want {
			note("row %d is %s, not %s", id, have, want)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(got.Rows)) {
		if _, ok := s.Rows[id]; !ok {
			note("row %d should not be there", id)
		}
	}
	return fmt.Sprintf("%d differences%s", n, out)
}

// String prints a row without the bulk of its document.
func (r Row) String() string {
	return fmt.Sprintf("(%s, %d, %d bytes %.8s…)", r.Name, r.N, len(r.Doc), r.Doc)
}
