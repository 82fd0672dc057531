package bind

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// viewColumns is how the columns of a view that is changed map to those of its table.
type viewColumns struct {
	view *desc.Relation
	nums map[string]int16 // by the view's names; 0 for a column that is computed
}

// viewTarget opens the table below a view that is the target of a change. The entry has the view's name and columns, and its condition as viewFilter.
func (b *binder) viewTarget(view *desc.Relation, n *pg_query.RangeVar, mode desc.Privilege, verb string) *rangeEntry {
	stmts, err := parse.Parse(view.ViewQuery)
	check(err)
	sel := stmts[0].Node.GetSelectStmt()
	if why := b.notUpdatable(sel); why != "" {
		b.cannotChange(view, verb, why)
	}
	b.perms = append(b.perms, &permission{relation: view.OID, mode: mode, owner: b.viaView, whole: true})
	b.noteRelation(view)
	source, owner, cascaded := b.source, b.viaView, b.cascaded
	b.source, b.viaView, b.cascaded = "", view.Owner, cascaded || view.ViewCheck == "cascaded"
	base := b.targetEntry(sel.FromClause[0].GetRangeVar(), mode, verb)
	targets, where := b.viewParts(base, sel)
	b.source, b.viaView, b.cascaded = source, owner, cascaded

	if len(targets) == 0 || base.table == nil {
		b.cannotChange(view, verb, "Views that have no updatable columns are not automatically updatable.")
	}
	base.viewFilter = conjunction([]expr.Expr{base.viewFilter, where})
	if where != nil && (view.ViewCheck != "" || cascaded) {
		base.viewChecks = append(base.viewChecks, expr.NamedCheck{Name: view.Name, Expr: where})
	}
	base.name, base.aliased = view.Name, false
	if n.Alias != nil {
		base.name, base.aliased = n.Alias.Aliasname, true
	}
	b.asViewColumns(base, view, targets)
	return base
}

// viewParts binds the select list and the condition of a view over the entry of its table.
func (b *binder) viewParts(base *rangeEntry, sel *pg_query.SelectStmt) ([]*target, expr.Expr) {
	outer := b.scope
	b.scope = &scope{}
	b.scope.items = []*item{b.scope.add(base)}
	targets := b.targetList(sel.TargetList, kindSelect)
	b.resolveUnknowns(targets)
	var where expr.Expr
	if sel.WhereClause != nil {
		where = b.toBool(b.in(kindWhere, sel.WhereClause), "WHERE")
	}
	b.scope = outer
	return targets, where
}

func (b *binder) asViewColumns(e *rangeEntry, view *desc.Relation, targets []*target) {
	e.through = &viewColumns{view: view, nums: map[string]int16{}}
	e.cols = nil
	i := 0
	for k := range view.Columns {
		c := &view.Columns[k]
		if c.Dropped || i >= len(targets) {
			continue
		}
		x := targets[i].e
		i++
		if v, ok := x.(*expr.Var); ok && v.ID.Num > 0 {
			e.through.nums[c.Name] = v.ID.Num
			renamed := *v
			renamed.Name = c.Name
			x = &renamed
		} else {
			e.through.nums[c.Name] = 0
		}
		e.cols = append(e.cols, column{name: c.Name, e: x})
	}
	e.rowType = nil
}

// notUpdatable says why a view cannot be changed, "" when it can.
func (b *binder) notUpdatable(sel *pg_query.SelectStmt) string {
	one := len(sel.GetFromClause()) == 1 && sel.FromClause[0].GetRangeVar() != nil
	switch {
	case sel == nil || len(sel.ValuesLists) > 0:
		return "Views that do not select from a single table or view are not automatically updatable."
	case len(sel.DistinctClause) > 0:
		return "Views containing DISTINCT are not automatically updatable."
	case len(sel.GroupClause) > 0:
		return "Views containing GROUP BY are not automatically updatable."
	case sel.HavingClause != nil:
		return "Views containing HAVING are not automatically updatable."
	case sel.Larg != nil:
		return "Views containing UNION, INTERSECT, or EXCEPT are not automatically updatable."
	case sel.WithClause != nil:
		return "Views containing WITH are not automatically updatable."
	case sel.LimitCount != nil || sel.LimitOffset != nil:
		return "Views containing LIMIT or OFFSET are not automatically updatable."
	case b.callsAggregate(sel):
		return "Views that return aggregate functions are not automatically updatable."
	case b.callsWindow(sel):
		return "Views that return window functions are not automatically updatable."
	case b.callsSet(sel):
		return "Views that return set-returning functions are not automatically updatable."
	case !one:
		return "Views that do not select from a single table or view are not automatically updatable."
	}
	return ""
}

