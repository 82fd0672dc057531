package catalog

import "github.com/kalampg/kalampg/catalog/desc"

// change is one descriptor put (value set) or removed (value nil).
type change struct {
	database OID // 0: shared
	kind     byte
	object   desc.ObjectRef // only OID is set but for comments
	value    any
	quiet    bool // no plan depends on it: the version stays
}

func (c *change) key() []byte {
	if c.kind == kindComment {
		return commentKey(c.database, c.object)
	}
	return oidKey(c.database, c.kind, c.object.OID)
}

func (c *change) encode() []byte {
	switch v := c.value.(type) {
	case *desc.Database:
		return v.Encode()
	case *desc.Role:
		return v.Encode()
	case *desc.Schema:
		return v.Encode()
	case *desc.Relation:
		return v.Encode()
	case *desc.UserType:
		return v.Encode()
	case *desc.DefaultACL:
		return v.Encode()
	case *desc.Statistics:
		return v.Encode()
	case string:
		return desc.Comment{Object: c.object, Text: v}.Encode()
	}
	return nil
}

// applyShared changes the shared part.
func (c *change) applyShared(s *shared) {
	switch v := c.value.(type) {
	case *desc.Database:
		s.putDatabase(v)
	case *desc.Role:
		s.putRole(v)
	case string:
		s.comments.set(c.object, v)
	default:
		switch c.kind {
		case kindDatabase:
			s.removeDatabase(c.object.OID)
		case kindRole:
			s.removeRole(c.object.OID)
		case kindComment:
			s.comments.delete(c.object)
		}
	}
}

// applyTo changes a database's contents.
func (c *change) applyTo(d *contents) {
	switch v := c.value.(type) {
	case *desc.Schema:
		d.putSchema(v)
	case *desc.Relation:
		d.putRelation(v)
	case *desc.UserType:
		d.putUserType(v)
	case *desc.DefaultACL:
		d.defaultACLs.set(v.OID, v)
	case *desc.Statistics:
		d.statistics.set(v.Relation, v)
	case string:
		d.comments.set(c.object, v)
	default:
		switch c.kind {
		case kindSchema:
			d.removeSchema(c.object.OID)
		case kindRelation:
			d.removeRelation(c.object.OID)
		case kindType:
			d.removeUserType(c.object.OID)
		case kindDefaultACL:
			d.defaultACLs.delete(c.object.OID)
		case kindStatistics:
			d.statistics.delete(c.object.OID)
		case kindComment:
			d.comments.delete(c.object)
		}
	}
}

// decodeChange reads a stored descriptor; ok is false for keys that hold something else.
func decodeChange(key, value []byte) (c change, ok bool, err error) {
	database, kind, _, isKey := parseKey(key)
	if !isKey {
		return c, false, nil
	}
	c = change{database: database, kind: kind}
	switch kind {
	case kindDatabase:
		var v *desc.Database
		v, err = desc.DecodeDatabase(value)
		c.value, c.object.OID = v, v.OID
	case kindRole:
		var v *desc.Role
		v, err = desc.DecodeRole(value)
		c.value, c.object.OID = v, v.OID
	case kindSchema:
		var v *desc.Schema
		v, err = desc.DecodeSchema(value)
		c.value, c.object.OID = v, v.OID
	case kindRelation:
		var v *desc.Relation
		v, err = desc.DecodeRelation(value)
		c.value, c.object.OID = v, v.OID
	case kindType:
		var v *desc.UserType
		v, err = desc.DecodeUserType(value)
		c.value, c.object.OID = v, v.OID
	case kindDefaultACL:
		var v *desc.DefaultACL
		v, err = desc.DecodeDefaultACL(value)
		c.value, c.object.OID = v, v.OID
	case kindStatistics:
		var v *desc.Statistics
		v, err = desc.DecodeStatistics(value)
		c.value, c.object.OID = v, v.Relation
	case kindComment:
		var v desc.Comment
		v, err = desc.DecodeComment(value)
		c.value, c.object = v.Text, v.Object
	default:
		return c, false, nil
	}
	return c, true, err
}
