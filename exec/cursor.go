package exec

import (
	"context"
	"math"
	"strconv"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// Bits of DeclareCursorStmt.options, PostgreSQL's (nodes/parsenodes.h).
const (
	cursorBinary      = 0x0001
	cursorScroll      = 0x0002
	cursorNoScroll    = 0x0004
	cursorInsensitive = 0x0008
	cursorHold        = 0x0020
)

// declare runs DECLARE … CURSOR FOR query.
func (s *Session) declare(ctx context.Context, outer *portal, st *parse.Statement, n *pg_query.DeclareCursorStmt) (string, error) {
	hold := n.Options&cursorHold != 0
	if !hold {
		if s.txn == nil || !s.txn.block {
			return "", pgerr.New(pgerr.NoActiveSQLTransaction, "DECLARE CURSOR can only be used in transaction blocks")
		}
	}
	if q := s.portalOf(n.Portalname); q != nil {
		if n.Portalname != "" {
			return "", pgerr.Newf(pgerr.DuplicateCursor, "cursor %q already exists", n.Portalname)
		}
	}
	if n.Query.GetSelectStmt() == nil {
		return "", pgerr.New(pgerr.InvalidCursorDefinition, "DECLARE CURSOR must specify a query")
	}
	if err := mayDeclare(n); err != nil {
		return "", err
	}
	inner := *st
	inner.Node = n.Query
	p := &prepared{text: st.Text, stmt: &inner, given: outer.p.params, cursor: true}
	if err := s.rebind(ctx, p); err != nil {
		return "", err
	}
	params := make([]pgtype.Datum, len(outer.params))
	for i, v := range outer.params {
		params[i] = v.Clone(p.params[i])
	}
	q, err := s.newPortal(n.Portalname, p, params, nil)
	if err != nil {
		return "", err
	}
	q.cursor, q.hold = true, hold
	q.noback, q.scroll = n.Options&cursorNoScroll != 0, n.Options&cursorScroll != 0
	if rows := p.plan.Cursor; rows != nil && rows.Locked {
		q.noback = true // a row that is locked may be another one by now
	}
	if q.binary = n.Options&cursorBinary != 0; q.binary {
		q.columns, _ = withFormats(q.columns, []result.Format{result.BinaryFormat})
	}
	if err := s.start(ctx, q); err != nil {
		q.release()
		return "", err
	}
	s.keepPortal(q)
	return "DECLARE CURSOR", nil
}

// mayDeclare refuses row locks in cursors that are not read in one pass.
func mayDeclare(n *pg_query.DeclareCursorStmt) error {
	locks := n.Query.GetSelectStmt().LockingClause
	if len(locks) == 0 {
		return nil
	}
	strength := bind.LockName(locks[0].GetLockingClause().Strength)
	switch {
	case n.Options&cursorHold != 0:
		return pgerr.Newf(pgerr.FeatureNotSupported, "DECLARE CURSOR WITH HOLD ... %s is not supported", strength).WithDetail("Holdable cursors must be READ ONLY.")
	case n.Options&cursorScroll != 0:
		return pgerr.Newf(pgerr.FeatureNotSupported, "DECLARE SCROLL CURSOR ... %s is not supported", strength).WithDetail("Scrollable cursors must be READ ONLY.")
	case n.Options&cursorInsensitive != 0:
		return pgerr.Newf(pgerr.InvalidCursorDefinition, "DECLARE INSENSITIVE CURSOR ... %s is not valid", strength).WithDetail("Insensitive cursors must be READ ONLY.")
	}
	return nil
}

// cursor finds the cursor that FETCH, MOVE or CLOSE names.
func (s *Session) cursor(name string) (*portal, error) {
	q := s.portalOf(name)
	if q == nil || !q.started && q.utility {
		return nil, pgerr.Newf(pgerr.InvalidCursorName, "cursor %q does not exist", name)
	}
	return q, nil
}

// at gives row i of a cursor (from 1), reading as far as needed; nil beyond the end.
func (q *portal) at(i int) ([]pgtype.Datum, error) {
	for i > len(q.buffer) {
		row, err := q.pull()
		if err != nil || row == nil {
			return nil, err
		}
		q.keep(row)
		if q.noback || !q.scroll && len(q.buffer) > scrollLimit {
			if len(q.buffer) > 1 { // rows behind the cursor are not needed again
				q.buffer[len(q.buffer)-2] = nil
			}
		}
	}
	return q.buffer[i-1], nil
}

// fetch runs FETCH and MOVE: it sends the rows that the cursor passes or lands on.
func (s *Session) fetch(ctx context.Context, outer *portal, n *pg_query.FetchStmt, sink result.Sink, describe bool) error {
	q, err := s.cursor(n.Portalname)
	if err != nil {
		return err
	}
	if !q.started {
		if err := s.start(ctx, q); err != nil {
			return err
		}
	}
	q.rt.Ctx = ctx
	if n.Direction == pg_query.FetchDirection_FETCH_BACKWARD && n.HowMany > 0 {
		if err := q.backward(); err != nil {
			return err
		}
	}
	if !n.Ismove {
		columns := q.columns
		if !q.binary && len(outer.columns) == len(columns) {
			columns = outer.columns // with the formats that the client wants of FETCH
		}
		if err := sink.Header(s.settings.Text(), columns, describe); err != nil {
			return err
		}
	}
	count := 0
	emit := func(row []pgtype.Datum) error {
		count++
		if n.Ismove {
			return nil
		}
		return sink.Row(row[:len(q.columns)])
	}
	if err := q.move(n.Direction, n.HowMany, emit); err != nil {
		return err
	}
	tag := "FETCH "
	if n.Ismove {
		tag = "MOVE "
	}
	return sink.Complete(tag + strconv.Itoa(count))
}

// all is the count that the grammar gives for ALL.
const all = math.MaxInt64

func (q *portal) backward() error {
	if q.noback || !q.scroll && len(q.buffer) > scrollLimit {
		return pgerr.New(pgerr.ObjectNotInPrerequisiteState, "cursor can only scan forward").WithHint("Declare it with SCROLL option to enable backward scan.")
	}
	return nil
}

// move moves the cursor and emits rows, by PostgreSQL's rules (FETCH's reference page).
func (q *portal) move(d pg_query.FetchDirection, n int64, emit func([]pgtype.Datum) error) error {
	switch d {
	case pg_query.FetchDirection_FETCH_BACKWARD:
		if n < 0 {
			return q.step(-n, emit)
		}
		if n == 0 {
			return q.here(emit)
		}
		return q.stepBack(n, emit)
	case pg_query.FetchDirection_FETCH_ABSOLUTE:
		return q.absolute(n, emit)
	case pg_query.FetchDirection_FETCH_RELATIVE:
		if n < 0 {
			return q.absoluteFrom(int64(q.pos)+n, emit)
		}
		if n == 0 {
			return q.here(emit)
		}
		return q.absoluteFrom(int64(q.pos)+n, emit)
	}
	switch {
	case n < 0:
		return q.stepBack(-n, emit)
	case n == 0:
		return q.here(emit)
	}
	return q.step(n, emit)
}

// here emits the row that the cursor is on, if it is on one.
func (q *portal) here(emit func([]pgtype.Datum) error) error {
	if q.pos < 1 {
		return nil
	}
	row, err := q.at(q.pos)
	if err != nil || row == nil {
		return err
	}
	return emit(row)
}

func (q *portal) step(n int64, emit func([]pgtype.Datum) error) error {
	for ; n > 0; n-- {
		row, err := q.at(q.pos + 1)
		if err != nil {
			return err
		}
		if row == nil {
			q.pos = len(q.buffer) + 1
			return nil
		}
		q.pos++
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

func (q *portal) stepBack(n int64, emit func([]pgtype.Datum) error) error {
	if err := q.backward(); err != nil {
		return err
	}
	for ; n > 0; n-- {
		if q.pos <= 1 {
			q.pos = 0
			return nil
		}
		q.pos--
		row, err := q.at(q.pos)
		if err != nil {
			return err
		}
		if err := emit(row); err != nil {
			return err
		}
	}
	return nil
}

// absolute moves to row n, counted from the end when negative.
func (q *portal) absolute(n int64, emit func([]pgtype.Datum) error) error {
	if n < 0 {
		for {
			row, err := q.at(len(q.buffer) + 1)
			if err != nil {
				return err
			}
			if row == nil {
				break
			}
		}
		n = int64(len(q.buffer)) + 1 + n
	}
	return q.absoluteFrom(n, emit)
}

func (q *portal) absoluteFrom(n int64, emit func([]pgtype.Datum) error) error {
	if n < int64(q.pos) {
		if err := q.backward(); err != nil {
			return err
		}
	}
	if n <= 0 {
		q.pos = 0
		return nil
	}
	if n > math.MaxInt32 {
		n = math.MaxInt32
	}
	row, err := q.at(int(n))
	if err != nil {
		return err
	}
	if row == nil {
		q.pos = len(q.buffer) + 1
		return nil
	}
	q.pos = int(n)
	return emit(row)
}

// currentRow gives the locator of a table's row that a cursor is on, for WHERE CURRENT OF; NULL when the cursor's row has none of that table.
func (s *Session) currentRow(name string, table *desc.Relation) (pgtype.Datum, error) {
	q := s.portals[name]
	state := func(format string, args ...any) (pgtype.Datum, error) {
		return pgtype.Null, pgerr.Newf(pgerr.InvalidCursorState, "cursor \"%s\" "+format, append([]any{name}, args...)...)
	}
	switch {
	case q == nil:
		return pgtype.Null, pgerr.Newf(pgerr.InvalidCursorName, "cursor \"%s\" does not exist", name)
	case q.p.plan == nil || q.p.plan.Tag != "SELECT":
		return state("is not a SELECT query")
	case q.level < 0:
		return state("is held from a previous transaction")
	}
	rows := q.p.plan.Cursor
	if rows == nil {
		return state("is not a simply updatable scan of table \"%s\"", table.Name)
	}
	at := -1
	for _, t := range rows.Tables {
		if t.Table != table.OID {
			continue
		}
		if at >= 0 {
			return state("has multiple FOR UPDATE/SHARE references to table \"%s\"", table.Name)
		}
		at = t.At
	}
	switch {
	case at < 0 && rows.Locked:
		return state("does not have a FOR UPDATE/SHARE reference to table \"%s\"", table.Name)
	case at < 0:
		return state("is not a simply updatable scan of table \"%s\"", table.Name)
	case q.pos < 1 || q.pos > len(q.buffer):
		return state("is not positioned on a row")
	}
	return q.buffer[q.pos-1][at], nil
}
