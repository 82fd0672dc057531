package wire

import (
	"context"
	"slices"

	"github.com/jackc/pgproto3/v2"

	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/internal/pgtype/charset"
	"github.com/kalampg/kalampg/wire/proto"
)

// sink sends what statements yield to the client.
type sink struct {
	conn     *conn
	context  *pgtype.Context
	columns  []result.Column
	copyText bool        // the running COPY TO STDOUT is of a text format
	reported [][2]string // settings as the client knows them; few, so a list
	changed  [][2]string // settings as they are now, since the last ReadyForQuery
}

var _ result.Sink = (*sink)(nil)

func (s *sink) Header(c *pgtype.Context, columns []result.Column, describe bool) error {
	s.context, s.columns = c, columns
	for i := range columns {
		if f := columns[i].Format; f != result.TextFormat && f != result.BinaryFormat {
			return proto.ErrFormat(f)
		}
	}
	if !describe {
		return s.conn.out.Err()
	}
	return s.conn.out.RowDescription(columns)
}

func (s *sink) Row(values []pgtype.Datum) error {
	return s.conn.out.DataRow(s.context, s.columns, values)
}

// Complete ends a statement, unless the connection is being ended: the statement may have done that itself (pg_terminate_backend).
func (s *sink) Complete(tag string) error {
	if s.conn.intr.base.Err() != nil {
		return context.Cause(s.conn.intr.base)
	}
	return s.conn.out.CommandComplete(tag)
}

func (s *sink) Suspended() error { return s.conn.out.PortalSuspended() }
func (s *sink) Empty() error     { return s.conn.out.EmptyQueryResponse() }

func (s *sink) Notice(n *pgerr.Error) error { return s.conn.out.Notice(n) }

// encoding follows client_encoding, which counts from now on.
func (s *sink) encoding(name, value string) {
	if name == "client_encoding" {
		s.conn.out.Charset = charset.ForClient(value)
	}
}

// ParameterStatus keeps the value for the end of the cycle, when PostgreSQL sends it: a setting may change back before.
func (s *sink) ParameterStatus(name, value string) error {
	s.encoding(name, value)
	set(&s.changed, name, value)
	return s.conn.out.Err()
}

func (s *sink) Notification(pid int32, channel, payload string) error {
	return s.conn.out.Send(&pgproto3.NotificationResponse{PID: uint32(pid), Channel: channel, Payload: payload})
}

func (s *sink) CopyIn(format result.Format, columns int) (result.CopyReader, error) {
	if err := s.conn.out.CopyResponse('G', format, columns); err != nil {
		return nil, err
	}
	return &copyReader{c: s.conn, text: format == result.TextFormat}, s.conn.out.Flush()
}

func (s *sink) CopyOut(format result.Format, columns int) error {
	s.copyText = format == result.TextFormat
	return s.conn.out.CopyResponse('H', format, columns)
}

func (s *sink) CopyData(data []byte) error {
	if cs := s.conn.out.Charset; cs != nil && s.copyText {
		var err error
		if data, err = cs.Encode(data); err != nil {
			return err
		}
	}
	return s.conn.out.CopyData(data)
}

func (s *sink) CopyDone() error { return s.conn.out.CopyDone() }
func (s *sink) Flush() error    { return s.conn.out.Flush() }

// reportChanges sends the settings whose value is no longer what the client was told.
func (s *sink) reportChanges() error {
	if len(s.changed) == 0 {
		return nil
	}
	// The last to change is reported first, as PostgreSQL does.
	for _, p := range slices.Backward(s.changed) {
		if set(&s.reported, p[0], p[1]) {
			if err := s.conn.out.ParameterStatus(p[0], p[1]); err != nil {
				return err
			}
		}
	}
	s.changed = s.changed[:0]
	return nil
}

// set puts a value into a list and tells whether that changed it.
func set(list *[][2]string, name, value string) bool {
	for i := range *list {
		if p := &(*list)[i]; p[0] == name {
			same := p[1] == value
			p[1] = value
			return !same
		}
	}
	*list = append(*list, [2]string{name, value})
	return true
}
