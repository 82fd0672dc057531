package builtin

import (
	"encoding/binary"
	"math/bits"

	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/jsonb"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// hashNumeric hashes the digits to base 10000 without zeros at the ends, so that 1.5 and 1.50 have one hash.
func hashNumeric(x numeric.Num, seed uint64) uint64 {
	if !x.IsFinite() {
		return seed
	}
	wire := x.AppendBinary(nil)
	n, weight := int(binary.BigEndian.Uint16(wire)), int(int16(binary.BigEndian.Uint16(wire[2:])))
	digits := make([]uint16, n)
	for i := range digits {
		digits[i] = binary.BigEndian.Uint16(wire[8+2*i:])
	}
	for len(digits) > 0 && digits[0] == 0 {
		digits = digits[1:]
		weight--
	}
	for len(digits) > 0 && digits[len(digits)-1] == 0 {
		digits = digits[:len(digits)-1]
	}
	if len(digits) == 0 {
		return seed - 1
	}
	var b []byte
	for _, d := range digits {
		b = binary.LittleEndian.AppendUint16(b, d)
	}
	return hashBytes(b, seed) ^ uint64(int64(weight))
}

// hashOf finds the hash function of a type's values, nil when there is none.
func hashOf(t *pgtype.Type) func(d pgtype.Datum, seed uint64) uint64 {
	t = t.BaseType()
	if t.Kind == pgtype.KindEnum {
		return hashInt4Value
	}
	switch t.OID {
	case pgtype.OIDInt2, pgtype.OIDInt4, pgtype.OIDOid, pgtype.OIDDate:
		return hashInt4Value
	case pgtype.OIDInt8, pgtype.OIDTime, pgtype.OIDTimestamp, pgtype.OIDTimestamptz:
		return hashInt8Value
	case pgtype.OIDFloat4, pgtype.OIDFloat8:
		return hashFloatValue
	case pgtype.OIDText, pgtype.OIDVarchar, pgtype.OIDName, pgtype.OIDBytea:
		return hashTextValue
	case pgtype.OIDBpchar:
		return func(d pgtype.Datum, seed uint64) uint64 { return hashBytes([]byte(trimBlanks(d.Text())), seed) }
	case pgtype.OIDBool:
		return func(d pgtype.Datum, seed uint64) uint64 { return hashWord(uint32(d.Int()), seed) }
	case pgtype.OIDQChar:
		return func(d pgtype.Datum, seed uint64) uint64 { return hashWord(uint32(int8(d.Int())), seed) }
	case pgtype.OIDTimetz:
		return hashTimetzValue
	case pgtype.OIDInterval:
		return hashIntervalValue
	case pgtype.OIDUuid:
		return func(d pgtype.Datum, seed uint64) uint64 {
			return hashBytes(pgtype.UuidType.Codec.AppendBinary(nil, nil, d), seed)
		}
	case pgtype.OIDNumeric:
		return func(d pgtype.Datum, seed uint64) uint64 { return hashNumeric(d.Numeric(), seed) }
	}
	return nil
}

func hashArray(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	arr := a[0].Array()
	hash := hashOf(arr.Elem)
	if hash == nil {
		return pgtype.Null, errNotComparable("a hash function", arr.Elem)
	}
	result := uint32(1)
	for _, d := range arr.Elems {
		result *= 31
		if !d.IsNull() {
			result += uint32(hash(d, 0))
		}
	}
	return pgtype.Int(int64(int32(result))), nil
}

func hashArrayExtended(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
	arr, seed := a[0].Array(), uint64(a[1].Int())
	hash := hashOf(arr.Elem)
	if hash == nil {
		return pgtype.Null, errNotComparable("an extended hash function", arr.Elem)
	}
	result := uint64(1)
	for _, d := range arr.Elems {
		result *= 31
		if !d.IsNull() {
			result += hash(d, seed)
		}
	}
	return pgtype.Int(int64(result)), nil
}

// What a JSON container adds to the hash where it begins.
const (
	jsonArrayMark  = 0x40000000
	jsonObjectMark = 0x20000000
)

// hashJSONB is PostgreSQL's hash over the parts of a value in order.
func hashJSONB(v *jsonb.Value) uint64 {
	if (v.Kind == jsonb.Array || v.Kind == jsonb.Object) && len(v.Items) == 0 {
		return 0
	}
	var hash uint32
	walkJSON(v, func(mark uint64) { hash ^= uint32(mark) }, func(scalar *jsonb.Value) {
		var h uint32
		switch scalar.Kind {
		case jsonb.Null:
			h = 1
		case jsonb.Bool:
			h = 4
			if scalar.Bool {
				h = 2
			}
		case jsonb.String:
			h = uint32(hashBytes([]byte(scalar.Str), 0))
		case jsonb.Number:
			h = uint32(hashNumeric(scalar.Num, 0))
		}
		hash = bits.RotateLeft32(hash, 1) ^ h
	})
	return uint64(hash)
}

func hashJSONBExtended(v *jsonb.Value, seed uint64) uint64 {
	if (v.Kind == jsonb.Array || v.Kind == jsonb.Object) && len(v.Items) == 0 {
		return seed
	}
	var hash uint64
	walkJSON(v, func(mark uint64) { hash ^= mark<<32 | mark }, func(scalar *jsonb.Value) {
		var h uint64
		switch scalar.Kind {
		case jsonb.Null:
			h = seed + 1
		case jsonb.Bool:
			switch {
			case seed != 0 && scalar.Bool:
				h = hashWord(1, seed)
			case seed != 0:
				h = hashWord(0, seed)
			case scalar.Bool:
				h = 2
			default:
				h = 4
			}
		case jsonb.String:
			h = hashBytes([]byte(scalar.Str), seed)
		case jsonb.Number:
			h = hashNumeric(scalar.Num, seed)
		}
		high, low := bits.RotateLeft32(uint32(hash>>32), 1), bits.RotateLeft32(uint32(hash), 1)
		hash = (uint64(high)<<32 | uint64(low)) ^ h
	})
	return hash
}

// walkJSON visits containers where they begin, keys and scalars. A scalar alone counts as an array of itself.
func walkJSON(v *jsonb.Value, begin func(mark uint64), scalar func(*jsonb.Value)) {
	if v.Kind != jsonb.Array && v.Kind != jsonb.Object {
		begin(jsonArrayMark)
	}
	var walk func(*jsonb.Value)
	walk = func(v *jsonb.Value) {
		switch v.Kind {
		case jsonb.Array:
			begin(jsonArrayMark)
		case jsonb.Object:
			begin(jsonObjectMark)
		default:
			scalar(v)
			return
		}
		for i := range v.Items {
			if v.Kind == jsonb.Object {
				scalar(&jsonb.Value{Kind: jsonb.String, Str: v.Keys[i]})
			}
			walk(&v.Items[i])
		}
	}
	walk(v)
}
