package catalog

import (
	"encoding/binary"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
)

// The kinds of keys, the byte after the database.
const (
	kindDatabase   = 'd'
	kindRole       = 'r'
	kindSchema     = 's'
	kindRelation   = 't'
	kindType       = 'y'
	kindComment    = 'c'
	kindDefaultACL = 'a'
	kindStatistics = 'z'
	kindSequence   = 'Q'
	kindCounter    = 'N'
	kindFormat     = 'V'
	kindSystem     = 'S' // rows of package system
	kindGarbage    = 'G' // storage ids whose rows are to be deleted
	kindLock       = 'L' // never stored
	kindName       = 'U' // never stored
)

// keyPrefix is space, database, kind.
const keyPrefix = 1 + 4 + 1

func appendPrefix(b []byte, database OID, kind byte) []byte {
	b = append(b, kv.SpaceCatalog)
	b = binary.BigEndian.AppendUint32(b, uint32(database))
	return append(b, kind)
}

func oidKey(database OID, kind byte, oid OID) []byte {
	return binary.BigEndian.AppendUint32(appendPrefix(make([]byte, 0, keyPrefix+4), database, kind), uint32(oid))
}

func commentKey(database OID, o desc.ObjectRef) []byte {
	b := appendPrefix(make([]byte, 0, keyPrefix+12), database, kindComment)
	b = binary.BigEndian.AppendUint32(b, uint32(o.Class))
	b = binary.BigEndian.AppendUint32(b, uint32(o.OID))
	return binary.BigEndian.AppendUint32(b, uint32(o.SubID))
}

// appendLockKey names an object's lock (relation lock modes), which is not its descriptor's key (row lock modes).
func appendLockKey(b []byte, database, class, oid OID) []byte {
	b = appendPrefix(b, database, kindLock)
	b = binary.BigEndian.AppendUint32(b, uint32(class))
	return binary.BigEndian.AppendUint32(b, uint32(oid))
}

// nameLockKey names the right to give an object of a class a name in a schema.
func nameLockKey(database, class, schema OID, name string) []byte {
	b := appendPrefix(make([]byte, 0, keyPrefix+8+len(name)), database, kindName)
	b = binary.BigEndian.AppendUint32(b, uint32(class))
	b = binary.BigEndian.AppendUint32(b, uint32(schema))
	return append(b, name...)
}

// LockedObject tells which object a lock is on, for pg_locks; ok is false for keys that are no object's lock.
func LockedObject(key []byte) (database OID, object desc.ObjectRef, ok bool) {
	if len(key) != keyPrefix+8 || key[0] != kv.SpaceCatalog || key[5] != kindLock {
		return 0, object, false
	}
	object.Class = OID(binary.BigEndian.Uint32(key[keyPrefix:]))
	object.OID = OID(binary.BigEndian.Uint32(key[keyPrefix+4:]))
	return OID(binary.BigEndian.Uint32(key[1:])), object, true
}

// SystemKey is the key of a stored row of a system table; an empty id gives the prefix of all its rows.
func SystemKey(database OID, table byte, id string) []byte {
	b := appendPrefix(make([]byte, 0, keyPrefix+1+len(id)), database, kindSystem)
	return append(append(b, table), id...)
}

func garbageKey(storage uint64) []byte {
	return binary.BigEndian.AppendUint64(appendPrefix(make([]byte, 0, keyPrefix+8), 0, kindGarbage), storage)
}

// parseKey takes a stored key apart.
func parseKey(key []byte) (database OID, kind byte, rest []byte, ok bool) {
	if len(key) < keyPrefix || key[0] != kv.SpaceCatalog {
		return 0, 0, nil, false
	}
	return OID(binary.BigEndian.Uint32(key[1:])), key[5], key[keyPrefix:], true
}
