package bind

import (
	"context"
	"maps"
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// ViewDef is a bound view definition.
type ViewDef struct {
	Columns   []plan.OutputColumn
	Query     string           // the query, written with the names of the moment, in pg_get_viewdef's form
	DependsOn []desc.ColumnRef // every relation (Num 0) and column that it reads
	TypesUsed []desc.OID       // user types in its expressions
	Updatable bool             // INSERT, UPDATE and DELETE on the view change its table
}

// BindView binds the query of CREATE VIEW. Names in the result's text are qualified but for pg_catalog's.
func BindView(env *Env, n *pg_query.SelectStmt) (def *ViewDef, err error) {
	return BindViewAs(env, n, "", nil)
}

// BindViewAs is BindView for a query within a statement, whose text errors point into, with the names that the statement gives the first columns.
func BindViewAs(env *Env, n *pg_query.SelectStmt, source string, names []string) (def *ViewDef, err error) {
	err = guard(func() {
		b := newBinder(context.Background(), env, source)
		b.fixed = true
		q := b.selectStmt(n, nil)
		for _, c := range q.ctes {
			if c.plan.Modifies {
				fail(pgerr.New(pgerr.FeatureNotSupported, "views must not contain data-modifying statements in WITH"))
			}
		}
		b.resolveParams()
		(&HeldView{b, q}).NameColumns(names)
		b.env = env.stored() // the text must mean the same whatever search_path will be
		def = &ViewDef{Columns: outputColumns(q), Query: b.storedText(q)}
		def.DependsOn, def.TypesUsed = b.viewReferences(q)
	})
	return def, err
}

// ViewText writes a stored view query again: with pretty as pg_get_viewdef(view, true).
func ViewText(env *Env, query string, pretty bool) (text string, err error) {
	stmts, err := parse.Parse(query)
	if err != nil {
		return "", err
	}
	err = guard(func() {
		b := newBinder(context.Background(), env, "")
		b.fixed = true
		b.viaView = desc.SuperuserOID // names in a stored text were allowed when it was made
		text = b.queryText(b.selectStmt(stmts[0].Node.GetSelectStmt(), nil), pretty)
	})
	return text, err
}

// viewReferences lists what a query reads, the relations below other views excepted.
func (b *binder) viewReferences(q *query) (refs []desc.ColumnRef, types []desc.OID) {
	for _, p := range b.perms {
		if p.owner != 0 {
			continue
		}
		add := func(num int16) {
			r := desc.ColumnRef{Relation: p.relation, Num: num}
			if !slices.Contains(refs, r) {
				refs = append(refs, r)
			}
		}
		add(0)
		for _, n := range sortedNums(p.selected) {
			if n > 0 {
				add(n)
			}
		}
	}
	note := func(e expr.Expr) {
		plan.WalkExpr(e, func(x expr.Expr) bool {
			t := x.Type()
			if t.IsArray() && t.Elem != nil {
				t = t.Elem
			}
			if t.OID >= desc.FirstNormalOID && !slices.Contains(types, t.OID) {
				types = append(types, t.OID)
			}
			return true
		})
	}
	plan.Walk(q.node, func(n plan.Node) { plan.WalkExprs(n, note) })
	return refs, types
}

// storedText writes a query as the catalog keeps it.
func (b *binder) storedText(q *query) string {
	w := &queryWriter{b: b, stored: true, names: map[*rangeEntry]string{}}
	w.query(q, false)
	return w.String() + ";"
}

// queryText writes a query in ruleutils' layout, ending in a semicolon.
func (b *binder) queryText(q *query, pretty bool) string {
	w := &queryWriter{b: b, pretty: pretty, names: map[*rangeEntry]string{}}
	w.query(q, false)
	return w.String() + ";"
}

// The steps of ruleutils' indentation.
const (
	indentStd  = 8
	indentJoin = 4
	indentVar  = 4
)

// queryWriter writes a query with its layout. Its indentation moves as that of PostgreSQL's deparser does.
type queryWriter struct {
	strings.Builder
	b         *binder
	pretty    bool
	stored    bool // to be read back, not shown
	indent    int
	windows   []*windowDef    // of the query being written
	prefix    bool            // columns are written with their table
	used      map[string]bool // names of the relations of this and the enclosing queries
	names     map[*rangeEntry]string
	anonymous bool // the names of the output columns cannot be seen
}

// keyword starts a line with a word: before is added to the indentation first, after afterwards, plus only to this line.
func (w *queryWriter) keyword(s string, before, after, plus int) {
	w.indent += before
	text := strings.TrimRight(w.Builder.String(), " ")
	w.Builder.Reset()
	w.Builder.WriteString(text)
	w.WriteString("\n" + strings.Repeat(" ", max(w.indent, 0)+plus) + s)
	w.indent = max(w.indent+after, 0)
}

// expr writes an expression in the query.
func (w *queryWriter) expr(e expr.Expr, implicit bool) {
	w.append(w.exprText(e, implicit))
}

func (w *queryWriter) exprText(e expr.Expr, implicit bool) string {
	d := w.deparser()
	d.expr(e, implicit)
	return d.String()
}

// append adds a text; one that starts a line takes the place of the spaces before it.
func (w *queryWriter) append(s string) {
	if strings.HasPrefix(s, "\n") {
		text := strings.TrimRight(w.Builder.String(), " ")
		w.Builder.Reset()
		w.Builder.WriteString(text)
	}
	w.WriteString(s)
}

func (w *queryWriter) deparser() *deparser {
	return &deparser{o: DeparseOptions{
		Text: w.b.env.Text, Pretty: w.pretty, Lines: w.indent, Column: w.column, Subquery: w.subquery, WholeRow: w.wholeRow, Grouping: func(g *expr.Grouping) []expr.Expr { return w.b.groupings[g].args },
		Window: w.windowOf,
	}}
}

func (w *queryWriter) wholeRow(r *expr.Row) (string, bool) {
	if e := w.b.wholeRows[r]; e != nil {
		s := pgtype.QuoteIdentifier(w.nameOf(e)) + ".*"
		if r.T != recordType {
			s += "::" + pgtype.FormatType(r.T, -1)
		}
		return s, true
	}
	return "", false
}

func (w *queryWriter) column(v *expr.Var) string {
	name := pgtype.QuoteIdentifier(v.Name)
	e := w.b.entries[v.ID.Rel]
	if !w.prefix || e == nil || e.name == "" {
		return name
	}
	return pgtype.QuoteIdentifier(w.nameOf(e)) + "." + name
}

func (w *queryWriter) subquery(s *expr.Subquery) string {
	q := w.b.subquery[s]
	if q == nil {
		return ""
	}
	sub := &queryWriter{b: w.b, pretty: w.pretty, stored: w.stored, indent: w.indent, anonymous: true, used: w.used, names: w.names}
	sub.query(q, true)
	return sub.String()
}

// query writes a query; nested ones write their columns with their table.
func (w *queryWriter) query(q *query, nested bool) {
	prefix, used, windows := w.prefix, w.used, w.windows
	w.windows = q.windows
	w.prefix = nested || q.tables() != 1
	w.nameEntries(q)
	w.with(q)
	switch {
	case q.left != nil:
		w.setOperation(q)
	case q.values != nil && len(q.sorts) == 0:
		w.values(q.values)
	default:
		w.selectQuery(q)
	}
	w.prefix, w.used, w.windows = prefix, used, windows
}

// nameEntries gives the relations of a query names that no enclosing query uses: a second t becomes t_1.
func (w *queryWriter) nameEntries(q *query) {
	w.used = maps.Clone(w.used)
	if w.used == nil {
		w.used = map[string]bool{}
	}
	for _, e := range q.scope.entries {
		if e.kind == joinEntry && !e.aliased {
			continue
		}
		name := e.name
		for i := 1; w.used[name]; i++ {
			name = e.name + "_" + itoa(i)
		}
		w.used[name] = true
		w.names[e] = name
	}
}

func (w *queryWriter) nameOf(e *rangeEntry) string {
	if n, ok := w.names[e]; ok {
		return n
	}
	return e.name
}

// tables counts the range entries of a query as PostgreSQL's range table does.
func (q *query) tables() int {
	n := len(q.scope.entries)
	if q.left != nil {
		n++
	}
	return n
}

func (w *queryWriter) with(q *query) {
	if len(q.ctes) == 0 {
		return
	}
	w.indent += indentStd
	w.WriteString(" WITH ")
	if q.stmt.WithClause.GetRecursive() {
		w.WriteString("RECURSIVE ")
	}
	for i, c := range q.ctes {
		if i > 0 {
			w.WriteString(", ")
		}
		w.WriteString(pgtype.QuoteIdentifier(c.name))
		if len(c.node.Aliascolnames) > 0 {
			w.WriteString("(" + quoteNames(namesOf(c.node.Aliascolnames)) + ")")
		}
		w.WriteString(" AS ")
		switch c.node.Ctematerialized {
		case pg_query.CTEMaterialize_CTEMaterializeAlways:
			w.WriteString("MATERIALIZED ")
		case pg_query.CTEMaterialize_CTEMaterializeNever:
			w.WriteString("NOT MATERIALIZED ")
		}
		w.WriteString("(")
		w.keyword("", 0, 0, 0)
		if c.both != nil {
			w.inner(c.both)
		} else {
			w.inner(c.query)
		}
		w.keyword("", 0, 0, 0)
		w.WriteString(")")
		w.trace(c)
	}
	w.indent -= indentStd
	w.keyword("", 0, 0, 0)
}

// inner writes a query that starts at the present indentation and leaves it as it was.
func (w *queryWriter) inner(q *query) {
	indent, anonymous := w.indent, w.anonymous
	w.anonymous = false
	w.query(q, true)
	w.indent, w.anonymous = indent, anonymous
}

func namesOf(ns []*pg_query.Node) []string {
	out := make([]string, len(ns))
	for i, n := range ns {
		out[i] = nodeString(n)
	}
	return out
}

func quoteNames(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = pgtype.QuoteIdentifier(n)
	}
	return strings.Join(out, ", ")
}

