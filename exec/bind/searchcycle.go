package bind

import (
	"slices"
	"strings"

	pg_query "github.com/pganalyze/pg_query_go/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/parse"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// tracer is a recursive query with SEARCH or CYCLE. As PostgreSQL does it, both of its terms are wrapped in a query that computes the additional columns, and the
// recursive term passes those of the row that it continues on to its wrapper:
//
//	SELECT t.*, ARRAY[ROW(key)] FROM (left) t  UNION ALL  SELECT t.…, t.path || ROW(key) FROM (SELECT …, r.path FROM …, r) t
type tracer struct {
	b      *binder
	d      *cteDef
	sel    *pg_query.SelectStmt
	names  []string // the query's own columns
	search *pg_query.CTESearchClause
	cycle  *pg_query.CTECycleClause
	value  expr.Expr // of the cycle mark
	other  expr.Expr
	own    int // number of names
}

// traceDepth is the column that counts the levels of SEARCH BREADTH FIRST; it is not among the columns that the query shows.
const traceDepth = "*DEPTH*"

// tracer makes the tracer of a WITH query, nil for one without the clauses. The values of the cycle mark are bound, for the recursive term may read the mark.
func (b *binder) tracer(d *cteDef) *tracer {
	n := d.node
	if n.SearchClause == nil && n.CycleClause == nil {
		return nil
	}
	t := &tracer{b: b, d: d, sel: n.Ctequery.GetSelectStmt(), search: n.SearchClause, cycle: n.CycleClause}
	if c := t.cycle; c != nil {
		t.value, t.other = b.expr(c.CycleMarkValue), b.expr(c.CycleMarkDefault)
		mark := b.commonType([]expr.Expr{t.value, t.other}, "CYCLE")
		t.value, t.other = b.toCommon(t.value, mark, "CYCLE/SET"), b.toCommon(t.other, mark, "CYCLE/SET")
		if !comparable(mark) {
			b.errorf(-1, pgerr.UndefinedFunction, "could not identify an equality operator for type %s", mark)
		}
		d.mark = [2]expr.Expr{t.value, t.other}
	}
	return t
}

// preview lets the recursive term see the added columns when it is bound for the first time, without the wrapping.
func (t *tracer) preview() {
	records := pgtype.ArrayOf(recordType)
	types := map[string]*pgtype.Type{traceDepth: int8Type}
	if s := t.search; s != nil {
		if types[s.SearchSeqColumn] = records; s.SearchBreadthFirst {
			types[s.SearchSeqColumn] = recordType
		}
	}
	if c := t.cycle; c != nil {
		types[c.CycleMarkColumn], types[c.CyclePathColumn] = t.value.Type(), records
	}
	t.own = len(t.d.cols)
	for _, name := range t.added() {
		t.d.cols = append(t.d.cols, outColumn{name: name, typed: typed(types[name], -1)})
		t.d.unstarred++
	}
}

// rebind binds the query again with its clauses, after it was bound without them.
func (t *tracer) rebind() {
	t.d.cols, t.d.unstarred = t.d.cols[:t.own], 0
	for _, side := range []struct {
		name string
		of   *pg_query.SelectStmt
		code pgerr.Code
	}{{"left", t.sel.Larg, pgerr.FeatureNotSupported}, {"right", t.sel.Rarg, pgerr.SyntaxError}} {
		if side.of.Larg != nil {
			t.b.errorf(-1, side.code, "with a SEARCH or CYCLE clause, the %s side of the UNION must be a SELECT", side.name)
		}
	}
	for _, c := range t.d.cols {
		t.names = append(t.names, c.name)
	}
	t.check()
	t.bind()
}

// check enforces the rules of the clauses.
func (t *tracer) check() {
	b := t.b
	keys := func(what string, list []*pg_query.Node, loc int32) {
		var seen []string
		for _, k := range namesOf(list) {
			if !slices.Contains(t.names, k) {
				b.errorf(loc, pgerr.SyntaxError, "%s column \"%s\" not in WITH query column list", what, k)
			}
			if slices.Contains(seen, k) {
				b.errorf(loc, pgerr.DuplicateColumn, "%s column \"%s\" specified more than once", what, k)
			}
			seen = append(seen, k)
		}
	}
	unused := func(what, name string, loc int32) {
		if slices.Contains(t.names, name) {
			b.errorf(loc, pgerr.SyntaxError, "%s column name \"%s\" already used in WITH query column list", what, name)
		}
	}
	if s := t.search; s != nil {
		keys("search", s.SearchColList, s.Location)
		unused("search sequence", s.SearchSeqColumn, s.Location)
	}
	c := t.cycle
	if c == nil {
		return
	}
	keys("cycle", c.CycleColList, c.Location)
	unused("cycle mark", c.CycleMarkColumn, c.Location)
	unused("cycle path", c.CyclePathColumn, c.Location)
	if c.CycleMarkColumn == c.CyclePathColumn {
		b.errorf(c.Location, pgerr.SyntaxError, "cycle mark column name and cycle path column name are the same")
	}
	if s := t.search; s != nil {
		for _, x := range []struct{ what, name string }{{"mark", c.CycleMarkColumn}, {"path", c.CyclePathColumn}} {
			if s.SearchSeqColumn == x.name {
				b.errorf(s.Location, pgerr.SyntaxError, "search sequence column name and cycle %s column name are the same", x.what)
			}
		}
	}
}

// added names the columns that the clauses add, in order; the depth of a breadth-first search last.
func (t *tracer) added() []string {
	var out []string
	if t.search != nil {
		out = append(out, t.search.SearchSeqColumn)
	}
	if t.cycle != nil {
		out = append(out, t.cycle.CycleMarkColumn, t.cycle.CyclePathColumn)
	}
	if t.search != nil && t.search.SearchBreadthFirst {
		out = append(out, traceDepth)
	}
	return out
}

// row writes ROW(…) of the columns that a clause names, of the wrapped query.
func row(first string, list []*pg_query.Node) string {
	var parts []string
	if first != "" {
		parts = append(parts, first)
	}
	for _, k := range namesOf(list) {
		parts = append(parts, "t."+pgtype.QuoteIdentifier(k))
	}
	return "ROW(" + strings.Join(parts, ", ") + ")"
}

// columns writes the expressions of the added columns: at the start, or from those of the row before, which the wrapped query passes on.
func (t *tracer) columns(start bool) []string {
	var out []string
	before := func(name string) string { return "t." + pgtype.QuoteIdentifier(name) }
	path := func(name string, key string) string {
		if start {
			return "ARRAY[" + key + "]"
		}
		return "pg_catalog.array_append(" + before(name) + ", " + key + ")"
	}
	depth := "0::pg_catalog.int8"
	if !start {
		depth = "(" + before(traceDepth) + " + 1)"
	}
	if s := t.search; s != nil {
		if s.SearchBreadthFirst {
			out = append(out, row(depth, s.SearchColList))
		} else {
			out = append(out, path(s.SearchSeqColumn, row("", s.SearchColList)))
		}
	}
	if c := t.cycle; c != nil {
		value, other := t.text(t.value), t.text(t.other)
		if start {
			out = append(out, other)
		} else {
			out = append(out, "CASE WHEN "+row("", c.CycleColList)+" OPERATOR(pg_catalog.=) ANY ("+before(c.CyclePathColumn)+") THEN "+value+" ELSE "+other+" END")
		}
		out = append(out, path(c.CyclePathColumn, row("", c.CycleColList)))
	}
	if s := t.search; s != nil && s.SearchBreadthFirst {
		out = append(out, depth)
	}
	return out
}

func (t *tracer) text(e expr.Expr) string {
	return "(" + Deparse(e, DeparseOptions{Text: t.b.env.Text}) + ")::" + pgtype.FormatType(e.Type(), e.Typmod())
}

// wrap makes the query around a term. Its tree has no locations: none of them would be in the statement's text.
func (t *tracer) wrap(term *pg_query.SelectStmt, passed []string, columns []string, where string) *pg_query.SelectStmt {
	names := make([]string, 0, len(t.names)+len(passed))
	var own []string
	for _, n := range t.names {
		names = append(names, pgtype.QuoteIdentifier(n))
		own = append(own, "t."+pgtype.QuoteIdentifier(n))
	}
	for _, n := range passed {
		names = append(names, pgtype.QuoteIdentifier(n))
	}
	text := "SELECT " + strings.Join(append(own, columns...), ", ") + " FROM (SELECT) t (" + strings.Join(names, ", ") + ")" + where
	stmts, err := parse.Parse(text)
	check(err)
	out := proto.Clone(stmts[0].Node.GetSelectStmt()).(*pg_query.SelectStmt)
	withoutLocations(out.ProtoReflect())
	out.FromClause[0].GetRangeSubselect().Subquery = &pg_query.Node{Node: &pg_query.Node_SelectStmt{SelectStmt: term}}
	return out
}

// withoutLocations makes every location of a tree unknown.
func withoutLocations(m protoreflect.Message) {
	if f := m.Descriptor().Fields().ByName("location"); f != nil {
		m.Set(f, protoreflect.ValueOfInt32(-1))
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Kind() != protoreflect.MessageKind:
		case f.IsList():
			for i := range v.List().Len() {
				withoutLocations(v.List().Get(i).Message())
			}
		default:
			withoutLocations(v.Message())
		}
		return true
	})
}

