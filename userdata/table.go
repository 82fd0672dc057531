package userdata

import (
	"fmt"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata/keys"
	"github.com/kalampg/kalampg/userdata/row"
)

// System column numbers that a scan can produce besides the table's columns (PostgreSQL's, then kalampg's).
const (
	Ctid     int16 = -1
	Xmin     int16 = -2
	Cmin     int16 = -3
	Xmax     int16 = -4
	Cmax     int16 = -5
	TableOID int16 = -6
	Seq      int16 = -8
	Updated  int16 = -9
	Deleted  int16 = -10
	User     int16 = -11
	Locator  int16 = -12
)

// Types resolves the types of columns; a catalog view does.
type Types interface {
	Type(oid desc.OID) *pgtype.Type
}

// KeyFunc computes the key values of an expression index for a complete row (by attribute number), into out. ok is false when the
// index's predicate leaves the row out.
type KeyFunc func(row []pgtype.Datum, out []pgtype.Datum) (ok bool, err error)

// Table is a relation made ready for storage. It is immutable.
type Table struct {
	Rel *desc.Relation

	types   []*pgtype.Type // by attribute number - 1; nil: dropped
	onDisk  []*pgtype.Type // the same with the types of dropped columns, whose values old rows still hold and readers have to step over
	missing []pgtype.Datum
	all     []int16 // every attribute number, 0 for dropped ones
	encode  *row.Encoder
	decode  *row.Decoder // of all columns
	scoped  bool
	keep    bool  // deleted rows are kept (deleted_retention)
	ttl     int64 // of a stream table, microseconds

	primary *Index   // nil: rows have hidden ids
	indexes []*Index // the others
}

// Index is an index made ready for storage.
type Index struct {
	Desc    *desc.Index
	columns []keys.Column
	nums    []int16 // of plain columns, nil when the keys are computed
	compute KeyFunc
}

// Open makes a table ready. compute gives the KeyFunc of each index that has expressions or a predicate.
func Open(rel *desc.Relation, types Types, compute map[desc.OID]KeyFunc) (*Table, error) {
	t := &Table{Rel: rel, types: make([]*pgtype.Type, len(rel.Columns)), onDisk: make([]*pgtype.Type, len(rel.Columns)), all: make([]int16, len(rel.Columns))}
	t.scoped = rel.Class == desc.User || rel.Class == desc.Stream && !rel.ScopeShared
	for i := range rel.Columns {
		c := &rel.Columns[i]
		t.onDisk[i] = types.Type(c.Type)
		if c.Dropped {
			continue
		}
		t.all[i], t.types[i] = c.Num, t.onDisk[i]
		if t.types[i] == nil {
			return nil, fmt.Errorf("userdata: column %s of %s has the unknown type %d", c.Name, rel.Name, c.Type)
		}
		if c.Missing != nil {
			if t.missing == nil {
				t.missing = make([]pgtype.Datum, len(rel.Columns))
			}
			v, err := t.types[i].Codec.DecodeStored(c.Missing)
			if err != nil {
				return nil, err
			}
			t.missing[i] = v
		}
	}
	if err := t.readOptions(); err != nil {
		return nil, err
	}
	t.encode = row.NewEncoder(t.types)
	t.decode = row.NewDecoder(t.onDisk, t.missing, t.all)
	for i := range rel.Indexes {
		x, err := t.openIndex(&rel.Indexes[i], types, compute[rel.Indexes[i].OID])
		if err != nil {
			return nil, err
		}
		if x.Desc.Clustered() {
			t.primary = x
		} else {
			t.indexes = append(t.indexes, x)
		}
	}
	return t, nil
}

func (t *Table) openIndex(d *desc.Index, types Types, compute KeyFunc) (*Index, error) {
	x := &Index{Desc: d, compute: compute, columns: make([]keys.Column, len(d.Keys))}
	for i, k := range d.Keys {
		oid := k.ExprType
		if k.Num > 0 {
			oid = t.Rel.Columns[k.Num-1].Type
		} else if compute == nil {
			return nil, fmt.Errorf("userdata: index %s has expressions and no way to compute them", d.Name)
		}
		typ := types.Type(oid)
		if typ == nil {
			return nil, fmt.Errorf("userdata: index %s has a key of the unknown type %d", d.Name, oid)
		}
		x.columns[i] = keys.Column{Type: typ, Desc: k.Desc, NullsFirst: k.NullsFirst, NotNull: d.Primary}
	}
	if compute == nil {
		x.nums = make([]int16, len(d.Keys))
		for i, k := range d.Keys {
			x.nums[i] = k.Num
		}
	}
	return x, nil
}

// HasKey tells whether the table has a primary key.
func (t *Table) HasKey() bool { return t.primary != nil }

// Scoped tells whether each user has rows of their own.
func (t *Table) Scoped() bool { return t.scoped }

// Width is the number of columns, dropped ones included: the length of complete rows.
func (t *Table) Width() int { return len(t.types) }

// index finds the opened form of an index.
func (t *Table) index(d *desc.Index) *Index {
	if d == nil || t.primary != nil && d.OID == t.primary.Desc.OID {
		return t.primary
	}
	for _, x := range t.indexes {
		if x.Desc.OID == d.OID {
			return x
		}
	}
	return nil
}

// rowPrefix starts a row key: space, storage, scope.
func (t *Table) rowPrefix(dst []byte, a *Access) []byte {
	dst = keys.AppendStorage(dst, kv.SpaceRows, t.Rel.StorageID)
	if t.scoped {
		dst = keys.AppendScope(dst, a.Scope)
	}
	return dst
}

// indexPrefix starts an index key.
func (t *Table) indexPrefix(dst []byte, x *Index, scope string) []byte {
	dst = keys.AppendStorage(dst, kv.SpaceIndex, x.Desc.StorageID)
	if t.scoped {
		dst = keys.AppendScope(dst, scope)
	}
	return dst
}

// split separates a row key into scope and tail (primary key or row id).
func (t *Table) split(key []byte) (scope string, tail []byte) {
	rest := key[5:]
	if !t.scoped {
		return "", rest
	}
	scope, rest, _ = keys.Scope(rest)
	return scope, rest
}

// SpansOf are the spans of the store that hold the rows, or the index entries, of a storage id.
func SpansOf(storage uint64) []kv.Span {
	return []kv.Span{
		kv.PrefixSpan(keys.AppendStorage(nil, kv.SpaceRows, storage)),
		kv.PrefixSpan(keys.AppendStorage(nil, kv.SpaceIndex, storage)),
	}
}

// indexSpanPrefix is what all entries of an index begin with.
func (t *Table) indexSpanPrefix(d *desc.Index) []byte {
	return keys.AppendStorage(nil, kv.SpaceIndex, d.StorageID)
}
