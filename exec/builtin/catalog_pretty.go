package builtin

import (
	"strings"
)

// prettyExpr takes the parentheses out of an expression that PostgreSQL's pretty form leaves out. Stored expressions have parentheses around every
// operator; the pretty form has them only where a reader could be misled, by the rules of ruleutils' isSimpleNode.
func prettyExpr(s string) string {
	var b strings.Builder
	prettyGroup(&b, s)
	return b.String()
}

// nodeKind says what an expression is, as far as parentheses around and in it depend on it.
type nodeKind uint8

const (
	nodeArgument nodeKind = iota // the place stands for itself: a function's argument, the whole expression
	nodeSimple                   // a column, a constant, a call: never in parentheses
	nodeOperator                 // an operator
	nodeAnd
	nodeOr
	nodeNot
	nodeCast  // x::type
	nodeOther // IS NULL and its like
)

type exprNode struct {
	kind nodeKind
	op   string // of a binary operator with one character
	bare bool   // of a cast: its operand needs no parentheses anywhere
}

// prettyGroup prints s, the inside of a pair of parentheses or the whole expression, with every pair of parentheses in it that stays.
func prettyGroup(b *strings.Builder, s string) {
	if inner, ok := wholeGroup(s); ok && !isQuery(inner) {
		prettyGroup(b, inner)
		return
	}
	node := classify(s)
	operand := 0
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\'' || c == '"':
			end := quotedEnd(s, i)
			b.WriteString(s[i:end])
			i = end
			operand++
		case caseAt(s, i):
			end := caseEnd(s, i)
			prettyCase(b, s[i:end])
			i = end
			operand++
		case c == '(':
			end := matchingParen(s, i)
			if end < 0 {
				b.WriteString(s[i:])
				return
			}
			if rest := s[end+1:]; strings.HasPrefix(rest, "::") && node.kind != nodeCast && !bareOperand(s[i:end+1]) {
				typeEnd := skipTypeName(s, end+3) // a cast of an operation is itself in parentheses
				b.WriteByte('(')
				prettyParen(b, s, i, end, node, operand == 0)
				b.WriteString(s[end+1:typeEnd] + ")")
				i = typeEnd
				operand++
				continue
			}
			prettyParen(b, s, i, end, node, operand == 0)
			i = end + 1
			operand++
		case c == '[':
			end := matchingParen(s, i)
			if end < 0 {
				b.WriteString(s[i:])
				return
			}
			b.WriteByte('[')
			prettyArguments(b, s[i+1:end])
			b.WriteByte(']')
			i = end + 1
		default:
			b.WriteByte(c)
			if c != ' ' {
				operand++
			}
			i++
		}
	}
}

// prettyParen prints the parentheses s[open:end+1] inside an expression that is node.
func prettyParen(b *strings.Builder, s string, open, end int, node exprNode, first bool) {
	inner := s[open+1 : end]
	if isQuery(inner) || wordBefore(s, open) == "POSITION" { // POSITION((a) IN (b)) keeps what it has
		b.WriteString(s[open : end+1])
		return
	}
	if word := wordBefore(s, open); word != "" && !operatorWord(word) {
		b.WriteByte('(') // a call, IN, ANY, VALUES …
		prettyArguments(b, inner)
		b.WriteByte(')')
		return
	}
	child := classify(inner)
	parent := node
	if strings.HasPrefix(s[end+1:], "::") {
		parent = exprNode{kind: nodeCast}
	}
	if strings.HasPrefix(s[end+1:], ".") || strings.HasPrefix(s[end+1:], "[") {
		parent = exprNode{kind: nodeCast}
	}
	if simpleIn(child, parent, first) {
		prettyGroup(b, inner)
		return
	}
	b.WriteByte('(')
	prettyGroup(b, inner)
	b.WriteByte(')')
}

// prettyCase prints CASE … END, whose parts stand alone.
func prettyCase(b *strings.Builder, s string) {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\'' || c == '"':
			end := quotedEnd(s, i)
			b.WriteString(s[i:end])
			i = end
		case i > 0 && caseAt(s, i):
			end := caseEnd(s, i)
			prettyCase(b, s[i:end])
			i = end
		case c == '(':
			end := matchingParen(s, i)
			if end < 0 {
				b.WriteString(s[i:])
				return
			}
			prettyParen(b, s, i, end, exprNode{kind: nodeArgument}, false)
			i = end + 1
		default:
			b.WriteByte(c)
			i++
		}
	}
}

