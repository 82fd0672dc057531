package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// ExplainOptions are the options of EXPLAIN. First (when the first row was there) and Elapsed are what ANALYZE measured of the whole statement, Actual what it measured
// of a node.
type ExplainOptions struct {
	Analyze, Verbose, Costs, Timing, Summary, Buffers bool
	Format                                            string // "" or "text", "json", "yaml", "xml"
	Planning, Elapsed                                 time.Duration
	Actual                                            func(Node) *Actual
	Schema                                            func(*desc.Relation) string // the name of a relation's schema
	Params                                            []pgtype.Datum              // of a prepared statement
	Settings                                          [][2]string                 // that differ from their defaults and change plans; nil: not asked for
}

// Explain describes a plan as EXPLAIN prints it: in the text format a line each, in the others one text of several lines.
func Explain(s *Statement, o ExplainOptions) []string {
	e := newExplainer(s.Root, o)
	root := e.describe(s.Root)
	switch o.Format {
	case "json", "yaml", "xml":
		return []string{encode(e.document(root), o.Format)}
	}
	var lines []string
	root.text(&lines, 0, o)
	if len(o.Settings) > 0 {
		lines = append(lines, "Settings: "+settingsText(o.Settings))
	}
	if o.Summary {
		lines = append(lines, fmt.Sprintf("Planning Time: %.3f ms", milliseconds(o.Planning)))
		if o.Analyze {
			lines = append(lines, fmt.Sprintf("Execution Time: %.3f ms", milliseconds(o.Elapsed)))
		}
	}
	return lines
}

func settingsText(list [][2]string) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = s[0] + " = '" + s[1] + "'"
	}
	return strings.Join(parts, ", ")
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// document is the whole of the structured formats.
func (e *explainer) document(root *step) object {
	query := object{{"Plan", root.object(e.o, "")}}
	if e.o.Settings != nil {
		settings := object{}
		for _, s := range e.o.Settings {
			settings = append(settings, field{s[0], s[1]})
		}
		query = append(query, field{"Settings", settings})
	}
	if e.o.Summary {
		query = append(query, field{"Planning Time", number(fmt.Sprintf("%.3f", milliseconds(e.o.Planning)))})
	}
	if e.o.Analyze {
		query = append(query, field{"Triggers", list{}})
	}
	if e.o.Summary && e.o.Analyze {
		query = append(query, field{"Execution Time", number(fmt.Sprintf("%.3f", milliseconds(e.o.Elapsed)))})
	}
	return query
}

// step is a node of an EXPLAIN under the names that tools know.
type step struct {
	name     string // in the text format, with what it is on
	kind     string // "Node Type" of the structured formats
	relation string // "Parent Relationship", "" for what the place says
	label    string // of a subplan: "CTE x", "InitPlan 1 (returns $0)"
	facts    object // further properties that the text format has in its name
	details  []detail
	inputs   []*step
	est      Estimate
	actual   *Actual
}

// detail is a property below a node's line; a list is separated by commas in the text format.
type detail struct {
	key  string
	text string
	list []string
	num  bool
}

func (s *step) add(key, text string) { s.details = append(s.details, detail{key: key, text: text}) }
func (s *step) addList(key string, l []string) {
	if len(l) > 0 {
		s.details = append(s.details, detail{key: key, list: l})
	}
}

func (s *step) text(lines *[]string, depth int, o ExplainOptions) {
	if s.label != "" {
		*lines = append(*lines, strings.Repeat(" ", max(6*depth-4, 0))+s.label)
	}
	indent := ""
	if depth > 0 {
		indent = strings.Repeat(" ", 6*(depth-1)+2) + "->  "
		if s.label != "" {
			indent = strings.Repeat(" ", 6*(depth-1)+4) + "->  "
		}
	}
	*lines = append(*lines, indent+s.name+s.costs(o)+s.measured(o))
	deeper := 6 * depth
	if s.label != "" {
		deeper += 2
	}
	for _, d := range s.details {
		text := d.text
		if d.list != nil {
			text = strings.Join(d.list, ", ")
		}
		*lines = append(*lines, strings.Repeat(" ", deeper+2)+d.key+": "+text)
	}
	for _, in := range s.inputs {
		if s.label == "" {
			in.text(lines, depth+1, o)
			continue
		}
		var below []string
		in.text(&below, depth+1, o)
		for _, l := range below {
			*lines = append(*lines, "  "+l)
		}
	}
}

