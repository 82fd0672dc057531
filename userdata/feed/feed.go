// Package feed is the form of change records: what one committed change of a row looks like to live queries, resume, history and replication. The store
// carries the records in commit order (kv.ChangeSource) without looking inside.
package feed

import (
	"encoding/binary"
	"errors"
)

// Op is what happened to a row.
type Op byte

// The operations.
const (
	Insert   Op = 'i'
	Update   Op = 'u'
	Delete   Op = 'd'
	Truncate Op = 't' // every row whose key begins with Key is gone
	Load     Op = 'l' // many rows whose keys begin with Key were inserted: those that have the version of the change
)

// Change is one change of one row. Key is the row's storage key (it names table storage and scope); Old and New are stored rows.
type Change struct {
	Op    Op
	Table uint32 // OID of the relation
	Key   []byte
	Old   []byte // nil for Insert
	New   []byte // nil for Delete
}

// Append appends the record of a change.
func Append(dst []byte, c *Change) []byte {
	dst = append(dst, byte(c.Op))
	dst = binary.LittleEndian.AppendUint32(dst, c.Table)
	for _, b := range [][]byte{c.Key, c.Old, c.New} {
		dst = binary.AppendUvarint(dst, uint64(len(b)))
		dst = append(dst, b...)
	}
	return dst
}

var errCorrupt = errors.New("feed: change record does not decode")

// Parse reads a record; the change aliases it.
func Parse(b []byte) (Change, error) {
	if len(b) < 5 {
		return Change{}, errCorrupt
	}
	c := Change{Op: Op(b[0]), Table: binary.LittleEndian.Uint32(b[1:])}
	b = b[5:]
	for _, field := range []*[]byte{&c.Key, &c.Old, &c.New} {
		n, k := binary.Uvarint(b)
		if k <= 0 || uint64(len(b)-k) < n {
			return Change{}, errCorrupt
		}
		if n > 0 {
			*field = b[k : k+int(n)]
		}
		b = b[k+int(n):]
	}
	return c, nil
}
