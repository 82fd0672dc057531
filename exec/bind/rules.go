package bind

import (
	"slices"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// TableRules binds what every new row of a table must obey; its columns are Vars of relID.
func TableRules(env *Env, rel *desc.Relation, relID int32) (rules *plan.TableRules, err error) {
	b := newBinder(nil, env, "")
	b.scope = &scope{}
	err = guard(func() { rules = b.tableRules(rel, relID) })
	return rules, err
}

func (b *binder) tableRules(rel *desc.Relation, relID int32) *plan.TableRules {
	r := &plan.TableRules{Rel: relID}
	for i := range rel.Constraints {
		switch c := &rel.Constraints[i]; c.Type {
		case 'c':
			r.Checks = append(r.Checks, expr.NamedCheck{Name: c.Name, Expr: b.storedExpr(rel, relID, c.Expr, boolType, -1, kindCheck)})
		case 'f':
			if !rel.TriggersOff {
				r.Refers = append(r.Refers, c.OID)
			}
		}
	}
	sortChecks(r.Checks)
	if !rel.TriggersOff {
		r.Referred = b.referred(rel)
	}
	for i := range rel.Columns {
		c := &rel.Columns[i]
		if c.Generated != 0 && !c.Dropped {
			r.Generated = append(r.Generated, plan.Assign{Num: c.Num, Expr: b.storedExpr(rel, relID, c.Default, b.typ(c.Type), c.Typmod, kindGenerated)})
		}
	}
	for i := range rel.Indexes {
		x := &rel.Indexes[i]
		r.Loose = r.Loose || !x.Immediate && (x.Unique || x.Exclusion)
		if rule := b.indexRule(rel, x, relID); rule.Keys != nil || rule.Predicate != nil {
			r.Indexes = append(r.Indexes, rule)
		}
	}
	return r
}

// referred lists the foreign keys to a table, in the order in which PostgreSQL's triggers of them fire.
func (b *binder) referred(rel *desc.Relation) []desc.OID {
	var out []desc.OID
	for _, child := range b.env.Catalog.Referencing(rel.OID) {
		for i := range child.Constraints {
			if c := &child.Constraints[i]; c.Type == 'f' && c.RefTable == rel.OID {
				out = append(out, c.OID)
			}
		}
	}
	slices.Sort(out)
	return out
}

// sortChecks puts checks in the order in which PostgreSQL tries them: by name.
func sortChecks(cs []expr.NamedCheck) {
	for i := range cs {
		for j := i; j > 0 && cs[j].Name < cs[j-1].Name; j-- {
			cs[j], cs[j-1] = cs[j-1], cs[j]
		}
	}
}

// indexRule binds the expressions and the predicate of an index; Keys stays nil when all keys are plain columns.
func (b *binder) indexRule(rel *desc.Relation, x *desc.Index, relID int32) plan.IndexRule {
	rule := plan.IndexRule{Index: x}
	for i, k := range x.Keys {
		if k.Num != 0 {
			continue
		}
		if rule.Keys == nil {
			rule.Keys = make([]expr.Expr, len(x.Keys))
		}
		rule.Keys[i] = b.storedExpr(rel, relID, k.Expr, nil, -1, kindIndexExpr)
	}
	if x.Predicate != "" {
		rule.Predicate = b.storedExpr(rel, relID, x.Predicate, boolType, -1, kindIndexPredicate)
	}
	return rule
}

// storedExpr binds an SQL text that the catalog keeps, over the columns of a relation (nil: none), for a type (nil: its own).
func (b *binder) storedExpr(rel *desc.Relation, relID int32, text string, t *pgtype.Type, typmod int32, kind exprKind) expr.Expr {
	sub := b.storedBinder(rel, relID, kind)
	sub.env = sub.env.besides(rel, t)
	node, err := parse.Expression(text)
	check(err)
	e := sub.expr(node)
	if t != nil {
		if c := sub.coerceTo(e, t, typmod, assignmentCast, expr.AsImplicitCast); c != nil {
			e = c
		}
	}
	b.stmt.Volatile = b.stmt.Volatile || sub.stmt.Volatile
	b.stmt.Contextual = b.stmt.Contextual || sub.stmt.Contextual
	return e
}

// storedBinder makes a binder for an expression outside any query.
func (b *binder) storedBinder(rel *desc.Relation, relID int32, kind exprKind) *binder {
	sub := newBinder(b.ctx, b.env, "")
	sub.fixed = true
	sub.scope = &scope{kind: kind}
	if rel == nil {
		return sub
	}
	e := &rangeEntry{kind: tableEntry, name: rel.Name, rel: relID, table: rel, scope: sub.scope}
	for i := range rel.Columns {
		c := &rel.Columns[i]
		if !c.Dropped {
			e.cols = append(e.cols, column{name: c.Name, e: &expr.Var{Typed: typed(b.typ(c.Type), c.Typmod), ID: expr.ColID{Rel: relID, Num: c.Num}, Name: c.Name}})
		}
	}
	if rel.RowType != 0 {
		if t := b.env.Catalog.Type(rel.RowType); t != nil && len(t.Columns) > 0 {
			e.rowType = t
		}
	}
	sub.register(sub.scope, e)
	sub.scope.items = []*item{sub.scope.add(e)}
	return sub
}

// storedDefault binds a stored default for a column.
func (b *binder) storedDefault(text string, t *pgtype.Type, c *desc.Column) expr.Expr {
	return b.storedExpr(nil, 0, text, t, c.Typmod, kindDefault)
}

// domainDefault is the default of a domain, "" for none.
func (b *binder) domainDefault(t *pgtype.Type) string {
	for ; t != nil && t.Kind == pgtype.KindDomain; t = t.Base {
		if u := b.env.Catalog.UserType(t.OID); u != nil && u.Default != "" {
			return u.Default
		}
	}
	return ""
}

// domainRules are the constraints of a domain and of the domains that it is made from, base first.
func (b *binder) domainRules(t *pgtype.Type) (notNull bool, checks []expr.NamedCheck) {
	var levels []*pgtype.Type
	for ; t != nil && t.Kind == pgtype.KindDomain; t = t.Base {
		levels = append([]*pgtype.Type{t}, levels...)
	}
	for _, d := range levels {
		u := b.env.Catalog.UserType(d.OID)
		if u == nil {
			continue
		}
		notNull = notNull || u.NotNull
		var own []expr.NamedCheck
		for i := range u.Constraints {
			c := &u.Constraints[i]
			if c.Type != 'c' {
				continue
			}
			sub := b.storedBinder(nil, 0, kindDomainCheck)
			sub.valueOf = &expr.CaseValue{Typed: typed(d.Base, d.BaseMod)}
			node, err := parse.Expression(c.Expr)
			check(err)
			own = append(own, expr.NamedCheck{Name: c.Name, Expr: sub.toBool(sub.expr(node), "CHECK")})
		}
		sortChecks(own)
		checks = append(checks, own...)
	}
	return notNull, checks
}
