package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/copyio"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"

	pg_query "github.com/pganalyze/pg_query_go/v5"
)

// copy runs COPY.
func (s *Session) copy(ctx context.Context, st *parse.Statement, n *pg_query.CopyStmt, sink result.Sink) error {
	o, err := copyio.ParseOptions(n.Options, n.IsFrom, st.Position)
	if err != nil {
		return err
	}
	if n.IsProgram {
		return pgerr.Unsupported("COPY with PROGRAM")
	}
	if n.Filename != "" && !s.superuser() {
		return pgerr.New(pgerr.InsufficientPrivilege, "permission denied to COPY to or from a file").
			WithHint("Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.")
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	s.txn.catalog.Refresh()
	if n.IsFrom {
		return s.copyFrom(ctx, st, n, o, sink)
	}
	return s.copyTo(ctx, st, n, o, sink)
}

// copyColumns finds the columns that COPY names, or all of the table's that are not generated.
func copyColumns(rel *desc.Relation, names []*pg_query.Node) ([]desc.Column, error) {
	var out []desc.Column
	if len(names) == 0 {
		for _, c := range rel.Columns {
			if !c.Dropped && c.Generated == 0 {
				out = append(out, c)
			}
		}
		return out, nil
	}
	seen := make(map[string]bool)
	for _, x := range names {
		name := x.GetString_().GetSval()
		if seen[name] {
			return nil, pgerr.Newf(pgerr.DuplicateColumn, "column %q specified more than once", name)
		}
		seen[name] = true
		found := false
		for _, c := range rel.Columns {
			if c.Name == name && !c.Dropped {
				if c.Generated != 0 {
					return nil, pgerr.Newf(pgerr.InvalidColumnReference, "column %q is a generated column", name).WithDetail("Generated columns cannot be used in COPY.")
				}
				out = append(out, c)
				found = true
			}
		}
		if !found {
			return nil, pgerr.Newf(pgerr.UndefinedColumn, "column %q of relation %q does not exist", name, rel.Name)
		}
	}
	return out, nil
}

// relationSQL names a relation, and columns, in SQL text.
func (s *Session) relationSQL(rel *desc.Relation) string {
	name := pgtype.QuoteIdentifier(rel.Name)
	if schema := s.reader().Schema(rel.Schema); schema != nil {
		name = pgtype.QuoteIdentifier(schema.Name) + "." + name
	}
	return name
}

func columnList(columns []desc.Column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = pgtype.QuoteIdentifier(c.Name)
	}
	return strings.Join(names, ", ")
}

// inner prepares a statement that COPY is made of.
func (s *Session) inner(ctx context.Context, text string, given []*pgtype.Type) (*prepared, error) {
	statements, err := parse.Parse(text)
	if err != nil {
		return nil, err
	}
	p := &prepared{text: text, stmt: statements[0], given: given}
	return p, s.rebind(ctx, p)
}

// copyTo runs COPY … TO: a query whose rows go into a stream.
func (s *Session) copyTo(ctx context.Context, st *parse.Statement, n *pg_query.CopyStmt, o *copyio.Options, sink result.Sink) error {
	var p *prepared
	if n.Query.GetMergeStmt() != nil {
		return pgerr.New(pgerr.FeatureNotSupported, "MERGE not supported in COPY")
	}
	if n.Query != nil {
		inner := *st
		inner.Node = n.Query
		p = &prepared{text: st.Text, stmt: &inner}
		if err := s.rebind(ctx, p); err != nil {
			return err
		}
		if p.columns == nil {
			return pgerr.New(pgerr.FeatureNotSupported, "COPY query must have a RETURNING clause")
		}
	} else {
		rel, err := bind.RangeVar(s.bindEnv(), n.Relation)
		if err != nil {
			return err
		}
		if rel.Kind != desc.Table {
			return notCopyable("from", rel)
		}
		columns, err := copyColumns(rel, n.Attlist)
		if err != nil {
			return err
		}
		if p, err = s.inner(ctx, "SELECT "+columnList(columns)+" FROM "+s.relationSQL(rel), nil); err != nil {
			return err
		}
	}
	q, err := s.newPortal("", p, nil, nil)
	if err != nil {
		return err
	}
	defer q.release()
	if err := s.start(ctx, q); err != nil {
		return err
	}
	out, err := s.copyTarget(n, o, len(q.columns), sink)
	if err != nil {
		return err
	}
	defer out.close()
	count, err := s.writeRows(q, o, out)
	if err != nil {
		return err
	}
	if err := out.done(); err != nil {
		return err
	}
	return sink.Complete("COPY " + strconv.Itoa(count))
}

