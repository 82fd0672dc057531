package exec

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// Query runs a simple-protocol query string.
func (s *Session) Query(ctx context.Context, text string, sink result.Sink) error {
	s.sink = sink
	defer func() { s.sink = s.idle }()
	s.setActive(text)
	defer s.setIdle()
	ctx, stop := s.limited(ctx)
	defer stop()
	s.dropStatement("")
	text, err := s.conforming(text)
	if err == nil {
		err = s.query(ctx, text, sink)
	}
	if err != nil {
		err = clientError(ctx, err)
		s.fail()
		return err
	}
	if s.txn != nil && !s.txn.block {
		return s.commit(ctx)
	}
	return nil
}

// conforming gives a text as standard_conforming_strings has it read.
func (s *Session) conforming(text string) (string, error) {
	if strings.IndexByte(text, '\\') < 0 || s.settings.Get("standard_conforming_strings") != "off" {
		return text, nil
	}
	plain, warnings, err := parse.Unescape(text)
	if s.settings.Bool("escape_string_warning") {
		for _, w := range warnings {
			s.warn(w)
		}
	}
	return plain, err
}

// limited gives the statement its time limit.
func (s *Session) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	d := s.settings.Quick().StatementTimeout
	if d == 0 {
		return ctx, unlimited
	}
	return context.WithTimeoutCause(ctx, d, pgerr.New(pgerr.QueryCanceled, "canceling statement due to statement timeout"))
}

func unlimited() {}

func (s *Session) query(ctx context.Context, text string, sink result.Sink) error {
	s.last = true
	if p := s.plans.get(text); p != nil {
		return s.runSimple(ctx, p, nil, sink)
	}
	if done, err := s.queryShape(ctx, text, sink); done {
		return err
	}
	statements, err := s.engine.parsed.Parse(text)
	if err != nil {
		return err
	}
	if len(statements) == 0 {
		return sink.Empty()
	}
	s.several = len(statements) > 1
	defer func() { s.several = false }()
	for i, st := range statements {
		s.last = i == len(statements)-1
		p := &prepared{text: st.Text, stmt: st, simple: true}
		if err := s.runSimple(ctx, p, nil, sink); err != nil {
			return err
		}
		if len(statements) == 1 && p.plan != nil {
			s.plans.put(text, p)
		}
	}
	return nil
}

// runSimple runs one statement of a simple query.
func (s *Session) runSimple(ctx context.Context, p *prepared, params []pgtype.Datum, sink result.Sink) error {
	for _, n := range p.stmt.Truncated {
		s.warn(n)
	}
	if err := s.mayRun(p.stmt); err != nil {
		return err
	}
	restore, err := s.actAs(p.stmt)
	if err != nil {
		return err
	}
	defer restore()
	if err := s.prepareRun(ctx, p); err != nil {
		return err
	}
	q, err := s.newPortal("", p, params, nil)
	if err != nil {
		return err
	}
	defer s.recycle(q)
	return s.run(ctx, q, 0, sink, true)
}

// queryShape runs a statement by the plan of its shape: its literals are parameters, so that all statements that differ in them only are parsed and
// bound once. done is false when the text is to be run as it stands: it has nothing to lift, or its shape does not bind, in which case the text itself gives the
// error with the positions that the client knows.
func (s *Session) queryShape(ctx context.Context, text string, sink result.Sink) (done bool, err error) {
	if len(text) > cacheable || !s.lifter.Lift(text) {
		return false, nil
	}
	p, known := s.shapes.byText[string(s.lifter.Key())]
	if known && p == nil {
		return false, nil
	}
	if !known {
		statements, err := parse.Parse(s.lifter.Shape())
		if err == nil && len(statements) == 1 && planned(statements[0].Node) {
			p = &prepared{text: strings.Clone(text), stmt: statements[0], shape: true}
			for i := range s.lifter.Values {
				p.given = append(p.given, literalType(s.lifter.Values[i].Kind))
			}
		}
	}
	if p != nil {
		if err := s.mayRun(p.stmt); err != nil {
			return true, err
		}
		if s.prepareRun(ctx, p) != nil {
			p = nil
		}
	}
	if !known || p == nil {
		s.shapes.put(string(s.lifter.Key()), p)
	}
	if p == nil {
		return false, nil
	}
	params, ok := s.lifted(p)
	if !ok {
		return false, nil
	}
	return true, s.runSimple(ctx, p, params, sink)
}

