package bind

import (
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog"
	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// permission collects what a statement does with one relation.
type permission struct {
	relation desc.OID
	mode     desc.Privilege
	whole    bool     // privileges on single columns do not do
	owner    desc.OID // check as this role, 0: the current user
	selected map[int16]bool
	inserted map[int16]bool
	updated  map[int16]bool
}

func (p *permission) read(num int16) {
	p.mode |= desc.Select
	if p.selected == nil {
		p.selected = map[int16]bool{}
	}
	p.selected[num] = true
}

// collectPrivileges lists the privileges that the statement needs, one entry per relation and privilege, in the order of the range table.
func (b *binder) collectPrivileges() {
	for _, p := range b.perms {
		for _, m := range []struct {
			mode desc.Privilege
			cols map[int16]bool
		}{{desc.Select, p.selected}, {desc.Insert, p.inserted}, {desc.Update, p.updated}, {desc.Delete, nil}} {
			if p.mode&m.mode == 0 {
				continue
			}
			pr := plan.Privilege{Relation: p.relation, Mode: m.mode, AsOwner: p.owner}
			if m.mode != desc.Delete && !p.whole {
				pr.Columns = sortedNums(m.cols)
			}
			b.stmt.Privileges = append(b.stmt.Privileges, pr)
		}
	}
}

func sortedNums(m map[int16]bool) []int16 {
	out := make([]int16, 0, len(m))
	for n := range m {
		i := len(out)
		out = append(out, n)
		for ; i > 0 && out[i-1] > n; i-- {
			out[i] = out[i-1]
		}
		out[i] = n
	}
	return out
}

// RangeVar finds the relation that a name in a statement refers to: 42P01 when there is none, 3F000 for an unknown schema.
func RangeVar(env *Env, n *pg_query.RangeVar) (rel *desc.Relation, err error) {
	b := newBinder(nil, env, "")
	err = guard(func() { rel = b.relation(n) })
	return rel, err
}

// relation finds a relation by name, or fails.
func (b *binder) relation(n *pg_query.RangeVar) *desc.Relation {
	rel := b.lookupRelation(n)
	if rel == nil {
		b.errorf(n.Location, pgerr.UndefinedTable, "relation \"%s\" does not exist", rangeVarName(n))
	}
	return rel
}

func rangeVarName(n *pg_query.RangeVar) string {
	if n.Schemaname != "" {
		return n.Schemaname + "." + n.Relname
	}
	return n.Relname
}

// lookupRelation finds a relation by name; nil when there is none.
func (b *binder) lookupRelation(n *pg_query.RangeVar) *desc.Relation {
	cat := b.env.Catalog
	if n.Catalogname != "" && n.Catalogname != cat.Database().Name {
		b.errorf(n.Location, pgerr.FeatureNotSupported, "cross-database references are not implemented: \"%s.%s.%s\"", n.Catalogname, n.Schemaname, n.Relname)
	}
	if n.Schemaname != "" {
		if n.Schemaname == "pg_temp" && b.env.TempSchema == 0 {
			return nil
		}
		s := cat.SchemaByName(n.Schemaname)
		if n.Schemaname == "pg_temp" {
			s = cat.Schema(b.env.TempSchema)
		}
		if s == nil {
			// PostgreSQL says that the relation is missing, not its schema.
			return nil
		}
		if b.viaView == 0 { // what a view names, its owner could see
			if err := catalog.CheckPrivilege(cat, b.env.User, desc.ObjectRef{Class: desc.ClassSchema, OID: s.OID}, desc.Usage); err != nil {
				if e, ok := pgerr.As(err); ok {
					b.failAt(n.Location, e)
				}
				fail(err)
			}
		}
		return b.relationIn(s.OID, n)
	}
	if t := b.env.TempSchema; t != 0 {
		if r := b.relationIn(t, n); r != nil {
			return r
		}
	}
	for _, s := range b.env.SearchPath {
		if r := b.relationIn(s, n); r != nil {
			return r
		}
	}
	return nil
}

func (b *binder) relationIn(schema desc.OID, n *pg_query.RangeVar) *desc.Relation {
	if r := b.env.Catalog.RelationByName(schema, n.Relname); r != nil {
		return r
	}
	if t, x := b.env.Catalog.IndexByName(schema, n.Relname); x != nil && t != nil {
		b.failAt(n.Location, pgerr.Newf(pgerr.WrongObjectType, "cannot open relation \"%s\"", n.Relname).WithDetail("This operation is not supported for indexes."))
	}
	return nil
}

// openTable makes a range entry of a table, with its scan.
func (b *binder) openTable(s *scope, rel *desc.Relation, alias *pg_query.Alias, loc int32) *rangeEntry {
	e := &rangeEntry{kind: tableEntry, name: rel.Name, rel: b.newRel(), table: rel, scope: s}
	if alias != nil {
		e.name, e.aliased = alias.Aliasname, true
	}
	switch rel.Kind {
	case desc.Composite:
		b.failAt(loc, pgerr.Newf(pgerr.WrongObjectType, "cannot open relation \"%s\"", rel.Name).WithDetail("This operation is not supported for composite types."))
	case desc.Sequence:
		b.sequenceEntry(e)
	default:
		b.tableColumns(e)
	}
	b.renameColumns(e, alias, loc)
	b.register(s, e)
	e.perm = &permission{relation: rel.OID, mode: 0, owner: b.viaView}
	b.perms = append(b.perms, e.perm)
	b.noteRelation(rel)
	return e
}

func (b *binder) register(s *scope, e *rangeEntry) {
	if e.rel != 0 {
		b.entries[e.rel] = e
	}
	s.entries = append(s.entries, e)
}

// noteRelation records what the statement reads.
func (b *binder) noteRelation(rel *desc.Relation) {
	for _, o := range b.stmt.Relations {
		if o == rel.OID {
			return
		}
	}
	b.stmt.Relations = append(b.stmt.Relations, rel.OID)
	if rel.Class == desc.User || rel.Class == desc.Stream && !rel.ScopeShared {
		b.stmt.UsesUser = true
	}
}

func (b *binder) tableColumns(e *rangeEntry) {
	rel := e.table
	if rel.Class == desc.System {
		e.system = &plan.SystemScan{Rel: e.rel, Table: rel, Alias: e.name}
	} else {
		e.scan = &plan.Scan{Rel: e.rel, Table: rel, Alias: e.name}
	}
	for i := range rel.Columns {
		c := &rel.Columns[i]
		if c.Dropped {
			continue
		}
		e.cols = append(e.cols, column{name: c.Name, e: &expr.Var{
			Typed: typed(b.typ(c.Type), c.Typmod), ID: expr.ColID{Rel: e.rel, Num: c.Num}, Name: c.Name,
		}})
	}
	if rel.RowType != 0 {
		if t := b.env.Catalog.Type(rel.RowType); t != nil && t.Kind == pgtype.KindComposite && len(t.Columns) > 0 {
			e.rowType = t
		}
	}
}

// sequenceEntry reads a sequence as the table of one row that it is in PostgreSQL.
func (b *binder) sequenceEntry(e *rangeEntry) {
	e.scan = &plan.Scan{Rel: e.rel, Table: e.table, Alias: e.name}
	for i, c := range []struct {
		name string
		t    pgtype.OID
	}{{"last_value", pgtype.OIDInt8}, {"log_cnt", pgtype.OIDInt8}, {"is_called", pgtype.OIDBool}} {
		e.cols = append(e.cols, column{name: c.name, e: &expr.Var{
			Typed: typed(pgtype.ByOID(c.t), -1), ID: expr.ColID{Rel: e.rel, Num: int16(i + 1)}, Name: c.name,
		}})
	}
}

// renameColumns applies the column names of an alias.
func (b *binder) renameColumns(e *rangeEntry, alias *pg_query.Alias, loc int32) {
	if alias == nil || len(alias.Colnames) == 0 {
		return
	}
	if len(alias.Colnames) > len(e.cols) {
		b.errorf(-1, pgerr.InvalidColumnReference, "table \"%s\" has %d columns available but %d columns specified", e.name, len(e.cols), len(alias.Colnames))
	}
	cols := append([]column(nil), e.cols...)
	for i, n := range alias.Colnames {
		cols[i].name = nodeString(n)
		if v, ok := cols[i].e.(*expr.Var); ok {
			c := *v
			c.Name = cols[i].name
			cols[i].e = &c
		}
	}
	e.cols = cols
}

// systemColumns are the columns that every table has beside its own.
var systemColumns = map[string]struct {
	num   int16
	t     pgtype.OID
	class string // of the tables that have it: "" all, "k" kalampg's, "u" user and stream tables
}{
	"tableoid": {plan.TableOID, pgtype.OIDOid, ""},
	"ctid":     {plan.Ctid, pgtype.OIDTid, ""},
	"xmin":     {plan.Xmin, pgtype.OIDXid, ""},
	"cmin":     {plan.Cmin, pgtype.OIDCid, ""},
	"xmax":     {plan.Xmax, pgtype.OIDXid, ""},
	"cmax":     {plan.Cmax, pgtype.OIDCid, ""},
	"_seq":     {plan.Seq, pgtype.OIDInt8, "k"},
	"_updated": {plan.Updated, pgtype.OIDTimestamptz, "k"},
	"_deleted": {plan.Deleted, pgtype.OIDBool, "k"},
	"_user":    {plan.UserCol, pgtype.OIDText, "u"},
}

// systemColumn finds a system column of a table; nil when it has no such.
func systemColumn(e *rangeEntry, name string) expr.Expr {
	c, ok := systemColumns[name]
	rel := e.table
	if !ok || rel.Kind == desc.View || e.proposed {
		return nil
	}
	switch {
	case c.class == "k" && (rel.Class == desc.System || rel.Kind != desc.Table):
		return nil
	case c.class == "u" && rel.Class != desc.User && rel.Class != desc.Stream:
		return nil
	}
	return &expr.Var{Typed: typed(pgtype.ByOID(c.t), -1), ID: expr.ColID{Rel: e.rel, Num: c.num}, Name: name}
}

// IsSystemColumn tells whether a table's column may not have a name because a system column has it.
func IsSystemColumn(name string) bool {
	c, ok := systemColumns[strings.ToLower(name)]
	return ok && c.class == ""
}

// node is the plan of a table's scan.
func (e *rangeEntry) node() plan.Node {
	if e.system != nil {
		return e.system
	}
	return e.scan
}
