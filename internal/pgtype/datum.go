package pgtype

import (
	"math"
	"unsafe"
)

// Datum is one SQL value without its type, as PostgreSQL's Datum: the column, parameter or expression that it belongs to knows the
// type and so which accessor to use. It is three words, holds no interface and costs no allocation for fixed-width values. The zero
// Datum is NULL.
//
//	              n                       a                        p
//	NULL          0                       0                        nil
//	word          the value               0                        &present     bool, ints, oid, floats (bits), date, time, timestamps
//	pair          low word                high word                &present     uuid, interval, timetz, small numeric
//	bytes         0                       length                   data         text, varchar, bpchar, name, bytea, json, jsonb …
//	object        0                       0                        *T           big numeric, array, record
//
// Bytes and objects are immutable once they are in a Datum. A Datum may point into a buffer (a storage batch, a network message); whoever keeps it
// longer than that buffer lives calls Clone.
type Datum struct {
	n uint64
	a uint64
	p unsafe.Pointer
}

// present marks the datums that hold their value in n and a.
var present byte

// Null is the NULL datum.
var Null Datum

// IsNull tells whether d is NULL.
func (d Datum) IsNull() bool { return d.p == nil }

// inline tells whether the value is in the datum itself.
func (d Datum) inline() bool { return d.p == unsafe.Pointer(&present) }

// Int makes a datum of an integer, date, time, timestamp or oid.
func Int(v int64) Datum { return Datum{n: uint64(v), p: unsafe.Pointer(&present)} }

// Int is the integer in d.
func (d Datum) Int() int64 { return int64(d.n) }

// Bool makes a boolean datum.
func Bool(v bool) Datum {
	if v {
		return Datum{n: 1, p: unsafe.Pointer(&present)}
	}
	return Datum{p: unsafe.Pointer(&present)}
}

// Bool is the boolean in d; false for NULL.
func (d Datum) Bool() bool { return d.n != 0 }

// Float makes a datum of a float8 (a float4 is kept as the float64 of the same value).
func Float(v float64) Datum { return Datum{n: math.Float64bits(v), p: unsafe.Pointer(&present)} }

// Float is the float in d.
func (d Datum) Float() float64 { return math.Float64frombits(d.n) }

// OIDValue makes a datum of type oid or one of the reg types.
func OIDValue(v OID) Datum { return Int(int64(v)) }

// OID is the oid in d.
func (d Datum) OID() OID { return OID(d.n) }

// Pair makes a datum of two words.
func Pair(low, high uint64) Datum { return Datum{n: low, a: high, p: unsafe.Pointer(&present)} }

// Pair is the two words of d.
func (d Datum) Pair() (low, high uint64) { return d.n, d.a }

// Text makes a datum of a string without copying it.
func Text(s string) Datum {
	if len(s) == 0 {
		return Datum{p: unsafe.Pointer(&emptyBytes)}
	}
	return Datum{a: uint64(len(s)), p: unsafe.Pointer(unsafe.StringData(s))}
}

var emptyBytes byte

// Text is the string in d, without a copy.
func (d Datum) Text() string {
	if d.a == 0 {
		return ""
	}
	return unsafe.String((*byte)(d.p), int(d.a))
}

// Bytes makes a datum of b without copying it: b must not change afterwards.
func Bytes(b []byte) Datum {
	if len(b) == 0 {
		return Datum{p: unsafe.Pointer(&emptyBytes)}
	}
	return Datum{a: uint64(len(b)), p: unsafe.Pointer(unsafe.SliceData(b))}
}

// Bytes is the byte string in d, without a copy: the caller does not write to it.
func (d Datum) Bytes() []byte {
	if d.a == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(d.p), int(d.a))
}

// object makes a datum that points to an immutable object.
func object[T any](v *T) Datum { return Datum{p: unsafe.Pointer(v)} }

// ArrayValue makes a datum of an array.
func ArrayValue(a *Array) Datum { return object(a) }

// Array is the array in d, which must be of an array type and not NULL.
func (d Datum) Array() *Array { return (*Array)(d.p) }

// RecordValue makes a datum of a row.
func RecordValue(r *Record) Datum { return object(r) }

// Record is the row in d, which must be of a composite type or record and not NULL.
func (d Datum) Record() *Record { return (*Record)(d.p) }

// Array is an SQL array: elements in row-major order with dimensions and lower bounds. An empty array has no dimensions.
type Array struct {
	Elem  *Type
	Dims  []Dim
	Elems []Datum
}

// Dim is one dimension of an array.
type Dim struct{ Len, Lower int32 }

// Record is a row value. Names may be nil (an anonymous row's fields are f1, f2, …).
type Record struct {
	Type   *Type // the composite type, or the pseudo-type record
	Types  []*Type
	Names  []string
	Fields []Datum
}
