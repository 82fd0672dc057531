package jsonpath

import (
	"cmp"
	"strings"

	"github.com/kalampg/kalampg/internal/pgtype/jsonb"
	"github.com/kalampg/kalampg/internal/pgtype/numeric"
)

// truth is the value of a predicate.
type truth uint8

const (
	no truth = iota
	yes
	unknown
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// predicate evaluates a condition; only a hard error is an error of it.
func (e *evaluation) predicate(n *node, v *jsonb.Value) (truth, error) {
	switch n.kind {
	case kAnd, kOr:
		decides := truthOf(n.kind == kOr)
		left, err := e.predicate(n.left, v)
		if err != nil || left == decides {
			return left, err
		}
		right, err := e.predicate(n.right, v)
		if err != nil || right == decides || left != unknown {
			return right, err
		}
		return unknown, nil
	case kNot:
		x, err := e.predicate(n.left, v)
		if x == unknown {
			return unknown, err
		}
		return 1 - x, err
	case kIsUnknown:
		x, err := e.predicate(n.left, v)
		return truthOf(x == unknown), err
	case kExists:
		return e.exists(n.left, v)
	case kRegex:
		match, err := e.o.Match(n.text, n.flags)
		if err != nil {
			return unknown, hard{err}
		}
		return e.pairs(n.left, nil, v, func(x, _ *jsonb.Value) (truth, error) {
			if x.Kind != jsonb.String {
				return unknown, nil
			}
			ok, err := match(x.Str)
			if err != nil {
				return unknown, hard{err}
			}
			return truthOf(ok), nil
		})
	case kStarts:
		return e.pairs(n.left, n.right, v, func(x, y *jsonb.Value) (truth, error) {
			if x.Kind != jsonb.String || y.Kind != jsonb.String {
				return unknown, nil
			}
			return truthOf(strings.HasPrefix(x.Str, y.Str)), nil
		})
	}
	return e.pairs(n.left, n.right, v, func(x, y *jsonb.Value) (truth, error) { return compare(n.text, x, y), nil })
}

func (e *evaluation) exists(n *node, v *jsonb.Value) (truth, error) {
	found := false
	err := e.item(n, v, e.lax, func(*jsonb.Value) error {
		found = true
		if e.lax {
			return errStop
		}
		return nil
	})
	if err != nil && err != errStop {
		if !Suppressible(err) {
			return unknown, err
		}
		return unknown, nil
	}
	return truthOf(found), nil
}

// pairs tries a test on every pair of what two operands yield. In lax mode the first pair that holds decides; an error makes all unknown.
func (e *evaluation) pairs(left, right *node, v *jsonb.Value, test func(x, y *jsonb.Value) (truth, error)) (truth, error) {
	operand := func(n *node) ([]*jsonb.Value, bool, error) {
		found, err := e.values(n, v, true)
		if err != nil && Suppressible(err) {
			return nil, false, nil
		}
		return found, err == nil, err
	}
	xs, ok, err := operand(left)
	if !ok {
		return unknown, err
	}
	ys := []*jsonb.Value{nil}
	if right != nil {
		if ys, ok, err = operand(right); !ok {
			return unknown, err
		}
	}
	found, failed := false, false
	for _, x := range xs {
		for _, y := range ys {
			t, err := test(x, y)
			switch {
			case err != nil:
				return unknown, err
			case t == unknown && !e.lax:
				return unknown, nil
			case t == unknown:
				failed = true
			case t == yes && e.lax:
				return yes, nil
			case t == yes:
				found = true
			}
		}
	}
	if found {
		return yes, nil
	}
	if failed {
		return unknown, nil
	}
	return no, nil
}

// compare compares two scalars. Null differs from everything else; other values of different kinds cannot be compared.
func compare(op string, x, y *jsonb.Value) truth {
	if x.Kind != y.Kind {
		if x.Kind == jsonb.Null || y.Kind == jsonb.Null {
			return truthOf(op == "!=")
		}
		return unknown
	}
	c := 0
	switch x.Kind {
	case jsonb.Null:
	case jsonb.Bool:
		if x.Bool != y.Bool {
			if c = -1; x.Bool {
				c = 1
			}
		}
	case jsonb.Number:
		c = numeric.Cmp(x.Num, y.Num)
	case jsonb.String:
		c = cmp.Compare(x.Str, y.Str)
	default:
		return unknown
	}
	switch op {
	case "==":
		return truthOf(c == 0)
	case "!=":
		return truthOf(c != 0)
	case "<":
		return truthOf(c < 0)
	case "<=":
		return truthOf(c <= 0)
	case ">":
		return truthOf(c > 0)
	}
	return truthOf(c >= 0)
}
