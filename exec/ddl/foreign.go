package ddl

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/run"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// foreignBuild is a FOREIGN KEY constraint to be resolved and named.
type foreignBuild struct {
	node   *pg_query.Constraint
	names  []string // of the referring columns
	timing timing
	valid  bool
}

// timing is when a constraint is checked.
type timing struct{ deferrable, deferred bool }

// attributes reads the attributes that follow a column's constraint: [NOT] DEFERRABLE, INITIALLY DEFERRED, INITIALLY IMMEDIATE.
func (w *work) attributes(rest []*pg_query.Node) (t timing, err error) {
	sawDeferrable, sawInitially := false, false
	for _, n := range rest {
		k := n.GetConstraint()
		switch k.Contype {
		case pg_query.ConstrType_CONSTR_ATTR_DEFERRABLE, pg_query.ConstrType_CONSTR_ATTR_NOT_DEFERRABLE:
			if sawDeferrable {
				return t, w.errorf(k.Location, pgerr.SyntaxError, "multiple DEFERRABLE/NOT DEFERRABLE clauses not allowed")
			}
			sawDeferrable, t.deferrable = true, k.Contype == pg_query.ConstrType_CONSTR_ATTR_DEFERRABLE
		case pg_query.ConstrType_CONSTR_ATTR_DEFERRED, pg_query.ConstrType_CONSTR_ATTR_IMMEDIATE:
			if sawInitially {
				return t, w.errorf(k.Location, pgerr.SyntaxError, "multiple INITIALLY IMMEDIATE/DEFERRED clauses not allowed")
			}
			sawInitially, t.deferred = true, k.Contype == pg_query.ConstrType_CONSTR_ATTR_DEFERRED
		default:
			return t, nil
		}
		if t.deferred && !sawDeferrable {
			t.deferrable = true
		}
		if t.deferred && sawDeferrable && !t.deferrable {
			return t, w.errorf(k.Location, pgerr.SyntaxError, "constraint declared INITIALLY DEFERRED must be DEFERRABLE")
		}
	}
	return t, nil
}

// isAttribute tells the nodes that attributes reads from constraints.
func isAttribute(k *pg_query.Constraint) bool {
	switch k.Contype {
	case pg_query.ConstrType_CONSTR_ATTR_DEFERRABLE, pg_query.ConstrType_CONSTR_ATTR_NOT_DEFERRABLE,
		pg_query.ConstrType_CONSTR_ATTR_DEFERRED, pg_query.ConstrType_CONSTR_ATTR_IMMEDIATE:
		return true
	}
	return false
}

// addForeignKeys resolves and names foreign keys and adds their constraints.
func (b *tableBuild) addForeignKeys() error {
	for i := range b.foreign {
		c, err := b.foreignKey(&b.foreign[i])
		if err != nil {
			return err
		}
		b.rel.Constraints = append(b.rel.Constraints, *c)
	}
	return nil
}

// referenced finds and locks the referenced table; it may be the one that is being made.
func (b *tableBuild) referenced(n *pg_query.RangeVar) (*desc.Relation, error) {
	w := b.w
	if n.Relname == b.rel.Name && (n.Schemaname == "" || n.Schemaname == w.schemaName(b.rel.Schema)) && (b.rel.OID == 0 || w.Catalog.Relation(b.rel.OID) == nil) {
		return b.rel, nil
	}
	o, err := w.mustFind(n)
	if err != nil {
		return nil, err
	}
	if b.rel.OID != 0 && o.rel.OID == b.rel.OID && o.index == nil {
		return b.rel, nil
	}
	if o, err = w.lock(o, kv.ShareRowExclusive); err != nil {
		return nil, err
	}
	switch {
	case o.kind() != desc.Table:
		return nil, pgerr.Newf(pgerr.WrongObjectType, "referenced relation \"%s\" is not a table", o.name())
	case o.rel.Class == desc.System:
		return nil, pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", o.name())
	}
	return o.rel, nil
}

func (b *tableBuild) foreignKey(f *foreignBuild) (*desc.Constraint, error) {
	w, k := b.w, f.node
	parent, err := b.referenced(k.Pktable)
	if err != nil {
		return nil, err
	}
	if err := b.mayRefer(parent); err != nil {
		return nil, err
	}
	c := &desc.Constraint{Type: 'f', Name: k.Conname, Validated: f.valid, Deferrable: f.timing.deferrable, Deferred: f.timing.deferred,
		OnUpdate: letter(k.FkUpdAction, 'a'), OnDelete: letter(k.FkDelAction, 'a'), Match: letter(k.FkMatchtype, 's')}
	if parent != b.rel || b.rel.OID != 0 {
		c.RefTable = parent.OID
	}
	if c.Columns, err = keyNumbers(b.rel, f.names); err != nil {
		return nil, err
	}
	if c.OnDeleteColumns, err = b.setColumns(c, stringsOf(k.FkDelSetCols)); err != nil {
		return nil, err
	}
	x, err := b.referencedKey(c, parent, stringsOf(k.PkAttrs))
	if err != nil {
		return nil, err
	}
	c.Index = x.OID
	if parent != b.rel {
		if err := w.mayReference(parent, c.RefColumns); err != nil {
			return nil, err
		}
	}
	if err := b.generatedIn(c); err != nil {
		return nil, err
	}
	if len(c.Columns) != len(c.RefColumns) {
		return nil, pgerr.New(pgerr.InvalidForeignKey, "number of referencing and referenced columns for foreign key disagree")
	}
	if err := b.nameForeignKey(c, f.names); err != nil {
		return nil, err
	}
	return c, b.comparable(c, parent)
}

