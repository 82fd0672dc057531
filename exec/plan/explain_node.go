package plan

import (
	"fmt"
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
)

// explainer turns plan nodes into steps.
type explainer struct {
	printer
	o        ExplainOptions
	subplans int
}

func newExplainer(root Node, o ExplainOptions) *explainer {
	e := &explainer{o: o}
	e.printer = newPrinter(root, o.Verbose)
	e.params = o.Params
	return e
}

// describe gives the step of a node. Projections are part of what they project, as in PostgreSQL.
func (e *explainer) describe(n Node) *step {
	s := &step{est: EstimateOf(n)}
	if e.o.Actual != nil {
		s.actual = e.o.Actual(n)
	}
	if w, ok := n.(*With); ok {
		return e.with(w)
	}
	before := e.subplansOf(n)
	for _, c := range n.Children() {
		s.inputs = append(s.inputs, e.describe(c))
	}
	s = e.node(n, s)
	if len(before) > 0 {
		s.inputs = append(before, s.inputs...)
	}
	return s
}

// node names the step of a node whose inputs are described already.
func (e *explainer) node(n Node, s *step) *step {
	switch n := n.(type) {
	case *Project:
		return e.project(n, s)
	case *Filter:
		return e.filter(n, s)
	case *Scan:
		e.tableScan(n, s)
	case *SystemScan:
		e.systemScan(n, s)
	case *Values:
		s.name = `Values Scan on "*VALUES*"`
		s.kind, s.facts = "Values Scan", object{{"Alias", "*VALUES*"}}
		if len(n.Rows) == 1 {
			s.name, s.kind, s.facts = "Result", "", nil
		}
	case *OneRow:
		s.name = "Result"
	case *FuncScan:
		e.funcScan(n, s)
	case *ProjectSet:
		s.name = "ProjectSet"
		e.output(s, n.Exprs)
	case *Join:
		e.join(n, s)
	case *Aggregate:
		e.aggregate(n, s)
	case *Window:
		s.name = "WindowAgg"
	case *Sort:
		s.name = "Sort"
		s.addList("Sort Key", e.sortKeys(n.Keys))
	case *Limit:
		s.name = "Limit"
	case *Distinct:
		s.name = "Unique"
		if n.On == nil {
			s.name, s.kind = "HashAggregate", "Aggregate"
			s.facts = object{{"Strategy", "Hashed"}, {"Partial Mode", "Simple"}}
			s.addList("Group Key", e.columnNames(n.Input.Columns()))
		}
	case *SetOp:
		e.setOp(n, s)
	case *CTEScan:
		s.kind = "CTE Scan"
		s.facts = object{{"CTE Name", n.Name}, {"Alias", n.Name}}
		if n.WorkTable {
			s.kind = "WorkTable Scan"
		}
		s.name = s.kind + " on " + n.Name
	case *LockRows:
		s.name = "LockRows"
	case *Insert:
		e.modify(s, "Insert", n.Table, n.Returning)
		e.conflict(n, s)
	case *Update:
		e.modify(s, "Update", n.Table, n.Returning)
	case *Delete:
		e.modify(s, "Delete", n.Table, n.Returning)
	case *Merge:
		e.modify(s, "Merge", n.Table, nil)
	case *CurrentOf:
		e.relation(s, "Tid Scan", n.Scan.Table, n.Scan.Alias)
		s.add("TID Cond", "CURRENT OF "+n.Cursor)
	case *Sample:
		s = s.inputs[0]
		s.name, s.kind = strings.Replace(s.name, "Seq Scan", "Sample Scan", 1), "Sample Scan"
		text := map[bool]string{false: "bernoulli", true: "system"}[n.System] + " (" + e.expr(n.Percent) + ")"
		if n.Seed != nil {
			text += " REPEATABLE (" + e.expr(n.Seed) + ")"
		}
		s.add("Sampling", text)
	default:
		s.name = strings.TrimPrefix(fmt.Sprintf("%T", n), "*plan.")
	}
	return s
}

