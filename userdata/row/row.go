// Package row is the stored form of a row.
//
//	flags (1) | updated (8, microseconds since 2000) | n (uvarint) | null bitmap ((n+7)/8) | the columns that are not NULL, in order
//
// n is the number of columns that the table had when the row was written; columns that came later read as their Missing value. A column of a
// fixed-width type lies as its little-endian bytes, any other as a uvarint length and the bytes of its codec's stored form. A column is
// found by stepping over those before it, which costs a few nanoseconds each and keeps the row as small as its values.
package row

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/kalampg/kalampg/internal/pgtype"
)

// Flags of a row.
const (
	// Deleted marks a row that was deleted and is kept for its table's retention.
	Deleted byte = 1 << 0
)

const headerSize = 9

// ErrCorrupt says that bytes are not a row of the table.
var ErrCorrupt = errors.New("row: stored row does not decode")

// width is the fixed number of bytes of a type's values in a row, 0 for variable ones.
func width(t *pgtype.Type) int {
	switch t.Rep {
	case pgtype.RepWord:
		switch t.Len {
		case 1, 2, 4, 8:
			return int(t.Len)
		}
		return 8
	case pgtype.RepFloat:
		if t.Len == 4 {
			return 4
		}
		return 8
	case pgtype.RepPair:
		return 16
	}
	return 0
}

// Encoder encodes rows of one table version.
type Encoder struct {
	types  []*pgtype.Type
	widths []int
}

// NewEncoder makes an encoder; types are by attribute number. The values of dropped columns are NULL.
func NewEncoder(types []*pgtype.Type) *Encoder {
	e := &Encoder{types: types, widths: make([]int, len(types))}
	for i, t := range types {
		if t != nil {
			e.widths[i] = width(t)
		}
	}
	return e
}

// Append appends the stored form of values (by attribute number).
func (e *Encoder) Append(dst []byte, flags byte, updated int64, values []pgtype.Datum) []byte {
	dst = append(dst, flags)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(updated))
	dst = binary.AppendUvarint(dst, uint64(len(e.types)))
	bitmap := len(dst)
	for range (len(e.types) + 7) / 8 {
		dst = append(dst, 0)
	}
	for i, t := range e.types {
		v := values[i]
		if t == nil || v.IsNull() {
			dst[bitmap+i/8] |= 1 << (i % 8)
			continue
		}
		switch e.widths[i] {
		case 0:
			dst = appendVariable(dst, t, v)
		case 16:
			low, high := v.Pair()
			dst = binary.LittleEndian.AppendUint64(dst, low)
			dst = binary.LittleEndian.AppendUint64(dst, high)
		case 8:
			dst = binary.LittleEndian.AppendUint64(dst, uint64(v.Int()))
		case 4:
			if t.Rep == pgtype.RepFloat {
				dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(v.Float())))
				continue
			}
			dst = binary.LittleEndian.AppendUint32(dst, uint32(v.Int()))
		case 2:
			dst = binary.LittleEndian.AppendUint16(dst, uint16(v.Int()))
		case 1:
			dst = append(dst, byte(v.Int()))
		}
	}
	return dst
}

// appendVariable writes length and bytes; the length of short values, the common case, is known to fit one byte after the fact.
func appendVariable(dst []byte, t *pgtype.Type, v pgtype.Datum) []byte {
	if t.Rep == pgtype.RepBytes {
		b := v.Bytes()
		dst = binary.AppendUvarint(dst, uint64(len(b)))
		return append(dst, b...)
	}
	at := len(dst)
	dst = append(dst, 0)
	dst = t.Codec.AppendStored(dst, v)
	n := len(dst) - at - 1
	if n < 0x80 {
		dst[at] = byte(n)
		return dst
	}
	var prefix [binary.MaxVarintLen64]byte
	p := binary.PutUvarint(prefix[:], uint64(n))
	dst = append(dst, prefix[:p-1]...)
	copy(dst[at+p:], dst[at+1:at+1+n])
	copy(dst[at:], prefix[:p])
	return dst
}

// FlagsOf reads a row's flags, UpdatedOf the time of its last change in microseconds since 2000.
func FlagsOf(b []byte) byte { return b[0] }

