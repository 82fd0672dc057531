package column

import (
	"math/bits"

	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// Rows is how many rows a batch holds at most.
const Rows = 2048

// Kind is the form of a vector's values.
type Kind uint8

// The kinds, see the package comment.
const (
	Word Kind = iota
	Float
	Decimal
	Bytes
	Datum
)

// Vector is one column of a batch.
type Vector struct {
	Kind  Kind
	Scale int32    // of Decimal; -1 while no value has been stored since Reset
	Width uint8    // of Word and Decimal: all magnitudes, NULLs' too, are below 2^Width; 0: not known
	Valid []uint64 // nil: no NULLs
	I     []int64  // of Word and Decimal
	F     []float64
	S     []string // of Bytes, unless there are Codes
	Codes []int32  // of Bytes with a dictionary: positions in Dict
	Dict  []string // shared and not to be changed
	D     []pgtype.Datum

	valid []uint64 // memory of Valid while it is nil
	codes []int32  // memory of Codes
}

// KindOf is the kind of vectors of a type.
func KindOf(t *pgtype.Type) Kind {
	switch t.Rep {
	case pgtype.RepWord:
		return Word
	case pgtype.RepFloat:
		return Float
	case pgtype.RepBytes:
		return Bytes
	case pgtype.RepNumeric:
		return Decimal
	}
	return Datum
}

// Words is the length of a bitmap of n rows.
func Words(n int) int { return (n + 63) / 64 }

func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, max(n, Rows))
	}
	return s[:n]
}

// Reset makes room for n values of a kind, without NULLs. What was in the vector is lost.
func (v *Vector) Reset(kind Kind, n int) {
	if v.Valid != nil {
		v.valid = v.Valid
	}
	v.Kind, v.Valid, v.Codes, v.Dict, v.Width = kind, nil, nil, nil, 0
	switch kind {
	case Word:
		v.I = sized(v.I, n)
	case Decimal:
		v.I, v.Scale = sized(v.I, n), -1
	case Float:
		v.F = sized(v.F, n)
	case Bytes:
		v.S = sized(v.S, n)
	case Datum:
		v.D = sized(v.D, n)
	}
}

// SetNull makes the i-th of n values NULL.
func (v *Vector) SetNull(i, n int) {
	v.NeedValid(n)
	v.Valid[i>>6] &^= 1 << (i & 63)
	if v.Kind == Datum {
		v.D[i] = pgtype.Null
	}
}

// NeedValid makes the bitmap, all set, if there is none.
func (v *Vector) NeedValid(n int) {
	if v.Valid != nil {
		return
	}
	v.Valid = sized(v.valid, Words(n))
	for i := range v.Valid {
		v.Valid[i] = ^uint64(0)
	}
}

// IsNull tells whether the i-th value is NULL.
func (v *Vector) IsNull(i int) bool {
	return v.Valid != nil && v.Valid[i>>6]&(1<<(i&63)) == 0
}

// Str is the i-th value of Bytes.
func (v *Vector) Str(i int) string {
	if v.Codes != nil {
		return v.Dict[v.Codes[i]]
	}
	return v.S[i]
}

// Datum is the i-th value as a datum; bytes are not copied.
func (v *Vector) Datum(i int) pgtype.Datum {
	if v.IsNull(i) {
		return pgtype.Null
	}
	switch v.Kind {
	case Word:
		return pgtype.Int(v.I[i])
	case Float:
		return pgtype.Float(v.F[i])
	case Decimal:
		return pgtype.Pair(uint64(v.I[i]), uint64(uint32(v.Scale)))
	case Bytes:
		return pgtype.Text(v.Str(i))
	}
	return v.D[i]
}

// Done ends the filling of a vector value by value.
func (v *Vector) Done() {
	if v.Kind == Decimal && v.Scale < 0 {
		v.Scale = 0
	}
}

// Set stores a datum of the vector's kind at i of n. A numeric that is not of the vector's scale turns a Decimal vector into Datum, of which filled tells how
// many values from the start are in use.
func (v *Vector) Set(i, n, filled int, d pgtype.Datum) {
	if d.IsNull() {
		v.SetNull(i, n)
		return
	}
	switch v.Kind {
	case Word:
		v.I[i] = d.Int()
	case Float:
		v.F[i] = d.Float()
	case Bytes:
		v.S[i] = d.Text()
	case Datum:
		v.D[i] = d
	case Decimal:
		coef, scale, ok := d.Numeric().Small()
		if ok && (scale == v.Scale || v.Scale < 0) {
			v.I[i], v.Scale = coef, scale
			return
		}
		v.ToDatum(filled, n)
		v.D[i] = d
	}
	if v.Valid != nil {
		v.Valid[i>>6] |= 1 << (i & 63)
	}
}

// ToDatum turns a vector of n places into kind Datum; the first filled are kept.
func (v *Vector) ToDatum(filled, n int) {
	if v.Kind == Datum {
		return
	}
	d := sized(v.D, n)
	for i := range filled {
		d[i] = v.Datum(i)
	}
	v.Kind, v.D, v.Codes, v.Dict = Datum, d, nil, nil
}

// Num is the i-th value of a Decimal vector.
func (v *Vector) Num(i int) numeric.Num {
	return numeric.FromWords(uint64(v.I[i]), uint64(uint32(v.Scale)))
}

// Batch is rows as columns.
type Batch struct {
	N    int
	Sel  []int32 // nil: all rows
	Cols []*Vector
	Seq  int // of the morsel that the rows came from: grows along the order of the scan
}

// Len is the number of selected rows.
func (b *Batch) Len() int {
	if b.Sel != nil {
		return len(b.Sel)
	}
	return b.N
}

// Count is the number of set bits of the first n.
func Count(bitmap []uint64, n int) int {
	c := 0
	for i := 0; i < n/64; i++ {
		c += bits.OnesCount64(bitmap[i])
	}
	if r := n & 63; r != 0 {
		c += bits.OnesCount64(bitmap[n/64] & (1<<r - 1))
	}
	return c
}
