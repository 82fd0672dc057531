package ddl

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// maxColumns is how many columns a table can have.
const maxColumns = 1600

// tableBuild collects a new table, or what ALTER TABLE adds to one, until everything has a number and a name.
type tableBuild struct {
	w        *work
	rel      *desc.Relation
	columns  []*columnBuild
	checks   []checkBuild
	keys     []keyBuild
	foreign  []foreignBuild
	comments []commentBuild // of LIKE
	like     []likeIndex
	altering bool // of ALTER TABLE
}

type commentBuild struct {
	column int16
	text   string
}

// columnBuild is a column with what is bound once all columns are known.
type columnBuild struct {
	num           int16
	defaultExpr   *pg_query.Node
	defaultText   string // copied by LIKE
	generated     *pg_query.Node
	generatedText string
	sequence      *sequenceBuild
	bound         expr.Expr // the default or generation expression, once it is bound
	volatile      byte
}

// sequenceBuild is the sequence of a serial or identity column.
type sequenceBuild struct {
	identity bool
	options  []*pg_query.Node
	typ      desc.OID
	copy     *desc.SequenceDef // LIKE INCLUDING IDENTITY
	rel      *desc.Relation    // once it is made
}

// createTable runs CREATE TABLE.
func (w *work) createTable(n *pg_query.CreateStmt) error {
	if err := unsupportedTable(n); err != nil {
		return err
	}
	schema, persistence, err := w.creationSchema(n.Relation)
	if err != nil {
		return err
	}
	if err := checkOnCommit(n.Oncommit, persistence); err != nil {
		return err
	}
	if n.IfNotExists {
		if done, err := w.exists(schema, n.Relation, true); done {
			return err
		}
	}
	b := &tableBuild{w: w, rel: &desc.Relation{Name: n.Relation.Relname, Schema: schema, Owner: w.User, Kind: desc.Table, Persistence: persistence}}
	for _, e := range n.TableElts {
		if err := b.element(e); err != nil {
			return err
		}
	}
	if err := w.tableOptions(b.rel, n.Options); err != nil {
		return err
	}
	if err := b.create(); err != nil {
		return err
	}
	w.noteOnCommit(b.rel, n.Oncommit)
	return nil
}

func checkOnCommit(action pg_query.OnCommitAction, persistence byte) error {
	if action > pg_query.OnCommitAction_ONCOMMIT_NOOP && persistence != 't' {
		return pgerr.New(pgerr.InvalidTableDefinition, "ON COMMIT can only be used on temporary tables")
	}
	return nil
}

// noteOnCommit has the session carry ON COMMIT out.
func (w *work) noteOnCommit(rel *desc.Relation, action pg_query.OnCommitAction) {
	switch action {
	case pg_query.OnCommitAction_ONCOMMIT_DROP:
		w.OnCommit(rel.OID, true)
	case pg_query.OnCommitAction_ONCOMMIT_DELETE_ROWS:
		w.OnCommit(rel.OID, false)
	}
}

func unsupportedTable(n *pg_query.CreateStmt) error {
	switch {
	case len(n.InhRelations) > 0 && n.Partbound != nil, n.Partspec != nil:
		return pgerr.Unsupported("partitioned tables")
	case len(n.InhRelations) > 0:
		return pgerr.Unsupported("table inheritance")
	case n.OfTypename != nil:
		return pgerr.Unsupported("CREATE TABLE OF type")
	case n.Tablespacename != "" && n.Tablespacename != "pg_default":
		return pgerr.Newf(pgerr.UndefinedObject, "tablespace \"%s\" does not exist", n.Tablespacename)
	case n.AccessMethod != "" && n.AccessMethod != "heap":
		return pgerr.Newf(pgerr.UndefinedObject, "access method \"%s\" does not exist", n.AccessMethod)
	}
	return nil
}

func (b *tableBuild) element(n *pg_query.Node) error {
	switch e := n.Node.(type) {
	case *pg_query.Node_ColumnDef:
		_, err := b.column(e.ColumnDef)
		return err
	case *pg_query.Node_Constraint:
		return b.tableConstraint(e.Constraint)
	case *pg_query.Node_TableLikeClause:
		return b.addLike(e.TableLikeClause)
	}
	return pgerr.Unsupported("this element of CREATE TABLE")
}