// UpdatedOf reads the time of a row's last change.
func UpdatedOf(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b[1:])) }

// Decoder decodes chosen columns of rows of one table.
type Decoder struct {
	types   []*pgtype.Type
	widths  []int
	missing []pgtype.Datum
	out     []int // by attribute number - 1: position in the output, -1: not wanted
	last    int   // the highest wanted attribute number
}

// NewDecoder makes a decoder of the columns nums (attribute numbers; those ≤ 0 are skipped and left to the caller), to positions as in nums. missing
// gives, by attribute number, the value of columns that a row was written without.
func NewDecoder(types []*pgtype.Type, missing []pgtype.Datum, nums []int16) *Decoder {
	d := &Decoder{types: types, widths: make([]int, len(types)), missing: missing, out: make([]int, len(types))}
	for i, t := range types {
		d.out[i] = -1
		if t != nil {
			d.widths[i] = width(t)
		}
	}
	for pos, n := range nums {
		if n > 0 {
			d.out[n-1] = pos
			d.last = max(d.last, int(n))
		}
	}
	return d
}

// Decode reads b into out, which is as long as nums was. Values may alias b.
func (d *Decoder) Decode(b []byte, out []pgtype.Datum) error {
	if len(b) < headerSize+1 {
		return ErrCorrupt
	}
	n64, k := binary.Uvarint(b[headerSize:])
	n := int(n64)
	p := headerSize + k
	if k <= 0 || n > len(d.types) || len(b) < p+(n+7)/8 {
		return ErrCorrupt
	}
	bitmap := b[p:]
	p += (n + 7) / 8
	for i := 0; i < d.last; i++ {
		if i >= n {
			if pos := d.out[i]; pos >= 0 {
				out[pos] = pgtype.Null
				if d.missing != nil {
					out[pos] = d.missing[i]
				}
			}
			continue
		}
		if bitmap[i/8]&(1<<(i%8)) != 0 {
			if pos := d.out[i]; pos >= 0 {
				out[pos] = pgtype.Null
			}
			continue
		}
		w := d.widths[i]
		if w == 0 {
			size, k := binary.Uvarint(b[p:])
			if k <= 0 || uint64(len(b)-p-k) < size {
				return ErrCorrupt
			}
			p += k
			w = int(size)
		} else if len(b)-p < w {
			return ErrCorrupt
		}
		if pos := d.out[i]; pos >= 0 {
			if d.types[i] == nil {
				return ErrCorrupt
			}
			v, err := d.value(i, b[p:p+w])
			if err != nil {
				return err
			}
			out[pos] = v
		}
		p += w
	}
	return nil
}

func (d *Decoder) value(i int, b []byte) (pgtype.Datum, error) {
	t := d.types[i]
	switch t.Rep {
	case pgtype.RepWord:
		switch len(b) {
		case 8:
			return pgtype.Int(int64(binary.LittleEndian.Uint64(b))), nil
		case 4:
			u := binary.LittleEndian.Uint32(b)
			if unsigned(t.OID) {
				return pgtype.Int(int64(u)), nil
			}
			return pgtype.Int(int64(int32(u))), nil
		case 2:
			return pgtype.Int(int64(int16(binary.LittleEndian.Uint16(b)))), nil
		case 1:
			if t.OID == pgtype.OIDBool {
				return pgtype.Bool(b[0] != 0), nil
			}
			return pgtype.Int(int64(b[0])), nil
		}
		return pgtype.Null, ErrCorrupt
	case pgtype.RepFloat:
		if len(b) == 4 {
			return pgtype.Float(float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))), nil
		}
		return pgtype.Float(math.Float64frombits(binary.LittleEndian.Uint64(b))), nil
	case pgtype.RepPair:
		return pgtype.Pair(binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])), nil
	case pgtype.RepBytes:
		return pgtype.Bytes(b), nil
	}
	return t.Codec.DecodeStored(b)
}

// unsigned tells the four-byte types whose values are not signed: oid, xid, cid, reg*; of the rest int4, date and enums' labels only int4 and date are signed.
func unsigned(oid pgtype.OID) bool {
	switch oid {
	case pgtype.OIDInt4, pgtype.OIDDate:
		return false
	}
	return true
}
