package opt

import (
	"math"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// What is thought of conditions that nothing is known about; PostgreSQL's figures.
const (
	defaultEqual   = 0.005
	defaultRange   = 1.0 / 3
	defaultBetween = 0.005
	defaultMatch   = 0.005
	defaultBoolean = 0.5
	defaultUnknown = 0.005 // IS NULL
)

func share(s float64) float64 {
	if math.IsNaN(s) {
		return defaultBoolean
	}
	return min(max(s, 0), 1)
}

// selectivity is the share of rows for which all conditions are thought to be true. Two ends of a range on one column count together.
func (p *planner) selectivity(cs []expr.Expr) float64 {
	s := 1.0
	var ranges []rangeTest
	for _, c := range cs {
		if r, ok := p.rangeTest(c); ok {
			ranges = addRange(ranges, r)
			continue
		}
		s *= p.condition(c)
	}
	for _, r := range ranges {
		s *= r.selectivity()
	}
	return share(s)
}

// condition is the share of rows for which one condition is thought to be true.
func (p *planner) condition(c expr.Expr) float64 {
	switch c := c.(type) {
	case *expr.Const:
		if c.Value.IsNull() || !c.Value.Bool() {
			return 0
		}
		return 1
	case *expr.BoolOp:
		return p.boolOp(c)
	case *expr.NullTest:
		return p.nullTest(c)
	case *expr.BoolTest:
		return p.boolTest(c)
	case *expr.Call:
		return share(p.call(c))
	case *expr.ArrayOp:
		return share(p.arrayOp(c))
	case *expr.Var:
		if col := p.column(c); col != nil {
			return p.equals(col, &expr.Const{Typed: c.Typed, Value: pgtype.Bool(true)})
		}
	case *expr.Distinct:
		s := p.equality(c.Left, c.Right)
		if c.Not {
			return s
		}
		return 1 - s
	case *expr.RowCompare:
		return defaultRange
	}
	return defaultBoolean
}

func (p *planner) boolOp(c *expr.BoolOp) float64 {
	switch c.Op {
	case expr.And:
		return p.selectivity(c.Args)
	case expr.Not:
		return share(1 - p.condition(c.Args[0]))
	}
	s := 0.0
	for _, a := range c.Args {
		x := p.condition(a)
		s = s + x - s*x
	}
	return share(s)
}

func (p *planner) nullTest(c *expr.NullTest) float64 {
	s := defaultUnknown
	if col := p.column(c.Arg); col != nil {
		d := col.table.rel.ColumnByNum(col.num)
		switch {
		case col.stats != nil:
			s = col.stats.NullFrac
		case d != nil && d.NotNull:
			s = 0
		}
	}
	if c.Not {
		return 1 - s
	}
	return s
}

func (p *planner) boolTest(c *expr.BoolTest) float64 {
	s := p.condition(c.Arg)
	if c.Kind == 'u' {
		s = defaultUnknown
	} else if c.Kind == 'f' {
		s = 1 - s
	}
	if c.Not {
		return 1 - s
	}
	return s
}

// call estimates an operator or a function that yields a boolean.
func (p *planner) call(c *expr.Call) float64 {
	if c.Operator != nil && len(c.Args) == 2 {
		switch c.Operator.Restrict {
		case "eqsel":
			return p.equality(c.Args[0], c.Args[1])
		case "neqsel":
			null := 0.0
			if col := p.column(c.Args[0]); col != nil {
				null = col.nullFrac()
			}
			return 1 - null - p.equality(c.Args[0], c.Args[1])
		case "scalarltsel", "scalarlesel", "scalargtsel", "scalargesel":
			return defaultRange
		}
	}
	if s, ok := p.tried(c); ok {
		return s
	}
	if c.Operator != nil {
		switch c.Operator.Restrict {
		case "likesel", "iclikesel", "regexeqsel", "icregexeqsel", "prefixsel":
			return defaultMatch
		case "nlikesel", "icnlikesel", "regexnesel", "icregexnesel":
			return 1 - defaultMatch
		case "matchingsel":
			return 0.01
		case "contsel":
			return 0.001
		}
	}
	return defaultRange
}

// equality estimates a = b.
func (p *planner) equality(a, b expr.Expr) float64 {
	ca, cb := p.column(a), p.column(b)
	switch {
	case ca != nil && cb != nil:
		return p.joined(ca, cb)
	case ca != nil:
		return p.equals(ca, b)
	case cb != nil:
		return p.equals(cb, a)
	}
	if d := max(p.computedDistinct(a), p.computedDistinct(b)); d > 0 {
		return 1 / d
	}
	return defaultEqual
}

// equals estimates column = value.
func (p *planner) equals(c *columnInfo, v expr.Expr) float64 {
	if c.unique {
		return 1 / c.table.rows
	}
	if c.stats == nil {
		return 1 / max(c.distinct, 1)
	}
	k, constant := v.(*expr.Const)
	if constant && k.Value.IsNull() {
		return 0
	}
	common, _ := c.values()
	if !constant || !comparable(k.T, c.typ) {
		return (1 - c.stats.NullFrac) / max(c.distinct, 1)
	}
	rest := 1 - c.stats.NullFrac
	for i, x := range common {
		if c.typ.BaseType().Codec.Compare(x, k.Value) == 0 {
			return c.stats.CommonFreqs[i]
		}
		rest -= c.stats.CommonFreqs[i]
	}
	others := c.distinct - float64(len(common))
	s := share(rest)
	if others > 1 {
		s /= others
	}
	if n := len(common); n > 0 {
		s = min(s, c.stats.CommonFreqs[n-1])
	}
	return s
}

// comparable tells whether values of type t can be compared with those of a column as they are.
func comparable(t, column *pgtype.Type) bool {
	if t == nil || column == nil || column.BaseType().Codec == nil || !column.BaseType().Codec.Comparable() {
		return false
	}
	a, b := t.BaseType(), column.BaseType()
	return a.OID == b.OID || isInteger(a) && isInteger(b) || isText(a) && isText(b) || isOID(a) && isOID(b)
}

// arrayOp estimates column op ANY (array) and its kin: the elements exclude each other when the operator is =.
func (p *planner) arrayOp(c *expr.ArrayOp) float64 {
	var elems []pgtype.Datum
	count := 10.0
	if k, ok := c.Array.(*expr.Const); ok {
		if k.Value.IsNull() {
			return 0
		}
		elems = k.Value.Array().Elems
		count = float64(len(elems))
	} else if a, ok := c.Array.(*expr.Array); ok {
		count = float64(len(a.Elems))
	}
	col := p.column(c.Left)
	elem := c.Array.Type().Elem
	one := func(v expr.Expr) float64 {
		if c.Operator.Restrict != "eqsel" && c.Operator.Restrict != "neqsel" {
			return defaultRange
		}
		s := defaultEqual
		if col != nil {
			s = p.equals(col, v)
		}
		if c.Operator.Restrict == "neqsel" {
			return 1 - s
		}
		return s
	}
	s := 0.0
	if c.All {
		s = 1
	}
	add := func(x float64) {
		switch {
		case c.All:
			s *= x
		case c.Operator.Restrict == "eqsel":
			s += x
		default:
			s = s + x - s*x
		}
	}
	if elems == nil || elem == nil {
		for range int(count) {
			add(one(&expr.Param{Typed: expr.Typed{T: elem, Mod: -1}}))
		}
		return s
	}
	for i, d := range elems {
		if i == 100 { // long lists: the rest as the first ones
			return share(s * count / 100)
		}
		add(one(&expr.Const{Typed: expr.Typed{T: elem, Mod: -1}, Value: d}))
	}
	return s
}

// tried estimates a condition on one column by asking it of the column's common values and bounds.
func (p *planner) tried(c *expr.Call) (float64, bool) {
	if c.Proc.Volatile != 'i' || !c.Proc.Strict || c.Code == nil || len(c.Args) == 0 {
		return 0, false
	}
	var col *columnInfo
	at := 0
	args := make([]pgtype.Datum, len(c.Args))
	types := make([]*pgtype.Type, len(c.Args))
	for i, a := range c.Args {
		types[i] = a.Type()
		if k, ok := a.(*expr.Const); ok {
			if k.Value.IsNull() {
				return 0, true
			}
			args[i] = k.Value
			continue
		}
		x := p.column(a)
		if x == nil || col != nil {
			return 0, false
		}
		col, at = x, i
	}
	if col == nil || col.stats == nil {
		return 0, false
	}
	common, bounds := col.values()
	if len(common)+len(bounds) < 10 {
		return 0, false
	}
	s, rest := 0.0, 1-col.stats.NullFrac
	for i, v := range common {
		args[at] = v
		d, err := evaluate(c, args, types)
		if err != nil {
			return 0, false
		}
		rest -= col.stats.CommonFreqs[i]
		if !d.IsNull() && d.Bool() {
			s += col.stats.CommonFreqs[i]
		}
	}
	if len(bounds) == 0 {
		return max(s, share(rest)*defaultMatch), true
	}
	met := 0
	for _, v := range bounds {
		args[at] = v
		if d, err := evaluate(c, args, types); err == nil && !d.IsNull() && d.Bool() {
			met++
		}
	}
	part := min(max(float64(met)/float64(len(bounds)), 0.5/float64(len(bounds))), 1-0.5/float64(len(bounds)))
	return s + share(rest)*part, true
}

// computedDistinct is how many different values an expression over one column of a table can have at most; 0 when it is none or nothing is known of the column.
func (p *planner) computedDistinct(e expr.Expr) float64 {
	var c *columnInfo
	several := false
	expr.Walk(e, func(x expr.Expr) bool {
		if v, ok := x.(*expr.Var); ok {
			several = several || c != nil
			c = p.column(v)
			several = several || c == nil
		}
		return true
	})
	if several || c == nil || c.stats == nil && !c.unique {
		return 0
	}
	return max(1, c.distinct)
}
