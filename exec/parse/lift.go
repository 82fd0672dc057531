package parse

import (
	"strconv"
	"strings"
)

// Lifter takes integer literals out of statements, so that clients who write values into their SQL share one plan per shape of statement: `… WHERE id = 42` becomes
// `… WHERE id = $1` with 42 beside it. It reads tokens and knows no grammar; so it lifts only where a parameter of the literal's own type means the same as
// the literal does, whatever stands around it:
//
//   - after a comparison operator;
//   - after + or - in an assignment or comparison like a = b + 1 (whose left operand is a column, so that no constant is computed), and after a sign in one of these places;
//   - as a whole item of a VALUES list.
//
// Everywhere else (LIMIT, ordinals in ORDER BY and GROUP BY, type modifiers, intervals) a literal stays where it is. If binding the lifted text fails the caller
// binds the text itself, which gives the error with the positions that the user knows.
//
// A Lifter is reused; what it gives is valid until the next Lift.
type Lifter struct {
	shape  []byte
	Values []int64
	wide   []bool // which values need eight bytes
}

// mostLifted bounds the literals of one statement: a long VALUES list is no repeated shape.
const mostLifted = 32

// Shape is the statement with parameters. Key tells shapes apart with the types of their parameters.
func (l *Lifter) Shape() string { return string(l.shape[:len(l.shape)-1-len(l.Values)]) }

// Key identifies the shape and the types of its parameters; it is valid until the next Lift.
func (l *Lifter) Key() []byte { return l.shape }

// Wide tells whether a value is a bigint; the others are integers.
func (l *Lifter) Wide(i int) bool { return l.wide[i] }

// Lift reads a text; false when there is nothing to lift, or the text is not a plain SELECT, INSERT, UPDATE or DELETE.
func (l *Lifter) Lift(source string) bool {
	l.shape, l.Values, l.wide = l.shape[:0], l.Values[:0], l.wide[:0]
	x := lexer{s: source}
	first := x.next()
	if first.kind != word || !plainStatement(source[first.from:first.to]) {
		return false
	}
	var last [3]token // the tokens before the current one, nearest first
	last[0] = first
	copied, depth, values := 0, 0, -1 // values: the depth at which items of a VALUES list stand, -1 outside
	for {
		t := x.next()
		if t.kind == endOfText {
			break
		}
		switch {
		case t.kind == punctuation:
			switch source[t.from] {
			case '(':
				depth++
			case ')':
				depth--
			case ';':
				if rest := x.next(); rest.kind != endOfText {
					return false
				}
				x.at = t.to
			}
		case t.kind == word && strings.EqualFold(source[t.from:t.to], "values"):
			values = depth + 1
		case t.kind == word && depth < values:
			values = -1 // the list has ended
		case t.kind == number:
			if source[t.from] == '$' {
				return false
			}
			n, wide, ok := integer(source[t.from:t.to])
			if ok && liftable(source, &last, depth == values, wide) {
				if len(l.Values) == mostLifted {
					return false
				}
				l.shape = append(l.shape, source[copied:t.from]...)
				l.Values, l.wide = append(l.Values, n), append(l.wide, wide)
				l.shape = strconv.AppendInt(append(l.shape, '$'), int64(len(l.Values)), 10)
				copied = t.to
			}
		}
		last[2], last[1], last[0] = last[1], last[0], t
	}
	if len(l.Values) == 0 {
		return false
	}
	l.shape = append(append(l.shape, source[copied:]...), 0)
	for _, wide := range l.wide {
		if wide {
			l.shape = append(l.shape, '8')
		} else {
			l.shape = append(l.shape, '4')
		}
	}
	return true
}

func plainStatement(w string) bool {
	return strings.EqualFold(w, "select") || strings.EqualFold(w, "insert") || strings.EqualFold(w, "update") || strings.EqualFold(w, "delete")
}

// integer reads a decimal literal as the grammar does: an integer when it fits four bytes, a bigint when it fits eight.
func integer(s string) (n int64, wide, ok bool) {
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return 0, false, false
		}
	}
	if len(s) > 1 && s[0] == '0' {
		return 0, false, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, n > 1<<31-1, err == nil
}

// liftable looks at what stands before a literal.
func liftable(source string, last *[3]token, item, wide bool) bool {
	at := func(i int) string { return source[last[i].from:last[i].to] }
	if last[0].kind == punctuation {
		return item && (at(0) == "(" || at(0) == ",")
	}
	if last[0].kind != operator {
		return false
	}
	switch at(0) {
	case "=", "<", ">", "<=", ">=", "<>", "!=":
		return true
	case "+":
		return last[1].kind == word && last[2].kind == operator && at(2) == "="
	case "-":
		if last[1].kind == word {
			return last[2].kind == operator && at(2) == "="
		}
		// A sign: the smallest integer is no integer without it, so only four-byte values.
		if wide {
			return false
		}
		if last[1].kind == operator {
			switch at(1) {
			case "=", "<", ">", "<=", ">=", "<>", "!=", "+":
				return true
			}
			return false
		}
		return item && last[1].kind == punctuation && (at(1) == "(" || at(1) == ",")
	}
	return false
}
