package bind

import (
	"context"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
)

// NotUpdatable says why the table below a view with a query cannot be changed through it, "" when it can.
func NotUpdatable(env *Env, query *pg_query.SelectStmt) (why string, err error) {
	err = guard(func() {
		b := newBinder(context.Background(), env, "")
		b.scope = &scope{}
		if why = b.notUpdatable(query); why != "" {
			return
		}
		updatable := false
		for _, t := range query.TargetList {
			r := t.GetResTarget()
			updatable = updatable || r.GetVal().GetColumnRef() != nil
		}
		if !updatable {
			why = "Views that have no updatable columns are not automatically updatable."
		}
	})
	return why, err
}

// UpdatableColumns lists the columns of a view through which its table can be changed; ok is false when the view cannot be changed at all; without such columns
// its rows can be deleted.
func UpdatableColumns(env *Env, view *desc.Relation) (columns []int16, ok bool) {
	err := guard(func() {
		b := newBinder(context.Background(), env, "")
		b.fixed = true
		b.scope = &scope{}
		e := b.viewTarget(view, &pg_query.RangeVar{Relname: view.Name}, desc.Delete, "delete from")
		for i := range view.Columns {
			if c := &view.Columns[i]; e.through.nums[c.Name] > 0 {
				columns = append(columns, c.Num)
			}
		}
	})
	return columns, err == nil
}