func letter(s string, otherwise byte) byte {
	if s == "" {
		return otherwise
	}
	return s[0]
}

// mayRefer checks that rows of the table can refer to rows of another as to who sees them and how long they live.
func (b *tableBuild) mayRefer(parent *desc.Relation) error {
	rel := b.rel
	kind := func(r *desc.Relation) byte {
		if r.Persistence == 0 {
			return 'p'
		}
		return r.Persistence
	}
	invalid := func(text string) error { return pgerr.New(pgerr.InvalidTableDefinition, text) }
	switch p := kind(parent); kind(rel) {
	case 'p':
		if p != 'p' {
			return invalid("constraints on permanent tables may reference only permanent tables")
		}
	case 'u':
		if p == 't' {
			return invalid("constraints on unlogged tables may reference only permanent or unlogged tables")
		}
	case 't':
		if p != 't' {
			return invalid("constraints on temporary tables may reference only temporary tables")
		}
	}
	switch {
	case rel.Class == desc.Stream || parent.Class == desc.Stream:
		return pgerr.New(pgerr.FeatureNotSupported, "foreign keys of and to stream tables are not supported").WithHint("Rows of stream tables end with their time.")
	case rel.Class != desc.User && parent.Class == desc.User:
		return pgerr.New(pgerr.FeatureNotSupported, "a shared table cannot have a foreign key to a user table").WithHint("Keys of user tables are unique for each user only.")
	}
	return nil
}

// maxForeignKeys is how many columns a foreign key can have.
const maxForeignKeys = maxKeys

// keyNumbers finds the columns of a foreign key.
func keyNumbers(rel *desc.Relation, names []string) ([]int16, error) {
	var out []int16
	for _, name := range names {
		c := rel.Column(name)
		if c == nil && bind.IsSystemColumn(name) {
			return nil, pgerr.New(pgerr.FeatureNotSupported, "system columns cannot be used in foreign keys")
		}
		if c == nil {
			return nil, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" referenced in foreign key constraint does not exist", name)
		}
		if len(out) == maxForeignKeys {
			return nil, pgerr.Newf(pgerr.TooManyColumns, "cannot have more than %d keys in a foreign key", maxForeignKeys)
		}
		out = append(out, c.Num)
	}
	return out, nil
}

// setColumns finds the columns of ON DELETE SET NULL (…).
func (b *tableBuild) setColumns(c *desc.Constraint, names []string) ([]int16, error) {
	nums, err := keyNumbers(b.rel, names)
	if err != nil {
		return nil, err
	}
	var out []int16
	for i, n := range nums {
		if !slices.Contains(c.Columns, n) {
			return nil, pgerr.Newf(pgerr.InvalidColumnReference, "column \"%s\" referenced in ON DELETE SET action must be part of foreign key", names[i])
		}
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out, nil
}

// referencedKey finds the unique index that a foreign key relies on, and fills in the referenced columns.
func (b *tableBuild) referencedKey(c *desc.Constraint, parent *desc.Relation, names []string) (*desc.Index, error) {
	if len(names) == 0 {
		x := parent.PrimaryKey()
		if x == nil || !x.Valid {
			return nil, pgerr.Newf(pgerr.UndefinedObject, "there is no primary key for referenced table \"%s\"", parent.Name)
		}
		if !x.Immediate {
			return nil, pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "cannot use a deferrable primary key for referenced table \"%s\"", parent.Name)
		}
		for _, k := range x.Keys {
			c.RefColumns = append(c.RefColumns, k.Num)
		}
		return x, nil
	}
	var err error
	if c.RefColumns, err = keyNumbers(parent, names); err != nil {
		return nil, err
	}
	for i, n := range c.RefColumns {
		if slices.Contains(c.RefColumns[:i], n) {
			return nil, pgerr.New(pgerr.InvalidForeignKey, "foreign key referenced-columns list must not contain duplicates")
		}
	}
	late := false
	for i := range parent.Indexes {
		x := &parent.Indexes[i]
		if !x.Unique || !x.Valid || x.Predicate != "" || len(x.Keys) != len(c.RefColumns) ||
			slices.ContainsFunc(x.Keys, func(k desc.IndexKey) bool { return !slices.Contains(c.RefColumns, k.Num) }) {
			continue
		}
		if x.Immediate {
			return x, nil
		}
		late = true
	}
	if late {
		return nil, pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "cannot use a deferrable unique constraint for referenced table \"%s\"", parent.Name)
	}
	return nil, pgerr.Newf(pgerr.InvalidForeignKey, "there is no unique constraint matching given keys for referenced table \"%s\"", parent.Name)
}