func (b *binder) callsAggregate(sel *pg_query.SelectStmt) bool {
	return b.calls(sel, func(n *pg_query.FuncCall) bool {
		return n.Over == nil && b.aggregateCandidate(&call{name: operatorName(n.Funcname)})
	})
}

func (b *binder) callsWindow(sel *pg_query.SelectStmt) bool {
	return b.calls(sel, func(n *pg_query.FuncCall) bool { return n.Over != nil })
}

func (b *binder) callsSet(sel *pg_query.SelectStmt) bool {
	return b.calls(sel, func(n *pg_query.FuncCall) bool {
		for _, p := range b.env.Library.Procs(operatorName(n.Funcname)) {
			if p.RetSet {
				return true
			}
		}
		return false
	})
}

// calls tells whether a select list calls a function that test picks.
func (b *binder) calls(sel *pg_query.SelectStmt, test func(*pg_query.FuncCall) bool) bool {
	found := false
	for _, t := range sel.TargetList {
		walkNode(t.ProtoReflect(), func(m any) bool {
			switch x := m.(type) {
			case *pg_query.SubLink:
				return false
			case *pg_query.FuncCall:
				found = found || test(x)
			}
			return !found
		})
	}
	return found
}

func (b *binder) cannotChange(view *desc.Relation, verb, detail string) {
	doing := map[string]string{"insert into": "inserting into", "update": "updating", "delete from": "deleting from"}[verb]
	event := strings.ToUpper(strings.Fields(verb)[0])
	fail(pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "cannot %s view \"%s\"", verb, view.Name).WithDetail("%s", detail).
		WithHint("To enable %s the view, provide an INSTEAD OF %s trigger or an unconditional ON %s DO INSTEAD rule.", doing, event, event))
}

// targetColumn finds a column that a statement assigns to, by the name that its target gives it.
func (b *binder) targetColumn(e *rangeEntry, name string, loc int32, verb string) *desc.Column {
	if e.through == nil {
		return b.tableColumn(e.table, name, loc)
	}
	num, ok := e.through.nums[name]
	if !ok {
		b.errorf(loc, pgerr.UndefinedColumn, "column \"%s\" of relation \"%s\" does not exist", name, e.through.view.Name)
	}
	if num == 0 {
		fail(pgerr.Newf(pgerr.FeatureNotSupported, "cannot %s column \"%s\" of view \"%s\"", verb, name, e.through.view.Name).
			WithDetail("View columns that are not columns of their base relation are not updatable."))
	}
	return e.table.ColumnByNum(num)
}

// throughView gives the view and its column number of a table's column that is reached through a view.
func (e *rangeEntry) throughView(v *expr.Var) (desc.OID, int16) {
	if c := e.through.view.Column(v.Name); c != nil {
		return e.through.view.OID, c.Num
	}
	return e.table.OID, v.ID.Num
}

// otherRow gives an expression over one relation number over another.
func otherRow(e expr.Expr, from, to int32) expr.Expr {
	return plan.MapExpr(e, func(x expr.Expr) (expr.Expr, bool) {
		if v, ok := x.(*expr.Var); ok && v.ID.Rel == from {
			c := *v
			c.ID.Rel = to
			return &c, true
		}
		return nil, false
	})
}

// typeWithMod names a type with its modifier, as messages show it.
func typeWithMod(t expr.Typed) string {
	if t.Mod < 0 {
		return t.T.String()
	}
	return pgtype.FormatType(t.T, t.Mod)
}