// over gives the figures of a node that has no line of its own to the step that stands for it.
func (s *step) over(in *step) *step {
	if s.est != (Estimate{}) {
		in.est = s.est
	}
	if s.actual != nil && in.actual != nil {
		merged := *s.actual
		merged.Removed = in.actual.Removed
		in.actual = &merged
	}
	return in
}

func (e *explainer) project(n *Project, s *step) *step {
	in := s.over(s.inputs[0])
	below := n.Input
	for f, ok := below.(*Filter); ok; f, ok = below.(*Filter) {
		below = f.Input
	}
	if a, ok := below.(*Aggregate); ok {
		e.own[a.Rel] = true
		defer delete(e.own, a.Rel)
	}
	e.output(in, n.Exprs)
	return in
}

// output shows what a node yields, with VERBOSE.
func (e *explainer) output(s *step, exprs []expr.Expr) {
	if !e.o.Verbose {
		return
	}
	for i, d := range s.details {
		if d.key == "Output" {
			s.details = append(s.details[:i:i], s.details[i+1:]...)
			break
		}
	}
	bare := e.bare
	e.bare = !e.many
	l := make([]string, len(exprs))
	for i, x := range exprs {
		l[i] = e.expr(x)
	}
	e.bare = bare
	s.details = append([]detail{{key: "Output", list: l}}, s.details...)
}

// filter adds a condition to what it filters. One that no row can change is tested once, before the input is read; a false one leaves nothing to read.
func (e *explainer) filter(n *Filter, s *step) *step {
	in := s.inputs[0]
	switch x := n.Input.(type) {
	case *Aggregate:
		e.own[x.Rel] = true
		defer delete(e.own, x.Rel)
	case *Scan, *SystemScan, *CTEScan, *FuncScan, *Values, *Sample:
		if ids := x.Columns(); len(ids) > 0 {
			defer e.ofScan(ids[0].Rel)()
		}
	}
	if !once(n.Cond) {
		removed := int64(0)
		if s.actual != nil && in.actual != nil {
			removed = in.actual.Rows - s.actual.Rows
		}
		s.over(in)
		in.add("Filter", e.expr(n.Cond))
		e.removed(in, removed)
		return in
	}
	if in.name == "Result" {
		s.over(in).add("One-Time Filter", e.expr(n.Cond))
		return in
	}
	out := &step{name: "Result", est: s.est, actual: s.actual, inputs: []*step{in}}
	out.add("One-Time Filter", e.expr(n.Cond))
	if c, ok := n.Cond.(*expr.Const); ok && (c.Value.IsNull() || !c.Value.Bool()) {
		out.inputs = nil
	}
	return out
}

// ofScan prints the columns of a relation as in the conditions of its scan, without their relation, until what it gives is called.
func (e *explainer) ofScan(rel int32) func() {
	if e.o.Verbose {
		return func() {}
	}
	before := e.scan
	e.scan = rel
	return func() { e.scan = before }
}

// removed says how many rows a filter left out, of each loop.
func (e *explainer) removed(s *step, rows int64) {
	if e.o.Analyze && s.actual != nil && s.actual.Loops > 0 && rows > 0 {
		s.details = append(s.details, detail{key: "Rows Removed by Filter", text: fmt.Sprintf("%.0f", float64(rows)/float64(s.actual.Loops)), num: true})
	}
}

// once tells whether a condition is the same for all rows.
func once(cond expr.Expr) bool {
	same := true
	expr.Walk(cond, func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Var, *expr.Subquery:
			same = false
		case *expr.Call:
			same = same && e.Proc.Volatile != 'v'
		}
		return same
	})
	return same
}

func aliased(name, alias string) string {
	if alias == "" || alias == name {
		return name
	}
	return name + " " + alias
}

// relation names a step that reads a relation.
func (e *explainer) relation(s *step, kind string, rel *desc.Relation, alias string) {
	s.kind = kind
	s.name = kind + " on " + aliased(e.qualified(rel), alias)
	if alias == "" || alias == rel.Name {
		s.name = kind + " on " + e.qualified(rel)
		alias = rel.Name
	}
	s.facts = append(s.facts, field{"Relation Name", rel.Name})
	s.facts = append(s.facts, e.schema(rel)...)
	s.facts = append(s.facts, field{"Alias", alias})
}

