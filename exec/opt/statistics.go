package opt

import (
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Source is what the optimizer asks about tables.
type Source interface {
	// Statistics is what ANALYZE found, nil before the first.
	Statistics(table desc.OID) *desc.Statistics
	// Rows is how many rows a table is thought to have now, -1 when nobody knows.
	Rows(table desc.OID) float64
}

// unknownRows is the size of a table that nobody knows anything about: large enough that its indexes are used, small enough that it is not feared. A table
// that is known to be small may have grown by the time that a cached plan runs, so it counts as having a few rows at least, and more while it was never analysed.
const (
	unknownRows = 10000
	newRows     = 1000
	fewRows     = 10
)

// tableInfo is what is known of a table in this statement.
type tableInfo struct {
	rel   *desc.Relation
	stats *desc.Statistics // nil: none
	rows  float64          // of the whole table
	seen  float64          // of them, those that a scan sees: one user's of a user table
	bytes float64          // that a row takes
}

func (p *planner) table(rel *desc.Relation) *tableInfo {
	if t := p.tables[rel.OID]; t != nil {
		return t
	}
	t := &tableInfo{rel: rel, rows: unknownRows}
	if p.source != nil {
		t.stats = p.source.Statistics(rel.OID)
		if n := p.source.Rows(rel.OID); n >= 0 {
			t.rows = n
		} else if t.stats != nil && t.stats.Rows >= 0 {
			t.rows = t.stats.Rows
		}
	}
	t.rows = max(t.rows, fewRows)
	if t.stats == nil {
		t.rows = max(t.rows, newRows)
	}
	t.seen = t.rows
	if s := t.stats; s != nil && s.Scopes > 1 && !p.allScopes {
		t.seen = max(1, t.rows/float64(s.Scopes))
	}
	t.bytes = float64(32 + 12*len(rel.Columns))
	if s := t.stats; s != nil && s.Rows > 0 && s.Bytes > 0 {
		t.bytes = float64(s.Bytes) / s.Rows
	}
	if p.tables == nil {
		p.tables = make(map[desc.OID]*tableInfo)
	}
	p.tables[rel.OID] = t
	return t
}

// columnInfo is what is known of the values of a column of a table.
type columnInfo struct {
	table    *tableInfo
	num      int16
	typ      *pgtype.Type
	stats    *desc.ColumnStatistics // nil: none
	distinct float64                // different values in the table
	unique   bool                   // no value twice
}

// defaultDistinct is how many different values a column is thought to have of which nothing is known.
const defaultDistinct = 200

// column finds the table column that an expression is, through projections, groupings and casts that keep the values; nil when it is none.
func (p *planner) column(e expr.Expr) *columnInfo {
	for range 50 {
		switch x := e.(type) {
		case *expr.Relabel:
			e = x.Arg
			continue
		case *expr.Var:
			if x.ID.Num < 1 {
				return nil
			}
			if c, ok := p.columns[x.ID]; ok {
				return c
			}
			if s, ok := p.origin[x.ID.Rel].(*plan.Scan); ok {
				c := p.tableColumn(s.Table, x.ID.Num, x.T)
				if p.columns == nil {
					p.columns = make(map[expr.ColID]*columnInfo)
				}
				p.columns[x.ID] = c
				return c
			}
			next := p.behind(x)
			if next == nil {
				return nil
			}
			e = next
			continue
		}
		return nil
	}
	return nil
}

// behind gives the expression that a column of a computing node stands for, nil when there is none.
func (p *planner) behind(v *expr.Var) expr.Expr {
	at := int(v.ID.Num) - 1
	switch n := p.origin[v.ID.Rel].(type) {
	case *plan.Project:
		if at < len(n.Exprs) {
			return n.Exprs[at]
		}
	case *plan.Aggregate:
		if at < len(n.Keys) {
			return n.Keys[at]
		}
	case *plan.CTEScan:
		if c := p.ctes[n.CTE]; c != nil {
			if ids := c.Plan.Columns(); at < len(ids) {
				return &expr.Var{Typed: v.Typed, ID: ids[at]}
			}
		}
	case *plan.SetOp:
		if ids := n.Left.Columns(); at < len(ids) {
			return &expr.Var{Typed: v.Typed, ID: ids[at]}
		}
	}
	return nil
}

func (p *planner) tableColumn(rel *desc.Relation, num int16, typ *pgtype.Type) *columnInfo {
	t := p.table(rel)
	c := &columnInfo{table: t, num: num, typ: typ, distinct: min(defaultDistinct, t.rows)}
	d := rel.ColumnByNum(num)
	if d == nil {
		return c
	}
	c.stats = t.stats.Column(num, d.Type)
	switch {
	case uniqueKey(rel, num):
		c.unique, c.distinct = true, t.rows
	case c.stats != nil && c.stats.Distinct > 0:
		c.distinct = min(c.stats.Distinct, t.rows)
	case c.stats != nil && c.stats.Distinct < 0:
		c.distinct = max(1, -c.stats.Distinct*t.rows)
	case typ != nil && typ.OID == pgtype.OIDBool:
		c.distinct = 2
	}
	return c
}

// uniqueKey tells whether a column alone is a unique key.
func uniqueKey(rel *desc.Relation, num int16) bool {
	for i := range rel.Indexes {
		x := &rel.Indexes[i]
		if x.Unique && x.Valid && x.Predicate == "" && len(x.Keys) == 1 && x.Keys[0].Num == num && rel.Class != desc.User {
			return true
		}
	}
	return false
}

// nullFrac is the share of NULLs.
func (c *columnInfo) nullFrac() float64 {
	if c == nil || c.stats == nil {
		return 0
	}
	return c.stats.NullFrac
}

// values gives the statistics' values, nil for none.
func (c *columnInfo) values() (common, bounds []pgtype.Datum) {
	if c == nil || c.stats == nil {
		return nil, nil
	}
	t := c.typ
	for t.Kind == pgtype.KindDomain && t.Base != nil {
		t = t.Base
	}
	return c.stats.Values(t)
}

// width is the average size of an expression's values.
func (p *planner) width(e expr.Expr) int {
	if c := p.column(e); c != nil && c.stats != nil && c.stats.Width > 0 {
		return int(c.stats.Width)
	}
	return typeWidth(e.Type(), e.Typmod())
}

// typeWidth guesses the size of values of a type, as PostgreSQL does.
func typeWidth(t *pgtype.Type, typmod int32) int {
	if t == nil {
		return 32
	}
	if t.Len > 0 {
		return int(t.Len)
	}
	if (t.OID == pgtype.OIDVarchar || t.OID == pgtype.OIDBpchar) && typmod > 4 {
		n := int(typmod)
		if t.OID == pgtype.OIDBpchar || n <= 32 {
			return n
		}
		return min(32+(n-32)/2, 32+(1000-32)/2)
	}
	return 32
}
