package bind

import (
	"slices"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// scope is one query level: what its names can refer to.
type scope struct {
	parent  *scope
	items   []*item       // the namespace: what FROM has brought so far
	entries []*rangeEntry // every range entry of the level, visible or not, for hints
	ctes    []*cteDef     // of this level's WITH
	lateral bool          // the item being bound may refer to its left neighbours
	kind    exprKind      // the clause being bound
	query   *query        // of a SELECT
	lateralUsed,
	hasAggs, hasSets, hasWindows bool
	recursive bool // of a recursive term
}

// item is an entry of a namespace. A join hides the columns of its sides behind its own item, and their names too when it has an alias.
type item struct {
	entry *rangeEntry
	// name and schema are what a qualified reference says; schema is only set without an alias.
	name   string
	schema desc.OID
	cols   []column

	relVisible, colsVisible bool
	lateralOnly, lateralOK  bool
	target                  bool // what UPDATE or DELETE changes
}

// column is a column of an item. e is what it stands for: a Var, or the merged column of a USING join.
type column struct {
	name string
	e    expr.Expr
	// hidden columns (kalampg's and PostgreSQL's system columns) are found by name and not part of *.
	hidden bool
}

// entryKind is the kind of a range entry.
type entryKind uint8

const (
	tableEntry entryKind = iota
	subqueryEntry
	functionEntry
	valuesEntry
	cteEntry
	joinEntry
)

// rangeEntry is one relation of a query level.
type rangeEntry struct {
	kind    entryKind
	name    string
	aliased bool
	rel     int32 // relation number of its columns, 0 for joins
	table   *desc.Relation
	scan    *plan.Scan       // of a table; its Nums grow as columns are used
	system  *plan.SystemScan // of a system relation, likewise
	view    *desc.Relation   // of a view, whose query is in its place
	perm    *permission
	cols    []column
	rowType *pgtype.Type
	scope   *scope
	// proposed is set for EXCLUDED, a row that is stored nowhere and so has no system columns.
	proposed bool
	// scalar is set for a function in FROM that gives one column of a scalar type: its name as a value is that column.
	scalar  bool
	through *viewColumns // of a target that is reached through a view
	// viewFilter is the condition of the views through which a target is changed.
	viewFilter expr.Expr
	// viewChecks are what rows must meet that are written through views WITH CHECK OPTION, innermost first.
	viewChecks []expr.NamedCheck
	def        any  // what deparsing needs: *query, *cteDef, function items
	named      bool // deparsing names all columns in the alias
}

func (b *binder) push(parent *scope) *scope { return &scope{parent: parent} }

// add brings an entry into the namespace of a scope.
func (s *scope) add(e *rangeEntry) *item {
	it := &item{entry: e, name: e.name, cols: e.cols, relVisible: true, colsVisible: true, lateralOK: true}
	switch {
	case e.aliased:
	case e.kind == tableEntry:
		it.schema = e.table.Schema
	case e.view != nil:
		it.schema = e.view.Schema
	}
	return it
}

// columnRef finds an unqualified column from a scope outwards; nil when there is none.
func (b *binder) columnRef(s *scope, name string, loc int32) expr.Expr {
	for at := s; at != nil; at = at.parent {
		if e := b.columnIn(at, name, loc); e != nil {
			return e
		}
	}
	return nil
}

func (b *binder) columnIn(s *scope, name string, loc int32) expr.Expr {
	var found expr.Expr
	var from *item
	for _, it := range s.items {
		if !it.colsVisible || it.lateralOnly && !s.lateral {
			continue
		}
		e := b.itemColumn(it, name, loc)
		if e == nil {
			continue
		}
		if found != nil {
			b.ambiguous(name, loc)
		}
		found, from = e, it
	}
	if found == nil {
		return nil
	}
	b.checkLateral(s, from, loc)
	return b.useColumn(found, loc)
}

func (b *binder) ambiguous(name string, loc int32) {
	b.errorf(loc, pgerr.AmbiguousColumn, "column reference \"%s\" is ambiguous", name)
}

// itemColumn finds a column of one item; nil when there is none.
func (b *binder) itemColumn(it *item, name string, loc int32) expr.Expr {
	var found expr.Expr
	for i := range it.cols {
		if c := &it.cols[i]; c.name == name && (!c.hidden || it.entry.kind == cteEntry) {
			if found != nil {
				b.ambiguous(name, loc)
			}
			found = c.e
		}
	}
	if found == nil && it.entry.kind == tableEntry {
		if found = systemColumn(it.entry, name); found != nil {
			b.checkSystemColumn(it.entry, name, loc)
		}
	}
	return found
}

// checkSystemColumn refuses system columns in constraints and generated columns, but for tableoid: they say where a row is stored, not what is in it.
func (b *binder) checkSystemColumn(e *rangeEntry, name string, loc int32) {
	if name == "tableoid" || e.scope == nil {
		return
	}
	switch e.scope.kind {
	case kindCheck:
		b.errorf(loc, pgerr.InvalidColumnReference, "system column \"%s\" reference in check constraint is invalid", name)
	case kindGenerated:
		b.errorf(loc, pgerr.InvalidColumnReference, "cannot use system column \"%s\" in column generation expression", name)
	}
}

// checkLateral refuses a reference from the right side of an outer join to a left side that may be missing.
func (b *binder) checkLateral(s *scope, it *item, loc int32) {
	if !it.lateralOnly {
		return
	}
	if !it.lateralOK {
		e := pgerr.Newf(pgerr.InvalidColumnReference, "invalid reference to FROM-clause entry for table \"%s\"", it.name)
		if it.target {
			e.WithHint("There is an entry for table \"%s\", but it cannot be referenced from this part of the query.", it.name)
		} else {
			e.WithDetail("The combining JOIN type must be INNER or LEFT for a LATERAL reference.")
		}
		b.failAt(loc, e)
	}
	s.lateralUsed = true
}

// useColumn makes a reference to a column: the scan has to produce it, and the user may read it. Each reference is a node of its own.
func (b *binder) useColumn(e expr.Expr, loc int32) expr.Expr {
	plan.WalkExpr(e, func(x expr.Expr) bool {
		if v, ok := x.(*expr.Var); ok {
			b.use(v.ID)
		}
		return true
	})
	if v, ok := e.(*expr.Var); ok {
		c := *v
		return b.at(&c, loc)
	}
	c := expr.MapChildren(e, func(x expr.Expr) expr.Expr {
		if v, ok := x.(*expr.Var); ok {
			c := *v
			return &c
		}
		return x
	})
	return b.at(c, loc)
}

// use notes that a column of a table is read.
func (b *binder) use(id expr.ColID) {
	e := b.entries[id.Rel]
	if e == nil || e.kind != tableEntry && e.view == nil {
		return
	}
	if e.view == nil {
		b.produce(e, id.Num)
	}
	if e.perm != nil {
		e.perm.read(id.Num)
	}
}

// produce makes the scan of a table give a column.
func (b *binder) produce(e *rangeEntry, num int16) {
	switch {
	case e.scan != nil && !slices.Contains(e.scan.Nums, num):
		e.scan.Nums = append(e.scan.Nums, num)
	case e.system != nil && !slices.Contains(e.system.Nums, num):
		e.system.Nums = append(e.system.Nums, num)
	}
}

// findItem finds a relation by its name from a scope outwards; level is the scope that has it.
func (b *binder) findItem(s *scope, schema, name string, loc int32) (it *item, level *scope) {
	var schemaOID desc.OID
	if schema != "" {
		sc := b.env.Catalog.SchemaByName(schema)
		if sc == nil {
			return nil, nil
		}
		schemaOID = sc.OID
	}
	for at := s; at != nil; at = at.parent {
		for _, x := range at.items {
			if !x.relVisible || x.lateralOnly && !at.lateral || x.name != name || schemaOID != 0 && x.schema != schemaOID {
				continue
			}
			if it != nil {
				b.errorf(loc, pgerr.AmbiguousAlias, "table reference \"%s\" is ambiguous", name)
			}
			it, level = x, at
		}
		if it != nil {
			b.checkLateral(at, it, loc)
			return it, level
		}
	}
	return nil, nil
}

// visibleColumns are the columns of an item that * stands for.
func visibleColumns(it *item) []column {
	out := make([]column, 0, len(it.cols))
	for _, c := range it.cols {
		if !c.hidden {
			out = append(out, c)
		}
	}
	return out
}

// checkUnique refuses two relations of one name in a namespace.
func (b *binder) checkUnique(left, right []*item) {
	for _, l := range left {
		for _, r := range right {
			if !l.relVisible || !r.relVisible || l.name != r.name {
				continue
			}
			if l.entry.kind == tableEntry && r.entry.kind == tableEntry && !l.entry.aliased && !r.entry.aliased &&
				l.entry.table.OID != r.entry.table.OID {
				continue
			}
			b.errorf(-1, pgerr.DuplicateAlias, "table name \"%s\" specified more than once", r.name)
		}
	}
}