// qualified is a relation's name, with VERBOSE that of its schema too.
func (e *explainer) qualified(rel *desc.Relation) string {
	if e.o.Verbose && e.o.Schema != nil {
		return e.o.Schema(rel) + "." + rel.Name
	}
	return rel.Name
}

func (e *explainer) schema(rel *desc.Relation) object {
	if e.o.Verbose && e.o.Schema != nil {
		return object{{"Schema", e.o.Schema(rel)}}
	}
	return nil
}

func (e *explainer) tableScan(n *Scan, s *step) {
	if c, ok := n.Filter.(*expr.Const); ok && (c.Value.IsNull() || !c.Value.Bool()) {
		s.name = "Result"
		s.add("One-Time Filter", "false")
		return
	}
	if !n.Access.Keyed {
		e.relation(s, "Seq Scan", n.Table, n.Alias)
	} else {
		index := n.Access.Index
		if index == nil && len(n.Table.Indexes) > 0 {
			index = &n.Table.Indexes[0]
		}
		if index != nil {
			direction, back := "Forward", ""
			if n.Access.Reverse {
				direction, back = "Backward", " Backward"
			}
			s.facts = object{{"Scan Direction", direction}, {"Index Name", index.Name}}
			kind := "Index Scan"
			if !index.Clustered() && Covers(n, index) {
				kind = "Index Only Scan"
			}
			e.relation(s, kind, n.Table, n.Alias)
			s.name = kind + back + " using " + index.Name + strings.TrimPrefix(s.name, kind)
			if c := e.indexCondition(n); c != "" {
				s.add("Index Cond", c)
			}
		} else {
			e.relation(s, "Index Scan", n.Table, n.Alias)
		}
	}
	e.columns(s, n.Columns())
	if n.Filter != nil {
		restore := e.ofScan(n.Rel)
		s.add("Filter", e.expr(n.Filter))
		restore()
		if s.actual != nil {
			e.removed(s, s.actual.Removed)
		}
	}
}

// columns shows the columns that a node yields as they are, with VERBOSE.
func (e *explainer) columns(s *step, ids []expr.ColID) {
	vars := make([]expr.Expr, 0, len(ids))
	for _, id := range ids {
		if id.Num < 0 {
			continue // a row's address is not for reading
		}
		vars = append(vars, &expr.Var{ID: id, Name: e.names[id]})
	}
	e.output(s, vars)
}

func (e *explainer) columnNames(ids []expr.ColID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = e.variable(&expr.Var{ID: id, Name: e.names[id]})
	}
	return out
}

func (e *explainer) systemScan(n *SystemScan, s *step) {
	e.relation(s, "System Scan", n.Table, n.Alias)
	var conds []string
	for _, w := range n.Where {
		conds = append(conds, "("+n.Table.Columns[w.Num-1].Name+" = "+e.expr(w.Value)+")")
	}
	if conds != nil {
		s.add("Index Cond", strings.Join(conds, " AND "))
	}
	if n.Filter != nil {
		restore := e.ofScan(n.Rel)
		s.add("Filter", e.expr(n.Filter))
		restore()
	}
}

func (e *explainer) funcScan(n *FuncScan, s *step) {
	s.kind = "Function Scan"
	name := ""
	if len(n.Funcs) == 1 {
		switch f := n.Funcs[0].Expr.(type) {
		case *expr.SetCall:
			name = f.Proc.Name
		case *expr.Call:
			name = f.Proc.Name
		}
	}
	if name != "" {
		s.facts = append(s.facts, field{"Function Name", name})
		s.name = "Function Scan on " + aliased(name, n.Alias)
	} else {
		s.name = "Function Scan on " + n.Alias
	}
	s.facts = append(s.facts, field{"Alias", n.Alias})
	if e.o.Verbose {
		var calls []string
		for _, f := range n.Funcs {
			calls = append(calls, e.expr(f.Expr))
		}
		s.add("Function Call", strings.Join(calls, ", "))
	}
}

