package proto

import (
	"strconv"
	"unsafe"

	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/charset"
)

// Bind is a Bind message: names first, so that the statement's parameter types can be looked up, then values and formats by Decode. A Bind owns the memory of
// its values, and is reused for the next message when the portal that it made is gone.
type Bind struct {
	Portal    []byte // both alias the Bind's own copy of the message
	Statement []byte
	Values    []pgtype.Datum
	Formats   []result.Format // of the result columns

	cs     *charset.Charset
	body   []byte
	rest   Body
	inputs []result.Format
}

// Start copies the message, whose texts are in the client's encoding (nil: UTF-8), and reads the names.
func (b *Bind) Start(message []byte, cs *charset.Charset) error {
	b.cs = cs
	b.body = append(b.body[:0], message...)
	b.rest = NewBody(b.body, cs)
	b.Values, b.Formats, b.inputs = b.Values[:0], b.Formats[:0], b.inputs[:0]
	b.Portal = b.rest.Text()
	b.Statement = b.rest.Text()
	return b.rest.Err()
}

// Release drops memory that an idle connection should not hold. The values are no longer valid.
func (b *Bind) Release() {
	if cap(b.body) > smallBuffer {
		b.body = nil
	}
	if cap(b.Values) > 64 {
		b.Values, b.Formats, b.inputs = nil, nil, nil
	}
}

// Counts reads the formats and the number of parameters; Decode must follow. It is apart so that the numbers can be judged before the
// transaction's state is.
func (b *Bind) Counts(required int) (parameters int, err error) {
	if b.inputs, err = b.rest.formats(b.inputs); err != nil {
		return 0, err
	}
	n := int(uint16(b.rest.Int16()))
	if err := b.rest.Err(); err != nil {
		return 0, err
	}
	if len(b.inputs) > 1 && len(b.inputs) != n {
		return 0, pgerr.Newf(pgerr.ProtocolViolation, "bind message has %d parameter formats but %d parameters", len(b.inputs), n)
	}
	if n != required {
		return 0, pgerr.Newf(pgerr.ProtocolViolation, "bind message supplies %d parameters, but prepared statement \"%s\" requires %d",
			n, b.Statement, required)
	}
	return n, nil
}

// Decode reads the values, whose types are given, and the result formats.
func (b *Bind) Decode(c *pgtype.Context, types []*pgtype.Type) error {
	for i, t := range types {
		size := b.rest.Int32()
		if size == -1 {
			b.Values = append(b.Values, pgtype.Null)
			continue
		}
		raw := b.rest.Bytes(int(size))
		if err := b.rest.Err(); err != nil {
			return b.locate(err, i, "")
		}
		d, err := b.value(c, i, t, raw)
		if err != nil {
			return err
		}
		b.Values = append(b.Values, d)
	}
	var err error
	if b.Formats, err = b.rest.formats(b.Formats); err != nil {
		return err
	}
	return b.rest.End()
}

// value decodes the i-th parameter. Every value, text or binary, may alias the Bind's own copy of the message.
func (b *Bind) value(c *pgtype.Context, i int, t *pgtype.Type, raw []byte) (pgtype.Datum, error) {
	format := result.TextFormat
	switch len(b.inputs) {
	case 0:
	case 1:
		format = b.inputs[0]
	default:
		format = b.inputs[i]
	}
	switch format {
	case result.TextFormat:
		raw, bad := FromClient(b.cs, raw)
		if bad != nil {
			return pgtype.Null, b.locate(bad, i, "")
		}
		d, err := t.Codec.ParseText(c, unsafe.String(unsafe.SliceData(raw), len(raw)), -1)
		if err != nil {
			// PostgreSQL quotes the value up to log_parameter_max_length_on_error bytes, by default none.
			quoted := " = '...'"
			if len(raw) == 0 {
				quoted = " = ''"
			}
			return pgtype.Null, b.locate(err, i, quoted)
		}
		return d, nil
	case result.BinaryFormat:
		if b.cs != nil && IsText(t) {
			var bad *pgerr.Error
			if raw, bad = FromClient(b.cs, raw); bad != nil {
				return pgtype.Null, b.locate(bad, i, "")
			}
		}
		d, err := t.Codec.ParseBinary(c, raw, -1)
		if err != nil {
			if e, ok := pgerr.As(err); ok && e.Message == "incorrect binary data format" {
				e.Message += " in bind parameter " + strconv.Itoa(i+1)
			}
			return pgtype.Null, b.locate(err, i, "")
		}
		return d, nil
	}
	return pgtype.Null, b.locate(ErrFormat(format), i, "")
}

// IsText tells the types whose binary form is text in the client's encoding.
func IsText(t *pgtype.Type) bool {
	switch t.BaseType().OID {
	case pgtype.OIDText, pgtype.OIDVarchar, pgtype.OIDBpchar, pgtype.OIDName, pgtype.OIDJson, pgtype.OIDUnknown, pgtype.OIDRefcursor:
		return true
	}
	return t.BaseType().Kind == pgtype.KindEnum
}

// locate says in which parameter an error is, as PostgreSQL does in the error's context.
func (b *Bind) locate(err error, i int, value string) error {
	e, ok := pgerr.As(err)
	if !ok {
		return err
	}
	portal := "unnamed portal"
	if len(b.Portal) > 0 {
		portal = "portal \"" + string(b.Portal) + "\""
	}
	if e.Where != "" {
		e.Where += "\n"
	}
	e.Where += portal + " parameter $" + strconv.Itoa(i+1) + value
	return e
}

// ErrFormat is the error for a format code that does not exist.
func ErrFormat(f result.Format) *pgerr.Error {
	return pgerr.Newf(pgerr.InvalidParameterValue, "unsupported format code: %d", f)
}

// formats reads a counted list of format codes.
func (b *Body) formats(into []result.Format) ([]result.Format, error) {
	n := int(uint16(b.Int16()))
	for range n {
		f := result.Format(b.Int16())
		if b.err != nil {
			break
		}
		into = append(into, f)
	}
	return into, b.Err()
}
