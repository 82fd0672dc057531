package exec

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/result"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
	"github.com/kalampg/kalampg/userdata"
	"github.com/kalampg/kalampg/wire"
)

// CheckReport is where Check tells what it finds, as it goes.
type CheckReport interface {
	// Table ends a table that was read: its visible rows, rows kept after their deletion, and entries of secondary indexes.
	Table(database, table string, rows, deleted, entries int64)
	// Fault is something wrong. where is "database.schema.table", with the index behind it where one is concerned, or "store".
	Fault(where, what string)
}

// Check reads everything in the engine's store: what the store keeps on disk agrees with its checksums, descriptors name things that exist, every row decodes and obeys
// its table's constraints, rows and index entries belong together, and no rows lie where no table owns them. Faults go to the report. An error means that the
// check could not be finished. No session may be open.
func (e *Engine) Check(ctx context.Context, report CheckReport) error {
	if v, ok := e.store.(kv.Verifier); ok {
		if err := v.Verify(ctx); errors.Is(err, kv.ErrCorrupt) {
			report.Fault("store", err.Error())
		} else if err != nil {
			return err
		}
	}
	c := &checker{e: e, report: report, owners: make(map[uint64]string)}
	for _, db := range e.databases() {
		if err := c.database(ctx, db); err != nil {
			return fmt.Errorf("database %s: %w", db.Name, err)
		}
	}
	return c.orphans(ctx)
}

func (e *Engine) databases() (out []*desc.Database) {
	first := e.catalog.Database("template1")
	if first == nil {
		first = e.catalog.Database("postgres")
	}
	if first == nil {
		return nil
	}
	for db := range e.catalog.Snapshot(first.OID).Databases() {
		out = append(out, db)
	}
	return out
}

// checker is a running Check.
type checker struct {
	e      *Engine
	report CheckReport
	owners map[uint64]string // of storage ids
}