func (e *explainer) join(n *Join, s *step) {
	word := map[JoinKind]string{Inner: "Inner", Left: "Left", Right: "Right", Full: "Full", Semi: "Semi", Anti: "Anti"}[n.Kind]
	s.facts = object{{"Join Type", word}}
	kind := ""
	if n.Kind != Inner {
		kind = " " + word
	}
	if len(n.LeftKeys) > 0 {
		s.name, s.kind = "Hash"+kind+" Join", "Hash Join"
		conds := make([]string, len(n.LeftKeys))
		for i := range n.LeftKeys {
			conds[i] = "(" + e.expr(n.LeftKeys[i]) + " = " + e.expr(n.RightKeys[i]) + ")"
		}
		text := strings.Join(conds, " AND ")
		if len(conds) > 1 {
			text = "(" + text + ")"
		}
		s.add("Hash Cond", text)
		if !n.Lateral && len(s.inputs) == 2 {
			in := s.inputs[1]
			s.inputs[1] = &step{name: "Hash", est: in.est, actual: in.actual, inputs: []*step{in}}
		}
	} else {
		s.name, s.kind = "Nested Loop"+kind, "Nested Loop"
		if kind != "" {
			s.name += " Join"
		}
	}
	if n.Cond != nil {
		s.add("Join Filter", e.expr(n.Cond))
	}
}

func (e *explainer) aggregate(n *Aggregate, s *step) {
	s.kind = "Aggregate"
	switch {
	case n.Sets != nil:
		s.name, s.facts = "MixedAggregate", object{{"Strategy", "Mixed"}, {"Partial Mode", "Simple"}}
		for _, set := range n.Sets {
			if len(set) == 0 {
				s.details = append(s.details, detail{key: "Group Key", text: "()"})
				continue
			}
			keys := make([]expr.Expr, len(set))
			for i, k := range set {
				keys[i] = n.Keys[k]
			}
			s.details = append(s.details, detail{key: "Hash Key", text: e.list(keys)})
		}
	case len(n.Keys) == 0:
		s.name, s.facts = "Aggregate", object{{"Strategy", "Plain"}, {"Partial Mode", "Simple"}}
	default:
		s.name, s.facts = "HashAggregate", object{{"Strategy", "Hashed"}, {"Partial Mode", "Simple"}}
		keys := make([]string, len(n.Keys))
		for i, k := range n.Keys {
			keys[i] = e.expr(k)
		}
		s.addList("Group Key", keys)
	}
	e.own[n.Rel] = true
	e.columns(s, n.Columns())
	delete(e.own, n.Rel)
}

func (e *explainer) sortKeys(keys []expr.SortKey) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = e.expr(k.Expr)
		switch {
		case k.Desc && !k.NullsFirst:
			out[i] += " DESC NULLS LAST"
		case k.Desc:
			out[i] += " DESC"
		case k.NullsFirst:
			out[i] += " NULLS FIRST"
		}
	}
	return out
}

func (e *explainer) setOp(n *SetOp, s *step) {
	for _, in := range s.inputs {
		in.relation = "Member"
	}
	if n.Kind == Union {
		s.name = "Append"
		if e.o.Format != "" && e.o.Format != "text" {
			s.details = append(s.details, detail{key: "Subplans Removed", text: "0", num: true})
		}
		if !n.All {
			inner := *s
			*s = step{name: "HashAggregate", kind: "Aggregate", est: s.est, actual: s.actual, inputs: []*step{&inner}}
			s.facts = object{{"Strategy", "Hashed"}, {"Partial Mode", "Simple"}}
			s.addList("Group Key", e.columnNames(n.Left.Columns()))
			inner.actual = nil
		}
		return
	}
	word := map[SetOpKind]string{Intersect: "Intersect", Except: "Except"}[n.Kind]
	if n.All {
		word += " All"
	}
	s.name, s.kind = "HashSetOp "+word, "SetOp"
	s.facts = object{{"Strategy", "Hashed"}, {"Command", word}}
}

