package pgtype

import (
	"encoding/binary"
	"math"

	"github.com/kalampg/kalampg/internal/pgerr"
)

// enumCodec is an enum: a value is the OID of its label, so that new labels do not change stored values; they order by enumsortorder.
type enumCodec struct {
	word
	t       *Type
	byLabel map[string]int
	byOID   map[OID]int
}

func newEnumCodec(t *Type) *enumCodec {
	c := &enumCodec{word: word{size: 4, unsigned: true}, t: t, byLabel: make(map[string]int, len(t.Labels)), byOID: make(map[OID]int, len(t.Labels))}
	for i, l := range t.Labels {
		c.byLabel[l.Label], c.byOID[l.OID] = i, i
	}
	return c
}

func (c *enumCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) {
	i, ok := c.byLabel[s]
	if !ok {
		return Null, pgerr.Newf(pgerr.InvalidTextRepresentation, "invalid input value for enum %s: \"%s\"", c.t.String(), s)
	}
	return OIDValue(c.t.Labels[i].OID), nil
}

func (c *enumCodec) AppendText(_ *Context, dst []byte, d Datum) []byte {
	if i, ok := c.byOID[d.OID()]; ok {
		return append(dst, c.t.Labels[i].Label...)
	}
	return dst
}

func (c *enumCodec) ParseBinary(ctx *Context, b []byte, _ int32) (Datum, error) {
	if err := CheckUTF8(b); err != nil {
		return Null, err
	}
	return c.ParseText(ctx, string(b), -1)
}

func (c *enumCodec) AppendBinary(ctx *Context, dst []byte, d Datum) []byte {
	return c.AppendText(ctx, dst, d)
}

func (c *enumCodec) Compare(a, b Datum) int {
	return compareInt(int64(c.byOID[a.OID()]), int64(c.byOID[b.OID()]))
}

// AppendKey writes the sort order, which a label keeps when others are added.
func (c *enumCodec) AppendKey(dst []byte, d Datum) []byte {
	var sort float32
	if i, ok := c.byOID[d.OID()]; ok {
		sort = c.t.Labels[i].Sort
	}
	u := math.Float32bits(sort)
	if u>>31 != 0 {
		u = ^u
	} else {
		u |= 1 << 31
	}
	return binary.BigEndian.AppendUint32(dst, u)
}

func (c *enumCodec) DecodeKey(b []byte) (Datum, []byte, error) {
	if len(b) < 4 {
		return Null, nil, errCorrupt("key")
	}
	u := binary.BigEndian.Uint32(b)
	if u>>31 != 0 {
		u &^= 1 << 31
	} else {
		u = ^u
	}
	for _, l := range c.t.Labels {
		if l.Sort == math.Float32frombits(u) {
			return OIDValue(l.OID), b[4:], nil
		}
	}
	return Null, nil, errCorrupt("key")
}

// domainCodec is a domain: its base type under the base's modifier.
type domainCodec struct {
	Codec
	mod int32
}

func (c domainCodec) ParseText(ctx *Context, s string, _ int32) (Datum, error) {
	return c.Codec.ParseText(ctx, s, c.mod)
}

func (c domainCodec) ParseBinary(ctx *Context, b []byte, _ int32) (Datum, error) {
	return c.Codec.ParseBinary(ctx, b, c.mod)
}