// literalType is the type of a lifted literal; nil: what its place says.
func literalType(k parse.LiteralKind) *pgtype.Type {
	switch k {
	case parse.Int4:
		return pgtype.Int4Type
	case parse.Int8:
		return pgtype.Int8Type
	case parse.Numeric:
		return pgtype.ByOID(pgtype.OIDNumeric)
	}
	return nil
}

// lifted gives the lifted literals as parameters, good until the next statement; false when one is no value of its type.
func (s *Session) lifted(p *prepared) ([]pgtype.Datum, bool) {
	s.literals = s.literals[:0]
	for i := range s.lifter.Values {
		v := &s.lifter.Values[i]
		if v.Kind == parse.Int4 || v.Kind == parse.Int8 {
			s.literals = append(s.literals, pgtype.Int(v.Int))
			continue
		}
		d, err := p.params[i].Codec.ParseText(s.settings.Text(), v.Text, -1)
		if err != nil {
			return nil, false
		}
		s.literals = append(s.literals, d)
	}
	return s.literals, true
}

// prepareRun starts the implicit transaction and binds the statement. Statements that control transactions and settings need no binding.
func (s *Session) prepareRun(ctx context.Context, p *prepared) error {
	if p.stmt == nil || isControl(p.stmt.Node) {
		return nil
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	s.txn.catalog.Refresh()
	return s.rebind(ctx, p)
}

// isControl tells the statements that begin and end transactions.
func isControl(n *pg_query.Node) bool {
	_, ok := n.Node.(*pg_query.Node_TransactionStmt)
	return ok
}

// mayRun refuses everything but the end of the transaction, or of the part since a savepoint, in a failed one.
func (s *Session) mayRun(st *parse.Statement) error {
	if s.txn == nil || !s.txn.failed || st == nil {
		return nil
	}
	if t := st.Node.GetTransactionStmt(); t != nil {
		switch t.Kind {
		case pg_query.TransactionStmtKind_TRANS_STMT_COMMIT, pg_query.TransactionStmtKind_TRANS_STMT_ROLLBACK, pg_query.TransactionStmtKind_TRANS_STMT_ROLLBACK_TO,
			pg_query.TransactionStmtKind_TRANS_STMT_PREPARE:
			return nil
		}
	}
	return errAborted()
}

// Parse prepares a statement of the extended protocol.
func (s *Session) Parse(ctx context.Context, name, text string, types []pgtype.OID) (err error) {
	defer func() { err = s.done(ctx, err) }()
	s.setActive(text)
	if name == "" {
		s.dropStatement("")
	} else if s.prepared[name] != nil {
		return pgerr.Newf(pgerr.DuplicatePreparedStatement, "prepared statement %q already exists", name)
	}
	given, err := s.parameterTypes(types)
	if err != nil {
		return err
	}
	if text, err = s.conforming(text); err != nil {
		return err
	}
	statements, err := s.engine.parsed.Parse(text)
	if err != nil {
		return err
	}
	if len(statements) > 1 {
		return pgerr.New(pgerr.SyntaxError, "cannot insert multiple commands into a prepared statement")
	}
	p := &prepared{name: name, text: strings.Clone(text), given: given, began: time.Now().UnixMicro()}
	if len(statements) == 1 {
		p.stmt = statements[0]
		for _, n := range p.stmt.Truncated {
			s.warn(n)
		}
		if err := s.mayRun(p.stmt); err != nil {
			return err
		}
		restore, err := s.actAs(p.stmt)
		if err != nil {
			return err
		}
		defer restore()
		if err := s.prepareRun(ctx, p); err != nil {
			return err
		}
	}
	s.prepared[name] = p
	return nil
}

func (s *Session) parameterTypes(oids []pgtype.OID) ([]*pgtype.Type, error) {
	given := make([]*pgtype.Type, len(oids))
	for i, oid := range oids {
		if oid == 0 || oid == pgtype.OIDUnknown {
			continue
		}
		if given[i] = s.reader().Type(oid); given[i] == nil {
			return nil, pgerr.Newf(pgerr.UndefinedObject, "type with OID %d does not exist", oid)
		}
	}
	return given, nil
}

// done is the end of every method of the extended protocol: an error gets its SQLSTATE and fails the transaction.
func (s *Session) done(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	err = clientError(ctx, err)
	s.fail()
	return err
}

// statement finds a prepared statement.
func (s *Session) statement(name string) (*prepared, error) {
	if p := s.recent; p != nil && p.name == name {
		return p, nil
	}
	p := s.prepared[name]
	if p == nil {
		if name == "" {
			return nil, pgerr.New(pgerr.InvalidSQLStatementName, "unnamed prepared statement does not exist")
		}
		return nil, pgerr.Newf(pgerr.InvalidSQLStatementName, "prepared statement %q does not exist", name)
	}
	s.recent = p
	return p, nil
}

// Statement gives a prepared statement's parameter types and result columns.
func (s *Session) Statement(ctx context.Context, name string) (params []*pgtype.Type, columns []result.Column, err error) {
	p, err := s.statement(name)
	if err != nil {
		return nil, nil, s.done(ctx, err)
	}
	if s.txn != nil && s.txn.failed {
		if p.columns != nil {
			return nil, nil, s.done(ctx, errAborted())
		}
		return p.params, nil, nil
	}
	if p.stmt != nil && p.version != s.reader().Version() {
		if err := s.prepareRun(ctx, p); err != nil {
			return nil, nil, s.done(ctx, err)
		}
	}
	return p.params, p.columns, nil
}

// Bind makes a portal.
func (s *Session) Bind(ctx context.Context, name, statement string, values []pgtype.Datum, formats []result.Format) (err error) {
	defer func() { err = s.done(ctx, err) }()
	p, err := s.statement(statement)
	if err != nil {
		return err
	}
	if err := s.mayRun(p.stmt); err != nil {
		return err
	}
	if name == "" {
		s.dropPortal("")
	} else if s.portalOf(name) != nil {
		return pgerr.Newf(pgerr.DuplicateCursor, "cursor %q already exists", name)
	}
	if p.stmt != nil && !isControl(p.stmt.Node) {
		if err := s.begin(ctx); err != nil {
			return err
		}
	}
	if p.doomed != nil {
		return p.doomed
	}
	if p.plan != nil && p.plan.Tag == "SELECT" { // its execution is started here, as far as a client can tell
		if err := s.mayWrite(p.plan); err != nil {
			return err
		}
	}
	if p.plan != nil && p.stmt.AsUser == "" && (!p.allowed || p.user != s.user) {
		if err := s.checkPrivileges(p.plan); err != nil { // asked again when it runs; a client is not told the columns of what it may not see
			return err
		}
	}
	if err := s.mayRead(p); err != nil {
		return err
	}
	q, err := s.newPortal(name, p, values, formats)
	if err != nil {
		return err
	}
	s.keepPortal(q)
	return nil
}

func (s *Session) portal(name string) (*portal, error) {
	q := s.portalOf(name)
	if q == nil {
		return nil, pgerr.Newf(pgerr.InvalidCursorName, "portal %q does not exist", name)
	}
	return q, nil
}

// Portal gives a portal's columns.
func (s *Session) Portal(ctx context.Context, name string) ([]result.Column, error) {
	q, err := s.portal(name)
	if err != nil {
		return nil, s.done(ctx, err)
	}
	if s.txn != nil && s.txn.failed && q.columns != nil {
		return nil, s.done(ctx, errAborted())
	}
	return q.columns, nil
}

// Execute runs a portal.
func (s *Session) Execute(ctx context.Context, name string, limit int, sink result.Sink) (err error) {
	s.sink = sink
	defer func() { s.sink = s.idle }()
	ctx, stop := s.limited(ctx)
	defer stop()
	defer func() { err = s.done(ctx, err) }()
	q, err := s.portal(name)
	if err != nil {
		return err
	}
	if q.p.stmt == nil {
		return sink.Empty()
	}
	s.setActive(q.p.text)
	if err := s.mayRun(q.p.stmt); err != nil {
		return err
	}
	restore, err := s.actAs(q.p.stmt)
	if err != nil {
		return err
	}
	defer restore()
	return s.run(ctx, q, limit, sink, false)
}

// CloseStatement and ClosePortal forget by name; unknown names are no errors.
func (s *Session) CloseStatement(_ context.Context, name string) error {
	s.dropStatement(name)
	return nil
}

// ClosePortal closes a portal.
func (s *Session) ClosePortal(_ context.Context, name string) error {
	s.dropPortal(name)
	return nil
}

func (s *Session) dropStatement(name string) {
	s.recent = nil
	delete(s.prepared, name)
}

// dropStatements forgets all of them.
func (s *Session) dropStatements() {
	s.recent = nil
	clear(s.prepared)
}

// isEOF tells the end of a COPY stream.
func isEOF(err error) bool { return errors.Is(err, io.EOF) }

// cut splits "name=value".
func cut(pair string) (name, value string, ok bool) { return strings.Cut(pair, "=") }