// create makes the table with everything that was collected.
func (b *tableBuild) create() error {
	w, r := b.w, b.rel
	if err := b.checkColumns(); err != nil {
		return err
	}
	if err := b.chooseKeys(0); err != nil {
		return err
	}
	if err := b.sequences(); err != nil {
		return err
	}
	if w.findIn(r.Schema, r.Name).found() {
		return pgerr.Newf(pgerr.DuplicateTable, "relation \"%s\" already exists", r.Name)
	}
	if err := b.finishColumns(); err != nil {
		return err
	}
	if err := b.finishChecks(); err != nil {
		return err
	}
	if err := b.nameKeys(); err != nil {
		return err
	}
	if err := b.copyIndexes(); err != nil {
		return err
	}
	if err := checkClass(r); err != nil {
		return err
	}
	for i := range b.foreign {
		b.foreign[i].valid = true // there are no rows yet
	}
	if err := b.addForeignKeys(); err != nil {
		return err
	}
	if err := w.Catalog.CreateRelation(w.Ctx, r); err != nil {
		return err
	}
	for _, c := range b.comments {
		ref := desc.ObjectRef{Class: desc.ClassRelation, OID: r.OID, SubID: int32(c.column)}
		if err := w.Catalog.SetComment(w.Ctx, ref, c.text); err != nil {
			return err
		}
	}
	return nil
}

// checkColumns checks the names and types of all columns.
func (b *tableBuild) checkColumns() error {
	if len(b.rel.Columns) > maxColumns {
		return pgerr.Newf(pgerr.TooManyColumns, "tables can have at most %d columns", maxColumns)
	}
	seen := make(map[string]bool, len(b.rel.Columns))
	for i := range b.rel.Columns {
		c := &b.rel.Columns[i]
		if c.Dropped {
			continue
		}
		if seen[c.Name] {
			return pgerr.Newf(pgerr.DuplicateColumn, "column \"%s\" specified more than once", c.Name)
		}
		seen[c.Name] = true
	}
	for i := range b.rel.Columns {
		if bind.IsSystemColumn(b.rel.Columns[i].Name) {
			return pgerr.Newf(pgerr.DuplicateColumn, "column name \"%s\" conflicts with a system column name", b.rel.Columns[i].Name)
		}
	}
	return nil
}

// sequences makes the sequences of serial and identity columns, which the columns' defaults refer to.
func (b *tableBuild) sequences() error {
	w, r := b.w, b.rel
	var made []*desc.Relation
	for _, c := range b.columns {
		s := c.sequence
		if s == nil {
			continue
		}
		var err error
		if s.rel, err = b.sequence(c, made); err != nil {
			return err
		}
		if s.rel.OID, err = w.Server.NextOID(w.Ctx); err != nil {
			return err
		}
		made = append(made, s.rel)
	}
	if r.OID == 0 && len(made) > 0 {
		var err error
		if r.OID, err = w.Server.NextOID(w.Ctx); err != nil {
			return err
		}
	}
	for _, c := range b.columns {
		if s := c.sequence; s != nil {
			s.rel.OwnedBy, s.rel.OwnedInternal = desc.ColumnRef{Relation: r.OID, Num: c.num}, s.identity
			if err := w.Catalog.CreateRelation(w.Ctx, s.rel); err != nil {
				return err
			}
		}
	}
	return nil
}

// sequence makes the descriptor of a column's sequence.
func (b *tableBuild) sequence(c *columnBuild, made []*desc.Relation) (*desc.Relation, error) {
	w, s, col := b.w, c.sequence, &b.rel.Columns[c.num-1]
	o := &sequenceOptions{}
	if s.copy != nil {
		o.def = *s.copy
		o.state = &desc.SequenceState{Last: o.def.Start}
	} else {
		var err error
		if o, err = w.sequenceOptions(append([]*pg_query.Node{asType(s.typ)}, s.options...), nil, s.identity); err != nil {
			return nil, err
		}
	}
	taken := []string{b.rel.Name}
	for _, m := range made {
		taken = append(taken, m.Name)
	}
	name := w.relationName(b.rel.Name, col.Name, "seq", b.rel.Schema, false, taken...)
	if len(o.name) > 0 {
		name = o.name[len(o.name)-1].GetString_().GetSval()
	}
	return sequenceRelation(name, b.rel.Schema, b.rel.Persistence, b.rel.Owner, o), nil
}

