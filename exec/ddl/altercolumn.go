package ddl

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// addColumn runs ADD COLUMN. Existing rows get a default that is the same for all of them without being touched.
func (a *alteration) addColumn(cmd *pg_query.AlterTableCmd) error {
	w, d := a.w, cmd.Def.GetColumnDef()
	if a.rel().Column(d.Colname) != nil {
		if cmd.MissingOk {
			w.noticef(pgerr.DuplicateColumn, "column \"%s\" of relation \"%s\" already exists, skipping", d.Colname, a.rel().Name)
			return nil
		}
		return pgerr.Newf(pgerr.DuplicateColumn, "column \"%s\" of relation \"%s\" already exists", d.Colname, a.rel().Name)
	}
	if bind.IsSystemColumn(d.Colname) {
		return pgerr.Newf(pgerr.DuplicateColumn, "column name \"%s\" conflicts with a system column name", d.Colname)
	}
	b := &tableBuild{w: w, rel: a.rel().Clone(), altering: true}
	c, err := b.column(d)
	if err != nil {
		return err
	}
	if live(b.rel) > maxColumns {
		return pgerr.Newf(pgerr.TooManyColumns, "tables can have at most %d columns", maxColumns)
	}
	for _, step := range []func() error{b.sequences, b.finishColumns, func() error { return b.chooseKeys(0) }} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := a.firstValue(b, c); err != nil {
		return err
	}
	if err := a.edit(func(r *desc.Relation) error {
		r.Columns = append(r.Columns, b.rel.Columns[c.num-1])
		return nil
	}); err != nil {
		return err
	}
	if col := a.rel().ColumnByNum(c.num); col.NotNull {
		a.notNull = append(a.notNull, c.num)
	}
	return a.addBuilt(b)
}

func live(r *desc.Relation) int {
	n := 0
	for i := range r.Columns {
		if !r.Columns[i].Dropped {
			n++
		}
	}
	return n
}

// firstValue finds what existing rows have in a new column: a constant that the descriptor keeps, or a value of its own for every row.
func (a *alteration) firstValue(b *tableBuild, c *columnBuild) error {
	w, col := a.w, &b.rel.Columns[c.num-1]
	t := w.Catalog.Type(col.Type)
	switch {
	case a.before.Kind != desc.Table:
		return nil
	case c.sequence != nil:
		a.rewrite = true
		seq := c.sequence.rel
		a.values[c.num] = func([]pgtype.Datum) (pgtype.Datum, error) {
			n, err := w.Server.Sequences().NextVal(w.Ctx, w.Catalog.Database().OID, seq)
			return pgtype.Int(n), err
		}
		return nil
	case col.Generated != 0:
		f, err := w.compile(b.rel, c.bound)
		a.rewrite, a.generated[c.num] = true, f
		return err
	}
	e, volatile := c.bound, c.volatile == 'v'
	if e == nil || isNull(e) {
		if t.Kind != pgtype.KindDomain {
			return nil
		}
		x, err := w.domainStart(t, col)
		if err != nil || x == nil {
			return err
		}
		e, volatile = x.Expr, x.Volatile == 'v'
	}
	f, err := w.compile(b.rel, e)
	if err != nil {
		return err
	}
	if volatile {
		a.rewrite, a.values[c.num] = true, f
		return nil
	}
	v, err := f(nil)
	if err != nil || v.IsNull() {
		return err
	}
	col.Missing = t.Codec.AppendStored([]byte{}, v)
	return nil
}

// domainStart binds what a new column of a domain begins with: the domain's default or NULL, checked by its constraints.
func (w *work) domainStart(t *pgtype.Type, col *desc.Column) (*bind.BoundExpr, error) {
	text := "NULL"
	for d := t; d != nil && d.Kind == pgtype.KindDomain; d = d.Base {
		if u := w.Catalog.UserType(d.OID); u != nil && u.Default != "" {
			text = u.Default
			break
		}
	}
	return w.bindText(text, bind.Stored{Kind: bind.ColumnDefault, Type: t, Typmod: col.Typmod, Column: col.Name})
}

func (a *alteration) dropColumn(cmd *pg_query.AlterTableCmd) error {
	rel := a.rel()
	c := rel.Column(cmd.Name)
	if c == nil {
		if bind.IsSystemColumn(cmd.Name) {
			return pgerr.Newf(pgerr.FeatureNotSupported, "cannot drop system column \"%s\"", cmd.Name)
		}
		if cmd.MissingOk {
			a.w.noticef(pgerr.SuccessfulCompletion, "column \"%s\" of relation \"%s\" does not exist, skipping", cmd.Name, rel.Name)
			return nil
		}
		return noColumn(rel, cmd.Name)
	}
	_, notices, err := a.w.Catalog.DropColumn(a.w.Ctx, a.oid, c.Num, cmd.Behavior == pg_query.DropBehavior_DROP_CASCADE)
	a.w.noticeAll(notices)
	return err
}

