package ddl

import (
	"cmp"
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// alteration is one ALTER TABLE. Its subcommands change the descriptor one after the other, in PostgreSQL's order of passes; what they ask of the rows (new
// values, new keys, checks) is collected and done at the end, in one pass over them.
type alteration struct {
	w      *work
	before *desc.Relation // as the rows lie
	oid    desc.OID

	values     map[int16]rowValue // columns that get new values, computed from the old row
	generated  map[int16]rowValue // new generated columns, computed from the new row
	notNull    []int16
	checks     []desc.OID // constraints that existing rows must meet
	indexes    []desc.OID // indexes to be built
	references []desc.OID // foreign keys that existing rows must meet
	rewrite    bool
}

type rowValue func(row []pgtype.Datum) (pgtype.Datum, error)

type alterType = pg_query.AlterTableType

// alterTable runs ALTER TABLE and the statements that share its node.
func (w *work) alterTable(n *pg_query.AlterTableStmt) error {
	o, err := w.find(n.Relation)
	if err != nil {
		return err
	}
	if !o.found() {
		if n.MissingOk {
			w.noticef(pgerr.SuccessfulCompletion, "relation \"%s\" does not exist, skipping", n.Relation.Relname)
			return nil
		}
		return pgerr.Newf(pgerr.UndefinedTable, "relation \"%s\" does not exist", rangeText(n.Relation))
	}
	if err := w.checkAlterable(o, n.Objtype); err != nil {
		return err
	}
	if o, err = w.lockOwned(o, kv.AccessExclusive); err != nil {
		return err
	}
	if err := w.notPending(o, "ALTER TABLE"); err != nil {
		return err
	}
	if o.index != nil {
		return w.alterIndex(o, n.Cmds)
	}
	a := &alteration{w: w, before: o.rel, oid: o.rel.OID, values: map[int16]rowValue{}, generated: map[int16]rowValue{}}
	cmds := make([]*pg_query.AlterTableCmd, len(n.Cmds))
	for i, c := range n.Cmds {
		cmds[i] = c.GetAlterTableCmd()
		if err := checkAction(o, cmds[i]); err != nil {
			return err
		}
	}
	slices.SortStableFunc(cmds, func(x, y *pg_query.AlterTableCmd) int { return cmp.Compare(passOf(x), passOf(y)) })
	for _, c := range cmds {
		if err := a.command(c); err != nil {
			return err
		}
	}
	if err := a.finish(); err != nil {
		return err
	}
	for _, oid := range a.references {
		if err := w.checkReferences(oid); err != nil {
			return err
		}
	}
	return nil
}

// checkAlterable checks that the relation is of the kind that the statement names.
func (w *work) checkAlterable(o object, t pg_query.ObjectType) error {
	want, word := desc.RelKind(0), ""
	switch t {
	case pg_query.ObjectType_OBJECT_VIEW:
		want, word = desc.View, "a view"
	case pg_query.ObjectType_OBJECT_SEQUENCE:
		want, word = desc.Sequence, "a sequence"
	case pg_query.ObjectType_OBJECT_INDEX:
		want, word = desc.IndexKind, "an index"
	case pg_query.ObjectType_OBJECT_TYPE:
		want, word = desc.Composite, "a composite type"
	case pg_query.ObjectType_OBJECT_MATVIEW:
		want, word = desc.MatView, "a materialized view"
	case pg_query.ObjectType_OBJECT_FOREIGN_TABLE:
		want, word = 'f', "a foreign table"
	case pg_query.ObjectType_OBJECT_TABLE:
		if o.kind() == desc.Composite {
			return pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is a composite type", o.name()).WithHint("Use ALTER TYPE instead.")
		}
		return nil
	}
	if want != 0 && o.kind() != want {
		return pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not %s", o.name(), word)
	}
	return nil
}

// passOf is the pass of PostgreSQL's ALTER TABLE that a subcommand belongs to.
func passOf(c *pg_query.AlterTableCmd) int {
	switch c.Subtype {
	case pg_query.AlterTableType_AT_DropColumn, pg_query.AlterTableType_AT_DropConstraint, pg_query.AlterTableType_AT_DropNotNull, pg_query.AlterTableType_AT_DropIdentity,
		pg_query.AlterTableType_AT_DropExpression:
		return 0
	case pg_query.AlterTableType_AT_ColumnDefault:
		if c.Def == nil {
			return 0
		}
		return 9
	case pg_query.AlterTableType_AT_AlterColumnType:
		return 1
	case pg_query.AlterTableType_AT_AddColumn:
		return 4
	case pg_query.AlterTableType_AT_AddConstraint:
		switch c.Def.GetConstraint().GetContype() {
		case pg_query.ConstrType_CONSTR_PRIMARY, pg_query.ConstrType_CONSTR_UNIQUE:
			return 8
		}
		return 9
	case pg_query.AlterTableType_AT_SetNotNull, pg_query.AlterTableType_AT_SetIdentity:
		return 6
	case pg_query.AlterTableType_AT_AddIdentity:
		return 9
	}
	return 10
}

// actionNames are the subcommands that not every kind of relation has, as PostgreSQL's error names them, with the kinds beside tables that have them.
var actionNames = map[alterType]struct{ name, also string }{
	pg_query.AlterTableType_AT_AddColumn:          {"ADD COLUMN", "c"},
	pg_query.AlterTableType_AT_DropColumn:         {"DROP COLUMN", "c"},
	pg_query.AlterTableType_AT_AlterColumnType:    {"ALTER COLUMN ... SET DATA TYPE", "c"},
	pg_query.AlterTableType_AT_ColumnDefault:      {"ALTER COLUMN ... SET DEFAULT", "v"},
	pg_query.AlterTableType_AT_DropNotNull:        {"ALTER COLUMN ... DROP NOT NULL", ""},
	pg_query.AlterTableType_AT_SetNotNull:         {"ALTER COLUMN ... SET NOT NULL", ""},
	pg_query.AlterTableType_AT_DropExpression:     {"ALTER COLUMN ... DROP EXPRESSION", ""},
	pg_query.AlterTableType_AT_SetStatistics:      {"ALTER COLUMN ... SET STATISTICS", ""},
	pg_query.AlterTableType_AT_SetStorage:         {"ALTER COLUMN ... SET STORAGE", ""},
	pg_query.AlterTableType_AT_AddConstraint:      {"ADD CONSTRAINT", ""},
	pg_query.AlterTableType_AT_DropConstraint:     {"DROP CONSTRAINT", ""},
	pg_query.AlterTableType_AT_ValidateConstraint: {"VALIDATE CONSTRAINT", ""},
	pg_query.AlterTableType_AT_AddIdentity:        {"ALTER COLUMN ... ADD IDENTITY", "v"},
	pg_query.AlterTableType_AT_SetIdentity:        {"ALTER COLUMN ... SET", "v"},
	pg_query.AlterTableType_AT_DropIdentity:       {"ALTER COLUMN ... DROP IDENTITY", "v"},
	pg_query.AlterTableType_AT_SetRelOptions:      {"SET", "v"},
	pg_query.AlterTableType_AT_ResetRelOptions:    {"RESET", "v"},
	pg_query.AlterTableType_AT_EnableTrigAll:      {"ENABLE TRIGGER ALL", ""},
	pg_query.AlterTableType_AT_DisableTrigAll:     {"DISABLE TRIGGER ALL", ""},
	pg_query.AlterTableType_AT_EnableTrigUser:     {"ENABLE TRIGGER USER", ""},
	pg_query.AlterTableType_AT_DisableTrigUser:    {"DISABLE TRIGGER USER", ""},
	pg_query.AlterTableType_AT_EnableRowSecurity:  {"ENABLE ROW SECURITY", ""},
	pg_query.AlterTableType_AT_SetLogged:          {"SET LOGGED", "S"},
	pg_query.AlterTableType_AT_SetUnLogged:        {"SET UNLOGGED", "S"},
}

func checkAction(o object, c *pg_query.AlterTableCmd) error {
	x, ok := actionNames[c.Subtype]
	if !ok || o.kind() == desc.Table || x.also == string(rune(o.kind())) {
		return nil
	}
	name := x.name
	if c.Subtype == pg_query.AlterTableType_AT_ColumnDefault && c.Def == nil {
		name = "ALTER COLUMN ... DROP DEFAULT"
	}
	return pgerr.Newf(pgerr.WrongObjectType, "ALTER action %s cannot be performed on relation \"%s\"", name, o.name()).
		WithDetail("This operation is not supported for %s.", kindPlural(o.kind()))
}

// rel is the descriptor as the subcommands so far have made it.
func (a *alteration) rel() *desc.Relation { return a.w.Catalog.Relation(a.oid) }

func (a *alteration) edit(f func(*desc.Relation) error) error {
	_, err := a.w.Catalog.AlterRelation(a.w.Ctx, a.oid, f)
	return err
}

// column finds a column for a subcommand.
func (a *alteration) column(name string) (*desc.Column, error) {
	if c := a.rel().Column(name); c != nil {
		return c, nil
	}
	return nil, noColumn(a.rel(), name)
}

func (a *alteration) command(c *pg_query.AlterTableCmd) error {
	switch c.Subtype {
	case pg_query.AlterTableType_AT_AddColumn:
		return a.addColumn(c)
	case pg_query.AlterTableType_AT_DropColumn:
		return a.dropColumn(c)
	case pg_query.AlterTableType_AT_AlterColumnType:
		return a.columnType(c)
	case pg_query.AlterTableType_AT_ColumnDefault:
		return a.columnDefault(c)
	case pg_query.AlterTableType_AT_SetNotNull:
		return a.setNotNull(c)
	case pg_query.AlterTableType_AT_DropNotNull:
		return a.dropNotNull(c)
	case pg_query.AlterTableType_AT_AddIdentity:
		return a.addIdentity(c)
	case pg_query.AlterTableType_AT_SetIdentity:
		return a.setIdentity(c)
	case pg_query.AlterTableType_AT_DropIdentity:
		return a.dropIdentity(c)
	case pg_query.AlterTableType_AT_DropExpression:
		return a.dropExpression(c)
	case pg_query.AlterTableType_AT_AddConstraint:
		return a.addConstraint(c.Def.GetConstraint())
	case pg_query.AlterTableType_AT_DropConstraint:
		return a.dropConstraint(c)
	case pg_query.AlterTableType_AT_ValidateConstraint:
		return a.validateConstraint(c)
	case pg_query.AlterTableType_AT_AlterConstraint:
		return a.alterConstraint(c.Def.GetConstraint())
	}
	return a.property(c)
}

// finish does what the subcommands ask of the rows.
func (a *alteration) finish() error {
	w, rel := a.w, a.rel()
	if rel.Kind != desc.Table {
		return nil
	}
	if a.rekeyed(rel) {
		a.rewrite = true
	}
	if !a.rewrite && len(a.notNull)+len(a.checks)+len(a.indexes)+len(a.references) == 0 {
		return nil
	}
	if err := w.freshRows(); err != nil {
		return err
	}
	if a.rewrite {
		return a.rewriteRows()
	}
	if len(a.notNull)+len(a.checks) > 0 {
		if err := a.scanRows(rel); err != nil {
			return err
		}
	}
	t, err := w.Table(rel)
	if err != nil {
		return err
	}
	for _, oid := range a.indexes {
		if err := t.BuildIndex(w.Ctx, w.Access, rel.Index(oid)); err != nil {
			return w.notBuilt(rel, err)
		}
	}
	return nil
}

// rekeyed tells whether the rows have to be stored under other keys than before: the primary key is the order of the rows themselves.
func (a *alteration) rekeyed(rel *desc.Relation) bool {
	was, is := a.before.Clustered(), rel.Clustered()
	if was == nil || is == nil {
		return was != is
	}
	return was.OID != is.OID
}

// scanRows checks the rows where they lie.
func (a *alteration) scanRows(rel *desc.Relation) error {
	t, err := a.w.Table(rel)
	if err != nil {
		return err
	}
	check, err := a.rowCheck(rel)
	if err != nil {
		return err
	}
	return t.Each(a.w.Ctx, a.w.Access, func(_ pgtype.Datum, row []pgtype.Datum) error { return check(row) })
}

// rewriteRows copies all rows to a new place with their new values and keys.
func (a *alteration) rewriteRows() error {
	w := a.w
	from, err := w.Table(a.before)
	if err != nil {
		return err
	}
	err = a.edit(func(r *desc.Relation) error {
		r.StorageID = 0
		for i := range r.Indexes {
			r.Indexes[i].StorageID = 0
		}
		for i := range r.Columns {
			if c := &r.Columns[i]; c.Dropped || a.values[c.Num] != nil || a.generated[c.Num] != nil {
				c.Missing = nil
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	rel := a.rel()
	to, err := w.Table(rel)
	if err != nil {
		return err
	}
	check, err := a.rowCheck(rel)
	if err != nil {
		return err
	}
	missing, err := a.missing(rel)
	if err != nil {
		return err
	}
	out := make([]pgtype.Datum, len(rel.Columns))
	access := *w.Access
	access.NoFeed = true
	err = from.Rewrite(w.Ctx, &access, to, a.pure(rel), func(row []pgtype.Datum) ([]pgtype.Datum, error) {
		copy(out, row)
		copy(out[len(row):], missing[len(row):])
		if err := a.convert(rel, row, out); err != nil {
			return nil, err
		}
		return out, check(out)
	})
	return w.notBuilt(rel, newIndexError(err))
}

// pure tells whether no expression is evaluated for the rows: one may call a function that writes.
func (a *alteration) pure(rel *desc.Relation) bool {
	for i := range rel.Indexes {
		if len(rel.Indexes[i].ExprColumns) > 0 || rel.Indexes[i].Predicate != "" {
			return false
		}
		for _, k := range rel.Indexes[i].Keys {
			if k.Num == 0 {
				return false
			}
		}
	}
	return len(a.values) == 0 && len(a.generated) == 0 && len(a.checks) == 0
}

// missing are the values that columns which the old rows have not begin with.
func (a *alteration) missing(rel *desc.Relation) ([]pgtype.Datum, error) {
	out := make([]pgtype.Datum, len(rel.Columns))
	for i := range rel.Columns {
		out[i] = pgtype.Null
		if c := &rel.Columns[i]; c.Missing != nil && !c.Dropped {
			v, err := a.w.Catalog.Type(c.Type).Codec.DecodeStored(c.Missing)
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
	}
	return out, nil
}

// convert puts a row's new values in place; old has the columns from before.
func (a *alteration) convert(rel *desc.Relation, old, out []pgtype.Datum) error {
	for i := range rel.Columns {
		c := &rel.Columns[i]
		if c.Dropped {
			out[i] = pgtype.Null
			continue
		}
		if f := a.values[c.Num]; f != nil {
			v, err := f(old)
			if err != nil {
				return err
			}
			out[i] = v
		}
	}
	for i := range rel.Columns {
		if f := a.generated[int16(i+1)]; f != nil {
			v, err := f(out)
			if err != nil {
				return err
			}
			out[i] = v
		}
	}
	return nil
}

// newIndexError makes of a key that comes twice while rows are copied the error of an index that cannot be made.
func newIndexError(err error) error {
	e, ok := pgerr.As(err)
	if !ok || e.Code != pgerr.UniqueViolation {
		return err
	}
	e.Message = "could not create unique index \"" + e.Constraint + "\""
	const was = " already exists."
	if n := len(e.Detail) - len(was); n > 0 && e.Detail[n:] == was {
		e.Detail = e.Detail[:n] + " is duplicated."
	}
	return err
}

// rowCheck makes the check that every row must pass: columns that are NOT NULL now, and new constraints.
func (a *alteration) rowCheck(rel *desc.Relation) (func(row []pgtype.Datum) error, error) {
	type check struct {
		name string
		f    rowValue
	}
	var checks []check
	for _, oid := range a.checks {
		c := rel.Constraint(oid)
		if c == nil {
			continue
		}
		f, err := a.w.checkFunction(rel, c)
		if err != nil {
			return nil, err
		}
		checks = append(checks, check{c.Name, f})
	}
	return func(row []pgtype.Datum) error {
		for _, n := range a.notNull {
			if row[n-1].IsNull() {
				e := pgerr.Newf(pgerr.NotNullViolation, "column \"%s\" of relation \"%s\" contains null values", rel.Columns[n-1].Name, rel.Name)
				return e.WithTable(a.w.schemaName(rel.Schema), rel.Name).WithColumn(rel.Columns[n-1].Name)
			}
		}
		for _, c := range checks {
			v, err := c.f(row)
			if err != nil {
				return err
			}
			if !v.IsNull() && !v.Bool() {
				e := pgerr.Newf(pgerr.CheckViolation, "check constraint \"%s\" of relation \"%s\" is violated by some row", c.name, rel.Name)
				return e.WithTable(a.w.schemaName(rel.Schema), rel.Name).WithConstraint(c.name)
			}
		}
		return nil
	}, nil
}
