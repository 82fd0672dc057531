package builtin

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/kalampg/kalampg/internal/pgtype"
)

// hashFamily is the hash support functions with PostgreSQL's values, which applications use to spread rows and to make lock numbers. They are Bob Jenkins' lookup3
// (public domain) over the value's bytes on a little-endian machine.
var hashFamily = slices.Concat(hashDefs(
	hashed{"hashint2", "hashint2extended", hashInt4Value},
	hashed{"hashint4", "hashint4extended", hashInt4Value},
	hashed{"hashoid", "hashoidextended", hashInt4Value},
	hashed{"hashint8", "hashint8extended", hashInt8Value},
	hashed{"hashchar", "hashcharextended", func(d pgtype.Datum, seed uint64) uint64 { return hashWord(uint32(int8(d.Int())), seed) }},
	hashed{"hashfloat4", "hashfloat4extended", hashFloatValue},
	hashed{"hashfloat8", "hashfloat8extended", hashFloatValue},
	hashed{"hashtext", "hashtextextended", hashTextValue},
	hashed{"hashname", "hashnameextended", hashTextValue},
	hashed{"hashbpchar", "hashbpcharextended", func(d pgtype.Datum, seed uint64) uint64 { return hashBytes([]byte(trimBlanks(d.Text())), seed) }},
	hashed{"time_hash", "time_hash_extended", hashInt8Value},
	hashed{"timestamp_hash", "timestamp_hash_extended", hashInt8Value},
	hashed{"timetz_hash", "", hashTimetzValue},
	hashed{"interval_hash", "interval_hash_extended", hashIntervalValue},
	hashed{"uuid_hash", "uuid_hash_extended", func(d pgtype.Datum, seed uint64) uint64 {
		return hashBytes(pgtype.UuidType.Codec.AppendBinary(nil, nil, d), seed)
	}},
	hashed{"hash_numeric", "hash_numeric_extended", func(d pgtype.Datum, seed uint64) uint64 { return hashNumeric(d.Numeric(), seed) }},
	hashed{"jsonb_hash", "", func(d pgtype.Datum, _ uint64) uint64 { return hashJSONB(d.JSONB()) }},
), []Def{
	{Name: "jsonb_hash_extended", Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
		return pgtype.Int(int64(hashJSONBExtended(a[0].JSONB(), uint64(a[1].Int())))), nil
	}},
	{Name: "hash_array", Scalar: hashArray},
	{Name: "hash_array_extended", Scalar: hashArrayExtended},
})

// hashed is a type's hash function in its two forms; a seed of 0 gives in the lower half of the longer hash what the shorter one is.
type hashed struct {
	name, extended string
	hash           func(d pgtype.Datum, seed uint64) uint64
}

func hashDefs(functions ...hashed) []Def {
	var defs []Def
	for _, h := range functions {
		defs = append(defs, Def{Name: h.name, Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
			return pgtype.Int(int64(int32(h.hash(a[0], 0)))), nil
		}})
		if h.extended != "" {
			defs = append(defs, Def{Name: h.extended, Scalar: func(_ *Call, a []pgtype.Datum) (pgtype.Datum, error) {
				return pgtype.Int(int64(h.hash(a[0], uint64(a[1].Int())))), nil
			}})
		}
	}
	return defs
}

func hashInt4Value(d pgtype.Datum, seed uint64) uint64 { return hashWord(uint32(d.Int()), seed) }

// hashInt8Value agrees with hashInt4Value where the value is the same.
func hashInt8Value(d pgtype.Datum, seed uint64) uint64 {
	v := d.Int()
	low, high := uint32(v), uint32(v>>32)
	if v < 0 {
		high = ^high
	}
	return hashWord(low^high, seed)
}

func hashFloatValue(d pgtype.Datum, seed uint64) uint64 {
	v := d.Float()
	switch {
	case v == 0:
		return seed
	case math.IsNaN(v):
		v = math.Float64frombits(0x7ff8000000000000)
	}
	return hashBytes(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)), seed)
}

func hashTextValue(d pgtype.Datum, seed uint64) uint64 { return hashBytes(d.Bytes(), seed) }

func hashTimetzValue(d pgtype.Datum, seed uint64) uint64 {
	t := d.TimeTZ()
	return hashInt8Value(pgtype.Int(t.Micros), seed) ^ hashWord(uint32(t.West), seed)
}

func hashIntervalValue(d pgtype.Datum, seed uint64) uint64 {
	_, low := d.Interval().Span()
	return hashInt8Value(pgtype.Int(int64(low)), seed)
}

// jenkins is the state of lookup3.
type jenkins struct{ a, b, c uint32 }

func newJenkins(length int, seed uint64) jenkins {
	start := 0x9e3779b9 + uint32(length) + 3923095
	j := jenkins{start, start, start}
	if seed != 0 {
		j.a += uint32(seed >> 32)
		j.b += uint32(seed)
		j.mix()
	}
	return j
}

func (j *jenkins) mix() {
	a, b, c := j.a, j.b, j.c
	step := func(x, y, z uint32, n int) (uint32, uint32) { return (x - z) ^ bits.RotateLeft32(z, n), z + y }
	a, c = step(a, b, c, 4)
	b, a = step(b, c, a, 6)
	c, b = step(c, a, b, 8)
	a, c = step(a, b, c, 16)
	b, a = step(b, c, a, 19)
	c, b = step(c, a, b, 4)
	j.a, j.b, j.c = a, b, c
}

func (j *jenkins) final() uint64 {
	a, b, c := j.a, j.b, j.c
	step := func(x, y uint32, n int) uint32 { return (x ^ y) - bits.RotateLeft32(y, n) }
	c = step(c, b, 14)
	a = step(a, c, 11)
	b = step(b, a, 25)
	c = step(c, b, 16)
	a = step(a, c, 4)
	b = step(b, a, 14)
	c = step(c, b, 24)
	return uint64(b)<<32 | uint64(c)
}

func hashWord(v uint32, seed uint64) uint64 {
	j := newJenkins(4, seed)
	j.a += v
	return j.final()
}

func hashBytes(k []byte, seed uint64) uint64 {
	j := newJenkins(len(k), seed)
	for len(k) >= 12 {
		j.a += binary.LittleEndian.Uint32(k)
		j.b += binary.LittleEndian.Uint32(k[4:])
		j.c += binary.LittleEndian.Uint32(k[8:])
		j.mix()
		k = k[12:]
	}
	var tail [12]byte
	copy(tail[:8], k)
	if len(k) > 8 { // the lowest byte of c belongs to the length
		copy(tail[9:], k[8:])
	}
	j.a += binary.LittleEndian.Uint32(tail[:])
	j.b += binary.LittleEndian.Uint32(tail[4:])
	j.c += binary.LittleEndian.Uint32(tail[8:])
	return j.final()
}
