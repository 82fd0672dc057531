package jsonb

import (
	"encoding/binary"
	"errors"

	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// Key marks in the order of Compare. An empty array at the top is below all.
const (
	keyEmptyTop = 1
	keyKind     = 2 // plus the kind
)

// AppendKey appends a form that sorts bytewise as Compare.
func (v *Value) AppendKey(dst []byte) []byte {
	if v.emptyArray() {
		return append(dst, keyEmptyTop)
	}
	return v.appendKey(dst)
}

func (v *Value) appendKey(dst []byte) []byte {
	dst = append(dst, keyKind+byte(v.Kind))
	switch v.Kind {
	case Null:
		return dst
	case Bool:
		if v.Bool {
			return append(dst, 1)
		}
		return append(dst, 0)
	case Number:
		return v.Num.AppendKey(dst)
	case String:
		return appendKeyString(dst, v.Str)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(v.Items)))
	for i := range v.Items {
		if v.Kind == Object {
			dst = appendKeyString(dst, v.Keys[i])
		}
		dst = v.Items[i].appendKey(dst)
	}
	return dst
}

// appendKeyString needs no escapes: a JSON string has no zero byte.
func appendKeyString(dst []byte, s string) []byte { return append(append(dst, s...), 0) }

var errDamaged = errors.New("jsonb: damaged key")

// DecodeKey reads a key; numbers have the smallest scale that holds them.
func DecodeKey(b []byte) (v *Value, rest []byte, err error) {
	if len(b) > 0 && b[0] == keyEmptyTop {
		return &Value{Kind: Array}, b[1:], nil
	}
	v = new(Value)
	rest, err = v.decodeKey(b, 0)
	return v, rest, err
}

func (v *Value) decodeKey(b []byte, depth int) ([]byte, error) {
	if len(b) == 0 || b[0] < keyKind || b[0] > keyKind+byte(Object) || depth > maxDepth {
		return nil, errDamaged
	}
	v.Kind = Kind(b[0] - keyKind)
	b = b[1:]
	var err error
	switch v.Kind {
	case Null:
		return b, nil
	case Bool:
		if len(b) == 0 {
			return nil, errDamaged
		}
		v.Bool = b[0] != 0
		return b[1:], nil
	case Number:
		v.Num, b, err = numeric.DecodeKey(b)
		return b, err
	case String:
		v.Str, b, err = decodeKeyString(b)
		return b, err
	}
	if len(b) < 4 || int(binary.BigEndian.Uint32(b)) > len(b) {
		return nil, errDamaged
	}
	n := binary.BigEndian.Uint32(b)
	b = b[4:]
	for ; n > 0; n-- {
		if v.Kind == Object {
			var key string
			if key, b, err = decodeKeyString(b); err != nil {
				return nil, err
			}
			v.Keys = append(v.Keys, key)
		}
		var item Value
		if b, err = item.decodeKey(b, depth+1); err != nil {
			return nil, err
		}
		v.Items = append(v.Items, item)
	}
	return b, nil
}

func decodeKeyString(b []byte) (string, []byte, error) {
	for i, c := range b {
		if c == 0 {
			return string(b[:i]), b[i+1:], nil
		}
	}
	return "", nil, errDamaged
}