func (w *queryWriter) selectQuery(q *query) {
	w.indent += indentStd
	w.WriteString(" SELECT")
	if q.unique {
		w.WriteString(" DISTINCT")
	}
	if len(q.on) > 0 {
		w.WriteString(" DISTINCT ON (")
		for i, t := range q.on {
			if i > 0 {
				w.WriteString(", ")
			}
			w.sortKey(t.e)
		}
		w.WriteString(")")
	}
	w.targets(q)
	if q.from != nil {
		w.keyword(" FROM ", -indentStd, indentStd, 2)
		w.fromList(q.from)
	} else if q.values != nil {
		w.keyword(" FROM ", -indentStd, indentStd, 2)
		w.WriteString("(")
		w.values(q.values)
		w.WriteString(") \"*VALUES*\"")
	}
	if q.where != nil {
		w.keyword(" WHERE ", -indentStd, indentStd, 1)
		w.expr(q.where, false)
	}
	w.groupBy(q)
	if q.having != nil {
		w.keyword(" HAVING ", -indentStd, indentStd, 0)
		w.expr(q.having, false)
	}
	w.windowClause(q)
	w.tail(q, false)
}

// targets writes the select list, a line each.
func (w *queryWriter) targets(q *query) {
	n := 0
	for _, t := range q.targets {
		if t.junk {
			continue
		}
		name := t.name
		if n < len(q.out) {
			name = q.out[n].name
		}
		text := w.exprText(t.e, true)
		if n++; n == 1 {
			w.WriteString(" ")
		} else {
			w.WriteString(",")
			if !strings.HasPrefix(text, "\n") {
				w.keyword("", -indentStd, indentStd, indentVar)
			}
		}
		w.append(text)
		shown := ""
		if w.anonymous {
			shown = "?column?"
		}
		if v, ok := t.e.(*expr.Var); ok {
			shown = v.Name
		}
		if shown != name {
			w.WriteString(" AS " + pgtype.QuoteIdentifier(name))
		}
	}
}

