package result

import (
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Format is how a value travels: text or binary.
type Format int16

// The two formats of the protocol.
const (
	TextFormat   Format = 0
	BinaryFormat Format = 1
)

// Column describes one result column, as a RowDescription field.
type Column struct {
	Name     string
	Type     *pgtype.Type
	Typmod   int32
	TableOID pgtype.OID // 0 when the column is not plainly a table's
	Attnum   int16      // 0 likewise
	Format   Format
}

// Sink receives what statements yield, in order. It is used by one goroutine, the session's. Its errors (a dead connection) end the statement.
type Sink interface {
	// Header starts a result with rows. describe asks for a RowDescription to be sent (simple protocol); without it the
	// client knows the columns already and the sink only prepares to encode them. c is the session's formatting context; both stay valid until Complete.
	Header(c *pgtype.Context, columns []Column, describe bool) error
	// Row sends one row; it encodes at once and keeps nothing of values.
	Row(values []pgtype.Datum) error
	// Complete ends a statement with its command tag ("SELECT 5"), Suspended a portal that reached its row limit, Empty an empty query.
	Complete(tag string) error
	Suspended() error
	Empty() error

	// Notice sends a NoticeResponse.
	Notice(n *pgerr.Error) error
	// ParameterStatus tells the client that a reported setting has changed.
	ParameterStatus(name, value string) error
	// Notification sends a NotificationResponse.
	Notification(pid int32, channel, payload string) error

	// CopyIn sends CopyInResponse and gives the stream of the client's CopyData.
	CopyIn(format Format, columns int) (CopyReader, error)
	// CopyOut sends CopyOutResponse; CopyData sends a piece of the stream; CopyDone ends it (Complete follows).
	CopyOut(format Format, columns int) error
	CopyData(data []byte) error
	CopyDone() error

	// Flush sends what is buffered now (before a long wait, and for streams that must arrive at once).
	Flush() error
}

// CopyReader is the client's side of COPY FROM STDIN.
type CopyReader interface {
	// Next gives the payload of the next CopyData message, valid until the next call; io.EOF after CopyDone; a 57014 error
	// "COPY from stdin failed: …" after CopyFail. Messages do not end at row borders.
	Next() ([]byte, error)
}
