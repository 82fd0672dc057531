package bind

import (
	"strings"
	"sync"

	pg_query "github.com/pganalyze/pg_query_go/v5"

	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgerr"
	"github.com/kalampg/kalampg/internal/pgfacts"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// operatorProcs finds the function of each operator: pg_operator names it without its arguments.
var operatorProcs = sync.OnceValue(func() map[pgtype.OID]*pgfacts.Proc {
	ops := pgfacts.Operators()
	m := make(map[pgtype.OID]*pgfacts.Proc, len(ops))
	for i := range ops {
		m[ops[i].OID] = findOperatorProc(&ops[i])
	}
	return m
})

func findOperatorProc(op *pgfacts.Operator) *pgfacts.Proc {
	args := []pgtype.OID{op.Left, op.Right}
	if op.Left == 0 {
		args = args[1:]
	}
	var loose *pgfacts.Proc
	// The catalog qualifies the name where it is overloaded.
	for _, p := range pgfacts.ProcsByName(strings.TrimPrefix(op.Code, "pg_catalog.")) {
		if len(p.Args) != len(args) || p.Result != op.Result {
			continue
		}
		exact := true
		for i := range args {
			exact = exact && p.Args[i] == args[i]
		}
		if exact {
			return p
		}
		loose = p
	}
	return loose
}

// OperatorProc gives the function of a built-in operator.
func OperatorProc(op *pgfacts.Operator) *pgfacts.Proc { return operatorProcs()[op.OID] }

// opCandidates lists the operators of a name with as many operands.
func (b *binder) opCandidates(name string, operands int) []candidate[*pgfacts.Operator] {
	ops := pgfacts.OperatorsByName(name)
	out := make([]candidate[*pgfacts.Operator], 0, len(ops))
	for _, op := range ops {
		switch {
		case operands == 1 && op.Left == 0:
			out = append(out, candidate[*pgfacts.Operator]{what: op, args: []*pgtype.Type{pgtype.ByOID(op.Right)}})
		case operands == 2 && op.Left != 0:
			out = append(out, candidate[*pgfacts.Operator]{what: op, args: []*pgtype.Type{pgtype.ByOID(op.Left), pgtype.ByOID(op.Right)}})
		}
	}
	return out
}

// findOperator resolves an operator for its operands' types (one for a prefix operator); nil when there is none.
func (b *binder) findOperator(name string, types []*pgtype.Type, loc int32) *pgfacts.Operator {
	cands := b.opCandidates(name, len(types))
	if op := exactOperator(cands, types); op != nil {
		return op
	}
	cands = matching(b, types, cands)
	switch len(cands) {
	case 0:
		return nil
	case 1:
		return cands[0].what
	}
	best, ok := selectCandidate(b, types, cands)
	if !ok {
		b.failAt(loc, pgerr.Newf(pgerr.AmbiguousFunction, "operator is not unique: %s", operatorText(name, types)).
			WithHint("Could not choose a best candidate operator. You might need to add explicit type casts."))
	}
	return best.what
}

// exactOperator looks for the types as they are; an untyped literal is first taken to be of the other operand's type.
func exactOperator(cands []candidate[*pgfacts.Operator], types []*pgtype.Type) *pgfacts.Operator {
	find := func(l, r *pgtype.Type) *pgfacts.Operator {
		for _, c := range cands {
			if c.args[0] == l && (r == nil || c.args[1] == r) {
				return c.what
			}
		}
		return nil
	}
	if len(types) == 1 {
		return find(types[0], nil)
	}
	l, r := types[0], types[1]
	unknown := false
	if l == unknownType && r != unknownType {
		l, unknown = r, true
	} else if r == unknownType && l != unknownType {
		r, unknown = l, true
	}
	if op := find(l, r); op != nil {
		return op
	}
	if base := l.BaseType(); unknown && base != l {
		return find(base, base)
	}
	return nil
}

func operatorText(name string, types []*pgtype.Type) string {
	if len(types) == 1 {
		return name + " " + types[0].String()
	}
	return types[0].String() + " " + name + " " + types[1].String()
}

// checkOperatorSchema refuses schemas other than pg_catalog in OPERATOR(schema.op).
func (b *binder) checkOperatorSchema(names []*pg_query.Node, loc int32) {
	if len(names) > 1 {
		b.schema(nodeString(names[len(names)-2]), loc)
	}
}

// operator binds a unary (left nil) or binary operator.
func (b *binder) operator(names []*pg_query.Node, left, right expr.Expr, loc int32) expr.Expr {
	b.checkOperatorSchema(names, loc)
	return b.operatorCall(operatorName(names), left, right, loc)
}

func (b *binder) operatorCall(name string, left, right expr.Expr, loc int32) expr.Expr {
	b.oneCollation(left, right)
	args := []expr.Expr{left, right}
	if left == nil {
		args = args[1:]
	}
	types := typesOf(args)
	op := b.findOperator(name, types, loc)
	if op == nil {
		b.noOperator(name, types, loc)
	}
	return b.at(b.callOperator(op, args, loc), loc)
}

func (b *binder) noOperator(name string, types []*pgtype.Type, loc int32) {
	e := pgerr.Newf(pgerr.UndefinedFunction, "operator does not exist: %s", operatorText(name, types))
	if len(types) == 1 {
		e.WithHint("No operator matches the given name and argument type. You might need to add an explicit type cast.")
	} else {
		e.WithHint("No operator matches the given name and argument types. You might need to add explicit type casts.")
	}
	b.failAt(loc, e)
}

// callOperator coerces the operands to what an operator takes and calls its function.
func (b *binder) callOperator(op *pgfacts.Operator, args []expr.Expr, loc int32) *expr.Call {
	declared := []*pgtype.Type{pgtype.ByOID(op.Right)}
	if op.Left != 0 {
		declared = []*pgtype.Type{pgtype.ByOID(op.Left), pgtype.ByOID(op.Right)}
	}
	types, result, err := b.resolvePolymorphic(typesOf(args), declared, pgtype.ByOID(op.Result))
	if e, ok := pgerr.As(err); ok {
		b.failAt(loc, e)
	}
	proc := OperatorProc(op)
	if proc == nil {
		b.unsupported(loc, "operator "+op.Name)
	}
	coerced := make([]expr.Expr, len(args))
	for i, a := range args {
		coerced[i] = b.coerce(a, types[i], -1, implicitCast, expr.AsImplicitCast)
	}
	b.noteVolatile(proc)
	return &expr.Call{Typed: typed(result, -1), Proc: proc, Code: b.env.Library.Scalar(proc.OID), Args: coerced, Form: expr.AsOperator, Operator: op}
}

// noteVolatile records what calls mean for caching and folding.
func (b *binder) noteVolatile(p *pgfacts.Proc) {
	if p.Volatile == 'v' {
		b.stmt.Volatile = true
	}
}

func typesOf(es []expr.Expr) []*pgtype.Type {
	out := make([]*pgtype.Type, len(es))
	for i, e := range es {
		out[i] = e.Type()
	}
	return out
}

// equality builds the = of two expressions.
func (b *binder) equality(left, right expr.Expr, loc int32) *expr.Call {
	return b.operatorCall("=", left, right, loc).(*expr.Call)
}

// arrayOp binds left op ANY|ALL (array).
func (b *binder) arrayOp(names []*pg_query.Node, name string, all bool, left, array expr.Expr, loc int32) *expr.ArrayOp {
	b.checkOperatorSchema(names, loc)
	elem := unknownType
	if array.Type() != unknownType {
		base := array.Type().BaseType()
		if !base.IsArray() {
			b.errorf(loc, pgerr.WrongObjectType, "op ANY/ALL (array) requires array on right side")
		}
		elem = base.Elem
	}
	given := []*pgtype.Type{left.Type(), elem}
	op := b.findOperator(name, given, loc)
	if op == nil {
		b.noOperator(name, given, loc)
	}
	if op.Result != pgtype.OIDBool {
		b.errorf(loc, pgerr.WrongObjectType, "op ANY/ALL (array) requires operator to yield boolean")
	}
	types, _, err := b.resolvePolymorphic(given, []*pgtype.Type{pgtype.ByOID(op.Left), pgtype.ByOID(op.Right)}, boolType)
	if e, ok := pgerr.As(err); ok {
		b.failAt(loc, e)
	}
	right := types[1]
	if isPolymorphic(right) {
		right = elem
	}
	arrayType := pgtype.ArrayOf(right)
	if arrayType == nil {
		b.errorf(loc, pgerr.UndefinedObject, "could not find array type for data type %s", right)
	}
	proc := OperatorProc(op)
	b.noteVolatile(proc)
	return &expr.ArrayOp{
		Typed: typed(boolType, -1), Operator: op, Proc: proc, Code: b.env.Library.Scalar(proc.OID), All: all,
		Left:  b.coerce(left, types[0], -1, implicitCast, expr.AsImplicitCast),
		Array: b.coerce(array, arrayType, -1, implicitCast, expr.AsImplicitCast),
	}
}

// oneCollation refuses operands with different explicit collations. Other than these collations are not tracked: all of them order by bytes.
func (b *binder) oneCollation(left, right expr.Expr) {
	x, ok := left.(*expr.Collate)
	y, also := right.(*expr.Collate)
	if ok && also && x.Collation != y.Collation {
		b.errorf(b.loc(y), pgerr.CollationMismatch, "collation mismatch between explicit collations \"%s\" and \"%s\"", x.Name, y.Name)
	}
}