func (w *queryWriter) sortKey(e expr.Expr) {
	d := w.deparser()
	d.sortKeyExpr(e)
	w.WriteString(d.String())
}

func (w *queryWriter) groupBy(q *query) {
	if len(q.groups) == 0 && q.sets == nil {
		return
	}
	w.keyword(" GROUP BY ", -indentStd, indentStd, 1)
	keys := func(nums []int) {
		for i, k := range nums {
			if i > 0 {
				w.WriteString(", ")
			}
			w.sortKey(q.groups[k])
		}
	}
	if q.sets == nil {
		all := make([]int, len(q.groups))
		for i := range all {
			all[i] = i
		}
		keys(all)
		return
	}
	w.WriteString("GROUPING SETS (")
	for i, s := range q.sets {
		if i > 0 {
			w.WriteString(", ")
		}
		w.WriteString("(")
		keys(s)
		w.WriteString(")")
	}
	w.WriteString(")")
}

// tail writes ORDER BY, LIMIT and row locks.
func (w *queryWriter) tail(q *query, byNumber bool) {
	if len(q.sorts) > 0 && len(q.stmt.GetSortClause()) > 0 {
		w.keyword(" ORDER BY ", -indentStd, indentStd, 1)
		for i, s := range q.sorts {
			if i > 0 {
				w.WriteString(", ")
			}
			if byNumber {
				w.WriteString(itoa(q.position(s.target) + 1))
			} else {
				w.sortKey(s.target.e)
			}
			w.WriteString(sortSuffix(s.desc, s.nullsFirst))
		}
	}
	if q.limit.offset != nil {
		w.keyword(" OFFSET ", -indentStd, indentStd, 0)
		w.expr(q.limit.offset, false)
	}
	if q.limit.count != nil {
		if q.limit.withTies {
			w.keyword(" FETCH FIRST ", -indentStd, indentStd, 0)
			w.expr(q.limit.count, false)
			w.WriteString(" ROWS WITH TIES")
		} else {
			w.keyword(" LIMIT ", -indentStd, indentStd, 0)
			w.expr(q.limit.count, false)
		}
	}
	if len(q.stmt.GetLockingClause()) == 1 && len(q.stmt.LockingClause[0].GetLockingClause().LockedRels) == 0 {
		l := q.stmt.LockingClause[0].GetLockingClause()
		for _, e := range q.scope.entries {
			if e.scan != nil {
				w.lock(l, []string{w.nameOf(e)})
			}
		}
		return
	}
	for _, n := range q.stmt.GetLockingClause() {
		l := n.GetLockingClause()
		var names []string
		for _, r := range l.LockedRels {
			names = append(names, r.GetRangeVar().Relname)
		}
		w.lock(l, names)
	}
}

