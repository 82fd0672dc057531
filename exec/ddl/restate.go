package ddl

import (
	"slices"
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// restate writes a stored expression anew after the types of its columns have changed.
func (w *work) restate(text string, s bind.Stored) (string, error) {
	b, err := w.bindText(text, s)
	if err != nil {
		return "", err
	}
	return w.deparse(b.Expr, s.Relation), nil
}

// restateIndex gives the texts of an index's expressions and predicate anew.
func (w *work) restateIndex(rel *desc.Relation, x *desc.Index) error {
	for i := range x.Keys {
		k := &x.Keys[i]
		if k.Num != 0 {
			continue
		}
		b, err := w.bindText(k.Expr, bind.Stored{Kind: bind.IndexExpression, Relation: rel})
		if err != nil {
			return err
		}
		k.Expr, k.ExprType = w.deparse(b.Expr, rel), b.Expr.Type().OID
	}
	if x.Predicate == "" {
		return nil
	}
	var err error
	x.Predicate, err = w.restate(x.Predicate, bind.Stored{Kind: bind.IndexPredicate, Relation: rel})
	return err
}

// renaming makes a change that gives something another name, and lets the texts that the catalog keeps follow: they are bound while the old name is true and
// written again when the new one is. A text that has not the old name in it cannot be concerned.
func (w *work) renaming(old string, change func() error) error {
	var after []func() error
	for r := range w.Catalog.Relations() {
		if r.Class == desc.System {
			continue
		}
		f, err := w.holdTexts(r, old)
		if err != nil {
			return err
		}
		if f != nil {
			after = append(after, f)
		}
	}
	for u := range w.Catalog.UserTypes() {
		f, err := w.holdDomain(u, old)
		if err != nil {
			return err
		}
		if f != nil {
			after = append(after, f)
		}
	}
	if err := change(); err != nil {
		return err
	}
	for _, f := range after {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// mentions tells whether a text may name something.
func mentions(text, name string) bool {
	return strings.Contains(text, strings.ReplaceAll(name, `"`, `""`))
}

// holdTexts binds the texts of a relation that mention a name; the result writes them again. It is nil when there are none.
func (w *work) holdTexts(r *desc.Relation, name string) (func() error, error) {
	query, err := w.holdQuery(r, name)
	if err != nil {
		return nil, err
	}
	parts, err := w.holdExpressions(r, name)
	if err != nil || query == nil {
		return parts, err
	}
	if parts == nil {
		return query, nil
	}
	return func() error {
		if err := query(); err != nil {
			return err
		}
		return parts()
	}, nil
}

// holdQuery is holdTexts for the query of a view, materialized or not.
func (w *work) holdQuery(r *desc.Relation, name string) (func() error, error) {
	if r.Kind != desc.View && r.Kind != desc.MatView || !mentions(r.ViewQuery, name) {
		return nil, nil
	}
	h, err := bind.HoldView(w.Bind, r)
	if err != nil {
		return nil, err
	}
	return func() error {
		text, err := h.Text()
		if err != nil {
			return err
		}
		return w.atRelation(r.OID, func(r *desc.Relation) error { r.ViewQuery = text; return nil })
	}, nil
}

// holdExpressions is holdTexts for the expressions of a table: of its columns, checks and indexes.
func (w *work) holdExpressions(r *desc.Relation, name string) (func() error, error) {
	var write []func(now *desc.Relation)
	hold := func(text string, s bind.Stored, at func(now *desc.Relation) *string) error {
		if text == "" || !mentions(text, name) {
			return nil
		}
		s.Relation = r
		b, err := w.bindText(text, s)
		if err == nil {
			write = append(write, func(now *desc.Relation) { *at(now) = w.deparse(b.Expr, now) })
		}
		return err
	}
	if err := holdParts(w, r, hold); err != nil {
		return nil, err
	}
	if write == nil {
		return nil, nil
	}
	return func() error {
		return w.atRelation(r.OID, func(now *desc.Relation) error {
			for _, f := range write {
				f(now)
			}
			return nil
		})
	}, nil
}

// holdParts goes through the expressions of a table.
func holdParts(w *work, r *desc.Relation, hold func(text string, s bind.Stored, at func(*desc.Relation) *string) error) error {
	for i := range r.Columns {
		c := &r.Columns[i]
		if c.Dropped {
			continue
		}
		s := bind.Stored{Kind: bind.ColumnDefault, Type: w.Catalog.Type(c.Type), Typmod: c.Typmod, Column: c.Name}
		if c.Generated != 0 {
			s.Kind = bind.GeneratedColumn
		}
		if err := hold(c.Default, s, func(now *desc.Relation) *string { return &now.Columns[i].Default }); err != nil {
			return err
		}
	}
	for i := range r.Constraints {
		c := &r.Constraints[i]
		if c.Type != 'c' {
			continue
		}
		if err := hold(c.Expr, bind.Stored{Kind: bind.TableCheck}, func(now *desc.Relation) *string { return &now.Constraint(c.OID).Expr }); err != nil {
			return err
		}
	}
	for i := range r.Indexes {
		x := &r.Indexes[i]
		if err := hold(x.Predicate, bind.Stored{Kind: bind.IndexPredicate}, func(now *desc.Relation) *string { return &now.Index(x.OID).Predicate }); err != nil {
			return err
		}
		for j := range x.Keys {
			if err := hold(x.Keys[j].Expr, bind.Stored{Kind: bind.IndexExpression}, func(now *desc.Relation) *string { return &now.Index(x.OID).Keys[j].Expr }); err != nil {
				return err
			}
		}
	}
	return nil
}

// holdDomain binds the default and the checks of a domain that mention a name.
func (w *work) holdDomain(u *desc.UserType, name string) (func() error, error) {
	if u.Kind != pgtype.KindDomain || !mentions(u.Default, name) && !slices.ContainsFunc(u.Constraints, func(c desc.Constraint) bool { return mentions(c.Expr, name) }) {
		return nil, nil
	}
	base := w.Catalog.Type(u.Base)
	var def *bind.BoundExpr
	var err error
	if u.Default != "" {
		if def, err = w.bindText(u.Default, bind.Stored{Kind: bind.ColumnDefault, Type: base, Typmod: u.BaseTypmod}); err != nil {
			return nil, err
		}
	}
	checks := map[string]*bind.BoundExpr{}
	for _, c := range u.Constraints {
		if checks[c.Name], err = w.bindText(c.Expr, bind.Stored{Kind: bind.DomainCheck, Domain: base, DomMod: u.BaseTypmod}); err != nil {
			return nil, err
		}
	}
	return func() error {
		_, err := w.Catalog.AlterType(w.Ctx, u.OID, func(now *desc.UserType) error {
			if def != nil {
				now.Default = w.deparse(def.Expr, nil)
			}
			for i := range now.Constraints {
				if b := checks[now.Constraints[i].Name]; b != nil {
					now.Constraints[i].Expr = w.deparse(b.Expr, nil)
				}
			}
			return nil
		})
		return err
	}, nil
}