func (a *alteration) columnDefault(cmd *pg_query.AlterTableCmd) error {
	w := a.w
	c, err := a.column(cmd.Name)
	if err != nil {
		return err
	}
	rel := a.rel()
	if c.Identity != 0 {
		e := pgerr.Newf(pgerr.SyntaxError, "column \"%s\" of relation \"%s\" is an identity column", c.Name, rel.Name)
		if cmd.Def == nil {
			e.WithHint("Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead.")
		}
		return e
	}
	if c.Generated != 0 {
		e := pgerr.Newf(pgerr.SyntaxError, "column \"%s\" of relation \"%s\" is a generated column", c.Name, rel.Name)
		if cmd.Def == nil {
			e.WithHint("Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead.")
		}
		return e
	}
	text, r := "", []desc.ColumnRef(nil)
	if cmd.Def != nil {
		x, err := w.bindUnplaced(cmd.Def, bind.Stored{Kind: bind.ColumnDefault, Type: w.Catalog.Type(c.Type), Typmod: c.Typmod, Column: c.Name})
		if err != nil {
			return noPosition(err)
		}
		if !isNull(x.Expr) {
			text, r = x.text, refs(x.BoundExpr, false)
		}
	}
	num := c.Num
	return a.edit(func(rel *desc.Relation) error {
		c := rel.ColumnByNum(num)
		c.Default, c.DefaultRefs, c.DefaultOID = text, r, 0
		return nil
	})
}

// noPosition takes the position out of an error where PostgreSQL does not give any.
func noPosition(err error) error {
	if e, ok := pgerr.As(err); ok {
		e.Position = 0
	}
	return err
}

func (a *alteration) setNotNull(cmd *pg_query.AlterTableCmd) error {
	c, err := a.column(cmd.Name)
	if err != nil || c.NotNull {
		return err
	}
	num := c.Num
	a.notNull = append(a.notNull, num)
	return a.edit(func(r *desc.Relation) error { r.ColumnByNum(num).NotNull = true; return nil })
}

func (a *alteration) dropNotNull(cmd *pg_query.AlterTableCmd) error {
	c, err := a.column(cmd.Name)
	if err != nil || !c.NotNull {
		return err
	}
	rel := a.rel()
	if c.Identity != 0 {
		return pgerr.Newf(pgerr.SyntaxError, "column \"%s\" of relation \"%s\" is an identity column", c.Name, rel.Name)
	}
	if k := rel.PrimaryKey(); k != nil && slices.ContainsFunc(k.Keys, func(k desc.IndexKey) bool { return k.Num == c.Num }) {
		return pgerr.Newf(pgerr.InvalidTableDefinition, "column \"%s\" is in a primary key", c.Name)
	}
	num := c.Num
	return a.edit(func(r *desc.Relation) error { r.ColumnByNum(num).NotNull = false; return nil })
}

func (a *alteration) addIdentity(cmd *pg_query.AlterTableCmd) error {
	c, err := a.column(cmd.Name)
	if err != nil {
		return err
	}
	rel, k := a.rel(), cmd.Def.GetConstraint()
	if _, _, ok := integerRange(c.Type); !ok {
		return pgerr.New(pgerr.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
	}
	switch {
	case !c.NotNull:
		return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "column \"%s\" of relation \"%s\" must be declared NOT NULL before identity can be added", c.Name, rel.Name)
	case c.Identity != 0:
		return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "column \"%s\" of relation \"%s\" is already an identity column", c.Name, rel.Name)
	case c.Default != "":
		return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "column \"%s\" of relation \"%s\" already has a default value", c.Name, rel.Name)
	}
	b := &tableBuild{w: a.w, rel: rel.Clone(), altering: true}
	build := &columnBuild{num: c.Num}
	b.columns = []*columnBuild{build}
	if err := b.identity(k, build, b.rel.ColumnByNum(c.Num)); err != nil {
		return err
	}
	if err := b.sequences(); err != nil {
		return err
	}
	num := c.Num
	return a.edit(func(r *desc.Relation) error { r.ColumnByNum(num).Identity = k.GeneratedWhen[0]; return nil })
}

func (a *alteration) setIdentity(cmd *pg_query.AlterTableCmd) error {
	c, err := a.column(cmd.Name)
	if err != nil {
		return err
	}
	if c.Identity == 0 {
		return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "column \"%s\" of relation \"%s\" is not an identity column", c.Name, a.rel().Name)
	}
	var options []*pg_query.Node
	var kind byte
	for _, n := range cmd.Def.GetList().GetItems() {
		d := n.GetDefElem()
		if d.Defname == "generated" {
			kind = byte(d.Arg.GetInteger().GetIval())
			continue
		}
		options = append(options, n)
	}
	num := c.Num
	if kind != 0 {
		if err := a.edit(func(r *desc.Relation) error { r.ColumnByNum(num).Identity = kind; return nil }); err != nil {
			return err
		}
	}
	seq := a.w.ownedSequence(a.oid, num, true)
	if len(options) == 0 || seq == nil {
		return nil
	}
	return a.w.changeSequence(seq, options, true)
}

