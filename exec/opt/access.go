package opt

import (
	"math"

	"github.com/kalampg/kalampg/catalog/desc"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// columnTest is a condition column op value that an index can answer.
type columnTest struct {
	num   int16
	op    string // =, <, <=, >, >= or "any" for = ANY(array)
	value expr.Expr
	cond  expr.Expr
	// partial says that the condition asks for more than the test, so it has to be asked again.
	partial bool
}

// columnTests finds the tests of a relation's columns among conditions.
func columnTests(cs []expr.Expr, rel int32, table *desc.Relation) []columnTest {
	var out []columnTest
	for _, c := range cs {
		if t, ok := columnTestOf(c, rel, table); ok {
			out = append(out, t)
		} else {
			out = append(out, prefixTests(c, rel)...)
		}
	}
	return out
}

var mirrored = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

func columnTestOf(c expr.Expr, rel int32, table *desc.Relation) (columnTest, bool) {
	switch e := c.(type) {
	case *expr.Call:
		if e.Operator == nil || len(e.Args) != 2 || mirrored[e.Operator.Name] == "" {
			return columnTest{}, false
		}
		for i, op := range []string{e.Operator.Name, mirrored[e.Operator.Name]} {
			num, ok := columnOf(e.Args[i], rel)
			if !ok || !free(e.Args[1-i], rel) {
				continue
			}
			if v, ok := keyValue(e.Args[1-i], columnType(e.Args[i]), ofDomain(e.Args[i])); ok {
				return columnTest{num: num, op: op, value: v, cond: c}, true
			}
		}
	case *expr.ArrayOp:
		num, ok := columnOf(e.Left, rel)
		if !ok || e.All || e.Operator.Name != "=" || !free(e.Array, rel) || e.Array.Type().Elem == nil {
			return columnTest{}, false
		}
		if sameKeys(e.Array.Type().Elem, columnType(e.Left)) {
			return columnTest{num: num, op: "any", value: e.Array, cond: c}, true
		}
	case *expr.Var:
		if e.ID.Rel == rel && e.ID.Num > 0 && e.T.OID == pgtype.OIDBool {
			return columnTest{num: e.ID.Num, op: "=", value: &expr.Const{Typed: e.Typed, Value: pgtype.Bool(true)}, cond: c}, true
		}
	}
	return columnTest{}, false
}

// columnOf gives the column that an expression is, through casts that change nothing but the type.
func columnOf(e expr.Expr, rel int32) (int16, bool) {
	switch e := e.(type) {
	case *expr.Var:
		return e.ID.Num, e.ID.Rel == rel && e.ID.Num > 0
	case *expr.Relabel:
		return columnOf(e.Arg, rel)
	}
	return 0, false
}

// columnType is the type of the column below such casts.
func columnType(e expr.Expr) *pgtype.Type {
	if r, ok := e.(*expr.Relabel); ok {
		return columnType(r.Arg)
	}
	return e.Type().BaseType()
}

// free tells whether an expression can be computed before the relation is read.
func free(e expr.Expr, rel int32) bool { return !reads(e).has(rel) && !volatile(e) }

// ofDomain tells whether the column below such casts is of a domain.
func ofDomain(e expr.Expr) bool {
	if r, ok := e.(*expr.Relabel); ok {
		return ofDomain(r.Arg)
	}
	return e.Type().Kind == pgtype.KindDomain
}

// keyValue makes a value one of the column's type, if that is certain to keep what equals it. domain tells that the column is of a domain over that type.
func keyValue(v expr.Expr, column *pgtype.Type, domain bool) (expr.Expr, bool) {
	t := v.Type().BaseType()
	if sameKeys(t, column) {
		return v, true
	}
	if !isInteger(t) || !isInteger(column) {
		return nil, false
	}
	c, ok := v.(*expr.Const)
	if !ok {
		return v, !domain // the scan looks whether the column can have the value
	}
	if !c.Value.IsNull() && !fits(c.Value.Int(), column) {
		return nil, false
	}
	return &expr.Const{Typed: expr.Typed{T: column, Mod: -1}, Value: c.Value}, true
}

// sameKeys tells whether a value of type t lies in an index on a column as it is.
func sameKeys(t, column *pgtype.Type) bool {
	switch {
	case t.BaseType().OID == column.OID:
		return column.Codec != nil && column.Codec.Comparable()
	case isInteger(t) && isInteger(column):
		return t.Len <= column.Len
	case isText(t) && isText(column), isOID(t) && isOID(column):
		return true
	}
	return false
}

func isInteger(t *pgtype.Type) bool {
	return t.OID == pgtype.OIDInt2 || t.OID == pgtype.OIDInt4 || t.OID == pgtype.OIDInt8
}

func isText(t *pgtype.Type) bool {
	return t.OID == pgtype.OIDText || t.OID == pgtype.OIDVarchar || t.OID == pgtype.OIDName
}

func isOID(t *pgtype.Type) bool {
	switch t.OID {
	case pgtype.OIDOid, pgtype.OIDRegclass, pgtype.OIDRegtype, pgtype.OIDRegproc, pgtype.OIDRegnamespace, pgtype.OIDRegrole:
		return true
	}
	return false
}

func fits(v int64, t *pgtype.Type) bool {
	switch t.OID {
	case pgtype.OIDInt2:
		return v >= math.MinInt16 && v <= math.MaxInt16
	case pgtype.OIDInt4:
		return v >= math.MinInt32 && v <= math.MaxInt32
	}
	return true
}

// candidate is an index with what it answers.
type candidate struct {
	access plan.Access
	used   []expr.Expr // conditions that it answers, which need not be asked again
	tests  int         // conditions that it makes use of
	read   float64     // the share of the table's rows that it reads; negative: to be told by the access path
}

// scanAccess gives a scan the access path that is thought to cost least.
func (p *planner) scanAccess(n *plan.Scan) plan.Node {
	if n.Filter == nil || n.Access.Keyed || n.Table.Kind != desc.Table && n.Table.Kind != desc.MatView {
		return n
	}
	cs := conjuncts(n.Filter)
	best, est, ok := p.bestIndex(n, cs)
	if !ok {
		return n
	}
	c := *n
	c.Access = best.access
	c.Filter = and(without(cs, best.used))
	c.Est = est
	return &c
}

// bestIndex finds the index that makes a scan with some conditions cheapest; ok is false when reading the whole table is cheaper than all.
func (p *planner) bestIndex(n *plan.Scan, cs []expr.Expr) (best candidate, est plan.Estimate, ok bool) {
	tests := columnTests(cs, n.Rel, n.Table)
	computed := p.computedIndexes(n)
	if len(tests) == 0 && computed == nil {
		return best, est, false
	}
	est = p.scanCost(n, plan.Access{}, cs)
	for i := range n.Table.Indexes {
		x := &n.Table.Indexes[i]
		c := candidate{read: -1}
		if rule := computed[x.OID]; rule != nil {
			c = p.tryComputed(n, rule, cs, tests)
		} else if usable(x) {
			c = tryIndex(x, tests)
		}
		if c.tests == 0 {
			continue
		}
		if e := p.accessCost(n, c.access, cs, c.read); e.Total < est.Total || !ok && p.wholeKey(x, c) {
			best, est, ok = c, e, true
		}
	}
	return best, est, ok
}

// wholeKey tells whether a look-up finds one row at most, which is good whatever the size of the table is when the plan runs.
func (p *planner) wholeKey(x *desc.Index, c candidate) bool {
	return x.Unique && len(c.access.Equal) == len(x.Keys)
}

// usable tells the indexes that hold all rows in the order of plain columns.
func usable(x *desc.Index) bool {
	return x.Valid && x.Predicate == "" && (x.Method == "" || x.Method == "btree")
}

// tryIndex matches tests with the columns of an index from the first on: equalities, one list of values, then a range.
func tryIndex(x *desc.Index, tests []columnTest) candidate {
	c := candidate{access: plan.Access{Keyed: true, Index: x}, read: -1}
	if x.Clustered() {
		c.access.Index = nil
	}
	for i, k := range x.Keys {
		if k.Num == 0 {
			k.Num = computedKey(i)
		}
		if t, ok := findTest(tests, k.Num, "="); ok && c.access.In == nil {
			c.access.Equal = append(c.access.Equal, t.value)
			c.use(t)
			c.tests++
			continue
		}
		if t, ok := findTest(tests, k.Num, "any"); ok && c.access.In == nil {
			c.access.In = t.value
			c.use(t)
			c.tests++
			continue
		}
		if !k.Desc {
			c.ranges(tests, k.Num)
		}
		break
	}
	return c
}

func (c *candidate) ranges(tests []columnTest, num int16) {
	for _, op := range []string{">", ">="} {
		if t, ok := findTest(tests, num, op); ok && c.access.Lower == nil {
			c.access.Lower = &plan.Bound{Expr: t.value, Inclusive: op == ">="}
			c.use(t)
			c.tests++
		}
	}
	for _, op := range []string{"<", "<="} {
		if t, ok := findTest(tests, num, op); ok && c.access.Upper == nil {
			c.access.Upper = &plan.Bound{Expr: t.value, Inclusive: op == "<="}
			c.use(t)
			c.tests++
		}
	}
}

// use drops a condition from the filter: the look-up is all of it, for an equality or a bound with NULL finds nothing and NULLs in the index are in no range.
func (c *candidate) use(t columnTest) {
	if !t.partial {
		c.used = append(c.used, t.cond)
	}
}

func findTest(tests []columnTest, num int16, op string) (columnTest, bool) {
	for _, t := range tests {
		if t.num == num && t.op == op {
			return t, true
		}
	}
	return columnTest{}, false
}

func without(cs, used []expr.Expr) []expr.Expr {
	var out []expr.Expr
	for _, c := range cs {
		keep := true
		for _, u := range used {
			keep = keep && c != u
		}
		if keep {
			out = append(out, c)
		}
	}
	return out
}

// systemAccess hands the equalities of a system relation to its table, which uses those that it has look-ups for. They stay in the filter.
func systemAccess(n *plan.SystemScan) plan.Node {
	if n.Filter == nil || len(n.Where) > 0 {
		return n
	}
	c := *n
	for _, t := range columnTests(conjuncts(n.Filter), n.Rel, n.Table) {
		if t.op == "=" {
			c.Where = append(c.Where, plan.SystemEquality{Num: t.num, Value: t.value})
		}
	}
	return &c
}
