package exec

import (
	"context"
	"strconv"
	"time"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/exec/run"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
)

// portal is a statement with its parameters, running or about to: of a Bind, of a simple query, or a cursor of DECLARE.
//
// Rows come from the program as they are asked for. A portal whose snapshot is about to move (another statement starts while it is half read), and a cursor that is
// scrolled or held, reads its rows into buffer; positions count from the first row of the result, at 1.
type portal struct {
	name    string
	p       *prepared
	program *run.Program
	own     bool // program is p's own
	params  []pgtype.Datum
	columns []result.Column
	rt      expr.Runtime

	started bool // bound, locked, with its snapshot
	opened  bool // the program runs
	exec    run.Exec
	queue   run.Queue
	access  userdata.Access
	drained bool // the program has ended
	pulled  int  // calls of pull
	utility bool // its statement is run as a whole, not pulled
	ran     bool // a statement without rows has run, which it does once
	tag     string

	buffer  [][]pgtype.Datum
	peeked  []pgtype.Datum // the first row of a change, pulled before the client heard of it
	arena   pgtype.Arena
	pos     int // the cursor's row, 0 before the first
	level   int // of savepoints when it was made
	cursor  bool
	hold    bool
	noback  bool // NO SCROLL
	scroll  bool
	binary  bool
	created time.Time
}

// scrollLimit is how many rows a cursor that was not declared SCROLL keeps for moving backwards.
const scrollLimit = 100_000

// newPortal makes a portal for a prepared statement.
func (s *Session) newPortal(name string, p *prepared, params []pgtype.Datum, formats []result.Format) (*portal, error) {
	columns, err := withFormats(p.columns, formats)
	if err != nil {
		return nil, err
	}
	q := s.spare
	if q == nil {
		q = new(portal)
	}
	s.spare = nil
	*q = portal{name: name, p: p, params: params, columns: columns, utility: p.plan == nil}
	if name != "" {
		q.created = time.Now()
	}
	if s.txn != nil {
		q.level = len(s.txn.savepoints)
	}
	return q, nil
}

// recycle releases a portal that nobody refers to any more.
func (s *Session) recycle(q *portal) {
	q.release()
	s.spare = q
}

// portalOf finds a portal by name; nil when there is none.
func (s *Session) portalOf(name string) *portal {
	if name == "" {
		return s.unnamed
	}
	return s.portals[name]
}

// keepPortal enters a portal under its name.
func (s *Session) keepPortal(q *portal) {
	if q.name == "" {
		s.unnamed = q
		return
	}
	if s.portals == nil {
		s.portals = make(map[string]*portal)
	}
	s.portals[q.name] = q
}

// withFormats gives the columns with their result formats: none is all text, one is for all.
func withFormats(columns []result.Column, formats []result.Format) ([]result.Column, error) {
	if len(formats) == 0 || len(columns) == 0 {
		return columns, nil
	}
	if len(formats) != 1 && len(formats) != len(columns) {
		return nil, pgerr.Newf(pgerr.ProtocolViolation, "bind message has %d result formats but query has %d columns", len(formats), len(columns))
	}
	text := true
	for _, f := range formats {
		text = text && f == result.TextFormat
	}
	if text {
		return columns, nil
	}
	out := append([]result.Column(nil), columns...)
	for i := range out {
		out[i].Format = formats[0]
		if len(formats) > 1 {
			out[i].Format = formats[i]
		}
	}
	return out, nil
}

// start prepares the run of a planned portal: catalog and snapshot of now, locks, privileges. The program itself begins with the first row that is asked for, after
// the client has been told the columns.
func (s *Session) start(ctx context.Context, q *portal) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	s.txn.catalog.Refresh()
	for { // a relation may change while its lock is waited for
		if err := s.prepareLocked(ctx, q.p); err != nil {
			return err
		}
		if q.p.version == s.txn.catalog.Version() {
			break
		}
	}
	if q.p.simple || q.p.shape {
		q.columns = q.p.columns // nobody was told them yet
	}
	if err := s.newSnapshot(ctx, q); err != nil {
		return err
	}
	program, own, err := s.programOf(q.p)
	if err != nil {
		return err
	}
	q.program, q.own, q.started = program, own, true
	if err := program.Readable(s.txn.catalog); err != nil {
		return err
	}
	s.newRun(ctx, q.params)
	q.rt = s.rt
	q.exec = s.exec()
	q.exec.RT = &q.rt
	if !s.settings.Quick().Replica {
		q.exec.Queue = &q.queue
	}
	q.access.Like(&s.txn.access) // the scope that it begins with
	q.exec.Access = &q.access
	return nil
}

