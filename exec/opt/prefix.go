package opt

import (
	"github.com/kalampg/kalampg/exec/expr"
	"github.com/kalampg/kalampg/internal/pgtype"
)

// prefixTests gives the range of an index on text in which the values lie that a LIKE with a fixed beginning finds; none when the pattern has no such beginning. The condition itself
// stays: the range only holds what may meet it. Text is ordered by its bytes here, so the range is exact.
func prefixTests(c expr.Expr, rel int32) []columnTest {
	e, ok := c.(*expr.Call)
	if !ok || e.Operator == nil || len(e.Args) != 2 || e.Operator.Name != "~~" && e.Operator.Name != "^@" {
		return nil
	}
	num, ok := columnOf(e.Args[0], rel)
	k, isConst := e.Args[1].(*expr.Const)
	if !ok || !isConst || k.Value.IsNull() || !isText(columnType(e.Args[0])) {
		return nil
	}
	prefix := k.Value.Text()
	if e.Operator.Name == "~~" {
		prefix = fixedPrefix(prefix)
	}
	if prefix == "" {
		return nil
	}
	value := func(s string) expr.Expr {
		return &expr.Const{Typed: expr.Typed{T: pgtype.TextType, Mod: -1}, Value: pgtype.Text(s)}
	}
	tests := []columnTest{{num: num, op: ">=", value: value(prefix), cond: c, partial: true}}
	if end := after(prefix); end != "" {
		tests = append(tests, columnTest{num: num, op: "<", value: value(end), cond: c, partial: true})
	}
	return tests
}

// fixedPrefix is what every text begins with that a LIKE pattern finds.
func fixedPrefix(pattern string) string {
	var out []byte
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '%', '_':
			return string(out)
		case '\\':
			if i++; i == len(pattern) {
				return string(out)
			}
		}
		out = append(out, pattern[i])
	}
	return string(out)
}

// after is the least text that comes after all that begin with a prefix; "" when there is none.
func after(prefix string) string {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xff {
			b[i]++
			return string(b[:i+1])
		}
	}
	return ""
}
