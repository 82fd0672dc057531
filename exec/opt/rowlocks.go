package opt

import (
	"github.com/kalampg/kalampg/exec/plan"
	"github.com/kalampg/kalampg/internal/pgerr"
)

var lockNames = map[byte]string{'u': "FOR UPDATE", 'n': "FOR NO KEY UPDATE", 's': "FOR SHARE", 'k': "FOR KEY SHARE"}

// unlockable gives the error of row locks on a table in whose place an outer join may put NULLs. It is asked of optimised plans: outer joins that are none have become
// inner ones.
func unlockable(n *plan.LockRows) error {
	nullable := map[int32]bool{}
	nullableSides(n.Input, false, nullable)
	for _, k := range n.Locks {
		if nullable[k.Rel] {
			return pgerr.Newf(pgerr.FeatureNotSupported, "%s cannot be applied to the nullable side of an outer join", lockNames[k.Strength])
		}
	}
	return nil
}

func nullableSides(node plan.Node, nullable bool, into map[int32]bool) {
	switch n := node.(type) {
	case *plan.Scan:
		if nullable {
			into[n.Rel] = true
		}
	case *plan.Join:
		nullableSides(n.Left, nullable || n.Kind == plan.Right || n.Kind == plan.Full, into)
		nullableSides(n.Right, nullable || n.Kind == plan.Left || n.Kind == plan.Full, into)
	default:
		for _, c := range node.Children() {
			nullableSides(c, nullable, into)
		}
	}
}
