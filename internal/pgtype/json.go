package pgtype

import (
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype/jsonb"
)

// jsonCodec is json: the text as it came, once it has been found to be JSON. It has no order.
type jsonCodec struct{ textCodec }

func (jsonCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) {
	if err := jsonb.Check(s); err != nil {
		return Null, err
	}
	return Text(s), nil
}

func (c jsonCodec) ParseBinary(ctx *Context, b []byte, typmod int32) (Datum, error) {
	d, err := c.textCodec.ParseBinary(ctx, b, typmod)
	if err != nil {
		return Null, err
	}
	return c.ParseText(ctx, d.Text(), typmod)
}

func (jsonCodec) Comparable() bool { return false }

// jsonbCodec is jsonb: the canonical text.
type jsonbCodec struct{ textCodec }

// jsonbVersion is the first byte of the binary form.
const jsonbVersion = 1

// JSONB makes a datum of a tree.
func JSONB(v *jsonb.Value) Datum { return Bytes(v.Append(nil)) }

// JSONB is the tree of the jsonb in d.
func (d Datum) JSONB() *jsonb.Value {
	v, err := jsonb.Parse(d.Text())
	if err != nil {
		return &jsonb.Value{}
	}
	return v
}

func (jsonbCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) {
	v, err := jsonb.Parse(s)
	if err != nil {
		return Null, err
	}
	return JSONB(v), nil
}

func (c jsonbCodec) ParseBinary(ctx *Context, b []byte, typmod int32) (Datum, error) {
	if len(b) == 0 {
		return Null, errShortMessage()
	}
	if b[0] != jsonbVersion {
		return Null, pgerr.Newf(pgerr.DataException, "unsupported jsonb version number %d", b[0])
	}
	d, err := c.textCodec.ParseBinary(ctx, b[1:], typmod)
	if err != nil {
		return Null, err
	}
	return c.ParseText(ctx, d.Text(), typmod)
}

func (jsonbCodec) AppendBinary(_ *Context, dst []byte, d Datum) []byte {
	return append(append(dst, jsonbVersion), d.Text()...)
}

func (jsonbCodec) Compare(a, b Datum) int {
	if a.Text() == b.Text() {
		return 0
	}
	return jsonb.Compare(a.JSONB(), b.JSONB())
}

// Hash takes the key, in which the scales of numbers do not count.
func (jsonbCodec) Hash(d Datum, seed uint64) uint64 {
	return hashBytes(d.JSONB().AppendKey(nil), seed)
}

func (jsonbCodec) AppendKey(dst []byte, d Datum) []byte { return d.JSONB().AppendKey(dst) }

func (jsonbCodec) DecodeKey(b []byte) (Datum, []byte, error) {
	v, rest, err := jsonb.DecodeKey(b)
	if err != nil {
		return Null, nil, errCorrupt("jsonb")
	}
	return JSONB(v), rest, nil
}
