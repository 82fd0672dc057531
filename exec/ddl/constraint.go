package ddl

import (
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// checkBuild is a CHECK constraint to be bound and named.
type checkBuild struct {
	name      string
	node      *pg_query.Node
	text      string // copied by LIKE
	noInherit bool
	valid     bool
}

// keyBuild is a PRIMARY KEY or UNIQUE constraint to be named.
type keyBuild struct {
	node             *pg_query.Constraint
	names            []string // of the columns
	name             string
	primary          bool
	nullsNotDistinct bool
	columns, include []int16
	options          []string
	timing           timing
	exclusion        *exclusionBuild
}

// tableConstraint adds a constraint of a table.
func (b *tableBuild) tableConstraint(k *pg_query.Constraint) error {
	t := timing{k.Deferrable, k.Initdeferred}
	switch k.Contype {
	case pg_query.ConstrType_CONSTR_CHECK:
		b.checks = append(b.checks, checkBuild{name: k.Conname, node: k.RawExpr, noInherit: k.IsNoInherit, valid: !k.SkipValidation})
		return nil
	case pg_query.ConstrType_CONSTR_PRIMARY, pg_query.ConstrType_CONSTR_UNIQUE:
		return b.key(k, stringsOf(k.Keys), t)
	case pg_query.ConstrType_CONSTR_EXCLUSION:
		return b.exclusion(k, t)
	case pg_query.ConstrType_CONSTR_FOREIGN:
		b.foreign = append(b.foreign, foreignBuild{node: k, names: stringsOf(k.FkAttrs), timing: t, valid: !k.SkipValidation})
		return nil
	}
	return pgerr.Unsupported("this constraint")
}

// key adds a primary key or unique constraint on columns.
func (b *tableBuild) key(k *pg_query.Constraint, columns []string, t timing) error {
	primary := k.Contype == pg_query.ConstrType_CONSTR_PRIMARY
	if primary && b.hasPrimary() {
		return b.w.errorf(k.Location, pgerr.InvalidTableDefinition, "multiple primary keys for table \"%s\" are not allowed", b.rel.Name)
	}
	options, err := indexOptions(k.Options)
	if err != nil {
		return err
	}
	b.keys = append(b.keys, keyBuild{node: k, names: columns, name: k.Conname, primary: primary, nullsNotDistinct: k.NullsNotDistinct, options: options, timing: t})
	return nil
}

// chooseKeys finds the columns of the keys from the given one on, and joins keys that are the same.
func (b *tableBuild) chooseKeys(from int) error {
	var kept []keyBuild
	for i := range b.keys {
		k := b.keys[i]
		if k.exclusion != nil {
			kept = append(kept, k)
			continue
		}
		if i >= from && k.node != nil {
			if err := b.keyColumns(&k); err != nil {
				return err
			}
		}
		same := slices.IndexFunc(kept, func(o keyBuild) bool {
			return slices.Equal(o.columns, k.columns) && slices.Equal(o.include, k.include) && o.nullsNotDistinct == k.nullsNotDistinct && o.timing == k.timing && o.exclusion == nil
		})
		if same < 0 {
			kept = append(kept, k)
			continue
		}
		o := &kept[same]
		o.primary = o.primary || k.primary
		if o.name == "" {
			o.name = k.name
		}
	}
	slices.SortStableFunc(kept, func(x, y keyBuild) int {
		switch {
		case x.primary == y.primary:
			return 0
		case x.primary:
			return -1
		}
		return 1
	})
	b.keys = kept
	return nil
}

func (b *tableBuild) keyColumns(k *keyBuild) error {
	w := b.w
	for _, name := range k.names {
		c := b.rel.Column(name)
		if c == nil {
			return w.errorf(k.node.Location, pgerr.UndefinedColumn, "column \"%s\" named in key does not exist", name)
		}
		if slices.Contains(k.columns, c.Num) {
			what := "unique"
			if k.primary {
				what = "primary key"
			}
			return w.errorf(k.node.Location, pgerr.DuplicateColumn, "column \"%s\" appears twice in %s constraint", name, what)
		}
		k.columns = append(k.columns, c.Num)
		if k.primary {
			c.NotNull = true
		}
	}
	for _, name := range stringsOf(k.node.Including) {
		c := b.rel.Column(name)
		if c == nil {
			return w.errorf(k.node.Location, pgerr.UndefinedColumn, "column \"%s\" named in key does not exist", name)
		}
		k.include = append(k.include, c.Num)
	}
	return nil
}

// nameKeys gives keys their names and adds their indexes and constraints.
func (b *tableBuild) nameKeys() error {
	taken := []string{b.rel.Name}
	for _, c := range b.rel.Constraints {
		taken = append(taken, c.Name)
	}
	for _, k := range b.keys {
		if k.exclusion != nil {
			name, err := b.addExclusion(&k, taken)
			if err != nil {
				return err
			}
			taken = append(taken, name)
			continue
		}
		if err := b.checkKey(&k); err != nil {
			return err
		}
		if k.name == "" {
			if k.primary {
				k.name = b.w.relationName(b.rel.Name, "", "pkey", b.rel.Schema, true, taken...)
			} else {
				k.name = b.w.relationName(b.rel.Name, joinNames(b.names(append(slices.Clone(k.columns), k.include...))), "key", b.rel.Schema, true, taken...)
			}
		} else if err := b.checkKeyName(k.name); err != nil {
			return err
		}
		taken = append(taken, k.name)
		b.addKey(&k)
	}
	return nil
}

// checkKeyName refuses a name that an index or a constraint has already.
func (b *tableBuild) checkKeyName(name string) error {
	switch {
	case slices.ContainsFunc(b.rel.Indexes, func(x desc.Index) bool { return x.Name == name }), b.w.findIn(b.rel.Schema, name).found(), name == b.rel.Name:
		return pgerr.Newf(pgerr.DuplicateTable, "relation \"%s\" already exists", name)
	case constraintNamed(b.rel, name) != nil:
		return pgerr.Newf(pgerr.DuplicateObject, "constraint \"%s\" for relation \"%s\" already exists", name, b.rel.Name)
	}
	return nil
}

// joinNames joins column names for the name of an index, as far as they can be seen in it.
func joinNames(names []string) string {
	var s strings.Builder
	for _, n := range names {
		if s.Len() > 0 {
			s.WriteByte('_')
		}
		s.WriteString(n)
		if s.Len() > maxName {
			break
		}
	}
	return s.String()
}

// maxKeys is how many columns an index can have (INDEX_MAX_KEYS).
const maxKeys = 32

func (b *tableBuild) checkKey(k *keyBuild) error {
	if len(k.columns)+len(k.include) > maxKeys {
		return pgerr.Newf(pgerr.TooManyColumns, "cannot use more than %d columns in an index", maxKeys)
	}
	for _, n := range k.columns {
		if err := checkKeyType(b.w.Catalog.Type(b.rel.Columns[n-1].Type)); err != nil {
			return err
		}
	}
	return nil
}

// checkKeyType refuses types that have no order.
func checkKeyType(t *pgtype.Type) error {
	if t != nil && t.Codec != nil && t.Codec.Comparable() {
		return nil
	}
	return pgerr.Newf(pgerr.UndefinedObject, "data type %s has no default operator class for access method \"btree\"", t).
		WithHint("You must specify an operator class for the index or define a default operator class for the data type.")
}

func (b *tableBuild) addKey(k *keyBuild) {
	x := desc.Index{Name: k.name, Unique: true, Primary: k.primary, NullsNotDistinct: k.nullsNotDistinct, Immediate: !k.timing.deferrable, Valid: true,
		Include: k.include, Method: "btree", Options: k.options}
	for _, n := range k.columns {
		x.Keys = append(x.Keys, desc.IndexKey{Num: n, Collation: b.rel.Columns[n-1].Collation})
	}
	c := desc.Constraint{Name: k.name, Type: 'u', Columns: k.columns, Validated: true, Deferrable: k.timing.deferrable, Deferred: k.timing.deferred}
	if k.primary {
		c.Type = 'p'
		b.rel.Indexes = append([]desc.Index{x}, b.rel.Indexes...)
	} else {
		b.rel.Indexes = append(b.rel.Indexes, x)
	}
	b.rel.Constraints = append(b.rel.Constraints, c)
}

// finishChecks binds and names CHECK constraints, and gives the new ones.
func (b *tableBuild) finishChecks() error {
	var taken []string
	for _, c := range b.rel.Constraints {
		taken = append(taken, c.Name)
	}
	old := len(taken)
	for i := range b.checks {
		k := &b.checks[i]
		c := desc.Constraint{Type: 'c', Name: k.name, NoInherit: k.noInherit, Validated: k.valid, Expr: k.text}
		s := bind.Stored{Kind: bind.TableCheck, Relation: b.rel}
		var bound *bind.BoundExpr
		var err error
		if k.node != nil {
			var x *stored
			if x, err = b.bindStored(k.node, s); err == nil {
				bound, c.Expr = x.BoundExpr, x.text
			}
		} else {
			bound, err = b.w.bindText(k.text, s)
		}
		if err != nil {
			return err
		}
		if c.Columns = nil; len(bound.Columns) > 0 && bound.Columns[0] > 0 {
			c.Columns = bound.Columns
		}
		if c.Name == "" {
			column := ""
			if len(c.Columns) == 1 {
				column = b.rel.Columns[c.Columns[0]-1].Name
			} else if len(bound.Columns) == 1 && bound.Columns[0] == plan.TableOID {
				column = "tableoid"
			}
			c.Name = b.w.constraintName(b.rel.Name, column, "check", b.rel.Schema, taken)
		} else if at := slices.Index(taken, c.Name); at >= old {
			return pgerr.Newf(pgerr.DuplicateObject, "check constraint \"%s\" already exists", c.Name)
		} else if at >= 0 {
			return pgerr.Newf(pgerr.DuplicateObject, "constraint \"%s\" for relation \"%s\" already exists", c.Name, b.rel.Name)
		}
		taken = append(taken, c.Name)
		b.rel.Constraints = append(b.rel.Constraints, c)
	}
	return nil
}
