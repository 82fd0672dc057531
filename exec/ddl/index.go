package ddl

import (
	"slices"
	"strconv"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/bind"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/internal/kv"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// createIndex runs CREATE INDEX. CONCURRENTLY builds like the plain form: the build is one transaction.
func (w *work) createIndex(n *pg_query.IndexStmt) error {
	if n.Concurrent && w.InBlock {
		return pgerr.New(pgerr.ActiveSQLTransaction, "CREATE INDEX CONCURRENTLY cannot run inside a transaction block")
	}
	o, err := w.mustFind(n.Relation)
	if err != nil {
		return w.at(err, -1)
	}
	if o.kind() != desc.Table && o.kind() != desc.MatView {
		return notSupported("cannot create index on relation", o)
	}
	if o, err = w.lockOwned(o, kv.Share); err != nil {
		return err
	}
	if err := indexMethod(n.AccessMethod); err != nil {
		return err
	}
	x, names, err := w.indexOf(o.rel, n)
	if err != nil {
		return err
	}
	if x.Name = n.Idxname; x.Name == "" {
		x.Name = w.relationName(o.rel.Name, joinNames(names), "idx", o.rel.Schema, false)
	} else if done, err := w.exists(o.rel.Schema, &pg_query.RangeVar{Relname: x.Name}, n.IfNotExists); done {
		return err
	}
	return w.addIndex(o.rel.OID, x)
}

func indexMethod(name string) error {
	switch name {
	case "", "btree":
		return nil
	case "hash", "gin", "gist", "spgist", "brin":
		return pgerr.Unsupported(name + " indexes")
	}
	return pgerr.Newf(pgerr.UndefinedObject, "access method \"%s\" does not exist", name)
}

// indexOf makes the descriptor of an index without its name, and the column names that a name is made from.
func (w *work) indexOf(rel *desc.Relation, n *pg_query.IndexStmt) (x desc.Index, names []string, err error) {
	x = desc.Index{Unique: n.Unique, NullsNotDistinct: n.NullsNotDistinct, Immediate: true, Valid: true, Method: "btree"}
	if len(n.IndexParams)+len(n.IndexIncludingParams) > maxKeys {
		return x, nil, pgerr.Newf(pgerr.TooManyColumns, "cannot use more than %d columns in an index", maxKeys)
	}
	if x.Options, err = indexOptions(n.Options); err != nil {
		return x, nil, err
	}
	if n.WhereClause != nil {
		p, err := w.bindStored(n.WhereClause, bind.Stored{Kind: bind.IndexPredicate, Relation: rel})
		if err != nil {
			return x, nil, err
		}
		x.Predicate, x.ExprColumns = p.text, addColumns(x.ExprColumns, p.Columns)
	}
	for _, e := range n.IndexParams {
		name, err := w.indexKey(rel, &x, e.GetIndexElem())
		if err != nil {
			return x, nil, err
		}
		names = append(names, name)
	}
	for _, e := range n.IndexIncludingParams {
		elem := e.GetIndexElem()
		if elem.Name == "" {
			return x, nil, pgerr.New(pgerr.FeatureNotSupported, "expressions are not supported in included columns")
		}
		c, err := w.indexColumn(rel, elem.Name)
		if err != nil {
			return x, nil, err
		}
		x.Include = append(x.Include, c.Num)
		names = append(names, elem.Name)
	}
	return x, uniqueNames(names), nil
}

func (w *work) indexColumn(rel *desc.Relation, name string) (*desc.Column, error) {
	if c := rel.Column(name); c != nil {
		return c, nil
	}
	if bind.IsSystemColumn(name) {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "index creation on system columns is not supported")
	}
	return nil, pgerr.Newf(pgerr.UndefinedColumn, "column \"%s\" does not exist", name)
}