func (w *queryWriter) lock(l *pg_query.LockingClause, names []string) {
	w.keyword(" "+LockName(l.Strength), -indentStd, indentStd, 0)
	if len(names) > 0 {
		w.WriteString(" OF " + quoteNames(names))
	}
	switch l.WaitPolicy {
	case pg_query.LockWaitPolicy_LockWaitError:
		w.WriteString(" NOWAIT")
	case pg_query.LockWaitPolicy_LockWaitSkip:
		w.WriteString(" SKIP LOCKED")
	}
}

func (w *queryWriter) values(rows [][]expr.Expr) {
	w.WriteString(" VALUES ")
	for i, r := range rows {
		if i > 0 {
			w.WriteString(", ")
		}
		w.WriteString("(")
		for j, e := range r {
			if j > 0 {
				w.WriteString(",")
			}
			w.expr(e, false)
		}
		w.WriteString(")")
	}
}

func (w *queryWriter) setOperation(q *query) {
	w.setOperand(q, q.left, false)
	w.keyword(setOpKinds[q.op].name+" ", 0, 0, 0)
	if q.all {
		w.WriteString("ALL ")
	}
	w.keyword("", 0, 0, 0)
	w.setOperand(q, q.right, true)
	w.indent += indentStd
	w.tail(q, true)
	w.indent -= indentStd
}

// setOperand writes one side, in parentheses when it has clauses that would else belong to the whole.
func (w *queryWriter) setOperand(q, side *query, right bool) {
	need := len(side.sorts) > 0 || side.limit.count != nil || side.limit.offset != nil || len(side.ctes) > 0
	if side.left != nil {
		need = need || right || side.op != q.op || side.all != q.all
	}
	indent, anonymous := w.indent, w.anonymous
	w.anonymous = anonymous || right
	if need {
		w.WriteString("(")
		w.query(side, true)
		w.WriteString(")")
	} else {
		w.query(side, true)
	}
	w.indent, w.anonymous = indent, anonymous
}
