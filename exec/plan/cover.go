package plan

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Covers tells whether the entries of an index hold all columns that a scan produces, so that the rows themselves need not be read: an entry has the index's columns and
// the row's primary key. Package userdata decides so by itself; this is for estimates and EXPLAIN.
func Covers(n *Scan, x *desc.Index) bool {
	for i := range n.Table.Options {
		if len(n.Table.Options[i]) > 4 && n.Table.Options[i][:4] == "ttl=" { // a row's age is only in the row
			return false
		}
	}
	for _, k := range x.Keys {
		if k.Num == 0 {
			return false
		}
	}
	var primary *desc.Index
	if len(n.Table.Indexes) > 0 && n.Table.Indexes[0].Clustered() {
		primary = &n.Table.Indexes[0]
	}
	needPrimary := 0
	for _, num := range n.Nums {
		if num < 1 || !keepsValue(n.Table, num) {
			return false
		}
		if keyAt(x, num) >= 0 {
			continue
		}
		if primary == nil || keyAt(primary, num) < 0 {
			return false
		}
		needPrimary = max(needPrimary, keyAt(primary, num)+1)
	}
	if needPrimary > 0 {
		return keepAll(n.Table, x, len(x.Keys)) && keepAll(n.Table, primary, needPrimary)
	}
	last := 0
	for _, num := range n.Nums {
		last = max(last, keyAt(x, num)+1)
	}
	return keepAll(n.Table, x, last)
}

func keyAt(x *desc.Index, num int16) int {
	for i, k := range x.Keys {
		if k.Num == num {
			return i
		}
	}
	return -1
}

func keepAll(t *desc.Relation, x *desc.Index, columns int) bool {
	for _, k := range x.Keys[:columns] {
		if !keepsValue(t, k.Num) {
			return false
		}
	}
	return true
}

func keepsValue(t *desc.Relation, num int16) bool {
	c := t.ColumnByNum(num)
	if c == nil {
		return false
	}
	typ := pgtype.ByOID(c.Type)
	return typ != nil && typ.KeyKeepsValue()
}
