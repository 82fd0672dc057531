package pgtype

import (
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype/jsonpath"
)

// jsonpathCodec is jsonpath: the path as PostgreSQL prints it. It has no order.
type jsonpathCodec struct{ textCodec }

// jsonpathVersion is the first byte of the binary form.
const jsonpathVersion = 1

func (jsonpathCodec) ParseText(_ *Context, s string, _ int32) (Datum, error) {
	p, err := jsonpath.Parse(s)
	if err != nil {
		return Null, err
	}
	return Text(p.String()), nil
}

func (c jsonpathCodec) ParseBinary(ctx *Context, b []byte, typmod int32) (Datum, error) {
	if len(b) == 0 {
		return Null, errShortMessage()
	}
	if b[0] != jsonpathVersion {
		return Null, pgerr.Newf(pgerr.DataException, "unsupported jsonpath version number: %d", b[0])
	}
	d, err := c.textCodec.ParseBinary(ctx, b[1:], typmod)
	if err != nil {
		return Null, err
	}
	return c.ParseText(ctx, d.Text(), typmod)
}

func (jsonpathCodec) AppendBinary(_ *Context, dst []byte, d Datum) []byte {
	return append(append(dst, jsonpathVersion), d.Text()...)
}

func (jsonpathCodec) Comparable() bool { return false }
