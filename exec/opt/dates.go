package opt

import (
	"github.com/kalampg/kalampg/exec/builtin"
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

const microsecondsPerDay = 86400 * 1e6

// dates compares dates with dates: where a date is compared with a timestamp that is a midnight, as date '1994-01-01' + interval '1 year' is, the date of that midnight does
// as well. Then indexes and histograms on dates help, and each comparison is one of two integers.
func (p *planner) dates(n plan.Node) plan.Node {
	if p.functions == nil {
		return n
	}
	return plan.MapAll(n, p.datesOf)
}

func (p *planner) datesOf(e expr.Expr) expr.Expr {
	n := expr.MapChildren(e, p.datesOf)
	if s, ok := n.(*expr.Subquery); ok {
		if sub, ok := s.Plan.(plan.Node); ok {
			c := *s
			c.Plan = p.dates(sub)
			return &c
		}
	}
	c, ok := n.(*expr.Call)
	if !ok || c.Operator == nil || len(c.Args) != 2 || c.Proc.Volatile != 'i' || mirrored[c.Operator.Name] == "" && c.Operator.Name != "<>" {
		return n
	}
	for i := range 2 {
		k, isConst := c.Args[1-i].(*expr.Const)
		if !isConst || k.Value.IsNull() || k.T.OID != pgtype.OIDTimestamp || c.Args[i].Type().OID != pgtype.OIDDate {
			continue
		}
		us := k.Value.Int()
		if us%microsecondsPerDay != 0 || us < -1e17 || us > 1e17 {
			return n
		}
		day := &expr.Const{Typed: expr.Typed{T: pgtype.ByOID(pgtype.OIDDate), Mod: -1}, Value: pgtype.DateValue(int32(us / microsecondsPerDay))}
		op, proc, code := p.operator(c.Operator.Name, pgtype.OIDDate)
		if code == nil {
			return n
		}
		x := *c
		x.Operator, x.Proc, x.Code = op, proc, code
		x.Args = []expr.Expr{c.Args[0], c.Args[1]}
		x.Args[1-i] = day
		return &x
	}
	return n
}

// operator finds an operator of two operands of one type with its code, nil when there is none.
func (p *planner) operator(name string, t pgtype.OID) (*pgfacts.Operator, *pgfacts.Proc, builtin.Scalar) {
	for _, op := range pgfacts.OperatorsByName(name) {
		if op.Left != t || op.Right != t {
			continue
		}
		for _, proc := range pgfacts.ProcsByName(op.Code) {
			if len(proc.Args) == 2 && proc.Args[0] == t && proc.Args[1] == t {
				return op, proc, p.functions.Scalar(proc.OID)
			}
		}
	}
	return nil, nil, nil
}