// caseAt tells whether the word CASE begins at i.
func caseAt(s string, i int) bool {
	return strings.HasPrefix(s[i:], "CASE") && (i == 0 || !isWordByte(s[i-1])) && i+4 < len(s) && (s[i+4] == ' ' || s[i+4] == '\n')
}

// caseEnd is the position after the END of the CASE at i.
func caseEnd(s string, i int) int {
	depth := 0
	for i < len(s) {
		switch {
		case !isWordByte(s[i]):
			i = skipToken(s, i)
			continue
		case caseAt(s, i):
			depth++
		}
		end := i
		for end < len(s) && isWordByte(s[end]) {
			end++
		}
		if s[i:end] == "END" {
			if depth--; depth == 0 {
				return end
			}
		}
		i = end
	}
	return len(s)
}

// bareOperand tells whether what is cast is a column, a constant, a call, or a cast of one.
func bareOperand(s string) bool {
	child := classify(s)
	return child.kind == nodeSimple || child.kind == nodeCast && child.bare
}

// prettyArguments prints a list of arguments, each of which stands alone.
func prettyArguments(b *strings.Builder, s string) {
	start := 0
	for i := 0; i <= len(s); {
		if i == len(s) || s[i] == ',' {
			arg := s[start:i]
			lead := len(arg) - len(strings.TrimLeft(arg, " "))
			b.WriteString(arg[:lead])
			prettyGroup(b, arg[lead:])
			if i < len(s) {
				b.WriteByte(',')
			}
			i++
			start = i
			continue
		}
		i = skipToken(s, i)
	}
}

// skipToken goes past a quoted string, a group or one character.
func skipToken(s string, i int) int {
	switch s[i] {
	case '\'', '"':
		return quotedEnd(s, i)
	case '(', '[':
		if end := matchingParen(s, i); end >= 0 {
			return end + 1
		}
		return len(s)
	}
	return i + 1
}

// simpleIn tells whether child needs no parentheses inside parent; first says that it is the left operand.
func simpleIn(child, parent exprNode, first bool) bool {
	switch {
	case child.kind == nodeSimple || parent.kind == nodeArgument:
		return true
	case child.kind == nodeCast:
		return child.bare
	case parent.kind == nodeCast:
		return false
	case child.kind == nodeOperator && parent.kind == nodeOperator:
		return bindsTighter(child.op, parent.op, first)
	case child.kind == nodeAnd:
		return parent.kind == nodeAnd || parent.kind == nodeOr
	case child.kind == nodeOr:
		return parent.kind == nodeOr
	case child.kind == nodeNot, child.kind == nodeOperator, child.kind == nodeOther:
		return parent.kind == nodeAnd || parent.kind == nodeOr || parent.kind == nodeNot
	}
	return false
}

// bindsTighter knows the arithmetic operators, the only ones whose precedence PostgreSQL relies on here.
func bindsTighter(child, parent string, first bool) bool {
	rank := func(op string) int {
		switch op {
		case "+", "-":
			return 1
		case "*", "/", "%":
			return 2
		}
		return 0
	}
	c, p := rank(child), rank(parent)
	switch {
	case c == 0 || p == 0:
		return false
	case c != p:
		return c > p
	}
	return first
}

// classify finds out what an expression is from the words and signs outside its groups.
func classify(s string) exprNode {
	if inner, ok := wholeGroup(s); ok && !isQuery(inner) {
		return classify(inner)
	}
	node := exprNode{kind: nodeSimple}
	signs := 0
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '\'' || c == '"' || c == '(' || c == '[':
			i = skipToken(s, i)
			continue
		case strings.HasPrefix(s[i:], "::"):
			if node.kind == nodeSimple {
				node = exprNode{kind: nodeCast, bare: bareOperand(s[:i])}
			}
			i = skipTypeName(s, i+2)
			continue
		case isWordByte(c):
			end := i
			for end < len(s) && isWordByte(s[end]) {
				end++
			}
			if s[i:end] == "CASE" {
				i = caseEnd(s, i)
				continue
			}
			node = withWord(node, s[i:end], i == 0)
			i = end
			continue
		case strings.IndexByte("+-*/<>=~!@#%^&|`?", c) >= 0:
			end := i
			for end < len(s) && strings.IndexByte("+-*/<>=~!@#%^&|`?", s[end]) >= 0 {
				end++
			}
			if node.kind == nodeSimple || node.kind == nodeCast {
				node = exprNode{kind: nodeOperator}
			}
			if signs++; signs == 1 && end-i == 1 && i > 0 {
				node.op = s[i:end]
			} else {
				node.op = ""
			}
			i = end
			continue
		}
		i++
	}
	if isNumber(s) {
		return exprNode{kind: nodeSimple}
	}
	return node
}