// costs is what a line says of the estimate.
func (s *step) costs(o ExplainOptions) string {
	if !o.Costs || s.est == (Estimate{}) {
		return ""
	}
	return fmt.Sprintf("  (cost=%.2f..%.2f rows=%.0f width=%d)", s.est.Startup, s.est.Total, max(1, s.est.Rows), s.est.Width)
}

// measured is what a line says of the run; figures are of one loop, on average.
func (s *step) measured(o ExplainOptions) string {
	if !o.Analyze {
		return ""
	}
	startup, total, rows, loops := s.perLoop()
	switch {
	case loops == 0:
		return " (never executed)"
	case o.Timing:
		return fmt.Sprintf(" (actual time=%.3f..%.3f rows=%.0f loops=%d)", startup, total, rows, loops)
	}
	return fmt.Sprintf(" (actual rows=%.0f loops=%d)", rows, loops)
}

func (s *step) perLoop() (startup, total, rows float64, loops int64) {
	a := s.actual
	if a == nil || a.Loops == 0 {
		return 0, 0, 0, 0
	}
	n := float64(a.Loops)
	return milliseconds(a.Startup) / n, milliseconds(max(a.Total, a.Startup)) / n, float64(a.Rows) / n, a.Loops
}

// object is the step in the structured formats, with properties in PostgreSQL's order.
func (s *step) object(o ExplainOptions, relation string) object {
	kind := s.kind
	if kind == "" {
		kind = s.name
	}
	m := object{{"Node Type", kind}}
	var facts object
	for _, f := range s.facts {
		if slices.Contains([]string{"Strategy", "Partial Mode", "Operation"}, f.key) {
			m = append(m, f)
		} else {
			facts = append(facts, f)
		}
	}
	if s.relation != "" {
		relation = s.relation
	}
	if relation != "" {
		m = append(m, field{"Parent Relationship", relation})
	}
	if s.label != "" {
		m = append(m, field{"Subplan Name", s.label})
	}
	m = append(m, field{"Parallel Aware", false}, field{"Async Capable", false})
	m = append(m, facts...)
	if o.Costs && s.est != (Estimate{}) {
		m = append(m, field{"Startup Cost", number(fmt.Sprintf("%.2f", s.est.Startup))}, field{"Total Cost", number(fmt.Sprintf("%.2f", s.est.Total))},
			field{"Plan Rows", number(fmt.Sprintf("%.0f", max(1, s.est.Rows)))}, field{"Plan Width", number(fmt.Sprint(s.est.Width))})
	}
	if o.Analyze {
		startup, total, rows, loops := s.perLoop()
		if o.Timing {
			m = append(m, field{"Actual Startup Time", number(fmt.Sprintf("%.3f", startup))}, field{"Actual Total Time", number(fmt.Sprintf("%.3f", total))})
		}
		m = append(m, field{"Actual Rows", number(fmt.Sprintf("%.0f", rows))}, field{"Actual Loops", number(fmt.Sprint(loops))})
	}
	for _, d := range s.details {
		switch {
		case d.list != nil:
			l := list{}
			for _, x := range d.list {
				l = append(l, x)
			}
			m = append(m, field{d.key, l})
		case d.num:
			m = append(m, field{d.key, number(d.text)})
		default:
			m = append(m, field{d.key, d.text})
		}
	}
	if o.Buffers {
		m = append(m, buffers...)
	}
	plans := list{}
	for i, in := range s.inputs {
		plans = append(plans, in.object(o, []string{"Outer", "Inner"}[min(i, 1)]))
	}
	if len(plans) > 0 {
		m = append(m, field{"Plans", plans})
	}
	return m
}

// buffers are PostgreSQL's counters of its buffer manager, which kalampg has not: nothing is read through them.
var buffers = object{
	{"Shared Hit Blocks", number("0")}, {"Shared Read Blocks", number("0")}, {"Shared Dirtied Blocks", number("0")}, {"Shared Written Blocks", number("0")},
	{"Local Hit Blocks", number("0")}, {"Local Read Blocks", number("0")}, {"Local Dirtied Blocks", number("0")}, {"Local Written Blocks", number("0")},
	{"Temp Read Blocks", number("0")}, {"Temp Written Blocks", number("0")},
}