// passOn gives the recursive term the added columns of the row that it continues.
func (t *tracer) passOn() *pg_query.SelectStmt {
	term := proto.Clone(t.sel.Rarg).(*pg_query.SelectStmt)
	ref := ""
	for _, n := range term.FromClause {
		if name := referenceName(n, t.d.name); name != "" {
			ref = name
		}
	}
	if ref == "" {
		t.b.errorf(-1, pgerr.FeatureNotSupported,
			"with a SEARCH or CYCLE clause, the recursive reference to WITH query \"%s\" must be at the top level of its right-hand SELECT", t.d.name)
	}
	for _, name := range t.added() {
		fields := []*pg_query.Node{pg_query.MakeStrNode(ref), pg_query.MakeStrNode(name)}
		c := &pg_query.ColumnRef{Fields: fields, Location: -1}
		term.TargetList = append(term.TargetList, &pg_query.Node{Node: &pg_query.Node_ResTarget{ResTarget: &pg_query.ResTarget{
			Name: name, Val: &pg_query.Node{Node: &pg_query.Node_ColumnRef{ColumnRef: c}}, Location: -1,
		}}})
	}
	return term
}

// referenceName finds the name under which FROM has a WITH query, below joins too; "" when it does not have it itself.
func referenceName(n *pg_query.Node, cte string) string {
	if j := n.GetJoinExpr(); j != nil {
		if name := referenceName(j.Larg, cte); name != "" {
			return name
		}
		return referenceName(j.Rarg, cte)
	}
	r := n.GetRangeVar()
	if r == nil || r.Schemaname != "" || r.Relname != cte {
		return ""
	}
	if r.Alias != nil {
		return r.Alias.Aliasname
	}
	return r.Relname
}

