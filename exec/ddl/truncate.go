package ddl

import (
	"slices"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// truncate runs TRUNCATE.
func (w *work) truncate(n *pg_query.TruncateStmt) error {
	var list []*desc.Relation
	add := func(o object) error {
		if slices.ContainsFunc(list, func(r *desc.Relation) bool { return r.OID == o.rel.OID }) {
			return nil
		}
		if err := w.mayTruncate(o); err != nil {
			return err
		}
		o, err := w.lock(o, kv.AccessExclusive)
		if err != nil {
			return err
		}
		list = append(list, o.rel)
		return w.notPending(o, "TRUNCATE")
	}
	for _, x := range n.Relations {
		rv := x.GetRangeVar()
		o, err := w.mustFind(rv)
		if err != nil {
			return err
		}
		if err := add(o); err != nil {
			return err
		}
	}
	if err := w.addReferencing(&list, n.Behavior == pg_query.DropBehavior_DROP_CASCADE, add); err != nil {
		return err
	}
	for _, r := range list {
		if n.RestartSeqs {
			if err := w.ownsSequences(r); err != nil {
				return err
			}
		}
		if err := w.empty(r, n.RestartSeqs); err != nil {
			return err
		}
	}
	return nil
}

// empty removes the rows of a table. In a user table those are the rows of the session's scope, as for every other statement; all of them
// for who reads all scopes (kalam.all_users).
func (w *work) empty(r *desc.Relation, restart bool) error {
	t, err := w.Table(r)
	if err != nil {
		return err
	}
	if !t.Scoped() || w.Access.AllScopes {
		if w.Access.Tally != nil {
			w.Access.Tally.Empty(r.OID)
		}
		return w.Catalog.Truncate(w.Ctx, r.OID, restart)
	}
	return t.ClearScope(w.Access)
}

func (w *work) mayTruncate(o object) error {
	if o.kind() != desc.Table {
		return pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a table", o.name())
	}
	if o.rel.Class == desc.System {
		return pgerr.Newf(pgerr.InsufficientPrivilege, "permission denied: \"%s\" is a system catalog", o.name())
	}
	return catalog.CheckPrivilege(w.Catalog, w.User, o.ref(), desc.Truncate)
}

// addReferencing adds the tables whose foreign keys refer to those in the list, with CASCADE; else they are an error.
func (w *work) addReferencing(list *[]*desc.Relation, cascade bool, add func(object) error) error {
	for i := 0; i < len(*list); i++ {
		to := (*list)[i]
		for _, r := range w.Catalog.Referencing(to.OID) {
			if slices.ContainsFunc(*list, func(x *desc.Relation) bool { return x.OID == r.OID }) {
				continue
			}
			if !cascade {
				return pgerr.New(pgerr.FeatureNotSupported, "cannot truncate a table referenced in a foreign key constraint").
					WithDetail("Table \"%s\" references \"%s\".", r.Name, to.Name).
					WithHint("Truncate table \"%s\" at the same time, or use TRUNCATE ... CASCADE.", r.Name)
			}
			w.noticef(pgerr.SuccessfulCompletion, "truncate cascades to table \"%s\"", r.Name)
			if err := add(object{rel: r}); err != nil {
				return err
			}
		}
	}
	return nil
}

// ownsSequences checks that the user owns the sequences which RESTART IDENTITY restarts.
func (w *work) ownsSequences(table *desc.Relation) error {
	for r := range w.Catalog.RelationsIn(table.Schema) {
		if r.Kind == desc.Sequence && r.OwnedBy.Relation == table.OID {
			if err := catalog.CheckOwner(w.Catalog, w.User, relationRef(r.OID)); err != nil {
				return err
			}
		}
	}
	return nil
}
