package proto

import (
	"encoding/binary"
	"io"

	"github.com/jackc/pgproto3/v2"

	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/charset"
)

// flushAt is how full the buffer gets before it is written without being asked.
const flushAt = 32 << 10

// Writer collects messages and writes many at once. It is used by one goroutine. After an error of the underlying
// stream everything is dropped and every call returns that error.
type Writer struct {
	// Charset is the client's encoding, nil for UTF-8.
	Charset *charset.Charset

	dst   io.Writer
	buf   []byte
	start int // where the message that is being built begins
	err   error
	small []byte // buf while idle
	large loan   // buf while there is more
}

// NewWriter makes a Writer on dst.
func NewWriter(dst io.Writer) *Writer {
	small := make([]byte, 0, smallBuffer/2)
	return &Writer{dst: dst, buf: small, small: small}
}

// Reset continues on another stream (TLS over the same connection). Nothing must be buffered.
func (w *Writer) Reset(dst io.Writer) { w.dst = dst }

// Err is the error that ended the stream, if any.
func (w *Writer) Err() error { return w.err }

// Flush writes what is buffered. The messages must be complete.
func (w *Writer) Flush() error {
	if len(w.buf) == 0 || w.err != nil {
		w.buf = w.buf[:0]
		return w.err
	}
	_, w.err = w.dst.Write(w.buf)
	w.buf, w.start = w.buf[:0], 0
	return w.err
}

// Idle gives memory back; nothing must be buffered.
func (w *Writer) Idle() {
	if cap(w.buf) == cap(w.small) || len(w.buf) > 0 {
		return
	}
	w.large.end(w.buf)
	w.buf, w.start = w.small, 0
}

// Abort drops a message that was begun and not ended (its encoder panicked).
func (w *Writer) Abort() {
	if w.start < len(w.buf) {
		w.buf = w.buf[:w.start]
	}
}

// begin starts a message. The pooled large buffer is taken as soon as the small one would have to grow, so that append never
// makes sizes in between.
func (w *Writer) begin(kind byte) {
	if cap(w.buf) < largeBuffer && cap(w.buf)-len(w.buf) < 512 {
		w.buf = append(w.large.take()[:0], w.buf...)
	}
	w.start = len(w.buf)
	w.buf = append(w.buf, kind, 0, 0, 0, 0)
}

// end completes the message that begin started.
func (w *Writer) end() error {
	binary.BigEndian.PutUint32(w.buf[w.start+1:], uint32(len(w.buf)-w.start-1))
	w.start = len(w.buf)
	if len(w.buf) >= flushAt {
		return w.Flush()
	}
	return w.err
}