// indexKey adds a key to an index and gives the name that it would have as a column.
func (w *work) indexKey(rel *desc.Relation, x *desc.Index, e *pg_query.IndexElem) (name string, err error) {
	var k desc.IndexKey
	var t *pgtype.Type
	if e.Name != "" {
		c, err := w.indexColumn(rel, e.Name)
		if err != nil {
			return "", err
		}
		k.Num, k.Collation, t, name = c.Num, c.Collation, w.Catalog.Type(c.Type), e.Name
	} else {
		p, err := w.bindStored(e.Expr, bind.Stored{Kind: bind.IndexExpression, Relation: rel})
		if err != nil {
			return "", err
		}
		t, k.Collation = p.Expr.Type(), p.Expr.Type().Collation
		if v, ok := p.Expr.(*expr.Var); ok && v.ID.Num > 0 {
			k.Num = v.ID.Num
			name = rel.Columns[k.Num-1].Name
		} else {
			k.Expr, k.ExprType = p.text, t.OID
			x.ExprColumns = addColumns(x.ExprColumns, p.Columns)
			if name = bind.ExpressionName(e.Expr); name == "" {
				name = "expr"
			}
		}
	}
	if len(e.Collation) > 0 {
		if k.Collation, err = w.collation(t, &pg_query.CollateClause{Collname: e.Collation, Location: -1}); err != nil {
			return "", err
		}
	}
	if len(e.Opclass) > 0 {
		if k.Opclass, err = operatorClass(t, stringsOf(e.Opclass)); err != nil {
			return "", err
		}
	}
	if err := checkKeyType(t); err != nil {
		return "", err
	}
	k.Desc = e.Ordering == pg_query.SortByDir_SORTBY_DESC
	k.NullsFirst = k.Desc
	switch e.NullsOrdering {
	case pg_query.SortByNulls_SORTBY_NULLS_FIRST:
		k.NullsFirst = true
	case pg_query.SortByNulls_SORTBY_NULLS_LAST:
		k.NullsFirst = false
	}
	x.Keys = append(x.Keys, k)
	return name, nil
}

// addColumns adds column numbers to a set of them.
func addColumns(set, more []int16) []int16 {
	for _, n := range more {
		if n > 0 && !slices.Contains(set, n) {
			set = append(set, n)
		}
	}
	slices.Sort(set)
	return set
}

// uniqueNames numbers the names that come again, as PostgreSQL does with an index's columns.
func uniqueNames(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		name := n
		for i := 1; slices.Contains(out, name); i++ {
			number := strconv.Itoa(i)
			name = clip(n, maxName-len(number)) + number
		}
		out = append(out, name)
	}
	return out
}

// textName is the name that a stored expression has as a column of an index.
func textName(text string) string {
	if n, err := parse.Expression(text); err == nil {
		if name := bind.ExpressionName(n); name != "" {
			return name
		}
	}
	return "expr"
}

// operatorClass finds an operator class of btree that takes a type.
func operatorClass(t *pgtype.Type, names []string) (desc.OID, error) {
	name := names[len(names)-1]
	c := findOperatorClass(name)
	if c == nil {
		return 0, pgerr.Newf(pgerr.UndefinedObject, "operator class \"%s\" does not exist for access method \"btree\"", strings.Join(names, "."))
	}
	base := t.BaseType()
	if c.input != base.OID && !(c.input == pgtype.OIDText && base.OID == pgtype.OIDVarchar) && !c.polymorphic(base) {
		return 0, pgerr.Newf(pgerr.DatatypeMismatch, "operator class \"%s\" does not accept data type %s", strings.Join(names, "."), t)
	}
	if c.isDefault && c.input == base.OID {
		return 0, nil
	}
	return c.oid, nil
}

// addIndex adds an index to a table, which is locked, and builds it.
func (w *work) addIndex(table desc.OID, x desc.Index) error {
	rel, err := w.Catalog.AlterRelation(w.Ctx, table, func(r *desc.Relation) error {
		r.Indexes = append(r.Indexes, x)
		return nil
	})
	if err != nil {
		return err
	}
	return w.buildIndex(rel, &rel.Indexes[len(rel.Indexes)-1])
}

// buildIndex fills an index with the entries of all rows.
func (w *work) buildIndex(rel *desc.Relation, x *desc.Index) error {
	if err := w.freshRows(); err != nil {
		return err
	}
	t, err := w.Table(rel)
	if err != nil {
		return err
	}
	return w.notBuilt(rel, t.BuildIndex(w.Ctx, w.Access, x))
}

