package plan

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/kalampg/kalampg/exec/expr"
)

// ExplainOptions are the options of EXPLAIN. Rows, First (when the first row was there) and Elapsed are what ANALYZE measured of the whole statement.
type ExplainOptions struct {
	Analyze, Verbose, Costs, Timing, Summary bool
	Format                                   string // "" or "text", "json"
	Rows                                     int64
	Planning, First, Elapsed                 time.Duration
}

// Explain describes a plan as EXPLAIN prints it, one element per line of text.
func Explain(s *Statement, o ExplainOptions) []string {
	root := describe(s.Root)
	if o.Format == "json" {
		return explainJSON(root, o)
	}
	var lines []string
	root.text(&lines, 0, o)
	if o.Analyze {
		timing := ""
		if o.Timing {
			timing = fmt.Sprintf("time=%.3f..%.3f ", milliseconds(o.First), milliseconds(o.Elapsed))
		}
		lines[0] += fmt.Sprintf(" (actual %srows=%d loops=1)", timing, o.Rows)
	}
	if o.Summary {
		lines = append(lines, fmt.Sprintf("Planning Time: %.3f ms", milliseconds(o.Planning)))
		if o.Analyze {
			lines = append(lines, fmt.Sprintf("Execution Time: %.3f ms", milliseconds(o.Elapsed)))
		}
	}
	return lines
}

// cents rounds to two digits.
func cents(f float64) float64 { return math.Round(f*100) / 100 }

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// step is one line of an EXPLAIN: a node under the name that tools know, its details, its inputs.
type step struct {
	name    string
	details [][2]string
	inputs  []*step
	est     Estimate
}

func (s *step) text(lines *[]string, depth int, o ExplainOptions) {
	indent := ""
	if depth > 0 {
		indent = strings.Repeat(" ", 6*(depth-1)+2) + "->  "
	}
	*lines = append(*lines, indent+s.name+s.costs(o))
	for _, d := range s.details {
		*lines = append(*lines, strings.Repeat(" ", 6*depth+2)+d[0]+": "+d[1])
	}
	for _, in := range s.inputs {
		in.text(lines, depth+1, o)
	}
}

// costs is what a line says of the estimate.
func (s *step) costs(o ExplainOptions) string {
	if !o.Costs || s.est == (Estimate{}) {
		return ""
	}
	return fmt.Sprintf("  (cost=%.2f..%.2f rows=%.0f width=%d)", s.est.Startup, s.est.Total, max(1, s.est.Rows), s.est.Width)
}

func (s *step) object(o ExplainOptions) map[string]any {
	m := map[string]any{"Node Type": s.name}
	if o.Costs && s.est != (Estimate{}) {
		m["Startup Cost"], m["Total Cost"] = cents(s.est.Startup), cents(s.est.Total)
		m["Plan Rows"], m["Plan Width"] = math.Round(max(1, s.est.Rows)), s.est.Width
	}
	for _, d := range s.details {
		m[d[0]] = d[1]
	}
	var inputs []any
	for _, in := range s.inputs {
		inputs = append(inputs, in.object(o))
	}
	if inputs != nil {
		m["Plans"] = inputs
	}
	return m
}

func explainJSON(root *step, o ExplainOptions) []string {
	node := root.object(o)
	top := map[string]any{"Plan": node}
	if o.Analyze {
		node["Actual Rows"], node["Actual Loops"] = o.Rows, 1
		if o.Timing {
			node["Actual Startup Time"], node["Actual Total Time"] = milliseconds(o.First), milliseconds(o.Elapsed)
		}
	}
	if o.Summary {
		top["Planning Time"] = milliseconds(o.Planning)
		if o.Analyze {
			top["Execution Time"] = milliseconds(o.Elapsed)
		}
	}
	text, err := json.MarshalIndent([]any{top}, "", "  ")
	if err != nil {
		return []string{err.Error()}
	}
	return []string{string(text)}
}

// describe gives the step of a node. Projections are part of what they project, as in PostgreSQL.
func describe(n Node) *step {
	s := &step{est: EstimateOf(n)}
	for _, c := range n.Children() {
		s.inputs = append(s.inputs, describe(c))
	}
	switch n := n.(type) {
	case *Project:
		in := s.inputs[0]
		if s.est != (Estimate{}) {
			in.est = s.est
		}
		return in
	case *Filter:
		return s.filter(n)
	case *Scan:
		s.scan(n)
	case *SystemScan:
		s.systemScan(n)
	case *Values:
		s.name = `Values Scan on "*VALUES*"`
		if len(n.Rows) == 1 {
			s.name = "Result"
		}
	case *OneRow:
		s.name = "Result"
	case *FuncScan:
		s.name = "Function Scan on " + n.Alias
	case *ProjectSet:
		s.name = "ProjectSet"
	case *Join:
		s.join(n)
	case *Aggregate:
		s.name = "HashAggregate"
		if len(n.Keys) == 0 {
			s.name = "Aggregate"
			break
		}
		keys := make([]string, len(n.Keys))
		for i, k := range n.Keys {
			keys[i] = printExpr(k)
		}
		s.details = append(s.details, [2]string{"Group Key", strings.Join(keys, ", ")})
	case *Window:
		s.name = "WindowAgg"
	case *Sort:
		s.name = "Sort"
		keys := make([]string, len(n.Keys))
		for i, k := range n.Keys {
			keys[i] = printExpr(k.Expr)
			if k.Desc {
				keys[i] += " DESC"
			}
		}
		s.details = append(s.details, [2]string{"Sort Key", strings.Join(keys, ", ")})
	case *Limit:
		s.name = "Limit"
	case *Distinct:
		s.name = "Unique"
	case *SetOp:
		s.name = map[SetOpKind]string{Union: "Append", Intersect: "HashSetOp Intersect", Except: "HashSetOp Except"}[n.Kind]
	case *With:
		s.with(n)
	case *CTEScan:
		s.name = "CTE Scan on " + n.Name
		if n.WorkTable {
			s.name = "WorkTable Scan on " + n.Name
		}
	case *LockRows:
		s.name = "LockRows"
	case *Insert:
		s.name = "Insert on " + n.Table.Name
	case *Update:
		s.name = "Update on " + n.Table.Name
	case *Delete:
		s.name = "Delete on " + n.Table.Name
	case *CurrentOf:
		s.name = "Tid Scan on " + aliased(n.Scan.Table.Name, n.Scan.Alias)
		s.details = append(s.details, [2]string{"TID Cond", "CURRENT OF " + n.Cursor})
	case *Sample:
		s.name = strings.Replace(s.inputs[0].name, "Seq Scan", "Sample Scan", 1)
		s.inputs = nil
	case *Merge:
		s.name = "Merge on " + n.Table.Name
	default:
		s.name = fmt.Sprintf("%T", n)
	}
	return s
}

