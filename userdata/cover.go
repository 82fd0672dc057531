package userdata

import (
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata/row"
)

// cover says where the values of a scan's columns are in an index's entries, which hold the index's columns and the row's primary key: rows need not be read.
type cover struct {
	own     []int // by index column: position in the output, -1: not wanted
	key     []int // by primary key column; nil: none is wanted
	columns int   // index columns that have to be decoded
	keys    int   // … and primary key columns
	scratch []byte
}

// coverOf gives how an index covers a scan; nil when it does not.
func (s *Scanner) coverOf(x *Index) *cover {
	t := s.t
	if x.compute != nil || t.ttl > 0 || len(s.system) > 0 {
		return nil
	}
	c := &cover{own: make([]int, len(x.columns))}
	for i := range c.own {
		c.own[i] = -1
	}
	for pos, n := range s.nums {
		if n < 1 {
			return nil
		}
		if i := indexOf(x, n); i >= 0 && x.columns[i].Type.KeyKeepsValue() {
			c.own[i] = pos
			c.columns = max(c.columns, i+1)
			continue
		}
		i := -1
		if t.primary != nil {
			i = indexOf(t.primary, n)
		}
		if i < 0 || !t.primary.columns[i].Type.KeyKeepsValue() {
			return nil
		}
		if c.key == nil {
			c.key = make([]int, len(t.primary.columns))
			for k := range c.key {
				c.key[k] = -1
			}
		}
		c.key[i] = pos
		c.keys = max(c.keys, i+1)
	}
	if c.key != nil && (!c.within(x) || !decodable(t.primary, c.keys)) || c.key == nil && c.columns > 0 && !decodable(x, c.columns) {
		return nil
	}
	return c
}

// within tells whether the primary key can be reached: all that lies before it can be decoded.
func (c *cover) within(x *Index) bool {
	c.columns = len(x.columns)
	return decodable(x, c.columns)
}

func decodable(x *Index, columns int) bool {
	for i := range x.columns[:columns] {
		if !x.columns[i].Type.KeyKeepsValue() {
			return false
		}
	}
	return true
}

func indexOf(x *Index, num int16) int {
	for i, n := range x.nums {
		if n == num {
			return i
		}
	}
	return -1
}

// read decodes an entry into out.
func (c *cover) read(s *Scanner, x *Index, key, value []byte, out []pgtype.Datum) error {
	_, rest := s.t.split(key)
	var d pgtype.Datum
	var err error
	for i := range x.columns[:c.columns] {
		if d, rest, err = x.columns[i].Decode(rest, &c.scratch); err != nil {
			return err
		}
		if c.own[i] >= 0 {
			out[c.own[i]] = d
		}
	}
	if c.key == nil {
		return nil
	}
	if len(value) == 0 {
		return row.ErrCorrupt
	}
	if value[0] == 1 { // a unique entry: the row's key is its value
		rest = value[1:]
	}
	for i := range s.t.primary.columns[:c.keys] {
		if d, rest, err = s.t.primary.columns[i].Decode(rest, &c.scratch); err != nil {
			return err
		}
		if c.key[i] >= 0 {
			out[c.key[i]] = d
		}
	}
	return nil
}
