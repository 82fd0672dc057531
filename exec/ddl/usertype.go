package ddl

import (
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// newName finds schema and name of a type to be made.
func (w *work) newName(names []*pg_query.Node) (schema desc.OID, name string, err error) {
	rv, err := w.rangeVar(names)
	if err != nil {
		return 0, "", err
	}
	if err := w.checkDatabase(rv); err != nil {
		return 0, "", err
	}
	schema, err = w.namespace(rv.Schemaname, -1)
	return schema, rv.Relname, err
}

// createEnum runs CREATE TYPE … AS ENUM.
func (w *work) createEnum(n *pg_query.CreateEnumStmt) error {
	schema, name, err := w.newName(n.TypeName)
	if err != nil {
		return err
	}
	u := &desc.UserType{Name: name, Schema: schema, Owner: w.User, Kind: pgtype.KindEnum, BaseTypmod: -1}
	for i, label := range stringsOf(n.Vals) {
		if err := checkLabel(label); err != nil {
			return err
		}
		if slices.Contains(stringsOf(n.Vals)[:i], label) {
			return pgerr.Newf(pgerr.UniqueViolation, "duplicate key value violates unique constraint \"pg_enum_typid_label_index\"").
				WithTable("pg_catalog", "pg_enum").WithConstraint("pg_enum_typid_label_index")
		}
		u.Labels = append(u.Labels, pgtype.EnumLabel{Label: label})
	}
	return w.Catalog.CreateType(w.Ctx, u)
}

func checkLabel(label string) error {
	if len(label) > maxName {
		return pgerr.Newf(pgerr.InvalidName, "invalid enum label \"%s\"", label).WithDetail("Labels must be %d bytes or less.", maxName)
	}
	return nil
}

// alterEnum runs ALTER TYPE … ADD VALUE and RENAME VALUE.
func (w *work) alterEnum(n *pg_query.AlterEnumStmt) error {
	t, err := w.ownedType(n.TypeName)
	if err != nil {
		return err
	}
	if t.Kind != pgtype.KindEnum {
		return pgerr.Newf(pgerr.WrongObjectType, "%s is not an enum", pgtype.FormatType(t, -1))
	}
	if err := checkLabel(n.NewVal); err != nil {
		return err
	}
	_, err = w.Catalog.AlterType(w.Ctx, t.OID, func(u *desc.UserType) error {
		if n.OldVal != "" {
			return renameLabel(u, n)
		}
		return w.addLabel(u, n)
	})
	return err
}

// ownedType finds a type that must be the user's.
func (w *work) ownedType(names []*pg_query.Node) (*pgtype.Type, error) {
	t, _, err := w.typeName(&pg_query.TypeName{Names: names, Typemod: -1, Location: -1})
	if err != nil {
		return nil, err
	}
	return t, catalog.CheckOwner(w.Catalog, w.User, desc.ObjectRef{Class: desc.ClassType, OID: t.OID})
}

func labelAt(u *desc.UserType, label string) int {
	return slices.IndexFunc(u.Labels, func(l pgtype.EnumLabel) bool { return l.Label == label })
}

func renameLabel(u *desc.UserType, n *pg_query.AlterEnumStmt) error {
	at := labelAt(u, n.OldVal)
	if at < 0 {
		return pgerr.Newf(pgerr.InvalidParameterValue, "\"%s\" is not an existing enum label", n.OldVal)
	}
	if labelAt(u, n.NewVal) >= 0 {
		return pgerr.Newf(pgerr.DuplicateObject, "enum label \"%s\" already exists", n.NewVal)
	}
	u.Labels[at].Label = n.NewVal
	return nil
}

// addLabel puts a label at the end, or before or after its neighbour: it sorts halfway between those around it, so stored values stay as they are.
func (w *work) addLabel(u *desc.UserType, n *pg_query.AlterEnumStmt) error {
	if labelAt(u, n.NewVal) >= 0 {
		if n.SkipIfNewValExists {
			w.noticef(pgerr.DuplicateObject, "enum label \"%s\" already exists, skipping", n.NewVal)
			return nil
		}
		return pgerr.Newf(pgerr.DuplicateObject, "enum label \"%s\" already exists", n.NewVal)
	}
	at := len(u.Labels)
	if n.NewValNeighbor != "" {
		if at = labelAt(u, n.NewValNeighbor); at < 0 {
			return pgerr.Newf(pgerr.InvalidParameterValue, "\"%s\" is not an existing enum label", n.NewValNeighbor)
		}
		if n.NewValIsAfter {
			at++
		}
	}
	label := pgtype.EnumLabel{Label: n.NewVal}
	switch {
	case len(u.Labels) == 0:
		label.Sort = 1
	case at == 0:
		label.Sort = u.Labels[0].Sort - 1
	case at == len(u.Labels):
		label.Sort = u.Labels[at-1].Sort + 1
	default:
		label.Sort = (u.Labels[at-1].Sort + u.Labels[at].Sort) / 2
	}
	u.Labels = slices.Insert(u.Labels, at, label)
	return nil
}

// createComposite runs CREATE TYPE … AS (…).
func (w *work) createComposite(n *pg_query.CompositeTypeStmt) error {
	schema, _, err := w.creationSchema(n.Typevar)
	if err != nil {
		return err
	}
	b := &tableBuild{w: w, rel: &desc.Relation{Name: n.Typevar.Relname, Schema: schema, Owner: w.User, Kind: desc.Composite, Persistence: 'p'}}
	for _, c := range n.Coldeflist {
		if _, err := b.column(c.GetColumnDef()); err != nil {
			return err
		}
	}
	if err := b.checkColumns(); err != nil {
		return err
	}
	if w.Catalog.TypeByName(schema, b.rel.Name) == nil && w.findIn(schema, b.rel.Name).found() {
		return pgerr.Newf(pgerr.DuplicateTable, "relation \"%s\" already exists", b.rel.Name)
	}
	if t := w.Catalog.TypeByName(schema, b.rel.Name); t != nil && !(t.IsArray() && strings.HasPrefix(t.Name, "_")) {
		return pgerr.Newf(pgerr.DuplicateObject, "type \"%s\" already exists", b.rel.Name)
	}
	return w.Catalog.CreateRelation(w.Ctx, b.rel)
}