// filter adds a condition to what it filters. One that no row can change is tested once, before the input is read; a false one leaves nothing to read.
func (s *step) filter(n *Filter) *step {
	in := s.inputs[0]
	detail := [2]string{"Filter", printExpr(n.Cond)}
	if s.est != (Estimate{}) {
		in.est = s.est
	}
	if !once(n.Cond) {
		in.details = append(in.details, detail)
		return in
	}
	detail[0] = "One-Time Filter"
	if in.name == "Result" {
		in.details = append(in.details, detail)
		return in
	}
	out := &step{name: "Result", est: s.est, details: [][2]string{detail}, inputs: []*step{in}}
	if c, ok := n.Cond.(*expr.Const); ok && (c.Value.IsNull() || !c.Value.Bool()) {
		out.inputs = nil
	}
	return out
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

func (s *step) scan(n *Scan) {
	on := aliased(n.Table.Name, n.Alias)
	if !n.Access.Keyed {
		s.name = "Seq Scan on " + on
	} else {
		index := n.Access.Index
		if index == nil && len(n.Table.Indexes) > 0 {
			index = &n.Table.Indexes[0]
		}
		s.name = "Index Scan on " + on
		if index != nil {
			s.name = "Index Scan using " + index.Name + " on " + on
			if !index.Clustered() && Covers(n, index) {
				s.name = "Index Only Scan using " + index.Name + " on " + on
			}
			if cond := indexCondition(n); cond != "()" {
				s.details = append(s.details, [2]string{"Index Cond", cond})
			}
		}
	}
	if n.Filter != nil {
		s.details = append(s.details, [2]string{"Filter", printExpr(n.Filter)})
	}
}

func (s *step) systemScan(n *SystemScan) {
	s.name = "System Scan on " + aliased(n.Table.Name, n.Alias)
	var conds []string
	for _, w := range n.Where {
		conds = append(conds, "("+n.Table.Columns[w.Num-1].Name+" = "+printExpr(w.Value)+")")
	}
	if conds != nil {
		s.details = append(s.details, [2]string{"Index Cond", strings.Join(conds, " AND ")})
	}
	if n.Filter != nil {
		s.details = append(s.details, [2]string{"Filter", printExpr(n.Filter)})
	}
}

// indexCondition prints what an index scan looks up.
func indexCondition(n *Scan) string {
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
	for i, e := range n.Access.Equal {
		parts = append(parts, "("+column(i)+" = "+printExpr(e)+")")
	}
	at := len(n.Access.Equal)
	if n.Access.In != nil {
		parts = append(parts, "("+column(at)+" = ANY ("+printExpr(n.Access.In)+"))")
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
		parts = append(parts, "("+column(at)+" "+op+" "+printExpr(b.bound.Expr)+")")
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, " AND ") + ")"
}

func (s *step) join(n *Join) {
	kind := map[JoinKind]string{Left: " Left", Right: " Right", Full: " Full", Semi: " Semi", Anti: " Anti"}[n.Kind]
	if len(n.LeftKeys) > 0 {
		s.name = "Hash" + kind + " Join"
		conds := make([]string, len(n.LeftKeys))
		for i := range n.LeftKeys {
			conds[i] = "(" + printExpr(n.LeftKeys[i]) + " = " + printExpr(n.RightKeys[i]) + ")"
		}
		s.details = append(s.details, [2]string{"Hash Cond", strings.Join(conds, " AND ")})
	} else {
		s.name = "Nested Loop" + kind
		if kind != "" {
			s.name += " Join"
		}
	}
	if n.Cond != nil {
		s.details = append(s.details, [2]string{"Join Filter", printExpr(n.Cond)})
	}
}

func (s *step) with(n *With) {
	body := describe(n.Body)
	for _, c := range n.CTEs {
		in := describe(c.Plan)
		if c.Recursive != nil {
			in = &step{name: "Recursive Union", inputs: []*step{in, describe(c.Recursive)}}
		}
		body.inputs = append(body.inputs, &step{name: "CTE " + c.Name, inputs: []*step{in}})
	}
	*s = *body
}