// notBuilt names the table in the error about an index that cannot be built.
func (w *work) notBuilt(rel *desc.Relation, err error) error {
	if e, ok := pgerr.As(err); ok && (e.Code == pgerr.UniqueViolation || e.Code == pgerr.ExclusionViolation) {
		e.Schema, e.Table = w.schemaName(rel.Schema), rel.Name
	}
	return err
}

// inSchema names the schema in an error that names the table.
func (w *work) inSchema(rel *desc.Relation, err error) error {
	if e, ok := pgerr.As(err); ok && e.Table != "" && e.Schema == "" {
		e.Schema = w.schemaName(rel.Schema)
	}
	return err
}

// reindex runs REINDEX.
func (w *work) reindex(n *pg_query.ReindexStmt) error {
	switch n.Kind {
	case pg_query.ReindexObjectType_REINDEX_OBJECT_INDEX:
		o, err := w.mustFind(n.Relation)
		if err != nil {
			return err
		}
		if o.index == nil {
			return pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not an index", o.name())
		}
		if o, err = w.lockOwned(o, kv.AccessExclusive); err != nil {
			return err
		}
		return w.rebuildIndexes(o.rel, o.index.OID)
	case pg_query.ReindexObjectType_REINDEX_OBJECT_TABLE:
		o, err := w.mustFind(n.Relation)
		if err != nil {
			return err
		}
		if o.kind() != desc.Table && o.kind() != desc.MatView {
			return pgerr.Newf(pgerr.WrongObjectType, "\"%s\" is not a table or materialized view", o.name())
		}
		if o, err = w.lockOwned(o, kv.AccessExclusive); err != nil {
			return err
		}
		if len(o.rel.Indexes) == 0 {
			w.noticef(pgerr.SuccessfulCompletion, "table \"%s\" has no indexes to reindex", o.rel.Name)
		}
		return w.rebuildIndexes(o.rel, 0)
	}
	return w.reindexMany(n)
}

func (w *work) reindexMany(n *pg_query.ReindexStmt) error {
	word := strings.TrimPrefix(n.Kind.String(), "REINDEX_OBJECT_")
	if w.InBlock {
		return pgerr.Newf(pgerr.ActiveSQLTransaction, "REINDEX %s cannot run inside a transaction block", word)
	}
	var schema desc.OID
	switch n.Kind {
	case pg_query.ReindexObjectType_REINDEX_OBJECT_SCHEMA:
		s := w.schemaNamed(n.Name)
		if s == nil {
			return pgerr.Newf(pgerr.InvalidSchemaName, "schema \"%s\" does not exist", n.Name)
		}
		schema = s.OID
	case pg_query.ReindexObjectType_REINDEX_OBJECT_SYSTEM:
		return nil // the system's relations are computed
	default:
		if n.Name != "" && n.Name != w.Catalog.Database().Name {
			return pgerr.New(pgerr.FeatureNotSupported, "can only reindex the currently open database")
		}
	}
	for r := range w.Catalog.Relations() {
		if r.Kind != desc.Table && r.Kind != desc.MatView || r.Class == desc.System || schema != 0 && r.Schema != schema || w.checkOwner(object{rel: r}) != nil {
			continue
		}
		o, err := w.lock(object{rel: r}, kv.AccessExclusive)
		if err == nil {
			err = w.rebuildIndexes(o.rel, 0)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rebuildIndexes builds an index, or with 0 all of a table, anew. The primary key is the order of the rows themselves.
func (w *work) rebuildIndexes(rel *desc.Relation, only desc.OID) error {
	var build []desc.OID
	rel, err := w.Catalog.AlterRelation(w.Ctx, rel.OID, func(r *desc.Relation) error {
		for i := range r.Indexes {
			if x := &r.Indexes[i]; !x.Clustered() && (only == 0 || only == x.OID) {
				x.StorageID = 0
				build = append(build, x.OID)
			}
		}
		return nil
	})
	for _, oid := range build {
		if err == nil {
			err = w.buildIndex(rel, rel.Index(oid))
		}
	}
	return err
}