// database checks the relations of one database, in one snapshot.
func (c *checker) database(ctx context.Context, db *desc.Database) error {
	role := c.e.catalog.Role("postgres")
	for r := range c.e.catalog.Snapshot(db.OID).Roles() {
		if role == nil || !role.Super || r.OID == desc.SuperuserOID {
			role = r
		}
	}
	sink := &countSink{}
	s := newSession(c.e, wire.SessionOptions{User: role.Name, Database: db.Name, Sink: sink}, role, db)
	if err := s.startSettings([][2]string{{"kalam.all_users", "on"}, {"search_path", ""}, {"statement_timeout", "0"}}); err != nil {
		return err
	}
	defer s.Close()
	if err := s.begin(ctx); err != nil {
		return err
	}
	s.rt.Ctx = ctx
	s.rt.Run++
	var tables []*desc.Relation
	for rel := range s.reader().Relations() {
		if rel.Class == desc.System {
			continue
		}
		c.descriptor(s, db, rel)
		if rel.Kind == desc.Table || rel.Kind == desc.MatView {
			tables = append(tables, rel)
		}
	}
	for _, rel := range tables {
		if err := c.table(ctx, s, db, rel); err != nil {
			return err
		}
	}
	s.rollback()
	for _, rel := range tables {
		if err := c.foreignKeys(ctx, s, db, rel, sink); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) name(s *Session, db *desc.Database, rel *desc.Relation) string {
	schema := fmt.Sprint(rel.Schema)
	if n := s.reader().Schema(rel.Schema); n != nil {
		schema = n.Name
	}
	return db.Name + "." + schema + "." + rel.Name
}

// descriptor checks what a relation's descriptor refers to, and claims its storage.
func (c *checker) descriptor(s *Session, db *desc.Database, rel *desc.Relation) {
	r, name := s.reader(), c.name(s, db, rel)
	fault := func(format string, args ...any) { c.report.Fault(name, fmt.Sprintf(format, args...)) }
	if r.Schema(rel.Schema) == nil {
		fault("schema %d does not exist", rel.Schema)
	}
	if r.Role(rel.Owner) == nil {
		fault("owner %d does not exist", rel.Owner)
	}
	for i := range rel.Columns {
		col := &rel.Columns[i]
		if col.Num != int16(i+1) {
			fault("column %q has number %d in place %d", col.Name, col.Num, i+1)
		}
		if !col.Dropped && r.Type(col.Type) == nil {
			fault("column %q has the unknown type %d", col.Name, col.Type)
		}
	}
	for i := range rel.Constraints {
		k := &rel.Constraints[i]
		if k.Type == 'p' || k.Type == 'u' || k.Type == 'x' {
			if _, x := r.Index(k.Index); x == nil {
				fault("the index of constraint %q does not exist", k.Name)
			}
		}
		if k.Type == 'f' && r.Relation(k.RefTable) == nil {
			fault("the table that constraint %q refers to does not exist", k.Name)
		}
	}
	claim := func(id uint64, of string) {
		if id == 0 {
			return
		}
		if other, taken := c.owners[id]; taken {
			fault("%s lies in the storage of %s", of, other)
		}
		c.owners[id] = name
	}
	if rel.Kind == desc.Table || rel.Kind == desc.MatView {
		claim(rel.StorageID, "the table")
	}
	for i := range rel.Indexes {
		claim(rel.Indexes[i].StorageID, "index "+rel.Indexes[i].Name)
	}
}

// table checks a table's rows, constraints but foreign keys, and index entries.
func (c *checker) table(ctx context.Context, s *Session, db *desc.Database, rel *desc.Relation) error {
	name := c.name(s, db, rel)
	t, err := s.openTable(rel)
	if err != nil {
		c.report.Fault(name, "the table cannot be opened: "+err.Error())
		return nil
	}
	obeys, err := s.constraintsOf(rel)
	if err != nil {
		c.report.Fault(name, "the table's constraints cannot be bound: "+err.Error())
		return nil
	}
	read, err := t.Check(ctx, &s.txn.access, obeys, func(f userdata.Fault) {
		where := name
		if f.Index != "" {
			where += " index " + f.Index
		}
		if f.Key != nil {
			f.What += fmt.Sprintf(" (key %x)", f.Key)
		}
		c.report.Fault(where, f.What)
	})
	if errors.Is(err, kv.ErrCorrupt) {
		c.report.Fault(name, "reading ended early: "+err.Error())
		return nil
	}
	if err != nil {
		return fmt.Errorf("table %s: %w", name, err)
	}
	c.report.Table(db.Name, strings.TrimPrefix(name, db.Name+"."), read.Rows, read.Deleted, read.Entries)
	return nil
}

// constraintsOf makes the function that tells which of a table's constraints a stored row does not obey: NOT NULL, CHECK and generated columns.
func (s *Session) constraintsOf(rel *desc.Relation) (func(values []pgtype.Datum) error, error) {
	const relNumber = 1
	rules, err := bind.TableRules(s.bindEnv(), rel, relNumber)
	if err != nil {
		return nil, err
	}
	columns := make([]expr.ColID, len(rel.Columns))
	for i := range columns {
		columns[i] = expr.ColID{Rel: relNumber, Num: int16(i + 1)}
	}
	compiler := &expr.Compiler{Scope: expr.NewScope(columns, nil)}
	type rule struct {
		name string
		num  int16 // of a generated column
		eval expr.Eval
	}
	var checks, generated []rule
	for _, k := range rules.Checks {
		if !validated(rel, k.Name) {
			continue
		}
		eval, err := compiler.Compile(k.Expr)
		if err != nil {
			return nil, err
		}
		checks = append(checks, rule{name: k.Name, eval: eval})
	}
	for _, g := range rules.Generated {
		eval, err := compiler.Compile(g.Expr)
		if err != nil {
			return nil, err
		}
		generated = append(generated, rule{name: rel.Columns[g.Num-1].Name, num: g.Num, eval: eval})
	}
	return func(values []pgtype.Datum) error {
		for i := range rel.Columns {
			if col := &rel.Columns[i]; col.NotNull && !col.Dropped && values[i].IsNull() {
				return fmt.Errorf("column %q is NULL and must not be", col.Name)
			}
		}
		frame := expr.Frame{Row: values, RT: &s.rt}
		for _, k := range checks {
			if v, err := k.eval(&frame); err != nil {
				return fmt.Errorf("check constraint %q fails: %w", k.name, err)
			} else if !v.IsNull() && !v.Bool() {
				return fmt.Errorf("check constraint %q is violated", k.name)
			}
		}
		for _, g := range generated {
			v, err := g.eval(&frame)
			if err != nil {
				return fmt.Errorf("generated column %q fails: %w", g.name, err)
			}
			stored, codec := values[g.num-1], s.reader().Type(rel.Columns[g.num-1].Type).Codec
			if v.IsNull() != stored.IsNull() || !v.IsNull() && string(codec.AppendStored(nil, v)) != string(codec.AppendStored(nil, stored)) {
				return fmt.Errorf("generated column %q holds another value than its expression gives", g.name)
			}
		}
		return nil
	}, nil
}

func validated(rel *desc.Relation, constraint string) bool {
	for i := range rel.Constraints {
		if k := &rel.Constraints[i]; k.Type == 'c' && k.Name == constraint {
			return k.Validated
		}
	}
	return true
}

// foreignKeys counts the rows of a table that refer to nothing, by SQL: another way than the one that keeps the constraint.
func (c *checker) foreignKeys(ctx context.Context, s *Session, db *desc.Database, rel *desc.Relation, sink *countSink) error {
	for i := range rel.Constraints {
		k := &rel.Constraints[i]
		parent := s.reader().Relation(k.RefTable)
		if k.Type != 'f' || !k.Validated || parent == nil {
			continue
		}
		sink.n = 0
		if err := s.Query(ctx, danglingQuery(s, rel, parent, k), sink); err != nil {
			c.report.Fault(c.name(s, db, rel), fmt.Sprintf("foreign key %q cannot be checked: %v", k.Name, err))
			continue
		}
		if sink.n > 0 {
			c.report.Fault(c.name(s, db, rel), fmt.Sprintf("foreign key %q: %d rows refer to rows that are not there", k.Name, sink.n))
		}
	}
	return nil
}

// danglingQuery counts the rows of child that violate a foreign key.
func danglingQuery(s *Session, child, parent *desc.Relation, k *desc.Constraint) string {
	quoted := func(rel *desc.Relation) string {
		return pgtype.QuoteIdentifier(s.reader().Schema(rel.Schema).Name) + "." + pgtype.QuoteIdentifier(rel.Name)
	}
	var present, absent, equal []string
	for i, n := range k.Columns {
		column := "c." + pgtype.QuoteIdentifier(child.Columns[n-1].Name)
		present, absent = append(present, column+" IS NOT NULL"), append(absent, column+" IS NULL")
		equal = append(equal, "p."+pgtype.QuoteIdentifier(parent.Columns[k.RefColumns[i]-1].Name)+" = "+column)
	}
	if scoped(child) && scoped(parent) {
		equal = append(equal, "p._user = c._user")
	}
	text := fmt.Sprintf("SELECT count(*) FROM %s c WHERE %s AND NOT EXISTS (SELECT FROM %s p WHERE %s)",
		quoted(child), strings.Join(present, " AND "), quoted(parent), strings.Join(equal, " AND "))
	if k.Match == 'f' {
		text += fmt.Sprintf(" OR (%s) AND NOT (%s)", strings.Join(absent, " OR "), strings.Join(absent, " AND "))
	}
	return text
}

func scoped(rel *desc.Relation) bool {
	return rel.Class == desc.User || rel.Class == desc.Stream && !rel.ScopeShared
}

// orphans reports storage that no relation owns and that is not on the list of what is to be swept.
func (c *checker) orphans(ctx context.Context) error {
	garbage, err := c.e.catalog.Garbage(ctx)
	if err != nil {
		return err
	}
	for _, id := range garbage {
		c.owners[id] = "dropped"
	}
	t, err := c.e.store.Begin(ctx, kv.TxnOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer t.Rollback()
	ids, err := userdata.Storages(ctx, t)
	if errors.Is(err, kv.ErrCorrupt) {
		c.report.Fault("store", err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	for _, id := range ids {
		if c.owners[id] == "" {
			c.report.Fault("store", fmt.Sprintf("storage %d holds rows or entries and belongs to no table", id))
		}
	}
	return nil
}

// countSink takes the one number that a query yields.
type countSink struct{ n int64 }

var _ result.Sink = (*countSink)(nil)

func (c *countSink) Header(*pgtype.Context, []result.Column, bool) error { return nil }
func (c *countSink) Row(values []pgtype.Datum) error                     { c.n = values[0].Int(); return nil }
func (c *countSink) Complete(string) error                               { return nil }
func (c *countSink) Suspended() error                                    { return nil }
func (c *countSink) Empty() error                                        { return nil }
func (c *countSink) ParameterStatus(string, string) error                { return nil }
func (c *countSink) Notification(int32, string, string) error            { return nil }
func (c *countSink) Notice(*pgerr.Error) error                           { return nil }
func (c *countSink) CopyIn(result.Format, int) (result.CopyReader, error) {
	return nil, errors.New("no COPY here")
}
func (c *countSink) CopyOut(result.Format, int) error { return nil }
func (c *countSink) CopyData([]byte) error            { return nil }
func (c *countSink) CopyDone() error                  { return nil }
func (c *countSink) Flush() error                     { return nil }