func (a *alteration) dropIdentity(cmd *pg_query.AlterTableCmd) error {
	c, err := a.column(cmd.Name)
	if err != nil {
		return err
	}
	if c.Identity == 0 {
		if cmd.MissingOk {
			a.w.noticef(pgerr.SuccessfulCompletion, "column \"%s\" of relation \"%s\" is not an identity column, skipping", c.Name, a.rel().Name)
			return nil
		}
		return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "column \"%s\" of relation \"%s\" is not an identity column", c.Name, a.rel().Name)
	}
	num := c.Num
	seq := a.w.ownedSequence(a.oid, num, true)
	if err := a.edit(func(r *desc.Relation) error { r.ColumnByNum(num).Identity = 0; return nil }); err != nil || seq == nil {
		return err
	}
	if _, err := a.w.Catalog.AlterRelation(a.w.Ctx, seq.OID, func(r *desc.Relation) error { r.OwnedInternal = false; return nil }); err != nil {
		return err
	}
	_, _, err = a.w.Catalog.Drop(a.w.Ctx, []desc.ObjectRef{relationRef(seq.OID)}, false)
	return err
}

func (a *alteration) dropExpression(cmd *pg_query.AlterTableCmd) error {
	c, err := a.column(cmd.Name)
	if err != nil {
		return err
	}
	if c.Generated == 0 {
		if cmd.MissingOk {
			a.w.noticef(pgerr.SuccessfulCompletion, "column \"%s\" of relation \"%s\" is not a stored generated column, skipping", c.Name, a.rel().Name)
			return nil
		}
		return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "column \"%s\" of relation \"%s\" is not a stored generated column", c.Name, a.rel().Name)
	}
	num := c.Num
	return a.edit(func(r *desc.Relation) error {
		c := r.ColumnByNum(num)
		c.Generated, c.Default, c.DefaultRefs, c.DefaultOID = 0, "", nil, 0
		return nil
	})
}

// columnType runs ALTER COLUMN … TYPE.
func (a *alteration) columnType(cmd *pg_query.AlterTableCmd) error {
	w, d := a.w, cmd.Def.GetColumnDef()
	c, err := a.column(cmd.Name)
	if err != nil {
		if bind.IsSystemColumn(cmd.Name) {
			return pgerr.Newf(pgerr.FeatureNotSupported, "cannot alter system column \"%s\"", cmd.Name)
		}
		return err
	}
	t, mod, err := w.columnType(c.Name, d.TypeName)
	if err != nil {
		return err
	}
	collation, err := w.collation(t, d.CollClause)
	if err != nil {
		return err
	}
	if a.before.Kind != desc.Table {
		return a.setType(c.Num, t, mod, collation, int16(len(d.TypeName.ArrayBounds)))
	}
	if err := a.typeUsers(c); err != nil {
		return err
	}
	value, err := a.usingClause(c, t, mod, d.RawDefault)
	if err != nil {
		return err
	}
	if c.Generated == 0 && c.Default != "" {
		if err := a.recastDefault(c, t, mod); err != nil {
			return err
		}
	}
	if c.Identity != 0 {
		if err := a.identityType(c, t); err != nil {
			return err
		}
	}
	if v, ok := stripRelabel(value).(*expr.Var); !ok || v.ID.Num != c.Num {
		f, err := w.compile(a.before, value)
		if err != nil {
			return err
		}
		a.values[c.Num], a.rewrite = f, true
	}
	num := c.Num
	if err := a.setType(num, t, mod, collation, int16(len(d.TypeName.ArrayBounds))); err != nil {
		return err
	}
	if err := a.foreignTypes(num); err != nil {
		return err
	}
	return a.restateFor(num)
}

func (a *alteration) setType(num int16, t *pgtype.Type, mod int32, collation desc.OID, dims int16) error {
	return a.edit(func(r *desc.Relation) error {
		c := r.ColumnByNum(num)
		c.Type, c.Typmod, c.Collation, c.Storage, c.Dims = t.OID, mod, collation, 0, dims
		for i := range r.Indexes {
			for j := range r.Indexes[i].Keys {
				if k := &r.Indexes[i].Keys[j]; k.Num == num {
					k.Collation, k.Opclass = collation, 0
				}
			}
		}
		return nil
	})
}

