package catalog

import (
	"encoding/binary"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
)

// adopt gives the catalog's part of a prepared transaction of an earlier run back its end: when it commits, what it has changed is published. The changes are read from what it has
// written; removals come first, since a name may have been freed and given away again.
func (c *Catalog) adopt(p kv.Prepared) ([]change, error) {
	var removed, put []change
	err := p.Writes(kv.SpaceCatalog, func(key, value []byte, deleted bool) error {
		if deleted {
			if ch, ok := decodeRemoval(key); ok {
				removed = append(removed, ch)
			}
			return nil
		}
		ch, ok, err := decodeChange(key, value)
		if ok {
			put = append(put, ch)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	changes := append(removed, put...)
	if len(changes) > 0 {
		p.OnCommit(func(kv.Version) { c.publish(changes) })
	}
	return changes, nil
}

// decodeRemoval reads which descriptor a deleted key stood for; ok is false for keys of something else.
func decodeRemoval(key []byte) (c change, ok bool) {
	database, kind, rest, isKey := parseKey(key)
	if !isKey {
		return c, false
	}
	c = change{database: database, kind: kind}
	switch {
	case kind == kindComment && len(rest) == 12:
		c.object = desc.ObjectRef{Class: OID(binary.BigEndian.Uint32(rest)), OID: OID(binary.BigEndian.Uint32(rest[4:])), SubID: int32(binary.BigEndian.Uint32(rest[8:]))}
		return c, true
	case len(rest) == 4:
		switch kind {
		case kindDatabase, kindRole, kindSchema, kindRelation, kindType, kindDefaultACL, kindStatistics:
			c.object.OID = OID(binary.BigEndian.Uint32(rest))
			return c, true
		}
	}
	return c, false
}
