package bind

import (
	"context"
	"reflect"
	"slices"

	"github.com/kalampg/kalampg/catalog"
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
		b.viaView = desc.SuperuserOID // names in a stored text were allowed when it was made
		h = &HeldView{b, b.selectStmt(stmts[0].Node.GetSelectStmt(), nil)}
	})
	return h, err
}

// NameColumns gives the first columns of the result other names.
func (h *HeldView) NameColumns(names []string) {
	for p := h.q; p != nil; p = p.left {
		for i := range p.out[:min(len(names), len(p.out))] {
			p.out[i].name = names[i]
		}
	}
}

// Text writes the query with the names that the catalog has now.
func (h *HeldView) Text() (text string, err error) {
	err = guard(func() {
		b := h.b
		b.env = b.env.stored()
		used := map[*rangeEntry][]string{}
		b.namesInUsing(h.q, used)
		for _, q := range b.subquery {
			b.namesInUsing(q, used)
		}
		renamed := map[expr.ColID]string{}
		for rel, e := range b.entries {
			b.refresh(rel, e, used[e], renamed)
		}
		update := func(x expr.Expr) bool {
			if v, ok := x.(*expr.Var); ok {
				if name, ok := renamed[v.ID]; ok {
					v.Name = name
				}
			}
			RefreshType(x, b.env.Catalog)
			return true
		}
		plan.Walk(h.q.node, func(n plan.Node) { plan.WalkExprs(n, func(x expr.Expr) { plan.WalkExpr(x, update) }) })
		for _, e := range b.entries {
			for i := range e.cols {
				expr.Walk(e.cols[i].e, update)
			}
		}
		text = b.storedText(h.q)
	})
	return text, err
}

// RefreshType gives a node of an expression the present form of its type, whose name may have changed.
func RefreshType(x expr.Expr, cat catalog.Reader) {
	f := reflect.ValueOf(x).Elem().FieldByName("Typed")
	if !f.IsValid() || !f.CanAddr() {
		return
	}
	t, ok := f.Addr().Interface().(*expr.Typed)
	if !ok || t.T == nil || t.T.OID < desc.FirstNormalOID {
		return
	}
	if now := cat.Type(t.T.OID); now != nil {
		t.T = now
	}
}

// namesInUsing notes which columns of tables are named in USING: there the name itself is part of the query, and stays whatever the column is called.
func (b *binder) namesInUsing(q *query, into map[*rangeEntry][]string) {
	if q == nil {
		return
	}
	var walk func(t *fromTree) []*rangeEntry
	walk = func(t *fromTree) []*rangeEntry {
		if t == nil {
			return nil
		}
		if t.left == nil {
			if t.entry == nil {
				return nil
			}
			if sub, ok := t.entry.def.(*query); ok && t.entry.view == nil {
				b.namesInUsing(sub, into)
			}
			return []*rangeEntry{t.entry}
		}
		leaves := append(walk(t.left), walk(t.right)...)
		for _, e := range leaves {
			into[e] = append(into[e], t.using...)
		}
		return leaves
	}
	walk(q.from)
	b.namesInUsing(q.left, into)
	b.namesInUsing(q.right, into)
	for _, c := range q.ctes {
		b.namesInUsing(c.query, into)
		b.namesInUsing(c.both, into)
	}
}

// refresh gives a range entry the present descriptor of its relation, and notes what its columns are called now. Columns that using names keep their name by
// an alias.
func (b *binder) refresh(rel int32, e *rangeEntry, using []string, renamed map[expr.ColID]string) {
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
		if e.name == old.Name {
			e.name = now.Name
		}
		live := 0
		for i := range old.Columns {
			c := &old.Columns[i]
			if c.Dropped {
				continue
			}
			if live < len(e.cols) && e.cols[live].name == c.Name && i < len(now.Columns) && !now.Columns[i].Dropped {
				if slices.Contains(using, c.Name) && c.Name != now.Columns[i].Name {
					e.named = true
					live++
					continue
				}
				e.cols[live].name = now.Columns[i].Name
				if v, ok := e.cols[live].e.(*expr.Var); ok {
					renamed[v.ID] = now.Columns[i].Name
				}
			}
			live++
		}
	}
}
