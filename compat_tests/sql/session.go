package sql

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// statementTimeout bounds one statement; a server that hangs fails the case instead of the whole run.
const statementTimeout = 10 * time.Second

// session sends statements over one connection and writes down what comes back. It speaks messages rather than
// through a driver, because a driver hides some of what is compared: the order of notices, the transaction status.
type session struct {
	dsn      string
	extended bool   // the extended protocol instead of the simple one
	options  string // start-up options, "-c name=value"
	conn     net.Conn
	frontend *pgproto3.Frontend
	types    *typeNames
}

func newSession(dsn string) *session { return &session{dsn: dsn, types: &typeNames{dsn: dsn}} }

func (s *session) connect(ctx context.Context) error {
	connecting, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	config, err := pgconn.ParseConfig(s.dsn)
	if err != nil {
		return err
	}
	// The server's own default is the machine's, and RESET goes back to it.
	config.RuntimeParams["TimeZone"] = "UTC"
	if s.options != "" {
		config.RuntimeParams["options"] = s.options
	}
	conn, err := pgconn.ConnectConfig(connecting, config)
	if err != nil {
		return err
	}
	hijacked, err := conn.Hijack()
	if err != nil {
		return err
	}
	s.conn, s.frontend = hijacked.Conn, hijacked.Frontend
	return nil
}

func (s *session) close() {
	if s.conn == nil {
		return
	}
	s.frontend.Send(&pgproto3.Terminate{})
	_ = s.frontend.Flush()
	_ = s.conn.Close()
	s.conn = nil
	s.types.close()
}

// run returns the recorded form of a statement's result. When the connection breaks, that is the result, and the next
// statement gets a new connection.
func (s *session) run(ctx context.Context, st statement) string {
	if s.conn == nil {
		if err := s.connect(ctx); err != nil {
			return "no connection: " + describe(err)
		}
	}
	var out []string
	if err := s.exchange(ctx, st, &out); err != nil {
		_ = s.conn.Close()
		s.conn = nil
		out = append(out, "connection lost: "+describe(err))
	}
	return temporarySchema.ReplaceAllString(strings.Join(out, "\n"), "pg_temp_N")
}

// temporarySchema matches the name of a session's temporary schema, whose number is the session's.
var temporarySchema = regexp.MustCompile(`pg_temp_\d+`)

// describe leaves addresses and ports out, which differ from run to run.
func describe(err error) string {
	var timeout net.Error
	var pgErr *pgconn.PgError
	switch {
	case errors.As(err, &pgErr):
		return pgErr.Code + ": " + pgErr.Message
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	default:
		return "closed by the server"
	}
}

// send queues a statement as one Query, or as the messages of the extended protocol.
func (s *session) send(text string) {
	if !s.extended {
		s.frontend.Send(&pgproto3.Query{String: text})
		return
	}
	s.frontend.Send(&pgproto3.Parse{Query: text})
	s.frontend.Send(&pgproto3.Bind{})
	s.frontend.Send(&pgproto3.Describe{ObjectType: 'P'})
	s.frontend.Send(&pgproto3.Execute{})
	s.frontend.Send(&pgproto3.Sync{})
}

func (s *session) exchange(ctx context.Context, st statement, out *[]string) error {
	if err := s.conn.SetDeadline(time.Now().Add(statementTimeout)); err != nil {
		return err
	}
	s.send(st.text)
	if err := s.frontend.Flush(); err != nil {
		return err
	}
	add := func(format string, a ...any) { *out = append(*out, fmt.Sprintf(format, a...)) }
	for {
		message, err := s.frontend.Receive()
		if err != nil {
			return err
		}
		switch m := message.(type) {
		case *pgproto3.RowDescription:
			add("columns: %s", s.types.columns(ctx, m.Fields))
		case *pgproto3.DataRow:
			add("%s", row(m.Values))
		case *pgproto3.CommandComplete:
			add("tag: %s", m.CommandTag)
		case *pgproto3.EmptyQueryResponse:
			add("empty query")
		case *pgproto3.ErrorResponse:
			*out = append(*out, errorLines(m)...)
		case *pgproto3.NoticeResponse:
			*out = append(*out, noticeLines(m)...)
		case *pgproto3.ParameterStatus:
			add("parameter: %s=%s", m.Name, m.Value)
		case *pgproto3.CopyInResponse:
			s.frontend.Send(&pgproto3.CopyData{Data: []byte(st.copy)})
			s.frontend.Send(&pgproto3.CopyDone{})
			if err := s.frontend.Flush(); err != nil {
				return err
			}
		case *pgproto3.CopyOutResponse:
			add("copy out: %d columns", len(m.ColumnFormatCodes))
		case *pgproto3.CopyData:
			add("%s", strings.TrimSuffix(string(m.Data), "\n"))
		case *pgproto3.CopyDone, *pgproto3.ParseComplete, *pgproto3.BindComplete, *pgproto3.NoData:
		case *pgproto3.ReadyForQuery:
			switch m.TxStatus {
			case 'T':
				add("status: in transaction")
			case 'E':
				add("status: in failed transaction")
			}
			return nil
		default:
			add("unexpected message: %T", message)
		}
	}
}

// escape writes a value in printable characters, as COPY does; what a binary cursor returns becomes hexadecimal.
func escape(value string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(value, string(invalidByte)) {
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r == invalidByte:
			b.WriteString(`\x??`)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// invalidByte stands for bytes that are not UTF-8: the character that Unicode reserves for that.
const invalidByte = '\uFFFD'

func row(values [][]byte) string {
	shown := make([]string, len(values))
	for i, v := range values {
		if v == nil {
			shown[i] = `\N`
		} else {
			shown[i] = escape(string(v))
		}
	}
	// Trailing blanks would not survive editors; a value that ends with one is marked.
	line := strings.Join(shown, " | ")
	if strings.HasSuffix(line, " ") {
		line += "\\"
	}
	return line
}

func errorLines(m *pgproto3.ErrorResponse) []string {
	return details(fmt.Sprintf("error %s: %s", m.Code, escape(m.Message)), m)
}

func noticeLines(m *pgproto3.NoticeResponse) []string {
	e := pgproto3.ErrorResponse(*m)
	return details(fmt.Sprintf("notice %s %s: %s", e.Severity, e.Code, escape(e.Message)), &e)
}

func details(first string, m *pgproto3.ErrorResponse) []string {
	lines := []string{first}
	for _, f := range []struct{ name, value string }{
		{"detail", m.Detail}, {"hint", m.Hint}, {"schema", m.SchemaName}, {"table", m.TableName},
		{"column", m.ColumnName}, {"type", m.DataTypeName}, {"constraint", m.ConstraintName},
	} {
		if f.value != "" {
			lines = append(lines, fmt.Sprintf("  %s: %s", f.name, escape(f.value)))
		}
	}
	if m.Position != 0 {
		lines = append(lines, fmt.Sprintf("  position: %d", m.Position))
	}
	return lines
}