func notCopyable(direction string, rel *desc.Relation) error {
	kind := map[desc.RelKind]string{desc.View: "view", desc.Sequence: "sequence", desc.Composite: "composite type", desc.MatView: "materialized view"}[rel.Kind]
	if direction == "from" && (rel.Kind == desc.View || rel.Kind == desc.MatView) {
		return pgerr.Newf(pgerr.WrongObjectType, "cannot copy from %s %q", kind, rel.Name).WithHint("Try the COPY (SELECT ...) TO variant.")
	}
	e := pgerr.Newf(pgerr.WrongObjectType, "cannot copy %s %s %q", direction, kind, rel.Name)
	if rel.Kind == desc.View {
		e.WithHint("To enable copying to a view, provide an INSTEAD OF INSERT trigger.")
	}
	return e
}

// copyChunk is how many bytes go into one CopyData message.
const copyChunk = 64 << 10

func (s *Session) writeRows(q *portal, o *copyio.Options, out *copyOutput) (int, error) {
	w := copyio.NewWriter(o, s.settings.Text(), q.columns)
	w.Start()
	if err := out.header(w, o); err != nil {
		return 0, err
	}
	count := 0
	for {
		row, err := q.pull()
		if err != nil {
			return 0, err
		}
		if row == nil {
			break
		}
		w.Row(row)
		count++
		if len(w.Bytes()) >= copyChunk || out.rowwise {
			if err := out.write(w.Bytes()); err != nil {
				return 0, err
			}
			w.Reset()
		}
	}
	w.End()
	return count, out.write(w.Bytes())
}

// header sends a line of column names on its own; the header of a binary stream comes with the first row.
func (out *copyOutput) header(w *copyio.Writer, o *copyio.Options) error {
	if !out.rowwise || o.Format == copyio.Binary || len(w.Bytes()) == 0 {
		return nil
	}
	err := out.write(w.Bytes())
	w.Reset()
	return err
}

// copyOutput is where a COPY TO goes.
type copyOutput struct {
	write   func([]byte) error
	done    func() error
	close   func()
	rowwise bool // one message per row, as clients of the protocol expect
}

func (s *Session) copyTarget(n *pg_query.CopyStmt, o *copyio.Options, columns int, sink result.Sink) (*copyOutput, error) {
	if n.Filename == "" {
		format := result.TextFormat
		if o.Format == copyio.Binary {
			format = result.BinaryFormat
		}
		if err := sink.CopyOut(format, columns); err != nil {
			return nil, err
		}
		return &copyOutput{write: func(b []byte) error {
			if len(b) == 0 {
				return nil
			}
			return sink.CopyData(b)
		}, done: sink.CopyDone, close: func() {}, rowwise: true}, nil
	}
	f, err := os.Create(n.Filename)
	if err != nil {
		return nil, fileError("writing", n.Filename, err)
	}
	write := func(b []byte) error {
		_, err := f.Write(b)
		return err
	}
	return &copyOutput{write: write, done: f.Sync, close: func() { f.Close() }}, nil
}

