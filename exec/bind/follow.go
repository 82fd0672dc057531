package bind

import (
	"context"
	"slices"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// stored is the environment of texts that the catalog keeps: they name relations in full, so the search path of the moment is nothing to them. Types are
// found in the schemas of what the text belongs to.
func (e *Env) stored(schemas ...desc.OID) *Env {
	c := *e
	c.SearchPath, c.TempSchema = append([]desc.OID{desc.PgCatalogOID}, schemas...), 0
	return &c
}

// besides adds, at the end of the search path, the schemas of a stored expression's relation and type: those of the types that it may name.
func (e *Env) besides(rel *desc.Relation, t *pgtype.Type) *Env {
	c := *e
	c.SearchPath = slices.Clip(e.SearchPath)
	if rel != nil {
		c.SearchPath = append(c.SearchPath, rel.Schema)
	}
	if t != nil && t.OID >= desc.FirstNormalOID {
		if s := e.Catalog.SchemaByName(t.Schema); s != nil {
			c.SearchPath = append(c.SearchPath, s.OID)
		}
	}
	return &c
}

// HeldView is a view's query that was bound before something which it refers to gets another name.
type HeldView struct {
	b *binder
	q *query
}

// HoldView binds the stored query of a view.
func HoldView(env *Env, view *desc.Relation) (h *HeldView, err error) {
	stmts, err := parse.Parse(view.ViewQuery)
	if err != nil {
		return nil, err
	}
	if len(stmts) != 1 || stmts[0].Node.GetSelectStmt() == nil {
		return nil, pgerr.Newf(pgerr.InvalidObjectDefinition, "the definition of view \"%s\" is not a query", view.Name)
	}
	err = guard(func() {
		b := newBinder(context.Background(), env.stored(view.Schema), "")
		b.fixed = true
		h = &HeldView{b, b.selectStmt(stmts[0].Node.GetSelectStmt(), nil)}
	})
	return h, err
}

// Text writes the query with the names that the catalog has now.
func (h *HeldView) Text() (text string, err error) {
	err = guard(func() {
		renamed := map[expr.ColID]string{}
		for rel, e := range h.b.entries {
			h.b.refresh(rel, e, renamed)
		}
		rename := func(x expr.Expr) bool {
			if v, ok := x.(*expr.Var); ok {
				if name, ok := renamed[v.ID]; ok {
					v.Name = name
				}
			}
			return true
		}
		plan.Walk(h.q.node, func(n plan.Node) { plan.WalkExprs(n, func(x expr.Expr) { plan.WalkExpr(x, rename) }) })
		for _, e := range h.b.entries {
			for i := range e.cols {
				expr.Walk(e.cols[i].e, rename)
			}
		}
		text = h.b.queryText(h.q, false)
	})
	return text, err
}

// refresh gives a range entry the present descriptor of its relation, and notes what its columns are called now.
func (b *binder) refresh(rel int32, e *rangeEntry, renamed map[expr.ColID]string) {
	for _, at := range []**desc.Relation{&e.table, &e.view} {
		old := *at
		if old == nil {
			continue
		}
		now := b.env.Catalog.Relation(old.OID)
		if now == nil {
			continue
		}
		*at = now
		if !e.aliased && e.name == old.Name {
			e.name = now.Name
		}
		live := 0
		for i := range old.Columns {
			c := &old.Columns[i]
			if c.Dropped {
				continue
			}
			if live < len(e.cols) && e.cols[live].name == c.Name && i < len(now.Columns) && !now.Columns[i].Dropped {
				e.cols[live].name = now.Columns[i].Name
				if v, ok := e.cols[live].e.(*expr.Var); ok {
					renamed[v.ID] = now.Columns[i].Name
				}
			}
			live++
		}
	}
}