func (w *Writer) int16(v int) { w.buf = append(w.buf, byte(v>>8), byte(v)) }
func (w *Writer) int32(v uint32) {
	w.buf = append(w.buf, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}
func (w *Writer) string(s string) { w.buf = append(append(w.buf, w.shown(s)...), 0) }

// shown is a name or message in the client's encoding.
func (w *Writer) shown(s string) string {
	if w.Charset == nil {
		return s
	}
	return string(w.Charset.EncodeLossy([]byte(s)))
}

// empty appends a message without a body.
func (w *Writer) empty(kind byte) error {
	w.begin(kind)
	return w.end()
}

// Byte writes one bare byte, the answer to SSLRequest and GSSENCRequest.
func (w *Writer) Byte(b byte) error {
	w.buf = append(w.buf, b)
	return w.Flush()
}

// Ancient writes an error as protocol 2.0 had it, for clients that ask for nothing newer.
func (w *Writer) Ancient(e *pgerr.Error) error {
	w.buf = append(w.buf, 'E')
	w.string(e.Severity + ":  " + e.Message + "\n")
	return w.Flush()
}

// The messages without a body.

// ParseComplete appends ParseComplete.
func (w *Writer) ParseComplete() error { return w.empty('1') }

// BindComplete appends BindComplete.
func (w *Writer) BindComplete() error { return w.empty('2') }

// CloseComplete appends CloseComplete.
func (w *Writer) CloseComplete() error { return w.empty('3') }

// NoData appends NoData.
func (w *Writer) NoData() error { return w.empty('n') }

// PortalSuspended appends PortalSuspended.
func (w *Writer) PortalSuspended() error { return w.empty('s') }

// EmptyQueryResponse appends EmptyQueryResponse.
func (w *Writer) EmptyQueryResponse() error { return w.empty('I') }

// CopyDone appends CopyDone.
func (w *Writer) CopyDone() error { return w.empty('c') }

// ReadyForQuery appends ReadyForQuery with the transaction status.
func (w *Writer) ReadyForQuery(status byte) error {
	w.begin('Z')
	w.buf = append(w.buf, status)
	return w.end()
}

// CommandComplete appends CommandComplete.
func (w *Writer) CommandComplete(tag string) error {
	w.begin('C')
	w.string(tag)
	return w.end()
}

// ParameterStatus appends ParameterStatus.
func (w *Writer) ParameterStatus(name, value string) error {
	w.begin('S')
	w.string(name)
	w.string(value)
	return w.end()
}

// ParameterDescription appends ParameterDescription.
func (w *Writer) ParameterDescription(types []*pgtype.Type) error {
	w.begin('t')
	w.int16(len(types))
	for _, t := range types {
		w.int32(uint32(t.OID))
	}
	return w.end()
}

// RowDescription appends RowDescription.
func (w *Writer) RowDescription(columns []result.Column) error {
	w.begin('T')
	w.int16(len(columns))
	for i := range columns {
		c := &columns[i]
		w.string(c.Name)
		w.int32(uint32(c.TableOID))
		w.int16(int(c.Attnum))
		w.int32(uint32(c.Type.OID))
		w.int16(int(c.Type.Len))
		w.int32(uint32(c.Typmod))
		w.int16(int(c.Format))
	}
	return w.end()
}

// DataRow appends one row. A row that is too large for a message is an error that leaves the stream intact.
func (w *Writer) DataRow(c *pgtype.Context, columns []result.Column, values []pgtype.Datum) error {
	w.begin('D')
	w.int16(len(columns))
	for i := range columns {
		d := values[i]
		if d.IsNull() {
			w.buf = append(w.buf, 0xff, 0xff, 0xff, 0xff)
			continue
		}
		column := &columns[i]
		if column.Type.Rep == pgtype.RepBytes {
			if have := len(w.buf) - w.start; have+len(d.Bytes()) > MaxLarge {
				return w.tooLarge(have, len(d.Bytes()))
			}
		}
		at := len(w.buf)
		w.buf = append(w.buf, 0, 0, 0, 0)
		if column.Format == result.BinaryFormat {
			w.buf = column.Type.Codec.AppendBinary(c, w.buf, d)
		} else {
			w.buf = column.Type.Codec.AppendText(c, w.buf, d)
		}
		if w.Charset != nil && (column.Format == result.TextFormat || IsText(column.Type)) {
			if err := w.encode(at + 4); err != nil {
				return err
			}
		}
		binary.BigEndian.PutUint32(w.buf[at:], uint32(len(w.buf)-at-4))
	}
	if n := len(w.buf) - w.start - 1; n > MaxLarge {
		return w.tooLarge(MaxLarge, n-MaxLarge)
	}
	return w.end()
}

// encode turns what was appended since an offset into the client's encoding. What does not fit it drops the message.
func (w *Writer) encode(from int) error {
	out, err := w.Charset.Encode(w.buf[from:])
	if err != nil {
		w.Abort()
		return err
	}
	if len(out) == 0 || &out[0] != &w.buf[from] {
		w.buf = append(w.buf[:from], out...)
	}
	return nil
}

// tooLarge drops the message that is being built. The words are PostgreSQL's, which meets its limit on the same buffer.
func (w *Writer) tooLarge(have, more int) error {
	w.Abort()
	return pgerr.New(pgerr.ProgramLimitExceeded, "out of memory").
		WithDetail("Cannot enlarge string buffer containing %d bytes by %d more bytes.", have, more)
}

// CopyData appends CopyData.
func (w *Writer) CopyData(data []byte) error {
	if len(data) > MaxLarge-4 {
		return w.tooLarge(0, len(data))
	}
	w.begin('d')
	w.buf = append(w.buf, data...)
	return w.end()
}

// CopyResponse appends CopyInResponse ('G') or CopyOutResponse ('H').
func (w *Writer) CopyResponse(kind byte, format result.Format, columns int) error {
	w.begin(kind)
	w.buf = append(w.buf, byte(format))
	w.int16(columns)
	for range columns {
		w.int16(int(format))
	}
	return w.end()
}

// NegotiateProtocolVersion appends NegotiateProtocolVersion, which pgproto3 does not know.
func (w *Writer) NegotiateProtocolVersion(minor uint32, unknown []string) error {
	w.begin('v')
	w.int32(minor)
	w.int32(uint32(len(unknown)))
	for _, name := range unknown {
		w.string(name)
	}
	return w.end()
}

// Send appends a message that is not on any hot path.
func (w *Writer) Send(m pgproto3.BackendMessage) error {
	w.start = len(w.buf)
	grown, err := m.Encode(w.buf)
	if err != nil {
		return pgerr.Wrap(err, pgerr.ProgramLimitExceeded, "message is too large")
	}
	w.buf, w.start = grown, len(grown)
	if len(w.buf) >= flushAt {
		return w.Flush()
	}
	return w.err
}

// Error appends ErrorResponse.
func (w *Writer) Error(e *pgerr.Error) error {
	r := w.flatten(e, "ERROR")
	return w.Send(&r)
}

// Notice appends NoticeResponse.
func (w *Writer) Notice(e *pgerr.Error) error {
	r := pgproto3.NoticeResponse(w.flatten(e, "NOTICE"))
	return w.Send(&r)
}

// flatten makes the fields of an error or notice.
func (w *Writer) flatten(e *pgerr.Error, severity string) pgproto3.ErrorResponse {
	if e.Severity != "" {
		severity = e.Severity
	}
	return pgproto3.ErrorResponse{
		Severity: severity, SeverityUnlocalized: severity,
		Code: string(e.Code), Message: w.shown(e.Message), Detail: w.shown(e.Detail), Hint: w.shown(e.Hint),
		Position: int32(e.Position), InternalPosition: int32(e.InternalPosition), InternalQuery: w.shown(e.InternalQuery), Where: w.shown(e.Where),
		SchemaName: w.shown(e.Schema), TableName: w.shown(e.Table), ColumnName: w.shown(e.Column), DataTypeName: w.shown(e.DataType), ConstraintName: w.shown(e.Constraint),
		Routine: e.Routine,
	}
}