// stripRelabel takes the casts away that do not change the value.
func stripRelabel(e expr.Expr) expr.Expr {
	for {
		r, ok := e.(*expr.Relabel)
		if !ok {
			return e
		}
		e = r.Arg
	}
}

// usingClause binds the new value of a column whose type changes.
func (a *alteration) usingClause(c *desc.Column, t *pgtype.Type, mod int32, using *pg_query.Node) (expr.Expr, error) {
	s := bind.Stored{Kind: bind.AlterTypeUsing, Relation: a.before, Type: t, Typmod: mod, Column: c.Name}
	if using != nil {
		x, err := a.w.bindStored(using, s)
		if err != nil {
			return nil, err
		}
		return x.Expr, nil
	}
	if c.Generated != 0 {
		x, err := a.w.bindText(pgtype.QuoteIdentifier(c.Name), s)
		if err != nil {
			return nil, err
		}
		return x.Expr, nil
	}
	x, err := a.w.bindText(pgtype.QuoteIdentifier(c.Name), s)
	if pgerr.Is(err, pgerr.DatatypeMismatch) {
		return nil, pgerr.Newf(pgerr.DatatypeMismatch, "column \"%s\" cannot be cast automatically to type %s", c.Name, t).
			WithHint("You might need to specify \"USING %s::%s\".", pgtype.QuoteIdentifier(c.Name), pgtype.FormatType(t, mod))
	}
	if err != nil {
		return nil, err
	}
	return x.Expr, nil
}

// typeUsers refuses to change the type of a column that views or generated columns are made of.
func (a *alteration) typeUsers(c *desc.Column) error {
	w, rel := a.w, a.rel()
	ref := desc.ColumnRef{Relation: a.oid, Num: c.Num}
	for i := range rel.Columns {
		if g := &rel.Columns[i]; g.Generated != 0 && !g.Dropped && g.Num != c.Num && slices.Contains(g.DefaultRefs, ref) {
			return pgerr.New(pgerr.FeatureNotSupported, "cannot alter type of a column used by a generated column").
				WithDetail("Column \"%s\" is used by generated column \"%s\".", c.Name, g.Name)
		}
	}
	users := w.Catalog.Dependents(desc.ObjectRef{Class: desc.ClassRelation, OID: a.oid, SubID: int32(c.Num)})
	for _, x := range slices.Backward(users) { // the oldest is named
		if v := w.Catalog.Relation(x.Object.OID); x.Object.Class == desc.ClassRelation && v != nil && (v.Kind == desc.View || v.Kind == desc.MatView) {
			return pgerr.New(pgerr.FeatureNotSupported, "cannot alter type of a column used by a view or rule").
				WithDetail("rule _RETURN on %s depends on column \"%s\"", w.Catalog.Describe(x.Object), c.Name)
		}
	}
	return nil
}

// recastDefault makes a column's default one of the new type.
func (a *alteration) recastDefault(c *desc.Column, t *pgtype.Type, mod int32) error {
	w := a.w
	_, err := w.bindText(c.Default, bind.Stored{Kind: bind.ColumnDefault, Type: t, Typmod: mod, Column: c.Name})
	if pgerr.Is(err, pgerr.DatatypeMismatch) {
		return pgerr.Newf(pgerr.DatatypeMismatch, "default for column \"%s\" cannot be cast automatically to type %s", c.Name, t)
	}
	return err
}

func (a *alteration) identityType(c *desc.Column, t *pgtype.Type) error {
	if _, _, ok := integerRange(t.OID); !ok {
		return pgerr.New(pgerr.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
	}
	seq := a.w.ownedSequence(a.oid, c.Num, true)
	if seq == nil {
		return nil
	}
	return a.w.changeSequence(seq, []*pg_query.Node{asType(t.OID)}, true)
}

// restateFor binds the checks and index expressions that read a column again after its type has changed.
func (a *alteration) restateFor(num int16) error {
	w, rel := a.w, a.rel().Clone()
	for i := range rel.Constraints {
		c := &rel.Constraints[i]
		if c.Type != 'c' || !slices.Contains(c.Columns, num) {
			continue
		}
		text, err := w.restate(c.Expr, bind.Stored{Kind: bind.TableCheck, Relation: rel})
		if err != nil {
			return err
		}
		c.Expr = text
		if c.Validated && a.rewrite {
			a.checks = append(a.checks, c.OID)
		}
	}
	for i := range rel.Indexes {
		x := &rel.Indexes[i]
		if !slices.Contains(x.ExprColumns, num) {
			continue
		}
		if err := w.restateIndex(rel, x); err != nil {
			return err
		}
		if !a.rewrite {
			a.indexes = append(a.indexes, x.OID)
			x.StorageID = 0
		}
	}
	return a.edit(func(r *desc.Relation) error {
		r.Constraints, r.Indexes = rel.Constraints, rel.Indexes
		return nil
	})
}
