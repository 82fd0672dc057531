package ddl

import (
	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// column adds a column definition.
func (b *tableBuild) column(d *pg_query.ColumnDef) (*columnBuild, error) {
	w := b.w
	c := &columnBuild{num: int16(len(b.rel.Columns) + 1)}
	col := desc.Column{Num: c.num, Name: d.Colname, Typmod: -1, StatTarget: -1}
	serial, isSerial := bind.Serial(d.TypeName)
	if isSerial {
		col.Type, col.NotNull = serial.OID, true
		c.sequence = &sequenceBuild{typ: serial.OID}
	} else {
		if len(d.TypeName.ArrayBounds) > 0 {
			if _, serial := bind.Serial(&pg_query.TypeName{Names: d.TypeName.Names}); serial {
				return nil, w.errorf(d.TypeName.Location, pgerr.FeatureNotSupported, "array of serial is not implemented")
			}
		}
		t, mod, err := w.columnType(d.Colname, d.TypeName)
		if err != nil {
			return nil, err
		}
		col.Type, col.Typmod, col.Collation, col.Dims = t.OID, mod, t.Collation, int16(len(d.TypeName.ArrayBounds))
		if col.Collation, err = w.collation(t, d.CollClause); err != nil {
			return nil, err
		}
	}
	if col.StatTarget = -1; d.StorageName != "" {
		s, err := storageLetter(d.StorageName)
		if err != nil {
			return nil, err
		}
		col.Storage = s
	}
	if err := b.columnConstraints(d, c, &col, isSerial); err != nil {
		return nil, err
	}
	b.rel.Columns = append(b.rel.Columns, col)
	b.columns = append(b.columns, c)
	return c, nil
}

// columnType finds the type of a column.
func (w *work) columnType(column string, n *pg_query.TypeName) (*pgtype.Type, int32, error) {
	t, mod, err := w.typeName(n)
	if err != nil {
		return nil, 0, err
	}
	if t.Kind == pgtype.KindPseudo {
		return nil, 0, pgerr.Newf(pgerr.InvalidTableDefinition, "column \"%s\" has pseudo-type %s", column, t)
	}
	return t, mod, w.checkUsage(t)
}

// collation is a column's collation: that of COLLATE, else its type's.
func (w *work) collation(t *pgtype.Type, n *pg_query.CollateClause) (desc.OID, error) {
	if n == nil {
		return t.Collation, nil
	}
	oid, err := bind.Collation(w.Bind, n)
	if err != nil {
		return 0, w.at(err, n.Location)
	}
	if t.Collation == 0 {
		return 0, w.errorf(n.Location, pgerr.DatatypeMismatch, "collations are not supported by type %s", t)
	}
	return oid, nil
}

func storageLetter(name string) (byte, error) {
	switch name {
	case "plain":
		return 'p', nil
	case "external":
		return 'e', nil
	case "extended":
		return 'x', nil
	case "main":
		return 'm', nil
	case "default":
		return 0, nil
	}
	return 0, pgerr.Newf(pgerr.InvalidParameterValue, "invalid storage type \"%s\"", name)
}

// columnConstraints reads the constraints of a column definition.
func (b *tableBuild) columnConstraints(d *pg_query.ColumnDef, c *columnBuild, col *desc.Column, serial bool) error {
	w := b.w
	twice := func(loc int32, what string) error {
		return w.errorf(loc, pgerr.SyntaxError, "%s specified for column \"%s\" of table \"%s\"", what, d.Colname, b.rel.Name)
	}
	hasDefault, hasNull := serial, false
	nullConflict := func(loc int32) error {
		return w.errorf(loc, pgerr.SyntaxError, "conflicting NULL/NOT NULL declarations for column \"%s\" of table \"%s\"", d.Colname, b.rel.Name)
	}
	for i, n := range d.Constraints {
		k := n.GetConstraint()
		switch k.Contype {
		case pg_query.ConstrType_CONSTR_NULL:
			if col.NotNull {
				return nullConflict(k.Location)
			}
			hasNull = true
		case pg_query.ConstrType_CONSTR_NOTNULL:
			if hasNull {
				return nullConflict(k.Location)
			}
			col.NotNull = true
		case pg_query.ConstrType_CONSTR_DEFAULT:
			if hasDefault {
				loc := k.Location
				if serial {
					loc = -1
				}
				return twice(loc, "multiple default values")
			}
			c.defaultExpr, hasDefault = k.RawExpr, true
		case pg_query.ConstrType_CONSTR_IDENTITY:
			if err := b.identity(k, c, col); err != nil {
				return err
			}
			if hasNull {
				return nullConflict(k.Location)
			}
		case pg_query.ConstrType_CONSTR_GENERATED:
			if c.generated != nil {
				return twice(k.Location, "multiple generation clauses")
			}
			c.generated, col.Generated = k.RawExpr, 's'
		case pg_query.ConstrType_CONSTR_CHECK:
			b.checks = append(b.checks, checkBuild{name: k.Conname, node: k.RawExpr, noInherit: k.IsNoInherit, valid: true})
		case pg_query.ConstrType_CONSTR_PRIMARY, pg_query.ConstrType_CONSTR_UNIQUE:
			t, err := w.attributes(d.Constraints[i+1:])
			if err != nil {
				return err
			}
			if err := b.key(k, []string{d.Colname}, t); err != nil {
				return err
			}
		case pg_query.ConstrType_CONSTR_FOREIGN:
			t, err := w.attributes(d.Constraints[i+1:])
			if err != nil {
				return err
			}
			b.foreign = append(b.foreign, foreignBuild{node: k, names: []string{d.Colname}, timing: t, valid: true})
		default:
			if isAttribute(k) && !b.attributable(d.Constraints[:i]) {
				return w.errorf(k.Location, pgerr.SyntaxError, "misplaced %s clause", attributeWords[k.Contype])
			}
		}
		switch {
		case hasDefault && col.Identity != 0:
			return twice(k.Location, "both default and identity")
		case hasDefault && c.generated != nil:
			return twice(k.Location, "both default and generation expression")
		case col.Identity != 0 && c.generated != nil:
			return twice(k.Location, "both identity and generation expression")
		}
	}
	return nil
}

// attributeWords are the names of attributes in errors.
var attributeWords = map[pg_query.ConstrType]string{
	pg_query.ConstrType_CONSTR_ATTR_DEFERRABLE: "DEFERRABLE", pg_query.ConstrType_CONSTR_ATTR_NOT_DEFERRABLE: "NOT DEFERRABLE",
	pg_query.ConstrType_CONSTR_ATTR_DEFERRED: "INITIALLY DEFERRED", pg_query.ConstrType_CONSTR_ATTR_IMMEDIATE: "INITIALLY IMMEDIATE",
}

// attributable tells whether attributes may follow the constraints before them.
func (b *tableBuild) attributable(before []*pg_query.Node) bool {
	for i := len(before) - 1; i >= 0; i-- {
		switch k := before[i].GetConstraint(); k.Contype {
		case pg_query.ConstrType_CONSTR_PRIMARY, pg_query.ConstrType_CONSTR_UNIQUE, pg_query.ConstrType_CONSTR_EXCLUSION, pg_query.ConstrType_CONSTR_FOREIGN:
			return true
		default:
			if !isAttribute(k) {
				return false
			}
		}
	}
	return false
}

func (b *tableBuild) identity(k *pg_query.Constraint, c *columnBuild, col *desc.Column) error {
	if _, _, ok := integerRange(col.Type); !ok {
		return pgerr.New(pgerr.InvalidParameterValue, "identity column type must be smallint, integer, or bigint")
	}
	if col.Identity != 0 {
		return b.w.errorf(k.Location, pgerr.SyntaxError, "multiple identity specifications for column \"%s\" of table \"%s\"", col.Name, b.rel.Name)
	}
	col.Identity, col.NotNull = k.GeneratedWhen[0], true
	if c.sequence != nil { // serial, whose default the check of the caller complains about
		return nil
	}
	c.sequence = &sequenceBuild{identity: true, options: k.Options, typ: col.Type}
	return nil
}

// isNull tells whether an expression is the constant NULL.
func isNull(e expr.Expr) bool {
	c, ok := e.(*expr.Const)
	return ok && c.Value.IsNull()
}