func (e *explainer) modify(s *step, verb string, rel *desc.Relation, returning []expr.Expr) {
	s.kind = "ModifyTable"
	s.name = verb + " on " + e.qualified(rel)
	s.facts = append(append(object{{"Operation", verb}, {"Relation Name", rel.Name}}, e.schema(rel)...), field{"Alias", rel.Name})
	if len(returning) > 0 {
		e.output(s, returning)
	}
}

func (e *explainer) conflict(n *Insert, s *step) {
	c := n.Conflict
	if c == nil {
		return
	}
	s.add("Conflict Resolution", map[bool]string{false: "NOTHING", true: "UPDATE"}[c.Update])
	var names []string
	for _, x := range c.Indexes {
		names = append(names, x.Name)
	}
	s.addList("Conflict Arbiter Indexes", names)
	if c.Where != nil {
		s.add("Conflict Filter", e.expr(c.Where))
	}
}

// with puts WITH queries under the step of the body.
func (e *explainer) with(n *With) *step {
	var plans []*step
	for _, c := range n.CTEs {
		in := e.describe(c.Plan)
		if c.Recursive != nil {
			in = &step{name: "Recursive Union", inputs: []*step{in, e.describe(c.Recursive)}, actual: in.actual}
		}
		in.label, in.relation = "CTE "+c.Name, "InitPlan"
		plans = append(plans, in)
	}
	body := e.describe(n.Body)
	body.inputs = append(plans, body.inputs...)
	return body
}

// subplansOf describes the subqueries in the expressions of a node, and gives them the names that the expressions are printed with.
func (e *explainer) subplansOf(n Node) []*step {
	var out []*step
	WalkExprs(n, func(x expr.Expr) {
		expr.Walk(x, func(x expr.Expr) bool {
			q, ok := x.(*expr.Subquery)
			if !ok || e.subs[q] != "" {
				return true
			}
			p, ok := q.Plan.(Node)
			if !ok {
				return true
			}
			e.subplans++
			number := e.subplans
			label, relation, name := fmt.Sprintf("SubPlan %d", number), "SubPlan", fmt.Sprintf("(SubPlan %d)", number)
			if len(q.Outer) == 0 && q.Kind != expr.AnySubquery && q.Kind != expr.AllSubquery {
				label, relation, name = fmt.Sprintf("InitPlan %d (returns $%d)", number, number-1), "InitPlan", fmt.Sprintf("$%d", number-1)
			}
			e.subs[q] = name
			s := e.describe(p)
			s.label, s.relation = label, relation
			out = append(out, s)
			return true
		})
	})
	return out
}

// indexCondition prints what an index scan looks up.
func (e *explainer) indexCondition(n *Scan) string {
	index := n.Access.Index
	if index == nil {
		index = &n.Table.Indexes[0]
	}
	column := func(i int) string {
		if i < len(index.Keys) {
			if k := index.Keys[i]; k.Num > 0 {
				return n.Table.Columns[k.Num-1].Name
			}
			return index.Keys[i].Expr
		}
		return "?"
	}
	var parts []string
	for i, x := range n.Access.Equal {
		parts = append(parts, "("+column(i)+" = "+e.expr(x)+")")
	}
	at := len(n.Access.Equal)
	if n.Access.In != nil {
		parts = append(parts, "("+column(at)+" = ANY ("+e.expr(n.Access.In)+"))")
		at++
	}
	for _, b := range []struct {
		bound  *Bound
		closed string
		opened string
	}{{n.Access.Lower, ">=", ">"}, {n.Access.Upper, "<=", "<"}} {
		if b.bound == nil {
			continue
		}
		op := b.opened
		if b.bound.Inclusive {
			op = b.closed
		}
		parts = append(parts, "("+column(at)+" "+op+" "+e.expr(b.bound.Expr)+")")
	}
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return parts[0]
	}
	return "(" + strings.Join(parts, " AND ") + ")"
}