func fileError(what, name string, err error) error {
	code := pgerr.IOError
	if errors.Is(err, os.ErrNotExist) {
		code = pgerr.UndefinedFile
	} else if errors.Is(err, os.ErrPermission) {
		code = pgerr.InsufficientPrivilege
	}
	cause := err
	var path *os.PathError
	if errors.As(err, &path) {
		cause = path.Err
	}
	text := cause.Error()
	if text != "" {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	return pgerr.Newf(code, "could not open file %q for %s: %s", name, what, text)
}

// copyFrom runs COPY … FROM: an INSERT of one row of parameters, run for every row of the stream.
func (s *Session) copyFrom(ctx context.Context, st *parse.Statement, n *pg_query.CopyStmt, o *copyio.Options, sink result.Sink) error {
	rel, err := bind.RangeVar(s.bindEnv(), n.Relation)
	if err != nil {
		return err
	}
	if rel.Kind != desc.Table {
		return notCopyable("to", rel)
	}
	if s.txn.modes.readOnly && rel.Persistence != 't' {
		return refusedReadOnly("COPY FROM")
	}
	where, err := s.copyCondition(st, rel, n.WhereClause)
	if err != nil {
		return err
	}
	columns, err := copyColumns(rel, n.Attlist)
	if err != nil {
		return err
	}
	q, err := s.copyInsert(ctx, rel, columns, where)
	if err != nil {
		return err
	}
	defer q.release()
	if err := s.start(ctx, q); err != nil {
		return err
	}
	q.opened = true // it is started anew for every row
	in, closeInput, err := s.copySource(n, o, len(columns), sink)
	if err != nil {
		return err
	}
	defer closeInput()
	heeding := func() ([]byte, error) {
		piece, err := in()
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return piece, err
	}
	l := &loader{s: s, rel: rel, columns: columns, q: q, o: o, reader: copyio.NewReader(o, heeding)}
	if err := l.prepare(); err != nil {
		return err
	}
	if err := l.reader.Start(); err != nil {
		return err
	}
	l.load = s.newLoad(rel)
	if l.load != nil {
		q.exec.Access.Load = l.load
		defer func() {
			q.exec.Access.Load = nil
			l.load.Cancel()
		}()
	}
	count, err := l.run(ctx)
	if err == nil && l.load != nil {
		err = l.load.Finish(ctx, q.exec.Access)
	}
	if err != nil {
		return l.located(err)
	}
	if err := q.program.Finish(); err != nil {
		return err
	}
	if err := s.checkAtEnd(ctx); err != nil {
		return err
	}
	return sink.Complete("COPY " + strconv.Itoa(count))
}

// copyInsert prepares INSERT INTO rel (columns) VALUES ($1, …).
func (s *Session) copyInsert(ctx context.Context, rel *desc.Relation, columns []desc.Column, where string) (*portal, error) {
	values := make([]string, len(columns))
	given := make([]*pgtype.Type, len(columns))
	overriding := ""
	for i, c := range columns {
		values[i] = "$" + strconv.Itoa(i+1)
		given[i] = s.reader().Type(c.Type)
		if c.Identity != 0 {
			overriding = " OVERRIDING SYSTEM VALUE"
		}
	}
	text := "INSERT INTO " + s.relationSQL(rel) + " DEFAULT VALUES"
	if len(columns) > 0 {
		text = fmt.Sprintf("INSERT INTO %s (%s)%s VALUES (%s)", s.relationSQL(rel), columnList(columns), overriding, strings.Join(values, ", "))
	}
	if where != "" {
		text = s.filteredInsert(rel, columns, where)
	}
	p, err := s.inner(ctx, text, given)
	if err != nil {
		return nil, err
	}
	return s.newPortal("", p, make([]pgtype.Datum, len(columns)), nil)
}

// copySource opens what a COPY FROM reads.
func (s *Session) copySource(n *pg_query.CopyStmt, o *copyio.Options, columns int, sink result.Sink) (next func() ([]byte, error), done func(), err error) {
	if n.Filename == "" {
		format := result.TextFormat
		if o.Format == copyio.Binary {
			format = result.BinaryFormat
		}
		r, err := sink.CopyIn(format, columns)
		if err != nil {
			return nil, nil, err
		}
		return r.Next, func() {}, nil
	}
	f, err := os.Open(n.Filename)
	if err != nil {
		return nil, nil, fileError("reading", n.Filename, err)
	}
	buf := make([]byte, copyChunk)
	return func() ([]byte, error) {
		k, err := f.Read(buf)
		if k > 0 {
			return buf[:k], nil
		}
		if err == nil {
			err = io.ErrNoProgress
		}
		return nil, err
	}, func() { f.Close() }, nil
}

// loader runs the rows of a COPY FROM into its INSERT.
type loader struct {
	s       *Session
	rel     *desc.Relation
	columns []desc.Column
	types   []*pgtype.Type
	q       *portal
	o       *copyio.Options
	reader  *copyio.Reader
	load    *userdata.Load // nil: rows are inserted one by one
	line    []byte         // the fields' bytes, one behind the other
	column  string         // being parsed, for errors
	value   string
	shown   bool // value is to be shown
}

func (l *loader) prepare() error {
	for _, c := range l.columns {
		l.types = append(l.types, l.s.reader().Type(c.Type))
	}
	mark := func(names []string) ([]bool, error) {
		if names == nil {
			return nil, nil
		}
		out := make([]bool, len(l.columns))
		for _, n := range names {
			found := false
			for i, c := range l.columns {
				if c.Name == n || n == "*" {
					out[i], found = true, true
				}
			}
			if !found {
				return nil, pgerr.Newf(pgerr.InvalidColumnReference, "FORCE_NULL or FORCE_NOT_NULL column %q not referenced by COPY", n)
			}
		}
		return out, nil
	}
	var err error
	if l.reader.NotNull, err = mark(l.o.ForceNotNull); err != nil {
		return err
	}
	l.reader.NullQuoted, err = mark(l.o.ForceNull)
	return err
}

func (l *loader) run(ctx context.Context) (int, error) {
	if l.o.Header && l.o.Format != copyio.Binary {
		if err := l.header(); err != nil {
			return 0, err
		}
	}
	count := 0
	for i := 0; ; i++ {
		l.column, l.shown = "", false
		fields, err := l.reader.Row()
		if err != nil || fields == nil {
			return count, err
		}
		if i&255 == 0 && ctx.Err() != nil {
			return count, context.Cause(ctx)
		}
		if err := l.parse(fields); err != nil {
			return count, err
		}
		if l.load != nil {
			l.load.Row = int64(l.reader.Line)
		}
		if i == 0 {
			err = l.q.program.Start(l.q.exec)
		} else {
			err = l.q.program.Again()
		}
		if err != nil {
			return count, err
		}
		if _, err := l.q.program.Root.Next(); err != nil {
			return count, err
		}
		count += int(l.q.program.Affected()) // none for a row that WHERE does not let through
	}
}

func (l *loader) header() error {
	names, err := l.reader.Header()
	if err != nil || !l.o.Match || names == nil {
		return err
	}
	if len(names) != len(l.columns) {
		return pgerr.Newf(pgerr.BadCopyFileFormat, "wrong number of fields in header line: got %d, expected %d", len(names), len(l.columns))
	}
	for i, n := range names {
		if n != l.columns[i].Name {
			return pgerr.Newf(pgerr.BadCopyFileFormat, "column name mismatch in header line field %d: got %q, expected %q", i+1, n, l.columns[i].Name)
		}
	}
	return nil
}

// parse turns a row's fields into the INSERT's parameters.
func (l *loader) parse(fields []copyio.Field) error {
	if l.o.Format == copyio.Binary && len(fields) != len(l.columns) {
		return pgerr.Newf(pgerr.BadCopyFileFormat, "row field count is %d, expected %d", len(fields), len(l.columns))
	}
	if len(fields) > len(l.columns) {
		if !(len(l.columns) == 0 && len(fields) == 1 && len(fields[0].Bytes) == 0) {
			return pgerr.New(pgerr.BadCopyFileFormat, "extra data after last expected column")
		}
		return nil
	}
	if len(fields) < len(l.columns) {
		return pgerr.Newf(pgerr.BadCopyFileFormat, "missing data for column %q", l.columns[len(fields)].Name)
	}
	text := l.s.settings.Text()
	l.line = l.line[:0]
	for _, f := range fields {
		l.line = append(l.line, f.Bytes...)
	}
	all := string(l.line) // values may keep parts of it: one allocation a row
	for i, f := range fields {
		if f.Null {
			l.q.params[i] = pgtype.Null
			continue
		}
		if f.Default {
			return pgerr.Unsupported("COPY FROM with DEFAULT")
		}
		l.column = l.columns[i].Name
		var err error
		if l.o.Format == copyio.Binary {
			l.q.params[i], err = l.types[i].Codec.ParseBinary(text, f.Bytes, l.columns[i].Typmod)
		} else {
			l.value, l.shown = all[:len(f.Bytes)], true
			all = all[len(f.Bytes):]
			l.q.params[i], err = l.types[i].Codec.ParseText(text, l.value, l.columns[i].Typmod)
		}
		if err != nil {
			return err
		}
	}
	l.column, l.shown = "", false
	return nil
}

// located adds where in the stream an error arose.
func (l *loader) located(err error) error {
	e, ok := pgerr.As(err)
	if !ok || e.Where != "" {
		return err
	}
	if l.load != nil && e.Code == pgerr.UniqueViolation { // of a row that was read before
		if schema := l.s.reader().Schema(l.rel.Schema); schema != nil && e.Schema == "" {
			e.Schema = schema.Name
		}
		e.Where = "COPY " + l.rel.Name
		if l.load.Row > 0 {
			e.Where += ", line " + strconv.FormatInt(l.load.Row, 10)
		}
		return err
	}
	e.Where = fmt.Sprintf("COPY %s, line %d", l.rel.Name, l.reader.Line)
	if l.column != "" {
		e.Where += ", column " + l.column
		if l.shown {
			e.Where += `: "` + shortened(l.value) + `"`
		}
	} else if line, ok := l.reader.Record(); ok && e.Code != pgerr.UniqueViolation {
		// PostgreSQL fills indexes for many rows at once and has no line in hand when a key is found to be there already.
		e.Where += `: "` + shortened(line) + `"`
	}
	return err
}
