package ddl

import (
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// createDomain runs CREATE DOMAIN.
func (w *work) createDomain(n *pg_query.CreateDomainStmt) error {
	schema, name, err := w.newName(n.Domainname)
	if err != nil {
		return err
	}
	base, mod, err := w.typeName(n.TypeName)
	if err != nil {
		return noPosition(err)
	}
	if base.Kind == pgtype.KindPseudo {
		return pgerr.Newf(pgerr.DatatypeMismatch, "\"%s\" is not a valid base type for a domain", strings.Join(stringsOf(n.TypeName.Names), "."))
	}
	if err := w.checkUsage(base); err != nil {
		return err
	}
	collation, err := w.collation(base, n.CollClause)
	if err != nil {
		return err
	}
	u := &desc.UserType{Name: name, Schema: schema, Owner: w.User, Kind: pgtype.KindDomain, Base: base.OID, BaseTypmod: mod, Collation: collation}
	if err := w.domainParts(u, base, n.Constraints); err != nil {
		return noPosition(err)
	}
	return w.Catalog.CreateType(w.Ctx, u)
}

// domainParts reads the constraints and the default of a new domain.
func (w *work) domainParts(u *desc.UserType, base *pgtype.Type, list []*pg_query.Node) error {
	hasDefault, hasNull, hasNotNull := false, false, false
	for _, n := range list {
		k := n.GetConstraint()
		switch k.Contype {
		case pg_query.ConstrType_CONSTR_DEFAULT:
			if hasDefault {
				return w.errorf(k.Location, pgerr.SyntaxError, "multiple default expressions")
			}
			hasDefault = true
			text, err := w.domainDefault(u, base, k.RawExpr)
			if err != nil {
				return err
			}
			u.Default = text
		case pg_query.ConstrType_CONSTR_NOTNULL:
			if hasNull || hasNotNull {
				return w.errorf(k.Location, pgerr.SyntaxError, "conflicting NULL/NOT NULL constraints")
			}
			hasNotNull, u.NotNull = true, true
		case pg_query.ConstrType_CONSTR_NULL:
			if hasNotNull {
				return w.errorf(k.Location, pgerr.SyntaxError, "conflicting NULL/NOT NULL constraints")
			}
			hasNull = true
		case pg_query.ConstrType_CONSTR_CHECK:
			if k.IsNoInherit {
				return w.errorf(k.Location, pgerr.InvalidObjectDefinition, "check constraints for domains cannot be marked NO INHERIT")
			}
			if err := w.domainCheck(u, base, k); err != nil {
				return err
			}
		default:
			return domainConstraintError(k)
		}
	}
	return nil
}

func domainConstraintError(k *pg_query.Constraint) error {
	switch k.Contype {
	case pg_query.ConstrType_CONSTR_UNIQUE:
		return pgerr.New(pgerr.SyntaxError, "unique constraints not possible for domains")
	case pg_query.ConstrType_CONSTR_PRIMARY:
		return pgerr.New(pgerr.SyntaxError, "primary key constraints not possible for domains")
	case pg_query.ConstrType_CONSTR_EXCLUSION:
		return pgerr.New(pgerr.SyntaxError, "exclusion constraints not possible for domains")
	case pg_query.ConstrType_CONSTR_FOREIGN:
		return pgerr.New(pgerr.SyntaxError, "foreign key constraints not possible for domains")
	}
	return pgerr.New(pgerr.FeatureNotSupported, "specifying constraint deferrability not supported for domains")
}

func (w *work) domainDefault(u *desc.UserType, base *pgtype.Type, n *pg_query.Node) (string, error) {
	x, err := w.bindStored(n, bind.Stored{Kind: bind.ColumnDefault, Type: base, Typmod: u.BaseTypmod, Column: u.Name})
	if err != nil || isNull(x.Expr) {
		return "", err
	}
	return x.text, nil
}

// domainCheck adds a CHECK constraint.
func (w *work) domainCheck(u *desc.UserType, base *pgtype.Type, k *pg_query.Constraint) error {
	x, err := w.bindStored(k.RawExpr, bind.Stored{Kind: bind.DomainCheck, Domain: base, DomMod: u.BaseTypmod})
	if err != nil {
		return err
	}
	var taken []string
	for _, c := range u.Constraints {
		taken = append(taken, c.Name)
	}
	name := k.Conname
	switch {
	case name == "":
		name = w.constraintName(u.Name, "", "check", u.Schema, taken)
	case slices.Contains(taken, name):
		return pgerr.Newf(pgerr.DuplicateObject, "constraint \"%s\" for domain \"%s\" already exists", name, u.Name)
	}
	u.Constraints = append(u.Constraints, desc.Constraint{Name: name, Type: 'c', Expr: x.text, Validated: !k.SkipValidation})
	return nil
}

// alterDomain runs ALTER DOMAIN.
func (w *work) alterDomain(n *pg_query.AlterDomainStmt) error {
	t, err := w.ownedType(n.TypeName)
	if err != nil {
		return err
	}
	if t.Kind != pgtype.KindDomain {
		return pgerr.Newf(pgerr.WrongObjectType, "%s is not a domain", pgtype.FormatType(t, -1))
	}
	edit, err := w.domainEdit(n, t)
	if err != nil || edit == nil {
		return err
	}
	_, err = w.Catalog.AlterType(w.Ctx, t.OID, edit)
	return err
}

// domainEdit makes of a subcommand the change of the descriptor; nil when nothing changes.
func (w *work) domainEdit(n *pg_query.AlterDomainStmt, t *pgtype.Type) (func(*desc.UserType) error, error) {
	switch n.Subtype {
	case "T":
		return func(u *desc.UserType) (err error) {
			if u.Default = ""; n.Def != nil {
				u.Default, err = w.domainDefault(u, t.Base, n.Def)
			}
			return err
		}, nil
	case "N":
		return func(u *desc.UserType) error { u.NotNull = false; return nil }, nil
	case "O":
		err := w.domainValues(t, func(v pgtype.Datum, column, table string) error {
			if v.IsNull() {
				return pgerr.Newf(pgerr.NotNullViolation, "column \"%s\" of table \"%s\" contains null values", column, table)
			}
			return nil
		})
		return func(u *desc.UserType) error { u.NotNull = true; return nil }, err
	case "C":
		return func(u *desc.UserType) error {
			k := n.Def.GetConstraint()
			if k.Contype != pg_query.ConstrType_CONSTR_CHECK {
				return domainConstraintError(k)
			}
			if err := w.domainCheck(u, t.Base, k); err != nil || k.SkipValidation {
				return err
			}
			return w.checkDomainValues(t, &u.Constraints[len(u.Constraints)-1])
		}, nil
	case "X":
		return w.dropDomainConstraint(n, t)
	case "V":
		return func(u *desc.UserType) error {
			at := slices.IndexFunc(u.Constraints, func(c desc.Constraint) bool { return c.Name == n.Name })
			if at < 0 {
				return pgerr.Newf(pgerr.UndefinedObject, "constraint \"%s\" of domain \"%s\" does not exist", n.Name, u.Name)
			}
			u.Constraints[at].Validated = true
			return w.checkDomainValues(t, &u.Constraints[at])
		}, nil
	}
	return nil, pgerr.Unsupported("this form of ALTER DOMAIN")
}

func (w *work) dropDomainConstraint(n *pg_query.AlterDomainStmt, t *pgtype.Type) (func(*desc.UserType) error, error) {
	u := w.Catalog.UserType(t.OID)
	at := slices.IndexFunc(u.Constraints, func(c desc.Constraint) bool { return c.Name == n.Name })
	if at >= 0 {
		return func(u *desc.UserType) error { u.Constraints = slices.Delete(u.Constraints, at, at+1); return nil }, nil
	}
	if n.MissingOk {
		w.noticef(pgerr.SuccessfulCompletion, "constraint \"%s\" of domain \"%s\" does not exist, skipping", n.Name, u.Name)
		return nil, nil
	}
	return nil, pgerr.Newf(pgerr.UndefinedObject, "constraint \"%s\" of domain \"%s\" does not exist", n.Name, u.Name)
}

// domainValues calls f with every value of a domain that is stored in a table.
func (w *work) domainValues(t *pgtype.Type, f func(v pgtype.Datum, column, table string) error) error {
	if err := w.domainInside(t); err != nil {
		return err
	}
	for r := range w.Catalog.Relations() {
		if r.Kind != desc.Table || r.Class == desc.System || !slices.ContainsFunc(r.Columns, func(c desc.Column) bool { return c.Type == t.OID && !c.Dropped }) {
			continue
		}
		o, err := w.lock(object{rel: r}, kv.Share)
		if err != nil {
			return err
		}
		if err := w.freshRows(); err != nil {
			return err
		}
		table, err := w.Table(o.rel)
		if err != nil {
			return err
		}
		err = table.Each(w.Ctx, w.Access, func(_ pgtype.Datum, row []pgtype.Datum) error {
			for i := range o.rel.Columns {
				if c := &o.rel.Columns[i]; c.Type == t.OID && !c.Dropped {
					if err := f(row[i], c.Name, o.rel.Name); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// domainInside refuses domains that values of other types are made of: those would have to be taken apart to be checked.
func (w *work) domainInside(t *pgtype.Type) error {
	for r := range w.Catalog.Relations() {
		if r.Class == desc.System || r.Kind != desc.Table && r.Kind != desc.Composite {
			continue
		}
		for i := range r.Columns {
			c := &r.Columns[i]
			if c.Dropped || c.Type < desc.FirstNormalOID {
				continue
			}
			x := w.Catalog.Type(c.Type)
			if x == nil || x.OID == t.OID && r.Kind == desc.Table {
				continue
			}
			if x.OID == t.OID || x.IsArray() && x.Elem.OID == t.OID || x.Kind == pgtype.KindDomain && x.Base.OID == t.OID {
				return pgerr.Newf(pgerr.FeatureNotSupported, "cannot alter type \"%s\" because column \"%s.%s\" uses it", t.Name, r.Name, c.Name)
			}
		}
	}
	return nil
}

// checkDomainValues checks what is stored against a constraint. The value stands for VALUE as the only column of a row.
func (w *work) checkDomainValues(t *pgtype.Type, c *desc.Constraint) error {
	x, err := w.bindText(c.Expr, bind.Stored{Kind: bind.DomainCheck, Domain: t.Base, DomMod: t.BaseMod})
	if err != nil {
		return err
	}
	value := &expr.Var{Typed: expr.Typed{T: t.Base, Mod: t.BaseMod}, ID: expr.ColID{Rel: relNumber, Num: 1}}
	check := &expr.DomainCheck{Typed: value.Typed, Arg: value, Checks: []expr.NamedCheck{{Name: c.Name, Expr: x.Expr}}}
	f, err := w.compile(&desc.Relation{Columns: make([]desc.Column, 1)}, check)
	if err != nil {
		return err
	}
	return w.domainValues(t, func(v pgtype.Datum, column, table string) error {
		_, err := f([]pgtype.Datum{v})
		if pgerr.Is(err, pgerr.CheckViolation) {
			return pgerr.Newf(pgerr.CheckViolation, "column \"%s\" of table \"%s\" contains values that violate the new constraint", column, table)
		}
		return err
	})
}
