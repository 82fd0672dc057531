// Package keys lays out the keys of rows and index entries so that the store's byte order is the order that queries want.
//
//	row:    02 | storage id (4 bytes) | scope (user tables) | primary key columns, or row id (8 bytes)
//	index:  03 | storage id (4 bytes) | scope (user tables) | index columns | row key's tail, unless the entry is unique
//
// The scope is a user's name; it comes before everything of that user, so a user's rows lie together: a user's query touches
// only their range and deleting a user is a range delete.
package keys

import (
	"encoding/binary"
	"errors"

	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// AppendStorage starts a key of a space with a storage id.
func AppendStorage(dst []byte, space kv.Space, id uint64) []byte {
	dst = append(dst, space)
	return binary.BigEndian.AppendUint32(dst, uint32(id))
}

// AppendScope appends a user's name: its bytes with 0x00 escaped as 00 ff, ended by 00 01, so that no scope is a prefix of another.
func AppendScope(dst []byte, user string) []byte {
	for i := 0; i < len(user); i++ {
		if user[i] == 0 {
			dst = append(dst, 0, 0xff)
			continue
		}
		dst = append(dst, user[i])
	}
	return append(dst, 0, 1)
}

// Scope reads the scope at the start of b and returns it with the rest.
func Scope(b []byte) (user string, rest []byte, ok bool) {
	var out []byte
	for i := 0; i+1 < len(b); i++ {
		if b[i] != 0 {
			out = append(out, b[i])
			continue
		}
		if b[i+1] == 1 {
			return string(out), b[i+2:], true
		}
		out = append(out, 0)
		i++
	}
	return "", nil, false
}

// The marks before an index column's value. NULLs sort after everything (PostgreSQL's default) or before it.
const (
	nullFirst byte = 0x00
	present   byte = 0x01
	nullLast  byte = 0x02
)

// Column says how one index column is encoded.
type Column struct {
	Type       *pgtype.Type
	Desc       bool
	NullsFirst bool
	NotNull    bool // a primary key column: no mark byte
}

// Append appends one column's value.
func (c *Column) Append(dst []byte, d pgtype.Datum) []byte {
	if c.NotNull && !c.Desc {
		return c.Type.Codec.AppendKey(dst, d)
	}
	if d.IsNull() {
		if c.NullsFirst {
			return append(dst, nullFirst)
		}
		return append(dst, nullLast)
	}
	dst = append(dst, present)
	start := len(dst)
	dst = c.Type.Codec.AppendKey(dst, d)
	if c.Desc {
		for i := start; i < len(dst); i++ {
			dst[i] = ^dst[i]
		}
	}
	return dst
}

// NullMark is the mark byte of a NULL in this column.
func (c *Column) NullMark() byte {
	if c.NullsFirst {
		return nullFirst
	}
	return nullLast
}

// Present appends the mark of a value that is not NULL: the start of the range of all of them.
func (c *Column) Present(dst []byte) []byte {
	if c.NotNull && !c.Desc {
		return dst
	}
	return append(dst, present)
}

// AppendRowID appends a hidden row id.
func AppendRowID(dst []byte, id uint64) []byte { return binary.BigEndian.AppendUint64(dst, id) }

// Decode reads one column's value, which must be of a type whose keys keep it (pgtype.Type.KeyKeepsValue), and gives the rest of the key. scratch is memory for descending
// columns; its contents are lost.
func (c *Column) Decode(b []byte, scratch *[]byte) (d pgtype.Datum, rest []byte, err error) {
	if c.NotNull && !c.Desc {
		return c.Type.Codec.DecodeKey(b)
	}
	if len(b) == 0 {
		return pgtype.Null, nil, errShort
	}
	mark := b[0]
	b = b[1:]
	if mark != present {
		return pgtype.Null, b, nil
	}
	if !c.Desc {
		return c.Type.Codec.DecodeKey(b)
	}
	flipped := (*scratch)[:0]
	for _, x := range b {
		flipped = append(flipped, ^x)
	}
	*scratch = flipped
	d, left, err := c.Type.Codec.DecodeKey(flipped)
	if err != nil {
		return pgtype.Null, nil, err
	}
	return d.Clone(c.Type), b[len(b)-len(left):], nil
}

var errShort = errors.New("keys: a key ends before its columns do")