// mayReference checks the privilege REFERENCES on the referenced columns.
func (w *work) mayReference(parent *desc.Relation, columns []int16) error {
	ref := relationRef(parent.OID)
	if catalog.HasPrivilege(w.Catalog, w.User, ref, desc.References) {
		return nil
	}
	for _, n := range columns {
		if !catalog.HasPrivilege(w.Catalog, w.User, desc.ObjectRef{Class: desc.ClassRelation, OID: parent.OID, SubID: int32(n)}, desc.References) {
			return catalog.CheckPrivilege(w.Catalog, w.User, ref, desc.References)
		}
	}
	return nil
}

// generatedIn refuses actions that would assign to a generated column.
func (b *tableBuild) generatedIn(c *desc.Constraint) error {
	for _, n := range c.Columns {
		if b.rel.Columns[n-1].Generated == 0 {
			continue
		}
		word := ""
		switch {
		case c.OnUpdate == 'n' || c.OnUpdate == 'd' || c.OnUpdate == 'c':
			word = "ON UPDATE"
		case c.OnDelete == 'n' || c.OnDelete == 'd':
			word = "ON DELETE"
		default:
			continue
		}
		return pgerr.Newf(pgerr.SyntaxError, "invalid %s action for foreign key constraint containing generated column", word)
	}
	return nil
}

func (b *tableBuild) nameForeignKey(c *desc.Constraint, names []string) error {
	var taken []string
	for _, o := range b.rel.Constraints {
		taken = append(taken, o.Name)
	}
	if c.Name == "" {
		c.Name = b.w.constraintName(b.rel.Name, joinNames(names), "fkey", b.rel.Schema, taken)
		return nil
	}
	if slices.Contains(taken, c.Name) {
		return pgerr.Newf(pgerr.DuplicateObject, "constraint \"%s\" for relation \"%s\" already exists", c.Name, b.rel.Name)
	}
	return nil
}

// comparable checks that the columns of both sides can be compared by the referenced index.
func (b *tableBuild) comparable(c *desc.Constraint, parent *desc.Relation) error {
	return b.w.checkComparable(c, b.rel, parent)
}

func (w *work) checkComparable(c *desc.Constraint, child, parent *desc.Relation) error {
	for i, n := range c.Columns {
		from, to := &child.Columns[n-1], &parent.Columns[c.RefColumns[i]-1]
		a, b := w.Catalog.Type(from.Type), w.Catalog.Type(to.Type)
		if !bind.CanRefer(w.Bind, b, a) {
			return pgerr.Newf(pgerr.DatatypeMismatch, "foreign key constraint \"%s\" cannot be implemented", c.Name).
				WithDetail("Key columns \"%s\" and \"%s\" are of incompatible types: %s and %s.", from.Name, to.Name, pgtype.FormatType(a, -1), pgtype.FormatType(b, -1))
		}
	}
	return nil
}

// foreignTypes looks again at the foreign keys that a column whose type has changed takes part in: its types must go together and, where values are new, rows be checked.
func (a *alteration) foreignTypes(num int16) error {
	w, rel := a.w, a.rel()
	again := func(child, parent *desc.Relation, c *desc.Constraint) error {
		if err := w.checkComparable(c, child, parent); err != nil {
			return err
		}
		if c.Validated && !slices.Contains(a.references, c.OID) {
			a.references = append(a.references, c.OID)
		}
		return nil
	}
	for i := range rel.Constraints {
		c := &rel.Constraints[i]
		if c.Type != 'f' || !slices.Contains(c.Columns, num) {
			continue
		}
		parent, err := w.Catalog.LockRelation(w.Ctx, c.RefTable, kv.ShareRowExclusive, w.Wait)
		if err != nil {
			return err
		}
		if err := again(rel, parent, c); err != nil {
			return err
		}
	}
	for _, child := range w.Catalog.Referencing(rel.OID) {
		for i := range child.Constraints {
			c := &child.Constraints[i]
			if c.Type != 'f' || c.RefTable != rel.OID || !slices.Contains(c.RefColumns, num) {
				continue
			}
			if _, err := w.Catalog.LockRelation(w.Ctx, child.OID, kv.AccessExclusive, w.Wait); err != nil {
				return err
			}
			if err := again(child, rel, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkReferences checks the rows that there are against a foreign key.
func (w *work) checkReferences(constraint desc.OID) error {
	child, c := w.Catalog.Constraint(constraint)
	if c == nil {
		return nil
	}
	p, err := bind.ForeignKey(w.Bind, child, c)
	if err != nil {
		return err
	}
	f, err := run.CompileForeignKey(p, w.Catalog)
	if err != nil {
		return err
	}
	x := w.Exec()
	return f.CheckAll(&x)
}
