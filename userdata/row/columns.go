package row

import (
	"encoding/binary"
	"math"
	"unsafe"

	"github.com/kalampg/kalampg/internal/column"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// DecodeColumns reads the columns at the positions `want` of many rows into vectors (by position; the others are not touched). Only the selected rows are
// decoded (nil: all). Views point into the rows.
func (d *Decoder) DecodeColumns(rows [][]byte, sel []int32, want []int, vecs []*column.Vector) error {
	n := len(rows)
	c := columnsOf(d, want, vecs, n)
	defer c.done()
	if sel == nil {
		for i, b := range rows {
			if err := c.row(i, b); err != nil {
				return err
			}
		}
		return nil
	}
	for _, i := range sel {
		if err := c.row(int(i), rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// columns is one run of DecodeColumns.
type columns struct {
	d    *Decoder
	n    int
	out  []*column.Vector // by attribute number - 1; nil: not wanted
	last int
}

func columnsOf(d *Decoder, want []int, vecs []*column.Vector, n int) *columns {
	c := &columns{d: d, n: n, out: make([]*column.Vector, len(d.types))}
	for i, pos := range d.out {
		for _, w := range want {
			if pos == w {
				vecs[pos].Reset(column.KindOf(d.types[i]), n)
				c.out[i], c.last = vecs[pos], i+1
			}
		}
	}
	return c
}

func (c *columns) done() {
	for _, v := range c.out {
		if v != nil {
			v.Done()
		}
	}
}

// row decodes one row.
func (c *columns) row(at int, b []byte) error {
	d := c.d
	if len(b) < headerSize+1 {
		return ErrCorrupt
	}
	n, k := int(b[headerSize]), 1
	if n >= 0x80 {
		var n64 uint64
		if n64, k = binary.Uvarint(b[headerSize:]); k <= 0 || n64 > uint64(len(d.types)) {
			return ErrCorrupt
		}
		n = int(n64)
	}
	p := headerSize + k
	if n > len(d.types) || len(b) < p+(n+7)/8 {
		return ErrCorrupt
	}
	bitmap := b[p:]
	p += (n + 7) / 8
	for i := 0; i < c.last; i++ {
		v := c.out[i]
		if i >= n {
			if v != nil {
				missing := pgtype.Null
				if d.missing != nil {
					missing = d.missing[i]
				}
				v.Set(at, c.n, at, missing)
			}
			continue
		}
		if bitmap[i>>3]&(1<<(i&7)) != 0 {
			if v != nil {
				v.SetNull(at, c.n)
			}
			continue
		}
		w := d.widths[i]
		if w == 0 {
			if p >= len(b) {
				return ErrCorrupt
			}
			w = int(b[p])
			p++
			if w >= 0x80 {
				size, k := binary.Uvarint(b[p-1:])
				if k <= 0 || size > uint64(len(b)) {
					return ErrCorrupt
				}
				p += k - 1
				w = int(size)
			}
		}
		if len(b)-p < w {
			return ErrCorrupt
		}
		if v != nil {
			if err := c.value(v, i, at, b, p, w); err != nil {
				return err
			}
		}
		p += w
	}
	return nil
}

// value stores the w bytes at b[p:] as the value of a column.
func (c *columns) value(v *column.Vector, attribute, at int, b []byte, p, w int) error {
	switch v.Kind {
	case column.Word:
		switch w {
		case 4:
			u := binary.LittleEndian.Uint32(b[p:])
			if unsigned(c.d.types[attribute].OID) {
				v.I[at] = int64(u)
			} else {
				v.I[at] = int64(int32(u))
			}
		case 8:
			v.I[at] = int64(binary.LittleEndian.Uint64(b[p:]))
		case 2:
			v.I[at] = int64(int16(binary.LittleEndian.Uint16(b[p:])))
		default:
			x, err := c.d.value(attribute, b[p:p+w])
			if err != nil {
				return err
			}
			v.I[at] = x.Int()
		}
	case column.Float:
		if w == 4 {
			v.F[at] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b[p:])))
		} else {
			v.F[at] = math.Float64frombits(binary.LittleEndian.Uint64(b[p:]))
		}
	case column.Bytes:
		v.S[at] = unsafe.String(unsafe.SliceData(b[p:]), w)
		if w == 0 {
			v.S[at] = ""
		}
	case column.Decimal:
		if coef, scale, ok := numeric.SmallStored(b, p, w); ok && (scale == v.Scale || v.Scale < 0) {
			v.I[at], v.Scale = coef, scale
			return nil
		}
		fallthrough
	default:
		x, err := c.d.value(attribute, b[p:p+w])
		if err != nil {
			return err
		}
		v.Set(at, c.n, at, x)
	}
	return nil
}