// asType is the option AS type of a sequence.
func asType(t desc.OID) *pg_query.Node {
	name := &pg_query.TypeName{TypeOid: uint32(t), Typemod: -1, Location: -1}
	return &pg_query.Node{Node: &pg_query.Node_DefElem{DefElem: &pg_query.DefElem{Defname: "as", Location: -1, Arg: &pg_query.Node{Node: &pg_query.Node_TypeName{TypeName: name}}}}}
}

// finishColumns binds defaults and generation expressions.
func (b *tableBuild) finishColumns() error {
	for _, c := range b.columns {
		col := &b.rel.Columns[c.num-1]
		if c.sequence != nil {
			if !c.sequence.identity {
				b.serialDefault(col, c.sequence.rel)
			}
			continue
		}
		if err := b.finishDefault(c, col); err != nil {
			return err
		}
	}
	for _, c := range b.columns {
		if err := b.finishGenerated(c, &b.rel.Columns[c.num-1]); err != nil {
			return err
		}
	}
	return nil
}

// serialDefault is nextval of the column's sequence.
func (b *tableBuild) serialDefault(col *desc.Column, seq *desc.Relation) {
	col.Default = "nextval(" + quoteLiteral(b.w.qualified(seq)) + "::regclass)"
	col.DefaultRefs = []desc.ColumnRef{{Relation: seq.OID}}
}

// bindStored binds a default, a check or a generated column.
func (b *tableBuild) bindStored(n *pg_query.Node, s bind.Stored) (*stored, error) {
	if b.altering {
		return b.w.bindUnplaced(n, s)
	}
	return b.w.bindStored(n, s)
}

func (b *tableBuild) finishDefault(c *columnBuild, col *desc.Column) error {
	w := b.w
	s := bind.Stored{Kind: bind.ColumnDefault, Type: w.Catalog.Type(col.Type), Typmod: col.Typmod, Column: col.Name}
	var bound *bind.BoundExpr
	switch {
	case c.defaultExpr != nil:
		x, err := b.bindStored(c.defaultExpr, s)
		if err != nil {
			return err
		}
		bound, col.Default = x.BoundExpr, x.text
		if isNull(x.Expr) { // DEFAULT NULL is no default
			col.Default = ""
			return nil
		}
	case c.defaultText != "":
		x, err := w.bindText(c.defaultText, s)
		if err != nil {
			return err
		}
		bound, col.Default = x, c.defaultText
	default:
		return nil
	}
	col.DefaultRefs, c.bound, c.volatile = refs(bound, false), bound.Expr, bound.Volatile
	return nil
}

func (b *tableBuild) finishGenerated(c *columnBuild, col *desc.Column) error {
	w := b.w
	s := bind.Stored{Kind: bind.GeneratedColumn, Relation: b.rel, Type: w.Catalog.Type(col.Type), Typmod: col.Typmod, Column: col.Name}
	switch {
	case c.generated != nil:
		x, err := b.bindStored(c.generated, s)
		if err != nil {
			return err
		}
		col.Default, col.DefaultRefs, c.bound = x.text, refs(x.BoundExpr, true), x.Expr
	case c.generatedText != "":
		x, err := w.bindText(c.generatedText, s)
		if err != nil {
			return err
		}
		col.Default, col.DefaultRefs, c.bound = c.generatedText, refs(x, true), x.Expr
	}
	return nil
}

// names are the names of columns.
func (b *tableBuild) names(nums []int16) []string {
	out := make([]string, len(nums))
	for i, n := range nums {
		out[i] = b.rel.Columns[n-1].Name
	}
	return out
}

// hasPrimary tells whether the table has a primary key by now.
func (b *tableBuild) hasPrimary() bool {
	return b.rel.PrimaryKey() != nil || slices.ContainsFunc(b.keys, func(k keyBuild) bool { return k.primary })
}
