package opt

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// joinKeys takes equalities between the two sides out of join conditions, for hashing.
func joinKeys(n plan.Node) plan.Node {
	return plan.Rewrite(n, func(n plan.Node) plan.Node {
		j, ok := n.(*plan.Join)
		if !ok || j.Lateral || j.Cond == nil {
			return n
		}
		left, right := produced(j.Left), produced(j.Right)
		c := *j
		var rest []expr.Expr
		for _, e := range conjuncts(j.Cond) {
			l, r, ok := keyPair(e, left, right)
			if !ok {
				rest = append(rest, e)
				continue
			}
			c.LeftKeys, c.RightKeys = append(c.LeftKeys[:len(c.LeftKeys):len(c.LeftKeys)], l), append(c.RightKeys[:len(c.RightKeys):len(c.RightKeys)], r)
		}
		c.Cond = and(rest)
		return &c
	})
}

// keyPair takes a = b apart when a is of one side and b of the other.
func keyPair(e expr.Expr, left, right relSet) (l, r expr.Expr, ok bool) {
	c, is := e.(*expr.Call)
	if !is || c.Operator == nil || c.Operator.Name != "=" || !c.Operator.CanHash || len(c.Args) != 2 || volatile(e) {
		return nil, nil, false
	}
	a, b := c.Args[0], c.Args[1]
	if !hashable(a.Type(), b.Type()) {
		return nil, nil, false
	}
	ra, rb := reads(a), reads(b)
	switch {
	case ra.meets(left) && !ra.meets(right) && rb.meets(right) && !rb.meets(left):
		return a, b, true
	case ra.meets(right) && !ra.meets(left) && rb.meets(left) && !rb.meets(right):
		return b, a, true
	}
	return nil, nil, false
}

// hashable tells whether equal values of two types are found by hashing.
func hashable(a, b *pgtype.Type) bool {
	if a.OID == b.OID {
		return a.Codec != nil && a.Codec.Comparable()
	}
	integer := func(t *pgtype.Type) bool {
		return t.OID == pgtype.OIDInt2 || t.OID == pgtype.OIDInt4 || t.OID == pgtype.OIDInt8
	}
	return integer(a) && integer(b) || a.OID == pgtype.OIDFloat4 && b.OID == pgtype.OIDFloat8 || a.OID == pgtype.OIDFloat8 && b.OID == pgtype.OIDFloat4
}
