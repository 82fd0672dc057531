package userdata

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// byColumns reads rows as text by two readers that take turns, as TestBatches wants them.
func byColumns(r *room, a *Access, nums []int16, q ScanRequest) []string {
	b, err := r.table.Scanner(nums).Batches(r.ctx, a, q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer b.Close()
	readers := []*BatchReader{b.Reader(), b.Reader()}
	vecs := make([]*column.Vector, len(nums))
	for i := range vecs {
		vecs[i] = new(column.Vector)
	}
	var out []string
	for len(readers) > 0 {
		at := len(out) % len(readers)
		n, err := readers[at].Next(r.ctx)
		if err != nil {
			r.t.Fatal(err)
		}
		if n == 0 {
			readers[at].Close()
			readers = slices.Delete(readers, at, at+1)
			continue
		}
		sel := readers[at].Selection()
		if sel == nil {
			for i := range n {
				sel = append(sel, int32(i))
			}
		}
		for i := range nums { // one after the other, as a filter does
			if err := readers[at].Columns([]int{i}, sel, vecs); err != nil {
				r.t.Fatal(err)
			}
		}
		for _, i := range sel {
			row := make([]pgtype.Datum, len(nums))
			for c, v := range vecs {
				row[c] = v.Datum(int(i))
			}
			out = append(out, shown(nums, row))
		}
	}
	slices.Sort(out)
	return out
}

func shown(nums []int16, row []pgtype.Datum) string {
	var text []string
	for i, n := range nums {
		switch {
		case row[i].IsNull():
			text = append(text, "-")
		case n == 2:
			text = append(text, strings.Clone(row[i].Text()))
		default:
			text = append(text, fmt.Sprint(row[i].Int()))
		}
	}
	return strings.Join(text, " ")
}

func byRows(r *room, a *Access, nums []int16, q ScanRequest) []string {
	rows, err := r.table.Scanner(nums).Scan(r.ctx, a, q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	out := []string{}
	for {
		row, err := rows.Next(r.ctx)
		if err != nil {
			r.t.Fatal(err)
		}
		if row == nil {
			slices.Sort(out)
			return out
		}
		out = append(out, shown(nums, row))
	}
}

// TestBatches reads a table that is changed between by transactions with old and new snapshots, some of which have written themselves: columns, cached or not, must be
// the rows.
func TestBatches(t *testing.T) {
	defer func(n int) { partRows = n }(partRows)
	partRows = 400
	rnd := rand.New(rand.NewPCG(7, 11))
	r := newRoom(t, desc.Shared)
	next := 0
	fresh := func() []pgtype.Datum {
		next++
		return values(next*3, fmt.Sprintf("name %d", next), rnd.IntN(5))
	}
	var rows [][]pgtype.Datum
	for range 6000 {
		rows = append(rows, fresh())
	}
	r.insert("", rows...)
	open := []*Access{}
	begin := func() *Access {
		txn, err := r.store.Begin(r.ctx, kv.TxnOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(txn.Rollback)
		return &Access{Service: r.service, Txn: txn}
	}
	choices := [][]int16{{1, 2, 3}, {3}, {2}, {1, 3}, {3, 1}}
	for round := range 120 {
		if len(open) < 4 {
			open = append(open, begin())
		} else if rnd.IntN(2) == 0 {
			open[0].Txn.Rollback()
			open = append(open[1:], begin())
		}
		a := open[rnd.IntN(len(open))]
		if rnd.IntN(6) == 0 {
			if err := r.table.Insert(r.ctx, a, values(100000+round, fmt.Sprintf("own %d", round), 9)); err != nil {
				t.Fatal(err)
			}
		}
		nums := choices[rnd.IntN(len(choices))]
		q := ScanRequest{}
		if rnd.IntN(4) == 0 {
			q.Lower = &Bound{Value: pgtype.Int(int64(rnd.IntN(20000)))}
		}
		want, got := byRows(r, a, nums, q), byColumns(r, a, nums, q)
		if !slices.Equal(want, got) {
			for i := range want {
				if want[i] != got[i] {
					t.Log(i, want[i], got[i])
					break
				}
			}
			t.Fatalf("round %d, columns %v: %d rows by columns, %d by rows", round, nums, len(got), len(want))
		}
		if rnd.IntN(3) == 0 {
			change(r, rnd, fresh)
		}
	}
	kept := 0
	for _, p := range r.service.columns.tables {
		for _, part := range p.parts {
			if part.kept.Load() != nil {
				kept++
			}
		}
	}
	if kept == 0 {
		t.Error("nothing was kept: the cache was not tested")
	}
	r.service.Forget(r.table.Rel.StorageID)
	if n := len(r.service.columns.tables); n != 0 || r.service.columns.used != 0 {
		t.Errorf("of a storage that is gone %d tables are kept, %d bytes", n, r.service.columns.used)
	}
}

// change commits an insert, an update or a delete of some rows.
func change(r *room, rnd *rand.Rand, fresh func() []pgtype.Datum) {
	err := r.in("", func(a *Access) error {
		if rnd.IntN(3) == 0 {
			return r.table.Insert(r.ctx, a, fresh())
		}
		nums := []int16{1, 2, 3, Locator}
		rows, err := r.table.Scanner(nums).Scan(r.ctx, a, ScanRequest{Lower: &Bound{Value: pgtype.Int(int64(rnd.IntN(18000)))}, Limit: 1})
		if err != nil {
			return err
		}
		defer rows.Close()
		row, err := rows.Next(r.ctx)
		if err != nil || row == nil {
			return err
		}
		old := slices.Clone(row[:3])
		if rnd.IntN(2) == 0 {
			return r.table.Delete(r.ctx, a, row[3], old)
		}
		changed := slices.Clone(old)
		changed[2] = pgtype.Int(int64(100 + rnd.IntN(100)))
		return r.table.Update(r.ctx, a, row[3], old, changed)
	})
	if err != nil {
		r.t.Fatal(err)
	}
}
