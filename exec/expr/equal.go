package expr

import "github.com/kalampg/kalampg/internal/pgtype"

// Equal tells whether two expressions are the same by structure. Subqueries are equal only to themselves; how a cast was written does not matter.
func Equal(a, b Expr) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	if a == b {
		return true
	}
	if a.Type() != b.Type() || a.Typmod() != b.Typmod() || !sameHead(a, b) {
		return false
	}
	var left, right []Expr
	Children(a, func(e Expr) { left = append(left, e) })
	Children(b, func(e Expr) { right = append(right, e) })
	if len(left) != len(right) {
		return false
	}
	for i := range left {
		if !Equal(left[i], right[i]) {
			return false
		}
	}
	return true
}

// sameHead compares two nodes without their parts.
func sameHead(a, b Expr) bool {
	switch a := a.(type) {
	case *Const:
		b, ok := b.(*Const)
		return ok && sameDatum(a.T, a.Value, b.Value)
	case *Param:
		b, ok := b.(*Param)
		return ok && a.N == b.N
	case *Var:
		b, ok := b.(*Var)
		return ok && a.ID == b.ID
	case *Call:
		b, ok := b.(*Call)
		return ok && a.Proc == b.Proc && a.Variadic == b.Variadic
	case *SetCall:
		b, ok := b.(*SetCall)
		return ok && a.Proc == b.Proc && a.Variadic == b.Variadic
	case *BoolOp:
		b, ok := b.(*BoolOp)
		return ok && a.Op == b.Op
	case *NullTest:
		b, ok := b.(*NullTest)
		return ok && a.Not == b.Not && a.Row == b.Row
	case *BoolTest:
		b, ok := b.(*BoolTest)
		return ok && a.Kind == b.Kind && a.Not == b.Not
	case *Case:
		b, ok := b.(*Case)
		return ok && len(a.Whens) == len(b.Whens) && (a.Arg == nil) == (b.Arg == nil) && (a.Else == nil) == (b.Else == nil)
	case *ArrayOp:
		b, ok := b.(*ArrayOp)
		return ok && a.Operator == b.Operator && a.All == b.All
	case *Aggregate:
		b, ok := b.(*Aggregate)
		return ok && sameAggregate(a, b)
	case *WindowCall:
		b, ok := b.(*WindowCall)
		return ok && sameWindowCall(a, b)
	}
	return sameSmallHead(a, b)
}

func sameAggregate(a, b *Aggregate) bool {
	if a.Proc != b.Proc || a.Star != b.Star || a.Distinct != b.Distinct || a.Variadic != b.Variadic || len(a.Args) != len(b.Args) ||
		len(a.Direct) != len(b.Direct) || len(a.Order) != len(b.Order) || (a.Filter == nil) != (b.Filter == nil) {
		return false
	}
	for i := range a.Order {
		x, y := a.Order[i], b.Order[i]
		if x.Desc != y.Desc || x.NullsFirst != y.NullsFirst || x.Operator != y.Operator {
			return false
		}
	}
	return true
}

func sameSmallHead(a, b Expr) bool {
	switch a := a.(type) {
	case *CaseValue:
		_, ok := b.(*CaseValue)
		return ok
	case *Coalesce:
		_, ok := b.(*Coalesce)
		return ok
	case *MinMax:
		b, ok := b.(*MinMax)
		return ok && a.Greatest == b.Greatest
	case *NullIf:
		_, ok := b.(*NullIf)
		return ok
	case *Distinct:
		b, ok := b.(*Distinct)
		return ok && a.Not == b.Not
	case *Array:
		b, ok := b.(*Array)
		return ok && a.Multi == b.Multi
	case *Row:
		_, ok := b.(*Row)
		return ok
	case *RowCompare:
		b, ok := b.(*RowCompare)
		return ok && a.Op == b.Op
	case *Field:
		b, ok := b.(*Field)
		return ok && a.Index == b.Index
	case *Subscript:
		b, ok := b.(*Subscript)
		return ok && a.Slice == b.Slice && len(a.Lower) == len(b.Lower) && len(a.Upper) == len(b.Upper)
	case *ViaText:
		_, ok := b.(*ViaText)
		return ok
	case *Relabel:
		_, ok := b.(*Relabel)
		return ok
	case *ArrayCast:
		_, ok := b.(*ArrayCast)
		return ok
	case *RowCast:
		_, ok := b.(*RowCast)
		return ok
	case *Collate:
		b, ok := b.(*Collate)
		return ok && a.Name == b.Name
	case *SQLValue:
		b, ok := b.(*SQLValue)
		return ok && a.Name == b.Name
	}
	return false
}

func sameDatum(t *pgtype.Type, a, b pgtype.Datum) bool {
	if a.IsNull() || b.IsNull() {
		return a.IsNull() && b.IsNull()
	}
	switch t.Rep {
	case pgtype.RepBytes:
		return a.Text() == b.Text()
	case pgtype.RepWord, pgtype.RepPair, pgtype.RepFloat:
		return a == b
	}
	return t.Codec != nil && t.Codec.Comparable() && t.Codec.Compare(a, b) == 0
}