// prepareLocked binds a statement for the catalog of now, and checks and locks what it uses.
func (s *Session) prepareLocked(ctx context.Context, p *prepared) error {
	if err := s.rebind(ctx, p); err != nil {
		return err
	}
	if p.doomed != nil {
		return p.doomed
	}
	if err := s.mayWrite(p.plan); err != nil {
		return err
	}
	if !p.allowed {
		if err := s.checkPrivileges(p.plan); err != nil {
			return err
		}
		p.allowed = true
	}
	return s.lockRelations(ctx, p)
}

// newSnapshot takes the statement's snapshot of rows at READ COMMITTED. Portals that are half read keep theirs by reading on to their end first.
func (s *Session) newSnapshot(ctx context.Context, q *portal) error {
	if s.txn.used && s.txn.modes.repeatable() {
		return nil
	}
	if err := s.keepRest(s.unnamed, q); err != nil {
		return err
	}
	if len(s.portals) > 0 {
		for _, other := range s.portals {
			if err := s.keepRest(other, q); err != nil {
				return err
			}
		}
	}
	return s.takeSnapshot(ctx)
}

// keepRest drains a portal that is half read, unless it is the one that starts.
func (s *Session) keepRest(other, q *portal) error {
	if other == nil || other == q || !other.started || other.drained || len(other.p.plan.Relations) == 0 {
		return nil
	}
	return s.drain(other)
}

// pull gives the next row of a started portal's program, nil at the end.
func (q *portal) pull() ([]pgtype.Datum, error) {
	if q.drained || q.program == nil {
		return nil, nil
	}
	if !q.opened {
		q.opened = true
		if err := q.program.Start(q.exec); err != nil {
			return nil, err
		}
	}
	// Operators that yield rows do not look whether the statement has been cancelled: here, where all rows pass, it is looked for all of them.
	if q.pulled++; q.pulled&127 == 0 && q.rt.Ctx.Err() != nil {
		return nil, context.Cause(q.rt.Ctx)
	}
	row, err := q.program.Root.Next()
	if row == nil {
		q.drained = true
		q.program.Root.Close()
		if err == nil {
			err = q.program.Finish()
		}
		if q.own {
			q.p.inUse = false
			q.own = false
		}
	}
	return row, err
}

// drain reads the rest of a portal's rows into its buffer.
func (s *Session) drain(q *portal) error {
	for {
		row, err := q.pull()
		if err != nil || row == nil {
			return err
		}
		q.keep(row)
	}
}

func (q *portal) keep(row []pgtype.Datum) {
	out := make([]pgtype.Datum, len(row))
	for i, d := range row {
		out[i] = q.arena.Own(d)
	}
	q.buffer = append(q.buffer, out)
}

// release gives back what a portal holds.
func (q *portal) release() {
	if q.program != nil && !q.drained {
		if q.opened {
			q.program.Root.Close()
		}
		q.drained = true
	}
	if q.own {
		q.p.inUse, q.own = false, false
	}
	q.program, q.buffer = nil, nil
}

func (s *Session) dropPortal(name string) {
	q := s.portalOf(name)
	if q == nil {
		return
	}
	if name == "" {
		s.unnamed = nil
	} else {
		delete(s.portals, name)
	}
	s.recycle(q)
}

// dropPortals drops all of them.
func (s *Session) dropPortals() {
	s.dropPortal("")
	for name := range s.portals {
		s.dropPortal(name)
	}
}

// closePortals drops the portals at the end of a transaction, all but held cursors.
func (s *Session) closePortals() {
	if q := s.unnamed; q != nil && !q.held() {
		s.dropPortal("")
	}
	if len(s.portals) == 0 {
		return
	}
	for name, q := range s.portals {
		if !q.held() {
			s.dropPortal(name)
		}
	}
}

// held tells a cursor that outlives its transaction.
func (q *portal) held() bool { return q.hold && q.drained && q.level < 0 }