func withWord(node exprNode, word string, atStart bool) exprNode {
	switch word {
	case "AND":
		if node.kind != nodeOther || node.op != "BETWEEN" {
			return exprNode{kind: nodeAnd}
		}
	case "OR":
		return exprNode{kind: nodeOr}
	case "NOT":
		if atStart {
			return exprNode{kind: nodeNot}
		}
	case "IS":
		if node.kind == nodeSimple || node.kind == nodeCast || node.kind == nodeOperator {
			return exprNode{kind: nodeOther}
		}
	case "COLLATE", "AT":
		if node.kind == nodeSimple || node.kind == nodeCast {
			return exprNode{kind: nodeOther}
		}
	}
	return node
}

// skipTypeName goes past the type of a cast, as character varying(10)[].
func skipTypeName(s string, i int) int {
	for i < len(s) {
		rest := s[i:]
		switch {
		case s[i] == '"' || s[i] == '(':
			i = skipToken(s, i)
		case isWordByte(s[i]) || s[i] == '.' || strings.HasPrefix(rest, "[]"):
			i++
		case s[i] == ']':
			i++
		case strings.HasPrefix(rest, " varying"), strings.HasPrefix(rest, " precision"), strings.HasPrefix(rest, " without time zone"), strings.HasPrefix(rest, " with time zone"):
			i++
			if strings.HasPrefix(rest, " with") {
				i += len("with time zone")
				if strings.HasPrefix(rest, " without") {
					i += len("out")
				}
			}
		default:
			return i
		}
	}
	return i
}

func isNumber(s string) bool {
	for i := 0; i < len(s); i++ {
		if !(s[i] >= '0' && s[i] <= '9' || s[i] == '.' || i == 0 && s[i] == '-') {
			return false
		}
	}
	return s != ""
}

func isWordByte(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// wordBefore is the word that stands directly before position i, or with one space between them.
func wordBefore(s string, i int) string {
	end := i
	if end > 0 && s[end-1] == ' ' {
		end--
	}
	start := end
	for start > 0 && (isWordByte(s[start-1]) || s[start-1] == '"') {
		start--
	}
	return s[start:end]
}

// operatorWord tells the keywords after which parentheses hold an operand, not a list.
func operatorWord(word string) bool {
	switch word {
	case "AND", "OR", "NOT", "WHEN", "THEN", "ELSE", "CASE", "FROM", "LIKE", "BETWEEN", "DISTINCT", "ZONE":
		return true
	}
	return false
}

// isQuery tells whether the inside of parentheses is a subquery.
func isQuery(s string) bool {
	s = strings.TrimLeft(s, " \n")
	return strings.HasPrefix(s, "SELECT ") || strings.HasPrefix(s, "WITH ") || strings.HasPrefix(s, "VALUES ")
}

// wholeGroup takes off parentheses that hold all of s.
func wholeGroup(s string) (inner string, ok bool) {
	if len(s) > 1 && s[0] == '(' && matchingParen(s, 0) == len(s)-1 {
		return s[1 : len(s)-1], true
	}
	return "", false
}

// matchingParen finds the end of the group that opens at i; -1 when there is none.
func matchingParen(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '(', '[':
			depth++
		case ')', ']':
			if depth--; depth == 0 {
				return i
			}
		case '\'', '"':
			i = quotedEnd(s, i) - 1
		}
	}
	return -1
}

// quotedEnd is the position after the quoted string or name that begins at i.
func quotedEnd(s string, i int) int {
	quote := s[i]
	for i++; i < len(s); i++ {
		if s[i] == quote {
			if i+1 < len(s) && s[i+1] == quote {
				i++
				continue
			}
			return i + 1
		}
	}
	return len(s)
}
