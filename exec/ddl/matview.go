package ddl

import (
	"strconv"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
)

// createMatView runs CREATE MATERIALIZED VIEW: a table of the rows of a query, which it keeps as a view does.
func (w *work) createMatView(n *pg_query.CreateTableAsStmt) (string, error) {
	const tag = "CREATE MATERIALIZED VIEW"
	into := n.Into
	if into.Rel.Relpersistence == "u" {
		return "", pgerr.New(pgerr.FeatureNotSupported, "materialized views cannot be unlogged")
	}
	if n.Query.GetSelectStmt() == nil {
		return "", pgerr.Unsupported("a materialized view of this statement")
	}
	schema, persistence, err := w.creationSchema(into.Rel)
	if err != nil {
		return "", err
	}
	if n.IfNotExists {
		if done, err := w.exists(schema, into.Rel, true); done {
			return tag, err
		}
	}
	for _, c := range n.Query.GetSelectStmt().GetWithClause().GetCtes() {
		if c.GetCommonTableExpr().Ctequery.GetSelectStmt() == nil {
			return "", pgerr.New(pgerr.FeatureNotSupported, "materialized views must not use data-modifying statements in WITH")
		}
	}
	names := stringsOf(into.ColNames)
	inner := *w.stmt
	inner.Node = n.Query
	env := *w.Bind
	env.FixedParams = true
	bound, err := bind.Bind(w.Ctx, &env, &inner, nil)
	if err != nil {
		return "", err
	}
	columns, err := resultColumns(bound.Columns, names)
	if err != nil {
		return "", err
	}
	def, err := w.bindView(n.Query, names)
	if err != nil {
		return "", err
	}
	if w.readsTemporary(def) {
		return "", pgerr.New(pgerr.FeatureNotSupported, "materialized views must not use temporary tables or views")
	}
	if _, err := w.exists(schema, into.Rel, false); err != nil {
		return "", err
	}
	if err := checkViewColumns(columns); err != nil {
		return "", err
	}
	rel := &desc.Relation{Name: into.Rel.Relname, Schema: schema, Owner: w.User, Kind: desc.MatView, Persistence: persistence, Columns: columns, ViewQuery: def.Query,
		DependsOn: def.DependsOn, TypesUsed: def.TypesUsed, Unpopulated: into.SkipData}
	if err := w.tableOptions(rel, into.Options); err != nil {
		return "", err
	}
	if err := checkClass(rel); err != nil {
		return "", err
	}
	if rel.Class != desc.Shared {
		return "", pgerr.Unsupported("materialized views with rows of each user, or that expire")
	}
	if err := w.checkRead(bound); err != nil {
		return "", err
	}
	if err := w.Catalog.CreateRelation(w.Ctx, rel); err != nil {
		return "", err
	}
	if into.SkipData {
		return tag, nil
	}
	count, err := w.fill(rel, bound)
	return "SELECT " + strconv.FormatInt(count, 10), err
}

// refreshMatView runs REFRESH MATERIALIZED VIEW. Its query runs with the rights of the owner.
func (w *work) refreshMatView(n *pg_query.RefreshMatViewStmt) error {
	o, err := w.mustFind(n.Relation)
	if err != nil {
		return err
	}
	if o.kind() != desc.MatView {
		return pgerr.Newf(pgerr.FeatureNotSupported, "\"%s\" is not a materialized view", o.name())
	}
	mode := kv.AccessExclusive
	if n.Concurrent {
		mode = kv.Exclusive // readers go on
	}
	if o, err = w.lockOwned(o, mode); err != nil {
		return err
	}
	rel := o.rel
	if n.Concurrent {
		if rel.Unpopulated {
			return pgerr.New(pgerr.FeatureNotSupported, "CONCURRENTLY cannot be used when the materialized view is not populated")
		}
		if n.SkipData {
			return pgerr.New(pgerr.SyntaxError, "CONCURRENTLY and WITH NO DATA options cannot be used together")
		}
		if !uniqueOnColumns(rel) {
			return pgerr.Newf(pgerr.ObjectNotInPrerequisiteState, "cannot refresh materialized view \"%s.%s\" concurrently", w.Catalog.Schema(rel.Schema).Name, rel.Name).
				WithHint("Create a unique index with no WHERE clause on one or more columns of the materialized view.")
		}
	}
	bound, err := w.matViewQuery(rel)
	if err != nil {
		return err
	}
	if n.Concurrent {
		return w.inSchema(rel, w.mergeMatView(rel, bound))
	}
	if err := w.Catalog.Truncate(w.Ctx, rel.OID, false); err != nil {
		return err
	}
	if err := w.atRelation(rel.OID, func(r *desc.Relation) error { r.Unpopulated = n.SkipData; return nil }); err != nil {
		return err
	}
	if n.SkipData {
		return nil
	}
	// The rows are written anew and the indexes with them, so a key that comes twice is an index that cannot be made.
	now := w.Catalog.Relation(rel.OID)
	_, err = w.fill(now, bound)
	return w.notBuilt(now, newIndexError(err))
}

// uniqueOnColumns tells whether a unique index tells the rows of a materialized view apart, each of them.
func uniqueOnColumns(rel *desc.Relation) bool {
	for i := range rel.Indexes {
		x := &rel.Indexes[i]
		plain := x.Unique && x.Valid && x.Predicate == ""
		for _, k := range x.Keys {
			plain = plain && k.Num > 0
		}
		if plain {
			return true
		}
	}
	return false
}

// matViewQuery binds the stored query as the owner and locks what it reads.
func (w *work) matViewQuery(rel *desc.Relation) (*plan.Statement, error) {
	stmts, err := parse.Parse(rel.ViewQuery)
	if err != nil {
		return nil, err
	}
	env := *w.Bind
	env.FixedParams, env.User = true, rel.Owner
	bound, err := bind.Bind(w.Ctx, &env, stmts[0], nil)
	if err != nil {
		return nil, err
	}
	for i := range bound.Privileges {
		if bound.Privileges[i].AsOwner == 0 {
			bound.Privileges[i].AsOwner = rel.Owner
		}
	}
	return bound, w.checkRead(bound)
}
