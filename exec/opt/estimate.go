package opt

import (
	"math"
	"strings"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// Costs in a unit of about 10 µs, which lies near PostgreSQL's: there, reading a page in order is 1. The relations between them are as measured on this engine. Scans, hash
// joins and groupings of many rows run by columns, at 0.02 to 0.1 µs a row when the columns are cached, those of few rows by rows, at 0.5 µs. A look-up by the whole
// primary key takes 6 µs, starting a scan of a range of keys 40 µs, and finding the row of an index entry, which may lie anywhere, 15 to 20 µs.
const (
	costPage     = 0.1   // 8 kB of rows, read in order
	costRow      = 0.02  // handing a row on
	costByRow    = 0.05  // reading a row of a table
	costByColumn = 0.004 // … by columns
	costColumns  = 15    // starting to run by columns
	costOperator = 0.002 // evaluating an operator or a function
	costLookup   = 0.6   // finding a row by its whole primary key
	costCursor   = 4.0   // starting a scan of a range of keys
	costEntry    = 0.02  // reading an index entry
	costFetch    = 1.5   // finding the row of an index entry
	costBuild    = 0.06  // putting a row into a hash table
	costProbe    = 0.03  // looking a row up in one

	// From some thousand rows on scans, hash joins and aggregates run by columns, where a row costs a fraction; look-ups by key never do.
	byColumnsFrom = 2000.0
	byColumns     = 0.15
)

// volume is the number of rows that cost as much as n rows of a hash join or aggregate do.
func volume(n float64) float64 {
	if n <= byColumnsFrom {
		return n
	}
	return byColumnsFrom + (n-byColumnsFrom)*byColumns
}

// reading is the cost of reading rows that lie together and of testing conditions on them: of few row by row, of many by columns.
func reading(rows, bytes, test float64) float64 {
	return min(rows*(costByRow+test), costColumns+rows*(bytes/8192*costPage+costByColumn+byColumns*test))
}

// estimate gives what is thought of a plan.
func (p *planner) estimate(n plan.Node) plan.Estimate {
	if e, ok := p.known[n]; ok {
		return e
	}
	e := p.estimateNode(n)
	if math.IsNaN(e.Rows) || e.Rows < 0 {
		e.Rows = 1
	}
	p.known[n] = e
	return e
}

func (p *planner) estimateNode(n plan.Node) plan.Estimate {
	switch n := n.(type) {
	case *plan.Scan:
		return p.scan(n)
	case *plan.SystemScan:
		return systemScan(n)
	case *plan.OneRow:
		return plan.Estimate{Total: costRow, Rows: 1}
	case *plan.Values:
		w := 0
		for _, t := range n.Types {
			w += typeWidth(t.T, t.Mod)
		}
		return plan.Estimate{Total: costRow * float64(len(n.Rows)), Rows: float64(len(n.Rows)), Width: w}
	case *plan.FuncScan:
		return funcScan(n)
	case *plan.Filter:
		e := p.estimate(n.Input)
		cs := conjuncts(n.Cond)
		e.Total += e.Rows * p.evaluation(cs...)
		e.Rows = atLeastOne(e.Rows * p.selectivity(cs))
		return e
	case *plan.Project:
		e := p.estimate(n.Input)
		e.Total += e.Rows * p.evaluation(n.Exprs...)
		e.Width = p.widths(n.Exprs)
		return e
	case *plan.ProjectSet:
		e := p.estimate(n.Input)
		e.Total += e.Rows * p.evaluation(n.Exprs...)
		e.Rows *= 10
		e.Width = p.widths(n.Exprs)
		return e
	case *plan.Join:
		return p.join(n)
	case *plan.Aggregate:
		return p.aggregate(n)
	case *plan.Window:
		e := p.estimate(n.Input)
		e.Total += e.Rows * costRow * float64(len(n.Calls))
		e.Width += 8 * len(n.Calls)
		return e
	case *plan.Sort:
		return sorted(p.estimate(n.Input), 0)
	case *plan.Limit:
		return p.limit(n)
	case *plan.Distinct:
		e := p.estimate(n.Input)
		e.Total += e.Rows * costRow
		keys := n.On
		if keys == nil {
			keys = p.outputs(n.Input)
			e.Startup = e.Total
		}
		e.Rows = p.groups(keys, e.Rows)
		return e
	case *plan.SetOp:
		return p.setOp(n)
	case *plan.With:
		e := p.estimate(n.Body)
		for _, c := range n.CTEs {
			t := p.estimate(c.Plan).Total
			if c.Recursive != nil {
				t += 10 * p.estimate(c.Recursive).Total
			}
			e.Startup += t
			e.Total += t
		}
		return e
	case *plan.CTEScan:
		return p.cteScan(n)
	}
	return p.other(n)
}

// other estimates the nodes that pass their input's rows on.
func (p *planner) other(n plan.Node) plan.Estimate {
	var e plan.Estimate
	for i, c := range n.Children() {
		x := p.estimate(c)
		e.Startup += x.Startup
		e.Total += x.Total
		if i == 0 {
			e.Rows, e.Width = x.Rows, x.Width
		}
	}
	e.Total += e.Rows * costRow
	return e
}

func atLeastOne(rows float64) float64 { return max(1, rows) }

// evaluation is the cost of evaluating expressions once.
func (p *planner) evaluation(es ...expr.Expr) float64 {
	c := 0.0
	for _, e := range es {
		expr.Walk(e, func(x expr.Expr) bool {
			switch x := x.(type) {
			case *expr.Call, *expr.NullTest, *expr.ViaText, *expr.Distinct, *expr.RowCompare:
				c += costOperator
			case *expr.ArrayOp:
				c += 4 * costOperator
			case *expr.Subquery:
				if sub, ok := x.Plan.(plan.Node); ok {
					if s := p.estimate(sub); len(plan.Outer(sub)) > 0 {
						c += s.Total
					} else {
						c += costOperator
					}
				}
			}
			return true
		})
	}
	return c
}

func (p *planner) widths(es []expr.Expr) int {
	w := 0
	for _, e := range es {
		w += p.width(e)
	}
	return w
}

// outputs gives the columns of a plan as expressions.
func (p *planner) outputs(n plan.Node) []expr.Expr {
	ids := n.Columns()
	out := make([]expr.Expr, len(ids))
	for i, id := range ids {
		t := pgtype.Int8Type
		switch o := p.origin[id.Rel].(type) {
		case *plan.Project:
			t = o.Exprs[id.Num-1].Type()
		case *plan.Scan:
			if id.Num > 0 {
				if b := pgtype.ByOID(o.Table.Columns[id.Num-1].Type); b != nil {
					t = b
				}
			}
		}
		out[i] = &expr.Var{Typed: expr.Typed{T: t, Mod: -1}, ID: id}
	}
	return out
}

// scan estimates a scan of a table. One with an access path was estimated when the path was chosen, with the conditions that the path answers.
func (p *planner) scan(n *plan.Scan) plan.Estimate {
	if n.Access.Keyed && n.Est.Total > 0 {
		e := n.Est
		e.Width = p.scanWidth(n)
		return e
	}
	return p.scanCost(n, n.Access, conjuncts(n.Filter))
}

// scanCost estimates a scan by an access path when all of cs hold of its rows. The conditions that the path answers are among cs, or they are not and count by the path.
func (p *planner) scanCost(n *plan.Scan, a plan.Access, cs []expr.Expr) plan.Estimate {
	return p.accessCost(n, a, cs, -1)
}

// accessCost is scanCost for a path that is known to read a share of the table's rows; negative: its conditions tell.
func (p *planner) accessCost(n *plan.Scan, a plan.Access, cs []expr.Expr, part float64) plan.Estimate {
	t := p.table(n.Table)
	e := plan.Estimate{Width: p.scanWidth(n)}
	e.Rows = atLeastOne(t.seen * p.selectivity(cs))
	test := p.evaluation(cs...)
	if n.Table.Kind == desc.Sequence {
		return plan.Estimate{Total: costRow, Rows: 1, Width: e.Width}
	}
	if part < 0 {
		part = p.accessSelectivity(n, a)
	}
	read := t.seen * part
	switch index := accessIndex(n.Table, a); {
	case !a.Keyed || index == nil:
		e.Startup = costCursor
		e.Total = costCursor + reading(t.seen, t.bytes, test) + p.penalty(SeqScan)
	case index.Clustered() && a.Lower == nil && a.Upper == nil && a.In == nil && len(a.Equal) == len(index.Keys):
		e.Total = costLookup + test
	case index.Clustered():
		starts := p.starts(a)
		each := costCursor
		if len(a.Equal)+1 == len(index.Keys) && a.In != nil {
			each = costLookup
		}
		e.Startup = each
		e.Total = starts*each + reading(read, t.bytes, test)
	default:
		e.Startup = costCursor
		fetch := costFetch
		if plan.Covers(n, index) {
			fetch = 0
		}
		e.Total = p.starts(a)*costCursor + read*(costEntry+fetch+costByRow+test)
	}
	if a.Keyed {
		e.Total += p.penalty(IndexScan)
	}
	return e
}

// starts is how many ranges an access path reads.
func (p *planner) starts(a plan.Access) float64 {
	if a.In == nil {
		return 1
	}
	if k, ok := a.In.(*expr.Const); ok && !k.Value.IsNull() {
		return max(1, float64(len(k.Value.Array().Elems)))
	}
	return 10
}

// accessIndex is the index of an access path; the primary key where the path names none.
func accessIndex(rel *desc.Relation, a plan.Access) *desc.Index {
	if a.Index != nil {
		return a.Index
	}
	if len(rel.Indexes) > 0 && rel.Indexes[0].Clustered() {
		return &rel.Indexes[0]
	}
	return nil
}

// accessSelectivity is the share of the table's rows that an access path reads.
func (p *planner) accessSelectivity(n *plan.Scan, a plan.Access) float64 {
	index := accessIndex(n.Table, a)
	if !a.Keyed || index == nil {
		return 1
	}
	fixed := len(a.Equal)
	if a.In != nil {
		fixed++
	}
	if fixed == len(index.Keys) && index.Unique && a.Lower == nil && a.Upper == nil {
		return min(1, p.starts(a)/p.table(n.Table).seen)
	}
	column := func(i int) *columnInfo {
		if i >= len(index.Keys) || index.Keys[i].Num < 1 {
			return nil
		}
		num := index.Keys[i].Num
		return p.tableColumn(n.Table, num, pgtype.ByOID(n.Table.Columns[num-1].Type))
	}
	s := 1.0
	for i, v := range a.Equal {
		if c := column(i); c != nil {
			if o := p.column(v); o != nil {
				s *= p.joined(c, o)
			} else {
				s *= p.equals(c, v)
			}
		} else {
			s *= defaultEqual
		}
	}
	if a.In != nil {
		x := defaultEqual
		if c := column(len(a.Equal)); c != nil {
			x = 1 / max(1, c.distinct)
		}
		s *= min(1, x*p.starts(a))
	}
	if a.Lower != nil || a.Upper != nil {
		s *= p.boundsSelectivity(column(fixed), a)
	}
	return share(s)
}

func (p *planner) boundsSelectivity(c *columnInfo, a plan.Access) float64 {
	r := rangeTest{below: 2, above: 2, known: true, null: c.nullFrac()}
	end := func(b *plan.Bound, op string, to *float64) {
		if b == nil {
			return
		}
		*to = defaultRange
		if b.Inclusive {
			op += "="
		}
		k, ok := b.Expr.(*expr.Const)
		if !ok || c == nil || c.stats == nil || k.Value.IsNull() || !comparable(k.T, c.typ) {
			r.known = false
			return
		}
		var known bool
		*to, known = below(c, k.Value, op)
		r.known = r.known && known
	}
	end(a.Lower, ">", &r.above)
	end(a.Upper, "<", &r.below)
	return r.selectivity()
}

func (p *planner) scanWidth(n *plan.Scan) int {
	w := 0
	for _, num := range n.Nums {
		d := n.Table.ColumnByNum(num)
		if d == nil {
			w += 8
			continue
		}
		if c := p.table(n.Table).stats.Column(num, d.Type); c != nil && c.Width > 0 {
			w += int(c.Width)
			continue
		}
		w += typeWidth(pgtype.ByOID(d.Type), d.Typmod)
	}
	return w
}

// funcScan takes the number of rows from generate_series' constants, else what PostgreSQL takes: 100.
func funcScan(n *plan.FuncScan) plan.Estimate {
	e := plan.Estimate{Rows: 1}
	for _, f := range n.Funcs {
		s, ok := f.Expr.(*expr.SetCall)
		if !ok {
			continue
		}
		rows := 100.0
		if s.Proc.Name == "generate_series" && len(s.Args) >= 2 {
			from, ok1 := s.Args[0].(*expr.Const)
			to, ok2 := s.Args[1].(*expr.Const)
			if ok1 && ok2 && !from.Value.IsNull() && !to.Value.IsNull() && isInteger(from.T) {
				step := 1.0
				if len(s.Args) > 2 {
					if k, ok := s.Args[2].(*expr.Const); ok && !k.Value.IsNull() && k.Value.Int() != 0 {
						step = float64(k.Value.Int())
					}
				}
				rows = max(0, math.Floor((float64(to.Value.Int())-float64(from.Value.Int()))/step)+1)
			}
		}
		e.Rows = max(e.Rows, rows)
		e.Width += typeWidth(s.T, s.Mod)
	}
	e.Total = e.Rows * costRow
	return e
}

// What system relations are thought to have.
const systemRows = 600

// systemKeys are the columns that system relations are looked up by.
var systemKeys = map[string]bool{
	"oid": true, "attrelid": true, "indrelid": true, "indexrelid": true, "adrelid": true, "conrelid": true, "confrelid": true, "conname": true,
	"contypid": true, "relname": true, "typname": true, "typrelid": true, "nspname": true, "objoid": true, "objid": true, "refobjid": true,
	"enumtypid": true, "seqrelid": true, "proname": true, "datname": true, "rolname": true, "roleid": true, "member": true, "rngtypid": true,
	"ev_class": true, "aggfnoid": true, "opcname": true, "amname": true, "typelem": true, "typarray": true, "reltype": true,
}

func systemScan(n *plan.SystemScan) plan.Estimate {
	rows, read := float64(systemRows), float64(systemRows)
	if strings.HasPrefix(n.Table.Name, "pg_attr") || n.Table.Name == "pg_proc" || n.Table.Name == "pg_description" {
		rows, read = 5*systemRows, 5*systemRows
	}
	cs := conjuncts(n.Filter)
	for _, t := range columnTests(cs, n.Rel, n.Table) {
		if c := n.Table.ColumnByNum(t.num); t.op == "=" && c != nil && systemKeys[c.Name] {
			found := 4.0
			if c.Name == "oid" {
				found = 1
			}
			rows, read = min(rows, found), min(read, found+2)
		}
	}
	for range cs {
		rows = max(1, rows/2)
	}
	return plan.Estimate{Total: read * 0.02, Rows: rows, Width: 8 * len(n.Nums)}
}

func (p *planner) cteScan(n *plan.CTEScan) plan.Estimate {
	c := p.ctes[n.CTE]
	if c == nil {
		return plan.Estimate{Total: 100 * costRow, Rows: 100, Width: 8 * n.Width}
	}
	e := p.estimate(c.Plan)
	rows := e.Rows
	if c.Recursive != nil && !n.WorkTable {
		rows *= 10
	}
	return plan.Estimate{Total: rows * costRow, Rows: rows, Width: e.Width}
}

func (p *planner) limit(n *plan.Limit) plan.Estimate {
	e := p.estimate(n.Input)
	if s, ok := n.Input.(*plan.Sort); ok {
		if k, ok := constantRows(n.Count); ok {
			offset, _ := constantRows(n.Offset)
			e = sorted(p.estimate(s.Input), k+offset)
		}
	}
	offset, _ := constantRows(n.Offset)
	count, limited := constantRows(n.Count)
	if n.Count != nil && !limited {
		count, limited = max(1, e.Rows/10), true
	}
	each := (e.Total - e.Startup) / max(1, e.Rows)
	rows := max(0, e.Rows-offset)
	if limited {
		rows = min(rows, count)
		e.Total = e.Startup + each*min(e.Rows, rows+offset)
	}
	e.Startup += each * min(offset, e.Rows)
	e.Rows = atLeastOne(rows)
	return e
}

func constantRows(x expr.Expr) (float64, bool) {
	if k, ok := x.(*expr.Const); ok && !k.Value.IsNull() && isInteger(k.T) {
		return float64(k.Value.Int()), true
	}
	return 0, false
}

// sorted is the estimate of a sort; keep is the number of rows that a limit lets through, 0 for all.
func sorted(e plan.Estimate, keep float64) plan.Estimate {
	n := max(2, e.Rows)
	heap := n
	if keep > 0 {
		heap = min(n, max(2, 2*keep))
	}
	e.Startup = e.Total + 2*costOperator*n*math.Log2(heap)
	e.Total = e.Startup + costOperator*e.Rows
	return e
}

func (p *planner) setOp(n *plan.SetOp) plan.Estimate {
	l, r := p.estimate(n.Left), p.estimate(n.Right)
	e := plan.Estimate{Startup: l.Startup, Total: l.Total + r.Total, Rows: l.Rows + r.Rows, Width: max(l.Width, r.Width)}
	if n.Kind == plan.Union && n.All {
		return e
	}
	e.Total += volume(e.Rows) * costBuild
	e.Startup = e.Total
	switch {
	case n.Kind == plan.Except:
		e.Rows = l.Rows
	case n.Kind == plan.Intersect:
		e.Rows = min(l.Rows, r.Rows)
	}
	return e
}

func (p *planner) aggregate(n *plan.Aggregate) plan.Estimate {
	in := p.estimate(n.Input)
	work := costOperator * float64(len(n.Aggs))
	for _, a := range n.Aggs {
		work += p.evaluation(a.Args...) + p.evaluation(a.Filter)
	}
	e := plan.Estimate{Rows: 1, Width: p.widths(n.Keys) + 8*len(n.Aggs)}
	if len(n.Keys) == 0 {
		e.Startup = in.Total + volume(in.Rows)*work
		e.Total = e.Startup + costRow
		return e
	}
	e.Rows = p.groups(n.Keys, in.Rows)
	if n.Sets != nil {
		e.Rows *= float64(len(n.Sets))
	}
	e.Startup = in.Total + volume(in.Rows)*(work+costProbe+p.evaluation(n.Keys...)) + volume(e.Rows)*costBuild
	e.Total = e.Startup + volume(e.Rows)*costRow
	return e
}

// groups is how many different combinations of values expressions have in so many rows.
func (p *planner) groups(keys []expr.Expr, rows float64) float64 {
	byTable := map[int32]float64{}
	total := 1.0
	for _, k := range keys {
		d := p.distinct(k, rows)
		if v, ok := p.base(k); ok {
			t := p.column(k).table
			if byTable[v.Rel] == 0 {
				byTable[v.Rel] = 1
			}
			byTable[v.Rel] = min(byTable[v.Rel]*d, t.rows)
			continue
		}
		total *= d
	}
	for _, d := range byTable {
		total *= d
	}
	return atLeastOne(min(total, rows))
}

// distinct is how many different values an expression has in so many rows.
func (p *planner) distinct(e expr.Expr, rows float64) float64 {
	if c := p.column(e); c != nil {
		d := c.distinct
		if c.nullFrac() > 0 {
			d++
		}
		return occupied(d, rows)
	}
	switch e := e.(type) {
	case *expr.Const, *expr.Param:
		return 1
	case *expr.Relabel:
		return p.distinct(e.Arg, rows)
	}
	if e.Type() != nil && e.Type().OID == pgtype.OIDBool {
		return min(2, max(1, rows))
	}
	d, found := 1.0, false
	expr.Walk(e, func(x expr.Expr) bool {
		if v, ok := x.(*expr.Var); ok {
			found = true
			if c := p.column(v); c != nil {
				d *= c.distinct
			} else {
				d *= defaultDistinct
			}
		}
		return true
	})
	if !found {
		return min(defaultDistinct, max(1, rows))
	}
	return occupied(d, rows)
}

// occupied is how many of d values are met in so many rows.
func occupied(d, rows float64) float64 {
	if d <= 1 || rows <= 1 {
		return 1
	}
	return max(1, d*-math.Expm1(-rows/d))
}

// base finds the column of a table that an expression is.
func (p *planner) base(e expr.Expr) (expr.ColID, bool) {
	for range 50 {
		switch x := e.(type) {
		case *expr.Relabel:
			e = x.Arg
			continue
		case *expr.Var:
			if x.ID.Num < 1 {
				return expr.ColID{}, false
			}
			if _, ok := p.origin[x.ID.Rel].(*plan.Scan); ok {
				return x.ID, true
			}
			if e = p.behind(x); e == nil {
				return expr.ColID{}, false
			}
			continue
		}
		break
	}
	return expr.ColID{}, false
}
