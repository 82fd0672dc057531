package userdata

import (
	"errors"
	"strings"
	"testing"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata/keys"
)

// faults runs Check and gives what it reports; rows whose n is 666 violate a rule.
func (r *room) faults() (list []string, read Checked) {
	r.t.Helper()
	err := r.in("", func(a *Access) (err error) {
		obeys := func(values []pgtype.Datum) error {
			if !values[2].IsNull() && values[2].Int() == 666 {
				return errors.New("rule")
			}
			return nil
		}
		read, err = r.table.Check(r.ctx, a, obeys, func(f Fault) { list = append(list, f.Index+": "+f.What) })
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return list, read
}

func checkedRoom(t *testing.T, class desc.Class) *room {
	r := newRoom(t, class)
	for i := range r.table.Rel.Indexes {
		r.table.Rel.Indexes[i].Valid = true
	}
	r.insert("ann", values(1, "a", 10), values(2, "b", 10), values(3, "", 30))
	if class == desc.User {
		r.insert("bob", values(1, "a", 10))
	}
	return r
}

// rowKey is the key of a row of ann's.
func (r *room) rowKey(id int64) []byte {
	a := &Access{Scope: "ann"}
	return r.table.primary.columns[0].Append(r.table.rowPrefix(nil, a), pgtype.Int(id))
}

// entry is the entry of one of ann's rows in an index of the table.
func (r *room) entry(index int, v []pgtype.Datum) entry {
	e, err := r.table.entryOf(r.table.indexes[index], v, r.rowKey(v[0].Int()))
	if err != nil {
		r.t.Fatal(err)
	}
	return e
}

// TestCheckFindsPlantedFaults plants every kind of fault under the table's back.
func TestCheckFindsPlantedFaults(t *testing.T) {
	for _, class := range []desc.Class{desc.Shared, desc.User} {
		if list, read := checkedRoom(t, class).faults(); len(list) > 0 || read.Rows < 3 || read.Entries != 2*read.Rows {
			t.Errorf("a sound table: %v, %+v", list, read)
		}
		tests := []struct {
			name  string
			plant func(r *room, txn kv.Txn) error
			want  string
		}{
			{"entry deleted", func(r *room, txn kv.Txn) error { return txn.Delete(r.entry(1, values(2, "b", 10)).key) }, "t_n_idx: a row has no entry in the index"},
			{"unique entry deleted", func(r *room, txn kv.Txn) error { return txn.Delete(r.entry(0, values(2, "b", 10)).key) }, "t_name_key: a row has no entry in the index"},
			{"row deleted", func(r *room, txn kv.Txn) error { return txn.Delete(r.rowKey(2)) },
				"t_name_key: an entry has no row|t_n_idx: an entry has no row"},
			{"entry too many", func(r *room, txn kv.Txn) error {
				e := r.entry(1, values(2, "b", 99))
				return txn.Put(e.key, e.value)
			}, "t_n_idx: an entry's row has other values"},
			{"entry moved", func(r *room, txn kv.Txn) error {
				e := r.entry(1, values(2, "b", 99))
				if err := txn.Put(e.key, e.value); err != nil {
					return err
				}
				return txn.Delete(r.entry(1, values(2, "b", 10)).key)
			}, "t_n_idx: a row has no entry in the index|t_n_idx: an entry's row has other values"},
			{"entry of another row", func(r *room, txn kv.Txn) error {
				e := r.entry(0, values(2, "b", 10))
				return txn.Put(e.key, r.entry(0, values(3, "b", 10)).value)
			}, "t_name_key: the entry of a row names another row"},
			{"broken row", func(r *room, txn kv.Txn) error {
				return txn.Put(r.rowKey(2), []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 200, 255})
			},
				": the row does not decode: row: stored row does not decode|"},
			{"broken entry", func(r *room, txn kv.Txn) error {
				e := r.entry(1, values(2, "b", 10))
				return txn.Put(append(e.key, 1), nil)
			}, "t_n_idx: an entry does not decode"},
			{"row under another key", func(r *room, txn kv.Txn) error {
				return txn.Put(r.rowKey(7), r.table.encode.Append(nil, 0, 0, values(8, "", 30)))
			}, ": the row of scope"},
			{"rule", func(r *room, txn kv.Txn) error {
				v := values(9, "", 666)
				e := r.entry(1, v)
				f := r.entry(0, v)
				if err := errors.Join(txn.Put(e.key, e.value), txn.Put(f.key, f.value)); err != nil {
					return err
				}
				return txn.Put(r.rowKey(9), r.table.encode.Append(nil, 0, 0, v))
			}, ": rule"},
		}
		for _, test := range tests {
			r := checkedRoom(t, class)
			if err := r.in("", func(a *Access) error { return test.plant(r, a.Txn) }); err != nil {
				t.Fatal(err)
			}
			if list, _ := r.faults(); !strings.HasPrefix(strings.Join(list, "|")+"|", test.want) || len(list) == 0 {
				t.Errorf("%s: %q, not %q", test.name, list, test.want)
			}
		}
	}
}

func TestStorages(t *testing.T) {
	r := checkedRoom(t, desc.User)
	err := r.in("", func(a *Access) error {
		return a.Txn.Put(append(keys.AppendStorage(nil, kv.SpaceIndex, 1<<32-1), 5), nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = r.in("", func(a *Access) error {
		ids, err := Storages(r.ctx, a.Txn)
		if len(ids) != 4 || ids[0] != 1 || ids[3] != 1<<32-1 {
			t.Errorf("%v", ids)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