// bind binds the wrapped terms in place of the plain ones; deparsing keeps those.
func (t *tracer) bind() {
	b, d := t.b, t.d
	outer := b.scope
	b.scope = &scope{parent: outer}
	defer func() { b.scope = outer }()
	q := &query{stmt: t.sel, scope: b.scope}
	b.withClause(t.sel.WithClause, q)
	where := ""
	if c := t.cycle; c != nil {
		where = " WHERE t." + pgtype.QuoteIdentifier(c.CycleMarkColumn) + " OPERATOR(pg_catalog.<>) " + t.text(t.value)
	}
	left := b.sealed(b.selectStmt(t.wrap(t.sel.Larg, nil, t.columns(true), ""), b.scope))
	added := t.added()
	d.cols = slices.Clone(left.out)
	for i := range d.cols {
		if i < len(t.names) {
			d.cols[i].name = t.names[i]
		} else {
			d.cols[i].name = added[i-len(t.names)]
		}
	}
	d.plan.Plan = left.node
	d.inside, d.self, d.unstarred = true, 0, len(added)
	right := b.setOperandIn(t.wrap(t.passOn(), added, t.columns(false), where))
	d.inside, d.unstarred = false, 0
	d.plan.Recursive = b.recursiveTerm(d, left, right, t.sel)
	if q.ctes != nil {
		d.plan.Plan = b.withPlan(q.ctes, d.plan.Plan)
	}
	d.query = left
	if added[len(added)-1] == traceDepth {
		d.cols, d.unseen = d.cols[:len(d.cols)-1], 1
	}
}

// trace writes the SEARCH and CYCLE clauses of a WITH query for the definition of a view.
func (w *queryWriter) trace(d *cteDef) {
	if c := d.node.SearchClause; c != nil {
		order := "DEPTH"
		if c.SearchBreadthFirst {
			order = "BREADTH"
		}
		w.WriteString(" SEARCH " + order + " FIRST BY " + quoteNames(namesOf(c.SearchColList)) + " SET " + pgtype.QuoteIdentifier(c.SearchSeqColumn))
	}
	c := d.node.CycleClause
	if c == nil {
		return
	}
	w.WriteString(" CYCLE " + quoteNames(namesOf(c.CycleColList)) + " SET " + pgtype.QuoteIdentifier(c.CycleMarkColumn))
	if value, other := w.markText(d.mark[0]), w.markText(d.mark[1]); value != "true" || other != "false" {
		w.WriteString(" TO " + value + " DEFAULT " + other)
	}
	w.WriteString(" USING " + pgtype.QuoteIdentifier(c.CyclePathColumn))
}

// markText writes a value of a cycle mark. The grammar takes plain constants only, so that a stored text has the type before the value.
func (w *queryWriter) markText(e expr.Expr) string {
	text := w.exprText(e, false)
	if at := strings.LastIndex(text, "::"); w.stored && at > 0 && strings.HasPrefix(text, "'") {
		return text[at+2:] + " " + text[:at]
	}
	return text
}
