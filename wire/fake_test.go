package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// fakeBackend is an engine without SQL: each statement is a word that makes one thing happen.
type fakeBackend struct {
	roles    map[string]Role
	openErr  error
	idle     time.Duration
	sessions atomic.Int64
	mu       sync.Mutex
	last     *fakeSession
}

func (b *fakeBackend) Role(_ context.Context, name string) (Role, bool, error) {
	r, ok := b.roles[name]
	return r, ok, nil
}

func (b *fakeBackend) Open(_ context.Context, o SessionOptions) (Session, error) {
	if b.openErr != nil {
		return nil, b.openErr
	}
	b.sessions.Add(1)
	s := &fakeSession{backend: b, options: o, status: 'I', statements: map[string]*fakeStatement{}, portals: map[string]*fakePortal{},
		context: pgtype.Default()}
	b.mu.Lock()
	b.last = s
	b.mu.Unlock()
	return s, nil
}

func (b *fakeBackend) lastSession() *fakeSession {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

type fakeStatement struct {
	text    string
	types   []*pgtype.Type
	columns []result.Column
}

type fakePortal struct {
	statement *fakeStatement
	values    []pgtype.Datum
	columns   []result.Column
	sent      int
}

type fakeSession struct {
	backend    *fakeBackend
	options    SessionOptions
	status     byte
	context    *pgtype.Context
	statements map[string]*fakeStatement
	portals    map[string]*fakePortal
	failed     []error
}

func (s *fakeSession) Parameters() [][2]string {
	return [][2]string{{"server_version", "16.0"}, {"client_encoding", "UTF8"}, {"standard_conforming_strings", "on"}, {"TimeZone", "UTC"}}
}

func (s *fakeSession) prepare(text string, types []pgtype.OID) *fakeStatement {
	f := &fakeStatement{text: text}
	for _, t := range types {
		f.types = append(f.types, pgtype.ByOID(t))
	}
	switch word, _, _ := strings.Cut(text, " "); word {
	case "echo":
		if len(f.types) == 0 {
			f.types = []*pgtype.Type{pgtype.Int4Type}
		}
		for _, t := range f.types {
			f.columns = append(f.columns, result.Column{Name: t.Name, Type: t, Typmod: -1})
		}
	case "rows":
		f.columns = []result.Column{{Name: "n", Type: pgtype.Int4Type, Typmod: -1}}
	case "big":
		f.columns = []result.Column{{Name: "big", Type: pgtype.TextType, Typmod: -1}}
	}
	return f
}

func (s *fakeSession) Query(ctx context.Context, text string, sink result.Sink) error {
	if text == "" {
		return sink.Empty()
	}
	for _, one := range strings.Split(text, ";") {
		f := s.prepare(strings.TrimSpace(one), nil)
		if err := s.run(ctx, &fakePortal{statement: f, columns: f.columns}, 0, sink, true); err != nil {
			s.Fail(err)
			return err
		}
	}
	return nil
}

func (s *fakeSession) run(ctx context.Context, p *fakePortal, limit int, sink result.Sink, describe bool) error {
	word, argument, _ := strings.Cut(p.statement.text, " ")
	if s.status == 'E' && word != "rollback" {
		return errAborted()
	}
	switch word {
	case "echo":
		if err := errors.Join(sink.Header(s.context, p.columns, describe), sink.Row(p.values)); err != nil {
			return err
		}
		return sink.Complete("SELECT 1")
	case "rows":
		return s.rows(p, argument, limit, sink, describe)
	case "big":
		n, _ := strconv.Atoi(argument)
		if err := sink.Header(s.context, p.columns, describe); err != nil {
			return err
		}
		if err := sink.Row([]pgtype.Datum{pgtype.Text(strings.Repeat("x", n))}); err != nil {
			return err
		}
	case "sleep":
		if err := sink.Flush(); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	case "notice":
		if err := sink.Notice(pgerr.Notice("NOTICE", "00000", "%s", argument)); err != nil {
			return err
		}
	case "set":
		name, value, _ := strings.Cut(argument, " ")
		if err := sink.ParameterStatus(name, value); err != nil {
			return err
		}
	case "panic":
		panic("the fake was told to")
	case "plainerror":
		return errors.New("something without a code")
	case "error":
		return pgerr.New(pgerr.DivisionByZero, "division by zero")
	case "copyin":
		return s.copyIn(sink)
	case "copyout":
		if err := errors.Join(sink.CopyOut(result.TextFormat, 1), sink.CopyData([]byte("one\n")), sink.CopyDone()); err != nil {
			return err
		}
	case "begin":
		s.status = 'T'
	case "commit", "rollback":
		s.status = 'I'
	}
	return sink.Complete(strings.ToUpper(word))
}

func (s *fakeSession) rows(p *fakePortal, argument string, limit int, sink result.Sink, describe bool) error {
	n, err := strconv.Atoi(argument)
	if err != nil {
		return pgerr.Wrap(err, pgerr.InvalidTextRepresentation, err.Error())
	}
	if err := sink.Header(s.context, p.columns, describe); err != nil {
		return err
	}
	for sent := 0; p.sent < n; sent++ {
		if limit > 0 && sent == limit {
			return sink.Suspended()
		}
		p.sent++
		if err := sink.Row([]pgtype.Datum{pgtype.Int(int64(p.sent))}); err != nil {
			return err
		}
	}
	return sink.Complete(fmt.Sprintf("SELECT %d", n))
}

func (s *fakeSession) copyIn(sink result.Sink) error {
	r, err := sink.CopyIn(result.TextFormat, 1)
	if err != nil {
		return err
	}
	for n := 0; ; {
		data, err := r.Next()
		if err == io.EOF {
			return sink.Complete(fmt.Sprintf("COPY %d", n))
		}
		if err != nil {
			return err
		}
		n += len(data)
	}
}

func (s *fakeSession) Parse(_ context.Context, name, text string, types []pgtype.OID) error {
	for _, t := range types {
		if pgtype.ByOID(t) == nil {
			err := pgerr.Newf(pgerr.UndefinedObject, "type with OID %d does not exist", t)
			s.Fail(err)
			return err
		}
	}
	s.statements[name] = s.prepare(text, types)
	return nil
}

func (s *fakeSession) Statement(_ context.Context, name string) ([]*pgtype.Type, []result.Column, error) {
	f := s.statements[name]
	if f == nil {
		err := pgerr.Newf(pgerr.InvalidSQLStatementName, "prepared statement \"%s\" does not exist", name)
		s.Fail(err)
		return nil, nil, err
	}
	return f.types, f.columns, nil
}

func (s *fakeSession) Bind(_ context.Context, portal, statement string, values []pgtype.Datum, formats []result.Format) error {
	if n := len(formats); n > 1 && n != len(s.statements[statement].columns) {
		err := pgerr.New(pgerr.ProtocolViolation, "bind message has the wrong number of result formats")
		s.Fail(err)
		return err
	}
	p := s.portals[portal]
	if p == nil {
		p = &fakePortal{}
		s.portals[portal] = p
	}
	p.statement, p.values, p.sent = s.statements[statement], values, 0
	p.columns = append(p.columns[:0], p.statement.columns...)
	for i := range p.columns {
		switch len(formats) {
		case 0:
		case 1:
			p.columns[i].Format = formats[0]
		default:
			p.columns[i].Format = formats[i]
		}
	}
	return nil
}

func (s *fakeSession) Portal(_ context.Context, name string) ([]result.Column, error) {
	if p := s.portals[name]; p != nil {
		if p.statement.columns == nil {
			return nil, nil
		}
		return p.columns, nil
	}
	err := pgerr.Newf(pgerr.InvalidCursorName, "portal \"%s\" does not exist", name)
	s.Fail(err)
	return nil, err
}

func (s *fakeSession) Execute(ctx context.Context, portal string, limit int, sink result.Sink) error {
	p := s.portals[portal]
	if p == nil {
		err := pgerr.Newf(pgerr.InvalidCursorName, "portal \"%s\" does not exist", portal)
		s.Fail(err)
		return err
	}
	if p.statement.text == "" {
		return sink.Empty()
	}
	err := s.run(ctx, p, limit, sink, false)
	if err != nil {
		s.Fail(err)
	}
	return err
}

func (s *fakeSession) CloseStatement(_ context.Context, name string) error {
	delete(s.statements, name)
	return nil
}

func (s *fakeSession) ClosePortal(_ context.Context, name string) error {
	delete(s.portals, name)
	return nil
}

func (s *fakeSession) Sync(context.Context) error { return nil }

func (s *fakeSession) Fail(err error) {
	s.failed = append(s.failed, err)
	if s.status == 'T' {
		s.status = 'E'
	}
}

func (s *fakeSession) Status() byte             { return s.status }
func (s *fakeSession) Context() *pgtype.Context { return s.context }
func (s *fakeSession) Close()                   { s.backend.sessions.Add(-1) }

func (s *fakeSession) IdleLimit() (time.Duration, error) {
	if s.backend.idle == 0 {
		return 0, nil
	}
	return s.backend.idle, fatal(pgerr.IdleSessionTimeout, "terminating connection due to idle-session timeout")
}

func (s *fakeSession) Attend(sink result.Sink) error { return nil }
