package parse

import (
	"strconv"
	"strings"
)

// Lifter takes literals out of statements, so that clients who write values into their SQL share one plan per shape of statement: `… WHERE id = 42` becomes
// `… WHERE id = $1` with 42 beside it. It reads tokens and knows no grammar; so it lifts only where a parameter means the same as the literal does, whatever stands
// around it. A number's parameter has the number's own type; a string's is of unknown type, as the string itself is, and the grammar around gives it one.
//
//   - after a comparison operator, which includes assignments;
//   - numbers after + or - in an assignment or comparison like a = b + 1 (whose left operand is a column, so that no constant is computed), and after a sign in one of these places;
//   - as a whole item of a VALUES list; strings only in that of an INSERT, where the column gives the type.
//
// Everywhere else (LIMIT, ordinals in ORDER BY and GROUP BY, type modifiers, intervals) a literal stays where it is. If binding the lifted text fails the caller
// binds the text itself, which gives the error with the positions that the user knows.
//
// A Lifter is reused; what it gives is valid until the next Lift.
type Lifter struct {
	shape  []byte
	Values []Literal
}

// Literal is a value that was lifted.
type Literal struct {
	Kind LiteralKind
	Int  int64
	Text string // of Numeric and String; it may alias the statement's text
}

// LiteralKind is the kind of a literal, and its letter in a Lifter's Key.
type LiteralKind byte

// The kinds.
const (
	Int4    LiteralKind = '4'
	Int8    LiteralKind = '8'
	Numeric LiteralKind = 'n'
	String  LiteralKind = 's'
)

// mostLifted bounds the literals of one statement: a long VALUES list is no repeated shape.
const mostLifted = 32

// Shape is the statement with parameters. Key tells shapes apart with the types of their parameters.
func (l *Lifter) Shape() string { return string(l.shape[:len(l.shape)-1-len(l.Values)]) }

// Key identifies the shape and the types of its parameters; it is valid until the next Lift.
func (l *Lifter) Key() []byte { return l.shape }

// Lift reads a text; false when there is nothing to lift, or the text is not a plain SELECT, INSERT, UPDATE or DELETE.
func (l *Lifter) Lift(source string) bool {
	l.shape, l.Values = l.shape[:0], l.Values[:0]
	x := lexer{s: source}
	first := x.next()
	if first.kind != word || !plainStatement(source[first.from:first.to]) {
		return false
	}
	var last [3]token // the tokens before the current one, nearest first
	last[0] = first
	insert := strings.EqualFold(source[first.from:first.to], "insert")
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
		case t.kind == word && t.to-t.from == len("values") && strings.EqualFold(source[t.from:t.to], "values"):
			values = depth + 1
		case t.kind == word && depth < values:
			values = -1 // the list has ended
		case t.kind == number:
			if source[t.from] == '$' {
				return false
			}
			v, ok := numberOf(source[t.from:t.to])
			if ok && liftable(source, &last, depth == values, v.Kind == Int8) {
				if !l.lift(source[copied:t.from], v) {
					return false
				}
				copied = t.to
			}
		case t.kind == text && source[t.from] == '\'':
			if last[0].kind == text {
				return false // the continuation of a string
			}
			v, ok := stringOf(source[t.from:t.to])
			if ok && liftableString(source, &last[0], insert && values == 1 && depth == 1) {
				if !l.lift(source[copied:t.from], v) {
					return false
				}
				copied = t.to
			}
		}
		last[2], last[1], last[0] = last[1], last[0], t
	}
	if len(l.Values) == 0 {
		return false
	}
	l.shape = append(append(l.shape, source[copied:]...), 0)
	for i := range l.Values {
		l.shape = append(l.shape, byte(l.Values[i].Kind))
	}
	return true
}

// lift puts a parameter in the place of a literal, behind the source since the last one.
func (l *Lifter) lift(before string, v Literal) bool {
	if len(l.Values) == mostLifted {
		return false
	}
	l.Values = append(l.Values, v)
	l.shape = strconv.AppendInt(append(append(l.shape, before...), '$'), int64(len(l.Values)), 10)
	return true
}

func plainStatement(w string) bool {
	return strings.EqualFold(w, "select") || strings.EqualFold(w, "insert") || strings.EqualFold(w, "update") || strings.EqualFold(w, "delete")
}

// numberOf reads a decimal literal as the grammar does: an integer when it fits four bytes, a bigint when it fits eight, else numeric. Rare forms are not taken.
func numberOf(s string) (v Literal, ok bool) {
	if len(s) > 1 && s[0] == '0' && s[1] != '.' {
		return v, false
	}
	n, point := int64(0), false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.' && !point && i+1 < len(s):
			point = true
		case !isDigit(c) || i >= 18:
			return v, false
		default:
			n = n*10 + int64(c-'0')
		}
	}
	switch {
	case point:
		return Literal{Kind: Numeric, Text: s}, true
	case n > 1<<31-1:
		return Literal{Kind: Int8, Int: n}, true
	}
	return Literal{Kind: Int4, Int: n}, true
}

// stringOf reads a plain string constant.
func stringOf(s string) (v Literal, ok bool) {
	if len(s) < 2 || s[len(s)-1] != '\'' {
		return v, false
	}
	s = s[1 : len(s)-1]
	if strings.IndexByte(s, '\'') >= 0 {
		s = strings.ReplaceAll(s, "''", "'")
	}
	return Literal{Kind: String, Text: s}, true
}

// liftableString looks at what stands before a string.
func liftableString(source string, last *token, item bool) bool {
	before := source[last.from:last.to]
	switch last.kind {
	case punctuation:
		return item && (before == "(" || before == ",")
	case operator:
		return isComparison(before)
	}
	return false
}

func isComparison(s string) bool {
	switch s {
	case "=", "<", ">", "<=", ">=", "<>", "!=":
		return true
	}
	return false
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
	if isComparison(at(0)) {
		return true
	}
	switch at(0) {
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
			return at(1) == "+" || isComparison(at(1))
		}
		return item && last[1].kind == punctuation && (at(1) == "(" || at(1) == ",")
	}
	return false
}