// closePortalsSince drops those made after a savepoint.
func (s *Session) closePortalsSince(level int) {
	if q := s.unnamed; q != nil && q.level >= level {
		s.dropPortal("")
	}
	for name, q := range s.portals {
		if q.level >= level {
			s.dropPortal(name)
		}
	}
}

// holdCursors reads the cursors WITH HOLD to their ends before the transaction commits; from then on they live in the session (level -1).
func (s *Session) holdCursors(ctx context.Context) error {
	if err := s.holdCursor(ctx, s.unnamed); err != nil || len(s.portals) == 0 {
		return err
	}
	for _, q := range s.portals {
		if err := s.holdCursor(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) holdCursor(ctx context.Context, q *portal) error {
	if q == nil || !q.hold || q.level < 0 {
		return nil
	}
	q.rt.Ctx = ctx
	if err := s.drain(q); err != nil {
		return clientError(ctx, err)
	}
	q.program, q.level = nil, -1
	return nil
}

// run executes a portal for at most limit rows (0: all) and reports to sink. describe asks for a RowDescription.
func (s *Session) run(ctx context.Context, q *portal, limit int, sink result.Sink, describe bool) error {
	if q.columns == nil {
		if q.ran {
			return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "portal %q cannot be run", q.name)
		}
		q.ran = true
	}
	if q.utility {
		return s.runUtility(ctx, q, limit, sink, describe)
	}
	if !q.started {
		if err := s.start(ctx, q); err != nil {
			return err
		}
	} else {
		q.rt.Ctx = ctx
	}
	returns := q.columns != nil
	if returns && !q.drained && q.program != nil && q.program.Writes() {
		if err := s.change(q, limit); err != nil {
			return err
		}
	}
	if returns {
		if err := sink.Header(s.settings.Text(), q.columns, describe); err != nil {
			return err
		}
	}
	sent := 0
	for ; ; sent++ {
		if limit > 0 && sent == limit {
			return sink.Suspended()
		}
		row, err := q.following()
		if err != nil {
			return err
		}
		if row == nil {
			break
		}
		if returns {
			if err := sink.Row(row[:len(q.columns)]); err != nil {
				return err
			}
		}
	}
	if describe {
		if err := s.checkAtEnd(ctx); err != nil {
			return err
		}
	}
	return sink.Complete(q.commandTag(int64(sent)))
}

// change makes changes that return rows before the client hears of the rows, so that one that fails gives the error alone. With a row limit they are made whole, else only to the first row: what
// comes after it is not worth keeping in memory.
func (s *Session) change(q *portal, limit int) (err error) {
	if limit > 0 || q.program.Watched() {
		return s.drain(q)
	}
	if len(q.buffer) == 0 && q.peeked == nil {
		q.peeked, err = q.pull()
	}
	return err
}

// frequentTag gives the tags of most statements ready made, "" for others.
func frequentTag(tag string, count int64) string {
	if count != 1 {
		return ""
	}
	switch tag {
	case "SELECT":
		return "SELECT 1"
	case "INSERT":
		return "INSERT 0 1"
	case "UPDATE":
		return "UPDATE 1"
	case "DELETE":
		return "DELETE 1"
	}
	return ""
}

// following gives the next row in the forward direction, from the buffer or the program.
func (q *portal) following() ([]pgtype.Datum, error) {
	if q.pos < len(q.buffer) {
		q.pos++
		return q.buffer[q.pos-1], nil
	}
	if row := q.peeked; row != nil {
		q.peeked = nil
		return row, nil
	}
	row, err := q.pull()
	if row != nil && len(q.buffer) > 0 {
		q.keep(row)
		q.pos++
	}
	return row, err
}

// commandTag is the tag of a run that sent so many rows. Where rows are returned it counts those of this run, as a portal may be run in parts.
func (q *portal) commandTag(sent int64) string {
	if q.columns == nil && q.program != nil {
		sent = q.program.Affected()
	}
	tag := q.p.plan.Tag
	if ready := frequentTag(tag, sent); ready != "" {
		return ready
	}
	if tag == "INSERT" {
		tag = "INSERT 0"
	}
	return tag + " " + strconv.FormatInt(sent, 10)
}
